"""`tailor preview` as it runs: one listener on loopback, one process, and the rulebook watched beside it.

Of `tailor serve` it has neither the admin listener nor the workers, and nothing that remembers visitors.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from secrets import token_bytes

from proxy.app import App
from proxy.ledger import Ledger
from proxy.origin.client import Origin
from proxy.page.memory import CutMemory
from proxy.pipeline import Pipeline
from proxy.preview import Preview
from proxy.process import QuietServer, current_time, make_hosts, own_hosts
from proxy.reload import RuleKeeper
from proxy.request import RequestReader
from proxy.server.protocol import make_config
from proxy.settings.model import Settings
from proxy.stand_in import StandIn
from proxy.visitor.consent import make_consent_reader
from proxy.visitor.identity import IdentityReader
from proxy.visitor.observe import make_observer
from proxy.vouching import open_vouching
from proxy.websocket import WebSockets
from rules.model import RuleBook

HOST = "127.0.0.1"
KEY_BYTES = 32


def run_preview(settings: Settings, keeper: RuleKeeper, listener: socket.socket) -> None:
    """Serve on `listener` until Ctrl-C or SIGTERM."""
    asyncio.run(_run(settings, keeper, listener))


async def _run(settings: Settings, keeper: RuleKeeper, listener: socket.socket) -> None:
    origin = Origin(
        settings.origin, connect_seconds=settings.connect_seconds, response_seconds=settings.response_seconds
    )
    # What a visitor's browser would be told of the site's name does not hold here: the site is where it is previewed.
    reader = RequestReader(trusted_proxies=settings.trusted_proxies)
    pipelines = _Pipelines(settings, origin)
    websockets = WebSockets(origin, make_hosts(settings), message_bytes=settings.websocket_message_bytes)
    app = App(Preview(keeper, pipelines), reader, prefix=settings.prefix, websockets=websockets)
    server = QuietServer(make_config(app, websockets=True, drain_seconds=1))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.handle_exit, number, None)
    stop = asyncio.Event()
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(keeper.watch(stop))
            await server.serve([listener])
            stop.set()
    finally:
        pipelines.close()
        await origin.close()


class _Pipelines:
    """Makes the pipeline of each request, of parts that are made once."""

    def __init__(self, settings: Settings, origin: Origin) -> None:
        self._settings = settings
        self._origin = origin
        # No id of a visitor's is read here, and none is given: a key of its own will do.
        keys = (token_bytes(KEY_BYTES),)
        self._vouched = open_vouching(settings, keys, now=current_time).vouched
        self._observer = make_observer(
            settings.geo_headers, settings.visitor_cookies, own_hosts(settings), vouched=self._vouched
        )
        self._cuts = CutMemory(
            Ledger(settings.memory_bytes), page_bytes=settings.page_size_bytes, cut_seconds=settings.cut_seconds
        )
        self._identity = IdentityReader(make_consent_reader(settings), keys, now=current_time)
        self._hosts = make_hosts(settings)

    def __call__(self, book: RuleBook, stand_in: StandIn) -> Pipeline:
        return Pipeline(
            self._origin,
            self._observer,
            book,
            now=current_time,
            cuts=self._cuts,
            identity=self._identity,
            hosts=self._hosts,
            page_bytes=self._settings.page_size_bytes,
            page_seconds=self._settings.page_seconds,
            stand_in=stand_in,
            vouched=self._vouched,
        )

    def close(self) -> None:
        """Make nothing of pages any more; the origin is not this one's to close."""
        self._cuts.close()
