from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from rules.calendars import is_holiday, require_country
from rules.errors import MistakeError
from rules.signals import COUNTRIES
from tests.rules.reading import write


@pytest.mark.parametrize(
    ("country", "day", "off"),
    [
        ("NO", "2026-05-17", True),
        ("no", "2026-05-17", True),
        ("SE", "2026-05-17", False),
        ("DE", "2026-04-06", True),  # Easter Monday
        ("DE", "2026-01-06", False),  # Epiphany, in three of its states only
        ("US", "2026-07-03", True),  # for the 4th, a Saturday
        ("US", "2027-12-31", True),  # for the first day of the year after it
        ("GB", "2026-01-02", False),  # in Scotland only
        ("IN", "2050-01-26", True),
        ("NO", "9999-12-25", False),
    ],
)
def test_the_days_that_a_whole_country_has_off_are_known(country: str, day: str, off: bool) -> None:
    assert is_holiday(country, date.fromisoformat(day)) is off


@pytest.mark.parametrize("country", [None, "", "ZZ", "Norway", "NO ", 47, "../NO", "__class__"])
def test_where_it_is_not_known_who_asks_it_is_not_known(country: object) -> None:
    assert is_holiday(country, date(2026, 12, 25)) is None


def test_every_country_of_the_catalogue_has_a_calendar() -> None:
    assert {is_holiday(country, date(2026, 12, 25)) for country in COUNTRIES} == {True, False}


def test_a_country_is_told_by_its_code() -> None:
    assert require_country("no") == "NO"


@pytest.mark.parametrize(
    ("name", "hint"),
    [("uk", "did you mean 'GB'?"), ("Norway", "two letters, such as NO"), ("", "two letters, such as NO")],
)
def test_what_is_no_code_is_told_with_one_that_is(name: str, hint: str) -> None:
    with pytest.raises(MistakeError) as refused:
        require_country(name)
    assert (refused.value.message, refused.value.hint) == (f"unknown country `{name}`", hint)


LOAD = """
import sys
from pathlib import Path
from proxy.rule_files import load_checked, read_folder
load_checked(read_folder(Path(sys.argv[1])))
print("holidays" in sys.modules)
"""


@pytest.mark.parametrize(
    ("keys", "imported"),
    [
        ("who: {time.date: 2026-12-24}, when: {days: mon}", False),
        ("when: {holidays: {is: true}}", True),
        ("who: {time.holiday: true}", True),
    ],
)
def test_the_library_is_imported_by_a_rulebook_that_names_holidays(keys: str, imported: bool, tmp_path: Path) -> None:
    change = "change: {select: h1, text: Hi}"
    write(tmp_path, {"home.yaml": f"experiences: {{x: {{pages: /, {keys}, {change}}}}}"})
    told = subprocess.run([sys.executable, "-c", LOAD, str(tmp_path)], check=True, capture_output=True, text=True)
    assert told.stdout == f"{imported}\n"
