"""The page on caching: its lists are those of the code."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from proxy.admin import MAX_BODY, Admin
from proxy.cache.keys import TRACKING_PARAMETERS
from proxy.cache.policy import make_policy
from proxy.cache.sessions import SESSION_COOKIES
from proxy.cache.storability import NotStored
from proxy.cache.validation import NOT_UPDATED
from proxy.cache.vary import CODINGS
from proxy.fleet.orders import Orders
from proxy.fleet.parent import PATIENCE_SECONDS, Report, Reports
from proxy.fleet.purges import MAX_NAMES, Place, Purge
from proxy.process import current_time
from proxy.reload import RuleKeeper
from proxy.settings.layers import read_settings
from proxy.settings.model import Settings
from rules.model import RuleBook
from tests.docs.fences import blocks, code_words, prose, rows
from tests.proxy.origins import RunningServer, running_server

GUIDE = "docs/caching.md"
TOLD = "http://127.0.0.1:8081"
TOKEN = "0123456789abcdef"
SHOP = b"shop.example"

needs_wagtail = pytest.mark.skipif(find_spec("wagtail") is None, reason="Wagtail is not installed")


@dataclass
class Recorded:
    """A fleet of one that does nothing."""

    orders: list[Any] = field(default_factory=list)

    async def ask(self, order: Any) -> Reports:
        self.orders.append(order)
        return Reports((Report(1, 0),))


@contextmanager
def admin_listener(**given: str) -> Iterator[tuple[RunningServer, Recorded]]:
    settings = Settings.model_validate({"origin": "http://127.0.0.1:9000", **given})
    keeper = RuleKeeper(Path("rules"), RuleBook(), b"", lambda _: RuleBook(), current_time)
    fleet = Recorded()
    admin = Admin(settings, Orders(settings, keeper, "1.2.3", dict), lambda: True, fleet)
    with running_server(admin.app) as server:
        yield server, fleet


def test_every_reason_not_to_store_has_its_row() -> None:
    told = [cells[3] for cells in rows(GUIDE) if len(cells) == 4]
    assert {word for cell in told for word in code_words(cell)} == {*NotStored, "detail"}


def test_every_preset_has_its_row_with_its_cookies() -> None:
    told = {words[0]: code_words(cells[1]) for cells in rows(GUIDE) if (words := code_words(cells[0]))}
    assert {preset: told.get(preset) for preset in SESSION_COOKIES} == dict(SESSION_COOKIES)


def test_every_tracking_parameter_is_named() -> None:
    assert code_words(prose(GUIDE).partition("## Tracking parameters")[2]) == TRACKING_PARAMETERS


def test_the_codings_and_the_fields_that_a_304_leaves_are_named() -> None:
    named = {word.lower().encode() for word in code_words(prose(GUIDE))}
    assert named >= {*CODINGS, *NOT_UPDATED}


def test_the_example_of_settings_is_one_that_can_be_read(tmp_path: Path) -> None:
    (example,) = blocks(GUIDE, "toml")
    (tmp_path / "tailor.toml").write_text(example.text, encoding="utf-8")
    policy = make_policy(read_settings({}, {}, directory=tmp_path)[0])
    assert policy.lifetimes.assigned(SHOP, b"/blog/archive/2020") == 86_400
    assert policy.lifetimes.assigned(SHOP, b"/blog/2020") == 60
    cookies = (b"sessionid=x", b"shop_session_1=x", b"cart=x")
    assert [policy.sessions.are_in(cookie) for cookie in cookies] == [True, True, False]
    assert policy.tracking.has("utm_source")
    assert policy.tracking.has("ref")


def test_the_lines_that_purge_do_so_as_they_are_typed() -> None:
    with admin_listener() as (server, fleet):
        for block in blocks(GUIDE, "console"):
            for line in block.text.splitlines():
                assert line.startswith("$ curl ")
                command = shlex.split(line[2:].replace(TOLD, server.url))
                said = subprocess.check_output([*command, "--silent", "--fail-with-body"], text=True)
                assert said == '{"purged":0,"processes":1,"missing":[]}'
    sale, blog, tags = Place(SHOP, b"/sale/"), Place(SHOP, b"/blog/"), (b"home", b"news")
    assert fleet.orders == [
        Purge(urls=(sale,)),
        Purge(urls=(Place(SHOP, b"/"), Place(SHOP, b"/sale/?page=2"))),
        Purge(prefixes=(blog,)),
        Purge(tags=tags[::-1], soft=True),
        Purge(is_all=True),
        Purge(urls=(sale,)),
        Purge(urls=(sale,), soft=True),
        Purge(tags=tags),
        Purge(prefixes=(blog,)),
    ]


def test_the_bounds_of_a_purge_are_those_of_the_code() -> None:
    told = prose(GUIDE)
    assert f"up to {MAX_NAMES:,} URLs, prefixes or tags, in up to {MAX_BODY:,} bytes" in told
    assert f"within {PATIENCE_SECONDS:g} seconds" in told


@needs_wagtail
def test_wagtail_purges_by_its_own_backend() -> None:
    settings = next(block.text for block in blocks(GUIDE, "python") if "WAGTAILFRONTENDCACHE" in block.text)
    with admin_listener() as (server, fleet):
        purge_by_wagtail(settings.replace(TOLD, server.url))
    assert fleet.orders == [Purge(urls=(Place(SHOP, b"/sale/?page=2"),))]


@needs_wagtail
def test_wagtail_purges_with_a_token_by_the_backend_of_the_guide(tmp_path: Path) -> None:
    (backend,) = (block for block in blocks(GUIDE, "python") if block.note)
    (tmp_path / backend.note).write_text(backend.text)
    with admin_listener(admin_token=TOKEN) as (server, fleet):
        params = {"BACKEND": "tailor_backend.TailorBackend", "LOCATION": server.url, "TOKEN": TOKEN}
        purge_by_wagtail(f"WAGTAILFRONTENDCACHE = {{'tailor': {params!r}}}", tmp_path)
    assert fleet.orders == [Purge(urls=(Place(SHOP, b"/sale/?page=2"),))]


def purge_by_wagtail(settings: str, folder: Path | None = None) -> None:
    """What Wagtail does when a page is published, under these settings; its log must stay empty."""
    script = f"""
import django.conf
{re.sub("^INSTALLED_APPS.*$", "", settings, flags=re.MULTILINE)}
django.conf.settings.configure(WAGTAILFRONTENDCACHE=WAGTAILFRONTENDCACHE)
from wagtail.contrib.frontend_cache.utils import get_backends
(backend,) = get_backends().values()
backend.purge_batch(["https://shop.example/sale/?page=2"])
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
