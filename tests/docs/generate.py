"""The pages of the documentation that are made of the code: `python -m tests.docs.generate` writes them anew."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from textwrap import fill

import click

from proxy.cli.main import main as tailor
from proxy.monitoring.exposition import PROCESS
from proxy.monitoring.metrics import METRICS, Metric
from rules.signals import Signal, Tier, catalogue
from tests.docs.fences import ROOT

MADE = "<!-- Made of the code by `make docs`; what is written here by hand is lost. -->"

TIERS: Mapping[Tier, str] = {
    Tier.CONTEXTUAL: "what the request itself says. It needs no consent.",
    Tier.COMPANY: "of this request alone, and nothing is written. It needs no consent, unless the operator says so"
    " (`company_without_consent = false`).",
    Tier.SESSION: "what is remembered of this visit. It needs consent.",
    Tier.PERSISTENT: "what is remembered of earlier visits. It needs consent.",
}

EXIT_CODES: Mapping[int, str] = {
    0: "fine; warnings are fine too",
    1: "what was checked has problems, or a test fails",
    2: "the command could not run at all; standard error says why, and what to do",
}

_MANY = 12  # values of a signal that are still listed
_WIDTH = 120


def signals_page() -> str:
    """Every signal of the catalogue, by group."""
    lines = [
        "# Signals",
        "",
        MADE,
        "",
        "Every name that a [rule](rules.md#signals) can test or print. A signal without a value is *unknown*, and that",
        "is not false.",
        "",
        "| tier | is |",
        "|---|---|",
        *(f"| {tier.value} | {meaning} |" for tier, meaning in TIERS.items()),
        "",
        "Of a name with `<name>` in it there are many: put your own word there.",
        "",
    ]
    for group, signals in groupby(sorted(catalogue(), key=_group), key=_group):
        lines += [f"## {group}", "", "| signal | holds | what it is | example | tier |", "|---|---|---|---|---|"]
        lines += [*map(_signal_row, signals), ""]
    return "\n".join(lines)


def _group(signal: Signal) -> str:
    return signal.name.partition(".")[0]


def _signal_row(signal: Signal) -> str:
    listed = f": {', '.join(f'`{value}`' for value in signal.values)}" if 0 < len(signal.values) <= _MANY else ""
    cells = (
        f"`{signal.name}`",
        signal.type.value,
        _cell(signal.meaning) + listed,
        f"`{_cell(signal.example)}`",
        signal.tier.value,
    )
    return f"| {' | '.join(cells)} |"


def cli_page() -> str:
    """Every command, with its arguments and options."""
    commands = list(_commands(tailor, "tailor"))
    lines = [
        "# The command line",
        "",
        MADE,
        "",
        _paragraph(f"{tailor.help} `tailor COMMAND --help` says what stands here."),
        "",
        "| exit code | says |",
        "|---|---|",
        *(f"| {code} | {meaning} |" for code, meaning in EXIT_CODES.items()),
        "",
        *(f"- [`{path}`](#{path.replace(' ', '-')})" for path, _ in commands),
        "",
    ]
    for path, command in commands:
        lines += _command(path, command)
    return "\n".join(lines)


def _commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    for name in sorted(group.commands):
        command = group.commands[name]
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _command(path: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=path)
    yield from (f"## {path}", "", "```text", " ".join([path, *command.collect_usage_pieces(context)]), "```", "")
    for paragraph in re.split(r"\n\s*\n", (command.help or "").strip()):
        yield from (_paragraph(paragraph), "")
    records = [each.get_help_record(context) for each in command.get_params(context)]
    options = [record for record in records if record is not None and record[1] and "--help" not in record[0]]
    if options:
        yield from ("| option | says |", "|---|---|")
        yield from (f"| `{_cell(names)}` | {_cell(says)} |" for names, says in options)
        yield ""


def metrics_page() -> str:
    """Every metric, in the order in which they are told."""
    lines = [
        "# Metrics",
        "",
        MADE,
        "",
        _paragraph(
            "What `GET /metrics` of the admin listener tells Prometheus ([monitoring](monitoring.md#metrics)). Every "
            f"metric has the label `{PROCESS}`, the id of the process that counted it, beside those named here. "
            "Counters begin at 0 with their process; a metric of which there is nothing to tell is left out."
        ),
        "",
        "| metric | type | labels | what it is |",
        "|---|---|---|---|",
        *map(_metric_row, METRICS),
        "",
    ]
    return "\n".join(lines)


def _metric_row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}` | {metric.kind} | {labels} | {_cell(metric.meaning)} |"


def _paragraph(text: str) -> str:
    return fill(" ".join(text.split()), _WIDTH, break_long_words=False, break_on_hyphens=False)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


PAGES: Mapping[str, Callable[[], str]] = {
    "docs/signals.md": signals_page,
    "docs/cli.md": cli_page,
    "docs/metrics.md": metrics_page,
}


def main() -> None:
    """Write every page."""
    for page, made in PAGES.items():
        (ROOT / page).write_text(made(), encoding="utf-8")
        print(page)


if __name__ == "__main__":
    main()
