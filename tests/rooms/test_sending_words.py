"""Words kept ready: signatures below letters, answers that are filled in for a ticket."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from channels.email.replies.quotes import new_text
from channels.email.sending.write import write_text
from hub.actions.context import Context
from hub.actions.deliver import message_of
from hub.actions.failures import NotFound, NotPossible
from hub.actions.reply import queue_reply
from hub.actions.signatures import read_signature, set_signature
from hub.actions.templates import (
    add_template,
    change_template,
    list_templates,
    render_template,
    retire_template,
)
from hub.model.codes import TICKET, show_code
from hub.model.people import Actor
from storage import outbound
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import CHANNELS, MAIL, SYSTEM, a_hub, an_agent, one, rows, ticket, write

LI, WANG, ZHAO, EVIL = "li@example.cn", "wang@example.cn", "zhao@example.cn", "evil@x.example"
SALES = "sales@shop.example"
TWO_INBOXES: dict[str, Any] = {
    **CHANNELS,
    "sales": {
        **MAIL,
        "address": SALES,
        "display_name": "Sales",
        "signature": "Sales team\n{{inbox.address}}",
    },
}


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, TWO_INBOXES) as hub:
        yield hub
        await assert_invariants(hub.database)


async def _reply(ctx: Context, opened: dict[str, Any], text: str = "Yes.", **more: Any) -> dict[str, Any]:
    """The queued reply's row."""
    given = {"ticket_code": opened["code"], "actor": SYSTEM, "text": text, **more}
    interaction_id = await queue_reply(ctx, **given)
    (row,) = await rows(ctx, "SELECT * FROM outbox WHERE interaction_id = $1", interaction_id)
    return row


async def _opened(ctx: Context, sender: str = f"Li <{LI}>", **more: Any) -> dict[str, Any]:
    return await ticket(ctx, await write(ctx, sender, **more))


async def _letter_of(row: dict[str, Any]) -> str:
    return write_text(message_of(outbound.CopyRow(**{
        name: row[name] for name in ("id", "interaction_id", "channel_id", "message", "queued_at")
    }), ()))  # fmt: skip


# ── signatures and templates ─────────────────────────────────────────────────────────────────────────────────────────
async def test_the_agents_signature_stands_below_else_the_inboxs_and_neither_changes_afterwards(
    ctx: Context,
) -> None:
    ann = Actor(name="Ann", agent_id=await an_agent(ctx, "ann"))
    assert ann.agent_id is not None
    opened = await _opened(ctx)
    assert "signature" not in (await _reply(ctx, opened, actor=ann))["message"]
    assert (await _reply(ctx, opened, actor=ann, inbox="sales"))["message"][
        "signature"
    ] == f"Sales team\n{SALES}"
    await set_signature(
        ctx, agent_id=ann.agent_id, text="{{agent.name}}, {{ticket.number}} {{7*7}}\r\n客服部"
    )
    assert await read_signature(ctx, ann.agent_id) == "{{agent.name}}, {{ticket.number}} {{7*7}}\n客服部"
    row = await _reply(ctx, opened, "Hello.", actor=ann, inbox="sales")
    shown = f"Ann, {show_code(TICKET, opened['code'])} {{{{7*7}}}}\n客服部"
    assert row["message"]["signature"] == shown
    await set_signature(ctx, agent_id=ann.agent_id, text="Somebody else")
    text = await _letter_of(row)
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
    hello = await add_template(ctx, name=" Hello ", language="en", body="Dear {{customer.name}},", actor=ann)
    await add_template(ctx, name="hello", language="zh_CN", body="您好，{{customer.name}}", actor=ann)
    both = await add_template(ctx, name="Thanks", language="", body="谢谢 / Thanks", actor=ann)
    assert [(row.name, row.language) for row in await list_templates(ctx)] == [
        ("Hello", "en"),
        ("hello", "zh_CN"),
        ("Thanks", ""),
    ]
    assert [row.name for row in await list_templates(ctx, "zh_CN")] == ["hello", "Thanks"]
    with pytest.raises(NotPossible) as refused:
        await add_template(ctx, name="HELLO", language="en", body="x", actor=ann)
    assert refused.value.code == "template_taken"
    assert await change_template(ctx, template_id=hello, version=1, name="Hi", language="en", body="Hi!") == 2
    with pytest.raises(NotPossible) as refused:
        await change_template(ctx, template_id=hello, version=1, name="Ho", language="en", body="Ho!")
    assert refused.value.code == "template_changed"
    with pytest.raises(NotPossible) as refused:
        await change_template(ctx, template_id=both, version=1, name="hI", language="en", body="Ho!")
    assert refused.value.code == "template_taken"
    await retire_template(ctx, template_id=hello, version=2)
    assert [row.name for row in await list_templates(ctx, "en")] == ["Thanks"]
    await add_template(ctx, name="Hi", language="en", body="x", actor=ann)
    for deed in (
        retire_template(ctx, template_id=hello, version=3),
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
            await add_template(ctx, **{"name": "n", "language": "en", "body": "b", "actor": ann, **wrong})
        assert refused.value.code == "bad_template"


async def test_a_template_is_filled_in_for_its_ticket(ctx: Context) -> None:
    opened = await _opened(ctx, subject="Refund")
    everything = (
        "{{customer.name}}|{{ticket.number}}|{{ticket.subject}}|{{agent.name}}|{{inbox.address}}|{{today}}"
    )
    made = await add_template(ctx, name="all", language="zh_CN", body=everything, actor=SYSTEM)
    text = await render_template(ctx, template_id=made, ticket_code=opened["code"], agent_name="Ann")
    parts = text.split("|")
    number = show_code(TICKET, opened["code"])
    assert parts[:5] == ["Li", number, "Refund", "Ann", "support@shop.example"]
    assert parts[5] == await one(
        ctx, """SELECT to_char(now() AT TIME ZONE 'UTC', 'FMYYYY"年"FMMM"月"FMDD"日"')"""
    )
    with pytest.raises(NotFound):
        await render_template(ctx, template_id=made, ticket_code=1, agent_name="Ann")
