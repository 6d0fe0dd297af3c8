"""Hubs over a test's database, a kind of channel in which a test can say anything, and letters."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict

from channels.adapter import Acceptance, CannotTranslate, Capabilities, ChannelKind, NotAccepted, RawItem
from channels.email.mailbox.items import content_key
from channels.loopback.adapter import LoopbackAdapter
from channels.registry import load_kinds
from hub.actions.context import Context, close_context, open_context
from hub.actions.installation import set_up
from hub.actions.people.staff import add_agent
from hub.actions.receive import accept_items
from hub.model.interactions import (
    Automatic,
    BounceReport,
    Identity,
    IdentityKind,
    InboundAttachment,
    InboundInteraction,
    InteractionKind,
    Outcome,
    RecipientReport,
    Sender,
    ThreadHints,
)
from hub.model.people import Actor
from hub.settings import Delivery, Settings
from routing.rules import load_rules
from storage.database import Connection, Database
from tests.canaries import written
from tests.conftest import light_kinds, shipped_rules

SECRET = b"a key of thirty-two bytes for tests"
RULES = Path(__file__).parent.parent.parent / "config" / "routing.toml"
SUPPORT = "support@shop.example"
SYSTEM = Actor(name="A test")
PASSWORD = "correct horse battery"
MAIL: dict[str, Any] = {
    "kind": "email", "address": SUPPORT, "imap_host": "127.0.0.1", "smtp_host": "127.0.0.1",
    "authserv_id": "mx.shop.example",
    "burst_minutes": 0, "imap_security": "none", "smtp_security": "none", "timeout_seconds": 5,
}  # fmt: skip
# Far from the numbers that tests give themselves: one that came twice would be taken for a repetition.
_serial = itertools.count(1_000_000)


class PlainSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _report(
    recipient: str, *, original_message_id: str = "", status: str = "5.1.1", reason: str = ""
) -> BounceReport:
    failed = RecipientReport(address=recipient, outcome=Outcome.FAILED, status=status, reason=reason)
    return BounceReport(recipients=(failed,), original_message_id=original_message_id)


def _plain(raw: RawItem, settings: Any) -> InboundInteraction:
    said = orjson.loads(raw.content)
    if said.get("unreadable"):
        raise CannotTranslate("It is not to be read.")
    if said.get("faulty"):
        raise RuntimeError("a fault of the translator")
    return InboundInteraction(
        kind=InteractionKind(said.get("kind", "message")),
        sender=Sender(
            name=said.get("name", ""),
            identities=tuple(
                Identity(kind=IdentityKind(kind), value=value, verified=verified)
                for kind, value, verified in said.get("who", ())
            ),
        ),
        text=said.get("text", "Hello"),
        subject=said.get("subject", ""),
        html=said.get("html", ""),
        external_id=said.get("external_id", raw.external_key),
        thread=ThreadHints(
            key=said.get("key", ""),
            tokens=tuple(said.get("tokens", ())),
            references=tuple(said.get("references", ())),
        ),
        reply_address=said.get("reply_address", ""),
        automatic=Automatic(said["automatic"]) if "automatic" in said else None,
        bounce=_report(**said["bounce"]) if "bounce" in said else None,
        attachments=tuple(
            InboundAttachment(filename=name, content_type="text/plain", data=data.encode())
            for name, data in said.get("files", ())
        ),
        fields=said.get("fields", {}),
        hints=said.get("hints", {}),
    )


BOB = [("email", "bob@example.com", True)]
PLAIN = ChannelKind(
    kind="plain",
    settings=PlainSettings,
    capabilities=Capabilities(subject=True, attachments=True),
    open=LoopbackAdapter,
    translate=_plain,
)
CHANNELS: dict[str, dict[str, Any]] = {
    "plain": {"kind": "plain"}, "other": {"kind": "plain"}, "loop": {"kind": "loopback"}, "support": MAIL,
    "form": {"kind": "webform"}, "chat": {"kind": "webchat"},
    "bot": {"kind": "telegram", "token": "123456789:AAEtesttoken"},
}  # fmt: skip


@asynccontextmanager
async def a_hub(
    dsn: str,
    channels: dict[str, dict[str, Any]] | None = None,
    *,
    heavy: bool = False,
    secret: bytes = SECRET,
    rules: bytes | None = None,
    pool: int = 6,
    undo_seconds: float = 0,
    ready: bool = True,
) -> AsyncIterator[Context]:
    """One hub process's context. Letters are read at once, in this process, unless `heavy`."""
    kinds = {**(load_kinds() if heavy else light_kinds()), "plain": PLAIN}
    database = await Database.open(dsn, max_size=pool)
    ctx = open_context(
        database,
        Settings(
            channels=CHANNELS if channels is None else channels,
            delivery=Delivery(undo_seconds=undo_seconds),
        ),
        secret=secret,
        rules=shipped_rules() if rules is None else load_rules(rules),
        kinds=kinds,
    )
    try:
        if ready:
            await set_up(ctx)
        yield ctx
    finally:
        await close_context(ctx)
        await database.close()


def item(
    *, item_key: str = "", content_key: str = "", meta: dict[str, Any] | None = None, **said: Any
) -> RawItem:
    """Something said on a plain channel. `who`: [(kind, value, verified)]."""
    written(said.get("text", ""))
    return RawItem(
        external_key=item_key or f"item-{next(_serial)}",
        content=orjson.dumps(said),
        content_key=content_key,
        received_at=datetime.now(UTC),
        meta=meta or {},
    )


async def say(ctx: Context, channel: str = "plain", **said: Any) -> Acceptance:
    (kept,) = await accept_items(ctx, channel, [item(**said)])
    return kept


async def say_until_kept(ctx: Context, key: str) -> None:
    """Bob says it again and again, under the same key, until it is accepted."""
    while True:
        try:
            await say(ctx, who=BOB, item_key=key, text=key)
            return
        except NotAccepted:
            await asyncio.sleep(0.05)


def letter(
    sender: str,
    text: str = "Where is my parcel?",
    *,
    subject: str = "A question",
    message_id: str = "",
    to: str = SUPPORT,
    answers: str = "",
    references: Sequence[str] = (),
    headers: Sequence[tuple[str, str]] = (),
    uid: int = 0,
) -> RawItem:
    """A letter as the mailbox hands it on. `answers` and `references` are Message-IDs without brackets."""
    serial = next(_serial)
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, to, subject
    made["Message-ID"] = f"<{message_id or f'letter-{serial}@customer.example'}>"
    if answers:
        made["In-Reply-To"] = f"<{answers}>"
    if references:
        made["References"] = " ".join(f"<{one}>" for one in references)
    for name, value in headers:
        made[name] = value
    made.set_content(text)
    return raw_letter(made.as_bytes(), uid=uid or serial)


def raw_letter(content: bytes, *, uid: int) -> RawItem:
    return RawItem(
        external_key=f"INBOX/7/{uid}",
        content=content,
        content_key=content_key(content),
        received_at=datetime.now(UTC),
        meta={"uid": uid},
    )


async def write(ctx: Context, sender: str, text: str = "Where is my parcel?", **more: Any) -> Acceptance:
    """A letter arrives in the mailbox `support`."""
    (kept,) = await accept_items(ctx, "support", [letter(sender, text, **more)])
    return kept


async def an_agent(ctx: Context, login: str, *, presence: str = "online", **more: Any) -> int:
    """An agent who is there, without the seconds that hashing takes: nobody logs in as them."""
    agent_id = await one(
        ctx,
        """INSERT INTO agent (login, name, password_hash, presence, languages, skills, capacity, live_capacity, calendar)
           VALUES ($1, $1, 'none', $2, $3, $4, $5, $6, $7) RETURNING id""",
        login, presence, list(more.get("languages", ("en", "zh"))), more.get("skills", {}), more.get("capacity", 8),
        more.get("live_capacity", 3), more.get("calendar", ""),
    )  # fmt: skip
    for queue in more.get("queues", ()):
        await one(
            ctx,
            "INSERT INTO queue_member SELECT id, $2 FROM queue WHERE name = $1 RETURNING 1",
            queue,
            agent_id,
        )
    return int(agent_id)


async def a_real_agent(ctx: Context, login: str, **more: Any) -> int:
    return await add_agent(ctx, login=login, name=login.title(), password=PASSWORD, **more)


async def spoil_ledger(ctx: Context, ticket_id: int) -> None:
    """Whatever is to be written on the ticket next cannot be: its ledger has a line more than the ticket knows."""
    await one(
        ctx,
        "INSERT INTO event (ticket_id, seq, kind) SELECT id, seq + 1, 'note_added' FROM ticket WHERE id = $1 RETURNING 1",
        ticket_id,
    )


async def mend_ledger(ctx: Context, ticket_id: int) -> None:
    await one(
        ctx,
        """WITH gone AS (DELETE FROM event e USING ticket t WHERE e.ticket_id = t.id AND t.id = $1 AND e.seq > t.seq)
           SELECT 1""",
        ticket_id,
    )


async def one(ctx: Context, query: str, *args: Any) -> Any:
    """One value."""
    return await ctx.database.run(lambda c: c.fetchval(query, *args))


async def waiting_for_a_lock(ctx: Context) -> int:
    """So many sessions at its database."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    return int(await one(ctx, query))


async def rows(ctx: Context, query: str, *args: Any) -> list[dict[str, Any]]:
    async def ask(c: Connection) -> list[dict[str, Any]]:
        return [dict(row) for row in await c.fetch(query, *args)]

    return await ctx.database.read(ask)


async def ticket(ctx: Context, kept: Acceptance) -> dict[str, Any]:
    """The ticket that an item came to, as a row."""
    (found,) = await rows(
        ctx,
        """SELECT t.*, q.name AS queue FROM ticket t JOIN inbound_raw r ON r.ticket_id = t.id
           JOIN queue q ON q.id = t.queue_id WHERE r.id = $1""",
        kept.raw_id,
    )
    return found


async def entry(ctx: Context, kept: Acceptance) -> dict[str, Any]:
    (found,) = await rows(ctx, "SELECT * FROM interaction WHERE id = $1", kept.interaction_id)
    return found


async def ledger(ctx: Context, ticket_id: int) -> list[str]:
    return [
        row["kind"]
        for row in await rows(ctx, "SELECT kind FROM event WHERE ticket_id = $1 ORDER BY seq", ticket_id)
    ]
