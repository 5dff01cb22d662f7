"""Who comes to Evenday in the demo, and what each of them sees."""

from __future__ import annotations

from datetime import datetime

from examples.stage import ROOT, Demo, Ports, Visitor
from proxy.company.links import sign_company
from proxy.parameters import COMPANY
from proxy.settings.layers import read_settings
from proxy.visitor.keys import open_keys


def visitors(ports: Ports, now: datetime) -> tuple[Visitor, ...]:
    """The eight of the table; the cookies are those that its sign-up sets, the companies those of accounts.csv."""
    site = f"http://127.0.0.1:{ports.proxy}"
    headline = "| grep '<h1>'"
    hospital = f"{site}/?industry=healthcare"
    freight = f"{site}/?utm_source=linkedin&utm_medium=paid-social&utm_campaign=logistics-autumn"
    spreadsheet = f"{site}/?utm_source=google&utm_medium=cpc&utm_campaign=spreadsheet-planners"
    from_depot = f"{site}/?{COMPANY}={sign_company('saltmere', _keys())}"
    return (
        Visitor(
            "from the network of a company on our list",
            "its name: “Shifts that fill themselves, at Brackenfold.”",
            f"curl -s -H 'X-Forwarded-For: 203.0.113.7' {site}/ {headline}",
        ),
        Visitor(
            "from home, by a link that was sent to another company on it",
            "that one's name: “Shifts that fill themselves, at Saltmere.”",
            f"curl -s '{from_depot}' {headline}",
            from_depot,
        ),
        Visitor(
            "a hospital’s planner, by an ad",
            "a ward’s week, “Nights that fill themselves.”, a hospital’s story",
            f"curl -s '{hospital}' {headline}",
            hospital,
        ),
        Visitor(
            "somebody in freight, by a campaign",
            "a depot’s week, “When the ferry is late, so is the shift.”, a haulier’s story",
            f"curl -s '{freight}' {headline}",
            freight,
        ),
        Visitor(
            "who searched for a way out of the spreadsheet",
            "“Fourteen tabs, and none of them is the rota.”",
            f"curl -s '{spreadsheet}' {headline}",
            spreadsheet,
        ),
        Visitor(
            "of a company with over 5000 people, on the prices",
            "“One contract, every site.”, the plan that fits, and not the free one",
            f"curl -s -b 'evenday_employees=5000+' {site}/pricing | grep -E '<h1>|<li id='",
            f"{site}/signup",
        ),
        Visitor(
            "of a company with under 50, on the prices",
            "“Free until you are more than twenty.”, and two plans",
            f"curl -s -b 'evenday_employees=1-49' {site}/pricing | grep -E '<h1>|<li id='",
            f"{site}/signup",
        ),
        Visitor(
            "a hospital’s planner, signing up",
            "the industry chosen already, and a word on patient data",
            f"curl -s '{site}/signup?industry=healthcare' | grep -E 'patient|selected'",
            f"{site}/signup?industry=healthcare",
        ),
    )


def _keys() -> tuple[bytes, ...]:
    """What the demo's links are signed with: Tailor keeps it in the data folder, and makes it if there is none."""
    settings, _ = read_settings({}, {}, config=ROOT / "examples" / "saas" / "tailor.toml")
    keys, _ = open_keys(settings)
    return keys


SAAS = Demo("saas", "Evenday", visitors)
