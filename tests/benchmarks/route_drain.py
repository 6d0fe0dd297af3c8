"""From an event to the written assignment while 5,000 tickets wait for 200 busy agents, and 50,000 tickets handed out at once.

The first over a served hub: an agent resolves a ticket, and the hub gives them the next one. Floor: one small transaction of
one client. The second by the very loop that the hub runs, without a hub, and with what is there set apart from garbage as in a
hub. Floor: the same rows written by the same statement in the same batches, with nothing read and nothing decided.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from hub.actions.announce import EVENTS
from hub.actions.context import Context
from hub.actions.floor.route import MOST, drain
from hub.actions.installation import set_up
from hub.actions.status import change_status
from hub.model.people import HUB
from hub.wiring import set_apart
from storage import work
from storage.database import Connection
from tests.benchmarks import floors
from tests.benchmarks.figure import Aim, BenchmarkFailed, Figure, Round, percentiles
from tests.benchmarks.stage import Stage

AGENTS = 200
WAITING = 5_000
EVENTS_MEASURED = 400
AT_ONCE = 50_000
PATIENCE_SECONDS = 30.0
PAUSE_SECONDS = 0.03

# Agents of two languages and three of five skills; each busy with `$2` tickets of `$1` places. Then what waits: four queues,
# four kinds, four priorities, two languages, five skills at two levels; every third customer had an agent before. With clocks,
# as the shipped targets would have set them.
_STAFF = """
WITH made AS (
    INSERT INTO agent (login, name, password_hash, presence, languages, skills, capacity, load)
    SELECT 'bench' || n, 'Agent ' || n, 'none', 'online',
           CASE n % 3 WHEN 0 THEN '{zh}' WHEN 1 THEN '{en}' ELSE '{zh,en}' END::text[],
           jsonb_build_object(s[1 + n % 5], 1 + n % 5, s[1 + (n + 1) % 5], 1 + (n / 5) % 5, s[1 + (n + 3) % 5], 1 + (n / 25) %
           5), $1::int, $2::int FROM generate_series(1, $3::int) n, (SELECT
           '{billing,delivery,technical,account,product}'::text[] AS s) k RETURNING id ), idle AS ( UPDATE agent SET presence =
           'offline' WHERE login LIKE 'agent%' ) SELECT array_agg(id) FROM made
"""
_TICKETS = """
WITH people AS (
    INSERT INTO customer (name) SELECT 'Customer ' || n FROM generate_series(1, $1::int) n RETURNING id
), numbered AS (
    SELECT id, row_number() OVER (ORDER BY id)::int AS n FROM people
), queues AS (
    SELECT id, row_number() OVER (ORDER BY id)::int - 1 AS n FROM queue
), opened AS (
    INSERT INTO ticket (customer_id, channel_id, subject, kind, priority, language, queue_id, required_language,
                        required_skills, assignee_id, last_agent_id, last_agent_at, waiting_why, waiting_since, seq, version)
    SELECT p.id, (SELECT min(id) FROM channel), 'A question', (ARRAY['complaint', 'enquiry', 'request', 'feedback'])[1 + n % 4],
           1 + (n / 3) % 4, CASE WHEN n % 3 = 0 THEN 'zh' ELSE 'en' END,
           (SELECT q.id FROM queues q WHERE q.n = p.n % 4), CASE WHEN n % 3 = 0 THEN 'zh' ELSE 'en' END,
           CASE WHEN n % 5 < 2 THEN '{}'
                ELSE ARRAY[('{billing,delivery,technical:2,account,product:3}'::text[])[1 + (n / 7) % 5]] END,
           CASE WHEN $3 THEN ($2::bigint[])[1 + n % cardinality($2)] END,
           CASE WHEN n % 3 = 1 OR $3 THEN ($2::bigint[])[1 + n % cardinality($2)] END, now(),
           '{"reasons": []}', now() - n * interval '100 ms', 1, 1
    FROM numbered p
    RETURNING id, assignee_id, waiting_since, priority
), told AS (
    INSERT INTO event (ticket_id, seq, kind) SELECT id, 1, 'ticket_opened' FROM opened
), begun AS (
    INSERT INTO assignment (ticket_id, agent_id) SELECT id, assignee_id FROM opened WHERE assignee_id IS NOT NULL
)
INSERT INTO sla_clock (ticket_id, target, cycle, state, because, started_at, since, minutes, calendar, warn_share, escalates,
                       named_by, rules_version, due_at, next_at, version)
SELECT id, target, 1, 'running', 'opened', now(), now(), 60, 'always', 80, false, 'bench', 1000000,
       waiting_since + (5 - priority) * interval '4 hours', now() + interval '1 day', 1
FROM opened, unnest('{first_response,resolution}'::text[]) AS target
"""


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    yield await _from_event_to_assignment(stage)
    yield await _all_at_once(stage)


async def _from_event_to_assignment(stage: Stage) -> Figure:
    n = stage.size(EVENTS_MEASURED)
    async with stage.serve({"shop": {"kind": "api"}}) as served, _watching(served.dsn) as watch:
        agents = await _fill(watch.connection, WAITING, capacity=1, busy=1)
        async with stage.installation(served.dsn, {"shop": {"kind": "api"}}) as ctx:
            floor = await floors.one_transaction(stage)
            for agent in agents[:20]:
                await _resolve_one(ctx, watch, agent)
            took = []
            for agent in itertools.islice(itertools.cycle(agents), n):
                await asyncio.sleep(PAUSE_SECONDS)
                took.append(await _resolve_one(ctx, watch, agent))
        by_database = await watch.connection.fetch(
            """SELECT extract(epoch FROM a.started_at - e.at)::float8 * 1000 AS ms
               FROM event e JOIN assignment b ON b.ticket_id = e.ticket_id
               JOIN LATERAL (SELECT started_at FROM assignment a WHERE a.agent_id = b.agent_id AND a.started_at > e.at
                             ORDER BY a.started_at LIMIT 1) a ON true
               WHERE e.kind = 'status_changed'"""
        )
    reached = percentiles(took)
    return Figure(
        name="route_event",
        unit="ms, p99",
        floor=floors.PGBENCH_ALONE,
        rounds=[Round(value=reached["p99"], floor=floor)],
        n=n,
        aim=Aim(of="value", bound=50.0, low=True),
        more={
            "waiting": WAITING, "agents": AGENTS, "until_seen": reached,
            "between_the_two_events_in_the_ledger": percentiles([row["ms"] for row in by_database]),
        },
    )  # fmt: skip


async def _resolve_one(ctx: Context, watch: "_Watch", agent: int) -> float:
    """The agent resolves what they have; milliseconds, from the call on, until they have the next one."""
    code = await watch.in_hand(agent)
    begun = time.perf_counter()
    await change_status(ctx, ticket_code=code, status="resolved", actor=HUB)
    while await watch.in_hand(agent) in (None, code):
        if time.perf_counter() - begun > PATIENCE_SECONDS:
            raise BenchmarkFailed(f"after {PATIENCE_SECONDS:g} s agent {agent} still has nothing")
        await watch.hear()
    return (time.perf_counter() - begun) * 1000.0


async def _all_at_once(stage: Stage) -> Figure:
    size = stage.size(AT_ONCE)
    rounds: list[Round] = []
    for _ in range(stage.rounds):
        took = []
        for decide in (True, False):
            dsn = await stage.fresh_database()
            async with stage.installation(dsn, {"shop": {"kind": "api"}}) as ctx:
                await set_up(ctx)
                connection = await asyncpg.connect(dsn)
                agents = await _fill(connection, size, capacity=size, busy=0)
                with set_apart():
                    begun = time.perf_counter()
                    if decide:
                        while await drain(ctx):
                            pass
                    else:
                        await _write_only(ctx, agents)
                    took.append(time.perf_counter() - begun)
                left = await connection.fetchval("SELECT count(*) FROM ticket WHERE assignee_id IS NULL")
                await connection.close()
                if left:
                    raise BenchmarkFailed(f"{left} of {size} tickets still wait")
        rounds.append(Round(value=took[0], floor=took[1]))
    return Figure(
        name="route_bulk",
        unit="s for all",
        floor="the same rows written in the same batches; nothing read, nothing decided",
        rounds=rounds,
        n=size,
        aim=Aim(of="value", bound=10.0 * size / AT_ONCE, low=True),
        more={"agents": AGENTS, "a_round": MOST},
    )


async def _write_only(ctx: Context, agents: list[int]) -> None:
    async def give(connection: Connection, ids: list[int]) -> None:
        given = [(one, agents[place % len(agents)], "{}", False) for place, one in enumerate(ids)]
        await work.give(connection, given, [EVENTS])

    async def waiting(connection: Connection) -> list[int]:
        return [row["id"] for row in await connection.fetch("SELECT id FROM ticket ORDER BY id")]

    ids = await ctx.database.read(waiting)
    for start in range(0, len(ids), MOST):
        await ctx.database.run(lambda c, start=start: give(c, ids[start : start + MOST]))  # type: ignore[misc]


async def _fill(
    connection: "asyncpg.Connection[Any]", waiting: int, *, capacity: int, busy: int
) -> list[int]:
    """Agents, what they have in hand, and what waits; returns the agents."""
    agents: list[int] = await connection.fetchval(_STAFF, capacity, busy, AGENTS)
    if busy:
        await connection.execute(_TICKETS, AGENTS * busy, agents, True)
    await connection.execute(_TICKETS, waiting, agents, False)
    await connection.execute("ANALYZE")
    return agents


class _Watch:
    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self.connection = connection
        self._heard = asyncio.Event()

    async def listen(self) -> None:
        await self.connection.add_listener(EVENTS, lambda *_: self._heard.set())

    async def in_hand(self, agent: int) -> Any:
        """The number of the ticket that the agent works on."""
        self._heard.clear()
        return await self.connection.fetchval(
            "SELECT code FROM ticket WHERE assignee_id = $1 AND status = 'open'", agent
        )

    async def hear(self) -> None:
        """Return when the hub announced something."""
        try:
            async with asyncio.timeout(1.0):
                await self._heard.wait()
        except TimeoutError:
            return


@asynccontextmanager
async def _watching(dsn: str) -> AsyncIterator[_Watch]:
    connection = await asyncpg.connect(dsn, server_settings={"enable_seqscan": "off"})
    watch = _Watch(connection)
    await watch.listen()
    try:
        yield watch
    finally:
        await connection.close()
