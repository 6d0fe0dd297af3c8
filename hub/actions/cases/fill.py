"""Fields of the company's own, when all of a ticket goes to another: they fill what is empty there. What stands on the ticket
that went stays there too, so that it can be told later what came from it."""

from collections.abc import Sequence

from hub.actions.ticket_work import Step
from hub.model.own_fields import About
from hub.model.tickets import EventKind
from storage import own_fields


async def fill_fields(source: Step, target: Step) -> list[str]:
    """The names of those that were empty on the target and have the source's value now."""
    theirs = await own_fields.said(source.connection, About.TICKET, source.ticket.id)
    ours = await own_fields.said(target.connection, About.TICKET, target.ticket.id)
    names = sorted(theirs.keys() - ours.keys())
    if names:
        await own_fields.say(
            target.connection, About.TICKET, target.ticket.id, ours | {name: theirs[name] for name in names}
        )
        await target.note(EventKind.FIELDS_CHANGED, fields=names)
    return names


async def take_fields_back(source: Step, target: Step, names: Sequence[str]) -> None:
    """Those of these fields that still say on the target what the source says are empty there again."""
    theirs = await own_fields.said(source.connection, About.TICKET, source.ticket.id)
    ours = await own_fields.said(target.connection, About.TICKET, target.ticket.id)
    came = [name for name in names if name in ours and ours[name] == theirs.get(name)]
    if came:
        left = {name: value for name, value in ours.items() if name not in came}
        await own_fields.say(target.connection, About.TICKET, target.ticket.id, left)
        await target.note(EventKind.FIELDS_CHANGED, fields=came)
