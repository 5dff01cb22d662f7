from __future__ import annotations

import pytest

from proxy.names import SiteName, renamed

SHOP = SiteName.of_url("https://shop.example")
CMS = SiteName.of_url("http://cms.example")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://cms.example", SiteName(b"http", b"cms.example")),
        ("http://CMS.example:80", SiteName(b"http", b"cms.example")),
        ("https://cms.example:443", SiteName(b"https", b"cms.example")),
        ("https://cms.example:80", SiteName(b"https", b"cms.example:80")),
        ("http://127.0.0.1:9000", SiteName(b"http", b"127.0.0.1:9000")),
    ],
)
def test_a_port_is_named_where_it_is_not_the_schemes_own(url: str, name: SiteName) -> None:
    assert SiteName.of_url(url) == name


@pytest.mark.parametrize(
    ("url", "host"),
    [("http://cms.example:9000", b"cms.example"), ("http://cms.example", b"cms.example"), ("http://[::1]:9", b"[::1]")],
)
def test_a_host_has_no_port(url: str, host: bytes) -> None:
    assert SiteName.of_url(url).host == host


SAME_SITE = {
    "its own scheme": (b"http://cms.example/x", b"https://shop.example/x"),
    "the other scheme": (b"https://cms.example/x", b"https://shop.example/x"),
    "no path": (b"http://cms.example", b"https://shop.example"),
    "a query": (b"http://cms.example?a=//cms.example", b"https://shop.example?a=//cms.example"),
    "a fragment": (b"http://cms.example#a", b"https://shop.example#a"),
    "upper case": (b"HTTP://CMS.Example/X", b"https://shop.example/X"),
    "the port that goes without saying": (b"http://cms.example:80/", b"https://shop.example/"),
    "the same, of the other scheme": (b"https://cms.example:443/", b"https://shop.example/"),
    "no scheme": (b"//cms.example/x", b"//shop.example/x"),
    "white space before it": (b" http://cms.example/", b" https://shop.example/"),
}


@pytest.mark.parametrize(("url", "expected"), SAME_SITE.values(), ids=SAME_SITE.keys())
def test_a_url_of_the_site_is_renamed(url: bytes, expected: bytes) -> None:
    assert renamed(url, CMS, SHOP) == expected


@pytest.mark.parametrize(
    "url",
    [
        b"/x",
        b"cms.example/x",
        b"http://cms.example.evil/",
        b"http://evil.cms.example/",
        b"http://cms.example@evil/",
        b"http://me@cms.example/",
        b"http://cms.example:80@evil/",
        b"http://cms.example:8080/",
        b"http://cms.example:443/",
        b"http://evil/http://cms.example/",
        b"http:/cms.example/",
        b"ftp://cms.example/",
        b"",
    ],
)
def test_a_look_alike_is_left_alone(url: bytes) -> None:
    assert renamed(url, CMS, SHOP) == url


def test_a_port_of_its_own_belongs_to_the_name() -> None:
    own = SiteName.of_url("http://127.0.0.1:9000")
    assert renamed(b"https://127.0.0.1:9000/x", own, SHOP) == b"https://shop.example/x"
    assert renamed(b"http://127.0.0.1/x", own, SHOP) == b"http://127.0.0.1/x"
    assert renamed(b"http://127.0.0.1:90000/x", own, SHOP) == b"http://127.0.0.1:90000/x"
