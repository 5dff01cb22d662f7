"""The page on architecture: its modules exist, and its layers are those that import-linter holds."""

from __future__ import annotations

import re
import tomllib

from tests.docs.fences import ROOT, blocks, code_words, prose

PAGE = "docs/architecture.md"


def test_every_module_that_it_names_exists() -> None:
    names = {word for word in code_words(prose(PAGE)) if re.fullmatch(r"(rules|proxy)(\.\w+)+", word)}
    assert names
    modules = {name for name in names if not name[name.rindex(".") + 1].isupper()}
    missing = [
        name
        for name in modules
        if not (ROOT / f"{name.replace('.', '/')}.py").exists() and not (ROOT / name.replace(".", "/")).is_dir()
    ]
    assert missing == []


def test_its_layers_are_those_of_the_contracts() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layered = {contract["containers"][0]: contract["layers"] for contract in contracts if contract["type"] == "layers"}
    told = {block.note: block.text.splitlines() for block in blocks(PAGE, "text")}
    assert told == layered
