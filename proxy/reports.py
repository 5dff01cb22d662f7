"""What the tools for rule authors print: explanations, as lines and as JSON, and the results of tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from rules.context import Value
from rules.decision import Outcome
from rules.explain import Explanation, Explanations, Part, Window
from rules.run_tests import Miss, Result

_VERDICTS = {True: "true", False: "false", None: "unknown"}


def explanation_lines(told: Explanations) -> Iterator[str]:
    """Explanations as a person reads them, one experience after the other."""
    if not told.explanations:
        yield "no experience is for this page"
    for explanation in told.explanations:
        yield from _experience(explanation)
    for switched_off in told.switched_off:
        yield f"{switched_off}: switched off (enabled: false)"


def explanation_json(told: Explanations) -> dict[str, Any]:
    """The same for a program; a value that is missing is null, and so is an outcome that is unknown."""
    return {
        "at": told.context.now.isoformat(),
        "signals": {name: _plain(value) for name, value in sorted(told.context.signals.items())},
        "experiences": [_experience_json(explanation) for explanation in told.explanations],
        "switched_off": list(told.switched_off),
    }


def result_lines(results: Iterable[Result]) -> Iterator[str]:
    """Each test that failed, with why."""
    for result in results:
        if result.misses:
            yield f"FAILED {result.test.position}: {result.test.name}"
            yield from (f"    {miss_line(miss)}" for miss in result.misses)


def miss_line(miss: Miss) -> str:
    """Why an experience is shown, or is not, against the wish of a test."""
    wish = f"{'shows' if miss.wanted else 'hides'} {miss.experience.id}"
    if miss.reason is None:
        return f"{wish}: it is {'not for this page' if miss.experience.enabled else 'switched off (enabled: false)'}"
    outcome, test = miss.reason.outcome, miss.reason.test
    match outcome:
        case Outcome.NO_VALUE:
            return f"{wish}: no value for {test}, which a text of it needs"
        case Outcome.UNSAFE:
            return f"{wish}: a URL of it would lead to {word_of(miss.reason.saw)}"
        case _:
            return f"{wish}: {outcome}, by {test} (saw {word_of(miss.reason.saw)})" if test else f"{wish}: {outcome}"


def word_of(value: Value | None) -> str:
    """A value as a rule would write it.

    >>> word_of(True), word_of(None), word_of(("a", "b"))
    ('true', 'no value', '[a, b]')
    """
    if value is None:
        return "no value"
    if isinstance(value, bool):
        return _VERDICTS[value]
    if isinstance(value, tuple):
        return f"[{', '.join(value)}]"
    return value.isoformat() if isinstance(value, date) else str(value)


def _experience(explanation: Explanation) -> Iterator[str]:
    experience, reason = explanation.experience, explanation.reason
    draft = " (a draft: visitors never see it)" if experience.draft else ""
    title = f"  {experience.title}" if experience.title else ""
    yield f"{experience.id}: {reason.outcome}{draft}{title}"
    if explanation.when is not None:
        yield f"  {explanation.when.written}: {_state(explanation.when)}"
    if explanation.who is not None:
        yield from _part(explanation.who, "  ")
    for name in explanation.missing:
        yield f"  a text of it needs {name}: no value"


def _state(window: Window) -> str:
    return f"{'open' if window.is_open else 'closed'}, at {window.clock:%a %Y-%m-%d %H:%M} ({window.clock.tzinfo})"


def _part(part: Part, indent: str) -> Iterator[str]:
    verdict = _VERDICTS[part.holds]
    if part.parts:
        yield f"{indent}{verdict:<8}{part.written}:"
        for inner in part.parts:
            yield from _part(inner, indent + "  ")
        return
    yield f"{indent}{verdict:<8}{part.written}  (saw {word_of(part.saw)}){'  <- decided' if part.decided else ''}"


def _experience_json(explanation: Explanation) -> dict[str, Any]:
    experience, reason, when = explanation.experience, explanation.reason, explanation.when
    return {
        "id": experience.id,
        "title": experience.title,
        "draft": experience.draft,
        "outcome": reason.outcome.value,
        "decided": {"test": reason.test, "saw": _plain(reason.saw)} if reason.test else None,
        "when": {"written": when.written, "open": when.is_open, "clock": when.clock.isoformat()} if when else None,
        "who": _part_json(explanation.who) if explanation.who else None,
        "missing": list(explanation.missing),
    }


def _part_json(part: Part) -> dict[str, Any]:
    if part.parts:
        return {"written": part.written, "outcome": part.holds, "parts": [_part_json(inner) for inner in part.parts]}
    return {"written": part.written, "outcome": part.holds, "saw": _plain(part.saw), "decided": part.decided}


def _plain(value: Value | None) -> Any:
    return value.isoformat() if isinstance(value, date) else list(value) if isinstance(value, tuple) else value
