from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.target import AmbiguousPathError, canonical_path, path_text

CANONICAL = {
    b"/": b"/",
    b"/a/b.html": b"/a/b.html",
    b"*": b"*",
    b"/%7Euser": b"/~user",
    b"/%41%62%2D": b"/Ab-",
    b"/caf%c3%a9": b"/caf%C3%A9",
    b"/a%20b": b"/a%20b",
    b"/a+b": b"/a+b",
    b"/100%25": b"/100%25",
    b"//evil/x": b"//evil/x",
    b"/a//b///": b"/a//b///",
    b"/.well-known/x": b"/.well-known/x",
    b"/...": b"/...",
    b"/a..b/c.": b"/a..b/c.",
    b"/a;v=1/b": b"/a;v=1/b",
    b"/[id]|{x}": b"/[id]|{x}",
    b"/%3F%23%25": b"/%3F%23%25",
}


@pytest.mark.parametrize(("path", "canonical"), CANONICAL.items())
def test_a_path_has_one_form(path: bytes, canonical: bytes) -> None:
    assert canonical_path(path) == canonical


AMBIGUOUS = [
    b"",
    b"a",
    b"@evil/",
    b"/a/../b",
    b"/..",
    b"/./a",
    b"/a/.",
    b"/a/%2e%2E/b",
    b"/a/.%2e",
    b"/a/..;x/b",
    b"/a/..%2fb",
    b"/a%2Fb",
    b"/a%5cb",
    b"/a\\b",
    b"/%00",
    b"/a%0d%0ab",
    b"/%7f",
    b"/a b",
    b"/a\x01",
    b"/caf\xc3\xa9",
    b"/100%",
    b"/%zz",
    b"/%2",
    b"/a#b",
    b"/a?b",
]


@pytest.mark.parametrize("path", AMBIGUOUS)
def test_what_two_servers_could_read_in_two_ways_is_refused(path: bytes) -> None:
    with pytest.raises(AmbiguousPathError):
        canonical_path(path)


@given(st.text("/.;%2eEfF05cC~aA*", max_size=40).map(lambda text: b"/" + text.encode()))
def test_the_canonical_form_is_its_own_canonical_form(path: bytes) -> None:
    try:
        canonical = canonical_path(path)
    except AmbiguousPathError:
        return
    assert canonical_path(canonical) == canonical
    assert ".." not in path_text(canonical).split("/")


def test_a_run_of_slashes_costs_linear_time() -> None:
    with pytest.raises(AmbiguousPathError):
        canonical_path(b"/" * 8000 + b"..")


def test_rules_see_the_path_decoded() -> None:
    assert path_text(b"/caf%C3%A9%3F") == "/café?"


def test_bytes_that_are_not_utf_8_are_marked() -> None:
    assert path_text(b"/caf%E9") == "/caf�"
