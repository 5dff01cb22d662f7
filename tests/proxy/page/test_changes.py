"""What each action of the rule language makes of a page: bytes in, bytes out."""

from __future__ import annotations

import pytest

from tests.proxy.page.cutting import one, personalize, personalize_by, why_left_out

BERGEN = {"geo.city": "Bergen"}


@pytest.mark.parametrize(
    ("html", "change", "expected"),
    [
        (b"<h1 ID=a >Hi <b>you</b></h1>", "- {select: h1, text: Hello}", b"<h1 ID=a >Hello</h1>"),
        (b"<h1>Hi</h1>", "- {select: h1, text: '<b> & \"q\"'}", b'<h1>&lt;b&gt; &amp; "q"</h1>'),
        (b"<h1>Hi</h1>", "- {select: h1, text: ''}", b"<h1></h1>"),
        (b"<h1></h1>", "- {select: h1, text: Hello}", b"<h1>Hello</h1>"),
        (b"<h1>Hi</h1>", "- {select: h1, html: '<b>Hello</b> you'}", b"<h1><b>Hello</b> you</h1>"),
        (b"<p>a<h1>Hi</h1>z", "- {select: h1, replace: '<h2>Hello</h2>'}", b"<p>a</p><h2>Hello</h2>z"),
        (b"<i>a</i><h1>Hi</h1>z", "- {select: h1, remove: true}", b"<i>a</i>z"),
        (b"<h1>Hi</h1>", "- {select: h1, insert: {before: '<i>1</i>'}}", b"<i>1</i><h1>Hi</h1>"),
        (b"<h1>Hi</h1>", "- {select: h1, insert: {after: '<i>1</i>'}}", b"<h1>Hi</h1><i>1</i>"),
        (b"<h1>Hi</h1>", "- {select: h1, insert: {first: '<i>1</i>'}}", b"<h1><i>1</i>Hi</h1>"),
        (b"<h1>Hi</h1>", "- {select: h1, insert: {last: '<i>1</i>'}}", b"<h1>Hi<i>1</i></h1>"),
    ],
)
def test_content_is_put_where_the_rule_says(html: bytes, change: str, expected: bytes) -> None:
    assert personalize(html, change) == expected


@pytest.mark.parametrize(
    ("html", "change", "expected"),
    [
        (b"<a href='/old' class=x>Go</a>", "link: {href: /new}", b'<a href="/new" class=x>Go</a>'),
        (b"<a href=/old>Go</a>", "link: {href: '/n?a=1&b=2', text: A & B}",
         b'<a href="/n?a=1&amp;b=2">A &amp; B</a>'),
        (b"<a class=x>Go</a>", "link: {href: /new}", b'<a class=x href="/new">Go</a>'),
        (b"<a>Go</a>", "attributes: {title: 'say \"hi\"'}", b'<a title="say &quot;hi&quot;">Go</a>'),
        (b"<a TITLE = 'a'  rel=b>Go</a>", "attributes: {title: c}", b'<a TITLE="c"  rel=b>Go</a>'),
        (b"<a title>Go</a>", "attributes: {title: c}", b'<a title="c">Go</a>'),
        (b"<a title='a' rel=b>Go</a>", "attributes: {title: null}", b"<a rel=b>Go</a>"),
        (b"<a title=1 rel=b title=2>Go</a>", "attributes: {title: null}", b"<a rel=b>Go</a>"),
        (b"<a rel=b title=>Go</a>", "attributes: {title: null}", b"<a rel=b>Go</a>"),
        (b"<a rel=b>Go</a>", "attributes: {title: null}", b"<a rel=b>Go</a>"),
        (b"<a rel=b/>Go</a>", "attributes: {title: t}", b'<a rel=b/ title="t">Go</a>'),
        (b"<a>Go</a>", "attributes: {title: t, hidden: ''}", b'<a title="t" hidden="">Go</a>'),
        (b"<a>Go</a>", "add_class: x", b'<a class="x">Go</a>'),
        (b"<a class='y  z'>Go</a>", "add_class: [x, y]", b'<a class="y  z x">Go</a>'),
        (b"<a class=y>Go</a>", "add_class: x", b'<a class="y x">Go</a>'),
        (b"<a class>Go</a>", "add_class: x", b'<a class="x">Go</a>'),
        (b"<a class='x y z'>Go</a>", "remove_class: y", b'<a class="x z">Go</a>'),
        (b"<a class='x&#32;y'>Go</a>", "add_class: w", b'<a class="x&#32;y w">Go</a>'),
        (b"<a class=x>Go</a>", "remove_class: y", b'<a class="x">Go</a>'),
        (b"<a>Go</a>", "remove_class: y", b"<a>Go</a>"),
    ],
)  # fmt: skip
def test_attributes_are_edited_one_by_one(html: bytes, change: str, expected: bytes) -> None:
    assert personalize(html, f"- {{select: a, {change}}}") == expected


def test_a_template_is_filled_with_what_the_rule_gives_it() -> None:
    changed = personalize(
        b"<h1>Hi</h1>",
        "- {select: h1, template: card.html, with: {title: 'For {{ geo.city }} & you'}}",
        BERGEN,
        {"card.html": "<b>{{ title }}</b>{% include 'more.html' %}", "more.html": "<i>{{ title }}</i>"},
    )
    assert changed == b"<h1><b>For Bergen &amp; you</b><i>For Bergen &amp; you</i></h1>"


def test_a_template_can_replace_and_be_inserted() -> None:
    html = b"<h1>Hi</h1><h2>Ho</h2>"
    changed = personalize(
        html,
        """
        - {select: h1, replace: {template: card.html, with: {title: One}}}
        - {select: h2, insert: {last: {template: card.html, with: {title: Two}}}}
        """,
        templates={"card.html": "<b>{{ title }}</b>"},
    )
    assert changed == b"<b>One</b><h2>Ho<b>Two</b></h2>"


IMAGE = "- {select: img, image: {src: /new.jpg, alt: New}}"
IMAGE_WITH_SIZES = "- {select: img, image: {src: /new.jpg, srcset: '/new-2.jpg 2x', sizes: 50vw}}"


@pytest.mark.parametrize(
    ("html", "change", "expected"),
    [
        (b"<img src=/old.jpg>", IMAGE, b'<img src="/new.jpg" alt="New">'),
        (b'<img alt="Old" src="/old.jpg" width=9>', IMAGE, b'<img alt="New" src="/new.jpg" width=9>'),
        (b'<img src="/old.jpg" srcset="/o2.jpg 2x" sizes="9px">', IMAGE, b'<img src="/new.jpg" alt="New">'),
        (b'<img src="/old.jpg" srcset="/o2.jpg 2x" sizes="9px">', IMAGE_WITH_SIZES,
         b'<img src="/new.jpg" srcset="/new-2.jpg 2x" sizes="50vw">'),
        (b'<img src="/blank.gif" data-src="/old.jpg" data-srcset="/o2.jpg 2x" data-sizes="auto">', IMAGE,
         b'<img src="/new.jpg" data-src="/new.jpg" alt="New">'),
        (b'<img src="/a.gif" data-lazy-src="/b.jpg" data-srcset="/c 2x">',
         "- {select: img, image: {src: /new.jpg, srcset: '/d 2x'}}",
         b'<img src="/new.jpg" data-lazy-src="/new.jpg" data-srcset="/d 2x" srcset="/d 2x">'),
        (b'<input type=image src="/old.png">', "- {select: input, image: {src: /new.png}}",
         b'<input type=image src="/new.png">'),
    ],
)  # fmt: skip
def test_a_picture_is_swapped_with_all_that_would_load_the_old_one(html: bytes, change: str, expected: bytes) -> None:
    assert personalize(html, change) == expected


@pytest.mark.parametrize("select", ["img", "picture"])
def test_the_sources_of_a_picture_are_swapped(select: str) -> None:
    html = (
        b'<picture><source srcset="/old.webp 1x" type="image/webp" media="(min-width: 9px)">'
        b'<source data-srcset="/old.avif" sizes="9px"><img src="/old.jpg"></picture>'
    )
    changed = personalize(html, f"- {{select: {select}, image: {{src: /new.jpg}}}}")
    assert changed == (
        b'<picture><source srcset="/new.jpg" media="(min-width: 9px)">'
        b'<source srcset="/new.jpg"><img src="/new.jpg"></picture>'
    )


def test_a_source_in_a_template_is_no_source_of_the_picture() -> None:
    html = b"<picture><template><source srcset=/o></template><source srcset=/o><img src=/o></picture>"
    assert personalize(html, "- {select: picture, image: {src: /n}}") == (
        b'<picture><template><source srcset=/o></template><source srcset="/n"><img src="/n"></picture>'
    )


def test_thousands_of_sources_and_preloads_are_swapped_in_linear_time() -> None:
    html = (
        b"<link rel=preload as=image href=/o>" * 4_000 + b"<picture>" + b"<source srcset=/o>" * 4_000 + b"<img src=/o>"
    )
    assert b"/o" not in personalize(html, "- {select: img, image: {src: /n}}")


def test_a_preload_of_the_old_picture_becomes_one_of_the_new() -> None:
    html = (
        b'<link rel=preload as=image href="/old.jpg" type="image/jpeg" imagesrcset="/o2.jpg 2x" imagesizes="9px">'
        b'<link rel=preload as=image href="/other.jpg"><link rel=preload as=font href="/old.jpg">'
        b'<img src="/old.jpg">'
    )
    assert personalize(html, "- {select: img, image: {src: /new.jpg}}") == (
        b'<link rel=preload as=image href="/new.jpg">'
        b'<link rel=preload as=image href="/other.jpg"><link rel=preload as=font href="/old.jpg">'
        b'<img src="/new.jpg">'
    )


def test_a_preload_by_srcset_gets_the_new_srcset() -> None:
    html = b'<link rel=preload as=image imagesrcset="/o1.jpg 1x, /o2.jpg 2x"><img src="/x.jpg" srcset="/o2.jpg 2x">'
    assert personalize(html, "- {select: img, image: {src: /n.jpg, srcset: '/n2.jpg 2x'}}") == (
        b'<link rel=preload as=image imagesrcset="/n2.jpg 2x" href="/n.jpg"><img src="/n.jpg" srcset="/n2.jpg 2x">'
    )


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (b"<div style=\"color:red;background:#fff url('/old.jpg') center\">",
         b'<div style="color:red;background:#fff url(&quot;/new.jpg&quot;) center">'),
        (b"<div style='background-image: url(/old.jpg)'>",
         b"<div style='background-image: url(&quot;/new.jpg&quot;)'>"),
        (b'<div style="background-image:url(&quot;/old(1).jpg&quot;);top:0">',
         b'<div style="background-image:url(&quot;/new.jpg&quot;);top:0">'),
        (b"<div style=background:url(/old.jpg)>", b"<div style=background:url(&quot;/new.jpg&quot;)>"),
        (b'<div data-bg="/old.jpg">', b'<div data-bg="/new.jpg">'),
        (b'<link rel=preload as=image href=/old.jpg><div style="background:url(/old.jpg)">',
         b'<link rel=preload as=image href="/new.jpg"><div style="background:url(&quot;/new.jpg&quot;)">'),
        (b'<link rel=preload as=image href=/b.jpg><div style="background:url(/a.jpg),url(/b.jpg)">',
         b'<link rel=preload as=image href=/b.jpg><div style="background:url(&quot;/new.jpg&quot;),url(/b.jpg)">'),
    ],
)  # fmt: skip
def test_an_inline_background_is_a_picture_too(html: bytes, expected: bytes) -> None:
    assert personalize(html + b"x</div>", "- {select: div, image: {src: /new.jpg}}") == expected + b"x</div>"


@pytest.mark.parametrize(
    ("html", "change", "why"),
    [
        (b"<p>a</p>", "- {select: h1, text: x}", "its selector finds nothing"),
        (b"<p>a</p><p>b</p>", "- {select: p, text: x}", "its selector finds 2 places, and `all: true` is not said"),
        (b"<p>a</p>" * 1_001, "- {select: p, all: true, text: x}",
         "its selector finds 1,001 places, and no more than 1,000 are changed"),
        (b"<p>a</p>", "- {select: p, link: {href: /x}}", "<p> is no link"),
        (b"<p>a</p>", "- {select: p, image: {src: /x.jpg}}", "<p> shows no picture of its own"),
        (b"<p style=color:red>a</p>", "- {select: p, image: {src: /x.jpg}}",
         "<p> has no background picture of its own"),
        (b"<p><br></p>", "- {select: br, text: x}", "<br> can't have content"),
        (b"<p><img src=a></p>", "- {select: img, insert: {last: x}}", "<img> can't have content"),
        (b"<body>a</body>", "- {select: body, remove: true}",
         "<body> can't be replaced or removed, and nothing stands beside it"),
        (b"<table><tr><td>a</table>", "- {select: tbody, add_class: x}",
         "<tbody> is not written in the page: the parser implied it"),
        (b"<table><tr><td>a</table>", "- {select: tr, text: x}", "<tr> can't hold text"),
        (b"<template><p>a</p></template>", "- {select: template, text: x}",
         "what a <template> holds is no part of the page"),
        (b"<template><p>a</p></template>", "- {select: p, text: x}", "its selector finds nothing"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_leaves_the_page_alone_and_says_why(html: bytes, change: str, why: str) -> None:
    assert why_left_out(html, change) == why


def test_all_changes_every_match_also_nested_ones() -> None:
    html = b"<p>a</p><div class=c>x<div class=c>y</div></div><p>b</p>"
    assert personalize(html, "- {select: p, all: true, text: x}") == html.replace(b">a<", b">x<").replace(
        b">b<", b">x<"
    )
    assert personalize(html, "- {select: .c, all: true, add_class: d}") == html.replace(b"class=c", b'class="c d"')
    assert personalize(html, "- {select: .c, all: true, text: t}") == b"<p>a</p><div class=c>t</div><p>b</p>"


def test_an_optional_change_is_left_out_alone() -> None:
    change = "- {select: h1, text: x}\n- {select: h2, text: y, optional: true}"
    assert personalize(b"<h1>a</h1>", change) == b"<h1>x</h1>"


def test_an_experience_is_made_whole_or_not_at_all() -> None:
    assert why_left_out(b"<h1>a</h1>", "- {select: h1, text: x}\n- {select: h2, text: y}") == (
        "its selector finds nothing"
    )


SEO = {
    "title": b"<title>a</title>",
    "link": b'<link rel="Canonical" href=/a>',
    "meta": b"<meta name=ROBOTS content=index>",
    "script": b'<script type="application/ld+json">{}</script>',
}


@pytest.mark.parametrize("tag", SEO)
def test_what_search_engines_read_is_touched_only_when_the_rule_says_so(tag: str) -> None:
    html = b"<head>" + SEO[tag] + b"</head><h1>a</h1>"
    change = f"select: {tag}, attributes: {{id: x}}"
    assert why_left_out(html, f"- {{{change}}}") == f"<{tag}> is for search engines, and `seo: true` is not said"
    assert b' id="x"' in personalize(html, f"- {{{change}, seo: true}}")


def test_the_title_of_a_picture_is_no_page_title() -> None:
    html = b"<title>a</title><svg><title>b</title></svg>"
    assert personalize(html, "- {select: 'svg title', text: c}") == b"<title>a</title><svg><title>c</title></svg>"


@pytest.mark.parametrize(
    ("html", "change", "expected"),
    [
        (b"<script>a</script>", "- {select: script, text: 'if (a < b && c) d()'}",
         b"<script>if (a < b && c) d()</script>"),
        (b"<style>a</style>", "- {select: style, text: 'a > b {}'}", b"<style>a > b {}</style>"),
        (b"<style>a</style>", "- {select: style, insert: {last: 'b > c {}'}}", b"<style>ab > c {}</style>"),
        (b"<textarea>a</textarea>", "- {select: textarea, text: '</textarea>&'}",
         b"<textarea>&lt;/textarea&gt;&amp;</textarea>"),
    ],
)  # fmt: skip
def test_what_scripts_and_styles_hold_is_written_as_it_is(html: bytes, change: str, expected: bytes) -> None:
    assert personalize(html, change) == expected


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("text: '{{ geo.city }}'", "a visitor's value can't be put into <script>"),
        ("html: '{{ geo.city }}'", "a visitor's value can't be put into <script>"),
        ("insert: {first: '{{ geo.city }}'}", "a visitor's value can't be put into <script>"),
        ("insert: {last: '{{ geo.city }}'}", "a visitor's value can't be put into <script>"),
        ("text: 'x</SCRIPT>y'", "this can't be written into <script>"),
        ("insert: {last: 'x</script>y'}", "this can't be written into <script>"),
        ("text: '<!-- x'", "this can't be written into <script>"),
    ],
)
def test_nothing_that_could_break_out_is_put_into_a_script(change: str, why: str) -> None:
    html = b"<script>a</script>"
    assert why_left_out(html, f"- {{select: script, {change}}}", {"geo.city": ";alert(1);"}) == why


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("before", b"<i>A</i><i>B</i><h1>Hi</h1>"),
        ("after", b"<h1>Hi</h1><i>A</i><i>B</i>"),
        ("first", b"<h1><i>A</i><i>B</i>Hi</h1>"),
        ("last", b"<h1>Hi<i>A</i><i>B</i></h1>"),
    ],
)
def test_what_two_experiences_insert_at_one_place_stands_in_priority_order(where: str, expected: bytes) -> None:
    low = one(f"- {{select: h1, insert: {{{where}: '<i>B</i>'}}}}", "low")
    high = one(f"- {{select: h1, insert: {{{where}: '<i>A</i>'}}}}", "high", priority=5)
    assert personalize_by(b"<h1>Hi</h1>", low + high) == expected


def test_insertions_into_content_that_is_replaced_stand_around_the_new_one() -> None:
    change = """
        - {select: h1, html: "<u>new</u>"}
        - {select: h1, insert: {first: "A"}}
        - {select: h1, insert: {last: "<i>Y</i>"}}
        - {select: h1, insert: {first: "<i>B</i>"}}
        - {select: h1, insert: {last: "Z"}}
        """
    assert personalize(b"<h1>Hi</h1>", change) == b"<h1>A<i>B</i><u>new</u><i>Y</i>Z</h1>"


def test_insertions_that_come_before_the_content_is_replaced_go_with_it() -> None:
    change = "- {select: h1, insert: {first: '<i>A</i>'}}\n- {select: h1, text: new}"
    assert personalize(b"<h1>Hi</h1>", change) == b"<h1>new</h1>"


def test_two_experiences_may_add_a_class_each() -> None:
    rules = one("- {select: p, add_class: x}", "one") + one("- {select: p, add_class: y}", "two")
    assert personalize_by(b"<p class=a>t</p>", rules) == b'<p class="a x y">t</p>'


def test_changes_of_one_experience_may_nest() -> None:
    html = b"<div class=c><h1>Hi</h1><p>there</p></div>"
    change = """
        - {select: .c, add_class: d}
        - {select: h1, text: Hello}
        - {select: .c, insert: {last: "<i>!</i>"}}
        - {select: p, remove: true}
        """
    assert personalize(html, change) == b'<div class="c d"><h1>Hello</h1><i>!</i></div>'


def test_what_an_experience_replaces_as_a_whole_is_not_changed_within() -> None:
    html = b"<div><h1>Hi</h1></div>"
    change = "- {select: h1, text: Hello}\n- {select: div, html: '<b>all</b>'}"
    assert personalize(html, change) == b"<div><b>all</b></div>"
