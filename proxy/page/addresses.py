"""The origin's absolute URLs in a page, under the name by which the world knows the site.

One linear walk over the page's bytes tells tags, scripts and style sheets from text and comments; within them the
bytes of a name are replaced, and no other byte. A name is letters, digits and `.-:[]~_` in ASCII, so whatever the walk
takes for a tag, the page's markup stays what it was.

Text that mentions a URL stays, and so does `value`: what a form sends back has to be what the origin wrote.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from proxy.names import REFRESH, SiteName
from proxy.page.charset import UnreadableCharsetError, charset_of
from rules.html_syntax import ATTRIBUTE, NAME_END, SPACE, TAG_REST

# HTML Standard §13.2.5.6: where something begins that is not text. An end tag is read as text: nothing in it counts.
_BEGIN = re.compile(rf"<(?:([a-zA-Z][^{SPACE}/>]*+)|!--|[!?])".encode())
_COMMENT_END = re.compile(rb"--!?>")
# Where it does not match, the page ends within the tag.
_TAG_REST = re.compile(TAG_REST.encode())
_ATTRIBUTE = re.compile(ATTRIBUTE.encode())
_TEXT = frozenset(b"script style textarea title xmp iframe noembed noframes".split())

_ONE_URL = frozenset(
    b"href src action formaction poster data cite background longdesc manifest xlink:href codebase".split()
)
_MANY_URLS = frozenset(b"srcset imagesrcset ping style".split())

# A slash as it is, in JSON, and as a character reference.
_SLASHES = rb"((?:/|\\/|&#x2f;|&#47;){2})"
_NAME = rb"([^\s/?#\\\"'<>()&,;`]+)"
_ALONE = re.compile(rb"(?:(https?):)?" + _SLASHES + rb"([^\s/?#\\\"'<>&]+)", re.IGNORECASE)
# Not within another URL, and protocol-relative only where it can't be a comment of a script.
_ABSOLUTE = rb"(?<![A-Za-z0-9+.\-_~%@:=?&/\\])(https?):" + _SLASHES + _NAME
_AMONG = re.compile(_ABSOLUTE + rb"|(?<=[\"'`(;,\s])" + _SLASHES + _NAME, re.IGNORECASE)
_IN_SCRIPT = re.compile(_ABSOLUTE + rb"|(?<=[\"'`(])" + _SLASHES + _NAME, re.IGNORECASE)
_HASHED = re.compile(rb"'sha(?:256|384|512)-", re.IGNORECASE)


def map_addresses(
    body: bytes, charset_label: str | None, *, own: SiteName, public: SiteName, policy: bytes = b""
) -> bytes:
    """The page with its absolute URLs under the public name; `body` itself where there is nothing to do.

    `policy` is the page's Content-Security-Policy: where one names scripts by their hash, scripts stay as they are.
    """
    mentions = _mentions(body, own.authority)
    if not mentions:
        return body
    try:
        charset_of(body, charset_label)
    except UnreadableCharsetError:
        return body
    keep_scripts = bool(_HASHED.search(policy) or _HASHED.search(body))
    return _Page(body, own, public, mentions, keep_scripts).mapped()


def _mentions(body: bytes, authority: bytes) -> list[int]:
    found: list[int] = []
    lower = body.lower()
    position = lower.find(authority)
    while position >= 0:
        found.append(position)
        position = lower.find(authority, position + 1)
    return found


@dataclass(frozen=True, slots=True)
class _Page:
    """A page, and where the origin's name stands in it, in order."""

    body: bytes
    own: SiteName
    public: SiteName
    mentions: list[int]
    keep_scripts: bool

    def mapped(self) -> bytes:
        parts: list[bytes] = []
        position = 0
        for start, end, name in self._edits():
            parts += [self.body[position:start], name]
            position = end
        return b"".join([*parts, self.body[position:]]) if parts else self.body

    def _edits(self) -> Iterator[tuple[int, int, bytes]]:
        body, position = self.body, 0
        while position <= self.mentions[-1] and (begin := _BEGIN.search(body, position)):
            if begin[1] is None:
                position = self._behind(begin)
                continue
            rest = _TAG_REST.match(body, begin.end())
            if rest is None:
                return
            position = rest.end()
            if self._mentioned(begin.end(), position):
                yield from self._in_tag(begin.end(), position)
            name = begin[1].lower()
            # An SVG's <title/> and <style/> have no content.
            if name in _TEXT and not rest[0].endswith(b"/>"):
                start, position = position, self._text_end(name, position)
                yield from self._in_text(name, start, position)

    def _mentioned(self, start: int, end: int) -> bool:
        index = bisect_left(self.mentions, start)
        return index < len(self.mentions) and self.mentions[index] < end

    def _behind(self, begin: re.Match[bytes]) -> int:
        """The end of a comment or a declaration."""
        if begin[0] == b"<!--":
            end = _COMMENT_END.search(self.body, begin.start() + len(b"<!"))
            return end.end() if end else len(self.body)
        close = self.body.find(b">", begin.end())
        return close + 1 if close >= 0 else len(self.body)

    def _text_end(self, name: bytes, position: int) -> int:
        end = re.compile(b"</" + name + NAME_END.encode(), re.IGNORECASE).search(self.body, position)
        return end.start() if end else len(self.body)

    def _in_text(self, name: bytes, start: int, end: int) -> Iterable[tuple[int, int, bytes]]:
        if name not in (b"script", b"style") or self.keep_scripts or not self._mentioned(start, end):
            return ()
        pattern = _IN_SCRIPT if name == b"script" else _AMONG
        return self._replaced(pattern.finditer(self.body, start, end))

    def _in_tag(self, start: int, end: int) -> Iterator[tuple[int, int, bytes]]:
        for attribute in _ATTRIBUTE.finditer(self.body, start, end):
            value = attribute.span(attribute.lastgroup or "name")
            if attribute.lastgroup == "name" or not self._mentioned(*value):
                continue
            yield from self._in_value(attribute["name"].lower(), *value)

    def _in_value(self, name: bytes, start: int, end: int) -> Iterable[tuple[int, int, bytes]]:
        if name in _MANY_URLS or name.startswith(b"data-"):
            return self._replaced(_AMONG.finditer(self.body, start, end))
        if name in _ONE_URL:
            while self.body[start : start + 1].isspace():
                start += 1
        elif name == b"content":
            prefix = REFRESH.match(self.body, start, end)
            start = prefix.end() if prefix else start
        else:
            return ()
        alone = _ALONE.match(self.body, start, end)
        return self._replaced([alone] if alone else [])

    def _replaced(self, urls: Iterable[re.Match[bytes]]) -> Iterator[tuple[int, int, bytes]]:
        for url in urls:
            scheme, slashes, authority = _parts(url)
            if self.own.is_named(scheme, authority):
                name = slashes + self.public.authority
                yield url.start(), url.end(), self.public.scheme + b":" + name if scheme else name


def _parts(url: re.Match[bytes]) -> tuple[bytes | None, bytes, bytes]:
    if url.lastindex == 5:  # the protocol-relative alternative
        return None, url[4], url[5]
    return url[1], url[2], url[3]
