"""What is asked for, by whom, and what has to come back: the site, the rulebooks, the requests and their answers.

The expected answers are made by replacing text in the page, with nothing of the program's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.bench.pages import ordinary_page

PAGE = ordinary_page()
ASSET = bytes(range(256)) * 320

SEGMENTS: Mapping[str, str] = {
    "trail": "mobile",
    "city": "desktop",
    "road": "mobile",
    "family": "desktop",
    "member": "mobile",
}
"""The visitors of whom a rule speaks: the segment that a cookie names, and the device that they come with."""

AGENTS: Mapping[str, str] = {
    "mobile": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1",
    "desktop": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
}

ORDERS = 50
NUMBER = "NUMBER"
"""Stands in a request for a number that no other request has."""

_PATHS = "[/hit, /new, /same]"
_TOKEN = re.compile(rb"(?<=<p>The end) [0-9a-f]{32}(?=</p>)")
_ITEM = re.compile(rb'<li class="card".*?</ul></li>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Ask:
    """One GET, and the page that it is for; NUMBER may stand in both."""

    path: str
    headers: Mapping[str, str]
    expected: bytes

    def with_number(self, number: int) -> Mapping[str, str]:
        """The headers as they are sent."""
        return {name: value.replace(NUMBER, str(number)) for name, value in self.headers.items()}

    def is_right(self, body: bytes, number: int) -> bool:
        """Whether a body, decoded, is the page for this number, whatever token the origin put in."""
        return _TOKEN.sub(b"", body) == self.expected.replace(NUMBER.encode(), str(number).encode())

    def as_text(self, host: str) -> str:
        """The request as it stands on the wire, with NUMBER in its place."""
        lines = [f"GET {self.path} HTTP/1.1", f"Host: {host}"]
        return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in self.headers.items())]) + "\r\n\r\n"


# -- The changes -----------------------------------------------------------------------------------------------------


def five_changes(headline: str, name: str) -> str:
    """Hero image, headline, call to action, a banner, a class; as a rule's `change`."""
    return f"""
      - {{select: "#hero img", image: {{src: /img/{name}.jpg, alt: "Out with {name}"}}}}
      - {{select: "#hero h1", text: "{headline}"}}
      - {{select: "a.cta", link: {{href: /{name}, text: "All of {name}"}}}}
      - {{select: "main", insert: {{before: '<p class="banner">Sent today: {name}</p>'}}}}
      - {{select: "body", add_class: {name}}}
"""


def changed(page: bytes, headline: str, name: str) -> bytes:
    """The page with `five_changes`; the picture's preload and its other source go with it."""
    edits = {
        '<link rel="preload" as="image" href="/hero.jpg">': f'<link rel="preload" as="image" href="/img/{name}.jpg">',
        '<body class="home">': f'<body class="home {name}">',
        "<h1>Out in all weathers</h1>": f"<h1>{headline}</h1>",
        '<source srcset="/hero.avif" type="image/avif">': f'<source srcset="/img/{name}.jpg">',
        '<img src="/hero.jpg" alt="">': f'<img src="/img/{name}.jpg" alt="Out with {name}">',
        '<a class="cta" href="/shop">See what is new</a>': f'<a class="cta" href="/{name}">All of {name}</a>',
        "<main>": f'<p class="banner">Sent today: {name}</p><main>',
    }
    for old, new in edits.items():
        if page.count(old.encode()) != 1:
            raise ValueError(f"{old} is not on the page, or not once")
        page = page.replace(old.encode(), new.encode())
    return page


def headline_of(segment: str) -> str:
    """What the visitors of a segment read."""
    return f"Made for {segment}"


def in_order(page: bytes, order: int) -> bytes:
    """The page with its list in one of the orders: a brand first, then a colour, then maybe what is dear."""
    items = _ITEM.findall(page)
    brand, colour, dear = _order_of(order)
    scores = [4 * (n % 7 == brand) + 2 * (n % 5 == colour) + (dear and n > 19) for n in range(len(items))]
    ranked = iter([items[n] for n in sorted(range(len(items)), key=lambda n: -scores[n])])
    return _ITEM.sub(lambda _: next(ranked), page)


def _order_of(order: int) -> tuple[int, int, bool]:
    return order % 7, order // 7 % 5, order >= 35


# -- The rulebooks ---------------------------------------------------------------------------------------------------


def rules_text() -> str:
    """Five experiences on the pages of segments; on the other page one for everyone, and one for each order."""
    experiences = [
        *(_of_segment(segment, device, _PATHS) for segment, device in SEGMENTS.items()),
        f"  company:\n    pages: /one\n    change:{five_changes('Rain gear for {{ visitor.company }}', 'oslo')}",
        *map(_of_order, range(ORDERS)),
    ]
    return "experiences:\n" + "".join(experiences)


def large_rules_text() -> str:
    """A thousand, of which fifty are on the page of segments: its five, and forty-five for others."""
    devices = tuple(SEGMENTS.values())
    experiences = [
        *(_of_segment(segment, device, "/hit") for segment, device in SEGMENTS.items()),
        *(_of_segment(f"other{n}", devices[n % 5], "/hit" if n < 45 else f"/page-{n // 50}") for n in range(995)),
    ]
    return "experiences:\n" + "".join(experiences)


def _of_segment(segment: str, device: str, pages: str) -> str:
    who = f"{{visitor.segment: {segment}, device.type: {device}}}"
    change = five_changes(headline_of(segment), segment)
    return f"  hit-{segment}:\n    pages: {pages}\n    who: {who}\n    change:{change}"


def _of_order(order: int) -> str:
    brand, colour, dear = _order_of(order)
    return f"""\
  order-{order}:
    pages: /one
    who: {{visitor.order: "{order}"}}
    change:
      - select: "ul.results"
        rank:
          items: "> li"
          read: {{brand: "@data-brand", colour: "@data-colour", price: {{select: .price, as: number}}}}
          by:
            - {{boost: 4, where: {{item.brand: brand-{brand}}}}}
            - {{boost: 2, where: {{item.colour: c{colour}}}}}
{"            - {boost: 1, where: {item.price: {above: 19}}}" if dear else ""}
"""


# -- The requests ----------------------------------------------------------------------------------------------------


def asks_by_segment(path: str, coding: str = "") -> tuple[Ask, ...]:
    """A request from each segment."""
    return tuple(
        Ask(
            path,
            {"Cookie": f"segment={segment}", "User-Agent": AGENTS[device], **_accepting(coding)},
            changed(PAGE, headline_of(segment), segment),
        )
        for segment, device in SEGMENTS.items()
    )


def asks_by_visitor(path: str, coding: str = "") -> tuple[Ask, ...]:
    """A request for each order, from a company that has never asked before."""
    return tuple(
        Ask(
            path,
            {"Cookie": f"company=Firm-{NUMBER}; order={order}", "User-Agent": AGENTS["desktop"], **_accepting(coding)},
            changed(in_order(PAGE, order), f"Rain gear for Firm-{NUMBER}", "oslo"),
        )
        for order in range(ORDERS)
    )


def asks_by_sub_filter(path: str) -> tuple[Ask, ...]:
    """The same as nginx is asked: it knows the company's name, puts nothing in order and leaves the preload."""
    plain = changed(PAGE, f"Rain gear for Firm-{NUMBER}", "oslo")
    page = plain.replace(b'href="/img/oslo.jpg"', b'href="/hero.jpg"').replace(
        b'<source srcset="/img/oslo.jpg">', b'<source srcset="/hero.avif" type="image/avif">'
    )
    headers = {"Cookie": f"company=Firm-{NUMBER}; order=1", "User-Agent": AGENTS["desktop"]}
    return (Ask(path, headers, page),)


def asks_for_asset() -> tuple[Ask, ...]:
    """What no rule touches."""
    return (Ask("/asset", {"User-Agent": AGENTS["desktop"]}, ASSET),)


def stranger(path: str) -> Ask:
    """Somebody with the cookie of one segment and the device of another: the page is the origin's."""
    return Ask(path, {"Cookie": "segment=trail", "User-Agent": AGENTS["desktop"]}, PAGE)


def _accepting(coding: str) -> Mapping[str, str]:
    return {"Accept-Encoding": coding} if coding else {}


def write_site(folder: Path) -> None:
    """What the origin serves: the page, the asset, and for nginx's cache a page for each segment, made elsewhere."""
    (folder / "page.html").write_bytes(PAGE)
    (folder / "asset.bin").write_bytes(ASSET)
    variants = folder / "variants"
    variants.mkdir()
    for segment, device in SEGMENTS.items():
        (variants / f"{segment}-{device}.html").write_bytes(changed(PAGE, headline_of(segment), segment))
