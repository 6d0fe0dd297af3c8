"""Whoever opens a ticket by letter is told its number: fixed words, to people only, seldom enough for nobody to be flooded."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from email import message_from_bytes, policy
from typing import Any

import asyncpg
import pytest

from channels.email.adapter import EmailAdapter
from hub.actions.acknowledge import PER_DOMAIN
from hub.actions.context import Context
from hub.actions.move import move_entries
from hub.actions.receive import accept_items
from tests.conftest import at_database
from tests.fakes.inboxes import FAIL, PASS
from tests.fakes.invariants import assert_invariants
from tests.fakes.mail_servers import serving
from tests.fakes.ports import make_ports
from tests.fakes.scene import (
    CHANNELS,
    MAIL,
    SUPPORT,
    SYSTEM,
    a_hub,
    ledger,
    letter,
    one,
    raw_letter,
    rows,
    ticket,
    write,
)
from tests.fakes.sending import deliver_due
from tests.fakes.smtp_server import ScriptedRelay

LI = "li@example.cn"
TOLD = {**CHANNELS, "support": {**MAIL, "acknowledge": True, "staff_addresses": ["@staff.example"]}}


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, TOLD) as hub:
        yield hub
        await assert_invariants(hub.database, by_hand=True)


async def _acknowledged(ctx: Context) -> list[dict[str, Any]]:
    return await rows(
        ctx,
        """SELECT i.*, o.message FROM interaction i JOIN outbox o ON o.interaction_id = i.id
           WHERE i.automatic = 'acknowledgement' ORDER BY i.id""",
    )


async def test_whoever_opens_a_ticket_is_told_its_number(ctx: Context) -> None:
    kept = await write(ctx, f"Li <{LI}>", "my secret 4711", subject="Code 4711", message_id="one@example.cn")
    opened = await ticket(ctx, kept)
    (said,) = await _acknowledged(ctx)
    message = said["message"]
    assert (
        said["ticket_id"] == opened["id"]
        and kept.ticket_code in said["text"]
        and kept.ticket_code in said["subject"]
    )
    assert "4711" not in said["text"] + said["subject"] + message["recipient_name"]
    assert (message["address"], message["automatic"], message["in_reply_to"]) == (LI, True, "one@example.cn")
    # Nobody has answered yet: the ticket waits as it did.
    assert (opened["status"], opened["last_out_at"]) == ("open", None)
    assert await ledger(ctx, opened["id"]) == ["ticket_opened", "interaction_added"]
    # Its answer finds the ticket.
    assert (await ticket(ctx, await write(ctx, LI, answers=message["message_id"])))["id"] == opened["id"]


async def test_in_the_language_of_the_letter(ctx: Context) -> None:
    await write(ctx, LI, "您好，请问我的包裹到哪里了？我上周下的订单。", subject="包裹")
    (said,) = await _acknowledged(ctx)
    assert "感谢您的来信" in said["text"] and said["message"]["language"] == "zh_CN"


@pytest.mark.parametrize(
    "more",
    [
        {"headers": [("Auto-Submitted", "auto-replied")]}, {"headers": [("Precedence", "bulk")]},
        {"headers": [("List-Id", "<l.example.cn>")]}, {"headers": [("Precedence", "list")]}, {"headers": [FAIL]},
        {"headers": [("Reply-To", "victim@example.com")]}, {"sender": "no-reply@example.cn"},
        {"sender": "MAILER-DAEMON@example.cn"}, {"sender": SUPPORT}, {"sender": "lina@staff.example"},
        {"headers": [("Date", "Thu, 25 Jan 2024 10:00:00 +0000")]},
        {"headers": [("X-Auto-Response-Suppress", "All")]},
        {"sender": "list-bounces@example.cn"}, {"sender": "donotreply@example.cn"},
    ],
    ids=lambda more: str(more.get("sender") or more["headers"][0]),
)  # fmt: skip
async def test_no_machine_and_nobody_elses_address_is_told(ctx: Context, more: dict[str, Any]) -> None:
    """S20, S22."""
    await write(ctx, more.pop("sender", LI), **more)
    assert await _acknowledged(ctx) == []


async def test_once_a_day_for_an_address_and_twenty_an_hour_for_a_domain(ctx: Context) -> None:
    """S19: many letters in the name of one victim, or of many at one domain, in one batch and in many."""
    await accept_items(ctx, "support", [letter(LI, f"{n}", subject=f"{n}") for n in range(30)])
    for n in range(10):
        await write(ctx, LI, f"again {n}")
    assert len(await _acknowledged(ctx)) == 1
    await accept_items(ctx, "support", [letter(f"v{n}@victim.example", f"{n}") for n in range(30)])
    await accept_items(ctx, "support", [letter(f"w{n}@victim.example", f"{n}") for n in range(10)])
    assert len(await _acknowledged(ctx)) == 1 + PER_DOMAIN


async def test_two_hubs_grant_no_more_than_one(ctx: Context, database_dsn: str) -> None:
    async with a_hub(database_dsn, TOLD) as other:
        await asyncio.gather(
            *(write(hub, f"v{n % 30}@victim.example", f"{n}") for n in range(60) for hub in (ctx, other))
        )
    granted = [row["message"]["address"] for row in await _acknowledged(ctx)]
    assert len(granted) == len(set(granted)) == PER_DOMAIN


async def test_only_what_opens_a_ticket_is_told_and_only_where_it_is_wanted(
    ctx: Context, database_dsn: str
) -> None:
    await write(ctx, LI, message_id="one@example.cn")
    await write(ctx, "wang@example.cn", answers="one@example.cn")
    await write(ctx, LI, answers="one@example.cn")
    assert len(await _acknowledged(ctx)) == 2  # a stranger's letter opens one too
    async with a_hub(database_dsn) as other:
        await write(other, "zhao@example.cn")
    assert len(await _acknowledged(ctx)) == 2


async def test_one_that_waits_to_leave_does_not_hold_up_a_move_for_ever(ctx: Context) -> None:
    first, second = (
        await ticket(ctx, await write(ctx, LI)),
        await ticket(ctx, await write(ctx, "w@example.com")),
    )
    kept = [
        row["id"]
        for row in await rows(
            ctx, "SELECT id FROM interaction WHERE ticket_id = $1 AND direction = 'in'", first["id"]
        )
    ]
    await move_entries(
        ctx, ticket_code=first["code"], interaction_ids=kept, to_code=second["code"], actor=SYSTEM
    )


# ── on the wire, and between machines ────────────────────────────────────────────────────────────────────────────────
@asynccontextmanager
async def _posting(dsn: str, address: str) -> AsyncIterator[tuple[Context, EmailAdapter, ScriptedRelay]]:
    """A hub whose inbox is `address`, and the relay that takes its letters."""
    relay = ScriptedRelay()
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(serving(relay.talk))
        table = {**MAIL, "address": address, "acknowledge": True, "smtp_port": port, "imap_port": 1}
        hub = await stack.enter_async_context(a_hub(dsn, {"support": table}))
        configured = hub.channel("support")
        adapter = EmailAdapter("support", configured.settings, make_ports())  # type: ignore[arg-type]
        stack.push_async_callback(adapter.close)
        yield hub, adapter, relay


@pytest.fixture
async def second_house(postgres: str) -> AsyncIterator[str]:
    """Another house's database."""
    server = await asyncpg.connect(postgres)
    await server.execute("CREATE DATABASE second_house TEMPLATE template_hub STRATEGY file_copy")
    yield at_database(postgres, "second_house")
    await server.execute("DROP DATABASE second_house WITH (FORCE)")
    await server.close()


async def test_it_is_marked_as_automatic_and_comes_from_nobody(database_dsn: str) -> None:
    async with _posting(database_dsn, SUPPORT) as (hub, adapter, relay):
        await write(hub, LI)
        assert await deliver_due(hub, {"support": adapter}) == 1
        ((envelope, _),) = relay.taken
        made = message_from_bytes(relay.texts[0], policy=policy.default)
        assert (envelope.sender, envelope.recipients) == ("", [LI])
        assert made["Auto-Submitted"] == "auto-replied" and made["X-Auto-Response-Suppress"] == "All"


@pytest.mark.parametrize("honest", [True, False], ids=["marks kept", "marks lost on the way"])
async def test_two_hubs_that_write_to_each_other_stop(
    database_dsn: str, second_house: str, honest: bool
) -> None:
    """S21: each is the other's customer. `honest`: what marks automatic mail arrives."""
    addresses = ("a@one.example", "b@two.example")
    async with AsyncExitStack() as stack:
        hubs = [
            await stack.enter_async_context(_posting(dsn, address))
            for dsn, address in zip((database_dsn, second_house), addresses, strict=True)
        ]
        await write(hubs[0][0], addresses[1], to=addresses[0])
        letters = 1
        for _ in range(10):
            moved = 0
            for (hub, adapter, relay), (other, *_) in ((hubs[0], hubs[1]), (hubs[1], hubs[0])):
                relay.taken.clear()
                await deliver_due(hub, {"support": adapter})
                for number, text in enumerate(relay.texts):
                    moved += 1
                    content = (
                        text
                        if honest
                        else re.sub(rb"(?im)^(auto-submitted|x-auto-[a-z-]+):.*\r\n", b"", text)
                    )
                    await accept_items(other, "support", [raw_letter(content, uid=letters * 100 + number)])
            letters += moved
            if not moved:
                break
        assert letters <= 3
        if honest:
            seen = await rows(hubs[1][0], "SELECT automatic FROM interaction WHERE direction = 'in'")
            assert [row["automatic"] for row in seen] == ["auto_reply"], (
                "and it is seen why nobody was answered"
            )


async def test_a_flood_on_one_ticket_is_flagged_once(ctx: Context) -> None:
    opened = await ticket(ctx, await write(ctx, LI, message_id="one@example.cn"))
    for n in range(10):
        await write(ctx, LI, f"{n}", answers="one@example.cn")
    await accept_items(
        ctx, "support", [letter(LI, f"more {n}", answers="one@example.cn", headers=[PASS]) for n in range(20)]
    )
    assert (await ledger(ctx, opened["id"])).count("loop_stopped") == 1
    assert await one(ctx, "SELECT count(*) FROM interaction WHERE ticket_id = $1", opened["id"]) == 32
