from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from proxy.request import BadRequestError, Request, RequestReader

TRUSTING = RequestReader(trusted_proxies=(ip_network("10.0.0.0/8"),))


def scope(*fields: tuple[bytes, bytes], peer: str = "192.0.2.7", **changes: Any) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "GET",
        "raw_path": b"/",
        "query_string": b"",
        "scheme": "http",
        "client": (peer, 4711),
        "headers": [(b"host", b"Shop.example:8080"), *fields],
        **changes,
    }


def read(*fields: tuple[bytes, bytes], **changes: Any) -> Request:
    return RequestReader().read(scope(*fields, **changes))


def test_rules_and_origin_get_two_forms_of_one_path() -> None:
    request = read(raw_path=b"/caf%c3%a9/%7e", query_string=b"q=%c3")

    assert request.path == "/café/~"
    assert request.raw_path == b"/caf%C3%A9/~"
    assert request.target == b"/caf%C3%A9/~?q=%c3"


def test_tailors_own_parameters_are_taken_off_the_query() -> None:
    request = read(query_string=b"a=1&tailor_company=abc")

    assert request.own == {"tailor_company": "abc"}
    assert request.target == b"/?a=1"


def test_headers_keep_order_and_duplicates() -> None:
    request = read((b"x", b"2"), (b"x", b"1"))

    assert request.headers == ((b"host", b"Shop.example:8080"), (b"x", b"2"), (b"x", b"1"))
    assert request.header(b"x") == b"2"
    assert request.header(b"y") is None


def test_the_host_is_a_name_without_its_port() -> None:
    request = read()

    assert request.host == "shop.example"
    assert request.authority == "Shop.example:8080"


@pytest.mark.parametrize(
    "host", [b"", b"a b", b"a/b", b"user@a", b"a:b", b"a,b", b"[::1", b"caf\xe9", b"a" * 256, b"[" + b"1" * 46 + b"]"]
)
def test_a_host_that_is_none_is_refused(host: bytes) -> None:
    with pytest.raises(BadRequestError) as refusal:
        RequestReader().read(scope(headers=[(b"host", host)]))

    assert refusal.value.status == 400


@pytest.mark.parametrize("changes", [{"raw_path": b"/a/../b"}, {"query_string": b"a\xc3"}, {"query_string": b"a#b"}])
def test_an_ambiguous_target_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadRequestError):
        read(**changes)


def test_an_untrusted_peer_is_the_client_whatever_it_says() -> None:
    request = TRUSTING.read(
        scope((b"x-forwarded-for", b"6.6.6.6"), (b"x-forwarded-proto", b"https"), (b"x-forwarded-host", b"evil"))
    )

    assert (request.client, request.scheme, request.host, request.trusted) == (
        ip_address("192.0.2.7"),
        "http",
        "shop.example",
        False,
    )


def test_a_trusted_peer_says_who_asks_and_what_the_site_is_called() -> None:
    request = TRUSTING.read(
        scope(
            (b"x-forwarded-for", b"6.6.6.6, 198.51.100.1"),
            (b"x-forwarded-proto", b"https"),
            (b"x-forwarded-host", b"www.shop.example"),
            peer="10.0.0.1",
        )
    )

    assert (request.client, request.peer, request.trusted) == (ip_address("198.51.100.1"), "10.0.0.1", True)
    assert (request.scheme, request.authority) == ("https", "www.shop.example")


@pytest.mark.parametrize("client", [None, ("", 0)])
def test_on_a_socket_without_addresses_nobody_knows_who_asks(client: tuple[str, int] | None) -> None:
    request = TRUSTING.read(scope((b"x-forwarded-for", b"198.51.100.1"), client=client))

    assert (request.client, request.peer, request.trusted) == (None, "", False)


def test_a_hop_that_a_trusted_peer_does_not_know_has_no_address() -> None:
    assert TRUSTING.read(scope((b"x-forwarded-for", b"unknown"), peer="10.0.0.1")).client is None


def test_a_path_is_logged_as_it_is_sent() -> None:
    assert read(raw_path=b"/caf%c3%a9/%C2%9B2J%7e").logged_path == "/caf%C3%A9/%C2%9B2J~"


def test_of_several_values_the_nearest_proxys_counts() -> None:
    request = TRUSTING.read(
        scope((b"x-forwarded-proto", b"http, https"), (b"x-forwarded-host", b"evil, shop.example"), peer="10.0.0.1")
    )

    assert (request.scheme, request.host) == ("https", "shop.example")


def test_what_a_trusted_peer_garbles_is_passed_over() -> None:
    request = TRUSTING.read(scope((b"x-forwarded-proto", b"gopher"), (b"x-forwarded-host", b"a b"), peer="10.0.0.1"))

    assert (request.scheme, request.host) == ("http", "shop.example")


def test_the_public_url_is_the_last_word() -> None:
    reader = RequestReader(TRUSTING.trusted_proxies, public_url="https://www.shop.example:444")

    request = reader.read(scope((b"x-forwarded-proto", b"http"), peer="10.0.0.1"))

    assert (request.scheme, request.authority, request.host) == (
        "https",
        "www.shop.example:444",
        "www.shop.example",
    )


BODIES = {
    "none": ((), False),
    "empty": (((b"content-length", b"0"),), False),
    "known": (((b"content-length", b"10"),), True),
    "chunked": (((b"transfer-encoding", b"chunked"),), True),
}


@pytest.mark.parametrize(("fields", "has_body"), BODIES.values(), ids=BODIES.keys())
def test_the_framing_tells_of_a_body(fields: tuple[tuple[bytes, bytes], ...], has_body: bool) -> None:
    assert read(*fields).has_body is has_body


@pytest.mark.parametrize(("spoken", "scheme"), [(b"wss", "https"), (b"ws", "http"), (b"WSS", "https")])
def test_a_websocket_s_scheme_is_that_of_its_pages(spoken: bytes, scheme: str) -> None:
    assert TRUSTING.read(scope((b"x-forwarded-proto", spoken), peer="10.0.0.1")).scheme == scheme
