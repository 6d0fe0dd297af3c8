"""The hub's own past as the simulator takes it, read in batches, so that no statement takes long and none holds up the desk."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from hub.actions.context import Context
from hub.actions.floor.as_facts import EFFORT, LIVE_EFFORT, PATIENCE, PROMISED, SOON, WEIGHT
from hub.actions.floor.own_pace import own_weights
from hub.model.tickets import Priority, TicketKind
from routing.rules import RoutingRules
from routing.simulate.bygone import Usual
from routing.simulate.past import Past, PastAgent, PastTurn
from routing.simulate.trouble import CannotSimulate
from storage import history
from storage.database import Connection
from storage.history import PresenceRow, StaffRow, TurnRow

BATCH = 500
MOST_TURNS = 200_000
"""More would take an hour and a gigabyte."""

USUAL = Usual(
    promised=PROMISED,
    weight=WEIGHT,
    effort=EFFORT,
    live_effort=LIVE_EFFORT,
    live_promised=PATIENCE,
    soon=SOON,
)


async def read_past(ctx: Context, days: int) -> Past:
    """The last days, to this moment. Raises CannotSimulate where too much happened in them, DatabaseUnavailable."""
    until = await ctx.database.read(history.now)
    since = until - timedelta(days=days)
    staff = await ctx.database.read(history.staff_of_now)
    agents = []
    for row, name in zip(staff, called(staff), strict=True):

        async def look(connection: Connection, agent_id: int = row.id) -> list[PresenceRow]:
            return await history.presence_of(connection, agent_id, since, until)

        agents.append(_as_agent(row, name, await ctx.database.read(look)))
    turns = await _read_turns(ctx, since, until)
    weights = await ctx.database.read(own_weights)
    return Past(since=since, until=until, turns=tuple(turns), agents=tuple(agents), weights=weights)


def called(staff: Sequence[StaffRow]) -> list[str]:
    """What each is called where they are chosen by name: where two have the same, with their login."""
    several = Counter(row.name for row in staff)
    return [row.name if several[row.name] == 1 else f"{row.name} ({row.login})" for row in staff]


async def _read_turns(ctx: Context, since: datetime, until: datetime) -> list[PastTurn]:
    """In order of time. A ticket that is touched meanwhile is read once."""
    found: list[PastTurn] = []
    seen: set[int] = set()
    at, last = since, 0
    while True:

        async def look(
            connection: Connection, at: datetime = at, last: int = last
        ) -> tuple[list[tuple[int, datetime]], list[TurnRow]]:
            touched = await history.touched(connection, at, last, BATCH)
            fresh = [ticket for ticket, _ in touched if ticket not in seen]
            return touched, await history.turns(connection, fresh, since, until) if fresh else []

        touched, rows = await ctx.database.read(look)
        found += [_as_turn(row, ctx.rules) for row in rows]
        if len(found) > MOST_TURNS:
            raise CannotSimulate("too_much", detail=f"{MOST_TURNS:,}")
        if len(touched) < BATCH:
            return sorted(found, key=lambda turn: (turn.at, turn.ticket_id, turn.turn))
        seen.update(ticket for ticket, _ in touched)
        last, at = touched[-1]


def _as_turn(row: TurnRow, rules: RoutingRules) -> PastTurn:
    why: Mapping[str, Any] = row.why or {}
    classified, queue = why.get("classification", {}), why.get("queue", {})
    hints = {
        str(reason["params"]["hint"]): str(reason["params"]["value"])
        for reason in queue.get("reasons", ())
        if reason.get("code") == "hint_honoured"
    }
    return PastTurn(
        ticket_id=row.ticket_id,
        turn=row.turn,
        at=row.at,
        customer_id=row.customer_id,
        kind=TicketKind(row.kind),
        uncertain=row.uncertain,
        priority=Priority(row.priority),
        subject=row.subject,
        channel=row.channel,
        channel_kind=row.channel_kind,
        language=row.language,
        key_account=row.key_account,
        queue=row.queue,
        required_language=row.required_language,
        required_skills=tuple(row.required_skills),
        preferred_skills=tuple(row.preferred_skills),
        units=row.weight,
        live=rules.work.is_live(row.channel_kind),
        looked_after_by=row.looked_after_by,
        topics=tuple(classified.get("topics", ())),
        hints=hints,
        assigned_at=row.assigned_at,
        answered_at=row.answered_at,
        answered_by=row.answered_by,
        last_answer_at=row.answered_at,
    )


def _as_agent(row: StaffRow, name: str, presence: Sequence[PresenceRow]) -> PastAgent:
    return PastAgent(
        id=row.id,
        name=name,
        languages=tuple(row.languages),
        skills=row.skills,
        queues=tuple(row.queues),
        capacity=row.capacity,
        live_capacity=row.live_capacity,
        calendar=row.calendar,
        presence=tuple((one.at, one.presence) for one in presence),
    )
