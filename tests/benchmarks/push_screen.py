"""From the commit of an event to its receipt on every open desk, through the hub's feed and the desk's own socket."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import aiohttp

from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.model.tickets import EventKind
from storage import events
from storage.database import Connection
from tests.benchmarks import floors
from tests.benchmarks.figure import BenchmarkFailed, Figure, Round, percentiles
from tests.benchmarks.screen import Screen, cookies
from tests.benchmarks.stage import Served, Stage

SCREENS = 20
WARM_UP = 10


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    n = stage.size(200)
    first: list[float] = []
    every: list[float] = []
    async with (
        stage.serve({}) as served,
        stage.installation(served.dsn, {}) as ctx,
        AsyncExitStack() as stack,
    ):
        screens = [await _open_screen(served, ctx, stack, number) for number in range(SCREENS)]
        floor = percentiles(await floors.notified(served.dsn, n))
        for number in range(-WARM_UP, n):
            took = await _tell(ctx, screens, stage.agents[0])
            if number >= 0:
                first.append(min(took))
                every += took
    reached = percentiles(every)
    yield Figure(
        name="push_screen",
        unit="ms, p95",
        floor=floors.NOTIFY,
        rounds=[Round(value=reached["p95"], floor=floor["p50"])],
        n=n,
        more={
            "screens": SCREENS,
            "until_each_screen": reached,
            "until_first_screen": percentiles(first),
            "notify": floor,
        },
    )


async def _open_screen(
    served: Served, ctx: Context, stack: AsyncExitStack, number: int
) -> aiohttp.ClientWebSocketResponse:
    """An agent's page, signed in, from now on."""
    client = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=cookies()))
    screen = Screen(client, served.url)
    await screen.log_in(f"agent{number}")
    cursor = "{}.{}".format(*await ctx.database.read(events.feed_end))
    return await stack.enter_async_context(await screen.line(cursor))


async def _tell(ctx: Context, screens: list[aiohttp.ClientWebSocketResponse], agent_id: int) -> list[float]:
    """Milliseconds from the moment before the commit until each screen has it."""
    committing = 0.0

    async def work(connection: Connection) -> None:
        nonlocal committing
        await events.add_event(
            connection, EventKind.PRESENCE_CHANGED, agent_id=agent_id, data={"agent": agent_id}
        )
        await announce(connection, EVENTS)
        committing = time.perf_counter()

    async def receive(screen: aiohttp.ClientWebSocketResponse) -> float:
        while True:
            message = await screen.receive(timeout=10)
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise BenchmarkFailed(f"a desk's socket was closed: {message.data} {message.extra}")
            told = message.json()
            if told.get("reload"):
                continue
            if told["kind"] == EventKind.PRESENCE_CHANGED and told["agent"] == agent_id:
                return time.perf_counter()

    _, *received = await asyncio.gather(ctx.database.run(work), *(receive(screen) for screen in screens))
    return [(at - committing) * 1000 for at in received if at is not None]
