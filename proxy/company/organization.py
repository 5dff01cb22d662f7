"""Who runs a network, from what databases of autonomous systems call it: a company that may be told of, or not.

Most visitors from a network are its customers and not its people. So its name is a company's only where that is clear:
nothing in it speaks of access, phones, clouds, hosting, tunnels, teaching or the state, and the database itself or a
word in it says that it is a business. Owns that judgement and the name's better form; the words are in
`lists/networks.txt`, with what each group is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

_NETWORKS = "networks.txt"
MAX_NAME_LENGTH = 200


class Kind(StrEnum):
    """What runs a network. Of all but COMPANY nothing is told."""

    UNIVERSITY = "university"
    PUBLIC = "public"
    VPN = "vpn"
    HOSTING = "hosting"
    CLOUD = "cloud"
    MOBILE = "mobile"
    ACCESS = "access"
    COMPANY = "company"
    UNCLEAR = "unclear"


DECLARED: Mapping[Kind, frozenset[str]] = {
    Kind.UNIVERSITY: frozenset({"education", "edu", "college", "school", "library"}),
    Kind.PUBLIC: frozenset({"government", "gov", "military", "mil"}),
    Kind.VPN: frozenset({"vpn", "consumer_privacy_network"}),
    Kind.HOSTING: frozenset({"hosting", "dch"}),
    Kind.CLOUD: frozenset({"cdn", "content_delivery_network"}),
    Kind.MOBILE: frozenset({"mob", "isp/mob", "mobile", "cellular"}),
    Kind.ACCESS: frozenset({"isp", "residential", "consumer", "cafe", "traveler", "dialup", "router"}),
    Kind.COMPANY: frozenset({"business", "corporate", "com"}),
}
"""What databases that know the kind of a network call it (`type`, `user_type`, `usage_type`)."""

_DECLARED_AS = {word: kind for kind, words in DECLARED.items() for word in words}

_NUMBER = re.compile(r"^AS\d+\s+")
# A registry's handle in front of a name, as in "NORDEA-AS Nordea Bank Abp": capitals before a word that is not.
_HANDLE = re.compile(r"^(?=\S*[-_0-9]|\S+ - )[A-Z0-9][A-Z0-9_.-]{2,}\s+(?:-\s+)?(?=[A-Z][a-z])")
_AS_MARK = re.compile(r"^ASN?-|[-_]ASN?(?:-?\d+)?$|-\d+$")
_COUNTRY_TAIL = re.compile(r",\s*[A-Z]{2}$")
_NOT_WORD = re.compile(r"[^a-z0-9]+")

_LEGAL_FORMS = frozenset(
    "inc incorporated corp corporation co company llc llp lp plc ltd limited pty pte pvt na gmbh mbh ag kg kgaa se ohg "
    "ug ev ab publ asa as ans da aps oy oyj abp ehf hf sa sas sasu sarl srl spa nv bv bvba kft zrt nyrt doo dd ad "
    "eood ood jsc ojsc pjsc cjsc pao oao zao ooo sro zoo kk bhd sdn berhad tbk ltda eireli cia sl slu sau lda "
    "group holding holdings".split()
)
_SPACED_FORMS = re.compile(
    r"[\s,]+(?:s\. ?p\. ?a|s\. ?a|sp\. z o\. ?o|s\. ?r\. ?o|d\. ?o\. ?o|a/s|& co|n\. ?a|national association)\.?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Organization:
    """Who runs a network. `alias` is the name without its legal form; both are empty where it is no company."""

    kind: Kind
    name: str = ""
    alias: str = ""


def judge(name: str, declared: str = "") -> Organization:
    """What a network's name tells; `declared` is the kind of network that the database gives, if it does.

    >>> judge("NORDEA-AS Nordea Bank Abp")
    Organization(kind=<Kind.COMPANY: 'company'>, name='Nordea Bank Abp', alias='Nordea Bank')
    >>> judge("COMCAST-7922").kind, judge("Siemens AG").kind
    (<Kind.ACCESS: 'access'>, <Kind.UNCLEAR: 'unclear'>)
    """
    name = " ".join(name.split())
    if not name or len(name) > MAX_NAME_LENGTH or not name.isprintable():
        return Organization(Kind.UNCLEAR)
    plain = plain_words(name)
    patterns = _patterns()
    found = next((kind for kind, pattern in patterns.items() if pattern.search(plain)), Kind.UNCLEAR)
    said = _DECLARED_AS.get(declared.strip().lower(), found)
    # The name may know better than the database: one that sells access is a business, too.
    kind = found if said is Kind.COMPANY and found is not Kind.UNCLEAR else said
    return _company(name) if kind is Kind.COMPANY else Organization(kind)


def is_provider(name: str) -> bool:
    """Whether a name is plainly of somebody who brings others to the internet, or teaches, or governs.

    >>> is_provider("Comcast Cable"), is_provider("Nordea")
    (True, False)
    """
    return judge(name).kind not in (Kind.COMPANY, Kind.UNCLEAR)


def alias_of(name: str) -> str:
    """A name without its legal form; the name itself where nothing else is in it.

    >>> alias_of("Ford Motor Company"), alias_of("Beispiel GmbH & Co. KG"), alias_of("Esempio S.p.A.")
    ('Ford Motor', 'Beispiel', 'Esempio')
    """
    alias = name
    while True:
        shorter = _SPACED_FORMS.sub("", alias).rstrip(" ,.&-")
        first, _, last = shorter.rpartition(" ")
        if first and _NOT_WORD.sub("", last.lower()) in _LEGAL_FORMS:
            shorter = first.rstrip(" ,.&-")
        if not shorter or shorter == alias:
            return alias
        alias = shorter


def plain_words(name: str) -> str:
    """A name as patterns see it: lower case, no accents, one space between words and around them.

    >>> plain_words("T-Mobile, Österreich")
    ' t mobile osterreich '
    """
    ascii_name = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return f" {_NOT_WORD.sub(' ', ascii_name).strip()} "


def _company(name: str) -> Organization:
    name = _COUNTRY_TAIL.sub("", _HANDLE.sub("", _NUMBER.sub("", name)))
    name = _AS_MARK.sub("", name) or name
    if name.isupper() or name.islower():
        # Registries shout. A short word is more likely made of initials.
        name = " ".join(word.capitalize() if len(word) > 3 else word for word in name.replace("_", " ").split())
    return Organization(Kind.COMPANY, name, alias_of(name))


@cache
def _patterns() -> Mapping[Kind, re.Pattern[str]]:
    """The shipped words, in the order in which they count: what a company is not goes before what it is."""
    words = read_patterns((files("proxy.company") / "lists" / _NETWORKS).read_text(encoding="utf-8").splitlines())
    return {kind: _any_of(words[kind]) for kind in Kind if kind in words}


def read_patterns(lines: Iterable[str]) -> dict[Kind, list[str]]:
    """Patterns by the kind under whose heading they stand: `[access]`, then one on a line; `#` begins a note."""
    kinds: dict[Kind, list[str]] = {}
    patterns: list[str] = []
    for line in lines:
        written = line.partition("#")[0].strip()
        if written.startswith("["):
            patterns = kinds.setdefault(Kind(written.strip("[]")), [])
        elif written:
            patterns.extend(pattern.strip() for pattern in written.split(","))
    return kinds


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    """Whole words, and with a `*` also what begins, ends or goes on with other letters."""
    return re.compile("|".join(map(_expression, patterns)))


def _expression(pattern: str) -> str:
    body = re.escape(plain_words(pattern.strip("*")).strip())
    return f"{'' if pattern.startswith('*') else ' '}{body}{'' if pattern.endswith('*') else ' '}"
