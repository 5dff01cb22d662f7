"""The page that speed is measured on: 80 KB, about 1,000 elements, 40 list items; and pages made to be slow."""

from __future__ import annotations

from collections.abc import Callable, Mapping


def ordinary_page(items: int = 40) -> bytes:
    """80 KB with 40 items; twice the items are twice the page."""
    text = "A light rain shell with taped seams, two pockets and a hood that fits over a helmet. "
    rows = "".join(
        f'<li class="card" data-brand="brand-{n % 7}" data-colour="c{n % 5}"><a href="/p/{n}"><img src="/i/{n}.jpg" '
        f'alt="Item {n}" loading="lazy" width="320" height="240"></a><h3><a href="/p/{n}">Item number {n}</a></h3>'
        f'<p class="price"><span>€</span>{n}.00</p><p>{text * 18}</p><ul class="tags">'
        + "".join(f"<li><a href='/t/{n}/{tag}'>tag {tag}</a></li>" for tag in range(7))
        + "</ul></li>\n"
        for n in range(items)
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Shop</title>'
        '<link rel="preload" as="image" href="/hero.jpg"></head><body class="home"><header><nav>'
        '<a href="/">Home</a><a href="/shop">Shop</a></nav></header><section id="hero"><h1>Out in all weathers</h1>'
        '<picture><source srcset="/hero.avif" type="image/avif"><img src="/hero.jpg" alt=""></picture>'
        f'<a class="cta" href="/shop">See what is new</a></section><main><ul class="results">{rows}</ul></main>'
        "<footer><p>The end</p></footer></body></html>\n"
    ).encode()


RULES = """
experiences:
  bench:
    pages: /
    change:
      - {select: "#hero img", image: {src: /img/oslo.jpg, alt: "A street in Oslo"}}
      - {select: "#hero h1", text: "Rain gear for {{ visitor.company }}"}
      - {select: "a.cta", link: {href: /oslo, text: "Rain gear, in Oslo"}}
      - {select: "main", insert: {before: '<p class="banner">Sent today from Oslo</p>'}}
      - {select: "body", add_class: oslo}
"""

RANK_RULES = """
experiences:
  bench:
    pages: /
    change:
      - select: "ul.results"
        rank:
          items: "> li"
          read: {brand: "@data-brand", colour: "@data-colour", price: {select: .price, as: number}}
          by:
            - {boost: 2, where: {item.price: {below: 20}}}
            - {boost: 1, where: {any: [item.brand: brand-3, item.colour: [c1, c2]]}}
"""

HOSTILE_RULES = """
experiences:
  bench:
    pages: /
    change:
      - {select: "#place", text: "For {{ visitor.company }}"}
"""


def _behind_a_place(make: Callable[[int], bytes]) -> Callable[[int], bytes]:
    return lambda n: b'<!DOCTYPE html><html><body><h1 id="place">x</h1>' + make(n)


_HOSTILE: Mapping[str, Callable[[int], bytes]] = {
    "unclosed <li>": lambda n: b"<ul>" + b"<li>x" * n,
    "unclosed <p>": lambda n: b"<p>x" * n,
    "unclosed <td>": lambda n: b"<table>" + b"<tr><td>x" * n,
    "<b><i> unclosed": lambda n: b"<b><i>" * n,
    "<b i=n><p> unclosed": lambda n: b"".join(b"<b i=%d><p>" % i for i in range(n)),
    "quote unclosed": lambda n: b'<p title="' + b"x <b>y</b> " * n,
    "nested <div>": lambda n: b"<div>" * (4 * n),
    "nested <span>": lambda n: b"<span>" * (4 * n),
    "nested <table>": lambda n: b"<table><tr><td>" * n,
    "attributes": lambda n: b"<p " + b" ".join(b"a%d=1" % i for i in range(n)) + b">",
    "comments unclosed": lambda n: b"<!--" * n,
    "<script> unclosed": lambda n: b"<script>" * n,
    "end tags alone": lambda n: b"<div>" * 200 + b"</x>" * n,
    "foster parents": lambda n: b"<table>" + b"x<a>" * n,
    "<a> unclosed": lambda n: b"".join(b"<a href=%d>" % i for i in range(n)),
    "closed in comments": lambda n: b"".join(b"<b i=%d><!-- </b> --><p>" % i for i in range(n)),
}

HOSTILE = {name: _behind_a_place(make) for name, make in _HOSTILE.items()}
"""Pages that cost some parsers time quadratic in their length; each of about n pieces."""
