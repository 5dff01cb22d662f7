"""A stable hash of who and what to a number: the same visitor falls into the same bucket on every machine, for good.

How it is computed is a promise (docs/decisions/0012-buckets.md), held by frozen vectors in its test: whoever changes
it moves every visitor of every running experiment.
"""

from __future__ import annotations

from hashlib import blake2b


def bucket(visitor_id: str, *purpose: str) -> float:
    """A number in [0, 1), spread evenly over visitors, and independent from one purpose to another.

    It is BLAKE2b (RFC 7693) of the purpose's words and the id, in UTF-8 with a NUL between two, to 8 bytes; of these,
    read as a big-endian number, the upper 53 bits, divided by 2**53.

    >>> bucket("visitor-1", "coverage", "pricing-cta")
    0.3138288127539801
    """
    told = "\0".join((*purpose, visitor_id))
    digest = blake2b(told.encode("utf-8", "backslashreplace"), digest_size=8).digest()
    # 53 bits, a float's precision: dividing 64 bits by 2**64 can round up to 1.0.
    return (int.from_bytes(digest) >> 11) / 2**53
