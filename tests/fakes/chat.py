"""Visitors of a chat, without a page: what they say, what their page would tell the hub, and time that passes."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import orjson

from channels.adapter import Lounge, RawItem
from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.ports import make_ports
from hub.actions.receive import accept_items
from storage.database import Connection
from tests.fakes.outside import Outside
from tests.fakes.scene import MAIL, SYSTEM, rows, ticket
from tests.fakes.sending import deliver_due

CHAT: dict[str, dict[str, Any]] = {
    "support": MAIL,
    "chat": {"kind": "webchat", "go_on_by": "support", "go_on_minutes": 3},
    "talk": {"kind": "webchat"},
}
"""One chat whose conversations go on by letter, and one whose do not."""

LI = "li@x.example"

_MOMENTS = {
    "chat": ("away_since", "look_at", "made_at"),
    "chat_page": ("heard_at",),
    "chat_typing": ("until",),
    "chat_key": ("expires_at",),
    "interaction": ("created_at",),
    "ticket": ("last_in_at", "last_out_at"),
    "rate_limit": ("window_start",),
}


class Visitor:
    """`key` is the conversation's; `lounge` is what a hub hands to their page."""

    def __init__(self, ctx: Context, name: str, channel: str = "chat") -> None:
        self.ctx = ctx
        self.name = name
        self.channel = channel
        self.session = hashlib.sha256(name.encode()).hexdigest()
        self.key = f"session.{self.session}"
        self._said = 0

    @property
    def lounge(self) -> Lounge:
        return self.at(self.ctx)

    def at(self, ctx: Context) -> Lounge:
        """Of another hub."""
        return make_ports(ctx, self.channel).lounge

    async def says(self, text: str = "Where is my parcel?", **more: Any) -> dict[str, Any]:
        """The ticket that it comes to."""
        self._said += 1
        said = {
            "session": self.session,
            "client_id": f"c{self._said}",
            "text": text,
            "name": self.name,
            **more,
        }
        raw = RawItem(
            external_key=f"{self.name}-{self._said}",
            content=orjson.dumps(said),
            received_at=datetime.now(UTC),
        )
        (kept,) = await accept_items(self.ctx, self.channel, [raw])
        return await ticket(self.ctx, kept)


async def answers(
    ctx: Context, opened: dict[str, Any], text: str = "On its way.", *, leaves: bool = True, **more: Any
) -> int:
    """`leaves`: where it goes to a chat it stands there."""
    made = await queue_reply(ctx, **{"ticket_code": opened["code"], "actor": SYSTEM, "text": text, **more})
    if leaves:
        chats = [name for name, table in ctx.channels.items() if table["kind"] == "webchat"]
        await deliver_due(ctx, {name: Outside(name=name) for name in chats})
    return made


async def pass_minutes(ctx: Context, minutes: float) -> None:
    """As if all that happened had happened so much earlier: at once, or a hub that is at work beside sees half of it."""

    async def shift(connection: Connection) -> None:
        for table, columns in _MOMENTS.items():
            shifted = ", ".join(
                f"{name} = {name} - make_interval(secs => {minutes * 60.0})" for name in columns
            )
            await connection.execute(f"UPDATE {table} SET {shifted}")

    await ctx.database.run(shift)


async def letters(ctx: Context) -> list[dict[str, Any]]:
    """Those that left, or wait to leave, by the mail channel."""
    found = await rows(
        ctx,
        """SELECT o.*, i.text, i.automatic FROM outbox o JOIN interaction i ON i.id = o.interaction_id
           JOIN channel c ON c.id = o.channel_id WHERE c.kind = 'email' ORDER BY o.id""",
    )
    return [one | {"said": one["message"]["text"], "to": one["message"]["address"]} for one in found]


async def left_unseen(
    ctx: Context, li: Visitor, *texts: str, named: str = LI, leaves: bool = True, **more: Any
) -> dict[str, Any]:
    """They wrote, named an address, were answered, and have been gone for five minutes."""
    await li.lounge.here(li.key, "p1")
    opened = await li.says(email=named, **more)
    for text in texts or ("On its way.",):
        await answers(ctx, opened, text, leaves=leaves)
    await li.lounge.gone(li.key, "p1")
    await pass_minutes(ctx, 5)
    return opened
