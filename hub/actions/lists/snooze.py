"""Putting a ticket off: it leaves the working lists until its time, or until the customer writes, and comes back once.

Whoever puts off what nobody has takes it: a ticket that is out of sight must be somebody's, and routing has nothing to look
over. What was promised to the customer, and what the ticket counts for its agent, stay as they are (docs/decisions/0038).
"""

from datetime import datetime, timedelta

from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.errands.notices import NewNotice, add_notices
from hub.actions.failures import NotPossible
from hub.actions.floor.assign import hand_over
from hub.actions.ticket_work import Step, on_ticket
from hub.model.notices import NoticeKind
from hub.model.people import Actor
from hub.model.tickets import EventKind, TicketStatus
from storage import snooze as stored
from storage import work
from storage.database import Connection
from storage.scheduled import clock
from storage.snooze import UNTIL_WRITTEN

LONGEST = timedelta(days=366)
_BATCH = 100


async def snooze_ticket(ctx: Context, *, ticket_code: int, until: datetime | None, actor: Actor) -> None:
    """Until this moment, a year ahead at most; None: until the customer writes. Raises NotFound; NotPossible: bad_moment,
    done_already, nobodys (a program puts off what nobody has)."""
    moment = UNTIL_WRITTEN if until is None else until

    async def step(taken: Step) -> None:
        if until is not None and not timedelta() < until - await clock(taken.connection) <= LONGEST:
            raise NotPossible("A ticket is put off until a moment of the next year.", code="bad_moment")
        if taken.status not in (TicketStatus.OPEN, TicketStatus.PENDING):
            raise NotPossible(f"A {taken.status} ticket is not put off.", code="done_already")
        if taken.ticket.assignee_id is None:
            if actor.agent_id is None:
                raise NotPossible("Give the ticket to somebody first.", code="nobodys")
            why = {"outcome": "manual", "by": actor.name, "agent_id": actor.agent_id, "reasons": []}
            await hand_over(taken, actor.agent_id, why=why)
        await taken.note(EventKind.TICKET_SNOOZED, until=None if until is None else moment.isoformat())
        await work.set_ticket(taken.connection, taken.ticket.id, seq=taken.seq)
        await stored.snooze(taken.connection, taken.ticket.id, moment)

    # Whoever takes it is locked before the ticket is.
    await on_ticket(
        ctx, ticket_code, actor, step, with_agents=() if actor.agent_id is None else (actor.agent_id,)
    )


async def wake_ticket(ctx: Context, *, ticket_code: int, actor: Actor) -> None:
    """A person has it back before its time. One that is not put off stays as it is. Raises NotFound."""

    async def step(taken: Step) -> None:
        if await stored.snoozed_until(taken.connection, taken.ticket.id) is None:
            return
        await taken.note(EventKind.TICKET_WOKE, because="person")
        await work.set_ticket(taken.connection, taken.ticket.id, seq=taken.seq)
        await stored.snooze(taken.connection, taken.ticket.id, None)

    await on_ticket(ctx, ticket_code, actor, step)


async def wake_due(ctx: Context) -> int:
    """Wake what is due and tell its agents, in one transaction; returns how many there were. Any number of hubs do this at
    once: each ticket wakes once."""

    async def wake(connection: Connection) -> int:
        woken = await stored.wake_due(connection, _BATCH)
        told = [
            NewNotice(
                agent_id=one.assignee_id, kind=NoticeKind.SNOOZE_OVER, cause=f"woke:{one.id}:{one.seq}",
                ticket_id=one.id,
            )
            for one in woken
            if one.assignee_id is not None
        ]  # fmt: skip
        if woken:
            await add_notices(connection, told)
            await announce(connection, EVENTS)
        return len(woken)

    return await ctx.database.run(wake)
