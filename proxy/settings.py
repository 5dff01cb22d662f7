"""What an operator can set, once and for all: one frozen `Settings`.

Owns every setting's name, type, default and help (the flags and the documentation are made from it), and what makes a
value wrong. Where the values come from, and who wins, is `proxy.settings_layers`'s.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

Network = IPv4Network | IPv6Network

EVERY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound
"""What a listener on every address of the machine is told to listen on."""

NETWORK_WORDS: Mapping[str, tuple[str, ...]] = {
    "loopback": ("127.0.0.0/8", "::1/128"),
    # RFC 1918, RFC 4193 and, for hosts on one link, RFC 3927 and RFC 4291 §2.5.6.
    "private": ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10"),
}
"""Words that stand for networks in `trusted_proxies`."""

MIN_TOKEN_LENGTH = 16

_SIGNAL_NAME = re.compile(r"[a-z][a-z0-9_]*")
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
    parts = [value] if isinstance(value, str) else value
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
        if not _SIGNAL_NAME.fullmatch(name):
            raise ValueError(f"{name!r} can't name a signal (use a-z, 0-9 and _, beginning with a letter)")
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


OriginUrl = Annotated[str, AfterValidator(_origin_url)]
PublicUrl = Annotated[str, AfterValidator(_public_url)]
ListenHost = Annotated[str, AfterValidator(_one_host)]
Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]


class Settings(BaseModel):
    """Everything that an operator can set. Descriptions are the help of the flags."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    origin: OriginUrl = Field(description="The site that Tailor stands in front of: an http or https URL.")
    rules: Path = Field(Path("rules"), description="The folder of the rulebook.")
    host: ListenHost = Field("127.0.0.1", description="The address on which visitors are served.")
    port: Port = Field(8080, description="The port on which visitors are served; 0 is any free one.")
    admin_host: ListenHost = Field(
        "127.0.0.1", description="The address of the admin listener; beyond loopback it needs a token."
    )
    admin_port: Port = Field(8081, description="The port of the admin listener; 0 is any free one.")
    admin_token: SecretStr | None = Field(
        None,
        description="The bearer token that the admin listener asks for (at least 16 characters). Not a flag, "
        "since every account of a machine can read its processes' flags.",
        json_schema_extra={"flag": False},
    )
    workers: Annotated[int, Field(ge=1, le=256)] = Field(1, description="How many processes serve visitors.")
    data: Annotated[Path, AfterValidator(_creatable)] = Field(
        Path("tailor-data"), description="The folder for what Tailor keeps; made when there is something to keep."
    )
    public_url: PublicUrl | None = Field(
        None,
        description="What the world calls this site, such as https://shop.example; for a site behind TLS.",
    )
    trusted_proxies: Annotated[tuple[Network, ...], BeforeValidator(_networks)] = Field(
        (),
        description="Whose X-Forwarded-* and location headers are believed: addresses, networks, or the words "
        "loopback and private.",
    )
    geo_headers: Annotated[tuple[GeoPreset, ...], BeforeValidator(_split_list)] = Field(
        (), description="Whose location headers are read: " + ", ".join(GeoPreset) + "."
    )
    visitor_cookies: Annotated[Mapping[str, str], BeforeValidator(_split_pairs), AfterValidator(_visitor_cookies)] = (
        Field(
            {},
            description="Cookies of the site that become signals: plan=shop_plan makes the cookie shop_plan the "
            "signal visitor.plan.",
        )
    )
    consent: ConsentSource = Field(
        ConsentSource.NONE, description="Where visitors' consent is read: " + ", ".join(ConsentSource) + "."
    )
    consent_cookie: Annotated[str, AfterValidator(_cookie_name)] | None = Field(
        None, description="The cookie that holds the consent, where it is not the preset's."
    )
    consent_category: str | None = Field(
        None,
        description="What has to be consented to, where it is not the preset's: categories, for tcf numbers of "
        "purposes, for cookie the value that stands for yes.",
    )
    company_without_consent: bool = Field(
        True, description="Whether signals of the tier company are read without consent: true or false."
    )
    visitor_days: Annotated[int, Field(ge=1, le=400)] = Field(
        180, description="How many days a visitor who does not return is known by the id cookie."
    )
    secret_file: Path | None = Field(
        None,
        description="The file of the secrets that sign cookies, one on each line: the first signs, all verify. Left "
        "out, one is made and kept in the data folder.",
    )
    secrets: SecretStr | None = Field(
        None,
        description="The same secrets, separated by spaces, in place of the file. Not a flag, since every account of "
        "a machine can read its processes' flags.",
        json_schema_extra={"flag": False},
    )
    host_mode: Annotated[Literal["pass", "origin"], BeforeValidator(_lower)] = Field(
        "pass",
        description="Which Host the origin hears: pass (the one that the visitor asked for) or origin (its own; what "
        "it says of itself in headers is mapped back).",
    )
    map_urls: bool = Field(
        False,
        description="Whether the origin's absolute URLs in pages become public ones; only with host_mode origin.",
    )
    prefix: Annotated[str, AfterValidator(_prefix)] = Field(
        "/_tailor", description="The path under which Tailor's own endpoints answer."
    )
    page_size_bytes: Annotated[int, Field(ge=1024, le=1 << 30)] = Field(
        4 * 1024 * 1024, description="A page that is larger goes out as the origin sent it."
    )
    memory_bytes: Annotated[int, Field(ge=1 << 20)] = Field(
        64 * 1024 * 1024, description="How much memory a process may use to keep pages that it has changed."
    )
    page_seconds: Seconds = Field(
        10.0, description="A page that takes longer to arrive goes out as the origin sends it."
    )
    connect_seconds: Seconds = Field(5.0, description="How long to wait for a connection to the origin.")
    response_seconds: Seconds = Field(60.0, description="How long to wait for the head of the origin's response.")
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = Field(
        "info", description="How much the log tells: debug, info, warning or error."
    )

    @model_validator(mode="after")
    def _guard_the_admin_listener(self) -> Self:
        token = self.admin_token.get_secret_value() if self.admin_token else ""
        if token and (len(token) < MIN_TOKEN_LENGTH or not token.isascii() or not token.isprintable()):
            raise InconsistentSettingError(
                "admin_token", f"is not {MIN_TOKEN_LENGTH} or more printable ASCII characters", "make a longer one"
            )
        if not token and not is_loopback(self.admin_host):
            raise InconsistentSettingError(
                "admin_host",
                f"'{self.admin_host}' is beyond loopback and there is no token",
                "set TAILOR_ADMIN_TOKEN, or leave the admin listener on 127.0.0.1",
            )
        return self

    @model_validator(mode="after")
    def _map_only_another_name(self) -> Self:
        if self.map_urls and self.host_mode != "origin":
            raise InconsistentSettingError(
                "map_urls",
                "has nothing to map while the origin hears the public Host",
                "set host_mode to origin, or leave map_urls out",
            )
        return self

    @model_validator(mode="after")
    def _keep_the_listeners_apart(self) -> Self:
        if self.port and self.port == self.admin_port and self.host == self.admin_host:
            raise InconsistentSettingError(
                "admin_port", f"{self.admin_port} is the visitors' port too", "choose another port for one of them"
            )
        return self

    @model_validator(mode="after")
    def _stand_in_front_of_another(self) -> Self:
        parts = urlsplit(self.origin)
        host, port = parts.hostname or "", port_of(parts)
        if any(
            port == listener_port and _is_reached_as(host, listener)
            for listener, listener_port in ((self.host, self.port), (self.admin_host, self.admin_port))
        ):
            message = f"'{self.origin}' is where Tailor itself listens"
            raise InconsistentSettingError("origin", message, "name the site's own port, or choose another for Tailor")
        return self

    @model_validator(mode="after")
    def _know_what_consent_means(self) -> Self:
        overrides = {"consent_cookie": self.consent_cookie, "consent_category": self.consent_category}
        for setting, value in overrides.items():
            if value is not None and self.consent in (ConsentSource.NONE, ConsentSource.NOT_REQUIRED):
                message = f"no cookie is read where consent is {self.consent}"
                raise InconsistentSettingError(setting, message, f"say whose cookie it is: {_BANNERS}")
            if value is None and self.consent is ConsentSource.COOKIE:
                message = "is missing, and where consent is cookie there is no preset"
                raise InconsistentSettingError(setting, message, "name the cookie, and the value that stands for yes")
        categories = [part.strip() for part in (self.consent_category or "1").split(",")]
        if self.consent is ConsentSource.TCF and not all(part in _PURPOSES for part in categories):
            message = f"{self.consent_category!r} is no list of purposes"
            raise InconsistentSettingError("consent_category", message, "give numbers from 1 to 24, such as 1,5,6")
        if "" in categories or self.consent_category == "":
            message = f"{self.consent_category!r} names nothing in a place"
            raise InconsistentSettingError("consent_category", message, "give words with a comma between them")
        return self

    @model_validator(mode="after")
    def _take_secrets_from_one_place(self) -> Self:
        if self.secrets is not None and self.secret_file is not None:
            raise InconsistentSettingError("secret_file", "there are secrets in the variable too", "give one of them")
        return self


_BANNERS = ", ".join([*CONSENT_PRESETS, ConsentSource.COOKIE])
_PURPOSES = frozenset(str(purpose) for purpose in range(1, 25))


class InconsistentSettingError(ValueError):
    """A mistake that shows only when settings are seen together; `setting` is the one to change."""

    def __init__(self, setting: str, message: str, hint: str) -> None:
        super().__init__(f"{message} ({hint})")
        self.setting = setting


def _is_reached_as(name: str, listener: str) -> bool:
    """Whether a connection to `name` may end at what listens on the address `listener`."""
    if listener in EVERY_ADDRESS:
        return is_loopback(name)
    # "localhost" may be any of loopback's addresses; 127.0.0.1 and 127.0.0.2 are not each other.
    return name == listener or ("localhost" in (name, listener) and is_loopback(name) and is_loopback(listener))


def port_of(url: SplitResult) -> int:
    """The port that an http or https URL names, or its scheme's own."""
    return url.port or (443 if url.scheme == "https" else 80)


def is_loopback(host: str) -> bool:
    """Whether a listener on `host` can only be reached from this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"
