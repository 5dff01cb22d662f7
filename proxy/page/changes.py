"""What a rule's change means on one page: operations at the places that its selector finds."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape

from proxy.page.charset import Charset
from proxy.page.locate import Element, Located, MissedError, Place, RefusedError
from proxy.page.operations import (
    EditClass,
    InsertBeside,
    Operation,
    Reorder,
    ReplaceElement,
    SetAttribute,
    SetBackground,
    SetContent,
    background_span,
)
from proxy.page.ranking import MAX_ITEMS, MAX_LISTS, reorder
from proxy.page.writing import Mode, Writing, written
from rules.decision import Choice
from rules.fragments import Fragment
from rules.html_syntax import RAW_TEXT
from rules.model import (
    AddClass,
    Change,
    Insert,
    Rank,
    Remove,
    RemoveClass,
    Replace,
    SetAttributes,
    SetHtml,
    SetImage,
    SetLink,
    SetText,
)

# A place costs about 0.1 ms, and pages below 256 KB are cut on the event loop.
_MAX_PLACES = 1_000
# What search engines read of a page; a change has to say `seo: true` to touch it.
_SEO = (
    "title",
    'link[rel~="canonical" i]',
    'meta[name="robots" i]',
    'script[type="application/ld+json" i]',
)
# Where lazy loaders keep the real address until they need it: WordPress plugins, lazysizes, lozad, Drupal's blazy.
_LAZY_SOURCES = ("data-src", "data-lazy-src", "data-original", "data-lazy")
_LAZY_SOURCE_SETS = ("data-srcset", "data-lazy-srcset")
_LAZY_SIZES = ("data-sizes", "data-lazy-sizes")
_LAZY_BACKGROUNDS = ("data-bg", "data-background", "data-background-image")
_SINGLE_ADDRESSES = frozenset({"src", "href", *_LAZY_SOURCES})
_ADDRESS_LISTS = frozenset({"srcset", "imagesrcset", *_LAZY_SOURCE_SETS})


def guarded_elements(page: Located) -> frozenset[Element]:
    """What only a change that says `seo: true` may touch."""
    return frozenset(element for selector in _SEO for element in page.elements(selector))


def operations_of(
    change: Change, choice: Choice, page: Located, charset: Charset, guarded: frozenset[Element]
) -> list[Operation]:
    """What a change does to this page, `guarded` elements left alone.

    Raises RefusedError where that can't be, and MissedError where its selector finds nothing, or too much.
    """
    places = page.find(charset.as_latin1(change.select))
    if not places:
        raise MissedError("its selector finds nothing")
    if len(places) > 1 and not change.all:
        raise MissedError(f"its selector finds {len(places)} places, and `all: true` is not said")
    if len(places) > _MAX_PLACES:
        raise RefusedError(f"its selector finds {len(places):,} places, and no more than {_MAX_PLACES:,} are changed")
    if not change.seo:
        _refuse_seo(places, guarded)
    if isinstance(change.action, Rank) and len(places) > MAX_LISTS:
        raise RefusedError(f"its selector finds {len(places)} lists, and no more than {MAX_LISTS} are ranked")
    reading = _Reading(choice, page, charset)
    return [operation for place in places for operation in reading.operations(change, place)]


def _refuse_seo(places: list[Place], guarded: frozenset[Element]) -> None:
    for place in places:
        if place.element in guarded and not place.foreign:
            raise RefusedError(f"<{place.tag}> is for search engines, and `seo: true` is not said")


class _Reading:
    """Reads the changes of one choice on one page."""

    __slots__ = ("_charset", "_choice", "_page", "_preloading", "_ranked")

    def __init__(self, choice: Choice, page: Located, charset: Charset) -> None:
        self._choice = choice
        self._page = page
        self._charset = charset
        self._ranked = 0  # items, in all lists so far
        # Preloads by the address that they load, those that point at the new picture left out.
        self._preloading: dict[str, list[Place]] | None = None

    def operations(self, change: Change, place: Place) -> Iterator[Operation]:
        match change.action:
            case SetText(text):
                yield SetContent(place, self._content(text, place))
            case SetHtml(html):
                yield SetContent(place, self._content(html, place))
            case Replace(html):
                yield ReplaceElement(place, self._write(html, Mode.MARKUP))
            case Insert(where, html):
                content = self._content(html, place) if where.is_inside else self._write(html, Mode.MARKUP)
                yield InsertBeside(place, where, content)
            case SetImage():
                yield from self._image(change.action, place)
            case SetLink(href, text):
                if place.tag not in ("a", "area"):
                    raise RefusedError(f"<{place.tag}> is no link")
                yield SetAttribute(place, "href", self._write(href, Mode.ATTRIBUTE))
                if text is not None:
                    yield SetContent(place, self._content(text, place))
            case SetAttributes(values):
                for name, value in values:
                    _refuse_steering(place, name, value)
                    yield SetAttribute(place, name, None if value is None else self._write(value, Mode.ATTRIBUTE))
            case AddClass(names):
                yield from (EditClass(place, name, present=True) for name in names)
            case RemoveClass(names):
                yield from (EditClass(place, name, present=False) for name in names)
            case Remove():
                yield ReplaceElement(place, None)
            case Rank():
                yield self._rank(change.action, place, may_be_empty=change.all)

    def _rank(self, rank: Rank, place: Place, *, may_be_empty: bool) -> Reorder:
        order = reorder(rank, place, self._page, self._charset, at_most=MAX_ITEMS - self._ranked)
        self._ranked += len(order.items)
        if not order.items and not may_be_empty:
            raise RefusedError(f"its `items` find nothing in <{place.tag}>")
        return order

    def _write(self, fragment: Fragment, mode: Mode) -> Writing:
        return written(self._choice, fragment, mode)

    def _content(self, fragment: Fragment, place: Place) -> Writing:
        raw = place.tag in RAW_TEXT and not place.foreign
        return self._write(fragment, Mode.RAW if raw else Mode.TEXT)

    def _image(self, image: SetImage, place: Place) -> Iterator[Operation]:
        picture = self._picture_in(place)
        if picture is None:
            yield from self._background(image, place)
            return
        yield from self._preloads(image, _addresses(picture), picture)
        for source in self._sources_beside(picture):
            yield from self._preloads(image, _addresses(source), picture)
            yield SetAttribute(source, "srcset", self._write(image.srcset or image.src, Mode.ATTRIBUTE))
            yield from self._sizes(image, source)
            yield from _removed(source, ("type", *_LAZY_SOURCE_SETS, *_LAZY_SIZES))
        src = self._write(image.src, Mode.ATTRIBUTE)
        yield SetAttribute(picture, "src", src)
        yield from (SetAttribute(picture, name, src) for name in _LAZY_SOURCES if name in picture.attributes)
        if image.alt is not None:
            yield SetAttribute(picture, "alt", self._write(image.alt, Mode.ATTRIBUTE))
        if image.srcset is not None:
            srcset = self._write(image.srcset, Mode.ATTRIBUTE)
            yield SetAttribute(picture, "srcset", srcset)
            yield from (SetAttribute(picture, name, srcset) for name in _LAZY_SOURCE_SETS if name in picture.attributes)
        else:
            yield from _removed(picture, ("srcset", *_LAZY_SOURCE_SETS))
        yield from self._sizes(image, picture)
        yield from _removed(picture, _LAZY_SIZES)

    def _sizes(self, image: SetImage, place: Place) -> Iterator[Operation]:
        if image.sizes is not None:
            yield SetAttribute(place, "sizes", self._write(image.sizes, Mode.ATTRIBUTE))
        elif image.srcset is None:
            yield from _removed(place, ("sizes",))

    def _picture_in(self, place: Place) -> Place | None:
        """The element that shows a picture: the place itself, or the `<img>` of a `<picture>`."""
        if place.tag == "img" or (place.tag == "input" and place.element.attrs.get("type") == "image"):
            return place
        if place.tag == "picture":
            inner = self._page.inside(place.element, "img")
            if len(inner) == 1:
                return self._page.place(inner[0])
        return None

    def _sources_beside(self, picture: Place) -> list[Place]:
        parent = picture.element.closest("picture")
        return [] if parent is None else [self._page.place(source) for source in self._page.inside(parent, "source")]

    def _background(self, image: SetImage, place: Place) -> Iterator[Operation]:
        lazy = [name for name in _LAZY_BACKGROUNDS if name in place.attributes]
        if "style" not in place.attributes and not lazy:
            raise RefusedError(f"<{place.tag}> shows no picture of its own")
        if "style" in place.attributes:
            yield from self._preloads(image, _style_addresses(place), place)
            yield SetBackground(place, self._write(image.src, Mode.STYLE_URL))
        for name in lazy:
            yield SetAttribute(place, name, self._write(image.src, Mode.ATTRIBUTE))

    def _preloads(self, image: SetImage, old: frozenset[str], shown: Place) -> Iterator[Operation]:
        """A `<link rel=preload as=image>` that pointed at the old picture points at the new one."""
        if self._preloading is None:
            self._preloading = self._preloads_by_address()
        links = {link.start: link for address in old for link in self._preloading.pop(address, ()) if link != shown}
        for _, link in sorted(links.items()):
            yield SetAttribute(link, "href", self._write(image.src, Mode.ATTRIBUTE))
            if image.srcset is not None and "imagesrcset" in link.attributes:
                yield SetAttribute(link, "imagesrcset", self._write(image.srcset, Mode.ATTRIBUTE))
            else:
                yield from _removed(link, ("imagesrcset", "imagesizes"))
            yield from _removed(link, ("type",))

    def _preloads_by_address(self) -> dict[str, list[Place]]:
        found: dict[str, list[Place]] = {}
        for element in self._page.elements('link[rel~="preload" i][as="image" i]'):
            link = self._page.place(element)
            for address in _addresses(link):
                found.setdefault(address, []).append(link)
        return found


def _refuse_steering(place: Place, name: str, value: Fragment | None) -> None:
    """`<meta http-equiv>` steers the browser, which a visitor's value must not."""
    steers = place.tag == "meta" and "http-equiv" in place.attributes and name.lower() == "content"
    if steers and value is not None and value.static is None:
        raise RefusedError("a visitor's value can't be put into <meta http-equiv>")


def _removed(place: Place, names: tuple[str, ...]) -> Iterator[Operation]:
    return (SetAttribute(place, name, None) for name in names if name in place.attributes)


def _addresses(place: Place) -> frozenset[str]:
    """Every address that an element loads a picture from."""
    found: set[str] = set()
    attributes = place.element.attrs
    for name in place.attributes:
        value = str(attributes.get(name) or "")
        if name in _SINGLE_ADDRESSES:
            found.add(value)
        elif name in _ADDRESS_LISTS:
            found.update(candidate.split()[0] for candidate in value.split(",") if candidate.split())
    return frozenset(found - {""})


def _style_addresses(place: Place) -> frozenset[str]:
    """The address of the picture in an inline style's background."""
    style = unescape(str(place.element.attrs.get("style") or ""))
    span = background_span(style)
    return frozenset() if span is None else frozenset({style[slice(*span)].strip("\"' ")})
