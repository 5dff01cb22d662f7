"""Heads of replies, as bytes that are written once for each stored page and again and again sent.

Owns HTTP/1.1's form of a head; what stands in it is `proxy.origin.headers`'s and `proxy.replies`'s.
"""

from __future__ import annotations

from proxy.cache.store import Stored
from proxy.cache.validation import is_not_modified
from proxy.document import document_of, is_html
from proxy.origin.headers import personal_response_headers, rewritten_response_headers
from proxy.page.encode import Rendered
from proxy.page.source import Source
from proxy.replies import is_current, not_modified_headers
from proxy.wire import Headers, Written

_OK = b"HTTP/1.1 200 OK\r\n"
_NOT_MODIFIED = b"HTTP/1.1 304 Not Modified\r\n"


class StoredPage:
    """A stored response of status 200, and the heads of what comes of it.

    A page of more than `page_bytes` bytes is not changed.
    """

    __slots__ = ("_came", "_heads", "_personal", "_response", "is_html", "source")

    def __init__(self, stored: Stored, *, page_bytes: int) -> None:
        came = stored.response.headers
        self.is_html = is_html(came)
        document = document_of(stored.response.status, came, page_bytes)
        self.source = None if document is None else Source(stored.body, document.coding, document.charset_label)
        self._response = stored.response
        self._came = tuple(field for field in came if field[0] != b"age")
        self._personal = personal_response_headers(came)
        self._heads: dict[str, tuple[bytes, bytes]] = {}

    def plain(self, body: bytes, conditions: Headers, told: bytes) -> Written:
        """The response as it came, or that this visitor has it; `told` is the rest of the head."""
        is_had = bool(conditions) and is_not_modified(conditions, self._response)
        return self._unchanged("plain", self._came, body, told, is_had=is_had)

    def unchanged(self, body: bytes, conditions: Headers, told: bytes) -> Written:
        """The page as it came, at a URL that an experience could touch."""
        is_had = bool(conditions) and is_current(conditions, self._personal)
        return self._unchanged("unchanged", self._personal, body, told, is_had=is_had)

    def changed(self, rendered: Rendered, conditions: Headers, told: bytes) -> Written:
        """The page as it was rendered for one visitor, or that they have it."""
        whole, not_modified = self._heads.get(rendered.coding) or self._write(
            rendered.coding, rewritten_response_headers(self._personal, coding=rendered.coding)
        )
        if conditions and is_current(conditions, ((b"etag", rendered.etag),)):
            return (b"%betag: %b\r\n%b\r\n" % (not_modified, rendered.etag, told),)
        length = len(rendered.body)
        return b"%betag: %b\r\ncontent-length: %d\r\n%b\r\n" % (whole, rendered.etag, length, told), rendered.body

    def _unchanged(self, kind: str, headers: Headers, body: bytes, told: bytes, *, is_had: bool) -> Written:
        whole, not_modified = self._heads.get(kind) or self._write(kind, headers)
        if is_had:
            return (b"%b%b\r\n" % (not_modified, told),)
        return b"%b%b\r\n" % (whole, told), body

    def _write(self, kind: str, headers: Headers) -> tuple[bytes, bytes]:
        heads = _OK + encoded(headers), _NOT_MODIFIED + encoded(not_modified_headers(headers))
        self._heads[kind] = heads
        return heads


def encoded(headers: Headers) -> bytes:
    """Header fields as lines."""
    return b"".join(b"%b: %b\r\n" % field for field in headers)
