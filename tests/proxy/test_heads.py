from __future__ import annotations

from proxy.cache.messages import Response
from proxy.cache.store import Stored
from proxy.cache.vary import Selector
from proxy.heads import StoredPage, encoded
from proxy.page.encode import Rendered
from proxy.wire import Headers

CAME: Headers = (
    (b"content-type", b"text/html"),
    (b"content-length", b"4"),
    (b"etag", b'"v1"'),
    (b"age", b"3"),
    (b"cache-control", b"max-age=60"),
)
TOLD = b"cache-status: tailor; hit\r\n"
PAGE = Rendered(b"<h1>New</h1>", "br", b'W/"page-br"')


def stored_page(*, page_bytes: int = 1 << 20, headers: Headers = CAME) -> StoredPage:
    stored = Stored.of(Response(200, headers, 0.0, 0.0), b"page", Selector())
    return StoredPage(stored, page_bytes=page_bytes)


def test_a_field_is_a_line() -> None:
    assert encoded(((b"a", b"1"), (b"b", b""))) == b"a: 1\r\nb: \r\n"


def test_a_plain_response_is_what_came_but_for_its_age() -> None:
    head, body = stored_page().plain(b"page", (), TOLD)

    assert head == (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 4\r\n"
        b'etag: "v1"\r\ncache-control: max-age=60\r\ncache-status: tailor; hit\r\n\r\n'
    )
    assert body == b"page"


def test_an_unchanged_page_at_a_personal_url_is_this_visitors() -> None:
    head, _ = stored_page().unchanged(b"page", (), TOLD)

    assert b"cache-control: private, no-cache\r\n" in head
    assert b"max-age" not in head
    assert b"age: " not in head.replace(b"max-age", b"")


def test_a_changed_page_has_its_own_coding_tag_and_length_each_time() -> None:
    page = stored_page()
    first, second = (page.changed(PAGE, (), TOLD) for _ in range(2))

    assert first == second
    assert first == (
        (
            b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncache-control: private, no-cache\r\n"
            b'content-encoding: br\r\nvary: accept-encoding\r\netag: W/"page-br"\r\ncontent-length: 12\r\n'
            b"cache-status: tailor; hit\r\n\r\n"
        ),
        b"<h1>New</h1>",
    )


def test_heads_of_two_codings_are_kept_apart() -> None:
    page = stored_page()
    page.changed(PAGE, (), TOLD)
    head, _ = page.changed(Rendered(b"<h1>New</h1>", "identity", b'W/"page"'), (), TOLD)

    assert b"content-encoding" not in head


def test_a_page_without_a_date_of_change_is_known_by_when_it_was_sent() -> None:
    came = (*CAME, (b"date", b"Sun, 06 Nov 1994 08:49:37 GMT"))
    since = ((b"if-modified-since", b"Sun, 06 Nov 1994 08:49:37 GMT"),)
    page = stored_page(headers=came)

    assert page.plain(b"page", since, TOLD)[0].startswith(b"HTTP/1.1 304 ")
    # At one moment visitors get different pages, so of one that rules could change it says nothing.
    assert page.unchanged(b"page", since, TOLD)[0].startswith(b"HTTP/1.1 200 ")


def test_who_has_the_page_gets_a_304_without_a_body() -> None:
    page = stored_page()
    changed = page.changed(PAGE, ((b"if-none-match", b'W/"page-br"'),), TOLD)
    unchanged = page.unchanged(b"page", ((b"if-none-match", b'"v1"'),), TOLD)

    assert changed == (
        (
            b"HTTP/1.1 304 Not Modified\r\ncache-control: private, no-cache\r\nvary: accept-encoding\r\n"
            b'etag: W/"page-br"\r\ncache-status: tailor; hit\r\n\r\n'
        ),
    )
    assert unchanged == (
        (
            b'HTTP/1.1 304 Not Modified\r\netag: "v1"\r\ncache-control: private, no-cache\r\n'
            b"cache-status: tailor; hit\r\n\r\n"
        ),
    )


def test_what_can_t_be_changed_is_no_source() -> None:
    assert stored_page().source is not None
    assert stored_page(page_bytes=3).source is None
    assert stored_page(headers=((b"content-type", b"text/css"), *CAME[1:])).source is None
