"""What a demo is played on: an example's site on one port, Tailor in front of it on another, and who would see what.

Starts both, waits until they answer, prints the visitors, and ends both on Ctrl-C (exit code 0), or as soon as one of
them dies (exit code 1). Which examples there are is `examples.demo`'s, who comes to one is its own `visitors`'.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent.parent

# A CMS that makes its database takes a while; one that dies is noticed at once.
READY_SECONDS = 120.0
END_SECONDS = 10.0
COUNTED = {4: "Four", 5: "Five", 6: "Six", 7: "Seven", 8: "Eight"}
_POLL_SECONDS = 0.1

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)
# It is within two hours of any hour of the day in one of them.
CITIES = {
    "Honolulu": "Pacific/Honolulu",
    "Los Angeles": "America/Los_Angeles",
    "Chicago": "America/Chicago",
    "Halifax": "America/Halifax",
    "Reykjavik": "Atlantic/Reykjavik",
    "Oslo": "Europe/Oslo",
    "Dubai": "Asia/Dubai",
    "Dhaka": "Asia/Dhaka",
    "Singapore": "Asia/Singapore",
    "Tokyo": "Asia/Tokyo",
    "Auckland": "Pacific/Auckland",
}


@dataclass(frozen=True, slots=True)
class Ports:
    """Where things listen, on 127.0.0.1."""

    origin: int
    proxy: int
    admin: int


@dataclass(frozen=True, slots=True)
class Visitor:
    """One entry of the table: who asks, what they will see, how to ask as they do; a `link` where one is enough."""

    who: str
    sees: str
    curl: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Demo:
    """An example: a folder below `examples/` with `origin/`, `rules/` and `tailor.toml`, and who comes to it."""

    folder: str
    site: str
    """How the site is spoken of, such as "the shop"."""
    visitors: Callable[[Ports, datetime], Sequence[Visitor]]
    doors: Callable[[Ports], Mapping[str, str]] = lambda ports: {}
    """What else there is to open: what it is, and its URL."""


class EndedError(Exception):
    """One of the two ended by itself, or never answered."""


def where_it_is(hour: float, now: datetime) -> tuple[str, str]:
    """The city, and its time zone, whose clocks are nearest to that hour."""

    def hours_away(zone: str) -> float:
        local = now.astimezone(ZoneInfo(zone))
        return abs((local.hour + local.minute / 60 - hour + 12) % 24 - 12)

    return min(CITIES.items(), key=lambda city: hours_away(city[1]))


def table(demo: Demo, ports: Ports, now: datetime) -> str:
    """What is printed once both answer."""
    site, origin = f"http://127.0.0.1:{ports.proxy}", f"http://127.0.0.1:{ports.origin}"
    doors = {
        f"{demo.site.capitalize()} as it is": f"{origin}/",
        f"{demo.site.capitalize()} behind Tailor": f"{site}/",
        "How Tailor is": f"http://127.0.0.1:{ports.admin}/status",
        **demo.doors(ports),
    }
    wide = max(map(len, doors)) + 2
    comers = demo.visitors(ports, now)
    lines = [
        "",
        *(f"  {what:{wide}}{url}" for what, url in doors.items()),
        "",
        f"  {COUNTED[len(comers)]} visitors, and what each of them sees: follow the link, or paste the line",
    ]
    for number, visitor in enumerate(comers, start=1):
        lines += ["", f"  {number}  {visitor.who}", f"     sees {visitor.sees}"]
        if visitor.link:
            lines.append(f"     {visitor.link}")
        lines.append(f"     {visitor.curl}")
    return "\n".join(
        [
            *lines,
            "",
            f"  And a visitor of whom no rule speaks gets {demo.site}’s own page, byte for byte:",
            f"     cmp <(curl -s {origin}/) <(curl -s {site}/) && echo the same bytes",
            "",
            f"  Edit examples/{demo.folder}/rules/home.yaml while this runs, and reload. Ctrl-C ends it all.",
            "",
        ]
    )


def free_port(wanted: int, taken: Sequence[int] = ()) -> int:
    """The port itself, or the next that nobody listens on."""
    for port in range(wanted, wanted + 100):
        if port in taken:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise EndedError(f"no free port between {wanted} and {wanted + 99}")


def choose_ports() -> Ports:
    """9000 for the site, 8080 and 8081 for Tailor, or what is free after them."""
    origin = free_port(9000)
    proxy = free_port(8080, (origin,))
    return Ports(origin, proxy, free_port(8081, (origin, proxy)))


def commands(demo: Demo, ports: Ports, options: Sequence[str] = ()) -> Mapping[str, Sequence[str]]:
    """What runs, by the name under which it is spoken of; `options` are the site's."""
    tailor = "from proxy.cli.main import main; main(prog_name='tailor')"
    settings = {
        "--config": f"examples/{demo.folder}/tailor.toml",
        "--rules": f"examples/{demo.folder}/rules",
        "--origin": f"http://127.0.0.1:{ports.origin}",
        "--port": f"{ports.proxy}",
        "--admin-port": f"{ports.admin}",
    }
    return {
        demo.site: (sys.executable, "-m", f"examples.{demo.folder}.origin", "--port", f"{ports.origin}", *options),
        "Tailor": (sys.executable, "-c", tailor, "serve", *(word for flag in settings.items() for word in flag)),
    }


async def run(demo: Demo, ports: Ports, options: Sequence[str], say: Callable[[str], None]) -> int:
    """The whole demo, until a signal or a death; returns the exit code."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    started = commands(demo, ports, options)
    async with contextlib.AsyncExitStack() as ending:
        try:
            site = await ending.enter_async_context(_running(started[demo.site]))
            if not await _unless_stopped(stop, demo.site, site, _answers(ports.origin, "/")):
                return 0
            tailor = await ending.enter_async_context(_running(started["Tailor"]))
            if not await _unless_stopped(stop, "Tailor", tailor, _answers(ports.proxy, "/_tailor/readyz")):
                return 0
            say(table(demo, ports, datetime.now(UTC)))
            await _until_stopped(stop, {demo.site: site, "Tailor": tailor})
        except EndedError as error:
            say(f"The demo is over: {error}.")
            return 1
    say("\nBoth have ended. Bye.")
    return 0


@contextlib.asynccontextmanager
async def _running(command: Sequence[str]) -> AsyncIterator[Process]:
    """A child that is ended with the block: asked first, made to if it doesn't."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TAILOR_")}
    # A process group of its own: a terminal's Ctrl-C reaches the demo alone, which then ends each child once.
    child = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environment, stdin=asyncio.subprocess.DEVNULL, process_group=0
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
        try:
            await asyncio.wait_for(child.wait(), END_SECONDS)
        except TimeoutError:
            os.killpg(child.pid, signal.SIGKILL)
            await child.wait()


async def _answers(port: int, path: str) -> None:
    """Return once a GET of it is answered with 200."""

    def ask() -> bool:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    # It is another process that we wait for: there is nothing in this one to be woken by.
    while not await asyncio.to_thread(ask):  # noqa: ASYNC110
        await asyncio.sleep(_POLL_SECONDS)


async def _unless_stopped(stop: asyncio.Event, name: str, child: Process, ready: Awaitable[None]) -> bool:
    """Wait for it to be ready; False where the demo was ended before. Raises EndedError where it won't be."""
    tasks = [asyncio.ensure_future(ready), asyncio.create_task(stop.wait()), asyncio.create_task(child.wait())]
    try:
        done, _ = await asyncio.wait(tasks, timeout=READY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    if tasks[1] in done:
        return False
    if tasks[2] in done:
        raise EndedError(f"{name} ended at the start, with code {child.returncode}")
    if tasks[0] not in done:
        raise EndedError(f"{name} did not answer within {READY_SECONDS:.0f} seconds")
    return True


async def _until_stopped(stop: asyncio.Event, children: Mapping[str, Process]) -> None:
    """Wait for the demo to be ended. Raises EndedError as soon as a child is gone."""
    tasks = [asyncio.create_task(stop.wait()), *(asyncio.create_task(child.wait()) for child in children.values())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    for name, child in children.items():
        if child.returncode is not None and not stop.is_set():
            raise EndedError(f"{name} ended by itself, with code {child.returncode}")
