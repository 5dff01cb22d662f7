"""Who comes to the shop in the demo, and what each of them sees."""

from __future__ import annotations

from datetime import datetime

from examples.stage import PHONE, Demo, Ports, Visitor, where_it_is


def visitors(ports: Ports, now: datetime) -> tuple[Visitor, ...]:
    """The six of the table. This machine plays the CDN, so a header says where a visitor is."""
    site = f"http://127.0.0.1:{ports.proxy}"
    city, zone = where_it_is(2, now)
    headline = "| grep '<h1>'"
    campaign = f"{site}/?utm_source=newsletter&utm_medium=email&utm_campaign=winter-weeks"
    chatbot = f"{site}/products/rygg-2-tent?utm_source=chatgpt.com"
    return (
        Visitor(
            "from Bergen, Norway",
            "a hiker in the rain, “There’s no bad weather in Bergen.”",
            f"curl -s -H 'CF-IPCountry: NO' -H 'CF-IPCity: Bergen' {site}/ {headline}",
        ),
        Visitor(
            "from the winter newsletter",
            "a cabin in the snow, “Minus fifteen, and you are smiling.”, its own call to action",
            f"curl -s '{campaign}' {headline}",
            campaign,
        ),
        Visitor(
            "on a phone",
            "a bar with two buttons under the thumb",
            f"curl -s -A '{PHONE}' {site}/ | grep -A3 'thumb-bar'",
        ),
        Visitor(
            f"awake at night, in {city}",
            f"the dark theme, and “Still up in {city}?”",
            f"curl -s -H 'CF-Timezone: {zone}' -H 'CF-IPCity: {city}' {site}/ | grep -E '<body|Still up'",
        ),
        Visitor(
            "sent by ChatGPT",
            "a note with what the chatbot can’t know: stock, price, weight",
            f"curl -s '{chatbot}' | grep 'You asked'",
            chatbot,
        ),
        Visitor(
            "a member who skis",
            "“Good to see you”, and a word on wax, where others are asked to join",
            f"curl -s -b 'shop_member=Explorer; shop_activity=skiing' {site}/ | grep -A2 'Good to see'",
            f"{site}/join",
        ),
    )


SHOP = Demo("shop", "the shop", visitors)
