"""nginx and Caddy as `examples/deploy` sets them up, in front of a `tailor serve` of its own, in front of a small site.

The files are run as they are, but for ports and certificates.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.docs.deploy_files import DEPLOY
from tests.examples.running import is_open
from tests.processes import end, free_port, rewritten, whole_nginx
from tests.proxy.origins import PATIENCE_SECONDS, Connection, ok, scripted_origin
from tests.proxy.serving import Running, serving

NAME = "shop.example"
VISITOR = "127.0.0.2"
"""Where visitors come from: another address of loopback, which nobody trusts by it."""

PAGE = b"<!DOCTYPE html><title>Shop</title><h1>Welcome</h1>"
FIRST, SECOND = b"data: first\n\n", b"data: second\n\n"
HELLO, GOODBYE, MASKED = b"\x81\x05hello", b"\x81\x07goodbye", b"\x81\x82\0\0\0\0hi"
"""Frames of a WebSocket (RFC 6455 §5.2), the last one as a browser sends it."""

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 §1.3
_END_SECONDS = 10.0


@dataclass
class Site:
    """What it answers: a page, its own request, a WebSocket, and two events, the second when it is let go."""

    go_on: threading.Event = field(default_factory=threading.Event)

    def answer(self, connection: Connection) -> None:
        while message := connection.read_message():
            path = message.split(b" ", 2)[1].partition(b"?")[0]
            if path in (b"/events", b"/socket"):
                (self._send_events if path == b"/events" else self._speak)(connection, message)
                return
            if path == b"/echo":
                connection.send(ok(message, b"Content-Type: text/plain", b"Cache-Control: no-store"))
            else:
                connection.send(ok(PAGE, b"Content-Type: text/html", b"Cache-Control: max-age=60"))

    def _speak(self, connection: Connection, message: bytes) -> None:
        """A WebSocket that says a word, and another one when it has heard one."""
        (key,) = re.findall(rb"\r\nsec-websocket-key: *(\S+)", message, re.IGNORECASE)
        accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
        switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        connection.send(switch + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + HELLO)
        assert connection.read_exactly(len(MASKED)) == MASKED
        connection.send(GOODBYE)

    def _send_events(self, connection: Connection, message: bytes) -> None:
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for event in (FIRST, SECOND):
            connection.send(b"%x\r\n%b\r\n" % (len(event), event))
            assert self.go_on.wait(PATIENCE_SECONDS)
        connection.send(b"0\r\n\r\n")


@dataclass(frozen=True)
class Front:
    """A web server in front, seen from outside."""

    https_port: int
    http_port: int
    certificate: Path
    site: Site
    tailors: tuple[Running, ...]

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A visitor's connection, over TLS."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        raw = socket.create_connection(("127.0.0.1", self.https_port), source_address=(VISITOR, 0))
        with context.wrap_socket(raw, server_hostname=NAME) as secure:
            yield Connection(secure)

    def get(self, target: str, *fields: str) -> bytes:
        """The whole response to a visitor."""
        lines = [f"GET {target} HTTP/1.1", f"Host: {NAME}", *fields, "", ""]
        with self.connect() as connection:
            connection.send("\r\n".join(lines).encode())
            return connection.read_message()


@contextmanager
def nginx_front(folder: Path, tailors: int = 1) -> Iterator[Front]:
    """nginx by `nginx/nginx.conf`; with two Tailors, their second server is taken in."""

    def command(front: Front) -> Sequence[str]:
        ports = [re.sub(r".*:", "", tailor.public) for tailor in front.tailors]
        replaced = {
            "listen 80;": f"listen 127.0.0.1:{front.http_port};",
            "listen 443 ": f"listen 127.0.0.1:{front.https_port} ",
            "/etc/ssl/certs/shop.example.pem": f"{front.certificate}",
            "/etc/ssl/private/shop.example.key": f"{front.certificate}",
            "127.0.0.1:8080": f"127.0.0.1:{ports[0]}",
        }
        if len(ports) > 1:
            replaced["# server 127.0.0.1:8180"] = f"server 127.0.0.1:{ports[1]}"
        (folder / "site.conf").write_text(rewritten(DEPLOY / "nginx/nginx.conf", replaced), encoding="utf-8")
        (folder / "nginx.conf").write_text(whole_nginx(folder), encoding="utf-8")
        return "nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")

    with _front(folder, "nginx", command, tailors) as front:
        yield front


@contextmanager
def caddy_front(folder: Path) -> Iterator[Front]:
    """Caddy by `caddy/Caddyfile`."""

    def command(front: Front) -> Sequence[str]:
        certificate = front.certificate
        replaced = {
            "{\n\tservers": "{\n\tadmin off\n\tauto_https disable_redirects\n\tdefault_bind 127.0.0.1\n\tservers",
            "shop.example {": f"https://{NAME}:{front.https_port} {{\n\ttls {certificate} {certificate}",
            "127.0.0.1:8080": front.tailors[0].public.removeprefix("http://"),
        }
        (folder / "Caddyfile").write_text(rewritten(DEPLOY / "caddy/Caddyfile", replaced), encoding="utf-8")
        return "caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"

    with _front(folder, "caddy", command) as front:
        yield front


@contextmanager
def _front(
    folder: Path, name: str, make_command: Callable[[Front], Sequence[str]], tailors: int = 1
) -> Iterator[Front]:
    site = Site()
    with scripted_origin(site.answer) as origin, ExitStack() as stack:
        config, rules = DEPLOY / name / "tailor.toml", DEPLOY / "compose/rules"
        running = []
        for number in range(tailors):
            (own := folder / f"tailor-{number}").mkdir()
            flags = ["--config", str(config), "--rules", str(rules), "--data", str(own), "--log-level", "error"]
            running.append(stack.enter_context(serving(own, origin.url, *flags)))
        certificate = _certificate(folder)
        front = Front(free_port(), free_port(), certificate, site, tuple(running))
        environment = os.environ | {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        stack.enter_context(_listening(make_command(front), front.https_port, environment, folder / "said"))
        try:
            yield front
        finally:
            site.go_on.set()


@contextmanager
def _listening(command: Sequence[str], port: int, environment: Mapping[str, str], said: Path) -> Iterator[None]:
    with (
        said.open("w") as output,
        subprocess.Popen(command, env=environment, stdout=output, stderr=output) as process,
    ):
        try:
            while not is_open(port):
                # It is another process that we wait for: it either listens or ends.
                try:
                    process.wait(timeout=0.1)
                except subprocess.TimeoutExpired:
                    continue
                raise AssertionError(f"{command[0]} ended at its start: {said.read_text()}")
            yield
        finally:
            end(process, _END_SECONDS)


def _certificate(folder: Path) -> Path:
    """A certificate for the site with its key, in one file, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8
    path = folder / "certificate.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    )
    path.chmod(0o600)
    return path


def is_installed(program: str) -> bool:
    """Whether it can be run here."""
    return shutil.which(program) is not None
