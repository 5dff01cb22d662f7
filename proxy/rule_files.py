"""The folder of a rulebook, read from disk: what `rules`, which does no I/O, makes a rulebook of."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from proxy.collector import collector_paused
from proxy.page.locate import check_selector
from rules.errors import MistakeError, Position
from rules.fields import Problems
from rules.load import RuleFolder, load_rulebook
from rules.model import RuleBook
from rules.source import MAX_FILE_BYTES

SUFFIXES = frozenset({".yaml", ".yml"})
TEMPLATES = "templates"
MAX_FILES = 1_000

_T = TypeVar("_T")


def load_checked(folder: RuleFolder) -> RuleBook:
    """The rulebook, its selectors tried on the engine that will look them up. Raises RuleError."""
    with collector_paused():
        return load_rulebook(folder, check_selector=check_selector)


def read_folder(folder: Path) -> RuleFolder:
    """`*.yaml` and `*.yml` in a folder, in the order of their names, and the files under its `templates/`.

    Never raises: what can't be read, the folder itself or a file of it, is among its `faults`.
    """
    problems = Problems()
    files = tuple(
        (str(path), content) for path in _rule_files(folder, problems) if (content := _read(path, problems)) is not None
    )
    templates = {
        path.relative_to(folder / TEMPLATES).as_posix(): (str(path), content)
        for path in _template_files(folder / TEMPLATES, problems)
        if (content := _read(path, problems)) is not None
    }
    return RuleFolder(str(folder), files, templates, tuple(problems.found))


def _rule_files(folder: Path, problems: Problems) -> list[Path]:
    with problems.at(_start_of(folder)):
        entries = _told(lambda: sorted(folder.iterdir()))
        found = [path for path in entries if path.suffix in SUFFIXES and not path.name.startswith(".")]
        if not found:
            raise MistakeError(
                "no rule files here", hint="a rulebook is a folder of *.yaml files; `tailor init DIR` begins one"
            )
        if len(found) > MAX_FILES:
            raise MistakeError(f"more than {MAX_FILES:,} rule files", hint="merge some of them")
        return found
    return []


def _template_files(folder: Path, problems: Problems) -> list[Path]:
    found: list[Path] = []
    for path in _files_below(folder):
        if len(found) == MAX_FILES:
            problems.add(_start_of(folder), f"more than {MAX_FILES:,} templates", hint="take out what no rule uses")
            break
        found.append(path)
    return found


def _files_below(folder: Path) -> Iterator[Path]:
    for parent, subfolders, names in os.walk(folder):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(names) if not name.startswith("."))


def _read(path: Path, problems: Problems) -> bytes | None:
    """A file, up to one byte more than is allowed; never a pipe or a device, which could wait for ever."""
    with problems.at(_start_of(path)):
        if not stat.S_ISREG(_told(path.stat).st_mode):
            raise MistakeError("this is not a file", hint="take it out, or give it another name")
        return _told(lambda: _beginning(path))
    return None


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        # `rules.source` refuses longer ones, whatever else they say.
        return file.read(MAX_FILE_BYTES + 1)


def _start_of(path: Path) -> Position:
    return Position(str(path), 1, 1)


def _told(read: Callable[[], _T]) -> _T:
    """What was read; where the system refuses, a MistakeError that says why."""
    try:
        return read()
    except FileNotFoundError:
        raise MistakeError("there is nothing here", hint="is the path right?") from None
    except NotADirectoryError:
        raise MistakeError("this is a file, not a folder", hint="a rulebook is a folder of *.yaml files") from None
    except OSError as error:
        raise MistakeError(f"this can't be read: {error.strerror}", hint="may Tailor read it?") from None
