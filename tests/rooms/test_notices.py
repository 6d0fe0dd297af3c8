"""The bell: each cause once for each person, out of the ledger once, a crowd as one, and nobody hears what is another's."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from channels.adapter import Refused, Unsure
from hub.actions.announce import EVENTS
from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.errands.ledger_notices import tell_of_ledger
from hub.actions.errands.mentions import Named, find_mentions
from hub.actions.errands.notices import (
    CROWD,
    NAMED,
    NewNotice,
    add_notices,
    choose_kinds,
    count_unread,
    list_notices,
    mark_read,
    mark_ticket_read,
    muted_kinds,
    overseers,
)
from hub.actions.failures import NotPossible
from hub.actions.floor.assign import assign_ticket
from hub.actions.floor.offers import expire_offers
from hub.actions.floor.route import drain
from hub.actions.floor.unplaceable import say_unplaceable
from hub.actions.note import add_note
from hub.actions.status import change_status
from hub.actions.timers import fire_due
from hub.model.notices import NoticeKind
from hub.model.people import Actor
from hub.workers.notices import ring
from storage import floor, offers, work
from storage.database import Connection
from storage.feed_marks import read_on
from storage.notices import NoticeRow, StaffRow
from storage.tasks import NEVER
from tests.fakes.clocks import rules, time_passes
from tests.fakes.outside import Outside
from tests.fakes.processes import until
from tests.fakes.scene import SYSTEM, a_hub, an_agent, one, rows, say, ticket
from tests.fakes.sending import deliver_due

BOB = [("email", "bob@example.com", True)]


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, rules=rules()) as hub:
        yield hub


async def told(ctx: Context, agent_id: int) -> list[str]:
    """Kinds, in the order in which they were told."""
    return [row.kind for row in reversed(await listed(ctx, agent_id))]


async def listed(ctx: Context, agent_id: int) -> list[NoticeRow]:
    return await list_notices(ctx, agent_id=agent_id, before=(NEVER, 0), limit=200)


async def add(ctx: Context, *notices: NewNotice, **more: Any) -> int:
    return await ctx.database.run(lambda c: add_notices(c, notices, **more))


def about(agent_id: int, cause: str, kind: NoticeKind = NoticeKind.RULE, **more: Any) -> NewNotice:
    return NewNotice(agent_id=agent_id, kind=kind, cause=cause, **more)


async def lead(ctx: Context, login: str, role: str = "supervisor", **more: Any) -> int:
    made = await an_agent(ctx, login, presence="offline", **more)
    await ctx.database.run(lambda c: c.execute("UPDATE agent SET role = $2 WHERE id = $1", made, role))
    return made


async def read_all(ctx: Context) -> None:
    while await tell_of_ledger(ctx):
        pass


async def test_a_cause_is_told_once_to_each(ctx: Context) -> None:
    lin, kim = await an_agent(ctx, "lin"), await an_agent(ctx, "kim")
    assert await add(ctx, about(lin, "a"), about(kim, "a"), about(lin, "a")) == 2
    assert await add(ctx, about(lin, "a"), about(lin, "b")) == 1
    assert (len(await told(ctx, lin)), len(await told(ctx, kim))) == (2, 1)


async def test_nobody_hears_what_is_told_to_another_or_can_put_it_away(ctx: Context) -> None:
    lin, kim = await an_agent(ctx, "lin"), await an_agent(ctx, "kim")
    await add(ctx, about(lin, "a"))
    (notice,) = await listed(ctx, lin)
    await mark_read(ctx, agent_id=kim, notice_id=notice.id)
    await mark_read(ctx, agent_id=kim)
    assert await count_unread(ctx, lin) == 1 and await listed(ctx, kim) == []
    await mark_read(ctx, agent_id=lin, notice_id=notice.id)
    assert await count_unread(ctx, lin) == 0
    # Their own screens are told, by number alone.
    told_to = await rows(ctx, "SELECT data, agent_id FROM event WHERE kind = 'notices_changed'")
    assert [row["data"] for row in told_to] == [{"agents": [lin]}] * 2


async def test_who_has_left_and_who_does_not_want_to_hear_is_told_nothing(ctx: Context) -> None:
    lin, gone = await an_agent(ctx, "lin"), await an_agent(ctx, "gone")
    await ctx.database.run(lambda c: c.execute("UPDATE agent SET active = false WHERE id = $1", gone))
    await choose_kinds(ctx, agent_id=lin, wanted=[NoticeKind.MENTIONED.value])
    assert NoticeKind.RULE in await muted_kinds(ctx, lin)
    assert await add(ctx, about(lin, "a"), about(gone, "a"), about(lin, "b", NoticeKind.MENTIONED)) == 1
    with pytest.raises(NotPossible):
        await choose_kinds(ctx, agent_id=lin, wanted=["none of these"])


async def test_a_crowd_is_one_and_said_again_the_same(ctx: Context) -> None:
    lin = await an_agent(ctx, "lin")
    few = [about(lin, f"few:{n}") for n in range(CROWD)]
    assert await add(ctx, *few) == CROWD
    opened = [await ticket(ctx, await say(ctx, who=BOB, key=f"k{n}")) for n in range(NAMED + 3)]
    many = [about(lin, f"many:{one_['id']}", ticket_id=one_["id"]) for one_ in opened]
    assert await add(ctx, *many) == 1
    assert await add(ctx, *reversed(many)) == 0
    latest = (await listed(ctx, lin))[0]
    assert (latest.many, len(latest.numbers), latest.ticket_code) == (NAMED + 3, NAMED, None)
    assert set(latest.numbers) <= {one_["code"] for one_ in opened}


async def test_more_of_the_same_is_counted_in_until_it_was_read(ctx: Context) -> None:
    lin = await an_agent(ctx, "lin")
    await add(ctx, *[about(lin, f"a:{n}") for n in range(10)], never_again=True)
    await add(ctx, about(lin, "b"), about(lin, "c", NoticeKind.MENTIONED), never_again=True)
    assert [(row.kind, row.many) for row in await listed(ctx, lin)] == [("mentioned", 1), ("rule", 11)]
    await mark_read(ctx, agent_id=lin)
    await add(ctx, about(lin, "d"), never_again=True)
    assert next((row.kind, row.many) for row in await listed(ctx, lin)) == ("rule", 1)


async def test_who_is_given_a_ticket_is_told_and_who_takes_one_is_not(ctx: Context) -> None:
    lin, kim = await an_agent(ctx, "lin", presence="offline"), await an_agent(ctx, "kim", presence="offline")
    opened = await ticket(ctx, await say(ctx, who=BOB, key="k"))
    await assign_ticket(ctx, ticket_code=opened["code"], agent_id=lin, actor=Actor(name="lin", agent_id=lin))
    await read_all(ctx)
    assert await told(ctx, lin) == []
    await assign_ticket(ctx, ticket_code=opened["code"], agent_id=kim, actor=Actor(name="lin", agent_id=lin))
    await read_all(ctx)
    assert (await told(ctx, lin), await told(ctx, kim)) == ([], ["assigned_to_you"])
    (notice,) = await listed(ctx, kim)
    assert (notice.ticket_code, notice.params) == (opened["code"], {"by": "lin"})
    await mark_ticket_read(ctx, agent_id=kim, ticket_code=opened["code"])
    assert await count_unread(ctx, kim) == 0


async def test_who_is_given_a_ticket_by_the_hub_is_told_unless_it_is_gone_again(ctx: Context) -> None:
    lin = await an_agent(ctx, "lin")
    first = await ticket(ctx, await say(ctx, who=BOB, key="k"))
    assert await drain(ctx) == 1
    await assign_ticket(ctx, ticket_code=first["code"], agent_id=None, actor=SYSTEM)
    await read_all(ctx)
    assert await told(ctx, lin) == []
    await ticket(ctx, await say(ctx, who=BOB, key="other"))
    assert await drain(ctx) == 1
    await read_all(ctx)
    assert await told(ctx, lin) == ["assigned_to_you"]


async def test_a_warning_goes_to_the_holder_and_a_breach_also_to_who_leads(ctx: Context) -> None:
    lin = await an_agent(ctx, "lin", presence="offline")
    chief, other = (
        await lead(ctx, "chief", queues=["enquiries"]),
        await lead(ctx, "other", queues=["complaints"]),
    )
    opened = await ticket(ctx, await say(ctx, who=BOB, key="k", text="A question about opening hours"))
    assert opened["queue"] == "enquiries"
    await assign_ticket(ctx, ticket_code=opened["code"], agent_id=lin, actor=Actor(name="lin", agent_id=lin))
    await time_passes(ctx, 50)
    await fire_due(ctx)
    await read_all(ctx)
    assert (await told(ctx, lin), await told(ctx, chief)) == (["sla_warning"], [])
    await time_passes(ctx, 15)
    await fire_due(ctx)
    await read_all(ctx)
    assert (await told(ctx, lin), await told(ctx, chief)) == (
        ["sla_warning", "sla_breached"],
        ["sla_breached"],
    )
    assert await told(ctx, other) == []
    assert (await listed(ctx, chief))[0].params == {"target": "first_response"}


async def test_a_warning_that_nobody_would_hear_goes_to_who_leads(ctx: Context) -> None:
    boss = await lead(ctx, "boss", "admin")
    await say(ctx, who=BOB, key="k")
    await time_passes(ctx, 50)
    await fire_due(ctx)
    await read_all(ctx)
    assert await told(ctx, boss) == ["sla_warning"]


async def test_hundreds_of_breaches_after_a_night_without_a_hub_are_one_notice(ctx: Context) -> None:
    """F70."""
    lin, chief = await an_agent(ctx, "lin", presence="offline", capacity=1000), await lead(ctx, "chief")

    async def some(c: Connection) -> None:
        await c.execute(
            """WITH who AS (INSERT INTO customer (name) SELECT 'c' FROM generate_series(1, 700) RETURNING id), made AS (
                   INSERT INTO ticket (customer_id, channel_id, subject, kind, queue_id, seq, assignee_id)
                   SELECT who.id, (SELECT min(id) FROM channel), 's', 'enquiry',
                          (SELECT id FROM queue WHERE name = 'enquiries'), 1, $1
                   FROM who RETURNING id)
               INSERT INTO event (ticket_id, seq, kind) SELECT id, 1, 'ticket_opened' FROM made""",
            lin,
        )
        await c.execute(
            """INSERT INTO sla_rules (fingerprint, version) VALUES ('x', 99);
               INSERT INTO sla_clock (ticket_id, target, cycle, state, because, started_at, since, minutes, calendar,
                                      warn_share, escalates, named_by, rules_version, due_at, next_at, version)
               SELECT id, 'first_response', 1, 'running', 'opened', now() - interval '9 h', now() - interval '9 h', 60,
                      'always', 80, true, 'usual', 99, now() - interval '8 h', now() - interval '8 h', 1
               FROM ticket"""
        )

    await ctx.database.run(some)
    while await fire_due(ctx):
        # What is found a moment later is counted in.
        await read_all(ctx)
    assert await one(ctx, "SELECT count(*) FROM event WHERE kind = 'sla_breached'") == 700
    for who in (lin, chief):
        told_ = [row for row in await listed(ctx, who) if row.kind == "sla_breached"]
        assert [row.many for row in told_] == [700]
        assert len(told_[0].numbers) == NAMED
    assert await one(ctx, "SELECT count(*) FROM notice") <= 4


async def test_a_note_that_names_a_colleague_tells_them(ctx: Context) -> None:
    lin, kim = await an_agent(ctx, "lin"), await an_agent(ctx, "kim.li")
    opened = await ticket(ctx, await say(ctx, who=BOB, key="k", text="@lin is what the customer wrote"))
    me = Actor(name="lin", agent_id=lin)
    await add_note(
        ctx, ticket_code=opened["code"], actor=me, text="I ask @Kim.Li, and not a@lin.example; me: @lin."
    )
    await read_all(ctx)
    assert (await told(ctx, kim), await told(ctx, lin)) == (["mentioned"], [])
    assert (await listed(ctx, kim))[0].params == {"by": "lin"}


def test_who_is_named() -> None:
    staff = [
        StaffRow(id=number, login=login, name=login, role="agent", queues=[])
        for number, login in enumerate(("lin", "lin.li", "a@b.example"), 1)
    ]
    assert find_mentions("@lin, @LIN and @lin.li.", staff).agents == (1, 2)
    assert find_mentions("请 @a@b.example 看一下 (@lin)", staff).agents == (3, 1)
    assert find_mentions("mail x@lin.example, @@lin, @nobody", staff) == Named()
    assert find_mentions("@" * 100_000, staff) == Named()


async def test_many_hubs_read_the_ledger_once_and_what_fails_is_read_again(
    database_dsn: str, ctx: Context
) -> None:
    lin = await an_agent(ctx, "lin", presence="offline", capacity=100)
    for number in range(12):
        opened = await ticket(ctx, await say(ctx, who=BOB, key=f"k{number}"))
        await assign_ticket(ctx, ticket_code=opened["code"], agent_id=lin, actor=SYSTEM)

    # A hub dies after it has written, before its commit.
    async def dies(c: Connection) -> None:
        await c.execute("SELECT 1 FROM feed_mark FOR UPDATE")
        rows_ = await read_on(c, "notices", {"ticket_assigned"}, 1000)
        assert rows_ is not None and len(rows_) == 12
        await add_notices(c, [about(lin, "lost", NoticeKind.ASSIGNED_TO_YOU)])
        raise RuntimeError("the power fails")

    with pytest.raises(RuntimeError):
        await ctx.database.run(dies)
    async with a_hub(database_dsn, rules=rules()) as second, a_hub(database_dsn, rules=rules()) as third:
        await asyncio.gather(*(read_all(hub) for hub in (ctx, second, third)))
        await asyncio.gather(*(read_all(hub) for hub in (ctx, second, third)))
    (notice,) = await listed(ctx, lin)
    assert (notice.kind, notice.many) == ("assigned_to_you", 12)


async def test_screens_are_woken(ctx: Context) -> None:
    lin = await an_agent(ctx, "lin")
    listening = asyncio.create_task(ctx.listener.run())
    try:
        heard = ctx.listener.expect(EVENTS)
        await add(ctx, about(lin, "a"))
        async with asyncio.timeout(10):
            await heard.wait(10)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_the_loop_of_a_hub_tells_at_once_and_ends_when_the_hub_does(ctx: Context) -> None:
    lin = await an_agent(ctx, "lin", presence="offline")
    opened = await ticket(ctx, await say(ctx, who=BOB, key="k"))
    halt = asyncio.Event()
    listening = asyncio.create_task(ctx.listener.run())
    ringing = asyncio.create_task(ring(ctx, halt, lambda: None))
    try:
        await assign_ticket(ctx, ticket_code=opened["code"], agent_id=lin, actor=SYSTEM)

        async def is_told() -> bool:
            return await told(ctx, lin) == ["assigned_to_you"]

        await until(is_told, seconds=20, what="the notice")
    finally:
        halt.set()
        ctx.listener.wake_all()
        async with asyncio.timeout(20):
            await ringing
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_who_watches_over_a_queue(ctx: Context) -> None:
    queue = await one(ctx, "SELECT id FROM queue WHERE name = 'enquiries'")

    async def who() -> list[int]:
        return await ctx.database.run(lambda c: overseers(c, queue))

    assert await who() == []
    boss = await lead(ctx, "boss", "admin")
    assert await who() == [boss]
    general = await lead(ctx, "general")
    assert await who() == [general]
    own = await lead(ctx, "own", queues=["enquiries"])
    assert await who() == [own]


async def test_what_an_agent_did_not_answer_or_lost_meanwhile_is_told_to_them(ctx: Context) -> None:
    lin = await an_agent(ctx, "lin")
    offered, taken_back = [await ticket(ctx, await say(ctx, who=BOB, key=key)) for key in ("a", "b")]

    async def offer(c: Connection) -> None:
        await work.lock_active_agents(c)
        await offers.offer(c, [(offered["id"], lin, '{"reasons": []}', 60, False)], [EVENTS])

    await ctx.database.run(offer)
    await ctx.database.run(lambda c: c.execute("UPDATE offer SET expires_at = clock_timestamp()"))
    assert await expire_offers(ctx) == 1
    await assign_ticket(ctx, ticket_code=taken_back["code"], agent_id=lin, actor=SYSTEM)
    await read_all(ctx)
    await mark_read(ctx, agent_id=lin)

    async def release(c: Connection) -> None:
        await work.lock_active_agents(c)
        await floor.release(c, [(taken_back["id"], lin, '{"reasons": []}')], "agent_gone", not_again=False)

    await ctx.database.run(release)
    # A person who gives one back is told nothing.
    await assign_ticket(ctx, ticket_code=offered["code"], agent_id=lin, actor=Actor(name="lin", agent_id=lin))
    await assign_ticket(ctx, ticket_code=offered["code"], agent_id=None, actor=SYSTEM)
    await read_all(ctx)
    assert {(row.kind, row.ticket_code) for row in await listed(ctx, lin)} == {
        ("offer_expired", offered["code"]), ("assigned_to_you", taken_back["code"]), ("away", taken_back["code"]),
    }  # fmt: skip


async def test_an_answer_that_did_not_arrive_is_told_to_who_wrote_it_and_to_who_has_the_ticket(
    ctx: Context,
) -> None:
    """F43, F44, F46: at once, also where the ticket was resolved with it."""
    lin, kim = await an_agent(ctx, "lin", presence="offline"), await an_agent(ctx, "kim", presence="offline")
    chief, codes = await lead(ctx, "chief"), []
    for key, author in (("a", lin), ("b", lin), ("c", None), ("d", None)):
        opened = await ticket(ctx, await say(ctx, who=[("visitor", key, True)], key=key, reply_address=key))
        codes.append(opened["code"])
        await queue_reply(ctx, ticket_code=opened["code"], actor=Actor(name="x", agent_id=author), text=key)
    await assign_ticket(ctx, ticket_code=codes[1], agent_id=kim, actor=SYSTEM)
    await change_status(ctx, ticket_code=codes[0], status="resolved", actor=SYSTEM)
    # What the hub says by itself is nobody's answer.
    await one(
        ctx, "UPDATE interaction SET automatic = 'x' WHERE text = 'd' AND direction = 'out' RETURNING 1"
    )
    outside = Outside(Refused("no such person"), Unsure("the line dropped"), Refused("no"), Refused("no"))
    for _ in range(4):
        await deliver_due(ctx, {"plain": outside})
    await read_all(ctx)

    async def heard(agent_id: int) -> list[tuple[int | None, Any]]:
        listed_ = [row for row in await listed(ctx, agent_id) if row.kind == NoticeKind.NOT_DELIVERED]
        return sorted((row.ticket_code, row.params) for row in listed_)

    assert await heard(lin) == sorted([(codes[0], {"state": "failed"}), (codes[1], {"state": "uncertain"})])
    assert await heard(kim) == [(codes[1], {"state": "uncertain"})]
    assert await heard(chief) == [(codes[2], {"state": "failed"})]


async def test_a_ticket_that_nobody_at_all_can_take_is_told_to_who_leads(ctx: Context) -> None:
    chief = await lead(ctx, "chief", languages=["zh"])
    opened = await ticket(
        ctx, await say(ctx, who=BOB, key="k", text="Where is my parcel? I ordered it last week.")
    )
    assert opened["required_language"] == "en"
    assert await say_unplaceable(ctx) == 1
    assert await say_unplaceable(ctx) == 0
    await read_all(ctx)
    assert [(row.kind, row.ticket_code) for row in await listed(ctx, chief)] == [
        ("unplaceable", opened["code"])
    ]
