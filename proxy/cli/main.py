"""The command line: `tailor serve`, and for rule authors `tailor check`, `explain`, `test` and `schema`.

Larger commands have a module of their own beside this one, and what they have in common is `proxy.cli.terminal`'s. What
is heavy to import is imported inside of the commands, so that `tailor --version` is instant.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from proxy.cli.check import check
from proxy.cli.company import accounts, link
from proxy.cli.explain import explain
from proxy.cli.init import init
from proxy.cli.preview import preview
from proxy.cli.terminal import CannotRunError, problem_count, problem_lines, show
from proxy.cli.test import test
from proxy.cli.token import token

if TYPE_CHECKING:
    from proxy.settings.model import Settings


class SettingsCommand(click.Command):
    """A command with a flag for each setting, made from `Settings` when they are asked for."""

    @cached_property
    def _setting_options(self) -> list[click.Parameter]:
        return [*setting_options()]

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return [*self._setting_options, *super().get_params(ctx)]


def setting_options() -> Iterable[click.Option]:
    """An option for each setting that has a flag; values stay text, for `proxy.settings.model` to judge."""
    from proxy.settings.layers import SINGULAR_FLAGS, default_of, flag_of, has_flag
    from proxy.settings.model import Settings

    for name, setting in Settings.model_fields.items():
        if has_flag(setting):
            default = f" [default: {default_of(setting)}]" if default_of(setting) else ""
            yield click.Option(
                # The plural is understood too: it is what the file and the environment say.
                list(dict.fromkeys((flag_of(name), "--" + name.replace("_", "-"), name))),
                multiple=name in SINGULAR_FLAGS,
                metavar=_METAVARS.get(setting.annotation, "TEXT"),
                help=f"{setting.description}{default}" if not setting.is_required() else setting.description,
            )


_METAVARS: dict[object, str] = {
    Path: "FOLDER",
    tuple[Path, ...]: "FILE",
    int: "N",
    float: "SECONDS",
    bool: "true|false",
}


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
    from proxy.settings.layers import SettingsError, read_settings

    given = {name: value for name, value in flags.items() if value not in (None, ())}
    try:
        settings, warnings = read_settings(given, os.environ, config=config)
    except SettingsError as error:
        raise CannotRunError(error.lines) from None
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    _serve(settings)


def _serve(settings: Settings) -> None:
    from proxy.company.companies import unusable
    from proxy.monitoring.logs import configure_logging
    from proxy.profile.store import StoreError
    from proxy.rights.page import RightsError
    from proxy.serve import ListenError, Listeners, open_rules, prepare_profiles, serve
    from proxy.visitor.geo_database import unreadable
    from proxy.visitor.keys import SecretError, open_keys
    from proxy.vouching import unusable_keys
    from rules.errors import RuleError

    try:
        keeper = open_rules(settings.rules)
    except RuleError as error:
        raise CannotRunError((*problem_lines(error.problems), problem_count(error.problems, settings.rules))) from None
    complaints, told = unusable(settings, os.environ)
    key_complaints, key_warnings = unusable_keys(settings)
    if lines := (*unreadable(settings.geo_dbs), *complaints, *key_complaints):
        raise CannotRunError(lines)
    try:
        keys, warnings = open_keys(settings)
        for warning in (*told, *key_warnings, *warnings, *prepare_profiles(settings)):
            click.echo(f"warning: {warning}", err=True)
        listeners = Listeners.open(settings)
    except (ListenError, RightsError, SecretError, StoreError) as error:
        raise CannotRunError([str(error)]) from None
    configure_logging(settings.log_level, settings.log_format)
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


@main.command(short_help="Print the JSON Schema of rule files, for editors.")
def schema() -> None:
    """Print the JSON Schema of rule files, by which editors complete and underline."""
    import json

    from rules.schema import rule_file_schema

    show([json.dumps(rule_file_schema(), indent=2, ensure_ascii=False)])


main.add_command(accounts)
main.add_command(link)
main.add_command(token)
main.add_command(init)
main.add_command(preview)
main.add_command(explain)
main.add_command(check)
main.add_command(test)
