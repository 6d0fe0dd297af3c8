"""Fetches a picture that a letter asks for, so that the agent's browser never does: its host learns that somebody at the
company looked, not who or from where, and nobody can use it to look into the company's own network.

Every connection is checked at the moment it is made, on the address it is made to: a name that resolved to something else
a second ago, a number written oddly and a redirection all end at the same door.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp
import structlog
from yarl import URL

log = structlog.get_logger(__name__)

MOST_BYTES = 5 * 1024 * 1024
WITHIN_SECONDS = 10.0
MOST_HOPS = 3
AT_ONCE = 8

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


class NoPicture(Exception):
    """It was not fetched: the address is none to go to, or what lies there is too large, too slow or absent."""


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


class PictureFetcher:
    """One per hub. `allowed` are networks that may be asked although they are not public."""

    def __init__(self, allowed: Sequence[Network] = ()) -> None:
        self._make_socket = _guarded(allowed)
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def fetch(self, address: str) -> bytes:
        """The bytes at a web address, at most MOST_BYTES; whether they are a picture is the caller's to see. No cookies, no
        referrer, no proxy of the environment. Raises NoPicture."""
        try:
            async with self._turns, asyncio.timeout(WITHIN_SECONDS):
                connector = aiohttp.TCPConnector(
                    socket_factory=self._make_socket, use_dns_cache=False, force_close=True, limit=1
                )
                async with aiohttp.ClientSession(
                    connector=connector,
                    cookie_jar=aiohttp.DummyCookieJar(),
                    trust_env=False,
                    auto_decompress=False,
                    headers={"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "Mozilla/5.0"},
                ) as session:
                    return await _follow(session, address)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            log.info("picture.not_fetched", why=type(error).__name__)
            raise NoPicture(str(error)) from error


async def _follow(session: aiohttp.ClientSession, address: str) -> bytes:
    url = _web_address(URL(address))
    for _ in range(MOST_HOPS + 1):
        async with session.get(url, allow_redirects=False) as answer:
            if answer.status in (301, 302, 303, 307, 308) and "Location" in answer.headers:
                url = _web_address(url.join(URL(answer.headers["Location"])))
                continue
            if answer.status != 200 or answer.headers.get("Content-Encoding", "identity") != "identity":
                raise NoPicture(f"the answer was {answer.status}")
            return await _read(answer)
    raise NoPicture("sent on too often")


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    if (answer.content_length or 0) > MOST_BYTES:
        raise NoPicture("too large")
    data = bytearray()
    async for chunk in answer.content.iter_chunked(64 * 1024):
        data += chunk
        if len(data) > MOST_BYTES:
            raise NoPicture("too large")
    return bytes(data)


def _web_address(url: URL) -> URL:
    if url.scheme not in ("http", "https") or not url.host:
        raise NoPicture("not a web address")
    return url.with_user(None).with_fragment(None)


def _guarded(allowed: Sequence[Network]) -> Callable[[Any], socket.socket]:
    """A maker of sockets that makes none for a place where nobody from outside could go."""

    def make(address_info: tuple[int, int, int, str, tuple[Any, ...]]) -> socket.socket:
        family, kind, protocol, _, where = address_info
        text = str(where[0])
        if not is_global(text) and not _is_allowed(text, allowed):
            raise PermissionError(f"{text} is no public address")
        return socket.socket(family, kind, protocol)

    return make


def _is_allowed(text: str, allowed: Sequence[Network]) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    return any(address in network for network in allowed)
