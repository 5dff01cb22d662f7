"""What `Location` says, and where a browser goes with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.redirects import address, followed, location
from proxy.request import Request, RequestReader
from rules.context import Context
from rules.errors import UnsafeValueError
from rules.fragments import Rendering
from tests.proxy.page.cutting import book_of
from tests.rules.reading import NOON


def request(target: str = "/a", host: str = "shop.example", public_url: str | None = None) -> Request:
    path, _, query = target.partition("?")
    return RequestReader(public_url=public_url).read(
        {
            "type": "http",
            "method": "GET",
            "scheme": "http",
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(b"host", host.encode())],
            "client": ("127.0.0.1", 1),
        }
    )


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("/b", b"/b"),
        ("b?x=1#y", b"b?x=1#y"),
        (" /b\t", b"/b"),
        ("/größe?q=blå#ø", b"/gr%C3%B6%C3%9Fe?q=bl%C3%A5#%C3%B8"),
        ("/50%25", b"/50%25"),
        ('/a b"<>', b"/a%20b%22%3C%3E"),
        ("/\\a\\b?c\\d", b"//a/b?c%5Cd"),
        ("https:\\\\shop.example", b"https://shop.example"),
        ("https:///shop.example//x", b"https://shop.example//x"),
        ("https:shop.example", b"https://shop.example"),
        ("/a//b", b"/a//b"),
        ("/a\r\nSet-Cookie: x=1", b"/aSet-Cookie:%20x=1"),
        ("/a\x00\x0b\x85", b"/a%00%0B%C2%85"),
    ],
)
def test_a_location_is_a_url_as_a_browser_reads_it(written: str, said: bytes) -> None:
    assert location(Rendering((written,)), b"") == said


@pytest.mark.parametrize(
    ("written", "query", "said"),
    [
        ("/b", b"utm_source=mail&x=1&gclid=a%20b", b"/b?utm_source=mail&gclid=a%20b"),
        ("/b?y=2#z", b"x=1&UTM_Campaign=spring", b"/b?y=2&UTM_Campaign=spring#z"),
        ("/b?utm_source=own", b"utm_source=mail&utm_medium=email", b"/b?utm_source=own&utm_medium=email"),
        ("/b?", b"x=1", b"/b?"),
        ("/b", b"x=1&&=", b"/b"),
    ],
)
def test_what_tells_the_source_of_a_visit_goes_along_and_nothing_else(written: str, query: bytes, said: bytes) -> None:
    assert location(Rendering((written,)), query) == said


@given(st.text())
def test_no_text_ends_a_line_of_the_head(text: str) -> None:
    said = location(Rendering(("/", ""), (text.encode("utf-8", "replace").decode(),)), b"")
    assert all(0x20 < byte < 0x7F for byte in said)


ELSEWHERE = (
    "//evil.example", "\\\\evil.example", "/\\evil.example", "/\t/evil.example", "https:evil.example",
    "https://shop.example@evil.example", "https://shop.example\\@evil.example", "https://shop.example&num;@evil.example",
    "https://shop.example。evil.example", "https://shop.example%2F@evil.example", "https://shop.example.evil.example",
    "javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,x", "\x01//evil.example",
)  # fmt: skip


@pytest.mark.parametrize("value", ELSEWHERE)
@pytest.mark.parametrize("written", ["{{ page.query.to }}", "/{{ page.query.to }}", "https://{{ page.query.to }}/x"])
def test_a_visitors_value_leads_to_no_other_host(written: str, value: str) -> None:
    (experience,) = book_of(f"experiences: {{x: {{pages: /, redirect: '{written}'}}}}").experiences
    target = experience.variants[0].redirect
    assert target is not None
    try:
        rendering = target.render(Context({"page.query.to": value}, NOON, "shop.example"))
    except UnsafeValueError:
        return
    led = followed(request(), location(rendering, b""), request())
    assert led is None or led.host == "shop.example"


@pytest.mark.parametrize(
    ("where", "path", "query"),
    [
        (b"/b?x=1#y", b"/b", b"x=1"),
        (b"b", b"/x/b", b""),
        (b"../b/./c/..", b"/b/", b""),
        (b"?x=1", b"/x/a", b"x=1"),
        (b"#top", b"/x/a", b"q=1"),
        (b"https://SHOP.example:8443/b", b"/b", b""),
        (b"//shop.example./%62", b"/b", b""),
        (b"http://shop.example/y/../b", b"/b", b""),
        (b"http://shop.example", b"/", b""),
    ],
)
def test_a_location_is_followed_within_the_site(where: bytes, path: bytes, query: bytes) -> None:
    at = request("/x/a?q=1")
    led = followed(at, where, at)
    assert led is not None
    assert (led.raw_path, led.query, led.host, led.authority) == (path, query, "shop.example", "shop.example")


@pytest.mark.parametrize("where", [b"mailto:a@shop.example", b"http://[x", b"/a%2fb", b"/%"])
def test_what_no_proxy_could_be_asked_for_is_not_followed(where: bytes) -> None:
    assert followed(request(), where, request()) is None


def test_another_host_is_another_page() -> None:
    led = followed(request(), b"https://other.example:81/a", request())
    assert led is not None
    assert led.host == "other.example"
    assert address(led) != address(request())


def test_every_name_under_which_a_request_came_is_this_site() -> None:
    at = request(host="www.shop.example", public_url="https://shop.example")
    for where in (b"https://www.shop.example/a", b"http://shop.example/a", b"/a"):
        led = followed(at, where, at)
        assert led is not None
        assert address(led) == address(at)


@pytest.mark.parametrize(("one", "other"), [("/a?x=1&y=%C3%A5", "/a?y=å&x=1"), ("/%61?", "/a"), ("/a?x", "/a?x=")])
def test_two_spellings_of_a_page_are_one_address(one: str, other: str) -> None:
    first, second = (followed(request(), each.encode(), request()) for each in (one, other.replace("å", "%c3%a5")))
    assert first is not None
    assert second is not None
    assert address(first) == address(second)
