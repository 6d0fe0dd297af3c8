"""Questions about other days, from being asked to their answer, over a real database and in a real process."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.rules.rulebook import as_document, change_rules
from hub.actions.simulation import simulate
from hub.actions.simulation.simulate import (
    WrongQuestion,
    answer_next,
    ask_simulation,
    cancel_simulation,
    list_simulations,
    see_simulation,
)
from hub.workers.simulations import simulate as loop_of_simulations
from tests.fakes.bygone import a_few_days
from tests.fakes.scene import SYSTEM, a_hub, an_agent, one, rows

SMALL: dict[str, Any] = {"workload": "history", "days": 4, "seeds": "1-2"}
LONG: dict[str, Any] = {"workload": "reference", "seeds": "1-30"}


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        yield hub


async def until_running(ctx: Context, number: int) -> None:
    """Its process works: it has said how far it is."""
    async with asyncio.timeout(60):
        while (await see_simulation(ctx, number)).progress == 0.0:
            await asyncio.sleep(0.05)


async def test_a_question_about_the_hubs_own_days_is_answered(ctx: Context) -> None:
    await a_few_days(ctx)
    number = await ask_simulation(ctx, {**SMALL, "staff": {"add": [{"like": "li", "count": 2}]}}, SYSTEM)
    assert (await see_simulation(ctx, number)).state == "waiting"
    assert await answer_next(ctx, asyncio.Event()) == 1
    found = await see_simulation(ctx, number)
    assert (found.state, found.progress, found.author) == ("done", 1.0, SYSTEM.name)
    assert found.result is not None
    assert found.result["before"]["errands"] == 96
    assert {one["name"] for one in found.result["after"]["agents"]} == {"li", "wang", "li (2)", "li (3)"}
    assert set(found.result["before"]["by"]["queue"]) == {"complaints", "enquiries", "feedback"}
    assert found.result["differences"]["used"]["mean"] < 0.0
    (entry,) = await list_simulations(ctx)
    assert entry.before == pytest.approx(found.result["before"]["figures"]["in_time_weighted"]["mean"])
    assert await answer_next(ctx, asyncio.Event()) == 0


async def test_other_rules_are_tried_without_being_used(ctx: Context) -> None:
    """Complaints become an urgent matter; nothing else changes, and the rules in use stay."""
    await a_few_days(ctx, days=1)
    before = ctx.rulebook.version
    document = as_document(ctx.rules)
    hurry = {
        "name": "hurry",
        "when": {"kind": ["complaint"]},
        "then": {"priority": "urgent", "queue": "complaints"},
    }
    number = await ask_simulation(
        ctx, {**SMALL, "rules": {**document, "rule": [hurry, *document["rule"]]}}, SYSTEM
    )
    await answer_next(ctx, asyncio.Event())
    result = (await see_simulation(ctx, number)).result
    assert result is not None
    assert "urgent" not in result["before"]["by"]["priority"]
    assert result["after"]["by"]["priority"]["urgent"]["errands"] == 11
    assert ctx.rulebook.version == before


async def test_rules_that_were_published_meanwhile_are_still_what_was_asked_about(ctx: Context) -> None:
    await a_few_days(ctx, days=1)
    document = as_document(ctx.rules)
    hurry = {
        "name": "hurry",
        "when": {"kind": ["complaint"]},
        "then": {"priority": "urgent", "queue": "complaints"},
    }
    tried = {**document, "rule": [hurry, *document["rule"]]}
    number = await ask_simulation(ctx, {**SMALL, "rules": tried}, SYSTEM)
    await change_rules(ctx, document=tried, base_version=ctx.rulebook.version, actor=SYSTEM)
    await answer_next(ctx, asyncio.Event())
    result = (await see_simulation(ctx, number)).result
    assert result is not None
    assert "urgent" not in result["before"]["by"]["priority"]
    assert result["after"]["by"]["priority"]["urgent"]["errands"] == 11


async def test_a_wrong_question_is_refused_with_what_is_wrong(ctx: Context) -> None:
    await an_agent(ctx, "li")
    for wrong, code in [
        ({**SMALL, "seeds": "none"}, "wrong_seeds"),
        ({**SMALL, "staff": {"sick": [{"name": "nobody"}]}}, "unknown_agent"),
        ({"workload": "reference", "rules": as_document(ctx.rules)}, "rules_need_history"),
        ({**SMALL, "rules": {"default_queue": "none"}}, "wrong_rules"),
        ({**SMALL, "unknown": 1}, "wrong_key"),
    ]:
        with pytest.raises(WrongQuestion) as refused:
            await ask_simulation(ctx, wrong, SYSTEM)
        assert (refused.value.code, refused.value.trouble.code) == (f"simulation_{code}", code)
    assert await list_simulations(ctx) == []


async def test_days_on_which_nothing_happened_end_with_a_reason(ctx: Context) -> None:
    number = await ask_simulation(ctx, SMALL, SYSTEM)
    await answer_next(ctx, asyncio.Event())
    found = await see_simulation(ctx, number)
    assert (found.state, found.trouble) == ("failed", {"code": "nothing_happened", "params": {}})


async def test_one_that_is_cancelled_stops_at_once_and_the_next_one_runs(ctx: Context) -> None:
    await a_few_days(ctx, days=1)
    first, second = await ask_simulation(ctx, LONG, SYSTEM), await ask_simulation(ctx, SMALL, SYSTEM)
    running = asyncio.create_task(answer_next(ctx, asyncio.Event()))
    await until_running(ctx, first)
    await cancel_simulation(ctx, first)
    async with asyncio.timeout(30):
        assert await running == 1
    assert (await see_simulation(ctx, first)).state == "cancelled"
    await answer_next(ctx, asyncio.Event())
    assert (await see_simulation(ctx, second)).state == "done"


async def test_one_that_waits_can_be_cancelled_and_is_never_begun(ctx: Context) -> None:
    number = await ask_simulation(ctx, LONG, SYSTEM)
    await cancel_simulation(ctx, number)
    await cancel_simulation(ctx, number)
    assert await answer_next(ctx, asyncio.Event()) == 0
    with pytest.raises(NotFound):
        await cancel_simulation(ctx, number + 1)


async def test_a_hub_that_stops_leaves_its_question_to_the_next_one(ctx: Context) -> None:
    number, halt = await ask_simulation(ctx, LONG, SYSTEM), asyncio.Event()
    running = asyncio.create_task(answer_next(ctx, halt))
    await until_running(ctx, number)
    halt.set()
    async with asyncio.timeout(30):
        await running
    found = await see_simulation(ctx, number)
    assert (found.state, found.progress) == ("waiting", 0.0)
    assert await one(ctx, "SELECT attempts FROM simulation") == 0


async def test_a_hub_that_is_cut_off_gives_its_question_back_and_leaves_no_process(ctx: Context) -> None:
    number = await ask_simulation(ctx, LONG, SYSTEM)
    running = asyncio.create_task(answer_next(ctx, asyncio.Event()))
    await until_running(ctx, number)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await see_simulation(ctx, number)).state == "waiting"


async def test_what_a_dead_hub_had_begun_is_begun_again_but_not_for_ever(ctx: Context) -> None:
    await a_few_days(ctx, days=1)
    number = await ask_simulation(ctx, SMALL, SYSTEM)
    dead = """UPDATE simulation SET state = 'running', token = gen_random_uuid(), attempts = $1,
                                    heard_at = clock_timestamp() - interval '61 seconds' RETURNING id"""
    await one(ctx, dead, 1)
    await answer_next(ctx, asyncio.Event())
    assert (await see_simulation(ctx, number)).state == "done"
    again = await ask_simulation(ctx, SMALL, SYSTEM)
    await one(ctx, dead.replace("RETURNING", f"WHERE id = {again} RETURNING"), 2)
    await answer_next(ctx, asyncio.Event())
    found = await see_simulation(ctx, again)
    assert (found.state, found.trouble) == ("failed", {"code": "stopped", "params": {}})


async def test_of_one_that_runs_elsewhere_hands_are_off(ctx: Context) -> None:
    await ask_simulation(ctx, SMALL, SYSTEM)
    await one(ctx, "UPDATE simulation SET state = 'running', heard_at = clock_timestamp() RETURNING id")
    assert await answer_next(ctx, asyncio.Event()) == 0


async def test_a_process_that_dies_is_told_as_such(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulate.sys, "executable", "/bin/false")
    number = await ask_simulation(ctx, {"workload": "reference"}, SYSTEM)
    await answer_next(ctx, asyncio.Event())
    assert (await see_simulation(ctx, number)).trouble == {"code": "stopped", "params": {}}


async def test_no_more_wait_than_anybody_will_wait_for(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulate, "MOST_WAITING", 1)
    await ask_simulation(ctx, LONG, SYSTEM)
    with pytest.raises(NotPossible) as refused:
        await ask_simulation(ctx, LONG, SYSTEM)
    assert refused.value.code == "too_many_simulations"


async def test_the_event_loop_is_free_meanwhile(ctx: Context) -> None:
    """Whatever the simulating process does: the loop comes round while it works. A generous bound, against blocking alone."""
    number = await ask_simulation(ctx, LONG, SYSTEM)
    running = asyncio.create_task(answer_next(ctx, asyncio.Event()))
    await until_running(ctx, number)
    loop = asyncio.get_running_loop()
    longest = 0.0
    for _ in range(100):
        begun = loop.time()
        await asyncio.sleep(0)
        longest = max(longest, loop.time() - begun)
    await cancel_simulation(ctx, number)
    await running
    assert longest < 2.0


async def test_the_loop_of_a_hub_answers_what_is_asked_and_ends_when_told(ctx: Context) -> None:
    await a_few_days(ctx, days=1)
    halt, hears = asyncio.Event(), asyncio.create_task(ctx.listener.run())
    loop = asyncio.create_task(loop_of_simulations(ctx, halt, lambda: None))
    numbers = [await ask_simulation(ctx, SMALL, SYSTEM) for _ in range(2)]
    async with asyncio.timeout(100):
        for number in numbers:
            while (await see_simulation(ctx, number)).state != "done":
                await asyncio.sleep(0.1)
        halt.set()
        ctx.listener.wake_all()
        await loop
    hears.cancel()
    await asyncio.gather(hears, return_exceptions=True)


async def test_old_answers_go(ctx: Context) -> None:
    from hub.actions.housekeeping import tidy

    for _ in range(2):
        await cancel_simulation(ctx, await ask_simulation(ctx, LONG, SYSTEM))
    await one(ctx, "UPDATE simulation SET ended_at = now() - interval '200 days' WHERE id = 1 RETURNING id")
    await tidy(ctx)
    assert [row["id"] for row in await rows(ctx, "SELECT id FROM simulation")] == [2]
