"""The guide to monitoring: its metrics, its figures and its fields are those of the code."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from proxy.monitoring.access_log import Line
from proxy.monitoring.metrics import METRICS
from proxy.page import drift, places
from tests.docs.fences import prose, rows

GUIDE = "docs/monitoring.md"


def test_every_metric_that_a_query_names_exists() -> None:
    named = {word for cells in rows(GUIDE) for cell in cells for word in re.findall(r"\btailor_[a-z_]+", cell)}
    known = {metric.name for metric in METRICS} | {f"{metric.name}_bucket" for metric in METRICS}
    assert named
    assert named <= known


def test_every_metric_has_one_row_in_the_table() -> None:
    told = [cells[0].strip("`") for cells in rows("docs/metrics.md")]
    assert sorted(name for name in told if name != "metric") == sorted(metric.name for metric in METRICS)


def test_every_field_of_the_access_log_is_told() -> None:
    told = {word for cells in rows(GUIDE) for word in re.findall(r"`(\w+)`", cells[0])}
    assert {field.name for field in fields(Line)} <= told


@pytest.mark.parametrize(
    "told",
    [
        f"for {drift.MAX_SECONDS / 86_400:.0f} days and the last {drift.MAX_CUTS} of them",
        f"on {drift.USED_TO_RATE:.0%} or more of at least {drift.USED_TO} pages".replace("%", " %"),
        f"on fewer than half of the next {drift.RECENT}",
        f"on {drift.FOUND_AGAIN} pages in a row",
    ],
)
def test_a_figure_in_the_text_is_that_of_the_code(told: str) -> None:
    assert told in " ".join(prose(GUIDE).split())


def test_how_often_a_paused_experience_is_tried_is_that_of_the_code() -> None:
    assert places.PROBE == 4
    assert "one in four tries it" in " ".join(prose(GUIDE).split())
    assert drift.DRIFTING_RATE == 0.5
