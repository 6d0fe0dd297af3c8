"""Tasks: what a ticket asks of a department, or somebody of a colleague. They do not wait in queues and nobody is given them by
routing: a department sees them, and one of its people takes them.

That one is made, what is said about it and how it ends stand on its ticket's timeline; every step stands in its own list.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from channels.clean import clean_line, clean_text
from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.errands.notices import NewNotice, add_notices, overseers
from hub.actions.failures import NotFound, NotPossible
from hub.actions.people.sight import may_see_customer, may_see_id
from hub.model.codes import CUSTOMER, TICKET, show_code
from hub.model.notices import NoticeKind
from hub.model.people import Actor
from hub.model.tasks import TaskStep
from hub.model.tickets import EventKind
from storage import events, staff, views, work
from storage import tasks as stored
from storage.database import Connection
from storage.tasks import QueueRow

MOST_TITLE, MOST_TEXT = 200, 20_000
_BATCH = 500


async def add_task(
    connection: Connection,
    *,
    title: str,
    actor: Actor,
    text: str = "",
    ticket_id: int | None = None,
    customer_id: int | None = None,
    queue: str = "",
    assignee_id: int | None = None,
    due_at: datetime | None = None,
    due_seconds: float | None = None,
    rule: str = "",
    cause: str = "",
) -> int:
    """A new task's id, in the caller's transaction. `queue`: the department's. `due_seconds`: from now, in place of `due_at`.
    `rule`: the rule that makes it. `cause`: the same again is the task that there is already.

    The ledger of its ticket moves on by itself, so a step on that ticket must have written its own number before. Raises
    NotFound (queue, agent), NotPossible (empty).
    """
    title, text = clean_line(title, MOST_TITLE), clean_text(text, MOST_TEXT)
    if not title:
        raise NotPossible("A task needs a title.", code="empty")
    department = await _department(connection, queue)
    if assignee_id is not None:
        await _need_agent(connection, assignee_id)
    made = await stored.add(
        connection,
        ticket_id=ticket_id,
        customer_id=customer_id,
        title=title,
        text=text,
        queue_id=department.id if department else None,
        assignee_id=assignee_id,
        due_at=due_at,
        due_seconds=due_seconds,
        made_by=actor.agent_id,
        author=actor.name,
        rule=rule,
        cause=cause,
    )
    if made is None:
        known = await stored.of_cause(connection, cause)
        assert known is not None, "only a cause that is known already makes none"
        return known
    task_id, code = made
    await stored.add_step(
        connection, task_id, what=TaskStep.MADE, agent_id=actor.agent_id, author=actor.name, to_agent_id=assignee_id
    )  # fmt: skip
    fields = said_fields(TaskStep.MADE, code, title, department)
    await tell(connection, EventKind.TASK_ADDED, ticket_id, task_id, actor, said=(text, fields))
    await tell_receivers(connection, task_id, code, 1, title, ticket_id, department, assignee_id, actor)
    return task_id


async def new_task(
    ctx: Context,
    *,
    title: str,
    actor: Actor,
    text: str = "",
    ticket_code: int | None = None,
    customer_code: int | None = None,
    queue: str = "",
    assignee_id: int | None = None,
    due_at: datetime | None = None,
) -> int:
    """As `add_task`, in a transaction of its own; returns the task's code. Raises also NotFound for ticket and customer."""

    async def write(connection: Connection) -> int:
        ticket_id = customer_id = None
        if ticket_code is not None:
            found = await work.peek(connection, ticket_code)
            if found is None or not await may_see_id(connection, actor, found[0]):
                raise NotFound(f"There is no ticket {show_code(TICKET, ticket_code)}.")
            ticket_id = found[0]
        elif customer_code is not None:
            customer = await views.get_customer_by_code(connection, customer_code)
            if customer is None or not await may_see_customer(connection, actor, customer_code):
                raise NotFound(f"There is no customer {show_code(CUSTOMER, customer_code)}.")
            customer_id = customer.id
        task_id = await add_task(
            connection,
            title=title,
            actor=actor,
            text=text,
            ticket_id=ticket_id,
            customer_id=customer_id,
            queue=queue,
            assignee_id=assignee_id,
            due_at=due_at,
        )
        return await stored.code_of(connection, task_id)

    return await ctx.database.run(write)


async def say_tasks_due(ctx: Context) -> int:
    """Tell whoever has a task, or watches over its department, that its time has come: once. Returns how many there were."""

    async def say(connection: Connection) -> int:
        due = await stored.take_due(connection, _BATCH)
        notices = []
        for task in due:
            told = [task.assignee_id] if task.assignee_id else await overseers(connection, task.queue_id)
            notices += [
                NewNotice(
                    agent_id=agent_id,
                    kind=NoticeKind.TASK_DUE,
                    cause=f"task:{task.id}:due:{task.version}",
                    ticket_id=task.ticket_id,
                    params={"task": task.code, "title": task.title},
                )
                for agent_id in told
            ]
        await add_notices(connection, notices, never_again=True)
        return len(due)

    return await ctx.database.run(say)


def said_fields(what: TaskStep, code: int, title: str, department: QueueRow | None) -> dict[str, Any]:
    """What an entry of the timeline keeps of the task that it speaks of."""
    fields: dict[str, Any] = {"task": code, "task_step": what.value, "task_title": title}
    if department is not None:
        fields |= {"queue_en": department.title_en, "queue_zh": department.title_zh}
    return fields


async def tell(
    connection: Connection,
    kind: EventKind,
    ticket_id: int | None,
    task_id: int,
    actor: Actor,
    *,
    said: tuple[str, Mapping[str, Any]] | None = None,
) -> None:
    """To the ledger, and with `said` (text, fields) to the timeline of the task's ticket too."""
    if ticket_id is not None and said is not None:
        text, fields = said
        await stored.say_on_ticket(connection, ticket_id, actor.agent_id, actor.name, text, dict(fields))
    await events.add_event(
        connection, kind, ticket_id=ticket_id, agent_id=actor.agent_id, data={"task": task_id}
    )
    await announce(connection, EVENTS)


async def tell_receivers(
    connection: Connection,
    task_id: int,
    code: int,
    version: int,
    title: str,
    ticket_id: int | None,
    department: QueueRow | None,
    assignee_id: int | None,
    actor: Actor,
) -> None:
    """Whose task it is now; of one that nobody has, everybody who works in its department by name."""
    told = department.members if department is not None else []
    if assignee_id is not None:
        told = [assignee_id]
    await add_notices(
        connection,
        [
            NewNotice(
                agent_id=agent_id,
                kind=NoticeKind.TASK_GIVEN,
                cause=f"task:{task_id}:given:{version}",
                ticket_id=ticket_id,
                params={"task": code, "title": title, "by": actor.name},
            )
            for agent_id in told
            if agent_id != actor.agent_id
        ],
    )


async def _department(connection: Connection, queue: str) -> QueueRow | None:
    if not queue:
        return None
    found = await stored.queue(connection, queue)
    if found is None:
        raise NotFound(f"There is no queue {queue}.", code="no_such_queue")
    return found


async def _need_agent(connection: Connection, agent_id: int) -> None:
    if not await staff.is_active(connection, agent_id):
        raise NotFound(f"There is no agent {agent_id}.", code="no_such_agent")
