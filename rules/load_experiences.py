"""`experiences:` of rule files -> experiences."""

from __future__ import annotations

from dataclasses import dataclass

from rules import fields, load_variants
from rules.errors import MistakeError
from rules.fields import Problems
from rules.load_conditions import ConditionReader
from rules.load_experiments import ExperimentReader
from rules.load_pages import read_pages
from rules.load_schedule import read_schedule
from rules.load_variants import VariantReader
from rules.model import Experience, Experiment, Variant
from rules.nodes import Entries, Node, Scalar
from rules.pages import PagePattern
from rules.schedule import Schedule

KEYS = (
    "title",
    "pages",
    "except",
    "who",
    "when",
    "priority",
    "enabled",
    "draft",
    *load_variants.KEYS,
    "experiment",
    "variants",
)
_MAX_PRIORITY = 1_000_000


@dataclass(frozen=True, slots=True)
class ExperienceReader:
    """Reads the experiences of one folder. `site_country` is the country under `site:`, empty where there is none."""

    conditions: ConditionReader
    variants: VariantReader
    experiments: ExperimentReader
    problems: Problems
    site_country: str = ""

    def experience(self, key: Scalar, node: Node, order: int) -> Experience | None:
        """The experience, or None where something is wrong with it, which the problems then hold."""
        before, read = len(self.problems.found), self.problems.read
        with self.problems.at(node):
            block = fields.entries(node, f"experience `{key.text}`")
            fields.known_keys(block, "an experience", KEYS, self.problems)
            if block.get("pages") is None:
                self.problems.add(
                    key.position, f"experience `{key.text}` has no `pages`", hint="for every page write /**"
                )
            variants = self._variants(key, block)
            experiment = block.get("experiment")
            experience = Experience(
                id=key.text,
                pages=read(block.get("pages"), self._pages, ()),
                exclude=read(block.get("except"), self._pages, ()),
                who=read(block.get("who"), self.conditions.condition, None),
                when=read(block.get("when"), self._schedule, None),
                variants=variants,
                experiment=self._experiment(experiment, variants) if experiment is not None and variants else None,
                title=read(block.get("title"), lambda value: fields.text(value, "`title`"), ""),
                priority=read(block.get("priority"), _priority, 0),
                enabled=read(block.get("enabled"), lambda value: fields.flag(value, "`enabled`"), True),
                draft=read(block.get("draft"), lambda value: fields.flag(value, "`draft`"), False),
                position=key.position,
                order=order,
            )
            return experience if len(self.problems.found) == before else None
        return None

    def _variants(self, key: Scalar, block: Entries) -> tuple[Variant, ...]:
        several, experiment, own = block.get("variants"), block.get("experiment"), self.variants.variant(block)
        if several is not None and experiment is None:
            hint = "add experiment: {split: …}, which says who sees which"
            self.problems.add(several.position, "`variants` without `experiment`", hint=hint)
        if several is None and experiment is not None:
            hint = "add variants: {bold: {change: …}}; `original` is the page as it is"
            self.problems.add(experiment.position, "an experiment without `variants`", hint=hint)
        if several is None and experiment is None and own is None:
            hint = f"say what it shows: {', '.join(load_variants.KEYS)}"
            self.problems.add(key.position, f"experience `{key.text}` has no `change`", hint=hint)
        if several is None:
            return () if own is None or experiment is not None else (own,)
        if own is not None:
            hint = "move it into the variant that shows it"
            self.problems.add(several.position, "`variants` beside a `change` of the experience itself", hint=hint)
        with self.problems.at(several):
            return self.variants.variants(several)
        return ()

    def _experiment(self, node: Node, variants: tuple[Variant, ...]) -> Experiment | None:
        return self.experiments.experiment(node, [variant.id for variant in variants])

    def _pages(self, node: Node) -> tuple[PagePattern, ...]:
        return read_pages(node, "`pages`", self.problems)

    def _schedule(self, node: Node) -> Schedule | None:
        return read_schedule(node, self.problems, site_country=self.site_country)


def _priority(node: Node) -> int:
    priority = fields.integer(node, "`priority`")
    if abs(priority) > _MAX_PRIORITY:
        raise MistakeError(
            f"`priority` is beyond {_MAX_PRIORITY:,}", hint="only which one is higher counts: 1, 2, 3 will do"
        )
    return priority
