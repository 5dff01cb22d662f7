from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

from proxy.rights.page import MePage, Question, RightsError, View
from proxy.rights.words import ENGLISH

VIEW = View("en", ENGLISH, "/_tailor/me", "/_tailor/me?lang=en", "/_tailor/me.json")
KNOWN = View(
    "en",
    ENGLISH,
    "/_tailor/me",
    "/_tailor/me?lang=en",
    "/_tailor/me.json",
    "the-token",
    may_remember=True,
    is_remembered=True,
    facts=(("Visits", "<3>"),),
    preferences=(Question("diet", ("vegan", "meat"), "meat"), Question("note", (), '"x"')),
)


def own(folder: Path, text: str) -> MePage:
    (folder / "me.html").write_text(text, encoding="utf-8")
    return MePage.open(folder / "me.html")


def test_who_did_not_consent_reads_that_nothing_is_known() -> None:
    page = MePage.open().render(VIEW)
    assert ENGLISH.nothing in page
    assert "<form" not in page


def test_who_is_known_reads_it_and_may_correct_take_and_erase_it() -> None:
    page = MePage.open().render(KNOWN)
    assert "<td>&lt;3&gt;</td>" in page
    assert page.count('name="token" value="the-token"') == page.count("<form") == 2
    assert "<option selected>meat</option>" in page
    assert 'name="preference.note" value="&#34;x&#34;"' in page
    assert 'href="/_tailor/me.json" download' in page
    assert 'name="do" value="erase"' in page


def test_the_page_needs_no_script_and_nothing_from_elsewhere() -> None:
    page = MePage.open().render(KNOWN)
    assert "<script" not in page
    assert not re.search(r"https?://", page)
    assert re.findall(r'href="([^"]*)"', page) == [
        "/_tailor/me.json",
        *(f"/_tailor/me?lang={language}" for language in ("en", "de", "fr", "es")),
    ]


def test_an_operators_template_is_given_the_same(tmp_path: Path) -> None:
    template = "{{ lang }}|{% for label, value in facts %}{{ label }}={{ value }}{% endfor %}|{{ words.save }}"
    assert own(tmp_path, template).render(KNOWN) == "en|Visits=&lt;3&gt;|Save"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{% if %}", r"me.html:1: .* \(it is a Jinja template\)"),
        ("{{ nothing_of_the_kind }}", r"'nothing_of_the_kind' is undefined \(docs/memory.md"),
        ("{{ words.__class__.__mro__ }}", r"unsafe"),
        ("{{ 'x' * 3 / 0 }}", r"docs/memory.md"),
        ("{% include 'other.html' %}", r"other.html"),
    ],
)
def test_a_template_that_can_not_be_used_is_refused_at_the_start(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(RightsError, match=complaint):
        own(tmp_path, text)


def test_a_template_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RightsError, match=r"me.html: can't be read: No such file or directory \(check --me-template\)"):
        MePage.open(tmp_path / "me.html")
    (tmp_path / "latin.html").write_bytes(b"\xe9")
    with pytest.raises(RightsError, match="is not UTF-8"):
        MePage.open(tmp_path / "latin.html")


def test_a_template_that_fails_later_gives_way_to_the_shipped_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    page = own(tmp_path, "{{ 1 / (facts | length - 2) }}")
    broken = View("en", ENGLISH, "/", "/", "/", facts=(("a", "1"), ("b", "2")))
    with caplog.at_level(logging.ERROR, "proxy.rights"):
        assert ENGLISH.title in page.render(broken)
    assert "the one that is shipped is shown" in caplog.text
