"""Words -> an imagined visit: of the command line, and of `visit:` in a rulebook's `tests:`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from urllib.parse import unquote

from rules import fields
from rules.context import Value
from rules.errors import MistakeError, did_you_mean
from rules.operator_table import check_value
from rules.operators import parse_moment
from rules.pages import query_parameters
from rules.positions import read_position
from rules.signals import Signal, Type, lookup, suggest
from rules.timezones import require_zone

# What a visit has by itself, and where it is said.
_FOLLOWS = {
    "page.": ("the page", "write it into the path and its query"),
    "time.": ("the moment", "`at` says it, such as 2026-12-24T20:00"),
}

# Beyond them clocks of other zones, and calendars, have no say.
_YEARS = range(1970, 3000)


def read_page(word: str) -> tuple[str, dict[str, str]]:
    """A page's canonical path and query parameters, from the path as an address bar shows it. Raise MistakeError.

    >>> read_page("/caf%C3%A9?ref=news")
    ('/café', {'ref': 'news'})
    """
    path, _, query = word.partition("?")
    if not path.startswith("/"):
        raise MistakeError(f"the page `{word}` does not begin with `/`", hint="write its path, without the host")
    if "*" in path:
        raise MistakeError(f"`{word}` is many pages", hint="a visit is to one, such as /products/shoes")
    if "#" in word:
        raise MistakeError(f"`{word}` has a fragment, which is never sent", hint="leave out what begins with `#`")
    return unquote(path, errors="replace"), query_parameters(query)


def read_at(word: str) -> datetime:
    """The moment of a visit; without an offset it is on the visitor's clock. Raise MistakeError."""
    moment = parse_moment(word)
    if isinstance(moment, datetime):
        if moment.year not in _YEARS:
            hint = "such as 2026-12-02T10:00"
            raise MistakeError(f"`{word}` is not in the years {_YEARS.start} to {_YEARS.stop - 1}", hint=hint)
        return moment
    raise MistakeError(f"`at` wants a moment, not `{word}`", hint="such as 2026-12-02T10:00")


def read_signal(name: str, words: Sequence[str]) -> Value:
    """A signal's value, as its type asks for it. Raise MistakeError."""
    signal = lookup(name)
    if signal is None:
        raise MistakeError(f"unknown signal `{name}`", hint=suggest(name))
    for group, (source, hint) in _FOLLOWS.items():
        if name.startswith(group):
            raise MistakeError(f"`{name}` follows from {source}", hint=hint)
    if signal.type is Type.LIST:
        return tuple(words)
    if signal.type is Type.POSITION:
        # A YAML list of two says the same: `[59.9, 10.7]`.
        return read_position(",".join(words))
    if len(words) != 1:
        raise MistakeError(f"`{name}` has one value", hint="a visitor is one of them; make another test for another")
    return _read_word(signal, words[0])


def read_arm(experiments: Mapping[str, Collection[str]], name: str, word: str) -> str:
    """What an experiment gives a visitor; `experiments` has the arms of each by its id. Raise MistakeError."""
    arms = experiments.get(name, ())
    if not arms:
        known = [each for each, arms in experiments.items() if arms]
        hint = did_you_mean(name, known) or (f"there is {', '.join(known)}" if known else "the rulebook has none")
        raise MistakeError(f"`{name}` is no experiment", hint=hint)
    if word not in arms:
        raise MistakeError(f"unknown variant `{word}`", hint=did_you_mean(word, arms) or f"it has {', '.join(arms)}")
    return word


def _read_word(signal: Signal, word: str) -> Value:
    if word == "":
        raise MistakeError(f"`{signal.name}` has no value", hint="for a value that is missing leave it out")
    if signal.name == "geo.timezone":
        return require_zone(word).key
    if signal.values:
        # A condition may say `N*`, a visitor can't.
        check_value(signal, word.replace("*", "?"))
        return next(value for value in signal.values if value.casefold() == word.casefold())
    if signal.type in {Type.NUMBER, Type.BOOLEAN, Type.DATE}:
        check_value(signal, word)
    match signal.type:
        case Type.NUMBER:
            return fields.number(word, f"`{signal.name}`")
        case Type.BOOLEAN:
            return word.lower() == "true"
        case Type.DATE:
            return date.fromisoformat(word)
        case Type.MOMENT:
            return read_at(word)
        case _:
            # Cookies and query parameters come as text, whatever they say.
            return word
