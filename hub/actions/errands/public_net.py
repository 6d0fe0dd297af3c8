"""Where the hub's own programs may go on somebody else's word: the public internet, and networks that the settings allow.

Every connection is checked at the moment it is made, on the address it is made to: a name that resolved to something else
a second ago, a number written oddly and a redirection all end at the same door.
"""

import ipaddress
import socket
from collections.abc import Sequence
from typing import Any

import aiohttp

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


class Guard:
    """Makes sockets for one question, and none for a place where nobody from outside could go. `allowed` are networks that may
    be asked all the same; None: any. `seen`: addresses for which a socket was wanted; `refused`: the last for which none was
    made, "" where there is none."""

    def __init__(self, allowed: Sequence[Network] | None) -> None:
        self._allowed = allowed
        self.seen: list[str] = []
        self.refused = ""

    def __call__(self, address_info: tuple[int, int, int, str, tuple[Any, ...]]) -> socket.socket:
        family, kind, protocol, _, where = address_info
        text = str(where[0])
        self.seen.append(text)
        if self._allowed is not None and not is_global(text) and not is_allowed(text, self._allowed):
            self.refused = text
            raise PermissionError(f"{text} is no public address")
        return socket.socket(family, kind, protocol)


def open_session(guard: Guard, **options: Any) -> aiohttp.ClientSession:
    """For one question: its line goes where `guard` lets it and ends with it, no cookie is kept, no proxy of the environment is
    asked. `options` are aiohttp's."""
    connector = aiohttp.TCPConnector(socket_factory=guard, use_dns_cache=False, force_close=True, limit=1)
    return aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, **options
    )


async def read_whole(answer: aiohttp.ClientResponse, most: int) -> bytes | None:
    """The body; None where it is longer than `most` bytes, of which no more are read."""
    body = bytearray()
    async for chunk in answer.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


def is_allowed(text: str, allowed: Sequence[Network]) -> bool:
    """Whether an IP address belongs to one of these networks."""
    address = ipaddress.ip_address(text.partition("%")[0])
    return any(address in network for network in allowed)
