"""Timers fire once, on time, and not after what they waited for has changed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from hub.actions.context import Context
from hub.actions.status import change_status
from hub.actions.timers import PARTS, fire_due
from hub.settings import Settings
from hub.wiring import run_hub
from tests.conftest import SECRET
from tests.fakes.invariants import assert_invariants
from tests.fakes.processes import until
from tests.fakes.scene import SYSTEM, a_hub, ledger, mend_ledger, one, rows, say, spoil_ledger, ticket

BOB = [("email", "bob@example.com", True)]


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        yield hub
        await assert_invariants(hub.database)


async def _resolved(ctx: Context, key: str = "k") -> dict[str, Any]:
    opened = await ticket(ctx, await say(ctx, who=BOB, key=key))
    await change_status(ctx, ticket_code=opened["code"], status="resolved", actor=SYSTEM)
    return opened


async def _time_passes(ctx: Context) -> None:
    await ctx.database.run(lambda c: c.execute("UPDATE timer SET due_at = due_at - interval '8 days'"))


async def test_a_resolved_ticket_closes_when_its_time_has_come_and_not_before(ctx: Context) -> None:
    opened = await _resolved(ctx)
    assert await fire_due(ctx) == 0
    await _time_passes(ctx)
    assert await fire_due(ctx) == 1
    assert await fire_due(ctx) == 0
    after = (await rows(ctx, "SELECT * FROM ticket"))[0]
    assert (after["status"], after["waiting_since"]) == ("closed", None)
    assert (await ledger(ctx, opened["id"])).count("status_changed") == 2


@pytest.mark.parametrize("how", ["customer", "agent"])
async def test_a_ticket_that_was_reopened_is_not_closed(ctx: Context, how: str) -> None:
    opened = await _resolved(ctx)
    if how == "customer":
        await say(ctx, who=BOB, key="k")
    else:
        await change_status(ctx, ticket_code=opened["code"], status="open", actor=SYSTEM)
    await _time_passes(ctx)
    assert await fire_due(ctx) == 0
    assert await one(ctx, "SELECT status FROM ticket") == "open"


async def test_the_time_begins_anew_with_each_resolution(ctx: Context) -> None:
    opened = await _resolved(ctx)
    await _time_passes(ctx)
    for status in ("open", "resolved"):
        await change_status(ctx, ticket_code=opened["code"], status=status, actor=SYSTEM)
    assert await fire_due(ctx) == 0
    await _time_passes(ctx)
    assert await fire_due(ctx) == 1
    assert await one(ctx, "SELECT count(*) FROM timer WHERE fired_at IS NOT NULL") == 1


async def test_two_hubs_fire_each_timer_once(ctx: Context, database_dsn: str) -> None:
    for n in range(30):
        await _resolved(ctx, f"k{n}")
    await _time_passes(ctx)
    async with a_hub(database_dsn) as other:
        fired = await asyncio.gather(*(fire_due(hub) for hub in (ctx, other) * 5))
    assert sum(fired) == 30
    assert (
        await one(ctx, "SELECT count(*) FROM event WHERE kind = 'status_changed' AND data->>'to' = 'closed'")
        == 30
    )


async def test_five_hundred_that_were_due_while_no_hub_ran_fire_once_each_and_are_told_of_together(
    ctx: Context, database_dsn: str
) -> None:
    """F70. How late they were stays to be seen; screens are told of a batch at a time."""
    await ctx.database.run(
        lambda c: c.execute(
            """WITH who AS (INSERT INTO customer (name) SELECT 'c' FROM generate_series(1, 500) RETURNING id), made AS (
                   INSERT INTO ticket (customer_id, channel_id, subject, kind, queue_id, seq, status, waiting_since)
                   SELECT who.id, (SELECT min(id) FROM channel), 's', 'enquiry', (SELECT min(id) FROM queue), 1,
                          'resolved', NULL FROM who RETURNING id), told AS (
                   INSERT INTO event (ticket_id, seq, kind) SELECT id, 1, 'ticket_opened' FROM made)
               INSERT INTO timer (kind, ticket_id, due_at, version)
               SELECT 'close_resolved', id, clock_timestamp() - interval '10 minutes', 1 FROM made"""
        )
    )
    announced: list[str] = []
    listening = await ctx.database.connect_alone()
    await listening.add_listener("hub_events", lambda *_: announced.append("now"))

    async def work(hub: Context) -> int:
        fired = 0
        while now := await fire_due(hub):
            fired += now
        return fired

    async with a_hub(database_dsn) as second, a_hub(database_dsn) as third:
        fired = await asyncio.gather(*(work(hub) for hub in (ctx, second, third)))
    assert sum(fired) == 500
    assert await one(ctx, "SELECT count(*) FROM ticket WHERE status = 'closed'") == 500
    closed = "SELECT count(*) FROM event WHERE kind = 'status_changed' AND data->>'to' = 'closed'"
    assert await one(ctx, closed) == 500
    assert await one(ctx, "SELECT min(fired_at - due_at) >= interval '10 minutes' FROM timer")
    await listening.execute("SELECT 1")
    assert 5 <= len(announced) <= 10, "batches, not one by one"
    await listening.close()


async def test_a_customer_who_writes_while_it_fires_is_answered_by_one_of_the_two(
    ctx: Context, database_dsn: str
) -> None:
    """Whoever is first: the ticket is open again, or it is closed and there is a new one. Nobody waits for the other."""
    for n in range(20):
        await _resolved(ctx, f"k{n}")
    await _time_passes(ctx)
    async with a_hub(database_dsn) as other:
        await asyncio.gather(
            *(fire_due(other) for _ in range(4)), *(say(ctx, who=BOB, key=f"k{n}") for n in range(20))
        )
    assert await one(ctx, "SELECT count(*) FROM ticket WHERE status = 'open'") == 20
    await one(ctx, "SELECT pg_stat_clear_snapshot()")
    assert await one(ctx, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0


async def test_one_that_cannot_fire_is_put_off_and_those_beside_it_fire(ctx: Context) -> None:
    """It does not stand at the head again at once, and what had begun of it is not kept."""
    opened = [await _resolved(ctx, f"k{n}") for n in range(5)]
    await _time_passes(ctx)
    bad = opened[2]["id"]
    await spoil_ledger(ctx, bad)
    with capture_logs() as logged:
        assert await fire_due(ctx) == 5
        assert await fire_due(ctx) == 0
    assert [(line["event"], line["ticket"]) for line in logged] == [("timers.put_off", bad)]
    assert "UniqueViolationError" in logged[0]["error"]
    open_still = await rows(ctx, "SELECT id, status FROM ticket WHERE status <> 'closed'")
    assert [(row["id"], row["status"]) for row in open_still] == [(bad, "resolved")]
    assert await one(ctx, "SELECT due_at > now() + interval '50 minutes' FROM timer WHERE fired_at IS NULL")
    await mend_ledger(ctx, bad)
    await _time_passes(ctx)
    assert await fire_due(ctx) == 1
    assert await one(ctx, "SELECT count(*) FROM ticket WHERE status = 'closed'") == 5


async def test_what_fails_holds_up_nothing_else_that_time_brings(
    ctx: Context, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each part has a loop of its own."""
    await _resolved(ctx)
    await _time_passes(ctx)

    async def fails(_: Context) -> int:
        raise ValueError("for ever")

    parts = {name: part if name == "timers" else fails for name, part in PARTS.items()}
    monkeypatch.setattr("hub.wiring.PARTS", parts)
    settings = Settings.model_validate(
        {"web": {"port": 0}, "database": {"dsn": database_dsn}, "secret_key": SECRET.decode()}
    )

    async def is_closed() -> bool:
        return str(await one(ctx, "SELECT status FROM ticket")) == "closed"

    async with run_hub(settings, database_dsn, grace=8):
        await until(is_closed, seconds=20, what="it is closed although all else fails")
