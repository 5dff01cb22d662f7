"""The caches in the way of a request: a real server, a real client, and an origin that counts what it is asked."""

from __future__ import annotations

import gzip
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from proxy.cache.policy import Lifetimes, Policy
from proxy.cache.sessions import session_cookies
from proxy.profile.database import prepare
from proxy.profile.sqlite import SqliteProfileStore
from proxy.request import RequestReader
from proxy.settings.cache import SessionPreset
from proxy.settings.values import ConsentSource
from proxy.visitor.consent import ConsentReader
from proxy.visitor.identity import IdentityReader
from tests.proxy.caching import FRESH, HTML, MOMENT, PAGE, Client, Site, cached, client_of
from tests.proxy.origins import PATIENCE_SECONDS, replying, running_proxy, scripted_origin
from tests.proxy.page.cutting import book_of

PRINTED = """
  hero: {pages: /, change: {select: h1, text: "Hello {{ source.campaign | default('you') }}"}}
  phones: {pages: /, who: {device.type: mobile}, change: {select: p, all: true, add_class: small}}
"""
BOOK = book_of(PRINTED)
SESSIONS = Policy(sessions=session_cookies(SessionPreset))
PHONES = book_of("  phones: {pages: /, who: {device.type: mobile}, change: {select: h1, text: Hi}}")
PHONE = "User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"


@pytest.fixture
def site() -> Site:
    site = Site()
    site.put("/", PAGE, HTML, FRESH, ("etag", '"v1"'), ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"))
    site.put("/plain", PAGE, HTML, FRESH, ("etag", '"p1"'))
    site.put("/private", PAGE, HTML, ("cache-control", "private"))
    return site


def test_a_page_that_no_rule_touches_is_fetched_once_and_told_of(site: Site) -> None:
    with client_of(site, book=BOOK) as client:
        first, second = client.get("/plain"), client.get("/plain")

    assert site.targets() == ["GET /plain"]
    assert (first.body, second.body) == (PAGE, PAGE)
    assert first.cache == "fwd=uri-miss; stored"
    assert second.cache == "hit; ttl=60"
    assert "age" not in dict(first.headers)
    assert second["age"] == "0"


def test_a_personalized_page_is_fetched_once_whoever_asks(site: Site) -> None:
    with client_of(site, book=BOOK) as client:
        pages = [client.get(f"/?utm_campaign={name}") for name in ("spring", "summer", "autumn")]

    assert site.targets() == ["GET /"]
    assert [page.body for page in pages] == [
        PAGE.replace(b"<h1>Old</h1>", b"<h1>Hello %b</h1>" % name) for name in (b"spring", b"summer", b"autumn")
    ]
    assert [page.cache for page in pages] == ["fwd=uri-miss; stored", "hit; ttl=60", "hit; ttl=60"]


def test_no_shared_cache_is_told_to_keep_it_changed_or_not(site: Site) -> None:
    with client_of(site, book=PHONES) as client:
        pages = [client.get("/", *fields) for fields in ((), (), (PHONE,), (PHONE,))]

    assert [page["cache-control"] for page in pages] == ["private, no-cache"] * 4
    assert [page["age"] for page in pages] == [""] * 4
    assert [b"Hi" in page.body for page in pages] == [False, False, True, True]
    assert [page["etag"] for page in pages[:2]] == ['"v1"'] * 2


def test_the_same_page_has_the_same_tag_and_another_value_another(site: Site) -> None:
    with client_of(site, book=BOOK) as client:
        tags = [client.get(target)["etag"] for target in ("/", "/", "/?utm_campaign=a", "/?utm_campaign=b")]

    assert tags[0] == tags[1]
    assert len(set(tags)) == 3
    assert all(tag.startswith('W/"') for tag in tags)


@pytest.mark.parametrize("target", ["/", "/?utm_campaign=a"])
def test_who_has_the_page_gets_a_304_and_who_has_anothers_gets_the_page(site: Site, target: str) -> None:
    with client_of(site, book=BOOK) as client:
        tag = client.get(target)["etag"]
        again = client.get(target, f"If-None-Match: {tag}")
        anothers = client.get("/?utm_campaign=z", f"If-None-Match: {tag}")
        origins = client.get(target, 'If-None-Match: "v1"')

    assert (again.status, again.body, again["etag"]) == (304, b"", tag)
    assert again["content-type"] == ""
    assert (anothers.status, origins.status) == (200, 200)


def test_the_browsers_conditions_and_range_don_t_reach_the_origin(site: Site) -> None:
    with client_of(site, book=BOOK) as client:
        page = client.get("/", 'If-None-Match: "v1"', "Range: bytes=0-3")

    assert page.status == 200
    assert b"if-none-match" not in site.asked[0]
    assert b"range" not in site.asked[0]


def test_head_equals_get(site: Site) -> None:
    with client_of(site, book=BOOK) as client:
        first = client.get("/", method="HEAD")
        whole, head = client.get("/"), client.get("/", method="HEAD")

    assert site.targets() == ["GET /"]
    assert head.headers == whole.headers
    assert (first["content-length"], first["etag"]) == (whole["content-length"], whole["etag"])


def test_each_coding_has_its_body_and_its_tag(site: Site) -> None:
    with client_of(site, book=BOOK) as client:
        plain, zipped = client.get("/"), client.get("/", "Accept-Encoding: gzip")
        again = client.get("/", "Accept-Encoding: gzip")

    assert gzip.decompress(zipped.body) == plain.body == gzip.decompress(again.body)
    assert (plain["content-encoding"], zipped["content-encoding"]) == ("", "gzip")
    assert plain["etag"] != zipped["etag"]
    assert again["vary"] == "accept-encoding"


def test_a_compressed_page_is_changed_and_sent_to_who_reads_none(site: Site) -> None:
    site.put("/", gzip.compress(PAGE), HTML, FRESH, ("content-encoding", "gzip"), ("vary", "accept-encoding"))
    with client_of(site, book=BOOK) as client:
        pages = [client.get("/", "Accept-Encoding: gzip") for _ in range(2)]

    assert [gzip.decompress(page.body) for page in pages] == [PAGE.replace(b"Old", b"Hello you")] * 2
    assert site.targets() == ["GET /"]


def test_a_304_of_the_origin_keeps_what_was_made_of_the_page(site: Site) -> None:
    site.put("/", PAGE, HTML, ("cache-control", "max-age=0"), ("etag", '"v1"'))
    with client_of(site, book=BOOK) as client:
        first, second = client.get("/"), client.get("/")

    assert second.body == first.body
    assert second.cache == "fwd=stale; fwd-status=304; stored"
    assert second["etag"] == first["etag"]


def test_a_session_goes_past_the_cache_and_is_answered_by_the_origin(site: Site) -> None:
    with client_of(site, book=BOOK, policy=SESSIONS) as client:
        client.get("/")
        pages = [client.get("/", "Cookie: theme=dark; sessionid=7") for _ in range(2)]

    assert site.targets() == ["GET /"] * 3
    assert [page.cache for page in pages] == ["fwd=bypass; detail=session"] * 2
    assert b"Hello you" in pages[0].body


def test_a_private_page_is_asked_for_each_time_and_changed(site: Site) -> None:
    with client_of(site, book=book_of("  a: {pages: /**, change: {select: h1, text: New}}")) as client:
        pages = [client.get("/private") for _ in range(2)]

    assert site.targets() == ["GET /private"] * 2
    assert [page.body for page in pages] == [PAGE.replace(b"Old", b"New")] * 2
    assert pages[0]["etag"] == pages[1]["etag"] != ""


def test_tracking_parameters_reach_the_rules_and_neither_the_origin_nor_the_key(site: Site) -> None:
    with client_of(site, book=BOOK) as client:
        pages = [client.get(f"/?gclid={n}&utm_campaign=x") for n in range(3)]

    assert site.targets() == ["GET /"]
    assert all(b"Hello x" in page.body for page in pages)


def test_the_operator_gives_a_lifetime_to_what_says_nothing(site: Site) -> None:
    site.put("/blog/a", PAGE, HTML)
    with client_of(site, policy=Policy(Lifetimes.of({"/blog/**": 60}))) as client:
        assert [client.get("/blog/a").cache for _ in range(2)] == ["fwd=uri-miss; stored", "hit; ttl=60"]


def test_a_post_that_succeeds_drops_what_is_stored_of_its_url(site: Site) -> None:
    with client_of(site) as client:
        client.get("/plain")
        client.get("/plain", "Content-Length: 0", method="POST")
        assert client.get("/plain").cache == "fwd=uri-miss; stored"


@pytest.mark.parametrize("field", ["Cache-Control: no-cache", "Pragma: no-cache"])
def test_a_reload_asks_the_origin(site: Site, field: str) -> None:
    with client_of(site, book=BOOK) as client:
        client.get("/")
        reloaded = client.get("/", field)

    assert reloaded.cache == "fwd=request; fwd-status=304; stored"
    assert b"Hello you" in reloaded.body


def test_another_name_of_the_site_has_its_own_pages(site: Site) -> None:
    with client_of(site, book=BOOK) as client:
        client.get("/plain")
        client.get("/plain", host="other.example")

    assert site.targets() == ["GET /plain"] * 2


def test_a_response_that_is_no_page_keeps_its_word_to_caches_where_a_rule_names_its_url(site: Site) -> None:
    site.put("/x.css", b"a{}", ("content-type", "text/css"), FRESH)
    with client_of(site, book=book_of("  a: {pages: /**, change: {select: h1, text: New}}")) as client:
        first, second = client.get("/x.css"), client.get("/x.css")

    assert (first["cache-control"], second["cache-control"], second["age"]) == ("max-age=60", "max-age=60", "0")
    assert second.cache == "hit; ttl=60"


def test_without_a_cache_nothing_is_told_of_one(site: Site) -> None:
    with client_of(site, book=BOOK, policy=None) as client:
        assert client.get("/plain").cache == ""


def test_a_visitor_s_word_to_the_origin_makes_its_answer_theirs_alone(site: Site) -> None:
    site.put("/plain", PAGE, HTML, FRESH, ("tailor-visitor", "plan=pro"))
    with client_of(site) as client:
        pages = [client.get("/plain") for _ in range(2)]

    assert site.targets() == ["GET /plain"] * 2
    assert pages[0]["cache-control"] == "no-store"


def test_connections_that_are_closed_get_the_same(site: Site) -> None:
    with cached(site, book=BOOK) as proxy:
        request = b"GET /?utm_campaign=%b HTTP/1.%b\r\nHost: shop.example\r\nConnection: close\r\n\r\n"
        answers = [proxy.ask(request % (name, minor)) for name in (b"a", b"b") for minor in (b"1", b"0")]

    assert [b"Hello a" in answer for answer in answers] == [True, True, False, False]
    assert site.targets() == ["GET /"]


def test_the_first_request_of_a_connection_may_be_answered_from_memory(site: Site) -> None:
    with cached(site, book=BOOK) as proxy:
        for _ in range(3):
            with proxy.connect() as connection:
                assert [Client(connection).get("/").status for _ in range(2)] == [200, 200]

    assert site.targets() == ["GET /"]


def test_pipelined_requests_are_answered_in_order(site: Site) -> None:
    names = ["a", "b", "c", "d"]
    with cached(site, book=BOOK) as proxy, proxy.connect() as connection:
        client = Client(connection)
        client.get("/")
        for name in names:
            client.send(f"/?utm_campaign={name}")
        client.send("/private")
        client.send("/")
        pages = [client.read() for _ in range(6)]

    assert [f"Hello {name}".encode() in page.body for name, page in zip(names, pages[:4], strict=True)] == [True] * 4
    assert pages[4].cache.startswith("fwd")
    assert pages[5].cache == "hit; ttl=60"


def test_another_host_makes_no_page_of_the_site(site: Site) -> None:
    with client_of(site, reader=RequestReader(public_url="http://shop.example")) as client:
        client.get("/plain", host="evil.example")
        again = client.get("/plain")

    assert again.cache == "hit; ttl=60"
    assert b"host: shop.example" in site.asked[0]
    assert b"evil.example" not in site.asked[0]


def test_an_empty_page_from_memory_says_that_it_is_empty() -> None:
    reply = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    options: dict[str, Any] = {"policy": Policy(), "now": lambda: MOMENT}
    with (
        scripted_origin(replying(reply)) as origin,
        running_proxy(origin.url, **options) as proxy,
        proxy.connect() as connection,
    ):
        pages = [Client(connection).get("/empty") for _ in range(3)]

    assert [page["content-length"] for page in pages[1:]] == ["0", "0"]
    assert [page.body for page in pages] == [b""] * 3


def test_a_304_at_a_rule_s_url_makes_nothing_fresh(site: Site) -> None:
    with client_of(site, book=BOOK) as client:
        client.get("/")
        image = client.get("/", "Sec-Fetch-Dest: image", 'If-None-Match: "v1"')

    assert (image.status, image["cache-control"]) == (304, "")


def test_who_lands_on_a_page_from_memory_is_remembered_from_then_on(site: Site, tmp_path: Path) -> None:
    prepare(tmp_path / "profiles.db", MOMENT)
    with closing(SqliteProfileStore(tmp_path / "profiles.db", now=lambda: MOMENT, batch_seconds=0)) as store:
        consent = ConsentReader(ConsentSource.NOT_REQUIRED)
        identity = IdentityReader(consent, [b"k" * 32], now=lambda: MOMENT)
        with client_of(site, book=BOOK, identity=identity, profiles=store) as client:
            visits = [client.get("/?utm_campaign=a", PHONE) for _ in range(3)]
        ids = [visit["set-cookie"].partition("=")[2].partition(".")[0] for visit in visits]
        assert store.flush(PATIENCE_SECONDS)
        profiles = [store.read(visitor) for visitor in ids]

    assert [visit.cache for visit in visits[1:]] == ["hit; ttl=60"] * 2
    assert [profile is not None and profile.pages for profile in profiles] == [1, 1, 1]
