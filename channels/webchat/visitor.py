"""One visitor's open socket: hears frames, pushes the lines of the visitor's own conversation. No HTTP here.

Lines are pushed from the transcript alone, by id, and never from memory: after a reconnect to another hub the
page names an id that it has and gets what came after it, without a gap; what it has twice it shows once.
"""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from aiohttp import WSMsgType, web

from channels.adapter import Accept, NotAccepted, Ports, TranscriptLine
from channels.webchat import frames
from channels.webchat.sessions import is_ours, new_token, session_of, thread_key
from channels.webchat.settings import WebchatSettings

_HELLO_SECONDS = 15
"""Seconds that a new socket may be silent."""
_MOST_BAD_FRAMES = 20
_LOOK_BACK = 20
"""Lines above which a late one may still appear; the page goes back as far when it returns."""
_FULL_PAGE = 200
"""Lines that the transcript gives at once; as many mean that there may be more."""


class LineTooSlow(Exception):
    """The visitor does not read what is sent; the socket is cut and the page comes back by itself."""


class Visitor:
    """Use once: `await visitor.serve()` returns when the socket is closed, and leaves it closed."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        channel: str,
        settings: WebchatSettings,
        ports: Ports,
        accept: Accept,
        meta: Mapping[str, str],
    ) -> None:
        self._socket = socket
        self._channel = channel
        self._settings = settings
        self._ports = ports
        self._accept = accept
        self._meta = meta
        self._allowance = _Allowance(settings.burst, settings.messages_per_minute / 60)

    async def serve(self) -> None:
        """Raises LineTooSlow; every other end is an ordinary one."""
        hello = await self._first_frame()
        if hello is None:
            return
        token = hello.session if is_ours(self._ports.secret, self._channel, hello.session) else ""
        # A new session has no lines, whatever the page remembers of an old one.
        after = hello.after if token else 0
        token = token or new_token(self._ports.secret, self._channel)
        session = session_of(token)
        lines = await self._ports.transcript.since(thread_key(session), after)
        await self._send(frames.welcome(token, lines))
        pushing = asyncio.create_task(self._push(thread_key(session), lines, after))
        hearing = asyncio.create_task(self._hear(session))
        try:
            await asyncio.wait({pushing, hearing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            pushing.cancel()
            hearing.cancel()
            ended = await asyncio.gather(pushing, hearing, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error

    async def _first_frame(self) -> frames.Hello | None:
        try:
            async with asyncio.timeout(_HELLO_SECONDS):
                message = await self._socket.receive()
        except TimeoutError:
            await self._socket.close(code=1008, message=b"no hello")
            return None
        if message.type is not WSMsgType.TEXT:
            await self._socket.close(code=1003)
            return None
        try:
            frame = frames.read_frame(message.data)
        except frames.BadFrame as error:
            await self._send(frames.problem(error.code, str(error)))
            frame = None
        if isinstance(frame, frames.Hello):
            return frame
        await self._socket.close(code=1008, message=b"expected hello")
        return None

    async def _hear(self, session: str) -> None:
        bad = 0
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                await self._socket.close(code=1003)
                return
            try:
                frame = frames.read_frame(message.data)
                if isinstance(frame, frames.Hello):
                    raise frames.BadFrame("bad_frame", "hello was said before")
                if not self._allowance.take():
                    raise frames.BadFrame("too_fast", "wait a little between messages", frame.client_id)
            except frames.BadFrame as error:
                await self._send(frames.problem(error.code, str(error), error.client_id))
                bad += 1
                if bad > _MOST_BAD_FRAMES:
                    await self._socket.close(code=1008, message=b"too many bad frames")
                    return
                continue
            await self._keep(frame, session)

    async def _keep(self, said: frames.Said, session: str) -> None:
        item = frames.pack(said, session, received_at=datetime.now(UTC), meta=self._meta)
        try:
            (acceptance,) = await self._accept([item])
        except NotAccepted:
            answer = frames.problem("not_kept", "not kept now; send it again", said.client_id)
        else:
            answer = frames.kept(said.client_id, acceptance.ticket_code)
        await self._send(answer)

    async def _push(self, key: str, welcomed: list[TranscriptLine], after: int) -> None:
        """Ids are drawn before the commit, so a line may appear below one that was sent already. Each look
        therefore goes back over the last lines, and sends those that were not sent."""
        page, new, floor, sent = welcomed, welcomed, after, set[int]()
        while True:
            sent.update(line.id for line in new)
            if len(sent) > _LOOK_BACK:
                floor = sorted(sent)[-_LOOK_BACK - 1]
                sent = {one for one in sent if one > floor}
            if len(page) < _FULL_PAGE:
                await self._ports.transcript.wait(key, max(sent, default=floor))
            page = await self._ports.transcript.since(key, floor)
            new = [line for line in page if line.id not in sent]
            if new:
                await self._send(frames.new_lines(new))

    async def _send(self, frame: str) -> None:
        try:
            async with asyncio.timeout(self._settings.line_seconds):
                await self._socket.send_str(frame)
        except TimeoutError as error:
            raise LineTooSlow from error


class _Allowance:
    """A bucket of messages: full at first, refilled evenly."""

    def __init__(self, most: int, a_second: float) -> None:
        self._most = float(most)
        self._a_second = a_second
        self._left = self._most
        self._at = time.monotonic()

    def take(self) -> bool:
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._at) * self._a_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
