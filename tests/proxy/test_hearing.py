import pytest

from proxy.hearing import Hearing, why_untouched
from proxy.page.charset import Charset
from proxy.page.compile import Cut, LeftOut
from proxy.showings import Showing
from tests.proxy.page.cutting import book_of, decided_by, one
from tests.proxy.requests import page_request

BOOK = book_of(one("- {select: h1, text: Hi}", "hero", 1) + one("- {select: .no, text: Hi}", "button"))
CUT = Cut((b"",), Charset("utf-8", "utf-8"), ("hero",), (LeftOut("button", ".no", "its selector finds nothing"),))


def test_what_is_shown_and_what_is_not_is_told_with_the_reason() -> None:
    hearing = Hearing()
    hearing.hear_decision(page_request(), decided_by(BOOK))
    hearing.hear_cut(CUT)
    assert hearing.showings(BOOK, untouched="") == (
        Showing("hero", True),
        Showing("button", False, ".no: its selector finds nothing"),
    )


def test_of_a_page_that_was_not_touched_each_experience_says_why() -> None:
    hearing = Hearing()
    hearing.hear_decision(page_request(), decided_by(BOOK))
    hearing.hear_untouched("it is too deep")
    assert {each.why for each in hearing.showings(BOOK, untouched="otherwise")} == {"it is too deep"}


def test_where_nothing_was_decided_there_is_nothing_to_tell() -> None:
    assert Hearing().showings(BOOK, untouched="") == ()


@pytest.mark.parametrize(
    ("status", "kind", "why"), [(404, b"text/html", "with 404"), (200, b"text/css", "no HTML"), (200, b"text/html", "")]
)
def test_a_response_says_why_its_page_may_have_stayed(status: int, kind: bytes, why: str) -> None:
    assert why in why_untouched(status, ((b"content-type", kind),))
