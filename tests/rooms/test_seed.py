"""A made-up past: as hubs would have written it, the same for the same seed, never among real customers by accident."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.errands.ledger_notices import tell_of_ledger
from hub.actions.failures import NotPossible
from hub.actions.search import find
from hub.actions.search.query import read_query
from hub.model.codes import has_check_digit
from hub.model.people import Actor
from hub.sandbox.seeding.fill import fill
from storage import views
from storage.search_fill import is_behind

MANY = 600
_NOW = datetime.now(UTC)
# The last Wednesday noon: a past that ends on another day of the week is another past.
UNTIL = (_NOW - timedelta(days=(_NOW.weekday() - 2) % 7)).replace(hour=12, minute=0, second=0, microsecond=0)
UNTIL = UNTIL if UNTIL < _NOW else UNTIL - timedelta(days=7)
ANN = Actor(name="Ann", agent_id=1)


async def seed(ctx: Context, *, number: int = 1, force: bool = False) -> int:
    told: list[int] = []
    made = await fill(
        ctx,
        interactions=MANY,
        number=number,
        force=force,
        password="a long enough password",
        progress=lambda done, _all: told.append(done),
        until=UNTIL,
    )
    assert told[-1] == MANY
    return made


async def values(ctx: Context, sql: str) -> list[Any]:
    return await ctx.database.read(lambda c: c.fetch(sql))


async def test_it_is_what_hubs_would_have_written(ctx: Context) -> None:
    tickets = await seed(ctx)
    rows = await values(ctx, "SELECT * FROM ticket ORDER BY id")
    assert len(rows) == tickets and all(has_check_digit(str(row["code"])) for row in rows)
    assert len({row["code"] for row in rows}) == tickets
    assert [row["created_at"] for row in rows] == sorted(row["created_at"] for row in rows)
    counts = await values(
        ctx, "SELECT count(*), count(DISTINCT id), max(created_at) < now() AS past FROM interaction"
    )
    assert tuple(counts[0]) == (MANY, MANY, True)
    # Each ledger without gaps, up to where its ticket stands; each entry in it.
    assert not await values(
        ctx,
        "SELECT t.id FROM ticket t LEFT JOIN event e ON e.ticket_id = t.id GROUP BY t.id, t.seq"
        " HAVING count(*) <> t.seq OR max(e.seq) <> t.seq OR min(e.seq) <> 1",
    )
    assert not await values(
        ctx,
        "SELECT i.id FROM interaction i LEFT JOIN event e ON e.ticket_id = i.ticket_id AND e.seq = i.seq"
        " WHERE (e.data->>'interaction')::bigint IS DISTINCT FROM i.id",
    )
    # No month lies in the table for clocks that run wild.
    assert not await values(
        ctx, "SELECT id FROM interaction_elsewhen UNION ALL SELECT id FROM search_entry_elsewhen"
    )
    assert not await values(
        ctx,
        "SELECT a.id FROM agent a LEFT JOIN ticket t ON t.assignee_id = a.id GROUP BY a.id"
        " HAVING a.load <> coalesce(sum(t.held), 0)",
    )
    languages = {row["language"] for row in rows}
    assert languages == {"zh", "en"} and {row["status"] for row in rows} >= {"open", "resolved", "closed"}
    # Nobody's bell rings for it, and search has read it.
    await tell_of_ledger(ctx)
    assert not await values(ctx, "SELECT id FROM notice") and await ctx.database.read(is_behind) == (
        False,
        False,
    )
    found = await find.find_entries(
        ctx, read_query("订单", rows[0]["created_at"].date()), ANN, UTC, limit=100
    )
    there = await values(
        ctx, "SELECT id FROM interaction WHERE text || subject LIKE '%订单%' ORDER BY id DESC LIMIT 100"
    )
    assert [hit.id for hit in found.hits] == [row["id"] for row in there] and len(there) > 20
    listed = await ctx.database.read(lambda c: views.list_tickets(c, scope="all", agent_id=None))
    assert listed and all(row.status in ("open", "pending") for row in listed)
    # What arrives afterwards goes on in the usual way.
    triggers = await values(ctx, "SELECT tgenabled FROM pg_trigger WHERE tgname = 'search_new'")
    assert {row["tgenabled"] for row in triggers} == {b"O"}


async def _said(ctx: Context) -> list[Any]:
    return [
        tuple(row)
        for row in await values(ctx, "SELECT text, direction, author_name FROM interaction ORDER BY id")
    ]


def _without_address(said: Any) -> Any:
    return re.sub(r"\S+@\S+", "", said[0]), *said[1:]


async def test_the_same_seed_makes_the_same_past_and_refuses_to_stand_among_others(ctx: Context) -> None:
    await seed(ctx, number=7)
    first = await _said(ctx)
    with pytest.raises(NotPossible) as refused:
        await seed(ctx, number=7)
    assert refused.value.code == "not_empty" and await _said(ctx) == first
    await seed(ctx, number=7, force=True)
    again = await _said(ctx)
    assert len(again) == 2 * MANY
    assert sorted(map(_without_address, again)) == sorted(map(_without_address, first * 2))
