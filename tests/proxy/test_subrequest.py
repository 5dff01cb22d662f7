"""The endpoint that a front asks: it decides as the request itself would be decided, and never fails it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from proxy.profile.database import prepare
from proxy.profile.sqlite import SqliteProfileStore
from proxy.request import RequestReader
from tests.proxy.caching import FRESH, HTML, PAGE, Client, Site, cached
from tests.proxy.page.cutting import book_of
from tests.proxy.test_edge import PHONE, Clock, ask, options, site


@contextmanager
def front(site_: Site | None = None, **others: Any) -> Iterator[Client]:
    """A connection as a front has it."""
    with cached(site_ or site(), **options(Clock(), **others)) as proxy, proxy.connect() as connection:
        yield Client(connection)


def told(client: Client, target: str, *fields: str, method: str = "GET") -> tuple[int, str]:
    got = client.get(f"/_tailor/decide{target}", *fields, method=method)
    assert got.body == b""
    return got.status, got["tailor-variant"]


def test_the_origin_hears_nothing_of_it() -> None:
    origin = site()
    with front(origin) as client:
        assert told(client, "/", PHONE)[1]
    assert origin.asked == []


def test_it_is_about_the_url_behind_it_with_its_query() -> None:
    with front() as client:
        keys = [told(client, target, PHONE)[1] for target in ("/", "/?x=1", "/?x=%31")]
        assert len({*keys}) == 3
        assert told(client, "/noon")[1] != told(client, "/ended")[1]


def test_a_head_is_decided_as_a_get() -> None:
    with front() as client:
        assert told(client, "/", method="HEAD") == told(client, "/")


@pytest.mark.parametrize("target", ["/a/../b", "/%2f", "/_tailor/me", "/_tailor/decide/", "/%"])
def test_what_is_no_page_of_the_site_has_no_key_and_no_error(target: str) -> None:
    with front() as client:
        assert told(client, target) == (204, "")


@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS"])
def test_what_is_not_for_reading_has_no_key(method: str) -> None:
    with front() as client:
        assert told(client, "/", method=method) == (204, "")


def test_a_name_that_only_begins_so_is_no_page() -> None:
    with front() as client:
        assert client.get("/_tailor/decider").status == 404
        assert client.get("/_tailor/decide").status == 404


def test_without_edge_mode_there_is_none() -> None:
    with front(edge=None) as client:
        assert client.get("/_tailor/decide/").status == 404


def test_deciding_that_fails_leaves_the_page_unshared() -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

    with front(edge=Broken()) as client:
        assert told(client, "/") == (204, "")
        assert client.get("/", PHONE).status == 200


REMEMBERING = book_of("""
  swedes: {pages: /, who: {device.language: sv}, change: {select: h1, text: Hej}}
  often: {pages: /often, who: {visits.pages: {at_least: 2}}, change: {select: h1, text: Again}}
""")


@contextmanager
def remembered(folder: Path) -> Iterator[tuple[Client, SqliteProfileStore, str]]:
    """A front's connection, the profiles, and the cookies of a visitor who is known."""
    clock, path = Clock(), folder / "profiles.db"
    prepare(path, clock())
    with closing(SqliteProfileStore(path, now=clock, batch_seconds=0)) as store:
        settings = options(clock, book=REMEMBERING, profiles=store)
        (_, cookie), *_ = settings["identity"].read(((b"cookie", b"ok=yes"),), is_https=False).cookies
        origin = site()
        origin.put("/often", PAGE, HTML, FRESH)
        with cached(origin, **settings) as proxy, proxy.connect() as connection:
            yield Client(connection), store, f"Cookie: ok=yes; {cookie.split(b';')[0].decode()}"


def pages_seen(store: SqliteProfileStore, cookie: str) -> int:
    profile = store.read(cookie.partition("tailor_id=")[2].partition(".")[0])
    return profile.pages if profile is not None else 0


def test_a_page_that_the_front_may_answer_is_remembered_once(tmp_path: Path) -> None:
    with remembered(tmp_path) as (client, store, cookie):
        key, got = ask(client, "/", PHONE, cookie)
        assert key == got["tailor-variant"]
        assert pages_seen(store, cookie) == 1
        # The second time the front has it.
        told(client, "/", PHONE, cookie)
        assert pages_seen(store, cookie) == 2


def test_a_page_that_hangs_on_what_is_remembered_is_the_visitor_s_own(tmp_path: Path) -> None:
    with remembered(tmp_path) as (client, store, cookie):
        for number in (1, 2):
            key, got = ask(client, "/often", PHONE, cookie)
            assert key == ""
            assert (b"Again" in got.body) is (number == 2)
            # It is noted behind the response; the next request on this connection comes after that.
            client.get("/_tailor/livez")
            assert pages_seen(store, cookie) == number
        assert ask(client, "/often")[0]


def test_what_is_fetched_beforehand_is_not_remembered(tmp_path: Path) -> None:
    with remembered(tmp_path) as (client, store, cookie):
        ask(client, "/", PHONE, cookie, "Sec-Purpose: prefetch")
        assert pages_seen(store, cookie) == 0


def test_a_stranger_is_told_nothing() -> None:
    with front(reader=RequestReader()) as client:
        got = client.get("/_tailor/decide/")
        assert (got.status, got["tailor-variant"]) == (403, "")
