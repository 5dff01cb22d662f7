"""nginx and Varnish as `examples/edge` sets them up, before a `tailor serve` of its own, before a small site.

The files are run as they are, but for ports and folders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.docs.fences import ROOT
from tests.isolation.stage import running, varnishd
from tests.processes import free_port, rewritten, whole_nginx
from tests.proxy.caching import FRESH, HTML, PAGE, Site
from tests.proxy.origins import scripted_origin
from tests.proxy.serving import Running, serving

EDGE = ROOT / "examples/edge"
NAME = "shop.example"
PATIENCE_SECONDS = 10.0
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"
RULES = """
experiences:
  phones: {pages: /phones/**, who: {device.type: mobile}, change: {select: h1, text: SMALL}}
  names: {pages: /hello/**, change: {select: h1, text: "Hello {{ visitor.name | default('you') }}"}}
  trial:
    pages: /trial/**
    experiment: {split: {a: 50, b: 50}}
    variants: {a: {change: {select: h1, text: A}}, b: {change: {select: h1, text: B}}}
"""
FLAGS = (
    *("--edge", "true", "--visitor-cookie", "name=shop_name"),
    *("--consent", "cookie", "--consent-cookie", "ok", "--consent-category", "yes"),
)


@dataclass(frozen=True)
class Front:
    """A cache in front, seen from outside."""

    port: int
    site: Site
    tailor: Running
    rules: Path

    def page(self, kind: str) -> str:
        """The path of a page that nobody has asked for yet; what rules make of it is told by its folder."""
        target = f"/{kind}/{len(self.site.pages)}"
        self.site.put(target, PAGE, HTML, FRESH, ("etag", '"v1"'))
        return target

    def get(self, target: str, *, method: str = "GET", **headers: str) -> httpx.Response:
        """The response to one visitor; underscores in the names of headers stand for hyphens."""
        fields = {"host": NAME, **{name.replace("_", "-"): value for name, value in headers.items()}}
        url = f"http://127.0.0.1:{self.port}{target}"
        with httpx.Client(trust_env=False, timeout=PATIENCE_SECONDS) as client:
            return client.request(method, url, headers=fields)

    def key(self, target: str, **headers: str) -> str:
        """What the front is told, asked in its place."""
        fields = {"host": NAME, **{name.replace("_", "-"): value for name, value in headers.items()}}
        url = f"{self.tailor.public}/_tailor/decide{target}"
        told = httpx.get(url, headers=fields, trust_env=False, timeout=PATIENCE_SECONDS)
        assert told.status_code == 204, told.text
        return str(told.headers.get("tailor-variant", ""))

    def counts(self) -> dict[str, int]:
        """What Tailor has done so far, by its own word."""
        status = httpx.get(f"{self.tailor.admin}/status", trust_env=False, timeout=PATIENCE_SECONDS).json()
        variants, cache = status["variants"], status["cache"]
        return {"cut": variants["made"], "found cut": variants["hits"], **{n: cache[n] for n in ("misses", "hits")}}

    def reload(self, rules: str) -> None:
        (self.rules / "book.yaml").write_text(rules, encoding="utf-8")
        told = httpx.post(f"{self.tailor.admin}/reload", trust_env=False, timeout=PATIENCE_SECONDS)
        assert told.status_code == 200, told.text


@contextmanager
def nginx_front(folder: Path, *flags: str) -> Iterator[Front]:
    """nginx by `nginx.conf` and `visitor.conf`."""
    with _tailor(folder, *flags) as (tailor, site, rules):
        port, upstream = free_port(), tailor.public.removeprefix("http://")
        replaced = {
            "listen 80;": f"listen 127.0.0.1:{port};",
            "server 127.0.0.1:8080;": f"server {upstream};",
            "/etc/nginx/tailor/": f"{EDGE}/",
            "/var/cache/nginx/tailor": f"{folder}/cache",
        }
        (folder / "site.conf").write_text(rewritten(EDGE / "nginx.conf", replaced), encoding="utf-8")
        (folder / "nginx.conf").write_text(whole_nginx(folder), encoding="utf-8")
        with running(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], folder=folder) as log:
            log.wait_for("start worker process ")
            yield Front(port, site, tailor, rules)


@contextmanager
def varnish_front(folder: Path, *flags: str) -> Iterator[Front]:
    """Varnish by `default.vcl`."""
    with _tailor(folder, *flags) as (tailor, site, rules):
        port, upstream = free_port(), tailor.public.rpartition(":")[2]
        (folder / "site.vcl").write_text(rewritten(EDGE / "default.vcl", {'"8080"': f'"{upstream}"'}), encoding="utf-8")
        where = ["-a", f"127.0.0.1:{port}", "-f", str(folder / "site.vcl"), "-n", str(folder / "varnish")]
        with running([varnishd() or "varnishd", "-j", "none", *where, "-F"], folder=folder) as log:
            log.wait_for("Child starts")
            yield Front(port, site, tailor, rules)


FRONTS: Mapping[str, Callable[..., Any]] = {"nginx": nginx_front, "varnish": varnish_front}


@contextmanager
def _tailor(folder: Path, *flags: str) -> Iterator[tuple[Running, Site, Path]]:
    site = Site()
    (rules := folder / "book").mkdir()
    (rules / "book.yaml").write_text(RULES, encoding="utf-8")
    config = ["--config", str(EDGE / "tailor.toml"), "--rules", str(rules), "--data", str(folder / "data")]
    with (
        scripted_origin(site.answer) as origin,
        serving(folder, origin.url, *config, *(flags or FLAGS), "--log-level", "error") as tailor,
    ):
        yield tailor, site, rules
