"""URLs as browsers read them: where one leads, what it would run, and which an attribute holds."""

from __future__ import annotations

import html
import re

from rules.html_syntax import SPACE

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.\-]*:")
_IGNORED_IN_URLS = str.maketrans("\\", "/", "\t\n\r")
_IGNORED_AROUND_URLS = "".join(map(chr, range(0x21)))  # the C0 controls and the space
_SCRIPT = re.compile("(?:javascript|vbscript|livescript):", re.IGNORECASE)


def leads_within(url: str, hosts: frozenset[str]) -> bool:
    """Whether a browser would take `url` for one of `hosts` or for a relative one, by http(s) only.

    Reads it as the URL Standard's parser does (https://url.spec.whatwg.org/#concept-basic-url-parser): tabs and
    newlines vanish, a backslash is a slash, any number of slashes may follow an http scheme. A character reference has
    to lead nowhere else either as the character that it is in markup or as it is written, which counts in `Location`.

    >>> leads_within("/contact", frozenset()), leads_within("/\\\\evil.example", frozenset({"shop.example"}))
    (True, False)
    """
    return _leads_within(url, hosts) and ("&" not in url or _leads_within(html.unescape(url), hosts))


def _leads_within(url: str, hosts: frozenset[str]) -> bool:
    seen = _seen(url)
    scheme = _SCHEME.match(seen)
    if scheme:
        if scheme[0].lower() not in ("http:", "https:"):
            return False
        rest = seen[scheme.end() :]
    elif seen.startswith("//"):
        rest = seen
    else:
        return True
    authority = re.split(r"[/?#]", rest.lstrip("/"), maxsplit=1)[0]
    host = re.sub(r":\d*\Z", "", authority.rpartition("@")[2]).lower()
    return host in hosts


def runs_script(url: str) -> bool:
    """Whether it is a script rather than an address.

    >>> runs_script(" java\\tscript:alert(1)"), runs_script("/javascript:")
    (True, False)
    """
    return _SCRIPT.match(_seen(url)) is not None


def _seen(url: str) -> str:
    return url.translate(_IGNORED_IN_URLS).strip(_IGNORED_AROUND_URLS)


def urls_in(attribute: str, value: str) -> list[str]:
    """The URLs that an attribute's value holds: one, or with `srcset` and `ping` several.

    Of a `srcset` it is all that a browser could take for one: a comma may end a candidate or be a part of its URL.

    >>> urls_in("srcset", "/a 1x,/b,c 2x")
    ['/a', '1x,/b,c', '/b,c', 'c', '2x']
    """
    if attribute in ("srcset", "imagesrcset"):
        words = [word.strip(",") for word in re.split(f"[{SPACE}]+", value)]
        return [word[at:] for word in words if word for at in (0, *(comma.end() for comma in re.finditer(",", word)))]
    if attribute == "ping":
        return value.split()
    return [value]
