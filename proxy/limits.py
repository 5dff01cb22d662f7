"""What a listener takes of its clients, by the settings and by what the system lets a process have."""

from __future__ import annotations

import logging
import resource
from collections.abc import Callable

from proxy.server.connection import Limits
from proxy.server.deadlines import Deadlines
from proxy.settings.model import Settings

FILES_FOR_OURSELVES = 128
"""Open files that are no connections: the rulebook, databases, the profiles, the listeners, other processes."""

logger = logging.getLogger(__name__)


def raise_open_files(wanted: int) -> int:
    """Have the system allow this process `wanted` open files, or as many as it does; how many that is.

    The usual limit of 1,024 is there for programs that use select(2), and a process may raise it by itself.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    raised = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
    return raised


def make_limits(settings: Settings, allow: Callable[[int], int] = raise_open_files) -> Limits:
    """The limits of the visitors' listener: no more connections than there may be files, which `allow` says."""
    # A visitor's connection may need one to the origin.
    wanted = 2 * settings.max_connections + FILES_FOR_OURSELVES
    allowed = allow(wanted)
    connections = settings.max_connections
    if allowed < wanted:
        connections = max(1, (allowed - FILES_FOR_OURSELVES) // 2)
        logger.warning(
            "max_connections is %d, but this process may open no more than %d files: %d connections are served at once "
            "(allow it %d, by LimitNOFILE= or ulimit -n)",
            settings.max_connections,
            allowed,
            connections,
            wanted,
        )
    deadlines = Deadlines(
        head_seconds=settings.head_seconds, body_seconds=settings.body_seconds, send_seconds=settings.send_seconds
    )
    return Limits(deadlines, connections, settings.body_bytes)
