"""A whole ticket into another: its entries and all that hangs on them, what it was called, who is on it. It can be undone
(hub.actions.move.undo_move) while nothing was added to the other one."""

from hub.actions.cases.along import bring_along
from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.move import Pair, on_two, take_over
from hub.model.people import Actor
from hub.model.tickets import TicketStatus
from storage import cases, move

MOST_ENTRIES = 5000


async def merge_tickets(
    ctx: Context, *, ticket_code: int, into_code: int, actor: Actor, other_customer: bool = False
) -> tuple[int, int]:
    """All of the ticket is on `into_code` from now on; it is closed, and whoever looks for it finds the other. Whoever writes
    in a conversation of it writes there, and is answered from there, whatever channel either came by. Returns (the move's id,
    how many entries went).

    Raises NotFound; NotPossible: same_ticket, merged_already, closed (the target), other_customer (they are of two customers,
    and nobody said that this is meant: the entries go onto the other one's timeline),
    too_many_entries, nothing_to_move, still_leaving.
    """
    if ticket_code == into_code:
        raise NotPossible("This is the ticket itself.", code="same_ticket")

    async def step(pair: Pair) -> tuple[int, int]:
        source, target, connection = pair.source, pair.target, pair.source.connection
        if await move.is_merged(connection, source.ticket.id):
            raise NotPossible("The ticket was merged already.", code="merged_already")
        if target.status is TicketStatus.CLOSED:
            raise NotPossible("A closed ticket takes nothing in: open it first.", code="closed")
        if source.ticket.customer_id != target.ticket.customer_id and not other_customer:
            raise NotPossible("The tickets are of two customers.", code="other_customer")
        ids = await cases.all_entries(connection, source.ticket.id, MOST_ENTRIES + 1)
        if len(ids) > MOST_ENTRIES:
            raise NotPossible(f"The ticket has more than {MOST_ENTRIES} entries.", code="too_many_entries")
        if not ids:
            raise NotPossible("There is nothing on the ticket.", code="nothing_to_move")
        entries = await pair.movable(ids)
        source_was = await cases.snapshot(connection, source.ticket.id)
        target_was = await cases.snapshot(connection, target.ticket.id)
        await bring_along(source, target)
        move_id = await take_over(ctx, pair, entries, split=False)
        came = await cases.snapshot(connection, target.ticket.id)
        await cases.add_merge(connection, move_id, came=came, source_was=source_was, target_was=target_was)
        return move_id, len(ids)

    return await on_two(ctx, ticket_code, into_code, actor, step)
