"""A rule says what a ticket is, how urgent, or where it belongs. What a person said of that stands."""

from dataclasses import replace
from typing import Any

from hub.actions.automation.case import Did, Outcome, RuleCase
from hub.actions.floor.assign import hand_over
from hub.actions.ticket_work import Step, on_ticket
from hub.model.tickets import EventKind, Priority, TicketStatus
from routing.automation.tables import WITH_TARGET, Action
from storage import corrections, work
from storage.corrections import SortedAs

_EVENTS = {
    "kind": EventKind.KIND_CHANGED,
    "priority": EventKind.PRIORITY_CHANGED,
    "queue": EventKind.QUEUE_CHANGED,
}


async def sort_ticket(case: RuleCase, action: Action) -> Did:
    """Kind, priority or queue. A ticket that goes to another queue leaves its agent, unless a person gave it to them."""
    verb = action.verb

    async def step(taken: Step) -> Did:
        now = await corrections.sorted_as(taken.connection, taken.ticket.id)
        if verb in now.by_hand and not action.even_if_manual:
            return Did(action=action, outcome=Outcome.BY_HAND)
        if taken.status is TicketStatus.CLOSED:
            return Did(action=action, outcome=Outcome.REFUSED, code="closed")
        if verb == "queue" and await corrections.queue_id(taken.connection, str(action.queue)) is None:
            return Did(action=action, outcome=Outcome.REFUSED, code="unknown_queue")
        then = _as_told(case, now, action)
        was, becomes = getattr(now, verb), getattr(then, verb)
        if was == becomes:
            return Did(action=action, outcome=Outcome.SAME)
        await taken.note(_EVENTS[verb], **{"from": was, "to": becomes})
        await _write(case, taken, then, {verb: {"from": _said(verb, was), "to": _said(verb, becomes)}})
        if verb == "queue" and taken.ticket.holder is not None and not case.facts.given_by_hand:
            why: dict[str, Any] = {
                "outcome": "moved",
                "by": case.actor.name,
                "rule": case.rule.name,
                "agent_id": None,
                "reasons": [],
            }
            await hand_over(taken, None, why=why)
        taken.made_room = taken.made_room or taken.ticket.assignee_id is None
        taken.promised_otherwise = True
        await work.set_ticket(taken.connection, taken.ticket.id, seq=taken.seq)
        return Did(action=action, outcome=Outcome.DONE)

    return await on_ticket(case.ctx, case.facts.code, case.actor, step)


def _as_told(case: RuleCase, now: SortedAs, action: Action) -> SortedAs:
    if action.queue is not None:
        return replace(now, queue=action.queue)
    if action.kind is not None:
        return replace(now, kind=action.kind.value)
    assert action.priority is not None
    # What is late already is not promised for yet earlier because it is late.
    late = not WITH_TARGET.isdisjoint(case.rule.on)
    promised = (now.promised_priority or now.priority) if late else None
    return replace(now, priority=int(action.priority), promised_priority=promised)


async def _write(case: RuleCase, taken: Step, then: SortedAs, changed: dict[str, Any]) -> None:
    await corrections.sort_otherwise(
        taken.connection,
        taken.ticket.id,
        kind=then.kind,
        kind_uncertain=then.kind_uncertain,
        priority=then.priority,
        promised_priority=then.promised_priority,
        queue=then.queue,
        by_hand=then.by_hand,
        required_skills=then.required_skills,
        preferred_skills=then.preferred_skills,
    )
    await work.add_decision(
        taken.connection,
        ticket_id=taken.ticket.id,
        step="moved",
        queue_id=await corrections.queue_id(taken.connection, then.queue),
        agent_id=None,
        priority=then.priority,
        why={"outcome": "changed", "by": case.actor.name, "rule": case.rule.name, "changed": changed},
    )


def _said(verb: str, value: str | int) -> str:
    return Priority(int(value)).name.lower() if verb == "priority" else str(value)
