"""Signatures under the operator's keys: one way to make them, with a salt for each purpose.

itsdangerous, with what its defaults lack: SHA-256 in place of SHA-1, one clock that is handed in, and signatures that
can be written in one way only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime

from itsdangerous import BadData, Signer, TimestampSigner, URLSafeSerializer
from itsdangerous.encoding import base64_decode, base64_encode, want_bytes


class StrictSigner(Signer):
    """Signs with the last of its keys, and verifies with each."""

    def __init__(self, keys: Sequence[bytes], salt: bytes, sep: str = ".") -> None:
        super().__init__([*keys], salt=salt, sep=sep, key_derivation="hmac", digest_method=hashlib.sha256)

    def verify_signature(self, value: str | bytes, sig: str | bytes) -> bool:
        """Whether it is the signature, to the letter.

        32 bytes are 43 letters of Base64, the last of which has two bits to spare: read laxly, four letters would do
        (RFC 4648 §3.5).
        """
        try:
            is_canonical = base64_encode(base64_decode(sig)) == want_bytes(sig)
        except BadData:
            return False
        return is_canonical and super().verify_signature(value, sig)


class StrictTimestampSigner(StrictSigner, TimestampSigner):
    """The same with the moment of the signature in it, by the clock that it is handed."""

    def __init__(self, keys: Sequence[bytes], salt: bytes, now: Callable[[], datetime]) -> None:
        super().__init__(keys, salt)
        self._now = now

    def get_timestamp(self) -> int:
        """The seconds since 1970 by its clock."""
        return int(self._now().timestamp())


def serializer(keys: Sequence[bytes], salt: bytes) -> URLSafeSerializer:
    """Signs values of JSON as text that fits a URL and a cookie; with the last of its keys, verifying with each."""
    return _Serializer(keys, salt)


class _Serializer(URLSafeSerializer):
    def __init__(self, keys: Sequence[bytes], salt: bytes) -> None:
        super().__init__([*keys], salt=salt)
        self._strict = StrictSigner(keys, salt)

    def make_signer(self, salt: str | bytes | None = None) -> Signer:
        return self._strict
