from __future__ import annotations

import pytest

from proxy.company.columns import ALIASES, column_name, read_layout
from rules.errors import MistakeError


def test_headings_may_be_written_as_people_do() -> None:
    layout = read_layout(["Company", "IP ranges", "Number of Employees", "", "Account Owner", "Email domain"])
    assert layout.meant == {"name": 0, "cidrs": 1, "employees": 2, "domains": 5}
    assert layout.own == {"account_owner": 4}


@pytest.mark.parametrize(
    ("headings", "message"),
    [
        (["domains"], "no column `name`"),
        (["name", "Company"], "`Company` and `name` are the same column"),
        (["name", "Owner", "owner"], "`owner` and `Owner` are the same column"),
        (["name", "confidence"], "told by Tailor itself"),
        (["name", "2026"], "can't be the name of a column"),
        (["name", "売上"], "can't be the name of a column"),
        ([], "no column `name`"),
    ],
)
def test_headings_that_can_not_be_used_are_told(headings: list[str], message: str) -> None:
    with pytest.raises(MistakeError) as mistake:
        read_layout(headings)
    assert message in mistake.value.message


def test_no_name_has_two_meanings() -> None:
    names = [name for column, others in ALIASES.items() for name in (column, *others)]
    assert len(set(names)) == len(names)
    assert all(column_name(name) == name for name in names)
