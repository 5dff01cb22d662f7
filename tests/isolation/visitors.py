"""Who asks, and for what: visitors with a canary each, and requests in which they show who they are by some of it.

Owns the requests and what their sender may expect of the rulebook. What comes back is `checker`'s to judge.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tests.isolation.pages import BROKEN, EITHER, KINDS, OWN, SHARED

MARK = "zq"
"""What every canary begins with, so that one is found wherever it stands; 16 random hexadecimal digits follow."""

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)
DESKTOP = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

CREDENTIALS = ("name", "session", "authorization", "taste", "jar")
"""By what a visitor may be known to the site or to Tailor; `jar` are the cookies that Tailor set before."""
COUNTRIES = ("SE", "NO", "DE", "")
LANGUAGES = ("en", "sv, en;q=0.5", "")
CODINGS = ("gzip", "identity", "br, gzip", "zstd", "gzip, deflate, br, zstd", "")


@dataclass(slots=True)
class Visitor:
    """One person: `canary` stands only in what is theirs, `jar` holds the cookies that Tailor gave them."""

    canary: str
    consents: bool
    jar: dict[str, str] = field(default_factory=dict)


def crowd(count: int, chance: random.Random) -> tuple[Visitor, ...]:
    """That many visitors."""
    return tuple(Visitor(f"{MARK}{chance.getrandbits(64):016x}", chance.random() < 0.5) for _ in range(count))


@dataclass(frozen=True, slots=True)
class Ask:
    """One request. `cookies` is what of the jar goes along, `tag` what the visitor claims to hold of the page."""

    visitor: Visitor
    room: str
    kind: str
    number: int
    nonce: str
    method: str = "GET"
    credentials: frozenset[str] = frozenset()
    cookies: tuple[tuple[str, str], ...] = ()
    country: str = ""
    is_phone: bool = False
    is_from_campaign: bool = False
    has_content: bool = False
    language: str = ""
    coding: str = ""
    tag: str = ""
    range: str = ""
    cache_control: str = ""
    keeps_alive: bool = True

    @property
    def path(self) -> str:
        """What is asked for, without parameters."""
        return f"/{self.room}/{self.kind}/{self.number}"

    @property
    def is_tailored(self) -> bool:
        """Whether the rulebook is for this page."""
        return self.room == "touched" and self.method in ("GET", "HEAD")

    @property
    def is_personal(self) -> bool | None:
        """Whether the origin answers with this visitor's own page; None where it decides as it goes."""
        personal_with = KINDS[self.kind].personal_with
        if personal_with == "told":
            return None
        return personal_with == "me" or personal_with in self.credentials

    def is_led(self) -> str:
        """Where the rulebook leads this visitor: away by a `redirect`, to another page by `serve`, or nowhere."""
        if not self.is_tailored or self.kind != "leading":
            return ""
        if self.country == "NO" and "name" in self.credentials:
            return "redirect"
        return "serve" if self.country == "SE" else ""

    def places(self) -> dict[str, str]:
        """What must stand at the places that the rulebook changes for this visitor; what it may hold is not here."""
        own = self.visitor.canary
        texts = {place: place for place in ("hello", "mine", "country", "device", "campaign", "content")}
        if not self.is_tailored:
            return {**texts, "first": "first", "badge": "badge", "test": "test"}
        if "name" in self.credentials:
            texts |= {"hello": f"Hello, {own}", "mine": "Yours"}
        if self.country in ("SE", "NO"):
            texts["country"] = "Sweden" if self.country == "SE" else "Not Sweden"
        if self.is_phone:
            texts["device"] = "Phone"
        if self.is_from_campaign:
            texts["campaign"] = "Spring"
        if self.has_content:
            texts["content"] = own
        if "consent" not in self.credentials:
            texts |= {"first": "first", "test": "test"}
        return {**texts, "badge": own if "tailor_vouched" in dict(self.cookies) else "badge"}

    def may_hold(self) -> dict[str, str]:
        """What may stand at such a place instead: where a visit that goes on came from (needs an id)."""
        if "consent" not in self.credentials or "tailor_id" not in dict(self.cookies):
            return {}
        if self.is_from_campaign or self.has_content:
            return {}
        return {"campaign": "Spring", "content": self.visitor.canary}

    def attributes(self) -> dict[str, str]:
        """The same of the attributes of `mine`."""
        own = self.visitor.canary
        if self.is_tailored and "name" in self.credentials:
            return {"href": f"/me?of={own}", "title": f"For {own} alone"}
        return {"href": "/mine", "title": "mine"}

    def encode(self) -> bytes:
        """The request as it goes over the wire."""
        own = self.visitor.canary
        parameters = [
            *(["utm_campaign=spring", "utm_source=letter"] if self.is_from_campaign else []),
            *([f"utm_content={own}"] if self.has_content else []),
        ]
        target = self.path + ("?" + "&".join(parameters) if parameters else "")
        named = {"name": ("shop_name", own), "session": ("sessionid", own), "taste": ("taste", own)}
        cookies = [*(named[each] for each in named if each in self.credentials), *self.cookies]
        cookies += [("consent", "yes")] if "consent" in self.credentials else []
        body = own if self.method == "POST" else ""
        fields = {
            "Host": "shop.example",
            "User-Agent": PHONE if self.is_phone else DESKTOP,
            "Accept": "text/html",
            "X-Me": own,
            "X-Request": self.nonce,
            "Authorization": f"Bearer {own}" if "authorization" in self.credentials else "",
            "Cookie": "; ".join("=".join(pair) for pair in cookies),
            "CF-IPCountry": self.country,
            "Accept-Language": self.language,
            "Accept-Encoding": self.coding,
            "If-None-Match": self.tag,
            "Range": self.range,
            "Cache-Control": self.cache_control,
            "Content-Length": str(len(body)) if self.method == "POST" else "",
            "Connection": "" if self.keeps_alive else "close",
        }
        head = [f"{self.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items() if value)]
        return "\r\n".join([*head, "", body]).encode("latin-1")


class Asker:
    """Makes requests of some visitors, by chance, to the kinds that are named; left out, to all."""

    def __init__(self, visitors: Sequence[Visitor], chance: random.Random, *, keeps_alive: bool) -> None:
        self._visitors = visitors
        self._chance = chance
        self._keeps_alive = keeps_alive
        self._asked = 0

    def ask(self, excluded: frozenset[tuple[str, str]] = frozenset()) -> Ask:
        """One request; none to a room and kind that is `excluded`."""
        while True:
            room = self._chance.choice(("plain", "touched"))
            # What is shared and what is not in equal parts: a cache that holds nothing can leak nothing.
            kind = self._chance.choice(tuple(self._chance.choice((SHARED, SHARED, OWN, EITHER, EITHER, BROKEN))))
            if (room, kind) not in excluded:
                return self.as_someone(room, kind, self._chance.randrange(2))

    def as_someone(self, room: str, kind: str, number: int) -> Ask:
        """A request for that page."""
        chance = self._chance
        visitor = chance.choice(self._visitors)
        credentials = {name for name in CREDENTIALS if chance.random() < 0.3} | (
            {"consent"} if visitor.consents else set()
        )
        ask = Ask(
            visitor,
            room,
            kind,
            number,
            self._nonce(),
            method="POST" if kind == "form" else "HEAD" if chance.random() < 0.08 else "GET",
            credentials=frozenset(credentials),
            cookies=tuple(visitor.jar.items()) if "jar" in credentials else (),
            country=chance.choice(COUNTRIES),
            is_phone=chance.random() < 0.5,
            is_from_campaign=chance.random() < 0.2,
            has_content=chance.random() < 0.2,
            language=chance.choice(LANGUAGES),
            coding=chance.choice(CODINGS),
            keeps_alive=self._keeps_alive,
        )
        rare = chance.random()
        if rare < 0.04:
            return replace(ask, range=f"bytes={chance.randrange(50)}-{50 + chance.randrange(900)}")
        return replace(ask, cache_control="no-cache") if rare < 0.07 else ask

    def again(self, ask: Ask, tag: str) -> Ask:
        """The same visitor on the same page, with a tag for it, and at times in another segment than before."""
        country = self._chance.choice((ask.country, *COUNTRIES))
        return replace(ask, nonce=self._nonce(), tag=tag, range="", country=country)

    def instead_of(self, ask: Ask, tag: str) -> Ask:
        """Another visitor, in the same segment, with the tag that the first one got."""
        others = self._chance.choices(self._visitors, k=8)
        visitor = next((other for other in others if other.consents == ask.visitor.consents), ask.visitor)
        cookies = tuple(visitor.jar.items()) if "jar" in ask.credentials else ()
        return replace(ask, visitor=visitor, cookies=cookies, nonce=self._nonce(), tag=tag, range="")

    def _nonce(self) -> str:
        self._asked += 1
        return f"{self._asked}-{self._chance.getrandbits(32):08x}"
