"""Rules at work over a real database: what they listen to, what they do, what stands against it."""

from collections.abc import AsyncIterator

import pytest

from hub.actions.answers.reply import queue_reply
from hub.actions.automation.look import run_rules
from hub.actions.context import Context
from hub.actions.floor.assign import assign_ticket
from hub.actions.floor.route import drain
from hub.actions.learning.correct import change_ticket
from hub.actions.note import add_note
from hub.actions.status import change_status
from hub.actions.tags import change_tags
from hub.model.people import Actor
from routing.automation.tables import Happening
from storage import automation as stored
from tests.fakes.automation import automated, did, runs, settle
from tests.fakes.invariants import assert_invariants, check_every_commit
from tests.fakes.scene import SYSTEM, a_hub, an_agent, one, rows, say, ticket

EVERYTHING = """
[[automation]]
name = "parcels"
on = ["opened", "customer_wrote"]
when = { words = ["parcel", "包裹"], channel_kind = ["plain"] }
unless = { tags = ["parcel"], key_account = true }
then = [
    { add_tags = ["Parcel", "new"] },
    { queue = "service" },
    { priority = "urgent" },
    { note = "Look up {{ticket.number}} at the carrier." },
]

[[automation]]
name = "off"
enabled = false
on = ["opened"]
then = [ { add_tags = ["never"] } ]

[[automation]]
name = "give to Li"
on = ["tag_added"]
when = { tags = ["parcel"], by = ["rule"] }
then = [ { assign = "agent:li" }, { remove_tags = ["new"] } ]
"""


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, rules=automated(EVERYTHING)) as hub:
        await check_every_commit(hub.database, by_hand=True)
        yield hub
        await assert_invariants(hub.database, by_hand=True)


async def test_a_rule_does_what_it_says_in_order_and_it_is_on_record(ctx: Context) -> None:
    agent = await an_agent(ctx, "li")
    kept = await say(ctx, text="My PARCEL is lost.", key="a")
    opened = await ticket(ctx, kept)
    await settle(ctx)
    now = await ticket(ctx, kept)
    assert (now["tags"], now["queue"], now["priority"], now["assignee_id"]) == (
        ["parcel"],
        "service",
        4,
        agent,
    )
    assert await runs(ctx, opened["id"]) == [
        ("parcels", "opened", "done"),
        ("give to Li", "tag_added", "done"),
    ]
    assert await did(ctx, opened["id"]) == [
        ("add_tags", "done", ""), ("queue", "done", ""), ("priority", "done", ""), ("note", "done", ""),
        ("assign", "done", ""), ("remove_tags", "done", ""),
    ]  # fmt: skip
    (note,) = await rows(ctx, "SELECT * FROM interaction WHERE direction = 'internal'")
    assert (note["author_name"], note["agent_id"]) == ("Rule: parcels", None)
    assert note["text"].startswith("Look up T-") and "{{" not in note["text"]
    caused = await rows(
        ctx,
        "SELECT kind, data->>'rule' AS rule, data->>'depth' AS depth FROM event WHERE data ? 'rule' ORDER BY seq",
    )
    assert [tuple(row.values()) for row in caused] == [
        ("tags_changed", "parcels", "1"), ("queue_changed", "parcels", "1"), ("priority_changed", "parcels", "1"),
        ("interaction_added", "parcels", "1"), ("ticket_assigned", "give to Li", "2"), ("tags_changed", "give to Li", "2"),
    ]  # fmt: skip
    # What stands in the way of the rule is asked each time.
    await say(ctx, text="Where is my parcel?", key="a")
    await settle(ctx)
    assert len(await runs(ctx, opened["id"])) == 2


async def test_what_a_person_decided_stands_unless_the_rule_says_otherwise(database_dsn: str) -> None:
    toml = """
[[automation]]
name = "meek"
on = ["note_added"]
then = [ { queue = "service" }, { priority = "urgent" }, { kind = "request" }, { assign = "agent:wu" } ]
[[automation]]
name = "bold"
on = ["tag_added"]
then = [ { priority = "low", even_if_manual = true }, { assign = "agent:wu", even_if_manual = true } ]
"""
    async with a_hub(database_dsn, rules=automated(toml)) as ctx:
        li, wu = await an_agent(ctx, "li"), await an_agent(ctx, "wu")
        person = Actor(name="Li", agent_id=li)
        kept = await say(ctx, text="Hello", key="a")
        code = (await ticket(ctx, kept))["code"]
        await change_ticket(ctx, ticket_code=code, actor=person, kind="enquiry", priority=3, queue="feedback")
        await assign_ticket(ctx, ticket_code=code, agent_id=li, actor=person)
        await add_note(ctx, ticket_code=code, actor=person, text="mine")
        await settle(ctx)
        now = await ticket(ctx, kept)
        assert (now["queue"], now["priority"], now["kind"], now["assignee_id"]) == (
            "feedback",
            3,
            "enquiry",
            li,
        )
        assert {outcome for _, outcome, _ in await did(ctx, now["id"])} == {"by_hand"}
        assert await runs(ctx, now["id"]) == [("meek", "note_added", "nothing")]
        await change_tags(ctx, ticket_code=code, actor=person, add=["go"])
        await settle(ctx)
        now = await ticket(ctx, kept)
        assert (now["priority"], now["assignee_id"]) == (1, wu)
        await assert_invariants(ctx.database, by_hand=True)


async def test_a_ticket_that_routing_gave_goes_to_its_new_queue_and_one_given_by_hand_stays(
    database_dsn: str,
) -> None:
    toml = '[[automation]]\nname = "on"\non = ["tag_added"]\nthen = [ { queue = "service" } ]\n'
    async with a_hub(database_dsn, rules=automated(toml)) as ctx:
        li = await an_agent(ctx, "li")
        given, took = await say(ctx, text="one", key="a"), await say(ctx, text="two", key="b")
        code = (await ticket(ctx, took))["code"]
        await assign_ticket(ctx, ticket_code=code, agent_id=li, actor=Actor(name="Li", agent_id=li))
        await drain(ctx)
        for kept in (given, took):
            now = await ticket(ctx, kept)
            assert now["assignee_id"] == li
            await change_tags(ctx, ticket_code=now["code"], actor=SYSTEM, add=["x"])
        await settle(ctx)
        assert [(await ticket(ctx, kept))["assignee_id"] for kept in (given, took)] == [None, li]
        assert {(await ticket(ctx, kept))["queue"] for kept in (given, took)} == {"service"}
        await assert_invariants(ctx.database, by_hand=True)


async def test_an_uncertain_feedback_is_not_thanked_automatically(database_dsn: str) -> None:
    toml = """
[[automation]]
name = "thank"
on = ["opened"]
when = { kind = ["enquiry"] }
then = [ { status = "resolved" } ]
[[automation]]
name = "doubt"
on = ["opened"]
when = { kind = ["enquiry"], uncertain = true }
then = [ { add_tags = ["doubt"] } ]
"""
    async with a_hub(database_dsn, rules=automated(toml)) as ctx:
        kept = await say(ctx, text="Bonjour, merci de votre aide", key="a")
        opened = await ticket(ctx, kept)
        assert (opened["kind"], opened["kind_uncertain"]) == ("enquiry", True)
        await settle(ctx)
        assert (await ticket(ctx, kept))["status"] == "open"
        assert await runs(ctx, opened["id"]) == [("doubt", "opened", "done")]


async def test_actions_that_cannot_be_done_are_said_and_the_others_are_done(database_dsn: str) -> None:
    toml = """
[[automation]]
name = "hopeful"
on = ["status_changed"]
when = { status = ["closed"] }
then = [
    { assign = "agent:gone" }, { webhook = "none" }, { priority = "high" }, { reply = "none" }, { notify = ["agent:gone"] },
    { add_tags = ["x"] },
]
"""
    async with a_hub(database_dsn, rules=automated(toml)) as ctx:
        kept = await say(ctx, text="Hello", key="a")
        code = (await ticket(ctx, kept))["code"]
        await change_status(ctx, ticket_code=code, status="closed", actor=SYSTEM)
        await settle(ctx)
        now = await ticket(ctx, kept)
        assert now["tags"] == ["x"]
        assert await did(ctx, now["id"]) == [
            ("assign", "refused", "no_agent"), ("webhook", "refused", "no_webhook"), ("priority", "refused", "closed"),
            ("reply", "refused", "closed"), ("notify", "refused", "nobody"), ("add_tags", "done", ""),
        ]  # fmt: skip
        assert await runs(ctx, now["id"]) == [("hopeful", "status_changed", "failed")]


async def test_each_thing_that_happens_is_heard_by_its_name(database_dsn: str) -> None:
    # The others are said by clocks, offers, channels and surveys.
    others = {"sla_warning", "sla_breached", "offer_expired", "delivery_failed", "rated", "rated_low"}
    names = [one.value for one in Happening if one.value not in others]
    toml = "".join(
        f'[[automation]]\nname = "{name}"\non = ["{name}"]\nunless = {{ by = ["rule"] }}\n'
        f'then = [ {{ add_tags = ["{name}"] }} ]\n'
        for name in names
    )
    async with a_hub(database_dsn, rules=automated(toml)) as ctx:
        li = await an_agent(ctx, "li")
        person = Actor(name="Li", agent_id=li)
        kept = await say(ctx, text="Hello", key="a", reply_address="x")
        code = (await ticket(ctx, kept))["code"]
        await say(ctx, text="more", key="a")
        await say(ctx, text="I am away", key="a", automatic="auto_reply")
        await assign_ticket(ctx, ticket_code=code, agent_id=li, actor=person)
        await assign_ticket(ctx, ticket_code=code, agent_id=None, actor=person)
        await add_note(ctx, ticket_code=code, actor=person, text="n")
        await queue_reply(ctx, ticket_code=code, actor=person, text="Hello")
        await change_ticket(ctx, ticket_code=code, actor=person, kind="request", priority=4, queue="feedback")
        await change_tags(ctx, ticket_code=code, actor=person, add=["a"])
        await change_tags(ctx, ticket_code=code, actor=person, remove=["a"])
        await settle(ctx)
        now = await ticket(ctx, kept)
        assert now["tags"] == sorted(names)
        assert sorted({because for _, because, _ in await runs(ctx, now["id"])}) == sorted(names)
        assert all(rule == because for rule, because, _ in await runs(ctx, now["id"]))


async def test_what_no_rule_listens_to_costs_no_row(ctx: Context) -> None:
    await say(ctx, text="Hello", key="a")
    code = await one(ctx, "SELECT code FROM ticket")
    await change_status(ctx, ticket_code=code, status="pending", actor=SYSTEM)
    listened = ctx.rules.automations.listened
    seen = await ctx.database.run_one(lambda c: stored.take_in(c, listened, 100))
    assert seen >= 2
    assert [row["seq"] for row in await rows(ctx, "SELECT seq FROM automation_due")] == [1]
    await run_rules(ctx)
    assert await rows(ctx, "SELECT 1 FROM automation_due") == []
