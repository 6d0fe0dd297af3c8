"""One thing that went wrong for many: whom it concerns, and one text to all of them, each once, on their own channel."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.cases.incidents import (
    add_incident,
    attach_by_tag,
    attach_tickets,
    change_incident,
    detach_ticket,
)
from hub.actions.cases.merge import merge_tickets
from hub.actions.cases.tell_everybody import (
    preview_update,
    stop_update,
    tell_left_out,
    tell_next,
    write_update,
)
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.lists.bulk import Order, change_many, undo_many
from hub.actions.status import change_status
from hub.actions.tags import change_tags
from hub.model.codes import INCIDENT, show_code
from hub.model.people import Actor, Role
from storage import incidents
from storage.database import DatabaseUnavailable
from tests.fakes.automation import other_rules, settle
from tests.fakes.inboxes import TWO_INBOXES
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import SYSTEM, a_hub, an_agent, one, rows, say, ticket, write

LI, WANG, ZHAO = "li@example.cn", "wang@example.cn", "zhao@example.cn"


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, TWO_INBOXES) as hub:
        yield hub
        await assert_invariants(hub.database, by_hand=True)


async def _three(ctx: Context) -> list[dict[str, Any]]:
    """Li has two tickets, Wang one in Chinese, and a form with a typed address."""
    first = await ticket(ctx, await write(ctx, LI, "The shop is down", subject="Down"))
    second = await ticket(ctx, await write(ctx, LI, "Still down", subject="Down again"))
    third = await ticket(ctx, await write(ctx, WANG, "网店打不开了，请尽快处理，谢谢。", subject="打不开"))
    form = await ticket(
        ctx, await say(ctx, "plain", who=[("email", ZHAO, False)], reply_address=ZHAO, text="Down!")
    )
    # A form hears only: who typed an address there is answered by mail.
    await ctx.database.run(
        lambda c: c.execute(
            "UPDATE ticket SET channel_id = (SELECT id FROM channel WHERE kind = 'webform') WHERE id = $1",
            form["id"],
        )
    )
    return [first, second, third, form]


async def _incident(ctx: Context, tickets: list[dict[str, Any]]) -> int:
    return await add_incident(
        ctx, title="The shop is down", actor=SYSTEM, ticket_codes=[row["code"] for row in tickets]
    )


async def _update(ctx: Context, code: int, key: str = "k1", **more: Any) -> int:
    said: dict[str, Any] = {"text_en": "We are on it.", "text_zh": "正在处理。", "state": "open", **more}
    return await write_update(ctx, incident_code=code, key=key, actor=SYSTEM, **said)


async def _told(ctx: Context) -> list[tuple[str, str]]:
    """(address, text) of every letter in the outbox."""
    found = await rows(
        ctx, "SELECT message->>'address' AS address, message->>'text' AS text FROM outbox ORDER BY 1"
    )
    return [(row["address"], row["text"]) for row in found]


async def test_everybody_is_told_once_in_their_language(ctx: Context) -> None:
    tickets = await _three(ctx)
    code = await _incident(ctx, tickets)
    preview = await preview_update(ctx, incident_code=code, actor=SYSTEM)
    assert (preview.by_kind, preview.chinese, preview.others) == ({"email": 2}, 1, 1)
    assert (preview.claimed, preview.skipped) == (1, {"claimed": 1})
    update = await _update(ctx, code)
    assert await _update(ctx, code) == update
    while await tell_next(ctx):
        pass
    assert await _told(ctx) == [(LI, "We are on it."), (WANG, "正在处理。")]
    # Of two tickets the newest one; the answer is an ordinary one.
    answered = await rows(
        ctx, "SELECT t.id, t.status FROM outbox o JOIN ticket t ON t.id = o.ticket_id ORDER BY 1"
    )
    assert [(row["id"], row["status"]) for row in answered] == [
        (tickets[1]["id"], "pending"),
        (tickets[2]["id"], "pending"),
    ]
    number = await one(ctx, "SELECT id FROM incident")
    (shown,) = await ctx.database.read(lambda c: incidents.updates(c, number, 10))
    assert (shown.waiting, shown.leaving, shown.sent, shown.failed, shown.skipped) == (0, 2, 0, 0, 1)
    (left_out,) = await ctx.database.read(lambda c: incidents.not_told(c, update, 10))
    assert left_out.why == "claimed"
    # When it is said, claimed addresses too; and one text is enough for all.
    await _update(ctx, code, "k2", text_zh="", with_claimed=True, state="monitoring")
    while await tell_next(ctx):
        pass
    assert len(await _told(ctx)) == 5
    assert await one(ctx, "SELECT state FROM incident") == "monitoring"


_FAILS_NOW_AND_THEN = """
CREATE SEQUENCE faults;
CREATE FUNCTION fail_now_and_then() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('faults') % 4 = 0 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fail BEFORE UPDATE ON incident_delivery FOR EACH ROW EXECUTE FUNCTION fail_now_and_then();
"""


async def test_hubs_share_the_work_and_what_fails_is_done_again(ctx: Context, database_dsn: str) -> None:
    people = [f"customer{n}@example.cn" for n in range(12)]
    tickets = [await ticket(ctx, await write(ctx, who, "Down", subject="Down")) for who in people]
    code = await _incident(ctx, tickets)
    await _update(ctx, code)
    # The line is cut after a reply was made and before it is settled.
    await ctx.database.run(lambda c: c.execute(_FAILS_NOW_AND_THEN))

    async def work(hub: Context) -> None:
        while True:
            try:
                if not await tell_next(hub):
                    return
            except DatabaseUnavailable:
                continue

    async with a_hub(database_dsn, TWO_INBOXES) as other:
        await asyncio.gather(work(ctx), work(other), work(ctx))
    assert await one(ctx, "SELECT last_value FROM faults") > 12
    assert [address for address, _ in await _told(ctx)] == sorted(people)


async def test_what_changed_meanwhile_counts(ctx: Context) -> None:
    first, second, third, _ = await _three(ctx)
    code = await _incident(ctx, [first, third])
    update = await _update(ctx, code)
    await change_status(ctx, ticket_code=first["code"], status="closed", actor=SYSTEM)
    await detach_ticket(ctx, incident_code=code, ticket_code=third["code"], actor=SYSTEM)
    while await tell_next(ctx):
        pass
    assert await _told(ctx) == []
    whys = [row.why for row in await ctx.database.read(lambda c: incidents.not_told(c, update, 10))]
    assert sorted(whys) == ["closed", "stopped"]
    # What is merged into another takes its place on the incident.
    await change_status(ctx, ticket_code=first["code"], status="open", actor=SYSTEM)
    await merge_tickets(ctx, ticket_code=first["code"], into_code=second["code"], actor=SYSTEM)
    await _update(ctx, code, "k2")
    while await tell_next(ctx):
        pass
    assert await _told(ctx) == [(LI, "We are on it.")]


async def test_an_update_can_be_stopped(ctx: Context) -> None:
    code = await _incident(ctx, await _three(ctx))
    update = await _update(ctx, code)
    assert await tell_next(ctx) == 1
    assert await stop_update(ctx, incident_code=code, update_id=update, actor=SYSTEM) == 1
    assert await tell_next(ctx) == 0
    assert len(await _told(ctx)) == 1


async def test_tickets_come_by_tag_and_by_number(ctx: Context) -> None:
    tickets = await _three(ctx)
    code = await add_incident(ctx, title="Down", actor=SYSTEM)
    for row in tickets[:2]:
        await change_tags(ctx, ticket_code=row["code"], actor=SYSTEM, add=["shop down"])
    assert await attach_by_tag(ctx, incident_code=code, tag="shop down", actor=SYSTEM) == 2
    assert await attach_by_tag(ctx, incident_code=code, tag="shop down", actor=SYSTEM) == 0
    codes = [row["code"] for row in tickets]
    assert await attach_tickets(ctx, incident_code=code, ticket_codes=codes, actor=SYSTEM) == 2
    shown = await ctx.database.read(lambda c: incidents.by_code(c, code))
    assert shown is not None and (shown.tickets, shown.customers) == (4, 3)
    with pytest.raises(NotFound):
        await attach_tickets(ctx, incident_code=code, ticket_codes=[99999998], actor=SYSTEM)
    await change_incident(
        ctx, incident_code=code, version=shown.version, title="Down", state="resolved", actor=SYSTEM
    )
    with pytest.raises(NotPossible) as refused:
        await change_incident(
            ctx, incident_code=code, version=shown.version, title="x", state="open", actor=SYSTEM
        )
    assert refused.value.code == "incident_changed"
    with pytest.raises(NotPossible) as refused:
        await _update(ctx, code, text_en=" ", text_zh="")
    assert refused.value.code == "empty"


async def test_one_who_cannot_be_told_holds_up_nobody_and_is_told_after_all(ctx: Context) -> None:
    people = [f"customer{n}@example.cn" for n in range(4)]
    tickets = [await ticket(ctx, await write(ctx, who, "Down", subject="Down")) for who in people]
    code = await _incident(ctx, tickets)
    await ctx.database.run(
        lambda c: c.execute(
            f"ALTER TABLE outbox ADD CONSTRAINT poison CHECK (message->>'address' <> '{people[0]}')"
        )
    )
    update = await _update(ctx, code)
    while await tell_next(ctx):
        pass
    assert [who for who, _ in await _told(ctx)] == people[1:]
    number = await one(ctx, "SELECT id FROM incident")
    (left_out,) = await ctx.database.read(lambda c: incidents.not_told(c, update, 10))
    assert (left_out.why, left_out.ticket_code) == ("fault", tickets[0]["code"])
    (shown,) = await ctx.database.read(lambda c: incidents.faulty(c, 10))
    assert (shown.code, shown.customers) == (code, 1)
    # Nothing of the reply that could not be made is left.
    assert await one(ctx, "SELECT count(*) FROM interaction WHERE direction = 'out'") == 3
    await ctx.database.run(lambda c: c.execute("ALTER TABLE outbox DROP CONSTRAINT poison"))
    assert await tell_left_out(ctx, incident_code=code, update_id=update, actor=SYSTEM) == 1
    while await tell_next(ctx):
        pass
    assert [who for who, _ in await _told(ctx)] == people
    (now,) = await ctx.database.read(lambda c: incidents.updates(c, number, 10))
    assert (now.leaving, now.skipped, now.faulty) == (4, 0, 0)


async def test_chosen_tickets_are_put_on_an_incident_and_off_again(ctx: Context) -> None:
    tickets = await _three(ctx)
    code = await _incident(ctx, tickets[:1])
    order = Order(what="incident", value={"incident": code})
    lead = Actor(name="Ann", agent_id=await an_agent(ctx, "ann"), role=Role.SUPERVISOR)
    done = await change_many(ctx, ticket_codes=[one_["code"] for one_ in tickets], order=order, actor=lead)
    assert (done.changed, done.same) == (len(tickets) - 1, 1)
    assert await one(ctx, "SELECT count(*) FROM incident_ticket") == len(tickets)
    assert done.bulk_id is not None
    assert (await undo_many(ctx, bulk_id=done.bulk_id, actor=lead)).changed == len(tickets) - 1
    assert await one(ctx, "SELECT count(*) FROM incident_ticket") == 1
    agent = Actor(name="Lin", agent_id=await an_agent(ctx, "lin"), role=Role.AGENT)
    with pytest.raises(NotPossible) as refused:
        await change_many(ctx, ticket_codes=[tickets[0]["code"]], order=order, actor=agent)
    assert refused.value.code == "not_allowed"


async def test_a_rule_puts_what_it_hears_of_on_an_incident(ctx: Context) -> None:
    code = await _incident(ctx, [])
    number = show_code(INCIDENT, code)
    rule = f'''[[automation]]
name = "the outage"
on = ["opened"]
when = {{ subject = ["down"] }}
then = [ {{ incident = "{number}" }}, {{ incident = "I-99999998" }} ]
'''
    await other_rules(ctx, rule)
    down = await ticket(ctx, await write(ctx, LI, "Nothing works", subject="Down again"))
    await write(ctx, WANG, "A question", subject="Opening hours")
    await settle(ctx)
    assert [row["ticket_id"] for row in await rows(ctx, "SELECT ticket_id FROM incident_ticket")] == [
        down["id"]
    ]
    assert [one_["outcome"] for one_ in await one(ctx, "SELECT did FROM automation_run")] == [
        "done",
        "refused",
    ]
