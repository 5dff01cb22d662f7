"""What the tools for rule authors print: explanations, as lines and as JSON, and the results of tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from rules.context import Value
from rules.decision import Outcome, Reason
from rules.explain import Explanation, Explanations, Part, Window
from rules.geography import GeoPoint
from rules.run_tests import Miss, Result, WrongText

_VERDICTS = {True: "true", False: "false", None: "unknown"}
# Outcomes that no test of a signal decides, in more words than their name has.
_SAID = {
    Outcome.CONTROL: "the experiment gave this visitor the arm that changes nothing",
    Outcome.HELD_OUT: "this visitor is one of the `holdout`, who always see the original",
    Outcome.NOT_ENROLLED: "an experiment, and this visitor has no id: there is no consent, or it is a bot",
    Outcome.NOT_COVERED: "an experiment that this visitor takes no part in, by its `coverage` or its `layer`",
}


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
    """Each test that failed, with why, and each that was skipped."""
    for result in results:
        if result.failed:
            yield f"FAILED {result.test.position}: {result.test.name}"
            yield from (f"    {line}" for line in failure_lines(result))
        elif result.skipped:
            yield f"skipped {result.test.position}: {result.test.name}: {SKIPPED}"


SKIPPED = "needs --origin"
"""Why a test is skipped: what stands at its `places` can't be told without the site."""


def failure_lines(result: Result) -> list[str]:
    """All that was otherwise than a test wants."""
    trouble = [result.trouble] if result.trouble else []
    return [*trouble, *map(_miss_line, result.misses), *map(_text_line, result.wrong_texts)]


def _miss_line(miss: Miss) -> str:
    wish = f"{'shows' if miss.wanted else 'hides'} {miss.experience.id}"
    if miss.left_out:
        return f"{wish}: chosen, and not on the page: {miss.left_out}"
    if miss.reason is None:
        return f"{wish}: it is {'not for this page' if miss.experience.enabled else 'switched off (enabled: false)'}"
    return f"{wish}: {reason_words(miss.reason)}"


def _text_line(wrong: WrongText) -> str:
    match wrong.found:
        case ():
            return f"places {wrong.select}: nothing on the page matches"
        case (text,):
            return f"places {wrong.select}: “{text}”, not “{wrong.wanted}”"
        case several:
            return f"places {wrong.select}: {len(several)} places match, and one is expected"


def reason_words(reason: Reason) -> str:
    """Why an experience was chosen, or was not, in one line.

    >>> reason_words(Reason("hero", Outcome.UNKNOWN, "geo.country: SE"))
    'unknown, by geo.country: SE (saw no value)'
    """
    match reason.outcome:
        case Outcome.NO_VALUE:
            return f"no value for {reason.test}, which a text of it needs"
        case Outcome.UNSAFE:
            return f"a URL of it would lead to {word_of(reason.saw)}"
        case _ if reason.test:
            return f"{reason.outcome}, by {reason.test} (saw {word_of(reason.saw)})"
        case _:
            return str(reason.outcome)


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
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date) else str(value)


def _experience(explanation: Explanation) -> Iterator[str]:
    experience, reason = explanation.experience, explanation.reason
    draft = " (a draft: visitors never see it)" if experience.draft else ""
    title = f"  {experience.title}" if experience.title else ""
    arm = f", variant {reason.arm}" if reason.arm and reason.outcome is not Outcome.CONTROL else ""
    yield f"{experience.id}: {reason.outcome}{arm}{draft}{title}"
    if said := _SAID.get(reason.outcome):
        yield f"  {said}"
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
        "arm": reason.arm or None,
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
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, GeoPoint):
        return {"lat": value.lat, "lon": value.lon}
    return list(value) if isinstance(value, tuple) else value
