"""The open chat channel: its page, its loader and its socket's door. One socket's life is in visitor.py."""

import asyncio
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
    no_suggestions,
)
from channels.doors import (
    COMMON_HEADERS,
    choose_language,
    frame_ancestors,
    is_listed_origin,
    is_own_origin,
)
from channels.webchat.frames import MOST_FRAME
from channels.webchat.page import STATIC, show_chat
from channels.webchat.settings import WebchatSettings
from channels.webchat.visitor import LineTooSlow, Visitor
from hub.model.interactions import OutboundInteraction

log = structlog.get_logger(__name__)
_HEARTBEAT = 25.0
"""Seconds between pings: below the 30 to 60 s after which proxies cut a silent line."""
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'"
)


class WebchatAdapter:
    """One chat (see channels.adapter.ChannelAdapter for what each method promises)."""

    capabilities = Capabilities(push=True, repeatable=True, live=True)

    def __init__(self, name: str, settings: WebchatSettings, ports: Ports) -> None:
        self.name = name
        self._settings = settings
        self._ports = ports
        self._sockets: weakref.WeakSet[web.WebSocketResponse] = weakref.WeakSet()
        self._open = 0

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
        here, and the receipt is proof."""
        if not message.address.startswith("session."):
            raise Refused(f"{message.address[:100]!r} is not a chat of this hub.")
        await leaving()
        return Receipt(detail="in the transcript")

    async def close(self) -> None:
        """Tell every open page that the hub goes away (1001); it comes back by itself."""
        for socket in tuple(self._sockets):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    def routes(self, accept: Accept) -> Sequence[web.RouteDef]:
        async def socket(request: web.Request) -> web.StreamResponse:
            return await self._serve_socket(request, accept)

        here = f"/chat/{self.name}"
        return (
            web.get(here, self._open_page),
            web.get(f"{here}/socket", socket),
            *(web.get(f"{here}/{file}", self._static) for file in STATIC),
        )

    async def _open_page(self, request: web.Request) -> web.Response:
        language = choose_language(request, self._settings.language)
        headers = {
            **COMMON_HEADERS,
            "Content-Security-Policy": f"{_POLICY}; {frame_ancestors(self._settings.allowed_origins)}",
            "Cache-Control": "no-store",
            "Vary": "Accept-Language",
        }
        offering = self._ports.suggest is not no_suggestions
        page = show_chat(self.name, self._settings, language, offering=offering)
        return web.Response(text=page, content_type="text/html", charset="utf-8", headers=headers)

    async def _static(self, request: web.Request) -> web.Response:
        body, content_type = STATIC[request.path.rpartition("/")[2]]
        headers = {**COMMON_HEADERS, "Cache-Control": "max-age=300"}
        if request.path.endswith("/widget.js"):
            # The one file that other sites load.
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)

    async def _serve_socket(self, request: web.Request, accept: Accept) -> web.StreamResponse:
        """Browsers let every site open a socket anywhere, so the page's origin is looked at before the
        upgrade."""
        own = is_own_origin(request, self._ports.public_url)
        if not own and not is_listed_origin(request, self._settings.allowed_origins):
            return web.Response(status=403, text="This site may not open this chat.")
        if self._open >= self._settings.most_sockets:
            return web.Response(status=503, text="Too many visitors.", headers={"Retry-After": "20"})
        # No compression: one small frame could unfold to fill the memory.
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT, max_msg_size=MOST_FRAME, compress=False)
        if not socket.can_prepare(request).ok:
            return web.Response(status=426, text="A WebSocket is expected.", headers={"Upgrade": "websocket"})
        self._open += 1
        try:
            await socket.prepare(request)
            self._sockets.add(socket)
            await self._serve_visitor(socket, request, accept)
        finally:
            self._open -= 1
        return socket

    async def _serve_visitor(
        self, socket: web.WebSocketResponse, request: web.Request, accept: Accept
    ) -> None:
        meta = {
            "peer": request.remote or "",
            "user_agent": request.headers.get("User-Agent", "")[:300],
            "origin": request.headers.get("Origin", "")[:300],
        }
        visitor = Visitor(socket, self.name, self._settings, self._ports, accept, meta)
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
