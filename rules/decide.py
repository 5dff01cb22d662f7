"""Plan and context in, decision out: what this visitor sees, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b

from rules.conditions import Condition
from rules.context import Context
from rules.decision import Choice, Decision, Outcome, Reason
from rules.errors import MissingValueError, UnsafeValueError
from rules.experiments import choose_variant, is_held_out, takes_part, variant_called
from rules.model import ORIGINAL, Experience, Experiment, Variant
from rules.plan import Plan

_MAX_TOLD = 64
_MAX_TOLD_BYTES = 16 * 1024


def decide(plan: Plan, context: Context) -> Decision:
    """Put every experience of a plan to one visitor.

    Which of the choices stand together on a page, and whether their places are there, is for the page to settle.
    """
    decided = map(_Deciding(plan, context).decide, plan.possible(context))
    choices = tuple([each for each in decided if isinstance(each, Choice)])
    return Decision(choices, partial(_reasons, plan, context), fingerprint(choices))


def _reasons(plan: Plan, context: Context) -> tuple[Reason, ...]:
    """Why each experience is chosen, or is not; those too that need not be looked at to decide."""
    return tuple(map(_Deciding(plan, context).reason, plan.experiences))


def fingerprint(choices: Iterable[Choice]) -> bytes:
    """16 bytes that are the same for the same choices and shapes of texts, and know nothing of a visitor's values."""
    return blake2b(b"".join(map(_told, choices)), digest_size=16).digest()


def _told(choice: Choice) -> bytes:
    """What the fingerprint covers of a choice. To write it takes as long as all else that is decided, so it is kept."""
    experience, variant = choice.experience, choice.variant
    place = (experience.id, *[choice.renderings[fragment].shape for fragment in variant.varying])
    told = variant.told.get(place)
    if told is None:
        shapes = [choice.renderings[fragment].shape for fragment in variant.fragments]
        # The repr of texts in tuples is unambiguous, whatever they hold.
        told = repr((experience.id, variant.id, variant.digest, shapes)).encode("utf-8", "backslashreplace")
        # A loop over what visitors send takes any number of shapes, of any size.
        if len(variant.told) < _MAX_TOLD and len(told) <= _MAX_TOLD_BYTES:
            variant.told[place] = told
    return told


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why an experience is no choice: as much of its Reason as costs nothing to tell at once."""

    outcome: Outcome
    arm: str = ""
    test: str = ""
    saw: str | None = None


_HELD_OUT = _Refusal(Outcome.HELD_OUT)
_NOT_NOW = _Refusal(Outcome.NOT_NOW)
_NOT_WHO = _Refusal(Outcome.NOT_WHO)
_UNKNOWN = _Refusal(Outcome.UNKNOWN)
_NOT_ENROLLED = _Refusal(Outcome.NOT_ENROLLED)
_NOT_COVERED = _Refusal(Outcome.NOT_COVERED)
_CONTROL = _Refusal(Outcome.CONTROL, ORIGINAL)


class _Deciding:
    """Puts experiences to one visitor. Many share an audience, so each condition is put once."""

    __slots__ = ("_context", "_held", "_is_held_out", "_timezone")

    def __init__(self, plan: Plan, context: Context) -> None:
        self._context = context
        self._timezone = plan.site_timezone
        self._is_held_out = context.visitor_id != "" and is_held_out(plan.holdout, context.visitor_id)
        self._held: dict[int, bool | None] = {}

    def decide(self, experience: Experience) -> Choice | _Refusal:
        """The choice, if the experience applies, else why not."""
        if self._is_held_out:
            return _HELD_OUT
        if experience.when is not None and not experience.when.is_open(self._context, self._timezone):
            return _NOT_NOW
        if experience.who is not None and not (holds := self._holds(experience.who)):
            return _UNKNOWN if holds is None else _NOT_WHO
        if experience.experiment is None:
            return self._said(experience, experience.variants[0])
        return self._enrolled(experience, experience.experiment)

    def _holds(self, who: Condition) -> bool | None:
        if id(who) not in self._held:
            self._held[id(who)] = who.evaluate(self._context)
        return self._held[id(who)]

    def _enrolled(self, experience: Experience, experiment: Experiment) -> Choice | _Refusal:
        visitor_id = self._context.visitor_id
        given = self._context.assigned.get(experience.id)
        if given is not None:
            variant = variant_called(experience, given)
        elif visitor_id == "":
            return _NOT_ENROLLED
        elif not takes_part(experience, experiment, visitor_id):
            return _NOT_COVERED
        else:
            variant = choose_variant(experience, experiment, visitor_id)
        return _CONTROL if variant is None else self._said(experience, variant)

    def _said(self, experience: Experience, variant: Variant) -> Choice | _Refusal:
        """The experience with all the texts of a variant, unless one of them can't be said."""
        if not variant.varying:
            return Choice(experience, variant, variant.settled)
        try:
            varying = {fragment: fragment.render(self._context) for fragment in variant.varying}
        except MissingValueError as missing:
            return _Refusal(Outcome.NO_VALUE, variant.id, test=missing.name)
        except UnsafeValueError as unsafe:
            return _Refusal(Outcome.UNSAFE, variant.id, saw=unsafe.url)
        return Choice(experience, variant, {**variant.settled, **varying})

    def reason(self, experience: Experience) -> Reason:
        """Why the experience is chosen, or is not."""
        decided = self.decide(experience)
        if isinstance(decided, Choice):
            return self._reason(experience, Outcome.CHOSEN, decided.variant.id)
        if decided.outcome is Outcome.NOT_NOW and experience.when is not None:
            clock = experience.when.local_time(self._context, self._timezone)
            return Reason(experience.id, decided.outcome, experience.when.written, clock)
        if decided.outcome in (Outcome.NOT_WHO, Outcome.UNKNOWN, Outcome.CONTROL):
            return self._reason(experience, decided.outcome, decided.arm)
        return Reason(experience.id, decided.outcome, decided.test, decided.saw, decided.arm)

    def _reason(self, experience: Experience, outcome: Outcome, arm: str) -> Reason:
        """With the test that the experience's condition hung on."""
        test = experience.who.judge(self._context).test if experience.who is not None else None
        if test is None:
            return Reason(experience.id, outcome, arm=arm)
        return Reason(experience.id, outcome, test.written, self._context.get(test.signal), arm)
