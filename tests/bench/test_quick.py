from __future__ import annotations

import pytest

from rules.load import RuleFolder, load_rulebook
from tests.bench.quick import CASES, LOADS
from tests.bench.quick_load import Measured, Run, parse_run, script
from tests.bench.quick_pages import (
    NUMBER,
    ORDERS,
    PAGE,
    asks_by_segment,
    asks_by_visitor,
    in_order,
    large_rules_text,
    rules_text,
)
from tests.bench.quick_profile import top_of_stacks
from tests.bench.quick_table import Row, Target, middle, table

OUTPUT = """Running 1s test @ http://127.0.0.1:8080/
  1 threads and 16 connections
Requests/sec:  11530.67

RESULT {"requests": 11646, "bytes": 960795000, "microseconds": 1010000, "failed": 2, "broken": 3, "p99": 2500}
"""


def test_what_the_script_prints_at_the_end_is_read() -> None:
    assert parse_run(OUTPUT) == Run(11646, 960795000, 1.01, failed=2, broken=3, p99_milliseconds=2.5)


def test_a_run_that_printed_nothing_at_the_end_is_an_error() -> None:
    with pytest.raises(ValueError, match="unable to connect"):
        parse_run("unable to connect to 127.0.0.1:8080 Connection refused\n")


def test_the_script_holds_requests_as_they_stand_on_the_wire() -> None:
    (ask, *_) = asks_by_visitor("/one", "gzip")
    text = script([ask], first=70)
    assert r"GET /one HTTP/1.1\r\nHost: shop.example\r\nCookie: company=Firm-NUMBER; order=0\r\n" in text
    assert "tostring(70 + asked)" in text


def test_only_requests_with_a_number_are_written_anew_each_time() -> None:
    assert "if true then" in script(asks_by_visitor("/one"), first=1)
    assert "if false then" in script(asks_by_segment("/hit"), first=1)


def test_every_order_of_the_list_is_another_one_of_the_same_items() -> None:
    pages = {in_order(PAGE, order) for order in range(ORDERS)}
    assert len(pages) == ORDERS
    assert {bytes(sorted(page)) for page in pages} == {bytes(sorted(PAGE))}


def test_a_page_with_another_visitors_number_is_wrong() -> None:
    (ask, *_) = asks_by_visitor("/one")
    body = ask.expected.replace(NUMBER.encode(), b"12")
    assert ask.is_right(body, 12)
    assert not ask.is_right(body, 13)


def test_a_token_of_the_origins_is_no_difference() -> None:
    (ask, *_) = asks_by_segment("/new")
    body = ask.expected.replace(b"<p>The end</p>", b"<p>The end 0123456789abcdef0123456789abcdef</p>")
    assert body != ask.expected
    assert ask.is_right(body, 1)


@pytest.mark.parametrize(("text", "count"), [(rules_text(), 56), (large_rules_text(), 1000)])
def test_the_rulebooks_load(text: str, count: int) -> None:
    book = load_rulebook(RuleFolder("rules", (("rules/bench.yaml", text.encode()),)))
    assert len(book.experiences) == count


def test_the_larger_book_has_fifty_experiences_on_the_page() -> None:
    assert large_rules_text().count("pages: /hit") == 50


def test_every_case_has_a_load_and_a_yardstick() -> None:
    assert {name for case in CASES for name in (case.load, case.yardstick)} == set(LOADS)


def test_each_figure_is_the_median_of_its_own() -> None:
    runs = [Measured(1, 30, 0.5, 80), Measured(3, 10, 1.0, 70), Measured(2, 20, 0.9, 90)]
    assert middle(runs) == Measured(2, 20, 0.9, 80)


@pytest.mark.parametrize(
    ("per_second", "cpu_microseconds", "verdict"),
    [
        pytest.param(900, 50, "met", id="fast, at little cost"),
        pytest.param(500, 50, "met at first", id="fast enough for the first"),
        pytest.param(900, 125, "missed", id="fast only beside a yardstick that waited"),
        pytest.param(300, 50, "missed", id="waiting itself"),
    ],
)
def test_a_case_is_judged_by_the_lower_of_its_ratios(per_second: float, cpu_microseconds: float, verdict: str) -> None:
    tailor, other = Measured(per_second, cpu_microseconds, 1.0, 80), Measured(1000, 40, 1.0, 7)
    row = Row("hit", 16, tailor, "nginx, cache by segment", other, Target(0.45, 0.8))
    assert table([row]).splitlines()[-1].endswith(verdict)
    assert row.is_missed == (verdict == "missed")


def test_samples_are_told_by_the_function_that_they_ended_in() -> None:
    told = top_of_stacks("main;respond;cut 30\nmain;respond 10\nmain;serve;cut 60\n", lines=2)
    assert told.splitlines() == [" 90.0%  cut", " 10.0%  respond"]
