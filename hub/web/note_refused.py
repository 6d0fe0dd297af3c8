"""What was refused for what was sent stands in the log: fields that are wrong, bodies of another kind, tokens that are none,
forms of other sites, too much at once (OWASP ASVS 5.0, 16.3.3). Never with what was sent.

A flood writes a line a minute for each visitor, address and answer, and says how many more there were.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from channels.doors import network_of, peer_of_request
from hub.web.named import address_of
from hub.web.refusals import IS_NOTED

log = structlog.get_logger(__name__)

NOTED = frozenset({400, 401, 403, 405, 408, 409, 411, 413, 415, 417, 421, 422, 429, 431})
"""Not 404: whoever follows an old link is nobody to look at; what is out of somebody's sight is noted where that is decided."""
SECONDS = 60.0
MOST_REMEMBERED = 5000


class Heard:
    """How often the same was refused of late."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._heard: OrderedDict[tuple[object, ...], tuple[float, int]] = OrderedDict()

    def again(self, *what: object) -> int | None:
        """How often it was heard since the last line, this time not counted; None: it is too soon for another line."""
        now = self._clock()
        since, more = self._heard.pop(what, (now - SECONDS, 0))
        told = now - since >= SECONDS
        self._heard[what] = (now, 0) if told else (since, more + 1)
        if len(self._heard) > MOST_REMEMBERED:
            self._heard.popitem(last=False)
        return more if told else None


def note_refused() -> Middleware:
    """Outside of what makes pages of failures, so that every answer is seen."""
    heard = Heard()

    @web.middleware
    async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            response = await handler(request)
        except web.HTTPException as refused:
            _note(heard, request, refused.status)
            raise
        _note(heard, request, response.status)
        return response

    return note


def _note(heard: Heard, request: web.Request, status: int) -> None:
    if status not in NOTED or request.get(IS_NOTED):
        return
    peer, address = peer_of_request(request), address_of(request)
    more = heard.again(network_of(peer), status, request.method, address)
    if more is not None:
        log.info(
            "request.refused",
            status=status,
            method=request.method,
            path=address,
            peer=peer,
            more_since=more,
        )
