"""An offer is accepted, declined, not answered or taken back: exactly one of these, and the place is held until then."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.failures import ActionFailure, NotPossible
from hub.actions.floor.assign import assign_ticket
from hub.actions.floor.offers import accept_offer, decline_offer, expire_offers
from hub.actions.floor.presence import set_presence
from hub.actions.floor.route import why_waiting
from hub.actions.people.change_agent import AgentChange, change_agent
from hub.actions.receive import accept_items
from hub.actions.status import change_status
from hub.model.people import Actor, Role
from storage import offers, work
from storage.database import Connection
from tests.fakes.invariants import assert_invariants, check_every_commit
from tests.fakes.processes import until
from tests.fakes.scene import (
    SYSTEM,
    a_hub,
    an_agent,
    item,
    ledger,
    one,
    rows,
    say,
    ticket,
    waiting_for_a_lock,
)

BOSS = Actor(name="Boss", role=Role.SUPERVISOR)


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    """No agent's load is ever wrong, or above capacity, at any commit."""
    async with a_hub(database_dsn) as hub:
        await check_every_commit(hub.database)
        yield hub
        await assert_invariants(hub.database)


async def _opened(ctx: Context, **said: Any) -> dict[str, Any]:
    n = await one(ctx, "SELECT count(*) FROM ticket")
    return await ticket(ctx, await say(ctx, who=[("visitor", f"v{n}", True)], reply_address="a", **said))


async def _offer(ctx: Context, opened: dict[str, Any], agent_id: int, seconds: int = 60) -> int:
    """Offered as routing does it, under the locks of all agents; returns the offer's id."""

    async def make(c: Connection) -> int:
        await work.lock_active_agents(c)
        return await offers.offer(
            c, [(opened["id"], agent_id, '{"reasons": []}', seconds, False)], ["hub_events"]
        )

    assert await ctx.database.run(make) == 1
    return int(await one(ctx, "SELECT max(id) FROM offer"))


async def _now(ctx: Context, opened: dict[str, Any]) -> dict[str, Any]:
    (row,) = await rows(ctx, "SELECT * FROM ticket WHERE id = $1", opened["id"])
    return row


async def _state(ctx: Context, offer_id: int) -> str:
    return str(await one(ctx, "SELECT state FROM offer WHERE id = $1", offer_id))


async def _load(ctx: Context, agent_id: int) -> int:
    return int(await one(ctx, "SELECT load FROM agent WHERE id = $1", agent_id))


async def _time_is_up(ctx: Context) -> None:
    await one(ctx, "UPDATE offer SET expires_at = clock_timestamp() WHERE state = 'offered' RETURNING 1")


def _actor(agent_id: int) -> Actor:
    return Actor(name="Ann", agent_id=agent_id)


async def test_an_offer_holds_the_place_and_accepting_makes_the_ticket_theirs(ctx: Context) -> None:
    ann, opened = await an_agent(ctx, "ann"), await _opened(ctx)
    offer = await _offer(ctx, opened, ann)
    assert await _load(ctx, ann) == 1
    assert (await _now(ctx, opened))["assignee_id"] is None
    assert await why_waiting(ctx, opened["code"]) is None
    assert await accept_offer(ctx, offer_id=offer, agent_id=ann, actor=_actor(ann)) == opened["code"]
    taken = await _now(ctx, opened)
    assert (taken["assignee_id"], taken["offered_to"], taken["last_agent_id"]) == (ann, None, ann)
    assert (await _load(ctx, ann), await _state(ctx, offer)) == (1, "accepted")
    assert await ledger(ctx, opened["id"]) == ["ticket_opened", "ticket_offered", "ticket_assigned"]
    steps = await rows(
        ctx, "SELECT id, step FROM routing_decision WHERE ticket_id = $1 ORDER BY id", opened["id"]
    )
    assert [row["step"] for row in steps] == ["classified", "offered", "accepted"]
    assert await one(ctx, "SELECT decision_id FROM assignment WHERE agent_id = $1", ann) == steps[-1]["id"]


async def test_an_offer_is_conditional_like_an_assignment(ctx: Context) -> None:
    ann, opened = await an_agent(ctx, "ann"), await _opened(ctx)
    await _offer(ctx, opened, ann)
    again = [(opened["id"], ann, '{"reasons": []}', 60, False)]
    assert await ctx.database.run(lambda c: offers.offer(c, again, [])) == 0
    taken = await _opened(ctx)
    await assign_ticket(ctx, ticket_code=taken["code"], agent_id=ann, actor=SYSTEM)
    assert await ctx.database.run(lambda c: offers.offer(c, [(taken["id"], ann, "{}", 60, False)], [])) == 0
    spoken = await _opened(ctx)
    assert await ctx.database.run(lambda c: offers.offer(c, [(spoken["id"], ann, "{}", 60, True)], [])) == 0
    done = await _opened(ctx)
    await change_status(ctx, ticket_code=done["code"], status="resolved", actor=SYSTEM)
    assert await ctx.database.run(lambda c: offers.offer(c, [(done["id"], ann, "{}", 60, False)], [])) == 0
    assert await _load(ctx, ann) == 2


@pytest.mark.parametrize("how", ["declined", "expired"])
async def test_a_no_puts_the_ticket_back_at_its_old_place(ctx: Context, how: str) -> None:
    """And the agent is not asked again at once."""
    ann, opened = await an_agent(ctx, "ann"), await _opened(ctx)
    offer = await _offer(ctx, opened, ann)
    if how == "declined":
        await decline_offer(ctx, offer_id=offer, agent_id=ann, actor=_actor(ann))
    else:
        await _time_is_up(ctx)
        assert await expire_offers(ctx) == 1
    back = await _now(ctx, opened)
    assert back["waiting_since"] == opened["waiting_since"]
    assert (back["offered_to"], back["assignee_id"], await _load(ctx, ann)) == (None, None, 0)
    assert await ledger(ctx, opened["id"]) == ["ticket_opened", "ticket_offered", "offer_settled"]
    told = await one(ctx, "SELECT data FROM event WHERE kind = 'offer_settled'")
    assert told == {"agent": ann, "offer": offer, "state": how}
    assert await one(ctx, "SELECT count(*) FROM routing_decision WHERE step = $1", how) == 1
    (row,) = [await ctx.database.read(lambda c: work.waiting_ticket(c, opened["code"]))]
    assert row is not None and row.not_to == [ann]
    assert await expire_offers(ctx) == 0
    for answer in (accept_offer,) if how == "declined" else (accept_offer, decline_offer):
        with pytest.raises(NotPossible) as over:
            await answer(ctx, offer_id=offer, agent_id=ann, actor=_actor(ann))
        assert over.value.code == "offer_over"


async def test_nobody_answers_for_somebody_else(ctx: Context) -> None:
    ann, bob, opened = await an_agent(ctx, "ann"), await an_agent(ctx, "bob"), await _opened(ctx)
    offer = await _offer(ctx, opened, ann)
    for answer in (accept_offer, decline_offer):
        with pytest.raises(NotPossible):
            await answer(ctx, offer_id=offer, agent_id=bob, actor=_actor(bob))
    assert await _state(ctx, offer) == "offered"


async def test_an_offer_whose_time_is_over_cannot_be_accepted_even_before_anybody_ended_it(
    ctx: Context,
) -> None:
    ann, opened = await an_agent(ctx, "ann"), await _opened(ctx)
    offer = await _offer(ctx, opened, ann)
    await _time_is_up(ctx)
    with pytest.raises(NotPossible):
        await accept_offer(ctx, offer_id=offer, agent_id=ann, actor=_actor(ann))
    assert await expire_offers(ctx) == 1
    assert (await _now(ctx, opened))["offered_to"] is None


async def test_an_offer_does_not_end_before_its_time(ctx: Context) -> None:
    ann, opened = await an_agent(ctx, "ann"), await _opened(ctx)
    offer = await _offer(ctx, opened, ann, seconds=1)
    assert await expire_offers(ctx) == 0
    assert await ctx.database.run(lambda c: offers.put_back(c, [offer], "expired", {})) == []
    left = await ctx.database.read(offers.next_end)
    assert left is not None and 0 < left <= 1


async def _give_to_bob(ctx: Context, opened: dict[str, Any], bob: int) -> None:
    await assign_ticket(ctx, ticket_code=opened["code"], agent_id=bob, actor=SYSTEM)


async def _put_back(ctx: Context, opened: dict[str, Any], bob: int) -> None:
    await assign_ticket(ctx, ticket_code=opened["code"], agent_id=None, actor=SYSTEM)


async def _close(ctx: Context, opened: dict[str, Any], bob: int) -> None:
    await change_status(ctx, ticket_code=opened["code"], status="closed", actor=SYSTEM)


async def _answer(ctx: Context, opened: dict[str, Any], bob: int) -> None:
    await queue_reply(
        ctx, ticket_code=opened["code"], text="It is here.", actor=Actor(name="Bob", agent_id=bob)
    )


@pytest.mark.parametrize("step", [_give_to_bob, _put_back, _close, _answer])
async def test_what_people_do_takes_the_offer_back(ctx: Context, step: Any) -> None:
    """Manual action wins over automatic: the offer is over, the place free, and its agent told."""
    ann, bob, opened = await an_agent(ctx, "ann"), await an_agent(ctx, "bob"), await _opened(ctx)
    offer = await _offer(ctx, opened, ann)
    await step(ctx, opened, bob)
    assert (await _state(ctx, offer), await _load(ctx, ann)) == ("withdrawn", 0)
    assert (await _now(ctx, opened))["offered_to"] is None
    told = await one(ctx, "SELECT data FROM event WHERE kind = 'offer_settled'")
    assert (told["agent"], told["state"]) == (ann, "withdrawn")
    with pytest.raises(NotPossible):
        await accept_offer(ctx, offer_id=offer, agent_id=ann, actor=_actor(ann))


async def test_who_takes_what_they_are_offered_has_it_by_hand(ctx: Context) -> None:
    ann, opened = await an_agent(ctx, "ann"), await _opened(ctx)
    offer = await _offer(ctx, opened, ann)
    await assign_ticket(ctx, ticket_code=opened["code"], agent_id=ann, actor=_actor(ann))
    assert (await _now(ctx, opened))["assignee_id"] == ann
    assert (await _state(ctx, offer), await _load(ctx, ann)) == ("withdrawn", 1)


@pytest.mark.parametrize(("presence", "kept"), [("away", False), ("offline", False), ("busy", True)])
async def test_who_goes_is_offered_nothing_any_more(ctx: Context, presence: str, kept: bool) -> None:
    """F67: who is busy may still say yes to what they were asked before; who is away cannot."""
    ann, opened = await an_agent(ctx, "ann"), await _opened(ctx)
    offer = await _offer(ctx, opened, ann)
    await set_presence(ctx, agent_id=ann, presence=presence, actor=_actor(ann))
    assert (await _state(ctx, offer), await _load(ctx, ann)) == (("offered", 1) if kept else ("withdrawn", 0))


async def test_two_offers_in_a_row_that_nobody_answers_mean_away(ctx: Context) -> None:
    ann, first, second, third = await an_agent(ctx, "ann"), *[await _opened(ctx) for _ in range(3)]
    await _offer(ctx, first, ann)
    await _time_is_up(ctx)
    await expire_offers(ctx)
    assert await one(ctx, "SELECT presence FROM agent") == "online"
    await _offer(ctx, second, ann)
    other = await _offer(ctx, third, ann, seconds=600)
    await one(
        ctx, "UPDATE offer SET expires_at = clock_timestamp() WHERE ticket_id = $1 RETURNING 1", second["id"]
    )
    await expire_offers(ctx)
    assert await one(ctx, "SELECT presence FROM agent") == "away"
    told = await one(ctx, "SELECT data FROM event WHERE kind = 'presence_changed'")
    assert told == {"agent": ann, "presence": "away", "by": None, "because": "offers_not_answered"}
    # Whoever says that they stay away has read it: it is their own word from then on.
    await set_presence(ctx, agent_id=ann, presence="away", actor=Actor(name="Ann", agent_id=ann))
    assert await ctx.database.read(lambda c: offers.presence_because(c, ann)) == ""
    assert (await _state(ctx, other), await _load(ctx, ann)) == ("withdrawn", 0)


async def test_offers_that_were_open_side_by_side_are_missed_once(ctx: Context) -> None:
    ann, first, second, third = await an_agent(ctx, "ann"), *[await _opened(ctx) for _ in range(3)]
    for opened in (first, second):
        await _offer(ctx, opened, ann)
    await _time_is_up(ctx)
    await expire_offers(ctx)
    assert await one(ctx, "SELECT presence FROM agent") == "online"
    await _offer(ctx, third, ann)
    await _time_is_up(ctx)
    await expire_offers(ctx)
    assert await one(ctx, "SELECT presence FROM agent") == "away"


async def test_a_yes_or_a_no_between_two_silences_means_here(ctx: Context) -> None:
    ann, first, second, third = await an_agent(ctx, "ann"), *[await _opened(ctx) for _ in range(3)]
    for opened, answers in ((first, False), (second, True), (third, False)):
        offer = await _offer(ctx, opened, ann)
        if answers:
            await decline_offer(ctx, offer_id=offer, agent_id=ann, actor=_actor(ann))
        else:
            await _time_is_up(ctx)
            await expire_offers(ctx)
    assert await one(ctx, "SELECT presence FROM agent") == "online"


async def test_what_was_not_answered_before_a_break_does_not_count_after_it(ctx: Context) -> None:
    ann, first, second = await an_agent(ctx, "ann"), await _opened(ctx), await _opened(ctx)
    await _offer(ctx, first, ann)
    await _time_is_up(ctx)
    await expire_offers(ctx)
    await set_presence(ctx, agent_id=ann, presence="busy", actor=_actor(ann))
    await set_presence(ctx, agent_id=ann, presence="online", actor=_actor(ann))
    await _offer(ctx, second, ann)
    await _time_is_up(ctx)
    await expire_offers(ctx)
    assert await one(ctx, "SELECT presence FROM agent") == "online"


async def test_two_agents_never_take_the_same_ticket(ctx: Context, database_dsn: str) -> None:
    """Rocket.Chat 22206. One is offered it, the other takes it by hand, on two hubs at once; and the time is just over."""
    ann, bob = await an_agent(ctx, "ann", capacity=50), await an_agent(ctx, "bob", capacity=50)
    async with a_hub(database_dsn) as other:
        for _ in range(12):
            opened = await _opened(ctx)
            offer = await _offer(ctx, opened, ann)
            outcomes = await asyncio.gather(
                accept_offer(ctx, offer_id=offer, agent_id=ann, actor=_actor(ann)),
                assign_ticket(other, ticket_code=opened["code"], agent_id=bob, actor=_actor(bob)),
                decline_offer(other, offer_id=offer, agent_id=ann, actor=_actor(ann)),
                return_exceptions=True,
            )
            assert [
                one_
                for one_ in outcomes
                if isinstance(one_, Exception) and not isinstance(one_, ActionFailure)
            ] == []
            holder = (await _now(ctx, opened))["assignee_id"]
            assert (
                holder == bob
            )  # by hand wins over what was accepted a moment before, and over what comes after
            assert (
                await one(
                    ctx,
                    "SELECT count(*) FROM assignment WHERE ticket_id = $1 AND ended_at IS NULL",
                    opened["id"],
                )
                == 1
            )


async def test_an_expiry_is_told_once_however_many_hubs_look(ctx: Context, database_dsn: str) -> None:
    """I8: of a thousand timers each fires once."""
    agents = [await an_agent(ctx, f"a{n}", capacity=50) for n in range(3)]
    made = [await _opened(ctx) for _ in range(30)]
    for n, opened in enumerate(made):
        await _offer(ctx, opened, agents[n % 3])
    await _time_is_up(ctx)
    async with a_hub(database_dsn) as second, a_hub(database_dsn) as third:
        await asyncio.gather(*(expire_offers(hub) for hub in (ctx, second, third) for _ in range(3)))
    assert await one(ctx, "SELECT count(*) FROM event WHERE kind = 'offer_settled'") == 30
    assert await one(ctx, "SELECT count(*) FROM offer WHERE state = 'expired'") == 30
    assert await one(ctx, "SELECT sum(load) FROM agent") == 0


async def _they_wait(ctx: Context, many: int) -> None:
    """So many sessions wait for a lock."""

    async def waits() -> bool:
        return await waiting_for_a_lock(ctx) == many

    await until(waits, seconds=4, what=f"{many} wait for the ticket")


@pytest.mark.parametrize("first", ["yes", "other"])
@pytest.mark.parametrize("other", ["less room", "log-out"])
async def test_a_yes_and_less_room_or_a_log_out_at_the_same_moment(
    ctx: Context, database_dsn: str, other: str, first: str
) -> None:
    """F67, on two hubs, in either order: the ticket is held until both wait for it. Of a yes and its taking back one happens,
    and nobody has, or is offered, more than they have room for, at any commit."""
    ann = await an_agent(ctx, "ann", capacity=2)
    older, newer = [await _opened(ctx) for _ in range(2)]
    offers_ = [await _offer(ctx, opened, ann) for opened in (older, newer)]
    async with a_hub(database_dsn) as second:

        async def no_more() -> None:
            if other == "log-out":
                await set_presence(second, agent_id=ann, presence="offline", actor=_actor(ann))
            else:
                await change_agent(second, agent_id=ann, change=AgentChange(capacity=1), actor=BOSS)

        said_yes = accept_offer(ctx, offer_id=offers_[1], agent_id=ann, actor=_actor(ann))
        holding = await ctx.database.connect_alone()
        await holding.execute(f"BEGIN; SELECT 1 FROM ticket WHERE id = {newer['id']} FOR UPDATE")
        steps = []
        for n, step in enumerate((said_yes, no_more()) if first == "yes" else (no_more(), said_yes), 1):
            steps.append(asyncio.create_task(step))
            await _they_wait(ctx, n)
        await holding.execute("COMMIT")
        await holding.close()
        outcomes = await asyncio.gather(*steps, return_exceptions=True)
    refused = [one_ for one_ in outcomes if isinstance(one_, BaseException)]
    assert [one_.code for one_ in refused if isinstance(one_, NotPossible)] == ["offer_over"] * len(refused)
    assert bool(refused) == (first == "other")
    states = [await _state(ctx, offer) for offer in offers_]
    assert states[1] == ("accepted" if first == "yes" else "withdrawn")
    assert states[0] == ("withdrawn" if first == "yes" or other == "log-out" else "offered")
    assert await _load(ctx, ann) == (0 if refused and other == "log-out" else 1)
    assert (await _now(ctx, newer))["assignee_id"] == (None if refused else ann)


async def test_less_room_takes_back_what_was_offered_last_and_nothing_that_they_have(ctx: Context) -> None:
    """F67. Room for conversations is counted apart; and more room takes nothing."""
    ann = await an_agent(ctx, "ann", capacity=4, live_capacity=2)
    has, *asked = [await _opened(ctx) for _ in range(4)]
    await assign_ticket(ctx, ticket_code=has["code"], agent_id=ann, actor=SYSTEM)
    offers_ = [await _offer(ctx, opened, ann) for opened in asked]
    for change, left in (
        (AgentChange(live_capacity=0), 3),
        (AgentChange(capacity=9), 3),
        (AgentChange(capacity=3), 2),
        (AgentChange(capacity=1), 0),
    ):
        await change_agent(ctx, agent_id=ann, change=change, actor=BOSS)
        assert [await _state(ctx, offer) for offer in offers_] == ["offered"] * left + ["withdrawn"] * (
            3 - left
        )
        assert await _load(ctx, ann) == 1 + left
    told = await rows(ctx, "SELECT data FROM event WHERE kind = 'offer_settled'")
    assert {row["data"]["state"] for row in told} == {"withdrawn"} and len(told) == 3
    assert (await _now(ctx, has))["assignee_id"] == ann


async def test_hundreds_that_ran_out_while_every_hub_was_down_end_once_each(ctx: Context) -> None:
    """F70: more than one batch, in as many rounds as it takes; each is told once, and the places are free."""
    agents = [await an_agent(ctx, f"a{n}", capacity=300) for n in range(2)]
    for n in range(6):
        said = [item(who=[("visitor", f"w{n}-{m}", True)]) for m in range(50)]
        await accept_items(ctx, "plain", said)
    waiting = await rows(ctx, "SELECT id FROM ticket ORDER BY id")
    given = [(row["id"], agents[n % 2], '{"reasons": []}', 60, False) for n, row in enumerate(waiting)]
    assert await ctx.database.run(lambda c: offers.offer(c, given, [])) == 300
    await ctx.database.run(
        lambda c: c.execute("UPDATE offer SET expires_at = clock_timestamp() - interval '10 minutes'")
    )
    # Who is busy does not become away by it, which would take the rest of their offers back.
    await ctx.database.run(lambda c: c.execute("UPDATE agent SET presence = 'busy'"))
    rounds = 0
    while await expire_offers(ctx):
        rounds += 1
    assert rounds == 2, "batches, not one by one"
    assert await one(ctx, "SELECT count(*) FROM event WHERE kind = 'offer_settled'") == 300
    assert await one(ctx, "SELECT sum(load) FROM agent") == 0
    late = await one(ctx, "SELECT min(settled_at - expires_at) >= interval '10 minutes' FROM offer")
    assert late, "how late they were stays to be seen"
