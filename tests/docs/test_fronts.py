"""The files of `examples/deploy` for what stands in front of Tailor: nginx and Caddy run, and Traefik's form."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from proxy.origin.headers import TELLING_OF_HOPS
from proxy.settings.layers import read_settings
from proxy.settings.model import Settings
from tests.docs.deploy_files import DEPLOY
from tests.docs.fronts import (
    FIRST,
    GOODBYE,
    HELLO,
    MASKED,
    NAME,
    PAGE,
    SECOND,
    VISITOR,
    Front,
    caddy_front,
    is_installed,
    nginx_front,
)
from tests.proxy.origins import PATIENCE_SECONDS

FRONTS = {"nginx": nginx_front, "caddy": caddy_front}
FORGED = "203.0.113.66"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # the sample of RFC 6455 §1.3
PREFIX = Settings.model_fields["prefix"].default

needs_nginx = pytest.mark.skipif(not is_installed("nginx"), reason="nginx is not installed")


@pytest.fixture(scope="module", params=FRONTS)
def front(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    name = request.param
    if not is_installed(name):
        pytest.skip(f"{name} is not installed")
    with FRONTS[name](tmp_path_factory.mktemp(name)) as running:
        yield running


def field(name: str, response: bytes) -> list[str]:
    """The values of a field in what the site heard."""
    body = response.partition(b"\r\n\r\n")[2].decode()
    return re.findall(rf"^{name}: (.*?)\r?$", body, re.MULTILINE | re.IGNORECASE)


def test_the_site_hears_who_asks_under_which_name_and_that_it_was_https(front: Front) -> None:
    heard = front.get("/echo")
    assert field("host", heard) == [NAME]
    assert field("x-forwarded-for", heard) == [f"{VISITOR}, 127.0.0.1"]
    assert field("x-forwarded-host", heard) == [NAME]
    assert field("x-forwarded-proto", heard) == ["https"]


def test_what_visitors_say_of_themselves_goes_no_further(front: Front) -> None:
    claims = [f"{name.decode()}: {FORGED}" for name in sorted(TELLING_OF_HOPS)]
    more = "X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto X-Forwarded-Port X-Forwarded-Prefix CF-IPCountry".split()
    as_cgi_reads_them = ("X_Forwarded_For", "X-Forwarded_For", "X_Real_IP")
    heard = front.get("/echo", *claims, *(f"{name}: {FORGED}" for name in (*more, *as_cgi_reads_them)))
    assert field("x-forwarded-proto", heard) == ["https"]
    assert FORGED.encode() not in heard


def test_a_changed_page_arrives_and_no_cache_may_keep_it(front: Front) -> None:
    head, _, body = front.get("/?utm_campaign=winter-weeks").partition(b"\r\n\r\n")
    assert body == PAGE.replace(b"Welcome", b"Minus fifteen, and you are smiling.")
    assert b"\r\ncache-control: private, no-cache\r\n" in head.lower() + b"\r\n"
    assert front.get("/").endswith(PAGE)


def test_an_event_arrives_before_the_next_one_happens(front: Front) -> None:
    front.site.go_on.clear()
    with front.connect() as connection:
        connection.send(f"GET /events HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode())
        assert connection.read_until(FIRST).endswith(FIRST)
        front.site.go_on.set()
        assert connection.read_until(SECOND).endswith(SECOND)


def test_a_websocket_passes_both_ways(front: Front) -> None:
    fields = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + KEY
    with front.connect() as connection:
        connection.send(f"GET /socket HTTP/1.1\r\nHost: {NAME}\r\n{fields}\r\n\r\n".encode())
        assert connection.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")
        assert connection.read_exactly(len(HELLO)) == HELLO
        connection.send(MASKED)
        assert connection.read_exactly(len(GOODBYE)) == GOODBYE


@needs_nginx
def test_nginx_finds_nothing_wrong_and_sends_plain_requests_to_https(tmp_path: Path) -> None:
    with nginx_front(tmp_path) as front:
        command = ("nginx", "-t", "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"))
        checked = subprocess.run(command, capture_output=True, text=True, check=False)
        plain = httpx.get(f"http://127.0.0.1:{front.http_port}/a?b=c", headers={"host": NAME}, trust_env=False)
    assert checked.returncode == 0, checked.stderr
    assert "could not build optimal" not in checked.stderr
    assert (plain.status_code, plain.headers["location"]) == (301, f"https://{NAME}/a?b=c")


@needs_nginx
def test_behind_nginx_one_of_two_tailors_can_go_and_nobody_sees_it(tmp_path: Path) -> None:
    with nginx_front(tmp_path, tailors=2) as front:
        assert {front.get("/").endswith(PAGE) for _ in range(4)} == {True}
        first = front.tailors[0].process
        first.send_signal(signal.SIGTERM)
        first.communicate(timeout=PATIENCE_SECONDS)
        assert {front.get("/").endswith(PAGE) for _ in range(4)} == {True}


@pytest.mark.parametrize("name", ["nginx", "caddy", "traefik"])
def test_the_settings_beside_a_front_can_be_read_and_trust_it(name: str) -> None:
    settings, warnings = read_settings({}, {}, config=DEPLOY / name / "tailor.toml")
    assert warnings == ()
    assert [str(network) for network in settings.trusted_proxies] == ["127.0.0.0/8", "::1/128"]


def taken_off(name: str) -> list[str]:
    """The fields, or globs of them, that a front's file takes off a request or writes itself, in lower case."""
    match name:
        case "nginx":
            found = re.findall(r"^\s*proxy_set_header (\S+)", (DEPLOY / "nginx/nginx.conf").read_text(), re.MULTILINE)
        case "caddy":
            found = re.findall(r"^\s*header_up -(\S+)", (DEPLOY / "caddy/Caddyfile").read_text(), re.MULTILINE)
        case _:
            # Traefik's own, in pkg/middlewares/forwardedheaders of its source.
            found = [*traefik("dynamic.yaml")["http"]["middlewares"]["no-claims"]["headers"]["customRequestHeaders"]]
            found += ["X-Real-Ip"]
    return [field.lower() for field in found]


@pytest.mark.parametrize("name", ["nginx", "caddy", "traefik"])
def test_a_front_takes_off_every_field_that_only_proxies_can_know(name: str) -> None:
    globs = taken_off(name)
    assert [
        field for field in sorted(TELLING_OF_HOPS) if not any(fnmatch(field.decode(), glob) for glob in globs)
    ] == []


def traefik(file: str) -> Any:
    return yaml.safe_load((DEPLOY / "traefik" / file).read_text(encoding="utf-8"))


def test_every_name_in_traefiks_files_is_there() -> None:
    static, routes = traefik("traefik.yaml"), traefik("dynamic.yaml")["http"]
    for router in routes["routers"].values():
        assert set(router["entryPoints"]) <= static["entryPoints"].keys()
        assert set(router["middlewares"]) <= routes["middlewares"].keys()
        assert router["service"] in routes["services"]
        assert router["tls"]["certResolver"] in static["certificatesResolvers"]
    assert static["entryPoints"]["web"]["http"]["redirections"]["entryPoint"]["to"] in static["entryPoints"]
    assert Path(static["providers"]["file"]["filename"]).name == "dynamic.yaml"


def test_traefik_and_caddy_ask_where_tailor_answers() -> None:
    balancer = traefik("dynamic.yaml")["http"]["services"]["tailor"]["loadBalancer"]
    caddy = (DEPLOY / "caddy/Caddyfile").read_text(encoding="utf-8")
    assert balancer["healthCheck"]["path"] == f"{PREFIX}/readyz"
    assert f"health_uri {PREFIX}/readyz\n" in caddy
    assert balancer["servers"] == [{"url": f"http://127.0.0.1:{Settings.model_fields['port'].default}"}]


def test_traefik_takes_a_field_off_by_an_empty_value() -> None:
    headers = traefik("dynamic.yaml")["http"]["middlewares"]["no-claims"]["headers"]["customRequestHeaders"]
    assert set(headers.values()) == {""}
