"""The command line: `tailor serve`, and for rule authors `tailor check`, `explain`, `test` and `schema`.

Exit codes: 0 fine; 1 the rulebook has problems, or a test of it fails; 2 the command could not run at all. What is
heavy to import is imported inside of the commands, so that `tailor --version` is instant.
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
    from rules.context import Value
    from rules.errors import Problem
    from rules.model import RuleBook
    from rules.visits import Visit

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
            written = str(setting.default).lower() if isinstance(setting.default, bool) else setting.default
            default = f" [default: {written}]" if written not in (None, (), {}) else ""
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
    world = f"to the world {settings.public_url}/; " if settings.public_url else ""
    yield f"Look at {url_of(listeners.public)}/ ({world}status: {url_of(listeners.admin)}/status)"
    if trouble := probe(settings.origin):
        yield f"The origin does not answer at the moment ({trouble}); visitors get a 502 until it does"


_FOLDER = click.argument("folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))


@main.command(short_help="Say what is wrong with the rulebook in DIR.")
@_FOLDER
@click.pass_context
def check(ctx: click.Context, folder: Path) -> None:
    """Say what is wrong with the rulebook in DIR: all of it, each with its place and its likely fix."""
    from datetime import UTC, datetime

    from rules.lint import consent_needs, lint

    book = _load(ctx, folder)
    warnings = lint(book, datetime.now(UTC))
    _show(_lines(warnings))
    _show(map(str, consent_needs(book)))
    total, live = len(book.experiences), len(book.live)
    _show([f"{folder}: fine; {_number(total, 'experience')}, {live} live, {_number(len(warnings), 'warning')}"])


@main.command(short_help="Say why a visitor would see what they see on PATH.")
@_FOLDER
@click.argument("page", metavar="PATH")
@click.option("--as", "given", multiple=True, metavar="SIGNAL=VALUE", help="What is known of the visitor; repeatable.")
@click.option("--at", metavar="MOMENT", help="When; such as 2026-12-02T10:00, on the visitor's clock. [default: now]")
@click.option("--host", default="", help="The name under which the visitor reaches the site.")
@click.option("--json", "as_json", is_flag=True, help="For a program.")
@click.pass_context
def explain(
    ctx: click.Context, folder: Path, page: str, given: tuple[str, ...], at: str | None, host: str, as_json: bool
) -> None:
    """Say why a visitor would see what they see on PATH: every experience that is for it, and each of its tests.

    PATH may have a query. What is always known is filled in as for a request.
    """
    import json
    from datetime import UTC, datetime

    from proxy.reports import explanation_json, explanation_lines
    from rules.explain import explain

    visit = _visit(page, given, at, host)
    told = explain(_load(ctx, folder), visit, datetime.now(UTC))
    if as_json:
        _show([json.dumps(explanation_json(told), indent=2, ensure_ascii=False)])
    else:
        _show(explanation_lines(told))


@main.command()
@_FOLDER
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write the results here as JUnit's XML.")
@click.pass_context
def test(ctx: click.Context, folder: Path, junit: Path | None) -> None:
    """Run the tests that the rulebook in DIR holds under `tests:`. Exit code 1 if one fails."""
    from datetime import UTC, datetime

    from proxy.junit import junit_xml
    from proxy.reports import result_lines
    from rules.run_tests import run_tests

    results = run_tests(_load(ctx, folder), datetime.now(UTC))
    if not results:
        raise CannotRunError([f"{folder}: no tests (they stand under `tests:` of a rule file)"])
    if junit is not None:
        try:
            junit.write_bytes(junit_xml(str(folder), results))
        except OSError as error:
            raise CannotRunError([f"{junit}: can't be written: {error.strerror}"]) from None
    failed = sum(1 for result in results if result.misses)
    _show(result_lines(results))
    _show([f"{folder}: {f'{failed} failed, ' if failed else ''}{len(results) - failed} passed"])
    ctx.exit(1 if failed else 0)


@main.command(short_help="Print the JSON Schema of rule files, for editors.")
def schema() -> None:
    """Print the JSON Schema of rule files, by which editors complete and underline."""
    import json

    from rules.schema import rule_file_schema

    _show([json.dumps(rule_file_schema(), indent=2, ensure_ascii=False)])


def _visit(page: str, given: Iterable[str], at: str | None, host: str) -> Visit:
    from rules.errors import MistakeError
    from rules.load_visits import read_at, read_page
    from rules.visits import Visit

    try:
        path, query = read_page(page)
        signals = dict(map(_signal, given))
        return Visit(path, query, host, read_at(at) if at is not None else None, signals)
    except MistakeError as mistake:
        raise CannotRunError([f"{mistake.message} ({mistake.hint})" if mistake.hint else mistake.message]) from None


def _signal(given: str) -> tuple[str, Value]:
    from rules.errors import MistakeError
    from rules.load_visits import read_signal
    from rules.signals import Type, lookup

    name, equals, word = given.partition("=")
    if not equals:
        raise MistakeError(f"`--as {given}` has no `=`", hint="such as --as geo.country=SE")
    signal = lookup(name)
    words = word.split(",") if signal is not None and signal.type is Type.LIST else [word]
    return name, read_signal(name, words)


def _load(ctx: click.Context, folder: Path) -> RuleBook:
    """The rulebook in a folder; the command ends where it has problems."""
    from proxy.reload import load_checked
    from rules.errors import RuleError

    try:
        return load_checked(folder)
    except RuleError as error:
        _show(_lines(error.problems))
        _show([_count(error.problems, folder)])
        ctx.exit(1)
    except OSError as error:
        raise CannotRunError([f"{folder}: can't be read: {error.strerror}"]) from None


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
