"""Visitors of live conversations as the desk sees them: who is there, who writes, how far each has seen."""

from collections.abc import Sequence

from hub.actions.answers.ways import inbox_of
from hub.actions.chat.letters import fit_address, mail_of, parting_of
from hub.actions.chat.times import PAGE_SECONDS
from hub.actions.context import Context
from hub.model.people import Actor
from hub.model.permissions import Sight
from storage import chat as stored
from storage import sight
from storage.chat import VisitorRow
from storage.database import Connection

MOST = 200
"""Tickets that are asked for at once."""


def goes_on(ctx: Context, row: VisitorRow) -> bool:
    """Whether what they do not see can go to them by letter, as their channel and their address are; also where they have not
    named any yet."""
    parting = parting_of(ctx, row.channel)
    mail = mail_of(ctx, parting) if parting is not None else None
    return mail is not None and (not row.mail or fit_address(ctx, row.mail, inbox_of(mail)) != "")


async def read_visitors(ctx: Context, actor: Actor, codes: Sequence[int]) -> Sequence[VisitorRow]:
    """Of those of these tickets that are live conversations and in sight."""
    kinds = [kind.kind for kind in ctx.kinds.values() if kind.parting is not None]

    async def read(connection: Connection) -> Sequence[VisitorRow]:
        found = await stored.visitors(connection, codes[:MOST], PAGE_SECONDS, kinds)
        if actor.sight is Sight.ALL or actor.agent_id is None or not found:
            return found
        ids = [one.ticket_id for one in found]
        seen = await sight.seen_of(connection, actor.sight, actor.agent_id, ids)
        return [one for one in found if one.ticket_id in seen]

    return await ctx.database.read(read)
