"""Two inboxes, and what tests of answers do with them: open a ticket, queue an answer, read the letter that it is."""

from typing import Any

from channels.email.sending.write import write_text
from hub.actions.answers.deliver import message_of
from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from storage import outbound
from tests.fakes.scene import CHANNELS, MAIL, SYSTEM, rows, ticket, write

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


async def queue(ctx: Context, opened: dict[str, Any], text: str = "Yes.", **more: Any) -> dict[str, Any]:
    """The queued reply's row."""
    given = {"ticket_code": opened["code"], "actor": SYSTEM, "text": text, **more}
    interaction_id = await queue_reply(ctx, **given)
    (row,) = await rows(ctx, "SELECT * FROM outbox WHERE interaction_id = $1", interaction_id)
    return row


async def open_ticket(ctx: Context, sender: str = f"Li <{LI}>", **more: Any) -> dict[str, Any]:
    return await ticket(ctx, await write(ctx, sender, **more))


async def letter_of(row: dict[str, Any]) -> str:
    return write_text(message_of(outbound.CopyRow(**{
        name: row[name] for name in ("id", "interaction_id", "channel_id", "message", "queued_at")
    }), ()))  # fmt: skip
