"""One thing done to many tickets: by the same verbs as to one, ticket by ticket, each in a transaction of its own.

What cannot be done to one is told and does not stop the others. What was done can be taken back for a while, each ticket as
long as nothing else came of it.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.actions.cases.incidents import attach_tickets, detach_ticket
from hub.actions.cases.merge import merge_tickets
from hub.actions.cases.undo import undo_assignment, undo_status
from hub.actions.context import Context
from hub.actions.failures import ActionFailure, NotFound, NotPossible
from hub.actions.floor.assign import assign_ticket
from hub.actions.learning.correct import change_ticket
from hub.actions.lists.snooze import snooze_ticket, wake_ticket
from hub.actions.move import undo_move
from hub.actions.status import change_status
from hub.actions.tags import change_tags
from hub.model.people import Actor
from hub.model.permissions import Permission
from storage import bulk as stored
from storage import ticket_lists, views
from storage.snooze import UNTIL_WRITTEN
from storage.views import TicketRow

MOST = 200
"""Tickets of one press."""
UNDO_SECONDS = 600.0

Before = dict[str, Any]
"""How a ticket was, as far as that is needed to take the change back; {} where there was nothing to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be done. `what`: a key of WORK; `value`: what that takes, as JSON."""

    what: str
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How it went. `same`: so many were so already. `skipped`: failure codes and how many tickets each kept. `bulk_id`: by what
    it can be taken back, None where nothing can."""

    changed: int
    same: int = 0
    skipped: Mapping[str, int] = field(default_factory=dict)
    bulk_id: int | None = None


async def change_many(ctx: Context, *, ticket_codes: Sequence[int], order: Order, actor: Actor) -> Done:
    """Do it to each, in this order. Raises NotPossible: nothing_chosen, too_many_chosen, not_allowed, and what is wrong with
    the order itself (bad_order)."""
    codes = list(dict.fromkeys(ticket_codes))
    if not codes:
        raise NotPossible("No ticket was chosen.", code="nothing_chosen")
    if len(codes) > MOST:
        raise NotPossible(f"{MOST} tickets at most are changed at once.", code="too_many_chosen")
    verb = WORK.get(order.what)
    if verb is None:
        raise NotPossible("There is no such thing to do.", code="bad_order")
    if not actor.may(_needed(order, actor)):
        raise NotPossible("Your role does not allow this.", code="not_allowed")
    before: list[Before] = []
    same = 0
    skipped: Counter[str] = Counter()
    try:
        for code in codes:
            try:
                was = await verb(ctx, code, order.value, actor)
            except ActionFailure as failure:
                skipped[failure.code] += 1
                continue
            if was:
                before.append({"code": code, **was})
            else:
                same += 1
    finally:
        # Also where the database went away in the middle: what was done until then can be taken back.
        bulk_id = await _keep(ctx, order, actor, before)
    return Done(changed=len(before), same=same, skipped=dict(skipped), bulk_id=bulk_id)


def add_up(parts: Sequence[Done]) -> Done:
    """How it went altogether; each part is taken back by itself."""
    skipped: Counter[str] = Counter()
    for one in parts:
        skipped.update(one.skipped)
    return Done(
        changed=sum(one.changed for one in parts),
        same=sum(one.same for one in parts),
        skipped=dict(skipped),
    )


async def undo_many(ctx: Context, *, bulk_id: int, actor: Actor) -> Done:
    """Each ticket is as it was, except where something else came of it meanwhile. Raises NotFound (nothing_to_undo): it was
    taken back already, is somebody else's, or too long ago."""
    owner = actor.agent_id or 0
    taken = await ctx.database.run(lambda c: stored.take(c, bulk_id, owner, UNDO_SECONDS))
    if taken is None:
        raise NotFound("There is nothing to take back any more.", code="nothing_to_undo")
    back = BACK[taken.what]
    changed = 0
    skipped: Counter[str] = Counter()
    for was in reversed(taken.before):
        try:
            await back(ctx, was, taken.value, actor)
            changed += 1
        except ActionFailure as failure:
            skipped[failure.code] += 1
    return Done(changed=changed, skipped=dict(skipped))


def _needed(order: Order, actor: Actor) -> Permission:
    to = order.value.get("agent")
    if order.what == "incident":
        return Permission.MANAGE_INCIDENTS
    others = order.what == "assign" and to is not None and to != actor.agent_id
    return Permission.ASSIGN_OTHERS if others else Permission.WORK


async def _keep(ctx: Context, order: Order, actor: Actor, before: list[Before]) -> int | None:
    agent_id = actor.agent_id
    if not before or agent_id is None or order.what not in BACK:
        return None
    value = dict(order.value)
    return await ctx.database.run(
        lambda c: stored.keep(c, agent_id=agent_id, what=order.what, value=value, before=before)
    )


async def _as_it_is(ctx: Context, code: int) -> TicketRow:
    ticket = await ctx.database.read(lambda c: views.get_ticket(c, code))
    if ticket is None:
        raise NotFound(f"There is no ticket {code}.")
    return ticket


# ── what can be done ────────────────────────────────────────────────────────────────────────────────────────────────────
Value = Mapping[str, Any]
Verb = Callable[[Context, int, Value, Actor], Awaitable[Before]]


async def _assign(ctx: Context, code: int, value: Value, actor: Actor) -> Before:
    was = await _as_it_is(ctx, code)
    seq = await assign_ticket(ctx, ticket_code=code, agent_id=value["agent"], actor=actor)
    return {"seq": seq, "back_to": was.assignee_id} if seq else {}


async def _status(ctx: Context, code: int, value: Value, actor: Actor) -> Before:
    seq = await change_status(ctx, ticket_code=code, status=value["status"], actor=actor)
    return {"seq": seq} if seq else {}


async def _tags(ctx: Context, code: int, value: Value, actor: Actor) -> Before:
    had = set((await _as_it_is(ctx, code)).tags)
    add, remove = value.get("add", []), value.get("remove", [])
    has = set(await change_tags(ctx, ticket_code=code, actor=actor, add=add, remove=remove))
    return {"added": sorted(has - had), "removed": sorted(had - has)} if has != had else {}


async def _queue(ctx: Context, code: int, value: Value, actor: Actor) -> Before:
    was = await _as_it_is(ctx, code)
    if was.queue == value["queue"]:
        return {}
    await change_ticket(ctx, ticket_code=code, actor=actor, queue=value["queue"])
    return {"queue": was.queue, "back_to": was.assignee_id}


async def _priority(ctx: Context, code: int, value: Value, actor: Actor) -> Before:
    was = await _as_it_is(ctx, code)
    if was.priority == value["priority"]:
        return {}
    await change_ticket(ctx, ticket_code=code, actor=actor, priority=value["priority"])
    return {"priority": was.priority}


async def _snooze(ctx: Context, code: int, value: Value, actor: Actor) -> Before:
    was = await _as_it_is(ctx, code)
    marks = await ctx.database.read(lambda c: ticket_lists.marks_of(c, [was.id], actor.agent_id or 0))
    until = None if value["until"] is None else datetime.fromisoformat(value["until"])
    await snooze_ticket(ctx, ticket_code=code, until=until, actor=actor)
    before = marks[was.id].snoozed_until
    return {"until": None if before is None else before.isoformat(), "was_nobodys": was.assignee_id is None}


async def _merge(ctx: Context, code: int, value: Value, actor: Actor) -> Before:
    if code == value["into"]:
        return {}
    move_id, _entries = await merge_tickets(ctx, ticket_code=code, into_code=value["into"], actor=actor)
    return {"move": move_id}


async def _incident(ctx: Context, code: int, value: Value, actor: Actor) -> Before:
    added = await attach_tickets(ctx, incident_code=value["incident"], ticket_codes=[code], actor=actor)
    return {"incident": value["incident"]} if added else {}


WORK: Mapping[str, Verb] = {
    "assign": _assign, "status": _status, "tags": _tags, "queue": _queue, "priority": _priority, "snooze": _snooze,
    "merge": _merge, "incident": _incident,
}  # fmt: skip


# ── and taken back ──────────────────────────────────────────────────────────────────────────────────────────────────────
async def _unassign(ctx: Context, was: Before, _value: Value, actor: Actor) -> None:
    await undo_assignment(ctx, ticket_code=was["code"], seq=was["seq"], back_to=was["back_to"], actor=actor)


async def _unstatus(ctx: Context, was: Before, _value: Value, actor: Actor) -> None:
    await undo_status(ctx, ticket_code=was["code"], seq=was["seq"], actor=actor)


async def _untag(ctx: Context, was: Before, _value: Value, actor: Actor) -> None:
    await change_tags(ctx, ticket_code=was["code"], actor=actor, add=was["removed"], remove=was["added"])


async def _unqueue(ctx: Context, was: Before, value: Value, actor: Actor) -> None:
    now = await _as_it_is(ctx, was["code"])
    if now.queue != value["queue"]:
        raise _changed_since()
    await change_ticket(ctx, ticket_code=was["code"], actor=actor, queue=was["queue"])
    if was["back_to"] is not None and now.assignee_id is None:
        await assign_ticket(ctx, ticket_code=was["code"], agent_id=was["back_to"], actor=actor)


async def _unprioritise(ctx: Context, was: Before, value: Value, actor: Actor) -> None:
    if (await _as_it_is(ctx, was["code"])).priority != value["priority"]:
        raise _changed_since()
    await change_ticket(ctx, ticket_code=was["code"], actor=actor, priority=was["priority"])


async def _unsnooze(ctx: Context, was: Before, _value: Value, actor: Actor) -> None:
    code = was["code"]
    if was["until"] is None:
        await wake_ticket(ctx, ticket_code=code, actor=actor)
    else:
        moment = datetime.fromisoformat(was["until"])
        until = None if moment >= UNTIL_WRITTEN else moment
        await snooze_ticket(ctx, ticket_code=code, until=until, actor=actor)
    if was["was_nobodys"]:
        await assign_ticket(ctx, ticket_code=code, agent_id=None, actor=actor)


async def _unmerge(ctx: Context, was: Before, _value: Value, actor: Actor) -> None:
    await undo_move(ctx, move_id=was["move"], actor=actor)


async def _unincident(ctx: Context, was: Before, _value: Value, actor: Actor) -> None:
    await detach_ticket(ctx, incident_code=was["incident"], ticket_code=was["code"], actor=actor)


BACK: Mapping[str, Callable[[Context, Before, Value, Actor], Awaitable[None]]] = {
    "assign": _unassign, "status": _unstatus, "tags": _untag, "queue": _unqueue, "priority": _unprioritise,
    "snooze": _unsnooze, "merge": _unmerge, "incident": _unincident,
}  # fmt: skip


def _changed_since() -> NotPossible:
    return NotPossible("The ticket was changed again since.", code="changed_since")
