from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from proxy.company.resolver import Columns, ResolverError
from proxy.company.resolver_http import MAX_ANSWER_BYTES, HeaderError, HttpResolver, read_headers
from tests.proxy.origins import Connection, Script, scripted_origin

FIELDS = {
    "name": "company.name",
    "domain": "company.site",
    "employees": "company.size.0",
    "country": "company.country",
    "list": "company.lists",
    "rating": "score",
}
NORDEA = {
    "company": {
        "name": " Nordea  Bank",
        "site": "https://www.nordea.example/",
        "size": ["28000"],
        "country": "fi",
        "lists": ["nordic", "banks"],
    },
    "score": 0.7,
}


def answering(status: str, body: bytes, *fields: bytes) -> Script:
    def script(connection: Connection) -> None:
        connection.read_message()
        head = b"\r\n".join((f"HTTP/1.1 {status}".encode(), b"content-length: %d" % len(body), *fields))
        connection.send(head + b"\r\nconnection: close\r\n\r\n" + body)

    return script


def ask(
    script: Script, *, seconds: float = 30.0, headers: Mapping[str, str] | None = None
) -> tuple[Columns | None, bytes]:
    async def resolve(url: str) -> Columns | None:
        resolver = HttpResolver(f"{url}/v1/{{ip}}?a=1", FIELDS, headers or {}, answer_seconds=seconds)
        try:
            return await resolver.resolve(ip_address("2620:fe::9"))
        finally:
            await resolver.close()

    with scripted_origin(script) as service:
        return asyncio.run(resolve(service.url)), service.heard


def refusal(script: Script, *, seconds: float = 30.0) -> str:
    with pytest.raises(ResolverError) as error:
        ask(script, seconds=seconds)
    return str(error.value)


def test_a_company_is_read_from_the_fields_that_are_named() -> None:
    columns, heard = ask(answering("200 OK", json.dumps(NORDEA).encode()), headers={"authorization": "Bearer abc"})
    assert columns == {
        "name": "Nordea Bank",
        "domain": "nordea.example",
        "employees": 28000,
        "country": "FI",
        "list": ("nordic", "banks"),
        "rating": 0.7,
    }
    assert heard.startswith(b"GET /v1/2620%3Afe%3A%3A9?a=1 HTTP/1.1\r\n")
    assert b"authorization: bearer abc\r\n" in heard.lower()
    assert b"accept-encoding: identity\r\n" in heard.lower()
    assert b"cookie" not in heard.lower()


@pytest.mark.parametrize("status", ["404 Not Found", "204 No Content"])
def test_a_service_that_knows_of_none_says_so_by_its_status(status: str) -> None:
    assert ask(answering(status, b""))[0] is None


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"company": None},
        {"company": []},
        {"company": {"name": "", "site": "nowhere", "size": [], "country": "Finland"}},
        {"company": {"name": {"en": "Nordea"}}},
        {"company": {"name": "x" * 501}},
        {"company": {"country": "FI"}},
    ],
)
def test_without_a_name_or_a_domain_there_is_no_company(answer: dict[str, Any]) -> None:
    assert ask(answering("200 OK", json.dumps(answer).encode()))[0] is None


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        ("500 Internal Server Error", b"{}", "status 500"),
        ("401 Unauthorized", b"{}", "status 401"),
        ("429 Too Many Requests", b"{}", "status 429"),
        ("200 OK", b"<html>", "the answer is not JSON"),
        ("200 OK", b"\xff\xfe", "the answer is not JSON"),
        ("200 OK", b"[" * 60_000, "the answer is not JSON"),
        ("200 OK", b'["Nordea"]', "the answer is not a JSON object"),
        ("200 OK", b" " * (MAX_ANSWER_BYTES + 1), "the answer is larger than 65,536 bytes"),
    ],
)
def test_an_answer_that_is_none_is_a_failure(status: str, body: bytes, why: str) -> None:
    assert refusal(answering(status, body)) == why


def test_a_redirect_is_not_followed() -> None:
    assert refusal(answering("302 Found", b"", b"location: http://127.0.0.1:1/")) == "status 302"


def test_a_compressed_answer_is_refused_since_it_could_be_of_any_size() -> None:
    assert "compressed" in refusal(answering("200 OK", b"x", b"content-encoding: gzip"))


def test_an_endless_answer_is_cut_off() -> None:
    def script(connection: Connection) -> None:
        connection.read_message()
        connection.send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            connection.send(b"1000\r\n" + b" " * 0x1000 + b"\r\n")

    assert "larger than" in refusal(script)


def test_a_slow_service_is_waited_for_only_so_long() -> None:
    def script(connection: Connection) -> None:
        connection.read_message()
        connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{")
        connection.raw.recv(1)  # until the other side gives up

    assert refusal(script, seconds=0.2) == "no answer within 0.2 s"


def test_a_service_that_is_not_there_is_a_failure() -> None:
    async def resolve() -> None:
        resolver = HttpResolver("http://127.0.0.1:1/{ip}", FIELDS, {})
        try:
            await resolver.resolve(ip_address("9.9.9.9"))
        finally:
            await resolver.close()

    with pytest.raises(ResolverError, match="ConnectError"):
        asyncio.run(resolve())


def test_a_secret_is_taken_from_the_environment_or_a_file(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("from-a-file\n")
    headers = {"authorization": "Bearer {env:KEY}", "x-key": f"{{file:{key}}}", "x-plain": "a {b} c"}
    assert read_headers(headers, {"KEY": "abc"}) == {
        "authorization": "Bearer abc",
        "x-key": "from-a-file",
        "x-plain": "a {b} c",
    }


@pytest.mark.parametrize(
    ("value", "environment", "told"),
    [
        ("{env:KEY}", {}, "the variable KEY holds no secret"),
        ("{env:KEY}", {"KEY": "two\nlines"}, "the variable KEY holds no secret"),
        ("{env:KEY}", {"KEY": "ké"}, "the variable KEY holds no secret"),
        ("{file:/nowhere/key}", {}, "/nowhere/key: can't be read: No such file"),
    ],
)
def test_a_secret_that_can_not_be_had_is_told_and_never_shown(
    value: str, environment: dict[str, str], told: str
) -> None:
    with pytest.raises(HeaderError) as error:
        read_headers({"authorization": value}, environment)
    assert told in str(error.value)
    assert "two" not in str(error.value)
