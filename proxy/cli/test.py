"""`tailor test`: a rulebook's tests of itself, by its rules alone or on the pages of a live site."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from proxy.cli.terminal import FOLDER, CannotRunError, load_folder, show

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from rules.model import RuleBook
    from rules.run_tests import Result

TIMEOUT_SECONDS = 20.0


@click.command(short_help="Run the tests that the rulebook in DIR holds.")
@FOLDER
@click.option("--origin", metavar="URL", help="The site: what a test shows has to be on its page, and `places` too.")
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write the results here as JUnit's XML.")
@click.pass_context
def test(ctx: click.Context, folder: Path, origin: str | None, junit: Path | None) -> None:
    """Run the tests that the rulebook in DIR holds under `tests:`. Exit code 1 if one fails."""
    from datetime import UTC, datetime

    from proxy.reports import result_lines

    book = load_folder(ctx, folder)
    if not book.tests:
        raise CannotRunError([f"{folder}: no tests (they stand under `tests:` of a rule file)"])
    results = _run(book, datetime.now(UTC), origin)
    if junit is not None:
        _write_junit(junit, folder, results)
    show(result_lines(results))
    show([f"{folder}: {_summary(results)}"])
    ctx.exit(1 if any(result.failed for result in results) else 0)


def _run(book: RuleBook, now: datetime, origin: str | None) -> tuple[Result, ...]:
    from rules.run_tests import run_tests

    if origin is None:
        return run_tests(book, now)
    import httpx

    from proxy.cli.origin_pages import OriginPages, UnreachableError

    if not origin.startswith(("http://", "https://")):
        raise CannotRunError([f"--origin: {origin} is not a URL (such as http://127.0.0.1:9000)"])
    try:
        # Neither proxies nor passwords of this machine's own: the site is asked as Tailor would ask it.
        with httpx.Client(base_url=origin, timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            return run_tests(book, now, OriginPages(client).look)
    except httpx.InvalidURL as error:
        raise CannotRunError([f"--origin: {origin} is not a URL: {error} (such as http://127.0.0.1:9000)"]) from None
    except UnreachableError as error:
        raise CannotRunError([f"{origin} does not answer: {error} (is the site up? check --origin)"]) from None


def _summary(results: Sequence[Result]) -> str:
    from proxy.reports import SKIPPED

    failed = sum(result.failed for result in results)
    skipped = sum(result.skipped and not result.failed for result in results)
    counts = [f"{failed} failed"] if failed else []
    counts.append(f"{len(results) - failed - skipped} passed")
    counts += [f"{skipped} skipped ({SKIPPED})"] if skipped else []
    return ", ".join(counts)


def _write_junit(junit: Path, folder: Path, results: Sequence[Result]) -> None:
    from proxy.cli.junit import junit_xml

    try:
        junit.write_bytes(junit_xml(str(folder), results))
    except OSError as error:
        raise CannotRunError([f"{junit}: can't be written: {error.strerror}"]) from None
