"""Who is at the other end of a request, seen through the proxies that the settings name, and through no others."""

import ipaddress
from collections.abc import Sequence

from hub.settings import Settings

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def read_proxies(settings: Settings) -> tuple[Network, ...]:
    """`web.trusted_proxies` as networks."""
    return read_networks(settings.web.trusted_proxies)


def read_networks(values: Sequence[str]) -> tuple[Network, ...]:
    """Networks of the settings, which have checked them."""
    return tuple(ipaddress.ip_network(one, strict=False) for one in values)


def peer_of(remote: str, forwarded: Sequence[str], proxies: Sequence[Network]) -> str:
    """The address to hold a request against: the last one in the chain that is no proxy of ours.

    `forwarded` are the values of X-Forwarded-For, in order. Whoever connects without being a trusted proxy may write into
    them what they like; it is not read.

    >>> peer_of("127.0.0.1", ["6.6.6.6, 203.0.113.9"], [ipaddress.ip_network("127.0.0.1")])
    '203.0.113.9'
    """
    chain = [one.strip() for value in forwarded for one in value.split(",")] + [remote]
    for one in reversed(chain):
        try:
            address = ipaddress.ip_address(one)
        except ValueError:
            return remote
        if not any(address in network for network in proxies):
            return str(address)
    return chain[0]
