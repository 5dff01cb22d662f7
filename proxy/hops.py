"""Who really asks: the hops that `X-Forwarded-For` and `Forwarded` name, read from the right.

A hop is believed only where it was written by a trusted proxy; so the client is the rightmost that is not one. Where
both fields are there, one of them may be a client's own that a proxy passed on untouched, and nothing tells which: so
only what both say counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from proxy.wire import Address, Network

# In linear time, whatever a client wrote: a quote that is not closed holds all the rest, which can't be read then.
_QUOTED = r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)'
_ELEMENT = re.compile(rf'(?:[^,"]++|{_QUOTED})++', re.DOTALL)
_PAIR = re.compile(rf'(?:[^;"]++|{_QUOTED})++', re.DOTALL)
_VALUE = re.compile(r'"[^"\\]*+"|[^"\s]*+')
# A node and its port, which may be a made-up name (RFC 7239 §6).
_PORT = r"(?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]+))?"
_IN_BRACKETS = re.compile(rf"\[([^\]]+)\]{_PORT}")
_WITH_PORT = re.compile(rf"([0-9.]+){_PORT}")


# An address in brackets with a zone, a port, and room for space around it.
_USUAL_LENGTH = 128


def parse_address(text: str) -> Address | None:
    """An address as proxies write it: with a port, in brackets, or IPv4 inside IPv6; None for anything else.

    A zone is left out: it names a link of the machine that wrote it (RFC 4007 §11).

    >>> parse_address("[2001:db8::1]:443"), parse_address("::ffff:192.0.2.1"), parse_address("unknown")
    (IPv6Address('2001:db8::1'), IPv4Address('192.0.2.1'), None)
    """
    return _parse(text) if len(text) <= _USUAL_LENGTH else None


@lru_cache(maxsize=1024)
def _parse(text: str) -> Address | None:
    """Proxies in front, and whoever asks again and again, are told by the same text each time."""
    text = text.strip()
    bracketed = _IN_BRACKETS.fullmatch(text)
    found = bracketed or _WITH_PORT.fullmatch(text)
    try:
        address = ip_address(found[1] if found else text)
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return None if bracketed else address
    return address.ipv4_mapped or (IPv6Address(int(address)) if address.scope_id else address)


def is_trusted(address: Address | None, trusted: Sequence[Network]) -> bool:
    """Whether the address is one of the operator's own proxies."""
    return address is not None and any(address in network for network in trusted)


def client_address(
    peer: Address | None, x_forwarded_for: Iterable[str], forwarded: Iterable[str], trusted: Sequence[Network]
) -> Address | None:
    """The rightmost hop that is not a trusted proxy, `peer` where no hop is told; None where that has no address.

    It has none where it was told as `unknown` or under a made-up name, where it can't be read, and where the two
    fields differ. If all hops are trusted, it is the one that is farthest away.
    """
    client = peer
    if not is_trusted(client, trusted):
        return client
    for hop in _agreed(_hops_of(x_forwarded_for), [hop for line in forwarded for hop in forwarded_for(line)]):
        client = hop
        if not is_trusted(client, trusted):
            break
    return client


def forwarded_for(line: str) -> list[str]:
    """The `for` of each element of a Forwarded field (RFC 7239 §4), empty where it has none, or several.

    >>> forwarded_for('for=192.0.2.60;proto=http, For="[2001:db8::1]:4711"')
    ['192.0.2.60', '[2001:db8::1]:4711']
    """
    return [_node(element) for element in _ELEMENT.findall(line) if element.strip()]


def _hops_of(x_forwarded_for: Iterable[str]) -> list[str]:
    # Empty elements are no hops (RFC 9110 §5.6.1.2).
    return [hop for line in x_forwarded_for for hop in line.split(",") if hop.strip()]


def _agreed(one: list[str], other: list[str]) -> Iterator[Address | None]:
    """The hops of the only list that there is, or those of both from the right; None where they first differ."""
    if not one or not other:
        yield from map(parse_address, reversed(one or other))
        return
    for hop, twin in zip(reversed(one), reversed(other), strict=False):
        address = parse_address(hop)
        yield address if address == parse_address(twin) else None
    if len(one) != len(other):
        yield None


def _node(element: str) -> str:
    pairs = (pair.partition("=") for pair in _PAIR.findall(element))
    named = [value.strip() for name, _, value in pairs if name.strip().lower() == "for"]
    return named[0].strip('"') if len(named) == 1 and _VALUE.fullmatch(named[0]) else ""
