"""One process that serves: what it is made of, its two listeners, and that it drains before it ends.

Owns who owns what. A signal, or the end of its parent, closes the listeners; requests that run are answered, and the
process ends with success. The sockets come from `proxy.serve`.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import secrets
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import Protocol
from urllib.parse import urlsplit

import uvicorn

from proxy.admin import Admin
from proxy.allocator import share_one_pool
from proxy.app import App
from proxy.cache.page_cache import PageCache
from proxy.cache.policy import make_policy
from proxy.cache.store import PageStore
from proxy.company.companies import open_companies
from proxy.debug import Debug
from proxy.debug_tokens import DebugTokens
from proxy.edge import Edge
from proxy.fleet.hangup import Hangup
from proxy.fleet.orders import Orders
from proxy.fleet.parent import in_fleet
from proxy.holding import Holding
from proxy.hosts import Hosts
from proxy.ledger import Ledger
from proxy.limits import make_limits
from proxy.monitoring.accounting import Accounting
from proxy.monitoring.lag import LoopLag
from proxy.monitoring.metrics import Measures, Sources, measure
from proxy.monitoring.traffic import Traffic
from proxy.names import SiteName
from proxy.origin.breaker import Breaker
from proxy.origin.client import Origin
from proxy.origin.errors import OriginError
from proxy.page.memory import CutMemory
from proxy.pipeline import Pipeline
from proxy.profile.sqlite import open_store
from proxy.reload import RuleKeeper
from proxy.remember import Memory
from proxy.request import RequestReader
from proxy.rights.answers import PAGE, Rights
from proxy.rights.page import MePage
from proxy.server.protocol import make_config
from proxy.settings.model import Settings
from proxy.visitor.consent import make_consent_reader
from proxy.visitor.geo_database import GeoDatabases
from proxy.visitor.identity import IdentityReader
from proxy.visitor.observe import make_observer
from proxy.vouching import open_vouching
from proxy.websocket import WebSockets

DISTRIBUTION = "tailor-proxy"


class Listening(Protocol):
    """The two sockets, bound and listening."""

    @property
    def public(self) -> socket.socket: ...

    @property
    def admin(self) -> socket.socket: ...


def new_id() -> str:
    """The name of a request, like no other's."""
    return secrets.token_hex(16)


def current_time() -> datetime:
    """The clock of a process."""
    return datetime.now(UTC)


def run_process(
    settings: Settings,
    keeper: RuleKeeper,
    listeners: Listening,
    keys: tuple[bytes, ...],
    end: socket.socket | None = None,
) -> None:
    """Serve in this process, until a signal or its parent's end; `end` is that of its line, where it has a parent."""
    share_one_pool()
    loop_factory = uvicorn.Config("", log_config=None).get_loop_factory()
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(Process(settings, keeper, keys).run(listeners, end))


class Process:
    """The parts of one process that serves: who owns what, in one place."""

    def __init__(self, settings: Settings, keeper: RuleKeeper, keys: tuple[bytes, ...]) -> None:
        self.settings = settings
        self.keeper = keeper
        self.keys = keys
        self.stop = asyncio.Event()
        self.servers: tuple[uvicorn.Server, ...] = ()
        self._interrupts = 0
        self._hangup = Hangup()
        self._refresh: asyncio.Task[None] | None = None

    async def run(self, listeners: Listening, end: socket.socket | None = None) -> None:
        """Serve on both listeners until `stop` is set, then drain."""
        settings = self.settings
        origin = Origin(
            settings.origin,
            connect_seconds=settings.connect_seconds,
            response_seconds=settings.response_seconds,
            connections=settings.origin_connections,
            breaker=Breaker(
                clock=time.monotonic, failures=settings.origin_failures, rest_seconds=settings.origin_rest_seconds
            ),
        )
        companies = open_companies(settings, self.keys, os.environ, now=current_time, clock=time.monotonic)
        geo_databases = GeoDatabases(settings.geo_dbs)
        geo_databases.refresh()
        reader = RequestReader(trusted_proxies=settings.trusted_proxies, public_url=settings.public_url)
        vouching = open_vouching(settings, self.keys, now=current_time)
        observer = make_observer(
            settings.geo_headers, settings.visitor_cookies, own_hosts(settings), geo_databases, vouching.vouched
        )
        identity = IdentityReader(
            make_consent_reader(settings), self.keys, now=current_time, days=settings.visitor_days
        )
        profiles = open_store(settings, current_time)
        ledger = Ledger(settings.memory_bytes)
        cuts = CutMemory(
            ledger,
            page_bytes=settings.page_size_bytes,
            cut_seconds=settings.cut_seconds,
            now=time.time,
            pause_drifting=settings.pause_drifting,
        )
        holding = Holding(settings.held_bytes)
        cache = open_cache(settings, ledger, holding)
        hosts = make_hosts(settings)
        make_pipeline = partial(
            Pipeline,
            origin,
            observer,
            now=current_time,
            cuts=cuts,
            cache=cache,
            holding=holding,
            identity=identity,
            hosts=hosts,
            page_bytes=settings.page_size_bytes,
            page_seconds=settings.page_seconds,
            companies=companies.finder,
            memory=Memory(observer, current_time, profiles),
            vouched=vouching.vouched,
            edge=make_edge(settings, self.keys),
        )
        pipeline = make_pipeline(self.keeper.book)
        responder = Debug(
            pipeline,
            self.keeper,
            lambda book, hearing: make_pipeline(book, stand_in=hearing),
            DebugTokens(self.keys, current_time),
            clock=time.perf_counter,
        )
        rights = Rights(
            MePage.open(settings.me_template),
            identity,
            self.keys,
            store=profiles,
            now=current_time,
            book=self.keeper.book,
            path=f"{settings.prefix}/{PAGE}",
        )
        self.keeper.subscribe(pipeline.use)
        self.keeper.subscribe(rights.use)
        websockets = WebSockets(
            origin,
            hosts,
            message_bytes=settings.websocket_message_bytes,
            connections=settings.websocket_connections,
        )
        app = App(
            responder,
            reader,
            prefix=settings.prefix,
            is_ready=self.is_ready,
            rights=rights,
            websockets=websockets,
            subrequests=pipeline.subrequests(reader, prefix=settings.prefix),
        )
        traffic = Traffic()
        accounting = Accounting(
            traffic, reader, clock=time.perf_counter, new_id=new_id, logs_access=settings.access_log
        )
        orders = Orders(
            settings,
            self.keeper,
            version(DISTRIBUTION),
            lambda: {
                **pipeline.counts(),
                **companies.counts(),
                **vouching.vouched.counts(),
                "websockets": websockets.open,
            },
            cache,
        )
        express = pipeline.express(reader, prefix=settings.prefix)
        answer = accounting.express(express.answer) if express else None
        limits, drain_seconds = make_limits(settings), settings.drain_seconds
        public_server = QuietServer(
            make_config(
                accounting.app(app), express=answer, websockets=True, limits=limits, drain_seconds=drain_seconds
            )
        )
        lag = LoopLag()

        def measured() -> Measures:
            return measure(
                Sources(
                    version=orders.version,
                    counts=orders.counts(),
                    traffic=traffic,
                    lag=lag.seconds.told(),
                    connections=len(public_server.server_state.connections),
                    tasks=len(asyncio.all_tasks()),
                    origin_seconds=origin.seconds.told(),
                    origin_errors=origin.errors,
                    reloads=self.keeper.loads,
                    loaded_at=self.keeper.loaded_at.timestamp(),
                    live=len(self.keeper.book.live),
                    drifting=[(drift.experience, drift.selector) for drift in cuts.places.drifts],
                )
            )

        orders = replace(orders, measure=measured, drifts=lambda: cuts.places.drifts)
        async with in_fleet(end, orders.carry_out) as fleet:
            admin = Admin(settings, orders, self.is_ready, fleet)
            admin_server = QuietServer(make_config(admin.app(), drain_seconds=drain_seconds))
            self.servers = (public_server, admin_server)
            with self._signals(asyncio.get_running_loop()):
                try:
                    async with asyncio.TaskGroup() as tasks:
                        tasks.create_task(self.keeper.watch(self.stop))
                        tasks.create_task(geo_databases.watch(self.stop))
                        tasks.create_task(companies.watch(self.stop))
                        tasks.create_task(vouching.watch(self.stop))
                        tasks.create_task(lag.watch(self.stop))
                        tasks.create_task(public_server.serve([listeners.public]))
                        tasks.create_task(admin_server.serve([listeners.admin]))
                        tasks.create_task(self._drain())
                finally:
                    if cache is not None:
                        await cache.close()
                    cuts.close()
                    await origin.close()
                    await companies.close()
                    if profiles is not None:
                        profiles.close()

    def is_ready(self) -> bool:
        """Whether visitors may be sent here."""
        return bool(self.servers) and all(server.started for server in self.servers) and not self.stop.is_set()

    async def _drain(self) -> None:
        await self.stop.wait()
        for server in self.servers:
            server.should_exit = True

    def _interrupt(self) -> None:
        """A second Ctrl-C waits for nobody."""
        self._interrupts += 1
        for server in self.servers:
            server.force_exit = self._interrupts > 1
        self.stop.set()

    def _hang_up(self) -> None:
        if self._hangup.means_end():
            self.stop.set()
        else:
            self._refresh = asyncio.create_task(self.keeper.refresh())

    @contextlib.contextmanager
    def _signals(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        watched: list[int] = []
        parent = multiprocessing.parent_process()
        with contextlib.suppress(ValueError, RuntimeError):  # not the main thread: its owner sets `stop`
            loop.add_signal_handler(signal.SIGTERM, self.stop.set)
            loop.add_signal_handler(signal.SIGINT, self._interrupt)
            watched = [signal.SIGTERM, signal.SIGINT]
            if parent is None:
                loop.add_signal_handler(signal.SIGHUP, self._hang_up)
                watched.append(signal.SIGHUP)
        if parent is not None:
            loop.add_reader(parent.sentinel, self.stop.set)
        try:
            yield
        finally:
            for number in watched:
                loop.remove_signal_handler(number)
            if parent is not None:
                loop.remove_reader(parent.sentinel)


def open_cache(settings: Settings, ledger: Ledger, holding: Holding) -> PageCache | None:
    """The page cache, if there is to be one."""
    if not settings.page_cache:
        return None
    return PageCache(
        PageStore(ledger),
        make_policy(settings),
        now=time.time,
        failures=(OriginError,),
        page_bytes=settings.page_size_bytes,
        page_seconds=settings.page_seconds,
        holding=holding,
    )


def make_edge(settings: Settings, keys: tuple[bytes, ...]) -> Edge | None:
    """What a cache in front may keep, if one may."""
    return Edge(keys[0], settings.edge_seconds, make_policy(settings).sessions) if settings.edge else None


def make_hosts(settings: Settings) -> Hosts:
    """The mapping of names that the settings ask for."""
    own = SiteName.of_url(settings.origin) if settings.host_mode == "origin" else None
    return Hosts(own, map_urls=settings.map_urls)


def own_hosts(settings: Settings) -> tuple[str, ...]:
    """Names of this site beside the one under which a request comes: a link from there is no source."""
    return (urlsplit(settings.public_url).hostname or "",) if settings.public_url else ()


class QuietServer(uvicorn.Server):
    """Two servers in one loop would take the signals from each other, so neither listens to them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
