"""What rules send and tell: answers to customers within limits and never to machines, notices, tasks, calls to others."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.answers.templates import Draft, add_template
from hub.actions.automation.answer import PER_ADDRESS
from hub.actions.context import Context
from hub.actions.errands.webhooks import add_webhook
from hub.actions.floor.assign import assign_ticket
from hub.actions.tags import change_tags
from hub.actions.timers import fire_due
from hub.model.people import Actor
from tests.fakes.automation import automated, did, runs, settle, time_passes
from tests.fakes.clocks import ROUND_THE_CLOCK, rules
from tests.fakes.clocks import time_passes as promised_time_passes
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import SYSTEM, a_hub, an_agent, one, rows, say, ticket, write

REPLY = """
[[automation]]
name = "we are shut"
on = ["opened", "customer_wrote", "machine_wrote"]
then = [ { reply = "Shut" } ]
"""
TELLING = """
[[automation]]
name = "complaint is late"
on = ["sla_breached"]
when = { target = ["first_response"] }
then = [
    { notify = ["overseers", "assignee", "agent:wu", "queue:enquiries", "role:admin"], text = "Look at it" },
    { priority = "urgent" },
]

[[automation]]
name = "ask the store"
on = ["tag_added"]
then = [
    { task = "service", text = "Look for {{ticket.number}}", due_minutes = 90 },
    { webhook = "erp" },
    { note = "Asked for {{ticket.number}}." },
]
"""


URGENT = {**ROUND_THE_CLOCK, "name": "urgent", "when": {"priority": ["urgent"]}, "resolution": 240}


async def answers(ctx: Context) -> list[dict[str, Any]]:
    return await rows(
        ctx,
        """SELECT i.ticket_id, i.text, i.automatic, o.message, o.state
           FROM interaction i JOIN outbox o ON o.interaction_id = i.id ORDER BY i.id""",
    )


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, rules=automated(REPLY)) as hub:
        for language, body in (
            ("en", "Dear {{customer.name}}, we have {{ticket.number}} and are shut."),
            ("zh_CN", "您好，{{ticket.number}} 已收到，现在休息。"),
        ):
            await add_template(hub, draft=Draft(name="Shut", language=language, body=body), actor=SYSTEM)
        yield hub
        await assert_invariants(hub.database)


async def test_a_customer_is_answered_once_in_a_ticket_in_their_language(ctx: Context) -> None:
    kept = await write(ctx, "Ann <ann@customer.example>", "Where is my parcel? When will you send it?")
    await settle(ctx)
    opened = await ticket(ctx, kept)
    (sent,) = await answers(ctx)
    assert sent["text"].startswith("Dear Ann, we have T-") and sent["automatic"] == "rule"
    message = sent["message"]
    assert (message["automatic"], message["address"], message["subject"].startswith("Re: ")) == (
        True,
        "ann@customer.example",
        True,
    )
    assert message["reply_token"] and message["in_reply_to"] and message["language"] == "en"
    # It is no answer: the company still owes one.
    assert (opened["status"], opened["last_out_at"]) == ("open", None)
    await write(ctx, "Ann <ann@customer.example>", "Well?", answers=message["message_id"])
    await settle(ctx)
    assert len(await answers(ctx)) == 1
    assert [code for _, _, code in await did(ctx, opened["id"])] == ["", "answered_before"]
    chinese = await write(ctx, "王 <wang@customer.example>", "你好，请问我的包裹在哪里？什么时候能送到？")
    await settle(ctx)
    assert (await answers(ctx))[-1]["text"].endswith("已收到，现在休息。")
    assert await runs(ctx, (await ticket(ctx, chinese))["id"]) == [("we are shut", "opened", "done")]


@pytest.mark.parametrize(
    ("sender", "headers"),
    [
        ("Shop <no-reply@shop.example.org>", ()),
        ("Bot <bot@customer.example>", (("Auto-Submitted", "auto-replied"),)),
        ("Bot <bot@customer.example>", (("Auto-Submitted", "auto-generated"),)),
        ("List <a@customer.example>", (("List-Id", "<talk.customer.example>"), ("Precedence", "list"))),
        ("Ann <ann@customer.example>", (("X-Auto-Response-Suppress", "All"),)),
    ],
)
async def test_a_machine_is_not_answered(ctx: Context, sender: str, headers: Any) -> None:
    await write(ctx, sender, "I am out of the office", headers=headers)
    await settle(ctx)
    assert await answers(ctx) == []
    for row in await rows(ctx, "SELECT did FROM automation_run"):
        assert [one_["code"] for one_ in row["did"]] == ["machine"]


async def test_one_address_gets_so_many_in_a_day(ctx: Context) -> None:
    """Two machines that open a ticket with each letter come to an end."""
    for n in range(PER_ADDRESS + 3):
        await write(ctx, "Ann <ann@customer.example>", f"Hello, a question {n}", subject=f"Question {n}")
        await settle(ctx)
    assert len(await answers(ctx)) == PER_ADDRESS
    codes = [
        one_.get("code", "")
        for row in await rows(ctx, "SELECT did FROM automation_run ORDER BY id")
        for one_ in row["did"]
    ]
    assert codes == [""] * PER_ADDRESS + ["too_many"] * 3


async def test_nobody_hears_at_once_of_a_letter_of_last_year(ctx: Context) -> None:
    """A mailbox's backlog is read in; later the hubs are away for two days."""
    old = await write(
        ctx,
        "Ann <ann@customer.example>",
        "Hello, a question",
        headers=(("Date", "Mon, 24 Nov 2025 10:00:00 +0000"),),
    )
    fresh = await write(ctx, "Bo <bo@customer.example>", "Hello, a question")
    await time_passes(ctx, 2 * 1440)
    await one(
        ctx,
        "UPDATE interaction SET occurred_at = created_at WHERE ticket_id = $1 RETURNING 1",
        (await ticket(ctx, fresh))["id"],
    )
    await settle(ctx)
    for kept in (old, fresh):
        assert await did(ctx, (await ticket(ctx, kept))["id"]) == [("reply", "refused", "too_old")]
    assert await answers(ctx) == []


async def test_without_a_template_or_a_way_back_nothing_is_sent(ctx: Context) -> None:
    kept = await say(ctx, text="Hello", key="a")
    await one(ctx, "UPDATE template SET retired = true RETURNING 1")
    letter = await write(ctx, "Ann <ann@customer.example>", "Hello there, a question")
    await one(ctx, "UPDATE template SET retired = true RETURNING 1")
    await settle(ctx)
    assert await did(ctx, (await ticket(ctx, kept))["id"]) == [("reply", "refused", "no_way_back")]
    assert await did(ctx, (await ticket(ctx, letter))["id"]) == [("reply", "refused", "no_template")]


async def test_people_are_told_and_a_late_ticket_is_not_promised_anew(database_dsn: str) -> None:
    # Round the clock: the hours of a business would make it another test on another day.
    promised = rules(URGENT, ROUND_THE_CLOCK) + TELLING.encode()
    async with a_hub(database_dsn, rules=promised) as ctx:
        li, wu, boss, admin = [
            await an_agent(ctx, name, queues=("service",)) for name in ("li", "wu", "boss", "admin")
        ]
        member = await an_agent(ctx, "member", queues=("enquiries",))
        await one(ctx, "UPDATE agent SET role = 'supervisor' WHERE id = $1 RETURNING 1", boss)
        await one(ctx, "UPDATE agent SET role = 'admin' WHERE id = $1 RETURNING 1", admin)
        kept = await say(ctx, text="When do you open on Sunday?", key="a")
        now = await ticket(ctx, kept)
        assert now["queue"] == "enquiries"
        await assign_ticket(
            ctx, ticket_code=now["code"], agent_id=li, actor=Actor(name="Boss", agent_id=boss)
        )
        due = await one(ctx, "SELECT due_at FROM sla_clock WHERE target = 'resolution'")
        await promised_time_passes(ctx, 10_000)
        shift = await one(ctx, "SELECT due_at FROM sla_clock WHERE target = 'resolution'") - due
        await fire_due(ctx)
        await settle(ctx)
        assert ("complaint is late", "sla_breached", "done") in await runs(ctx, now["id"])
        told = await rows(ctx, "SELECT agent_id, params FROM notice WHERE kind = 'rule'")
        assert {row["agent_id"] for row in told} == {li, wu, boss, admin, member}
        assert all(row["params"] == {"rule": "complaint is late", "text": "Look at it"} for row in told)
        then = await ticket(ctx, kept)
        assert (then["priority"], then["promised_priority"]) == (4, 2)
        assert ("priority", "done", "") in await did(ctx, now["id"])
        assert await one(ctx, "SELECT due_at FROM sla_clock WHERE target = 'resolution'") == due + shift
        await assert_invariants(ctx.database, by_hand=True)


async def test_a_department_gets_a_task_and_another_program_a_call(database_dsn: str) -> None:
    async with a_hub(database_dsn, rules=automated(TELLING)) as ctx:
        await add_webhook(ctx, name="erp", url="https://erp.example/hook", actor=Actor(name="Admin"))
        kept = await say(ctx, text="Hello", key="a")
        now = await ticket(ctx, kept)
        await change_tags(ctx, ticket_code=now["code"], add=["lost"], actor=SYSTEM)
        await settle(ctx)
        assert await did(ctx, now["id"]) == [
            ("task", "done", ""),
            ("webhook", "done", ""),
            ("note", "done", ""),
        ]
        (task,) = await rows(
            ctx,
            """SELECT k.title, k.rule, k.author, q.name AS queue,
                      round(extract(epoch FROM k.due_at - k.made_at) / 60)::int AS due
               FROM task k JOIN queue q ON q.id = k.queue_id""",
        )
        assert task["title"].startswith("Look for T-")
        assert (task["rule"], task["author"], task["queue"], task["due"]) == (
            "ask the store",
            "Rule: ask the store",
            "service",
            90,
        )
        (call,) = await rows(ctx, "SELECT event, rule, ticket_id FROM webhook_call")
        assert call == {"event": "rule.ran", "rule": "ask the store", "ticket_id": now["id"]}
        caused = await rows(ctx, "SELECT kind FROM event WHERE data->>'rule' = 'ask the store' ORDER BY seq")
        assert [row["kind"] for row in caused][-1] == "interaction_added"
        await assert_invariants(ctx.database)


async def test_priority_by_a_rule_makes_another_promise(database_dsn: str) -> None:
    toml = '[[automation]]\nname = "up"\non = ["tag_added"]\nthen = [ { priority = "urgent" } ]\n'
    async with a_hub(database_dsn, rules=automated(toml)) as ctx:
        kept = await say(ctx, text="When do you open on Sunday?", key="a")
        now = await ticket(ctx, kept)
        before = await one(ctx, "SELECT minutes FROM sla_clock WHERE target = 'first_response'")
        await change_tags(ctx, ticket_code=now["code"], add=["vip"], actor=SYSTEM)
        await settle(ctx)
        after = await one(ctx, "SELECT minutes FROM sla_clock WHERE target = 'first_response'")
        assert (before, after) == (240, 30)
        await assert_invariants(ctx.database)
