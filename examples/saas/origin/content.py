"""What Evenday says: plans, customers, posts, and the boards that its pictures show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

INDUSTRIES: Mapping[str, str] = {
    "healthcare": "Healthcare",
    "logistics": "Logistics",
    "retail": "Retail",
    "manufacturing": "Manufacturing",
}
SIZES = ("1-49", "50-999", "1000-4999", "5000+")
"""How many people a company employs; en dashes are the page's."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one buys."""

    slug: str
    name: str
    price: str
    per: str
    whom: str
    holds: tuple[str, ...]
    action: str
    href: str = "/signup"


@dataclass(frozen=True, slots=True)
class Customer:
    """A company that plans with Evenday, and what came of it."""

    industry: str
    name: str
    people: str
    result: str
    story: str


@dataclass(frozen=True, slots=True)
class Post:
    """A post of the blog."""

    slug: str
    title: str
    intro: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shift:
    """A bar on a board: from `start`, in days since Monday, for `days`; `tone` is one of the drawing's colours."""

    start: float
    days: float
    label: str
    tone: str


@dataclass(frozen=True, slots=True)
class Board:
    """A week of one place."""

    title: str
    note: str
    teams: Mapping[str, tuple[Shift, ...]]


PLANS = (
    Plan(
        "team",
        "Team",
        "€0",
        "up to 20 people",
        "One place, one planner.",
        ("One rota", "Swaps on the phone", "Calendar feeds"),
        "Start free",
    ),
    Plan(
        "business",
        "Business",
        "€4",
        "a person, a month",
        "Several places that lend each other people.",
        ("Any number of rotas", "Rules for rest and overtime", "Export to payroll"),
        "Try it for 30 days",
    ),
    Plan(
        "enterprise",
        "Enterprise",
        "By the site",
        "yearly, with a named contact",
        "A thousand people and more, works council included.",
        ("Single sign-on and roles", "Audit trail, data in the EU", "Rollout with your planners"),
        "Talk to us",
        "/signup?plan=enterprise",
    ),
)

CUSTOMERS = (
    Customer(
        "retail",
        "Brookmarket",
        "38 stores",
        "Saturdays are filled by Tuesday",
        "Shops lend each other people within walking distance. The manager of the smallest one writes no rota at all.",
    ),
    Customer(
        "healthcare",
        "Aldervale Hospital",
        "2,400 people on 31 wards",
        "A third fewer agency shifts",
        "A gap on the night ward goes first to those who are rested and trained for it. Most are filled in an hour.",
    ),
    Customer(
        "logistics",
        "Northquay Freight",
        "11 depots",
        "Loading bays staffed to the timetable",
        "The rota follows the trucks: when a ferry is late, so is the shift, and everybody knows before leaving home.",
    ),
    Customer(
        "manufacturing",
        "Hallmoor Castings",
        "Three shifts, round the clock",
        "No furnace waits for a qualified pair of hands",
        "Who may run which line is known to the rota. It plans the training, too, before a licence runs out.",
    ),
)

POSTS = (
    Post(
        "fourteen-tabs",
        "The spreadsheet with fourteen tabs",
        "Every rota begins as a spreadsheet. Here is when it stops being one.",
        (
            "No number of people breaks a spreadsheet. A second planner does: two truths, and one on the wall.",
            "The sign to look for is the tab named “final”. When there are two of them, it is time.",
        ),
    ),
    Post(
        "rest-between-shifts",
        "Eleven hours of rest, and how to keep them",
        "The rule is easy to know and hard to plan. Three ways in which rotas break it unseen.",
        (
            "Most breaches are swaps: two people agree, both are glad, and neither counts the hours in between.",
            "Let whatever records the swap check it. A rule that is looked up afterwards is a report.",
        ),
    ),
    Post(
        "works-council",
        "Talk to the works council first",
        "What three rollouts had in common that went well.",
        (
            "They began with the people who would be planned. What is fair was written down before the first shift.",
            "Publish the rules beside the rota. Nobody argues with a rota whose rules they can read.",
        ),
    ),
)

BOARDS: Mapping[str, Board] = {
    "week": Board(
        "Week 47",
        "All shifts filled",
        {
            "Mornings": (Shift(0, 3, "Team A", "blue"), Shift(3, 2, "Team B", "teal"), Shift(5, 2, "Lent", "sand")),
            "Afternoons": (Shift(0, 2, "Team B", "teal"), Shift(2, 3, "Team C", "plum"), Shift(5, 2, "Team A", "blue")),
            "Evenings": (Shift(0, 4, "Team C", "plum"), Shift(4.5, 2, "Team B", "teal")),
            "On call": (Shift(1, 2, "Swap agreed", "sand"), Shift(4, 3, "Team C", "plum")),
        },
    ),
    "healthcare": Board(
        "Ward 3, week 47",
        "Nights filled, everyone rested",
        {
            "Early": (Shift(0, 3, "7 nurses", "teal"), Shift(3, 4, "6 nurses", "teal")),
            "Late": (Shift(0, 4, "5 nurses", "blue"), Shift(4, 3, "5 nurses", "blue")),
            "Night": (
                Shift(0.5, 3, "3 nurses", "plum"),
                Shift(3.5, 1.4, "Pool", "sand"),
                Shift(5, 2, "3 nurses", "plum"),
            ),
            "Theatre": (Shift(0, 5, "2 teams", "blue"), Shift(5.3, 1.7, "On call", "sand")),
        },
    ),
    "logistics": Board(
        "Quay depot, week 47",
        "Ferry late: shift moved",
        {
            "Bay 1-4": (
                Shift(0, 2, "12 loaders", "blue"),
                Shift(2.4, 2.6, "Ferry +2 h", "sand"),
                Shift(5, 2, "8 loaders", "blue"),
            ),
            "Bay 5-9": (Shift(0, 3, "9 loaders", "teal"), Shift(3, 3, "14 loaders", "teal")),
            "Forklifts": (Shift(0, 5, "Licensed only", "plum"), Shift(5, 2, "Reserve", "sand")),
            "Drivers": (Shift(0.5, 3, "Rest kept", "blue"), Shift(4, 3, "Rest kept", "blue")),
        },
    ),
}
