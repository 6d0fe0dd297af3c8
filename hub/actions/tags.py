"""Words on tickets: put there and taken away by people, programs and rules."""

from collections.abc import Iterable

from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.ticket_work import Step, on_ticket
from hub.model.people import Actor
from hub.model.tags import MOST_TAGS, clean_tag
from hub.model.tickets import EventKind
from storage import automation as stored
from storage import work


async def change_tags(
    ctx: Context, *, ticket_code: int, actor: Actor, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> list[str]:
    """The ticket's tags afterwards. One that is to be added and removed is removed. Raises NotFound, NotPossible (bad_tag,
    too_many_tags)."""
    try:
        wanted, unwanted = {clean_tag(one) for one in add}, {clean_tag(one) for one in remove}
    except ValueError as error:
        raise NotPossible(str(error), code="bad_tag") from error

    async def step(taken: Step) -> list[str]:
        now = set(await stored.tags_of(taken.connection, taken.ticket.id))
        then = (now | wanted) - unwanted
        if then == now:
            return sorted(now)
        if len(then) > MOST_TAGS:
            raise NotPossible(f"A ticket has {MOST_TAGS} tags at most.", code="too_many_tags")
        await stored.change_tags(taken.connection, taken.ticket.id, sorted(then))
        await taken.note(EventKind.TAGS_CHANGED, added=sorted(then - now), removed=sorted(now - then))
        await work.set_ticket(taken.connection, taken.ticket.id, seq=taken.seq)
        return sorted(then)

    return await on_ticket(ctx, ticket_code, actor, step)
