"""What the values of settings may be: types that read flags, the environment and a file, or tell what is wrong."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from proxy.settings.vouched import SIGNED_NAMES, check_attribute
from proxy.wire import Network

EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound
"""What a listener on every address of the machine is told to listen on."""

NETWORK_WORDS: Mapping[str, tuple[str, ...]] = {
    "loopback": ("127.0.0.0/8", "::1/128"),
    # RFC 1918, RFC 4193 and, for hosts on one link, RFC 3927 and RFC 4291 §2.5.6.
    "private": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"),
}
"""Words that stand for networks in `trusted_proxies`."""

_COOKIE_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # a token, RFC 9110 §5.6.2
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+")


class GeoPreset(StrEnum):
    """The networks in front of Tailor whose location headers it can read."""

    CLOUDFLARE = "cloudflare"
    CLOUDFRONT = "cloudfront"
    FASTLY = "fastly"
    VERCEL = "vercel"
    AKAMAI = "akamai"


class ConsentSource(StrEnum):
    """Where the visitor's consent is read: from a banner's cookie, or not at all."""

    ONETRUST = "onetrust"
    COOKIEBOT = "cookiebot"
    USERCENTRICS = "usercentrics"
    TCF = "tcf"
    COOKIE = "cookie"
    NOT_REQUIRED = "not-required"
    NONE = "none"


CONSENT_PRESETS: Mapping[ConsentSource, tuple[str, str]] = {
    ConsentSource.ONETRUST: ("OptanonConsent", "C0003"),
    ConsentSource.COOKIEBOT: ("CookieConsent", "preferences"),
    ConsentSource.USERCENTRICS: ("uc_consent", "functional"),
    ConsentSource.TCF: ("euconsent-v2", "1,5,6"),
}
"""The cookie that a banner writes, and the categories in it that stand for personalization."""


def _split_list(value: object) -> object:
    """Flags and the environment give text: `a,b`, or several of them."""
    parts = [value] if isinstance(value, str | Path) else value
    if not isinstance(parts, list | tuple):
        return value
    return tuple(
        piece.strip() if isinstance(piece, str) else piece
        for part in parts
        for piece in (part.split(",") if isinstance(part, str) else (part,))
        if piece != ""
    )


def _split_pairs(value: object) -> object:
    """`name=cookie` pairs, as flags and the environment give them, to a mapping."""
    if isinstance(value, Mapping):
        return value
    pairs = _split_list(value)
    if not isinstance(pairs, tuple):
        return value
    found = {}
    for pair in pairs:
        name, equals, cookie = str(pair).partition("=")
        if not equals:
            raise ValueError(f"{pair!r} is not a pair (write signal=cookie, such as plan=shop_plan)")
        if name.strip() in found:
            raise ValueError(f"{name.strip()!r} is named twice")
        found[name.strip()] = cookie.strip()
    return found


def _origin_url(value: str) -> str:
    return _site_url(value, "write it like http://127.0.0.1:9000")


def _public_url(value: str) -> str:
    return _site_url(value, "write it like https://shop.example")


def _site_url(value: str, example: str) -> str:
    """Scheme and host of one site, without a trailing slash."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https"):
        raise ValueError(f"{value!r} is not an http or https URL ({example})")
    if "@" in parts.netloc:
        # Not repeated: it may hold a password.
        raise ValueError(f"a URL with a user name or password in it is not taken ({example})")
    if not re.fullmatch(r"[A-Za-z0-9._-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?", parts.netloc):
        raise ValueError(f"{value!r} does not name one host in ASCII ({example})")
    try:
        port = parts.port
    except ValueError as error:
        raise ValueError(f"{value!r} has a port that is out of range ({example})") from error
    if port == 0:
        raise ValueError(f"{value!r} has a port that is out of range ({example})")
    if parts.path not in ("", "/") or parts.query or parts.fragment or value.endswith(("?", "#")):
        raise ValueError(f"{value!r} has more than a host (leave out what follows {parts.netloc})")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _networks(value: object) -> object:
    pieces = _split_list(value)
    if not isinstance(pieces, tuple):
        return value
    networks: dict[Network, None] = {}
    for piece in pieces:
        for written in NETWORK_WORDS.get(str(piece).lower(), (str(piece),)):
            try:
                networks[ip_network(written)] = None
            except ValueError as error:
                raise ValueError(f"{written!r} is not an address or a network ({_network_hint(written)})") from error
    return tuple(networks)


def _network_hint(written: str) -> str:
    """The network that was likely meant, or how one is written."""
    try:
        return f"did you mean {ip_network(written, strict=False)}?"
    except ValueError:
        return f"write an address, a network such as 10.0.0.0/8, or one of: {', '.join(NETWORK_WORDS)}"


def _visitor_cookies(value: Mapping[str, str]) -> Mapping[str, str]:
    for name, cookie in value.items():
        check_attribute(name)
        if name in SIGNED_NAMES:
            hint = "use vouched_jwt, vouched_cookie or vouched_header"
            raise ValueError(f"visitor.{name} is not believed without a signature ({hint})")
        if not _COOKIE_NAME.fullmatch(cookie):
            raise ValueError(f"{cookie!r} can't name a cookie (write signal=cookie, such as plan=shop_plan)")
    return value


def _cookie_name(value: str) -> str:
    if not _COOKIE_NAME.fullmatch(value):
        raise ValueError(f"{value!r} can't name a cookie (such as OptanonConsent)")
    return value


def _prefix(value: str) -> str:
    if not _PREFIX.fullmatch(value) or any(part in (".", "..") for part in value.split("/")):
        raise ValueError(f"{value!r} is not a plain path (begin with / and end without it, such as /_tailor)")
    return value


def _creatable(folder: Path) -> Path:
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"'{folder}' is a file (name a folder)")
    nearest = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise ValueError(f"'{folder}' can't be created (its parent '{nearest}' is not a folder open to writing)")
    return folder


def _one_host(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._:-]+", value):
        raise ValueError(f"{value!r} is not a host name or address (such as 127.0.0.1, or 0.0.0.0 for all)")
    return value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


Words = BeforeValidator(_split_list)
"""Lists as flags and the environment give them: `a,b`, or several of them."""

OriginUrl = Annotated[str, AfterValidator(_origin_url)]
PublicUrl = Annotated[str, AfterValidator(_public_url)]
ListenHost = Annotated[str, AfterValidator(_one_host)]
Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]
CookieName = Annotated[str, AfterValidator(_cookie_name)]
VisitorCookies = Annotated[Mapping[str, str], BeforeValidator(_split_pairs), AfterValidator(_visitor_cookies)]
Networks = Annotated[tuple[Network, ...], BeforeValidator(_networks)]
Prefix = Annotated[str, AfterValidator(_prefix)]
DataFolder = Annotated[Path, AfterValidator(_creatable)]
AnyCase = BeforeValidator(_lower)


def port_of(url: SplitResult) -> int:
    """The port that an http or https URL names, or its scheme's own."""
    return url.port or (443 if url.scheme == "https" else 80)


def is_loopback(host: str) -> bool:
    """Whether a listener on `host` can only be reached from this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"
