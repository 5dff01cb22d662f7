"""What the origin answers: a catalogue of kinds of pages, and who may get a response of each.

Pure: what a request holds, a version and a source of chance become a reply. Each reply tells in `X-Sharing` who may get
it, in `X-Made-For` whose it is and in `X-Request` which request it answers, so that whoever got it can be compared with
that. A canary stands in no reply that is for all: a page that says it is public and is not would be the origin's leak.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from tests.isolation.markup import markup

Fields = tuple[tuple[str, str], ...]
LARGE_ITEMS = 6_000


class Sharing(StrEnum):
    """Who may get a response: anyone; who sends the same fields or has its tag confirmed; one request alone."""

    ALL = "all"
    SAME = "same"
    NONE = "none"


class Ending(StrEnum):
    """How a response ends on the wire."""

    WHOLE = "whole"
    CHUNKS = "chunks"
    CLOSE = "close"
    RESET = "reset"
    SHORT = "short"
    BAD_CHUNK = "bad-chunk"
    TRAILING = "trailing"
    """Whole, with a second response behind it that nobody asked for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the origin reads of a request, names of fields in lower case; `version` is the page's by now."""

    method: str
    path: str
    fields: Mapping[str, str]
    version: int
    chance: random.Random = field(default_factory=random.Random)

    @property
    def kind(self) -> str:
        """The name in the path's middle: `/room/kind/number`."""
        return self.path.split("/")[2]

    @property
    def canary(self) -> str:
        """The visitor's own, which every request bears."""
        return self.fields.get("x-me", "")

    def bears(self, name: str) -> bool:
        """Whether a cookie of that name came."""
        return any(pair.strip().startswith(name + "=") for pair in self.fields.get("cookie", "").split(";"))


@dataclass(frozen=True, slots=True)
class Reply:
    """A response to be sent; a slow one after some time."""

    status: int
    fields: Fields
    body: bytes
    ending: Ending = Ending.WHOLE
    is_slow: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of page. `personal_with` is the credential with which it is the visitor's own.

    "" stands for never, "me" for always, and "told" for as `X-Sharing` says. `breaks` is one whose responses may break
    off, `guessed` one that says nothing of caching, so that a cache in front with a lifetime of its own may share it.
    """

    answer: Callable[[Asked], Reply]
    personal_with: str = ""
    statuses: frozenset[int] = frozenset({200})
    breaks: bool = False
    guessed: bool = False


def page(
    asked: Asked,
    sharing: Sharing,
    *fields: tuple[str, str],
    status: int = 200,
    has_tag: bool = True,
    language: str = "",
    is_slow: bool = False,
    items: int = 20,
) -> Reply:
    """A page that is for everyone, or that holds the visitor's canary."""
    owner = asked.canary if sharing is not Sharing.ALL else "anyone"
    body = markup(asked.path, owner=owner, version=asked.version, language=language, items=items)
    tag = (("etag", f'"{asked.kind}-{owner}-{language}-{asked.version}"'),) if has_tag else ()
    told = (
        ("content-type", "text/html; charset=utf-8"),
        ("x-sharing", sharing),
        ("x-made-for", owner),
        ("x-request", asked.fields.get("x-request", "")),
    )
    return Reply(status, (*told, *tag, *fields), body, is_slow=is_slow)


def caching(said: str) -> tuple[str, str]:
    """A `Cache-Control` field."""
    return "cache-control", said


def shared(*fields: tuple[str, str], has_tag: bool = True) -> Callable[[Asked], Reply]:
    """A page for everyone."""
    return lambda asked: page(asked, Sharing.ALL, *fields, has_tag=has_tag)


def own(
    *fields: tuple[str, str], sharing: Sharing = Sharing.NONE, status: int = 200, has_tag: bool = True
) -> Callable[[Asked], Reply]:
    """A page with the visitor's canary in it; `{}` in a field stands for that, too."""

    def answer(asked: Asked) -> Reply:
        written = tuple((name, value.replace("{}", asked.canary)) for name, value in fields)
        return page(asked, sharing, *written, status=status, has_tag=has_tag)

    return answer


def chosen(
    credential: str,
    is_borne: Callable[[Asked], bool],
    mine: Callable[[Asked], Reply],
    ours: Callable[[Asked], Reply],
) -> Kind:
    """A kind that is the visitor's own with that credential, and everyone's without."""
    return Kind(lambda asked: (mine if is_borne(asked) else ours)(asked), credential)


def languages(asked: Asked) -> Reply:
    """A page in the visitor's language."""
    language = asked.fields.get("accept-language", "")
    return page(asked, Sharing.ALL, caching("max-age=1"), ("vary", "Accept-Language"), language=language)


def turncoat(asked: Asked) -> Reply:
    """A page that is public now and private then, as a CMS with an A/B plugin would have it."""
    forms = (
        shared(caching("public, max-age=1")),
        shared(caching("public, max-age=1, stale-while-revalidate=2, stale-if-error=5")),
        own(caching("private, max-age=60")),
        own(caching("no-store")),
        own(caching("public, max-age=60"), ("set-cookie", "basket={}; Path=/")),
        own(caching("max-age=60"), ("vary", "*")),
    )
    return asked.chance.choice(forms)(asked)


def flaky(asked: Asked) -> Reply:
    """A page of an origin that fails at times, and tells the visitor so by name."""
    if asked.chance.random() < 0.3:
        return own(status=500, has_tag=False)(asked)
    return shared(caching("max-age=1, stale-if-error=30"))(asked)


def slow(asked: Asked) -> Reply:
    """A page that keeps everyone waiting."""
    return page(asked, Sharing.ALL, caching("max-age=1"), is_slow=asked.chance.random() < 0.2)


def large(asked: Asked) -> Reply:
    """A page that does not fit into the buffers of a connection."""
    return page(asked, Sharing.ALL, caching("max-age=1"), items=LARGE_ITEMS)


def assigned(asked: Asked) -> Reply:
    """A page that says nothing of caching, and to which the operator gave a lifetime: a CMS, by and large."""
    if asked.bears("sessionid") or "authorization" in asked.fields:
        return own(has_tag=False)(asked)
    if asked.chance.random() < 0.2:
        return own(("set-cookie", "basket={}; Path=/"), has_tag=False)(asked)
    return shared(has_tag=False)(asked)


def breaking(ending: Ending) -> Kind:
    """A page for everyone that comes broken every other time."""

    def answer(asked: Asked) -> Reply:
        whole = shared(caching("max-age=1"))(asked)
        return replace(whole, ending=ending) if asked.chance.random() < 0.5 else whole

    return Kind(answer, statuses=frozenset({200, 502}), breaks=True)


def moved(asked: Asked) -> Reply:
    """A redirect for everyone."""
    fields = (caching("max-age=1"), ("location", "/plain/fresh/0"))
    return replace(page(asked, Sharing.ALL, *fields, status=301, has_tag=False), body=b"")


def framed(answer: Callable[[Asked], Reply], ending: Ending) -> Kind:
    """A kind in another framing."""
    return Kind(lambda asked: replace(answer(asked), ending=ending))


_FAILING = frozenset({200, 500})
_STORED_LONG = caching("public, max-age=60")

SHARED: Mapping[str, Kind] = {
    "fresh": Kind(shared(caching("public, max-age=1"), ("surrogate-key", "fresh all"))),
    "lasting": Kind(shared(_STORED_LONG)),
    "unending": framed(shared(caching("max-age=1, stale-while-revalidate=2")), Ending.CHUNKS),
    "closing": framed(shared(caching("max-age=1")), Ending.CLOSE),
    "proxies": Kind(shared(caching("s-maxage=1, max-age=0"))),
    "asked-about": Kind(shared(caching("no-cache"))),
    "untagged": Kind(shared(caching("max-age=1"), has_tag=False)),
    "zipped": Kind(shared(caching("max-age=1"), ("vary", "Accept-Encoding"))),
    "language": Kind(languages),
    "leading": Kind(shared(caching("max-age=1"))),
    "slow": Kind(slow),
    "moved": Kind(moved, statuses=frozenset({301})),
}
OWN: Mapping[str, Kind] = {
    "private": Kind(own(caching("private, max-age=60"), ("vary", "Accept-Encoding")), "me"),
    "two-lines": Kind(own(_STORED_LONG, caching("private")), "me"),
    "unreadable": Kind(own(caching("max-age=60; private")), "me"),
    "no-store": Kind(own(caching("no-store")), "me"),
    "set-cookie": Kind(own(_STORED_LONG, ("set-cookie", "basket={}; Path=/")), "me"),
    "star": Kind(own(_STORED_LONG, ("vary", "*")), "me"),
    "nonce": Kind(own(_STORED_LONG, ("content-security-policy", "script-src 'nonce-{}'")), "me", guessed=True),
    "vouching": Kind(own(_STORED_LONG, ("tailor-visitor", 'badge="{}"')), "me"),
    "expired": Kind(own(("expires", "0"), has_tag=False), "me", guessed=True),
    "silent": Kind(own(has_tag=False), "me", guessed=True),
    "lost": Kind(own(status=404, has_tag=False), "me", frozenset({404}), guessed=True),
    "sent-away": Kind(own(("location", "/plain/fresh/0?of={}"), status=302, has_tag=False), "me", frozenset({302})),
    "validated": Kind(own(caching("no-cache"), sharing=Sharing.SAME), "me"),
    "varied": Kind(own(_STORED_LONG, ("vary", "X-Me"), sharing=Sharing.SAME), "me"),
    "form": Kind(own(has_tag=False), "me"),
}
EITHER: Mapping[str, Kind] = {
    "authorized": chosen(
        "authorization",
        lambda asked: "authorization" in asked.fields,
        own(caching("max-age=60")),
        shared(caching("max-age=1")),
    ),
    "session": chosen(
        "session", lambda asked: asked.bears("sessionid"), own(_STORED_LONG), shared(caching("public, max-age=1"))
    ),
    "taste": chosen(
        "taste",
        lambda asked: asked.bears("taste"),
        own(_STORED_LONG, ("vary", "Cookie"), sharing=Sharing.SAME),
        shared(_STORED_LONG, ("vary", "Cookie")),
    ),
    "turncoat": Kind(turncoat, "told"),
    "assigned": Kind(assigned, "told", guessed=True),
    "flaky": Kind(flaky, "told", _FAILING),
}
BROKEN: Mapping[str, Kind] = {
    ending.value: breaking(ending) for ending in (Ending.RESET, Ending.SHORT, Ending.BAD_CHUNK, Ending.TRAILING)
}
RARE: Mapping[str, Kind] = {"large": Kind(large)}
"""What is asked for by name alone, and not by chance."""
KINDS: Mapping[str, Kind] = {**SHARED, **OWN, **EITHER, **BROKEN, **RARE}
_ZIPPED = frozenset({"zipped", "private"})
_IN_PARTS = frozenset({"fresh", "private"})


def reply_to(asked: Asked) -> Reply:
    """The whole answer: coded, cut to a range, or a 304, as the request wants it."""
    kind = KINDS.get(asked.kind)
    if kind is None:
        return Reply(404, (("content-type", "text/plain"),), b"no such page\n")
    reply = kind.answer(asked)
    if asked.kind in _ZIPPED and "gzip" in asked.fields.get("accept-encoding", ""):
        reply = _zipped(reply)
    tag = dict(reply.fields).get("etag", "")
    if tag and tag in asked.fields.get("if-none-match", ""):
        return replace(reply, status=304, body=b"", ending=Ending.WHOLE)
    begin, _, end = asked.fields.get("range", "").removeprefix("bytes=").partition("-")
    if begin and end and asked.kind in _IN_PARTS:
        part = reply.body[int(begin) : int(end) + 1]
        where = ("content-range", f"bytes {begin}-{int(begin) + len(part) - 1}/{len(reply.body)}")
        return replace(reply, status=206, fields=(*reply.fields, where), body=part)
    return reply


def _zipped(reply: Reply) -> Reply:
    fields = tuple((name, value[:-1] + '-gz"' if name == "etag" else value) for name, value in reply.fields)
    body = zlib.compress(reply.body, 1, wbits=31)
    return replace(reply, fields=(*fields, ("content-encoding", "gzip")), body=body)
