"""A reply that failed for good, at once or after every attempt, calls its ticket back, as a report does that says so later
(hub.actions.filing): whoever believed that it was answered finds it among their work again."""

from collections.abc import Awaitable, Callable

from hub.actions.answers.reply_work import on_reply
from hub.actions.context import Context
from hub.actions.floor.let_go import let_go
from hub.actions.ticket_work import Step
from hub.model.people import HUB
from hub.model.tickets import TicketStatus, calls_back
from storage import outbound, snooze, work
from storage.database import Connection


async def settle_failed(
    ctx: Context, interaction_id: int, settle: Callable[[Connection], Awaitable[bool]]
) -> None:
    """`settle` writes down that the reply failed, with its line in the ledger; False where that is not ours to say any more.
    The ticket is called back in the same transaction. Raises DatabaseUnavailable."""

    async def step(taken: Step) -> None:
        if not await settle(taken.connection):
            return
        taken.seq += 1
        if calls_back(taken.status, by_hand=await outbound.is_by_hand(taken.connection, interaction_id)):
            await _call_back(taken)

    await on_reply(ctx, interaction_id, HUB, step)


async def _call_back(taken: Step) -> None:
    await let_go(taken)
    # Nobody wrote, and yet the company has to act again.
    taken.unanswered = True
    await taken.become(TicketStatus.OPEN)
    await work.set_ticket(taken.connection, taken.ticket.id, seq=taken.seq, status=TicketStatus.OPEN.value)
    await snooze.snooze(taken.connection, taken.ticket.id, None)
