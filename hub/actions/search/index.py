"""Keeps search up to date: reads what was written lately, then what was there before there was a search."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

import structlog

from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.failures import in_short
from hub.actions.search.documents import customer_text, entry_text, organisation_text, ticket_text
from hub.model.people import Actor
from hub.model.search_words import lexemes_of
from hub.model.tickets import EventKind
from storage import events
from storage import search_fill as stored
from storage.database import Connection, in_halves
from storage.search_fill import Left, What

T = TypeVar("T")
log = structlog.get_logger(__name__)

AT_ONCE = 400
BYTES_AT_ONCE = 2 * 1024 * 1024
"""Of text: what is longer comes in lots of its own."""
WRITTEN_AT_ONCE = 200_000
"""Characters of text whose words go into one statement, which has its limit of time."""
SAY_EVERY = 3.0
"""Seconds. A session that says nothing for FORGOTTEN_SECONDS (storage.database) is ended, and the same lot comes again."""
MOST_FAULTS = 100


async def index_some(ctx: Context) -> int:
    """Take in the next lot, in one transaction; returns how many things that was. 0: there is nothing left, or another hub does
    it now."""

    async def work(connection: Connection) -> int:
        left = await stored.take_turn(connection)
        if left is None:
            return 0
        due = await stored.take_due(connection, AT_ONCE, BYTES_AT_ONCE)
        for what, ids in due.items():
            await _take_in(connection, what, ids)
        return sum(map(len, due.values())) or await _fill_on(connection, left)

    return await ctx.database.run(work)


async def _fill_on(connection: Connection, left: Left) -> int:
    """The next lot of what was there before, the newest first, entries last: there are the most of them."""
    below = asdict(left)
    what = next((one for one in reversed(stored.KINDS) if below[one] is not None), None)
    if what is None:
        return 0
    ids = await stored.old_ids(connection, what, below[what], AT_ONCE, BYTES_AT_ONCE)
    await _take_in(connection, what, ids)
    below[what] = ids[-1] if ids else None
    await stored.fill_on(connection, Left(**below))
    return max(1, len(ids))


async def _take_in(connection: Connection, what: What, ids: Sequence[int]) -> None:
    """One that cannot be taken in is set aside with the reason; those beside it are taken in."""
    ids = sorted(set(ids))
    if not ids:
        return

    async def set_aside(number: int, error: Exception) -> None:
        log.error("search.set_aside", what=what, id=number, error=in_short(error))
        await stored.set_aside(connection, what, number, in_short(error))

    await in_halves(connection, ids, lambda some: _write(connection, what, some), set_aside)


async def _write(connection: Connection, what: What, ids: Sequence[int]) -> None:
    rows = await stored.documents(connection, what, ids)
    left = iter(rows)
    while words := await _meanwhile(connection, lambda: _next_words(what, left)):
        await stored.write(connection, what, words)
    if gone := sorted(set(ids) - {row["id"] for row in rows}):
        await stored.forget(connection, what, gone)
    await stored.clear(connection, what, ids)


def _next_words(what: What, left: Iterator[Mapping[str, Any]]) -> dict[int, list[str]]:
    words: dict[int, list[str]] = {}
    length = 0
    for row in left:
        text = _text(what, row)
        words[row["id"]] = lexemes_of(text)
        length += len(text)
        if length >= WRITTEN_AT_ONCE:
            break
    return words


async def _meanwhile(connection: Connection, work: Callable[[], T]) -> T:
    """Do it beside the loop, for a letter of many megabytes takes a while; the session is heard of until it is done."""
    doing = asyncio.create_task(asyncio.to_thread(work))
    try:
        while not (await asyncio.wait({doing}, timeout=SAY_EVERY))[0]:
            await stored.still_there(connection)
    finally:
        doing.cancel()
    return doing.result()


async def try_again(ctx: Context, *, actor: Actor) -> int:
    """Whatever was set aside is tried once more, soon; returns how much that is."""

    async def work(connection: Connection) -> int:
        many = await stored.put_back(connection)
        await events.add_event(
            connection,
            EventKind.QUARANTINED,
            agent_id=actor.agent_id,
            data={"search": many, "by": actor.name},
        )
        await announce(connection, EVENTS)
        return many

    return await ctx.database.run(work)


def _text(what: What, row: Mapping[str, Any]) -> str:
    match what:
        case "entry":
            return entry_text(row["subject"], row["text"], row["fields"], row["files"])
        case "ticket":
            return ticket_text(row["subject"], row["code"], row["tags"])
        case "customer":
            return customer_text(row["name"], row["code"], row["identities"])
        case _:
            return organisation_text(row["name"], row["code"])


async def state_of_search(ctx: Context) -> bool:
    """Whether what was there before there was a search is still being taken in, so that old things may not be found yet."""
    _, filling = await ctx.database.read(stored.is_behind)
    return filling
