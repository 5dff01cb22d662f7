"""The name of a request, by which its lines in logs are found again: here, in front, and at the origin.

As Envoy has it at the edge: a name is taken over only from who is trusted, since a stranger's could pass for another
request's, and the origin hears ours in its place. It is not sent back to the visitor.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import ContextVar

from proxy.wire import Headers

FIELD = b"x-request-id"

# What a UUID, a hexadecimal number and the usual other forms need, and no line of a log is broken by.
_NAME = re.compile(rb"[A-Za-z0-9._:+/=@-]{1,128}")

# The one thing here that outlives a call: it belongs to the task that answers, which is how logs find it.
current: ContextVar[str] = ContextVar("request_id", default="")
"""The name of the request that is being answered; empty outside of one."""


def named(headers: Headers, *, trusted: bool, new_id: Callable[[], str]) -> tuple[str, Headers]:
    """The request's name, and its headers with that name and no other in them."""
    given = [value for name, value in headers if name == FIELD]
    if trusted and len(given) == 1 and _NAME.fullmatch(given[0]):
        return given[0].decode("ascii"), headers
    made = new_id()
    others = tuple([field for field in headers if field[0] != FIELD]) if given else headers
    return made, (*others, (FIELD, made.encode("ascii")))
