"""A person says what a ticket is, how urgent, or where it belongs. What people decide stands: nothing that runs by itself
changes it afterwards (`ticket.by_hand`), and what they say of a ticket's kind is kept to be learned from.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from hub.actions.context import Context
from hub.actions.failures import Conflict, NotPossible
from hub.actions.floor.assign import hand_over
from hub.actions.ticket_work import Step, on_ticket
from hub.model.people import Actor
from hub.model.tickets import EventKind, Priority, TicketKind, TicketStatus
from routing.rules import QueueChoice, RoutingRules, choose_queue
from routing.situation import Situation
from storage import corrections, work
from storage.corrections import SortedAs


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a person wants changed; None leaves it as it is. `kind` as it is already: they say that it is right."""

    kind: TicketKind | None = None
    priority: Priority | None = None
    queue: str | None = None
    keep_assignee: bool = False


async def change_ticket(
    ctx: Context,
    *,
    ticket_code: int,
    actor: Actor,
    kind: str | None = None,
    priority: int | None = None,
    queue: str | None = None,
    keep_assignee: bool = False,
    seen_kind: str | None = None,
) -> None:
    """Change kind, priority or queue, in one transaction. A ticket that goes to another queue leaves its agent, unless
    `keep_assignee`. With the kind change what the rules had decided by it: the queue only while nobody has the ticket.

    `seen_kind`: what the person had before them; Conflict where somebody else changed it meanwhile. Raises NotFound,
    NotPossible (`unknown_kind`, `unknown_priority`, `unknown_queue`, `closed`), Conflict.
    """
    wanted = Wanted(kind=_kind(kind), priority=_priority(priority), queue=queue, keep_assignee=keep_assignee)

    async def step(taken: Step) -> None:
        now = await corrections.sorted_as(taken.connection, taken.ticket.id)
        if seen_kind is not None and seen_kind != now.kind:
            raise Conflict(
                f"Somebody else changed this ticket's kind to {now.kind} meanwhile.",
                current_seq=taken.seq,
                code="kind_changed_meanwhile",
            )
        if taken.status is TicketStatus.CLOSED and (wanted.priority or wanted.queue):
            raise NotPossible("A closed ticket is nobody's work: open it first.", code="closed")
        if wanted.queue and await corrections.queue_id(taken.connection, wanted.queue) is None:
            raise NotPossible(f"There is no queue {wanted.queue}.", code="unknown_queue")
        then = _as_wanted(ctx.rules, now, wanted, held=taken.ticket.assignee_id is not None)
        if then != now or (wanted.kind is not None and _is_news(now, wanted.kind)):
            await _write(taken, now, then, wanted)

    await on_ticket(ctx, ticket_code, actor, step)


def _as_wanted(rules: RoutingRules, now: SortedAs, wanted: Wanted, *, held: bool) -> SortedAs:
    """How the ticket is sorted then."""
    then, by_hand = now, set(now.by_hand)
    if wanted.kind is not None:
        then = _by_the_rules(rules, replace(then, kind=wanted.kind, kind_uncertain=False), now, held=held)
        by_hand.add("kind")
    if wanted.priority is not None:
        then = replace(then, priority=int(wanted.priority), promised_priority=None)
        by_hand.add("priority")
    if wanted.queue is not None:
        then = replace(then, queue=wanted.queue)
        by_hand.add("queue")
    return replace(then, by_hand=sorted(by_hand))


def _by_the_rules(rules: RoutingRules, then: SortedAs, now: SortedAs, *, held: bool) -> SortedAs:
    """What the rules say otherwise now that the kind is another. Only what stands as the rules had put it follows them: not
    what a person or a rule of another sort decided, nor the queue of a ticket that somebody has in hand."""
    was, becomes = _choose(rules, now), _choose(rules, then)
    base = now.priority if now.promised_priority is None else now.promised_priority
    if "priority" not in now.by_hand and base == was.priority != becomes.priority:
        raised = now.promised_priority is not None
        then = replace(
            then,
            priority=max(now.priority, becomes.priority) if raised else int(becomes.priority),
            promised_priority=int(becomes.priority) if raised else None,
        )
    if "queue" not in now.by_hand and not held and now.queue == was.queue:
        then = replace(then, queue=becomes.queue)
    if tuple(now.required_skills) == was.skills:
        then = replace(then, required_skills=list(becomes.skills))
    if tuple(now.preferred_skills) == was.preferred:
        then = replace(then, preferred_skills=list(becomes.preferred))
    return then


def _choose(rules: RoutingRules, one: SortedAs) -> QueueChoice:
    """By the facts that the ticket was opened with; of its hints those that were obeyed are on record."""
    sorted_by: Mapping[str, Any] = one.why
    classified, queue = sorted_by.get("classification", {}), sorted_by.get("queue", {})
    hints = {
        str(reason["params"]["hint"]): str(reason["params"]["value"])
        for reason in queue.get("reasons", ())
        if reason.get("code") == "hint_honoured"
    }
    return choose_queue(
        rules,
        Situation(
            kind=TicketKind(one.kind),
            channel=one.channel,
            channel_kind=one.channel_kind,
            language=one.language,
            topics=tuple(classified.get("topics", ())),
            key_account=one.key_account,
            segment=one.segment,
            uncertain=one.kind_uncertain,
            subject=one.subject,
            hints=hints,
        ),
    )


async def _write(taken: Step, now: SortedAs, then: SortedAs, wanted: Wanted) -> None:
    connection, ticket, actor = taken.connection, taken.ticket, taken.actor
    if wanted.kind is not None and _is_news(now, wanted.kind):
        model = now.why.get("classification", {}).get("model", 0)
        await corrections.add_correction(
            connection,
            ticket_id=ticket.id,
            interaction_id=now.interaction_id,
            from_kind=now.kind,
            to_kind=then.kind,
            uncertain=now.kind_uncertain,
            model=model if isinstance(model, int) else 0,
            by_agent=actor.agent_id,
            author=actor.name,
        )
        await taken.note(EventKind.KIND_CHANGED, **{"from": now.kind, "to": then.kind})
    if then.priority != now.priority:
        await taken.note(EventKind.PRIORITY_CHANGED, **{"from": now.priority, "to": then.priority})
    if then.queue != now.queue:
        await taken.note(EventKind.QUEUE_CHANGED, **{"from": now.queue, "to": then.queue})
    await corrections.sort_otherwise(
        connection,
        ticket.id,
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
        connection,
        ticket_id=ticket.id,
        step="manual",
        queue_id=await corrections.queue_id(connection, then.queue),
        agent_id=None,
        priority=then.priority,
        why={"outcome": "changed", "by": actor.name, "changed": _changes(now, then)},
    )
    leaves = ticket.offered_to is not None or (ticket.assignee_id is not None and not wanted.keep_assignee)
    if then.queue != now.queue and leaves:
        await hand_over(
            taken, None, why={"outcome": "manual", "by": actor.name, "agent_id": None, "reasons": []}
        )
    taken.made_room = taken.made_room or ticket.assignee_id is None
    taken.promised_otherwise = True
    await work.set_ticket(connection, ticket.id, seq=taken.seq)


def _changes(now: SortedAs, then: SortedAs) -> dict[str, Any]:
    """What is otherwise, as it is stored with the decision (routing.changes tells it)."""
    changed: dict[str, Any] = {}
    if now.kind_uncertain or then.kind != now.kind:
        changed["kind"] = {"from": now.kind, "to": then.kind}
    if then.priority != now.priority:
        changed["priority"] = {
            "from": Priority(now.priority).name.lower(),
            "to": Priority(then.priority).name.lower(),
        }
    if then.queue != now.queue:
        changed["queue"] = {"from": now.queue, "to": then.queue}
    return changed


def _is_news(now: SortedAs, kind: TicketKind) -> bool:
    """Whether a person tells us something: another kind, or for the first time that this one is right."""
    return kind != now.kind or "kind" not in now.by_hand


def _kind(given: str | None) -> TicketKind | None:
    if given is None:
        return None
    if given not in set(TicketKind):
        raise NotPossible(f"A ticket is one of {', '.join(TicketKind)}.", code="unknown_kind")
    return TicketKind(given)


def _priority(given: int | None) -> Priority | None:
    if given is None:
        return None
    if given not in set(Priority):
        raise NotPossible("A priority is 1 (low) to 4 (urgent).", code="unknown_priority")
    return Priority(given)
