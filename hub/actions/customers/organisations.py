"""Companies that customers belong to: added and changed by people, listed by pinyin."""

from hub.actions.announce import EVENTS, ROUTE, announce
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.people.care import MOST_SEGMENT
from hub.actions.people.sight import may_see_organisation
from hub.actions.targets import Touch, touch
from hub.model.codes import ORGANISATION, show_code
from hub.model.people import Actor
from hub.model.pinyin import sort_key
from hub.model.tickets import EventKind
from storage import change_customers as stored
from storage import events, staff
from storage.change_customers import OrganisationRow, OrganisationSaid
from storage.database import Connection

MOST_NAME, MOST_NOTE = 200, 10_000
_AT_ONCE = 500


async def list_organisations(
    ctx: Context, *, actor: Actor, after: tuple[str, int] = ("", 0), query: str = "", limit: int = 50
) -> list[OrganisationRow]:
    """A page by pinyin of what there is for the actor. Those that came by other ways than this desk get their place first."""

    async def place(connection: Connection) -> int:
        found = await stored.unsorted(connection, _AT_ONCE)
        await stored.sort(connection, [(number, sorted_as(name)) for number, name in found])
        return len(found)

    if await ctx.database.read(lambda c: stored.unsorted(c, 1)):
        while await ctx.database.run(place) == _AT_ONCE:
            pass
    return await ctx.database.read(
        lambda c: stored.organisations(
            c, after=after, query=query.strip(), limit=limit, sight=actor.sight, agent_id=actor.agent_id
        )
    )


async def get_organisation(ctx: Context, *, code: int, actor: Actor) -> OrganisationRow:
    """Raises NotFound."""

    async def read(connection: Connection) -> OrganisationRow:
        row = await stored.organisation(connection, code)
        if row is None or not await may_see_organisation(connection, actor, code):
            raise _unknown(code)
        return row

    return await ctx.database.read(read)


async def add_organisation(ctx: Context, *, said: OrganisationSaid, actor: Actor) -> int:
    """Its code. Raises NotFound (the owner), NotPossible (bad_name, bad_segment, organisation_named, too_long)."""
    said = _check(said)

    async def work(connection: Connection) -> int:
        await _agree(connection, said)
        code = await stored.add_organisation(connection, said, sorted_as(said.name))
        await _tell(connection, actor)
        return code

    return await ctx.database.run(work)


async def change_organisation(
    ctx: Context, *, organisation_code: int, version: int, said: OrganisationSaid, actor: Actor
) -> None:
    """What is promised to its members goes by it at once. Raises NotFound, NotPossible (organisation_changed: by somebody else
    since `version`; and as `add_organisation`)."""
    said = _check(said)

    async def work(connection: Connection) -> None:
        found = await stored.lock_organisation(connection, organisation_code)
        if found is None or not await may_see_organisation(connection, actor, organisation_code):
            raise _unknown(organisation_code)
        number, now, was = found
        if now != version:
            raise NotPossible("Somebody else has changed the organisation.", code="organisation_changed")
        if said == was:
            return
        await _agree(connection, said, number)
        await stored.set_organisation(connection, number, said, sorted_as(said.name))
        if (said.key_account, said.segment) != (was.key_account, was.segment):
            tickets = await stored.lock_tickets_of_organisation(connection, number)
            await touch(connection, ctx.rules, [Touch(ticket_id=one) for one in tickets])
        await _tell(connection, actor)

    await ctx.database.run(work)


def sorted_as(name: str) -> str:
    """Where it stands in a list.

    >>> sorted_as("张伟贸易")
    'zhang wei mao yi'
    """
    return sort_key(name)[0][:400]


async def _agree(connection: Connection, said: OrganisationSaid, number: int = 0) -> None:
    if said.owner_id is not None and not await staff.is_active(connection, said.owner_id):
        raise NotFound(f"There is no agent {said.owner_id}.")
    if await stored.is_named(connection, said.name, number):
        raise NotPossible("Another organisation is called so.", code="organisation_named")


async def _tell(connection: Connection, actor: Actor) -> None:
    await events.add_event(
        connection, EventKind.CUSTOMER_CHANGED, agent_id=actor.agent_id, data={"by": actor.name}
    )
    await announce(connection, EVENTS, ROUTE)


def _unknown(code: int) -> NotFound:
    return NotFound(f"There is no organisation {show_code(ORGANISATION, code)}.")


def _check(said: OrganisationSaid) -> OrganisationSaid:
    name = " ".join(said.name.replace("\x00", "").split())
    segment = " ".join(said.segment.split())
    note = said.note.replace("\x00", "").replace("\r\n", "\n").strip()
    if not name or len(name) > MOST_NAME or not name.isprintable():
        raise NotPossible(
            f"An organisation needs a name of {MOST_NAME} characters at the most.", code="bad_name"
        )
    if len(segment) > MOST_SEGMENT or not segment.isprintable():
        raise NotPossible(f"A segment has {MOST_SEGMENT} characters at the most.", code="bad_segment")
    if len(note) > MOST_NOTE:
        raise NotPossible(f"A note has {MOST_NOTE} characters at the most.", code="too_long")
    return OrganisationSaid(
        name=name, key_account=said.key_account, segment=segment, owner_id=said.owner_id, note=note
    )
