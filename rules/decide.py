"""Plan and context in, decision out: what this visitor sees, and why."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from rules.conditions import Condition, Verdict
from rules.context import Context
from rules.decision import Choice, Decision, Outcome, Reason
from rules.errors import MissingValueError, UnsafeValueError
from rules.model import Experience
from rules.plan import Plan


def decide(plan: Plan, context: Context) -> Decision:
    """Put every experience of a plan to one visitor.

    Which of the choices stand together on a page, and whether their places are there, is for the page to settle.
    """
    choices: list[Choice] = []
    reasons: list[Reason] = []
    # Experiences often share an audience: each condition is put once.
    verdicts: dict[int, Verdict] = {}
    for experience in plan.experiences:
        reason = _refusal(experience, context, plan.site_timezone, verdicts)
        if reason is None:
            rendered = _render(experience, context)
            if isinstance(rendered, Choice):
                choices.append(rendered)
                reason = _chosen(experience, context, verdicts)
            else:
                reason = rendered
        reasons.append(reason)
    return Decision(tuple(choices), tuple(reasons), fingerprint(choices))


def fingerprint(choices: Iterable[Choice]) -> bytes:
    """16 bytes that are the same for the same choices and shapes of texts, and know nothing of a visitor's values."""
    digest = blake2b(digest_size=16)
    for choice in choices:
        shapes = [choice.renderings[fragment].shape for fragment in choice.experience.fragments]
        # The repr of texts in tuples is unambiguous, whatever they hold.
        told = (choice.experience.id, choice.experience.digest, shapes)
        digest.update(repr(told).encode("utf-8", "backslashreplace"))
    return digest.digest()


def _refusal(
    experience: Experience, context: Context, site_timezone: str, verdicts: dict[int, Verdict]
) -> Reason | None:
    """Why the experience is not for this visitor now; None where it is."""
    when, who = experience.when, experience.who
    if when is not None and not when.is_open(context, site_timezone):
        return Reason(experience.id, Outcome.NOT_NOW, when.written, when.local_time(context, site_timezone))
    if who is None:
        return None
    holds, _ = verdict = _verdict(who, context, verdicts)
    if holds:
        return None
    return _reason(experience, Outcome.UNKNOWN if holds is None else Outcome.NOT_WHO, verdict, context)


def _verdict(who: Condition, context: Context, verdicts: dict[int, Verdict]) -> Verdict:
    if (known := verdicts.get(id(who))) is not None:
        return known
    verdict = verdicts[id(who)] = who.judge(context)
    return verdict


def _chosen(experience: Experience, context: Context, verdicts: dict[int, Verdict]) -> Reason:
    if experience.who is None:
        return Reason(experience.id, Outcome.CHOSEN)
    return _reason(experience, Outcome.CHOSEN, verdicts[id(experience.who)], context)


def _reason(experience: Experience, outcome: Outcome, verdict: Verdict, context: Context) -> Reason:
    test = verdict.test
    if test is None:
        return Reason(experience.id, outcome)
    return Reason(experience.id, outcome, test.written, context.get(test.signal))


def _render(experience: Experience, context: Context) -> Choice | Reason:
    """The experience with all of its texts, or the one that can't be said."""
    try:
        return Choice(experience, {fragment: fragment.render(context) for fragment in experience.fragments})
    except MissingValueError as missing:
        return Reason(experience.id, Outcome.NO_VALUE, missing.name)
    except UnsafeValueError as unsafe:
        return Reason(experience.id, Outcome.UNSAFE, saw=unsafe.url)
