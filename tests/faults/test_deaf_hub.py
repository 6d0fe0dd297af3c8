"""F28: the one line on which a hub is told of things falls silent, without an error. Everybody looks by themselves."""

import importlib
import pkgutil
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

import hub.workers
from hub.actions import feed
from hub.actions.answers.reply import queue_reply
from tests.fakes.processes import serving, until
from tests.fakes.scene import SECRET, SYSTEM, a_hub, an_agent, one, rows
from tests.faults.cluster import by_way_of, socket_of
from tests.faults.proxy import Proxy

CHANNELS = {"shop": {"kind": "webchat"}}
LONGEST_POLL = 5.0
WITHIN = 3 * LONGEST_POLL
"""For two polls in a row on a busy machine; a page that comes back by itself, after half a minute, is no help."""
NOBODY_WAITS = {"learning", "simulations"}
"""Workers whose work no customer and no agent waits for."""


def test_everybody_looks_by_themselves_at_least_every_five_seconds() -> None:
    polls = {"feed": feed.POLL_SECONDS}
    for module in pkgutil.iter_modules(hub.workers.__path__):
        worker = importlib.import_module(f"hub.workers.{module.name}")
        if hasattr(worker, "POLL_SECONDS"):
            polls[module.name] = worker.POLL_SECONDS
    assert {"inbound", "routing", "outbound", "notices", "webhooks"} <= set(polls)
    late = {name for name, seconds in polls.items() if seconds > LONGEST_POLL}
    assert late == NOBODY_WAITS


async def test_a_hub_that_hears_nothing_any_more_does_everything_all_the_same(
    database_dsn: str, tmp_path: Path
) -> None:
    """What somebody says on another hub, on to the visitor's open socket: every worker on the way, and the feed, find it by
    themselves. No other hub works here, and the deaf one is told nothing until the end."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        proxy = await enter(Proxy(path=socket_of(database_dsn), mark=b"LISTEN "))
        ctx = await enter(a_hub(database_dsn, CHANNELS))
        ann = await an_agent(ctx, "ann")
        deaf = await enter(
            serving(
                tmp_path / "hub", by_way_of(database_dsn, proxy.port), CHANNELS, secret=SECRET.decode(),
                env={"HUB_DELIVERY__UNDO_SECONDS": "0"},
            )
        )  # fmt: skip
        client = await enter(aiohttp.ClientSession())
        socket = await enter(client.ws_connect(f"{deaf.url}/chat/shop/socket", origin=deaf.url))
        await socket.send_json({"type": "hello", "session": "", "after": "0"})
        assert (await socket.receive_json())["type"] == "welcome"

        proxy.marked_pass.clear()
        try:
            await socket.send_json({"type": "message", "client_id": "c1", "text": "Where is my parcel?"})

            async def given() -> bool:
                return [row["assignee_id"] for row in await rows(ctx, "SELECT assignee_id FROM ticket")] == [
                    ann
                ]

            await until(given, seconds=WITHIN, what="the ticket has an agent")
            code = await one(ctx, "SELECT code FROM ticket")
            await queue_reply(ctx, ticket_code=code, actor=SYSTEM, text="On its way.")
            shown: list[str] = []

            async def answered() -> bool:
                frame = await socket.receive_json()
                shown.extend(line["text"] for line in frame.get("lines", ()))
                return "On its way." in shown

            await until(answered, seconds=WITHIN, what="the visitor sees the answer")
            heard = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' OR query LIKE '%advisory_lock%'"
            assert await one(ctx, f"{heard} AND datname = current_database()"), (
                "the line is open, and says nothing"
            )
        finally:
            proxy.marked_pass.set()
