"""hishel comes to what the golden table says, but where the table says why not."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.proxy.cache import oracle
from tests.proxy.cache.table import FILE, Case, cases, differences, listed, sections


def holds(case: Case, *, agrees: bool) -> None:
    """Agreement, unless it is explained; an explanation of nothing goes."""
    assert agrees != case.has("hishel")


def told(case: Case, key: str) -> dict[str, list[str]]:
    lines: dict[str, list[str]] = {}
    for name, value in case.headers(key):
        lines.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    return lines


@pytest.mark.parametrize("case", cases("stored"))
def test_hishel_stores_the_same(case: Case) -> None:
    holds(case, agrees=oracle.is_stored(case) == (case.text("result") == "stored"))


@pytest.mark.parametrize("case", cases("lifetime"))
def test_hishel_finds_the_same_lifetime(case: Case) -> None:
    holds(case, agrees=oracle.lifetime(case) == case.number("result"))


@pytest.mark.parametrize("case", cases("dates"))
def test_hishel_reads_the_same_date(case: Case) -> None:
    holds(case, agrees=oracle.date(case) == case.number("result"))


@pytest.mark.parametrize("case", cases("age"))
def test_hishel_finds_the_same_age(case: Case) -> None:
    holds(case, agrees=oracle.age(case) == case.number("result"))


@pytest.mark.parametrize("case", cases("reuse"))
def test_hishel_answers_from_the_store_for_the_same_requests(case: Case) -> None:
    is_answered = case.text("result") in ("fresh", "stale", "stale-while-revalidate")
    holds(case, agrees=oracle.answers_from_store(case) == is_answered)


@pytest.mark.parametrize("case", cases("vary"))
def test_hishel_lets_the_same_requests_share_a_response(case: Case) -> None:
    values = case.texts("vary") or [case.text("vary")]
    fits = oracle.fits(case, tuple((b"vary", value.encode()) for value in values))
    holds(case, agrees=fits == (case.text("result") == "true"))


@pytest.mark.parametrize("case", cases("conditional"))
def test_hishel_asks_under_the_same_conditions(case: Case) -> None:
    holds(case, agrees=oracle.conditions(case) == told(case, "result"))


@pytest.mark.parametrize("case", cases("confirmed"))
def test_hishel_confirms_the_same_responses(case: Case) -> None:
    holds(case, agrees=oracle.confirmed(case) == list(map(int, case.texts("result"))))


@pytest.mark.parametrize("case", cases("freshened"))
def test_hishel_updates_the_same_fields(case: Case) -> None:
    holds(case, agrees=oracle.freshened(case) == told(case, "result"))


@pytest.mark.parametrize("case", cases("invalidated"))
def test_hishel_drops_the_same_target(case: Case) -> None:
    holds(case, agrees=oracle.drops_target(case) == (case.text("target") in case.texts("result")))


def test_no_case_stands_in_the_table_twice() -> None:
    lines = Counter(FILE.read_text(encoding="utf-8").splitlines())
    assert [line for line, times in lines.items() if line.startswith("  - {") and times > 1] == []


def test_every_case_names_a_section_of_an_rfc() -> None:
    assert [case.line for section in sections() for case in listed(section) if not case.text("rfc")] == []


def test_every_difference_is_explained_and_every_explanation_needed() -> None:
    named = {case.text("hishel") for section in sections() for case in listed(section) if case.has("hishel")}
    assert named == differences()
