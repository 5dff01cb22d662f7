"""Replies: what goes downstream at a URL that an experience could touch, and to who has it already.

Owns the validators of such pages (RFC 9110 §13.1): a browser's conditions are answered here, by the page that this
visitor gets, and never by the origin, whose 304 could keep another variant alive. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from proxy.cache.entity_tags import entity_tag_of, none_match
from proxy.cache.messages import Response, combined, lines
from proxy.cache.validation import NOT_UPDATED, is_not_modified
from proxy.origin.headers import rewritten_response_headers
from proxy.page.coding import acceptable
from proxy.page.encode import Rendered
from proxy.wire import Headers


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole response."""

    status: int
    headers: Headers
    body: bytes


def rendered_reply(
    request_headers: Headers,
    status: int,
    headers: Headers,
    rendered: Rendered,
    cookies: Headers = (),
    *,
    is_head: bool,
) -> Reply:
    """A page that was rendered, for who asks: whole, its head alone, or a 304 where they have it.

    `headers` are those of the page that came, `cookies` what this visitor's browser is to keep.
    """
    told = rewritten_response_headers(headers, length=len(rendered.body), coding=rendered.coding, etag=rendered.etag)
    if status == 200 and is_current(request_headers, told):
        return Reply(304, (*not_modified_headers(told), *cookies), b"")
    return Reply(status, (*told, *cookies), b"" if is_head else rendered.body)


def not_modified_headers(headers: Headers) -> Headers:
    """The headers of the 304: what describes the body is the 200's alone (RFC 9110 §15.4.5)."""
    return tuple(field for field in headers if field[0] not in NOT_UPDATED)


def is_current(request_headers: Headers, headers: Headers) -> bool:
    """Whether a browser has the page that this would be, by its tag, or by its last change where it tells one.

    Nothing is concluded from `Date`: at one moment visitors get different pages.
    """
    holds = none_match(request_headers, entity_tag_of(headers))
    if holds is not None:
        return not holds
    return bool(lines(headers, b"last-modified")) and is_not_modified(request_headers, Response(200, headers, 0.0, 0.0))


def accepted_codings(request_headers: Headers) -> tuple[str, ...]:
    """The content codings that a browser accepts, the best first."""
    accepted = combined(request_headers, b"accept-encoding")
    return acceptable(accepted.decode("latin-1")) if accepted else ()
