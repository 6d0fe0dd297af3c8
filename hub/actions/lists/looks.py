"""Who looks at which ticket, and who is writing: told by each open page over its socket, seen by every hub.

It is kept beside the page's line (hub.actions.floor.presence) and goes with it, or with its silence. Content is never among it:
that somebody types is known, not what.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from hub.actions.announce import LOOKS, announce
from hub.actions.context import Context
from hub.actions.floor.presence import LINE_SECONDS
from hub.actions.people.sight import may_see
from hub.model.people import Actor
from hub.model.permissions import Sight
from storage import looks as stored
from storage import sight, ticket_lists
from storage.database import Connection
from storage.looks import LookRow


class Doing(StrEnum):
    """typing: a reply is being written. idle: the page is open, nobody touches it."""

    VIEWING = "viewing"
    TYPING = "typing"
    IDLE = "idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a page shows: a ticket by its spoken number, or (None) none."""

    ticket_code: int | None
    doing: Doing = Doing.VIEWING


async def say_look(ctx: Context, line: UUID, actor: Actor, look: Look) -> None:
    """The page shows this now. A ticket that there is not, or that is not in sight, is none."""
    agent_id = actor.agent_id
    if agent_id is None:
        return

    async def work(connection: Connection) -> None:
        ticket_id = None
        if look.ticket_code is not None and await may_see(connection, actor, look.ticket_code):
            ticket_id = (await ticket_lists.ids_of(connection, [look.ticket_code])).get(look.ticket_code)
        await stored.say(
            connection, line, agent_id, ticket_id, "" if ticket_id is None else look.doing, LOOKS
        )

    await ctx.database.run(work)


async def look_ended(ctx: Context) -> None:
    """A page that showed a ticket is gone; its line is dropped already."""
    await ctx.database.run_one(lambda c: announce(c, LOOKS))


async def read_looks(ctx: Context, actor: Actor) -> Sequence[LookRow]:
    """What colleagues look at now, of the tickets in sight; one row for each of them and ticket."""

    async def read(connection: Connection) -> Sequence[LookRow]:
        found = await stored.all_looks(connection, LINE_SECONDS * 3)
        others = [one for one in found if one.agent_id != actor.agent_id]
        if actor.sight is Sight.ALL or actor.agent_id is None or not others:
            return others
        ids = await ticket_lists.ids_of(connection, [one.code for one in others])
        seen = await sight.seen_of(connection, actor.sight, actor.agent_id, sorted(ids.values()))
        return [one for one in others if ids[one.code] in seen]

    return await ctx.database.read(read)
