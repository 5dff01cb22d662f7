"""The C library's allocator, as a server with a few busy threads needs it."""

from __future__ import annotations

import ctypes
import os

_M_ARENA_MAX = -8  # malloc.h of glibc


def share_one_pool() -> bool:
    """Have all threads of this process take memory from one pool, where the C library is glibc; whether they do.

    Left to itself, glibc gives each a pool of its own (`M_ARENA_MAX`, mallopt(3)), and what is freed in one of them
    stays there: a tenth more memory under load, for nothing, as the event loop's thread does nearly all the work. An
    operator's own `MALLOC_ARENA_MAX` holds.
    """
    if "MALLOC_ARENA_MAX" in os.environ:
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(_M_ARENA_MAX, 1) == 1
