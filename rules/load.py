"""The files of a rulebook -> RuleBook, or all that is wrong with them.

Reading them from a disk is the caller's. What stands under each key is read by its own `rules.load_…` module.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from rules import fields
from rules.calendars import prepare, require_country
from rules.errors import FragmentError, MistakeError, Position, Problem, RuleError
from rules.fields import Problems
from rules.fragment_compiler import FragmentCompiler
from rules.load_changes import ChangeReader
from rules.load_conditions import ConditionReader
from rules.load_experiences import ExperienceReader
from rules.load_experiments import ExperimentReader, in_layers, read_holdout
from rules.load_pages import read_pages
from rules.load_tests import TestReader
from rules.load_variants import VariantReader, templates_digest
from rules.model import Experience, Goal, RuleBook, Site
from rules.nodes import Entries, Node, Scalar, Source
from rules.plan import signals_of
from rules.selectors import SelectorCheck
from rules.signals import is_signal, suggest
from rules.source import decode, parse
from rules.timezones import require_zone

KEYS = ("site", "audiences", "experiences", "tests", "goals", "holdout")
GOAL_KEYS = ("page",)
SITE_KEYS = ("timezone", "country", "languages", "link_hosts")


@dataclass(frozen=True, slots=True)
class RuleFolder:
    """What a rulebook's folder holds: rule files by path, and templates by their name below `templates/`.

    A path is what messages call a file. `faults` are of what could not be read.
    """

    path: str
    files: tuple[tuple[str, bytes], ...] = ()
    templates: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)
    faults: tuple[Problem, ...] = ()

    @property
    def templates_path(self) -> str:
        """What messages call the folder of the templates."""
        return f"{self.path}/templates"

    @property
    def digest(self) -> bytes:
        """16 bytes that are the same for the same content."""
        told = repr((self.files, sorted(self.templates.items()), self.faults))
        return blake2b(told.encode("utf-8", "backslashreplace"), digest_size=16).digest()


def load_rulebook(folder: RuleFolder, *, check_selector: SelectorCheck | None = None) -> RuleBook:
    """The rulebook of a folder, its files taken in their order.

    Raises RuleError with every problem of the folder, those that it was read with among them. `check_selector` tells
    what is wrong with a CSS selector, or None; without it only brackets and quotes are counted.
    """
    problems = Problems()
    problems.found.extend(folder.faults)
    documents = _parse_files(folder.files, problems)
    templates = _decode_templates(folder.templates, problems)
    book = _Merged(documents, problems).book(templates, folder.templates_path, check_selector)
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
        self._goals: dict[str, tuple[Scalar, Node]] = {}
        self._holdout: Node | None = None
        self._tests: list[Node] = []
        for document in documents:
            fields.known_keys(document, "a rule file", KEYS, problems)
            for key, value in document.pairs:
                with problems.at(value):
                    self._add(key, value)

    def _add(self, key: Scalar, value: Node) -> None:
        match key.text:
            case "site" if self._site is not None:
                raise _written_twice(key, self._site)
            case "holdout" if self._holdout is not None:
                raise _written_twice(key, self._holdout)
            case "site":
                self._site = fields.entries(value, "`site`")
            case "audiences":
                self._add_named("audience", value, self._audiences)
            case "experiences":
                self._add_named("experience", value, self._experiences)
            case "goals":
                self._add_named("goal", value, self._goals)
            case "holdout":
                self._holdout = value
            case "tests" if not (isinstance(value, Scalar) and value.is_null):
                self._tests.append(value)

    def _add_named(self, what: str, section: Node, known: dict[str, tuple[Scalar, Node]]) -> None:
        if isinstance(section, Scalar) and section.is_null:
            return  # a heading with everything under it commented out
        for key, value in fields.entries(section, f"`{what}s`").pairs:
            with self._problems.at(key):
                fields.identifier(key, f"a {what}" if what == "goal" else f"an {what}")
            if key.text not in known:
                known[key.text] = (key, value)
                continue
            first = known[key.text][0].position
            message = f"{what} `{key.text}` is defined twice; first in {first.file}:{first.line}"
            self._problems.add(key.position, message, hint="give one of them another name")

    def book(
        self, templates: Mapping[str, str], templates_folder: str, check_selector: SelectorCheck | None
    ) -> RuleBook:
        problems = self._problems
        site = _read_site(self._site, problems) if self._site is not None else Site()
        compiler = FragmentCompiler(templates, is_signal=is_signal, suggest=suggest, link_hosts=site.link_hosts)
        conditions = ConditionReader({name: node for name, (_, node) in self._audiences.items()}, problems)
        audiences = conditions.audiences()
        changes = ChangeReader(compiler, problems, templates_folder, check_selector)
        variants = VariantReader(changes, problems, templates_digest(templates), frozenset(site.link_hosts))
        experiments = ExperimentReader(self._goals, problems)
        reader = ExperienceReader(conditions, variants, experiments, problems, site.country)
        experiences: list[Experience] = []
        for order, (key, node) in enumerate(self._experiences.values()):
            experience = reader.experience(key, node, order)
            if experience is not None:
                experiences.append(experience)
        if any("time.holiday" in signals_of(experience) for experience in experiences):
            prepare()
        positions = {name: key.position for name, (key, _) in self._audiences.items()}
        arms = dict.fromkeys(self._experiences, ()) | {each.id: each.arms for each in experiences}
        tests = TestReader(arms, problems, check_selector)
        written = tuple(test for section in self._tests for test in tests.tests(section))
        goals = tuple(goal for each in self._goals.values() if (goal := _read_goal(*each, problems)) is not None)
        holdout = problems.read(self._holdout, lambda node: read_holdout(node, problems), 0.0)
        unused = _check_unused(compiler, templates_folder, problems)
        return RuleBook(site, audiences, in_layers(experiences, problems), positions, written, goals, holdout, unused)


def _check_unused(compiler: FragmentCompiler, folder: str, problems: Problems) -> tuple[Position, ...]:
    """Where the templates begin that no rule uses; a rule may use them tomorrow, so they are looked through as well."""
    unused = compiler.unused_templates
    for name in unused:
        try:
            compiler.check(name)
        except FragmentError as error:
            problems.add(Position(f"{folder}/{error.file or name}", error.line, 1), error.message, hint=error.hint)
    return tuple(Position(f"{folder}/{name}", 1, 1) for name in unused)


def _written_twice(key: Scalar, first: Node) -> MistakeError:
    place = first.position
    return MistakeError(
        f"`{key.text}` is written twice; first in {place.file}:{place.line}",
        hint="keep one of them",
        position=key.position,
    )


def _read_goal(key: Scalar, node: Node, problems: Problems) -> Goal | None:
    with problems.at(node):
        block = fields.entries(node, f"goal `{key.text}`")
        fields.known_keys(block, "a goal", GOAL_KEYS, problems)
        page = block.get("page")
        if page is None:
            raise MistakeError(f"goal `{key.text}` without `page`", hint="such as page: /thanks")
        return Goal(key.text, read_pages(page, "`page`", problems), key.position)
    return None


def _read_site(block: Entries, problems: Problems) -> Site:
    fields.known_keys(block, "`site`", SITE_KEYS, problems)
    timezone, country, languages, link_hosts = (block.get(key) for key in SITE_KEYS)
    return Site(
        timezone=problems.read(timezone, _timezone, "UTC"),
        languages=problems.read(languages, lambda node: fields.texts(node, "`languages`"), ()),
        link_hosts=problems.read(link_hosts, _hosts, ()),
        country=problems.read(country, lambda node: require_country(fields.text(node, "`country`")), ""),
    )


def _timezone(node: Node) -> str:
    return require_zone(fields.text(node, "`timezone`")).key


def _hosts(node: Node) -> tuple[str, ...]:
    return tuple(_host(item) for item in fields.scalars(node, "`link_hosts`"))


def _host(item: Scalar) -> str:
    name = item.text.lower()
    if not name or any(character in name for character in "/*@?# "):
        bare = name.partition("://")[2] or name
        hint = f"write {bare.split('/')[0]}" if "/" in name else "such as shop.example"
        raise MistakeError(f"`{item.text}` is not a host", hint=hint, position=item.position)
    return name


def _parse_files(files: Iterable[tuple[str, bytes]], problems: Problems) -> list[Entries]:
    documents: list[Entries] = []
    for path, content in files:
        with problems.at(Position(path, 1, 1)):
            root = parse(_source(path, content, problems))
            if root is not None:
                documents.append(fields.entries(root, "a rule file"))
    return documents


def _decode_templates(templates: Mapping[str, tuple[str, bytes]], problems: Problems) -> dict[str, str]:
    texts: dict[str, str] = {}
    for name, (path, content) in templates.items():
        with problems.at(Position(path, 1, 1)):
            texts[name] = _source(path, content, problems).text
    return texts


def _source(path: str, content: bytes, problems: Problems) -> Source:
    problems.keep(Source.of(path, content.decode("utf-8-sig", "replace")))  # an excerpt can be shown even so
    return decode(path, content)
