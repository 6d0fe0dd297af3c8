"""Pages of what was found. Candidates come from the index; whether a text really has every term is looked up in the text."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from typing import Generic, Protocol, TypeVar

from hub.actions.context import Context
from hub.actions.people.sight import seen_customers
from hub.actions.search.documents import customer_text, entry_text, organisation_text, ticket_text
from hub.actions.search.query import ME, NOBODY, STATUSES, Asked, read_term, read_words
from hub.model.codes import CUSTOMER, TICKET, NotACode, read_code
from hub.model.people import Actor
from storage import search as stored
from storage import views
from storage.database import Connection
from storage.search import Conditions, CustomerHit, EntryHit, OrganisationHit
from storage.sight import sees_id
from storage.views import CustomerRow, TicketRow, TimePage

PAGE = 20
_LOOKED_THROUGH = 2000
"""After so many candidates that are none the page ends, however short, and the next one goes on from there."""


class _Numbered(Protocol):
    @property
    def id(self) -> int: ...


Hit = TypeVar("Hit", bound=_Numbered)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Generic[Hit]):
    """A page. `after`: the id to go on below; None: there are no more."""

    hits: tuple[Hit, ...] = ()
    after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCustomers:
    hits: tuple[CustomerHit, ...] = ()
    after: TimePage | None = None


class NoSuchThing(Exception):
    """A qualifier names what is not there; `qualifier` and `value` say which."""

    def __init__(self, qualifier: str, value: str) -> None:
        super().__init__(f"{qualifier}: {value}")
        self.qualifier, self.value = qualifier, value


async def find_entries(
    ctx: Context, asked: Asked, actor: Actor, zone: tzinfo, *, after: int | None = None, limit: int = PAGE
) -> Found[EntryHit]:
    """Messages and notes, newest first. Raises NoSuchThing."""

    async def work(c: Connection) -> Found[EntryHit]:
        conditions = await _conditions(c, asked, actor, zone)
        ids = stored.entry_ids(c, asked.words, conditions, before=_start(after), lot=limit + 1)
        return await _page(
            ids,
            limit,
            lambda found: stored.entry_hits(c, found),
            lambda hit: asked.fits(entry_text(hit.subject, hit.text, hit.fields, hit.files)),
        )

    return await ctx.database.read(work)


async def find_tickets(
    ctx: Context, asked: Asked, actor: Actor, zone: tzinfo, *, after: int | None = None, limit: int = PAGE
) -> Found[TicketRow]:
    """Tickets by number, subject and tags, opened last first; none where notes are asked for. Raises NoSuchThing."""
    if asked.notes:
        return Found()

    async def work(c: Connection) -> Found[TicketRow]:
        conditions = await _conditions(c, asked, actor, zone)
        ids = stored.ticket_ids(c, asked.words, conditions, before=_start(after), lot=limit + 1)
        return await _page(
            ids,
            limit,
            lambda found: stored.ticket_hits(c, found),
            lambda hit: asked.fits(ticket_text(hit.subject, hit.code, hit.tags)),
        )

    return await ctx.database.read(work)


async def find_customers(
    ctx: Context, asked: Asked, actor: Actor, *, after: TimePage | None = None, limit: int = PAGE
) -> FoundCustomers:
    """Customers by name (also in pinyin), address and code, seen last first. Nobody for a search without words."""
    if not asked.words:
        return FoundCustomers()
    return await ctx.database.read(lambda c: _customers(c, asked, actor, after, limit))


async def look_up_customers(
    ctx: Context, typed: str, actor: Actor, *, after: TimePage | None = None, limit: int = PAGE
) -> tuple[list[CustomerRow], TimePage | None]:
    """A page of customers, seen last first, who have every word of `typed` in name (also in pinyin), addresses or number; all
    of them where it is "". With the row to go on after; None: there are no more."""

    async def work(c: Connection) -> tuple[list[CustomerRow], TimePage | None]:
        if not typed.strip():
            return await _in_sight(c, actor, after, limit)
        asked = read_words(typed)
        if not asked.words:
            return [], None
        found = await _customers(c, asked, actor, after, limit)
        return await views.these_customers(c, [hit.id for hit in found.hits]), found.after

    return await ctx.database.read(work)


async def find_organisations(
    ctx: Context, asked: Asked, actor: Actor, *, after: int | None = None, limit: int = PAGE
) -> Found[OrganisationHit]:
    """Organisations by name (also in pinyin) and code, the newest first."""
    if not asked.words:
        return Found()

    async def work(c: Connection) -> Found[OrganisationHit]:
        rows = await stored.find_organisations(
            c, asked.words, sight=actor.sight, agent_id=actor.agent_id, before=_start(after), limit=limit + 1
        )
        hits = [one for one in rows if asked.fits(organisation_text(one.name, one.code))]
        return Found(hits=tuple(hits[:limit]), after=rows[limit - 1].id if len(rows) > limit else None)

    return await ctx.database.read(work)


async def find_by_code(ctx: Context, text: str, actor: Actor) -> tuple[TicketRow | None, CustomerHit | None]:
    """The ticket or customer whose number this is, where the actor sees them."""

    async def work(c: Connection) -> tuple[TicketRow | None, CustomerHit | None]:
        ticket = customer = None
        if (code := _code(TICKET, text)) is not None:
            row = await views.get_ticket(c, code)
            if row is not None and await sees_id(c, actor.sight, actor.agent_id or 0, row.id):
                ticket = row
        term = read_term(text)
        if term is not None and _code(CUSTOMER, text) is not None:
            found = await _customers(c, Asked(terms=(term,)), actor, None, 5)
            customer = next((one for one in found.hits if one.code == _code(CUSTOMER, text)), None)
        return ticket, customer

    return await ctx.database.read(work)


def _code(letter: str, text: str) -> int | None:
    try:
        return read_code(letter, text)
    except NotACode:
        return None


async def _in_sight(
    c: Connection, actor: Actor, after: TimePage | None, limit: int
) -> tuple[list[CustomerRow], TimePage | None]:
    """All customers of whom the actor sees a ticket; a page is full however few of those between them these are."""
    kept: list[CustomerRow] = []
    lot, looked = min(limit + 1, views.MOST_ROWS), 0
    while looked < _LOOKED_THROUGH:
        rows = await views.list_customers(c, before=after, limit=lot)
        seen = await seen_customers(c, actor, [row.id for row in rows])
        for row in rows:
            if row.id in seen:
                if len(kept) == limit:
                    return kept, after
                kept.append(row)
            after = (row.last_seen_at, row.id)
        if len(rows) < lot:
            return kept, None
        looked += lot
    return kept, after


async def _customers(
    c: Connection, asked: Asked, actor: Actor, after: TimePage | None, limit: int
) -> FoundCustomers:
    hits: list[CustomerHit] = []
    looked = 0
    while True:
        rows = await stored.find_customers(
            c,
            asked.words,
            sight=actor.sight,
            agent_id=actor.agent_id,
            before=after or views.START,
            limit=limit + 1,
        )
        for row in rows:
            looked += 1
            if asked.fits(customer_text(row.name, row.code, row.identities)):
                if len(hits) == limit:
                    return FoundCustomers(hits=tuple(hits), after=after)
                hits.append(row)
            after = (row.last_seen_at, row.id)
        if len(rows) <= limit:
            return FoundCustomers(hits=tuple(hits))
        if looked >= _LOOKED_THROUGH:
            return FoundCustomers(hits=tuple(hits), after=after)


async def _page(
    lots: AsyncIterator[list[int]],
    limit: int,
    show: Callable[[list[int]], Awaitable[Sequence[Hit]]],
    fits: Callable[[Hit], bool],
) -> Found[Hit]:
    hits: list[Hit] = []
    looked = 0
    async for ids in lots:
        # In the order of the ids: whoever shows them gives them newest first as well.
        for hit in await show(ids) if ids else ():
            if fits(hit):
                if len(hits) == limit:
                    return Found(hits=tuple(hits), after=hits[-1].id)
                hits.append(hit)
        looked += len(ids)
        if looked >= _LOOKED_THROUGH + len(hits) and ids:
            return Found(hits=tuple(hits), after=ids[-1])
    return Found(hits=tuple(hits))


async def _conditions(c: Connection, asked: Asked, actor: Actor, zone: tzinfo) -> Conditions:
    queue = assignee = None
    channels: tuple[int, ...] | None = None
    customers: tuple[int, ...] | None = None
    if asked.queue and (queue := await stored.queue_named(c, asked.queue)) is None:
        raise NoSuchThing("queue", asked.queue)
    if asked.assignee == NOBODY:
        assignee = 0
    elif asked.assignee == ME:
        assignee = actor.agent_id or -1
    elif asked.assignee and (assignee := await stored.agent_named(c, asked.assignee)) is None:
        raise NoSuchThing("assignee", asked.assignee)
    if asked.channel and not (channels := tuple(await stored.channels_named(c, asked.channel))):
        raise NoSuchThing("channel", asked.channel)
    if asked.customer and not (customers := await _customers_named(c, asked.customer, actor)):
        raise NoSuchThing("customer", asked.customer)
    return Conditions(
        status=STATUSES[asked.status] if asked.status else None,
        queue=queue,
        kind=(asked.kind,) if asked.kind else None,
        tag=asked.tag or None,
        assignee=assignee,
        channels=channels,
        customers=customers,
        since=_midnight(asked.since, zone),
        until=_midnight(asked.until, zone),
        notes=asked.notes,
        sight=actor.sight,
        agent_id=actor.agent_id,
    )


async def _customers_named(c: Connection, name: str, actor: Actor) -> tuple[int, ...]:
    """At most so many as can be looked through; who was seen last comes first."""
    asked = read_words(name)
    if not asked.words:
        return ()
    found = await _customers(c, asked, actor, None, stored.FEW)
    return tuple(hit.id for hit in found.hits)


def _midnight(day: date | None, zone: tzinfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), zone)


def _start(after: int | None) -> int:
    return stored.LAST if after is None else after
