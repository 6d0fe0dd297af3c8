"""Work that is asked of departments and of people. Thin typed functions over sql/tasks.sql."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from hub.model.permissions import Sight
from storage.database import Connection
from storage.queries import load_queries
from storage.sight import task_in_sight

SQL = load_queries("tasks")

TaskScope = Literal["mine", "departments", "all"]

MOST_ROWS = 200

# Of the agent $1. Who is a member of no queue works on every one.
_OF_DEPARTMENTS = """t.queue_id IN (
    SELECT m.queue_id FROM queue_member m WHERE m.agent_id = $1
    UNION ALL SELECT o.id FROM queue o WHERE NOT EXISTS (SELECT 1 FROM queue_member n WHERE n.agent_id = $1))"""
_WHOSE: dict[TaskScope, str] = {
    "mine": "t.assignee_id = $1",
    "departments": _OF_DEPARTMENTS,
    # The number has to stand somewhere.
    "all": "($1::bigint IS NULL OR true)",
}
NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""As what a task without a time counts when they are put in order."""
_DUE = "coalesce(t.due_at, '9999-12-31 00:00:00+00'::timestamptz)"

TO_DO = {
    (
        scope,
        sight,
    ): f"{SQL['rows']}\nWHERE t.state IN ('open', 'doing') AND ({_DUE}, t.id) > ($2::timestamptz, $3::bigint)"
    f"\nAND {whose} AND {task_in_sight(sight, agent='$1::bigint')} ORDER BY {_DUE}, t.id LIMIT $4"
    for scope, whose in _WHOSE.items()
    for sight in Sight
}
ENDED = {
    (
        scope,
        sight,
    ): f"{SQL['rows']}\nWHERE t.ended_at IS NOT NULL AND (t.ended_at, t.id) < ($2::timestamptz, $3::bigint)"
    f"\nAND {whose} AND {task_in_sight(sight, agent='$1::bigint')} ORDER BY t.ended_at DESC, t.id DESC LIMIT $4"
    for scope, whose in _WHOSE.items()
    for sight in Sight
}
OF_TICKET = "\n".join(
    (
        SQL["rows"],
        "WHERE t.ticket_id IN (SELECT id FROM ticket WHERE code = $1 UNION ALL",
        "SELECT m.id FROM ticket m JOIN ticket o ON o.id = m.merged_into WHERE o.code = $1)",
        f"ORDER BY t.ended_at DESC NULLS FIRST, {_DUE}, t.id LIMIT {MOST_ROWS}",
    )
)
OF_CUSTOMER = "\n".join(
    (
        SQL["rows"],
        "WHERE t.customer_id = $1 AND t.state IN ('open', 'doing')",
        f"ORDER BY {_DUE}, t.id LIMIT {MOST_ROWS}",
    )
)
ONE = f"{SQL['rows']}\nWHERE t.code = $1"
COUNTS = {
    sight: SQL["counts"] + f"\nAND {task_in_sight(sight, agent='$1::bigint', task='task')}" for sight in Sight
}
QUERIES = (*TO_DO.values(), *ENDED.values(), OF_TICKET, OF_CUSTOMER, ONE)
"""Every query that is put together here, for the test that compares columns with fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """A department. `members`: active agents who work there by name; empty for everybody."""

    id: int
    name: str
    title_en: str
    title_zh: str
    members: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedTask:
    id: int
    code: int
    ticket_id: int | None
    title: str
    text: str
    queue: str
    queue_id: int | None
    assignee_id: int | None
    due_at: datetime | None
    state: str
    outcome: str
    made_by: int | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTask:
    id: int
    code: int
    ticket_id: int | None
    title: str
    queue_id: int | None
    assignee_id: int | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """A task as people look at it. `author`: who made it; `rule`: which rule did, "" where a person did."""

    id: int
    code: int
    title: str
    text: str
    state: str
    outcome: str
    due_at: datetime | None
    queue: str
    queue_title_en: str
    queue_title_zh: str
    assignee_id: int | None
    assignee_name: str
    ticket_code: int | None
    ticket_subject: str
    customer_code: int | None
    customer_name: str
    author: str
    rule: str
    version: int
    made_at: datetime
    changed_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    id: int
    what: str
    author: str
    to_name: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CountsRow:
    """How much there is to do; `overdue` and `mine_overdue` of that."""

    mine: int
    mine_overdue: int
    departments: int
    all: int
    overdue: int


async def add(
    connection: Connection,
    *,
    ticket_id: int | None,
    customer_id: int | None,
    title: str,
    text: str,
    queue_id: int | None,
    assignee_id: int | None,
    due_at: datetime | None,
    due_seconds: float | None,
    made_by: int | None,
    author: str,
    rule: str,
    cause: str,
) -> tuple[int, int] | None:
    """(id, code); None where there is one of this cause already."""
    row = await connection.fetchrow(
        SQL["add"], ticket_id, customer_id, title, text, queue_id, assignee_id, due_at, due_seconds, made_by, author, rule,
        cause,
    )  # fmt: skip
    return (row["id"], row["code"]) if row else None


async def of_cause(connection: Connection, cause: str) -> int | None:
    """The id of the task that was made for this cause."""
    found: int | None = await connection.fetchval(SQL["of_cause"], cause)
    return found


async def code_of(connection: Connection, task_id: int) -> int:
    code: int = await connection.fetchval(SQL["code_of"], task_id)
    return code


async def queue(connection: Connection, name: str) -> QueueRow | None:
    """None for one that there is not, or that is retired."""
    row = await connection.fetchrow(SQL["queue"], name)
    return QueueRow(**row) if row else None


async def lock(connection: Connection, code: int) -> LockedTask | None:
    """The task, locked, after its ticket; None for an unknown code."""
    place = await connection.fetchrow(SQL["place"], code)
    if place is None:
        return None
    if place["ticket_id"] is not None:
        await connection.execute(SQL["lock_ticket"], place["ticket_id"])
    row: Any = await connection.fetchrow(SQL["lock"], place["id"])
    return LockedTask(**row)


async def set_task(
    connection: Connection,
    task_id: int,
    *,
    title: str,
    text: str,
    queue_id: int | None,
    assignee_id: int | None,
    due_at: datetime | None,
    state: str,
    outcome: str,
) -> int:
    """Write it as it is now; returns the new version."""
    version: int = await connection.fetchval(
        SQL["set"], task_id, title, text, queue_id, assignee_id, due_at, state, outcome
    )
    return version


async def add_step(
    connection: Connection,
    task_id: int,
    *,
    what: str,
    agent_id: int | None,
    author: str,
    to_agent_id: int | None = None,
    text: str = "",
) -> None:
    await connection.execute(SQL["add_step"], task_id, what, agent_id, author, to_agent_id, text)


async def say_on_ticket(
    connection: Connection, ticket_id: int, agent_id: int | None, author: str, text: str, fields: Any
) -> None:
    """An entry on the ticket's timeline, for colleagues; its ledger moves on by one."""
    await connection.execute(SQL["say_on_ticket"], ticket_id, agent_id, author, text, fields)


async def take_due(connection: Connection, limit: int) -> list[DueTask]:
    """Tasks whose time has come and of which that was not said yet; from now on it was."""
    return [DueTask(**row) for row in await connection.fetch(SQL["due"], limit)]


async def to_do(
    connection: Connection,
    agent_id: int | None,
    scope: TaskScope,
    after: tuple[datetime, int],
    limit: int,
    sight: Sight = Sight.ALL,
) -> list[TaskRow]:
    """What is due first, first. `after`: (due, id) of the last row of the page before. `sight`: the agent's."""
    rows = await connection.fetch(TO_DO[scope, sight], agent_id, *after, min(limit, MOST_ROWS))
    return [TaskRow(**row) for row in rows]


async def ended(
    connection: Connection,
    agent_id: int | None,
    scope: TaskScope,
    before: tuple[datetime, int],
    limit: int,
    sight: Sight = Sight.ALL,
) -> list[TaskRow]:
    """What ended last, first. `before`: (ended, id) of the last row of the page before. `sight`: the agent's."""
    rows = await connection.fetch(ENDED[scope, sight], agent_id, *before, min(limit, MOST_ROWS))
    return [TaskRow(**row) for row in rows]


async def of_ticket(connection: Connection, ticket_code: int) -> list[TaskRow]:
    """Of a ticket and of those that were merged into it; what is to be done first."""
    return [TaskRow(**row) for row in await connection.fetch(OF_TICKET, ticket_code)]


async def of_customer(connection: Connection, customer_id: int) -> list[TaskRow]:
    """What is to be done for a customer, on any of their tickets or on none."""
    return [TaskRow(**row) for row in await connection.fetch(OF_CUSTOMER, customer_id)]


async def task(connection: Connection, code: int) -> TaskRow | None:
    row = await connection.fetchrow(ONE, code)
    return TaskRow(**row) if row else None


async def steps(connection: Connection, task_id: int) -> list[StepRow]:
    """What was done to it, in order."""
    return [StepRow(**row) for row in await connection.fetch(SQL["steps"], task_id)]


async def held_by(connection: Connection, agent_id: int) -> list[int]:
    """Numbers of what this agent still has to do."""
    return [row["code"] for row in await connection.fetch(SQL["held_by"], agent_id)]


async def of_gone(connection: Connection, limit: int) -> list[tuple[int, int]]:
    """(number, agent) of what those have to do who may not log in any more."""
    return [(row["code"], row["assignee_id"]) for row in await connection.fetch(SQL["of_gone"], limit)]


async def counts(connection: Connection, agent_id: int | None, sight: Sight = Sight.ALL) -> CountsRow:
    row: Any = await connection.fetchrow(COUNTS[sight], agent_id)
    return CountsRow(**row)
