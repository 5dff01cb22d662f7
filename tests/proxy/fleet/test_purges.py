"""What is purged, whatever it is said by."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

from proxy.fleet.purges import MAX_NAMES, Place, Purge, PurgeReader
from proxy.wire import Headers
from rules.errors import MistakeError
from tests.proxy.cache.scripted import Site, cacheable, visit

SHOP = b"shop.example"
READER = PurgeReader()
PUBLIC = PurgeReader("https://shop.example")


def said(**given: object) -> Purge:
    return READER.read_json(json.dumps(given).encode())


def mistake(said: object, reader: PurgeReader = READER) -> MistakeError:
    with pytest.raises(MistakeError) as error:
        reader.read_json(said if isinstance(said, bytes) else json.dumps(said).encode())
    return error.value


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://shop.example/sale/?page=2", b"/sale/?page=2"),
        ("http://SHOP.example", b"/"),
        ("//shop.example/a", b"/a"),
        ("https://shop.example/%7euser/caf%c3%a9", b"/~user/caf%C3%A9"),
        ("https://shop.example/café#top", b"/caf%C3%A9"),
        ("https://shop.example?x", b"/?x"),
        ("https://shop.example/?", b"/"),
        ("https://shop.example/?x=1&tailor_company=abc", b"/?x=1"),
    ],
)
def test_a_url_is_read_as_it_is_kept_under(url: str, target: bytes) -> None:
    assert said(url=url) == Purge(urls=(Place(SHOP, target),))
    assert PUBLIC.read_json(json.dumps({"url": url}).encode()) == Purge(urls=(Place(SHOP, target),))


def test_several_may_be_named_at_once() -> None:
    purge = said(prefix=["https://shop.example/blog/", "https://shop.example/news/"], soft=True)
    assert purge == Purge(prefixes=(Place(SHOP, b"/blog/"), Place(SHOP, b"/news/")), soft=True)


def test_tags_and_all_need_no_url() -> None:
    assert said(tag="café") == Purge(tags=("café".encode(),))
    assert said(all=True) == Purge(is_all=True)


def test_with_a_public_url_a_path_will_do() -> None:
    assert PUBLIC.read_json(b'{"url": "/sale/"}') == Purge(urls=(Place(SHOP, b"/sale/"),))


def test_the_port_of_a_scheme_is_no_other_site() -> None:
    assert PUBLIC.read_json(b'{"url": "https://shop.example:443/"}') == Purge(urls=(Place(SHOP, b"/"),))


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        (b"{", "the body is not JSON", 'such as {"url": "https://shop.example/sale/"}'),
        (b"\xff", "the body is not JSON", "such as"),
        (b"[" * 100_000, "the body is not JSON", "such as"),
        ([], "the body is not a JSON object", "such as"),
        ({}, "name exactly one of url, prefix, tag, all", "such as"),
        ({"url": "//a/", "tag": "b"}, "name exactly one of", "such as"),
        ({"tags": ["a"]}, "`tags` is not known", "did you mean 'tag'?"),
        ({"url": 1}, "`url` is no text, nor a list of texts", "such as"),
        ({"url": []}, "`url` is no text", "such as"),
        ({"url": ["//a/", ""]}, "`url` is no text", "such as"),
        ({"tag": ["a"] * (MAX_NAMES + 1)}, "`tag` names more than 1,000", "purge them in several requests, or all"),
        ({"all": False}, "`all` is false, and nothing else is named", 'write {"all": true}'),
        ({"all": "yes"}, "`all` is neither true nor false", 'write {"all": true}'),
        ({"tag": "a", "soft": 1}, "`soft` is neither true nor false", 'write {"soft": true}'),
        ({"url": "/sale/"}, "`/sale/` names no site", "write https://shop.example/sale/, or set public_url"),
        ({"url": "sale"}, "`sale` is no URL", "such as"),
        ({"url": "ftp://shop.example/"}, "`ftp://shop.example/` is no URL", "such as"),
        ({"url": "https:///a"}, "`https:///a` does not name a host in ASCII", "such as"),
        ({"url": "https://bücher.example/"}, "does not name a host in ASCII", "such as"),
        ({"url": "https://user@shop.example/"}, "does not name a host in ASCII", "such as"),
        ({"url": "//a/../b"}, "the path holds a dot segment", "write it as it is asked for"),
        ({"prefix": "//a/%"}, "the path holds a % that encodes nothing", "write it as it is asked for"),
        ({"url": "//a/?x y"}, "its query holds a character that must be encoded", "%20 is a space"),
    ],
)
def test_what_is_no_purge_is_told_with_what_to_do(given: object, message: str, hint: str) -> None:
    error = mistake(given)
    assert message in error.message
    assert error.hint.startswith(hint)


def test_with_a_public_url_another_site_is_a_mistake() -> None:
    error = mistake({"url": "https://other.example/"}, PUBLIC)
    assert error.hint == "public_url says that the site is https://shop.example"


def asked(target: bytes, *fields: tuple[bytes, bytes], reader: PurgeReader = READER) -> Purge:
    return reader.read_request(SHOP, target, fields)


def test_a_request_purges_its_own_url() -> None:
    assert asked(b"/a/?x=1") == Purge(urls=(Place(SHOP, b"/a/?x=1"),))


def test_with_a_public_url_a_request_at_any_name_means_the_site() -> None:
    assert PUBLIC.read_request(b"127.0.0.1:8081", b"//a", ()) == Purge(urls=(Place(SHOP, b"//a"),))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (((b"surrogate-key", b"news home"),), Purge(tags=(b"home", b"news"))),
        (((b"cache-tag", b"blog post,news"),), Purge(tags=(b"blog post", b"news"))),
        (((b"x-purge-method", b"tags"), (b"x-cache-tags-pattern", b"p-1|home")), Purge(tags=(b"home", b"p-1"))),
        (((b"x-purge-method", b"regex"),), Purge(prefixes=(Place(SHOP, b"/blog/"),))),
    ],
)
def test_headers_say_what_else_is_meant(fields: Headers, expected: Purge) -> None:
    target = b"/blog/.*" if expected.prefixes else b"/"
    assert asked(target, *fields) == expected


def test_a_request_can_ask_for_a_soft_purge() -> None:
    assert asked(b"/", (b"fastly-soft-purge", b"1")).soft
    assert not asked(b"/", (b"fastly-soft-purge", b"0")).soft


@pytest.mark.parametrize(
    ("target", "method"),
    [(b"/blog/", b"regex"), (b"/(a|b).*x", b"regex"), (b"/", b"tags"), (b"/", b"ban")],
)
def test_what_can_not_be_done_is_told_and_not_done_otherwise(target: bytes, method: bytes) -> None:
    with pytest.raises(MistakeError, match="what X-Purge-Method asks for can't be done"):
        asked(target, (b"x-purge-method", method))


def test_more_tags_than_a_purge_can_name_are_told_and_none_is_left_out() -> None:
    with pytest.raises(MistakeError, match="more than 1,000 tags"):
        asked(b"/", (b"surrogate-key", b" ".join(b"%d" % number for number in range(MAX_NAMES + 1))))


def stored_after(purge: Purge, targets: Iterable[str]) -> tuple[int, list[str]]:
    """How many responses are purged, and of which URLs the origin is asked again then."""
    site = Site(lambda question: cacheable(b"page", ("cache-tag", "shop"), ("etag", '"1"')))
    purged: list[int] = []

    async def visits() -> None:
        for target in targets:
            await site.get(target)
        purged.append(purge.apply(site.cache))
        site.origin.asked.clear()
        for target in targets:
            await site.get(target)

    visit(site, visits)
    return purged[0], [question.target.decode() for question in site.origin.asked]


def test_a_url_is_purged_under_either_scheme_and_with_tracking_parameters() -> None:
    purge = said(url="http://shop.example/sale?utm_source=x&page=2")
    assert stored_after(purge, ["/sale?page=2", "/sale"]) == (1, ["/sale?page=2"])


def test_a_prefix_is_purged_and_what_does_not_begin_so_stays() -> None:
    assert stored_after(said(prefix="//shop.example/blog/"), ["/blog/a?x", "/blog/", "/blog"])[0] == 2


@pytest.mark.parametrize("purge", [Purge(tags=(b"shop",)), Purge(is_all=True), Purge(is_all=True, soft=True)])
def test_what_has_a_tag_and_all_are_purged(purge: Purge) -> None:
    assert stored_after(purge, ["/a", "/b"]) == (2, ["/a", "/b"])


def test_what_is_of_another_site_stays() -> None:
    assert stored_after(said(prefix="//shop.example.evil/"), ["/a"]) == (0, [])
