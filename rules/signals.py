"""The catalogue: every signal that a rule may name, and what is known about it.

Declared once, here: the loader, the documentation and the explanations are made from it. What a request's signals
hold is found out by the proxy; how a test reads them is `rules.operators`'.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from rules.errors import did_you_mean
from rules.periods import PERIOD


class Type(StrEnum):
    """What a signal holds, and so how a test on it is read. Of ANY, the test itself tells."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "true or false"
    DATE = "date"
    MOMENT = "moment"
    LIST = "list of texts"
    POSITION = "position"
    ANY = "anything"


class Tier(StrEnum):
    """What a signal needs of the visitor's consent."""

    CONTEXTUAL = "contextual"
    COMPANY = "company"
    SESSION = "session"
    PERSISTENT = "persistent"


@dataclass(frozen=True, slots=True)
class Signal:
    """A typed fact about a request. With `values`, it holds one of these words and no other.

    `misfit` is the hint where a test does not fit it, if there is a better one than which tests would.
    """

    name: str
    type: Type
    meaning: str
    example: str
    tier: Tier = Tier.CONTEXTUAL
    values: tuple[str, ...] = ()
    misfit: str = ""


WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# ISO 3166-1 alpha-2, and XK, which geo databases use for Kosovo.
_COUNTRY_CODES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ "
    "CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO "
    "FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE "
    "JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO "
    "MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW "
    "PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM "
    "TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW XK"
)
COUNTRIES = tuple(_COUNTRY_CODES.split())
# What people write for a value, and what it is called.
COMMON_NAMES = {"uk": "GB", "el": "GR", "en": "GB", "phone": "mobile", "smartphone": "mobile", "computer": "desktop"}
MEDIUMS = ("search", "social", "email", "paid", "referral", "chatbot", "direct")
DEVICES = ("mobile", "tablet", "desktop", "tv")
# How a visitor's company can be known, the surest way first.
COMPANY_WAYS = ("link", "email", "range", "asn", "resolver", "network")

# What `source.` was on the first visit.
_FIRST_SOURCE = (
    Signal("first_source.medium", Type.TEXT, "kind of the first source", "search", Tier.PERSISTENT, MEDIUMS),
    Signal("first_source.name", Type.TEXT, "who sent the visitor first", "google", Tier.PERSISTENT),
    Signal("first_source.campaign", Type.TEXT, "campaign of the first link", "spring-sale", Tier.PERSISTENT),
    Signal("first_source.term", Type.TEXT, "keyword of the first link", "running shoes", Tier.PERSISTENT),
    Signal("first_source.content", Type.TEXT, "which of the first campaign's links", "header-button", Tier.PERSISTENT),
    Signal("first_source.referrer", Type.TEXT, "host that linked here first", "news.example", Tier.PERSISTENT),
)

_COMPANY = (
    Signal("company.name", Type.TEXT, "name of the visitor's company", "Nordea Bank Abp", Tier.COMPANY),
    Signal("company.alias", Type.TEXT, "what people call it", "Nordea", Tier.COMPANY),
    Signal("company.domain", Type.TEXT, "its domain", "nordea.example", Tier.COMPANY),
    Signal("company.industry", Type.TEXT, "its industry", "banking", Tier.COMPANY),
    Signal("company.employees", Type.NUMBER, "how many people work there", "28000", Tier.COMPANY),
    Signal("company.revenue", Type.NUMBER, "its revenue, in the money of the accounts file", "11700", Tier.COMPANY),
    Signal("company.country", Type.TEXT, "its country, ISO 3166-1 alpha-2", "FI", Tier.COMPANY, COUNTRIES),
    Signal("company.tier", Type.TEXT, "how much it matters to you", "1", Tier.COMPANY),
    Signal("company.list", Type.LIST, "the lists of target companies that it is on", "nordic-banks", Tier.COMPANY),
    Signal("company.confidence", Type.NUMBER, "how sure that is, from 0 to 1", "0.9", Tier.COMPANY),
    Signal("company.found_by", Type.TEXT, "how it is known", "range", Tier.COMPANY, COMPANY_WAYS),
)

_CATALOGUE = (
    Signal("geo.country", Type.TEXT, "country, ISO 3166-1 alpha-2", "NO", values=COUNTRIES),
    Signal("geo.region", Type.TEXT, "region, ISO 3166-2 without the country", "46"),
    Signal("geo.city", Type.TEXT, "city, in English", "Bergen"),
    Signal("geo.postcode", Type.TEXT, "postal code as written in its country", "0150"),
    Signal("geo.position", Type.POSITION, "latitude and longitude, in degrees", "59.9,10.7"),
    Signal("geo.timezone", Type.TEXT, "IANA time zone", "Europe/Oslo"),
    Signal("geo.eu", Type.BOOLEAN, "whether the country is in the European Union", "false"),
    Signal("source.medium", Type.TEXT, "kind of source", "search", values=MEDIUMS),
    Signal("source.name", Type.TEXT, "who sent the visitor", "google"),
    Signal("source.campaign", Type.TEXT, "campaign of the link", "spring-sale"),
    Signal("source.term", Type.TEXT, "search term or keyword of the link", "running shoes"),
    Signal("source.content", Type.TEXT, "which of a campaign's links it was", "header-button"),
    Signal("source.referrer", Type.TEXT, "host of the page that linked here", "news.example"),
    Signal("device.type", Type.TEXT, "kind of device", "mobile", values=DEVICES),
    Signal("device.os", Type.TEXT, "operating system", "iOS"),
    Signal("device.browser", Type.TEXT, "browser", "Firefox"),
    Signal("device.brand", Type.TEXT, "maker of the device", "Apple"),
    Signal("device.language", Type.TEXT, "language that the browser asks for first, without its region", "nb"),
    *_COMPANY,
    Signal("page.path", Type.TEXT, "path of the page", "/products/shoes"),
    Signal("time.hour", Type.NUMBER, "hour of the day where the visitor is, 0 to 23", "18"),
    Signal("time.weekday", Type.TEXT, "day of the week where the visitor is", "sat", values=WEEKDAYS),
    Signal("time.date", Type.DATE, "date where the visitor is", "2026-12-24"),
    Signal("time.holiday", Type.BOOLEAN, "whether it is a public holiday where the visitor is", "true"),
    Signal("session.pages", Type.NUMBER, "pages seen in this visit, this one too", "3", Tier.SESSION),
    Signal("session.started", Type.MOMENT, "when this visit began", "2026-12-02T10:00", Tier.SESSION),
    Signal("session.landing", Type.TEXT, "path of the visit's first page", "/offers", Tier.SESSION),
    Signal("session.searches", Type.NUMBER, "searches on the site in this visit", "1", Tier.SESSION),
    Signal("session.seconds_active", Type.NUMBER, "from the visit's first request to this one", "90", Tier.SESSION),
    Signal("visits.count", Type.NUMBER, "visits so far, this one too", "2", Tier.PERSISTENT),
    Signal("visits.pages", Type.NUMBER, "pages seen in all visits, this one too", "12", Tier.PERSISTENT),
    Signal("visits.first", Type.MOMENT, "when the first visit began", "2026-11-02T10:00", Tier.PERSISTENT),
    Signal("visits.last", Type.MOMENT, "when the visit before this one ended", "2026-11-02T10:00", Tier.PERSISTENT),
    Signal("purchases.count", Type.NUMBER, "how often something was bought", "2", Tier.PERSISTENT),
    Signal("purchases.total", Type.NUMBER, "what all purchases came to", "149.90", Tier.PERSISTENT),
    Signal("purchases.last", Type.MOMENT, "when something was bought last", "2026-11-02T10:00", Tier.PERSISTENT),
    Signal("purchases.products", Type.LIST, "what was bought", "tent-2", Tier.PERSISTENT),
    Signal("visitor.new", Type.BOOLEAN, "whether this is the first visit", "true", Tier.PERSISTENT),
    *_FIRST_SOURCE,
)

# Of two that fit a name, the first has it.
_FAMILIES = (
    Signal("visits.within.<period>", Type.NUMBER, "visits in this time", "visits.within.7d", Tier.PERSISTENT),
    Signal(
        "visitor.preferences.<name>",
        Type.ANY,
        "what the visitor told us",
        "visitor.preferences.diet",
        Tier.PERSISTENT,
    ),
    Signal("page.query.<name>", Type.ANY, "a parameter of the page's query", "page.query.ref"),
    Signal("company.<name>", Type.ANY, "a column of your own accounts file", "company.owner", Tier.COMPANY),
    Signal("visitor.<name>", Type.ANY, "an attribute that the site vouches for", "visitor.plan", Tier.COMPANY),
)

_MEMBERS = {"name>": re.compile(r".+", re.DOTALL), "period>": re.compile(PERIOD)}
_BY_NAME = {signal.name: signal for signal in _CATALOGUE}


def catalogue() -> tuple[Signal, ...]:
    """Every signal; an open family stands once, as `visitor.<name>`."""
    return _CATALOGUE + _FAMILIES


def lookup(name: str) -> Signal | None:
    """The signal of that name; one of an open family under its own name.

    >>> lookup("visitor.plan").type
    <Type.ANY: 'anything'>
    """
    if name in _BY_NAME:
        return _BY_NAME[name]
    for family in _FAMILIES:
        prefix, _, kind = family.name.partition("<")
        if name.startswith(prefix) and _MEMBERS[kind].fullmatch(name, len(prefix)):
            return Signal(name, family.type, family.meaning, family.example, family.tier)
    return None


def is_signal(name: str) -> bool:
    """Whether a rule may name it."""
    return lookup(name) is not None


def suggest(name: str) -> str:
    """The hint for a name that is no signal: the nearest one, or all that its group has."""
    for family in _FAMILIES:
        if name.startswith(family.name.partition("<")[0]):
            return f"such as {family.example}"
    group, _, last = name.rpartition(".")
    neighbours = [known for known in _BY_NAME if group and known.startswith(f"{group}.")]
    if neighbours:
        nearest = get_close_matches(last, [known.rpartition(".")[2] for known in neighbours], n=1)
        return f"did you mean '{group}.{nearest[0]}'?" if nearest else f"`{group}` has {', '.join(neighbours)}"
    same_end = [known for known in _BY_NAME if known.rpartition(".")[2] == last]
    if same_end:
        return f"did you mean '{same_end[0]}'?"
    groups = dict.fromkeys(known.partition(".")[0] for known in _BY_NAME)
    return did_you_mean(name, _BY_NAME) or f"there is {', '.join(f'{group}.…' for group in groups)}"
