from __future__ import annotations

from datetime import UTC, datetime

import pytest
from itsdangerous import BadSignature

from proxy.signing import StrictSigner, StrictTimestampSigner, serializer

OLD, NEW = b"o" * 32, b"n" * 32
NOON = datetime(2026, 12, 2, 12, tzinfo=UTC)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def test_the_last_key_signs_and_each_verifies() -> None:
    signed = StrictSigner([OLD], b"a").sign("x")
    assert StrictSigner([OLD, NEW], b"a").unsign(signed) == b"x"
    assert StrictSigner([OLD, NEW], b"a").sign("x") == StrictSigner([NEW], b"a").sign("x")


def test_a_signature_is_good_for_one_purpose() -> None:
    with pytest.raises(BadSignature):
        StrictSigner([OLD], b"b").unsign(StrictSigner([OLD], b"a").sign("x"))


def test_a_signature_can_be_written_in_one_way_only() -> None:
    signed = StrictSigner([OLD], b"a").sign("x").decode()
    others = [signed[:-1] + letter for letter in ALPHABET if letter != signed[-1]]
    accepted = [other for other in (*others, signed + "=", signed + "A") if StrictSigner([OLD], b"a").validate(other)]
    assert accepted == []
    assert StrictSigner([OLD], b"a").validate(signed)


@pytest.mark.parametrize("signature", ["", "é", "\x00", "a", "====", "A" * 10_000])
def test_what_is_no_signature_is_refused(signature: str) -> None:
    assert not StrictSigner([OLD], b"a").validate(f"x.{signature}")


def test_the_moment_is_the_one_of_the_clock() -> None:
    signer = StrictTimestampSigner([OLD], b"a", lambda: NOON)
    assert signer.unsign(signer.sign("x"), return_timestamp=True) == (b"x", NOON)


def test_values_are_carried_as_they_are() -> None:
    told = serializer([OLD], b"a").dumps(["Blåbær & Co", 5, None])
    assert serializer([NEW, OLD], b"a").loads(told) == ["Blåbær & Co", 5, None]
    with pytest.raises(BadSignature):
        serializer([NEW, OLD], b"a").loads(told[:-1] + ("A" if told[-1] != "A" else "B"))
