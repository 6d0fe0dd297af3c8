"""Hub processes that are told to go, paused, starved of files, and besieged (F4, F5, F6, F7, F9, F12, F22, F60, F62)."""

import asyncio
import resource
import signal
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.people.keys import create_api_key
from hub.model.people import Scope
from tests.fakes.invariants import assert_invariants
from tests.fakes.mail_servers import serving as serving_relay
from tests.fakes.processes import serving, until
from tests.fakes.scene import MAIL, SECRET, SYSTEM, a_hub, one, ticket, write
from tests.fakes.smtp_server import ScriptedRelay
from tests.faults.cluster import by_way_of, socket_of
from tests.faults.fleet import Fleet
from tests.faults.ledger import Ledger
from tests.faults.proxy import Proxy
from tests.faults.visitor import Visitor

DOORS: dict[str, dict[str, Any]] = {
    "shop": {
        "kind": "webchat",
        "burst": 1000,
        "messages_per_minute": 6000,
        "address_opens": 1_000_000,
        "address_messages": 10_000_000,
    },
    "api": {"kind": "api"},
}
HELD_UP_SECONDS = 5.0
LONGEST = 30.0
"""Seconds in which a hub that was told to stop is gone."""


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
    """F6: paused while its relay thinks about the recipient. When it goes on, the letter is another's."""
    relay = SlowRelay("RCPT")
    async with serving_relay(relay.talk) as port:
        channels = {"support": {**MAIL, "imap_port": 9, "smtp_port": port, "timeout_seconds": 60}}
        async with (
            a_hub(database_dsn, channels) as ctx,
            serving(tmp_path / "first", database_dsn, channels, secret=SECRET.decode()) as first,
        ):
            await _answered(ctx, relay)
            first.process.send_signal(signal.SIGSTOP)
            stopped = time.monotonic()
            try:
                relay.go.set()
                # As if the minute had passed for which a sender is waited for.
                await ctx.database.run(
                    lambda c: c.execute("UPDATE outbox SET lease_until = clock_timestamp()")
                )
                await ctx.database.run(lambda c: c.execute("UPDATE lease SET until = clock_timestamp()"))
                async with serving(tmp_path / "second", database_dsn, channels, secret=SECRET.decode()):

                    async def sent() -> bool:
                        return bool(await one(ctx, "SELECT state = 'sent' FROM outbox"))

                    await until(sent, seconds=90, what="the other hub has sent it")
                    # Longer than what a hub takes for a hiccup, however quick the other one was.
                    await asyncio.sleep(max(0.0, stopped + HELD_UP_SECONDS - time.monotonic()))
                    first.process.send_signal(signal.SIGCONT)

                    async def overtaken() -> bool:
                        log = first.log.read_text("utf-8")
                        return "deliver.overtaken" in log or "deliver.lost_lease" in log

                    await until(overtaken, seconds=60, what="the first notices")
                    # F7: whoever was held up says so, whether by a pause or by work that blocks its loop.
                    await until(
                        lambda: _says(first.log, "loop.held_up"),
                        seconds=60,
                        what="it says that it was held up",
                    )
            finally:
                first.process.send_signal(signal.SIGCONT)
            assert len(relay.letters) == 1
            await assert_invariants(ctx.database)


async def _says(log: Path, word: str) -> bool:
    return word in log.read_text("utf-8")


@pytest.mark.timeout(300)
async def test_a_hub_without_files_to_open_without_a_log_and_under_siege(
    database_dsn: str, tmp_path: Path
) -> None:
    """F9: 128 files for 120 lines more than there are. F22: a log on a full disk. F60: everybody comes back at once. F12, F62:
    requests that nobody waits for, and the same by many at once."""
    log = tmp_path / "hub0" / "log"
    log.parent.mkdir()
    log.symlink_to("/dev/full")
    async with AsyncExitStack() as stack:
        ctx = await stack.enter_async_context(a_hub(database_dsn, DOORS))
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
                return answer.status, (await answer.json())["interaction_id"]

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
        assert len(list(Path(f"/proc/{seat.pid}/fd").iterdir())) <= 128
        for _, writer in lines:
            writer.close()
        await until(lambda: fleet.is_ready(seat), seconds=60, what="it is ready again when they have gone")
        assert seat.alive and not seat.ends
        resource.prlimit(seat.pid, resource.RLIMIT_NOFILE, (1024, hard))
        assert (await post("after"))[0] in (201, 202)

        ledger = Ledger()
        visitors = [Visitor(n, client, fleet.seats, ledger) for n in range(80)]
        staying = [asyncio.create_task(visitor.stay()) for visitor in visitors]
        said = [ledger.invoke("shop", "chat") for _ in visitors]
        await asyncio.gather(*(visitor.say(op, op.key) for visitor, op in zip(visitors, said, strict=True)))
        fleet.kill(seat)
        again = [ledger.invoke("shop", "chat") for _ in visitors]
        await asyncio.gather(*(visitor.say(op, op.key) for visitor, op in zip(visitors, again, strict=True)))
        assert {op.outcome for op in (*said, *again)} == {"ok"}
        for task in staying:
            task.cancel()
        await asyncio.gather(*staying, return_exceptions=True)
        assert all(visitor.visits > 1 and not visitor.again for visitor in visitors)
        assert await one(ctx, "SELECT count(*) FROM interaction WHERE text LIKE 'chat%'") == 160
        await assert_invariants(ctx.database)
