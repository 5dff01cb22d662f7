from __future__ import annotations

import pytest

from proxy.cache.analytics import ANALYTICS_COOKIES, without_analytics


def left(*values: bytes) -> list[bytes]:
    return [value for _, value in without_analytics(tuple((b"cookie", value) for value in values))]


@pytest.mark.parametrize("glob", ANALYTICS_COOKIES)
def test_each_is_taken_off(glob: str) -> None:
    name = glob.replace("*", "x").encode()

    assert left(name + b"=1") == []
    assert left(b"a=1; " + name + b"=1; b=2") == [b"a=1; b=2"]
    assert left(name + b"=1;b=2") == [b"b=2"]
    assert left(b"a=1;" + name + b"=") == [b"a=1"]


@pytest.mark.parametrize(
    "value", [b"a=1; b=2", b"x_ga=1", b"_gab=1; fbp=2", b"a=_ga=1", b"", b"; ;", b"sessionid=_fbp"]
)
def test_other_cookies_stay_to_the_byte(value: bytes) -> None:
    assert left(value) == [value]


def test_several_in_a_row_go() -> None:
    assert left(b"_ga=1; _gid=2; _fbp=3; a=1; _hjid=4;_hjx=5") == [b"a=1"]


def test_other_fields_stay_as_they_are() -> None:
    headers = ((b"accept", b"_ga=1"), (b"cookie", b"a=1"), (b"x", b"y"))

    assert without_analytics(headers) == headers
