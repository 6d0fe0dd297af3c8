"""The socket of one desk tab: what happened since its page was read, then what happens. Ids only.

The page asks again for what it shows, and is authorised again by that. Nothing is missed: events are listened to before
the gap is read, and what comes twice is sent once.
"""

import asyncio
from contextlib import suppress
from uuid import uuid4

import structlog
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from channels.doors import is_own_origin
from hub.actions.announce import LOOKS, VISITORS
from hub.actions.context import Context
from hub.actions.feed import FeedEvent, TooFarBehind
from hub.actions.floor.presence import LINE_SECONDS, drop_line, hear_line
from hub.actions.lists.looks import Look, look_ended, say_look
from hub.actions.people.sessions import agent_of_session
from hub.actions.people.sight import may_see_id
from hub.model.codes import TICKET, show_code
from hub.model.people import Actor
from hub.model.permissions import Sight
from hub.model.tickets import EventKind
from hub.web.desk.cookies import read_session
from hub.web.desk.lists.looks import read_look
from hub.web.desk.typed import read_query
from storage.database import DatabaseUnavailable

log = structlog.get_logger(__name__)

SESSION_ENDED = 4401
"""The close code that sends the page to the login."""
LOOK_SECONDS = 4.0
SAY_SECONDS = 2.0
VISITORS_SECONDS = 0.5
LOOK_AGAIN_SECONDS = 30.0
_HEARTBEAT_SECONDS = 10.0
"""A browser that does not answer for half as long again is gone: a closed laptop says nothing."""

_OF_OFFERS = (
    EventKind.TICKET_OFFERED,
    EventKind.OFFER_SETTLED,
    EventKind.TICKET_ASSIGNED,
    EventKind.PRESENCE_CHANGED,
)
"""What changes an agent's offers is marked for them alone; nobody else's page need ask."""

_OF_NOBODY = frozenset(
    {
        EventKind.SIGNED_IN,
        EventKind.SIGN_IN_FAILED,
        EventKind.SECOND_STEP_SET_UP,
        EventKind.SECOND_STEP_REMOVED,
        EventKind.RECOVERY_CODE_USED,
        EventKind.RECOVERY_CODES_MADE,
        EventKind.PASSWORD_CHANGED,
        EventKind.COMPANY_LOGIN_LINKED,
        EventKind.COMPANY_LOGIN_UNLINKED,
        EventKind.SIGN_IN_POLICY_CHANGED,
    }
)
"""How colleagues sign in changes no page, and is nobody's business."""

_OF_RIGHTS = (EventKind.ROLES_CHANGED, EventKind.AGENT_CHANGED)
"""What somebody may do and see may be different now."""
_OF_SIGHT = (
    EventKind.TICKET_ASSIGNED,
    EventKind.TICKET_RELEASED,
    EventKind.OFFER_SETTLED,
    EventKind.QUEUE_CHANGED,
    EventKind.ENTRIES_MOVED,
)
"""By these a ticket comes into somebody's sight or leaves it."""

SOCKETS: web.AppKey[set[web.WebSocketResponse]] = web.AppKey("desk_sockets", set)


def live_route(ctx: Context) -> web.RouteDef:
    """GET /desk/live?cursor=…"""

    async def live(request: web.Request) -> web.StreamResponse:
        if not is_own_origin(request, ctx.settings.web.public_url):
            raise web.HTTPForbidden
        token = read_session(request, ctx.settings)
        signed_in = await agent_of_session(ctx, token)
        if signed_in is None:
            raise web.HTTPUnauthorized
        socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_SECONDS, max_msg_size=1024)
        await socket.prepare(request)
        open_sockets = request.app[SOCKETS]
        open_sockets.add(socket)
        line = _Line(ctx, socket, token, signed_in.actor)
        tasks = [
            asyncio.create_task(line.tell(read_query(request).get("cursor", ""))),
            asyncio.create_task(line.watch_session()),
            asyncio.create_task(line.be_heard()),
            asyncio.create_task(line.say_looks()),
            asyncio.create_task(line.tell_again(LOOKS, "looks", SAY_SECONDS)),
            asyncio.create_task(line.tell_again(VISITORS, "visitors", VISITORS_SECONDS)),
        ]
        try:
            async for message in socket:
                line.hear(message)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            open_sockets.discard(socket)
            await line.end()
        return socket

    return web.get("/desk/live", live)


async def close_sockets(app: web.Application) -> None:
    """On shutdown: every page reconnects to whoever answers next."""
    sockets = app[SOCKETS]
    for socket in list(sockets):
        await socket.close(code=WSCloseCode.GOING_AWAY)


class _Line:
    def __init__(self, ctx: Context, socket: web.WebSocketResponse, token: str, actor: Actor) -> None:
        self._ctx = ctx
        self._socket = socket
        self._token = token
        self._actor = actor
        self._agent_id = actor.agent_id or 0
        self._look_now = asyncio.Event()
        self._line = uuid4()
        self._look = Look(ticket_code=None)
        self._looked = asyncio.Event()

    async def tell(self, cursor: str) -> None:
        """Send every event after `cursor`, each once; close when this reader must come back with its cursor."""
        try:
            with self._ctx.feed.subscribe() as events:
                told = await self._tell_missed(cursor)
                async for event in events:
                    if event.cursor not in told:
                        await self._send(event)
            await self._socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
        except DatabaseUnavailable:
            await self._socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
        except ConnectionError as error:
            log.debug("desk.socket_gone", error=str(error))

    async def _tell_missed(self, cursor: str) -> set[str]:
        """The gap between the page's reading and now; returns the cursors that were told."""
        now = self._ctx.feed.cursor
        try:
            missed = await self._ctx.feed.replay(cursor)
        except TooFarBehind:
            # The page reads every piece again and goes on from here; what is announced meanwhile follows.
            await self._socket.send_json({"reload": True, "cursor": now})
            return set()
        for event in missed:
            await self._send(event)
        return {event.cursor for event in missed}

    async def watch_session(self) -> None:
        """Close the socket within LOOK_SECONDS of the session's end, at once when the end was announced."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._look_now.wait()
            self._look_now.clear()
            try:
                signed_in = await agent_of_session(self._ctx, self._token)
            except DatabaseUnavailable as error:
                # Nothing can be read while it is away either; the next look decides.
                log.warning("desk.session_unknown", error=str(error))
                continue
            if signed_in is None:
                await self._socket.close(code=SESSION_ENDED, message=b"the session ended")
                return
            self._actor = signed_in.actor

    async def be_heard(self) -> None:
        """For as long as the socket is open its agent is at their desk."""
        while True:
            try:
                await hear_line(self._ctx, self._line, self._agent_id)
            except DatabaseUnavailable as error:
                log.warning("desk.line_untold", error=str(error))
            await asyncio.sleep(LINE_SECONDS)

    def hear(self, message: WSMessage) -> None:
        """The one thing that a page says: which ticket it shows and whether somebody writes there. Anything else is no word."""
        look = read_look(message.data) if message.type is WSMsgType.TEXT else None
        if look is not None and look != self._look:
            self._look = look
            self._looked.set()

    async def say_looks(self) -> None:
        """Pass on what the page shows, its last state, not more often than every SAY_SECONDS."""
        while True:
            await self._looked.wait()
            self._looked.clear()
            try:
                await say_look(self._ctx, self._line, self._actor, self._look)
            except DatabaseUnavailable as error:
                log.warning("desk.look_untold", error=str(error))
            await asyncio.sleep(SAY_SECONDS)

    async def tell_again(self, topic: str, word: str, rest: float) -> None:
        """Whenever colleagues or visitors come, leave or write, and now and then, for what ended in silence."""
        heard = self._ctx.listener.expect(topic)
        while True:
            await heard.wait(LOOK_AGAIN_SECONDS)
            # Taken before the pause: what is said meanwhile is told after it.
            heard = self._ctx.listener.expect(topic)
            with suppress(ConnectionError):
                await self._socket.send_json({word: True})
            await asyncio.sleep(rest)

    async def end(self) -> None:
        """The page is gone. Where that cannot be said now, the line is seen to be silent."""
        try:
            await drop_line(self._ctx, self._line, self._agent_id)
            if self._look.ticket_code is not None:
                await look_ended(self._ctx)
        except DatabaseUnavailable as error:
            log.warning("desk.line_untold", error=str(error))

    async def _send(self, event: FeedEvent) -> None:
        if event.kind == EventKind.SESSION_ENDED:
            if self._agent_id in (event.agent_id, event.data.get("agent")):
                self._look_now.set()
            return
        if event.kind in _OF_NOBODY:
            return
        if event.kind == EventKind.NOTICES_CHANGED and self._agent_id not in event.data["agents"]:
            return  # nobody learns when another's bell rings
        if event.kind in _OF_RIGHTS:
            self._look_now.set()
        if not await self._sees(event):
            # Of what is out of sight only that the list may be another one now: a ticket may have left it.
            hint = {"cursor": event.cursor, "kind": "", "ticket": None, "agent": None}
            await self._socket.send_json({**hint, "list": event.kind in _OF_SIGHT})
            return
        ticket = None if event.ticket_code is None else show_code(TICKET, event.ticket_code)
        told = {"cursor": event.cursor, "kind": event.kind, "ticket": ticket, "agent": event.agent_id}
        if (event.kind, event.assignee_id) == (EventKind.INTERACTION_ADDED, self._agent_id):
            told["answered"] = "in" in (event.data.get("direction"), event.data.get("as"))
        if event.kind in _OF_OFFERS and event.data.get("agent") == self._agent_id:
            told["mine"] = True
        await self._socket.send_json(told)

    async def _sees(self, event: FeedEvent) -> bool:
        """Whether what happened is anything to this agent: asked for each event, so that it is as it is now."""
        ticket_id = event.ticket_id
        if ticket_id is None or self._actor.sight is Sight.ALL:
            return True
        return await self._ctx.database.read(lambda c: may_see_id(c, self._actor, ticket_id))
