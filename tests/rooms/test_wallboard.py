"""The board as it is read: figures of each queue and agent, what nobody can have, how today went, what is expected."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.floor import expect
from hub.actions.floor.assign import assign_ticket
from hub.actions.floor.presence import set_presence
from hub.actions.floor.route import drain, why_waiting
from hub.actions.floor.wallboard import Board, QueueOnBoard, read_board
from hub.actions.people.change_agent import AgentChange, change_agent
from hub.actions.people.staff import add_agent
from hub.actions.rules.rulebook import as_document, change_rules
from hub.model.people import HUB, Actor, Role
from storage import wallboard
from storage.database import Connection
from tests.fakes.desk import PASSWORD, Desk, customer_writes, serving_desk

ADMIN = Actor(name="Ada", role=Role.ADMIN)


@pytest.fixture
async def desk(ctx: Context) -> Any:
    async with serving_desk(ctx) as desk:
        await desk.ctx.database.run(lambda c: c.execute("UPDATE agent SET active = false"))
        yield desk


async def board(desk: Desk) -> Board:
    return await read_board(desk.ctx, datetime.now(UTC) - timedelta(hours=1))


async def enquiries(desk: Desk) -> QueueOnBoard:
    return next(one for one in (await board(desk)).queues if one.now.name == "enquiries")


async def sql(desk: Desk, text: str) -> None:
    await desk.ctx.database.run(lambda c: c.execute(text))


async def agent(desk: Desk, login: str, **more: Any) -> int:
    made = await add_agent(desk.ctx, login=login, name=login.title(), password=PASSWORD, **more)
    await set_presence(desk.ctx, agent_id=made, presence="online", actor=HUB)
    return made


async def asks(desk: Desk, number: int) -> int:
    return await customer_writes(
        desk.ctx, f"Where is my order {number}? It should be here.", thread=f"k{number}"
    )


async def test_a_queue_counts_what_waits_what_is_in_hand_what_is_overdue_and_who_is_there(desk: Desk) -> None:
    bo = await agent(desk, "bo", languages=("en",), capacity=1)
    await agent(desk, "cy", languages=("zh",))
    codes = [await asks(desk, n) for n in range(4)]
    await drain(desk.ctx)
    await sql(desk, "UPDATE ticket SET waiting_since = now() - interval '40 min' WHERE assignee_id IS NULL")
    queue = await enquiries(desk)
    assert (queue.now.waiting, queue.now.in_work, queue.now.overdue) == (3, 1, 0)
    assert queue.now.next_due is not None and queue.now.oldest_since is not None
    assert datetime.now(UTC) - queue.now.oldest_since > timedelta(minutes=39)
    assert (queue.members, queue.here, queue.free) == (2, 2, 1)
    await sql(
        desk,
        f"""UPDATE sla_clock SET due_at = now() - interval '1 min', breached_at = now(), next_at = NULL
        WHERE target = 'first_response' AND ticket_id = (SELECT id FROM ticket WHERE code = {codes[3]})""",
    )
    assert (await enquiries(desk)).now.overdue == 1
    on_floor = next(one for one in (await board(desk)).agents if one.id == bo)
    assert (on_floor.load, on_floor.tickets, on_floor.oldest_code) == (1, 1, codes[0])


async def test_what_is_expected_for_new_ones_follows_what_waits_and_who_has_room(desk: Desk) -> None:
    bo = await agent(desk, "bo", languages=("en",), capacity=2)
    await asks(desk, 0)
    await drain(desk.ctx)
    assert (await enquiries(desk)).expected.most == 0
    for n in range(1, 12):
        await asks(desk, n)
    await drain(desk.ctx)
    found = (await enquiries(desk)).expected
    assert found.of == 11 and found.agents == 1
    # Ten wait, each takes 6.5 minutes of one agent, and so will the new one.
    assert found.least is not None and found.most is not None and found.least <= 11 * 6.5 <= found.most
    await set_presence(desk.ctx, agent_id=bo, presence="away", actor=HUB)
    assert (await enquiries(desk)).expected.least is None


async def test_what_nobody_here_can_have_is_told_by_sort_and_whether_somebody_is_away(desk: Desk) -> None:
    await agent(desk, "bo", languages=("en",))
    await customer_writes(desk.ctx, "请问发票怎么开？", thread="a")
    code = await customer_writes(desk.ctx, "请问怎么退货？", thread="b")
    await sql(desk, f"UPDATE ticket SET waiting_since = now() - interval '1 h' WHERE code = {code}")
    stuck = (await board(desk)).stuck
    assert sum(one.needs.tickets for one in stuck) == 2
    assert {reason["code"] for one in stuck for reason in one.why["reasons"]} == {"nobody_speaks"}
    assert code in {one.needs.oldest_code for one in stuck} and not any(one.absent for one in stuck)
    cy = await agent(desk, "cy", languages=("zh",))
    assert (await board(desk)).stuck == []
    await set_presence(desk.ctx, agent_id=cy, presence="away", actor=HUB)
    assert all(one.absent for one in (await board(desk)).stuck)


async def test_a_whole_house_off_line_is_no_alarm(desk: Desk) -> None:
    bo = await agent(desk, "bo", languages=("en",))
    await asks(desk, 1)
    await set_presence(desk.ctx, agent_id=bo, presence="offline", actor=HUB)
    assert (await board(desk)).stuck == []


async def test_today_counts_answers_and_promises_since_its_beginning(desk: Desk) -> None:
    await agent(desk, "bo", languages=("en",))
    for n in range(4):
        await asks(desk, n)
    assert (await board(desk)).in_time_share is None
    await sql(
        desk,
        """
        UPDATE ticket SET last_out_at = now() WHERE code IN (SELECT code FROM ticket ORDER BY id LIMIT 3);
        UPDATE ticket SET last_out_at = now() - interval '2 h' WHERE code = (SELECT max(code) FROM ticket);
        UPDATE sla_clock SET state = 'met', ended_at = now(), next_at = NULL
            WHERE target = 'first_response' AND ticket_id IN (SELECT id FROM ticket ORDER BY id LIMIT 3);
        UPDATE sla_clock SET breached_at = now(), next_at = NULL
            WHERE target = 'first_response' AND ticket_id = (SELECT max(id) FROM ticket)""",
    )
    found = await board(desk)
    assert (found.today.answered, found.today.in_time, found.today.late) == (3, 3, 1)
    assert found.in_time_share == 0.75
    tomorrow = await read_board(desk.ctx, datetime.now(UTC) + timedelta(hours=1))
    assert (tomorrow.today.answered, tomorrow.in_time_share) == (0, None)


async def test_how_quickly_work_is_done_is_seen_in_answers_one_after_the_other(desk: Desk) -> None:
    """Ten tickets in hand from the beginning, one answered every 13 minutes: each took 13, not from its assignment on."""
    bo = await agent(desk, "bo", languages=("en",), capacity=12)
    for n in range(12):
        code = await asks(desk, n)
        if n < 10:
            await assign_ticket(desk.ctx, ticket_code=code, agent_id=bo, actor=HUB)
    change = """
        UPDATE assignment SET started_at = now() - interval '200 min';
        UPDATE ticket t SET last_in_at = now() - interval '300 min', waiting_since = NULL,
               last_out_at = now() - interval '200 min' + n.place * interval '13 min'
        FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM ticket WHERE assignee_id IS NOT NULL) n
        WHERE t.id = n.id"""
    await sql(desk, change)

    async def look(c: Connection) -> list[float]:
        return [row.minutes for row in await wallboard.answered_lately(c, 4 * 3600.0)]

    assert await desk.ctx.database.read(look) == pytest.approx([13.0] * 10)


async def test_why_a_ticket_waits_says_its_place_and_the_wait(desk: Desk) -> None:
    await agent(desk, "bo", languages=("en",), capacity=1)
    codes = [await asks(desk, n) for n in range(6)]
    await drain(desk.ctx)
    places = []
    for code in codes[1:]:
        why = await why_waiting(desk.ctx, code)
        assert why is not None and why["outcome"] == "waiting"
        places.append(why["expected"]["place"])
        assert why["expected"]["of"] == 5 and why["expected"]["agents"] == 1
        assert why["expected"]["least"] <= 6.5 * places[-1] <= why["expected"]["most"]
    assert places == [1, 2, 3, 4, 5]


async def test_a_long_line_is_looked_at_once_in_a_while(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expect, "LONG", 3)
    monkeypatch.setattr(expect, "LONG_SECONDS", 3600.0)
    await agent(desk, "bo", languages=("en",), capacity=1)
    codes = [await asks(desk, n) for n in range(3)]
    await drain(desk.ctx)

    async def of() -> int:
        why = await why_waiting(desk.ctx, codes[1])
        assert why is not None
        return int(why["expected"]["of"])

    assert await of() == 2  # short: looked at each time
    await asks(desk, 3)
    assert await of() == 3
    await asks(desk, 4)
    assert await of() == 3  # long by now, and seen a moment ago
    monkeypatch.setitem(desk.ctx.memo, expect.expect_ticket, (0.0, None))
    assert await of() == 4


async def test_a_closed_queue_gives_no_estimate(desk: Desk) -> None:
    await agent(desk, "bo", languages=("en",), capacity=1)
    codes = [await asks(desk, n) for n in range(2)]
    await drain(desk.ctx)
    yesterday = (datetime.now(UTC) - timedelta(days=1)).strftime("%A").lower()
    document = as_document(desk.ctx.rules)
    document["calendar"] = [*document["calendar"], {"name": "never", "title_en": "Never", "title_zh": "从不", "zone": "UTC",
                                                    "hours": {yesterday: ["08:00-09:00"]}}]  # fmt: skip
    document["queue"] = [
        one | ({"calendar": "never"} if one["name"] == "enquiries" else {}) for one in document["queue"]
    ]
    await change_rules(desk.ctx, document=document, base_version=desk.ctx.rulebook.version, actor=ADMIN)
    why = await why_waiting(desk.ctx, codes[1])
    assert why is not None and why["reasons"][0]["code"] == "queue_closed"
    assert (why["expected"]["place"], why["expected"]["agents"], why["expected"]["least"]) == (1, 1, None)
    queue = await enquiries(desk)
    assert queue.open is False and queue.changes_at is not None


async def test_an_agent_who_takes_nothing_more_makes_the_others_wait_longer(desk: Desk) -> None:
    """A capacity that is changed is gone by at once."""
    bo = await agent(desk, "bo", languages=("en",), capacity=1)
    await agent(desk, "cy", languages=("en",), capacity=1)
    codes = [await asks(desk, n) for n in range(9)]
    await drain(desk.ctx)
    both = await why_waiting(desk.ctx, codes[8])
    await change_agent(desk.ctx, agent_id=bo, change=AgentChange(capacity=0), actor=ADMIN)
    one = await why_waiting(desk.ctx, codes[8])
    assert both is not None and one is not None and one["expected"]["most"] > both["expected"]["most"]
