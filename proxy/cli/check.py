"""`tailor check`: what is wrong with a rulebook, or hardly meant, by its files alone or on the pages of a live site.

Exit codes: 0 it can go live, whatever the warnings; 1 it can't, or with `--strict` there are warnings; 2 the command
could not run.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from proxy.cli.problem_formats import Format, as_json, github_lines
from proxy.cli.terminal import FOLDER, CannotRunError, number, problem_count, problem_lines, show

if TYPE_CHECKING:
    from proxy.cli.site_check import SiteCheck
    from rules.errors import Problem
    from rules.model import RuleBook


# What `rules.linting.variant_count` has as its default, which is too heavy to import for `tailor --help`.
VARIANTS = 200


@click.command(short_help="Say what is wrong with the rulebook in DIR.")
@FOLDER
@click.option("--origin", metavar="URL", help="The site: also say which places are not on its pages.")
@click.option(
    "--format",
    "form",
    type=click.Choice([each.value for each in Format]),
    default=Format.TEXT.value,
    show_default=True,
    help="For a person, for a program, or as annotations of a GitHub workflow.",
)
@click.option("--strict", is_flag=True, help="End with exit code 1 where there are warnings.")
@click.option(
    "--variants",
    type=click.IntRange(min=1),
    default=VARIANTS,
    show_default=True,
    metavar="N",
    help="How many variants a URL may have before it is told.",
)
@click.option("--edge", is_flag=True, help="Also say what a cache in front, in edge mode, can't share.")
@click.pass_context
def check(
    ctx: click.Context, folder: Path, origin: str | None, form: str, strict: bool, variants: int, edge: bool
) -> None:
    """Say what is wrong with the rulebook in DIR: all of it, each with its place and its likely fix."""
    from proxy.rule_files import load_checked, read_folder
    from rules.errors import RuleError
    from rules.linting.lint import lint
    from rules.linting.unshared import unshared

    try:
        book = load_checked(read_folder(folder))
    except RuleError as error:
        _report(Format(form), folder, error.problems, [problem_count(error.problems, folder)])
        ctx.exit(1)
    warnings = lint(book, datetime.now(UTC), variants=variants)
    if edge:
        warnings = tuple(sorted((*warnings, *unshared(book))))
    found = _look(book, origin) if origin is not None else None
    if found is not None:
        warnings = tuple(sorted((*warnings, *found.problems)))
    _report(Format(form), folder, warnings, _facts(book, folder, warnings, found))
    ctx.exit(1 if strict and warnings else 0)


def _facts(book: RuleBook, folder: Path, warnings: Sequence[Problem], found: SiteCheck | None) -> list[str]:
    """What stands below the warnings, for a person."""
    from rules.consent_needs import consent_needs

    lines = [str(need) for need in consent_needs(book)]
    if found is not None:
        more = f"; {found.left_out} more are too many to look at" if found.left_out else ""
        lines.append(f"looked at {number(found.pages, 'page')} of the site{more}")
    total, live = len(book.experiences), len(book.live)
    counted = f"{number(total, 'experience')}, {live} live, {number(len(warnings), 'warning')}"
    return [*lines, f"{folder}: fine; {counted}"]


def _report(form: Format, folder: Path, problems: Sequence[Problem], below: Sequence[str]) -> None:
    match form:
        case Format.JSON:
            show([as_json(str(folder), problems)])
        case Format.GITHUB:
            show(github_lines(problems))
        case Format.TEXT:
            show(problem_lines(problems))
            show(below)


def _look(book: RuleBook, origin: str) -> SiteCheck:
    import asyncio

    import httpx

    from proxy.cli.site_check import TIMEOUT_SECONDS, OriginDownError, check_site

    if not origin.startswith(("http://", "https://")):
        raise CannotRunError([f"--origin: {origin} is not a URL (such as http://127.0.0.1:9000)"])

    async def look() -> SiteCheck:
        # Neither proxies nor passwords of this machine's own: the site is asked as Tailor would ask it.
        async with httpx.AsyncClient(base_url=origin, timeout=TIMEOUT_SECONDS, trust_env=False) as client:
            return await check_site(book, client)

    try:
        return asyncio.run(look())
    except httpx.InvalidURL as error:
        raise CannotRunError([f"--origin: {origin} is not a URL: {error} (such as http://127.0.0.1:9000)"]) from None
    except OriginDownError as error:
        raise CannotRunError([f"{origin} does not answer: {error} (is the site up? check --origin)"]) from None
