"""The chat's doors beside its socket: its page and files, the long poll, messages with files, files of lines. Who may come in,
and what is answered over HTTP; what it means is decided in conversation.py."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import quote

import structlog
from aiohttp import web

from channels.adapter import Accept, ChannelFailure, Ports, Unavailable, no_suggestions
from channels.doors import (
    COMMON_HEADERS,
    Asks,
    choose_language,
    frame_ancestors,
    is_listed_origin,
    is_own_origin,
    open_to,
    peer_of_request,
    read_body,
)
from channels.room import Crowded
from channels.webchat import frames, sayings
from channels.webchat.conversation import Chat, Conversation, read_seat
from channels.webchat.crowd import Crowd, Full
from channels.webchat.gate import Doorkeeper, TooMuch
from channels.webchat.page import show_chat, static_files
from channels.webchat.poll import ask
from channels.webchat.sayings import Saying
from channels.webchat.settings import WebchatSettings
from channels.webchat.turns import Turns
from channels.webchat.uploads import NotTaken, read_upload, size_of

log = structlog.get_logger(__name__)
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'"
)
_FOR_FILES = "default-src 'none'; sandbox"
_AGAIN_SECONDS = 5
_CODES = {408: "not_kept", 413: "too_long", 429: "too_fast", 503: "not_kept"}
"""What a page is told of an answer that no door gave."""
_KNOCK_SECONDS, _COME_IN_SECONDS = 3.0, 4.0
"""So long somebody waits to be let in, and then to be shown their conversation: together less than a page waits (line.js)."""


class Doors:
    """Of one chat."""

    def __init__(self, name: str, settings: WebchatSettings, ports: Ports) -> None:
        self._name = name
        self._settings = settings
        self._ports = ports
        self._files = static_files(name, settings)
        self._questions: set[asyncio.Task[list[Saying]]] = set()
        self._crowd = Crowd(settings.most_sockets)
        self._closing = asyncio.Event()
        self._doorkeeper = Doorkeeper(ports.gate, name, settings)
        self._knocking = Turns(1, _KNOCK_SECONDS)
        self._coming, self._looking = Turns(3, _COME_IN_SECONDS), Turns(2, None)

    def chat(self, accept: Accept) -> Chat:
        """What all conversations have in common."""
        return Chat(
            name=self._name,
            settings=self._settings,
            ports=self._ports,
            accept=accept,
            doorkeeper=self._doorkeeper,
            coming=self._coming,
            looking=self._looking,
        )

    def routes(self, accept: Accept) -> list[web.RouteDef]:
        """All but the socket's."""
        chat, here = self.chat(accept), f"/chat/{self._name}"

        async def poll(request: web.Request) -> web.Response:
            return await self._guarded(request, lambda: self._poll(request, chat))

        async def say(request: web.Request) -> web.Response:
            return await self._guarded(request, lambda: self._say(request, chat))

        async def upload(request: web.Request) -> web.Response:
            return await self._guarded(request, lambda: self._upload(request, chat))

        async def file(request: web.Request) -> web.Response:
            return await self._file(request, chat)

        page = (web.get(here, self._page), *(web.get(f"{here}/{one}", self._static) for one in self._files))
        return [
            *open_to(Asks.NOTHING, *page),
            *open_to(
                Asks.SESSION,
                web.post(f"{here}/poll", poll),
                web.post(f"{here}/say", say),
                web.post(f"{here}/files", upload),
                web.get(f"{here}/files/{{line:[0-9]{{1,19}}}}/{{number:[0-9]{{1,4}}}}", file),
                tells=tell_trouble,
            ),
        ]

    def close(self) -> None:
        """Every page that waits for news is answered: the hub goes away."""
        self._closing.set()
        for question in self._questions:
            question.cancel()

    def may_come(self, request: web.Request) -> bool:
        """Browsers let every site knock anywhere, so the page's origin is looked at."""
        own = is_own_origin(request, self._ports.public_url)
        return own or is_listed_origin(request, self._settings.allowed_origins)

    async def let_in(self, request: web.Request) -> web.Response | None:
        """None where a page may be opened from there; else why not. Raises Unavailable."""
        try:
            await self._open(peer_of_request(request))
        except TooMuch as error:
            return refusal(429, error.code, error.seconds)
        return None

    async def _open(self, peer: str) -> None:
        async with self._knocking.turn():
            await self._doorkeeper.opens(peer)

    async def _page(self, request: web.Request) -> web.Response:
        language = choose_language(request, self._settings.language)
        headers = {
            **COMMON_HEADERS,
            "Content-Security-Policy": f"{_POLICY}; {frame_ancestors(self._settings.allowed_origins)}",
            "Cache-Control": "no-store",
            "Vary": "Accept-Language",
        }
        offering = self._ports.suggest is not no_suggestions
        page = show_chat(self._name, self._settings, language, offering=offering)
        return web.Response(text=page, content_type="text/html", charset="utf-8", headers=headers)

    async def _static(self, request: web.Request) -> web.Response:
        body, content_type = self._files[request.path.rpartition("/")[2]]
        headers = {**COMMON_HEADERS, "Cache-Control": "max-age=300"}
        if request.path.endswith("/widget.js"):
            # The one file that other sites load.
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)

    async def _guarded(
        self, request: web.Request, answer: Callable[[], Awaitable[web.Response]]
    ) -> web.Response:
        if not self.may_come(request):
            return web.Response(status=403, text="This site may not open this chat.")
        try:
            return await answer()
        except frames.BadFrame as error:
            return _said(400, [sayings.problem(error.code, str(error), error.client_id)])
        except TooMuch as error:
            return refusal(429, error.code, error.seconds)
        except Full:
            return refusal(503, "busy", _AGAIN_SECONDS)
        except (Crowded, ChannelFailure) as failure:
            log.warning("chat.not_now", channel=self._name, reason=str(failure) or type(failure).__name__)
            return refusal(503, "not_kept", _AGAIN_SECONDS)

    async def _poll(self, request: web.Request, chat: Chat) -> web.Response:
        hello = frames.read_frame(await read_body(request, frames.MOST_FRAME))
        if not isinstance(hello, frames.Hello):
            raise frames.BadFrame("bad_frame", "expected hello")
        peer = peer_of_request(request)
        if self._closing.is_set():
            return refusal(503, "busy", _AGAIN_SECONDS)
        await (self._doorkeeper.asks(peer) if hello.standing else self._open(peer))
        with self._crowd.place(peer):
            return await self._answer(hello, chat, request)

    async def _answer(self, hello: frames.Hello, chat: Chat, request: web.Request) -> web.Response:
        question = asyncio.ensure_future(ask(chat, hello, about(request)))
        self._questions.add(question)
        try:
            return _said(200, await question)
        except asyncio.CancelledError:
            if not self._closing.is_set():
                raise
            return refusal(503, "busy", _AGAIN_SECONDS)
        finally:
            self._questions.discard(question)

    async def _say(self, request: web.Request, chat: Chat) -> web.Response:
        frame = frames.read_frame(await read_body(request, frames.MOST_FRAME))
        talk = await self._talk(request, chat)
        if talk is None:
            return _said(401, [sayings.problem("bad_session", "this token opens nothing")])
        peer, session = peer_of_request(request), talk.seat.session
        if isinstance(frame, frames.Said):
            await self._doorkeeper.says_alone(peer, session)
        else:
            await self._doorkeeper.asks(peer)
        answer = await talk.hear(frame)
        if isinstance(frame, frames.Said):
            await talk.arrive()
        return _said(200, [answer] if answer is not None else [])

    async def _upload(self, request: web.Request, chat: Chat) -> web.Response:
        talk = await self._talk(request, chat)
        if talk is None:
            return _said(401, [sayings.problem("bad_session", "this token opens nothing")])
        if not self._settings.uploads:
            return _said(403, [sayings.problem("no_files", "this chat takes no files")])
        peer, session = peer_of_request(request), talk.seat.session
        await self._doorkeeper.sends(peer, session, size_of(request, self._settings))
        await self._doorkeeper.says_alone(peer, session)
        with self._ports.room.holding() as held:
            try:
                upload = await read_upload(request, self._settings, held)
            except NotTaken as error:
                return _said(
                    413 if error.code != "bad_frame" else 400, [sayings.problem(error.code, "not taken")]
                )
            words = upload.words
            client_id = frames.read_client_id(words.get("client_id"))
            text = frames.read_text(words.get("text", ""), client_id, needed=not upload.files)
            said = frames.Said(
                client_id=client_id,
                text=text,
                name=words.get("name", "")[:200],
                email=words.get("email", "")[:320],
            )
            async with held.turn():
                answer = await talk.keep(said, upload.files)
        await talk.arrive()
        return _said(200 if answer["type"] == "kept" else 503, [answer])

    async def _file(self, request: web.Request, chat: Chat) -> web.Response:
        """A file of a line, for whoever holds the conversation's token: 404 for everybody else and everything else."""
        try:
            await self._doorkeeper.asks(peer_of_request(request))
            talk = await self._talk(request, chat)
            line, number = int(request.match_info["line"]), int(request.match_info["number"])
            may = talk is not None and line > talk.seat.since
            found = await self._ports.lounge.open_file(talk.key, line, number) if talk and may else None
        except TooMuch as error:
            return refusal(429, error.code, error.seconds)
        except Unavailable:
            return refusal(503, "not_kept", _AGAIN_SECONDS)
        if not found:
            return web.Response(status=404, text="There is no such file.")
        headers = {
            **COMMON_HEADERS,
            "Content-Security-Policy": _FOR_FILES,
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
            "Cache-Control": "private, no-store",
        }
        return web.Response(body=found.content, content_type=found.media_type, headers=headers)

    async def _talk(self, request: web.Request, chat: Chat) -> Conversation | None:
        """The conversation of the token in Authorization (RFC 6750); None for none. Raises Unavailable."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        seat = await read_seat(chat, token.strip(), datetime.now(UTC)) if scheme.lower() == "bearer" else None
        if seat is None:
            return None
        page = request.headers.get("Chat-Page", "")
        return Conversation(chat, seat, page if frames.is_chance(page) else "", about(request), known=True)


def about(request: web.Request) -> Mapping[str, str]:
    """What is kept beside each message."""
    return {
        "peer": peer_of_request(request),
        "user_agent": request.headers.get("User-Agent", "")[:300],
        "origin": request.headers.get("Origin", "")[:300],
    }


def _said(status: int, said: list[Saying]) -> web.Response:
    headers = {**COMMON_HEADERS, "Cache-Control": "no-store"}
    return web.json_response({"frames": said}, status=status, headers=headers)


def tell_trouble(_request: web.Request, status: int, fault: str) -> web.Response:
    """What went wrong around a door of the chat, as its page reads it (channels.doors.Tells)."""
    said = sayings.broken(fault) if fault else sayings.problem(_CODES.get(status, "bad_frame"), "not taken")
    return _said(status, [said])


def refusal(status: int, code: str, seconds: int) -> web.Response:
    """Not now, but in so many seconds."""
    response = _said(status, [sayings.problem(code, "not now")])
    response.headers["Retry-After"] = str(seconds)
    return response
