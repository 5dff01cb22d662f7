from __future__ import annotations

from pathlib import Path

from rules.consent_needs import consent_needs
from rules.signals import Tier
from tests.rules.reading import rulebook

TEXT = "change: {select: h1, text: Hi}"
NEEDS = f"""\
audiences:
  gold: {{visitor.plan: gold}}
experiences:
  hero: {{pages: /, who: {{all: [gold, {{geo.city: Oslo}}]}}, {TEXT}}}
  greeting: {{pages: /, change: {{select: h1, text: "{{{{ visitor.name }}}}"}}}}
  evening: {{pages: /, when: {{hours: "18:00-23:00"}}, {TEXT}}}
"""


def test_the_consent_that_an_experience_waits_for_is_told(tmp_path: Path) -> None:
    assert [str(need) for need in consent_needs(rulebook(tmp_path, NEEDS))] == [
        "needs consent where company_without_consent is off (company): hero: visitor.plan",
        "needs consent where company_without_consent is off (company): greeting: visitor.name",
    ]


def test_the_most_demanding_tier_is_told_first(tmp_path: Path) -> None:
    tiers = {"visitor.plan": Tier.SESSION, "geo.city": Tier.PERSISTENT, "visitor.name": Tier.PERSISTENT}
    needs = consent_needs(rulebook(tmp_path, NEEDS), lambda name: tiers.get(name, Tier.CONTEXTUAL))
    assert [str(need) for need in needs] == [
        "needs consent (persistent): hero: geo.city",
        "needs consent (persistent): greeting: visitor.name",
        "needs consent (session): hero: visitor.plan",
    ]
