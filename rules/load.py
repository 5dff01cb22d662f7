"""A folder of rule files -> RuleBook, or all that is wrong with it.

The only module here that reads from disk. What stands under each key is read by its own `rules.load_…` module.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from rules import fields
from rules.calendars import prepare, require_country
from rules.errors import MistakeError, Position, RuleError
from rules.fields import Problems
from rules.fragment_compiler import FragmentCompiler
from rules.load_changes import ChangeReader, SelectorCheck
from rules.load_conditions import ConditionReader
from rules.load_experiences import ExperienceReader, templates_digest
from rules.load_tests import TestReader
from rules.model import Experience, RuleBook, Site
from rules.nodes import Entries, Node, Scalar, Source
from rules.plan import signals_of
from rules.signals import is_signal, suggest
from rules.source import MAX_FILE_BYTES, decode, parse
from rules.timezones import require_zone

KEYS = ("site", "audiences", "experiences", "tests")
_LATER = ("goals", "holdout")
SITE_KEYS = ("timezone", "country", "languages", "link_hosts")
RULE_SUFFIXES = frozenset({".yaml", ".yml"})
TEMPLATES = "templates"
_MAX_FILES = 1_000

_T = TypeVar("_T")


def load_rulebook(folder: Path, *, check_selector: SelectorCheck | None = None) -> RuleBook:
    """Read `*.yaml` and `*.yml` in a folder, in the order of their names, and the files under its `templates/`.

    Raises RuleError with every problem of the folder, also where the folder or a file of it can't be read at all.
    `check_selector` tells what is wrong with a CSS selector, or None; without it only brackets and quotes are counted.
    """
    problems = Problems()
    documents = _read_documents(folder, problems)
    templates = _read_templates(folder / TEMPLATES, problems)
    book = _Merged(documents, problems).book(templates, str(folder / TEMPLATES), check_selector)
    if problems.found:
        raise RuleError(dict.fromkeys(problems.found))  # what stands under an alias is read more than once
    return book


class _Merged:
    """The sections of all files, by id."""

    def __init__(self, documents: Iterable[Entries], problems: Problems) -> None:
        self._problems = problems
        self._site: Entries | None = None
        self._audiences: dict[str, tuple[Scalar, Node]] = {}
        self._experiences: dict[str, tuple[Scalar, Node]] = {}
        self._tests: list[Node] = []
        for document in documents:
            fields.known_keys(document, "a rule file", KEYS, problems, later=_LATER)
            for key, value in document.pairs:
                with problems.at(value):
                    self._add(key, value)

    def _add(self, key: Scalar, value: Node) -> None:
        match key.text:
            case "site" if self._site is not None:
                first = self._site.position
                raise MistakeError(
                    f"`site` is written twice; first in {first.file}:{first.line}", position=key.position
                )
            case "site":
                self._site = fields.entries(value, "`site`")
            case "audiences":
                self._add_named("audience", value, self._audiences)
            case "experiences":
                self._add_named("experience", value, self._experiences)
            case "tests" if not (isinstance(value, Scalar) and value.is_null):
                self._tests.append(value)

    def _add_named(self, what: str, section: Node, known: dict[str, tuple[Scalar, Node]]) -> None:
        if isinstance(section, Scalar) and section.is_null:
            return  # a heading with everything under it commented out
        for key, value in fields.entries(section, f"`{what}s`").pairs:
            with self._problems.at(key):
                fields.identifier(key, f"an {what}")
            if key.text not in known:
                known[key.text] = (key, value)
                continue
            first = known[key.text][0].position
            self._problems.add(
                key.position, f"{what} `{key.text}` is defined twice; first in {first.file}:{first.line}"
            )

    def book(
        self, templates: Mapping[str, str], templates_folder: str, check_selector: SelectorCheck | None
    ) -> RuleBook:
        problems = self._problems
        site = _read_site(self._site, problems) if self._site is not None else Site()
        compiler = FragmentCompiler(templates, is_signal=is_signal, suggest=suggest, link_hosts=site.link_hosts)
        conditions = ConditionReader({name: node for name, (_, node) in self._audiences.items()}, problems)
        audiences = conditions.audiences()
        changes = ChangeReader(compiler, problems, templates_folder, check_selector)
        reader = ExperienceReader(conditions, changes, problems, templates_digest(templates), site.country)
        experiences: list[Experience] = []
        for order, (key, node) in enumerate(self._experiences.values()):
            experience = reader.experience(key, node, order)
            if experience is not None:
                experiences.append(experience)
        if any("time.holiday" in signals_of(experience) for experience in experiences):
            prepare()
        positions = {name: key.position for name, (key, _) in self._audiences.items()}
        tests = TestReader(self._experiences, problems)
        written = tuple(test for section in self._tests for test in tests.tests(section))
        return RuleBook(site, audiences, tuple(experiences), positions, written)


def _read_site(block: Entries, problems: Problems) -> Site:
    fields.known_keys(block, "`site`", SITE_KEYS, problems)
    timezone, country, languages, link_hosts = (block.get(key) for key in SITE_KEYS)
    site = Site()
    if timezone is not None:
        with problems.at(timezone):
            name = fields.text(timezone, "`timezone`")
            require_zone(name)
            site = replace(site, timezone=name)
    if country is not None:
        with problems.at(country):
            site = replace(site, country=require_country(fields.text(country, "`country`")))
    if languages is not None:
        with problems.at(languages):
            site = replace(site, languages=fields.texts(languages, "`languages`"))
    if link_hosts is not None:
        with problems.at(link_hosts):
            site = replace(site, link_hosts=tuple(_host(item) for item in fields.scalars(link_hosts, "`link_hosts`")))
    return site


def _host(item: Scalar) -> str:
    name = item.text.lower()
    if not name or any(character in name for character in "/*@?# "):
        bare = name.partition("://")[2] or name
        hint = f"write {bare.split('/')[0]}" if "/" in name else "such as shop.example"
        raise MistakeError(f"`{item.text}` is not a host", hint=hint, position=item.position)
    return name


def _read_documents(folder: Path, problems: Problems) -> list[Entries]:
    documents: list[Entries] = []
    for path in _rule_files(folder, problems):
        with problems.at(Position(str(path), 1, 1)):
            root = parse(_read_source(path, problems))
            if root is not None:
                documents.append(fields.entries(root, "a rule file"))
    return documents


def _rule_files(folder: Path, problems: Problems) -> list[Path]:
    place = Position(str(folder), 1, 1)
    with problems.at(place):
        entries = _told(lambda: sorted(folder.iterdir()))
        found = [path for path in entries if path.suffix in RULE_SUFFIXES and not path.name.startswith(".")]
        if not found:
            raise MistakeError("no rule files here", hint="a rulebook is a folder with files that end in .yaml")
        if len(found) > _MAX_FILES:
            raise MistakeError(f"more than {_MAX_FILES:,} rule files")
        return found
    return []


def _read_templates(folder: Path, problems: Problems) -> dict[str, str]:
    templates: dict[str, str] = {}
    if not folder.is_dir():
        return templates
    for parent, subfolders, names in os.walk(folder):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        for name in sorted(names):
            path = Path(parent, name)
            if name.startswith("."):
                continue
            with problems.at(Position(str(path), 1, 1)):
                if len(templates) >= _MAX_FILES:
                    raise MistakeError(f"more than {_MAX_FILES:,} templates")
                templates[path.relative_to(folder).as_posix()] = _read_source(path, problems).text
    return templates


def _read_source(path: Path, problems: Problems) -> Source:
    raw = _read_bytes(path)
    problems.keep(Source.of(str(path), raw.decode("utf-8-sig", "replace")))  # an excerpt can be shown even so
    return decode(str(path), raw)


def _read_bytes(path: Path) -> bytes:
    """A file, up to one byte more than is allowed; never a pipe or a device, which could wait for ever."""
    if not stat.S_ISREG(_told(path.stat).st_mode):
        raise MistakeError("this is not a file")

    def read() -> bytes:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)

    return _told(read)


def _told(read: Callable[[], _T]) -> _T:
    """What was read; where the system refuses, a MistakeError that says why."""
    try:
        return read()
    except FileNotFoundError:
        raise MistakeError("there is nothing here", hint="is the path right?") from None
    except NotADirectoryError:
        raise MistakeError("this is a file, not a folder", hint="a rulebook is a folder of *.yaml files") from None
    except OSError as error:
        raise MistakeError(f"this can't be read: {error.strerror}") from None
