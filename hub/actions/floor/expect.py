"""A waiting ticket's place in the line and its expected wait, from everything that waits and everybody who is here."""

from collections.abc import Container, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.actions.context import Context
from hub.actions.floor.as_facts import (
    EFFORT,
    LIVE_EFFORT,
    WEIGHT,
    as_agents,
    as_ticket,
    calendar_of,
    closed_queues,
    due_of,
    needs_of,
)
from hub.actions.lately import keep_a_while, seen_lately
from hub.model.tickets import Priority, TicketKind
from routing.agenda import waited
from routing.expect import Answered, Expected, Line, Sort, expect, tempo_of
from routing.relax import relaxed
from routing.rules import RoutingRules, read_skill
from routing.situation import AgentState
from storage import wallboard as stored
from storage.database import Connection
from storage.wallboard import AnsweredRow, LineRow
from storage.work import AgentNow, WaitingRow

LATELY_SECONDS = 4 * 3600.0
"""Answers of so long ago tell how quickly work is done."""

LONG = 500
LONG_SECONDS = 3.0
"""So many tickets make a long line: to look at it costs, and one more or less among them is seen by nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineNow:
    """Everything that waits and everybody who is here, at one moment: enough to say of any ticket where it stands."""

    now: datetime
    line: Line
    agents: Sequence[AgentState]
    tempo: Mapping[str, float]
    closed: Container[str]


def see_line(
    ctx: Context,
    rows: Sequence[LineRow],
    present: Sequence[AgentNow],
    tempo: Mapping[str, float],
    queues: Set[str],
    now: datetime,
) -> LineNow:
    """Put together from what was read. `queues`: those of tickets that are asked for, beside those of what waits."""
    rules = ctx.rules
    return LineNow(
        now=now,
        line=_line(rows, now, rules),
        agents=as_agents(present, {*queues, *(one.queue for one in rows)}, now, rules, (), ctx.outlook.used),
        tempo=tempo,
        closed=closed_queues(rules, now),
    )


def expect_in(ctx: Context, row: WaitingRow, seen: LineNow) -> Expected:
    """Of one ticket."""
    return expect(
        as_ticket(row, seen.now, ctx.rules, {agent.id for agent in seen.agents if agent.here}),
        seen.line,
        seen.agents,
        0.0,
        tempo=seen.tempo,
        prices=ctx.outlook.prices,
        weights=ctx.outlook.weights,
        closed=seen.closed,
    )


async def expect_ticket(
    ctx: Context, connection: Connection, row: WaitingRow, present: Sequence[AgentNow], now: datetime
) -> Expected:
    """As things stand now; in a long line, as they stood `LONG_SECONDS` ago at the most."""
    seen: LineNow | None = seen_lately(ctx, expect_ticket)
    if seen is None:
        rows = await stored.line_now(connection, now)
        # By itself: it is planned anew each time, and what goes with it would be too.
        answered = await stored.answered_lately(connection, LATELY_SECONDS)
        queues = {row.queue, *(rule.name for rule in ctx.rules.queue)}
        seen = see_line(ctx, rows, present, tempo(answered), queues, now)
        if sum(len(tickets) for tickets in seen.line.values()) >= LONG:
            keep_a_while(ctx, expect_ticket, seen, LONG_SECONDS)
    return expect_in(ctx, row, seen)


def tempo(answered: Sequence[AnsweredRow]) -> dict[str, float]:
    """How quickly the work of each queue was done lately."""
    return tempo_of(Answered(row.queue, effort_of(row.kind, row.live), row.minutes) for row in answered)


def effort_of(kind: str, live: bool) -> float:
    """Minutes that such work takes on the average."""
    return (LIVE_EFFORT if live else EFFORT)[TicketKind(kind)]


def _line(rows: Sequence[LineRow], now: datetime, rules: RoutingRules) -> Line:
    """By what agents go by: what a ticket asks for may have grown less while it waited."""
    line: dict[Sort, list[tuple[float, int]]] = {}
    for row in rows:
        rule = rules.queue_named(row.queue)
        needs = needs_of(row.queue, row.language, tuple(row.skills))
        priority = Priority(row.priority)
        sort = Sort(
            needs,
            row.live,
            WEIGHT[priority],
            effort_of(row.kind, row.live),
            frozenset(read_skill(skill)[0] for skill in row.preferred),
        )
        each = zip(row.ids, row.since, row.due, strict=True)
        if rule is None or not rule.relax:
            line.setdefault(sort, []).extend(
                (due_of(row.live, priority, since or 0.0, due), number) for number, since, due in each
            )
            continue
        for number, since, due in each:
            began = since or 0.0
            start = now + timedelta(minutes=began)
            minutes = waited(calendar_of(rules, row.queue), start, now) / timedelta(minutes=1)
            own = sort._replace(needs=relaxed(needs, rule.relax, minutes)[0])
            line.setdefault(own, []).append((due_of(row.live, priority, began, due), number))
    return line
