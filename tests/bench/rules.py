"""What a rulebook costs: a thousand experiences loaded and checked, and the decision on a URL that fifty are for.

Run as `python -m tests.bench.rules`. Figures are CPU time of this process, the least of several runs. Exits with 1
where one is over its limit.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from proxy.rule_files import load_checked
from rules.context import make_context
from rules.decide import decide
from rules.linting.lint import lint
from rules.load import RuleFolder
from rules.model import RuleBook
from rules.plan import Shortlists
from tests.bench.micro import cpu_seconds

EXPERIENCES = 1_000
ON_A_URL = 50
_NOW = datetime(2026, 12, 2, 12, tzinfo=UTC)
_COUNTRIES = ("NO", "SE", "DK", "FI", "DE")
_CHECK_LIMIT_SECONDS = 2.0
_DECISION_LIMIT_MICROSECONDS = 60.0


def rules_text() -> str:
    """Experiences by fifty on a page: by campaign and country, by industry and hour, all for two places."""
    return "experiences:\n" + "".join(_experiences())


def _experiences() -> Iterator[str]:
    for number in range(EXPERIENCES):
        country = _COUNTRIES[number % len(_COUNTRIES)]
        yield f"""\
  campaign-{number}:
    title: Experience number {number}
    pages: /page-{number // ON_A_URL}
    who: {{all: [geo.country: [{country}, CH], source.campaign: campaign-{number}], none: [source.medium: email]}}
    priority: {number % 7}
    change:
      - select: "#hero h1"
        text: "Number {number} for {{{{ geo.city or 'everyone' }}}}"
      - select: "a.cta"
        link: {{href: /offers/{number}, text: "See offer {number}"}}
"""


def load() -> RuleBook:
    """The thousand, as `tailor check` reads them."""
    return load_checked(RuleFolder("rules", (("rules/a.yaml", rules_text().encode()),)))


def main() -> int:
    """Print the figures; 1 where one is over its limit."""
    book = load()
    shortlist = Shortlists(book).at("shop.example", "/page-3")
    plan = shortlist.plan({})
    if len(plan.experiences) != ON_A_URL:
        raise SystemExit(f"{len(plan.experiences)} experiences on a URL, not {ON_A_URL}")
    observed = {"geo.country": "NO", "geo.city": "Bergen", "source.campaign": "campaign-165", "source.medium": "social"}
    context = make_context(observed, now=_NOW, host="shop.example", needed=plan.signals)
    if [choice.experience.id for choice in decide(plan, context).choices] != ["campaign-165"]:
        raise SystemExit("the decision is not the one that the rules say")
    loading = cpu_seconds(load, at_least=0.1, rounds=3)
    checking = cpu_seconds(lambda: lint(book, _NOW), at_least=0.1, rounds=3)
    deciding = cpu_seconds(lambda: decide(plan, context)) * 1e6
    rows = [
        (f"{EXPERIENCES:,} experiences loaded", loading, "s", _CHECK_LIMIT_SECONDS),
        ("loaded and checked", loading + checking, "s", _CHECK_LIMIT_SECONDS),
        (f"a URL with {ON_A_URL} decided", deciding, "µs", _DECISION_LIMIT_MICROSECONDS),
    ]
    for name, figure, unit, limit in rows:
        print(f"  {name:28} {figure:8.2f} {unit:4} (limit {limit:g}){' OVER' if figure > limit else ''}")
    return int(any(figure > limit for _, figure, _, limit in rows))


if __name__ == "__main__":
    sys.exit(main())
