"""The whole command, as an author starts it, in front of a real origin."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.processes import plain_environment
from tests.proxy.origins import ScriptedOrigin, ok, replying, scripted_origin

PATIENCE_SECONDS = 30.0
RULES = "experiences:\n  hello: {pages: /, draft: true, change: [{select: h1, text: Hello}]}\n"
PAGE = ok(b"<!doctype html><h1>Hi</h1>", b"Content-Type: text/html")


@dataclass(frozen=True)
class Running:
    """A `tailor preview` that has told where it listens."""

    process: subprocess.Popen[str]
    url: str

    def get(self, target: str = "/") -> httpx.Response:
        return httpx.get(self.url + target, trust_env=False, timeout=PATIENCE_SECONDS)

    def next_line(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.readline()

    def end(self, number: signal.Signals = signal.SIGTERM) -> str:
        """The rest of what it says on standard error."""
        self.process.send_signal(number)
        return self.process.communicate(timeout=PATIENCE_SECONDS)[1]


@contextlib.contextmanager
def previewing(folder: Path, origin: str, **variables: str) -> Iterator[Running]:
    (folder / "rules").mkdir()
    (folder / "rules" / "home.yaml").write_text(RULES)
    command = [
        sys.executable,
        "-c",
        "from proxy.cli.main import main; main()",
        "preview",
        "--origin",
        origin,
        "--port",
        "0",
    ]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, cwd=folder, env=plain_environment() | variables
    ) as process:
        try:
            assert process.stderr is not None
            said = process.stderr.readline() + process.stderr.readline()
            found = re.search(r"Look at (http://127\.0\.0\.1:\d+)/\?tailor\.as=", said)
            assert found, said
            yield Running(process, found[1])
        finally:
            if process.poll() is None:
                process.kill()


@pytest.fixture
def origin() -> Iterator[ScriptedOrigin]:
    with scripted_origin(replying(*[PAGE] * 4)) as site:
        yield site


def test_drafts_are_live_and_it_ends_in_peace(tmp_path: Path, origin: ScriptedOrigin) -> None:
    with previewing(tmp_path, origin.url) as preview:
        response = preview.get()
        rest = preview.end(signal.SIGINT)
    assert "<h1>Hello</h1>" in response.text
    assert response.headers["x-tailor"] == "hello;shown;draft"
    assert (preview.process.returncode, rest) == (0, "")


def test_an_edit_is_live_and_a_broken_one_shows_its_problems_beside_the_last_good_one(
    tmp_path: Path, origin: ScriptedOrigin
) -> None:
    with previewing(tmp_path, origin.url) as preview:
        (tmp_path / "rules" / "home.yaml").write_text(RULES.replace("Hello", "Edited"))
        assert "The rulebook was reloaded" in preview.next_line()
        assert "<h1>Edited</h1>" in preview.get().text
        (tmp_path / "rules" / "home.yaml").write_text(RULES.replace("pages: /", "pages: home"))
        assert "The rulebook does not load" in preview.next_line()
        assert "the path `home` does not begin with `/`" in preview.next_line()
        broken = preview.get()
        preview.end()
    assert "<h1>Edited</h1>" in broken.text
    assert "the path `home` does not begin with `/`" in broken.headers["x-tailor-problems"]


def test_it_listens_on_this_machine_alone_whatever_the_settings_say(tmp_path: Path, origin: ScriptedOrigin) -> None:
    with previewing(tmp_path, origin.url, TAILOR_HOST="0.0.0.0", TAILOR_PORT="1") as preview:
        preview.end()
    assert preview.url.startswith("http://127.0.0.1:")


def test_consent_that_is_not_required_makes_no_id(tmp_path: Path, origin: ScriptedOrigin) -> None:
    with previewing(tmp_path, origin.url, TAILOR_CONSENT="not-required") as preview:
        response = preview.get()
        rest = preview.end()
    assert response.headers["x-tailor"] == "hello;shown;draft"
    assert "set-cookie" not in response.headers
    assert rest == ""
