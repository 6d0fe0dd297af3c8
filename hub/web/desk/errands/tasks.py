"""Tasks at the desk: lists, one with all that was done to it, and every step with one press."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from aiohttp import web

from hub.actions.errands import task_work, tasks
from hub.actions.failures import ActionFailure, NotFound, NotPossible
from hub.actions.keep import KEEP
from hub.model.codes import CUSTOMER, TASK, NotACode, read_code, show_code
from hub.web.desk.say.errands import task_words
from hub.web.desk.say.language import N_
from hub.web.desk.say.words import say_failure
from hub.web.desk.tickets.acting import show_ticket
from hub.web.desk.tickets.thread import ticket_code
from hub.web.desk.visit import Visit, go
from storage import views
from storage.database import Connection
from storage.tasks import NEVER, TaskRow, TaskScope

PAGE = "/desk/tasks"
SCOPES: Mapping[TaskScope, str] = {
    "mine": N_("Mine"),
    "departments": N_("My departments"),
    "all": N_("All"),
}
ROWS, MOST = 50, 200
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLook:
    """Which tasks are looked at."""

    scope: TaskScope
    ended: bool
    rows: int

    def query(self, **changed: Any) -> str:
        said = {"scope": self.scope, "ended": self.ended, "rows": self.rows, **changed}
        parts = [f"scope={said['scope']}", *(["ended=1"] if said["ended"] else [])]
        return "&".join([*parts, *([f"rows={said['rows']}"] if said["rows"] != ROWS else [])])

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "TaskLook":
        scope, rows = query.get("scope", ""), query.get("rows", "")
        asked = int(rows) if rows.isascii() and rows.isdigit() and len(rows) < 6 else ROWS
        return cls(
            scope=cast("TaskScope", scope) if scope in SCOPES else "mine",
            ended=query.get("ended") == "1",
            rows=max(ROWS, min(asked, MOST)),
        )


async def show_tasks(visit: Visit) -> web.StreamResponse:
    """The page."""
    look = TaskLook.of(visit.query)
    return visit.page("tasks.html", section="tasks", **await _read_list(visit, look))


async def show_list(visit: Visit) -> web.StreamResponse:
    """Its changing part."""
    return visit.page("_tasks.html", **await _read_list(visit, TaskLook.of(visit.query)))


async def show_task(visit: Visit) -> web.StreamResponse:
    """One task; only its changing part when htmx asks."""
    return await _show_task(visit, _code(visit))


async def post_new(visit: Visit) -> web.StreamResponse:
    """Ask for something. From a ticket's page that is shown again, else the new task."""
    form = await visit.form()
    given, customer = str(form.get("ticket", "")).strip(), str(form.get("customer", ""))
    code = await tasks.new_task(
        visit.ctx,
        title=str(form.get("title", "")),
        text=str(form.get("text", "")),
        ticket_code=ticket_code(given) if given else None,
        customer_code=_read(CUSTOMER, customer) if customer else None,
        queue=str(form.get("queue", "")),
        assignee_id=_agent(str(form.get("agent", ""))),
        due_at=_moment(visit, str(form.get("due", ""))),
        actor=visit.actor,
    )
    return go(visit, f"{PAGE}/{show_code(TASK, code)}")


async def post_on_ticket(visit: Visit) -> web.StreamResponse:
    """Ask for something about the ticket that is open."""
    code = ticket_code(visit.request.match_info["code"])
    form = await visit.form()
    await tasks.new_task(
        visit.ctx,
        title=str(form.get("title", "")),
        ticket_code=code,
        queue=str(form.get("queue", "")),
        due_at=_moment(visit, str(form.get("due", ""))),
        actor=visit.actor,
    )
    return await show_ticket(visit, code)


async def post_step(visit: Visit) -> web.StreamResponse:
    """One step on a task; what was looked at is shown as it is then: the list, the ticket, or the task."""
    code, form = _code(visit), await visit.form()
    said = {name: str(value) for name, value in form.items()}
    shown = visit.query.get("shown", "")
    beside = await visit.ticket_in_sight(visit.query.get("ticket", "")) if shown == "ticket" else None
    try:
        await _do(visit, code, visit.request.match_info["step"], said)
    except ActionFailure as failure:
        if shown == "list" or beside is not None:
            raise
        return await _show_task(visit, code, trouble=say_failure(visit.voice, failure))
    if shown == "list":
        return await show_list(visit)
    if beside is not None:
        return await show_ticket(visit, beside)
    return await _show_task(visit, code)


async def _do(visit: Visit, code: int, step: str, said: Mapping[str, str]) -> None:
    ctx, actor = visit.ctx, visit.actor
    if step == "comment":
        await task_work.comment_task(ctx, code=code, actor=actor, text=said.get("text", ""))
        return
    version = _number(said.get("version", ""))
    match step:
        case "take":
            await task_work.take_task(ctx, code=code, version=version, actor=actor)
        case "give":
            await task_work.give_task(
                ctx,
                code=code,
                version=version,
                actor=actor,
                assignee_id=_agent(said.get("agent", "")),
                queue=said.get("queue", KEEP),
            )
        case "change":
            await task_work.change_task(
                ctx,
                code=code,
                version=version,
                actor=actor,
                title=said.get("title", ""),
                text=said.get("text", ""),
                due_at=_moment(visit, said.get("due", "")),
            )
        case "done" | "drop":
            await task_work.end_task(
                ctx,
                code=code,
                version=version,
                actor=actor,
                outcome=said.get("outcome", ""),
                dropped=step == "drop",
            )
        case "reopen":
            await task_work.reopen_task(ctx, code=code, version=version, actor=actor)
        case _:
            raise NotFound("There is no such step.")


async def _show_task(visit: Visit, code: int, *, trouble: str = "") -> web.StreamResponse:
    task, steps = await task_work.get_task(visit.ctx, code, visit.actor)
    context = {
        "task": task,
        "steps": steps,
        "trouble": trouble,
        "due_field": _as_field(visit, task),
        **await _choices(visit),
        **task_words(visit.voice, [task], visit.now),
    }
    response = visit.page("_task.html" if visit.partial else "task.html", section="tasks", **context)
    response.set_status(409 if trouble else 200)
    return response


async def _read_list(visit: Visit, look: TaskLook) -> dict[str, object]:
    page = (NEVER, 2**62) if look.ended else (_FIRST, 0)
    found = await task_work.list_tasks(
        visit.ctx,
        agent_id=visit.agent.id,
        scope=look.scope,
        ended=look.ended,
        page=page,
        limit=look.rows,
        actor=visit.actor,
    )
    return {
        "look": look,
        "tasks": found,
        "more": len(found) == look.rows < MOST,
        "counts": await task_work.count_tasks(visit.ctx, visit.actor),
        "SCOPES": SCOPES,
        **await _choices(visit),
        **task_words(visit.voice, found, visit.now),
    }


async def _choices(visit: Visit) -> dict[str, object]:
    """To whom a task can be given."""

    async def read(c: Connection) -> dict[str, object]:
        agents = [one for one in await views.list_agents(c) if one.active]
        return {"departments": await views.list_queues(c), "colleagues": agents}

    return await visit.ctx.database.read(read)


def _code(visit: Visit) -> int:
    return _read(TASK, visit.request.match_info["task"])


def _read(letter: str, given: str) -> int:
    try:
        return read_code(letter, given)
    except NotACode as error:
        raise NotFound(str(error)) from error


def _agent(given: str) -> int | None:
    return _number(given) if given else None


def _number(given: str) -> int:
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise NotPossible("not a number")
    return int(given)


def _moment(visit: Visit, given: str) -> datetime | None:
    """What a browser's field for day and time holds: local time without a zone, which is the visitor's."""
    if not given:
        return None
    try:
        local = datetime.fromisoformat(given)
    except ValueError as error:
        raise NotPossible("not a day and time", code="bad_moment") from error
    if not 2000 <= local.year < 9000:
        raise NotPossible("not a day and time", code="bad_moment")
    return local.replace(tzinfo=visit.voice.zone).astimezone(UTC)


def _as_field(visit: Visit, task: TaskRow) -> str:
    """The same, the other way round."""
    if task.due_at is None:
        return ""
    return task.due_at.astimezone(visit.voice.zone).strftime("%Y-%m-%dT%H:%M")
