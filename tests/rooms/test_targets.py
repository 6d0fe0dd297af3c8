"""Clocks over a real database: one way to them, each word once, however many hubs there are."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import date, timedelta

import pytest
from structlog.testing import capture_logs

from hub.actions.context import Context
from hub.actions.rules.rulebook import as_document, change_rules, reload_rules
from hub.actions.targets import Touch, touch
from hub.actions.timers import fire_due
from storage.database import Connection
from tests.fakes.clocks import ROUND_THE_CLOCK, SHIPPED, clock, rules, time_passes, told
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import SYSTEM, a_hub, mend_ledger, one, rows, spoil_ledger


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, rules=rules()) as hub:
        yield hub
        await assert_invariants(hub.database)


async def some_tickets(
    ctx: Context, many: int = 1, *, status: str = "open", kind: str = "enquiry"
) -> list[int]:
    """Tickets as they are in the middle of the transaction that opens them, with the clocks that begin then."""

    async def work(c: Connection) -> list[int]:
        made = await c.fetch(
            """WITH who AS (INSERT INTO customer (name) SELECT 'c' FROM generate_series(1, $1::int) RETURNING id)
               INSERT INTO ticket (customer_id, channel_id, subject, kind, queue_id, status, seq, waiting_since)
               SELECT who.id, (SELECT min(id) FROM channel), 's', $3, (SELECT id FROM queue WHERE name = 'enquiries'), $2, 1,
                      CASE WHEN $2 = 'open' THEN clock_timestamp() END
               FROM who RETURNING id""",
            many, status, kind,
        )  # fmt: skip
        ids = [row["id"] for row in made]
        await c.execute(
            "INSERT INTO event (ticket_id, seq, kind) SELECT unnest($1::bigint[]), 1, 'ticket_opened'", ids
        )
        await touch(c, ctx.rules, [Touch(ticket_id=number, opened=True) for number in ids])
        return ids

    return await ctx.database.run(work)


async def happens(ctx: Context, ids: Sequence[int], status: str = "", **what: bool) -> None:
    async def work(c: Connection) -> None:
        await c.fetch(
            "SELECT FROM ticket WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE", list(ids)
        )
        if status:
            await c.execute(
                """UPDATE ticket SET status = $2, waiting_since = CASE WHEN $2 = 'open' THEN clock_timestamp() END
                   WHERE id = ANY($1::bigint[])""",
                list(ids), status,
            )  # fmt: skip
        await touch(c, ctx.rules, [Touch(ticket_id=number, **what) for number in ids])

    await ctx.database.run(work)


async def test_a_ticket_has_clocks_from_its_opening_until_it_is_resolved(ctx: Context) -> None:
    (number,) = await some_tickets(ctx)
    first, solution = await clock(ctx, number, "first_response"), await clock(ctx, number, "resolution")
    assert (first["state"], first["left"], first["named_by"], first["rules_version"]) == (
        "running",
        60,
        "usual",
        1,
    )
    assert solution["left"] == 480
    await time_passes(ctx, 30)
    await happens(ctx, [number], "pending", answered=True)
    assert (await clock(ctx, number, "first_response"))["state"] == "met"
    solution = await clock(ctx, number, "resolution")
    assert (solution["state"], solution["because"], solution["due_at"]) == (
        "paused",
        "waits_for_customer",
        None,
    )
    await time_passes(ctx, 100)
    await happens(ctx, [number], "open", customer_wrote=True)
    assert (
        (await clock(ctx, number, "resolution"))["left"],
        (await clock(ctx, number, "next_response"))["left"],
    ) == (450, 120)
    await time_passes(ctx, 20)
    await happens(ctx, [number], "resolved")
    ended = {
        row["target"]: row["state"]
        for row in await rows(ctx, "SELECT target, state FROM sla_clock ORDER BY target")
    }
    assert ended == {"first_response": "met", "next_response": "dropped", "resolution": "met"}
    parts = await rows(
        ctx,
        """SELECT state, because, round(extract(epoch FROM until - since) / 60)::int AS minutes FROM sla_segment
           WHERE target = 'resolution' ORDER BY place""",
    )
    assert [tuple(row.values()) for row in parts] == [
        ("running", "opened", 30),
        ("paused", "waits_for_customer", 100),
        ("running", "customer_wrote", 20),
    ]
    assert await told(ctx, number) == []


async def test_one_about_which_nothing_can_be_said_is_put_off_and_the_others_are_heard_of(
    ctx: Context,
) -> None:
    bad, good = (await some_tickets(ctx))[0], (await some_tickets(ctx))[0]
    await spoil_ledger(ctx, bad)
    await time_passes(ctx, 50)
    with capture_logs() as logged:
        assert await fire_due(ctx) == 1
        assert await fire_due(ctx) == 0
    assert [(line["event"], line["ticket"]) for line in logged] == [("targets.put_off", bad)]
    assert await told(ctx, good) == [("sla_warning", "first_response")]
    await mend_ledger(ctx, bad)
    await time_passes(ctx, 61)
    await fire_due(ctx)
    assert ("sla_breached", "first_response") in await told(ctx, bad)


async def test_a_warning_then_a_breach_each_once_and_the_priority_is_raised(ctx: Context) -> None:
    (number,) = await some_tickets(ctx)
    assert await fire_due(ctx) == 0
    await time_passes(ctx, 50)
    assert await fire_due(ctx) == 1
    assert await fire_due(ctx) == 0
    assert await told(ctx, number) == [("sla_warning", "first_response")]
    await time_passes(ctx, 15)
    assert await fire_due(ctx) == 1
    assert await fire_due(ctx) == 0
    assert (await told(ctx, number))[1:] == [("sla_breached", "first_response"), ("priority_changed", "")]
    raised = (await rows(ctx, "SELECT priority, promised_priority, seq FROM ticket"))[0]
    assert raised == {"priority": 3, "promised_priority": 2, "seq": 4}
    await time_passes(ctx, 1)
    await happens(ctx, [number], "pending", answered=True)
    assert (await clock(ctx, number, "first_response"))["state"] == "missed"
    assert len(await told(ctx, number)) == 3


async def test_a_raised_priority_does_not_change_what_was_promised(database_dsn: str) -> None:
    tight = {**ROUND_THE_CLOCK, "name": "high", "when": {"priority": ["high"]}, "resolution": 60}
    async with a_hub(database_dsn, rules=rules(tight, ROUND_THE_CLOCK)) as ctx:
        (number,) = await some_tickets(ctx)
        await time_passes(ctx, 70)
        assert await fire_due(ctx) == 1
        assert await one(ctx, "SELECT priority FROM ticket") == 3
        await happens(ctx, [number])
        assert (await clock(ctx, number, "resolution"))["left"] == 410
        assert await fire_due(ctx) == 0


async def test_who_answers_too_late_says_so_instead_of_the_timer(ctx: Context) -> None:
    """Without a timer having fired; and the priority of what is answered needs no raising."""
    (number,) = await some_tickets(ctx)
    await time_passes(ctx, 70)
    await happens(ctx, [number], "pending", answered=True)
    assert await told(ctx, number) == [("sla_breached", "first_response")]
    missed = await clock(ctx, number, "first_response")
    assert (missed["state"], missed["breached_at"]) == ("missed", missed["due_at"])
    assert await fire_due(ctx) == 0
    assert await one(ctx, "SELECT priority FROM ticket") == 2


async def test_what_was_missed_while_no_hub_ran_is_said_once_by_one_of_them_and_marked_late(
    ctx: Context, database_dsn: str
) -> None:
    """Five hundred deadlines; hubs that wake up together; one announcement for each batch, not for each ticket."""
    await some_tickets(ctx, 500)
    await time_passes(ctx, 70)
    announced: list[str] = []
    listening = await ctx.database.connect_alone()
    await listening.add_listener("hub_events", lambda *_: announced.append("now"))
    async with a_hub(database_dsn, rules=rules()) as second, a_hub(database_dsn, rules=rules()) as third:
        said = [await asyncio.gather(*(fire_due(hub) for hub in (ctx, second, third))) for _ in range(3)]
    assert sum(map(sum, said)) == 500
    counted = await rows(
        ctx,
        """SELECT count(*) AS said, count(DISTINCT ticket_id) AS tickets, min((data->>'late_seconds')::int) AS late
           FROM event WHERE kind = 'sla_breached'""",
    )
    assert counted[0]["said"] == counted[0]["tickets"] == 500
    assert 595 <= counted[0]["late"] <= 660
    assert await one(ctx, "SELECT count(*) FROM event WHERE kind = 'sla_warning'") == 0
    await listening.execute("SELECT 1")
    assert 1 <= len(announced) <= 3
    await listening.close()


async def test_timers_and_people_at_the_same_moment_say_it_once_and_do_not_wait_for_each_other(
    ctx: Context, database_dsn: str
) -> None:
    ids = await some_tickets(ctx, 60)
    await time_passes(ctx, 70)
    async with a_hub(database_dsn, rules=rules()) as other:
        await asyncio.gather(
            *(fire_due(other) for _ in range(3)),
            *(happens(ctx, ids[n::6], "pending", answered=True) for n in range(6)),
            *(fire_due(ctx) for _ in range(3)),
        )
        await fire_due(other)
    each = await rows(
        ctx, "SELECT count(*) AS said FROM event WHERE kind = 'sla_breached' GROUP BY ticket_id"
    )
    assert [row["said"] for row in each] == [1] * 60
    await one(ctx, "SELECT pg_stat_clear_snapshot()")
    assert await one(ctx, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0


async def test_a_hub_that_is_cut_off_in_the_middle_says_nothing_twice_and_forgets_nothing(
    ctx: Context,
) -> None:
    await some_tickets(ctx, 100)
    await time_passes(ctx, 70)
    for turns in range(0, 120, 6):
        firing = asyncio.create_task(fire_due(ctx))
        for _ in range(turns):
            await asyncio.sleep(0)
        firing.cancel()
        await asyncio.gather(firing, return_exceptions=True)
    while await fire_due(ctx):
        pass
    each = await rows(
        ctx, "SELECT count(*) AS said FROM event WHERE kind = 'sla_breached' GROUP BY ticket_id"
    )
    assert [row["said"] for row in each] == [1] * 100


async def test_a_hundred_tickets_cost_as_many_round_trips_as_one(ctx: Context) -> None:
    """Opening, and speaking; counted by the statements that the server saw."""

    seen = 0

    def count(*_: object) -> None:
        nonlocal seen
        seen += 1

    async def statements(c: Connection, many: int) -> tuple[int, int]:
        nonlocal seen
        counts = []
        ids = await _open(c, many)
        for what in ({"opened": True}, {"answered": True}):
            seen = 0
            with c.query_logger(count):
                await touch(c, ctx.rules, [Touch(ticket_id=number, **what) for number in ids])
                await asyncio.sleep(0)  # the driver calls its loggers in the loop's next round
            counts.append(seen)
        return counts[0], counts[1]

    async def work(c: Connection) -> list[tuple[int, int]]:
        await statements(c, 1)  # the first time the driver asks what types there are
        return [await statements(c, many) for many in (1, 100)]

    assert await ctx.database.run(work) == [(2, 2), (2, 2)]


async def _open(c: Connection, many: int) -> list[int]:
    made = await c.fetch(
        """WITH who AS (INSERT INTO customer (name) SELECT 'c' FROM generate_series(1, $1::int) RETURNING id), t AS (
           INSERT INTO ticket (customer_id, channel_id, subject, kind, queue_id, seq)
           SELECT who.id, (SELECT min(id) FROM channel), 's', 'enquiry', (SELECT min(id) FROM queue), 1 FROM who RETURNING id)
           INSERT INTO event (ticket_id, seq, kind) SELECT id, 1, 'ticket_opened' FROM t RETURNING ticket_id""",
        many,
    )
    return [row["ticket_id"] for row in made]


OFFICE = {
    "name": "always", "title_en": "Hours", "title_zh": "时间", "zone": "UTC", "hours": "always",
}  # fmt: skip


async def test_other_promises_are_worked_out_once_however_many_hubs_start_with_them(
    ctx: Context, database_dsn: str
) -> None:
    ids = await some_tickets(ctx, 30)
    waiting, resolved = ids[:5], ids[5:10]
    await happens(ctx, waiting, "pending", answered=True)
    await happens(ctx, resolved, "resolved")
    await time_passes(ctx, 100)
    last_touched = "SELECT id, updated_at FROM ticket WHERE id = ANY($1::bigint[]) ORDER BY id"
    touched = await rows(ctx, last_touched, waiting)
    changed = rules({**ROUND_THE_CLOCK, "first_response": 600, "resolution": 90})
    async with a_hub(database_dsn, rules=changed) as second, a_hub(database_dsn, rules=changed) as third:
        for _ in range(3):
            await asyncio.gather(fire_due(second), fire_due(third), fire_due(ctx))
        assert await one(ctx, "SELECT max(version) FROM sla_rules") == 2
        assert await one(ctx, "SELECT count(*) FROM sla_rules") == 2
        # The old hub goes on with the old file; the others put right what it promises.
        (late,) = await some_tickets(ctx)
        assert (await clock(ctx, late, "resolution"))["left"] == 480
        await fire_due(second)
        assert (await clock(ctx, late, "resolution"))["left"] == 90
    moved = await rows(
        ctx,
        """SELECT ticket_id, data->>'target' AS target, count(*) AS times FROM event WHERE kind = 'sla_recomputed'
           AND ticket_id <> $1 GROUP BY 1, 2""",
        late,
    )
    assert {row["times"] for row in moved} == {1}
    assert sorted(row["target"] for row in moved) == ["first_response"] * 20 + ["resolution"] * 20
    assert await rows(ctx, last_touched, waiting) == touched  # lists keep their order
    assert (
        await one(
            ctx, "SELECT count(*) FROM sla_clock WHERE state IN ('running', 'paused') AND rules_version <> 2"
        )
        == 0
    )
    # Ninety minutes are over for those that ran; those that waited rested.
    overdue = await rows(
        ctx, "SELECT ticket_id FROM sla_clock WHERE target = 'resolution' AND breached_at IS NOT NULL"
    )
    assert {row["ticket_id"] for row in overdue} == set(ids[10:])
    assert (
        await one(
            ctx, "SELECT count(*) FROM event WHERE kind = 'sla_breached' AND data->>'target' = 'resolution'"
        )
        == 20
    )
    assert (await clock(ctx, ids[20], "first_response"))["left"] == 500


async def test_a_file_that_comes_back_is_a_new_version_and_the_same_one_is_none(
    ctx: Context, database_dsn: str
) -> None:
    (number,) = await some_tickets(ctx)
    for content, version, left in (
        (rules(), 1, 480),
        (rules({**ROUND_THE_CLOCK, "resolution": 90}), 2, 90),
        (rules(), 3, 480),
    ):
        async with a_hub(database_dsn, rules=content) as hub:
            await fire_due(hub)
            found = await clock(hub, number, "resolution")
            assert (found["rules_version"], found["left"]) == (version, left)
    assert await one(ctx, "SELECT version FROM sla_clock WHERE target = 'resolution'") == 3


def _a_year_from(day: date) -> str:
    """A period as calendars write it: 365 days, of which a leap year has one more."""
    return f"{day.isoformat()}/{(day + timedelta(days=364)).isoformat()}"


async def test_a_calendar_that_changes_moves_the_deadlines(ctx: Context, database_dsn: str) -> None:
    """Tomorrow and the day after become days off: what is due in eight hours of round the clock may be due two days later."""
    (number,) = await some_tickets(ctx)
    today = await one(ctx, "SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date")
    before = (await clock(ctx, number, "resolution"))["due_at"]
    closed = {**OFFICE, "days_off": [_a_year_from(today)]}
    calendar = [table for table in SHIPPED["calendar"] if table["name"] != "always"] + [closed]
    async with a_hub(database_dsn, rules=rules(calendar=calendar)) as hub:
        await fire_due(hub)
    after = (await clock(ctx, number, "resolution"))["due_at"]
    assert (after - before).days >= 364
    assert ("sla_recomputed", "resolution") in await told(ctx, number)


async def test_a_calendar_that_is_edited_while_hubs_run_moves_each_deadline_once(
    ctx: Context, database_dsn: str
) -> None:
    """F72. Every hub may be the one that works a deadline out again; also one that has not heard of the change yet. From then
    on the old deadline is nobody's."""
    ids = await some_tickets(ctx, 30)
    versions = "SELECT ticket_id, target, version FROM sla_clock ORDER BY ticket_id, target"
    before = await rows(ctx, versions)
    today = await one(ctx, "SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date")
    document = as_document(ctx.rules)
    for table in document["calendar"]:
        if table["name"] == "always":
            table["days_off"] = [_a_year_from(today)]
    async with a_hub(database_dsn, rules=rules()) as second, a_hub(database_dsn, rules=rules()) as third:
        await change_rules(second, document=document, base_version=1, actor=SYSTEM)
        for _ in range(2):
            await asyncio.gather(fire_due(second), fire_due(third), fire_due(ctx))
        assert await reload_rules(third) == 1
        for _ in range(2):
            await asyncio.gather(fire_due(second), fire_due(third), fire_due(ctx))
    moved = await rows(
        ctx,
        """SELECT ticket_id, data->>'target' AS target, count(*) AS times FROM event
           WHERE kind = 'sla_recomputed' GROUP BY 1, 2""",
    )
    assert {row["times"] for row in moved} == {1}
    assert len(moved) == 2 * len(ids)
    assert await one(ctx, "SELECT min(rules_version) FROM sla_clock") == 2
    assert await rows(ctx, versions) == [{**row, "version": row["version"] + 1} for row in before]
    # What is due, and what timers look for: neither an end nor a warning of before is left.
    soonest = (
        "SELECT least(min(due_at), min(next_at)) > clock_timestamp() + interval '300 days' FROM sla_clock"
    )
    assert await one(ctx, soonest)


async def test_what_is_not_promised_any_more_ends_without_a_word(ctx: Context, database_dsn: str) -> None:
    (number,) = await some_tickets(ctx)
    async with a_hub(database_dsn, rules=rules({**ROUND_THE_CLOCK, "first_response": 0})) as hub:
        await fire_due(hub)
        gone = await clock(hub, number, "first_response")
        assert (gone["state"], gone["because"]) == ("dropped", "not_promised")
        await time_passes(hub, 70)
        assert await fire_due(hub) == 0
    assert await told(ctx, number) == []


async def test_an_answer_that_did_not_arrive_is_owed_again(ctx: Context) -> None:
    (number,) = await some_tickets(ctx)
    await time_passes(ctx, 30)
    await happens(ctx, [number], "pending", answered=True)
    await time_passes(ctx, 40)
    await happens(ctx, [number], "open", unanswered=True)
    again = await clock(ctx, number, "first_response")
    assert (again["state"], again["because"], again["left"]) == ("running", "not_answered", 30)
    assert await one(ctx, "SELECT count(*) FROM sla_segment WHERE target = 'first_response'") == 2


async def test_of_tickets_that_are_opened_together_each_has_its_own_clocks(ctx: Context) -> None:
    """Those that are over at once have none."""

    async def work(c: Connection) -> list[int]:
        ids = await _open(c, 9)
        await c.execute(
            "UPDATE ticket SET status = 'closed', waiting_since = NULL WHERE id = ANY($1)", ids[:3]
        )
        await c.execute(
            "UPDATE ticket SET status = 'pending', waiting_since = NULL WHERE id = ANY($1)", ids[3:5]
        )
        await touch(c, ctx.rules, [Touch(ticket_id=number, opened=True) for number in ids])
        return ids

    ids = await ctx.database.run(work)
    found = await rows(ctx, "SELECT ticket_id, target, state FROM sla_clock ORDER BY ticket_id, target")
    assert [tuple(row.values()) for row in found] == [
        *((number, "resolution", "paused") for number in ids[3:5]),
        *((number, target, "running") for number in ids[5:] for target in ("first_response", "resolution")),
    ]


async def test_a_ticket_that_is_opened_resolved_has_no_clocks(ctx: Context) -> None:
    await some_tickets(ctx, status="resolved")
    assert await one(ctx, "SELECT count(*) FROM sla_clock") == 0
