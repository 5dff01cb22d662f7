"""Serving: the sockets, and one process or several behind them.

Owns what is opened before a process serves, and where it reports. What a process is made of is `proxy.process`'s; how
several are kept alive, `proxy.fleet.workers`'s.
"""

from __future__ import annotations

import errno
import logging
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from proxy.fleet.orders import Reload
from proxy.fleet.workers import SPARE_SECONDS, run_workers
from proxy.monitoring.logs import configure_logging
from proxy.process import current_time, run_process
from proxy.profile.database import prepare
from proxy.reload import RuleKeeper
from proxy.rights.page import MePage
from proxy.rule_files import load_checked
from proxy.settings.layers import flag_of
from proxy.settings.model import Settings
from proxy.settings.values import EVERY_ADDRESS, port_of

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
    configure_logging(settings.log_level, settings.log_format)
    keeper = RuleKeeper.open_or_start_empty(settings.rules, load_checked, current_time)
    run_process(settings, keeper, listeners, keys, end)
