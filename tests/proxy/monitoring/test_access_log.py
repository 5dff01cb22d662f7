import logging

import pytest

from proxy.monitoring.access_log import Line, cache_word, make_line
from proxy.monitoring.traffic import Way


def line(
    path: bytes = b"/shop", host: bytes = b"Shop.example", method: str = "GET", status: int = 200, cache: bytes = b""
) -> Line:
    headers = ((b"cookie", b"secret=1"), (b"host", host))
    return make_line(method, headers, path, status=status, size=7, seconds=0.25, way=Way.USUAL, cache=cache)


def test_a_line_tells_what_was_asked_and_answered_and_nothing_of_the_visitor(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        line(cache=b"tailor; hit; ttl=4").log()
    assert caplog.messages == ["GET shop.example/shop 200 7 0.250000 usual hit"]


@pytest.mark.parametrize("path", [b"/a\x1b[2J", b"/a\r\nGET /b", b"/\xff"])
def test_what_a_terminal_would_obey_is_not_written(path: bytes) -> None:
    assert line(path).path.isascii()
    assert line(path).path.isprintable()


def test_a_line_is_bounded() -> None:
    assert len(line(b"/" + b"x" * 8000, host=b"h" * 8000, method="M" * 8000).path) == 512


def test_a_request_whose_visitor_left_has_no_status() -> None:
    assert line(status=0).status == "gone"


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (b"tailor; hit; ttl=-3", "hit"),
        (b"origin; hit, tailor; fwd=stale; fwd-status=200", "stale"),
        (b"tailor; fwd=bypass; detail=session", "bypass"),
        (b"origin; hit", ""),
    ],
)
def test_the_page_cache_is_told_of_in_a_word(status: bytes, word: str) -> None:
    assert cache_word(status) == word
