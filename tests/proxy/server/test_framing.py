from __future__ import annotations

import pytest

from proxy.server.framing import Refusal, RefusedError, check_head, origin_form

Fields = list[tuple[bytes, bytes]]

HOST = (b"host", b"a")
CHUNKED = (b"transfer-encoding", b"chunked")
FIVE = (b"content-length", b"5")

REFUSED: dict[str, tuple[int, str, Fields]] = {
    "no host": (400, "1.1", []),
    "two hosts": (400, "1.1", [HOST, HOST]),
    "no host in 1.0": (400, "1.0", []),
    "unknown version": (505, "2.0", [HOST]),
    "version that was never written": (505, "0.9", [HOST]),
    "length and coding": (400, "1.1", [HOST, FIVE, CHUNKED]),
    "two lengths": (400, "1.1", [HOST, FIVE, FIVE]),
    "coding in 1.0": (400, "1.0", [HOST, CHUNKED]),
    "coding that we can't read": (501, "1.1", [HOST, (b"transfer-encoding", b"gzip, chunked")]),
    "coding told twice": (501, "1.1", [HOST, CHUNKED, CHUNKED]),
}


@pytest.mark.parametrize(("status", "version", "fields"), REFUSED.values(), ids=REFUSED.keys())
def test_a_head_that_can_be_read_in_two_ways_is_refused(status: int, version: str, fields: Fields) -> None:
    with pytest.raises(RefusedError) as refused:
        check_head(version, fields)

    assert refused.value.refusal.status == status


@pytest.mark.parametrize("fields", [[HOST], [HOST, FIVE], [HOST, CHUNKED], [HOST, (CHUNKED[0], b"Chunked")]])
def test_a_plain_head_passes(fields: Fields) -> None:
    check_head("1.1", fields)


@pytest.mark.parametrize(
    ("target", "host", "path"),
    [
        (b"/a?b", b"a", b"/a?b"),
        (b"//evil/x", b"a", b"//evil/x"),
        (b"http://a/x", b"A", b"/x"),
        (b"HTTPS://a:444/x?y", b"a:444", b"/x?y"),
        (b"http://a", b"a", b"/"),
    ],
)
def test_a_target_is_a_path_on_the_host_that_was_named(target: bytes, host: bytes, path: bytes) -> None:
    assert origin_form(b"GET", target, host) == path


@pytest.mark.parametrize(
    "target",
    [b"http://evil/x", b"http://a@evil/", b"http://evil@a/", b"http://a?b", b"ftp://a/", b"@a/", b"a:443", b"*", b""],
)
def test_any_other_target_is_refused(target: bytes) -> None:
    with pytest.raises(RefusedError):
        origin_form(b"GET", target, b"a")


@pytest.mark.parametrize("target", [b"a:80", b"/", b"http://a/"])
def test_a_tunnel_is_refused(target: bytes) -> None:
    with pytest.raises(RefusedError):
        origin_form(b"CONNECT", target, b"a")


def test_options_may_ask_for_the_server_itself() -> None:
    assert origin_form(b"OPTIONS", b"*", b"a") == b"*"


def test_a_refusal_says_why() -> None:
    answer = Refusal(400, "one Host field is required").encode()

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.endswith(b"content-length: 27\r\n\r\none Host field is required\n")
