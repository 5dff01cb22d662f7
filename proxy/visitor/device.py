"""The visitor's device, from `User-Agent` and `Accept-Language`: the `device.` signals.

What a bot is given depends on the device that it claims to be and never on its being a bot, so no signal names one.
An iPad whose browser asks for desktop pages (the default since iPadOS 13) says that it is a Mac, and passes for one.
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

MAX_HEADER_LENGTH = 512
"""Longer headers are read up to here: parsing costs time for each character, and they are keys of a cache."""

BROWSERS: Mapping[str, tuple[str, ...]] = {
    "Chrome": ("Chrome", "Chrome Mobile", "Chrome Mobile iOS", "Chrome Mobile WebView", "Chromium", "HeadlessChrome"),
    "Safari": ("Safari", "Mobile Safari", "Mobile Safari UI/WKWebView"),
    "Firefox": ("Firefox", "Firefox Mobile", "Firefox iOS", "Firefox Focus"),
    "Edge": ("Edge", "Edge Mobile"),
    "Internet Explorer": ("IE", "IE Mobile"),
    "Opera": ("Opera", "Opera Mobile", "Opera Mini", "Opera Tablet", "Opera Coast", "Opera GX", "Opera Touch"),
    "Samsung Internet": ("Samsung Internet",),
    "Amazon Silk": ("Amazon Silk",),
    "Brave": ("Brave",),
    "DuckDuckGo": ("DuckDuckGo", "DuckDuckGo Mobile"),
    "Ecosia": ("Ecosia Android", "Ecosia iOS"),
    "Vivaldi": ("Vivaldi",),
    "Yandex Browser": ("Yandex Browser",),
    "UC Browser": ("UC Browser",),
    "QQ Browser": ("QQ Browser", "QQ Browser Mobile"),
    "MIUI Browser": ("MiuiBrowser",),
    "Android Browser": ("Android",),
    "HbbTV": ("HbbTV",),
    # The browsers inside of apps.
    "Facebook": ("Facebook",),
    "Instagram": ("Instagram",),
    "LinkedIn": ("LinkedIn App",),
    "Pinterest": ("Pinterest",),
    "Snapchat": ("Snapchat",),
    "TikTok": ("TikTok", "BytedanceWebview"),
    "WeChat": ("WeChat",),
    "Google": ("Google", "GoogleApp"),
}
"""Names of `device.browser`, each with ua-parser's families. What is not here (programs, bots) has no browser."""

OPERATING_SYSTEMS: Mapping[str, tuple[str, ...]] = {
    "macOS": ("Mac OS X",),
    "ChromeOS": ("Chrome OS",),
    "webOS": ("Web0S", "webOS"),
    "Linux": ("Ubuntu", "Debian", "Fedora", "Red Hat", "CentOS", "SUSE", "Gentoo", "Mageia", "Arch Linux"),
}
"""Names of `device.os` that are not ua-parser's own, each with ua-parser's families."""

_TV = re.compile(
    r"smart-?tv|hbbtv|google ?tv|apple ?tv|android ?tv|\btv\b|\bbravia\b|\baft[a-z0-9]+\b|\broku|crkey|netcast"
    r"|web0s|webos\.tv|viera|\bdtv\b|mitv|mibox|playstation [345]|\bxbox\b",
    re.IGNORECASE,
)
# "Tablet PC 2.0" is a component that Internet Explorer on desktops tells of.
_TABLET = re.compile(r"\bipad\b|\btablet\b(?! pc)|playbook|\bkindle\b|\bkf[a-z]{2,6}\b|\bsm-[tx]\d{3}", re.IGNORECASE)
_MOBILE = re.compile(
    r"mobi|iphone|ipod|windows phone|blackberry|\bbb10\b|opera mini|kaios|symbian|nintendo 3ds", re.IGNORECASE
)
# How a bot signs: in a comment, or at the end of one, with its address.
_BOT_SIGNATURE = re.compile(r"(?:;?\s*+compatible)?;?[^();]*+;\s*+\+?https?://[^()]*+")


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
        self._browsers = _by_family(BROWSERS)
        self._systems = _by_family(OPERATING_SYSTEMS)
        self._devices: LRUCache[str, Mapping[str, str]] = LRUCache(remembered)
        self._languages: LRUCache[str, str] = LRUCache(remembered)

    def read(self, user_agent: str, accept_language: str) -> dict[str, str]:
        """The `device.` signals that these headers tell of; `device.type` is always there."""
        agent = user_agent[:MAX_HEADER_LENGTH]
        device = self._devices.get(agent)
        if device is None:
            device = self._devices[agent] = self._read_agent(agent)
        languages = accept_language[:MAX_HEADER_LENGTH]
        language = self._languages.get(languages)
        if language is None:
            language = self._languages[languages] = preferred_language(languages)
        return {**device, "device.language": language} if language else dict(device)

    def _read_agent(self, agent: str) -> dict[str, str]:
        parsed = self._resolve(agent, Domain.ALL)
        if _is_bot(parsed):
            agent = _BOT_SIGNATURE.sub("", agent)
            parsed = self._resolve(agent, Domain.ALL)
        found: dict[str, str] = {"device.type": device_type(agent).value}
        if parsed.os is not None:
            found["device.os"] = self._systems.get(parsed.os.family, parsed.os.family)
        if parsed.user_agent is not None and (name := self._browsers.get(parsed.user_agent.family)):
            found["device.browser"] = name
        if brand := _brand(parsed):
            found["device.brand"] = brand
        return found


def device_type(agent: str) -> DeviceType:
    """The type of device that a `User-Agent` claims; where it claims none, a desktop."""
    if _TV.search(agent):
        return DeviceType.TV
    if _TABLET.search(agent):
        return DeviceType.TABLET
    if _MOBILE.search(agent):
        return DeviceType.MOBILE
    # Browsers on Android say "Mobile" on phones, and only there.
    return DeviceType.TABLET if "android" in agent.lower() else DeviceType.DESKTOP


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


def _is_bot(parsed: PartialResult) -> bool:
    return parsed.device is not None and parsed.device.brand == "Spider"


def _brand(parsed: PartialResult) -> str:
    brand = parsed.device.brand if parsed.device else None
    return "" if brand is None or brand == "Spider" or brand.startswith("Generic") else brand


def _by_family(names: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {family: name for name, families in names.items() for family in families}
