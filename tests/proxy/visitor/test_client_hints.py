import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.visitor.client_hints import HINTS, MAX_HINT_LENGTH, NO_HINTS, UNTOLD, ClientHints, read_hints, written_hints


def test_hints_are_read_as_chromium_writes_them() -> None:
    headers = {
        b"sec-ch-ua": b'"Chromium";v="130", "Google Chrome";v="130", "Not?A_Brand";v="99"',
        b"sec-ch-ua-mobile": b"?1",
        b"sec-ch-ua-platform": b'"Android"',
        b"sec-ch-ua-model": b'"Pixel 9"',
        b"sec-ch-ua-form-factors": b'"Mobile", "XR"',
        b"user-agent": b"Mozilla/5.0",
    }
    assert read_hints(written_hints(headers)) == ClientHints(
        brands=frozenset({"Chromium", "Google Chrome", "Not?A_Brand"}),
        mobile=True,
        platform="Android",
        model="Pixel 9",
        form_factors=frozenset({"Mobile", "XR"}),
    )


def test_a_request_without_hints_says_nothing() -> None:
    assert written_hints({b"user-agent": b"Mozilla/5.0"}) == NO_HINTS
    assert read_hints(NO_HINTS) == UNTOLD


def test_an_escaped_brand_is_read() -> None:
    assert read_hints((rb'"\"Not;A \\Brand"', b"", b"", b"", b"")).brands == {'"Not;A \\Brand'}


@pytest.mark.parametrize(
    "value",
    [b"", b"Chrome", b"?2", b'"open', b'"a" "b"', b"(1 2)", b"12", b"@99999999999999", b"\xff", b'("a" "b");v=1'],
)
def test_a_hint_of_another_type_is_as_if_it_had_not_come(value: bytes) -> None:
    assert read_hints((value,) * len(HINTS)) == UNTOLD


def test_one_broken_hint_leaves_the_others() -> None:
    assert read_hints((b"broken;", b"?0", b'"Windows"', b"", b"")) == ClientHints(mobile=False, platform="Windows")


def test_a_hint_that_is_too_long_is_not_read() -> None:
    long = b'"' + b"x" * MAX_HINT_LENGTH + b'"'
    assert written_hints({b"sec-ch-ua": long, b"sec-ch-ua-platform": long}) == NO_HINTS


@given(st.tuples(*[st.binary(max_size=MAX_HINT_LENGTH)] * len(HINTS)))
def test_whatever_comes_is_read(written: tuple[bytes, ...]) -> None:
    assert isinstance(read_hints(written), ClientHints)
