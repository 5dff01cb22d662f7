from __future__ import annotations

import pytest

from proxy.page.compile import DISAGREED, BombError, LeftOut, Page, compile_cut
from proxy.page.writing import Hole
from tests.proxy.page.cutting import (
    book_of,
    cut_by,
    decided,
    decided_by,
    filled,
    left_out,
    one,
    personalize_by,
    why_left_out,
)

MISNESTED = b"<h1>Hi</h1><p><a href=/1>one <b>two</a> three</b></p>"
GREET = "- {select: h1, text: 'Hi {{ geo.city }}'}"


def test_one_cut_serves_every_visitor_with_their_own_values() -> None:
    book = book_of(one(GREET))
    bergen, oslo = decided_by(book, {"geo.city": "Bergen"}), decided_by(book, {"geo.city": "O<s>lo"})
    cut = cut_by(b"<h1>Hi</h1>", bergen)

    assert bergen.fingerprint == oslo.fingerprint
    assert filled(cut, bergen) == b"<h1>Hi Bergen</h1>"
    assert filled(cut, oslo) == b"<h1>Hi O&lt;s&gt;lo</h1>"
    assert filled(cut, bergen) == b"<h1>Hi Bergen</h1>"


EVERYWHERE = """
    - {select: h1, text: "{{ geo.city }}"}
    - {select: h2, html: "<b title='{{ geo.city }}'>{{ geo.city }}</b>"}
    - {select: a, link: {href: "/{{ geo.city }}", text: "{{ geo.city }}"}}
    - {select: img, image: {src: "/{{ geo.city }}.jpg", alt: "{{ geo.city }}", srcset: "/{{ geo.city }} 2x"}}
    - {select: div, image: {src: "/{{ geo.city }}.jpg"}}
    - {select: p, attributes: {title: "{{ geo.city }}"}}
    - {select: p, insert: {after: "<i>{{ geo.city }}</i>"}}
    - {select: i, replace: {template: card.html, with: {title: "{{ geo.city }}"}}}
    """
EVERY_PLACE = b"<h1></h1><h2></h2><a></a><img src=x><div style='background:url(y)'></div><p></p><i></i>"


def test_a_value_is_in_no_piece_and_not_in_the_fingerprint() -> None:
    rules = one(EVERYWHERE)
    templates = {"card.html": "<u>{{ title }}</u>{% if geo.city == 'canary-1' %}{% endif %}"}
    book = book_of(rules, templates)
    first, second = decided_by(book, {"geo.city": "canary-1"}), decided_by(book, {"geo.city": "canary-2"})
    cut = cut_by(EVERY_PLACE, first)

    assert cut.shown == ("a",)
    assert len(cut.holes) == 12
    assert not any(b"canary" in piece for piece in cut.pieces if isinstance(piece, bytes))
    assert first.fingerprint == second.fingerprint
    assert filled(cut, second).count(b"canary-2") == 12
    assert b"canary-1" not in filled(cut, second)


def test_a_signal_that_chooses_a_branch_changes_the_fingerprint() -> None:
    book = book_of(one("- {select: h1, text: \"{% if geo.city == 'Oslo' %}Hei{% else %}Hi{% endif %}\"}"))
    oslo, bergen = decided_by(book, {"geo.city": "Oslo"}), decided_by(book, {"geo.city": "Bergen"})
    nowhere = decided_by(book)

    assert oslo.fingerprint != bergen.fingerprint == nowhere.fingerprint
    assert cut_by(b"<h1></h1>", oslo).pieces == (b"<h1>Hei</h1>",)


def test_pieces_and_holes_take_turns() -> None:
    decision = decided(
        one("- {select: h1, text: '{{ geo.city }}{{ geo.region }}!'}"), {"geo.city": "a", "geo.region": "b"}
    )
    pieces = cut_by(b"<h1></h1>", decision).pieces

    assert [piece if isinstance(piece, bytes) else piece.value for piece in pieces] == [
        b"<h1>", 0, b"", 1, b"!</h1>",
    ]  # fmt: skip
    assert all(isinstance(piece, Hole) == bool(number % 2) for number, piece in enumerate(pieces))


@pytest.mark.parametrize(
    "value", ["", "</h1><script>", '"><script>', "' onclick='", "&lt;", "<!--", "]]>", "é ☃ \u2028"]
)
def test_no_value_leaves_its_place(value: str) -> None:
    rules = one(
        "- {select: h1, text: '{{ visitor.a or 1 }}'}\n- {select: h1, attributes: {title: '{{ visitor.a or 1 }}'}}"
    )
    book = book_of(rules)
    harmless, hostile = decided_by(book, {"visitor.a": "x"}), decided_by(book, {"visitor.a": value})
    page = filled(cut_by(b"<h1></h1>", harmless), hostile)

    (heading,) = Page(page, "utf-8").located.elements("h1")
    seen = (value or "1").encode().decode("latin-1")  # located pages are read so
    assert (heading.text, heading.attrs["title"]) == (seen, seen)
    assert len(Page(page, "utf-8").located.elements("body *")) == 1


def test_an_experience_whose_name_has_no_value_is_not_on_the_page() -> None:
    rules = one(GREET) + one("- {select: p, text: there}", "b")
    assert personalize_by(b"<h1>Hi</h1><p>you</p>", rules) == b"<h1>Hi</h1><p>there</p>"


@pytest.mark.parametrize(
    ("high", "low"),
    [
        ("{select: h1, text: A}", "{select: h1, text: B}"),
        ("{select: h1, text: A}", "{select: h1, html: B}"),
        ("{select: h1, text: A}", "{select: b, text: B}"),
        ("{select: h1, text: A}", "{select: b, add_class: x}"),
        ("{select: h1, text: A}", "{select: h1, insert: {first: B}}"),
        ("{select: h1, insert: {last: A}}", "{select: h1, text: B}"),
        ("{select: b, text: A}", "{select: h1, text: B}"),
        ("{select: b, text: A}", "{select: h1, remove: true}"),
        ("{select: h1, remove: true}", "{select: h1, add_class: x}"),
        ("{select: h1, remove: true}", "{select: h1, insert: {after: B}}"),
        ("{select: h1, replace: A}", "{select: b, remove: true}"),
        ("{select: h1, add_class: x}", "{select: h1, remove_class: x}"),
        ("{select: h1, add_class: x}", "{select: h1, attributes: {class: y}}"),
        ("{select: h1, attributes: {class: y}}", "{select: h1, remove_class: x}"),
        ("{select: h1, attributes: {title: A}}", "{select: h1, attributes: {TITLE: null}}"),
        ("{select: a, link: {href: /1}}", "{select: a, attributes: {href: /2}}"),
        ("{select: i, image: {src: /1}}", "{select: i, attributes: {style: 'top:0'}}"),
    ],
)
def test_of_two_that_change_one_place_the_higher_priority_wins(high: str, low: str) -> None:
    html = b"<h1>x <b>y</b></h1><a href=/>z</a><i style='background:url(a)'>w</i>"
    rules = one(f"- {low}\n- {{select: a, add_class: low}}", "low") + one(f"- {high}", "high", priority=1)

    assert personalize_by(html, rules) == personalize_by(html, one(f"- {high}", "high"))
    (told,) = left_out(html, rules)
    assert told.startswith("low: ")
    assert told.endswith(": 'high' changes the same place and wins")


@pytest.mark.parametrize(
    ("one_change", "other"),
    [
        ("{select: h1, text: A}", "{select: h1, add_class: x}"),
        ("{select: h1, text: A}", "{select: h1, attributes: {title: B}}"),
        ("{select: h1, text: A}", "{select: h1, insert: {after: B}}"),
        ("{select: h1, attributes: {title: A}}", "{select: h1, attributes: {lang: en}}"),
        ("{select: a, link: {href: /1}}", "{select: a, text: A}"),
        ("{select: h1, add_class: y}", "{select: b, text: A}"),
        ("{select: h1, insert: {first: A}}", "{select: b, text: B}"),
    ],
)
def test_two_that_change_different_things_of_one_place_are_both_made(one_change: str, other: str) -> None:
    html = b"<h1>x <b>y</b></h1><a href=/>z</a>"
    assert left_out(html, one(f"- {one_change}", "one") + one(f"- {other}", "other")) == []


def test_what_an_optional_change_loses_is_left_out_alone() -> None:
    high = one("- {select: h1, text: High}", "high", priority=1)
    low = one("- {select: h1, text: Low, optional: true}\n- {select: p, text: Low}", "low")

    assert personalize_by(b"<h1>x</h1><p>y</p>", low + high) == b"<h1>High</h1><p>Low</p>"


def test_what_cannot_be_made_takes_no_place_from_a_lower_one() -> None:
    high = one("- {select: h1, text: High}\n- {select: h9, text: High}", "high", priority=1)
    assert personalize_by(b"<h1>x</h1>", one("- {select: h1, text: Low}", "low") + high) == b"<h1>Low</h1>"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("- {select: i, attributes: {class: '{{ geo.city }}'}}\n- {select: i, add_class: x}",
         "a class can't be added to a `class` made of a visitor's value"),
        ("- {select: i, attributes: {style: 'top:0'}}\n- {select: i, image: {src: /b.png}}",
         "its places overlap in a way that can't be cut"),
    ],
)  # fmt: skip
def test_changes_that_cannot_be_made_together_leave_the_experience_out_and_no_other(change: str, why: str) -> None:
    html = b"<i style='background:url(a)'>x</i><h1>y</h1>"
    rules = one(change, "a") + one("- {select: h1, text: Hello}", "b")
    city = {"geo.city": "Bergen"}

    assert left_out(html, rules, city) == [f"a: i: {why}"]
    assert personalize_by(html, rules, city) == html.replace(b">y<", b">Hello<")


def test_an_experience_that_the_second_engine_disagrees_with_is_left_out_alone() -> None:
    rules = one("- {select: 'p > a', remove: true}", "wrong", priority=1) + one("- {select: h1, text: Hello}", "right")
    cut = cut_by(MISNESTED, decided(rules))

    assert cut.shown == ("right",)
    assert cut.left_out == (LeftOut("wrong", "p > a", DISAGREED),)
    assert filled(cut, decided(rules)) == MISNESTED.replace(b"Hi", b"Hello")


@pytest.mark.parametrize("html", ["<b>open", "</div>", "<!-- open", "<b title='open", "<script>open"])
def test_a_fragment_that_is_not_whole_is_left_out(html: str) -> None:
    assert why_left_out(b"<div><h1>Hi</h1>rest</div>", f'- {{select: h1, html: "{html}"}}') == DISAGREED


def test_without_verification_what_was_set_aside_before_stays_out() -> None:
    decision = decided(one("- {select: 'p > a', remove: true}", "wrong") + one("- {select: h1, text: Hello}", "right"))
    (wrong, _) = decision.choices
    cut = compile_cut(Page(MISNESTED, None), decision, aside=frozenset({wrong.variant.digest}), verify=False)

    assert cut.shown == ("right",)
    assert filled(cut, decision) == MISNESTED.replace(b"Hi", b"Hello")


@pytest.mark.parametrize(
    "body",
    [
        b"".join(b"<b i%d><p>" % number for number in range(3000)),
        b"<h1>Hi</h1>" + b"<div>" * 40_000,
        b"<h1>Hi</h1><p " + b" ".join(b"a%d=1" % number for number in range(5000)) + b">",
    ],
    ids=["formatting never closed", "nested", "attributes"],
)
def test_a_bomb_is_refused(body: bytes) -> None:
    with pytest.raises(BombError):
        cut_by(body, decided(one("- {select: h1, text: Hello}")))


def test_a_page_on_which_nothing_is_changed_keeps_its_bytes() -> None:
    body = b"\xef\xbb\xbf<!doctype html>\r\n<p a=b>\0<i>\r</p>"
    cut = cut_by(body, decided(one("- {select: h1, text: Hello}")))

    assert (cut.pieces, cut.shown) == ((body,), ())


def test_an_experience_none_of_whose_changes_could_be_made_is_not_shown() -> None:
    rules = one("- {select: h9, text: x, optional: true}")
    assert left_out(b"<h1>Hi</h1>", rules) == ["a: h9: none of its changes, all optional, could be made"]


def test_a_visitors_value_does_not_steer_the_browser() -> None:
    html = b'<meta http-equiv="refresh" content="60"><p>x</p>'
    change = '- {select: meta, attributes: {content: "0;url={{ geo.city }}"}}'
    assert why_left_out(html, change, {"geo.city": "Oslo"}) == "a visitor's value can't be put into <meta http-equiv>"
