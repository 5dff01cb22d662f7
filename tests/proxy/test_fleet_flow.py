"""Two workers behind one pair of sockets: what an operator asks one for, both do.

Which of them takes a connection is the system's choice. So that a test can speak to one, it stops the other.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.proxy.origins import Connection, ScriptedOrigin, ok, scripted_origin
from tests.proxy.serving import BOOK, PATIENCE_SECONDS, Running, serving

PAGE = ok(b"<h1>Page</h1>", b"Cache-Control: max-age=600", b'ETag: "1"', b"Cache-Tag: shop", b"Content-Type: text/html")


@dataclass
class Fleet:
    """A running fleet, its rulebook, and the origin behind it."""

    tailor: Running
    origin: ScriptedOrigin
    rules: Path
    pages: Iterator[int] = field(default_factory=lambda: iter(range(1000)))

    def ask(self, method: str, url: str, expected: int = 200, **more: Any) -> Any:
        answer = httpx.request(method, url, trust_env=False, timeout=PATIENCE_SECONDS, **more)
        assert answer.status_code == expected, answer.text
        return answer.json() if "json" in answer.headers.get("content-type", "") else answer.text

    def order(self, method: str, path: str, expected: int = 200, **more: Any) -> Any:
        return self.ask(method, self.tailor.admin + path, expected, **more)

    def processes(self) -> list[int]:
        return [status["process"] for status in self.order("GET", "/status?all")["processes"]]

    @contextlib.contextmanager
    def each(self) -> Iterator[Iterator[int]]:
        """One process after the other, the only one that runs."""
        processes = self.processes()
        try:
            yield (process for process in processes if self._runs_alone(process, processes))
        finally:
            for process in processes:
                os.kill(process, signal.SIGCONT)

    def _runs_alone(self, process: int, processes: list[int]) -> bool:
        os.kill(process, signal.SIGCONT)
        for other in set(processes) - {process}:
            os.kill(other, signal.SIGSTOP)
        return True

    def show_to_each(self, path: str) -> int:
        """How often the origin is asked for a page that a visitor of each process wants."""
        before = self.asked(path)
        with self.each() as processes:
            for _ in processes:
                assert self.ask("GET", self.tailor.public + path) == "<h1>Page</h1>"
        return self.asked(path) - before

    def asked(self, path: str) -> int:
        return self.origin.heard.count(f"GET {path} ".encode())

    def new_page(self) -> str:
        """A page that each process has in its memory."""
        path = f"/page-{next(self.pages)}"
        assert (self.show_to_each(path), self.show_to_each(path)) == (2, 0)
        return path


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("fleet")

    def site(connection: Connection) -> None:
        while message := connection.read_message():
            is_known = b"if-none-match" in message.lower()
            connection.send(b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n' if is_known else PAGE)

    with scripted_origin(site) as origin, serving(folder, origin.url, "--workers", "2") as tailor:
        fleet = Fleet(tailor, origin, folder / "rules")
        assert len(fleet.processes()) == 2
        yield fleet
        assert "Traceback" not in tailor.end()


def site_name(fleet: Fleet) -> dict[str, str]:
    return {"host": fleet.tailor.public.removeprefix("http://")}


def test_a_url_that_is_purged_is_asked_for_again_by_both(fleet: Fleet) -> None:
    page, other = fleet.new_page(), fleet.new_page()
    told = fleet.order("PURGE", f"{page}?utm_source=mail", headers=site_name(fleet))
    assert told == {"purged": 2, "processes": 2, "missing": []}
    assert fleet.show_to_each(page) == 2
    assert fleet.show_to_each(other) == 0
    assert b"if-none-match" not in fleet.origin.heard.rpartition(f"GET {page} ".encode())[2].lower()


def test_what_is_purged_softly_is_asked_about_by_both(fleet: Fleet) -> None:
    page = fleet.new_page()
    told = fleet.order("POST", "/purge", json={"url": fleet.tailor.public + page, "soft": True})
    assert told["purged"] == 2
    assert fleet.show_to_each(page) == 2
    assert b'if-none-match: "1"' in fleet.origin.heard.rpartition(f"GET {page} ".encode())[2].lower()


def test_a_tag_is_purged_in_both(fleet: Fleet) -> None:
    page = fleet.new_page()
    assert fleet.order("POST", "/purge", json={"tag": "shop"})["purged"] >= 2
    assert fleet.show_to_each(page) == 2


def shown(reports: Any) -> list[int]:
    return [report["experiences_live"] for report in reports["processes"]]


def test_changed_rules_are_live_in_both_when_the_reload_is_answered(fleet: Fleet) -> None:
    (fleet.rules / "more.yaml").write_text(BOOK.replace("hello", "more"))
    assert shown(fleet.order("POST", "/reload")) == [2, 2]
    (fleet.rules / "more.yaml").write_text("experiences: [")
    broken = fleet.order("POST", "/reload", expected=422)
    assert shown(broken) == [2, 2]
    assert all("more.yaml" in report["last_error"]["problems"][0] for report in broken["processes"])
    (fleet.rules / "more.yaml").unlink()
    assert shown(fleet.order("POST", "/reload")) == [1, 1]


def test_a_worker_in_the_place_of_a_dead_one_takes_part(fleet: Fleet) -> None:
    page = fleet.new_page()
    dead, alive = fleet.processes()
    os.kill(dead, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(processes := fleet.processes()) < 2 or dead in processes:
        assert time.monotonic() < deadline
    assert alive in processes
    # The new one's memory is empty.
    assert fleet.show_to_each(page) == 1
    assert fleet.order("PURGE", page, headers=site_name(fleet))["purged"] == 2
    assert fleet.show_to_each(page) == 2


def test_a_process_that_is_alone_does_the_same(tmp_path: Path) -> None:
    def site(connection: Connection) -> None:
        while connection.read_message():
            connection.send(PAGE)

    with scripted_origin(site) as origin, serving(tmp_path, origin.url) as tailor:
        alone = Fleet(tailor, origin, tmp_path / "rules")
        assert (alone.show_to_each("/page"), alone.show_to_each("/page")) == (1, 0)
        told = alone.order("PURGE", "/page", headers=site_name(alone))
        assert told == {"purged": 1, "processes": 1, "missing": []}
        assert alone.show_to_each("/page") == 1
        (alone.rules / "more.yaml").write_text(BOOK.replace("hello", "more"))
        assert shown(alone.order("POST", "/reload")) == [2]
        (alone.rules / "more.yaml").unlink()
        tailor.process.send_signal(signal.SIGHUP)
        assert tailor.process.stderr is not None
        while "experiences that are live: 1" not in tailor.process.stderr.readline():
            pass
        assert tailor.end() == ""
