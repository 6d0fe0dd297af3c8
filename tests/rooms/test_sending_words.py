"""Words kept ready: signatures below letters, answers that are filled in for a ticket."""

from collections.abc import AsyncIterator

import pytest

from channels.email.replies.quotes import new_text
from hub.actions.answers.signatures import read_signature, set_signature
from hub.actions.answers.templates import (
    Draft,
    add_template,
    change_template,
    list_templates,
    render_template,
    retire_template,
)
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.model.codes import TICKET, show_code
from hub.model.people import Actor
from tests.fakes.answers import SALES, TWO_INBOXES, letter_of, open_ticket, queue
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import SYSTEM, a_hub, an_agent, one


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, TWO_INBOXES) as hub:
        yield hub
        await assert_invariants(hub.database)


# ── signatures and templates ─────────────────────────────────────────────────────────────────────────────────────────
async def test_the_agents_signature_stands_below_else_the_inboxs_and_neither_changes_afterwards(
    ctx: Context,
) -> None:
    ann = Actor(name="Ann", agent_id=await an_agent(ctx, "ann"))
    assert ann.agent_id is not None
    opened = await open_ticket(ctx)
    assert "signature" not in (await queue(ctx, opened, actor=ann))["message"]
    assert (await queue(ctx, opened, actor=ann, inbox="sales"))["message"][
        "signature"
    ] == f"Sales team\n{SALES}"
    await set_signature(
        ctx, agent_id=ann.agent_id, text="{{agent.name}}, {{ticket.number}} {{7*7}}\r\n客服部"
    )
    assert await read_signature(ctx, ann.agent_id) == "{{agent.name}}, {{ticket.number}} {{7*7}}\n客服部"
    row = await queue(ctx, opened, "Hello.", actor=ann, inbox="sales")
    shown = f"Ann, {show_code(TICKET, opened['code'])} {{{{7*7}}}}\n客服部"
    assert row["message"]["signature"] == shown
    await set_signature(ctx, agent_id=ann.agent_id, text="Somebody else")
    text = await letter_of(row)
    assert text.startswith(f"Hello.\n\n-- \n{shown}")
    assert new_text(text) == "Hello."


async def test_a_signature_has_its_limits(ctx: Context) -> None:
    ann = await an_agent(ctx, "ann")
    with pytest.raises(NotPossible):
        await set_signature(ctx, agent_id=ann, text="x" * 2001)
    for deed in (read_signature(ctx, 4711), set_signature(ctx, agent_id=4711, text="x")):
        with pytest.raises(NotFound):
            await deed


async def test_templates_are_kept_changed_by_one_at_a_time_and_put_away(ctx: Context) -> None:
    ann = Actor(name="Ann", agent_id=await an_agent(ctx, "ann"))
    hello = await add_template(
        ctx, draft=Draft(name=" Hello ", language="en", body="Dear {{customer.name}},"), actor=ann
    )
    chinese = Draft(name="hello", language="zh_CN", body="您好，{{customer.name}}")
    await add_template(ctx, draft=chinese, actor=ann)
    both = await add_template(ctx, draft=Draft(name="Thanks", body="谢谢 / Thanks"), actor=ann)
    assert [(row.name, row.language) for row in await list_templates(ctx)] == [
        ("Hello", "en"),
        ("hello", "zh_CN"),
        ("Thanks", ""),
    ]
    assert [row.name for row in await list_templates(ctx, "zh_CN")] == ["hello", "Thanks"]
    with pytest.raises(NotPossible) as refused:
        await add_template(ctx, draft=Draft(name="HELLO", language="en", body="x"), actor=ann)
    assert refused.value.code == "template_taken"

    async def change(template_id: int, name: str) -> int:
        draft = Draft(name=name, language="en", body="Hi!")
        return await change_template(ctx, template_id=template_id, version=1, draft=draft, actor=ann)

    assert await change(hello, "Hi") == 2
    with pytest.raises(NotPossible) as refused:
        await change(hello, "Ho")
    assert refused.value.code == "template_changed"
    with pytest.raises(NotPossible) as refused:
        await change(both, "hI")
    assert refused.value.code == "template_taken"
    await retire_template(ctx, template_id=hello, version=2, actor=ann)
    assert [row.name for row in await list_templates(ctx, "en")] == ["Thanks"]
    await add_template(ctx, draft=Draft(name="Hi", language="en", body="x"), actor=ann)
    for deed in (
        retire_template(ctx, template_id=hello, version=3, actor=ann),
        render_template(ctx, template_id=hello, ticket_code=1, agent_name=""),
    ):
        with pytest.raises(NotFound):
            await deed
    for wrong in (
        {"name": " "},
        {"body": "\n"},
        {"language": "fr"},
        {"name": "x" * 101},
        {"body": "x" * 20_001},
    ):
        with pytest.raises(NotPossible) as refused:
            draft = Draft(**{"name": "n", "language": "en", "body": "b", **wrong})
            await add_template(ctx, draft=draft, actor=ann)
        assert refused.value.code == "bad_template"


async def test_a_template_is_filled_in_for_its_ticket(ctx: Context) -> None:
    opened = await open_ticket(ctx, subject="Refund")
    everything = (
        "{{customer.name}}|{{ticket.number}}|{{ticket.subject}}|{{agent.name}}|{{inbox.address}}|{{today}}"
    )
    draft = Draft(name="all", language="zh_CN", body=everything)
    made = await add_template(ctx, draft=draft, actor=SYSTEM)
    text = await render_template(ctx, template_id=made, ticket_code=opened["code"], agent_name="Ann")
    parts = text.split("|")
    number = show_code(TICKET, opened["code"])
    assert parts[:5] == ["Li", number, "Refund", "Ann", "support@shop.example"]
    assert parts[5] == await one(
        ctx, """SELECT to_char(now() AT TIME ZONE 'UTC', 'FMYYYY"年"FMMM"月"FMDD"日"')"""
    )
    with pytest.raises(NotFound):
        await render_template(ctx, template_id=made, ticket_code=1, agent_name="Ann")
