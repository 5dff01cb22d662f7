"""Plan and context in, decision out: what this visitor sees, and why."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from hashlib import blake2b

from rules.conditions import Condition, Verdict
from rules.context import Context
from rules.decision import Choice, Decision, Outcome, Reason
from rules.errors import MissingValueError, UnsafeValueError
from rules.experiments import choose_variant, is_held_out, takes_part, variant_called
from rules.model import ORIGINAL, Experience, Variant
from rules.plan import Plan


def decide(plan: Plan, context: Context) -> Decision:
    """Put every experience of a plan to one visitor.

    Which of the choices stand together on a page, and whether their places are there, is for the page to settle.
    """
    deciding = _Deciding(plan, context)
    decided = (deciding.decide(experience)[0] for experience in plan.possible(context))
    choices = tuple(choice for choice in decided if choice is not None)
    return Decision(choices, partial(_reasons, plan, context), fingerprint(choices))


def _reasons(plan: Plan, context: Context) -> tuple[Reason, ...]:
    """Why each experience is chosen, or is not; those too that need not be looked at to decide."""
    deciding = _Deciding(plan, context)
    return tuple(deciding.decide(experience)[1] for experience in plan.experiences)


def fingerprint(choices: Iterable[Choice]) -> bytes:
    """16 bytes that are the same for the same choices and shapes of texts, and know nothing of a visitor's values."""
    digest = blake2b(digest_size=16)
    for choice in choices:
        variant = choice.variant
        shapes = [choice.renderings[fragment].shape for fragment in variant.fragments]
        # The repr of texts in tuples is unambiguous, whatever they hold.
        told = (choice.experience.id, variant.id, variant.digest, shapes)
        digest.update(repr(told).encode("utf-8", "backslashreplace"))
    return digest.digest()


class _Deciding:
    """Puts experiences to one visitor. Many share an audience, so each condition is put once."""

    __slots__ = ("_context", "_is_held_out", "_timezone", "_verdicts")

    def __init__(self, plan: Plan, context: Context) -> None:
        self._context = context
        self._timezone = plan.site_timezone
        self._is_held_out = context.visitor_id != "" and is_held_out(plan.holdout, context.visitor_id)
        self._verdicts: dict[int, Verdict] = {}

    def decide(self, experience: Experience) -> tuple[Choice | None, Reason]:
        """The choice, if it applies, and why or why not."""
        if self._is_held_out:
            return None, Reason(experience.id, Outcome.HELD_OUT)
        refusal = self._refusal(experience)
        if refusal is not None:
            return None, refusal
        experiment = experience.experiment
        if experiment is None:
            return self._render(experience, experience.variants[0])
        given = self._context.assigned.get(experience.id)
        if given is not None:
            variant = variant_called(experience, given)
        elif self._context.visitor_id == "":
            return None, Reason(experience.id, Outcome.NOT_ENROLLED)
        elif not takes_part(experience, experiment, self._context.visitor_id):
            return None, Reason(experience.id, Outcome.NOT_COVERED)
        else:
            variant = choose_variant(experience, experiment, self._context.visitor_id)
        if variant is None:
            return None, self._reason(experience, Outcome.CONTROL, ORIGINAL)
        return self._render(experience, variant)

    def _refusal(self, experience: Experience) -> Reason | None:
        """Why the experience is not for this visitor now; None where it is."""
        when = experience.when
        if when is not None and not when.is_open(self._context, self._timezone):
            clock = when.local_time(self._context, self._timezone)
            return Reason(experience.id, Outcome.NOT_NOW, when.written, clock)
        if experience.who is None:
            return None
        holds, _ = self._verdict(experience.who)
        if holds:
            return None
        return self._reason(experience, Outcome.UNKNOWN if holds is None else Outcome.NOT_WHO)

    def _render(self, experience: Experience, variant: Variant) -> tuple[Choice | None, Reason]:
        """The experience with all the texts of a variant, unless one of them can't be said."""
        try:
            renderings = {fragment: fragment.render(self._context) for fragment in variant.fragments}
        except MissingValueError as missing:
            return None, Reason(experience.id, Outcome.NO_VALUE, missing.name, arm=variant.id)
        except UnsafeValueError as unsafe:
            return None, Reason(experience.id, Outcome.UNSAFE, saw=unsafe.url, arm=variant.id)
        return Choice(experience, variant, renderings), self._reason(experience, Outcome.CHOSEN, variant.id)

    def _reason(self, experience: Experience, outcome: Outcome, arm: str = "") -> Reason:
        test = self._verdict(experience.who).test if experience.who is not None else None
        if test is None:
            return Reason(experience.id, outcome, arm=arm)
        return Reason(experience.id, outcome, test.written, self._context.get(test.signal), arm)

    def _verdict(self, who: Condition) -> Verdict:
        if (known := self._verdicts.get(id(who))) is not None:
            return known
        verdict = self._verdicts[id(who)] = who.judge(self._context)
        return verdict
