"""What the settings of the page cache must be: lifetimes by path, cookies of sessions, parameters that tell nothing.

Owns the words that stand for lists, and which origins have a preset. `proxy.settings.model` names and explains the
settings; what the lists hold is `proxy.cache`'s.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from proxy.settings.values import Words
from rules.errors import MistakeError
from rules.pages import PagePattern

DEFAULT = "default"
"""The word for the list that holds where the operator gives none, to which others can be added."""


class SessionPreset(StrEnum):
    """Origins whose session cookies are known."""

    WORDPRESS = "wordpress"
    DJANGO = "django"
    DRUPAL = "drupal"
    GHOST = "ghost"
    MAGENTO = "magento"
    SHOPIFY = "shopify"


_SAME_COOKIES = {"wagtail": SessionPreset.DJANGO, "woocommerce": SessionPreset.WORDPRESS}
# Near enough to a preset to be one that is misspelt: `wordpres`, `magneto`.
_MISSPELT = 0.8
_COOKIE_GLOB = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # a token, RFC 9110 §5.6.2, of which `*` is a part
_PARAMETER_GLOB = re.compile(r"[^\s&=#?]+")

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"([1-9]\d{0,8})([smhd])")
_MAX_SECONDS = 365 * _UNITS["d"]


def _lifetimes(value: object) -> object:
    """Seconds by path, of a table in the file, or of `path=duration` as flags and the environment give it."""
    if isinstance(value, str):
        value = value.split(",")
    pairs = list(value.items()) if isinstance(value, Mapping) else value
    if not isinstance(pairs, list | tuple):
        return value
    found: dict[str, int] = {}
    for pair in pairs:
        path, duration = pair if isinstance(pair, tuple) else _pair(str(pair))
        if path in found:
            raise ValueError(f"{path!r} is named twice")
        found[_path(path)] = _seconds(path, duration)
    return found


def _pair(written: str) -> tuple[str, str]:
    path, equals, duration = written.strip().rpartition("=")
    if not equals:
        raise ValueError(f"{written!r} is not a pair (write path=duration, such as /blog/**=60s)")
    return path.strip(), duration.strip()


def _path(path: str) -> str:
    try:
        PagePattern(path)
    except MistakeError as mistake:
        # What rules can say beside a path, lifetimes can't.
        raise ValueError(f"{path!r} is no path (write a glob that begins with /, such as /blog/**)") from mistake
    return path


def _seconds(path: str, duration: object) -> int:
    written = _DURATION.fullmatch(duration) if isinstance(duration, str) else None
    if written is None:
        raise ValueError(f"{duration!r} for {path!r} is no duration (write seconds, minutes, hours or days: 60s, 5m)")
    seconds = int(written[1]) * _UNITS[written[2]]
    if seconds > _MAX_SECONDS:
        raise ValueError(f"{duration!r} for {path!r} is more than a year (give at most 365d)")
    return seconds


def _session_cookies(words: tuple[str, ...]) -> tuple[str, ...]:
    for word in words:
        if not _COOKIE_GLOB.fullmatch(word):
            raise ValueError(f"{word!r} can't name a cookie (write its name, or a glob such as shop_session_*)")
        if word in (DEFAULT, *SessionPreset) or "*" in word:
            continue
        near = get_close_matches(word, [DEFAULT, *SessionPreset], n=1, cutoff=_MISSPELT)
        if meant := _SAME_COOKIES.get(word) or next(iter(near), None):
            raise ValueError(f"{word!r} is no preset (did you mean {meant}? a cookie of that name is {word}*)")
    return words


def _tracking_parameters(words: tuple[str, ...]) -> tuple[str, ...]:
    for word in words:
        if not _PARAMETER_GLOB.fullmatch(word):
            raise ValueError(f"{word!r} can't name a parameter (write its name, or a glob such as utm_*)")
        if set(word) == {"*"}:
            raise ValueError(f"{word!r} would take every parameter for one that tells nothing (name them)")
    return words


Lifetimes = Annotated[Mapping[str, int], BeforeValidator(_lifetimes)]
"""Seconds by glob of paths, in the order in which they are tried: `{"/blog/**" = "60s"}`."""
SessionCookies = Annotated[tuple[str, ...], Words, AfterValidator(_session_cookies)]
"""Presets and globs of cookies; `default` stands for all presets."""
TrackingParameters = Annotated[tuple[str, ...], Words, AfterValidator(_tracking_parameters)]
"""Globs of parameters; `default` stands for the table in `proxy.cache.keys`."""
