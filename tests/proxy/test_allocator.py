"""Threads share one pool of memory, unless the operator says otherwise."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.processes import plain_environment

# glibc tells of each pool as a heap (malloc_info(3)); 100 KB is more than Python allocates by itself.
PROGRAM = """
import ctypes, threading
from proxy.allocator import share_one_pool
libc = ctypes.CDLL(None)
if not hasattr(libc, "malloc_info"):
    raise SystemExit("no glibc")
share_one_pool()
meet = threading.Barrier(4)
def work():
    held = bytearray(100_000)
    meet.wait()
threads = [threading.Thread(target=work) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc.fdopen.restype = ctypes.c_void_p
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
"""


def pools(**variables: str) -> int:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, env={**plain_environment(), **variables}
    )
    if "no glibc" in run.stderr:
        pytest.skip("the C library is not glibc")
    assert run.returncode == 0, run.stderr
    return run.stdout.count("<heap nr=")


def test_threads_share_one_pool_of_memory() -> None:
    assert pools() == 1


def test_an_operators_own_limit_holds() -> None:
    assert pools(MALLOC_ARENA_MAX="4") > 1
