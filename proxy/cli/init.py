"""`tailor init`: a first rulebook, with a test of itself, and what editors need to complete it.

The files come from `proxy/cli/starter/`, but for the schema, which is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import click

from proxy.cli.terminal import CannotRunError, show

STARTER: Mapping[str, str] = {
    "home.yaml": "home.yaml",
    ".vscode/settings.json": "settings.json",
    ".vscode/extensions.json": "extensions.json",
}
"""What is written, by its path in the new folder, and the file of `proxy/cli/starter/` that it is."""
SCHEMA = "tailor.schema.json"


@click.command(short_help="Begin a rulebook in DIR.")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
def init(folder: Path) -> None:
    """Begin a rulebook in DIR: a commented rule with its tests, and the schema by which editors complete.

    Nothing that is there already is written over. In VS Code open DIR itself, with the YAML extension.
    """
    _refuse_what_is_there(folder)
    contents = {name: (files("proxy.cli") / "starter" / source).read_bytes() for name, source in STARTER.items()}
    contents[SCHEMA] = _schema()
    try:
        for name, content in contents.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(content)
    except OSError as error:
        raise CannotRunError([f"{error.filename or folder}: can't be written: {error.strerror}"]) from None
    show([f"{folder}: a rulebook with one experience, a draft, and its tests", "", "What to type next:"])
    show(f"  {line}" for line in _next_commands(folder))


def _refuse_what_is_there(folder: Path) -> None:
    from proxy.rule_files import SUFFIXES

    there = [folder / name for name in (*STARTER, SCHEMA) if (folder / name).exists()]
    if folder.is_dir():
        there += sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and path not in there)
    if there:
        hint = "nothing is written over: choose another folder, or move it away"
        raise CannotRunError([f"{path}: is there already ({hint})" for path in there])


def _schema() -> bytes:
    import json

    from rules.schema import rule_file_schema

    return json.dumps(rule_file_schema(), indent=2, ensure_ascii=False).encode() + b"\n"


def _next_commands(folder: Path) -> tuple[str, ...]:
    return (
        f"tailor check {folder}",
        f"tailor test {folder}",
        f"tailor explain {folder} / --as source.campaign=winter-weeks",
        f"tailor preview --origin URL --rules {folder}",
    )
