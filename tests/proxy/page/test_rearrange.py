"""Lists in another order: of generated pages and of real ones, every item there once, and every other byte in place."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.page.charset import UnreadableCharsetError
from proxy.page.compile import BombError, Page
from proxy.page.cut import cut, edits_of
from proxy.page.locate import RefusedError
from proxy.page.operations import EditClass, InsertBeside, Operation, Reorder, ReplaceElement, SetContent
from proxy.page.verify import agrees, bearable
from proxy.page.writing import Mode, Writing
from rules.model import Where
from tests.proxy.page.fidelity import Tally, saved_pages
from tests.proxy.page.lists import grids_of, keeps_every_byte, lists_of, reordered, try_lists

HAND_MADE = Path(__file__).parents[2] / "corpus"
LISTS_PER_SAVED_PAGE = 8
TEXT = Writing(("t",), Mode.TEXT, "t")
MARKUP = Writing(("<i>n</i>",), Mode.MARKUP, "<i>n</i>")


def page_of(html: str) -> Page:
    return Page(html.encode(), "utf-8")


def reorder(page: Page, container: str, items: str, *order: int) -> Reorder:
    (place,) = page.located.find(container)
    return Reorder(place, tuple(page.located.find(items)), order)


def made(page: Page, *operations: Operation) -> str:
    """The page with the operations; the second engine has to agree."""
    pieces = cut(page.body, edits_of(page.located, page.body, page.charset, operations))
    written = b"".join(piece for piece in pieces if isinstance(piece, bytes))
    assert agrees(page.located, page.body, written, page.charset, operations)
    return written.decode()


def test_items_change_places_and_what_stands_between_them_stays() -> None:
    page = page_of("<ul> <li ID=1>a</li><!-- c --><li>b</li > and <li>c</li>\n</ul>")
    written = made(page, reorder(page, "ul", "li", 2, 0, 1))
    assert written == "<ul> <li>c</li><!-- c --><li ID=1>a</li> and <li>b</li >\n</ul>"


def test_an_order_that_changes_nothing_leaves_the_page_as_it_is() -> None:
    page = page_of("<ul><li>a<li>b</ul>")
    assert made(page, reorder(page, "ul", "li", 0, 1)) == "<ul><li>a<li>b</ul>"


def test_an_implied_end_is_written_out_only_where_nothing_implies_it_any_more() -> None:
    page = page_of("<ul><li>a\n<li>b</li> and <li>c</ul>")
    assert made(page, reorder(page, "ul", "li", 1, 0, 2)) == "<ul><li>b</li><li>a\n</li> and <li>c</ul>"
    assert made(page, reorder(page, "ul", "li", 2, 1, 0)) == "<ul><li>c<li>b</li> and <li>a\n</ul>"


def test_items_of_several_rows_fill_each_others_places() -> None:
    page = page_of("<table><tr><td>1<td>2<tr><td>3</td></table>")
    assert made(page, reorder(page, "table", "td", 2, 0, 1)) == ("<table><tr><td>3</td><td>1<tr><td>2</td></table>")


def test_what_is_changed_of_an_item_and_beside_it_goes_along() -> None:
    page = page_of("<ul><li>a</li><li>b</li> <li><b>c</b></li></ul>")
    first, second, third = page.located.find("li")
    (bold,) = page.located.find("b")
    written = made(
        page,
        reorder(page, "ul", "li", 2, 1, 0),
        SetContent(bold, TEXT),
        EditClass(first, "x", present=True),
        InsertBeside(first, Where.AFTER, MARKUP),
        InsertBeside(third, Where.BEFORE, MARKUP),
        InsertBeside(third, Where.LAST, MARKUP),
        SetContent(second, TEXT),
    )
    assert written == ('<ul><i>n</i><li><b>t</b><i>n</i></li><li>t</li> <li class="x">a</li><i>n</i></ul>')


def test_an_item_that_is_taken_out_leaves_its_new_place_empty() -> None:
    page = page_of("<ul><li>a</li>, <li>b</li>, <li>c</li></ul>")
    gone = ReplaceElement(page.located.find("li")[0], None)
    assert made(page, reorder(page, "ul", "li", 1, 0, 2), gone) == "<ul><li>b</li>, , <li>c</li></ul>"


def test_a_list_inside_an_item_goes_along_in_its_own_new_order() -> None:
    page = page_of("<ul><li>a<ol><li>1<li>2</ol></li><li>b</li></ul>")
    inner, outer = reorder(page, "ol", "ol li", 1, 0), reorder(page, "ul", "ul > li", 1, 0)
    expected = "<ul><li>b</li><li>a<ol><li>2<li>1</ol></li></ul>"
    assert made(page, outer, inner) == expected
    assert made(page, inner, outer) == expected


def test_templates_and_pictures_in_svg_are_moved_as_they_are() -> None:
    card = '<li><template><b>1</b></template><svg viewBox="0 0 1 1"><linearGradient id="g"/></svg></li>'
    page = page_of(f"<ul>{card}<li>b</li></ul>")
    assert made(page, reorder(page, "ul", "ul > li", 1, 0)) == f"<ul><li>b</li>{card}</ul>"


def test_lists_that_share_items_are_refused() -> None:
    page = page_of("<main><ul><li>a</li><li>b</li></ul></main>")
    one, other = reorder(page, "ul", "li", 1, 0), reorder(page, "main", "li", 1, 0)
    with pytest.raises(RefusedError, match="two lists that it ranks have items in common"):
        made(page, one, other)


def test_items_inside_of_what_is_replaced_are_refused() -> None:
    page = page_of("<main><p><i>a</i></p><p><i>b</i></p></main>")
    moved = reorder(page, "main", "i", 1, 0)
    with pytest.raises(RefusedError, match="overlap"):
        made(page, moved, SetContent(page.located.find("p")[0], TEXT))


GAPS = st.sampled_from(["", " ", "\n\t", "<!-- <li> -->", "\r\n", "<script>'</li>'</script>"])
ATTRIBUTES = st.sampled_from(["", " class=x", " CLASS = 'a b'", ' title="</li>"', " data-a=1 data-a=2", " hidden"])
CONTENTS = st.sampled_from(
    ["", "a", "<b>t</b>", "<img src=a.png>", "<a href='?a=1&b=2'>l</a>", "&amp;", "<p>x", "<template><li></template>"]
)
KINDS = st.sampled_from(
    [("ul", "li"), ("ol", "LI"), ("div", "div"), ("section", "article"), ("dl", "dd"), ("div", "p")]
)
MAY_BE_LEFT_OPEN = {"li", "LI", "dd", "p"}


@st.composite
def list_markup(draw: st.DrawFn, depth: int = 2) -> str:
    container, tag = draw(KINDS)
    parts = [draw(GAPS)]
    for _ in range(draw(st.integers(0, 5))):
        content = draw(CONTENTS if tag != "p" else st.sampled_from(["", "a", "<b>t</b>"]))
        if depth and tag != "p":
            content += draw(st.one_of(st.just(""), list_markup(depth - 1)))
        ends = [f"</{tag}>", f"</{tag} >", *([""] if tag in MAY_BE_LEFT_OPEN else [])]
        parts += [f"<{tag}{draw(ATTRIBUTES)}>{content}{draw(st.sampled_from(ends))}", draw(GAPS)]
    return f"<{container}>{''.join(parts)}</{container}>"


@given(list_markup(), st.randoms(use_true_random=False))
def test_a_generated_list_loses_nothing_in_any_order(markup: str, chance: random.Random) -> None:
    page = page_of(f"<!doctype html><body>{markup}</body>")
    for element, elements in lists_of(page):
        order = list(range(len(elements)))
        chance.shuffle(order)
        items = tuple(page.located.place(each) for each in elements)
        moved = Reorder(page.located.place(element), items, tuple(order))
        written = reordered(page, moved)
        assert keeps_every_byte(page.body, written, moved)
        assert agrees(page.located, page.body, written, page.charset, [moved])


@given(list_markup(), st.randoms(use_true_random=False))
def test_all_generated_lists_of_a_page_at_once_are_right(markup: str, chance: random.Random) -> None:
    page = page_of(f"<!doctype html><body>{markup}</body>")
    moves = []
    for element, elements in lists_of(page):
        order = list(range(len(elements)))
        chance.shuffle(order)
        items = tuple(page.located.place(each) for each in elements)
        moves.append(Reorder(page.located.place(element), items, tuple(order)))
    assert len(made(page, *moves)) >= len(page.body)


@pytest.mark.parametrize("path", sorted(HAND_MADE.glob("*.html")), ids=lambda path: path.stem)
def test_every_list_of_a_hard_page_is_right_or_refused(path: Path) -> None:
    page, tally = Page(path.read_bytes(), None), Tally()
    try_lists(path.name, page, lists_of(page), tally)
    try_lists(path.name, page, grids_of(page), tally)
    assert tally.counts["bytes changed"] == tally.counts["disagreed"] == 0, tally.notes


def test_lists_of_saved_real_pages_are_right_and_hardly_ever_refused(capsys: pytest.CaptureFixture[str]) -> None:
    folder = saved_pages()
    if folder is None:
        pytest.skip("no saved pages: set TAILOR_CORPUS to a folder of them")
    labels = {entry["file"]: entry["charset_header"] for entry in json.loads((folder / "index.json").read_text())}
    tally = Tally()
    for path in sorted(folder.glob("*.html")):
        try:
            page = Page(path.read_bytes(), labels.get(path.name))
        except (UnreadableCharsetError, BombError):
            continue
        lists = [*lists_of(page), *grids_of(page)] if bearable(page.located) else []
        few = random.Random(path.name).sample(lists, min(LISTS_PER_SAVED_PAGE, len(lists)))
        try_lists(path.name, page, iter(few), tally)
    with capsys.disabled():
        print("\nlists:", ", ".join(f"{count} {what}" for what, count in sorted(tally.counts.items())))
        print("\n".join(tally.notes))
    assert tally.counts["lists"] > 300
    assert tally.counts["bytes changed"] == 0
    assert tally.refused_share("lists") < 0.01
