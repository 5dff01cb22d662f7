"""`geo.country:SE,device.type:mobile` -> a persona: who a rulebook's author takes themselves for.

Owns how a persona is written, and what it changes of a request's context. Where it is written (a parameter, a cookie, a
form) is the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rules.context import Context, Value, make_context
from rules.errors import MistakeError, did_you_mean
from rules.load_visits import read_arm, read_at, read_signal
from rules.signals import Type, is_signal, lookup
from rules.timezones import visitor_zone

WORDS = ("at", "id", "host", "consent")
"""What a persona may say beside signals and `variant.<experiment>`."""
VARIANT = "variant."

_PAIR = re.compile(r'\s*([^:,"]*?)\s*(?::\s*(?:"((?:[^"]|"")*)"|([^,"]*?))\s*)?(?:,|\Z)')
_ANSWERS = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Persona:
    """What is taken for granted; all else is as it is observed.

    `at` without an offset is on the visitor's clock. `consent` is None where the visitor's own answer counts.
    `variants` are arms that experiments give, by the experiment's id.
    """

    signals: Mapping[str, Value] = field(default_factory=dict)
    at: datetime | None = None
    id: str = ""
    host: str = ""
    consent: bool | None = None
    variants: Mapping[str, str] = field(default_factory=dict)

    def context(self, observed: Context, site_timezone: str, permits: Callable[[str], bool]) -> Context:
        """The context of a request, were it this persona's; `permits` tells which signals the consent covers."""
        given = {name: value for name, value in self.signals.items() if permits(name)}
        # What is told by the clock is told anew.
        kept = {name: value for name, value in observed.signals.items() if not name.startswith("time.")}
        signals = {**kept, **given}
        at = self.at or observed.now
        if at.tzinfo is None:
            at = at.replace(tzinfo=visitor_zone(signals.get("geo.timezone"), site_timezone))
        return make_context(
            signals,
            now=at,
            host=observed.host,
            site_timezone=site_timezone,
            visitor_id="" if self.consent is False else self.id or observed.visitor_id,
            assigned=self.variants,
        )


def read_persona(text: str, experiments: Mapping[str, Collection[str]]) -> Persona:
    """A persona from `name:value` pairs with commas between them. Raise MistakeError.

    A value with a comma in it stands in double quotes, and a quote inside of those is doubled. A signal that is a list
    is named once for each of its items. `experiments` has the arms of each experiment by its id.

    >>> read_persona('geo.city:"Washington, D.C.",at:2026-12-24T20:00', {}).signals
    {'geo.city': 'Washington, D.C.'}
    """
    words: dict[str, list[str]] = {}
    for name, value in _pairs(text):
        if name in words and not _is_list(name):
            raise MistakeError(f"`{name}` is said twice", hint="say it once")
        words.setdefault(name, []).append(value)
    plain = {name: values[0] for name, values in words.items() if name in WORDS or name.startswith(VARIANT)}
    return Persona(
        signals={name: _signal(name, values) for name, values in words.items() if name not in plain},
        at=read_at(plain["at"]) if "at" in plain else None,
        id=plain.get("id", ""),
        host=plain.get("host", "").lower(),
        consent=_consent(plain["consent"]) if "consent" in plain else None,
        variants={
            name.removeprefix(VARIANT): read_arm(experiments, name.removeprefix(VARIANT), value)
            for name, value in plain.items()
            if name.startswith(VARIANT)
        },
    )


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text):
        found = _PAIR.match(text, position)
        if found is None:
            rest = text[position:].strip()
            raise MistakeError(
                f"`{rest}` can't be read",
                hint='a value that has a comma or a quote in it stands in double quotes: geo.city:"Washington, D.C."',
            )
        position = found.end()
        name, quoted, bare = found.groups()
        value = quoted.replace('""', '"') if quoted is not None else bare
        if not name or value is None:
            raise MistakeError(
                f"`{found[0].strip(' ,')}` is no `name:value`", hint="such as geo.country:SE,device.type:mobile"
            )
        if not value:
            raise MistakeError(f"`{name}` has no value", hint="what is not known of a visitor is left out")
        yield name, value


def _signal(name: str, words: list[str]) -> Value:
    if not is_signal(name) and "." not in name:
        raise MistakeError(
            f"unknown word `{name}`",
            hint=did_you_mean(name, WORDS) or f"there are signals, variant.<experiment>, {', '.join(WORDS)}",
        )
    return read_signal(name, words)


def _is_list(name: str) -> bool:
    signal = lookup(name)
    return signal is not None and signal.type is Type.LIST


def _consent(word: str) -> bool:
    answer = _ANSWERS.get(word.lower())
    if answer is None:
        raise MistakeError(f"`consent` is `yes` or `no`, not `{word}`", hint="write one of the two")
    return answer
