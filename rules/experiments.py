"""Who takes part in an experiment, and in which of its arms: pure functions of the visitor's id.

All of it hangs on `rules.buckets` alone, so nothing has to be remembered. A share that grows keeps everyone it had:
each part of a visitor's fate (held out, which experiment of a layer, covered, which arm) has a bucket of its own, and
a share is always the buckets from 0 up to it.
"""

from __future__ import annotations

from rules.buckets import bucket
from rules.model import ORIGINAL, Experience, Experiment, Layer, Variant
from rules.numbers import percent


def is_held_out(share: float, visitor_id: str) -> bool:
    """Whether a visitor is among those who always see the original."""
    return share > 0 and bucket(visitor_id, "holdout") < share


def takes_part(experience: Experience, experiment: Experiment, visitor_id: str) -> bool:
    """Whether an experiment covers a visitor."""
    if experiment.layer is None:
        return experiment.coverage is None or bucket(visitor_id, "coverage", experience.id) < experiment.coverage
    return covered_by(experiment.layer, visitor_id) == experience.id


def covered_by(layer: Layer, visitor_id: str) -> str | None:
    """The one experiment of a layer that covers a visitor, if any.

    Each experiment owns an even part of all visitors: it is the owner of those for whom its bucket is the highest
    (rendezvous hashing, Thaler and Ravishankar 1998), so that one more experiment takes from each of the others
    and moves nobody between them. In its own part an experiment grows from 0 upwards. The one that may cover
    more than its part grows into the others' from 1 downwards, where they come to last.
    """
    even = 1 / len(layer.coverages)
    owner, coverage = max(layer.coverages, key=lambda each: bucket(visitor_id, "layer", layer.id, each[0]))
    point = bucket(visitor_id, "coverage", layer.id)
    if point < coverage / even:
        return owner
    for guest, covers in layer.coverages:
        if covers > even and guest != owner and point >= 1 - _spill(layer, covers):
            return guest
    return None


def crowding(layer: Layer) -> str:
    """What keeps the experiments of a layer from excluding each other, in words; nothing where they fit."""
    count = len(layer.coverages)
    even = 1 / count
    total = sum(share for _, share in layer.coverages)
    large = [(name, share) for name, share in layer.coverages if share > even + 1e-9]
    if total > 1 + 1e-9:
        return f"its experiments cover {percent(total)} of all visitors together"
    if len(large) > 1:
        return f"more than one of its {count} experiments covers more than an even part ({percent(even)})"
    rest = [share for _, share in layer.coverages if share <= even]
    if large and any(share / even + _spill(layer, large[0][1]) > 1 + 1e-9 for share in rest):
        return f"`{large[0][0]}` does not fit beside the others"
    return ""


def choose_variant(experience: Experience, experiment: Experiment, visitor_id: str) -> Variant | None:
    """The variant of one who takes part; None for the arm that sees the original."""
    point = bucket(visitor_id, "split", experience.id)
    reached = 0.0
    arm = experiment.split[-1][0]
    for name, share in experiment.split:
        reached += share
        if point < reached:
            arm = name
            break
    return variant_called(experience, arm)


def variant_called(experience: Experience, arm: str) -> Variant | None:
    """The variant of that name; None for the original."""
    return None if arm == ORIGINAL else next(variant for variant in experience.variants if variant.id == arm)


def _spill(layer: Layer, coverage: float) -> float:
    """The share of every other experiment's part that one takes beyond its own."""
    others = len(layer.coverages) - 1
    return (coverage * len(layer.coverages) - 1) / others if others else 0.0
