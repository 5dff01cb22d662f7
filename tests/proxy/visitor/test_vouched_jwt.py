import json
import math
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.settings.vouched import JwtAlgorithm, VouchedJwt
from proxy.visitor.attributes import LEEWAY
from proxy.visitor.vouched_jwt import MAX_REMEMBERED, MAX_TOKEN_BYTES, JwtReader, claim_at
from proxy.visitor.vouched_keys import Key, KeySet
from tests.proxy.visitor.signing import SECRET, START, ec_key, forged, public_pem, rsa_key, token

RSA = KeySet(
    (Key(JwtAlgorithm.RS256, rsa_key().public_key(), "r"), Key(JwtAlgorithm.ES256, ec_key().public_key(), "e"))
)
SECRETS = KeySet((Key(JwtAlgorithm.HS256, SECRET),))
CLAIMS = {"plan": "plan", "status": "customer.status"}
PRO = {"plan": "pro"}
SOON = START.timestamp() + 3600


class Site:
    """A reader of tokens, with the site's keys and a clock."""

    def __init__(self, keys: KeySet = SECRETS, **changed: Any) -> None:
        self.keys = keys
        self.clock = START
        algorithms = [*dict.fromkeys(key.algorithm for key in keys.keys)]
        file = "secret_file" if JwtAlgorithm.HS256 in algorithms else "jwks_file"
        given = {"cookie": "jwt", "algorithms": algorithms, file: "unread", "claims": CLAIMS, **changed}
        settings = VouchedJwt.model_validate({name: value for name, value in given.items() if value is not None})
        self.reader = JwtReader(settings, lambda: self.keys, now=self.now)

    def now(self) -> datetime:
        return self.clock

    def read(self, *tokens: bytes) -> dict[str, Any]:
        cookies = b"; ".join([b"a=b", *(b"jwt=" + token for token in tokens)])
        return dict(self.reader.read(((b"cookie", cookies),)))

    @property
    def refused(self) -> list[str]:
        return [*self.reader.refusals.counts]


@pytest.mark.parametrize(
    ("keys", "signed"),
    [
        (SECRETS, token(PRO)),
        (RSA, token(PRO, rsa_key(), kid="r")),
        (RSA, token(PRO, rsa_key())),
        (RSA, token(PRO, ec_key(), kid="e")),
    ],
)
def test_a_token_of_the_site_vouches_for_its_claims(keys: KeySet, signed: bytes) -> None:
    site = Site(keys)
    assert site.read(signed) == PRO
    assert site.refused == []


def test_claims_are_found_at_their_paths() -> None:
    assert Site().read(token({"plan": "pro", "customer": {"status": "gold"}, "more": 1})) == {
        "plan": "pro",
        "status": "gold",
    }


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a", {"b": {"c": 1}, "b.c": 2}),
        ("a.b.c", 2),
        ("a.b", {"c": 1}),
        ("https://shop.example/plan", "pro"),
        ("https://shop.example/app.tier", 3),
        ("a.x", None),
        ("a.b.c.d", None),
        ("text.x", None),
    ],
)
def test_a_path_may_have_points_in_its_keys(path: str, found: object) -> None:
    claims = {
        "a": {"b": {"c": 1}, "b.c": 2},
        "https://shop.example/plan": "pro",
        "https://shop.example/app": {"tier": 3},
        "text": "x",
    }
    assert claim_at(claims, path) == found


def test_who_sends_no_token_is_not_vouched_for_and_nothing_is_refused() -> None:
    site = Site()
    assert site.read() == {}
    assert site.read(b"") == {}
    assert site.refused == []


BAD = {
    "another secret": (SECRETS, token(PRO, b"f" * 32)),
    "another key": (RSA, token(PRO, rsa_key(1), kid="r")),
    "an unknown key": (RSA, token(PRO, rsa_key(), kid="x")),
    "a key of another kind": (RSA, token(PRO, rsa_key(), kid="e")),
    "no algorithm": (SECRETS, jwt.encode(PRO, "", algorithm="none").encode()),
    "no algorithm, in capitals": (SECRETS, forged(PRO, b"", "NONE")),
    "no algorithm, with public keys": (RSA, forged(PRO, b"", "none")),
    "the public key as a secret": (RSA, forged(PRO, public_pem(rsa_key()))),
    "the public key without its last line break": (RSA, forged(PRO, public_pem(rsa_key()).strip())),
    "a stronger algorithm that was not set": (SECRETS, jwt.encode(PRO, SECRET * 2, algorithm="HS512").encode()),
    "an algorithm that lies": (RSA, forged(PRO, b"x", "RS256")),
    "an algorithm that is no text": (SECRETS, forged(PRO, SECRET, [])),  # type: ignore[arg-type]
    "tampered claims": (SECRETS, token(PRO).replace(b".", b".e30", 1)),
    "a critical extension": (SECRETS, token(PRO, crit=["b64"], b64=True)),
    "no signature": (SECRETS, token(PRO).rpartition(b".")[0] + b"."),
    "two parts": (SECRETS, token(PRO).rpartition(b".")[0]),
    "an encrypted token": (SECRETS, b"a.b.c.d.e"),
    "claims that are no object": (SECRETS, forged([1], SECRET)),  # type: ignore[arg-type]
    "garbage": (SECRETS, b"\xff\x00garbage"),
    "deep nesting": (SECRETS, b"W1tbW1tb" * 900 + b"." + b"W1tbW1tb.x"),
    "a huge token": (SECRETS, token({"plan": "x" * MAX_TOKEN_BYTES})),
    "an id of a key that is no text": (SECRETS, forged(PRO, SECRET).replace(b"eyJhbGc", b"eyJraWQiOjEsImFsZyI6", 1)),
    "an exp that is no number": (SECRETS, token({**PRO, "exp": None})),
    "an nbf that is not a number": (SECRETS, forged({**PRO, "nbf": math.nan}, SECRET)),
    "an exp beyond all numbers": (SECRETS, forged({**PRO, "exp": 10**400}, SECRET)),
}


@pytest.mark.parametrize(("keys", "bad"), BAD.values(), ids=BAD.keys())
def test_any_other_token_vouches_for_nothing(keys: KeySet, bad: bytes) -> None:
    site = Site(keys)
    assert site.read(bad) == {}
    assert len(site.refused) == 1
    assert site.read(bad) == {}
    assert [*site.reader.refusals.counts.values()] == [2]


def test_a_key_is_tried_only_for_its_own_algorithm_whatever_the_header_says() -> None:
    both = KeySet((*RSA.keys, *SECRETS.keys))
    site = Site(RSA)
    site.keys = both
    assert site.read(token(PRO)) == {}
    assert site.refused == ["its algorithm is none of vouched_jwt.algorithms"]


@pytest.mark.parametrize(
    ("claims", "after", "counts"),
    [
        ({"exp": SOON}, timedelta(hours=1), True),
        ({"exp": SOON}, timedelta(hours=1) + LEEWAY - timedelta(seconds=1), True),
        ({"exp": SOON}, timedelta(hours=1) + LEEWAY, False),
        ({"exp": int(SOON)}, timedelta(days=999), False),
        ({"nbf": SOON}, timedelta(0), False),
        ({"nbf": SOON}, timedelta(hours=1) - LEEWAY, True),
        ({"nbf": SOON}, timedelta(hours=1) - LEEWAY - timedelta(seconds=1), False),
        ({"iat": SOON, "sub": 5, "jti": 6}, timedelta(0), True),
        ({}, timedelta(days=999), True),
    ],
)
def test_a_token_counts_from_its_nbf_to_its_exp(claims: dict[str, Any], after: timedelta, counts: bool) -> None:
    site = Site()
    site.clock = START + after
    assert bool(site.read(token({**PRO, **claims}))) is counts


def test_a_token_that_was_remembered_ends_all_the_same() -> None:
    site = Site()
    signed = token({**PRO, "exp": SOON})
    assert site.read(signed) == PRO
    site.clock += timedelta(hours=2)
    assert site.read(signed) == {}
    assert site.refused == ["it is over (exp)"]


@pytest.mark.parametrize(
    ("wanted", "claims", "counts"),
    [
        ({"issuer": "a"}, {"iss": "a"}, True),
        ({"issuer": "a"}, {"iss": "ab"}, False),
        ({"issuer": "ab"}, {"iss": "a"}, False),
        ({"issuer": "a"}, {}, False),
        ({"audience": "shop"}, {"aud": "shop"}, True),
        ({"audience": "shop"}, {"aud": ["blog", "shop"]}, True),
        ({"audience": "shop"}, {"aud": "blog"}, False),
        ({"audience": "shop"}, {}, False),
        ({}, {"aud": "blog"}, False),
        ({}, {"iss": "anyone"}, True),
    ],
)
def test_issuer_and_audience_have_to_be_the_wanted_ones(
    wanted: dict[str, Any], claims: dict[str, Any], counts: bool
) -> None:
    site = Site(**wanted)
    assert bool(site.read(token({**PRO, **claims}))) is counts
    assert all("vouched_jwt." in reason for reason in site.refused)


def test_of_two_tokens_none_counts() -> None:
    site = Site()
    assert site.read(token(PRO), token({"plan": "gold"})) == {}
    assert site.refused == ["it was sent twice"]


@pytest.mark.parametrize(
    ("header", "value", "counts"),
    [
        ("authorization", b"Bearer ", True),
        ("authorization", b"bearer  ", True),
        ("authorization", b"", False),
        ("authorization", b"Basic ", False),
        ("x-session", b"", True),
        ("x-session", b"Bearer ", True),
    ],
)
def test_a_token_may_come_in_a_header(header: str, value: bytes, counts: bool) -> None:
    site = Site(cookie=None, header=header)
    found = site.reader.read(((header.encode(), value + token(PRO)), (b"cookie", b"jwt=" + token({"plan": "no"}))))
    assert bool(found) is counts
    assert site.refused == []


def test_new_keys_count_for_tokens_that_were_seen_before() -> None:
    site = Site()
    signed = token(PRO, b"n" * 32)
    assert site.read(signed) == {}
    site.keys = KeySet((*SECRETS.keys, Key(JwtAlgorithm.HS256, b"n" * 32)))
    assert site.read(signed) == PRO
    site.keys = KeySet()
    assert site.read(signed) == {}


def test_a_claim_that_can_be_no_signal_is_left_out_alone() -> None:
    site = Site()
    assert site.read(token({"plan": {"name": "pro"}, "customer": {"status": "gold"}})) == {"status": "gold"}
    assert site.refused == ["a name or a value in it can't be a signal"]


def test_only_so_many_tokens_are_remembered() -> None:
    site = Site()
    for number in range(MAX_REMEMBERED + 10):
        site.read(b"%d" % number)
    assert len(site.reader._checked) == MAX_REMEMBERED


def test_no_part_of_a_token_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    for keys, bad in BAD.values():
        Site(keys).read(bad)
    assert caplog.records
    for _, bad in BAD.values():
        parts = [part for part in bad.split(b".") if len(part) > 8]
        assert not any(part.decode("latin-1") in caplog.text for part in parts)


@given(st.binary(max_size=200) | st.builds(b".".join, st.lists(st.binary(max_size=40), min_size=3, max_size=3)))
def test_no_bytes_at_all_break_the_reader(bad: bytes) -> None:
    headers = ((b"x-session", bad),)
    assert Site(cookie=None, header="x-session").reader.read(headers) == {}


@given(st.dictionaries(st.text(max_size=5), st.none() | st.integers() | st.text(max_size=5) | st.lists(st.text())))
def test_no_signed_claims_break_the_reader(claims: dict[str, Any]) -> None:
    assert Site().read(forged(json.loads(json.dumps(claims)), SECRET)).keys() <= CLAIMS.keys()
