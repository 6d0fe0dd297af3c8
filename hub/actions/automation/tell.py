"""A rule tells colleagues something, gives a department a task, or calls another program."""

from hub.actions.automation.case import Did, Outcome, RuleCase
from hub.actions.errands.notices import NewNotice, add_notices, overseers_of
from hub.actions.errands.tasks import add_task
from hub.actions.errands.webhooks import queue_call
from hub.model.notices import NoticeKind
from routing.automation.tables import Action
from storage import corrections, notices, work
from storage.notices import StaffRow

CALLED = "rule.ran"


async def notify(case: RuleCase, action: Action, place: int) -> Did:
    """Everybody whom the rule names, once."""
    staff = await notices.staff(case.connection)
    told: dict[int, None] = {}
    for name in action.notify:
        told |= dict.fromkeys(await _named(case, name, staff))
    if not told:
        return Did(action=action, outcome=Outcome.REFUSED, code="nobody")
    params = {"rule": case.rule.name, "text": action.text}
    await add_notices(
        case.connection,
        [
            NewNotice(
                agent_id=one,
                kind=NoticeKind.RULE,
                cause=case.cause(place),
                ticket_id=case.ticket_id,
                params=params,
            )
            for one in told
        ],
    )
    return Did(action=action, outcome=Outcome.DONE)


async def give_task(case: RuleCase, action: Action, place: int) -> Did:
    """For a department, about the ticket."""
    await add_task(
        case.connection,
        title=await case.filled(action.text),
        actor=case.actor,
        ticket_id=case.ticket_id,
        queue=str(action.task),
        due_seconds=action.due_minutes * 60.0 if action.due_minutes else None,
        rule=case.rule.name,
        cause=case.cause(place),
    )
    return Did(action=action, outcome=Outcome.DONE)


async def call(case: RuleCase, action: Action, place: int) -> Did:
    """Another program, with facts of the ticket."""
    made = await queue_call(
        case.connection,
        webhook=str(action.webhook),
        event=CALLED,
        cause=case.cause(place),
        ticket_id=case.ticket_id,
        rule=case.rule.name,
    )
    if made is None:
        return Did(action=action, outcome=Outcome.REFUSED, code="no_webhook")
    return Did(action=action, outcome=Outcome.DONE)


async def _named(case: RuleCase, name: str, staff: list[StaffRow]) -> list[int]:
    ticket = await work.lock_ticket(case.connection, case.ticket_id)  # as the actions before left it
    kind, _, value = name.partition(":")
    if kind == "assignee":
        return [one.id for one in staff if one.id == ticket.assignee_id]
    if kind == "overseers":
        return overseers_of(staff, ticket.queue_id)
    if kind == "agent":
        return [one.id for one in staff if one.login == value]
    if kind == "role":
        return [one.id for one in staff if one.role == value]
    queue_id = await corrections.queue_id(case.connection, value)
    return [one.id for one in staff if queue_id is not None and (not one.queues or queue_id in one.queues)]
