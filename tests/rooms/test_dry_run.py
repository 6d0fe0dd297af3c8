"""Rules tried on what happened: the tickets that would have gone elsewhere, and what would have happened by itself."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.answers.recall import cancel_reply
from hub.actions.answers.reply import queue_reply
from hub.actions.automation.visit import anchor_of, as_facts
from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.floor.assign import assign_ticket
from hub.actions.note import add_note
from hub.actions.rules.dry_run import _entry, dry_run
from hub.actions.rules.rulebook import as_document
from hub.actions.status import change_status
from hub.actions.tags import change_tags
from hub.model.codes import TICKET, show_code
from hub.model.people import Actor
from routing.automation.replay import Waits, after_each
from routing.automation.tables import Since
from storage import automation as stored
from storage import dry_run as tried
from tests.fakes.automation import automated, runs, settle, time_passes
from tests.fakes.scene import SYSTEM, a_hub, an_agent, one, rows, say, ticket


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        yield hub


def document(ctx: Context, **more: Any) -> dict[str, Any]:
    return {**as_document(ctx.rules), "automation": [], **more}


async def everything(ctx: Context) -> list[dict[str, Any]]:
    """All that a dry run must leave alone."""
    tables = (
        "ticket",
        "event",
        "interaction",
        "automation_run",
        "automation_due",
        "automation_timer",
        "notice",
        "outbox",
        "rulebook",
    )
    return [
        dict(row)
        for table in tables
        for row in await rows(ctx, f"SELECT '{table}' AS t, x.* FROM {table} x ORDER BY 2")
    ]


async def test_what_other_routing_rules_would_have_chosen(ctx: Context) -> None:
    kept = {
        "parcel": await say(ctx, text="Where is my parcel? I want to know", subject="parcel 1", key="a"),
        "other": await say(ctx, text="When do you open?", subject="hours", key="b"),
        "hint": await say(
            ctx, text="Hello there", subject="parcel 2", key="c", hints={"queue": "service", "shop": "north"}
        ),
        "machine": await say(ctx, text="I am away", subject="parcel 3", key="d", automatic="auto_reply"),
    }
    tickets = {name: await ticket(ctx, one_) for name, one_ in kept.items()}
    rules = [
        {
            "name": "parcels",
            "when": {"subject": ["parcel"]},
            "then": {"queue": "feedback", "priority": "high", "skill": "delivery"},
        },
        {"name": "north", "when": {"hint": {"shop": ["north"]}}, "then": {"skill": "billing"}},
        *document(ctx)["rule"],
    ]
    before = await everything(ctx)
    found = await dry_run(ctx, document(ctx, rule=rules))
    assert await everything(ctx) == before
    assert (found.total, found.changed, found.unknown, found.capped, found.version) == (
        4,
        3,
        0,
        False,
        ctx.rulebook.version,
    )
    by_number = {one_.ticket: one_ for one_ in found.tickets}
    assert set(by_number) == {
        show_code(TICKET, tickets[name]["code"]) for name in ("parcel", "hint", "machine")
    }
    parcel = by_number[show_code(TICKET, tickets["parcel"]["code"])]
    assert (parcel.before.queue, parcel.after.queue) == (tickets["parcel"]["queue"], "feedback")
    assert (parcel.before.priority, parcel.after.priority, parcel.after.skills) == (
        "normal",
        "high",
        ("delivery",),
    )
    hint = by_number[show_code(TICKET, tickets["hint"]["code"])]
    # What a form says is obeyed before any rule; other hints are asked by rules.
    assert (hint.after.queue, hint.after.skills, hint.after.rules[:2]) == (
        "service",
        ("delivery", "billing"),
        ("parcels", "north"),
    )
    # Where nothing would have been otherwise but the queue, a machine's letter stays as unimportant as it is.
    assert by_number[show_code(TICKET, tickets["machine"]["code"])].after.priority == "low"
    counts = {one_.name: (one_.now, one_.then) for one_ in found.rules}
    assert counts["parcels"] == (0, 3) and counts["north"] == (0, 1)
    assert counts["enquiry"][0] == counts["enquiry"][1] > 0
    same = await dry_run(ctx, document(ctx))
    assert (same.total, same.changed, same.automated) == (4, 0, 0)


async def test_of_many_a_few_are_shown_and_all_are_counted(ctx: Context) -> None:
    for n in range(250):
        await say(ctx, text="Where is my parcel?", subject="parcel", key=str(n))
    rules = [{"name": "parcels", "when": {"subject": ["parcel"]}, "then": {"queue": "feedback"}}]
    automation = [{"name": "all", "on": ["opened"], "then": [{"add_tags": ["x"]}]}]
    found = await dry_run(ctx, document(ctx, rule=rules, automation=automation), most=20)
    assert (found.total, found.changed, found.automated, len(found.tickets), len(found.runs), found.capped) == (
        250, 250, 250, 20, 20, True,
    )  # fmt: skip
    newest = await one(ctx, "SELECT max(code) FROM ticket")
    assert found.tickets[0].ticket == show_code(TICKET, newest)
    assert [(one_.tickets, one_.runs) for one_ in found.automations] == [(250, 250)]


async def test_rules_that_cannot_be_used_are_refused(ctx: Context) -> None:
    with pytest.raises(NotPossible) as caught:
        await dry_run(ctx, document(ctx, default_queue="nowhere"))
    assert caught.value.code == "rules_wrong"
    for days in (0, 91):
        with pytest.raises(NotPossible) as caught:
            await dry_run(ctx, document(ctx), days)
        assert caught.value.code == "wrong_days"


async def test_older_tickets_are_left_out(ctx: Context) -> None:
    kept = await say(ctx, text="Hello", key="a")
    await time_passes(ctx, 40 * 1440)
    await one(ctx, "UPDATE ticket SET updated_at = created_at RETURNING 1")
    await say(ctx, text="Hello", key="b")
    assert (await dry_run(ctx, document(ctx))).total == 1
    assert (await dry_run(ctx, document(ctx), 60)).total == 2
    # Something happens to an old one: rules would have run, its queue was chosen long ago.
    await add_note(ctx, ticket_code=(await ticket(ctx, kept))["code"], actor=SYSTEM, text="n")
    automation = [{"name": "r", "on": ["note_added", "opened"], "then": [{"add_tags": ["x"]}]}]
    found = await dry_run(ctx, document(ctx, automation=automation))
    assert (found.total, found.automated) == (1, 2)
    assert sorted(one_.because for one_ in found.runs) == ["note_added", "opened"]


AUTOMATION = """
[[automation]]
name = "asks for a parcel"
on = ["opened", "customer_wrote"]
when = { words = ["parcel"] }
then = [ { add_tags = ["parcel"] } ]
[[automation]]
name = "nobody has it"
after = 60
of = "unassigned"
then = [ { note = "n" } ]
[[automation]]
name = "no answer"
after = 30
of = "unanswered"
then = [ { note = "n" } ]
[[automation]]
name = "silent"
after = 600
of = "pending"
then = [ { note = "n" } ]
[[automation]]
name = "tagged"
on = ["tag_added"]
when = { assigned = true }
then = [ { note = "n" } ]
"""


async def test_what_rules_did_is_what_they_would_have_done(database_dsn: str) -> None:
    """The same rules tried on a day on which they were in use: the same runs, for the same reasons."""
    async with a_hub(database_dsn, rules=automated(AUTOMATION)) as ctx:
        li = await an_agent(ctx, "li")
        person = Actor(name="Li", agent_id=li)
        kept = await say(ctx, text="Where is my parcel?", key="a", reply_address="x")
        number, code = (await ticket(ctx, kept))["id"], (await ticket(ctx, kept))["code"]

        async def later(minutes: float) -> None:
            await settle(ctx)
            await time_passes(ctx, minutes)
            await settle(ctx)

        await later(35)
        await assign_ticket(ctx, ticket_code=code, agent_id=li, actor=person)
        await change_tags(ctx, ticket_code=code, actor=person, add=["x"])
        await later(5)
        await assign_ticket(ctx, ticket_code=code, agent_id=None, actor=person)
        await later(70)
        taken_back = await queue_reply(ctx, ticket_code=code, actor=person, text="Soon.")
        await later(1)
        await cancel_reply(ctx, interaction_id=taken_back, actor=person)
        await later(31)
        await queue_reply(ctx, ticket_code=code, actor=person, text="Now.")
        await later(601)
        await say(ctx, text="And my other parcel?", key="a")
        await later(31)
        await change_status(ctx, ticket_code=code, status="resolved", actor=person)
        await later(1)
        did = [(rule, because) for rule, because, _ in await runs(ctx, number)]
        found = await dry_run(ctx, ctx.rules)
        assert sorted((one_.rule, one_.because) for one_ in found.runs) == sorted(did)
        assert len(did) >= 7
        assert {one_.name: one_.runs for one_ in found.automations}["no answer"] >= 2


async def test_ledger_and_columns_agree_since_when_something_is_so(ctx: Context) -> None:
    """Live rules go by the columns, tried ones by the ledger."""
    li = await an_agent(ctx, "li")
    person = Actor(name="Li", agent_id=li)
    kept = await say(ctx, text="Hello", key="a", reply_address="x")
    number, code = (await ticket(ctx, kept))["id"], (await ticket(ctx, kept))["code"]

    async def agree() -> None:
        facts = (
            await ctx.database.read(
                lambda c: stored.facts(c, [(number, 0)], count_open=False, read_fields=False)
            )
        )[number, 0]
        known = (await ctx.database.read(lambda c: stored.anchors(c, [number])))[number]
        ledger = [
            _entry(row)
            for row in (await ctx.database.read(lambda c: tried.ledgers(c, [number], words=False)))[number]
        ]
        state = after_each(as_facts(facts), ledger)[-1]
        waits = Waits(ledger[0].at)
        for entry in ledger:
            waits.hear(entry)
        told = waits.anchors(state)
        columns = {since: at for since in Since if (at := anchor_of(known, since)) is not None}
        assert set(told) == set(columns)
        for since, at in columns.items():
            assert abs((told[since] - at).total_seconds()) < 1, since

    steps = [
        lambda: assign_ticket(ctx, ticket_code=code, agent_id=li, actor=person),
        lambda: say(ctx, text="again", key="a"),
        lambda: queue_reply(ctx, ticket_code=code, actor=person, text="Yes."),
        lambda: say(ctx, text="away", key="a", automatic="auto_reply"),
        lambda: say(ctx, text="and", key="a"),
        lambda: assign_ticket(ctx, ticket_code=code, agent_id=None, actor=person),
        lambda: change_status(ctx, ticket_code=code, status="pending", actor=person),
        lambda: change_status(ctx, ticket_code=code, status="resolved", actor=person),
        lambda: change_status(ctx, ticket_code=code, status="closed", actor=person),
        lambda: change_status(ctx, ticket_code=code, status="open", actor=person),
    ]
    await agree()
    for step in steps:
        await step()
        await agree()
