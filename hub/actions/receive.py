"""Accepting what arrives, and reading what was only journalled.

Raw first: an item is committed before anybody outside is told so. Light formats are read at once, in the same
transaction; heavy ones (letters) wait in the journal for the reading process. One that cannot be filed is quarantined with its
bytes; the others of its batch go on.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import aclosing, nullcontext
from dataclasses import replace
from functools import partial
from itertools import groupby

import structlog
from pydantic import BaseModel

from channels.adapter import Acceptance, CannotTranslate, NotAccepted, RawItem, Translate
from hub.actions.announce import EVENTS, INBOUND, announce
from hub.actions.arrivals import Arrival, lock_keys, understand
from hub.actions.context import ConfiguredChannel, Context
from hub.actions.filing import file_arrivals
from hub.actions.gather import gather_before
from hub.actions.installation import channel_id, channel_name
from hub.actions.metrics import ACCEPTED
from hub.actions.read_item import house_of, read_item
from hub.actions.reader import Overrun
from hub.model.tickets import EventKind
from storage import events, inbound, views
from storage.database import Connection, DatabaseFull, DatabaseUnavailable, HeldUp

log = structlog.get_logger(__name__)

LEASE_SECONDS = 20.0
"""How long a process has one batch to itself. One that takes longer loses nothing: whoever files an item first has it."""
MOST_ATTEMPTS = 3
MOST_BEGUN = 5
"""Attempts of which nobody knows the end, for their hub was gone. Hubs go for other reasons as well, so it takes more of these
than of those that ended a reader while the hub looked on, and after MOST_ATTEMPTS a hub that is steady."""
STEADY_SECONDS = 30.0
"""A hub that has run for so long is not one of those that go several times in a minute, whatever they are at. Should it go
now, it says something about what it has just taken up."""
MOST_HELD_UP = 2
"""Letters of one batch that a lock may hold up before the rest waits with them: each costs as long as Postgres waits."""
AGAIN_SECONDS = 5.0
LARGE_BYTES = 1024 * 1024
WHILE_TALKING = 10
"""Items of the journal in one batch at the most; the fewer, the sooner there is room between two for somebody's word."""
REST = 2.0
"""How many times as long as the work the rest after it is, while somebody talks."""
LONGEST_REST = 1.0


async def accept_items(
    ctx: Context, channel: str, items: Sequence[RawItem], *, translate: Translate | None = None
) -> list[Acceptance]:
    """Keep raw items of a configured channel, in order; returns after the commit, one Acceptance each. `translate`
    stands in for the kind's own, where the caller has read the items already.

    The same key again is answered like the first time. Raises NotAccepted when the database is away, and, for what strangers
    send, when space is short: nothing is known to be kept, and the sender must try again.
    """
    try:
        configured = ctx.channel(channel)
    except KeyError as error:
        raise NotAccepted("This channel has just been switched off.") from error
    if not items:
        return []
    if configured.kind.public and (short := (await ctx.space.stock()).short):
        raise NotAccepted(f"There is too little space to take this ({short}).")
    try:
        with ctx.database.precedence.first() if configured.kind.capabilities.live else nullcontext():
            began = time.monotonic()
            kept = await _accept(ctx, configured, items, translate or configured.kind.translate)
    except DatabaseUnavailable as error:
        if isinstance(error, DatabaseFull):
            ctx.space.note_refused()
        raise NotAccepted(str(error)) from error
    new = sum(not one.duplicate for one in kept)
    if new:
        ACCEPTED.labels(channel).inc(new)
        if configured.kind.heavy:
            ctx.listener.wake(INBOUND)
            await _rest(ctx, began)
    return kept


async def _accept(
    ctx: Context, configured: ConfiguredChannel, items: Sequence[RawItem], translate: Translate
) -> list[Acceptance]:
    number = await channel_id(ctx, configured.name)
    arrivals = [
        await _read(
            Arrival(
                channel_id=number,
                channel=configured.name,
                kind=configured.kind,
                item=item,
                settings=configured.settings,
            ),
            configured.settings,
            translate,
        )
        for item in items
    ]
    return [one for run in _runs(arrivals) for one in await _keep(ctx, number, run)]


def _runs(arrivals: Sequence[Arrival]) -> Iterator[list[Arrival]]:
    """Parts of messages and whole ones in turn: what follows a message in parts is said after it."""
    for _, run in groupby(arrivals, key=lambda arrival: arrival.is_part):
        yield list(run)


async def _keep(ctx: Context, number: int, run: Sequence[Arrival]) -> list[Acceptance]:
    if run[0].kind.join is not None and not run[0].is_part:
        await gather_before(ctx, number, {arrival.item.said_in for arrival in run})
    intake = ctx.journal if run[0].kind.heavy else ctx.intake
    return await intake.keep(run, partial(_write, ctx))


async def _read(arrival: Arrival, settings: BaseModel, translate: Translate) -> Arrival:
    """A large one beside the loop: files of a form take so long to unpack that others would notice."""
    if len(arrival.item.content) > LARGE_BYTES:
        return await asyncio.to_thread(_arrival, arrival, settings, translate)
    return _arrival(arrival, settings, translate)


def _arrival(arrival: Arrival, settings: BaseModel, translate: Translate) -> Arrival:
    """Read it now, unless its format is heavy or it waits for its other parts."""
    if arrival.kind.heavy or arrival.is_part:
        return arrival
    said = read_item(arrival.channel, arrival.item, settings, translate)
    return replace(arrival, error=said) if isinstance(said, str) else replace(arrival, read=understand(said))


async def _write(ctx: Context, arrivals: Sequence[Arrival]) -> list[Acceptance | Exception]:
    """All in one transaction; where that fails for a reason other than the database's absence, one by one."""
    try:
        return list(await _file(ctx, arrivals))
    except DatabaseUnavailable as error:
        return [error] * len(arrivals)
    except Exception as error:  # noqa: BLE001 - whatever one item provokes must not take the others with it
        log.warning(
            "intake.batch_failed", items=len(arrivals), error=f"{type(error).__name__}: {error}"[:300]
        )
    return [await _write_alone(ctx, arrival) for arrival in arrivals]


async def _write_alone(ctx: Context, arrival: Arrival) -> Acceptance | Exception:
    try:
        try:
            return (await _file(ctx, [arrival]))[0]
        except DatabaseUnavailable:
            raise
        except Exception as error:
            log.exception("intake.quarantined", channel=arrival.channel, key=arrival.item.external_key[:100])
            why = f"It could not be put on the timeline: {type(error).__name__}: {error}"[:1000]
            return (await _file(ctx, [replace(arrival, read=None, error=why)]))[0]
    except Exception as error:  # noqa: BLE001 - it is the answer to whoever handed the item in
        return error


async def _file(ctx: Context, arrivals: Sequence[Arrival]) -> list[Acceptance]:
    house = house_of(ctx)

    async def work(connection: Connection) -> list[Acceptance]:
        kept = await file_arrivals(connection, house, arrivals)
        if any(arrival.kind.heavy and not arrival.raw_id for arrival in arrivals):
            await announce(connection, INBOUND)
        return kept

    # Who opened the lane that this runs in says nothing about whose word it is.
    with ctx.database.precedence.behind(stands=arrivals[0].kind.heavy):
        return await ctx.database.run(work)


async def read_waiting(ctx: Context, *, limit: int = 50) -> int:
    """Read journalled items and put them on the timeline; returns how many were taken up, 0 when none wait.

    May be called twice at once: while one batch is written the next is read, and batches are written in the order in which
    they were taken up. While somebody talks with the company, batches are small, and a rest of REST times what it took to
    write follows each. An item whose reader dies is tried again, MOST_ATTEMPTS times in all, and MOST_BEGUN times where its
    hub dies with it, the last of them by hubs that had run for STEADY_SECONDS; then it is quarantined. That the database
    went away meanwhile is no attempt. Raises DatabaseUnavailable.
    """
    arrivals: list[Arrival] = []
    rows: list[inbound.ClaimedRow] = []
    try:
        async with ctx.reader.reading:
            rows = await _claim(ctx, min(limit, WHILE_TALKING) if ctx.database.precedence.lately else limit)
            for group in _groups(rows):
                async with ctx.reader.writing:
                    await _put_on_timeline(ctx, arrivals)
                arrivals = await _read_rows(ctx, group)
            # Taken before the next batch may be read, so that it is not written first.
            await ctx.reader.writing.acquire()
        try:
            began = time.monotonic()
            await _put_on_timeline(ctx, arrivals)
            await _rest(ctx, began)
        finally:
            ctx.reader.writing.release()
    except DatabaseUnavailable:
        ctx.reader.excuses.add((row.id, row.attempts) for row in rows)
        raise
    return len(rows)


async def _claim(ctx: Context, limit: int) -> list[inbound.ClaimedRow]:
    excused = ctx.reader.excuses.waiting()
    steady = time.monotonic() - ctx.reader.began >= STEADY_SECONDS

    async def work(connection: Connection) -> list[inbound.ClaimedRow]:
        if excused:
            await inbound.excuse_raw(connection, excused)
        return await inbound.claim_raw(
            connection,
            limit,
            LEASE_SECONDS,
            most_bytes=LARGE_BYTES,
            begun_below=None if steady else MOST_ATTEMPTS,
        )

    rows = await ctx.database.run(work)
    ctx.reader.excuses.told(excused)
    return rows


def _groups(rows: Sequence[inbound.ClaimedRow]) -> Iterator[list[inbound.ClaimedRow]]:
    """Runs of small items are read together, a large one by itself: what is held in memory stays bounded."""
    for large, group in groupby(rows, key=lambda row: row.content is None):
        if large:
            yield from ([row] for row in group)
        else:
            yield list(group)


async def _put_on_timeline(ctx: Context, arrivals: Sequence[Arrival]) -> None:
    if not arrivals:
        return
    answers = await _write(ctx, arrivals)
    if len(arrivals) > 1 and isinstance(answers[0], HeldUp):
        answers = await _write_apart(ctx, arrivals)
    for answer in answers:
        if isinstance(answer, DatabaseUnavailable):
            raise answer


async def _write_apart(ctx: Context, arrivals: Sequence[Arrival]) -> list[Acceptance | Exception]:
    """Somebody holds one of them up: the others have nothing to do with it. What touches the same waits with it, and when
    MOST_HELD_UP were held up each for its own sake, it is no single one's matter."""
    answers: list[Acceptance | Exception] = []
    held: list[HeldUp] = []
    keys: set[int] = set()
    for arrival in arrivals:
        if len(held) == MOST_HELD_UP or not keys.isdisjoint(lock_keys(arrival)):
            answers.append(held[-1])
            continue
        answers += await _write(ctx, [arrival])
        if isinstance(answer := answers[-1], HeldUp):
            held.append(answer)
            keys.update(lock_keys(arrival))
    return answers


async def _rest(ctx: Context, began: float) -> None:
    """After what was done since then, while somebody talks with the company."""
    if ctx.database.precedence.lately:
        await asyncio.sleep(min(REST * (time.monotonic() - began), LONGEST_REST))


async def _read_rows(ctx: Context, rows: Sequence[inbound.ClaimedRow]) -> list[Arrival]:
    jobs: list[tuple[inbound.ClaimedRow, Arrival, BaseModel]] = []
    for row in rows:
        if row.attempts > MOST_BEGUN:
            await _release(ctx, row, f"Reading it was begun {MOST_BEGUN} times and never ended.")
            continue
        name = await channel_name(ctx, row.channel_id)
        try:
            configured = ctx.channel(name)
        except KeyError:
            await _release(
                ctx, row, f"The channel {name} is not configured any more; add it again and replay."
            )
            continue
        content = row.content
        if content is None:
            content = await ctx.database.read(lambda c, raw_id=row.id: views.raw_content(c, raw_id)) or b""  # type: ignore[misc]
        item = RawItem(
            external_key=row.external_key, content=content, received_at=row.received_at, meta=row.meta
        )
        arrival = Arrival(
            channel_id=row.channel_id,
            channel=name,
            kind=configured.kind,
            item=item,
            raw_id=row.id,
            settings=configured.settings,
        )
        jobs.append((row, arrival, configured.settings))
    arrivals: list[Arrival] = []
    asked = [(arrival.kind, arrival.item, settings) for _, arrival, settings in jobs]
    async with aclosing(ctx.reader.read_all(asked)) as outcomes:
        async for place, outcome in outcomes:
            row, arrival, _ = jobs[place]
            if isinstance(outcome, Overrun):
                await _release(ctx, row, str(outcome))
            elif isinstance(outcome, CannotTranslate):
                arrivals.append(replace(arrival, error=str(outcome)[:1000]))
            else:
                arrivals.append(replace(arrival, read=outcome))
    return arrivals


async def _release(ctx: Context, row: inbound.ClaimedRow, why: str) -> None:
    async def work(connection: Connection) -> str:
        state = await inbound.release_raw(
            connection, row.id, again_in=AGAIN_SECONDS, error=why, most_attempts=MOST_ATTEMPTS
        )
        if state == "quarantined":
            await events.add_event(connection, EventKind.QUARANTINED, data={"raw": row.id})
            await announce(connection, EVENTS)
        return state

    state = await ctx.database.run(work)
    log.warning("inbound.not_read", raw=row.id, attempts=row.attempts, state=state, why=why)
