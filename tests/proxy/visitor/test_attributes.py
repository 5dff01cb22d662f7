import json
import logging
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.visitor.attributes import MAX_ATTRIBUTES, MAX_ITEMS, MAX_NUMBER, Refusals, attributes_of, seconds_of
from proxy.visitor.cookies import MAX_VALUE_LENGTH
from rules.context import Value


@pytest.mark.parametrize(
    ("told", "value"),
    [
        ("pro", "pro"),
        ("2026-12-02", "2026-12-02"),
        (5, 5),
        (149.9, 149.9),
        (True, True),
        (False, False),
        (["a", "b"], ("a", "b")),
        ("x" * MAX_VALUE_LENGTH, "x" * MAX_VALUE_LENGTH),
        (MAX_NUMBER, MAX_NUMBER),
    ],
)
def test_texts_numbers_flags_and_lists_of_text_are_attributes(told: object, value: Value) -> None:
    (found,) = attributes_of({"a": told}).values()
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    "told",
    [
        None,
        "",
        [],
        {},
        {"city": "Oslo"},
        [1, 2],
        ["a", ["b"]],
        ["a", ""],
        ["a"] * (MAX_ITEMS + 1),
        "x" * (MAX_VALUE_LENGTH + 1),
        "two\nlines",
        "\x00",
        math.nan,
        math.inf,
        MAX_NUMBER + 1,
        10**400,
        b"bytes",
    ],
)
def test_nothing_else_is(told: object) -> None:
    assert attributes_of({"a": told}) == {}


@pytest.mark.parametrize("name", ["new", "preferences", "preferences.diet", "Plan", "", "a-b", "a b"])
def test_a_name_that_is_told_otherwise_or_is_none_is_left_out(name: str) -> None:
    assert attributes_of({name: "x", "plan": "pro"}) == {"plan": "pro"}


def test_there_are_only_so_many() -> None:
    assert len(attributes_of({f"a{number}": 1 for number in range(1000)})) == MAX_ATTRIBUTES


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), _JSON))
def test_what_was_carried_as_json_is_read_as_it_was(told: dict[str, object]) -> None:
    found = attributes_of(told)
    assert attributes_of(json.loads(json.dumps(found))) == found


@pytest.mark.parametrize("told", [None, "1700000000", True, math.nan, [1], 10**400])
def test_a_moment_is_a_number(told: object) -> None:
    with pytest.raises(ValueError, match="number"):
        seconds_of(told)


def test_refusals_are_all_counted_and_told_once_each(caplog: pytest.LogCaptureFixture) -> None:
    refusals = Refusals("A token")
    with caplog.at_level(logging.WARNING):
        for why in ("it is old", "it is old", "it is long"):
            refusals.note(why)
    assert refusals.counts == {"it is old": 2, "it is long": 1}
    assert [record.getMessage().partition(". ")[0] for record in caplog.records] == [
        "A token was not believed: it is old",
        "A token was not believed: it is long",
    ]


def test_an_attribute_that_can_be_no_signal_is_told_and_one_that_is_empty_is_not() -> None:
    refusals = Refusals("A token")
    assert refusals.fitting({"plan": "pro", "name": "", "note": None, "lists": []}) == {"plan": "pro"}
    assert refusals.counts == {}
    assert refusals.fitting({"plan": "pro", "address": {"city": "Oslo"}}) == {"plan": "pro"}
    assert sum(refusals.counts.values()) == 1
