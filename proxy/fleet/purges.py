"""What is to be purged from the page cache, as operators and content management systems say it.

Owns how it is said: as JSON, or by the method PURGE with the headers that caches before this one taught their clients.
What a purge drops is `proxy.cache.page_cache`'s. A URL is purged under either scheme, since who asks may know the site
as HTTPS and Tailor as HTTP; a page too many is asked for once more, one too few stays wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from proxy.cache.messages import combined
from proxy.cache.page_cache import PageCache
from proxy.cache.store import tags_of
from proxy.names import SiteName
from proxy.parameters import split_own
from proxy.target import AmbiguousPathError, canonical_path
from proxy.wire import Headers
from rules.errors import MistakeError, did_you_mean

MAX_NAMES = 1000
"""How much one purge may name."""

_EXAMPLE = 'such as {"url": "https://shop.example/sale/"}'
_URL = re.compile(r"(?:(?:https?:)?//(?P<authority>[^/?]*))?(?P<path>/[^?]*)?(?:\?(?P<query>.*))?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(?::[0-9]{0,5})?")
_OUTSIDE_ASCII = re.compile(r"[^\x00-\x7f]+")
_OUTSIDE_QUERY = re.compile(r"[\x00-\x20\x7f]")
_SCHEMES = (b"http", b"https")
_ANY_END = b".*"
_SEVERAL = "purge them in several requests, or all"


@dataclass(frozen=True, slots=True)
class Place:
    """A URL, or how several begin, whatever their scheme: a canonical path, with the query as it is kept under."""

    authority: bytes
    target: bytes


@dataclass(frozen=True, slots=True)
class Purge:
    """What to drop, or where `soft` to keep as stale."""

    urls: tuple[Place, ...] = ()
    prefixes: tuple[Place, ...] = ()
    tags: tuple[bytes, ...] = ()
    is_all: bool = False
    soft: bool = False

    def apply(self, cache: PageCache) -> int:
        """Purge, and say how many responses that were."""
        purged = cache.purge_all(soft=self.soft) if self.is_all else 0
        purged += sum(cache.purge_tag(tag, soft=self.soft) for tag in self.tags)
        for scheme in _SCHEMES:
            purged += sum(_purge(cache.purge_url, scheme, place, soft=self.soft) for place in self.urls)
            purged += sum(_purge(cache.purge_prefix, scheme, place, soft=self.soft) for place in self.prefixes)
        return purged


def _purge(purge: Callable[..., int], scheme: bytes, place: Place, *, soft: bool) -> int:
    return purge(SiteName.of(scheme, place.authority), place.target, soft=soft)


@dataclass(frozen=True, slots=True)
class PurgeReader:
    """Reads purges; what is no purge is a MistakeError. With a `public_url` all that is kept is kept under its name."""

    public_url: str | None = None

    def read_json(self, body: bytes) -> Purge:
        """A JSON object that names one or several of `url`, `prefix` or `tag`, or `all`; with `soft` or without.

        >>> PurgeReader().read_json(b'{"tag": ["news", "home"], "soft": true}')
        Purge(urls=(), prefixes=(), tags=(b'news', b'home'), is_all=False, soft=True)
        """
        said = _object(body)
        known = (*_KINDS, "soft")
        if unknown := [key for key in said if key not in known]:
            raise MistakeError(f"`{unknown[0]}` is not known", hint=did_you_mean(unknown[0], known) or _EXAMPLE)
        kinds = [kind for kind in _KINDS if kind in said]
        if len(kinds) != 1:
            raise MistakeError(f"name exactly one of {', '.join(_KINDS)}", hint=_EXAMPLE)
        soft = _flag(said, "soft")
        match kinds[0]:
            case "all" if _flag(said, "all"):
                return Purge(is_all=True, soft=soft)
            case "all":
                raise MistakeError("`all` is false, and nothing else is named", hint='write {"all": true}')
            case "tag":
                return Purge(tags=tuple(name.encode() for name in _names("tag", said["tag"])), soft=soft)
            case "url":
                return Purge(urls=tuple(map(self._place, _names("url", said["url"]))), soft=soft)
        return Purge(prefixes=tuple(map(self._place, _names("prefix", said["prefix"]))), soft=soft)

    def read_request(self, authority: bytes, target: bytes, headers: Headers) -> Purge:
        """A request with the method PURGE; `authority` is its `Host`.

        `Surrogate-Key` and `Cache-Tag` name tags, as they do in responses. `X-Purge-Method` is what the WordPress
        plugin Proxy Cache Purge says, `Fastly-Soft-Purge` what clients of Fastly do.
        """
        soft = combined(headers, b"fastly-soft-purge") == b"1"
        method = combined(headers, b"x-purge-method") or b"default"
        pattern = combined(headers, b"x-cache-tags-pattern") or b""
        tags = {*tags_of(headers, at_most=MAX_NAMES + 1), *filter(None, pattern.split(b"|"))}
        if len(tags) > MAX_NAMES:
            raise MistakeError(f"more than {MAX_NAMES:,} tags are named", hint=_SEVERAL)
        if tags:
            return Purge(tags=tuple(sorted(tags)), soft=soft)
        if method in (b"default", b"exact"):
            return Purge(urls=(self._place_of(authority, target),), soft=soft)
        if method == b"regex" and target.endswith(_ANY_END):
            return Purge(prefixes=(self._place_of(authority, target.removesuffix(_ANY_END)),), soft=soft)
        hint = "write default, or regex and .* behind the path; tags are named by Surrogate-Key"
        raise MistakeError("what X-Purge-Method asks for can't be done", hint=hint)

    def _place_of(self, authority: bytes, target: bytes) -> Place:
        """A request's own URL. Whoever asks at this listener's address means the site all the same."""
        site = self.public_url or f"//{authority.decode('latin-1')}"
        return self._place(site + (target.decode("latin-1") or "/"))

    def _place(self, url: str) -> Place:
        written = _URL.fullmatch(_OUTSIDE_ASCII.sub(lambda found: quote(found[0]), url.partition("#")[0]))
        if written is None or not url:
            raise MistakeError(f"`{url}` is no URL", hint=_EXAMPLE)
        authority = self._authority(url, written["authority"])
        try:
            path = canonical_path((written["path"] or "/").encode())
        except AmbiguousPathError as error:
            raise MistakeError(f"`{url}`: {error}", hint="write it as it is asked for") from error
        if written["query"] is None:
            return Place(authority, path)
        if _OUTSIDE_QUERY.search(written["query"]):
            raise MistakeError(f"`{url}`: its query holds a character that must be encoded", hint="%20 is a space")
        query, _ = split_own(written["query"].encode())
        return Place(authority, path + b"?" + query if query else path)

    def _authority(self, url: str, written: str | None) -> bytes:
        public = SiteName.of_url(self.public_url) if self.public_url else None
        if written is None:
            if public is None:
                raise MistakeError(f"`{url}` names no site", hint=f"write https://shop.example{url}, or set public_url")
            return public.authority
        if not _AUTHORITY.fullmatch(written):
            raise MistakeError(f"`{url}` does not name a host in ASCII", hint=_EXAMPLE)
        authority = written.encode().lower()
        if public is not None and not any(SiteName.of(s, authority).authority == public.authority for s in _SCHEMES):
            hint = f"public_url says that the site is {self.public_url}"
            raise MistakeError(f"`{url}` is of another site, of which nothing is kept", hint=hint)
        return public.authority if public is not None else authority


_KINDS = ("url", "prefix", "tag", "all")


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MistakeError("the body is not JSON", hint=_EXAMPLE) from error
    if not isinstance(said, dict):
        raise MistakeError("the body is not a JSON object", hint=_EXAMPLE)
    return said


def _flag(said: Mapping[str, Any], key: str) -> bool:
    value = said.get(key, False)
    if not isinstance(value, bool):
        raise MistakeError(f"`{key}` is neither true nor false", hint=f'write {{"{key}": true}}')
    return value


def _names(kind: str, value: object) -> tuple[str, ...]:
    names = value if isinstance(value, list) else [value]
    found = tuple(name for name in names if isinstance(name, str) and name.strip())
    if not found or len(found) < len(names):
        raise MistakeError(f"`{kind}` is no text, nor a list of texts", hint=_EXAMPLE)
    if len(found) > MAX_NAMES:
        raise MistakeError(f"`{kind}` names more than {MAX_NAMES:,}", hint=_SEVERAL)
    return found
