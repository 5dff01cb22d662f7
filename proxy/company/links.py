"""Signed links: a URL of a campaign that says which company it was sent to.

Owns the parameter's content and signature. Its name, and that it goes no further than Tailor, is `proxy.parameters`';
the keys are those of `proxy.visitor.keys`, under a salt of this purpose alone.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from itsdangerous import BadData

from proxy.signing import serializer

SALT = b"tailor.company.link"
MAX_COMPANY_LENGTH = 200
MAX_BYTES = 1024

logger = logging.getLogger(__name__)


class LinkError(ValueError):
    """A company that no link can be made for: one line, with what to do."""


def sign_company(company: str, keys: Sequence[bytes], *, until: datetime | None = None) -> str:
    """The parameter's value for a company, by its name, alias or domain; good for ever, or `until` a moment."""
    name = " ".join(company.split())
    if not name or len(name) > MAX_COMPANY_LENGTH or not name.isprintable():
        raise LinkError(f"`{company}` can't be a company (write its name, alias or domain)")
    return serializer(keys[:1], SALT).dumps([name, int(until.timestamp()) if until else 0])


def expiry(now: datetime, days: int) -> datetime:
    """The moment at which a link that is made now, and is good for so many days, is over."""
    return now + timedelta(days=days)


class LinkReader:
    """Reads what `sign_company` wrote. `keys`: each of them verifies. What can't be trusted is ignored, and counted.

    The first of each kind is told in the log: a mail program that breaks links should be seen, and whoever sends
    thousands should not fill the disk.
    """

    def __init__(self, keys: Sequence[bytes], *, now: Callable[[], datetime]) -> None:
        self._verifier = serializer(keys[::-1], SALT) if keys else None
        self._now = now
        self.refused: Counter[str] = Counter()

    def company(self, value: str) -> str | None:
        """The company that a parameter names; None where it was not signed by us, or is over."""
        signed = self._verify(value)
        if signed is None:
            self._refuse("tampered")
            return None
        name, until = signed
        if until and self._now().timestamp() >= until:
            self._refuse("expired")
            return None
        return name

    def _verify(self, value: str) -> tuple[str, int] | None:
        if self._verifier is None or len(value) > MAX_BYTES:
            return None
        try:
            name, until = self._verifier.loads(value)
        except (BadData, TypeError, ValueError):
            return None
        return str(name), int(until)

    def _refuse(self, why: str) -> None:
        self.refused[why] += 1
        if self.refused[why] == 1:
            logger.warning("A company link was ignored: %s. Others like it are counted in the status, not logged", why)
