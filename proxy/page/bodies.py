"""The bodies of one cut, for each coding that browsers accept: which are made when, and which are kept.

What is small in bytes takes long to make. So the first who ask get what is made quickly; what is asked for a second
time is made well meanwhile, and takes its place. A visitor's values are in no body that is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from hashlib import blake2b

from proxy.page.compile import Cut
from proxy.page.compressor import Compressor
from proxy.page.encode import Rendered, Segments, encode_quickly, encode_well, quick_coding
from proxy.page.tags import entity_tag, passing_tag
from rules.decision import Decision

_SMALL_BYTES = 1024
"""What is no larger is made well at once: in a tenth of a millisecond at most."""
_RENDERED_BYTES = 768
"""What a rendered body takes beside its bytes: measured on CPython 3.11, and the head that its sender keeps with it."""


def render_once(cut: Cut, decision: Decision | None, accepted: tuple[str, ...]) -> Rendered:
    """The body of a cut that is not kept."""
    coding = quick_coding(accepted)
    body = encode_quickly(b"".join(cut.fill(decision)), coding)
    return Rendered(body, coding, passing_tag(body, coding))


class SharedBodies:
    """Those of a cut without holes: one for each coding, the same for every visitor.

    `digest` is of what is static in it. `resized` is called once `size` is another one.
    """

    def __init__(self, cut: Cut, digest: blake2b, compressor: Compressor, resized: Callable[[], None]) -> None:
        (self._body,) = cut.fill(None)
        self._digest = digest
        self._compressor = compressor
        self._resized = resized
        # By the coding that a browser likes best; until it is made well, it gets what is quick and acceptable.
        self._made = {"identity": self._rendered(self._body, "identity")}
        self._quick: dict[str, Rendered] = {}
        self._wanted: set[str] = set()
        self._cancels: dict[str, Callable[[], bool]] = {}

    @property
    def size(self) -> int:
        """The bytes of memory that it takes, beside the cut's."""
        encoded = sum(len(each.body) for each in (*self._made.values(), *self._quick.values())) - len(self._body)
        return encoded + _RENDERED_BYTES * (len(self._made) + len(self._quick))

    def render(self, _decision: Decision | None, accepted: tuple[str, ...]) -> Rendered:
        """The body in the first of these codings, or meanwhile in one of them."""
        wanted = accepted[0] if accepted else "identity"
        made = self._made.get(wanted)
        return made if made is not None else self._meanwhile(wanted, accepted)

    def release(self) -> None:
        """Have nothing made that nobody will ask for any more."""
        for cancel in self._cancels.values():
            cancel()

    def _meanwhile(self, wanted: str, accepted: tuple[str, ...]) -> Rendered:
        if len(self._body) <= _SMALL_BYTES:
            self._put(wanted, encode_well(self._body, wanted))
        else:
            self._compressor.collect()
        if wanted in self._made:
            return self._made[wanted]
        if wanted in self._wanted:
            self._ask(wanted)
        self._wanted.add(wanted)
        coding = quick_coding(accepted)
        quick = self._quick.get(coding)
        if quick is None:
            quick = self._quick[coding] = self._rendered(encode_quickly(self._body, coding), coding)
            self._resized()
        return quick

    def _ask(self, coding: str) -> None:
        if coding in self._cancels:
            return
        cancel = self._compressor.ask(partial(encode_well, self._body, coding), partial(self._put, coding))
        if cancel is not None:
            self._cancels[coding] = cancel

    def _put(self, coding: str, body: bytes) -> None:
        self._made[coding] = self._rendered(body, coding)
        self._cancels.pop(coding, None)
        self._quick.pop(coding, None)
        if self._wanted <= self._made.keys():
            self._quick.clear()
        self._resized()

    def _rendered(self, body: bytes, coding: str) -> Rendered:
        return Rendered(body, coding, entity_tag(self._digest, (), coding))


class PersonalBodies:
    """Those of a cut with holes: none is kept, but what is static in them is gzipped once."""

    def __init__(self, cut: Cut, digest: blake2b, compressor: Compressor, resized: Callable[[], None]) -> None:
        self._cut = cut
        self._digest = digest
        self._compressor = compressor
        self._resized = resized
        self._segments: Segments | None = None
        self._is_wanted = False
        self._cancel: Callable[[], bool] | None = None
        if sum(len(piece) for piece in cut.pieces if isinstance(piece, bytes)) <= _SMALL_BYTES:
            self._segments = Segments(cut.pieces)

    @property
    def size(self) -> int:
        """The bytes of memory that it takes, beside the cut's."""
        return self._segments.size if self._segments else 0

    def render(self, decision: Decision | None, accepted: tuple[str, ...]) -> Rendered:
        """The body for one visitor, in the coding that is made fastest."""
        filled = self._cut.fill(decision)
        values = [filled[number] for number, _ in self._cut.holes]
        coding = quick_coding(accepted)
        body = self._gzip(filled) if coding == "gzip" else encode_quickly(b"".join(filled), coding)
        return Rendered(body, coding, entity_tag(self._digest, values, coding))

    def release(self) -> None:
        """Have nothing made that nobody will ask for any more."""
        if self._cancel is not None:
            self._cancel()

    def _gzip(self, filled: Sequence[bytes]) -> bytes:
        if self._segments is None:
            self._compressor.collect()
        if self._segments is not None:
            return self._segments.gzip(filled)
        if self._is_wanted and self._cancel is None:
            self._cancel = self._compressor.ask(partial(Segments, self._cut.pieces), self._put)
        self._is_wanted = True
        return encode_quickly(b"".join(filled), "gzip")

    def _put(self, segments: Segments) -> None:
        self._segments, self._cancel = segments, None
        self._resized()
