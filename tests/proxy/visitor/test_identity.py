import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import TimestampSigner

from proxy.settings.values import ConsentSource
from proxy.visitor.consent import Answer, ConsentReader
from proxy.visitor.identity import (
    HTTPS_NAME,
    LEEWAY,
    PLAIN_NAME,
    RENEWAL,
    IdentityReader,
    Visitor,
    forgetting_cookies,
    random_id,
    without_identity,
)
from proxy.visitor.reads import Reads

OLD, NEW, FOREIGN = b"o" * 32, b"n" * 32, b"f" * 32
START = datetime(2026, 12, 2, 12, tzinfo=UTC)
BANNER = ConsentReader(ConsentSource.USERCENTRICS, "uc", ("yes",))
KNOWN = "k" * 22
FRESH = "f" * 22


@dataclass
class Clock:
    time: datetime = START

    def __call__(self) -> datetime:
        return self.time


class Site:
    """A reader, and the cookies that it sets."""

    def __init__(self, *keys: bytes, days: int = 180, consent: ConsentReader = BANNER) -> None:
        self.clock = Clock()
        self.days = days
        self.consent = consent
        self.reader = self.with_keys(*(keys or (NEW,)))

    def with_keys(self, *keys: bytes) -> IdentityReader:
        return IdentityReader(self.consent, keys, now=self.clock, new_id=lambda: FRESH, days=self.days)

    def ask(self, *cookies: bytes, said: bytes = b"yes", is_https: bool = False) -> Visitor:
        consent = (b"uc=" + said,) if said else ()
        return self.reader.read(((b"cookie", b"; ".join((*consent, *cookies))),), is_https=is_https)

    def signed(self, key: bytes = NEW, value: bytes = KNOWN.encode(), *, age: timedelta = timedelta(0)) -> bytes:
        """A cookie as this site would have set it that long ago."""
        return PLAIN_NAME + b"=" + sign(key, value, self.clock.time - age)


def sign(key: bytes, value: bytes, when: datetime, salt: bytes = b"tailor.visitor.id") -> bytes:
    class Dated(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(when.timestamp())

    return Dated(key, salt=salt, key_derivation="hmac", digest_method=hashlib.sha256).sign(value)


def pair(visitor: Visitor) -> bytes:
    """The one cookie that was set, as a browser sends it back."""
    ((name, value),) = visitor.cookies
    assert name == b"set-cookie"
    return value.partition(b";")[0]


def attributes(visitor: Visitor) -> list[bytes]:
    ((_, value),) = visitor.cookies
    return value.split(b"; ")[1:]


def test_who_consents_gets_an_id_and_keeps_it() -> None:
    site = Site()
    first = site.ask()
    again = site.ask(pair(first))
    assert first.id == again.id == FRESH
    assert again.cookies == ()


def test_the_cookie_is_out_of_reach_for_scripts_and_foreign_sites() -> None:
    assert attributes(Site().ask()) == [b"Path=/", b"Max-Age=15552000", b"HttpOnly", b"SameSite=Lax"]
    assert pair(Site().ask()).startswith(b"tailor_id=")


def test_on_https_it_is_secure_and_bound_to_the_host() -> None:
    visitor = Site().ask(is_https=True)
    assert pair(visitor).startswith(b"__Host-tailor_id=")
    assert attributes(visitor)[-1] == b"Secure"


@pytest.mark.parametrize("said", [b"", b"no"])
def test_without_consent_there_is_no_id_and_no_cookie(said: bytes) -> None:
    visitor = Site().ask(said=said)
    assert (visitor.id, visitor.cookies) == (None, ())


def test_an_id_is_not_used_while_the_visitor_has_said_nothing_and_is_left_where_it_is() -> None:
    site = Site()
    visitor = site.ask(site.signed(), said=b"")
    assert (visitor.id, visitor.cookies) == (None, ())


def test_withdrawal_takes_the_cookie_back_under_both_names() -> None:
    site = Site()
    plain = site.signed()
    visitor = site.ask(plain, b"__Host-" + plain, said=b"no")
    assert visitor.id is None
    assert visitor.cookies == (
        (b"set-cookie", b"__Host-tailor_id=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"),
        (b"set-cookie", b"tailor_id=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"),
    )


def test_withdrawal_takes_back_what_is_no_valid_cookie_too() -> None:
    assert len(Site().ask(b"tailor_id=broken", b"tailor_id=twice", said=b"no").cookies) == 1


def test_withdrawal_tells_whose_consent_it_was() -> None:
    site = Site()
    other = HTTPS_NAME + b"=" + sign(NEW, b"o" * 22, START)
    assert site.ask(site.signed(), other, said=b"no").withdrawn == ("o" * 22, KNOWN)
    assert site.ask(site.signed(), site.signed(), said=b"no").withdrawn == (KNOWN,)
    assert site.ask(site.signed(FOREIGN), PLAIN_NAME + b"=x", said=b"no").withdrawn == ()
    assert site.ask(site.signed(), said=b"yes").withdrawn == ()
    many = [PLAIN_NAME + b"=" + sign(NEW, b"%022d" % n, START) for n in range(100)]
    assert len(site.ask(*many, said=b"no").withdrawn) < 10


def test_an_id_that_no_cookie_bore_is_new() -> None:
    site = Site()
    assert site.ask().is_new is True
    assert site.ask(site.signed()).is_new is False
    assert site.ask(site.signed(age=timedelta(days=30))).is_new is False


def test_both_names_can_be_taken_back() -> None:
    assert [value.partition(b";")[0] for _, value in forgetting_cookies()] == [b"__Host-tailor_id=", b"tailor_id="]


def test_a_cookie_of_the_other_scheme_does_not_count() -> None:
    site = Site()
    assert site.ask(site.signed(), is_https=True).id == FRESH
    assert site.ask(b"__Host-" + site.signed(), is_https=False).id == FRESH


DAY = timedelta(days=1)
BAD = {
    "another key": Site().signed(FOREIGN),
    "a tampered id": Site().signed().replace(b"kkk", b"jjj", 1),
    "a tampered date": Site().signed()[:-50] + b"x" + Site().signed()[-49:],
    "no signature": PLAIN_NAME + b"=" + KNOWN.encode(),
    "another purpose": PLAIN_NAME + b"=" + sign(NEW, KNOWN.encode(), START, salt=b"itsdangerous.Signer"),
    "what is no id": Site().signed(value=b"../../etc"),
    "an endless value": Site().signed(value=b"k" * 5000),
    "nothing": PLAIN_NAME + b"=",
    "control characters": PLAIN_NAME + b"=\x00.\xff.\x7f",
    "expired": Site().signed(age=180 * DAY + timedelta(seconds=1)),
    "dated ahead": Site().signed(age=-LEEWAY - timedelta(seconds=1)),
}


@pytest.mark.parametrize("cookie", BAD.values(), ids=BAD.keys())
def test_a_cookie_that_is_not_ours_makes_a_new_visitor(cookie: bytes) -> None:
    visitor = Site().ask(cookie)
    assert visitor.id == FRESH
    assert pair(visitor).startswith(b"tailor_id=" + FRESH.encode())


def test_clocks_of_several_machines_may_differ_a_little() -> None:
    visitor = Site().ask(Site().signed(age=-LEEWAY))
    assert (visitor.id, visitor.cookies) == (KNOWN, ())


def test_a_doubled_cookie_makes_the_visitor_anonymous_and_sets_none() -> None:
    site = Site()
    visitor = site.ask(site.signed(), site.signed())
    assert (visitor.id, visitor.cookies) == (None, ())


def test_an_old_key_is_accepted_and_the_cookie_signed_anew() -> None:
    site = Site(NEW, OLD)
    visitor = site.ask(site.signed(OLD))
    assert visitor.id == KNOWN
    assert site.with_keys(NEW).read(((b"cookie", b"uc=yes; " + pair(visitor)),), is_https=False).id == KNOWN


def test_a_key_that_was_dropped_is_accepted_no_more() -> None:
    assert Site(NEW).ask(Site().signed(OLD)).id == FRESH


@pytest.mark.parametrize(
    ("days", "age", "renewed"),
    [
        (180, RENEWAL - timedelta(seconds=1), False),
        (180, RENEWAL, True),
        (180, 180 * DAY, True),
        (4, 2 * DAY - timedelta(seconds=1), False),
        (4, 2 * DAY, True),
    ],
)
def test_the_cookie_of_who_returns_is_renewed_from_time_to_time(days: int, age: timedelta, renewed: bool) -> None:
    site = Site(days=days)
    visitor = site.ask(site.signed(age=age))
    assert visitor.id == KNOWN
    assert bool(visitor.cookies) is renewed


def test_where_consent_is_not_required_everyone_gets_an_id() -> None:
    site = Site(consent=ConsentReader(ConsentSource.NOT_REQUIRED))
    assert site.ask(said=b"").id == FRESH
    refusal = site.reader.read(((b"sec-gpc", b"1"), (b"cookie", site.signed())), is_https=False)
    assert (refusal.id, refusal.consent.answer, len(refusal.cookies)) == (None, Answer.NO, 1)


def test_ids_can_not_be_given_without_a_key() -> None:
    site = Site()
    site.reader = site.with_keys()
    assert site.ask(said=b"").cookies == ()
    with pytest.raises(ValueError, match="no key"):
        site.ask()


def test_random_ids_are_128_bits_and_differ() -> None:
    ids = {random_id() for _ in range(100)}
    assert len(ids) == 100
    assert {len(each) for each in ids} == {22}


def test_the_origin_sees_none_of_our_cookies() -> None:
    headers = (
        (b"host", b"a"),
        (b"cookie", b"tailor_id=x; session=1; " + HTTPS_NAME + b"=y"),
        (b"cookie", b"tailor_id=z"),
    )
    assert without_identity(headers) == ((b"host", b"a"), (b"cookie", b"session=1"))


@given(st.binary(max_size=300))
def test_whatever_a_cookie_holds_there_is_a_visitor(value: bytes) -> None:
    assert Site().ask(PLAIN_NAME + b"=" + value).id in (FRESH, None)


def test_a_cookie_that_was_read_before_still_comes_to_its_end() -> None:
    site = Site()
    cookie = site.signed()
    assert (site.ask(cookie).id, site.ask(cookie).cookies) == (KNOWN, ())
    site.clock.time += RENEWAL
    assert (site.ask(cookie).id, len(site.ask(cookie).cookies)) == (KNOWN, 1)
    site.clock.time = START - LEEWAY - timedelta(seconds=1)
    assert site.ask(cookie).id == FRESH
    site.clock.time = START + 180 * DAY + timedelta(seconds=1)
    assert site.ask(cookie).id == FRESH
    assert site.ask(cookie, said=b"no").withdrawn == ()


def test_both_names_and_the_consent_are_looked_at() -> None:
    assert Site().reader.reads == BANNER.reads | Reads(cookies=frozenset({PLAIN_NAME, HTTPS_NAME}))
