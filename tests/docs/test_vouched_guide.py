"""The page on vouched attributes: its examples work, and its figures and reasons are those of the code."""

from __future__ import annotations

import base64
import hmac
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from proxy.settings.layers import CONFIG_FILE, read_settings
from proxy.settings.vouched import REMEMBERED_NAMES, SIGNED_NAMES, JwtAlgorithm, VouchedJwt
from proxy.visitor import attributes, cookies, vouched_cookie, vouched_header, vouched_jwt, vouched_keys
from proxy.visitor.keys import MIN_KEY_BYTES
from proxy.visitor.vouched_cookie import SignedCookieReader
from tests.docs.fences import ROOT, blocks, code_words, prose, rows
from tests.rules.reading import rulebook

GUIDE = "docs/vouched.md"
SECRET = b"s" * MIN_KEY_BYTES
MODULES = ("attributes", "vouched_cookie", "vouched_header", "vouched_jwt")


@pytest.mark.parametrize("example", blocks(GUIDE, "toml"), ids=lambda block: str(block.line))
def test_an_example_of_settings_is_one_that_can_be_read(example: Any, tmp_path: Path) -> None:
    (tmp_path / CONFIG_FILE).write_text('origin = "http://127.0.0.1:9000"\n' + example.text, encoding="utf-8")
    settings, warnings = read_settings({}, {}, directory=tmp_path)
    assert warnings == ()
    assert settings.vouched_jwt or settings.vouched_cookie or settings.vouched_header


def test_the_three_lines_of_python_make_a_cookie_that_is_believed() -> None:
    (example,) = blocks(GUIDE, "python")
    names: dict[str, Any] = {"base64": base64, "hmac": hmac, "json": json, "time": time, "secret": SECRET}
    exec(example.text, names)  # noqa: S102 - the example of our own page
    reader = SignedCookieReader("shop_visitor", lambda: [SECRET], now=lambda: datetime.now(UTC))
    cookie = b"shop_visitor=" + names["value"].encode()
    assert reader.read(((b"cookie", cookie),)) == {"status": "customer"}


@pytest.mark.parametrize("language", ["python", "js", "php"])
def test_each_language_needs_three_lines(language: str) -> None:
    (example,) = blocks(GUIDE, language)
    assert len(example.text.splitlines()) == 3


def test_the_example_of_a_header_says_what_it_seems_to() -> None:
    (example,) = blocks(GUIDE, "text")
    name, _, said = example.text.strip().partition(": ")
    assert name == "Tailor-Visitor"
    assert vouched_header.parse(said.encode()) == {"status": "customer", "plan": "pro"}
    assert vouched_header.parse(b'name=%"Bj%c3%b8rn"') == {"name": "Bjørn"}


def test_the_example_of_a_rule_loads(tmp_path: Path) -> None:
    (example,) = blocks(GUIDE, "yaml")
    assert [experience.id for experience in rulebook(tmp_path, example.text).experiences] == ["upgrade"]


def test_the_table_of_a_tokens_settings_is_that_of_the_code() -> None:
    told = [word for cells in rows(GUIDE) for word in code_words(cells[0])]
    assert {*VouchedJwt.model_fields} <= {*told}
    assert all(f"`{algorithm}`" in prose(GUIDE) for algorithm in JwtAlgorithm)


def test_every_reason_that_it_explains_is_one_of_the_code() -> None:
    code = "".join((ROOT / f"proxy/visitor/{module}.py").read_text(encoding="utf-8") for module in MODULES)
    reasons = [code_words(cells[0])[0] for cells in rows(GUIDE) if cells[0].startswith(("`it", "`a name"))]
    assert len(reasons) == 8
    assert [reason for reason in reasons if f'"{reason}"' not in code] == []


@pytest.mark.parametrize(
    "told",
    [
        f"each of at least {MIN_KEY_BYTES} bytes",
        f"up to {vouched_keys.MAX_KEYS} keys",
        f"have {vouched_keys.MIN_RSA_BITS:,} bits or more",
        f"with {attributes.LEEWAY.total_seconds():.0f} seconds for clocks",
        f"more than {vouched_jwt.MAX_TOKEN_BYTES:,} bytes is not read",
        f"Up to {vouched_cookie.MAX_COOKIE_BYTES:,} bytes",
        f"after {vouched_header.LIFETIME.days} days at the latest",
        f"up to {vouched_header.MAX_BYTES:,} bytes each",
        f"one line (up to {cookies.MAX_VALUE_LENGTH} characters)",
        f"lists of up to {attributes.MAX_ITEMS} texts",
        f"There are up to {attributes.MAX_ATTRIBUTES} of them",
        f"`{vouched_header.PLAIN_NAME.decode()}` (on HTTPS `{vouched_header.HTTPS_NAME.decode()}`)",
        " and ".join(f"`{name}`" for name in sorted(REMEMBERED_NAMES)) + " are [remembered]",
        " and ".join(f"`visitor.{name}`" for name in sorted(SIGNED_NAMES)) + " are never read from one",
    ],
)
def test_a_figure_or_a_name_in_the_text_is_that_of_the_code(told: str) -> None:
    assert told in " ".join(prose(GUIDE).split())
