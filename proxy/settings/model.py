"""What an operator can set, once and for all: one frozen `Settings`.

Owns every setting's name, type, default and help (the flags and the documentation are made from it), and what makes a
value wrong. Where the values come from, and who wins, is `proxy.settings.layers`'s.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from proxy.settings.cache import DEFAULT, Lifetimes, SessionCookies, SessionPreset, TrackingParameters
from proxy.settings.resolver import ResolverFields, ResolverHeaders, ResolverUrl
from proxy.settings.values import (
    CONSENT_PRESETS,
    EVERY_ADDRESS,
    AnyCase,
    ConsentSource,
    CookieName,
    DataFolder,
    GeoPreset,
    ListenHost,
    Networks,
    OriginUrl,
    Port,
    Prefix,
    PublicUrl,
    Seconds,
    VisitorCookies,
    Words,
    is_loopback,
    port_of,
)
from proxy.settings.vouched import CookieSection, JwtSection

MIN_TOKEN_LENGTH = 16

PROFILE_FILE = "profiles.db"
"""The name of the profiles' file in the data folder."""


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
    data: DataFolder = Field(
        Path("tailor-data"), description="The folder for what Tailor keeps; made when there is something to keep."
    )
    public_url: PublicUrl | None = Field(
        None,
        description="What the world calls this site, such as https://shop.example; for a site behind TLS.",
    )
    trusted_proxies: Networks = Field(
        (),
        description="Whose X-Forwarded-* and location headers are believed: addresses, networks, or the words "
        "loopback and private.",
    )
    geo_headers: Annotated[tuple[GeoPreset, ...], Words] = Field(
        (), description="Whose location headers are read: " + ", ".join(GeoPreset) + "."
    )
    geo_dbs: Annotated[tuple[Path, ...], Words] = Field(
        (), description="Databases of addresses, .mmdb files: where visitors are whom no header places."
    )
    visitor_cookies: VisitorCookies = Field(
        {},
        description="Cookies of the site that become signals: plan=shop_plan makes the cookie shop_plan the "
        "signal visitor.plan.",
    )
    vouched_jwt: JwtSection = Field(
        None,
        description="A token of the site's that vouches for the visitor: a section with its place, keys and claims.",
    )
    vouched_cookie: CookieSection = Field(
        None, description="A cookie that the site signs, and that vouches for the visitor: cookie and secret_file."
    )
    vouched_header: bool = Field(
        False,
        description="Whether the origin may vouch for a visitor in the response header Tailor-Visitor: true or false.",
    )
    accounts: Path | None = Field(
        None, description="The file of target companies, CSV or YAML: the signals company.* of their visitors."
    )
    asn_db: Path | None = Field(
        None, description="A database of networks, an .mmdb file: the company whose network a visitor is in."
    )
    company_resolver: ResolverUrl | None = Field(
        None, description="A service that tells companies: a URL, with {ip} where the visitor's address goes."
    )
    company_resolver_fields: ResolverFields = Field(
        {}, description="Where its JSON answer has what: name=company.name makes that the signal company.name."
    )
    company_resolver_headers: ResolverHeaders = Field(
        {},
        description="What it is to be sent beside; {env:NAME} stands for a variable, {file:PATH} for a file's line.",
    )
    company_resolver_seconds: Annotated[float, Field(gt=0, le=5, allow_inf_nan=False)] = Field(
        0.3, description="How long a page waits for it at most."
    )
    consent: ConsentSource = Field(
        ConsentSource.NONE, description="Where visitors' consent is read: " + ", ".join(ConsentSource) + "."
    )
    consent_cookie: CookieName | None = Field(
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
    profile_db: Path | None = Field(
        None, description="The file of visitors' profiles. Left out, it is profiles.db in the data folder."
    )
    profile_days: Annotated[int, Field(ge=1, le=400)] = Field(
        180, description="How many days the profile of a visitor who does not return is kept."
    )
    profile_bytes: Annotated[int, Field(ge=16 << 20)] = Field(
        1024 * 1024 * 1024, description="How large the file of profiles may grow before the oldest go."
    )
    me_template: Path | None = Field(
        None, description="The template of the page on which visitors see what is remembered; left out, a plain one."
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
    host_mode: Annotated[Literal["pass", "origin"], AnyCase] = Field(
        "pass",
        description="Which Host the origin hears: pass (the one that the visitor asked for) or origin (its own; what "
        "it says of itself in headers is mapped back).",
    )
    map_urls: bool = Field(
        False,
        description="Whether the origin's absolute URLs in pages become public ones; only with host_mode origin.",
    )
    prefix: Prefix = Field("/_tailor", description="The path under which Tailor's own endpoints answer.")
    page_size_bytes: Annotated[int, Field(ge=1024, le=1 << 30)] = Field(
        4 * 1024 * 1024, description="A page that is larger goes out as the origin sent it."
    )
    memory_bytes: Annotated[int, Field(ge=1 << 20)] = Field(
        64 * 1024 * 1024,
        description="How much memory a process may use to keep pages: the origin's, and what they were changed into.",
    )
    page_cache: bool = Field(
        True, description="Whether the origin's responses are kept for all visitors to share: true or false."
    )
    cache: Lifetimes = Field(
        {},
        description="How long a response is kept that says nothing of it: /blog/**=60s does so for a minute, by path.",
    )
    edge: bool = Field(
        False,
        description="Whether a cache in front, set up for it, may keep changed pages that are nobody's own: true or "
        "false.",
    )
    edge_seconds: Annotated[int, Field(ge=1, le=86_400)] = Field(60, description="How long it may keep one at most.")
    session_cookies: SessionCookies = Field(
        (DEFAULT,),
        description="Cookies with which only the origin answers: names, globs, or presets "
        f"({', '.join(SessionPreset)}); default is all presets.",
    )
    tracking_parameters: TrackingParameters = Field(
        (DEFAULT,),
        description="Parameters that tell no pages apart, and that the origin does not get: names or globs; default "
        "is the list in docs/caching.md.",
    )
    page_seconds: Seconds = Field(
        10.0, description="A page that takes longer to arrive goes out as the origin sends it."
    )
    cut_seconds: Seconds = Field(2.0, description="A page that takes longer to change goes out as the origin sent it.")
    held_bytes: Annotated[int, Field(ge=1024)] = Field(
        128 * 1024 * 1024,
        description="How many bytes of pages may be held at one time, in each process, until they are whole and "
        "changed; beyond them pages go out as the origin sends them.",
    )
    connect_seconds: Seconds = Field(5.0, description="How long to wait for a connection to the origin.")
    response_seconds: Seconds = Field(60.0, description="How long to wait for the head of the origin's response.")
    origin_connections: Annotated[int, Field(ge=1)] = Field(
        1024,
        description="How many requests may be with the origin at one time, in each process; as many wait for their "
        "turn, for connect_seconds, and who asks for one more gets a 503. WebSockets don't count.",
    )
    origin_failures: Annotated[int, Field(ge=0)] = Field(
        5, description="After how many failed connections and missed deadlines in a row the origin is spared; 0: never."
    )
    origin_rest_seconds: Seconds = Field(
        1.0, description="While the origin is spared: how often a request goes out all the same, to try it."
    )
    websocket_message_bytes: Annotated[int, Field(ge=1024)] = Field(
        64 * 1024 * 1024, description="A WebSocket on which a larger message is sent, either way, is closed (1009)."
    )
    websocket_connections: Annotated[int, Field(ge=0)] = Field(
        4096, description="How many WebSockets may be open in each process; who asks for one more gets a 503."
    )
    head_seconds: Seconds = Field(
        20.0, description="How long the head of a request may take, and the first byte of a connection."
    )
    body_seconds: Seconds = Field(
        30.0, description="How long the body of a request may stall; in the long run 500 bytes a second have to come."
    )
    send_seconds: Seconds = Field(
        60.0,
        description="How long a response may stall that the visitor does not take; in the long run 500 bytes a "
        "second have to go.",
    )
    body_bytes: Annotated[int, Field(ge=0)] | None = Field(
        None, description="The longest body of a request that is passed on; left out, of any length."
    )
    max_connections: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        4096, description="How many connections of visitors may be open in each process."
    )
    drain_seconds: Annotated[int, Field(ge=0, le=3600)] = Field(
        10, description="How long requests that are under way at the end may take."
    )
    log_level: Annotated[Literal["debug", "info", "warning", "error"], AnyCase] = Field(
        "info", description="How much the log tells: debug, info, warning or error."
    )
    log_format: Annotated[Literal["text", "json"], AnyCase] = Field(
        "text", description="How lines of the log are written: text or json."
    )
    access_log: bool = Field(
        False, description="Whether the log has a line for each request that was answered: true or false."
    )
    pause_drifting: bool = Field(
        False,
        description="Whether an experience is left out of pages while its selector is no longer found where it was: "
        "true or false.",
    )

    @property
    def profiles(self) -> Path | None:
        """The file of profiles; None where nobody can consent to one."""
        return None if self.consent is ConsentSource.NONE else self.profile_db or self.data / PROFILE_FILE

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
    def _let_only_a_known_cache_keep_pages(self) -> Self:
        if self.edge and not self.trusted_proxies:
            message = "is for a cache in front, and no proxy is trusted"
            raise InconsistentSettingError("edge", message, "name its address in trusted_proxies")
        if self.edge and not self.page_cache:
            message = "shares only what the page cache does, and that is off"
            raise InconsistentSettingError("edge", message, "leave page_cache on, or edge off")
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
    def _know_what_the_resolver_tells(self) -> Self:
        if self.company_resolver is None and (self.company_resolver_fields or self.company_resolver_headers):
            message = "is missing, and its answer or its headers are described"
            raise InconsistentSettingError("company_resolver", message, "give its URL")
        if self.company_resolver is not None and not {"name", "domain"} & set(self.company_resolver_fields):
            message = "says neither where the name nor where the domain is"
            hint = 'such as {name = "company.name", domain = "company.domain"}'
            raise InconsistentSettingError("company_resolver_fields", message, hint)
        return self

    @model_validator(mode="after")
    def _take_secrets_from_one_place(self) -> Self:
        if self.secrets is not None and self.secret_file is not None:
            raise InconsistentSettingError("secret_file", "there are `secrets` too", "give one of them")
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
