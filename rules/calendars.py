"""Public holidays, by country and year: the days that a whole country has off, and no region's own.

The only module that speaks to the library `holidays`. It takes a fifth of a second to import, so it is imported where
a rulebook names holidays (`prepare`), and not before.
"""

from __future__ import annotations

import warnings
from datetime import date
from functools import lru_cache

from rules.errors import MistakeError, did_you_mean
from rules.signals import COMMON_NAMES, COUNTRIES

_CODES = frozenset(COUNTRIES)


def is_holiday(country: object, day: date) -> bool | None:
    """Whether the day is a public holiday there; None where `country` is missing, or no ISO 3166-1 code.

    >>> is_holiday("NO", date(2026, 5, 17)), is_holiday("SE", date(2026, 5, 17)), is_holiday(None, date(2026, 5, 17))
    (True, False, None)
    """
    code = country.upper() if isinstance(country, str) else ""
    return day in _holidays(code, day.year) if code in _CODES else None


def require_country(name: str) -> str:
    """The ISO 3166-1 code, in capitals. Raise MistakeError with the nearest one."""
    code = name.upper()
    if code in _CODES:
        return code
    common = COMMON_NAMES.get(name.lower(), "")
    hint = f"did you mean '{common}'?" if common in _CODES else did_you_mean(code, COUNTRIES)
    raise MistakeError(f"unknown country `{name}`", hint=hint or "two letters, such as NO")


def prepare() -> None:
    """Import the library while a rulebook loads, so that no visitor waits for it."""
    _holidays("NO", 2026)


# A calendar takes milliseconds to make. There are 250 countries, and rarely more than two years to ask about.
@lru_cache(maxsize=1024)
def _holidays(code: str, year: int) -> frozenset[date]:
    import holidays

    with warnings.catch_warnings():
        # Of a few countries the library knows some decades only, and says so; other years have the days it can tell.
        warnings.simplefilter("ignore")
        return frozenset(holidays.country_holidays(code, years=year, expand=False))
