"""What visitors asked and got, in numbers: by method, by the class of the status, and by the way it took.

Owns what is counted of an answered request. Who calls it is `proxy.monitoring.accounting`; how it is told,
`proxy.monitoring.metrics`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, MutableMapping
from enum import StrEnum
from typing import Any, NamedTuple

from proxy.monitoring.tally import FAST_SECONDS, Histogram, Tallied
from proxy.wire import AnswerAtOnce, Written


class Way(StrEnum):
    """How an answer was made: from memory at once, or as `proxy.pipeline` shows it."""

    EXPRESS = "express"
    USUAL = "usual"


GONE = "gone"
"""In place of a status: the visitor left before there was one."""

OTHER = "other"

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Answered(NamedTuple):
    """What tells counted requests apart."""

    method: str
    code: str
    way: Way


class Traffic:
    """Counts of one process since it began."""

    def __init__(self) -> None:
        self._usual: Counter[tuple[str, int]] = Counter()
        self._usual_bytes = 0
        self._usual_seconds = Histogram(FAST_SECONDS)
        # By the first letter of the status, as ASCII, since to be counted has to take less than a microsecond here.
        self._express = {method: [0] * 128 for method in ("GET", "HEAD")}
        self._express_bytes = 0
        self._express_seconds = Histogram(FAST_SECONDS)

    def note(self, method: str, status: int, size: int, seconds: float | None) -> None:
        """Count an answer of the usual way; a `status` of 0 stands for none. What took no end has no `seconds`."""
        self._usual[method if method in _METHODS else OTHER, status // 100] += 1
        self._usual_bytes += size
        if seconds is not None:
            self._usual_seconds.observe(seconds)

    def express(self, answer: AnswerAtOnce, clock: Callable[[], float]) -> AnswerAtOnce:
        """The express way (GET and HEAD), its answers counted; `clock` counts seconds from any moment."""
        gets, heads = self._express["GET"], self._express["HEAD"]
        bounds, buckets, seconds = self._express_seconds.bounds, self._express_seconds.counts, self._express_seconds

        def counted(scope: MutableMapping[str, Any]) -> Written | None:
            began = clock()
            written = answer(scope)
            if written is None:
                return None
            # `HTTP/1.1 200`: the ninth letter tells the class.
            (gets if scope["method"] == "GET" else heads)[written[0][9]] += 1
            if len(written) > 1:
                self._express_bytes += len(written[1])
            spent = clock() - began
            buckets[bisect_left(bounds, spent)] += 1
            seconds.sum += spent
            return written

        return counted

    def answered(self) -> dict[Answered, int]:
        """How many of each kind were answered."""
        usual = {Answered(method, _code(digit), Way.USUAL): count for (method, digit), count in self._usual.items()}
        express = {
            Answered(method, _code(letter - ord("0")), Way.EXPRESS): count
            for method, counts in self._express.items()
            for letter, count in enumerate(counts)
            if count
        }
        return usual | express

    def bytes(self) -> dict[Way, int]:
        """How many bytes of bodies were sent."""
        return {Way.EXPRESS: self._express_bytes, Way.USUAL: self._usual_bytes}

    def seconds(self) -> dict[Way, Tallied]:
        """How long answers took, from the head of the request to the last byte."""
        return {Way.EXPRESS: self._express_seconds.told(), Way.USUAL: self._usual_seconds.told()}


def _code(digit: int) -> str:
    return f"{digit}xx" if digit else GONE
