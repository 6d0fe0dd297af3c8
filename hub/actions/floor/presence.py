"""Whether an agent may be given work now: by hand, by their open pages of the desk, and by what they let pass.

Every open page has a line (its socket). When the last of an agent's is gone for LOST_SECONDS they are off line: long enough
for a page that is loaded anew, a hub that starts again and a short hole in the network, short enough that hardly anything is
given to a closed laptop. Whoever comes back within RETURN_SECONDS is again what they were, and need not press anything; later
they say so themselves. Who logged in and never had a line, as where sockets are forbidden, is gone after SILENT_SECONDS
without a request.
"""

from uuid import UUID

from hub.actions.announce import EVENTS, ROUTE, announce
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.model.people import HUB, Actor, Presence
from hub.model.tickets import EventKind
from storage import events, offers
from storage import staff as stored
from storage.database import Connection

LOST_SECONDS = 30.0
RETURN_SECONDS = 600.0
SILENT_SECONDS = 180.0
LINE_SECONDS = 15.0
"""How often a hub says that a line is there. What was not heard of for three times as long is gone with its hub."""

DESK_IS_GONE, DESK_IS_BACK, OFFERS_NOT_ANSWERED = "desk_is_gone", "desk_is_back", "offers_not_answered"
"""Why the hub changed somebody's presence."""

_CANNOT_ANSWER = (Presence.AWAY, Presence.OFFLINE)


async def set_presence(ctx: Context, *, agent_id: int, presence: str, actor: Actor) -> None:
    """online, busy, away or offline. Whoever comes on line is given what waits at once; who goes away or off line is offered
    nothing any more. Raises NotFound."""
    if presence not in {one.value for one in Presence}:
        raise NotPossible("Presence is online, busy, away or offline.")

    async def work(connection: Connection) -> None:
        if await stored.is_active(connection, agent_id) is None:
            raise NotFound(f"There is no agent {agent_id}.")
        await change_presence(connection, agent_id, presence, by=actor)

    await ctx.database.run(work)


async def hear_line(ctx: Context, line: UUID, agent_id: int) -> None:
    """A page is open, or is still. Whoever was taken off line for their silence is back as what they were."""

    async def work(connection: Connection) -> None:
        back_as = await stored.hear_line(connection, line, agent_id, RETURN_SECONDS)
        if back_as:
            await change_presence(connection, agent_id, back_as, by=HUB, because=DESK_IS_BACK)

    await ctx.database.run(work)


async def drop_line(ctx: Context, line: UUID, agent_id: int) -> None:
    """A page was closed, or cannot be reached."""

    async def work(connection: Connection) -> None:
        await offers.lock_agents(connection, [agent_id])
        await stored.drop_line(connection, line, agent_id, _stale())

    await ctx.database.run(work)


async def take_absent_off_line(ctx: Context) -> int:
    """Those who closed their browsers without logging out must be given nothing; returns how many there were."""

    async def work(connection: Connection) -> int:
        await stored.notice_unheard(connection, _stale())
        gone = await stored.absent(connection, LOST_SECONDS, SILENT_SECONDS, _stale(), DESK_IS_GONE)
        for agent_id in gone:
            await _went(connection, agent_id, Presence.OFFLINE, HUB, DESK_IS_GONE)
        return len(gone)

    return await ctx.database.run(work)


async def change_presence(
    connection: Connection, agent_id: int, presence: str, *, by: Actor, because: str = ""
) -> None:
    """The same inside a transaction; says nothing where nothing changes. `because`: a code, where the hub does it."""
    if await stored.set_presence(connection, agent_id, presence, by_hub=by is HUB, because=because):
        await _went(connection, agent_id, presence, by, because)


async def _went(connection: Connection, agent_id: int, presence: str, by: Actor, because: str) -> None:
    data = {"agent": agent_id, "presence": presence, "by": by.agent_id}
    if because:
        data["because"] = because
    await events.add_event(connection, EventKind.PRESENCE_CHANGED, agent_id=agent_id, data=data)
    if presence in _CANNOT_ANSWER and (offered := await offers.open_of_agent(connection, agent_id)):
        await offers.put_back(connection, offered, "withdrawn", {"outcome": "withdrawn", "reasons": []})
    await announce(connection, EVENTS, ROUTE)


def _stale() -> float:
    return LINE_SECONDS * 3
