"""Days that are over: tickets, answers and people on line, written down as a hub would have."""

import itertools
from datetime import datetime, timedelta
from typing import Any

from hub.actions.context import Context
from storage.database import Connection
from tests.fakes.scene import one

_serial = itertools.count(1)


async def midnight(ctx: Context, days: int) -> datetime:
    """The beginning of the day that lies so many days back, by the database's clock."""
    at: datetime = await one(
        ctx, "SELECT date_trunc('day', clock_timestamp()) - make_interval(days => $1)", days
    )
    return at


async def was_on_line(ctx: Context, agent_id: int, *spans: tuple[datetime, datetime]) -> None:
    """And off line at any other time."""

    async def work(c: Connection) -> None:
        for begins, ends in spans:
            for at, presence in ((begins, "online"), (ends, "offline")):
                await c.execute(
                    "INSERT INTO event (kind, agent_id, data, at) VALUES ('presence_changed', $1, $2, $3)",
                    agent_id, {"agent": agent_id, "presence": presence}, at,
                )  # fmt: skip

    await ctx.database.run(work)


async def old_ticket(
    ctx: Context,
    at: datetime,
    *,
    agent: int | None = None,
    given: float = 0.0,
    answers: tuple[float, ...] = (),
    again: tuple[float, ...] = (),
    kind: str = "enquiry",
    queue: str = "enquiries",
    channel: str = "plain",
    priority: int = 2,
    topics: tuple[str, ...] = (),
    automatic: tuple[float, ...] = (),
    subject: str = "A question",
) -> int:
    """A customer wrote at this moment, and `again` minutes later; the ticket was given to an agent after `given` minutes, who
    answered after so many; `automatic`: when a machine wrote. Everything in minutes from `at`. Returns the ticket's id."""
    said: list[tuple[float, str, int | None, str]] = [(0.0, "in", None, "")]
    said += [(minutes, "in", None, "") for minutes in again]
    said += [(minutes, "out", agent, "") for minutes in answers]
    said += [(minutes, "out", None, "acknowledgement") for minutes in automatic]
    last = at + timedelta(minutes=max(moment for moment, *_ in said))

    async def work(c: Connection) -> int:
        number: Any = await c.fetchval(
            """WITH who AS (INSERT INTO customer (name) VALUES ($1) RETURNING id)
               INSERT INTO ticket (customer_id, channel_id, subject, kind, queue_id, status, priority, seq, created_at,
                                   updated_at, waiting_since, language, required_language)
               SELECT who.id, (SELECT id FROM channel WHERE name = $2), $3, $4, (SELECT id FROM queue WHERE name = $5),
                      'closed', $6, 100, $7, $8, NULL, 'en', 'en' FROM who
               RETURNING id""",
            f"customer {next(_serial)}", channel, subject, kind, queue, priority, at, last,
        )  # fmt: skip
        await c.execute(
            "INSERT INTO routing_decision (ticket_id, step, why, decided_at) VALUES ($1, 'classified', $2, $3)",
            number, {"classification": {"topics": list(topics)}, "queue": {"reasons": []}}, at,
        )  # fmt: skip
        if agent is not None:
            await c.execute(
                "INSERT INTO event (ticket_id, seq, kind, data, at) VALUES ($1, 99, 'ticket_assigned', $2, $3)",
                number, {"agent": agent}, at + timedelta(minutes=given),
            )  # fmt: skip
        for place, (minutes, direction, author, by_machine) in enumerate(
            sorted(said, key=lambda one: one[0])
        ):
            await c.execute(
                """INSERT INTO interaction (ticket_id, seq, customer_id, channel_id, kind, direction, agent_id, text, automatic,
                                            created_at)
                   SELECT id, $2, customer_id, channel_id, 'message', $3, $4, 'x', $5, $6 FROM ticket WHERE id = $1""",
                number, place, direction, author, by_machine, at + timedelta(minutes=minutes),
            )  # fmt: skip
        return int(number)

    return await ctx.database.run(work)


async def a_few_days(
    ctx: Context, days: int = 3, an_hour: int = 4, *, live: str = "chat", other: str = "plain"
) -> list[int]:
    """Two agents from nine to five, so many customers an hour, every third one on the channel `live`, the others on `other`;
    each is answered. Returns the agents."""
    from tests.fakes.scene import an_agent

    agents = [await an_agent(ctx, login) for login in ("li", "wang")]
    for day in range(days, 0, -1):
        morning = await midnight(ctx, day) + timedelta(hours=9)
        for agent in agents:
            await was_on_line(ctx, agent, (morning, morning + timedelta(hours=8)))
        for place in range(8 * an_hour):
            at = morning + timedelta(minutes=place * 60.0 / an_hour)
            await old_ticket(
                ctx,
                at,
                agent=agents[place % 2],
                given=1.0,
                answers=(8.0,),
                channel=live if place % 3 == 0 else other,
                kind=("enquiry", "complaint", "feedback")[place % 3],
                queue=("enquiries", "complaints", "feedback")[place % 3],
            )
    return agents
