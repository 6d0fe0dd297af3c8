"""Time rules over a real database: they wait from when something is so, once, and no longer than it is."""

from collections.abc import AsyncIterator

import pytest

from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.floor.assign import assign_ticket
from hub.actions.note import add_note
from hub.actions.own_fields import add_field, say_of_subject, say_of_ticket
from hub.actions.status import change_status
from hub.actions.tags import change_tags
from hub.model.own_fields import About
from hub.model.people import Actor
from routing.automation.tables import Since
from storage import automation as stored
from storage.database import Connection
from tests.fakes.automation import automated, other_rules, runs, settle, time_passes, waits
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import SYSTEM, a_hub, an_agent, one, rows, say, ticket

WAITS = """
[[automation]]
name = "nobody has it"
after = 60
of = "unassigned"
unless = { tags = ["told"] }
then = [ { add_tags = ["alone"] } ]

[[automation]]
name = "no answer"
after = 30
of = "unanswered"
then = [ { priority = "urgent" } ]

[[automation]]
name = "customer is silent"
after = 10080
of = "pending"
then = [ { note = "Seven days without a word." }, { status = "resolved" } ]

[[automation]]
name = "ask how it was"
after = 60
of = "resolved"
then = [ { add_tags = ["survey"] } ]

[[automation]]
name = "old"
after = 20000
of = "opened"
then = [ { add_tags = ["old"] } ]
"""


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, rules=automated(WAITS)) as hub:
        yield hub
        await assert_invariants(hub.database, by_hand=True)


async def test_a_wait_begins_with_what_it_waits_for_and_ends_with_it(ctx: Context) -> None:
    li = await an_agent(ctx, "li")
    person = Actor(name="Li", agent_id=li)
    kept = await say(ctx, text="Hello", key="a", reply_address="x")
    number, code = (await ticket(ctx, kept))["id"], (await ticket(ctx, kept))["code"]
    await settle(ctx)
    assert await waits(ctx, number) == {"nobody has it": 60.0, "no answer": 30.0, "old": 20000.0}
    await time_passes(ctx, 20)
    await say(ctx, text="Anybody there?", key="a")
    await assign_ticket(ctx, ticket_code=code, agent_id=li, actor=person)
    await settle(ctx)
    # The customer waits since the first message, whatever they write beside it.
    assert await waits(ctx, number) == {"no answer": 10.0, "old": 19980.0}
    await queue_reply(ctx, ticket_code=code, actor=person, text="Yes.")
    await settle(ctx)
    assert await waits(ctx, number) == {"customer is silent": 10080.0, "old": 19980.0}
    await time_passes(ctx, 5)
    await say(ctx, text="And now?", key="a")
    await assign_ticket(ctx, ticket_code=code, agent_id=None, actor=person)
    await settle(ctx)
    assert await waits(ctx, number) == {"nobody has it": 60.0, "no answer": 30.0, "old": 19975.0}
    await change_status(ctx, ticket_code=code, status="closed", actor=SYSTEM)
    await settle(ctx)
    assert await waits(ctx, number) == {}
    assert await runs(ctx, number) == []


async def test_what_waited_long_enough_is_done_once_for_each_wait(ctx: Context) -> None:
    kept = await say(ctx, text="Hello", key="a", reply_address="x")
    number, code = (await ticket(ctx, kept))["id"], (await ticket(ctx, kept))["code"]
    await settle(ctx)
    await time_passes(ctx, 31)
    await settle(ctx)
    assert await runs(ctx, number) == [("no answer", "unanswered", "done")]
    assert (await ticket(ctx, kept))["priority"] == 4
    assert "no answer" not in await waits(ctx, number)
    # Time goes on, things happen: it is the same wait.
    await change_tags(ctx, ticket_code=code, add=["x"], actor=SYSTEM)
    await settle(ctx)
    assert "no answer" not in await waits(ctx, number)
    await time_passes(ctx, 10)
    await settle(ctx)
    assert len(await runs(ctx, number)) == 1
    # Answered and asked again: another.
    await queue_reply(ctx, ticket_code=code, actor=SYSTEM, text="Yes.")
    await settle(ctx)
    await say(ctx, text="Are you sure?", key="a")
    await settle(ctx)
    await time_passes(ctx, 31)
    await settle(ctx)
    assert [rule for rule, _, _ in await runs(ctx, number)] == ["no answer", "no answer"]
    assert await runs(ctx, number) == [
        ("no answer", "unanswered", "done"),
        ("no answer", "unanswered", "nothing"),
    ]


async def test_who_is_answered_at_the_last_moment_waits_no_more(ctx: Context) -> None:
    kept = await say(ctx, text="Hello", key="a", reply_address="x")
    number, code = (await ticket(ctx, kept))["id"], (await ticket(ctx, kept))["code"]
    await settle(ctx)
    await time_passes(ctx, 31)
    # The wait was over, and before anybody looked the answer came.
    assert await ctx.database.run_one(lambda c: stored.take_in_waits(c, 10)) == 1
    await queue_reply(ctx, ticket_code=code, actor=SYSTEM, text="Here I am.")
    await settle(ctx)
    assert await runs(ctx, number) == []


async def test_the_next_wait_of_a_rule_stays_until_the_one_before_was_looked_at(ctx: Context) -> None:
    """Where the list of what is due is long, the customer may have been answered and have written again by then."""
    await say(ctx, text="Hello", key="a", reply_address="x")
    await settle(ctx)
    await time_passes(ctx, 31)
    assert await ctx.database.run_one(lambda c: stored.take_in_waits(c, 10)) == 1
    await one(
        ctx,
        """INSERT INTO automation_timer (ticket_id, rule, anchor, due_at)
           SELECT ticket_id, rule, anchor + interval '1 second', now() FROM automation_due WHERE rule = 'no answer'
           RETURNING 1""",
    )
    assert await ctx.database.run_one(lambda c: stored.take_in_waits(c, 10)) == 0
    assert await one(ctx, "SELECT count(*) FROM automation_timer WHERE rule = 'no answer'") == 1
    await one(ctx, "DELETE FROM automation_due WHERE rule = 'no answer' RETURNING 1")
    assert await ctx.database.run_one(lambda c: stored.take_in_waits(c, 10)) == 1


async def test_seven_silent_days_resolve_a_ticket_after_downtime_too(ctx: Context) -> None:
    kept = await say(ctx, text="Hello", key="a", reply_address="x")
    number, code = (await ticket(ctx, kept))["id"], (await ticket(ctx, kept))["code"]
    await queue_reply(ctx, ticket_code=code, actor=SYSTEM, text="Yes.")
    await settle(ctx)
    # Nobody looked for ten days.
    await time_passes(ctx, 14_400)
    await settle(ctx)
    now = await ticket(ctx, kept)
    assert now["status"] == "resolved"
    assert await runs(ctx, number) == [("customer is silent", "pending", "done")]
    assert await waits(ctx, number) == {"ask how it was": 60.0}
    await time_passes(ctx, 61)
    await settle(ctx)
    assert (await ticket(ctx, kept))["tags"] == ["survey"]


async def test_a_condition_that_holds_no_more_ends_the_wait_and_one_that_holds_late_is_not_too_late(
    ctx: Context,
) -> None:
    kept = await say(ctx, text="Hello", key="a")
    number, code = (await ticket(ctx, kept))["id"], (await ticket(ctx, kept))["code"]
    await change_tags(ctx, ticket_code=code, add=["told"], actor=SYSTEM)
    await settle(ctx)
    assert "nobody has it" not in await waits(ctx, number)
    await time_passes(ctx, 90)
    await settle(ctx)
    assert ("nobody has it", "unassigned", "done") not in await runs(ctx, number)
    await change_tags(ctx, ticket_code=code, remove=["told"], actor=SYSTEM)
    await settle(ctx)
    assert ("nobody has it", "unassigned", "done") in await runs(ctx, number)


async def test_a_condition_of_the_moment_is_asked_when_the_time_has_come(database_dsn: str) -> None:
    toml = """
[[automation]]
name = "for few"
after = 10
of = "unassigned"
when = { open_tickets = 2 }
then = [ { add_tags = ["often"] } ]
[[automation]]
name = "for key accounts"
after = 10
of = "unassigned"
when = { key_account = true }
then = [ { add_tags = ["key"] } ]
"""
    async with a_hub(database_dsn, rules=automated(toml)) as ctx:
        kept = await say(ctx, text="Hello", key="a", who=[("email", "a@b.example", True)])
        number = (await ticket(ctx, kept))["id"]
        await settle(ctx)
        assert set(await waits(ctx, number)) == {"for few", "for key accounts"}
        await one(ctx, "UPDATE customer SET key_account = true RETURNING 1")
        await time_passes(ctx, 11)
        rounds = await settle(ctx)
        assert rounds < 10  # what does not hold now is not asked again and again
        assert (await ticket(ctx, kept))["tags"] == ["key"]
        assert await waits(ctx, number) == {}


async def test_other_rules_make_other_waits_for_tickets_that_are_there(ctx: Context) -> None:
    kept = [await say(ctx, text="Hello", key=str(n)) for n in range(3)]
    tickets = [await ticket(ctx, one_) for one_ in kept]
    await change_status(ctx, ticket_code=tickets[2]["code"], status="closed", actor=SYSTEM)
    await settle(ctx)
    await time_passes(ctx, 20)
    await other_rules(
        ctx,
        '[[automation]]\nname = "nobody has it"\nafter = 30\nof = "unassigned"\nthen = [ { note = "n" } ]\n',
    )
    await settle(ctx)
    assert [await waits(ctx, one_["id"]) for one_ in tickets] == [{"nobody has it": 10.0}] * 2 + [{}]
    # A hub that has not heard of them yet changes nothing.
    async with a_hub(await _dsn(ctx), ready=False) as other:
        other.rulebook.rules, other.rulebook.version = ctx.rulebook.file, 1
        await settle(other)
    assert await waits(ctx, tickets[0]["id"]) == {"nobody has it": 10.0}
    await other_rules(ctx, "")
    await time_passes(ctx, 60)
    await settle(ctx)
    assert await rows(ctx, "SELECT 1 FROM automation_timer") == []
    assert await runs(ctx, tickets[0]["id"]) == []


async def _dsn(ctx: Context) -> str:
    return ctx.database._dsn


async def test_closed_tickets_cost_nothing(ctx: Context) -> None:
    """Reckoning anew reads an index that knows unfinished tickets alone."""
    sql = stored.SQL["take_in_plan"]

    async def explain(c: Connection) -> str:
        await c.execute("UPDATE automation_plan SET reached = 0")
        return "\n".join(row[0] for row in await c.fetch(f"EXPLAIN {sql.replace('$1', '10')}"))

    assert "ticket_unfinished" in await ctx.database.run(explain)


async def test_every_wait_has_its_column(ctx: Context) -> None:
    kept = await say(ctx, text="Hello", key="a")
    number = (await ticket(ctx, kept))["id"]
    found = (await ctx.database.read(lambda c: stored.anchors(c, [number])))[number]
    assert {one_.value for one_ in Since} <= set(type(found).__dataclass_fields__)


async def test_fields_of_the_companys_own_are_asked_of_ticket_and_customer(database_dsn: str) -> None:
    toml = """
[[automation]]
name = "at once"
on = [ "note_added" ]
when = { ticket_fields = [ "warranty = over" ], customer_fields = [ "tier" ] }
then = [ { add_tags = [ "event" ] } ]
[[automation]]
name = "later"
after = 10
of = "unassigned"
when = { ticket_fields = [ "warranty = over" ] }
unless = { customer_fields = [ "tier = silver" ] }
then = [ { add_tags = [ "wait" ] } ]
"""
    async with a_hub(database_dsn, rules=automated(toml)) as ctx:
        for about, label in (("ticket", "Warranty"), ("customer", "Tier")):
            await add_field(ctx, about=about, kind="text", label_en=label, label_zh="", actor=SYSTEM)
        kept = await say(ctx, text="Hello", key="a")
        found = await ticket(ctx, kept)
        await add_note(ctx, ticket_code=found["code"], text="Nothing stands there yet.", actor=SYSTEM)
        await settle(ctx)
        assert (await ticket(ctx, kept))["tags"] == []
        await say_of_ticket(ctx, ticket_code=found["code"], values={"warranty": "Over"}, actor=SYSTEM)
        await say_of_subject(
            ctx, about=About.CUSTOMER, subject_id=found["customer_id"], values={"tier": "gold"}, actor=SYSTEM
        )
        await add_note(ctx, ticket_code=found["code"], text="Now both.", actor=SYSTEM)
        await settle(ctx)
        assert (await ticket(ctx, kept))["tags"] == ["event"]
        await time_passes(ctx, 11)
        await settle(ctx)
        assert (await ticket(ctx, kept))["tags"] == ["event", "wait"]
