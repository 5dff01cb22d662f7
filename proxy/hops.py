"""Who really asks: the hops that `X-Forwarded-For` and `Forwarded` name, read from the right.

A hop is believed only where it was written by a trusted proxy; so the client is the rightmost that is not one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# In linear time, whatever a client wrote: a quote that is not closed holds all the rest, which can't be read then.
_QUOTED = r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)'
_ELEMENT = re.compile(rf'(?:[^,"]++|{_QUOTED})++', re.DOTALL)
_PAIR = re.compile(rf'(?:[^;"]++|{_QUOTED})++', re.DOTALL)
_VALUE = re.compile(r'"[^"\\]*+"|[^"\s]*+')


def parse_address(text: str) -> Address | None:
    """An address as proxies write it: with a port, in brackets, or IPv4 inside IPv6; None for anything else.

    >>> parse_address("[2001:db8::1]:443"), parse_address("::ffff:192.0.2.1"), parse_address("unknown")
    (IPv6Address('2001:db8::1'), IPv4Address('192.0.2.1'), None)
    """
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def is_trusted(address: Address | None, trusted: Sequence[Network]) -> bool:
    """Whether the address is one of the operator's own proxies."""
    return address is not None and any(address in network for network in trusted)


def client_address(
    peer: str, x_forwarded_for: Iterable[str], forwarded: Iterable[str], trusted: Sequence[Network]
) -> str:
    """The rightmost hop that is not a trusted proxy; `peer` where nothing better is known.

    `X-Forwarded-For` goes before `Forwarded`: proxies that set the first commonly pass a client's own second on. What
    can't be read ends the walk, at the last hop that could.
    """
    client = peer
    if not is_trusted(parse_address(peer), trusted):
        return client
    hops = [hop for line in x_forwarded_for for hop in line.split(",")]
    if not hops:
        hops = [hop for line in forwarded for hop in forwarded_for(line)]
    for hop in reversed(hops):
        address = parse_address(hop)
        if address is None:
            break
        client = str(address)
        if not is_trusted(address, trusted):
            break
    return client


def forwarded_for(line: str) -> list[str]:
    """The `for` of each element of a Forwarded field (RFC 7239 §4), empty where it has none.

    >>> forwarded_for('for=192.0.2.60;proto=http, For="[2001:db8::1]:4711"')
    ['192.0.2.60', '[2001:db8::1]:4711']
    """
    return [_node(element) for element in _ELEMENT.findall(line)]


def _node(element: str) -> str:
    pairs = (pair.partition("=") for pair in _PAIR.findall(element))
    named = [value.strip() for name, _, value in pairs if name.strip().lower() == "for"]
    return named[-1].strip('"') if named and _VALUE.fullmatch(named[-1]) else ""
