"""`tailor preview`: the site as anybody would see it, for the author of its rules."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from proxy.cli.terminal import CannotRunError, problem_count, problem_lines

if TYPE_CHECKING:
    from proxy.settings.model import Settings

PORT = 8090


@click.command(short_help="Look at the site as anybody would see it.")
@click.option("--origin", metavar="URL", help="The site: an http or https URL.")
@click.option(
    "--rules", metavar="DIR", type=click.Path(path_type=Path), help="The folder of the rulebook. [default: rules]"
)
@click.option("--port", metavar="N", default=PORT, show_default=True, help="The port on 127.0.0.1; 0 is any free one.")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="The file of settings. [default: tailor.toml in the working directory, if there is one]",
)
def preview(config: Path | None, port: int, **flags: object) -> None:
    """Look at the site as anybody would see it: add ?tailor.as=geo.country:SE,device.type:mobile to a URL.

    Only this machine can ask, drafts are live, and the header X-Tailor of each response says what is shown, what is
    not, and why. Other settings are read as `tailor serve` reads them.
    """
    from proxy.monitoring.logs import configure_logging
    from proxy.preview_server import HOST, run_preview
    from proxy.serve import ListenError, listen, open_rules, url_of
    from rules.errors import RuleError

    given = {name: value for name, value in flags.items() if value is not None}
    settings = _settings({**given, "host": HOST, "port": port}, config)
    try:
        keeper = open_rules(settings.rules)
        listener = listen(HOST, settings.port, "port")
    except RuleError as error:
        raise CannotRunError((*problem_lines(error.problems), problem_count(error.problems, settings.rules))) from None
    except ListenError as error:
        raise CannotRunError([str(error)]) from None
    configure_logging(settings.log_level, settings.log_format)
    for line in _greeting(settings, len(keeper.book.experiences), url_of(listener)):
        click.echo(line, err=True)
    with listener:
        run_preview(settings, keeper, listener)


def _settings(given: dict[str, object], config: Path | None) -> Settings:
    from proxy.settings.layers import SettingsError, read_settings

    try:
        settings, warnings = read_settings(given, os.environ, config=config)
    except SettingsError as error:
        raise CannotRunError(error.lines) from None
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    return settings


def _greeting(settings: Settings, experiences: int, url: str) -> Iterable[str]:
    from proxy.preview import PARAMETER
    from proxy.serve import probe

    yield f"A preview of {settings.origin}; experiences, drafts among them: {experiences}, from {settings.rules}"
    yield f"Look at {url}/?{PARAMETER}=geo.country:SE,device.type:mobile (and ?{PARAMETER}= to be yourself again)"
    if trouble := probe(settings.origin):
        yield f"The origin does not answer at the moment ({trouble})"
