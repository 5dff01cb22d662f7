"""Serving: the sockets, the two listeners, and the end of it all.

Owns which parts a process is made of, and that it drains before it ends: a signal closes the listeners, requests that
run are answered, and the process ends with success. Several processes are `proxy.workers`'s.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import logging.config
import multiprocessing
import os
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn

from proxy.admin import Admin
from proxy.app import App
from proxy.cache.page_cache import PageCache
from proxy.cache.policy import make_policy
from proxy.cache.store import PageStore
from proxy.company.companies import open_companies
from proxy.fleet import in_fleet
from proxy.hangup import Hangup
from proxy.hosts import Hosts
from proxy.ledger import Ledger
from proxy.limits import make_limits
from proxy.names import SiteName
from proxy.orders import Orders, Reload
from proxy.origin.client import Origin
from proxy.origin.errors import OriginError
from proxy.page.memory import CutMemory
from proxy.pipeline import Pipeline
from proxy.profile.database import prepare
from proxy.profile.sqlite import open_store
from proxy.reload import RuleKeeper
from proxy.remember import Memory
from proxy.request import RequestReader
from proxy.rights.answers import PAGE, Rights
from proxy.rights.page import MePage
from proxy.rule_files import load_checked
from proxy.server import make_config
from proxy.setting_values import EVERY_ADDRESS, port_of
from proxy.settings import Settings
from proxy.settings_layers import flag_of
from proxy.visitor.consent import make_consent_reader
from proxy.visitor.geo_database import GeoDatabases
from proxy.visitor.identity import IdentityReader
from proxy.visitor.observe import make_observer
from proxy.vouching import open_vouching
from proxy.websocket import WebSockets
from proxy.workers import SPARE_SECONDS, run_workers

DISTRIBUTION = "tailor-proxy"
PROBE_SECONDS = 2.0

logger = logging.getLogger(__name__)


class ListenError(Exception):
    """A listener that can't be opened: one line, with what to do."""


@dataclass(frozen=True, slots=True)
class Listeners:
    """The two sockets, bound and listening, to be shared by every process."""

    public: socket.socket
    admin: socket.socket

    @classmethod
    def open(cls, settings: Settings) -> Listeners:
        """Bind both, or raise ListenError and leave none open."""
        public = listen(settings.host, settings.port, "port")
        try:
            return cls(public, listen(settings.admin_host, settings.admin_port, "admin_port"))
        except ListenError:
            public.close()
            raise

    def close(self) -> None:
        """New connections are refused once every process has done so."""
        self.public.close()
        self.admin.close()


def listen(host: str, port: int, setting: str) -> socket.socket:
    """A listening socket; `setting` is what the operator would change if it can't be had."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except socket.gaierror as error:
        raise ListenError(_not_ours(host, setting)) from error
    try:
        return socket.create_server((address[0], address[1]), family=family, backlog=2048)
    except OSError as error:
        raise ListenError(_why_not(error, host, port, setting)) from error


def _why_not(error: OSError, host: str, port: int, setting: str) -> str:
    choose = f"choose another {flag_of(setting)}"
    match error.errno:
        case errno.EADDRINUSE:
            return f"port {port} on {host} is taken ({choose}, or end what listens there)"
        case errno.EACCES:
            return f"port {port} on {host} is not open to this account ({choose}: 1024 or higher)"
        case errno.EADDRNOTAVAIL:
            return _not_ours(host, setting)
        case _:
            return f"can't listen on {host}, port {port}: {error.strerror} ({choose})"


def _not_ours(host: str, setting: str) -> str:
    return f"{host} is not an address of this machine (choose another {flag_of(setting.replace('port', 'host'))})"


def url_of(listener: socket.socket) -> str:
    """Where a browser on this machine finds a listener."""
    host, port, *_ = listener.getsockname()
    if host in EVERY_ADDRESS:
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def probe(origin: str) -> str:
    """Why the origin takes no connection at the moment, or nothing if it does."""
    parts = urlsplit(origin)
    try:
        socket.create_connection((parts.hostname, port_of(parts)), timeout=PROBE_SECONDS).close()
    except TimeoutError:
        return f"no answer within {PROBE_SECONDS:g} s"
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return ""


def current_time() -> datetime:
    """The clock of a process."""
    return datetime.now(UTC)


def open_rules(folder: Path) -> RuleKeeper:
    """The folder's rulebook, ready to be watched; raises RuleError or OSError if it does not load."""
    return RuleKeeper.open(folder, load_checked, current_time)


def prepare_profiles(settings: Settings) -> tuple[str, ...]:
    """Make ready what visitors are remembered in and shown by, once for all processes; a line for each warning.

    Raises StoreError and RightsError.
    """
    MePage.open(settings.me_template)
    return prepare(settings.profiles, current_time()) if settings.profiles is not None else ()


def serve(settings: Settings, keeper: RuleKeeper, listeners: Listeners, keys: tuple[bytes, ...]) -> None:
    """Serve until a signal ends it; `keeper` is what a single process runs with, `keys` sign for all of them."""
    if settings.workers == 1:
        run_process(settings, keeper, listeners, keys)
        return
    arguments = (settings, listeners, keys)
    end_seconds = settings.drain_seconds + SPARE_SECONDS
    run_workers(
        settings.workers, run_worker, arguments, release=listeners.close, on_hangup=Reload(), end_seconds=end_seconds
    )


def run_worker(settings: Settings, listeners: Listeners, keys: tuple[bytes, ...], end: socket.socket) -> None:
    """One of several processes. It reads the rules itself; if they are broken by now, it runs without experiences."""
    configure_logging(settings.log_level)
    keeper = RuleKeeper.open_or_start_empty(settings.rules, load_checked, current_time)
    run_process(settings, keeper, listeners, keys, end)


def run_process(
    settings: Settings,
    keeper: RuleKeeper,
    listeners: Listeners,
    keys: tuple[bytes, ...],
    end: socket.socket | None = None,
) -> None:
    """Serve in this process, until a signal or its parent's end; `end` is that of its line, where it has a parent."""
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

    async def run(self, listeners: Listeners, end: socket.socket | None = None) -> None:
        """Serve on both listeners until `stop` is set, then drain."""
        settings = self.settings
        origin = Origin(
            settings.origin,
            connect_seconds=settings.connect_seconds,
            response_seconds=settings.response_seconds,
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
        cuts = CutMemory(ledger, page_bytes=settings.page_size_bytes)
        cache = open_cache(settings, ledger)
        hosts = make_hosts(settings)
        pipeline = Pipeline(
            origin,
            observer,
            self.keeper.book,
            now=current_time,
            cuts=cuts,
            cache=cache,
            identity=identity,
            hosts=hosts,
            page_bytes=settings.page_size_bytes,
            page_seconds=settings.page_seconds,
            companies=companies.finder,
            memory=Memory(observer, current_time, profiles),
            vouched=vouching.vouched,
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
            pipeline, reader, prefix=settings.prefix, is_ready=self.is_ready, rights=rights, websockets=websockets
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
        answer = express.answer if express else None
        limits, drain_seconds = make_limits(settings), settings.drain_seconds
        public_server = QuietServer(
            make_config(app, express=answer, websockets=True, limits=limits, drain_seconds=drain_seconds)
        )
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


def open_cache(settings: Settings, ledger: Ledger) -> PageCache | None:
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
    )


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


def configure_logging(level: str) -> None:
    """Plain lines on standard error; libraries speak up only when something is wrong."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"level": "WARNING", "handlers": ["stderr"]},
            "loggers": {name: {"level": level.upper()} for name in ("proxy", "rules")},
        }
    )
