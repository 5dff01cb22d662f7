"""The operator's guide: its settings, its headers, its bounds and its example are those of the code."""

from __future__ import annotations

from inspect import signature
from pathlib import Path

import pytest
from pydantic.fields import FieldInfo

from proxy import admin, routing, rule_files
from proxy.fleet import workers
from proxy.origin import exchange
from proxy.page import changes, coding, locate, scan, verify
from proxy.server import connection, framing, protocol
from proxy.server.deadlines import MIN_RATE, Deadlines
from proxy.settings.layers import CONFIG_FILE, flag_of, has_flag, read_settings, variable_of
from proxy.settings.model import Settings
from proxy.visitor import attributes, client_hints, cookies, device, source, vouched_cookie, vouched_header, vouched_jwt
from rules import expressions, fragment_compiler, load_conditions, sandbox
from rules.source import MAX_DEPTH, MAX_FILE_BYTES, MAX_NODES
from tests.docs.fences import blocks, prose, rows

GUIDE = "docs/operating.md"


def row_of(setting: str) -> tuple[str, ...]:
    """The row that a setting should have."""
    field = Settings.model_fields[setting]
    flag = f"`{flag_of(setting)}`" if has_flag(field) else ""
    return f"`{setting}`", flag, f"`{variable_of(setting)}`", default_of(field), field.description or ""


def default_of(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if isinstance(field.default, tuple):
        return "".join(f"`{word}`" for word in field.default)
    written = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
    return "" if field.default in (None, {}) else f"`{written}`"


def server_default(parameter: str) -> object:
    return signature(protocol.make_config).parameters[parameter].default


def test_the_table_of_settings_is_that_of_the_code() -> None:
    expected = [row_of(setting) for setting in Settings.model_fields]
    told = [cells for cells in rows(GUIDE) if len(cells) == len(expected[0]) and cells[2].startswith("`TAILOR_")]
    wanted = "\n".join(f"| {' | '.join(cells)} |" for cells in expected)
    assert told == expected, f"the table should be:\n{wanted}"


def test_the_example_of_a_file_is_one_that_can_be_read(tmp_path: Path) -> None:
    (example,) = blocks(GUIDE, "toml")
    (tmp_path / CONFIG_FILE).write_text(example.text, encoding="utf-8")
    settings, warnings = read_settings({}, {}, directory=tmp_path)
    assert warnings == ()
    assert settings.rules == tmp_path / "rules"


@pytest.mark.parametrize(
    ("bounded", "bound", "beyond"),
    [
        ("request line", f"{framing.MAX_REQUEST_LINE:,} bytes", framing.LINE_TOO_LONG.status),
        ("request head", f"{framing.MAX_HEAD:,} bytes", framing.HEAD_TOO_LARGE.status),
        ("header fields of a request", f"{framing.MAX_FIELDS}", framing.HEAD_TOO_LARGE.status),
        ("a [purge](caching.md#purges)", f"{admin.MAX_BODY:,} bytes", 413),
        ("one field of the origin's", f"{exchange.MAX_FIELD:,} bytes", 502),
        ("fields of an origin's response", f"{exchange.MAX_FIELDS}", 502),
        (
            "files of a rulebook",
            f"{rule_files.MAX_FILES:,} rule files, {rule_files.MAX_FILES:,} templates",
            "does not load",
        ),
        (
            "a rule file or template",
            f"{MAX_FILE_BYTES:,} bytes, nested {MAX_DEPTH} deep, {MAX_NODES:,} values",
            "does not load",
        ),
        ("tests of a condition", f"{load_conditions.MAX_TESTS:,}, audiences written out", "does not load"),
        ("a regular expression", f"{expressions._MAX_LENGTH:,} characters; run in linear time", "does not load"),
        ("includes of a template", f"{fragment_compiler._MAX_INCLUDES}", "does not load"),
        ("what a text comes to", f"{sandbox.MAX_OUTPUT:,} characters", "the experience is not shown"),
        (
            "tags of a page on which `:has()` stands before another part of a selector",
            f"{locate.MAX_TAGS_BEHIND_HAS:,}",
            "the experience is left out",
        ),
        ("places of one change (`all: true`)", f"{changes._MAX_PLACES:,}", "the experience is left out"),
        ("redirects of rules that follow one another", f"{routing.MAX_HOPS}", "the first one is not done"),
        ("`User-Agent`, `Accept-Language` and `Referer`", f"read up to {device.MAX_HEADER_LENGTH} characters", None),
        ("`User-Agent`, `Accept-Language` and `Referer`", f"read up to {source.MAX_REFERRER_LENGTH} characters", None),
        ("a client hint", f"{client_hints.MAX_HINT_LENGTH} characters", "is not read"),
        ("a cookie or a `utm_` value as a signal", f"{cookies.MAX_VALUE_LENGTH} characters", "has no value"),
        ("a cookie or a `utm_` value as a signal", f"{source.MAX_VALUE_LENGTH} characters", "has no value"),
        ("a token that vouches for a visitor", f"{vouched_jwt.MAX_TOKEN_BYTES:,} bytes", "is not believed"),
        ("a signed cookie of the site's", f"{vouched_cookie.MAX_COOKIE_BYTES:,} bytes", "is not believed"),
        (
            "`Tailor-Visitor` of the origin's, and the cookie that carries it",
            f"{vouched_header.MAX_BYTES:,} bytes each",
            "is not carried",
        ),
        ("attributes that one of them vouches for", f"{attributes.MAX_ATTRIBUTES}", "the rest is not read"),
        ("the rest of a request head", "`head_seconds`", framing.TOO_SLOW.status),
        ("request body", "`body_bytes`; left out, none: it streams", "413; what grew over it breaks off at the origin"),
        ("requests of one connection that wait for the one before", f"those in {connection.PIECE_BYTES:,} bytes", None),
        ("idle connections", f"{Deadlines().idle_seconds:.0f} seconds", "closed"),
    ],
)  # fmt: skip
def test_a_bound_is_that_of_the_code(bounded: str, bound: str, beyond: object) -> None:
    (cells,) = (cells for cells in rows(GUIDE) if cells[0] == bounded)
    assert cells[1] == bound
    assert beyond is None or cells[2] == str(beyond)


@pytest.mark.parametrize(
    "told",
    [
        f"more than {scan._MAX_TAGS:,} tags",
        f"opened anew more than {scan._MAX_REOPENED:,} times",
        f"in more than {coding._MAX_PARTS} parts",
        f"nested over {verify._MAX_DEPTH} deep",
        f"more than {verify._MAX_ATTRIBUTES} attributes on one tag",
        f"or under {MIN_RATE} bytes a second in the long run",
        f"and {workers.SPARE_SECONDS:.0f} more)",
        f"answered for up to {server_default('drain_seconds')} seconds",
        f"have not ended after {workers.END_SECONDS:.0f} seconds",
    ],
)
def test_a_figure_in_the_text_is_that_of_the_code(told: str) -> None:
    assert told in " ".join(prose(GUIDE).split())
