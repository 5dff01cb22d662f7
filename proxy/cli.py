"""The command line: `tailor serve` and `tailor check`.

Exit codes: 0 fine; 1 the rulebook has problems; 2 the command could not run at all. What is heavy to import is
imported inside of the commands, so that `tailor --version` is instant.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from proxy.settings import Settings
    from rules.errors import Problem

CANNOT_RUN = 2


class CannotRunError(click.ClickException):
    """The command can't run; each line says why, and what to do."""

    exit_code = CANNOT_RUN

    def __init__(self, lines: Iterable[str]) -> None:
        super().__init__("\n".join(lines))

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(self.message, file=file, err=True)


class SettingsCommand(click.Command):
    """A command with a flag for each setting, made from `Settings` when they are asked for."""

    @cached_property
    def _setting_options(self) -> list[click.Parameter]:
        return [*setting_options()]

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return [*self._setting_options, *super().get_params(ctx)]


def setting_options() -> Iterable[click.Option]:
    """An option for each setting that has a flag; values stay text, for `proxy.settings` to judge."""
    from proxy.settings import Settings
    from proxy.settings_layers import SINGULAR_FLAGS, flag_of, has_flag

    for name, setting in Settings.model_fields.items():
        if has_flag(setting):
            default = f" [default: {setting.default}]" if setting.default not in (None, (), {}) else ""
            yield click.Option(
                # The plural is understood too: it is what the file and the environment say.
                list(dict.fromkeys((flag_of(name), "--" + name.replace("_", "-"), name))),
                multiple=name in SINGULAR_FLAGS,
                metavar=_METAVARS.get(setting.annotation, "TEXT"),
                help=f"{setting.description}{default}" if not setting.is_required() else setting.description,
            )


_METAVARS: dict[object, str] = {Path: "FOLDER", int: "N", float: "SECONDS", bool: "true|false"}


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="tailor-proxy", prog_name="tailor")
def main() -> None:
    """A personalization proxy: the site behind it, with the places changed that a rulebook names."""


@main.command(cls=SettingsCommand)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="The file of settings. [default: tailor.toml in the working directory, if there is one]",
)
def serve(config: Path | None, **flags: object) -> None:
    """Stand in front of a site and serve its visitors.

    Each setting can be a flag, a variable (TAILOR_PORT), or a key of tailor.toml (port); the first of these wins.
    """
    from proxy.settings_layers import SettingsError, read_settings

    given = {name: value for name, value in flags.items() if value not in (None, ())}
    try:
        settings, warnings = read_settings(given, os.environ, config=config)
    except SettingsError as error:
        raise CannotRunError(error.lines) from None
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    _serve(settings)


def _serve(settings: Settings) -> None:
    from proxy.serve import ListenError, Listeners, configure_logging, open_rules, serve
    from proxy.visitor.keys import SecretError, open_keys
    from rules.errors import RuleError

    try:
        keeper = open_rules(settings.rules)
    except RuleError as error:
        raise CannotRunError((*_lines(error.problems), _count(error.problems, settings.rules))) from None
    except OSError as error:
        line = f"{settings.rules}: can't be read: {error.strerror} (check --rules)"
        raise CannotRunError([line]) from None
    try:
        keys, warnings = open_keys(settings)
        for warning in warnings:
            click.echo(f"warning: {warning}", err=True)
        listeners = Listeners.open(settings)
    except (ListenError, SecretError) as error:
        raise CannotRunError([str(error)]) from None
    configure_logging(settings.log_level)
    for line in _greeting(settings, len(keeper.book.live), listeners):
        click.echo(line, err=True)
    try:
        serve(settings, keeper, listeners, keys)
    finally:
        listeners.close()


def _greeting(settings: Settings, live: int, listeners: Any) -> Iterable[str]:
    from proxy.serve import probe, url_of

    yield f"Tailor stands in front of {settings.origin}; experiences live: {live}, from {settings.rules}"
    yield f"Look at {settings.public_url or url_of(listeners.public)}/ (status: {url_of(listeners.admin)}/status)"
    if trouble := probe(settings.origin):
        yield f"The origin does not answer at the moment ({trouble}); visitors get a 502 until it does"


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.pass_context
def check(ctx: click.Context, folder: Path) -> None:
    """Say what is wrong with the rulebook in DIR: all of it, each with its place and its likely fix."""
    from datetime import UTC, datetime

    from proxy.reload import load_checked
    from rules.errors import RuleError
    from rules.lint import consent_needs, lint

    try:
        book = load_checked(folder)
    except RuleError as error:
        _show(_lines(error.problems))
        _show([_count(error.problems, folder)])
        ctx.exit(1)
    except OSError as error:
        raise CannotRunError([f"{folder}: can't be read: {error.strerror}"]) from None
    warnings = lint(book, datetime.now(UTC))
    _show(_lines(warnings))
    _show(map(str, consent_needs(book)))
    total, live = len(book.experiences), len(book.live)
    _show([f"{folder}: fine; {_number(total, 'experience')}, {live} live, {_number(len(warnings), 'warning')}"])


def _lines(problems: Iterable[Problem]) -> Iterable[str]:
    for problem in problems:
        yield str(problem)
        if problem.excerpt:
            yield f"    {problem.excerpt}"


def _count(problems: tuple[Problem, ...], folder: Path) -> str:
    files = len({problem.position.file for problem in problems})
    return f"{folder}: {_number(len(problems), 'problem')} in {_number(files, 'file')}"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _show(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)
