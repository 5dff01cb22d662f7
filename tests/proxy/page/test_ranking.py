"""`rank:` on pages: what is read of items, the order that comes of it, and who wins where two rank."""

from __future__ import annotations

import pytest

from proxy.page.ranking import MAX_ITEMS, MAX_LISTS
from tests.proxy.page.cutting import cut_by, decided, left_out, one, personalize, personalize_by, why_left_out

PRICES = b"<ul>%s</ul>"


def rank(boost: str, select: str = "ul", items: str = "> li", more: str = "") -> str:
    """A change that ranks by `item.x`, read as `boost` says."""
    return f"- {{select: '{select}', rank: {{items: '{items}', {boost}{more}}}}}"


CHEAP = "read: {x: {select: b, as: number}}, by: {boost: 1, where: {item.x: {below: 100}}}"


def prices(*shown: str, tag: str = "li") -> bytes:
    return "".join(f"<{tag}><b>{price}</b></{tag}>" for price in shown).encode()


def cheap_first(html: bytes, more: str = "") -> bytes:
    return personalize(html, rank(CHEAP, more=more))


def test_items_are_ranked_by_what_the_page_says_of_them() -> None:
    html = PRICES % prices("$1,299.00", "59,-", "sold out", "1 299 kr", "€ 99.50")
    assert cheap_first(html) == PRICES % prices("59,-", "€ 99.50", "$1,299.00", "sold out", "1 299 kr")


def test_pinned_items_and_the_first_stay_where_they_are() -> None:
    html = PRICES % prices("500", "600", "5", "700", "6").replace(b"<li><b>7", b"<li class=ad><b>7")
    expected = PRICES % prices("500", "5", "6", "700", "600").replace(b"<li><b>7", b"<li class=ad><b>7")
    assert cheap_first(html, ", keep_first: 1, pin: .ad") == expected
    assert cheap_first(html, ", keep_first: 1, pin: '> .ad'") == expected


@pytest.mark.parametrize(
    ("read", "where", "first", "second"),
    [
        ("'@data-x'", "acme", "<li data-x=other>1", "<li data-x='Acme'>2"),
        ("'@data-x'", "'a&b'", "<li>1", "<li data-x='a&amp;b'>2"),
        ("'@data-x'", "Tromsø", "<li data-x=Oslo>1", "<li data-x=Troms&oslash;>2"),
        ("{attribute: data-x, as: number}", "1.25", "<li data-x=1250>1", "<li data-x=1.250>2"),
        ("{select: img, attribute: alt}", "Tent", "<li><img>1", "<li><img alt=' Tent '>2"),
        ("'> b'", "in stock", "<li><i><b>in stock</b></i>1", "<li><i>x</i><b>in <i>stock</i></b>2"),
        ("b", "in stock", "<li><b>x</b><b>in stock</b>1", "<li><b>in<!-- not -->&nbsp;stock<script>x</script></b>2"),
        ("{as: number}", "{below: 5}", "<li>7", "<li>from <b>3</b>"),
        ("b", "{known: false}", "<li><b>x</b>1", "<li><b> </b>2"),
        (".x", "Grün", "<li><p class=x>Blau</p>1", "<li><p class=x>Gr&uuml;n</p>2"),
        (".x", "Grün", "<li><p class=x>Blau</p>1", "<li><p class=x>Grün</p>2"),
        ("template b", "{known: true}", "<li>1", "<li>2<b>x</b>"),
    ],
)
def test_a_value_is_read_as_a_browser_reads_it(read: str, where: str, first: str, second: str) -> None:
    html, expected = (f"<ul>{one}</li>{other}</li></ul>".encode() for one, other in ((first, second), (second, first)))
    changed = personalize(html, rank(f"read: {{x: {read}}}, by: {{boost: 1, where: {{item.x: {where}}}}}"))
    assert changed == (html if read.startswith("template") else expected)


@pytest.mark.parametrize("charset", ["utf-8", "windows-1251", "shift_jis", "gbk"])
def test_values_are_read_in_the_pages_charset(charset: str) -> None:
    first, second = "<li>Да &nbsp;1</li>", "<li title=Шина>Шина&nbsp;2</li>"
    change = rank("read: {x: '@title'}, by: {boost: 1, where: {item.x: шина}}")
    html = f"<ul>{first}{second}</ul>".encode(charset)
    assert personalize(html, change, label=charset) == f"<ul>{second}{first}</ul>".encode(charset)


def test_a_page_that_declares_no_charset_is_read_as_utf_8() -> None:
    change = rank("read: {x: b}, by: {boost: 1, where: {item.x: Grün}}")
    changed = personalize("<ul><li>1</li><li><b>Grün</b></li></ul>".encode(), change, label=None)
    assert changed == "<ul><li><b>Grün</b></li><li>1</li></ul>".encode()


def test_every_list_is_ranked_by_itself() -> None:
    html = PRICES % prices("500", "5") + b"<ul></ul>" + PRICES % prices("600", "700", "6")
    expected = PRICES % prices("5", "500") + b"<ul></ul>" + PRICES % prices("6", "600", "700")
    assert personalize(html, rank(CHEAP)[:-1] + ", all: true}") == expected


def test_a_list_that_is_in_order_already_is_shown_as_it_is() -> None:
    for html in (PRICES % prices("5", "500"), PRICES % prices("500")):
        decision = decided(one(rank(CHEAP)))
        cut = cut_by(html, decision)
        assert (cut.shown, cut.pieces) == (("a",), (html,))


def test_one_experience_can_rank_and_change_items_at_once() -> None:
    html = b"<ul><li><b>500</b></li><li class=new><b>5</b></li></ul>"
    changes = rank(CHEAP) + "\n- {select: .new b, text: '{{ geo.city }}'}\n- {select: .new, add_class: x}"
    changed = personalize(html, changes, {"geo.city": "Bergen"})
    assert changed == b'<ul><li class="new x"><b>Bergen</b></li><li><b>500</b></li></ul>'


@pytest.mark.parametrize(
    ("html", "change", "why"),
    [
        ("<ul><b>1</b></ul>", rank(CHEAP), "its `items` find nothing in <ul>"),
        ("<ul><li>a<ul><li>b</ul></ul>", rank(CHEAP, "ul:has(ul)", "li"), "its items lie in one another: find the"),
        ("<table><tr><td>1</table>", rank(CHEAP, "table", "tbody"), "<tbody> is not written in the page: the parser"),
        ("<html><head></head><body></body></html>", rank(CHEAP, "html", "> *"), "<head> and <body> can't be ranked"),
        ("<ul></ul>", rank(CHEAP, "ol"), "its selector finds nothing"),
    ],
)
def test_what_can_not_be_ranked_is_told(html: str, change: str, why: str) -> None:
    assert why_left_out(html.encode(), change).startswith(why)


def test_items_and_lists_are_bounded() -> None:
    many = PRICES % (b"<li>" * (MAX_ITEMS + 1))
    assert why_left_out(many, rank(CHEAP)) == "its `items` find more than 1,000, and no more are ranked"
    half = (PRICES % (b"<li>" * (MAX_ITEMS // 2 + 1))) * 2
    assert why_left_out(half, rank(CHEAP)[:-1] + ", all: true}").startswith("its `items` find more than 1,000")
    lists = (PRICES % b"<li>") * (MAX_LISTS + 1)
    why = why_left_out(lists, rank(CHEAP)[:-1] + ", all: true}")
    assert why == "its selector finds 101 lists, and no more than 100 are ranked"


def test_a_list_as_long_as_the_bound_is_ranked() -> None:
    shown = [str(200 - index % 200) for index in range(MAX_ITEMS)]
    html = PRICES % prices(*shown)
    assert cheap_first(html) == PRICES % prices(*sorted(shown, key=lambda price: int(price) >= 100))


def test_of_two_that_rank_one_list_the_first_wins() -> None:
    html = PRICES % prices("500", "5")
    dear = rank(CHEAP.replace("below: 100", "above: 100"))
    rules = one(dear, "dear", 1) + one(rank(CHEAP), "cheap")
    assert personalize_by(html, rules) == html
    assert left_out(html, rules) == ["cheap: ul: 'dear' changes the same place and wins"]


@pytest.mark.parametrize(
    "change",
    [
        "- {select: ul, text: x}",
        "- {select: main, html: <p>x}",
        "- {select: ul, remove: true}",
        rank(CHEAP, "main", "li"),
    ],
)
def test_a_list_and_what_takes_its_items_away_conflict(change: str) -> None:
    html = b"<main>" + PRICES % prices("500", "5") + b"</main>"
    rules = one(change, "other", 1) + one(rank(CHEAP), "cheap")
    assert left_out(html, rules) == ["cheap: ul: 'other' changes the same place and wins"]


def test_a_list_and_changes_of_its_items_by_others_go_together() -> None:
    html = PRICES % prices("500", "5", "600")
    rules = one(rank(CHEAP), "cheap", 1) + "".join(
        one(change, name)
        for name, change in {
            "text": "- {select: 'li:nth-child(2) b', text: Five}",
            "gone": "- {select: 'li:nth-child(3)', remove: true}",
            "more": "- {select: ul, insert: {last: '<li>More'}}",
        }.items()
    )
    assert left_out(html, rules) == []
    assert personalize_by(html, rules) == b"<ul><li><b>Five</b></li><li><b>500</b></li><li>More</ul>"


def test_a_list_in_an_item_of_another_experiences_list_goes_along() -> None:
    html = b"<ul><li><b>500</b><ol>%s</ol></li><li><b>5</b></li></ul>" % prices("7", "600", "8")
    rules = one(rank(CHEAP), "outer", 1) + one(rank(CHEAP, "ol"), "inner")
    assert left_out(html, rules) == []
    expected = b"<ul><li><b>5</b></li><li><b>500</b><ol>%s</ol></li></ul>" % prices("7", "8", "600")
    assert personalize_by(html, rules) == expected


def test_a_decision_with_a_rank_is_one_page_for_all_its_visitors() -> None:
    rules = one(rank(CHEAP))
    fingerprints = {decided(rules, {"geo.city": city}).fingerprint for city in ("Oslo", "Bergen")}
    assert len(fingerprints) == 1
    assert decided(one(rank(CHEAP.replace("boost: 1", "boost: -1")))).fingerprint not in fingerprints
