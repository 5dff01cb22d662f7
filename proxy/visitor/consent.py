"""What a visitor consented to, as the site's own consent banner left it in a cookie.

Owns the banners' cookies and which tiers of signals an answer allows. A cookie that can't be read is a refusal, and so
is `Sec-GPC: 1`, whatever the cookie says (Global Privacy Control, W3C). Who the visitor is, is
`proxy.visitor.identity`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from urllib.parse import parse_qsl, unquote

from cachetools import LRUCache

from proxy.settings.model import Settings
from proxy.settings.values import CONSENT_PRESETS, ConsentSource
from proxy.visitor.cookies import cookie_values
from proxy.visitor.reads import Reads
from proxy.visitor.tcf import TcStringError, consented_purposes
from rules.context import Value
from rules.signals import Tier, lookup

MAX_COOKIE_BYTES = 8192
MAX_FIELDS = 100
MAX_COOKIES = 10
"""Of the banner's name: browsers keep one for each path and domain, and reading each takes time."""


_GPC = b"sec-gpc"
_MAX_REMEMBERED = 4096
_MAX_REMEMBERED_BYTES = 1024


class Answer(StrEnum):
    """What the visitor said when asked; SILENT where nobody asked yet, or the answer is still awaited."""

    YES = "yes"
    NO = "no"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Consent:
    """An answer, and the tiers of signals that may be observed under it."""

    answer: Answer
    tiers: frozenset[Tier]

    def permitted(self, signals: Mapping[str, Value]) -> Mapping[str, Value]:
        """Those of them that may be."""
        if self.tiers is EVERY_TIER:
            return signals
        return {name: value for name, value in signals.items() if is_permitted(name, self.tiers)}


@lru_cache(maxsize=4096)
def is_permitted(signal: str, tiers: frozenset[Tier]) -> bool:
    """Whether a signal may be observed under these tiers; a name that the catalogue lacks needs all there is."""
    known = lookup(signal)
    return (known.tier if known else Tier.PERSISTENT) in tiers


EVERY_TIER = frozenset(Tier)
_CONTEXT = frozenset({Tier.CONTEXTUAL})
_CONTEXT_AND_COMPANY = frozenset({Tier.CONTEXTUAL, Tier.COMPANY})


@dataclass(frozen=True, slots=True)
class ConsentReader:
    """Reads one banner's cookie. Every one of `categories` has to be consented to."""

    source: ConsentSource = ConsentSource.NONE
    cookie: str = ""
    categories: tuple[str, ...] = ()
    company_without_consent: bool = True
    _consents: Mapping[Answer, Consent] = field(init=False, repr=False, compare=False)
    _answers: LRUCache[bytes, Answer] = field(
        default_factory=lambda: LRUCache(_MAX_REMEMBERED), init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        unasked = _CONTEXT_AND_COMPANY if self.company_without_consent else _CONTEXT
        tiers = {Answer.YES: EVERY_TIER, Answer.NO: unasked, Answer.SILENT: unasked}
        object.__setattr__(self, "_consents", {answer: Consent(answer, tiers[answer]) for answer in Answer})

    @property
    def reads(self) -> Reads:
        """What `read` looks at."""
        return Reads(frozenset({_GPC}), frozenset({self.cookie.encode()} if self.source in _READERS else ()))

    def read(self, headers: Sequence[tuple[bytes, bytes]]) -> Consent:
        """What a request's headers tell; their names are in lower case."""
        return self._consents[self._answer(headers)]

    def _answer(self, headers: Sequence[tuple[bytes, bytes]]) -> Answer:
        for name, value in headers:
            if name == _GPC and value.strip() == b"1":
                return Answer.NO
        if self.source is ConsentSource.NOT_REQUIRED:
            return Answer.YES
        if self.source is ConsentSource.NONE:
            return Answer.SILENT
        lines = [value for name, value in headers if name == b"cookie"]
        values = cookie_values(lines, self.cookie.encode())
        if len(values) > MAX_COOKIES:
            return Answer.NO
        answers = {self._answer_of(value) for value in values}
        # Of several cookies with that name none is surely the banner's latest: they have to agree.
        return answers.pop() if len(answers) == 1 else Answer.NO if answers else Answer.SILENT

    def _answer_of(self, value: bytes) -> Answer:
        if len(value) > MAX_COOKIE_BYTES:
            return Answer.NO
        answer = self._answers.get(value)
        if answer is None:
            answer = _READERS[self.source](value.decode("latin-1"), self.categories)
            if len(value) <= _MAX_REMEMBERED_BYTES:
                self._answers[value] = answer
        return answer


def make_consent_reader(settings: Settings) -> ConsentReader:
    """The reader that the settings ask for: a preset, with the cookie and the categories that override it."""
    cookie, category = CONSENT_PRESETS.get(settings.consent, ("", ""))
    written = settings.consent_category or category
    # The value of a plain cookie may be anything; of the others a list.
    is_list = settings.consent is not ConsentSource.COOKIE
    categories = tuple(part.strip() for part in written.split(",")) if is_list else (written,)
    return ConsentReader(
        settings.consent,
        settings.consent_cookie or cookie,
        categories,
        settings.company_without_consent,
    )


def _onetrust(value: str, categories: Iterable[str]) -> Answer:
    """`OptanonConsent`: a query whose `groups` are `C0001:1,C0003:0`; some sites encode the whole once more."""
    written = value if "groups=" in value else unquote(value)
    try:
        fields = parse_qsl(written, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        return Answer.NO
    if ("AwaitingReconsent", "true") in fields:
        return Answer.SILENT
    groups = [group for name, groups in fields if name == "groups" for group in groups.split(",")]
    return _unanimous(categories, (group.rpartition(":")[::2] for group in groups), yes="1")


_QUOTED = re.compile(r"'[^']*'")
_CATEGORY = re.compile(r"[{,]\s*([a-z]+)\s*:\s*(true|false)\s*(?=[,}])")


def _cookiebot(value: str, categories: Iterable[str]) -> Answer:
    """`CookieConsent`: an object as JavaScript writes it, `{stamp:'…',preferences:true,…}`.

    Before the visitor answered, or instead of an answer, it is a number: 0 stands for a refusal, -1 for a region in
    which Cookiebot asks nobody and takes every category as accepted.
    """
    written = unquote(value).strip()
    if written in ("0", "-1"):
        return Answer.YES if written == "-1" else Answer.NO
    bare = _QUOTED.sub("''", written)
    if not (bare.startswith("{") and bare.endswith("}")):
        return Answer.NO
    return _unanimous(categories, _CATEGORY.findall(bare), yes="true")


def _usercentrics(value: str, categories: Iterable[str]) -> Answer:
    """A list of the categories that were accepted, which the site copies out of the browser's storage."""
    return _unanimous(categories, ((slug.strip(), "yes") for slug in unquote(value).split(",")), yes="yes")


def _tcf(value: str, categories: Iterable[str]) -> Answer:
    """`euconsent-v2`: a TC string; the categories are numbers of purposes."""
    try:
        consented = consented_purposes(value)
    except TcStringError:
        return Answer.NO
    return Answer.YES if consented >= {int(purpose) for purpose in categories} else Answer.NO


def _plain(value: str, categories: Iterable[str]) -> Answer:
    """A cookie of the site's own, which holds one certain value where the visitor consented."""
    return Answer.YES if [unquote(value)] == [*categories] else Answer.NO


def _unanimous(categories: Iterable[str], stated: Iterable[Sequence[str]], *, yes: str) -> Answer:
    """YES where each of the categories is stated, and nowhere stated otherwise."""
    refused: set[str] = set()
    accepted: set[str] = set()
    for category, state in stated:
        (accepted if state == yes else refused).add(category)
    return Answer.YES if accepted - refused >= set(categories) else Answer.NO


_READERS: Mapping[ConsentSource, Callable[[str, Iterable[str]], Answer]] = {
    ConsentSource.ONETRUST: _onetrust,
    ConsentSource.COOKIEBOT: _cookiebot,
    ConsentSource.USERCENTRICS: _usercentrics,
    ConsentSource.TCF: _tcf,
    ConsentSource.COOKIE: _plain,
}
