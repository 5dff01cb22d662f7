"""Tailor before a CMS that other people made: its editors notice nothing, its visitors see what the rulebook says.

The site and Tailor are processes, and all that editors do here goes through Tailor.
"""

from __future__ import annotations

import fcntl
import json
import os
import random
import re
import shutil
import struct
import subprocess
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from examples.stage import PHONE, ROOT
from examples.wagtail.visitors import visitors
from proxy.rule_files import read_folder
from rules.load import load_rulebook
from tests.docs.fences import Block, blocks
from tests.examples.running import running_demo, running_preview, running_site, running_tailor

pytestmark = pytest.mark.skipif(
    find_spec("wagtail") is None, reason="Wagtail is not installed: pip install -r requirements-wagtail.lock"
)

PAGES = ("/", "/blog/", "/blog/seed-swap/", "/search/?q=lily", "/search/")
ADMIN_PAGES = (
    "/admin/",
    "/admin/pages/",
    "/admin/pages/3/",
    "/admin/pages/3/edit/",
    "/admin/pages/3/view_draft/",
    "/admin/images/",
    "/admin/images/add/",
    "/admin/users/",
    "/admin/sprite/",
)
# What Wagtail writes anew each time: Django's masked token, an editing session's number, the keys of a text's blocks.
NEW_EACH_TIME = re.compile(
    rb'\b[A-Za-z0-9]{64}\b|(?<=/admin/editing-sessions/)[^"]+|(?<=key&quot;: &quot;)[a-z0-9]{5}(?=&quot;)'
)


Files = Mapping[str, tuple[str, bytes, str]]
"""By field: the file's name, its bytes, their type."""


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the site's database and pictures: made once, also for several workers, and never served."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "planted"
    with (shared / "planted.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            with running_site("wagtail", "--folder", str(shared / "planting")):
                pass
            (shared / "planting").rename(folder)
    return folder


@pytest.fixture(scope="module")
def site(planted: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = shutil.copytree(planted, tmp_path_factory.mktemp("garden") / "garden")
    with running_site("wagtail", "--folder", str(folder)) as url:
        yield url


@pytest.fixture(scope="module", params=["pass", "origin"])
def host_mode(request: pytest.FixtureRequest) -> str:
    mode: str = request.param
    return mode


@pytest.fixture(scope="module")
def tailor(site: str, host_mode: str) -> Iterator[str]:
    with running_tailor("wagtail", site, "--host-mode", host_mode) as url:
        yield url


class Browser:
    """Keeps cookies, and says where its forms were, as browsers do."""

    def __init__(self, site: str, cookies: httpx.Cookies | None = None, **headers: str) -> None:
        self.site = site
        # No connection outlives its response, so there is nothing to close.
        self._client = httpx.Client(
            base_url=site,
            cookies=cookies,
            headers=headers,
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=False,
            timeout=30,
        )

    @property
    def cookies(self) -> httpx.Cookies:
        return self._client.cookies

    def get(self, url: str) -> httpx.Response:
        response = self._client.get(url)
        assert response.status_code == 200, f"{url}: {response.status_code}"
        return response

    def page(self, url: str) -> LexborHTMLParser:
        return LexborHTMLParser(self.get(url).text)

    def fields(self, url: str, form: str) -> dict[str, str]:
        """What the form on a page would send if nothing were typed."""
        found = self.page(url).css(f"{form} input[name], {form} textarea[name], {form} select[name]")
        return {name: value for field in found if (name := field.attributes["name"]) for value in _values(field)}

    def submit(
        self, url: str, fields: Mapping[str, str], *, files: Files | None = None, origin: str = "", **headers: str
    ) -> httpx.Response:
        headers |= {"origin": origin or self.site, "referer": f"{origin or self.site}{url}"}
        return self._client.post(url, data=dict(fields), files=files, headers=headers)


def _values(field: LexborNode) -> Iterator[str]:
    """What a field would send; nothing for a button, and for a box that is not ticked."""
    facts = field.attributes
    if field.tag == "textarea":
        yield field.text()
    elif field.tag == "select":
        yield from (option.attributes["value"] or "" for option in field.css("option[selected]"))
    elif facts.get("type") in {"checkbox", "radio"}:
        yield from ([facts.get("value") or "on"] if "checked" in facts else [])
    elif facts.get("type") not in {"submit", "file"}:
        yield facts.get("value") or ""


def logged_in(site: str) -> Browser:
    browser = Browser(site)
    fields = browser.fields("/admin/login/", "form")
    response = browser.submit("/admin/login/", fields | {"username": "editor", "password": "almswood"})
    assert (response.status_code, response.headers["location"]) == (302, "/admin/")
    return browser


@pytest.fixture(scope="module")
def editor(tailor: str) -> Browser:
    return logged_in(tailor)


def png(seed: int) -> bytes:
    """A picture of noise: 360 KB that no coding makes smaller."""
    width, height = 400, 300
    noise = random.Random(seed)
    lines = b"".join(b"\0" + noise.randbytes(3 * width) for _ in range(height))

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("url", PAGES)
def test_whom_no_rule_speaks_of_gets_the_sites_own_bytes(site: str, tailor: str, url: str) -> None:
    assert Browser(tailor).get(url).content == Browser(site).get(url).content


@pytest.mark.parametrize("url", ["/nothing-here/", "/media/original_images/none.jpg"])
def test_what_is_not_there_is_not_there_through_tailor_either(site: str, tailor: str, url: str) -> None:
    own, seen = (httpx.get(server + url, trust_env=False) for server in (site, tailor))
    assert seen.status_code == own.status_code == 404
    assert seen.content == own.content


def test_the_newsletters_hero_is_another_and_no_byte_outside_of_it(site: str, tailor: str) -> None:
    own = Browser(site).get("/?utm_source=newsletter").text
    seen = Browser(tailor).get("/?utm_source=newsletter").text
    before, hero, after = re.split(r'(<section id="hero".*?</section>)', own, flags=re.DOTALL)
    assert seen.startswith(before)
    assert seen.endswith(after)
    changed = seen[len(before) : len(seen) - len(after)]
    tree = LexborHTMLParser(changed)
    assert [element.text() for element in tree.css("h1, .eyebrow")] == [
        "First Sunday of the month",
        "Bring seeds, leave with others.",
    ]
    (image,) = tree.css("img")
    assert image.attributes["src"] == "/media/original_images/meadow.jpg"
    assert not image.attributes.get("srcset"), "the old picture must not win by it"
    assert "glasshouse" not in changed
    assert "Something is always in flower." in hero


def test_every_place_that_a_rule_names_is_on_its_page_and_every_picture_exists(site: str) -> None:
    book = load_rulebook(read_folder(ROOT / "examples" / "wagtail" / "rules"))
    assert 4 <= len(book.live) <= 6
    browser = Browser(site)
    for experience in book.experiences:
        tree = browser.page("/blog/maples/" if experience.id == "found-by-search" else "/")
        for change in experience.changes:
            assert len(tree.css(change.select)) == 1, f"{experience.id}: {change.select}"
    for picture in re.findall(r"/media/\S+\.jpg", (ROOT / "examples/wagtail/rules/home.yaml").read_text("utf-8")):
        assert browser.get(picture).headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize("url", ADMIN_PAGES)
def test_a_page_of_the_admin_is_untouched_also_for_those_whom_a_rule_speaks_of(
    site: str, editor: Browser, host_mode: str, url: str
) -> None:
    # The site is asked under the name that it hears from Tailor, so what it says of itself is the same.
    host = httpx.URL(editor.site if host_mode == "pass" else site).netloc.decode()
    asked = f"{url}?utm_source=newsletter&utm_campaign=school"
    as_phone = {"user-agent": PHONE, "cf-ipcountry": "FR", "accept-encoding": "identity"}
    own = Browser(site, editor.cookies, host=host, **as_phone).get(asked)
    seen = Browser(editor.site, editor.cookies, **as_phone).get(asked)
    assert NEW_EACH_TIME.sub(b"", seen.content) == NEW_EACH_TIME.sub(b"", own.content)
    assert seen.headers.get("cache-control") == own.headers.get("cache-control")


def test_the_login_page_and_the_admins_own_files_are_untouched(site: str, tailor: str) -> None:
    own, seen = Browser(site), Browser(tailor)
    login = "/admin/login/"
    assert NEW_EACH_TIME.sub(b"", seen.get(login).content) == NEW_EACH_TIME.sub(b"", own.get(login).content)
    for url in ("/static/wagtailadmin/css/core.css", "/static/wagtailadmin/js/wagtailadmin.js"):
        assert seen.get(url).content == own.get(url).content


def test_an_image_that_is_uploaded_is_on_the_site_as_it_was(editor: Browser, host_mode: str) -> None:
    picture = png(1)
    fields = editor.fields("/admin/images/add/", 'form[action="/admin/images/add/"]')
    fields |= {"title": f"Noise by {host_mode}", "description": "Noise"}
    response = editor.submit(
        "/admin/images/add/", fields, files={"file": (f"noise-{host_mode}.png", picture, "image/png")}
    )
    assert (response.status_code, response.headers["location"]) == (302, "/admin/images/")
    assert f"Noise by {host_mode}" in editor.get("/admin/images/").text
    seen = Browser(editor.site).get(f"/media/original_images/noise-{host_mode}.png")
    assert seen.content == picture


def test_images_that_are_dropped_onto_the_page_are_sent_by_its_script(editor: Browser, host_mode: str) -> None:
    url = "/admin/images/multiple/add/"
    response = editor.submit(
        url,
        {**editor.fields(url, "form"), "title": f"Dropped by {host_mode}"},
        files={"files[]": (f"dropped-{host_mode}.png", png(2), "image/png")},
        **{"x-requested-with": "XMLHttpRequest"},
    )
    assert (response.status_code, response.json()["success"]) == (200, True)


def test_a_page_that_is_published_is_on_the_site_with_its_picture(site: str, editor: Browser, host_mode: str) -> None:
    blog = next(
        match[1]
        for match in re.finditer(r"/admin/pages/(\d+)/edit/", editor.get("/admin/pages/3/").text)
        if match[1] != "3"
    )
    url = f"/admin/pages/add/origin/blogpage/{blog}/"
    words = [{"key": "a", "text": "The first frost.", "type": "unstyled", "depth": 0}]
    typed = {
        "title": "Frost on the glass",
        "slug": f"frost-{host_mode}",
        "date": "2026-11-20",
        "intro": "The heating came on at four.",
        "picture": "1",
        "body": json.dumps({"blocks": words, "entityMap": {}}),
        "action-publish": "action-publish",
    }
    response = editor.submit(url, editor.fields(url, "form#page-edit-form") | typed)
    assert (response.status_code, response.headers["location"]) == (302, f"/admin/pages/{blog}/")

    address = f"/blog/frost-{host_mode}/"
    visitor = Browser(editor.site)
    tree = visitor.page(address)
    assert [element.text() for element in tree.css("h1, .post .words")] == ["Frost on the glass", "The first frost."]
    (image,) = tree.css("img.wide")
    assert visitor.get(image.attributes["src"] or "").headers["content-type"] == "image/jpeg"
    assert visitor.get(address).content == Browser(site).get(address).content
    found = Browser(editor.site, referer="https://www.google.com/").page(address)
    assert "You can see this." in found.css("#next")[0].text(), "rules speak of pages that are new, too"


def test_a_page_is_edited_and_its_draft_previewed(editor: Browser, host_mode: str) -> None:
    lead = f"Written by way of {host_mode}."
    fields = editor.fields("/admin/pages/3/edit/", "form#page-edit-form")
    response = editor.submit("/admin/pages/3/edit/", fields | {"lead": lead})
    assert response.status_code == 302
    assert lead in editor.get("/admin/pages/3/view_draft/").text
    assert lead not in Browser(editor.site).get("/").text, "it was saved, not published"


def test_a_form_from_another_site_is_still_refused(tailor: str) -> None:
    browser = Browser(tailor)
    fields = browser.fields("/admin/login/", "form") | {"username": "editor", "password": "almswood"}
    assert browser.submit("/admin/login/", fields, origin="http://evil.example").status_code == 403


def test_who_is_not_logged_in_is_sent_to_the_login_of_this_site(tailor: str) -> None:
    response = httpx.get(f"{tailor}/admin/pages/", trust_env=False)
    assert response.status_code == 302
    assert str(response.next_request.url if response.next_request else "").startswith(f"{tailor}/admin/login/?next=")


@pytest.fixture(scope="module")
def preview(site: str) -> Iterator[str]:
    with running_preview("wagtail", site) as url:
        yield url


@pytest.mark.parametrize(
    "shown", [pytest.param(block, id=block.note) for block in blocks("docs/preview.md", "console") if block.note]
)
def test_the_preview_shows_each_visitor_of_its_guide_and_says_why(preview: str, shown: Block) -> None:
    command, _, expected = shown.text.partition("\n")
    typed = command.removeprefix("$ ").replace("http://127.0.0.1:8090", preview)
    assert subprocess.check_output(["bash", "-c", typed], text=True) == expected


def test_every_pasted_line_shows_what_the_table_promises(planted: Path, tmp_path: Path) -> None:
    telling = ("Bring seeds", "Thirty children", "From Lyon", "open late", "thumb-bar", "You can see this")
    folder = shutil.copytree(planted, tmp_path / "garden")
    with running_demo("wagtail", tmp_path, "--folder", str(folder)) as (_, ports):
        for visitor, words in zip(visitors(ports, datetime.now(UTC)), telling, strict=True):
            seen = subprocess.check_output(["bash", "-c", visitor.curl], text=True)
            assert words in seen, visitor.who
        compare = f"cmp <(curl -s http://127.0.0.1:{ports.origin}/) <(curl -s http://127.0.0.1:{ports.proxy}/)"
        subprocess.check_call(["bash", "-c", compare])
