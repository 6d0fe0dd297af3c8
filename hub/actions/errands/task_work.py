"""The steps of work on a task: each goes by the version that was looked at, so that nobody undoes what another has done."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from channels.clean import clean_line, clean_text
from hub.actions.context import Context
from hub.actions.errands.notices import NewNotice, add_notices
from hub.actions.errands.tasks import MOST_TEXT, MOST_TITLE, said_fields, tell, tell_receivers
from hub.actions.failures import NotFound, NotPossible
from hub.actions.keep import KEEP, Keep
from hub.actions.people.sight import may_see_task, seen_codes
from hub.model.codes import TASK, show_code
from hub.model.notices import NoticeKind
from hub.model.people import Actor
from hub.model.permissions import Sight
from hub.model.tasks import TaskState, TaskStep
from hub.model.tickets import EventKind
from storage import staff
from storage import tasks as stored
from storage.database import Connection
from storage.tasks import CountsRow, LockedTask, QueueRow, StepRow, TaskRow, TaskScope


@dataclass(slots=True, kw_only=True)
class _Step:
    """One transaction on one task: it and its ticket are locked."""

    connection: Connection
    task: LockedTask
    actor: Actor

    @property
    def state(self) -> TaskState:
        return TaskState(self.task.state)

    def must_live(self) -> None:
        if not self.state.lives:
            raise NotPossible("The task is over: open it again first.", code="task_over")

    async def write(self, now: LockedTask) -> None:
        version = await stored.set_task(
            self.connection,
            now.id,
            title=now.title,
            text=now.text,
            queue_id=now.queue_id,
            assignee_id=now.assignee_id,
            due_at=now.due_at,
            state=now.state,
            outcome=now.outcome,
        )
        self.task = replace(now, version=version)

    async def note(
        self, what: TaskStep, *, text: str = "", to_agent: int | None = None, on_ticket: bool = False
    ) -> None:
        """To the task's own list, the ledger, and where that is of use to whoever reads the ticket, its timeline."""
        await stored.add_step(
            self.connection,
            self.task.id,
            what=what,
            agent_id=self.actor.agent_id,
            author=self.actor.name,
            to_agent_id=to_agent,
            text=text,
        )
        department = await self.department()
        fields = said_fields(what, self.task.code, self.task.title, department)
        said = (text, fields) if on_ticket else None
        await tell(
            self.connection, EventKind.TASK_CHANGED, self.task.ticket_id, self.task.id, self.actor, said=said
        )

    async def department(self) -> QueueRow | None:
        return await stored.queue(self.connection, self.task.queue) if self.task.queue else None

    async def tell_receivers(self) -> None:
        task = self.task
        await tell_receivers(
            self.connection,
            task.id,
            task.code,
            task.version,
            task.title,
            task.ticket_id,
            await self.department(),
            task.assignee_id,
            self.actor,
        )

    async def tell_maker(self) -> None:
        """How it ended, to the person who asked for it."""
        task = self.task
        if task.made_by is None or task.made_by == self.actor.agent_id:
            return
        told = NewNotice(
            agent_id=task.made_by,
            kind=NoticeKind.TASK_DONE,
            cause=f"task:{task.id}:over:{task.version}",
            ticket_id=task.ticket_id,
            params={"task": task.code, "title": task.title, "by": self.actor.name, "state": task.state},
        )
        await add_notices(self.connection, [told])


async def take_task(ctx: Context, *, code: int, version: int, actor: Actor) -> int:
    """The actor does it from now on, whoever had it. Returns the new version, as every step does. Raises NotFound, NotPossible
    (task_changed, task_over, not_a_person)."""
    agent_id = actor.agent_id
    if agent_id is None:
        raise NotPossible("Only a person can take a task; a program gives it to one.", code="not_a_person")

    async def step(taken: _Step) -> None:
        taken.must_live()
        if taken.task.assignee_id == agent_id and taken.state is TaskState.DOING:
            return
        await taken.write(replace(taken.task, assignee_id=agent_id, state=TaskState.DOING.value))
        await taken.note(TaskStep.TAKEN, to_agent=agent_id)

    return await _on_task(ctx, code, version, actor, step)


async def give_task(
    ctx: Context, *, code: int, version: int, actor: Actor, assignee_id: int | None, queue: str | Keep = KEEP
) -> int:
    """To this agent, or to nobody; and to this department ("" for none). Raises as `take_task`, and NotFound (no_such_agent,
    no_such_queue)."""

    async def step(taken: _Step) -> None:
        taken.must_live()
        await _give(taken, assignee_id, queue)

    return await _on_task(ctx, code, version, actor, step)


async def pass_task_on(
    ctx: Context, *, code: int, from_agent: int, to_agent: int | None, actor: Actor
) -> bool:
    """From one agent to another, or to nobody, where the first still has it; returns whether they had. Raises NotFound
    (no_such_agent)."""
    passed = False

    async def step(taken: _Step) -> None:
        nonlocal passed
        passed = taken.state.lives and taken.task.assignee_id == from_agent
        if passed:
            await _give(taken, to_agent, KEEP)

    # It is the agent who is handed over, with whatever they have.
    await _on_task(ctx, code, None, replace(actor, sight=Sight.ALL), step)
    return passed


async def change_task(
    ctx: Context,
    *,
    code: int,
    version: int,
    actor: Actor,
    title: str | Keep = KEEP,
    text: str | Keep = KEEP,
    due_at: datetime | Keep | None = KEEP,
) -> int:
    """What it is called, what it says, by when. Raises as `take_task`, and NotPossible (empty)."""

    async def step(taken: _Step) -> None:
        taken.must_live()
        now = taken.task
        if not isinstance(title, Keep):
            now = replace(now, title=clean_line(title, MOST_TITLE))
        if not isinstance(text, Keep):
            now = replace(now, text=clean_text(text, MOST_TEXT))
        if not isinstance(due_at, Keep):
            now = replace(now, due_at=due_at)
        if not now.title:
            raise NotPossible("A task needs a title.", code="empty")
        if now == taken.task:
            return
        await taken.write(now)
        await taken.note(TaskStep.CHANGED)

    return await _on_task(ctx, code, version, actor, step)


async def end_task(
    ctx: Context, *, code: int, version: int, actor: Actor, outcome: str = "", dropped: bool = False
) -> int:
    """It is done, or dropped; `outcome` says with what result, or why. Raises as `take_task`."""
    said = clean_text(outcome, MOST_TEXT)

    async def step(taken: _Step) -> None:
        taken.must_live()
        state = TaskState.DROPPED if dropped else TaskState.DONE
        # Who did what nobody had taken, had it.
        holder = taken.task.assignee_id or (None if dropped else actor.agent_id)
        await taken.write(replace(taken.task, state=state.value, outcome=said, assignee_id=holder))
        await taken.note(TaskStep.DROPPED if dropped else TaskStep.DONE, text=said, on_ticket=True)
        await taken.tell_maker()

    return await _on_task(ctx, code, version, actor, step)


async def reopen_task(ctx: Context, *, code: int, version: int, actor: Actor) -> int:
    """It is to be done after all; whoever had it has it again. Raises NotFound, NotPossible (task_changed)."""

    async def step(taken: _Step) -> None:
        if taken.state.lives:
            return
        await taken.write(replace(taken.task, state=TaskState.OPEN.value, outcome=""))
        await taken.note(TaskStep.REOPENED, on_ticket=True)
        await taken.tell_receivers()

    return await _on_task(ctx, code, version, actor, step)


async def comment_task(ctx: Context, *, code: int, actor: Actor, text: str) -> int:
    """A word about it, also on its ticket's timeline, for colleagues only. It goes by no version: nobody's word is lost. Raises
    NotFound, NotPossible (empty)."""
    said = clean_text(text, MOST_TEXT)
    if not said:
        raise NotPossible("There is no text.", code="empty")

    async def step(taken: _Step) -> None:
        await taken.note(TaskStep.COMMENTED, text=said, on_ticket=True)

    return await _on_task(ctx, code, None, actor, step)


async def list_tasks(
    ctx: Context,
    *,
    agent_id: int | None,
    scope: TaskScope,
    ended: bool,
    page: tuple[datetime, int],
    limit: int,
    actor: Actor,
) -> list[TaskRow]:
    """To do, what is due first first; or what has ended, the last first: of what there is for the actor, who looks at their own
    list (`agent_id`), or sees all. `page`: (due or ended, id) of the row before."""
    look = stored.ended if ended else stored.to_do

    async def read(connection: Connection) -> list[TaskRow]:
        return await _veiled(
            connection, actor, await look(connection, agent_id, scope, page, limit, actor.sight)
        )

    return await ctx.database.read(read)


async def tasks_of_ticket(ctx: Context, ticket_code: int) -> list[TaskRow]:
    return await ctx.database.read(lambda c: stored.of_ticket(c, ticket_code))


async def count_tasks(ctx: Context, actor: Actor) -> CountsRow:
    return await ctx.database.read(lambda c: stored.counts(c, actor.agent_id, actor.sight))


async def get_task(ctx: Context, code: int, actor: Actor) -> tuple[TaskRow, list[StepRow]]:
    """The task and what was done to it. Raises NotFound."""

    async def look(connection: Connection) -> tuple[TaskRow, list[StepRow]]:
        row = await stored.task(connection, code)
        if row is None or not await may_see_task(connection, actor, code):
            raise _unknown(code)
        (shown,) = await _veiled(connection, actor, [row])
        return shown, await stored.steps(connection, row.id)

    return await ctx.database.read(look)


async def _veiled(connection: Connection, actor: Actor, rows: list[TaskRow]) -> list[TaskRow]:
    """Whoever is given a task need not see its ticket: then it says nothing of the ticket, nor of whose it is."""
    codes = [row.ticket_code for row in rows if row.ticket_code is not None]
    seen = await seen_codes(connection, actor, codes)
    return [
        row
        if row.ticket_code is None or row.ticket_code in seen
        else replace(row, ticket_code=None, ticket_subject="", customer_code=None, customer_name="")
        for row in rows
    ]


async def _on_task(
    ctx: Context, code: int, version: int | None, actor: Actor, step: Callable[[_Step], Awaitable[None]]
) -> int:
    async def run(connection: Connection) -> int:
        task = await stored.lock(connection, code)
        if task is None or not await may_see_task(connection, actor, code):
            raise _unknown(code)
        if version is not None and version != task.version:
            raise NotPossible("Somebody else has changed this task meanwhile.", code="task_changed")
        taken = _Step(connection=connection, task=task, actor=actor)
        await step(taken)
        return taken.task.version

    return await ctx.database.run(run)


async def _give(taken: _Step, assignee_id: int | None, queue: str | Keep) -> None:
    if assignee_id is not None and not await staff.is_active(taken.connection, assignee_id):
        raise NotFound(f"There is no agent {assignee_id}.", code="no_such_agent")
    now = await _moved(taken, queue)
    if (now.queue_id, assignee_id) == (taken.task.queue_id, taken.task.assignee_id):
        return
    await taken.write(replace(now, assignee_id=assignee_id, state=TaskState.OPEN.value))
    what = TaskStep.PUT_BACK if assignee_id is None and queue is KEEP else TaskStep.GIVEN
    await taken.note(what, to_agent=assignee_id)
    await taken.tell_receivers()


async def _moved(taken: _Step, queue: str | Keep) -> LockedTask:
    """The task, in another department."""
    if isinstance(queue, Keep) or queue == taken.task.queue:
        return taken.task
    if not queue:
        return replace(taken.task, queue="", queue_id=None)
    found = await stored.queue(taken.connection, queue)
    if found is None:
        raise NotFound(f"There is no queue {queue}.", code="no_such_queue")
    return replace(taken.task, queue=found.name, queue_id=found.id)


def _unknown(code: int) -> NotFound:
    return NotFound(f"There is no task {show_code(TASK, code)}.")
