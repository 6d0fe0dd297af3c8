"""Where the hub's own programs may go on somebody else's word: the public internet, and networks that the settings allow.

Every connection is checked at the moment it is made, on the address it is made to: a name that resolved to something else
a second ago, a number written oddly and a redirection all end at the same door.
"""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from typing import Any

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Beside what the standard library knows (IANA's special-purpose registries, RFC 6890): relays into other networks, and ranges
# that older releases of it take for public ones.
_NOT_GLOBAL = tuple(
    ipaddress.ip_network(one)
    for one in (
        "100.64.0.0/10", "192.0.0.0/24", "192.31.196.0/24", "192.88.99.0/24",
        "::/96", "64:ff9b:1::/48", "2001::/23", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10",
    )
)  # fmt: skip

PRIVATE: tuple[Network, ...] = tuple(
    ipaddress.ip_network(one)
    for one in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "::1/128",
        "fc00::/7",
    )
)
"""Networks of a company's own, and this machine; without link-local addresses, where clouds keep their machines' secrets."""


def is_global(text: str) -> bool:
    """Whether an IP address belongs to the public internet. One that only wraps another (IPv4-mapped, NAT64) is what it wraps.

    >>> is_global("::ffff:127.0.0.1"), is_global("64:ff9b::a9fe:a9fe"), is_global("1.1.1.1")
    (False, False, True)
    """
    try:
        address: Address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        elif address in _NAT64:
            address = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in _NOT_GLOBAL)
    )


def guarded(allowed: Sequence[Network]) -> Callable[[Any], socket.socket]:
    """A maker of sockets that makes none for a place where nobody from outside could go."""

    def make(address_info: tuple[int, int, int, str, tuple[Any, ...]]) -> socket.socket:
        family, kind, protocol, _, where = address_info
        text = str(where[0])
        if not is_global(text) and not is_allowed(text, allowed):
            raise PermissionError(f"{text} is no public address")
        return socket.socket(family, kind, protocol)

    return make


def is_allowed(text: str, allowed: Sequence[Network]) -> bool:
    """Whether an IP address belongs to one of these networks."""
    address = ipaddress.ip_address(text.partition("%")[0])
    return any(address in network for network in allowed)
