from __future__ import annotations

import gzip

import pytest

from proxy.names import SiteName
from proxy.page.coding import UndecodableError
from proxy.page.source import AddressMapping, Source

SHOP, CMS = SiteName(b"https", b"shop.example"), SiteName(b"http", b"cms.example")
PAGE = b"<a href=http://cms.example/x>x</a><script>go('http://cms.example/y')</script>"
MAPPED = PAGE.replace(b"http://cms.example", b"https://shop.example")


def test_a_page_is_read_in_its_coding() -> None:
    assert Source(gzip.compress(PAGE, mtime=0), "gzip").read(1000) == PAGE


def test_a_page_as_it_is_is_its_body_itself() -> None:
    assert Source(PAGE).read(1000) is PAGE


def test_a_page_with_another_name_is_read_under_the_public_one() -> None:
    source = Source(gzip.compress(PAGE, mtime=0), "gzip", "utf-8", AddressMapping(CMS, SHOP))
    assert source.read(1000) == MAPPED


def test_what_has_nothing_to_map_is_told_by_being_the_same_object() -> None:
    source = Source(b"<p>nothing</p>", mapping=AddressMapping(CMS, SHOP))
    decoded = source.decoded(1000)
    assert source.mapped(decoded) is decoded


def test_scripts_that_a_policy_names_by_their_hash_stay_as_they_are() -> None:
    source = Source(PAGE, mapping=AddressMapping(CMS, SHOP, b"script-src 'sha256-abc='"))
    assert source.read(1000) == PAGE.replace(b"=http://cms.example", b"=https://shop.example")


@pytest.mark.parametrize("body", [b"no gzip", gzip.compress(PAGE, mtime=0)[:-9], gzip.compress(bytes(1001), mtime=0)])
def test_what_is_broken_or_too_large_is_not_read(body: bytes) -> None:
    with pytest.raises(UndecodableError):
        Source(body, "gzip").read(1000)


def test_pages_that_differ_in_one_thing_are_two() -> None:
    mapping = AddressMapping(CMS, SHOP)
    sources = {
        Source(PAGE, *rest)
        for rest in (
            (),
            ("gzip",),
            ("identity", "utf-8"),
            ("identity", None, mapping),
            ("identity", None, AddressMapping(CMS, CMS)),
            ("identity", None, AddressMapping(CMS, SHOP, b"default-src 'self'")),
        )
    }
    assert len(sources) == 6
    assert Source(bytes(bytearray(PAGE))) in sources


def test_the_same_body_is_found_without_a_look_at_it() -> None:
    class Untouched(bytes):
        def __eq__(self, other: object) -> bool:
            raise AssertionError("it was compared")

        def __hash__(self) -> int:
            return 1

    body = Untouched(PAGE)
    assert {(Source(body), b"fingerprint"): True}[Source(body), b"fingerprint"]
