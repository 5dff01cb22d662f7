from __future__ import annotations

import pytest

from proxy.page.encode import Rendered
from proxy.replies import accepted_codings, is_current, not_modified_headers, rendered_reply
from proxy.wire import Headers

PAGE = Rendered(b"<h1>New</h1>", "gzip", b'W/"page-gz"')
CAME: Headers = (
    (b"content-type", b"text/html"),
    (b"content-length", b"99"),
    (b"etag", b'"origin"'),
    (b"last-modified", b"Sun, 06 Nov 1994 08:49:37 GMT"),
    (b"cache-control", b"private, no-cache"),
)
COOKIES: Headers = ((b"set-cookie", b"tailor_id=x"),)


def none_match(value: bytes) -> Headers:
    return ((b"if-none-match", value),)


def test_a_rendered_page_tells_its_own_length_coding_and_tag() -> None:
    reply = rendered_reply((), 200, CAME, PAGE, COOKIES, is_head=False)

    assert (reply.status, reply.body) == (200, PAGE.body)
    assert reply.headers == (
        (b"content-type", b"text/html"),
        (b"cache-control", b"private, no-cache"),
        (b"content-encoding", b"gzip"),
        (b"etag", b'W/"page-gz"'),
        (b"vary", b"accept-encoding"),
        (b"content-length", b"%d" % len(PAGE.body)),
        (b"set-cookie", b"tailor_id=x"),
    )


def test_a_head_is_told_what_a_get_would_be() -> None:
    whole, head = (rendered_reply((), 200, CAME, PAGE, is_head=is_head) for is_head in (False, True))

    assert head.headers == whole.headers
    assert head.body == b""


@pytest.mark.parametrize("value", [b'W/"page-gz"', b'"page-gz"', b'"other", W/"page-gz"', b"*"])
def test_who_has_the_page_gets_a_304_that_describes_no_body(value: bytes) -> None:
    reply = rendered_reply(none_match(value), 200, CAME, PAGE, COOKIES, is_head=False)

    assert (reply.status, reply.body) == (304, b"")
    assert {name for name, _ in reply.headers} == {b"cache-control", b"etag", b"vary", b"set-cookie"}


@pytest.mark.parametrize("value", [b'"origin"', b'W/"page-br"', b"page-gz", b""])
def test_another_tag_gets_the_page(value: bytes) -> None:
    assert rendered_reply(none_match(value), 200, CAME, PAGE, is_head=False).status == 200


def test_a_date_is_nothing_by_which_a_changed_page_is_known() -> None:
    since = ((b"if-modified-since", b"Sun, 06 Nov 2094 08:49:37 GMT"),)

    assert rendered_reply(since, 200, CAME, PAGE, is_head=False).status == 200


def test_an_error_page_with_mapped_addresses_is_never_answered_by_a_304() -> None:
    assert rendered_reply(none_match(b"*"), 404, CAME, PAGE, is_head=False).status == 404


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (b"if-none-match", b'"origin"', True),
        (b"if-none-match", b'"another"', False),
        (b"if-modified-since", b"Sun, 06 Nov 1994 08:49:37 GMT", True),
        (b"if-modified-since", b"Sun, 06 Nov 1994 08:49:36 GMT", False),
        (b"if-modified-since", b"yesterday", False),
        (b"range", b"bytes=0-1", False),
    ],
)
def test_an_unchanged_page_is_known_by_the_origins_validators(field: bytes, value: bytes, expected: bool) -> None:
    assert is_current(((field, value),), CAME) is expected


def test_the_tag_counts_before_the_date() -> None:
    both = ((b"if-none-match", b'"another"'), (b"if-modified-since", b"Sun, 06 Nov 2094 08:49:37 GMT"))

    assert not is_current(both, CAME)


def test_without_a_last_change_a_date_says_nothing() -> None:
    dated: Headers = ((b"date", b"Sun, 06 Nov 1994 08:49:37 GMT"),)

    assert not is_current(((b"if-modified-since", b"Sun, 06 Nov 2094 08:49:37 GMT"),), dated)


def test_a_304_keeps_the_tag_and_what_is_said_to_caches() -> None:
    assert not_modified_headers(CAME) == CAME[2:]


def test_lines_of_accept_encoding_are_one_list() -> None:
    assert accepted_codings(((b"accept-encoding", b"gzip"), (b"x", b"y"), (b"accept-encoding", b"br"))) == (
        "br",
        "gzip",
    )
    assert accepted_codings(((b"x", b"y"),)) == ()
