"""Rules on several hubs: each reason is dealt with once by each rule, whoever comes first, and whoever dies in the middle."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from hub.actions.automation import visit as visits
from hub.actions.automation.look import run_rules
from hub.actions.context import Context
from hub.actions.tags import change_tags
from storage.database import Connection
from tests.fakes.automation import automated, did, runs, settle, time_passes
from tests.fakes.hold_up import HOLD_UP
from tests.fakes.invariants import assert_invariants, check_every_commit
from tests.fakes.processes import serving, until
from tests.fakes.scene import SECRET, SYSTEM, a_hub, an_agent, one, rows, say, ticket

RULES = """
[[automation]]
name = "first"
on = ["opened", "tag_added"]
then = [ { note = "first" }, { add_tags = ["seen"] } ]

[[automation]]
name = "second"
on = ["opened"]
then = [ { note = "second" }, { assign = "agent:li" } ]

[[automation]]
name = "late"
after = 10
of = "opened"
then = [ { note = "late" }, { priority = "urgent" } ]
"""
TICKETS = 40
TAKE_OVER_SECONDS = 30.0
"""Within which the share of a hub that is gone is another's."""


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, rules=automated(RULES)) as hub:
        await check_every_commit(hub.database, by_hand=True)
        yield hub
        await assert_invariants(hub.database, by_hand=True)


async def notes(ctx: Context) -> Counter[tuple[int, str]]:
    found = await rows(ctx, "SELECT ticket_id, text FROM interaction WHERE direction = 'internal'")
    return Counter((row["ticket_id"], row["text"]) for row in found)


async def test_hubs_that_race_do_each_thing_once(ctx: Context, database_dsn: str) -> None:
    await an_agent(ctx, "li", capacity=100)
    async with AsyncExitStack() as stack:
        hubs = [ctx]
        for _ in range(2):
            hubs.append(await stack.enter_async_context(a_hub(database_dsn, rules=automated(RULES))))
        made = [await ticket(ctx, await say(ctx, text=f"Hello {n}", key=str(n))) for n in range(TICKETS)]
        await asyncio.gather(*(settle(hub, 500) for hub in hubs))
        await time_passes(ctx, 11)
        await asyncio.gather(*(settle(hub, 500) for hub in hubs))
    wanted = {
        (one_["id"], text): many for one_ in made for text, many in (("first", 2), ("second", 1), ("late", 1))
    }
    assert await notes(ctx) == Counter(wanted)
    assert {row["assignee_id"] for row in await rows(ctx, "SELECT assignee_id FROM ticket")} == {
        await one(ctx, "SELECT id FROM agent")
    }
    order = [
        row["text"]
        for row in await rows(
            ctx,
            "SELECT text FROM interaction WHERE direction = 'internal' AND ticket_id = $1 ORDER BY id",
            made[0]["id"],
        )
    ]
    # What a rule's tag set off comes after what opened the ticket.
    assert order == ["first", "second", "first", "late"]


async def test_what_happened_to_one_ticket_is_looked_at_in_order(ctx: Context, database_dsn: str) -> None:
    await an_agent(ctx, "li")
    kept = await say(ctx, text="Hello", key="a")
    now = await ticket(ctx, kept)
    for n in range(12):
        await change_tags(ctx, ticket_code=now["code"], add=[f"t{n}"], actor=SYSTEM)
    async with a_hub(database_dsn, rules=automated(RULES)) as other:
        await asyncio.gather(settle(ctx, 500), settle(other, 500))
    looked = await rows(ctx, "SELECT seq FROM automation_run WHERE rule = 'first' ORDER BY id")
    assert len(looked) >= 13
    assert [row["seq"] for row in looked] == sorted(row["seq"] for row in looked)


async def test_a_hub_that_dies_between_the_rules_of_one_event_leaves_the_rest_to_the_next(
    ctx: Context, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await an_agent(ctx, "li")
    kept = await say(ctx, text="Hello", key="a")
    number = (await ticket(ctx, kept))["id"]
    real = visits.act

    class Died(BaseException):
        """The process is gone: nothing of ours runs any more."""

    async def dies(case, action, place):  # type: ignore[no-untyped-def]
        done = await real(case, action, place)
        if case.rule.name == "second":
            raise Died
        return done

    async with a_hub(database_dsn, rules=automated(RULES)) as victim:
        monkeypatch.setattr(visits, "act", dies)
        with pytest.raises(Died):
            await settle(victim)
        monkeypatch.undo()
    assert await runs(ctx, number) == [("first", "opened", "done")]
    assert await notes(ctx) == {(number, "first"): 1}
    await settle(ctx)
    assert await notes(ctx) == {(number, "first"): 2, (number, "second"): 1}
    assert [rule for rule, _, _ in await runs(ctx, number)] == ["first", "second", "first"]


async def test_a_hub_whose_loop_is_held_up_at_one_ticket_is_cut_off_and_its_share_is_taken_over(
    ctx: Context, database_dsn: str, tmp_path: Path
) -> None:
    """F7. A hub process has done what a rule says and not yet written that down, when work in its loop does not end. Nobody
    helps: its session is ended, another hub does its share, and when it goes on it does nothing a second time."""
    await an_agent(ctx, "li", presence="offline")
    kept = await say(ctx, text="Hello", key="a")
    number = (await ticket(ctx, kept))["id"]
    rules, held_up = tmp_path / "rules.toml", tmp_path / "held up"
    rules.write_bytes(automated(RULES))
    begin = partial(
        serving,
        dsn=database_dsn,
        channels={},
        secret=SECRET.decode(),
        env={HOLD_UP: str(held_up), "HUB_ROUTING_RULES": str(rules)},
    )
    wanted = {(number, "first"): 2, (number, "second"): 1}

    async def has_begun() -> bool:
        return bool(await one(ctx, _IS_AT_A_RULE))

    async def taken_over() -> bool:
        return await notes(ctx) == wanted

    async with AsyncExitStack() as stack:
        locker = await ctx.database.connect_alone(unhurried=True)
        stack.callback(locker.terminate)
        await locker.execute("BEGIN; LOCK TABLE automation_run IN SHARE MODE")
        victim = await stack.enter_async_context(begin(tmp_path / "victim"))
        stack.callback(held_up.unlink, missing_ok=True)
        await until(has_begun, seconds=60, what="it is in the middle of a rule")
        held_up.touch()
        victim.process.send_signal(signal.SIGUSR1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1), aiohttp.ClientSession() as client:
                await client.get(f"{victim.url}/healthz")
        await locker.execute("ROLLBACK")
        await stack.enter_async_context(begin(tmp_path / "other"))
        await until(taken_over, seconds=TAKE_OVER_SECONDS, what="another hub has done its share")
        held_up.unlink()

        async def goes_on() -> bool:
            return "loop.held_up" in victim.log.read_text("utf-8")

        await until(goes_on, seconds=30, what="it says that it was held up")
        await victim.ready()
        await settle(ctx)
        assert await taken_over()
        assert Counter(rule for rule, _, _ in await runs(ctx, number)) == {"first": 2, "second": 1}


_IS_AT_A_RULE = """
SELECT count(*) FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND query LIKE '%automation_run%' AND datname = current_database()
"""


async def test_a_fault_of_ours_is_on_record_once_and_holds_up_nothing(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    await an_agent(ctx, "li")
    kept = await say(ctx, text="Hello", key="a")
    number = (await ticket(ctx, kept))["id"]
    real = visits.act

    async def faulty(case, action, place):  # type: ignore[no-untyped-def]
        if case.rule.name == "first" and action.verb == "add_tags":
            raise ZeroDivisionError
        return await real(case, action, place)

    monkeypatch.setattr(visits, "act", faulty)
    await settle(ctx)
    assert await runs(ctx, number) == [("first", "opened", "failed"), ("second", "opened", "done")]
    # All of the rule or nothing.
    assert await notes(ctx) == {(number, "second"): 1}
    (row,) = await rows(ctx, "SELECT error FROM automation_run WHERE outcome = 'failed'")
    assert row == {"error": "ZeroDivisionError"}
    assert await did(ctx, number) == [("note", "done", ""), ("assign", "done", "")]


async def test_what_happens_while_an_older_transaction_runs_is_not_missed(ctx: Context) -> None:
    """It commits late, with a lower number than what was looked at meanwhile would have."""
    kept = await say(ctx, text="Hello", key="a")
    now = await ticket(ctx, kept)
    await settle(ctx)
    late = await ctx.database.connect_alone()
    try:
        await late.execute("BEGIN")
        await late.execute("SELECT pg_current_xact_id()")
        await change_tags(ctx, ticket_code=now["code"], add=["one"], actor=SYSTEM)
        await settle(ctx)
        before = len(await runs(ctx, now["id"]))
        await late.execute("ROLLBACK")
    finally:
        await late.close()
    await settle(ctx)
    assert len(await runs(ctx, now["id"])) == before + 1


async def test_the_mark_is_locked_by_one_hub_at_a_time(ctx: Context) -> None:
    await say(ctx, text="Hello", key="a")

    async def hold(c: Connection) -> None:
        await c.fetchval("SELECT 1 FROM feed_mark WHERE name = 'automation' FOR NO KEY UPDATE")
        await run_rules(ctx)
        assert await c.fetch("SELECT 1 FROM automation_due") == []

    await ctx.database.run(hold)
    await settle(ctx)
    assert len(await notes(ctx)) == 2
