"""The hub's own past, as it is read for simulations: turns, who answered them, who was on line."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from hub.actions.context import Context
from hub.actions.simulation import history as reading
from hub.actions.simulation.history import read_past
from hub.model.tickets import Priority, TicketKind
from routing.simulate.trouble import CannotSimulate
from tests.fakes.bygone import midnight, old_ticket, was_on_line
from tests.fakes.scene import a_hub, an_agent, one


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        yield hub


async def test_a_turn_is_what_was_said_up_to_an_answer(ctx: Context) -> None:
    li, morning = await an_agent(ctx, "li"), await midnight(ctx, 2)
    number = await old_ticket(
        ctx,
        morning,
        agent=li,
        given=2.0,
        answers=(10.0, 40.0, 41.0),
        again=(5.0, 30.0, 50.0),
        topics=("billing",),
    )
    past = await read_past(ctx, 3)
    assert [(turn.ticket_id, turn.turn) for turn in past.turns] == [(number, 0), (number, 1), (number, 3)]
    first, second, open_one = past.turns
    assert (first.at, first.answered_at) == (morning, morning + timedelta(minutes=10))
    assert first.assigned_at == morning + timedelta(minutes=2)
    assert (second.at, second.answered_at) == (
        morning + timedelta(minutes=30),
        morning + timedelta(minutes=40),
    )
    assert (open_one.at, open_one.answered_at, open_one.answered_by) == (
        morning + timedelta(minutes=50),
        None,
        None,
    )
    assert (first.answered_by, first.kind, first.priority) == (li, TicketKind.ENQUIRY, Priority.NORMAL)
    assert (first.queue, first.topics, first.required_language, first.live) == (
        "enquiries",
        ("billing",),
        "en",
        False,
    )


async def test_what_machines_write_is_no_answer(ctx: Context) -> None:
    li, morning = await an_agent(ctx, "li"), await midnight(ctx, 2)
    await old_ticket(ctx, morning, agent=li, automatic=(0.1,), answers=(20.0,))
    (turn,) = (await read_past(ctx, 3)).turns
    assert turn.answered_at == morning + timedelta(minutes=20)


async def test_an_answer_that_was_taken_back_was_none(ctx: Context) -> None:
    li, morning = await an_agent(ctx, "li"), await midnight(ctx, 2)
    await old_ticket(ctx, morning, agent=li, answers=(5.0, 20.0))
    await one(
        ctx,
        """INSERT INTO outbox (ticket_id, interaction_id, channel_id, message, state)
           SELECT ticket_id, min(id), min(channel_id), '{}', 'cancelled' FROM interaction WHERE direction = 'out'
           GROUP BY ticket_id RETURNING 1""",
    )
    (turn,) = (await read_past(ctx, 3)).turns
    assert turn.answered_at == morning + timedelta(minutes=20)


async def test_only_what_began_in_that_time_is_read_and_that_wholly(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In batches of two; also what is said today in a ticket of long ago."""
    monkeypatch.setattr(reading, "BATCH", 2)
    morning = await midnight(ctx, 2)
    old = await old_ticket(ctx, morning - timedelta(days=30), answers=(5.0,), again=(30 * 1440.0,))
    await old_ticket(ctx, morning - timedelta(days=9), answers=(5.0,))
    recent = [await old_ticket(ctx, morning + timedelta(minutes=n)) for n in range(5)]
    past = await read_past(ctx, 3)
    assert [turn.ticket_id for turn in past.turns] == [old, *recent]
    assert past.turns[0].turn == 1


async def test_chats_are_live_and_key_accounts_are_known(ctx: Context) -> None:
    morning = await midnight(ctx, 2)
    number = await old_ticket(ctx, morning, channel="chat")
    await one(ctx, "UPDATE customer SET key_account = true RETURNING id")
    (turn,) = (await read_past(ctx, 3)).turns
    assert (turn.ticket_id, turn.live, turn.key_account, turn.channel_kind) == (number, True, True, "webchat")


async def test_people_were_on_line_when_they_were(ctx: Context) -> None:
    li, wang = (
        await an_agent(ctx, "li", skills={"billing": 3}, queues=["complaints"]),
        await an_agent(ctx, "wang"),
    )
    day = await midnight(ctx, 2)
    await was_on_line(ctx, li, (day - timedelta(days=20), day - timedelta(days=19)))
    await was_on_line(ctx, li, (day, day + timedelta(hours=8)))
    await was_on_line(ctx, wang, (day - timedelta(days=5), day + timedelta(hours=1)))
    past = await read_past(ctx, 3)
    first, second = past.agents
    assert [what for _, what in first.presence] == ["offline", "online", "offline"]
    assert [what for _, what in second.presence] == ["online", "offline"]
    assert (first.name, first.skills, first.queues, second.queues) == (
        "li",
        {"billing": 3},
        ("complaints",),
        (),
    )


async def test_two_of_the_same_name_are_told_apart(ctx: Context) -> None:
    await an_agent(ctx, "li"), await an_agent(ctx, "li2"), await an_agent(ctx, "wang")
    await one(ctx, "UPDATE agent SET name = 'Li' WHERE login LIKE 'li%' RETURNING id")
    assert [agent.name for agent in (await read_past(ctx, 1)).agents] == ["Li (li)", "Li (li2)", "wang"]


async def test_too_much_is_refused(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_TURNS", 1)
    morning = await midnight(ctx, 2)
    await old_ticket(ctx, morning)
    await old_ticket(ctx, morning)
    with pytest.raises(CannotSimulate, match="fewer days"):
        await read_past(ctx, 3)
