"""What rules have to look at: taken from the ledger in order, asked of all rules at once, and handed to those that hold.

Most of what happens concerns no rule: that is settled a few hundred at a time. Any number of hubs may do this. A row stays
until every rule that holds has its record, so whatever a hub leaves behind is found by the next.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.actions.automation.visit import anchor_of, applies, as_facts, visit
from hub.actions.context import Context
from routing.automation.tables import AutomationRule, Since
from routing.automation.waits import waits
from storage import automation as stored
from storage.automation import AnchorsRow, DueRow, FactsRow
from storage.database import Connection

_LOOK = 2000
_AT_ONCE = 200
_AT_ONCE_RUN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Busy:
    """A row, and the rules that hold for it."""

    due: DueRow
    facts: FactsRow
    rules: Sequence[AutomationRule]


async def run_rules(ctx: Context) -> int:
    """Look at what happened and at what has waited long enough; returns 0 where there was nothing to do."""
    book = ctx.rules.automations
    seen = await ctx.database.run_one(lambda c: stored.take_in(c, book.listened, _LOOK))
    over = await ctx.database.run_one(lambda c: stored.take_in_waits(c, _AT_ONCE))
    await _agree(ctx)
    planned = await ctx.database.run_one(lambda c: stored.take_in_plan(c, _AT_ONCE))
    settled, busy = await ctx.database.run(lambda c: _look(ctx, c))
    await _run_all(ctx, busy)
    return settled + len(busy) + over + planned + seen // _LOOK


async def _agree(ctx: Context) -> None:
    """Once for each version of the rules: tickets that are there already have waits by new rules too."""
    book, version = ctx.rules.automations, ctx.rulebook.version
    if ctx.memo.get(run_rules) == (version, book.fingerprint):
        return
    await ctx.database.run_one(
        lambda c: stored.agree_on_plan(c, book.fingerprint, version, waits=bool(book.timed))
    )
    ctx.memo[run_rules] = (version, book.fingerprint)


async def _look(ctx: Context, connection: Connection) -> tuple[int, list[_Busy]]:
    """How many rows concern no rule and are settled, and those that do."""
    rows = await stored.claim(connection, _AT_ONCE)
    if not rows:
        return 0, []
    book = ctx.rules.automations
    stopped = {one.rule for one in await stored.stopped(connection)}
    facts = await stored.facts(
        connection,
        [(row.ticket_id, row.seq) for row in rows],
        count_open=book.counts_open,
        read_fields=book.reads_fields,
    )
    waiting = [row.ticket_id for row in rows if row.rule is not None or book.timed]
    anchors = await stored.anchors(connection, waiting) if waiting else {}
    asked = {row.id: _asked(ctx, row, facts, anchors, stopped) for row in rows}
    ran = await _ran(connection, rows, asked)
    busy, idle = [], []
    for row in rows:
        left = [rule for rule in asked[row.id] if (row.id, rule.name) not in ran]
        if left:
            busy.append(_Busy(due=row, facts=facts[row.ticket_id, row.seq], rules=left))
        else:
            idle.append(row)
    await _settle(ctx, connection, idle, facts.values(), anchors, stopped)
    return len(idle), busy


def _asked(
    ctx: Context,
    row: DueRow,
    facts: dict[tuple[int, int], FactsRow],
    anchors: dict[int, AnchorsRow],
    stopped: set[str],
) -> list[AutomationRule]:
    """The rules that hold, in their order."""
    known = facts.get((row.ticket_id, row.seq))
    if known is None:
        return []
    book = ctx.rules.automations
    if row.rule is not None:
        waited = book.waiting(row.rule)
        candidates: Sequence[AutomationRule] = () if waited is None else (waited,)
    else:
        candidates = book.listening
    return [
        rule
        for rule in candidates
        if rule.name not in stopped and applies(ctx, rule, row, known, anchors.get(row.ticket_id))
    ]


async def _ran(
    connection: Connection, rows: Sequence[DueRow], asked: dict[int, list[AutomationRule]]
) -> set[tuple[int, str]]:
    """(row, rule) of what is on record already: a hub died after some rules of a row."""
    events = [
        (row.ticket_id, rule.name, row.seq) for row in rows if row.anchor is None for rule in asked[row.id]
    ]
    ends = [(row.ticket_id, rule.name, row.anchor) for row in rows if row.anchor for rule in asked[row.id]]
    looked = await stored.ran_for_events(connection, events) if events else set()
    waited = await stored.ran_for_waits(connection, ends) if ends else set()
    return {
        (row.id, rule.name)
        for row in rows
        for rule in asked[row.id]
        if (row.ticket_id, rule.name, row.seq) in looked
        or (row.anchor is not None and (row.ticket_id, rule.name, row.anchor) in waited)
    }


async def _run_all(ctx: Context, busy: Sequence[_Busy]) -> None:
    """A few at once: they are of different tickets, and each waits for the database most of its time."""
    waiting = iter(busy)

    async def work() -> None:
        for one in waiting:
            await _run(ctx, one)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(_AT_ONCE_RUN, len(busy))):
                group.create_task(work())
    except BaseExceptionGroup as several:
        raise several.exceptions[0] from several  # the first ended the others


async def _run(ctx: Context, one: _Busy) -> None:
    """Rule by rule, in their order. The end of a wait changes no other wait, so that nothing is reckoned after it."""
    whole = one.due.rule is not None or not ctx.rules.automations.timed
    for place, rule in enumerate(one.rules, 1):
        last = whole and place == len(one.rules)
        if not await visit(ctx, one.due, rule, one.facts, last=last) or last:
            return

    async def finish(connection: Connection) -> None:
        if not await stored.claim_one(connection, one.due.id):
            return
        book = ctx.rules.automations
        key = (one.due.ticket_id, one.due.seq)
        facts = await stored.facts(connection, [key], count_open=False, read_fields=False)
        anchors = await stored.anchors(connection, [one.due.ticket_id]) if book.timed else {}
        stopped = {row.rule for row in await stored.stopped(connection)}
        await _settle(ctx, connection, [one.due], facts.values(), anchors, stopped)

    await ctx.database.run(finish)


async def _settle(
    ctx: Context,
    connection: Connection,
    rows: Sequence[DueRow],
    facts: Iterable[FactsRow],
    anchors: dict[int, AnchorsRow],
    stopped: set[str],
) -> None:
    """Reckon what these tickets wait for, and take the rows off the list. The end of a wait changes no other wait: what its
    rule did is in the ledger, and is looked at in turn."""
    if not rows:
        return
    tickets = {row.ticket_id for row in rows if row.rule is None}
    if tickets and ctx.rules.automations.timed:
        await _plan(
            ctx,
            connection,
            {one.ticket_id: one for one in facts if one.ticket_id in tickets},
            anchors,
            stopped,
        )
    await stored.settle(connection, [row.id for row in rows])


async def _plan(
    ctx: Context,
    connection: Connection,
    facts: dict[int, FactsRow],
    anchors: dict[int, AnchorsRow],
    stopped: set[str],
) -> None:
    book = ctx.rules.automations
    rules = [rule for rule in book.timed if rule.name not in stopped]
    wanted: list[tuple[int, str, datetime, datetime]] = []
    for ticket_id, row in facts.items():
        known = anchors.get(ticket_id)
        if known is None:
            continue
        since = {one: at for one in Since if (at := anchor_of(known, one)) is not None}
        wanted += [
            (ticket_id, rule.name, anchor, due)
            for rule, anchor, due in waits(rules, as_facts(row), since, book.calendars)
        ]
    done = await stored.ran_for_waits(connection, [one[:3] for one in wanted]) if wanted else set()
    await stored.plan(connection, sorted(facts), [one for one in wanted if one[:3] not in done])
