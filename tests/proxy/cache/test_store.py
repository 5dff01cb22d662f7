from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.cache.messages import Response
from proxy.cache.store import PageStore, Stored, tags_of
from proxy.cache.vary import Selector, selector_of
from proxy.ledger import ENTRY_BYTES, Ledger
from proxy.wire import Headers
from tests.proxy.cache.table import START

KEY = b"https://shop.example/"


def stored(body: bytes = b"page", *fields: tuple[bytes, bytes], asked: Headers = (), at: float = START) -> Stored:
    headers = ((b"cache-control", b"max-age=60"), *fields)
    selector = selector_of(headers, asked)
    assert selector is not None
    return Stored.of(Response(200, headers, at, at), body, selector)


def put(store: PageStore, key: bytes, what: Stored) -> bool:
    return store.put(key, what, since=store.serial)


def language(name: bytes) -> Headers:
    return ((b"accept-language", name),)


BY_LANGUAGE = (b"vary", b"accept-language")


def test_what_is_put_is_found() -> None:
    store, page = PageStore(Ledger(1 << 20)), stored()
    assert put(store, KEY, page)
    assert store.find(KEY, ()) is page
    assert store.find(KEY + b"other", ()) is None


def test_a_request_finds_its_own_variant() -> None:
    store = PageStore(Ledger(1 << 20))
    for name in (b"sv", b"nb"):
        put(store, KEY, stored(name, BY_LANGUAGE, asked=language(name)))
    found = [store.find(KEY, language(name)) for name in (b"nb", b"sv", b"da")]
    assert [each and each.body for each in found] == [b"nb", b"sv", None]
    assert store.has(KEY)


def test_one_response_takes_the_place_of_another_with_its_selector() -> None:
    store = PageStore(Ledger(1 << 20))
    put(store, KEY, stored(b"old" * 1000))
    put(store, KEY, stored(b"new"))
    only = PageStore(Ledger(1 << 20))
    put(only, KEY, stored(b"new"))
    assert len(store) == 1
    assert store.bytes == only.bytes


def test_the_least_recently_used_goes_first() -> None:
    store = PageStore(Ledger(3 * (stored(b"x" * 5000).size + ENTRY_BYTES + 100)))
    for name in (b"1", b"2", b"3"):
        put(store, KEY + name, stored(b"x" * 5000))
    store.find(KEY + b"1", ())
    put(store, KEY + b"4", stored(b"x" * 5000))
    assert [store.has(KEY + name) for name in (b"1", b"2", b"3", b"4")] == [True, False, True, True]
    assert store.counts.evictions == 1


def test_what_other_caches_hold_is_of_the_same_bound() -> None:
    ledger = Ledger(10_000)
    store = PageStore(ledger)
    put(store, KEY, stored())
    ledger.enter("another cache's", 9_000, lambda: None)
    assert not store.has(KEY)
    assert (store.bytes, store.counts.evictions) == (0, 1)


def test_a_body_that_came_again_stays_the_same_object() -> None:
    store, first = PageStore(Ledger(1 << 20)), stored(b"page" * 9)
    again = stored(b"".join([b"page"] * 9), at=START + 9)
    put(store, KEY, first)
    put(store, KEY, again)
    found = store.find(KEY, ())
    assert found is not None
    assert found.response is again.response
    assert found.body is first.body
    assert found.body is not again.body


def test_what_varies_by_other_fields_than_it_may_is_not_found() -> None:
    store = PageStore(Ledger(1 << 20))
    page = stored(b"nb", BY_LANGUAGE, asked=language(b"nb"))
    put(store, KEY, page)
    assert store.find(KEY, language(b"nb"), within=frozenset({b"accept-language", b"accept-encoding"})) is page
    assert store.find(KEY, language(b"nb"), within=frozenset({b"accept-encoding"})) is None
    put(store, KEY, stored(b"plain"))
    assert store.find(KEY, language(b"da"), within=frozenset()) is None


def test_of_those_that_name_other_fields_in_vary_the_latest_is_found() -> None:
    store = PageStore(Ledger(1 << 20))
    plain, by_language = stored(b"plain", at=START + 9), stored(b"nb", BY_LANGUAGE, asked=language(b"nb"))
    by_cookie = stored(b"late", (b"vary", b"cookie"), at=START + 1)
    for each in (plain, by_language, by_cookie):
        put(store, KEY, each)
    assert store.find(KEY, language(b"nb")) is by_cookie
    assert store.find(KEY, (*language(b"nb"), (b"cookie", b"a=1"))) is by_language
    assert store.find(KEY, ((b"cookie", b"a=1"),)) is plain


def test_what_is_larger_than_the_store_is_not_kept_and_takes_nothing_with_it() -> None:
    store = PageStore(Ledger(10_000))
    put(store, KEY, stored())
    assert not put(store, KEY + b"large", stored(b"x" * 10_000))
    assert store.has(KEY)


def test_of_one_url_only_so_many_variants_are_kept() -> None:
    store = PageStore(Ledger(1 << 20), max_variants=2)
    for name in (b"sv", b"nb"):
        put(store, KEY, stored(name, BY_LANGUAGE, asked=language(name)))
    store.find(KEY, language(b"sv"))
    put(store, KEY, stored(b"da", BY_LANGUAGE, asked=language(b"da")))
    assert store.find(KEY, language(b"nb")) is None
    assert store.find(KEY, language(b"sv")) is not None


def test_only_what_says_so_is_found_by_requests_with_authorization() -> None:
    store = PageStore(Ledger(1 << 20))
    put(store, KEY, stored())
    assert store.find(KEY, (), is_authorized=True) is None
    public = stored(b"page", (b"cache-control", b"public"))
    put(store, KEY, public)
    assert store.find(KEY, (), is_authorized=True) is public


def test_the_selector_that_is_expected_names_what_vary_named_last() -> None:
    store = PageStore(Ledger(1 << 20))
    assert store.expected_selector(KEY, language(b"sv")) == Selector()
    put(store, KEY, stored(b"nb", BY_LANGUAGE, asked=language(b"nb")))
    assert store.expected_selector(KEY, language(b"sv")) == Selector((b"accept-language",), (b"sv",))


@pytest.mark.parametrize("body_bytes", [1, 10_000])
def test_bytes_are_those_that_are_taken(body_bytes: int) -> None:
    ledger = Ledger(1 << 26)
    store = PageStore(ledger)

    def fill() -> None:
        for number in range(500):
            fields = [(b"x-field-%d-%d" % (number, each), b"value %d" % number) for each in range(20)]
            tags = (b"surrogate-key", b"tag-%d shared" % number)
            page = stored(bytes(body_bytes + number), *fields, tags, BY_LANGUAGE, asked=language(b"sv-%d" % number))
            put(store, KEY + b"%d" % number, page)

    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    fill()
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert len(store) == 500
    # What Python keeps for reuse differs from run to run.
    assert 0.9 * taken < ledger.bytes < 1.2 * taken


def test_bytes_are_none_when_nothing_is_left() -> None:
    store = PageStore(Ledger(1 << 20))
    for number in range(10):
        put(store, KEY + b"%d" % number, stored(b"page", (b"cache-tag", b"a, b")))
    assert store.purge_all() == 10
    assert (store.bytes, len(store)) == (0, 0)
    assert store.purge_tag(b"a") == 0


def test_a_url_is_purged_with_all_its_variants() -> None:
    store = PageStore(Ledger(1 << 20))
    for name in (b"sv", b"nb"):
        put(store, KEY, stored(name, BY_LANGUAGE, asked=language(name)))
    put(store, KEY + b"other", stored())
    assert store.purge(KEY) == 2
    assert not store.has(KEY)
    assert store.has(KEY + b"other")
    assert store.counts.purged == 2


def test_a_prefix_is_purged() -> None:
    store = PageStore(Ledger(1 << 20))
    for path in (b"blog/a", b"blog/b?page=2", b"blogs"):
        put(store, KEY + path, stored())
    assert store.purge_prefix(KEY + b"blog/") == 2
    assert store.has(KEY + b"blogs")


def test_a_tag_is_purged() -> None:
    store = PageStore(Ledger(1 << 20))
    put(store, KEY + b"a", stored(b"a", (b"surrogate-key", b"news home")))
    put(store, KEY + b"b", stored(b"b", (b"cache-tag", b"news, blog post")))
    put(store, KEY + b"c", stored(b"c", (b"cache-tag", b"newsletter")))
    assert store.purge_tag(b"news") == 2
    assert store.purge_tag(b"news") == 0
    assert [store.has(KEY + name) for name in (b"a", b"b", b"c")] == [False, False, True]


def test_a_response_that_took_anothers_place_has_its_own_tags() -> None:
    store = PageStore(Ledger(1 << 20))
    put(store, KEY, stored(b"a", (b"cache-tag", b"old")))
    put(store, KEY, stored(b"b", (b"cache-tag", b"new")))
    assert store.purge_tag(b"old") == 0
    assert store.purge_tag(b"new") == 1


def test_tags_beyond_a_bound_count_for_nothing() -> None:
    assert len(tags_of(((b"surrogate-key", b" ".join(b"%d" % number for number in range(10_000))),))) == 256


@pytest.mark.parametrize("age", [0.0, 0.5, 59.9, 200.0])
def test_a_soft_purge_keeps_what_is_stored_as_a_stale_response(age: float) -> None:
    store, page = PageStore(Ledger(1 << 20)), stored(b"page", (b"cache-control", b"stale-if-error=600"))
    put(store, KEY, page)
    before = store.bytes
    assert store.purge(KEY, stale_from=START + age) == 1
    found = store.find(KEY, ())
    assert found is not None
    assert found.body is page.body
    assert found.freshness.remaining(START + age) <= 0
    assert found.freshness.stale_if_error == 600
    assert found.freshness.lifetime <= page.freshness.lifetime
    assert store.bytes == before


def test_what_was_asked_for_before_a_purge_is_not_stored_after_it() -> None:
    store = PageStore(Ledger(1 << 20))
    since = store.serial
    store.purge(KEY)
    assert not store.put(KEY, stored(), since=since)
    assert store.put(KEY + b"other", stored(), since=since)
    assert put(store, KEY, stored())


@pytest.mark.parametrize("purge", [PageStore.purge_all, lambda store: store.purge_tag(b"x")])
def test_a_wide_purge_keeps_all_out_that_was_asked_for_before(purge: object) -> None:
    store = PageStore(Ledger(1 << 20))
    since = store.serial
    assert callable(purge)
    purge(store)
    assert not store.put(KEY, stored(), since=since)
    assert put(store, KEY, stored())


def test_a_purge_is_not_forgotten_after_many_others() -> None:
    store = PageStore(Ledger(1 << 20))
    since = store.serial
    store.purge(KEY)
    for number in range(10_001):
        store.purge(KEY + b"%d" % number)
    assert not store.put(KEY, stored(), since=since)


def test_only_the_response_that_is_still_stored_is_dropped() -> None:
    store, old, new = PageStore(Ledger(1 << 20)), stored(b"old"), stored(b"new")
    put(store, KEY, old)
    put(store, KEY, new)
    store.drop(KEY, old)
    assert store.find(KEY, ()) is new
    store.drop(KEY, new)
    assert store.find(KEY, ()) is None


STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "find", "purge", "tag", "soft"]), st.integers(0, 5), st.integers(0, 3000)),
    max_size=60,
)


@given(STEPS)
def test_the_bound_holds_whatever_happens(steps: list[tuple[str, int, int]]) -> None:
    ledger = Ledger(12_000)
    store = PageStore(ledger, max_variants=2)
    for step, number, size in steps:
        key, asked = KEY + b"%d" % (number % 3), language(b"%d" % number)
        match step:
            case "put":
                put(store, key, stored(bytes(size), BY_LANGUAGE, (b"cache-tag", b"%d" % (size % 3)), asked=asked))
            case "find":
                store.find(key, asked)
            case "purge":
                store.purge(key)
            case "tag":
                store.purge_tag(b"%d" % (size % 3))
            case _:
                store.purge(key, stale_from=START + 1)
        assert store.bytes <= ledger.bytes <= 12_000
        assert (ledger.bytes == 0) == (store.bytes == 0) == (len(store) == 0) == (len(ledger) == 0)


def test_a_purge_of_all_is_not_forgotten_over_many_purges_of_one_url() -> None:
    store = PageStore(Ledger(1 << 20))
    for number in range(10_000):
        store.purge(b"https://shop.example/%d" % number)
    since = store.serial
    store.purge_all()
    store.purge(b"https://shop.example/other")

    assert not store.put(KEY, stored(), since=since)
