from __future__ import annotations

from pathlib import Path

import pytest

from rules.linting.unshared import unshared
from tests.rules.reading import rulebook

TEXT = "change: {select: h1, text: Hi}"


def told(folder: Path, rule: str) -> list[str]:
    return [problem.message for problem in unshared(rulebook(folder, f"experiences: {{a: {{pages: /, {rule}}}}}"))]


@pytest.mark.parametrize(
    "rule",
    [
        f"who: {{device.type: mobile}}, {TEXT}",
        f"who: {{geo.country: NO}}, when: {{until: 2099-01-01}}, {TEXT}",
        f"who: {{company.list: banks}}, {TEXT}",
        "change: {select: h1, text: '{% if geo.city %}Near{% endif %}'}",
        f"draft: true, who: {{visits.count: 3}}, {TEXT}",
    ],
)
def test_what_can_be_shared_is_not_told(tmp_path: Path, rule: str) -> None:
    assert told(tmp_path, rule) == []


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("redirect: /other", "leads to another page"),
        ("serve: /other", "leads to another page"),
        (f"who: {{visitor.trial_ends: {{older_than: 7d}}}}, {TEXT}", "how long ago"),
        ("change: {select: h1, text: 'Hello {{ geo.city }}'}", "prints `geo.city`"),
        ("change: {select: a, link: {href: '/near/{{ geo.city }}'}}", "prints `geo.city`"),
        (f"who: {{all: [{{visits.count: 3}}, {{session.pages: 2}}]}}, {TEXT}", "`session.pages`, `visits.count`"),
        (f"who: {{source.campaign: winter}}, {TEXT}", "`source.campaign`"),
    ],
)
def test_what_can_not_be_shared_is_told_with_the_reason(tmp_path: Path, rule: str, words: str) -> None:
    (message,) = told(tmp_path, rule)
    assert message.startswith("`a` ")
    assert words in message
