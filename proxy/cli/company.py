"""`tailor accounts check` and `tailor link`: for those who bring lists of target companies and send links to them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from proxy.cli.terminal import CannotRunError, number, problem_count, problem_lines, show

if TYPE_CHECKING:
    from proxy.company.account import Accounts
    from proxy.settings.model import Settings


@click.group()
def accounts() -> None:
    """Work on the file of target companies."""


@accounts.command(short_help="Say what is wrong with the accounts in FILE.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_context
def check(ctx: click.Context, file: Path) -> None:
    """Say what is wrong with the accounts in FILE: all of it, each with its line and its likely fix."""
    from proxy.company.accounts_file import AccountsError, load_accounts
    from proxy.company.audit import audit

    try:
        loaded = load_accounts(file)
    except AccountsError as error:
        show(problem_lines(error.problems))
        show([problem_count(error.problems, file)])
        ctx.exit(1)
    except OSError as error:
        raise CannotRunError([f"{file}: can't be read: {error.strerror}"]) from None
    warnings = audit(loaded, file)
    show(problem_lines(warnings))
    show([f"{file}: fine; {_totals(loaded)}; {number(len(warnings), 'warning')}"])


def _totals(loaded: Accounts) -> str:
    keys = {"domain": "domains", "range": "ranges", "network": "asns"}
    counted = {noun: sum(len(getattr(account, key)) for account in loaded.all) for noun, key in keys.items()}
    told = ", ".join(number(count, noun) for noun, count in counted.items())
    return f"{number(len(loaded.all), 'account')}, found by {told}"


@click.command(short_help="Sign a campaign's link to URL, which says which company it was sent to.")
@click.argument("url", metavar="URL")
@click.option("--company", required=True, help="The company, by its name, alias or domain in the accounts file.")
@click.option("--days", type=click.IntRange(1, 3650), help="For how long it says so. [default: for ever]")
@click.option("--accounts", "accounts_file", type=click.Path(path_type=Path), help="The file of target companies.")
@click.option("--secret-file", type=click.Path(path_type=Path), help="The secrets that `tailor serve` runs with.")
@click.option("--data", type=click.Path(path_type=Path), help="The data folder that `tailor serve` runs with.")
@click.option("--config", type=click.Path(path_type=Path), help="The file of settings. [default: tailor.toml]")
def link(
    url: str, company: str, days: int | None, accounts_file: Path | None, config: Path | None, **given: Path
) -> None:
    """Sign a campaign's link to URL, and print it: whoever follows it counts as of that company, on that page.

    The secrets are those of `tailor serve`: from the same flags, variables and tailor.toml.
    """
    from datetime import UTC, datetime

    from proxy.company.links import LinkError, expiry, sign_company
    from proxy.parameters import COMPANY, with_own
    from proxy.visitor.keys import SecretError, open_keys

    if not url.startswith(("https://", "http://")):
        raise CannotRunError([f"{url} is not an http or https URL (write it like https://shop.example/offer)"])
    flags = {name: path for name, path in {**given, "accounts": accounts_file}.items() if path is not None}
    settings = _settings(flags, config)
    if settings.accounts is not None:
        _require_account(settings.accounts, company)
    try:
        keys, warnings = open_keys(settings, needed=True)
        until = expiry(datetime.now(UTC), days) if days else None
        signed = sign_company(company, keys, until=until)
    except (SecretError, LinkError) as error:
        raise CannotRunError([str(error)]) from None
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    show([with_own(url, COMPANY, signed)])


def _settings(flags: dict[str, Path], config: Path | None) -> Settings:
    from proxy.settings.layers import SettingsError, read_settings

    try:
        # A link is made without the origin, so it need not be known.
        settings, _ = read_settings({"origin": "http://origin.invalid", **flags}, os.environ, config=config)
    except SettingsError as error:
        raise CannotRunError(error.lines) from None
    return settings


def _require_account(file: Path, company: str) -> None:
    """A slip of the pen in a link would be seen by nobody but the company."""
    from proxy.company.accounts_file import AccountsError, load_accounts
    from rules.errors import did_you_mean

    try:
        loaded = load_accounts(file)
    except AccountsError as error:
        raise CannotRunError(problem_lines(error.problems)) from None
    except OSError as error:
        raise CannotRunError([f"{file}: can't be read: {error.strerror} (check --accounts)"]) from None
    if loaded.by_name(company) is None:
        names = [name for account in loaded.all for name in (account.name, account.alias) if name]
        hint = did_you_mean(company, names) or "write a name, alias or domain that is in it"
        raise CannotRunError([f"{file}: no account `{company}` ({hint})"])
