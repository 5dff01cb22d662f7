"""What `tailor serve` tells of itself, from outside: metrics of each process, and the lines of its log."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.proxy.caching import FRESH, HTML, PAGE, Site
from tests.proxy.commands import tailor as command
from tests.proxy.origins import scripted_origin
from tests.proxy.serving import PATIENCE_SECONDS, Running, serving

KEY = "k" * 32


def get(url: str, **headers: str) -> httpx.Response:
    return httpx.get(url, headers=headers, trust_env=False, timeout=PATIENCE_SECONDS)


def samples(tailor: Running) -> list[tuple[str, dict[str, str], float]]:
    told = get(f"{tailor.admin}/metrics").text
    return [
        (sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(told)
        for sample in family.samples
    ]


def parsed(lines: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.splitlines()]


def site() -> Site:
    made = Site()
    made.put("/", PAGE, HTML, FRESH)
    return made


def test_every_process_is_told_of_whichever_is_asked(tmp_path: Path) -> None:
    with scripted_origin(site().answer) as origin, serving(tmp_path, origin.url, "--workers", "2") as tailor:
        for _ in range(6):
            get(f"{tailor.public}/")
        told = samples(tailor)
    processes = {labels["process"] for _, labels, _ in told}
    answered = sum(value for name, _, value in told if name == "tailor_requests_total")
    assert len(processes) == 2
    assert answered == 6


def test_the_access_log_has_a_line_for_each_request_and_nothing_of_the_visitor(tmp_path: Path) -> None:
    origin_site = site()
    origin_site.put("/?canary=1", PAGE, HTML, FRESH)
    flags = ("--access-log", "true", "--log-format", "json", "--log-level", "warning")
    with (
        scripted_origin(origin_site.answer) as origin,
        serving(tmp_path, origin.url, *flags) as tailor,
        httpx.Client(trust_env=False, timeout=PATIENCE_SECONDS) as client,
    ):
        for _ in range(2):
            client.get(f"{tailor.public}/?canary=1", headers={"cookie": "canary=1", "x-forwarded-for": "192.0.2.99"})
        client.get(f"{tailor.public}/missing")
        said = tailor.end()
    lines = parsed(said)
    assert [(line["way"], line["path"], line["status"], line["cache"]) for line in lines] == [
        ("usual", "/", 200, "uri-miss"),
        ("express", "/", 200, "hit"),
        ("usual", "/missing", 404, "uri-miss"),
    ]
    assert not re.search(r"canary|192\.0\.2\.99", said)


def test_the_origin_hears_the_name_that_the_log_has_and_a_strangers_is_not_it(tmp_path: Path) -> None:
    origin_site = site()
    with (
        scripted_origin(origin_site.answer) as origin,
        serving(tmp_path, origin.url, "--access-log", "true", "--log-format", "json") as tailor,
    ):
        response = get(f"{tailor.public}/", **{"X-Request-Id": "forged"})
        (line,) = parsed(tailor.end())
    assert f"x-request-id: {line['request']}".encode() in origin_site.asked[0]
    assert b"forged" not in origin_site.asked[0]
    assert "x-request-id" not in response.headers


def test_a_trusted_proxys_name_goes_through(tmp_path: Path) -> None:
    origin_site = site()
    with (
        scripted_origin(origin_site.answer) as origin,
        serving(tmp_path, origin.url, "--trusted-proxy", "loopback") as tailor,
    ):
        get(f"{tailor.public}/", **{"X-Request-Id": "theirs-1", "traceparent": "00-a-b-01"})
    assert b"x-request-id: theirs-1" in origin_site.asked[0]
    assert b"traceparent: 00-a-b-01" in origin_site.asked[0]


def test_a_token_of_the_command_is_believed_by_the_server(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(KEY)
    secret.chmod(0o600)
    token = command("token", "--secret-file", str(secret)).stdout.strip()
    with (
        scripted_origin(site().answer) as origin,
        serving(tmp_path, origin.url, "--secret-file", str(secret)) as tailor,
    ):
        told = get(f"{tailor.public}/", **{"Tailor-Debug": token})
        untold = get(f"{tailor.public}/", **{"Tailor-Debug": f"{token}x"})
    assert "server-timing" in told.headers
    assert told.headers["cache-control"] == "no-store"
    assert "server-timing" not in untold.headers
