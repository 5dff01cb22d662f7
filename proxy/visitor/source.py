"""What brought the visitor here: the `source.` signals, from campaign parameters, click ids and the referrer.

What the link says of itself (`utm_…`) wins over the click id that an advertiser added, and that over the referrer. A
page of the site itself is no source. Who the senders are stands in `proxy.visitor.referrers`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from urllib.parse import urlsplit

from cachetools import LRUCache

from proxy.visitor.referrers import CLICK_IDS, MEDIUM_SPELLINGS, NOT_SEARCH, SENDERS, Medium, Sender

MAX_VALUE_LENGTH = 200
MAX_HOST_LENGTH = 253
MAX_REMEMBERED_LENGTH = 512

_SEPARATORS = str.maketrans("", "", "-_ .+")
# What may follow `google.`: a country's domain, with or without its second level.
_COUNTRY_DOMAIN = re.compile(r"com|[a-z]{2}|(?:com?|org|net|or|ne)\.[a-z]{2}")
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")


class SourceReader:
    """Tells the source of a visit. Made once: it holds the table of senders, by host and by name."""

    def __init__(self, remembered: int = 4096) -> None:
        self._by_host = {host: sender for sender in SENDERS for host in sender.hosts}
        self._by_name = {
            name: sender for sender in reversed(SENDERS) for name in (*sender.aliases, *sender.hosts, sender.name)
        }
        self._mediums = {spelling: medium for medium, all_ in MEDIUM_SPELLINGS.items() for spelling in all_}
        self._hosts: LRUCache[str, str] = LRUCache(remembered)

    def read(self, query: Mapping[str, str], referer: str, own_hosts: Collection[str]) -> dict[str, str]:
        """The `source.` signals; `source.medium` is always there.

        `query` holds the parameters of the URL; `own_hosts` are this site's names, without ports.
        """
        host = self._foreign_host(referer, own_hosts) if referer else ""
        if not query and not host:
            return {"source.medium": Medium.DIRECT.value}
        given = {name.lower(): text for name, value in query.items() if (text := _line(value))}
        parts = ("campaign", "term", "content")
        campaign = {f"source.{part}": given[f"utm_{part}"] for part in parts if f"utm_{part}" in given}
        referrer = {"source.referrer": host} if host else {}
        sender, name, medium = self._who(given, host)
        spelling = given.get("utm_medium", "").lower().translate(_SEPARATORS)
        if spelling in self._mediums:
            medium = self._mediums[spelling]
        elif sender is not None and medium is None:
            medium = sender.medium
        if medium is None:
            # A link with a campaign on it was placed somewhere, also where no one knows that place.
            medium = Medium.REFERRAL if name or campaign or given.get("utm_medium") else Medium.DIRECT
        found = {"source.medium": medium.value, **campaign, **referrer}
        return {**found, "source.name": name} if name else found

    def _who(self, given: Mapping[str, str], host: str) -> tuple[Sender | None, str, Medium | None]:
        """Sender, name and (from a click id) medium."""
        clicked = None
        if not given.keys().isdisjoint(CLICK_IDS):
            clicked = next(CLICK_IDS[id_] for id_ in CLICK_IDS if id_ in given)
        if source := given.get("utm_source"):
            sender = self._by_name.get(source.lower()) or self._sender(source.lower())
            return sender, sender.name if sender else source, clicked[1] if clicked else None
        if clicked:
            return self._by_name.get(clicked[0]), *clicked
        sender = self._sender(host)
        return sender, sender.name if sender else host, None

    def _foreign_host(self, referer: str, own_hosts: Collection[str]) -> str:
        """The host of a referrer, if it is no name of this site's."""
        host = self._hosts.get(referer)
        if host is None:
            host = _host_of(referer)
            if len(referer) <= MAX_REMEMBERED_LENGTH:
                self._hosts[referer] = host
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
    """The value, if it is a short line of text."""
    text = value.strip()
    return text if len(text) <= MAX_VALUE_LENGTH and text.isprintable() else ""
