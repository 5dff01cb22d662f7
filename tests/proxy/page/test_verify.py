from __future__ import annotations

import pytest

from proxy.page.compile import Page
from proxy.page.locate import Located
from proxy.page.operations import InsertBeside, Operation, Reorder, ReplaceElement, SetAttribute, SetContent
from proxy.page.verify import agrees, bearable
from proxy.page.writing import Mode, Writing
from rules.model import Where

HTML = b"<h1 id=a>Hi</h1><p>there</p>"


def said(text: str, mode: Mode = Mode.TEXT) -> Writing:
    return Writing((text,), mode, text)


def test_a_cut_that_reads_as_the_edited_tree_is_agreed_with() -> None:
    page = Page(HTML, "utf-8")
    (heading,) = page.located.find("h1")

    cuts: list[tuple[bytes, Operation]] = [
        (b"<h1 id=a>Hello</h1><p>there</p>", SetContent(heading, said("Hello"))),
        (b"<h1 id='b'>Hi</h1><p>there", SetAttribute(heading, "id", said("b"))),
        (b"<p>there</p>", ReplaceElement(heading, None)),
        (b"<h1 id=a>Hi</h1><i>x</i><p>there</p>", InsertBeside(heading, Where.AFTER, said("<i>x</i>", Mode.MARKUP))),
    ]
    for cut, operation in cuts:
        assert agrees(page.located, HTML, cut, page.charset, [operation])


def test_a_cut_that_reads_as_anything_else_is_not() -> None:
    page = Page(HTML, "utf-8")
    (heading,) = page.located.find("h1")
    operation = SetContent(heading, said("Hello"))

    for cut in (
        HTML,
        b"<h1 id=a>Hello<p>there</p>",
        b"<h1 id=a>Hello </h1><p>there</p>",
        b"<h1>Hello</h1><p>there</p>",
        b"",
    ):
        assert not agrees(page.located, HTML, cut, page.charset, [operation])


def test_several_inserted_at_one_place_stand_in_their_order() -> None:
    page = Page(b"<b></b>", "utf-8")
    (bold,) = page.located.find("b")
    operations = [
        InsertBeside(bold, where, said(f"<i>{number}</i>{number}", Mode.MARKUP)) for number in "12" for where in Where
    ]
    first, second = b"<i>1</i>1", b"<i>2</i>2"
    inside = first + second + first + second

    assert agrees(
        page.located, b"<b></b>", first + second + b"<b>" + inside + b"</b>" + first + second, page.charset, operations
    )


def test_pages_that_the_engines_read_differently_are_not_agreed_with() -> None:
    body = b"<h1>Hi</h1>"
    page, other = Page(body, "utf-8"), body + b"<p>more</p>"
    (heading,) = page.located.find("h1")

    assert not agrees(page.located, other, other, page.charset, [SetContent(heading, said("Hi"))])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"<div>" * 240, True),
        (b"<div>" * 40_000, False),
        (b"<p " + b" ".join(b"a%d" % number for number in range(400)) + b">", True),
        (b"<p " + b" ".join(b"a%d" % number for number in range(5_000)) + b">", False),
        (b"<a href=/>x</a>" * 5_000, True),
        (b"<ul>" + b"<li>x" * 5_000, True),
        (b"<a href=/>" * 5_000, True),
    ],
)
def test_only_pages_that_can_be_read_in_linear_time_are_bearable(body: bytes, *, expected: bool) -> None:
    assert bearable(Located(body)) is expected


def test_items_that_moved_are_agreed_with_only_in_their_new_order() -> None:
    body = b"<ul><li>a <li>b</li>, <li>c<template><i>t</i></template></ul>"
    page = Page(body, "utf-8")
    (place,) = page.located.find("ul")
    moved = Reorder(place, tuple(page.located.find("li")), (2, 0, 1))

    assert agrees(
        page.located,
        body,
        b"<ul><li>c<template><i>t</i></template></li><li>a </li>, <li>b</ul>",
        page.charset,
        [moved],
    )
    for cut in (body, b"<ul><li>c<template></template></li><li>a </li>, <li>b</ul>", b"<ul><li>c<li>a , <li>b</ul>"):
        assert not agrees(page.located, body, cut, page.charset, [moved])
