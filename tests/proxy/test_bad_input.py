"""Whatever comes in, from visitors, from the origin or from who writes rules, a running `tailor serve` gets over it.

Each input has the outcome that docs/transparency.md and docs/operating.md tell, the next visitor is served, and all of
them together leave no memory behind. What is wrong with messages themselves is in `test_transparency`, whose tables are
used here again; what `tailor check` says of mistakes in rules, in tests/golden/mistakes.
"""

from __future__ import annotations

import gzip
import re
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import brotli
import httpx
import pytest
from backports import zstd

from proxy.signing import StrictTimestampSigner
from proxy.visitor.identity import SALT
from tests.processes import resident_bytes
from tests.proxy.origins import Connection, RunningServer, ScriptedOrigin, scripted_origin
from tests.proxy.server.test_protocol import status_of
from tests.proxy.serving import PATIENCE_SECONDS, Running, serving
from tests.proxy.test_transparency import TOLERATED, WRONG_REQUESTS, WRONG_RESPONSES, WRONG_UPLOADS

RULES = """
experiences:
  all-pages: {pages: /bomb/**, change: [{select: h1, text: New}]}
"""
KEY = b"0123456789abcdef0123456789abcdef"
HOST = b"Host: shop.example\r\n"
CLOSE = b"Connection: close\r\n\r\n"
ROOM_KB = 8 * 1024
"""How much more memory may be in use after all of it: about two of its largest pages, of which none may be kept."""


def rounded(markup: bytes) -> bytes:
    """A page that the rule above would change, with this in it."""
    return b"<!doctype html><title>Bomb</title><h1>Old</h1>" + markup


ZEROS = bytes(64 << 20)
WHOLE = gzip.compress(rounded(b""))
BOMBS: dict[str, tuple[bytes, bytes]] = {
    "gzip of 64 MB": (b"gzip", gzip.compress(ZEROS, 9)),
    "deflate of 64 MB": (b"deflate", zlib.compress(ZEROS, 9)),
    "br of 64 MB": (b"br", brotli.compress(ZEROS, quality=1)),
    "zstd of 64 MB": (b"zstd", zstd.compress(ZEROS, level=1)),
    "gzip in gzip": (b"gzip, gzip", gzip.compress(gzip.compress(rounded(b"")))),
    "gzip in a thousand parts": (b"gzip", WHOLE + gzip.compress(b"") * 1000),
    "gzip cut short": (b"gzip", WHOLE[:-9]),
    "gzip with a wrong sum": (b"gzip", WHOLE[:-8] + bytes(4) + WHOLE[-4:]),
    "gzip with a tail": (b"gzip", WHOLE + b"garbage"),
    "gzip that is none": (b"gzip", rounded(b"")),
    "br that is none": (b"br", b"\xff" * 100),
    "zstd that is none": (b"zstd", b"\xff" * 100),
    # A frame that asks for a window of 2 GB (RFC 8878 §3.1.1.1.2).
    "zstd with a huge window": (b"zstd", b"\x28\xb5\x2f\xfd\x00\xa8" + b"\x01\x00\x00"),
    "a coding of nobody's": (b"snow", rounded(b"")),
    "elements nested 50,000 deep": (b"", rounded(b"<div>" * 50_000)),
    "tables nested 10,000 deep": (b"", rounded(b"<table><tr><td>" * 10_000)),
    "svg nested 10,000 deep": (b"", rounded(b"<svg>" * 10_000)),
    "formatting that is opened ever anew": (b"", rounded(b"".join(b"<b i%d><p>" % number for number in range(3_000)))),
    "links that are never closed": (b"", rounded(b"<a href=/x><div>" * 5_000)),
    "200,001 tags": (b"", rounded(b"<p>" * 200_001)),
    "600 attributes": (b"", rounded(b"<p %s>" % b" ".join(b"a%d=1" % number for number in range(600)))),
    "more than a page may hold": (b"", rounded(b"x" * (5 << 20))),
    "UTF-16": (b"", "\ufeff<h1>Old</h1>".encode("utf-16-le")),
}
ODD_PAGES: dict[str, bytes] = {
    "an attribute of 2 MB": rounded(b'<p title="%s">' % (b"x" * (2 << 20))),
    "a name of 2 MB": rounded(b"<%s>" % (b"x" * (2 << 20))),
    "a comment that never ends": rounded(b"<!--" * 50_000),
    "a tag that never ends": rounded(b"<p a=" + b"<" * 100_000),
    "100,000 character references": rounded(b"&amp" * 100_000),
    "a script that never ends": rounded(b"<script>" + b"<!--<script>" * 20_000),
    "a doctype with entities": b'<!DOCTYPE x [<!ENTITY a "&b;&b;">]>' + rounded(b"&a;"),
    "bytes of no charset": rounded(bytes(range(128, 256)) * 100),
    "NULs": rounded(bytes(1000)),
}


def as_page(coding: bytes, body: bytes) -> bytes:
    told = b"Content-Encoding: %s\r\n" % coding if coding else b""
    charset = b"; charset=utf-16le" if body[:2] == b"\xff\xfe" else b""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html%s\r\n%sContent-Length: %d\r\n\r\n"
    return head % (charset, told, len(body)) + body


PAGES = {**BOMBS, **{name: (b"", body) for name, body in ODD_PAGES.items()}}
REPLIES = {
    **{f"/bomb/{number}": as_page(*page) for number, page in enumerate(PAGES.values())},
    **{f"/wrong/{number}": reply for number, (reply, _) in enumerate(WRONG_RESPONSES.values())},
    **{f"/odd/{number}": reply for number, (reply, _) in enumerate(TOLERATED.values())},
}
PATHS_OF_PAGES = dict(zip(PAGES, (path for path in REPLIES if path.startswith("/bomb/")), strict=True))
FINE = as_page(b"", b"<h1>Old</h1>")


@dataclass(frozen=True)
class Stage:
    """A running Tailor, and the origin behind it."""

    tailor: Running
    origin: ScriptedOrigin
    rules: Path
    log: list[str]

    @property
    def door(self) -> RunningServer:
        return RunningServer(httpx.URL(self.tailor.public).port or 80)

    def get(self, path: str, *fields: bytes) -> bytes:
        lines = b"".join(field + b"\r\n" for field in fields)
        return self.door.ask(b"GET " + path.encode() + b" HTTP/1.1\r\n" + HOST + lines + CLOSE)

    def serves(self) -> bool:
        """Whether the next visitor is served as if nothing had been."""
        return self.get("/bomb/fine").endswith(b"\r\n\r\n<h1>New</h1>")

    def resident_kb(self) -> int:
        return resident_bytes(self.tailor.process.pid) // 1024


def script(connection: Connection) -> None:
    request = connection.read_message()
    if request:
        connection.send(REPLIES.get(request.split(b" ", 2)[1].decode("latin-1"), FINE))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("tailor")
    (folder / "rules").mkdir()
    (folder / "rules" / "pages.yaml").write_text(RULES)
    (folder / "secret").write_bytes(KEY + b"\n")
    (folder / "secret").chmod(0o600)
    flags = ("--consent", "not-required", "--secret-file", "secret", "--log-level", "error")
    with pytest.MonkeyPatch.context() as environment, scripted_origin(script) as origin:
        # Bombs are read in threads, and the allocator keeps for each that ever read one what that took: which thread
        # comes to it, and when, is chance. So what is free goes back at once (mallopt(3)), and only the rest is seen.
        environment.setenv("MALLOC_ARENA_MAX", "1")
        environment.setenv("MALLOC_MMAP_THRESHOLD_", "65536")
        environment.setenv("MALLOC_TRIM_THRESHOLD_", "65536")
        with serving(folder, origin.url, *flags) as tailor:
            log: list[str] = []
            # What it says would fill the pipe in the end.
            reading = threading.Thread(target=lambda: log.extend(tailor.process.stderr or ()))
            reading.start()
            yield Stage(tailor, origin, folder / "rules", log)
            tailor.process.kill()
            reading.join()


@pytest.mark.parametrize("name", BOMBS)
def test_a_page_that_can_not_be_read_within_bounds_passes_byte_for_byte(stage: Stage, name: str) -> None:
    coding, body = BOMBS[name]
    answer = stage.get(PATHS_OF_PAGES[name], b"Accept-Encoding: gzip, deflate, br, zstd")

    assert status_of(answer) == 200
    assert answer.partition(b"\r\n\r\n")[2] == body
    assert not coding or b"\r\ncontent-encoding: %s\r\n" % coding in answer
    assert stage.serves()


@pytest.mark.parametrize("name", ODD_PAGES)
def test_an_odd_page_passes_whole_but_for_what_a_rule_names(stage: Stage, name: str) -> None:
    answer = stage.get(PATHS_OF_PAGES[name])

    body = ODD_PAGES[name]
    assert status_of(answer) == 200
    assert answer.partition(b"\r\n\r\n")[2] in (body, body.replace(b"Old", b"New"))
    assert stage.serves()


SOME_ID = b"A" * 22


def signed(value: bytes, key: bytes = KEY, salt: bytes = SALT, when: datetime | None = None) -> bytes:
    """A cookie as Tailor signs it, or nearly so."""
    return StrictTimestampSigner([key], salt, lambda: when or datetime.now(UTC)).sign(value)


FORGED: dict[str, bytes] = {
    "empty": b"",
    "without a signature": SOME_ID,
    "with half a signature": signed(SOME_ID)[:-20],
    "with one letter changed": b"B" + signed(SOME_ID)[1:],
    "with a letter too many": signed(SOME_ID) + b"A",
    "with dots for parts": b"...",
    "without a time": SOME_ID + b".." + b"A" * 43,
    "by another key": signed(SOME_ID, b"fedcba9876543210fedcba9876543210"),
    "signed for something else": signed(SOME_ID, salt=b"tailor.company.link"),
    "of last year": signed(SOME_ID, when=datetime.now(UTC) - timedelta(days=366)),
    "of tomorrow": signed(SOME_ID, when=datetime.now(UTC) + timedelta(days=1)),
    "that is no id": signed(b"../../etc/passwd"),
    "that is too long an id": signed(SOME_ID * 3),
    "of 60 KB": b"A" * 60_000,
    "percent-encoded": b"%41" * 22,
    "with bytes outside ASCII": "é".encode() * 20,
}
ODD_COOKIES: dict[str, bytes] = {
    "twice": b"tailor_id=%b; tailor_id=%b" % (signed(SOME_ID), signed(b"B" * 22)),
    "ours and a forged one": b"tailor_id=%b; tailor_id=forged" % signed(SOME_ID),
    "a thousand times": b"; ".join([b"tailor_id=x"] * 1000),
    "thousands of others": b"; ".join(b"c%d=x" % number for number in range(6000)),
    "without names": b"=; ==; ;;; =x",
    "without an end": b'a="b; tailor_id=forged',
    "the tale of a circle": b"tailor_stay=" + b"x" * 8000,
}


@pytest.mark.parametrize("value", FORGED.values(), ids=FORGED.keys())
def test_a_forged_id_is_nobodys_and_the_visitor_gets_one_of_our_own(stage: Stage, value: bytes) -> None:
    answer = stage.get("/bomb/fine", b"Cookie: tailor_id=" + value)

    given = re.findall(rb"\r\nset-cookie: tailor_id=([^;]+); ", answer)
    assert status_of(answer) == 200
    assert len(given) == 1
    assert not given[0].startswith(SOME_ID)
    assert stage.origin.heard.count(b"tailor_id") == 0
    assert stage.serves()


@pytest.mark.parametrize("cookies", ODD_COOKIES.values(), ids=ODD_COOKIES.keys())
def test_odd_cookies_cost_nobody_a_page(stage: Stage, cookies: bytes) -> None:
    answer = stage.get("/bomb/fine", b"Cookie: " + cookies)

    assert status_of(answer) == 200
    assert answer.endswith(b"\r\n\r\n<h1>New</h1>")
    assert stage.origin.heard.count(b"tailor_") == 0
    assert stage.serves()


WRONG_COOKIES = {
    "a control character": (400, b"Cookie: tailor_id=\x01\r\n"),
    "a line folded": (400, b"Cookie: a=b;\r\n c=d\r\n"),
    "over the bound of a head": (431, b"Cookie: a=%s\r\n" % (b"x" * 70_000)),
    "in over a hundred lines": (431, b"Cookie: a=b\r\n" * 101),
}


@pytest.mark.parametrize(("status", "line"), WRONG_COOKIES.values(), ids=WRONG_COOKIES.keys())
def test_cookies_that_make_a_head_wrong_are_answered_here(stage: Stage, status: int, line: bytes) -> None:
    assert status_of(stage.door.ask(b"GET /wrong-cookie HTTP/1.1\r\n" + HOST + line + CLOSE)) == status
    assert b"/wrong-cookie" not in stage.origin.heard
    assert stage.serves()


def change(written: str) -> str:
    return f"experiences:\n  bad: {{pages: /bad, change: [{{select: h1, text: {written}}}]}}\n"


WRONG_RULES: dict[str, bytes] = {
    "40,000 brackets": b"[" * 40_000,
    "40,000 braces": b"{a: " * 40_000,
    "40,000 dashes": b"- " * 40_000,
    "references that multiply": b"a: &a [x, x]\n"
    + b"".join(b"%c: &%c [*%c, *%c]\n" % (n + 1, n + 1, n, n) for n in range(97, 120)),
    "a reference to itself": b"a: &a [*a]\n",
    "a megabyte": b"# " + b"x" * 1_000_001,
    "a code to run": b'experiences: !!python/object/apply:os.system ["true"]\n',
    "a key twice": b"experiences: {}\nexperiences: {}\n",
    "NULs": b"experiences:\0 {}\n",
    "bytes that are no UTF-8": b"experiences: {\xff: {}}\n",
    "no YAML at all": bytes(range(256)),
    "a list": b"- experiences\n",
    "two documents": b"experiences: {}\n---\nexperiences: {}\n",
    "an expression that would take for ever": (
        b"experiences: {bad: {pages: '/', who: {page.path: {matches: '(a+)+\\1$'}}, change: [{select: h1, text: x}]}}\n"
    ),
    "a template that would": change("'{% for a in range(10**9) %}x{% endfor %}'").encode(),
    "a template that calls": change("'{{ page.path.__class__.__mro__ }}'").encode(),
    "a template that doubles": change("'{{ \"x\" * 10**9 }}'").encode(),
    "a selector without an end": change("x").replace("h1", "'" + ":not(" * 5_000 + "'").encode(),
    "a selector of 100 KB": change("x").replace("h1", "'" + "a " * 50_000 + ">'").encode(),
    "conditions 70 deep": b"experiences: {bad: {pages: '/', who: " + b"{all: [" * 70 + b"]}" * 70 + b"}}\n",
}


@pytest.mark.parametrize("written", WRONG_RULES.values(), ids=WRONG_RULES.keys())
def test_rules_that_can_not_be_read_within_bounds_never_go_live(stage: Stage, written: bytes) -> None:
    live = stage.rules / "bad.yaml"
    live.write_bytes(written)
    try:
        reloaded = httpx.post(f"{stage.tailor.admin}/reload", trust_env=False, timeout=PATIENCE_SECONDS)
        assert reloaded.status_code == 422
        assert "bad.yaml" in reloaded.text
        assert stage.serves()
    finally:
        live.unlink()


def test_a_response_that_is_wrong_costs_the_next_visitor_nothing(stage: Stage) -> None:
    for path in (path for path in REPLIES if path.startswith("/wrong/")):
        assert status_of(stage.get(path)) == 502, path
    assert stage.serves()


def test_all_of_it_again_and_again_leaves_no_memory_behind_and_no_traceback(stage: Stage) -> None:
    def send_all() -> None:
        for _, request in WRONG_REQUESTS.values():
            with stage.door.connect() as connection:
                connection.send(request)
                connection.read_message()
        for chunk in WRONG_UPLOADS.values():
            stage.door.ask(b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n" + chunk)
        for path in REPLIES:
            stage.get(path)
        for value in FORGED.values():
            stage.get("/bomb/fine", b"Cookie: tailor_id=" + value)
        for cookies in ODD_COOKIES.values():
            stage.get("/bomb/fine", b"Cookie: " + cookies)

    def floor_kb(rounds: int) -> int:
        """The least after each of some rounds: behind a visitor who was answered, a late page may still be cut."""
        found = []
        for _ in range(rounds):
            send_all()
            found.append(stage.resident_kb())
        return min(found)

    send_all()
    before_kb = floor_kb(3)

    assert floor_kb(4) - before_kb < ROOM_KB
    assert stage.serves()
    assert [line for line in stage.log if "Traceback" in line] == []
