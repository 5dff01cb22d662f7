from __future__ import annotations

import pytest

from rules.urls import leads_within, runs_script, urls_in

HOSTS = frozenset({"shop.example", "cdn.example"})


@pytest.mark.parametrize(
    "url",
    [
        "", "/", "/a?b=//evil.example", "a/b", "?a", "#javascript:a", "./a:b", "https://shop.example/a",
        "HTTPS://SHOP.EXAMPLE:8080", "http://a:b@shop.example/", "//cdn.example", "\\\\shop.example",
        "http:/shop.example", "https:shop.example", " /a",
    ],
)  # fmt: skip
def test_relative_urls_and_the_sites_own_hosts_are_within(url: str) -> None:
    assert leads_within(url, HOSTS)


@pytest.mark.parametrize(
    "url",
    [
        "//evil.example", "\\\\evil.example", "/\\evil.example", "\\/evil.example", "///evil.example",
        "/\t/evil.example", "/\n\\evil.example", "\t//evil.example", " //evil.example", "\x00//evil.example",
        "https://evil.example", "https:evil.example", "https:\\evil.example", "ht\ntps://evil.example",
        "https://shop.example@evil.example", "https://shop.example.evil.example", "https://evil.example#shop.example",
        "https://evil.example\\@shop.example", "https://evil.example?@shop.example", "https://shop.example%2eevil/",
        "https://shop.example./", "javascript:alert(1)", "JavaScript:alert(1)", "java\tscript:alert(1)",
        "\x01javascript:alert(1)", "java&#115;cript:alert(1)", "javascript&colon;alert(1)", "data:text/html,a",
        "vbscript:a", "mailto:a@shop.example", "ftp://shop.example", "blob:https://shop.example/a", "//", "https://",
        "https://shop.example&num;@evil.example", "//shop.example&#63;@evil.example",
    ],
)  # fmt: skip
def test_everywhere_else_is_not(url: str) -> None:
    assert not leads_within(url, HOSTS)


def test_a_srcset_and_a_ping_hold_several_urls() -> None:
    assert urls_in("srcset", "/a 1x, //evil 2x") == ["/a", "1x", "//evil", "2x"]
    assert urls_in("ping", "/a  /b") == ["/a", "/b"]
    assert urls_in("href", "/a, /b 2x") == ["/a, /b 2x"]


@pytest.mark.parametrize(
    "srcset",
    [
        "/a 1x, //evil", "/a 1x,//evil", "/a ,//evil", ",//evil", " ,, //evil", "/a,\n//evil 2x", "//evil,",
        "/a 1x,https://shop.example,@evil",
    ],
)  # fmt: skip
def test_a_srcset_hides_no_url(srcset: str) -> None:
    assert not all(leads_within(url, HOSTS) for url in urls_in("srcset", srcset))


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", " JavaScript:x", "\x01java\nscript:x", "vbscript:x", "java\tscript\r:x"]
)
def test_a_script_is_seen_as_browsers_see_it(url: str) -> None:
    assert runs_script(url)


@pytest.mark.parametrize("url", ["/javascript:x", "https://shop.example/", "java script:x", "script:x", ""])
def test_an_address_runs_nothing(url: str) -> None:
    assert not runs_script(url)
