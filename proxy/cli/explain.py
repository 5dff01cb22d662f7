"""`tailor explain`: why a visitor would see what they see on a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from proxy.cli.terminal import FOLDER, CannotRunError, load_folder, mistake_line, show

if TYPE_CHECKING:
    from collections.abc import Collection

    from rules.context import Value
    from rules.visits import Visit


@click.command(short_help="Say why a visitor would see what they see on PATH.")
@FOLDER
@click.argument("page", metavar="PATH")
@click.option("--as", "given", multiple=True, metavar="SIGNAL=VALUE", help="What is known of the visitor; repeatable.")
@click.option("--at", metavar="MOMENT", help="When; such as 2026-12-02T10:00, on the visitor's clock. [default: now]")
@click.option("--host", default="", help="The name under which the visitor reaches the site.")
@click.option(
    "--id", "visitor_id", default="", metavar="ID", help="Any word: it settles which experiments they are in."
)
@click.option(
    "--variant", "variants", multiple=True, metavar="EXPERIMENT=ARM", help="What an experiment gives; repeatable."
)
@click.option("--json", "as_json", is_flag=True, help="For a program.")
@click.pass_context
def explain(
    ctx: click.Context,
    folder: Path,
    page: str,
    given: tuple[str, ...],
    at: str | None,
    host: str,
    visitor_id: str,
    variants: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say why a visitor would see what they see on PATH: every experience that is for it, and each of its tests.

    PATH may have a query. What is always known is filled in as for a request.
    """
    import json
    from dataclasses import replace
    from datetime import UTC, datetime

    from proxy.reports import explanation_json, explanation_lines
    from rules.errors import MistakeError
    from rules.explain import explain

    try:
        visit = _visit(page, given, at, host, visitor_id)
        book = load_folder(ctx, folder)
        visit = replace(visit, variants=_arms(variants, book.arms))
    except MistakeError as mistake:
        raise CannotRunError([mistake_line(mistake)]) from None
    told = explain(book, visit, datetime.now(UTC))
    if as_json:
        show([json.dumps(explanation_json(told), indent=2, ensure_ascii=False)])
    else:
        show(explanation_lines(told))


def _visit(page: str, given: Iterable[str], at: str | None, host: str, visitor_id: str) -> Visit:
    from rules.load_visits import read_at, read_page
    from rules.visits import Visit

    path, query = read_page(page)
    moment = read_at(at) if at is not None else None
    return Visit(path, query, host, moment, dict(map(_signal, given)), visitor_id)


def _signal(given: str) -> tuple[str, Value]:
    from rules.errors import MistakeError
    from rules.load_visits import read_signal
    from rules.signals import Type, lookup

    name, equals, word = given.partition("=")
    if not equals:
        raise MistakeError(f"`--as {given}` has no `=`", hint="such as --as geo.country=SE")
    if name.startswith("time."):
        raise MistakeError(f"`{name}` follows from the moment", hint="`--at` is for that: --at 2026-12-24T20:00")
    signal = lookup(name)
    words = word.split(",") if signal is not None and signal.type is Type.LIST else [word]
    return name, read_signal(name, words)


def _arms(given: Iterable[str], experiments: Mapping[str, Collection[str]]) -> dict[str, str]:
    from rules.errors import MistakeError
    from rules.load_visits import read_arm

    arms: dict[str, str] = {}
    for each in given:
        name, equals, arm = each.partition("=")
        if not equals:
            raise MistakeError(f"`--variant {each}` has no `=`", hint="such as --variant pricing-cta=bold")
        arms[name] = read_arm(experiments, name, arm)
    return arms
