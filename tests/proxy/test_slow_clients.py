"""Five hundred slow clients at once, by slowhttptest, and one that is not: it is answered as if they were not there.

SLOW_SECONDS=20 makes each attack last as long as it is said to; left out, they are short.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from proxy.limits import raise_open_files
from tests.proxy.origins import RunningServer, asgi_origin
from tests.proxy.serving import PATIENCE_SECONDS, Running, serving

CLIENTS = 500
SECONDS = int(os.environ.get("SLOW_SECONDS", "4"))
PAUSE_SECONDS = 0.05
PIECE = bytes(65536)

ATTACKS = {
    "slow heads": ("-H", "-i", "1", "-x", "8"),
    "slow bodies": ("-B", "-i", "1", "-s", "100000", "-x", "8"),
    "slow readers": ("-X", "-n", "1", "-w", "512", "-y", "1024", "-z", "32", "-k", "1"),
}

pytestmark = pytest.mark.skipif(shutil.which("slowhttptest") is None, reason="slowhttptest is not installed")


async def site(scope: Scope, receive: Receive, send: Send) -> None:
    """A small page, a large file, and a form that takes whatever is sent."""
    more_body = True
    while more_body:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        more_body = message["more_body"]
    pieces = 64 if scope["path"] == "/large" else 0
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    for _ in range(pieces):
        await send({"type": "http.response.body", "body": PIECE, "more_body": True})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture(scope="module")
def origin() -> Iterator[RunningServer]:
    raise_open_files(4 * CLIENTS)
    with asgi_origin(site) as origin:
        yield origin


@pytest.fixture
def tailor(tmp_path: Path, origin: RunningServer) -> Iterator[Running]:
    deadlines = ("--head-seconds", "2", "--body-seconds", "2", "--send-seconds", "2")
    with serving(tmp_path, origin.url, *deadlines) as tailor:
        yield tailor


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_five_hundred_slow_clients_keep_nobody_else_from_a_page(tailor: Running, attack: tuple[str, ...]) -> None:
    command = ["slowhttptest", *attack, "-c", str(CLIENTS), "-r", str(CLIENTS), "-l", str(SECONDS), "-p", "3"]
    answers: Counter[int] = Counter()

    with (
        subprocess.Popen([*command, "-u", f"{tailor.public}/large"], stdout=subprocess.PIPE, text=True) as attacker,
        httpx.Client(trust_env=False, timeout=PATIENCE_SECONDS) as visitor,
    ):
        try:
            while not has_ended(attacker):
                answers[visitor.get(tailor.public).status_code] += 1
        finally:
            attacker.kill()
            told = attacker.communicate()[0]

    assert "slow HTTP test status" in told
    assert set(answers) == {200}
    assert tailor.end() == ""


def has_ended(process: subprocess.Popen[str]) -> bool:
    """Whether it ends within the pause between two visits."""
    try:
        process.wait(PAUSE_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return True
