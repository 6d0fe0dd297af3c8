"""Whatever happens to the line of a page, in whatever order: in the end it shows what a fresh reading shows, nothing is missed
and nothing told twice. Two whole hubs; lines drop in the middle, come back at the other hub; transactions commit late."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from channels.webchat import visitor
from hub.actions import feed as feeding
from hub.actions.answers.reply import queue_reply
from hub.actions.ports import make_ports
from hub.model.codes import TICKET, read_code, show_code
from hub.model.people import Role
from hub.settings import Settings
from hub.wiring import Hub, run_hub
from storage import events
from storage.database import Connection
from tests.conftest import SECRET
from tests.fakes.desk import PASSWORD, customer_writes
from tests.fakes.processes import until
from tests.fakes.scene import SYSTEM, a_real_agent, rows

CHANNELS = {"shop": {"kind": "api"}, "chat": {"kind": "webchat"}}
LOOK_BACK = 3
"""Lines above which a late one may still appear (channels.webchat.visitor): few, so that a few lines are many."""
_THREADS = itertools.count()
_SHOWN = """
    SELECT t.code, t.id, t.seq, t.status, t.assignee_id,
           (SELECT count(*) FROM interaction i WHERE i.ticket_id = t.id) AS entries
    FROM ticket t WHERE t.id > $1 AND ($2::bigint IS NULL OR t.code = $2)
"""
"""What a page shows of a ticket."""


class House:
    """Two whole hubs, and a browser that is signed in."""

    def __init__(self, hubs: tuple[Hub, Hub], client: aiohttp.ClientSession, dsn: str) -> None:
        self.hubs, self.client, self.dsn = hubs, client, dsn

    def __repr__(self) -> str:
        return "House"


@pytest.fixture
async def house(database_dsn: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    # A page that was away for a dozen events reads all again.
    monkeypatch.setattr(feeding, "REPLAY_LIMIT", 12)
    monkeypatch.setattr(visitor, "_LOOK_BACK", LOOK_BACK)
    given_ = Settings(
        channels=CHANNELS, web={"port": 0, "trusted_proxies": ["127.0.0.1"]}, secret_key=SECRET.decode()
    )  # type: ignore[arg-type]
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(run_hub(given_, database_dsn, grace=5))
        two = await stack.enter_async_context(run_hub(given_, database_dsn, grace=5))
        jar = aiohttp.CookieJar(unsafe=True)
        client = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=jar))
        await a_real_agent(one.ctx, "ann", role=Role.SUPERVISOR)
        who = {"login": "ann", "password": PASSWORD}
        async with client.post(f"{one.url}/desk/login", data=who, headers={"Origin": one.url}) as answer:
            assert answer.status == 200
        yield House((one, two), client, database_dsn)


@dataclass(slots=True)
class Page:
    """One tab of the desk, as live.js has it. `told`: every cursor that came, in order; `over`: those from which on it read all
    again."""

    house: House
    since: int
    cursor: str = ""
    shown: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    over: list[str] = field(default_factory=list)
    socket: aiohttp.ClientWebSocketResponse | None = None
    listening: "asyncio.Task[None] | None" = None

    async def read(self, code: int | None = None) -> dict[str, tuple[Any, ...]]:
        found = await rows(self.house.hubs[0].ctx, _SHOWN, self.since, code)
        return {show_code(TICKET, row["code"]): tuple(row.values()) for row in found}

    async def begin(self, hub: int) -> None:
        """The page is read: first where the feed stands, then everything."""
        self.cursor = self.house.hubs[hub].ctx.feed.cursor
        self.shown = await self.read()
        await self.open(hub)

    async def open(self, hub: int) -> None:
        if self.listening is not None and self.listening.done():
            await self.drop()
        if self.listening is None:
            url = self.house.hubs[hub].url
            self.socket = await self.house.client.ws_connect(
                f"{url}/desk/live?cursor={self.cursor}", origin=url
            )
            self.listening = asyncio.create_task(self._listen(self.socket))

    async def drop(self) -> None:
        """In the middle of whatever is on its way. What went wrong meanwhile is raised."""
        if self.listening is not None and self.socket is not None:
            await self.socket.close()
            await self.listening
        self.listening = self.socket = None

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            said = message.json()
            if said.get("looks") or said.get("visitors"):
                continue
            if said.get("reload"):
                self.over.append(said["cursor"])
                self.cursor = said["cursor"]
                self.shown = await self.read()
                continue
            assert place(said["cursor"]) > place(self.cursor), "told again, or out of order"
            self.cursor = said["cursor"]
            self.told.append(said["cursor"])
            if said["ticket"]:
                self.shown |= await self.read(read_code(TICKET, said["ticket"]))


@dataclass(slots=True)
class Visitor:
    """A page of the chat, as chat.js has it: it remembers its lines by their ids, and says which it has when it comes back."""

    house: House
    peer: dict[str, str]
    token: str = ""
    ticket: str = ""
    lines: dict[int, dict[str, Any]] = field(default_factory=dict)
    said: int = 0
    socket: aiohttp.ClientWebSocketResponse | None = None
    listening: "asyncio.Task[None] | None" = None

    def hello(self) -> dict[str, Any]:
        ids = sorted(self.lines)
        floor = ids[-LOOK_BACK - 1] if len(ids) > LOOK_BACK else 0
        have = [str(one) for one in ids if one > floor]
        return {"type": "hello", "session": self.token, "page": "p1", "after": str(floor), "have": have}

    async def ask(self, hub: int, path: str, body: dict[str, Any]) -> list[dict[str, Any]]:
        url = self.house.hubs[hub].url
        headers = {**self.peer, "Origin": url, "Authorization": f"Bearer {self.token}", "Chat-Page": "p1"}
        async with self.house.client.post(f"{url}/chat/chat/{path}", json=body, headers=headers) as answer:
            frames: list[dict[str, Any]] = (await answer.json())["frames"]
            return frames

    async def poll(self, hub: int) -> None:
        """What a page without a socket gets when it comes."""
        (welcome,) = await self.ask(hub, "poll", self.hello())
        self.token = welcome["session"]
        self.lines |= {int(line["id"]): line for line in welcome["lines"]}

    async def say(self, hub: int, *, again: bool = False) -> None:
        """`again`: whether the last one was kept was not heard, so it is sent once more."""
        self.said += not again
        if self.said:
            message = {"type": "message", "client_id": f"c{self.said}", "text": f"line {self.said}"}
            (kept,) = await self.ask(hub, "say", message)
            assert kept["type"] == "kept", kept
            self.ticket = kept["ticket"] or self.ticket

    async def is_answered(self, hub: int) -> None:
        if self.ticket:
            ctx = self.house.hubs[hub].ctx
            code = read_code(TICKET, self.ticket)
            await queue_reply(ctx, ticket_code=code, actor=SYSTEM, text="On its way.")

    async def late_line(self, hub: int) -> None:
        """Somebody took the id of a line before another line was there, and their own is there only now."""
        if not self.ticket:
            return
        ctx, code = self.house.hubs[hub].ctx, read_code(TICKET, self.ticket)
        (drawn,) = await rows(ctx, "SELECT next_timeline_id() AS id")
        await self.is_answered(hub)
        await asyncio.sleep(0.05)
        await rows(
            ctx,
            """WITH t AS (UPDATE ticket SET seq = seq + 1 WHERE code = $1 RETURNING id, seq, customer_id), f AS (
                   SELECT i.channel_id, i.thread_key FROM interaction i JOIN t ON t.id = i.ticket_id LIMIT 1
               ), i AS (
                   INSERT INTO interaction (id, ticket_id, seq, customer_id, channel_id, thread_key, kind, direction, text)
                   SELECT $2, t.id, t.seq, t.customer_id, f.channel_id, f.thread_key, 'message', 'out', 'late' FROM t, f
               ) INSERT INTO event (ticket_id, seq, kind, data)
                 SELECT id, seq, 'interaction_added', jsonb_build_object('interaction', $2, 'direction', 'out') FROM t""",
            code,
            drawn["id"],
        )

    async def open(self, hub: int) -> None:
        if self.listening is not None and self.listening.done():
            await self.drop()
        if self.listening is None:
            url = self.house.hubs[hub].url
            self.socket = await self.house.client.ws_connect(
                f"{url}/chat/chat/socket", origin=url, headers=self.peer
            )
            await self.socket.send_json(self.hello())
            self.listening = asyncio.create_task(self._listen(self.socket))

    async def drop(self) -> None:
        if self.listening is not None and self.socket is not None:
            await self.socket.close()
            await self.listening
        self.listening = self.socket = None

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        here: set[str] = set()
        async for message in socket:
            said = message.json()
            self.token = said.get("session", self.token)
            for line in said.get("lines", ()):
                assert line["id"] not in here, "one line told twice on one socket"
                here.add(line["id"])
                self.lines[int(line["id"])] = line

    async def is_whole(self) -> bool:
        """Whether it shows what a fresh page would, each message of its own once."""
        ctx = self.house.hubs[0].ctx
        (row,) = await rows(
            ctx, "SELECT thread_key FROM ticket WHERE code = $1", read_code(TICKET, self.ticket)
        )
        there = await make_ports(ctx, "chat").transcript.since(row["thread_key"], 0)
        ids, own = [line.id for line in there], [line.client_id for line in there if line.client_id]
        assert len(own) == len(set(own)), "one message kept twice"
        return ids == sorted(self.lines) and len(own) == self.said


def place(cursor: str) -> tuple[int, ...]:
    return tuple(int(part) for part in cursor.split("."))


class Late:
    """Somebody whose transaction has begun and does not end yet; all that commits meanwhile is not told before it."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._open: list[tuple[asyncpg.Connection, asyncpg.transaction.Transaction]] = []

    async def begin(self, ticket_id: int) -> None:
        connection = await asyncpg.connect(self._dsn)
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            "WITH t AS (UPDATE ticket SET seq = seq + 1 WHERE id = $1 RETURNING id, seq) "
            "INSERT INTO event (ticket_id, seq, kind, data) SELECT id, seq, 'tags_changed', '{}' FROM t",
            ticket_id,
        )
        self._open.append((connection, transaction))

    async def end(self, *, undone: bool = False) -> None:
        """The oldest one."""
        if self._open:
            connection, transaction = self._open.pop(0)
            await (transaction.rollback() if undone else transaction.commit())
            await connection.close()

    async def end_all(self) -> None:
        while self._open:
            await self.end()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 2)),
        st.tuples(st.just("burst"), st.integers(0, 2)),
        st.tuples(st.just("late"), st.integers(0, 1)),
        st.tuples(st.sampled_from(["commit", "undo"]), st.just(0)),
        st.tuples(st.just("drop"), st.just(0)),
        st.tuples(st.just("open"), st.integers(0, 1)),
        st.tuples(st.just("rest"), st.just(0)),
        st.tuples(st.sampled_from(["say", "say again", "answer", "chat open", "poll"]), st.integers(0, 1)),
        st.tuples(st.just("late line"), st.integers(0, 1)),
        st.tuples(st.just("chat drop"), st.just(0)),
    ),
    max_size=20,
)


@pytest.mark.timeout(
    400
)  # two whole hubs, and seven histories: seconds, but many of them where much else runs
@settings(
    max_examples=5,
    deadline=None,
    phases=[
        Phase.explicit,
        Phase.reuse,
        Phase.generate,
    ],  # what fails is seconds long: it is not made shorter
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=st.integers(0, 1), steps=STEPS)
@example(first=0, steps=[("answer", 0), ("rest", 0), ("late line", 1), ("rest", 0), ("say again", 1)])
@example(
    first=1,
    steps=[
        ("late", 0), ("write", 0), ("drop", 0), ("write", 1), ("open", 0), ("rest", 0), ("commit", 0), ("rest", 0),
        ("drop", 0), ("burst", 2), ("burst", 0), ("burst", 1), ("rest", 0), ("rest", 0), ("open", 1), ("write", 1),
    ],
)  # fmt: skip
async def test_pages_of_the_desk_and_the_chat_end_as_fresh_ones(
    house: House, first: int, steps: list[tuple[str, int]]
) -> None:
    hub = house.hubs[0].ctx
    (newest,) = await rows(hub, "SELECT coalesce(max(id), 0) AS id FROM ticket")
    mark = next(_THREADS)
    quiet = [await customer_writes(hub, "quiet", thread=f"quiet{mark}.{n}") for n in range(2)]
    ids = {row["code"]: row["id"] for row in await rows(hub, "SELECT id, code FROM ticket")}
    page, late, chat = (
        Page(house, newest["id"]),
        Late(house.dsn),
        Visitor(house, {"X-Forwarded-For": f"203.0.113.{mark + 1}"}),
    )
    await page.begin(first)
    await chat.poll(first)
    await chat.say(first)
    await chat.open(first)
    begun = page.cursor
    held: set[int] = set()
    try:
        for what, number in steps:
            if what in ("write", "burst"):
                for _ in range(1 if what == "write" else 4):
                    await customer_writes(hub, "Where is it?", thread=f"li{mark}.{number}")
            elif what == "late" and number not in held:
                held.add(number)
                await late.begin(ids[quiet[number]])
            elif what in ("commit", "undo"):
                await late.end(undone=what == "undo")
            elif what == "drop":
                await page.drop()
            elif what == "open":
                await page.open(number)
            elif what in ("say", "say again"):
                await chat.say(number, again=what == "say again")
            elif what == "answer":
                await chat.is_answered(number)
            elif what == "chat open":
                await chat.open(number)
            elif what == "chat drop":
                await chat.drop()
            elif what == "poll":
                await chat.poll(number)
            elif what == "late line":
                await chat.late_line(number)
            else:
                await asyncio.sleep(0.03)  # time for what is on its way, or for some of it
        await late.end_all()
        await page.open(1 - first)
        await chat.open(1 - first)

        async def settled() -> bool:
            for one in (page, chat):
                if one.listening is not None and one.listening.done():
                    await one.open(first)
            return page.shown == await page.read() and await chat.is_whole()

        await until(settled, seconds=60, what="both pages show what fresh ones show")
    finally:
        await late.end_all()
        await page.drop()
        await chat.drop()
    assert len(set(page.told)) == len(page.told)

    async def happened(connection: Connection) -> list[events.FeedRow]:
        return await events.feed_after(connection, (place(begun)[0], place(begun)[1]), 10_000)

    known, last = set(page.told), max((place(one) for one in page.over), default=(0, 0))
    for row in await hub.database.read(happened):
        told = f"{row.position[0]}.{row.position[1]}" in known or row.position <= last
        # What came after the page had settled need not have been told yet.
        assert told or row.position > place(page.cursor), row
