"""Many waiting tickets at once, and what must hold on the floor at every moment: asked from outside, as somebody who
watches."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from hub.actions.announce import EVENTS, ROUTE, announce
from hub.actions.context import Context
from hub.actions.targets import Touch, touch
from storage.database import Connection
from tests.fakes.scene import rows

BESIDE_A_FREE_AGENT = """
SELECT count(*) FROM ticket t
WHERE t.assignee_id IS NULL AND t.offered_to IS NULL AND t.status = 'open'
  AND t.required_language = '' AND t.required_skills = '{}'
  AND EXISTS (SELECT 1 FROM agent a
              WHERE a.active AND a.presence = 'online' AND a.id IS DISTINCT FROM t.declined_by
                AND (a.wrap_until IS NULL OR a.wrap_until < clock_timestamp())
                AND NOT EXISTS (SELECT 1 FROM offer o WHERE o.ticket_id = t.id AND o.agent_id = a.id
                                AND o.state IN ('declined', 'expired'))
                AND a.live_load < a.live_capacity AND (t.live OR a.load + t.weight <= a.capacity))
"""
"""Tickets that anybody may have, while somebody who may have them has room."""


async def tickets_wait(
    ctx: Context, many: int, *, live: bool = False, queue: str = "enquiries", kind: str = "enquiry"
) -> list[int]:
    """So many new tickets of as many customers, as they are once they were filed; hubs are told. Returns their ids."""

    async def work(c: Connection) -> list[int]:
        made = await c.fetch(
            """WITH way AS (INSERT INTO channel (name, kind) VALUES ('floor', 'webform')
                            ON CONFLICT (name) DO UPDATE SET kind = excluded.kind RETURNING id),
                    who AS (INSERT INTO customer (name) SELECT 'c' FROM generate_series(1, $1::int) RETURNING id)
               INSERT INTO ticket (customer_id, channel_id, subject, kind, queue_id, seq, live)
               SELECT who.id, way.id, 's', $4, (SELECT id FROM queue WHERE name = $3), 1, $2 FROM who, way RETURNING id""",
            many, live, queue, kind,
        )  # fmt: skip
        ids = [row["id"] for row in made]
        await c.execute(
            """INSERT INTO timer (kind, ticket_id, due_at, version)
               SELECT 'live_silence', id, clock_timestamp() + interval '5 minutes', 1 FROM ticket
               WHERE id = ANY($1::bigint[]) AND live""",
            ids,
        )
        await c.execute(
            "INSERT INTO event (ticket_id, seq, kind) SELECT unnest($1::bigint[]), 1, 'ticket_opened'", ids
        )
        await touch(c, ctx.rules, [Touch(ticket_id=number, opened=True) for number in ids])
        await announce(c, ROUTE, EVENTS)
        return ids

    return await ctx.database.run(work)


async def given_twice(ctx: Context) -> list[dict[str, object]]:
    """Tickets with more than one assignment that was never ended by somebody."""
    return await rows(
        ctx,
        """SELECT ticket_id, count(*) FROM assignment WHERE ended_at IS NULL GROUP BY ticket_id HAVING count(*) > 1""",
    )


class Watch:
    """`longest`: seconds for which, without a break, some ticket waited beside an agent who could have had it."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.looks = 0


@contextlib.asynccontextmanager
async def watching(ctx: Context, every: float = 0.05) -> AsyncIterator[Watch]:
    """Looks at the floor while the body runs."""
    watch, over = Watch(), asyncio.Event()

    async def look() -> None:
        since: float | None = None
        while not over.is_set():
            found = await ctx.database.read(lambda c: c.fetchval(BESIDE_A_FREE_AGENT))
            watch.looks += 1
            now = time.monotonic()
            since = (now if since is None else since) if found else None
            if since is not None:
                watch.longest = max(watch.longest, now - since)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(every):
                    await over.wait()

    task = asyncio.create_task(look())
    try:
        yield watch
    finally:
        over.set()
        await task
