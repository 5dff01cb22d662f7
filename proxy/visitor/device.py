"""The visitor's device, from `User-Agent`, client hints and `Accept-Language`: the `device.` signals.

Where hints came they win, since Chromium freezes what it says in `User-Agent`. What a bot is given depends on the
device that it claims to be and never on its being a bot, so no signal names one (`proxy.visitor.bots` tells them).
Safari on an iPad that asks for desktop pages (the default since iPadOS 13) says that it is a Mac, and passes for one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from cachetools import LRUCache
from ua_parser import Domain
from ua_parser.core import PartialResult
from ua_parser.loaders import load_lazy_builtins
from ua_parser.regex import Resolver

from proxy.visitor.bots import BotReader
from proxy.visitor.client_hints import NO_HINTS, UNTOLD, ClientHints, Written, read_hints
from proxy.visitor.device_names import (
    BRAND_SPELLINGS,
    BROWSERS,
    HINTED_BROWSERS,
    HINTED_SYSTEMS,
    MAKERS,
    OPERATING_SYSTEMS,
)

MAX_HEADER_LENGTH = 512
"""Longer headers are read up to here: parsing costs time for each character, and they are keys of a cache."""

_TV = re.compile(
    r"smart-?tv|hbbtv|google ?tv|apple ?tv|android ?tv|(?<![a-z])tv(?![a-z])|\bbravia\b|\baft[a-z0-9]+\b|\broku|crkey"
    r"|netcast|web0s|webos\.tv|viera|\bdtv\b|mitv|mibox|\bvizio\b|playstation [345]|\bxbox\b"
    r"|nintendo (?:wii|switch)",
    re.IGNORECASE,
)
# Names, since many a tablet says "Mobile" as telephones do. "Tablet PC 2.0" is a component that Internet Explorer on
# desktops tells of.
_TABLET = re.compile(
    r"\bipad\b|\btablet\b(?! pc)|playbook|\bkindle\b|\bkf[a-z]{2,6}\b|\bsm-[tx]\d{3}|\bgt-p\d{4}|\btb[-\d]|\bmi ?pad\b"
    r"|\b(?:redmi|mate|media|xiaomi|oneplus|realme|lenovo|oppo)[ _-]?(?:pad|tab)\b|\bnexus (?:7|9|10)\b|\bpixel c\b",
    re.IGNORECASE,
)
_MOBILE = re.compile(
    r"mobi|iphone|ipod|windows phone|blackberry|\bbb10\b|opera mini|kaios|symbian|nintendo 3ds"
    r"|playstation (?:vita|portable)",
    re.IGNORECASE,
)
# A browser of iOS that asks for desktop pages, as on an iPad: no Mac has "Mobile", nor a browser of these names.
_IPAD_AS_MAC = re.compile(r"[^(]*\(Macintosh;[^)]*\).*(?:\bMobile/|CriOS|FxiOS|EdgiOS|\bGSA/)")
# How a bot signs: in a comment, or at the end of one, with its address.
_BOT_SIGNATURE = re.compile(r";?\s?compatible;(?! ?msie)[^()]*+|;?[^();]*+;\s?\+?https?://[^()]*+", re.IGNORECASE)
# What the browsers of Android say in place of a model, since Chrome 110.
_NO_MODEL = "; K)"
_MODEL = re.compile(r"[\w .+-]{1,64}")
_MAKER = re.compile(
    r"Android [\d.]+; ?(?:" + "|".join(f"(?P<{maker}>{models})" for maker, models in MAKERS.items()) + ")"
)


class DeviceType(StrEnum):
    """What `device.type` can be."""

    MOBILE = "mobile"
    TABLET = "tablet"
    DESKTOP = "desktop"
    TV = "tv"


class DeviceReader:
    """Reads devices, and remembers what it read for each string. Expensive to make (0.4 s), cheap to use."""

    def __init__(self, remembered: int = 4096) -> None:
        self._resolve = Resolver(load_lazy_builtins())
        self._bots = BotReader(remembered)
        self._browsers = _by_family(BROWSERS)
        self._systems = _by_family(OPERATING_SYSTEMS)
        self._devices: LRUCache[tuple[str, Written], Mapping[str, str]] = LRUCache(remembered)
        self._languages: LRUCache[str, str] = LRUCache(remembered)

    def read(self, user_agent: str, accept_language: str, hints: Written = NO_HINTS) -> dict[str, str]:
        """The `device.` signals that these headers tell of; `device.type` is always there."""
        key = (user_agent[:MAX_HEADER_LENGTH], hints)
        device = self._devices.get(key)
        if device is None:
            device = self._devices[key] = self._read_device(key[0], read_hints(hints))
        languages = accept_language[:MAX_HEADER_LENGTH]
        language = self._languages.get(languages)
        if language is None:
            language = self._languages[languages] = preferred_language(languages)
        return {**device, "device.language": language} if language else dict(device)

    def is_bot(self, user_agent: str) -> bool:
        """Whether a program sent it: nobody to be counted or remembered."""
        return self._bots.is_bot(user_agent)

    def _read_device(self, agent: str, hints: ClientHints) -> dict[str, str]:
        if self.is_bot(agent):
            agent = _BOT_SIGNATURE.sub("", agent)
        if _MODEL.fullmatch(hints.model):
            agent = agent.replace(_NO_MODEL, f"; {hints.model})")
        parsed = self._resolve(agent, Domain.ALL)
        kind = device_type(agent, hints)
        found = {
            "device.type": kind.value,
            "device.os": self._system(parsed, agent, hints, kind),
            "device.browser": self._browser(parsed, hints),
            "device.brand": _brand(parsed, agent),
        }
        return {name: value for name, value in found.items() if value}

    def _system(self, parsed: PartialResult, agent: str, hints: ClientHints, kind: DeviceType) -> str:
        if _IPAD_AS_MAC.match(agent):
            return "iOS"
        # Televisions have systems that no hint has a word for.
        if kind is not DeviceType.TV and hints.platform in HINTED_SYSTEMS:
            return HINTED_SYSTEMS[hints.platform]
        return self._systems.get(parsed.os.family, parsed.os.family) if parsed.os else ""

    def _browser(self, parsed: PartialResult, hints: ClientHints) -> str:
        if hinted := {HINTED_BROWSERS[brand] for brand in hints.brands & HINTED_BROWSERS.keys()}:
            return min(hinted)
        return self._browsers.get(parsed.user_agent.family, "") if parsed.user_agent else ""


def device_type(agent: str, hints: ClientHints = UNTOLD) -> DeviceType:
    """The type of device that a `User-Agent` claims, and its client hints; where they claim none, a desktop."""
    if _TV.search(agent):
        return DeviceType.TV
    if "Tablet" in hints.form_factors or _TABLET.search(agent) or _IPAD_AS_MAC.match(agent):
        return DeviceType.TABLET
    if hints.mobile if hints.mobile is not None else _MOBILE.search(agent):
        return DeviceType.MOBILE
    # Browsers on Android say that they are mobile on phones, and only there.
    is_android = hints.platform == "Android" if hints.platform else "android" in agent.lower()
    return DeviceType.TABLET if is_android and "Desktop" not in hints.form_factors else DeviceType.DESKTOP


def preferred_language(accept_language: str) -> str:
    """The primary subtag of the language that `Accept-Language` wants most (RFC 9110 §12.5.4), or nothing.

    >>> preferred_language("de-AT;q=0.8, nb-NO, en;q=0.9")
    'nb'
    """
    best, best_weight = "", 0.0
    for choice in accept_language.split(","):
        tag, _, parameters = choice.partition(";")
        primary = tag.strip().partition("-")[0].lower()
        if not (2 <= len(primary) <= 8 and primary.isascii() and primary.isalpha()):
            continue
        if (weight := _weight(parameters)) > best_weight:
            best, best_weight = primary, weight
    return best


def _weight(parameters: str) -> float:
    """The `q` of a choice: 1 if there is none, 0 if it can't be read."""
    name, equals, value = parameters.strip().partition("=")
    if not equals:
        return 1.0
    if name.strip().lower() != "q" or not re.fullmatch(r"[01](\.\d{0,3})?", value.strip()):
        return 0.0
    return min(float(value), 1.0)


def _brand(parsed: PartialResult, agent: str) -> str:
    if known := _MAKER.search(agent):
        return known.lastgroup or ""
    brand = parsed.device.brand if parsed.device else None
    if brand is None or brand == "Spider" or brand.startswith("Generic"):
        return ""
    return BRAND_SPELLINGS.get(brand, brand)


def _by_family(names: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {family: name for name, families in names.items() for family in families}
