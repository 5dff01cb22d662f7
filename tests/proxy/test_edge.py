"""Edge mode: equal keys are equal pages, a key tells nothing, and whatever is one visitor's own has no permission."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proxy.cache.policy import Policy
from proxy.cache.sessions import session_cookies
from proxy.edge import PLAIN, Edge, Permission, claimed_key, was_asked_before
from proxy.ledger import Ledger
from proxy.page.memory import CutMemory
from proxy.request import Request, RequestReader
from proxy.settings.cache import SessionPreset
from proxy.settings.values import ConsentSource
from proxy.visitor.consent import Answer, Consent, ConsentReader
from proxy.visitor.identity import IdentityReader, Visitor
from proxy.visitor.observe import make_observer
from rules.context import make_context
from rules.decide import decide
from rules.decision import Decision
from rules.plan import Plan, make_plan
from rules.signals import Tier
from tests.proxy.caching import FRESH, HTML, PAGE, Client, Got, Site, cached
from tests.proxy.page.cutting import book_of
from tests.proxy.requests import page_request

KEY = b"k" * 32
NOW = datetime(2026, 11, 2, 12, 30, tzinfo=UTC)
SESSIONS = session_cookies(SessionPreset)
EDGE = Edge(KEY, 60, SESSIONS)
LOOPBACK = RequestReader(trusted_proxies=(ip_network("127.0.0.0/8"),))
NOBODY = Visitor(Consent(Answer.SILENT, frozenset({Tier.CONTEXTUAL})))
KNOWN = replace(NOBODY, id="v" * 22)
BOOK = book_of("""
site: {timezone: Europe/Oslo}
experiences:
  phones: {pages: /, who: {device.type: mobile}, change: {select: h1, text: Small}}
  swedes: {pages: /, who: {device.language: sv}, change: {select: p, all: true, add_class: hej}}
  names: {pages: /, change: {select: title, text: "{{ visitor.company }}", seo: true}}
  trial:
    pages: /
    experiment: {split: {a: 50, b: 50}}
    variants:
      a: {change: {select: h1, insert: {first: "<b>A</b>"}}}
      b: {change: {select: h1, insert: {first: "<b>B</b>"}}}
  noon: {pages: /noon, who: {time.hour: 13}, change: {select: h1, text: Noon}}
  ended: {pages: /ended, when: {until: "2026-11-02T12:30:20Z"}, change: {select: h1, text: Soon over}}
  away: {pages: /away, who: {device.type: mobile}, redirect: /phones}
  varies: {pages: /varies, change: {select: h1, text: Other}}
  stale: {pages: /stale, change: {select: h1, text: Other}}
  missing: {pages: /missing, change: {select: h1, text: Other}}
""")


def plan_of(path: str = "/") -> Plan:
    return make_plan(BOOK, "shop.example", path, {})


def decided(path: str = "/", **signals: str) -> Decision:
    named = {name.replace("_", ".", 1): value for name, value in signals.items()}
    return decide(plan_of(path), make_context(named, now=NOW))


def key(request: Request, visitor: Visitor = NOBODY, decision: Decision | None = None, path: str = "/") -> bytes:
    return EDGE.key(request, plan_of(path), visitor, decision, is_remembered=False)


def test_a_key_is_that_of_a_decision_on_one_url() -> None:
    phone = decided(device_type="mobile")
    here = key(page_request(), decision=phone)
    assert here == key(page_request(user_agent="other"), KNOWN, decided(device_type="mobile"))
    others = [
        key(page_request(), decision=decided()),
        key(page_request(), decision=decided(device_type="mobile", device_language="sv")),
        key(page_request("/other"), decision=phone),
        key(page_request(query="x=1"), decision=phone),
        key(replace(page_request(), scheme="https"), decision=phone),
        key(replace(page_request(), authority="other.example"), decision=phone),
        Edge(b"z" * 32, 60, SESSIONS).key(page_request(), plan_of(), NOBODY, phone, is_remembered=False),
    ]
    assert len({here, *others}) == 8


def test_a_key_is_no_more_than_a_keyed_digest() -> None:
    assert set(key(page_request(), decision=decided(device_type="mobile"))) <= set(b"0123456789abcdef")


@pytest.mark.parametrize(
    "request_",
    [
        page_request(authorization="Basic eDp5"),
        page_request(cookie="sessionid=1"),
        page_request(cookie="theme=dark; wordpress_logged_in_x=1"),
        page_request(content_length="3"),
        page_request(sec_fetch_dest="image"),
        replace(page_request(), method="POST"),
        replace(page_request(), own={"tailor_company": "signed"}),
    ],
)
def test_what_is_the_visitor_s_own_by_the_request_has_no_key(request_: Request) -> None:
    assert key(request_) == b""


def test_what_is_the_visitor_s_own_by_the_decision_has_no_key() -> None:
    assert key(page_request(), decision=decided(visitor_company="Acme")) == b""
    assert key(page_request(), replace(KNOWN, cookies=((b"set-cookie", b"tailor_id=x"),))) == b""
    assert key(page_request("/away"), path="/away") == b""


def test_what_hangs_on_what_is_remembered_has_a_key_only_for_who_is_not_known() -> None:
    keys = [EDGE.key(page_request(), plan_of(), who, None, is_remembered=True) for who in (NOBODY, KNOWN)]
    assert [bool(each) for each in keys] == [True, False]


def asked_with(claim: bytes, *, trusted: bool = True) -> Request:
    return replace(page_request(tailor_variant=claim.decode()), trusted=trusted)


def test_only_a_trusted_front_that_was_told_the_same_has_a_permission() -> None:
    right = key(page_request())

    def permission(request: Request) -> Permission | None:
        return EDGE.permission(request, plan_of(), NOBODY, None, is_remembered=False, now=NOW)

    assert permission(asked_with(right)) == Permission(right, NOW.timestamp(), NOW.timestamp() + 60)
    twice = page_request().headers + ((b"tailor-variant", right),) * 2
    refused = [asked_with(right, trusted=False), asked_with(b"f" * 32), asked_with(PLAIN), asked_with(b"")]
    for request in (*refused, page_request(), replace(page_request(), headers=twice, trusted=True)):
        assert permission(request) is None


def test_a_permission_ends_a_second_before_a_rule_may_turn() -> None:
    request = page_request("/ended")
    claim = EDGE.key(request, plan_of("/ended"), NOBODY, None, is_remembered=False)
    asked = replace(request, headers=((b"tailor-variant", claim),), trusted=True)
    found = EDGE.permission(asked, plan_of("/ended"), NOBODY, None, is_remembered=False, now=NOW)
    assert found is not None
    assert found.until == NOW.timestamp() + 19


GRANTED = Permission(b"f" * 32, 1000.0, 1060.0)


def test_a_permission_is_said_in_front_of_what_all_others_are_told() -> None:
    page = ((b"content-type", b"text/html"), (b"vary", b"Accept-Encoding"), (b"cache-control", b"private, no-cache"))
    assert GRANTED.granted(page, 1200.5, has_values=False) == (
        (b"x-accel-expires", b"60"),
        (b"tailor-variant", b"f" * 32),
        (b"content-type", b"text/html"),
        (b"cache-control", b"private, no-cache"),
        (b"vary", b"accept-encoding, tailor-variant"),
    )
    assert GRANTED.granted(page, 1010.9, has_values=False)[0] == (b"x-accel-expires", b"10")


@pytest.mark.parametrize(
    ("headers", "fresh_until", "has_values"),
    [
        ((), 1200.0, True),
        ((), 0.0, False),
        ((), 999.0, False),
        (((b"vary", b"*"),), 1200.0, False),
        (((b"vary", b"accept-encoding"), (b"vary", b"cookie")), 1200.0, False),
        (((b"set-cookie", b"a=1"),), 1200.0, False),
    ],
)
def test_a_page_that_is_one_visitor_s_has_none(
    headers: tuple[tuple[bytes, bytes], ...], fresh_until: float, has_values: bool
) -> None:
    assert GRANTED.granted(headers, fresh_until, has_values=has_values) == headers


def test_a_stranger_s_word_is_no_claim() -> None:
    assert claimed_key(asked_with(b"f" * 32)) == b"f" * 32
    assert claimed_key(asked_with(b"f" * 32, trusted=False)) == b""
    assert [was_asked_before(asked_with(claim)) for claim in (b"f" * 32, PLAIN, b"")] == [True, False, False]


class FailingLedger(Ledger):
    """What a fault of Tailor's own looks like to the page that is being cut."""

    is_failing = True

    def enter(self, *args: Any, **kwargs: Any) -> bool:
        if self.is_failing:
            raise OSError("no memory is left")
        return super().enter(*args, **kwargs)


# From here on: whole requests, as a front sends them.


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


@cache
def observer() -> Any:
    return make_observer((), {"company": "company"})


def options(clock: Clock, **others: object) -> dict[str, Any]:
    reader = ConsentReader(ConsentSource.COOKIE, "ok", ("yes",))
    return {
        "book": BOOK,
        "reader": LOOPBACK,
        "observer": observer(),
        "identity": IdentityReader(reader, [KEY], now=clock),
        "now": clock,
        "policy": Policy(sessions=SESSIONS),
        "edge": EDGE,
        **others,
    }


def site() -> Site:
    site = Site()
    for target in ("/", "/noon", "/ended", "/away"):
        site.put(target, PAGE, HTML, FRESH, ("etag", '"v1"'))
    site.put("/varies", PAGE, HTML, FRESH, ("vary", "Accept-Language"))
    site.put("/stale", PAGE, HTML, ("cache-control", "no-cache"), ("etag", '"v1"'))
    site.put("/missing", PAGE, HTML, FRESH, status=404)
    site.put("/plain", PAGE, HTML, FRESH)
    site.put("/own", PAGE, HTML, FRESH, ("tailor-variant", "f" * 32))
    return site


@pytest.fixture
def front() -> Iterator[Client]:
    """A connection as a front has it: from an address that is trusted."""
    with cached(site(), **options(Clock())) as proxy, proxy.connect() as connection:
        yield Client(connection)


def ask(client: Client, target: str, *fields: str, method: str = "GET") -> tuple[str, Got]:
    """What a front is told, and what it gets for the request itself."""
    told = client.get(f"/_tailor/decide{target}", *fields, method=method)
    assert (told.status, told["cache-control"]) == (204, "no-store")
    claim = told["tailor-variant"]
    return claim, client.get(target, *fields, *([f"Tailor-Variant: {claim}"] if claim else []), method=method)


def may_be_kept(got: Got) -> bool:
    return got["x-accel-expires"] != "" and got["tailor-variant"] != ""


PHONE = "User-Agent: Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"


def test_a_page_that_is_nobody_s_own_may_be_kept(front: Client) -> None:
    for _ in range(3):
        told, got = ask(front, "/", PHONE)
        assert b"Small" in got.body
        assert got["tailor-variant"] == told
        assert (got["cache-control"], got["x-accel-expires"]) == ("private, no-cache", "60")


def test_a_page_that_stays_as_it_was_may_be_kept_too(front: Client) -> None:
    _, got = ask(front, "/")
    assert got.body == PAGE
    assert may_be_kept(got)


@pytest.mark.parametrize(
    ("target", "field"),
    [
        ("/", "Cookie: company=Acme"),
        ("/", "Cookie: ok=yes"),
        ("/", "Cookie: sessionid=1"),
        ("/", "Authorization: Basic eDp5"),
        ("/", "Sec-Fetch-Dest: image"),
        ("/away", PHONE),
        ("/away", "X-Other: 1"),
        ("/varies", "X-Other: 1"),
        ("/stale", "X-Other: 1"),
        ("/missing", "X-Other: 1"),
    ],
)
def test_whatever_else_may_not(front: Client, target: str, field: str) -> None:
    for _ in range(2):
        _, got = ask(front, target, field)
        assert not may_be_kept(got)


def test_a_url_that_no_rule_touches_says_so_and_is_as_ever(front: Client) -> None:
    told, got = ask(front, "/plain")
    assert told == "plain"
    assert (got["cache-control"], got["tailor-variant"], got["x-accel-expires"]) == ("max-age=60", "", "")


def test_who_claims_another_visitor_s_key_gets_their_own_page_and_no_permission(front: Client) -> None:
    phone, _ = ask(front, "/", PHONE)
    got = front.get("/", f"Tailor-Variant: {phone}")
    assert got.body == PAGE
    assert not may_be_kept(got)


def test_a_304_has_the_permission_of_its_page(front: Client) -> None:
    told, whole = ask(front, "/", PHONE)
    got = front.get("/", PHONE, f"Tailor-Variant: {told}", f"If-None-Match: {whole['etag']}")
    assert got.status == 304
    assert may_be_kept(got)


def test_the_origin_neither_hears_nor_says_a_key() -> None:
    origin = site()
    with cached(origin, **options(Clock())) as proxy, proxy.connect() as connection:
        told, _ = ask(Client(connection), "/", PHONE)
        assert Client(connection).get("/own")["tailor-variant"] == ""
    assert all(b"tailor-variant" not in asked.lower() and told.encode() not in asked for asked in origin.asked)
    assert origin.targets() == ["GET /", "GET /own"]


def test_a_stranger_s_claim_counts_for_nothing() -> None:
    with cached(site(), **options(Clock(), reader=RequestReader())) as proxy, proxy.connect() as connection:
        client = Client(connection)
        assert client.get("/_tailor/decide/").status == 403
        claim = key(page_request(), decision=None).decode()
        assert not may_be_kept(client.get("/", f"Tailor-Variant: {claim}"))


def test_a_rule_that_turns_changes_the_key_and_ends_the_permission() -> None:
    clock = Clock()
    with cached(site(), **options(clock)) as proxy, proxy.connect() as connection:
        client = Client(connection)
        before, got = ask(client, "/ended")
        assert b"Soon over" in got.body
        assert got["x-accel-expires"] == "19"
        clock.now = NOW + timedelta(seconds=21)
        after, got = ask(client, "/ended")
        assert (after != before, got.body) == (True, PAGE)
        assert not may_be_kept(client.get("/ended", f"Tailor-Variant: {before}"))


def test_another_rulebook_has_other_keys() -> None:
    other = book_of("  phones: {pages: /, who: {device.type: mobile}, change: {select: h1, text: Little}}")
    told = []
    for book in (BOOK, other):
        with cached(site(), **options(Clock(), book=book)) as proxy, proxy.connect() as connection:
            told.append(ask(Client(connection), "/", PHONE)[0])
    assert told[0] != told[1]


FIELDS = [
    PHONE,
    "User-Agent: Googlebot/2.1",
    "Accept-Language: sv",
    "Accept-Encoding: gzip",
    "Cookie: company=CANARY1",
    "Cookie: company=CANARY2",
    "Cookie: ok=yes",
    "Cookie: ok=no",
    "Sec-GPC: 1",
    "Authorization: Basic eDp5",
    "Cookie: sessionid=1",
    "X-Forwarded-For: 203.0.113.9",
]


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Client, dict[str, bytes]]]:
    """A front's connection, and what it kept so far, by key."""
    with cached(site(), **options(Clock())) as proxy, proxy.connect() as connection:
        yield Client(connection), {}


def plain_body(got: Got) -> bytes:
    return gzip.decompress(got.body) if got["content-encoding"] == "gzip" else got.body


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    target=st.sampled_from(["/", "/", "/noon", "/away", "/varies"]),
    fields=st.lists(st.sampled_from(FIELDS), max_size=3, unique=True),
    number=st.integers(0, 3),
)
def test_equal_keys_are_equal_pages_and_none_holds_a_visitor_s_value(
    shared: tuple[Client, dict[str, bytes]], target: str, fields: list[str], number: int
) -> None:
    client, kept = shared
    identity = options(Clock())["identity"]
    (_, cookie), *_ = identity.read(((b"cookie", b"ok=yes"),), is_https=False).cookies
    if number:
        fields = [*fields, f"Cookie: ok=yes; {cookie.split(b';')[0].decode()}"]
    told, got = ask(client, target, *fields)
    if may_be_kept(got):
        assert got["set-cookie"] == ""
        assert b"CANARY" not in plain_body(got)
        assert kept.setdefault(told, plain_body(got)) == plain_body(got)


def test_a_page_on_which_cutting_fails_is_kept_by_nobody() -> None:
    ledger = FailingLedger(1 << 20)
    with cached(site(), **options(Clock(), cuts=CutMemory(ledger))) as proxy, proxy.connect() as connection:
        _, got = ask(Client(connection), "/", PHONE)
        assert got.body == PAGE
        assert not may_be_kept(got)
        ledger.is_failing = False
        _, got = ask(Client(connection), "/", PHONE)
        assert b"Small" in got.body
        assert may_be_kept(got)
