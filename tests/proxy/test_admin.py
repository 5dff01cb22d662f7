import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from proxy.admin import MAX_BODY, Admin
from proxy.fleet.orders import Counts, Orders, Reload, Status, TellMetrics, TellStatus
from proxy.fleet.parent import Alone, Fleet, Report, Reports
from proxy.fleet.purges import Place, Purge
from proxy.reload import Failure, RuleKeeper
from proxy.settings.model import Settings
from rules.model import RuleBook

TOKEN = "0123456789abcdef"
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Client:
    """Asks the admin app as over the wire, one request at a time."""

    app: Starlette
    host: str

    def ask(
        self, path: str, headers: Mapping[bytes, bytes] | None = None, method: str = "GET", body: bytes = b""
    ) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=f"http://{self.host}") as client:
                return await client.request(method, path, headers=headers, content=body)

        return asyncio.run(ask())


@dataclass
class Several:
    """A fleet of which a test says what its processes report."""

    reports: Reports
    asked: list[Any] = field(default_factory=list)

    async def ask(self, order: Any) -> Reports:
        self.asked.append(order)
        return self.reports


COUNTS: Counts = {"failures": {"cut": 1}, "left_out": {"hero": 2}, "set_aside": 0}


def client(
    *,
    ready: bool = True,
    failure: Failure | None = None,
    host: str = "127.0.0.1",
    fleet: Fleet | None = None,
    **given: Any,
) -> Client:
    settings = Settings.model_validate({"origin": "http://127.0.0.1:9000", **given})
    keeper = RuleKeeper(Path("rules"), RuleBook(), b"", lambda _: RuleBook(), lambda: NOON)
    keeper.failure = failure
    orders = Orders(settings, keeper, "1.2.3", lambda: COUNTS)
    return Client(Admin(settings, orders, lambda: ready, fleet or Alone(orders.carry_out)).app(), host)


def two(first: Any, second: Any, *missing: int) -> Several:
    return Several(Reports((Report(1, first), Report(2, second)), missing))


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
        "drift": [],
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


def test_the_status_of_all_has_each_and_what_they_counted_together() -> None:
    fleet = two(Status({"process": 1}, COUNTS), Status({"process": 2}, COUNTS))
    answer = client(fleet=fleet).ask("/status?all")
    assert fleet.asked == [TellStatus()]
    assert answer.status_code == 200
    assert answer.json() == {
        "processes": [{"process": 1, **COUNTS}, {"process": 2, **COUNTS}],
        "totals": {"failures": {"cut": 2}, "left_out": {"hero": 4}, "set_aside": 0},
        "missing": [],
    }


def test_a_purge_is_told_to_all_and_answered_with_the_sum() -> None:
    fleet = two(3, 4)
    answer = client(fleet=fleet).ask("/purge", method="POST", body=b'{"url": "https://shop.example/a", "soft": true}')
    assert fleet.asked == [Purge(urls=(Place(b"shop.example", b"/a"),), soft=True)]
    assert (answer.status_code, answer.json()) == (200, {"purged": 7, "processes": 2, "missing": []})
    assert answer.headers["cache-control"] == "no-store"


def test_a_purge_that_did_not_reach_all_is_told() -> None:
    answer = client(fleet=two(3, 4, 77)).ask("/purge", method="POST", body=b'{"all": true}')
    assert (answer.status_code, answer.json()) == (504, {"purged": 7, "processes": 2, "missing": [77]})


def test_what_is_no_purge_is_told() -> None:
    answer = client().ask("/purge", method="POST", body=b'{"urls": []}')
    assert answer.status_code == 400
    assert answer.json() == {"error": "`urls` is not known", "hint": "did you mean 'url'?"}


def test_a_body_that_is_too_large_is_not_read_to_its_end() -> None:
    assert client().ask("/purge", method="POST", body=b" " * MAX_BODY).status_code == 400
    assert client().ask("/purge", method="POST", body=b" " * (MAX_BODY + 1)).status_code == 413


@pytest.mark.parametrize("path", ["/a/%7Ex?b=1", "/status", "/purge", "/"])
def test_the_method_purge_is_for_every_path_under_the_name_of_the_site(path: str) -> None:
    fleet = two(1, 0)
    answer = client(fleet=fleet).ask(path, {b"host": b"shop.example"}, method="PURGE")
    assert answer.status_code == 200
    assert fleet.asked == [Purge(urls=(Place(b"shop.example", path.replace("%7E", "~").encode()),))]


def test_the_method_purge_hears_what_its_headers_say() -> None:
    fleet = two(1, 0)
    client(fleet=fleet).ask("/", {b"surrogate-key": b"a b", b"fastly-soft-purge": b"1"}, method="PURGE")
    assert fleet.asked == [Purge(tags=(b"a", b"b"), soft=True)]


def test_with_a_public_url_the_method_purge_means_the_site_under_any_name() -> None:
    fleet = two(1, 0)
    client(fleet=fleet, public_url="https://shop.example").ask("/a", method="PURGE")
    assert fleet.asked == [Purge(urls=(Place(b"shop.example", b"/a"),))]


def test_a_path_that_can_be_read_in_two_ways_is_not_purged() -> None:
    answer = client().ask("/a/%2e%2e/b", method="PURGE")
    assert answer.status_code == 400
    assert "the path holds a dot segment" in answer.json()["error"]


@pytest.mark.parametrize(("method", "path"), [("PURGE", "/"), ("POST", "/purge"), ("POST", "/reload")])
@pytest.mark.parametrize("origin", [b"http://evil.example", b"null", b"http://127.0.0.1:8081"])
def test_a_web_page_can_order_nothing(method: str, path: str, origin: bytes) -> None:
    fleet = two(0, 0)
    headers = {b"origin": origin, b"content-type": b"text/plain"}
    assert client(fleet=fleet).ask(path, headers, method, b'{"all": true}').status_code == 403
    assert fleet.asked == []


def test_no_page_is_allowed_to_ask_by_other_methods() -> None:
    answer = client().ask("/purge", {b"origin": b"http://evil.example", b"access-control-request-method": b"PURGE"})
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(("method", "path"), [("PURGE", "/"), ("POST", "/purge"), ("POST", "/reload")])
def test_where_there_is_a_token_an_order_needs_it(method: str, path: str) -> None:
    fleet = two(0, {"last_error": None})
    fleet.reports = Reports()
    visitor = client(fleet=fleet, admin_token=TOKEN)
    body = b'{"all": true}'
    assert visitor.ask(path, method=method, body=body).status_code == 401
    assert fleet.asked == []
    assert visitor.ask(path, {b"authorization": f"Bearer {TOKEN}".encode()}, method, body).status_code == 200


def test_a_reload_is_told_to_all_and_answered_with_what_each_has() -> None:
    fleet = two({"process": 1, "last_error": None}, {"process": 2, "last_error": None})
    answer = client(fleet=fleet).ask("/reload", method="POST")
    assert fleet.asked == [Reload()]
    assert (answer.status_code, answer.json()["processes"]) == (200, list(fleet.reports.results))


def test_a_reload_of_rules_that_do_not_load_is_no_success() -> None:
    broken = {"process": 2, "last_error": {"at": "2026-12-01T12:00:00+00:00", "problems": ["rules/a.yaml:1:1: no"]}}
    assert (
        client(fleet=two({"process": 1, "last_error": None}, broken)).ask("/reload", method="POST").status_code == 422
    )


def test_an_order_is_not_given_by_looking() -> None:
    assert client().ask("/purge").status_code == client().ask("/reload").status_code == 405


def test_metrics_tell_of_each_process_that_answers() -> None:
    measures = {"tailor_set_aside_total": (((), 3),)}
    asked = two(measures, measures, 3)
    answer = client(fleet=asked).ask("/metrics")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'tailor_set_aside_total{process="1"} 3.0\ntailor_set_aside_total{process="2"} 3.0\n' in answer.text
    assert asked.asked == [TellMetrics()]


def test_metrics_are_for_whoever_may_see_the_status() -> None:
    assert client(admin_token=TOKEN).ask("/metrics").status_code == 401
    assert client(host="shop.example").ask("/metrics").status_code == 403
