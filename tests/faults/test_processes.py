"""Hub processes that are told to go, paused, starved of files, and besieged (F4, F5, F6, F7, F9, F12, F22, F60, F62)."""

import asyncio
import os
import resource
import signal
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.people.keys import create_api_key
from hub.model.people import Scope
from tests.fakes.forked import ForkedProcess
from tests.fakes.hold_up import HOLD_UP
from tests.fakes.invariants import assert_invariants
from tests.fakes.mail_servers import serving as serving_relay
from tests.fakes.processes import HubProcess, serving, until
from tests.fakes.scene import MAIL, PASSWORD, SECRET, SYSTEM, a_hub, a_real_agent, one, rows, ticket, write
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


async def _answered(ctx: Context, relay: SlowRelay) -> None:
    """An answer is on its way and has come to the stage at which the relay waits."""
    code = (await ticket(ctx, await write(ctx, "Li <li@example.cn>")))["code"]
    await queue_reply(ctx, ticket_code=code, actor=SYSTEM, text="Yes.")
    async with asyncio.timeout(90):
        await relay.waits.wait()


@pytest.mark.timeout(300)
async def test_a_hub_that_is_told_to_go_ends_what_it_has_begun(database_dsn: str, tmp_path: Path) -> None:
    """F4: requests, visitors and a letter whose relay is slow."""
    relay = SlowRelay(".")
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(serving_relay(relay.talk))
        channels = {**DOORS, "support": {**MAIL, "imap_port": 9, "smtp_port": port, "timeout_seconds": 60}}
        ctx = await stack.enter_async_context(a_hub(database_dsn, channels))
        key = await create_api_key(ctx, name="t", scopes=[Scope.INGEST])
        hub = await stack.enter_async_context(
            serving(tmp_path, database_dsn, channels, secret=SECRET.decode())
        )
        client = await stack.enter_async_context(
            aiohttp.ClientSession(
                headers={"Authorization": f"Bearer {key}"}, connector=aiohttp.TCPConnector(limit=0)
            )
        )
        sockets = []
        for _ in range(20):
            socket = await client.ws_connect(f"{hub.url}/chat/shop/socket", origin=hub.url)
            await socket.send_json({"type": "hello", "session": "", "after": 0})
            assert (await socket.receive_json())["type"] == "welcome"
            sockets.append(socket)
        await _answered(ctx, relay)
        statuses: list[int] = []

        async def post(n: int) -> None:
            body = {
                "sender": {"identities": [{"kind": "external", "value": f"p{n}"}]},
                "text": f"program {n}",
            }
            try:
                async with client.post(
                    f"{hub.url}/api/v1/interactions", json=body, headers={"Idempotency-Key": str(n)}
                ) as answer:
                    statuses.append(answer.status)
            except aiohttp.ClientError:
                statuses.append(0)  # it came too late: the door is shut

        posting = [asyncio.create_task(post(n)) for n in range(30)]

        async def some() -> bool:
            return len(statuses) > 5

        await until(some, seconds=60, what="some were answered")
        began = time.monotonic()
        hub.process.send_signal(signal.SIGTERM)
        posting += [asyncio.create_task(post(n)) for n in range(30, 40)]
        await asyncio.gather(*(_closed(socket) for socket in sockets))
        assert {socket.close_code for socket in sockets} == {aiohttp.WSCloseCode.GOING_AWAY}
        relay.go.set()
        assert await hub.process.wait() == 0
        assert time.monotonic() - began < LONGEST
        await asyncio.gather(*posting)
        assert set(statuses) <= {0, 201, 202, 503}, statuses
        assert await one(ctx, "SELECT state FROM outbox") == "sent"
        assert len(relay.taken) == 1
        kept = await one(ctx, "SELECT count(*) FROM interaction WHERE text LIKE 'program %'")
        assert kept >= sum(status in (201, 202) for status in statuses)
        await assert_invariants(ctx.database)


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


async def _closed(socket: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in socket:
        pass


@pytest.mark.timeout(200)
async def test_a_hub_goes_also_while_the_database_is_silent(database_dsn: str, tmp_path: Path) -> None:
    """F5."""
    async with Proxy(path=socket_of(database_dsn)) as proxy:
        dsn = by_way_of(database_dsn, proxy.port)
        async with serving(tmp_path, dsn, DOORS, secret=SECRET.decode()) as hub:
            proxy.fall_silent()
            began = time.monotonic()
            hub.process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(2 * LONGEST):
                await hub.process.wait()
            assert time.monotonic() - began < LONGEST + 5, "and a little, for a machine that does much else"


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


@pytest.mark.timeout(300)
async def test_a_hub_without_files_to_open_without_a_log_and_under_siege(
    database_dsn: str, tmp_path: Path
) -> None:
    """F9: 128 files for 120 lines more than there are. F22: a log on a full disk. F60: everybody comes back at once. F12,
    F62: requests that nobody waits for, and the same by many at once."""
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

        # Twenty at once, of which every second leaves without waiting for its answer.
        asking = [asyncio.create_task(post("same")) for _ in range(20)]
        await asyncio.sleep(0)
        for task in asking[::2]:
            task.cancel()
        answers = [
            one for one in await asyncio.gather(*asking, return_exceptions=True) if isinstance(one, tuple)
        ]
        assert len(answers) == 10 and len({name for _, name in answers}) == 1
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
