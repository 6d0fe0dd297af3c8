"""Pages of what was found. Candidates come from the index; whether a text really has every term is looked up in the text.

That is work for the processor, and others are to be answered meanwhile: it is done beside the loop, of one search at a time,
and of so many characters.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, tzinfo
from functools import partial
from typing import Generic, Protocol, TypeVar

from hub.actions.context import Context
from hub.actions.people.sight import seen_customers
from hub.actions.search.documents import customer_text, entry_text, organisation_text, ticket_text
from hub.actions.search.query import LONGEST, ME, NOBODY, STATUSES, Asked, read_term, read_words
from hub.model.codes import CUSTOMER, TICKET, NotACode, read_code
from hub.model.people import Actor
from hub.model.search_words import comparable
from storage import search as stored
from storage import views
from storage.database import Connection
from storage.search import Conditions, CustomerHit, EntryHit, OrganisationHit
from storage.sight import sees_id
from storage.views import CustomerRow, TicketRow, TimePage

PAGE = 20
_LOOKED_THROUGH = 2000
"""After so many candidates that are none the page ends, however short, and the next one goes on from there."""
MOST_CHARACTERS = 8_000_000
"""After so many characters of entries the page ends likewise: a second's work, and more than that many usual letters have."""
_READ_AT_ONCE = 25
"""Entries: of long ones so many are a few megabytes."""
_LINES = 4
"""Connections that searches for entries have at a time: they are kept while texts are looked through."""


class _Numbered(Protocol):
    @property
    def id(self) -> int: ...


Hit = TypeVar("Hit", bound=_Numbered)
T = TypeVar("T")


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


async def beside(ctx: Context, look: Callable[[], T]) -> T:
    """Have texts looked through in a thread, one search at a time: two would not be done any sooner."""
    async with ctx.memo.setdefault(beside, asyncio.Semaphore(1)):
        return await asyncio.to_thread(look)


async def find_entries(
    ctx: Context, asked: Asked, actor: Actor, zone: tzinfo, *, after: int | None = None, limit: int = PAGE
) -> Found[EntryHit]:
    """Messages and notes, newest first. Raises NoSuchThing."""

    async def work(c: Connection) -> Found[EntryHit]:
        conditions = await _conditions(c, asked, actor, zone)
        ids = stored.entry_ids(c, asked.words, conditions, before=_start(after), lot=limit + 1)
        deep = MOST_CHARACTERS // stored.DEEPEST

        async def look(some: list[int]) -> tuple[Sequence[EntryHit], int]:
            nonlocal deep
            read = await stored.entry_hits(c, some)
            fitting = {one.id: one for one in await beside(ctx, lambda: _fitting(read, asked))}
            many = sum(len(one.text) for one in read)
            for hit in [one for one in read if one.deep][:deep]:
                whole = replace(hit, text=await stored.deep_text(c, hit.id))
                fitting.pop(hit.id, None)
                fitting |= {one.id: hit for one in await beside(ctx, partial(_fitting, [whole], asked))}
                many, deep = many + len(whole.text), deep - 1
            return [fitting[one.id] for one in read if one.id in fitting], many

        return await _page(ids, limit, look)

    async with ctx.memo.setdefault(find_entries, asyncio.Semaphore(_LINES)):
        return await ctx.database.read(work)


def _fitting(hits: Sequence[EntryHit], asked: Asked) -> list[EntryHit]:
    return [one for one in hits if asked.fits(_text(one), beyond=one.beyond)]


def _text(hit: EntryHit) -> str:
    """As one comparable text; piece by piece, for nothing else runs while one is folded. What stands where two of them meet is
    in both."""
    step = stored.MOST_TEXT
    rest = (hit.text[at - LONGEST : at + step] for at in range(step, len(hit.text), step))
    first = entry_text(hit.subject, hit.text[:step], hit.fields, hit.files)
    return "\n".join((first, *map(comparable, rest)))


async def find_tickets(
    ctx: Context, asked: Asked, actor: Actor, zone: tzinfo, *, after: int | None = None, limit: int = PAGE
) -> Found[TicketRow]:
    """Tickets by number, subject and tags, opened last first; none where notes are asked for. Raises NoSuchThing."""
    if asked.notes:
        return Found()

    async def work(c: Connection) -> Found[TicketRow]:
        conditions = await _conditions(c, asked, actor, zone)
        ids = stored.ticket_ids(c, asked.words, conditions, before=_start(after), lot=limit + 1)

        async def look(some: list[int]) -> tuple[Sequence[TicketRow], int]:
            read = await stored.ticket_hits(c, some)
            return [one for one in read if asked.fits(ticket_text(one.subject, one.code, one.tags))], 0

        return await _page(ids, limit, look)

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
    look: Callable[[list[int]], Awaitable[tuple[Sequence[Hit], int]]],
) -> Found[Hit]:
    """`look`: those of them that fit, newest first as the ids are, and how many characters were looked through for it."""
    hits: list[Hit] = []
    looked = characters = 0
    async for lot in lots:
        for ids in (lot[start : start + _READ_AT_ONCE] for start in range(0, len(lot), _READ_AT_ONCE)):
            fitting, many = await look(ids)
            for hit in fitting:
                if len(hits) == limit:
                    return Found(hits=tuple(hits), after=hits[-1].id)
                hits.append(hit)
            looked, characters = looked + len(ids), characters + many
            if looked >= _LOOKED_THROUGH + len(hits) or characters >= MOST_CHARACTERS:
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
