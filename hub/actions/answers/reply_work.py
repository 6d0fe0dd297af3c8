"""What the steps of work on one reply share: they are steps on the ticket that it lies on, wherever that is by now."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from hub.actions.announce import OUTBOX
from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.actions.ticket_work import Step, on_ticket
from hub.model.people import Actor
from storage import outbound

T = TypeVar("T")


class _MovedOn(Exception):
    """Somebody took it to another ticket before this one was locked."""


async def on_reply(
    ctx: Context, interaction_id: int, actor: Actor, step: Callable[[Step], Awaitable[T]]
) -> T:
    """Run one step in one transaction, as `on_ticket` does, and look at the outbox again. Raises NotFound."""

    async def run(taken: Step) -> T:
        if await outbound.ticket_of(taken.connection, interaction_id) != taken.ticket.code:
            raise _MovedOn
        return await step(taken)

    while True:
        code = await ctx.database.read(lambda c: outbound.ticket_of(c, interaction_id))
        if code is None:
            raise NotFound(f"There is no reply {interaction_id}.")
        try:
            done = await on_ticket(ctx, code, actor, run)
        except _MovedOn:
            continue
        ctx.listener.wake(OUTBOX)
        return done
