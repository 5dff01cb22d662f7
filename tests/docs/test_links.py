"""No page of the documentation links to what is not there."""

from __future__ import annotations

import re

import pytest

from tests.docs.fences import ROOT, prose

PAGES = sorted(
    str(path.relative_to(ROOT)) for glob in ("*.md", "docs/**/*.md", "examples/**/*.md") for path in ROOT.glob(glob)
)


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file_and_a_heading(page: str) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    assert [target for target in targets if "://" not in target and not leads_somewhere(page, target)] == []


def leads_somewhere(page: str, target: str) -> bool:
    name, _, anchor = target.partition("#")
    path = (ROOT / page).parent / name if name else ROOT / page
    if not path.exists():
        return False
    return not anchor or anchor in anchors(str(path.resolve().relative_to(ROOT)))


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings, as GitHub and GitLab make them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
