"""The purposes that a TC string consents to: IAB Europe's Transparency and Consent Framework, version 2.

Owns the bits of the core string, as far as the purposes ("Consent string and vendor list formats v2", The Core
String). What they are needed for is `proxy.visitor.consent`'s.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode

MAX_LENGTH = 8192

_VERSION = 2  # of the encoding; it is the same for TCF 2.0 to 2.3
_VERSION_BITS = 6
_BITS_BETWEEN = sum(
    (
        36,  # Created
        36,  # LastUpdated
        12,  # CmpId
        12,  # CmpVersion
        6,  # ConsentScreen
        12,  # ConsentLanguage
        12,  # VendorListVersion
        6,  # TcfPolicyVersion
        1,  # IsServiceSpecific
        1,  # UseNonStandardTexts
        12,  # SpecialFeatureOptIns
    )
)
PURPOSES = 24

# What has to follow (vendors, restrictions) makes a whole core string 44 characters long, so a shorter one was cut.
_WHOLE = re.compile(r"([A-Za-z0-9_-]{44,})(?:\.[A-Za-z0-9_-]+)*")
_READ_CHARACTERS = 32  # 192 bits: the purposes end with the 176th


class TcStringError(ValueError):
    """What was given is no TC string of version 2, or not a whole one."""


def consented_purposes(tc_string: str) -> frozenset[int]:
    """The purposes, counted from 1, for which the visitor gave consent; raises TcStringError.

    >>> sorted(consented_purposes("COvFyGBOvFyGBAbAAAENAPCAAOAAAAAAAAAAAEEUACCKAAA"))
    [1, 2, 3]
    """
    whole = _WHOLE.fullmatch(tc_string) if len(tc_string) <= MAX_LENGTH else None
    if whole is None:
        raise TcStringError("no TC string")
    bits = _Bits(urlsafe_b64decode(whole[1][:_READ_CHARACTERS]))
    if bits.take(_VERSION_BITS) != _VERSION:
        raise TcStringError("a TC string of another version")
    bits.take(_BITS_BETWEEN)
    purposes = bits.take(PURPOSES)
    # Purpose 1 is the leftmost bit.
    return frozenset(purpose for purpose in range(1, PURPOSES + 1) if purposes >> (PURPOSES - purpose) & 1)


class _Bits:
    """Reads big-endian numbers, one after the other."""

    def __init__(self, octets: bytes) -> None:
        self._value = int.from_bytes(octets)
        self._left = len(octets) * 8

    def take(self, width: int) -> int:
        self._left -= width
        return self._value >> self._left & ((1 << width) - 1)
