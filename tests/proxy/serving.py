"""`tailor serve` as an operator starts it, in processes of its own."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.processes import plain_environment

PATIENCE_SECONDS = 30.0
BOOK = "experiences:\n  hello: {pages: /nowhere, change: [{select: h1, text: Hi}]}\n"


@dataclass(frozen=True)
class Running:
    """A `tailor serve` that has told where it listens."""

    process: subprocess.Popen[str]
    greeting: str
    public: str
    admin: str

    def end(self, number: signal.Signals = signal.SIGTERM) -> str:
        """The rest of what it says on standard error."""
        self.process.send_signal(number)
        return self.process.communicate(timeout=PATIENCE_SECONDS)[1]


@contextlib.contextmanager
def serving(folder: Path, origin: str, *flags: str) -> Iterator[Running]:
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / "book.yaml").write_text(BOOK)
    command = [sys.executable, "-c", "from proxy.cli.main import main; main()", "serve"]
    with subprocess.Popen(
        [*command, "--origin", origin, "--port", "0", "--admin-port", "0", *flags],
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        start_new_session=True,
        env=plain_environment(),
    ) as process:
        try:
            assert process.stderr is not None
            first, second = process.stderr.readline(), process.stderr.readline()
            public, admin = re.findall(r"(http://[0-9.]+:\d+)/", second)
            yield Running(process, first + second, public, admin)
        finally:
            if process.poll() is None:
                process.kill()
