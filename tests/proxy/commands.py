"""`tailor` as an author types it, for the tests of the commands."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from proxy.cli.main import main


def tailor(*arguments: str, **environment: str) -> Result:
    """One command, in the working directory."""
    return CliRunner().invoke(main, arguments, env=environment, catch_exceptions=False)


def write(name: str, text: str) -> None:
    """A file below the working directory."""
    file = Path(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
