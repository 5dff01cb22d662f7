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
        self.counts[step] += 1
        logger.exception("%s %s: %s failed, %s", request.method, request.logged_path, step, instead)
