import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from proxy.admin import Admin
from proxy.reload import Failure, RuleKeeper
from proxy.settings import Settings
from rules.model import RuleBook

TOKEN = "0123456789abcdef"
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Client:
    """Asks the admin app as over the wire, one request at a time."""

    app: Starlette
    host: str

    def ask(self, path: str, headers: Mapping[bytes, bytes] | None = None, method: str = "GET") -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{self.host}") as client:
                return await client.request(method, path, headers=headers)

        return asyncio.run(ask())


def client(*, ready: bool = True, failure: Failure | None = None, host: str = "127.0.0.1", **given: Any) -> Client:
    settings = Settings.model_validate({"origin": "http://127.0.0.1:9000", **given})
    keeper = RuleKeeper(Path("rules"), RuleBook(), b"", lambda _: RuleBook(), lambda: NOON)
    keeper.failure = failure
    counts: dict[str, dict[str, int] | int] = {"failures": {"cut": 1}, "left_out": {"hero": 2}, "set_aside": 0}
    return Client(Admin(settings, keeper, "1.2.3", lambda: ready, lambda: counts).app(), host)


@pytest.mark.parametrize("path", ["/livez", "/_tailor/livez", "/readyz", "/_tailor/readyz"])
def test_health_is_told_with_and_without_the_prefix(path: str) -> None:
    answer = client().ask(path)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"


def test_a_process_that_is_not_ready_lives_all_the_same() -> None:
    visitor = client(ready=False)
    assert visitor.ask("/readyz").status_code == 503
    assert visitor.ask("/livez").status_code == 200


def test_the_status_tells_what_runs() -> None:
    status = client().ask("/status").json()
    assert status.pop("process") > 0
    assert status == {
        "version": "1.2.3",
        "origin": "http://127.0.0.1:9000",
        "rules": "rules",
        "experiences_live": 0,
        "experiences": [],
        "failures": {"cut": 1},
        "left_out": {"hero": 2},
        "set_aside": 0,
        "last_reload": "2026-12-01T12:00:00+00:00",
        "last_error": None,
    }


def test_the_status_tells_why_the_last_edit_is_not_live() -> None:
    failure = Failure(NOON, ("rules/a.yaml:1:1: no", "rules/b.yaml:2:2: no"))
    assert client(failure=failure).ask("/status").json()["last_error"] == {
        "at": "2026-12-01T12:00:00+00:00",
        "problems": ["rules/a.yaml:1:1: no", "rules/b.yaml:2:2: no"],
    }


@pytest.mark.parametrize("host", ["127.0.0.1:8081", "localhost:8081", "[::1]:8081"])
def test_without_a_token_loopback_may_ask(host: str) -> None:
    assert client().ask("/status", {b"host": host.encode()}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[", ""])
def test_without_a_token_no_foreign_name_may_ask(host: str) -> None:
    assert client().ask("/status", {b"host": host.encode()}).status_code == 403


@pytest.mark.parametrize(
    "given", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \xe9"]
)
def test_with_a_token_only_the_token_opens(given: str | None) -> None:
    headers = {} if given is None else {b"authorization": given.encode("latin-1")}
    answer = client(admin_token=TOKEN).ask("/status", headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_the_right_token_opens_under_any_name() -> None:
    visitor = client(admin_token=TOKEN, admin_host="0.0.0.0", host="tailor.internal")
    assert visitor.ask("/status", {b"authorization": f"bearer {TOKEN}".encode()}).status_code == 200


def test_health_needs_no_token() -> None:
    visitor = client(admin_token=TOKEN)
    assert visitor.ask("/livez").status_code == visitor.ask("/readyz").status_code == 200


def test_nothing_else_is_there() -> None:
    assert client().ask("/").status_code == 404
    assert client().ask("/status", method="POST").status_code == 405
