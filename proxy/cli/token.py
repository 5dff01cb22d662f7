"""`tailor token`: for an operator who wants to know of one response how it came about."""

from __future__ import annotations

import os
from pathlib import Path

import click

from proxy.cli.terminal import CannotRunError, show


@click.command(short_help="Sign a token that has a response tell how it came about.")
@click.option(
    "--minutes", type=click.IntRange(1, 24 * 60), default=60, show_default=True, help="For how long it is good."
)
@click.option("--secret-file", type=click.Path(path_type=Path), help="The secrets that `tailor serve` runs with.")
@click.option("--data", type=click.Path(path_type=Path), help="The data folder that `tailor serve` runs with.")
@click.option("--config", type=click.Path(path_type=Path), help="The file of settings. [default: tailor.toml]")
def token(minutes: int, config: Path | None, **given: Path | None) -> None:
    """Sign a token, and print it: a request that bears it in Tailor-Debug is told what was decided, and in what time.

    The secrets are those of `tailor serve`: from the same flags, variables and tailor.toml.
    """
    from datetime import UTC, datetime

    from proxy.debug_tokens import sign_token
    from proxy.settings.layers import SettingsError, read_settings
    from proxy.visitor.keys import SecretError, open_keys

    flags = {name: path for name, path in given.items() if path is not None}
    try:
        # A token is made without the origin, so it need not be known.
        settings, _ = read_settings({"origin": "http://origin.invalid", **flags}, os.environ, config=config)
        keys, warnings = open_keys(settings, needed=True)
    except SettingsError as error:
        raise CannotRunError(error.lines) from None
    except SecretError as error:
        raise CannotRunError([str(error)]) from None
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    show([sign_token(keys, datetime.now(UTC), minutes)])
