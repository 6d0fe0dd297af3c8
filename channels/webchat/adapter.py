"""The open chat channel and its socket's door. The other doors are in doors.py; one socket's life is in visitor.py."""

import asyncio
import secrets
import weakref
from collections.abc import Sequence

import structlog
from aiohttp import WSCloseCode, web

from channels.adapter import (
    Accept,
    Capabilities,
    ChannelFailure,
    Leaving,
    Ports,
    Receipt,
    Refused,
    Unavailable,
)
from channels.doors import Asks, open_to, peer_of_request
from channels.webchat.capabilities import CAPABILITIES
from channels.webchat.crowd import Crowd, Full
from channels.webchat.doors import Doors, about, refusal, tell_trouble
from channels.webchat.frames import MOST_FRAME
from channels.webchat.settings import WebchatSettings
from channels.webchat.visitor import LineTooSlow, Visitor
from hub.model.interactions import OutboundInteraction

log = structlog.get_logger(__name__)
_HEARTBEAT = 25.0
"""Seconds between pings: below the 30 to 60 s after which proxies cut a silent line."""


class WebchatAdapter:
    """One chat (see channels.adapter.ChannelAdapter for what each method promises)."""

    capabilities: Capabilities = CAPABILITIES

    def __init__(self, name: str, settings: WebchatSettings, ports: Ports) -> None:
        self.name = name
        self._settings = settings
        self._ports = ports
        self._doors = Doors(name, settings, ports)
        self._sockets: weakref.WeakSet[web.WebSocketResponse] = weakref.WeakSet()
        self._crowd = Crowd(settings.most_sockets)

    async def check(self) -> None:
        """A chat has no credentials."""

    async def address(self) -> str:
        """The page of its own."""
        return f"{self._ports.public_url}/chat/{self.name}"

    async def receive(self, accept: Accept) -> None:
        """Visitors come by the socket. Returns only when cancelled."""
        await asyncio.Event().wait()

    async def send(self, message: OutboundInteraction, leaving: Leaving) -> Receipt:
        """The answer is already where the visitor reads it: its line became visible in the transcript with
        the hub's own commit, and every open page is fed from there by id. So nothing can be lost or doubled
        here, and the receipt is proof. Its files are fetched by the page, one by one."""
        if not message.address.startswith("session."):
            raise Refused(f"{message.address[:100]!r} is not a chat of this hub.")
        await leaving()
        return Receipt(detail="in the transcript")

    async def close(self) -> None:
        """Tell every open page that the hub goes away (1001); it comes back by itself."""
        self._doors.close()
        for socket in tuple(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    def routes(self, accept: Accept) -> Sequence[web.RouteDef]:
        async def socket(request: web.Request) -> web.StreamResponse:
            return await self._serve_socket(request, accept)

        line = web.get(f"/chat/{self.name}/socket", socket)
        return [*open_to(Asks.SESSION, line, tells=tell_trouble), *self._doors.routes(accept)]

    async def _serve_socket(self, request: web.Request, accept: Accept) -> web.StreamResponse:
        if not self._doors.may_come(request):
            return web.Response(status=403, text="This site may not open this chat.")
        # No compression: one small frame could unfold to fill the memory.
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT, max_msg_size=MOST_FRAME, compress=False)
        if not socket.can_prepare(request).ok:
            return web.Response(status=426, text="A WebSocket is expected.", headers={"Upgrade": "websocket"})
        try:
            with self._crowd.place(peer_of_request(request)):
                refused = await self._doors.let_in(request)
                if refused is not None:
                    return refused
                await socket.prepare(request)
                self._sockets.add(socket)
                await self._serve_visitor(socket, request, accept)
        except Full:
            return refusal(503, "busy", 20)
        except Unavailable:
            return refusal(503, "not_kept", 5)
        return socket

    async def _serve_visitor(
        self, socket: web.WebSocketResponse, request: web.Request, accept: Accept
    ) -> None:
        visitor = Visitor(socket, self._doors.chat(accept), about(request))
        try:
            await visitor.serve()
        except LineTooSlow:
            if request.transport is not None:
                request.transport.abort()
        except ConnectionError:
            log.debug("chat_line_lost", channel=self.name)
        except ChannelFailure as failure:
            # The transcript is away; the page tries again, with a growing pause.
            log.warning("chat_without_transcript", channel=self.name, reason=str(failure))
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
        except Exception:
            fault = secrets.token_hex(8)
            log.exception("chat.fault", channel=self.name, fault=fault)
            await socket.close(code=WSCloseCode.INTERNAL_ERROR, message=fault.encode())
