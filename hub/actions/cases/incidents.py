"""Incidents: one thing that went wrong for many, and the tickets that came of it."""

from collections.abc import Sequence
from enum import StrEnum

from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.people.sight import may_see_id
from hub.model.codes import INCIDENT, TICKET, show_code
from hub.model.people import Actor
from hub.model.tags import clean_tag
from hub.model.tickets import EventKind
from storage import cases, events, incidents
from storage.database import Connection
from storage.incidents import LockedIncident

MOST_TITLE = 200
MOST_BY_TAG = 5000


class IncidentState(StrEnum):
    """open: it goes on. monitoring: mended, and watched. resolved: over."""

    OPEN = "open"
    MONITORING = "monitoring"
    RESOLVED = "resolved"


async def add_incident(ctx: Context, *, title: str, actor: Actor, ticket_codes: Sequence[int] = ()) -> int:
    """A new incident's code, with these tickets on it. Raises NotFound, NotPossible (bad_title)."""
    title = check_title(title)

    async def work(connection: Connection) -> int:
        number, code = await incidents.add(connection, title, actor.agent_id, actor.name)
        ids = await _tickets(connection, ticket_codes, actor)
        await incidents.attach(connection, number, ids, actor.agent_id, actor.name)
        await tell(connection, actor, number)
        return code

    return await ctx.database.run(work)


async def change_incident(
    ctx: Context, *, incident_code: int, version: int, title: str, state: str, actor: Actor
) -> None:
    """What it is called and how far it is. Raises NotFound, NotPossible (bad_title, bad_state, incident_changed: by
    somebody else since `version`)."""
    title = check_title(title)
    if state not in {one.value for one in IncidentState}:
        raise NotPossible("An incident is open, monitoring or resolved.", code="bad_state")

    async def work(connection: Connection) -> None:
        incident = await lock_incident(connection, incident_code)
        if incident.version != version:
            raise NotPossible("Somebody else has changed the incident.", code="incident_changed")
        if (title, state) != (incident.title, incident.state):
            await incidents.set_(connection, incident.id, title, state)
            await tell(connection, actor, incident.id)

    await ctx.database.run(work)


async def attach_tickets(
    ctx: Context, *, incident_code: int, ticket_codes: Sequence[int], actor: Actor
) -> int:
    """These came of it; returns how many were not on it before. Raises NotFound."""

    async def work(connection: Connection) -> int:
        incident = await lock_incident(connection, incident_code)
        ids = await _tickets(connection, ticket_codes, actor)
        new = await incidents.attach(connection, incident.id, ids, actor.agent_id, actor.name)
        if new:
            await incidents.touch(connection, incident.id)
            await tell(connection, actor, incident.id)
        return len(new)

    return await ctx.database.run(work)


async def attach_by_tag(ctx: Context, *, incident_code: int, tag: str, actor: Actor) -> int:
    """All tickets in work with this tag came of it; returns how many are new. Raises NotFound, NotPossible (bad_tag)."""
    try:
        wanted = clean_tag(tag)
    except ValueError as error:
        raise NotPossible(str(error), code="bad_tag") from error

    async def work(connection: Connection) -> int:
        incident = await lock_incident(connection, incident_code)
        ids = await incidents.tickets_with_tag(connection, incident.id, wanted, MOST_BY_TAG)
        seen = [one for one in ids if await may_see_id(connection, actor, one)]
        new = await incidents.attach(connection, incident.id, seen, actor.agent_id, actor.name)
        if new:
            await incidents.touch(connection, incident.id)
            await tell(connection, actor, incident.id)
        return len(new)

    return await ctx.database.run(work)


async def detach_ticket(ctx: Context, *, incident_code: int, ticket_code: int, actor: Actor) -> None:
    """It has nothing to do with it. Raises NotFound, NotPossible (not_attached)."""

    async def work(connection: Connection) -> None:
        incident = await lock_incident(connection, incident_code)
        ids = await _tickets(connection, [ticket_code], actor)
        if not await incidents.detach(connection, incident.id, ids):
            raise NotPossible("The ticket is not on the incident.", code="not_attached")
        await incidents.touch(connection, incident.id)
        await tell(connection, actor, incident.id)

    await ctx.database.run(work)


async def lock_incident(connection: Connection, code: int) -> LockedIncident:
    """Raises NotFound."""
    incident = await incidents.lock(connection, code)
    if incident is None:
        raise no_incident(code)
    return incident


async def tell(connection: Connection, actor: Actor, incident_id: int) -> None:
    """Pages that show it look again."""
    await events.add_event(
        connection, EventKind.INCIDENT_CHANGED, agent_id=actor.agent_id, data={"incident": incident_id}
    )
    await announce(connection, EVENTS)


def no_incident(code: int) -> NotFound:
    return NotFound(f"There is no incident {show_code(INCIDENT, code)}.")


def check_title(title: str) -> str:
    """Raises NotPossible (bad_title)."""
    title = " ".join(title.replace("\x00", "").split())
    if not title or len(title) > MOST_TITLE or not title.isprintable():
        raise NotPossible(
            f"An incident needs a title of {MOST_TITLE} characters at the most.", code="bad_title"
        )
    return title


async def _tickets(connection: Connection, codes: Sequence[int], actor: Actor) -> list[int]:
    found = await cases.ids_of(connection, codes)
    for code in codes:
        if code not in found or not await may_see_id(connection, actor, found[code]):
            raise NotFound(f"There is no ticket {show_code(TICKET, code)}.")
    return sorted(found.values())
