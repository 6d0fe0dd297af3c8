"""COMMIT is done and its answer is lost: the step comes again, changes nothing a second time, and says what it did."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.answers import drafts, schedule
from hub.actions.answers.recall import cancel_reply
from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.floor.offers import accept_offer, decline_offer
from hub.model.drafts import DraftContent, DraftMode, Write
from hub.model.people import Actor
from storage import offers, work
from storage.database import Connection
from tests.fakes.answers import open_ticket, queue
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import an_agent, one, rows
from tests.fakes.unanswered import Unanswered, a_hub_that_is_not_told

Told = tuple[Context, Unanswered]


@pytest.fixture
async def told(database_dsn: str) -> AsyncIterator[Told]:
    async with a_hub_that_is_not_told(database_dsn, undo_seconds=60) as (hub, line):
        yield hub, line
        assert line.to_lose == 0, "it was asked for"
        await assert_invariants(hub.database)


async def _ann(ctx: Context) -> Actor:
    return Actor(name="Ann", agent_id=await an_agent(ctx, "ann"))


async def _draft(ctx: Context, opened: dict[str, Any], ann: Actor) -> str:
    async def read(c: Connection) -> drafts.Shelf:
        assert ann.agent_id is not None
        return await drafts.read_shelf(c, opened["id"], ann.agent_id)

    return (await ctx.database.read(read)).of("reply").content.text


async def test_an_answer_is_taken_back_once_and_nobody_is_told_that_it_has_left(told: Told) -> None:
    ctx, line = told
    ann, opened = await _ann(ctx), await open_ticket(ctx)
    row = await queue(ctx, opened, "Hm.", actor=ann)
    line.to_lose = 1
    gone = await cancel_reply(ctx, interaction_id=row["interaction_id"], actor=ann, into_draft=True)
    assert gone.text == "Hm."
    again = await cancel_reply(ctx, interaction_id=row["interaction_id"], actor=ann, into_draft=True)
    assert again == gone, "whoever presses once more is told the same"
    assert await _draft(ctx, opened, ann) == "Hm."
    told_of = await rows(ctx, "SELECT data->>'state' AS state FROM event WHERE kind = 'delivery_changed'")
    assert [row["state"] for row in told_of] == ["cancelled"]
    assert await one(ctx, "SELECT status FROM ticket") == "open"


async def test_words_that_were_erased_since_are_not_said_again(told: Told) -> None:
    ctx, _ = told
    ann = await _ann(ctx)
    row = await queue(ctx, await open_ticket(ctx), "Hm.", actor=ann)
    await cancel_reply(ctx, interaction_id=row["interaction_id"], actor=ann)
    await ctx.database.run(lambda c: c.execute("UPDATE outbox SET message = '{}'"))
    with pytest.raises(NotPossible):
        await cancel_reply(ctx, interaction_id=row["interaction_id"], actor=ann)


async def _later(ctx: Context, opened: dict[str, Any], ann: Actor) -> int:
    send_at = await one(ctx, "SELECT clock_timestamp() + interval '1 hour'")
    return await schedule.schedule_reply(
        ctx, ticket_code=opened["code"], actor=ann, text="Later.", send_at=send_at
    )


async def test_what_waits_is_cancelled_once(told: Told) -> None:
    ctx, line = told
    ann, opened = await _ann(ctx), await open_ticket(ctx)
    waits = await _later(ctx, opened, ann)
    for line.to_lose in (1, 0):
        row = await schedule.cancel_scheduled(ctx, scheduled_id=waits, actor=ann)
        assert (row.text, await _draft(ctx, opened, ann)) == ("Later.", "Later.")
    told_of = await rows(ctx, "SELECT data->>'state' AS state FROM event WHERE kind = 'schedule_changed'")
    assert [row["state"] for row in told_of] == ["waiting", "cancelled"]
    with pytest.raises(NotPossible):
        await schedule.send_scheduled_now(ctx, scheduled_id=waits, actor=ann)


async def test_what_was_cancelled_is_given_back_once_above_what_was_written_since(told: Told) -> None:
    ctx, line = told
    ann, opened = await _ann(ctx), await open_ticket(ctx)
    assert ann.agent_id is not None
    waits = await _later(ctx, opened, ann)
    await schedule.cancel_scheduled(ctx, scheduled_id=waits, actor=ann, into_draft=False)
    since = Write(tab="a", number=1, base=0, content=DraftContent(text="Since.", cc="kim@example.cn"))
    await drafts.save_draft(
        ctx, ticket_code=opened["code"], agent_id=ann.agent_id, mode=DraftMode.REPLY, write=since
    )
    for line.to_lose in (1, 0):
        await schedule.restore_scheduled(ctx, scheduled_id=waits, actor=ann)
        assert await _draft(ctx, opened, ann) == "Later.\n\nSince."


async def test_what_the_hub_cancelled_is_nothing_that_a_person_has_cancelled(told: Told) -> None:
    ctx, _ = told
    ann, opened = await _ann(ctx), await open_ticket(ctx)
    waits = await _later(ctx, opened, ann)
    await schedule.hold_scheduled(ctx, waits)
    with pytest.raises(NotPossible) as refused:
        await schedule.cancel_scheduled(ctx, scheduled_id=waits, actor=ann)
    assert refused.value.code == "settled_already"


async def test_what_waits_is_sent_once(told: Told) -> None:
    ctx, line = told
    ann, opened = await _ann(ctx), await open_ticket(ctx)
    waits = await _later(ctx, opened, ann)
    for line.to_lose in (1, 0):
        sent = await schedule.send_scheduled_now(ctx, scheduled_id=waits, actor=ann)
        assert await rows(ctx, "SELECT interaction_id FROM outbox") == [{"interaction_id": sent}]
    with pytest.raises(NotPossible):
        await schedule.cancel_scheduled(ctx, scheduled_id=waits, actor=ann)


async def _offer(ctx: Context, opened: dict[str, Any], agent_id: int) -> int:
    async def make(c: Connection) -> int:
        await work.lock_active_agents(c)
        return await offers.offer(c, [(opened["id"], agent_id, '{"reasons": []}', 60, False)], ["hub_events"])

    assert await ctx.database.run(make) == 1
    return int(await one(ctx, "SELECT max(id) FROM offer"))


async def test_a_yes_is_given_once_and_is_theirs(told: Told) -> None:
    ctx, line = told
    ann, bob, opened = await an_agent(ctx, "ann"), await an_agent(ctx, "bob"), await open_ticket(ctx)
    offer = await _offer(ctx, opened, ann)
    me = Actor(name="Me", agent_id=ann)
    for line.to_lose in (1, 0):
        assert await accept_offer(ctx, offer_id=offer, agent_id=ann, actor=me) == opened["code"]
    assert await one(ctx, "SELECT count(*) FROM assignment") == 1
    for answer, agent in ((decline_offer, ann), (accept_offer, bob)):
        with pytest.raises(NotPossible):
            await answer(ctx, offer_id=offer, agent_id=agent, actor=me)
    with pytest.raises(NotPossible):
        await accept_offer(ctx, offer_id=2**63 - 1, agent_id=ann, actor=me)


async def test_a_no_is_given_once(told: Told) -> None:
    ctx, line = told
    ann, opened = await an_agent(ctx, "ann"), await open_ticket(ctx)
    offer = await _offer(ctx, opened, ann)
    me = Actor(name="Me", agent_id=ann)
    for line.to_lose in (1, 0):
        await decline_offer(ctx, offer_id=offer, agent_id=ann, actor=me)
    assert await one(ctx, "SELECT count(*) FROM event WHERE kind = 'offer_settled'") == 1
    with pytest.raises(NotPossible):
        await accept_offer(ctx, offer_id=offer, agent_id=ann, actor=me)
