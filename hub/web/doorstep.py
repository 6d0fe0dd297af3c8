"""What is refused before anything is read or asked: too much from one visitor, and new things while space is short.

Only for public pages (and keys of the API that are unknown: hub.web.api.keyring), by the address of the visitor as our proxies
say it, in this process's memory. What a form takes is counted elsewhere, for all hubs together; this keeps what a flood costs
small on each.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from channels.doors import network_of, peer_of_request
from hub.actions.metrics import REFUSED
from hub.actions.space import RETRY_AFTER, Space

PUBLIC = ("/forms/", "/follow/", "/chat/", "/help", "/survey/", "/portal")
"""How the addresses of public pages begin."""
WRITES_ALL_THE_SAME = ("/forms/", "/follow/", "/chat/", "/portal/")
"""Where what is handed in is refused further in, with what was typed."""
MOST_REMEMBERED = 20_000
"""Visitors. Of more than that, those who were seen last."""


@dataclass(slots=True)
class _Visitor:
    """`allowed`: requests that may come now, as of `at`; `here`: those that are being answered."""

    allowed: float
    at: float
    here: int = 0


class Doorstep:
    """`most` requests at once, as many again over a minute, and `lines` of them at the same time; of each visitor."""

    def __init__(self, most: int, lines: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._lines = lines
        self._clock = clock
        self._visitors: OrderedDict[str, _Visitor] = OrderedDict()

    @property
    def known(self) -> int:
        """How many visitors are remembered."""
        return len(self._visitors)

    def enter(self, who: str) -> float:
        """0 when this visitor may come in (then `leave` follows), else after how many seconds they may try again."""
        now, visitor = self._clock(), self._visitors.get(who)
        if visitor is None:
            visitor = self._visitors[who] = _Visitor(allowed=self._most, at=now)
            self._forget()
        self._visitors.move_to_end(who)
        a_second = self._most / 60
        visitor.allowed = min(self._most, visitor.allowed + (now - visitor.at) * a_second)
        visitor.at = now
        if visitor.here >= self._lines:
            return 20.0
        if visitor.allowed < 1:
            return (1 - visitor.allowed) / a_second
        visitor.allowed -= 1
        visitor.here += 1
        return 0.0

    def leave(self, who: str, *, free: bool = False) -> None:
        """A request of theirs has been answered; `free`: it was none of those that are counted."""
        if visitor := self._visitors.get(who):
            visitor.here -= 1
            visitor.allowed += 1 if free else 0

    def _forget(self) -> None:
        """Whoever has been away for longest; nobody who is here."""
        if len(self._visitors) <= MOST_REMEMBERED:
            return
        gone = next((who for who, visitor in self._visitors.items() if not visitor.here), None)
        if gone is not None:
            del self._visitors[gone]


def watch_doorstep(step: Doorstep, space: Space) -> Middleware:
    """Stands before every handler, behind what knows the peer."""

    @web.middleware
    async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(PUBLIC):
            return await handler(request)
        who = network_of(peer_of_request(request))
        if wait := step.enter(who):
            REFUSED.labels("visitor").inc()
            raise web.HTTPTooManyRequests(headers={"Retry-After": str(math.ceil(wait))})
        try:
            if await _is_shut(request, space):
                REFUSED.labels("space").inc()
                raise web.HTTPServiceUnavailable(headers={"Retry-After": str(RETRY_AFTER)})
            return await handler(request)
        finally:
            step.leave(who)

    return watch


async def _is_shut(request: web.Request, space: Space) -> bool:
    if request.method in ("GET", "HEAD", "OPTIONS") or request.path.startswith(WRITES_ALL_THE_SAME):
        return False
    return (await space.stock()).short is not None
