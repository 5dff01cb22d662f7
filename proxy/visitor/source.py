"""What brought the visitor here, told from campaign parameters, click ids and the referrer.

What the link says of itself (`utm_…`) wins over the click id that an advertiser added, and that over the referrer. A
page of the site itself is no source. Who the senders are stands in `proxy.visitor.referrers`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from cachetools import LRUCache

from proxy.visitor.referrers import CLICK_IDS, MEDIUM_SPELLINGS, NOT_SEARCH, SENDERS, Medium, Sender

MAX_VALUE_LENGTH = 200
MAX_HOST_LENGTH = 253
MAX_REFERRER_LENGTH = 512
"""Referrers are read up to here, and are keys of a cache: a host that has not ended by then is none."""

_SEPARATORS = re.compile(r"[-_ .+]+")
# What may follow `google.`: a country's domain, with or without its second level.
_COUNTRY_DOMAIN = re.compile(r"com|[a-z]{2}|(?:com?|org|net|or|ne)\.[a-z]{2}")
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")
# What tools write where they have no value, and what advertisers' own tools left unfilled.
_PLACEHOLDER = re.compile(r"\((?:none|direct|not set|not provided)\)|\{.*\}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Source:
    """What brought a visitor: the medium, and what else is known, as text of one line. Fit to be kept."""

    medium: Medium = Medium.DIRECT
    name: str = ""
    campaign: str = ""
    term: str = ""
    content: str = ""
    referrer: str = ""

    def signals(self) -> dict[str, str]:
        """The `source.` signals; `source.medium` is always there."""
        found = {
            "source.medium": self.medium.value,
            "source.name": self.name,
            "source.campaign": self.campaign,
            "source.term": self.term,
            "source.content": self.content,
            "source.referrer": self.referrer,
        }
        return {name: value for name, value in found.items() if value}


class SourceReader:
    """Tells the source of a visit. Made once: it holds the table of senders, by host and by name."""

    def __init__(self, remembered: int = 4096) -> None:
        self._by_host = {host: sender for sender in SENDERS for host in sender.hosts}
        self._by_name = {
            name: sender for sender in reversed(SENDERS) for name in (*sender.aliases, *sender.hosts, sender.name)
        }
        self._mediums = {spelling: medium for medium, all_ in MEDIUM_SPELLINGS.items() for spelling in all_}
        self._hosts: LRUCache[str, str] = LRUCache(remembered)

    def read(self, query: Mapping[str, str], referer: str, own_hosts: Collection[str]) -> Source:
        """The source of one request.

        `query` holds the parameters of the URL; `own_hosts` are this site's names, without ports.
        """
        host = self._foreign_host(referer[:MAX_REFERRER_LENGTH], own_hosts) if referer else ""
        if not query and not host:
            return Source()
        given = {name.lower(): text for name, value in query.items() if (text := _line(value))}
        sender, name, medium = self._who(given, host)
        campaign, term, content = (given.get(f"utm_{part}", "") for part in ("campaign", "term", "content"))
        medium = self._spelled(given.get("utm_medium", "")) or medium or (sender.medium if sender else None)
        if medium is None:
            # A link with a campaign on it was placed somewhere, also where no one knows that place.
            was_placed = name or campaign or term or content or "utm_medium" in given
            medium = Medium.REFERRAL if was_placed else Medium.DIRECT
        return Source(medium, name, campaign, term, content, referrer=host)

    def _spelled(self, utm_medium: str) -> Medium | None:
        """The medium that `utm_medium` means: as a whole, else by its words."""
        words = _SEPARATORS.split(utm_medium.lower())
        if whole := self._mediums.get("".join(words)):
            return whole
        spoken = {self._mediums[word] for word in words if word in self._mediums}
        return next((medium for medium in MEDIUM_SPELLINGS if medium in spoken), None)

    def _who(self, given: Mapping[str, str], host: str) -> tuple[Sender | None, str, Medium | None]:
        """Sender, name and (from a click id) medium."""
        clicked = None
        if not given.keys().isdisjoint(CLICK_IDS):
            clicked = next(CLICK_IDS[id_] for id_ in CLICK_IDS if id_ in given)
        if source := given.get("utm_source"):
            sender = self._by_name.get(source.lower()) or self._sender(_bare(source))
            return sender, sender.name if sender else source, clicked[1] if clicked else None
        if clicked:
            return self._by_name.get(clicked[0]), *clicked
        sender = self._sender(host)
        return sender, sender.name if sender else host, None

    def _foreign_host(self, referer: str, own_hosts: Collection[str]) -> str:
        """The host of a referrer, if it is no name of this site's."""
        host = self._hosts.get(referer)
        if host is None:
            host = self._hosts[referer] = _host_of(referer)
        return "" if any(_bare(own) == host for own in own_hosts) else host

    def _sender(self, host: str) -> Sender | None:
        """The sender of a host: of the longest name that is known."""
        for below in _names_above(host):
            if below in NOT_SEARCH:
                return None
            if sender := self._by_host.get(below):
                return sender
            label, _, rest = below.partition(".")
            if (sender := self._by_host.get(f"{label}.*")) and _COUNTRY_DOMAIN.fullmatch(rest):
                return sender
        return None


def _names_above(host: str) -> Iterator[str]:
    """The host, then without its first label, and so on."""
    while host:
        yield host
        host = host.partition(".")[2]


def _host_of(referer: str) -> str:
    """The host of a referrer, or the name of an Android app; without `www.`."""
    try:
        parts = urlsplit(referer)
        host = _bare(parts.hostname or "")
    except ValueError:
        return ""
    known = parts.scheme in ("http", "https", "android-app")
    return host if known and len(host) <= MAX_HOST_LENGTH and _HOST.fullmatch(host) else ""


def _bare(host: str) -> str:
    return host.lower().rstrip(".").removeprefix("www.")


def _line(value: str) -> str:
    """The value, if it is a short line of text that somebody filled in."""
    text = value.strip()
    if len(text) > MAX_VALUE_LENGTH or not text.isprintable() or _PLACEHOLDER.fullmatch(text):
        return ""
    return text
