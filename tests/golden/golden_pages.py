"""Golden pages: a page, the rules put to it, a visitor, and the page that comes of it, as files that diff well.

Each folder of tests/golden/pages holds `page.html`, `rules.yaml`, `visitor.yaml` (signals by name) and, written by
`python -m tests.golden.golden_pages`, `expected.html`.
"""

from __future__ import annotations

from pathlib import Path

from proxy.page.compile import Page, compile_cut
from rules.context import make_context
from rules.decide import decide
from rules.nodes import Entries, Scalar
from rules.plan import make_plan
from rules.source import decode, parse
from tests.proxy.page.cutting import HOST, book_of
from tests.rules.reading import NOON

FOLDER = Path(__file__).parent / "pages"


def cases() -> list[Path]:
    """The folders of all cases."""
    return sorted(path.parent for path in FOLDER.glob("*/page.html"))


def made_of(case: Path) -> bytes:
    """What a case's page becomes for its visitor."""
    book = book_of((case / "rules.yaml").read_text(encoding="utf-8"))
    root = parse(decode("visitor.yaml", (case / "visitor.yaml").read_bytes()))
    assert isinstance(root, Entries)
    observed = {key.text: value.text for key, value in root.pairs if isinstance(value, Scalar)}
    decision = decide(make_plan(book, HOST, "/", {}), make_context(dict(observed), now=NOON, host=HOST))
    page = Page((case / "page.html").read_bytes(), None)
    cut = compile_cut(page, decision, aside=frozenset(), verify=True)
    return b"".join(cut.fill(decision))


def main() -> None:
    """Write what is expected of every case."""
    for case in cases():
        (case / "expected.html").write_bytes(made_of(case))


if __name__ == "__main__":
    main()
