"""What failed on the way of a request: counted by step, and told in the log."""

from __future__ import annotations

import logging
from collections import Counter

from proxy.request import Request

logger = logging.getLogger(__name__)


class Failures:
    """Counts how often which step failed, at no cost but the change."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def note(self, step: str, request: Request, instead: str = "the origin's page goes out") -> None:
        """Count the exception that is being handled, and log it with what comes of the request all the same."""
        self.note_at(step, request.method, request.logged_path, instead)

    def note_at(self, step: str, method: str, path: str, instead: str) -> None:
        """The same of a request that isn't read yet; `path` is fit for the log."""
        self.counts[step] += 1
        logger.exception("%s %s: %s failed, %s", method, path, step, instead)

    def note_missed(self, step: str, request: Request, instead: str = "the origin's page goes out") -> None:
        """Count what nothing went wrong with, but could not be had in time or for want of room."""
        self.counts[step] += 1
        logger.warning("%s %s: %s, %s", request.method, request.logged_path, step, instead)
