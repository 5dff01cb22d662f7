"""Who comes to the garden in the demo, and what each of them sees."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from examples.stage import PHONE, Demo, Ports, Visitor, where_it_is


def visitors(ports: Ports, now: datetime) -> tuple[Visitor, ...]:
    """The six of the table. This machine plays the CDN, so a header says where a visitor is."""
    site = f"http://127.0.0.1:{ports.proxy}"
    headline = "| grep '<h1>'"
    newsletter = f"{site}/?utm_source=newsletter"
    schools = f"{site}/?utm_source=teachers-weekly&utm_campaign=school-autumn"
    city, zone = where_it_is(19, now)
    return (
        Visitor(
            "from the newsletter",
            "the meadow, “Bring seeds, leave with others.”, and a way to the seed swap",
            f"curl -s '{newsletter}' {headline}",
            newsletter,
        ),
        Visitor(
            "a teacher, by an ad for school days",
            "“Thirty children, one carnivorous corner.”, and what a school day is like",
            f"curl -s '{schools}' {headline}",
            schools,
        ),
        Visitor(
            "from Lyon, France",
            "the maples, and how to come from Lyon",
            f"curl -s -H 'CF-IPCountry: FR' -H 'CF-IPCity: Lyon' {site}/ | grep -A1 '<h1>'",
        ),
        Visitor(
            f"from Britain, while it is evening where they are (now: in {city})",
            "a note on the nights of the Amazon lily",
            f"curl -s -H 'CF-IPCountry: GB' -H 'CF-Timezone: {zone}' {site}/ | grep 'lily house'",
        ),
        Visitor(
            "on a phone",
            "two buttons under the thumb",
            f"curl -s -A '{PHONE}' {site}/ | grep -A3 'thumb-bar'",
        ),
        Visitor(
            "who searched for maples, and landed on a post",
            "how to come and see them, in place of the garden’s plain note",
            f"curl -s -H 'Referer: https://www.google.com/' {site}/blog/maples/ | grep -A2 'id=\"next\"'",
        ),
    )


def doors(ports: Ports) -> Mapping[str, str]:
    """The editors' own, through Tailor."""
    return {"Where it is edited": f"http://127.0.0.1:{ports.proxy}/admin/  (editor, almswood)"}


WAGTAIL = Demo("wagtail", "the garden", visitors, doors)
