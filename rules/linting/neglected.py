"""What a rulebook names and does not use, or says without an effect: audiences, goals, templates, experiments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from rules.conditions import Condition, Test
from rules.errors import Problem, warning
from rules.model import ORIGINAL, Experience, Experiment, RuleBook, SetImage


def neglected(book: RuleBook, now: datetime) -> Iterator[Problem]:
    """The warnings, in no order; `now` is aware."""
    yield from _over(book, now)
    yield from _without_alt(book)
    yield from _unused_audiences(book)
    yield from _unused_goals(book)
    for position in book.unused_templates:
        yield warning(position, "no rule uses this template", "name it in a `template:`, or take the file out")
    for experience in book.experiences:
        if experience.experiment is not None:
            yield from _idle_experiment(experience, experience.experiment)


def _over(book: RuleBook, now: datetime) -> Iterator[Problem]:
    for experience in book.live:
        if experience.when is not None and experience.when.is_over(now):
            yield warning(experience.position, f"experience `{experience.id}` is over", "take it out, or move `until`")


def _without_alt(book: RuleBook) -> Iterator[Problem]:
    hint = "the old picture's description stays; say what the new one shows"
    for experience in book.experiences:
        for change in experience.changes:
            if isinstance(change.action, SetImage) and change.action.alt is None:
                yield warning(change.position, f"the `image` for `{change.select}` has no `alt`", hint)


def _unused_audiences(book: RuleBook) -> Iterator[Problem]:
    # A name stands for its condition: what is used is in the trees as the same object.
    used = {id(part) for experience in book.experiences if experience.who for part in _parts(experience.who)}
    for condition in book.audiences.values():
        used |= {id(part) for part in _parts(condition) if part is not condition}
    for name, condition in book.audiences.items():
        if id(condition) not in used and name in book.audience_positions:
            hint = f"name it in a `who:`, as in who: {name}, or take it out"
            yield warning(book.audience_positions[name], f"audience `{name}` is never used", hint)


def _parts(condition: Condition) -> Iterator[Condition]:
    yield condition
    if not isinstance(condition, Test):
        for part in condition.parts:
            yield from _parts(part)


def _unused_goals(book: RuleBook) -> Iterator[Problem]:
    used = {experience.experiment.goal for experience in book.experiences if experience.experiment is not None}
    for goal in book.goals:
        if goal.id not in used:
            hint = f"name it in an experiment, as in goal: {goal.id}, or take it out"
            yield warning(goal.position, f"goal `{goal.id}` is never used", hint)


def _idle_experiment(experience: Experience, experiment: Experiment) -> Iterator[Problem]:
    """An experiment that can't tell anything: without a goal, or whose arms do not differ."""
    what = f"experiment `{experience.id}`"
    if not experiment.goal:
        hint = "name what it is to bring about, as in goal: signup, and goals: {signup: {page: /thanks}}"
        yield warning(experience.position, f"{what} has no `goal`", hint)
    if experiment.coverage == 0:
        yield warning(experience.position, f"nobody takes part in {what}", "raise its `coverage`, such as 10%")
    shares = dict(experiment.split)
    seen = {name: share for name, share in shares.items() if share > 0}
    if len(seen) == 1:
        (only,) = seen
        message = f"all who take part in {what} see `{only}`: there is nothing to compare"
        yield warning(experience.position, message, f"give `{ORIGINAL}` or another variant a share")
    else:
        for name in shares.keys() - seen.keys():
            hint = "give it a share, or take it out"
            yield warning(experience.position, f"nobody sees `{name}` of {what}: its share is 0", hint)
    first: dict[str, str] = {}
    for variant in experience.variants:
        if variant.digest in first:
            message = f"variants `{first[variant.digest]}` and `{variant.id}` of {what} show the same"
            yield warning(experience.position, message, "change one of them, or take it out")
        first.setdefault(variant.digest, variant.id)
