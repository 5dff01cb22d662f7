from __future__ import annotations

import pytest

from proxy.page.locate import Located
from proxy.page.operations import (
    Buried,
    EditClass,
    InsertBeside,
    Operation,
    Reorder,
    ReplaceElement,
    SetAttribute,
    SetBackground,
    SetContent,
    background_span,
    conflict,
    effective,
    tangled,
    with_class,
)
from proxy.page.writing import Mode, Writing
from rules.model import Where

PAGE = Located(b"<div><p>a<b>x</b></p></div><i>y</i>")
(DIV,), (P,), (BOLD,), (ITALIC,) = (PAGE.find(selector) for selector in ("div", "p", "b", "i"))
TEXT = Writing(("t",), Mode.TEXT, "t")


def test_what_is_replaced_buries_what_lies_in_it_and_not_itself() -> None:
    for outer in (ReplaceElement(DIV, None), SetContent(DIV, TEXT)):
        assert P in Buried([outer])
        assert BOLD in Buried([outer])
        assert DIV not in Buried([outer])
        assert ITALIC not in Buried([outer])
    assert P not in Buried([SetAttribute(DIV, "id", TEXT)])
    assert BOLD in Buried([SetContent(DIV, TEXT), SetContent(ITALIC, TEXT), ReplaceElement(P, None)])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SetContent(DIV, TEXT), EditClass(BOLD, "x", present=True)),
        (ReplaceElement(P, TEXT), SetContent(BOLD, TEXT)),
        (ReplaceElement(P, TEXT), ReplaceElement(P, None)),
        (ReplaceElement(P, TEXT), InsertBeside(P, Where.BEFORE, TEXT)),
        (SetContent(P, TEXT), InsertBeside(P, Where.LAST, TEXT)),
        (SetAttribute(P, "id", TEXT), SetAttribute(P, "id", None)),
        (SetAttribute(P, "style", TEXT), SetBackground(P, TEXT)),
        (SetAttribute(P, "class", TEXT), EditClass(P, "x", present=True)),
        (EditClass(P, "x", present=True), EditClass(P, "x", present=False)),
        (Reorder(DIV, (P,), (0,)), SetContent(DIV, TEXT)),
        (Reorder(DIV, (BOLD,), (0,)), SetContent(P, TEXT)),
        (Reorder(DIV, (P,), (0,)), ReplaceElement(DIV, None)),
        (Reorder(DIV, (P,), (0,)), Reorder(DIV, (BOLD,), (0,))),
    ],
)
def test_two_that_write_one_thing_conflict_either_way_round(one: Operation, other: Operation) -> None:
    assert conflict([one], [other])
    assert conflict([other], [one])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SetContent(DIV, TEXT), EditClass(ITALIC, "x", present=True)),
        (SetContent(P, TEXT), InsertBeside(P, Where.AFTER, TEXT)),
        (SetContent(P, TEXT), SetAttribute(P, "id", TEXT)),
        (SetAttribute(P, "id", TEXT), SetAttribute(P, "title", TEXT)),
        (EditClass(P, "x", present=True), EditClass(P, "y", present=True)),
        (InsertBeside(P, Where.FIRST, TEXT), InsertBeside(P, Where.FIRST, TEXT)),
        (InsertBeside(P, Where.FIRST, TEXT), SetContent(BOLD, TEXT)),
        (SetContent(DIV, TEXT), InsertBeside(DIV, Where.BEFORE, TEXT)),
        (Reorder(DIV, (P,), (0,)), ReplaceElement(P, None)),
        (Reorder(DIV, (P,), (0,)), SetContent(P, TEXT)),
        (Reorder(DIV, (P,), (0,)), InsertBeside(DIV, Where.LAST, TEXT)),
        (Reorder(DIV, (P,), (0,)), EditClass(DIV, "x", present=True)),
        (Reorder(DIV, (P,), (0,)), Reorder(P, (BOLD,), (0,))),
    ],
)
def test_two_that_write_different_things_do_not(one: Operation, other: Operation) -> None:
    assert not conflict([one], [other])
    assert not conflict([other], [one])


def test_of_one_experience_only_what_has_an_effect_is_left() -> None:
    beside = InsertBeside(P, Where.BEFORE, TEXT)
    last = ReplaceElement(P, None)
    every: list[Operation] = [
        EditClass(BOLD, "x", present=True),
        EditClass(P, "x", present=True),
        beside,
        ReplaceElement(P, TEXT),
        last,
    ]

    assert effective(every) == [beside, last]
    assert effective([EditClass(P, "x", present=True), SetContent(DIV, TEXT)]) == [SetContent(DIV, TEXT)]


def test_of_one_experience_the_last_order_counts_unless_the_list_is_replaced() -> None:
    first, last = Reorder(DIV, (P,), (0,)), Reorder(DIV, (), ())
    assert effective([first, last]) == [last]
    assert effective([last, SetContent(DIV, TEXT)]) == [SetContent(DIV, TEXT)]
    assert effective([last, ReplaceElement(DIV, None)]) == [ReplaceElement(DIV, None)]


def test_lists_are_tangled_where_the_items_of_one_are_spread_over_the_others() -> None:
    page = Located(b"<main><ul><li>1<li>2</ul><ul><li>3<li>4</ul></main>")
    main, lists, items = page.find("main")[0], page.find("ul"), page.find("li")
    outer, whole = Reorder(main, tuple(lists), (1, 0)), Reorder(main, tuple(items), (3, 2, 1, 0))
    inner, other = Reorder(lists[0], tuple(items[:2]), (1, 0)), Reorder(lists[1], tuple(items[2:]), (1, 0))
    for one, another in ((inner, other), (outer, inner), (outer, other)):
        assert not tangled(one, another)
        assert not tangled(another, one)
    for one in (outer, inner, other):
        assert tangled(one, whole)
        assert tangled(whole, one)


def test_a_change_may_have_thousands_of_places() -> None:
    places = Located(b"<p>x</p>" * 20_000).find("p")
    texts: list[Operation] = [SetContent(place, TEXT) for place in places]
    classes: list[Operation] = [EditClass(place, "x", present=True) for place in places]

    assert effective(texts) == texts
    assert not conflict(texts, classes)
    assert conflict(texts, [*classes, SetContent(places[-1], TEXT)])


@pytest.mark.parametrize(
    ("style", "url"),
    [
        ("background:url(a.png)", "a.png"),
        ("color: red; BACKGROUND-IMAGE : URL( 'a b.png' ) ; top: 0", " 'a b.png' "),
        ("background: #fff url(&quot;a(1);b.png&quot;) center", "&quot;a(1);b.png&quot;"),
        ('background:linear-gradient(red, blue), url("a.png"), url(b.png)', '"a.png"'),
        ("background:url()", ""),
        ("color:red", None),
        ("color:red;--x:url(a)", None),
        ("list-style:url(a);background:red;border-image:url(b)", None),
    ],
)
def test_the_url_of_a_background_is_found(style: str, url: str | None) -> None:
    span = background_span(style)
    assert (None if span is None else style[slice(*span)]) == url


@pytest.mark.parametrize("unit", ["background:", "background:url(", "url(", " ", "url('", "url(&quot;x", "&a"])
def test_a_hostile_style_is_read_in_linear_time(unit: str) -> None:
    background_span("background:" + unit * 20_000)
    background_span("background:url(" + unit * 20_000)


@pytest.mark.parametrize(
    ("value", "name", "present", "expected"),
    [
        ("", "a", True, "a"),
        ("a", "a", True, "a"),
        ("a ", "b", True, "a b"),
        ("a\n\tb", "c", True, "a\n\tb c"),
        ("&#97; b", "a", True, "&#97; b"),
        ("aa", "a", True, "aa a"),
        ("a b a", "a", False, "b "),
        (" a b", "b", False, " a "),
        ("&#97; b", "a", False, "b"),
        ("ab", "a", False, "ab"),
        ("a\xa0b", "a", False, "a\xa0b"),
        ("", "a", False, ""),
    ],
)
def test_a_class_is_edited_and_the_rest_stays_as_it_was_written(
    value: str, name: str, *, present: bool, expected: str
) -> None:
    assert with_class(value, name, present=present) == expected
