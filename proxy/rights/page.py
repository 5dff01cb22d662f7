"""The page itself: the template that is shipped, or the operator's, and what a template is given.

The operator's runs in Jinja's sandbox and is tried at the start. What it fails at later costs its looks, not the
visitor's rights: then the shipped one is shown.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from jinja2 import DictLoader, StrictUndefined, Template, TemplateError, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment

from proxy.rights.words import ENGLISH, Words

logger = logging.getLogger(__name__)

SHIPPED = Path(__file__).with_name("me.html")
LANGUAGE_NAMES = (("en", "English"), ("de", "Deutsch"), ("fr", "Français"), ("es", "Español"))


class RightsError(Exception):
    """A template that can't be used: one line for the operator."""


@dataclass(frozen=True, slots=True)
class Question:
    """A preference on the page: its name, the answers to choose from (none: free to write), and what was told."""

    name: str
    answers: tuple[str, ...] = ()
    told: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """What a template is given, each under its name.

    `may_remember` is the visitor's consent; `is_remembered` says whether there is anything to erase. `action` is where
    forms go, `download` the JSON, `path` the page without a language.
    """

    lang: str
    words: Words
    path: str
    action: str
    download: str
    token: str = ""
    notice: str = ""
    may_remember: bool = False
    is_remembered: bool = False
    facts: tuple[tuple[str, str], ...] = ()
    preferences: tuple[Question, ...] = ()
    languages: tuple[tuple[str, str], ...] = LANGUAGE_NAMES


class MePage:
    """Renders the page by a template."""

    def __init__(self, template: Template, fallback: Template) -> None:
        self._template = template
        self._fallback = fallback

    @classmethod
    def open(cls, path: Path | None = None) -> MePage:
        """The page by the operator's template, or by the shipped one; raises RightsError."""
        shipped = _compile(SHIPPED)
        if path is None:
            return cls(shipped, shipped)
        own = _compile(path)
        for view in _samples():
            try:
                _render(own, view)
            except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
                raise RightsError(f"{path}: {error} (docs/memory.md tells what a template is given)") from error
        return cls(own, shipped)

    def render(self, view: View) -> str:
        """The page for one visitor."""
        try:
            return _render(self._template, view)
        except Exception:
            # Whatever an operator's template does, visitors keep their rights.
            logger.exception("The template of the visitors' page failed; the one that is shipped is shown")
            return _render(self._fallback, view)


def _compile(path: Path) -> Template:
    try:
        source = path.read_text(encoding="utf-8")
    except OSError as error:
        raise RightsError(f"{path}: can't be read: {error.strerror} (check --me-template)") from error
    except UnicodeDecodeError as error:
        raise RightsError(f"{path}: is not UTF-8 (save it as UTF-8)") from error
    environment = SandboxedEnvironment(
        loader=DictLoader({path.name: source}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    try:
        return environment.get_template(path.name)
    except TemplateSyntaxError as error:
        raise RightsError(f"{path}:{error.lineno}: {error.message} (it is a Jinja template)") from error


def _render(template: Template, view: View) -> str:
    # Not `asdict`, which would turn what a template looks into into plain mappings.
    return template.render({name: getattr(view, name) for name in View.__slots__})


def _samples() -> tuple[View, View]:
    nobody = View("en", ENGLISH, "/", "/", "/", notice="notice")
    questions = (Question("a", ("b", "c"), "c"), Question("d", (), "e"))
    known = View(
        "en",
        ENGLISH,
        "/",
        "/",
        "/",
        "token",
        may_remember=True,
        is_remembered=True,
        facts=(("label", "value"),),
        preferences=questions,
    )
    return nobody, known
