"""The whole command, as an operator starts it, in front of a real origin."""

import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from proxy.serve import ListenError, Listeners, listen, prepare_profiles, probe, url_of
from proxy.settings.model import Settings
from tests.proxy.origins import Connection, ScriptedOrigin, ok, replying, scripted_origin
from tests.proxy.serving import BOOK, PATIENCE_SECONDS, Running, serving
from tests.proxy.visitor.databases import MALMO_FLAT, OSLO_GEOIP2, write_database


@pytest.fixture
def origin() -> Iterator[ScriptedOrigin]:
    with scripted_origin(replying(*[ok(b"from the origin")] * 3)) as site:
        yield site


def test_it_says_where_it_listens_behind_a_public_name_too(tmp_path: Path, origin: ScriptedOrigin) -> None:
    with serving(tmp_path, origin.url, "--public-url", "https://shop.example") as tailor:
        tailor.end()
    assert f"Look at {tailor.public}/ (to the world https://shop.example/; status: {tailor.admin}/" in tailor.greeting


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_it_serves_says_where_and_ends_in_peace(
    tmp_path: Path, origin: ScriptedOrigin, workers: str, number: signal.Signals
) -> None:
    with serving(tmp_path, origin.url, "--workers", workers) as tailor:
        page = httpx.get(tailor.public, trust_env=False, timeout=PATIENCE_SECONDS)
        status = httpx.get(tailor.admin + "/status", trust_env=False, timeout=PATIENCE_SECONDS).json()
        rest = tailor.end(number)
    assert page.text == "from the origin"
    assert status["experiences"] == ["hello"]
    assert tailor.greeting.startswith(f"Tailor stands in front of {origin.url}; experiences live: 1, from rules\n")
    assert (tailor.process.returncode, rest) == (0, "")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_request_that_is_under_way_is_answered_before_the_end(tmp_path: Path, workers: str) -> None:
    asked, ending = threading.Event(), threading.Event()

    def answer_late(connection: Connection) -> None:
        if connection.read_message():
            asked.set()
            assert ending.wait(PATIENCE_SECONDS)
            connection.send(ok(b"in the end"))

    with (
        scripted_origin(answer_late) as origin,
        serving(tmp_path, origin.url, "--workers", workers) as tailor,
        ThreadPoolExecutor() as pool,
    ):
        page = pool.submit(httpx.get, tailor.public, trust_env=False, timeout=PATIENCE_SECONDS)
        assert asked.wait(PATIENCE_SECONDS)
        tailor.process.terminate()
        wait_until_refused(tailor.public)
        ending.set()
        assert page.result().text == "in the end"
        assert tailor.process.wait(PATIENCE_SECONDS) == 0


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_request_that_takes_longer_than_the_drain_is_told_so(tmp_path: Path, workers: str) -> None:
    asked = threading.Event()

    def never_answer(connection: Connection) -> None:
        if connection.read_message():
            asked.set()
            connection.read_to_end()

    with (
        scripted_origin(never_answer) as origin,
        serving(tmp_path, origin.url, "--workers", workers, "--drain-seconds", "0") as tailor,
        ThreadPoolExecutor() as pool,
    ):
        page = pool.submit(httpx.get, tailor.public, trust_env=False, timeout=PATIENCE_SECONDS)
        assert asked.wait(PATIENCE_SECONDS)
        rest = tailor.end()
    assert page.result().status_code == 503
    assert page.result().headers["connection"] == "close"
    assert "GET /: not answered before the server's end" in rest
    assert tailor.process.returncode == 0


def wait_until_refused(url: str) -> None:
    where = httpx.URL(url)
    # A connection that waited to be accepted is reset when the listener closes.
    with contextlib.suppress(ConnectionRefusedError, ConnectionResetError):
        while True:
            socket.create_connection((where.host, where.port or 0)).close()


def test_ctrl_c_in_a_terminal_reaches_every_process_and_ends_in_peace(tmp_path: Path, origin: ScriptedOrigin) -> None:
    with serving(tmp_path, origin.url, "--workers", "2") as tailor:
        assert httpx.get(tailor.public, trust_env=False, timeout=PATIENCE_SECONDS).text == "from the origin"
        os.killpg(tailor.process.pid, signal.SIGINT)
        rest = tailor.process.communicate(timeout=PATIENCE_SECONDS)[1]
    assert (tailor.process.returncode, rest) == (0, "")


def test_a_rulebook_edited_beside_the_traffic_goes_live(tmp_path: Path, origin: ScriptedOrigin) -> None:
    with serving(tmp_path, origin.url) as tailor:
        (tmp_path / "rules" / "more.yaml").write_text(BOOK.replace("hello", "more"))
        assert tailor.process.stderr is not None
        line = tailor.process.stderr.readline()
        status = httpx.get(tailor.admin + "/status", trust_env=False, timeout=PATIENCE_SECONDS).json()
        tailor.end()
    assert "The rulebook was reloaded" in line
    assert status["experiences"] == ["hello", "more"]


def test_an_origin_that_is_down_is_said_and_no_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with serving(tmp_path, f"http://127.0.0.1:{port}") as tailor:
        assert tailor.process.stderr is not None
        line = tailor.process.stderr.readline()
        page = httpx.get(tailor.public, trust_env=False, timeout=PATIENCE_SECONDS)
        tailor.end()
    assert line == "The origin does not answer at the moment (connection refused); visitors get a 502 until it does\n"
    assert page.status_code == 502
    assert tailor.process.returncode == 0


def test_a_port_that_is_taken_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ListenError) as error:
            listen("127.0.0.1", port, "admin_port")
    assert str(error.value) == (
        f"port {port} on 127.0.0.1 is taken (choose another --admin-port, or end what listens there)"
    )


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host"])
def test_an_address_of_another_machine_is_one_line(host: str) -> None:
    with pytest.raises(ListenError, match=f"{host} is not an address of this machine .choose another --host"):
        listen(host, 0, "port")


def test_when_one_listener_can_not_be_had_the_other_is_let_go() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        given = {"origin": "http://a", "port": port, "admin_port": taken.getsockname()[1]}
        with pytest.raises(ListenError):
            Listeners.open(Settings.model_validate(given))
        listen("127.0.0.1", port, "port").close()


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost"])
def test_the_url_of_a_listener_can_be_opened_on_this_machine(host: str) -> None:
    with listen(host, 0, "port") as listener:
        url = httpx.URL(url_of(listener))
        socket.create_connection((url.host.strip("[]"), url.port or 0)).close()


def test_a_probe_tells_why_an_origin_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert probe(url) == ""
    assert probe(url) == os.strerror(errno.ECONNREFUSED).lower()


def test_the_log_is_plain_lines_on_standard_error() -> None:
    script = (
        "import logging; from proxy.monitoring.logs import configure_logging; configure_logging('info');"
        "logging.getLogger('proxy.x').info('told'); logging.getLogger('uvicorn.error').info('not told');"
        "logging.getLogger('uvicorn.error').warning('told too')"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert [line.split(" ", 2)[2] for line in done.stderr.splitlines()] == [
        "INFO proxy.x: told",
        "WARNING uvicorn.error: told too",
    ]


def test_every_worker_and_the_next_start_know_the_visitors_of_before(tmp_path: Path) -> None:
    def page(connection: Connection) -> None:
        while connection.read_message():
            connection.send(ok(b"<h1>Hello</h1>", b"Content-Type: text/html"))

    def ask(tailor: Running, cookie: str) -> httpx.Response:
        headers = {"cookie": cookie}
        return httpx.get(f"{tailor.public}/nowhere", headers=headers, trust_env=False, timeout=PATIENCE_SECONDS)

    flags = ("--consent", "not-required", "--workers", "2")
    with scripted_origin(page) as origin:
        with serving(tmp_path, origin.url, *flags) as tailor:
            cookie = ask(tailor, "").headers["set-cookie"].partition(";")[0]
            assert not any("set-cookie" in ask(tailor, cookie).headers for _ in range(8))
            tailor.end()
        with serving(tmp_path, origin.url, *flags) as tailor:
            assert "set-cookie" not in ask(tailor, cookie).headers
            tailor.end()
    assert {path.name for path in (tmp_path / "tailor-data").iterdir()} == {"secret", "profiles.db"}


NEAR_OSLO = """
experiences:
  near:
    pages: /
    who: {geo.position: {near: {lat: 59.9, lon: 10.7, km: 50}}, time.weekday: {known: true}}
    change: [{select: h1, text: "Hello {{ geo.city }}"}]
"""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_geo_database_tells_where_the_client_of_a_trusted_proxy_is(tmp_path: Path, workers: str) -> None:
    def page(connection: Connection) -> None:
        while connection.read_message():
            connection.send(ok(b"<h1>Hello</h1>", b"Content-Type: text/html; charset=utf-8"))

    def ask(tailor: Running, client: str) -> str:
        headers = {"x-forwarded-for": client}
        return httpx.get(tailor.public, headers=headers, trust_env=False, timeout=PATIENCE_SECONDS).text

    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "near.yaml").write_text(NEAR_OSLO)
    write_database(tmp_path / "city.mmdb", {"192.0.2.0/24": OSLO_GEOIP2, "198.51.100.0/24": MALMO_FLAT})
    flags = ("--geo-db", "city.mmdb", "--trusted-proxies", "loopback", "--workers", workers)
    with scripted_origin(page) as origin, serving(tmp_path, origin.url, *flags) as tailor:
        near, far, forged = (ask(tailor, client) for client in ("192.0.2.1", "198.51.100.1", "192.0.2.1, 203.0.113.1"))
        rest = tailor.end()
    assert (near, far, forged) == ("<h1>Hello Oslo</h1>", "<h1>Hello</h1>", "<h1>Hello</h1>")
    assert (tailor.process.returncode, rest) == (0, "")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_visitors_are_remembered_by_outlives_the_process(tmp_path: Path, workers: str) -> None:
    flags = ["--consent", "not-required", "--workers", workers]
    headers = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"}

    def site(connection: Connection) -> None:
        while connection.read_message():
            connection.send(ok(b"<!doctype html><h1>Hi</h1>", b"Content-Type: text/html"))

    with (
        httpx.Client(trust_env=False, timeout=PATIENCE_SECONDS, headers=headers) as browser,
        scripted_origin(site) as origin,
    ):
        with serving(tmp_path, origin.url, *flags) as tailor:
            for _ in range(3):
                browser.get(f"{tailor.public}/nowhere")
            assert tailor.end() == ""
        with serving(tmp_path, origin.url, *flags) as tailor:
            profile = browser.get(f"{tailor.public}/_tailor/me.json").json()
            status = httpx.get(f"{tailor.admin}/status", trust_env=False, timeout=PATIENCE_SECONDS).json()
            tailor.end()
    assert (profile["visits"], profile["pages"]) == (1, 3)
    assert status["profiles"] == {"rows": 1, "waiting": 0, "errors": 0, "lost": 0, "unread_purchases": 0}


def test_a_broken_file_of_profiles_is_told_and_begun_anew(tmp_path: Path, origin: ScriptedOrigin) -> None:
    (tmp_path / "tailor-data").mkdir()
    (tmp_path / "tailor-data" / "profiles.db").write_bytes(b"\xa5" * 4096)
    settings = Settings.model_validate({"origin": origin.url, "consent": "tcf", "data": tmp_path / "tailor-data"})
    (warning,) = prepare_profiles(settings)
    assert "the profiles could not be read and begin anew" in warning
    assert prepare_profiles(settings) == ()


def test_where_nobody_can_consent_there_is_no_file_of_profiles(tmp_path: Path, origin: ScriptedOrigin) -> None:
    assert prepare_profiles(Settings.model_validate({"origin": origin.url, "data": tmp_path / "none"})) == ()
    assert not (tmp_path / "none").exists()
