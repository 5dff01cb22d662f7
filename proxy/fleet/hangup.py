"""What SIGHUP means: read the rules again; or that the terminal is gone in which Tailor runs, and Tailor goes too."""

from __future__ import annotations

import os
import signal


class Hangup:
    """Made at the start, and asked at each SIGHUP."""

    def __init__(self) -> None:
        # Under nohup the terminal may go.
        self._needs_terminal = signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN and _has_terminal()

    def means_end(self) -> bool:
        """Whether it came because the terminal is gone."""
        return self._needs_terminal and not _has_terminal()


def _has_terminal() -> bool:
    """Whether there is a terminal that controls this process (tty(4))."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
