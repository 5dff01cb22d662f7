"""`rules` is text in, decisions out: no file, no network, no clock, no chance."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

MODULES = sorted((Path(__file__).resolve().parents[2] / "rules").glob("*.py"))

FORBIDDEN_IMPORTS = frozenset(
    "asyncio glob http importlib io logging multiprocessing os pathlib random secrets select selectors shutil signal "
    "socket sqlite3 ssl subprocess sys tempfile threading time urllib.request urllib.error uuid".split()
)
FORBIDDEN_CALLS = frozenset("open print input exec eval compile breakpoint __import__".split())
CLOCKS = frozenset({"now", "today", "utcnow"})
CLOCK_OWNERS = frozenset({"datetime", "date"})


def test_there_are_modules_to_look_at() -> None:
    assert len(MODULES) > 40


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_a_module_of_rules_touches_nothing_of_the_world(module: Path) -> None:
    assert list(_faults(ast.parse(module.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "import os.path",
        "from os import path",
        "from urllib.request import urlopen",
        "from urllib import request",
        "open('a')",
        "print(1)",
        "datetime.now(UTC)",
        "datetime.datetime.now()",
        "date.today()",
    ],
)
def test_what_would_touch_it_is_seen(source: str) -> None:
    assert list(_faults(ast.parse(source)))


def test_words_that_only_look_like_it_are_not_taken_for_it() -> None:
    harmless = "from datetime import datetime\nfrom urllib.parse import quote\ndef f(now):\n    return re.compile(now)"
    assert list(_faults(ast.parse(harmless))) == []


def _faults(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                yield from (each.name for each in names if _is_forbidden(each.name))
            case ast.ImportFrom(module=str(module), names=names):
                whole = [module, *(f"{module}.{each.name}" for each in names)]
                yield from (name for name in whole if _is_forbidden(name))
            case ast.Call(func=ast.Name(id=name)) if name in FORBIDDEN_CALLS:
                yield f"{name}()"
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=attribute):
                if owner in CLOCK_OWNERS and attribute in CLOCKS:
                    yield f"{owner}.{attribute}"


def _is_forbidden(name: str) -> bool:
    return name in FORBIDDEN_IMPORTS or name.partition(".")[0] in FORBIDDEN_IMPORTS
