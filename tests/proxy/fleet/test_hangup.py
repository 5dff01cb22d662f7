"""A process that has a terminal, and loses it, tells what SIGHUP means to it."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PATIENCE_SECONDS = 30.0

SCRIPT = """
import os, signal, sys
os.open(sys.argv[1], os.O_RDWR)  # a session's first terminal controls it
from proxy.fleet.hangup import Hangup
hangup = Hangup()
came = []
signal.signal(signal.SIGHUP, lambda *_: came.append(hangup.means_end()))
os.write(1, b"ready\\n")
while not came:
    signal.pause()
os.write(1, str(came[0]).encode())
"""


@pytest.mark.parametrize(("is_terminal_gone", "means_end"), [(True, "True"), (False, "False")])
def test_it_ends_a_process_whose_terminal_is_gone_and_no_other(is_terminal_gone: bool, means_end: str) -> None:
    # Whoever runs the tests may do so under nohup.
    told = hang_up("SIG_DFL", is_terminal_gone=is_terminal_gone)
    assert told == means_end


def test_under_nohup_the_terminal_may_go() -> None:
    # What nohup does; with the command itself standard output would have to be no terminal.
    assert hang_up("SIG_IGN", is_terminal_gone=True) == "False"


def hang_up(meaning: str, *, is_terminal_gone: bool) -> str:
    """What a process says that was started with this meaning of SIGHUP."""
    meant = (
        f"import os, signal, sys; signal.signal(signal.SIGHUP, signal.{meaning}); os.execv(sys.argv[1], sys.argv[1:])"
    )
    command = [sys.executable, "-c", meant, sys.executable, "-c", SCRIPT]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*command, os.ttyname(theirs)],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
        cwd=Path(__file__).parents[3],
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        os.close(theirs)
        if is_terminal_gone:
            os.close(ours)  # which sends the signal, too
        process.send_signal(signal.SIGHUP)
        told, _ = process.communicate(timeout=PATIENCE_SECONDS)
        if not is_terminal_gone:
            os.close(ours)
    return told
