"""Hub processes that are told to go, paused, starved of files, and besieged (F4, F5, F6, F7, F9, F12, F22, F60, F62)."""

import asyncio
import itertools
import os
import resource
import signal
import socket
import struct
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import orjson
import pytest
from asyncpg.transaction import Transaction

from hub.actions.answers.deliver import AT_ONCE
from hub.actions.answers.reply import queue_reply
from hub.actions.answers.under_way import POLL_SECONDS
from hub.actions.context import Context
from hub.actions.intake import MOST_LANES
from hub.actions.people.keys import create_api_key
from hub.model.people import Scope
from tests.fakes.forked import ForkedProcess
from tests.fakes.hold_up import HOLD_UP
from tests.fakes.invariants import assert_invariants
from tests.fakes.mail_servers import serving as serving_relay
from tests.fakes.processes import HubProcess, serving, until
from tests.fakes.scene import (
    MAIL,
    PASSWORD,
    SECRET,
    SYSTEM,
    a_hub,
    a_real_agent,
    one,
    rows,
    ticket,
    waiting_for_a_lock,
    write,
)
from tests.fakes.smtp_server import ScriptedRelay
from tests.faults.cluster import by_way_of, socket_of
from tests.faults.fleet import Fleet, Seat
from tests.faults.ledger import Ledger
from tests.faults.proxy import Proxy
from tests.faults.stampede import come_back
from tests.faults.visitor import Visitor

DOORS: dict[str, dict[str, Any]] = {
    "shop": {
        "kind": "webchat",
        "burst": 1000,
        "messages_per_minute": 6000,
        "address_opens": 1_000_000,
        "address_messages": 10_000_000,
        "most_sockets": 10_000,
    },
    "api": {"kind": "api"},
}
SESSIONS_END = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                  WHERE datname = current_database() AND pid <> pg_backend_pid()"""
NONE_TO_OPEN = 3
"""Files: standard input, output and error."""
HELD_UP_SECONDS = 5.0
LONGEST = 30.0
"""Seconds in which a hub that was told to stop is gone."""
TOLD_WITHIN = 8.0
"""Seconds in which visitors are told so and have come to another hub, whoever else does not hear it."""
A_SECOND, SOME, HALVES = 50, 20, 5
VISITORS, DEAF, ANSWERS = 20, 3, 10
LEAVE = MOST_LANES
"""So many are kept side by side where they have nothing to do with each other."""
STAMPEDE = int(os.environ.get("FAULTS_STAMPEDE", "400"))
"""Pages that come back at once; two thousand take a quiet machine's minute."""
MOST_SESSIONS = 30
"""In Postgres: what two hubs have with their pools of ten and their lines for leases and announcements, however many come."""


class SlowRelay(ScriptedRelay):
    """Says its last word when it is let."""

    def __init__(self, stage: str) -> None:
        super().__init__()
        self._stage = stage
        self.waits, self.go = asyncio.Event(), asyncio.Event()

    async def _say(self, reader: Any, writer: Any, key: str, usual: str) -> bool:
        if key == self._stage and not self.go.is_set():
            self.waits.set()
            await self.go.wait()
        return await super()._say(reader, writer, key, usual)


class Posting:
    """A request whose every step is taken by itself. `let_in`: the hub has asked for its body, so it answers it (RFC 9110,
    10.1.1). `status`: what it was told; 0 where the line ended without a word, or there was none."""

    def __init__(self, hub: HubProcess, api_key: str, name: str) -> None:
        self.name, self._port = name, int(hub.url.rpartition(":")[2])
        said = {"sender": {"identities": [{"kind": "external", "value": name}]}, "text": f"program {name}"}
        self._body = orjson.dumps(said)
        self._head = (
            f"POST /api/v1/interactions HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nAuthorization: Bearer {api_key}\r\n"
            f"Idempotency-Key: {name}\r\nContent-Type: application/json\r\nContent-Length: {len(self._body)}\r\n"
            "Expect: 100-continue\r\nConnection: close\r\n\r\n"
        ).encode()
        self.let_in = False
        self.status: int | None = None
        self.told: dict[str, Any] = {}
        self._writer: Any = None

    async def knock(self) -> None:
        """Return when it is let in, or told why not."""
        try:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
            self._writer.write(self._head)
            await self._hear_status()
        except (OSError, asyncio.IncompleteReadError):
            self.status = 0
        if self.status == 100:
            self.let_in, self.status = True, None

    def say_half(self) -> None:
        half = len(self._body) // 2
        self._writer.write(self._body[:half])
        self._body = self._body[half:]

    def say(self) -> None:
        """The body, or what is left of it."""
        self._writer.write(self._body)

    async def hear(self) -> None:
        try:
            await self._hear_status()
            self.told = orjson.loads(await self._reader.read())
        except (OSError, asyncio.IncompleteReadError):
            self.status = 0
        finally:
            self._writer.close()

    async def ask(self) -> None:
        """All of it."""
        await self.knock()
        if self.let_in:
            self.say()
            await self.hear()
        elif self._writer is not None:
            self._writer.close()

    def break_off(self) -> None:
        """RST: whatever the hub writes finds nobody."""
        line = self._writer.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    async def _hear_status(self) -> None:
        head = await self._reader.readuntil(b"\r\n\r\n")
        self.status = int(head.split(b" ", 2)[1])


class Told(Visitor):
    """Notes how each of its lines ended."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.ends: list[int | None] = []

    async def _talk(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        try:
            await super()._talk(socket)
        finally:
            self.ends.append(socket.close_code)


async def _is_held_up(ctx: Context, relay: SlowRelay) -> None:
    """Ten answers are to leave, and at each of those that leave side by side the relay waits with its last word."""
    for n in range(ANSWERS):
        code = (await ticket(ctx, await write(ctx, f"Li <li{n}@example.cn>")))["code"]
        await queue_reply(ctx, ticket_code=code, actor=SYSTEM, text="Yes.")

    async def so_many() -> bool:
        return len(relay.taken) == AT_ONCE

    await until(so_many, seconds=90, what="as many as leave side by side wait for the relay")


@asynccontextmanager
async def _load(hub: HubProcess, api_key: str) -> AsyncIterator[list[Posting]]:
    """So many requests a second, however long each takes, for as long as the body runs. Each has come to its end then."""
    asked: list[Posting] = []

    async def come() -> None:
        async with asyncio.TaskGroup() as group:
            for n in itertools.count():
                if over.is_set():
                    return
                asked.append(Posting(hub, api_key, f"{n}"))
                group.create_task(asked[-1].ask())
                await asyncio.sleep(1 / A_SECOND)

    over = asyncio.Event()
    coming = asyncio.create_task(come())
    try:
        yield asked
    finally:
        over.set()
        await coming


@asynccontextmanager
async def _nothing_is_kept(dsn: str) -> AsyncIterator[Transaction]:
    """Whoever writes an entry waits until the transaction is over."""
    connection = await asyncpg.connect(dsn)
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("LOCK TABLE interaction IN SHARE MODE")
        yield transaction
    finally:
        connection.terminate()


async def _so_many_wait(ctx: Context, wanted: int) -> bool:
    return await waiting_for_a_lock(ctx) == wanted


async def _some_are_answered(asked: Sequence[Posting]) -> bool:
    return sum(one.status == 201 for one in asked) > SOME


async def _some_wait(asked: Sequence[Posting]) -> bool:
    return sum(one.let_in and one.status is None for one in asked) > SOME


async def _says(hub: HubProcess, word: str) -> bool:
    return word in hub.log.read_text("utf-8")


@pytest.mark.timeout(300)
async def test_a_hub_that_is_told_to_go_ends_what_it_has_begun(database_dsn: str, tmp_path: Path) -> None:
    """F4: fifty requests a second, some of which it cannot keep at this moment and some of which have said half of what they
    want; twenty visitors and six pages of the desk, of which some do not hear it; ten letters, of which as many as leave side
    by side have been handed over and the relay thinks about them. Another hub is there."""
    relay, ledger = SlowRelay("."), Ledger()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        port = await enter(serving_relay(relay.talk))
        channels = {**DOORS, "support": {**MAIL, "imap_port": 9, "smtp_port": port, "timeout_seconds": 60}}
        ctx = await enter(a_hub(database_dsn, channels))
        key = await create_api_key(ctx, name="t", scopes=[Scope.INGEST])
        begin = partial(serving, dsn=database_dsn, channels=channels, secret=SECRET.decode())
        hub = await enter(begin(tmp_path / "going"))
        stack.callback(relay.go.set)
        await _is_held_up(ctx, relay)
        other = await enter(begin(tmp_path / "staying"))
        client = await enter(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))

        desk = await _desk_pages(stack, ctx, hub)
        deaf = [*desk[:DEAF], *[await _open_page(client, hub) for _ in range(DEAF)]]
        listening = [asyncio.create_task(_closed(page)) for page in desk[DEAF:]]
        visitors = [Told(2 * n, client, [hub, other], ledger) for n in range(VISITORS - DEAF)]
        staying = [asyncio.create_task(visitor.stay()) for visitor in visitors]
        await _all_say_something(ledger, visitors)

        async with _load(hub, key) as asked:
            await until(lambda: _some_are_answered(asked), seconds=60, what="some were answered")
            halves = [Posting(hub, key, f"half{n}") for n in range(HALVES)]
            async with _nothing_is_kept(database_dsn) as lock:
                await asyncio.gather(*(half.knock() for half in halves))
                for half in halves:
                    half.say_half()
                await until(lambda: _some_wait(asked), seconds=60, what="some wait for their answers")
                began = time.monotonic()
                hub.process.send_signal(signal.SIGTERM)
                await until(lambda: _says(hub, "hub.stopping"), seconds=30, what="it stops")
                await lock.rollback()
            for half in halves:
                half.say()
            await until(
                lambda: _have_gone_elsewhere(visitors), seconds=TOLD_WITHIN, what="visitors were told"
            )
            async with asyncio.timeout(TOLD_WITHIN):
                await asyncio.gather(*listening)
            await asyncio.gather(*(half.hear() for half in halves))
            # The relay thinks for longer than the hub's loops take to notice that they are to end.
            await asyncio.sleep(max(0.0, began + 1.5 * POLL_SECONDS - time.monotonic()))
            relay.go.set()
            for page in deaf:
                await page.close()
            assert await hub.process.wait() == 0
            assert time.monotonic() - began < LONGEST

        ends = [*(visitor.ends[0] for visitor in visitors), *(page.close_code for page in desk[DEAF:])]
        assert set(ends) == {aiohttp.WSCloseCode.GOING_AWAY}, ends
        for code in await rows(
            ctx, "SELECT t.code FROM ticket t JOIN channel c ON c.id = t.channel_id WHERE c.name = 'shop'"
        ):
            await queue_reply(ctx, ticket_code=code["code"], actor=SYSTEM, text="Still here.")
        await _all_say_something(ledger, visitors)
        await until(lambda: _were_all_shown(visitors), seconds=60, what="each sees all of their conversation")
        assert not any(visitor.again for visitor in visitors)
        for task in staying:
            task.cancel()
        await asyncio.gather(*staying, return_exceptions=True)

        asked += halves
        assert {one.status for one in asked if one.let_in} == {201}, [one.status for one in asked]
        assert {one.status for one in asked if not one.let_in} == {0}, "the door is shut"
        kept = [
            row["text"] for row in await rows(ctx, "SELECT text FROM interaction WHERE text LIKE 'program %'")
        ]
        assert len(set(kept)) == len(kept)
        assert {f"program {one.name}" for one in asked if one.status == 201} <= set(kept)

        async def all_sent() -> bool:
            return not await one(ctx, "SELECT count(*) FROM outbox WHERE state <> 'sent'")

        await until(all_sent, seconds=60, what="the other hub has sent the rest")
        assert len(relay.taken) == ANSWERS == len({letter for _, letter in relay.taken})
        assert await one(ctx, "SELECT max(attempts) FROM outbox") == 1
        await assert_invariants(ctx.database)


async def _desk_pages(
    stack: AsyncExitStack, ctx: Context, hub: HubProcess
) -> list[aiohttp.ClientWebSocketResponse]:
    """Twice as many as do not hear; like those, none answers while nobody receives from it."""
    await a_real_agent(ctx, "ann")
    jar = aiohttp.CookieJar(unsafe=True)
    browser = await stack.enter_async_context(
        aiohttp.ClientSession(cookie_jar=jar, headers={"Origin": hub.url})
    )
    form = {"login": "ann", "password": PASSWORD}
    async with browser.post(f"{hub.url}/desk/login", data=form, allow_redirects=False) as answer:
        assert answer.status == 303
    return [await browser.ws_connect(f"{hub.url}/desk/live?cursor=") for _ in range(2 * DEAF)]


async def _open_page(client: aiohttp.ClientSession, hub: HubProcess) -> aiohttp.ClientWebSocketResponse:
    """A chat's. While nobody receives from it, it answers nothing that the hub says, like one on a machine that sleeps."""
    socket = await client.ws_connect(f"{hub.url}/chat/shop/socket", origin=hub.url)
    await socket.send_json({"type": "hello", "session": "", "after": 0})
    assert (await socket.receive_json())["type"] == "welcome"
    return socket


async def _closed(page: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in page:
        pass


async def _all_say_something(ledger: Ledger, visitors: Sequence[Visitor]) -> None:
    said = [ledger.invoke("shop", "chat") for _ in visitors]
    await asyncio.gather(*(visitor.say(op, op.key) for visitor, op in zip(visitors, said, strict=True)))
    assert {op.outcome for op in said} == {"ok"}


async def _have_gone_elsewhere(visitors: Sequence[Told]) -> bool:
    return all(visitor.ends and visitor.visits > 1 for visitor in visitors)


async def _were_all_shown(visitors: Sequence[Visitor]) -> bool:
    """What they said before and after, and the answer between."""
    return all(len(visitor.shown) == 3 and "Still here." in visitor.shown.values() for visitor in visitors)


async def _signs_in(ctx: Context, client: aiohttp.ClientSession, seat: Seat) -> int:
    """An agent, while everybody comes back. Returns how many sessions there are in Postgres when they are in."""
    form = {"login": "ann", "password": PASSWORD}
    async with asyncio.timeout(120):
        while True:
            try:
                async with client.post(
                    f"{seat.url}/desk/login", data=form, headers={"Origin": seat.url}, allow_redirects=False
                ) as answer:
                    if answer.status == 303:
                        break
                    assert answer.status == 503, await answer.text()
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)  # it is not there yet
    return int(await one(ctx, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"))


async def _has_open(seat: Seat, files: int) -> bool:
    return len(list(Path(f"/proc/{seat.pid}/fd").iterdir())) == files


@pytest.mark.timeout(200)
async def test_a_hub_goes_also_while_the_database_is_silent(database_dsn: str, tmp_path: Path) -> None:
    """F5: while it holds a lease, somebody waits for an answer, and a visitor is there."""
    channels = {**DOORS, "support": {**MAIL, "imap_port": 9}}
    async with (
        Proxy(path=socket_of(database_dsn)) as proxy,
        a_hub(database_dsn, channels) as ctx,
        serving(tmp_path, by_way_of(database_dsn, proxy.port), channels, secret=SECRET.decode()) as hub,
        aiohttp.ClientSession() as client,
    ):
        key = await create_api_key(ctx, name="t", scopes=[Scope.INGEST])

        async def holds() -> bool:
            return bool(await one(ctx, "SELECT count(*) FROM lease WHERE name = 'channel:support'"))

        await until(holds, seconds=60, what="it has the mailbox")
        page, asked = await _open_page(client, hub), Posting(hub, key, "waits")
        await asked.knock()
        proxy.fall_silent()
        asked.say()
        began = time.monotonic()
        hub.process.send_signal(signal.SIGTERM)
        await asyncio.gather(asked.hear(), _closed(page))
        assert asked.status == 503
        # Whichever comes first: it goes, or it notices that it can look nothing up. Either way the page comes back, to another.
        assert page.close_code in (aiohttp.WSCloseCode.GOING_AWAY, aiohttp.WSCloseCode.TRY_AGAIN_LATER)
        async with asyncio.timeout(2 * LONGEST):
            await hub.process.wait()
        assert time.monotonic() - began < LONGEST


@pytest.mark.timeout(300)
async def test_a_hub_that_wakes_up_after_it_was_taken_over_sends_nothing(
    database_dsn: str, tmp_path: Path
) -> None:
    """F6: paused while its relay thinks about the recipient. F7: the other one, at the next letter, with work in its loop that
    does not end. Each time the lease and the letter become the other's; when it goes on it sends nothing, and says that it was
    held up. The leases end at once, as if the time had passed for which they are."""
    relay, blocked = SlowRelay("RCPT"), tmp_path / "blocked"
    async with serving_relay(relay.talk) as port, AsyncExitStack() as stack:
        channels = {"support": {**MAIL, "imap_port": 9, "smtp_port": port, "timeout_seconds": 60}}
        ctx = await stack.enter_async_context(a_hub(database_dsn, channels))
        code = (await ticket(ctx, await write(ctx, "Li <li@example.cn>")))["code"]

        async def begin(name: str) -> HubProcess:
            hub = await stack.enter_async_context(
                serving(
                    tmp_path / name,
                    database_dsn,
                    channels,
                    secret=SECRET.decode(),
                    env={HOLD_UP: str(blocked)},
                )
            )
            # Whatever happens here, it can end.
            stack.callback(relay.go.set)
            stack.callback(blocked.unlink, missing_ok=True)
            stack.callback(hub.process.send_signal, signal.SIGCONT)
            return hub

        first = await begin("first")
        async with _interrupted(ctx, relay, code, first) as paused:
            paused.send_signal(signal.SIGSTOP)
            second = await begin("second")
            await _is_taken_over(ctx, relay, first, second)
            paused.send_signal(signal.SIGCONT)

        async with _interrupted(ctx, relay, code, second) as busy:
            blocked.touch()
            busy.send_signal(signal.SIGUSR1)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1), aiohttp.ClientSession() as client:
                    await client.get(f"{second.url}/healthz")
            await _is_taken_over(ctx, relay, second, first)
            blocked.unlink()

        assert await rows(ctx, "SELECT state, attempts FROM outbox") == [{"state": "sent", "attempts": 2}] * 2
        assert len(relay.letters) == 2
        await assert_invariants(ctx.database)


@asynccontextmanager
async def _interrupted(
    ctx: Context, relay: SlowRelay, code: int, hub: HubProcess
) -> AsyncIterator["ForkedProcess | asyncio.subprocess.Process"]:
    """`hub` has an answer under way, whose relay waits. Stopped in the body for a while, it finds at the end that it is
    another's."""
    relay.waits.clear()
    relay.go.clear()
    await queue_reply(ctx, ticket_code=code, actor=SYSTEM, text="Yes.")
    async with asyncio.timeout(90):
        await relay.waits.wait()
    assert await _holder(ctx) == hub.process.pid
    said = len(hub.log.read_text("utf-8"))
    yield hub.process

    async def noticed(words: Sequence[str]) -> bool:
        log = hub.log.read_text("utf-8")[said:]
        return any(word in log for word in words)

    for words in (["deliver.overtaken", "deliver.lost_lease"], ["channel.lost"], ["loop.held_up"]):
        await until(lambda words=words: noticed(words), seconds=60, what=f"it says {words}")  # type: ignore[misc]


async def _is_taken_over(ctx: Context, relay: SlowRelay, by_now: HubProcess, other: HubProcess) -> None:
    """The answer and the lease are the other hub's. The relay is quick again."""
    begun = time.monotonic()
    relay.go.set()
    await ctx.database.run(lambda c: c.execute("UPDATE outbox SET lease_until = clock_timestamp()"))
    await ctx.database.run(lambda c: c.execute("UPDATE lease SET until = clock_timestamp()"))

    async def sent() -> bool:
        return not await one(ctx, "SELECT count(*) FROM outbox WHERE state <> 'sent'")

    await until(sent, seconds=90, what="the other hub has sent it")
    assert await _holder(ctx) == other.process.pid != by_now.process.pid
    # Longer than what a hub takes for a hiccup, however quick the other one was.
    await asyncio.sleep(max(0.0, begun + HELD_UP_SECONDS - time.monotonic()))


async def _holder(ctx: Context) -> int:
    """The process that has the mailbox."""
    holder: str = await one(ctx, "SELECT holder FROM lease WHERE name = 'channel:support'")
    return int(holder.rpartition(":")[2])


@pytest.mark.timeout(200)
async def test_clients_who_leave_are_kept_once_or_not_at_all_and_may_ask_again(
    database_dsn: str, tmp_path: Path
) -> None:
    """F12. The line is reset in the middle of the body: nothing is kept. After the whole of it, which the hub has read and
    cannot keep at this moment: it is kept, once. Whoever asks again, or asked the same and stayed, is told of that one."""
    async with (
        a_hub(database_dsn, DOORS) as ctx,
        serving(tmp_path, database_dsn, DOORS, secret=SECRET.decode()) as hub,
    ):
        key = await create_api_key(ctx, name="t", scopes=[Scope.INGEST])
        halves = [Posting(hub, key, f"half{n}") for n in range(LEAVE)]
        wholes = [Posting(hub, key, f"whole{n}") for n in range(LEAVE)]
        stays = Posting(hub, key, wholes[0].name)
        async with _nothing_is_kept(database_dsn) as lock:
            for half in halves:
                await half.knock()
                half.say_half()
            for n, whole in enumerate(wholes, 1):
                await whole.knock()
                whole.say()
                await until(lambda n=n: _so_many_wait(ctx, n), seconds=20, what="it is being kept")  # type: ignore[misc]
            asking = asyncio.create_task(stays.ask())
            for gone in (*halves, *wholes):
                gone.break_off()
            await lock.rollback()
        await asking

        async def kept() -> dict[str, str]:
            found = await rows(ctx, "SELECT id, text FROM interaction")
            assert len({row["text"] for row in found}) == len(found)
            return {row["text"].removeprefix("program "): str(row["id"]) for row in found}

        async def all_kept() -> bool:
            return len(await kept()) >= LEAVE

        await until(all_kept, seconds=20, what="what was said whole is kept")
        before = await kept()
        assert set(before) == {whole.name for whole in wholes}
        assert (stays.status, stays.told["interaction_id"]) == (201, before[stays.name])
        for name in [gone.name for gone in (*halves, *wholes)] * 2:
            again = Posting(hub, key, name)
            await again.ask()
            assert (again.status, again.told["interaction_id"]) == (201, (await kept())[name])
        assert before.items() <= (await kept()).items() and len(await kept()) == 2 * LEAVE
        assert await one(ctx, "SELECT count(*) FROM inbound_raw") == 2 * LEAVE
        assert "api.fault" not in hub.log.read_text("utf-8")
        await assert_invariants(ctx.database)


@pytest.mark.timeout(300)
async def test_a_hub_without_files_to_open_without_a_log_and_under_siege(
    database_dsn: str, tmp_path: Path
) -> None:
    """F9: 128 files for 120 lines more than there are. F22: a log on a full disk. F60: everybody comes back at once. F62: the
    same by many at once."""
    log = tmp_path / "hub0" / "log"
    log.parent.mkdir()
    log.symlink_to("/dev/full")
    async with AsyncExitStack() as stack:
        ctx = await stack.enter_async_context(a_hub(database_dsn, DOORS))
        await a_real_agent(ctx, "ann")
        key = await create_api_key(ctx, name="t", scopes=[Scope.INGEST])
        fleet = await stack.enter_async_context(Fleet(tmp_path, database_dsn, DOORS, secret=SECRET, hubs=1))
        (seat,) = fleet.seats
        client = await stack.enter_async_context(
            aiohttp.ClientSession(
                headers={"Authorization": f"Bearer {key}"}, connector=aiohttp.TCPConnector(limit=0)
            )
        )

        body = {"sender": {"identities": [{"kind": "external", "value": "p"}]}, "text": "the same"}

        async def post(name: str) -> tuple[int, Any]:
            async with client.post(
                f"{seat.url}/api/v1/interactions", json=body, headers={"Idempotency-Key": name}
            ) as answer:
                return answer.status, (await answer.json()).get("interaction_id")

        answers = await asyncio.gather(*(post("same") for _ in range(20)))
        assert set(answers) == {(201, answers[0][1])}
        assert await one(ctx, "SELECT count(*) FROM interaction") == 1

        _, hard = resource.prlimit(seat.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(seat.pid, resource.RLIMIT_NOFILE, (128, hard))
        lines = [await asyncio.open_connection("127.0.0.1", seat.port) for _ in range(120)]
        await until(lambda: _has_open(seat, 128), seconds=60, what="it has taken as many as it may")
        # Whoever has a line is served from what is there, and told 503 where it takes more: first there is nothing to spare for
        # anybody new, then not even for a line to Postgres in the place of one that was lost.
        assert {(await post(f"full{n}"))[0] for n in range(4)} <= {201, 202}
        resource.prlimit(seat.pid, resource.RLIMIT_NOFILE, (NONE_TO_OPEN, hard))
        await ctx.database.run(lambda c: c.execute(SESSIONS_END))
        assert [status for status, _ in await asyncio.gather(*(post(f"late{n}") for n in range(4)))] == [
            503
        ] * 4
        resource.prlimit(seat.pid, resource.RLIMIT_NOFILE, (128, hard))
        for _, writer in lines:
            writer.close()
        await until(lambda: fleet.is_ready(seat), seconds=60, what="it is ready again when they have gone")
        assert seat.alive and not seat.ends
        resource.prlimit(seat.pid, resource.RLIMIT_NOFILE, (1024, hard))
        assert {(await post(f"late{n}"))[0] for n in range(4)} <= {201, 202}
        assert await one(ctx, "SELECT count(*) FROM interaction") == 9

        ledger = Ledger()
        visitors = [Visitor(n, client, fleet.seats, ledger) for n in range(80)]
        staying = [asyncio.create_task(visitor.stay()) for visitor in visitors]
        said = [ledger.invoke("shop", "chat") for _ in visitors]
        await asyncio.gather(*(visitor.say(op, op.key) for visitor, op in zip(visitors, said, strict=True)))
        fleet.kill(seat)
        again = [ledger.invoke("shop", "chat") for _ in visitors]
        back, sessions, *_ = await asyncio.gather(
            come_back(seat, [visitor.session for visitor in visitors], STAMPEDE, seed=60),
            _signs_in(ctx, client, seat),
            *(visitor.say(op, op.key) for visitor, op in zip(visitors, again, strict=True)),
        )
        assert {op.outcome for op in (*said, *again)} == {"ok"}
        assert sessions <= MOST_SESSIONS and len(seat.ends) == 1 and await fleet.is_ready(seat)
        for line in back:
            line.close()
        for task in staying:
            task.cancel()
        await asyncio.gather(*staying, return_exceptions=True)
        assert all(visitor.visits > 1 and not visitor.again for visitor in visitors)
        assert await one(ctx, "SELECT count(*) FROM interaction WHERE text LIKE 'chat%'") == 160
        await assert_invariants(ctx.database)
