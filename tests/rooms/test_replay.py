"""A page that loses its socket at any moment, any number of times, ends with what one shows that never did.

The hub, its feed and its sockets are real; the page is live.js in a few lines: a cursor, and pieces that are read again when an
event speaks of them. Another transaction may be open all the while, so that what happens is not told in the order of its ids.
"""

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
from aiohttp import ClientWebSocketResponse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.registry import load_kinds
from hub.actions.announce import EVENTS, announce
from hub.actions.context import close_context, open_context
from hub.actions.floor.assign import assign_ticket
from hub.actions.lists.snooze import snooze_ticket, wake_ticket
from hub.actions.note import add_note
from hub.actions.status import change_status
from hub.actions.tags import change_tags
from hub.model.codes import TICKET, show_code
from hub.model.people import HUB, Actor
from hub.model.tickets import EventKind
from hub.settings import Settings
from routing.rules import load_rules
from storage import events
from storage.database import Connection, Database
from tests.conftest import at_database
from tests.fakes.desk import Desk, customer_writes, serving_desk
from tests.fakes.processes import until
from tests.fakes.scene import RULES, SECRET

_names = itertools.count()
_TIME = re.compile(r"<time.*?</time>", re.DOTALL)

HAPPENS = ("writes", "comes", "note", "tags", "status", "assign", "snooze", "wake")
_happens = st.sampled_from((*HAPPENS, "read", "begin", "commit"))
_away = st.lists(_happens, min_size=1, max_size=3).map(lambda steps: ["cut", *steps, "join"])
# Another transaction began before all of that and commits after it: its event has the lower number, and comes last.
_late = _away.map(lambda steps: ["begin", *steps])
# At the end the page is away: what it misses then, nothing later makes up for.
_steps = st.tuples(
    st.lists(st.one_of(_happens.map(lambda step: [step]), _away), max_size=4), st.one_of(_away, _late)
).map(lambda drawn: [step for steps in (*drawn[0], drawn[1]) for step in steps])


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=_steps, ticket=st.integers(0, 1))
def test_nothing_that_happened_is_missed(postgres: str, steps: Sequence[str], ticket: int) -> None:
    asyncio.run(_run(postgres, steps, ticket))


async def _run(postgres: str, steps: Sequence[str], ticket: int) -> None:
    async with _served(postgres) as desk:
        await desk.log_in("ann")
        codes = [
            await customer_writes(desk.ctx, "Words", subject=f"Case {n}", thread=f"t{n}") for n in range(3)
        ]
        world = _World(desk, codes[:2], slow=codes[2])
        opened = show_code(TICKET, codes[ticket])
        never_cut, cut = _Page(desk, opened, eager=True), _Page(desk, opened)
        for page in (never_cut, cut):
            await page.load()
            await page.join()
        for step in steps:
            match step:
                case "cut":
                    await cut.leave()
                case "join":
                    await cut.join()
                case "read":
                    await cut.read_what_came()
                case _:
                    await world.let(step)
        await world.let("commit")
        await cut.join()
        await world.end()
        for page in (never_cut, cut):
            await page.reach(world.ended)
        assert cut.pieces == never_cut.pieces
        fresh = _Page(desk, opened)
        await fresh.load()
        assert cut.pieces == fresh.pieces
        for page in (never_cut, cut):
            await page.leave()


class _Page:
    """live.js: what the page shows was read at some time; an event says which piece is to be read again. `eager`: it reads as
    soon as it hears."""

    def __init__(self, desk: Desk, ticket: str, *, eager: bool = False) -> None:
        self._eager = eager
        self._reading = asyncio.Lock()
        self._desk = desk
        self._ticket = ticket
        self._socket: ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._came: list[dict[str, Any]] = []
        self.cursor = ""
        self.pieces: dict[str, str] = {}

    async def load(self) -> None:
        # As a page has it: the cursor is taken before anything is read.
        self.cursor = self._desk.ctx.feed.cursor
        await self._read("list")
        await self._read("ticket")

    async def join(self) -> None:
        if self._socket is None:
            url = f"{self._desk.url}/desk/live?cursor={self.cursor}"
            self._socket = await self._desk.session.ws_connect(url, origin=self._desk.url)
            self._reader = asyncio.create_task(self._listen(self._socket))

    async def leave(self) -> None:
        """Whatever came and was not looked at is lost."""
        if self._socket is not None and self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError):
                await self._reader
            await self._socket.close()
            self._socket = self._reader = None
            self._came.clear()

    async def read_what_came(self) -> None:
        async with self._reading:
            while self._came:
                event = self._came.pop(0)
                if "looks" in event:
                    continue
                self.cursor = event["cursor"]
                for piece in self._spread(event):
                    await self._read(piece)

    async def reach(self, cursor: str) -> None:
        async def there() -> bool:
            await self.read_what_came()
            return _place(self.cursor) >= _place(cursor)

        await until(there, seconds=20, what=f"the page to hear of {cursor}")

    def _spread(self, event: dict[str, Any]) -> Sequence[str]:
        if event.get("reload"):
            return ("list", "ticket")
        if event["ticket"] is None:
            return ()
        return ("list", "ticket") if event["ticket"] == self._ticket else ("list",)

    async def _read(self, piece: str) -> None:
        path = "list?scope=all" if piece == "list" else f"tickets/{self._ticket}/thread"
        answer = await self._desk.get(f"/desk/fragments/{path}", **{"HX-Request": "true"})
        assert answer.status == 200
        self.pieces[piece] = _TIME.sub("", answer.text)

    async def _listen(self, socket: ClientWebSocketResponse) -> None:
        async for message in socket:
            self._came.append(message.json())
            if self._eager:
                await self.read_what_came()


class _World:
    """What others do. `slow`: a ticket that somebody else's transaction holds, from "begin" to "commit"."""

    def __init__(self, desk: Desk, codes: Sequence[int], *, slow: int) -> None:
        self._desk = desk
        self._codes = codes
        self._slow = slow
        self._open: asyncpg.Connection[Any] | None = None
        self._number = 0
        self.ended = ""

    async def let(self, step: str) -> None:
        self._number += 1
        ctx, code = self._desk.ctx, self._codes[self._number % 2]
        ann = Actor(name="Ann Berg", agent_id=1)
        match step:
            case "writes":
                await customer_writes(ctx, f"More {self._number}", thread=f"t{self._number % 2}")
            case "comes":
                await customer_writes(ctx, "Hello", subject="New", thread=f"new{self._number}")
            case "note":
                await add_note(ctx, ticket_code=code, actor=HUB, text=f"Note {self._number}")
            case "tags":
                await change_tags(ctx, ticket_code=code, actor=HUB, add=[f"tag{self._number}"])
            case "status":
                status = "resolved" if self._number % 3 else "open"
                await change_status(ctx, ticket_code=code, status=status, actor=HUB)
            case "assign":
                await assign_ticket(
                    ctx, ticket_code=code, agent_id=1 if self._number % 3 else None, actor=HUB
                )
            case "snooze":
                await change_status(ctx, ticket_code=code, status="open", actor=HUB)
                await snooze_ticket(ctx, ticket_code=code, until=None, actor=ann)
            case "wake":
                await wake_ticket(ctx, ticket_code=code, actor=ann)
            case "begin" if self._open is None:
                self._open = await ctx.database.connect_alone()
                await self._open.execute("BEGIN")
                await self._open.execute(
                    "UPDATE ticket SET subject = $2 WHERE code = $1", self._slow, f"S{self._number}"
                )
                slow = await self._open.fetchval("SELECT id FROM ticket WHERE code = $1", self._slow)
                await events.add_event(self._open, EventKind.TAGS_CHANGED, ticket_id=slow)
            case "commit" if self._open is not None:
                await announce(self._open, EVENTS)
                await self._open.execute("COMMIT")
                await self._open.close()
                self._open = None

    async def end(self) -> None:
        """One event more, of which no piece is read again."""

        async def say(c: Connection) -> None:
            await events.add_event(c, EventKind.PRESENCE_CHANGED, agent_id=1, data={"agent": 2})
            await announce(c, EVENTS)

        await self._desk.ctx.database.run(say)
        xid, number = await self._desk.ctx.database.read(events.feed_end)
        self.ended = f"{xid}.{number}"


def _place(cursor: str) -> tuple[int, ...]:
    return tuple(int(one) for one in cursor.split("."))


@asynccontextmanager
async def _served(postgres: str) -> AsyncIterator[Desk]:
    name = f"replay_{next(_names)}"
    server = await asyncpg.connect(postgres)
    await server.execute(f"CREATE DATABASE {name} TEMPLATE template_hub STRATEGY file_copy")
    await server.close()
    database = await Database.open(at_database(postgres, name), max_size=6)
    ctx = open_context(
        database, Settings(), secret=SECRET, rules=load_rules(RULES.read_bytes()), kinds=load_kinds()
    )
    try:
        async with serving_desk(ctx) as desk:
            yield desk
    finally:
        await close_context(ctx)
        await database.close()
        server = await asyncpg.connect(postgres)
        await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await server.close()
