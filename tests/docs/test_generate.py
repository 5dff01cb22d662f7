"""The pages that are made of the code say what the code says now."""

from __future__ import annotations

import pytest

from proxy.cli.terminal import CANNOT_RUN
from rules.signals import Tier, catalogue
from tests.docs.fences import ROOT, rows
from tests.docs.generate import EXIT_CODES, PAGES, TIERS


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_what_would_be_made_now(page: str) -> None:
    assert (ROOT / page).read_text(encoding="utf-8") == PAGES[page](), "it is stale: run `make docs`"


def test_every_signal_has_one_row_with_its_tier() -> None:
    told = {cells[0].strip("`"): cells[-1] for cells in rows("docs/signals.md") if len(cells) == 5}
    del told["signal"]
    assert told == {signal.name: signal.tier.value for signal in catalogue()}


def test_every_tier_and_every_exit_code_is_told() -> None:
    assert TIERS.keys() == {*Tier}
    assert CANNOT_RUN in EXIT_CODES
