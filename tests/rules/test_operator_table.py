from __future__ import annotations

import pytest

from tests.rules.reading import condition_problems

NO_LIST = "take the brackets and dashes away; if they belong to the text, put it in quotes"
PLAIN_LETTERS = "a backslash before `.`, `?`, `*`, `(` or `[` makes it a plain letter"
FOR_MISSING = "for a value that is missing write {known: false}"
FOR_TEXT = "it fits a text, a list of texts"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("geo.city: []", "`geo.city` is an empty list (leave it out, or name at least one)"),
        ("geo.city: {}", "an empty test (write a value, or such as {at_least: 2})"),
        ("geo.city:", f"`geo.city` has no value to be compared with ({FOR_MISSING})"),
        ("geo.city: ''", f"`geo.city` has no value to be compared with ({FOR_MISSING})"),
        (
            "geo.city: [[a]]",
            f"`geo.city` wants one text, not a list ({NO_LIST})",
        ),
        ("geo.city: {contain: x}", "unknown operator `contain` (did you mean 'contains'?)"),
        ("geo.city: {is_not: x}", "unknown operator `is_not` (say it with `none:` around the test)"),
        ("geo.city: {gte: 1}", "unknown operator `gte` (did you mean 'at_least'?)"),
        ("geo.city: {contains: []}", "`contains` is an empty list (leave it out, or name at least one)"),
        ("geo.city: {contains: ''}", "`contains` of an empty text fits everything (for any value write {known: true})"),
        ("geo.city: {matches: ''}", "`matches` of an empty text fits everything (for any value write {known: true})"),
        ("geo.city: {known: maybe}", "`known` is `true` or `false`, not `maybe` (write one of the two)"),
        ("geo.city: {above: 5}", "`above` does not fit `geo.city`, which is text (it fits a number, a date, a moment)"),
        ("geo.eu: {contains: a}", f"`contains` does not fit `geo.eu`, which is true or false ({FOR_TEXT})"),
        ("time.hour: {contains: 1}", f"`contains` does not fit `time.hour`, which is a number ({FOR_TEXT})"),
        ("time.hour: noon", "`time.hour` wants a number, not `noon` (such as 12.5)"),
        ("time.hour: 1*", "`time.hour` wants a number, not `1*` (such as 12.5)"),
        ("time.hour: {at_least: '1,000'}", "`at_least` wants a number, not `1,000` (write 1000)"),
        ("time.hour: {at_least: '1 000'}", "`at_least` wants a number, not `1 000` (write 1000)"),
        ("time.hour: {at_least: '1,5'}", "`at_least` wants a number, not `1,5` (write 1.5)"),
        ("time.hour: {between: [18, 8]}", "the ends of `between` are swapped (write [8, 18])"),
        ("time.hour: {between: 8}", "`between` wants two ends (write between: [1, 5])"),
        ("time.hour: {between: [1, 2, 3]}", "`between` wants two ends (write between: [1, 5])"),
        (
            "visitor.x: {between: [1, 2026-01-01]}",
            "the ends of `between` are not of one kind (two numbers, or two dates)",
        ),
        ("time.date: 24.12.2026", "`time.date` wants a date, not `24.12.2026` (write it as 2026-12-24)"),
        ("time.date: {above: soon}", "`above` wants a date, not `soon` (write it as 2026-12-24)"),
        ("time.date: {within: a month}", "`within` wants a length of time, not `a month` (such as 30d: m, h, d or w)"),
        ("geo.eu: NO", "`geo.eu` is `true` or `false`, not `NO` (write false)"),
        ("geo.country: UK", "`geo.country` is never `UK` (did you mean 'GB'?)"),
        ("geo.country: Norway", "`geo.country` is never `Norway` (such as NO)"),
        (
            "geo.country: [NO, [SE]]",
            f"`geo.country` wants one text, not a list ({NO_LIST})",
        ),
        ("device.type: moblie", "`device.type` is never `moblie` (did you mean 'mobile'?)"),
        ("device.type: phone", "`device.type` is never `phone` (did you mean 'mobile'?)"),
        ("device.type: q*", "`device.type` is never `q*` (one of mobile, tablet, desktop, tv)"),
        ("time.weekday: monday", "`time.weekday` is never `monday` (did you mean 'mon'?)"),
        (
            "geo.city: {matches: '('}",
            f"the regular expression `(` can't be read: missing ): ( ({PLAIN_LETTERS})",
        ),
    ],
)
def test_a_mistake_in_a_test_is_told(text: str, problem: str) -> None:
    assert condition_problems(text) == [problem]
