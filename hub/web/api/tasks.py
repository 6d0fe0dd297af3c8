"""Tasks of departments: listed, asked for, and every step on one."""

from datetime import datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from hub.actions.errands import task_work, tasks
from hub.actions.failures import NotFound, NotPossible
from hub.actions.keep import KEEP
from hub.model.codes import CUSTOMER, TASK, TICKET, NotACode, read_code, show_code
from hub.web.api.answers import CustomerCode, TicketNumber
from hub.web.api.cursors import NotACursor, read_time_cursor, show_time_cursor
from hub.web.api.operations import Answer, Call
from hub.web.api.problems import Problem, wrong_field
from hub.web.api.requests import Cursor, Moment, PageLimit, RequestBody, RowId
from storage.tasks import NEVER, StepRow, TaskRow

TaskNumber = Annotated[str, Field(pattern=r"^A-\d+$", examples=["A-10019"])]
Title = Annotated[str, StringConstraints(min_length=1, max_length=tasks.MOST_TITLE, pattern=r"\S")]
TaskText = Annotated[str, StringConstraints(max_length=tasks.MOST_TEXT)]
QueueName = Annotated[str, Field(max_length=100, description='name of the department\'s queue; "" for none')]
State = Literal["open", "doing", "done", "dropped"]

_EARLIEST = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
_FIRST = (_EARLIEST - timedelta(days=1), 0)
_WRONG = {"no_such_queue": "queue", "no_such_agent": "assignee_id"}
"""Which field is at fault, by the code of the refusal."""


class TasksQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    scope: Annotated[
        Literal["mine", "departments", "all"],
        Field(description="an agent's own, of their queues, or everybody's"),
    ] = "all"
    agent_id: Annotated[RowId | None, Field(description="whose; needed unless scope=all")] = None
    ended: Annotated[
        bool, Field(description="what is over, the last first, in place of what is to be done")
    ] = False
    ticket: Annotated[
        str | None, Field(max_length=40, description="of this ticket alone, whatever its state")
    ] = None
    cursor: Cursor | None = None
    limit: PageLimit = 50


class NewTask(RequestBody):
    """`ticket` or `customer`: what it is about, if anything. `queue`: the department that is to do it; `assignee_id`: who."""

    title: Title
    text: TaskText = ""
    ticket: Annotated[str | None, Field(max_length=40)] = None
    customer: Annotated[str | None, Field(max_length=40)] = None
    queue: QueueName = ""
    assignee_id: RowId | None = None
    due_at: Moment | None = None


class NewStep(RequestBody):
    """What is done to the task. give: to `assignee_id` (null: nobody) and `queue` (left out: as it is). change: title, text,
    due_at; what is left out stays. done and drop: `outcome`. comment: `text`. All but comment go by the `version` that you have
    before you."""

    step: Literal["give", "change", "done", "drop", "reopen", "comment"]
    version: Annotated[int | None, Field(ge=1, le=2**31 - 1)] = None
    assignee_id: RowId | None = None
    queue: QueueName | None = None
    title: Title | None = None
    text: TaskText | None = None
    due_at: Moment | None = None
    outcome: TaskText = ""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.step != "comment" and self.version is None:
            raise ValueError("version is needed")
        return self


class TaskAnswer(BaseModel):
    """`version` grows with every step. `overdue`: it is to be done, and its time has passed."""

    number: TaskNumber
    title: str
    text: str
    state: State
    outcome: str
    due_at: datetime | None
    queue: str
    assignee_id: int | None
    ticket: TicketNumber | None
    customer: CustomerCode | None
    author: str
    rule: Annotated[str, Field(description='the rule that asked for it; "" where a person or a program did')]
    version: int
    made_at: datetime
    changed_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, row: TaskRow) -> "TaskAnswer":
        made = {"number", "ticket", "customer"}
        return cls(
            number=show_code(TASK, row.code),
            ticket=None if row.ticket_code is None else show_code(TICKET, row.ticket_code),
            customer=None if row.customer_code is None else show_code(CUSTOMER, row.customer_code),
            **{name: getattr(row, name) for name in cls.model_fields if name not in made},
        )


class TaskPage(BaseModel):
    items: list[TaskAnswer]
    next_cursor: str | None


class StepAnswer(BaseModel):
    """`to`: whom it was given to."""

    what: str
    author: str
    to: str
    text: str
    at: datetime

    @classmethod
    def of(cls, row: StepRow) -> "StepAnswer":
        return cls(what=row.what, author=row.author, to=row.to_name, text=row.text, at=row.at)


class TaskDetail(BaseModel):
    task: TaskAnswer
    steps: list[StepAnswer]


async def list_tasks(call: Call) -> Answer:
    """A page of tasks; of a ticket, all of them."""
    query: TasksQuery = call.query
    if query.ticket is not None:
        rows = await task_work.tasks_of_ticket(call.ctx, _read(TICKET, query.ticket, "ticket"))
        return Answer(document=TaskPage(items=[TaskAnswer.of(row) for row in rows], next_cursor=None))
    if query.scope != "all" and query.agent_id is None:
        raise wrong_field("agent_id", "needed unless scope=all: an API key is nobody's own")
    rows = await task_work.list_tasks(
        call.ctx,
        agent_id=query.agent_id,
        scope=query.scope,
        ended=query.ended,
        page=_page(query),
        actor=call.actor,
        limit=query.limit,
    )
    last = rows[-1] if len(rows) == query.limit else None
    cursor = None
    if last is not None:
        cursor = show_time_cursor((last.ended_at if query.ended else last.due_at) or NEVER, last.id)
    return Answer(document=TaskPage(items=[TaskAnswer.of(row) for row in rows], next_cursor=cursor))


async def get_task(call: Call) -> Answer:
    """One, with everything that was done to it."""
    return Answer(document=await _detail(call, _code(call)))


async def post_task(call: Call) -> Answer:
    """Ask for something."""
    body: NewTask = call.body
    try:
        code = await tasks.new_task(
            call.ctx,
            title=body.title,
            text=body.text,
            ticket_code=None if body.ticket is None else _read(TICKET, body.ticket, "ticket"),
            customer_code=None if body.customer is None else _read(CUSTOMER, body.customer, "customer"),
            queue=body.queue,
            assignee_id=body.assignee_id,
            due_at=_checked(body.due_at),
            actor=call.actor,
        )
    except (NotFound, NotPossible) as failure:
        raise _as_field(failure) from failure
    return Answer(status=201, document=await _detail(call, code))


async def post_step(call: Call) -> Answer:
    """One step on a task."""
    code, body = _code(call), call.body
    try:
        await _do(call, code, body)
    except (NotFound, NotPossible) as failure:
        raise _as_field(failure) from failure
    return Answer(document=await _detail(call, code))


async def _do(call: Call, code: int, body: NewStep) -> None:
    ctx, actor, version = call.ctx, call.actor, body.version or 0
    match body.step:
        case "comment":
            await task_work.comment_task(ctx, code=code, actor=actor, text=body.text or "")
        case "give":
            await task_work.give_task(
                ctx,
                code=code,
                version=version,
                actor=actor,
                assignee_id=body.assignee_id,
                queue=KEEP if body.queue is None else body.queue,
            )
        case "change":
            await task_work.change_task(
                ctx,
                code=code,
                version=version,
                actor=actor,
                title=KEEP if body.title is None else body.title,
                text=KEEP if body.text is None else body.text,
                due_at=_checked(body.due_at) if "due_at" in body.model_fields_set else KEEP,
            )
        case "done" | "drop":
            await task_work.end_task(
                ctx,
                code=code,
                version=version,
                actor=actor,
                outcome=body.outcome,
                dropped=body.step == "drop",
            )
        case "reopen":
            await task_work.reopen_task(ctx, code=code, version=version, actor=actor)


async def _detail(call: Call, code: int) -> TaskDetail:
    row, steps = await task_work.get_task(call.ctx, code, call.actor)
    return TaskDetail(task=TaskAnswer.of(row), steps=[StepAnswer.of(step) for step in steps])


def _page(query: TasksQuery) -> tuple[datetime, int]:
    if query.cursor is None:
        return (NEVER, 2**62) if query.ended else _FIRST
    try:
        return read_time_cursor(query.cursor)
    except NotACursor as error:
        raise wrong_field("cursor", "not a cursor of this list") from error


def _checked(due_at: datetime | None) -> datetime | None:
    if due_at is not None and not _EARLIEST <= due_at < NEVER:
        raise wrong_field("due_at", "expected a time from the year 2000 on")
    return due_at


def _code(call: Call) -> int:
    try:
        return read_code(TASK, call.params["task"])
    except NotACode as error:
        raise NotFound(str(error)) from error


def _read(letter: str, given: str, field: str) -> int:
    try:
        return read_code(letter, given)
    except NotACode as error:
        raise wrong_field(field, str(error)) from error


def _as_field(failure: NotFound | NotPossible) -> NotFound | NotPossible | Problem:
    field = "text" if failure.code == "empty" else _WRONG.get(failure.code)
    return failure if field is None else wrong_field(field, str(failure))
