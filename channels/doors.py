"""What public doors share: what they ask of whoever comes, bodies with a limit, origins, languages."""

import functools
import ipaddress
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import TypeAlias
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

UNREADABLE = (
    ValueError, AssertionError, RuntimeError, aiohttp.ClientError, HttpProcessingError, web.RequestPayloadError,
)  # fmt: skip
"""What aiohttp raises where the parts of a body are not as they should be; two of these where the first is `_charset_`."""
MOST_NAME = 300
"""Characters of a file's name, and of its type, that are looked at."""

COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: under that, browsers post our own form with "Origin: null".
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Asks(StrEnum):
    """What a door that no role and no API key opens asks of whoever comes. The handler checks it; this says that it does."""

    NOTHING = "nothing"
    """Everybody may: what they get is public, what they send is counted."""
    LINK = "link"
    """A token in the address, of 128 random bits or more, kept as its hash."""
    SESSION = "session"
    """A token that this browser was given before, in a cookie, a header or the first frame."""
    SIGNATURE = "signature"
    """A secret that the other program shows with each call."""
    MACHINE = "machine"
    """This machine itself, or an API key of the scope admin."""


Tells: TypeAlias = Callable[[web.Request, int, str], web.Response | None]
"""How a door that programs ask says what went wrong behind or before it: of the status, and of the number under which the log
says more ("" for none). None for whoever reads pages: they are shown one."""


def open_to(asks: Asks, *routes: web.RouteDef, tells: Tells | None = None) -> list[web.RouteDef]:
    """The same routes, which now say what they ask, and how they tell trouble. A hub does not start with one that does not say
    what it asks."""
    return [_saying(asks, route, tells) for route in routes]


def _saying(asks: Asks, route: web.RouteDef, tells: Tells | None) -> web.RouteDef:
    asked = route.handler

    @functools.wraps(asked)
    async def handle(request: web.Request) -> web.StreamResponse:
        return await asked(request)

    handle.asks = asks  # type: ignore[attr-defined]
    handle.tells = tells  # type: ignore[attr-defined]
    return web.RouteDef(route.method, route.path, handle, route.kwargs)


PEER = web.RequestKey("peer", str)
"""Who is at the other end, seen through our own proxies; the hub writes it there."""


def peer_of_request(request: web.Request) -> str:
    """The address that asks."""
    return request.get(PEER) or request.remote or ""


def network_of(peer: str) -> str:
    """What one customer has: an address, or the 64 bits that a line of IPv6 is given (RFC 6177).

    >>> network_of("203.0.113.9"), network_of("2001:db8:1:2:3::4"), network_of("::ffff:203.0.113.9")
    ('203.0.113.9', '2001:db8:1:2::/64', '203.0.113.9')
    """
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return peer[:60]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


async def read_body(request: web.Request, most: int) -> bytes:
    """The whole body. Raises web.HTTPRequestEntityTooLarge above `most` bytes, before they are all read."""
    if (request.content_length or 0) > most:
        raise web.HTTPRequestEntityTooLarge(max_size=most, actual_size=request.content_length or 0)
    body = bytearray()
    async for chunk in request.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > most:
            raise web.HTTPRequestEntityTooLarge(max_size=most, actual_size=len(body))
    return bytes(body)


def origin_of(url: str) -> str:
    """Scheme, host and port as a browser writes them in Origin; "" for what is no web address."""
    try:
        parts = urlsplit(url.strip().lower())
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" if port in (None, usual) else f"{parts.scheme}://{host}:{port}"


def is_own_origin(request: web.Request, public_url: str) -> bool:
    """Whether the browser says that the page came from this hub: its public address, or the host it was asked
    for (an administrator may use localhost beside the public name)."""
    given = request.headers.get("Origin", "")
    if not given or given == "null":
        return False
    origin = origin_of(given)
    return bool(origin) and (
        origin == origin_of(public_url) or origin.partition("://")[2] == request.host.lower()
    )


def is_listed_origin(request: web.Request, allowed: Iterable[str]) -> bool:
    """Whether the browser names a site that the administrator has listed. Exact; no suffixes."""
    origin = origin_of(request.headers.get("Origin", ""))
    return bool(origin) and origin in allowed


def checked_origins(values: tuple[str, ...]) -> tuple[str, ...]:
    """For settings: each value as Origin would write it. Raises ValueError with what was expected."""
    for value in values:
        parts = urlsplit(value)
        if not origin_of(value) or parts.path.strip("/") or parts.query or parts.username:
            raise ValueError(f"{value!r}: expected a site such as https://www.shop.example")
    return tuple(origin_of(value) for value in values)


def frame_ancestors(allowed: Iterable[str]) -> str:
    """The CSP directive that lets the listed sites, and nobody else, show a page in a frame."""
    return " ".join(("frame-ancestors 'self'", *allowed))


def choose_language(request: web.Request, default: str) -> str:
    """`en` or `zh_CN`: what the address asks for (?lang=), then what the browser prefers, then `default`."""
    asked = request.query.get("lang", "").lower().replace("-", "_")
    if asked:
        return "zh_CN" if asked.startswith("zh") else "en"
    ranked: list[tuple[float, str]] = []
    for part in request.headers.get("Accept-Language", "")[:500].split(","):
        tag, _, quality = part.strip().lower().partition(";")
        try:
            weight = float(quality.partition("=")[2] or 1.0)
        except ValueError:
            continue
        for prefix, language in (("zh", "zh_CN"), ("en", "en")):
            if tag.strip().partition("-")[0] == prefix and weight > 0:
                ranked.append((weight, language))
    return max(ranked, key=lambda pair: pair[0])[1] if ranked else default
