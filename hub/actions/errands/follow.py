"""Following a ticket: whoever does hears of it though it is not theirs (hub.actions.errands.ledger_notices tells them)."""

from collections.abc import Sequence

from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.model.codes import TICKET, show_code
from storage import followers as stored
from storage import work
from storage.database import Connection
from storage.followers import FollowerRow


async def follow_ticket(ctx: Context, *, ticket_code: int, agent_id: int, on: bool) -> None:
    """From now on, or no longer. Raises NotFound."""

    async def do(connection: Connection) -> None:
        ticket_id = await _ticket(connection, ticket_code)
        changed = (
            await stored.add(connection, [(ticket_id, agent_id)])
            if on
            else await stored.remove(connection, ticket_id, agent_id)
        )
        if changed:
            await announce(connection, EVENTS)

    await ctx.database.run(do)


async def followers_of(ctx: Context, ticket_code: int) -> Sequence[FollowerRow]:
    """Who followed first at the top. Raises NotFound."""

    async def look(connection: Connection) -> Sequence[FollowerRow]:
        return await stored.named(connection, await _ticket(connection, ticket_code))

    return await ctx.database.read(look)


async def _ticket(connection: Connection, ticket_code: int) -> int:
    found = await work.peek(connection, ticket_code)
    if found is None:
        raise NotFound(f"There is no ticket {show_code(TICKET, ticket_code)}.")
    return found[0]
