"""From HTML and rules to HTML: shared by the tests of what becomes of a page."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from proxy.page.compile import Cut, Page, compile_cut
from proxy.rule_files import load_checked, read_folder
from rules.context import Value, make_context
from rules.decide import decide
from rules.decision import Decision
from rules.model import RuleBook
from rules.plan import make_plan
from tests.rules.reading import NOON, write

HOST = "shop.example"

Signals = Mapping[str, Value]
Templates = Mapping[str, str]


def one(change: str, experience: str = "a", priority: int = 0) -> str:
    """One experience for every page and visitor, from the items of its `change:`, to stand under `experiences:`."""
    items = textwrap.indent(textwrap.dedent(change).strip("\n"), " " * 6)
    return f"  {experience}:\n    pages: /**\n    priority: {priority}\n    change:\n{items}\n"


def book_of(rules: str, templates: Templates | None = None) -> RuleBook:
    """The rulebook of a rule file, or of what stands under its `experiences:`."""
    whole = rules if "experiences:" in rules else f"experiences:\n{rules}"
    files = {f"templates/{name}": text for name, text in (templates or {}).items()}
    with TemporaryDirectory() as folder:
        return load_checked(read_folder(write(Path(folder), {"home.yaml": whole, **files})))


def decided_by(book: RuleBook, signals: Signals | None = None) -> Decision:
    """What a rulebook decides for a visitor with these signals, at `/`."""
    return decide(make_plan(book, HOST, "/", {}), make_context(signals or {}, now=NOON, host=HOST))


def decided(rules: str, signals: Signals | None = None, templates: Templates | None = None) -> Decision:
    """The same, from the rulebook's text."""
    return decided_by(book_of(rules, templates), signals)


def cut_by(html: bytes, decision: Decision, label: str | None = "utf-8") -> Cut:
    """The page with a decision's changes, verified; `label` is the charset of its Content-Type."""
    return compile_cut(Page(html, label), decision, aside=frozenset(), verify=True)


def filled(cut: Cut, decision: Decision) -> bytes:
    """A cut as one visitor gets it."""
    return b"".join(cut.fill(decision))


def personalize(
    html: bytes,
    change: str,
    signals: Signals | None = None,
    templates: Templates | None = None,
    *,
    label: str | None = "utf-8",
) -> bytes:
    """The page as one visitor gets it; `change` are the items of one experience's `change:`.

    Fails where the experience does not make it to the page.
    """
    decision = decided(one(change), signals, templates)
    assert decision.choices, decision.reasons
    cut = cut_by(html, decision, label)
    assert not cut.left_out, cut.left_out
    return filled(cut, decision)


def personalize_by(html: bytes, rules: str, signals: Signals | None = None) -> bytes:
    """The page under several experiences, whatever of them makes it to the page."""
    decision = decided(rules, signals)
    return filled(cut_by(html, decision), decision)


def left_out(html: bytes, rules: str, signals: Signals | None = None, *, label: str | None = "utf-8") -> list[str]:
    """What is decided for and is not on the page, as `experience: selector: why`."""
    cut = cut_by(html, decided(rules, signals), label)
    return [f"{each.experience}: {each.selector}: {each.why}" for each in cut.left_out]


def why_left_out(html: bytes, change: str, signals: Signals | None = None, *, label: str | None = "utf-8") -> str:
    """Why one experience is not on the page; the page is the origin's then."""
    decision = decided(one(change), signals)
    assert decision.choices, decision.reasons
    cut = cut_by(html, decision, label)
    assert filled(cut, decision) == html
    assert cut.shown == ()
    (only,) = cut.left_out
    return only.why
