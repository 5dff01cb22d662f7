"""`experiment:` of an experience, `goals:` and `holdout:` of rule files: who is to see which variant, and what for."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from rules import fields
from rules.errors import MistakeError, did_you_mean
from rules.experiments import crowding
from rules.fields import Problems
from rules.model import ORIGINAL, Experience, Experiment, Layer
from rules.nodes import Node
from rules.numbers import parse_number, percent

KEYS = ("goal", "split", "coverage", "layer")
HOLDOUT_KEYS = ("share",)
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,4})?) ?%")
_ADDS_UP_WITHIN = 1e-6


@dataclass(frozen=True, slots=True)
class ExperimentReader:
    """Reads the experiments of one folder; `goals` are all ids in it, also of those that something is wrong with."""

    goals: Collection[str]
    problems: Problems

    def experiment(self, node: Node, variants: Collection[str]) -> Experiment | None:
        """The experiment over these variants. Its layer stands alone until `in_layers` has seen all of them."""
        with self.problems.at(node):
            block = fields.entries(node, "`experiment`")
            fields.known_keys(block, "`experiment`", KEYS, self.problems)
            goal, split, coverage, layer = (block.get(key) for key in KEYS)
            if split is None:
                arms = ", ".join(f"{name}: …" for name in (ORIGINAL, *variants))
                raise MistakeError("an experiment without `split`", hint=f"such as split: {{{arms}}}, 100 together")
            read = self.problems.read
            return Experiment(
                read(split, lambda shares: self._split(shares, variants), ()),
                read(coverage, lambda share: _share(share, "`coverage`"), None),
                read(goal, self._goal, ""),
                read(layer, _layer, None),
            )
        return None

    def _split(self, node: Node, variants: Collection[str]) -> tuple[tuple[str, float], ...]:
        arms = (ORIGINAL, *variants)
        split: list[tuple[str, float]] = []
        for key, value in fields.entries(node, "`split`").pairs:
            if key.text not in arms:
                hint = did_you_mean(key.text, arms) or f"the variants are {', '.join(arms)}"
                raise MistakeError(f"unknown variant `{key.text}` in `split`", hint=hint, position=key.position)
            split.append((key.text, _weight(value, f"`{key.text}`") / 100))
        if missing := [name for name in variants if name not in dict(split)]:
            hint = "give it a share, or take it out"
            raise MistakeError(f"variant `{missing[0]}` is not in `split`", hint=hint, position=node.position)
        total = sum(share for _, share in split)
        if abs(total - 1) > _ADDS_UP_WITHIN:
            hint = f"{ORIGINAL} may be one of its parts"
            message = f"`split` adds up to {total * 100:g}, not to 100"
            raise MistakeError(message, hint=hint, position=node.position)
        return tuple(split)

    def _goal(self, node: Node) -> str:
        name = fields.text(node, "`goal`")
        if name not in self.goals:
            example = f"name it under `goals:`, such as goals: {{{name}: {{page: /thanks}}}}"
            hint = did_you_mean(name, self.goals) or example
            raise MistakeError(f"unknown goal `{name}`", hint=hint, position=node.position)
        return name


def in_layers(experiences: Iterable[Experience], problems: Problems) -> tuple[Experience, ...]:
    """The same experiences, each experiment knowing the others of its layer, those that are switched off among them."""
    experiences = tuple(experiences)
    members: defaultdict[str, list[Experience]] = defaultdict(list)
    for experience in experiences:
        if experience.experiment is not None and experience.experiment.layer is not None:
            members[experience.experiment.layer.id].append(experience)
    layers = {name: Layer(name, _coverages(layer)) for name, layer in members.items()}
    for name, layer in layers.items():
        if trouble := crowding(layer):
            shares = ", ".join(f"{id_} {percent(share)}" for id_, share in layer.coverages)
            hint = f"lower a `coverage`: {shares}"
            problems.add(members[name][-1].position, f"layer `{name}` is too full: {trouble}", hint=hint)
    return tuple(_in_layer(experience, layers) for experience in experiences)


def _coverages(members: Collection[Experience]) -> tuple[tuple[str, float], ...]:
    """What each covers; one that does not say takes an even part."""
    even = 1 / len(members)
    coverages = ((each.id, each.experiment.coverage) for each in members if each.experiment is not None)
    return tuple((name, even if coverage is None else coverage) for name, coverage in coverages)


def _in_layer(experience: Experience, layers: Mapping[str, Layer]) -> Experience:
    experiment = experience.experiment
    if experiment is None or experiment.layer is None:
        return experience
    return replace(experience, experiment=replace(experiment, layer=layers[experiment.layer.id]))


def read_holdout(node: Node, problems: Problems) -> float:
    """The share of visitors, of 1, who always see the original."""
    block = fields.entries(node, "`holdout`")
    fields.known_keys(block, "`holdout`", HOLDOUT_KEYS, problems)
    share = block.get("share")
    if share is None:
        raise MistakeError("`holdout` without `share`", hint="such as holdout: {share: 5%}")
    return problems.read(share, lambda node: _share(node, "`share`"), 0.0)


def _share(node: Node, what: str) -> float:
    """A share of all visitors, written in percent, as a part of 1."""
    word = fields.text(node, what)
    match = _PERCENT.fullmatch(word)
    if match is None:
        bare = parse_number(word)
        meant = None if bare is None else bare if 0 < bare < 1 else bare / 100
        hint = f"write {percent(meant)}" if meant is not None and 0 <= meant <= 1 else "such as 40%"
        raise MistakeError(f"{what} wants a share in percent, not `{word}`", hint=hint, position=node.position)
    share = float(match[1]) / 100
    if share > 1:
        raise MistakeError(f"{what} is more than everyone", hint="at most 100%", position=node.position)
    return share


def _weight(node: Node, what: str) -> float:
    word = fields.text(node, what)
    weight = parse_number(word.removesuffix("%").rstrip())
    if weight is None or not 0 <= weight <= 100:
        raise MistakeError(
            f"{what} wants a share from 0 to 100, not `{word}`", hint="such as 50", position=node.position
        )
    return weight


def _layer(node: Node) -> Layer | None:
    return Layer(fields.identifier(fields.scalar(node, "`layer`"), "a layer"), ())
