"""What a running Tailor's memory comes to when every visitor asks for another URL: within its bound, or beyond it.

Run as `python -m tests.bench.memory [COUNT] [BOUND_MIB]`: 300,000 URLs take some minutes. Rules are on half of them,
each page has bytes of its own, and may be kept for an hour. What is told is the memory of the process over what it was
after the first thousand, beside `memory_bytes`. Exits with 1 where that is over the limit, or an answer was wrong.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from tests.bench.quick_load import WrongAnswerError
from tests.bench.quick_servers import CannotRunError, Server, ServerError, tailor, told, two_cores
from tests.processes import free_port

LIMIT = 1.2
"""How many times the bound the growth may be."""

WARM_UP = 1_000
STEP = 50_000
_CONNECTIONS = 8
_ANSWER_SECONDS = 20.0

_RULES = """
experiences:
  headline:
    pages: /changed/**
    change:
      - {select: h1, text: "Good morning"}
      - {select: body, add_class: morning}
  company:
    pages: ["/changed/**/shop", "/changed/*/*"]
    who: {visitor.company: {known: true}}
    change:
      - {select: "#for", text: "Made for {{ visitor.company }}"}
"""

_HEAD = '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Shop</title></head>'
_BODY = '<body class="home"><h1>Welcome</h1><p id="for">Made for you</p><p>'
_CHANGED = '<body class="home morning"><h1>Good morning</h1><p id="for">Made for Firm {n}</p><p>'
_LETTERS = 3_800


def path_of(number: int) -> str:
    """Every other one is of those that rules speak of."""
    return f"/{'changed' if number % 2 else 'plain'}/{number % 97}/{number}"


def page_of(path: str) -> bytes:
    """Some 4 KB that no other path has."""
    return f"{_HEAD}{_BODY}{_letters(path)}</p></body></html>\n".encode()


def expected(number: int) -> bytes:
    """What the visitor from Firm `number` has to get for their URL."""
    path = path_of(number)
    page = page_of(path)
    if number % 2 == 0:
        return page
    return page.replace(_BODY.encode(), _CHANGED.replace("{n}", str(number)).encode())


def _letters(path: str) -> str:
    return hashlib.shake_128(path.encode()).hexdigest(_LETTERS // 2)


class Site(asyncio.Protocol):
    """One connection to an origin that has a page for each path."""

    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what is answered on."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer what is whole; a GET has no body."""
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            page = page_of(head.split(b" ", 2)[1].decode())
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nCache-Control: max-age=3600\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(page), page)
            )


async def ask(port: int, numbers: Iterator[int]) -> None:
    """One connection that asks for the next URL of those that all share, until there are no more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for number in numbers:
            head = f"GET {path_of(number)} HTTP/1.1\r\nHost: shop.example\r\nCookie: company=Firm {number}\r\n\r\n"
            writer.write(head.encode())
            async with asyncio.timeout(_ANSWER_SECONDS):
                status, body = await _response(reader)
            if status != 200 or body != expected(number):
                raise WrongAnswerError(f"{path_of(number)}: {status}, {body[:400]!r}")
    except TimeoutError as error:
        raise WrongAnswerError(f"no answer within {_ANSWER_SECONDS:g} seconds") from error
    finally:
        writer.close()


async def _response(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    try:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        raise WrongAnswerError("the connection was closed") from error
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    if "content-length" not in fields:
        raise WrongAnswerError(f"an answer of a length that is not told: {lines}")
    return int(lines[0].split(" ")[1]), await reader.readexactly(int(fields["content-length"]))


async def measure(server: Server, origin: int, count: int, bound: int) -> float:
    """Ask for so many URLs, and print a line now and then; how many times the bound the memory grew."""
    site = await asyncio.get_running_loop().create_server(Site, "127.0.0.1", origin)
    began = time.monotonic()
    print(f"{'URLs':>10}{'MB':>8}{'of the bound':>14}{'seconds':>9}")
    print(f"{0:>10,}{server.resident_megabytes:>8.1f}")
    after_warm_up, growth = 0.0, 0.0
    async with site:
        for before, asked in pairwise(_stops(count)):
            numbers = iter(range(before, asked))
            await asyncio.gather(*(ask(server.port, numbers) for _ in range(_CONNECTIONS)))
            after_warm_up = after_warm_up or server.resident_megabytes
            growth = (server.resident_megabytes - after_warm_up) * 1e6 / bound
            took = time.monotonic() - began
            print(f"{asked:>10,}{server.resident_megabytes:>8.1f}{growth:>14.2f}{took:>9.0f}", flush=True)
    status = server.status()
    if faults := {key: status[key] for key in ("failures", "left_out", "set_aside") if status[key]}:
        raise WrongAnswerError(f"Tailor says of itself: {faults}")
    return growth


def _stops(count: int) -> Sequence[int]:
    return [*dict.fromkeys((0, min(WARM_UP, count), *range(STEP, count, STEP), count))]


def main(words: Sequence[str]) -> int:
    """Measure, print, and judge; the exit code."""
    count, bound = (int(word) for word in (*words, *("300000", "128")[len(words) :]))
    bound *= 1 << 20
    try:
        core, other_core = two_cores()
        os.sched_setaffinity(0, {other_core})
        origin = free_port()
        flags = ("--memory-bytes", f"{bound}")
        with (
            tempfile.TemporaryDirectory() as folder,
            tailor(Path(folder, "tailor"), _RULES, origin, core, flags=flags) as server,
        ):
            growth = asyncio.run(measure(server, origin, count, bound))
    except CannotRunError as error:
        print(f"This can't be measured here: {error}.", file=sys.stderr)
        return 2
    except (ServerError, WrongAnswerError) as error:
        print(f"Stopped: {told(error)}", file=sys.stderr)
        return 1
    over = growth > LIMIT
    print(f"grew by {growth:.2f} of the bound of {bound / 1e6:.0f} MB (limit {LIMIT:g}){' OVER' if over else ''}")
    return int(over)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
