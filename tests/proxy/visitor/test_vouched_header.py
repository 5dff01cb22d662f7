from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.settings.values import ConsentSource
from proxy.signing import serializer
from proxy.visitor.consent import ConsentReader
from proxy.visitor.vouched_header import LIFETIME, MAX_BYTES, SALT, Carrier, parse
from tests.proxy.visitor.signing import START

OLD, NEW, FOREIGN = b"o" * 32, b"n" * 32, b"f" * 32


class Site:
    """A carrier, and a browser that does what it is told."""

    def __init__(self, *keys: bytes, consent: ConsentReader | None = None) -> None:
        self.clock = START
        self.carrier = Carrier(keys or (NEW,), consent or ConsentReader(), now=self.now)
        self.cookies: dict[bytes, bytes] = {}
        self.set: list[bytes] = []

    def now(self) -> datetime:
        return self.clock

    @property
    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        return ((b"cookie", b"; ".join(name + b"=" + value for name, value in self.cookies.items())),)

    def say(self, said: bytes, *, is_https: bool = False) -> None:
        fields = self.carrier.carry(said, self.headers, is_https=is_https)
        assert all(name == b"set-cookie" for name, _ in fields)
        self.set = [value for _, value in fields]
        for value in self.set:
            pair, *attributes = value.split(b"; ")
            name, _, content = pair.partition(b"=")
            self.cookies[name] = content
            if b"Max-Age=0" in attributes:
                del self.cookies[name]

    def read(self, *, is_https: bool = False) -> dict[str, Any]:
        return dict(self.carrier.read(self.headers, is_https=is_https))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"status=customer; plan=pro", {"status": "customer", "plan": "pro"}),
        (b"status=customer, plan=pro", {"status": "customer", "plan": "pro"}),
        (b"status=customer;plan=pro, seats=5", {"status": "customer", "plan": "pro", "seats": 5}),
        (b'name="Kari Nord", total=149.90', {"name": "Kari Nord", "total": 149.9}),
        (b"member, trial=?0", {"member": True, "trial": False}),
        (b'lists=("a" b)', {"lists": ["a", "b"]}),
        (b'name=%"Bj%c3%b8rn"', {"name": "Bjørn"}),
        (b"since=@1700000000", {"since": "2023-11-14T22:13:20+00:00"}),
        (b"plan=basic, plan=pro", {"plan": "pro"}),
        (b"", {}),
        (b" ?0 ", {}),
    ],
)
def test_the_header_is_a_dictionary_in_either_way_of_writing(said: bytes, told: dict[str, object]) -> None:
    assert parse(said) == told


def test_what_the_origin_said_counts_from_the_next_request_on() -> None:
    site = Site()
    assert site.read() == {}
    site.say(b'status=customer; plan=pro, lists=("a" "b")')
    assert site.read() == {"status": "customer", "plan": "pro", "lists": ("a", "b")}


def test_the_cookie_is_out_of_reach_for_scripts_and_goes_with_the_session() -> None:
    site = Site()
    site.say(b"plan=pro")
    (value,) = site.set
    assert value.startswith(b"tailor_vouched=")
    assert value.split(b"; ")[1:] == [b"Path=/", b"HttpOnly", b"SameSite=Lax"]


def test_on_https_it_is_secure_and_bound_to_the_host() -> None:
    site = Site()
    site.say(b"plan=pro", is_https=True)
    (value,) = site.set
    assert value.startswith(b"__Host-tailor_vouched=")
    assert value.split(b"; ")[1:] == [b"Path=/", b"HttpOnly", b"SameSite=Lax", b"Secure"]
    assert site.read(is_https=True) == {"plan": "pro"}
    assert site.read(is_https=False) == {}


def test_what_is_said_takes_the_place_of_all_that_was_said_before() -> None:
    site = Site()
    site.say(b"status=lead, plan=pro")
    site.say(b"status=customer")
    assert site.read() == {"status": "customer"}


@pytest.mark.parametrize("nothing", [b"", b"  ", b"?0"])
def test_an_empty_word_takes_it_back_under_both_names(nothing: bytes) -> None:
    site = Site()
    site.say(b"plan=pro")
    site.say(b"plan=pro", is_https=True)
    site.say(nothing)
    assert site.cookies == {}
    assert site.carrier.refusals.counts == {}
    site.say(nothing)
    assert site.set == []


@pytest.mark.parametrize(
    "bad",
    [b"Plan=pro", b"plan=pro;", b"plan=\xff", b"{}", b"plan: pro", b'a="' + b"x" * MAX_BYTES + b'"', b"address=:aGk=:"],
)
def test_a_word_that_can_not_be_read_is_told_and_leaves_nothing_of_the_one_before(bad: bytes) -> None:
    site = Site()
    site.say(b"plan=pro")
    site.say(bad)
    assert site.cookies == {}
    assert [*site.carrier.refusals.counts.values()] == [1]


def test_what_no_cookie_can_hold_is_told_and_not_carried() -> None:
    site = Site()
    # By chance, since what repeats itself is packed.
    characters = [chr(code) for code in range(32, 127) if chr(code) not in '"\\']
    chance = Random(1)
    texts = ["".join(chance.choices(characters, k=195)) for _ in range(10)]
    site.say(b",".join(b'%c="%b"' % (97 + number, text.encode()) for number, text in enumerate(texts)))
    assert site.cookies == {}
    assert [*site.carrier.refusals.counts] == [f"it makes a cookie of more than {MAX_BYTES} bytes"]


def test_a_name_that_is_told_otherwise_is_left_out_alone() -> None:
    site = Site()
    site.say(b"new, plan=pro")
    assert site.read() == {"plan": "pro"}
    assert sum(site.carrier.refusals.counts.values()) == 1


def test_an_old_key_is_accepted_and_a_dropped_one_is_not() -> None:
    site = Site(OLD)
    site.say(b"plan=pro")
    for keys, counts in (((NEW, OLD), True), ((NEW,), False)):
        later = Site(*keys)
        later.cookies = site.cookies
        assert bool(later.read()) is counts


def signed(told: object, key: bytes = NEW) -> bytes:
    return serializer([key], SALT).dumps(told).encode()


SOON = int(START.timestamp()) + 3600
BAD = {
    "another key": signed([SOON, {"plan": "pro"}], FOREIGN),
    "no signature": b"W10",
    "nothing": b"",
    "another shape": signed({"plan": "pro"}),
    "no object": signed([SOON, ["plan"]]),
    "no moment": signed(["soon", {"plan": "pro"}]),
    "over": signed([int(START.timestamp()), {"plan": "pro"}]),
    "too far ahead": signed([SOON + int(LIFETIME.total_seconds()), {"plan": "pro"}]),
    "too long": signed([SOON, {"plan": "pro"}]) + b"x" * MAX_BYTES,
    "bytes beyond ASCII": b"\xff.\xff",
}


@pytest.mark.parametrize("cookie", BAD.values(), ids=BAD.keys())
def test_a_cookie_that_is_not_ours_carries_nothing(cookie: bytes) -> None:
    site = Site()
    site.cookies[b"tailor_vouched"] = cookie
    assert site.read() == {}


def test_of_two_cookies_none_counts() -> None:
    site = Site()
    site.say(b"plan=pro")
    ((name, value),) = site.headers
    assert site.carrier.read(((name, value + b"; " + value),), is_https=False) == {}


def test_a_session_that_never_ends_is_no_reason_to_believe_for_ever() -> None:
    site = Site()
    site.say(b"plan=pro")
    site.clock += LIFETIME - timedelta(seconds=1)
    assert site.read()
    site.clock += timedelta(seconds=1)
    assert site.read() == {}


@pytest.mark.parametrize(("cookie", "carried"), [(b"", False), (b"no", False), (b"yes", True)])
def test_where_the_operator_wants_consent_first_nothing_is_carried_without(cookie: bytes, carried: bool) -> None:
    site = Site(consent=ConsentReader(ConsentSource.USERCENTRICS, "uc", ("yes",), company_without_consent=False))
    site.cookies[b"tailor_vouched"] = b"left over"
    if cookie:
        site.cookies[b"uc"] = cookie
    site.say(b"plan=pro")
    assert (b"tailor_vouched" in site.cookies) is carried


def test_a_carrier_needs_a_key() -> None:
    with pytest.raises(ValueError, match="there is no key"):
        Carrier((), ConsentReader(), now=lambda: START)


@given(st.binary(max_size=100))
def test_no_word_and_no_cookie_break_it(said: bytes) -> None:
    site = Site()
    site.say(said)
    site.cookies[b"tailor_vouched"] = said
    site.read()
