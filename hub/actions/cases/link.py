"""Tickets that have to do with each other, as people say: related, a duplicate of, caused by."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TypeVar

from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.ticket_work import Step, take_step
from hub.model.codes import TICKET, show_code
from hub.model.people import Actor
from hub.model.tickets import EventKind
from storage import cases, work
from storage.database import Connection

T = TypeVar("T")


class LinkKind(StrEnum):
    """How the first ticket has to do with the second."""

    RELATED = "related"
    DUPLICATE = "duplicate"
    CAUSED_BY = "caused_by"


async def link_tickets(
    ctx: Context, *, ticket_code: int, other_code: int, kind: LinkKind, actor: Actor
) -> None:
    """The first is related to the second, a duplicate of it, or caused by it. Raises NotFound, NotPossible (same_ticket,
    linked_already)."""

    async def work_(first: Step, second: Step) -> None:
        if await cases.link_between(first.connection, first.ticket.id, second.ticket.id) is not None:
            raise NotPossible("The two are linked already.", code="linked_already")
        await cases.add_link(first.connection, first.ticket.id, second.ticket.id, kind.value)
        await first.note(EventKind.LINKED, other=second.ticket.id, why=kind.value)
        await second.note(EventKind.LINKED, other=first.ticket.id, why=kind.value, back=True)

    await _on_both(ctx, ticket_code, other_code, actor, work_)


async def unlink_tickets(ctx: Context, *, ticket_code: int, other_code: int, actor: Actor) -> LinkKind:
    """The two have nothing to do with each other; returns what they had, seen from whichever was linked to the other. Raises
    NotFound, NotPossible (same_ticket, not_linked: nobody linked them; what the hub found itself stays)."""
    kinds = {one.value for one in LinkKind}

    async def work_(first: Step, second: Step) -> LinkKind:
        found = await cases.link_between(first.connection, first.ticket.id, second.ticket.id)
        if found is None or found[2] not in kinds:
            raise NotPossible("Nobody has linked the two.", code="not_linked")
        await cases.drop_link(first.connection, first.ticket.id, second.ticket.id)
        await first.note(EventKind.UNLINKED, other=second.ticket.id, why=found[2])
        await second.note(EventKind.UNLINKED, other=first.ticket.id, why=found[2])
        return LinkKind(found[2])

    return await _on_both(ctx, ticket_code, other_code, actor, work_)


async def _on_both(
    ctx: Context, code: int, other: int, actor: Actor, step: Callable[[Step, Step], Awaitable[T]]
) -> T:
    if code == other:
        raise NotPossible("This is the ticket itself.", code="same_ticket")

    async def run(connection: Connection) -> T:
        ids = await cases.ids_of(connection, [code, other])
        for one in (code, other):
            if one not in ids:
                raise NotFound(f"There is no ticket {show_code(TICKET, one)}.")
        taken = {
            number: await take_step(connection, number, {}, actor, ctx.rules)
            for number in sorted(ids.values())
        }
        first, second = taken[ids[code]], taken[ids[other]]
        result = await step(first, second)
        for each in (first, second):
            await work.set_ticket(connection, each.ticket.id, seq=each.seq)
        await announce(connection, EVENTS)
        return result

    return await ctx.database.run(run)
