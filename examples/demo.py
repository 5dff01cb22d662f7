"""The demo: the shop on one port, Tailor in front of it on another, and who would see what.

Starts both, waits until they answer, prints the visitors, and ends both on Ctrl-C (exit code 0), or as soon as one of
them dies (exit code 1).
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

READY_SECONDS = 30.0
END_SECONDS = 10.0
_POLL_SECONDS = 0.1

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)
# Somewhere among them it is always between ten at night and six in the morning.
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


class EndedError(Exception):
    """One of the two ended by itself, or never answered."""


def where_it_is_night(now: datetime) -> tuple[str, str]:
    """The city, and its time zone, where it is nearest to two in the morning."""

    def hours_from_two(zone: str) -> float:
        local = now.astimezone(ZoneInfo(zone))
        return abs((local.hour + local.minute / 60 - 2 + 12) % 24 - 12)

    return min(CITIES.items(), key=lambda city: hours_from_two(city[1]))


def visitors(ports: Ports, now: datetime) -> tuple[Visitor, ...]:
    """The six of the table. This machine plays the CDN, so a header says where a visitor is."""
    site = f"http://127.0.0.1:{ports.proxy}"
    city, zone = where_it_is_night(now)
    headline = "| grep '<h1>'"
    campaign = f"{site}/?utm_source=newsletter&utm_medium=email&utm_campaign=winter-weeks"
    chatbot = f"{site}/products/rygg-2-tent?utm_source=chatgpt.com"
    return (
        Visitor(
            "from Bergen, Norway",
            "a hiker in the rain, “There’s no bad weather in Bergen.”",
            f"curl -s -H 'CF-IPCountry: NO' -H 'CF-IPCity: Bergen' {site}/ {headline}",
        ),
        Visitor(
            "from the winter newsletter",
            "a cabin in the snow, “Minus fifteen, and you are smiling.”, its own call to action",
            f"curl -s '{campaign}' {headline}",
            campaign,
        ),
        Visitor(
            "on a phone",
            "a bar with two buttons under the thumb",
            f"curl -s -A '{PHONE}' {site}/ | grep -A3 'thumb-bar'",
        ),
        Visitor(
            f"awake at night, in {city}",
            f"the dark theme, and “Still up in {city}?”",
            f"curl -s -H 'CF-Timezone: {zone}' -H 'CF-IPCity: {city}' {site}/ | grep -E '<body|Still up'",
        ),
        Visitor(
            "sent by ChatGPT",
            "a note with what the chatbot can’t know: stock, price, weight",
            f"curl -s '{chatbot}' | grep 'You asked'",
            chatbot,
        ),
        Visitor(
            "a member who skis",
            "“Good to see you”, and a word on wax, where others are asked to join",
            f"curl -s -b 'shop_member=Explorer; shop_activity=skiing' {site}/ | grep -A2 'Good to see'",
            f"{site}/join",
        ),
    )


def table(ports: Ports, now: datetime) -> str:
    """What is printed once both answer."""
    site, origin = f"http://127.0.0.1:{ports.proxy}", f"http://127.0.0.1:{ports.origin}"
    lines = [
        "",
        f"  The shop as it is        {origin}/",
        f"  The shop behind Tailor   {site}/",
        f"  How Tailor is            http://127.0.0.1:{ports.admin}/status",
        "",
        "  Six visitors, and what each of them sees: follow the link, or paste the line",
    ]
    for number, visitor in enumerate(visitors(ports, now), start=1):
        lines += ["", f"  {number}  {visitor.who}", f"     sees {visitor.sees}"]
        if visitor.link:
            lines.append(f"     {visitor.link}")
        lines.append(f"     {visitor.curl}")
    return "\n".join(
        [
            *lines,
            "",
            "  And a visitor of whom no rule speaks gets the shop’s own page, byte for byte:",
            f"     cmp <(curl -s {origin}/) <(curl -s {site}/) && echo the same bytes",
            "",
            "  Edit examples/shop/rules/home.yaml while this runs, and reload. Ctrl-C ends it all.",
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
    """9000 for the shop, 8080 and 8081 for Tailor, or what is free after them."""
    origin = free_port(9000)
    proxy = free_port(8080, (origin,))
    return Ports(origin, proxy, free_port(8081, (origin, proxy)))


def commands(ports: Ports) -> Mapping[str, Sequence[str]]:
    """What runs, by the name under which it is spoken of."""
    tailor = "from proxy.cli import main; main(prog_name='tailor')"
    settings = {
        "--config": "examples/shop/tailor.toml",
        "--rules": "examples/shop/rules",
        "--origin": f"http://127.0.0.1:{ports.origin}",
        "--port": f"{ports.proxy}",
        "--admin-port": f"{ports.admin}",
    }
    return {
        "the shop": (sys.executable, "-m", "examples.shop.origin", "--port", f"{ports.origin}"),
        "Tailor": (sys.executable, "-c", tailor, "serve", *(word for flag in settings.items() for word in flag)),
    }


async def run(ports: Ports, say: Callable[[str], None]) -> int:
    """The whole demo, until a signal or a death; returns the exit code."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    started = commands(ports)
    async with contextlib.AsyncExitStack() as ending:
        try:
            shop = await ending.enter_async_context(_running(started["the shop"]))
            if not await _unless_stopped(stop, "the shop", shop, _answers(ports.origin, "/")):
                return 0
            tailor = await ending.enter_async_context(_running(started["Tailor"]))
            if not await _unless_stopped(stop, "Tailor", tailor, _answers(ports.proxy, "/_tailor/readyz")):
                return 0
            say(table(ports, datetime.now(UTC)))
            await _until_stopped(stop, {"the shop": shop, "Tailor": tailor})
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


def main() -> int:
    """Run the demo; returns its exit code."""
    try:
        return asyncio.run(run(choose_ports(), lambda text: print(text, flush=True)))
    except EndedError as error:
        print(f"The demo can't start: {error}.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
