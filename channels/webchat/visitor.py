"""One visitor's open socket: hears frames, pushes the lines of the visitor's own conversation and how it stands. No HTTP here.

Lines are pushed from the transcript alone, by id, and never from memory: after a reconnect to another hub the
page names an id that it has and gets what came after it, without a gap; what it has twice it shows once.
"""

import asyncio
import secrets
import time
from collections.abc import Mapping

import structlog
from aiohttp import WSMsgType, web

from channels.adapter import ChannelFailure, Standing, TranscriptLine, Unavailable
from channels.webchat import frames, sayings
from channels.webchat.conversation import HERE_EVERY, Chat, Conversation, come_in
from channels.webchat.gate import LOT, TooMuch
from channels.webchat.sayings import Saying

log = structlog.get_logger(__name__)
_HELLO_SECONDS = 15
"""Seconds that a new socket may be silent."""
_MOST_BAD_FRAMES = 20
_LOOK_BACK = 20
"""Lines above which a late one may still appear; the page goes back as far when it returns."""
_FULL_PAGE = 200
"""Lines that the transcript gives at once; as many mean that there may be more."""
_CALM, _WAITING, _BUSY = 60.0, 20.0, 8.0
"""Seconds after which is looked how things stand though nothing was heard: usually, while somebody waits in line (others before
them may have left), and while an agent writes (which is forgotten by itself)."""
_LINES = 20.0
"""Seconds after which is looked for lines though nothing was heard."""
_BREATH = 0.4
"""Seconds between two looks of one socket at how things stand, at the least."""
_SMALL_TALK = 120
"""Frames a minute that are no messages; more are not heard."""
_ANSWERED_BY_NOTHING = (frames.Typing, frames.Seen, frames.Bye)
"""What the page says by itself, so that nobody waits for an answer."""


class LineTooSlow(Exception):
    """The visitor does not read what is sent; the socket is cut and the page comes back by itself."""


class Visitor:
    """Use once: `await visitor.serve()` returns when the socket is closed, and leaves it closed."""

    def __init__(self, socket: web.WebSocketResponse, chat: Chat, meta: Mapping[str, str]) -> None:
        self._socket = socket
        self._chat = chat
        self._meta = meta
        settings = chat.settings
        self._allowance = _Allowance(settings.burst, settings.messages_per_minute / 60)
        self._small_talk = _Allowance(_SMALL_TALK, _SMALL_TALK / 60)
        self._paid = 0

    async def serve(self) -> None:
        """Raises LineTooSlow, ChannelFailure; every other end is an ordinary one."""
        hello = await self._first_frame()
        if hello is None:
            return
        async with self._chat.coming.turn():
            talk, wrong = await come_in(self._chat, hello, self._meta)
            after = talk.after(hello.after)
            lines = await self._chat.ports.transcript.since(talk.key, after) if talk.known else []
            talk.known = bool(lines) or after > 0
            standing = await self._chat.ports.lounge.standing(talk.key)
        await self._send(sayings.welcome(talk.token(), lines, standing, partly=talk.seat.since > 0))
        for one in wrong:
            await self._send(one)
        work = (
            self._push(talk.key, lines, after), self._tell(talk.key, standing), self._stay(talk), self._hear(talk),
        )  # fmt: skip
        tasks = {asyncio.ensure_future(one) for one in work}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error
        await talk.leave()

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
            frame: frames.Frame | None = frames.read_frame(message.data)
        except frames.BadFrame as error:
            await self._send(sayings.problem(error.code, str(error)))
            frame = None
        if isinstance(frame, frames.Hello):
            return frame
        await self._socket.close(code=1008, message=b"expected hello")
        return None

    async def _hear(self, talk: Conversation) -> None:
        bad = 0
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                await self._socket.close(code=1003)
                return
            try:
                frame = frames.read_frame(message.data)
                await self._weigh(frame)
                begun = talk.known
                answer = await self._answer(talk, frame)
            except frames.BadFrame as error:
                await self._send(sayings.problem(error.code, str(error), error.client_id))
                bad += 1
                if bad > _MOST_BAD_FRAMES:
                    await self._socket.close(code=1008, message=b"too many bad frames")
                    return
                continue
            if answer is not None:
                await self._send(answer)
            if talk.known and not begun:
                await talk.arrive()
            if isinstance(frame, frames.Reset):
                await self._socket.close()
                return

    async def _answer(self, talk: Conversation, frame: frames.Frame) -> Saying | None:
        """To this frame. Where the hub is at fault, that, by its number: the conversation goes on, and what was said can be
        said again."""
        try:
            return await talk.hear(frame)
        except ChannelFailure:
            raise
        except Exception:
            fault = secrets.token_hex(8)
            log.exception("chat.fault", channel=self._chat.name, fault=fault)
            if isinstance(frame, _ANSWERED_BY_NOTHING):
                return None
            return sayings.broken(fault, frame.client_id if isinstance(frame, frames.Said) else "")

    async def _weigh(self, frame: frames.Frame) -> None:
        """Raises BadFrame for what is too much."""
        if not isinstance(frame, frames.Said):
            if not self._small_talk.take():
                raise frames.BadFrame("too_fast", "wait a little")
            return
        if not self._allowance.take():
            raise frames.BadFrame("too_fast", "wait a little between messages", frame.client_id)
        if self._paid == 0:
            try:
                await self._chat.doorkeeper.says(self._meta["peer"], LOT)
            except TooMuch as error:
                raise frames.BadFrame(error.code, "wait a little", frame.client_id) from error
            except Unavailable as error:
                raise frames.BadFrame("not_kept", "not kept now; send it again", frame.client_id) from error
            self._paid = LOT
        self._paid -= 1

    async def _push(self, key: str, welcomed: list[TranscriptLine], after: int) -> None:
        """Ids are drawn before the commit, so a line may appear below one that was sent already. Each look
        therefore goes back over the last lines, and sends those that were not sent."""
        transcript, new, floor, sent = self._chat.ports.transcript, welcomed, after, set[int]()
        while True:
            sent.update(line.id for line in new)
            if len(sent) > _LOOK_BACK:
                floor = sorted(sent)[-_LOOK_BACK - 1]
                sent = {one for one in sent if one > floor}
            with transcript.watch(key) as heard:
                new = await transcript.since(key, floor, sent)
                if new:
                    await self._send(sayings.new_lines(new))
                if len(new) < _FULL_PAGE:
                    await heard.wait(_LINES)

    async def _tell(self, key: str, told: Standing) -> None:
        """Each change of how it stands."""
        lounge = self._chat.ports.lounge
        while True:
            with lounge.wake(key) as heard:
                async with self._chat.looking.turn():
                    standing = await lounge.standing(key)
                if standing != told:
                    await self._send(sayings.stands(standing))
                    told = standing
                await heard.wait(pause_after(standing))
            # Every message rings here too; what happens in one breath is looked at together.
            await asyncio.sleep(_BREATH)

    async def _stay(self, talk: Conversation) -> None:
        """The hub knows that the page is open; and the page, that its token was given back elsewhere."""
        while True:
            async with self._chat.looking.turn():
                if talk.known and await talk.revoked():
                    break
                await talk.arrive()
            await asyncio.sleep(HERE_EVERY)
        await self._send(sayings.done("reset", True))
        await self._socket.close()

    async def _send(self, saying: Saying) -> None:
        try:
            async with asyncio.timeout(self._chat.settings.line_seconds):
                await self._socket.send_str(sayings.as_text(saying))
        except TimeoutError as error:
            raise LineTooSlow from error


def pause_after(standing: Standing) -> float:
    """Seconds until it is looked again, where nothing is heard."""
    if standing.typing:
        return _BUSY
    return _WAITING if standing.place is not None else _CALM


class _Allowance:
    """A bucket of messages: full at first, refilled evenly."""

    def __init__(self, most: float, a_second: float) -> None:
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
