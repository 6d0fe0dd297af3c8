"""What a rule does, action by action. Each goes the way that a person's would; what cannot be done is said and left out."""

from hub.actions.automation.answer import answer_customer
from hub.actions.automation.case import Did, Outcome, RuleCase
from hub.actions.automation.give import give_ticket
from hub.actions.automation.sort import sort_ticket
from hub.actions.automation.tell import call, give_task, notify
from hub.actions.cases.incidents import attach_tickets
from hub.actions.failures import ActionFailure
from hub.actions.note import add_note
from hub.actions.status import change_status
from hub.actions.tags import change_tags
from hub.model.codes import INCIDENT, NotACode, read_code
from routing.automation.tables import Action
from storage import automation as stored
from storage import work


async def act(case: RuleCase, action: Action, place: int) -> Did:
    """Do it, in the transaction of the case. An action that is refused has changed nothing."""
    try:
        return await _act(case, action, place)
    except ActionFailure as failure:
        return Did(action=action, outcome=Outcome.REFUSED, code=failure.code)


async def _act(case: RuleCase, action: Action, place: int) -> Did:
    match action.verb:
        case "queue" | "priority" | "kind":
            return await sort_ticket(case, action)
        case "assign":
            return await give_ticket(case, action)
        case "status":
            return await _move_on(case, action)
        case "add_tags" | "remove_tags":
            return await _tag(case, action)
        case "notify":
            return await notify(case, action, place)
        case "reply":
            return await answer_customer(case, action)
        case "task":
            return await give_task(case, action, place)
        case "webhook":
            return await call(case, action, place)
        case "incident":
            return await _gather(case, action)
        case _:
            text = await case.filled(str(action.note))
            await add_note(case.ctx, ticket_code=case.facts.code, actor=case.actor, text=text)
            return Did(action=action, outcome=Outcome.DONE)


async def _move_on(case: RuleCase, action: Action) -> Did:
    wanted = str(action.status)
    if (await work.lock_ticket(case.connection, case.ticket_id)).status == wanted:
        return Did(action=action, outcome=Outcome.SAME)
    await change_status(case.ctx, ticket_code=case.facts.code, status=wanted, actor=case.actor)
    return Did(action=action, outcome=Outcome.DONE)


async def _gather(case: RuleCase, action: Action) -> Did:
    try:
        code = read_code(INCIDENT, str(action.incident))
    except NotACode:
        return Did(action=action, outcome=Outcome.REFUSED, code="not_found")
    new = await attach_tickets(case.ctx, incident_code=code, ticket_codes=[case.facts.code], actor=case.actor)
    return Did(action=action, outcome=Outcome.DONE if new else Outcome.SAME)


async def _tag(case: RuleCase, action: Action) -> Did:
    before = await stored.tags_of(case.connection, case.ticket_id)
    after = await change_tags(
        case.ctx,
        ticket_code=case.facts.code,
        actor=case.actor,
        add=action.add_tags,
        remove=action.remove_tags,
    )
    return Did(action=action, outcome=Outcome.SAME if before == after else Outcome.DONE)
