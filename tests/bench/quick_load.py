"""Asking: one visitor at a time, to check the answer, and wrk with many, to measure."""

from __future__ import annotations

import gzip
import json
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import brotli
from backports import zstd

from tests.bench.quick_pages import NUMBER, Ask
from tests.bench.quick_servers import Server

HOST = "shop.example"
CHECK_SECONDS = 0.25
"""How often an answer is looked at while wrk asks."""

# Pages for different visitors differ in length by a little.
_SHORTFALL = 0.97

_LUA = """
local texts = {%(texts)s}
local asked = 0
function request()
    asked = asked + 1
    local text = texts[asked %% #texts + 1]
    if %(numbered)s then return (string.gsub(text, "%(number)s", tostring(%(first)d + asked))) end
    return text
end
function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '\\nRESULT {"requests": %%d, "bytes": %%d, "microseconds": %%d, "failed": %%d, "broken": %%d, "p99": %%d}\\n',
        summary.requests, summary.bytes, summary.duration, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout, latency:percentile(99)))
end
"""


_DECODERS: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": zstd.decompress,
}


class WrongAnswerError(Exception):
    """An answer that is not the one that the rules say, or none."""


@dataclass(frozen=True, slots=True)
class Run:
    """What wrk tells of one run."""

    requests: int
    bytes: int
    seconds: float
    failed: int
    """Answers with a status of 400 or more."""
    broken: int
    """Connections that failed, and answers that did not come."""
    p99_milliseconds: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run of wrk was to a server."""

    per_second: float
    cpu_microseconds: float
    """What a request cost the server."""
    busy: float
    """The share of its core that it used; where it is less than all, something else was the limit."""
    megabytes: float


def parse_run(output: str) -> Run:
    """The line that the script ends with; raises ValueError where it is not there."""
    lines = [line.removeprefix("RESULT ") for line in output.splitlines() if line.startswith("RESULT ")]
    if len(lines) != 1:
        raise ValueError(f"wrk did not come to its end: {output!r}")
    told = json.loads(lines[0])
    return Run(
        requests=told["requests"],
        bytes=told["bytes"],
        seconds=told["microseconds"] / 1e6,
        failed=told["failed"],
        broken=told["broken"],
        p99_milliseconds=told["p99"] / 1e3,
    )


def script(asks: Sequence[Ask], first: int) -> str:
    """wrk's: these requests in turn, with numbers that count from `first`."""
    texts = [ask.as_text(HOST) for ask in asks]
    return _LUA % {
        # JSON's escapes of what stands in these texts are Lua's.
        "texts": ", ".join(map(json.dumps, texts)),
        "numbered": json.dumps(NUMBER in texts[0]),
        "number": NUMBER,
        "first": first,
    }


def check(port: int, ask: Ask, number: int) -> bytes:
    """The body of an answer, as it came; raises WrongAnswerError unless it is 200 and the page expected."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", ask.path, headers={"Host": HOST, **ask.with_number(number)})
        response = connection.getresponse()
        body, coding = response.read(), response.getheader("Content-Encoding", "")
    except (OSError, HTTPException) as error:
        raise WrongAnswerError(f"{ask.path} for {ask.with_number(number)}: {error!r}") from error
    finally:
        connection.close()
    plain = _DECODERS[coding](body)
    if response.status != 200 or not ask.is_right(plain, number):
        raise WrongAnswerError(f"{ask.path} for {ask.with_number(number)}: {response.status}, {plain[:800]!r}")
    wanted = ask.headers.get("Accept-Encoding", "")
    if bool(coding) != bool(wanted) or coding not in wanted:
        raise WrongAnswerError(f"{ask.path} came as {coding or 'it is'}, and was asked for as {wanted or 'it is'}")
    return body


def measure(server: Server, asks: Sequence[Ask], connections: int, seconds: int, first: int, folder: Path) -> Measured:
    """One run of wrk, and now and then a look at an answer; raises WrongAnswerError at the first that is wrong.

    What has a number of its own counts from `first`, so no run asks for what another one did.
    """
    path = folder / "requests.lua"
    path.write_text(script(asks, first), encoding="utf-8")
    # The number before the first is one that wrk does not ask for; and this fills what caches there are.
    size = len(check(server.port, asks[0], first))
    command = ("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", f"{path}", f"http://127.0.0.1:{server.port}/")
    used, began = server.cpu_seconds, time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as wrk:
        while True:
            try:
                output, _ = wrk.communicate(timeout=CHECK_SECONDS)
                break
            except subprocess.TimeoutExpired:
                check(server.port, asks[0], first)
    used, took = server.cpu_seconds - used, time.monotonic() - began
    run = parse_run(output)
    if run.failed or run.broken or not run.requests:
        raise WrongAnswerError(
            f"{asks[0].path}: {run.failed} answers of {run.requests} are errors, {run.broken} did not come"
        )
    if run.bytes < run.requests * size * _SHORTFALL:
        raise WrongAnswerError(f"{asks[0].path}: answers of {run.bytes // run.requests} bytes, not {size}")
    return Measured(run.requests / run.seconds, used / run.requests * 1e6, used / took, server.resident_megabytes)
