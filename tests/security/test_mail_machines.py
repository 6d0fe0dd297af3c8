"""S5, S19, S20, S22: what a hub does by itself with a letter or a form, and what nobody can make it do to somebody else."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from channels.adapter import RawItem
from hub.actions.acknowledge import PER_HOUSE
from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.people.staff import add_agent
from hub.actions.receive import accept_items
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import (
    CHANNELS,
    MAIL,
    PASSWORD,
    SUPPORT,
    SYSTEM,
    a_hub,
    entry,
    letter,
    one,
    rows,
    ticket,
    write,
)

LI, VICTIM = "li@example.cn", "victim@innocent.example"
TOLD = {**CHANNELS, "support": {**MAIL, "acknowledge": True, "staff_addresses": ["@staff.example"]}}


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, TOLD) as hub:
        yield hub
        await assert_invariants(hub.database, by_hand=True)


async def _written_to(ctx: Context) -> list[str]:
    return [
        row["address"]
        for row in await rows(ctx, "SELECT message->>'address' AS address FROM outbox ORDER BY id")
    ]


# ── S19 ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_s19_a_form_writes_to_nobody_by_itself(ctx: Context) -> None:
    """A thousand posts in the name of somebody who never heard of us: their mailbox stays empty."""
    posts = [
        RawItem(
            external_key=f"post-{number}",
            content=orjson.dumps({"fields": {"message": f"buy {number}", "name": "Li", "email": VICTIM}}),
            received_at=datetime.now(UTC),
        )
        for number in range(1000)
    ]
    for begin in range(0, len(posts), 100):
        await accept_items(ctx, "form", posts[begin : begin + 100])
    assert await one(ctx, "SELECT count(*) FROM interaction") == len(posts)
    assert await _written_to(ctx) == []


async def test_s19_the_house_as_a_whole_has_a_limit(ctx: Context) -> None:
    """One letter each in the name of people of as many domains: no limit of an address or a domain is reached."""
    forged = [letter(f"v{number}@d{number}.example", subject=f"{number}") for number in range(PER_HOUSE + 50)]
    for begin in range(0, len(forged), 50):
        await accept_items(ctx, "support", forged[begin : begin + 50])
    assert len(await _written_to(ctx)) == PER_HOUSE


# ── S20 ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
QUIET = [
    ("Auto-Submitted", "auto-generated"), ("Auto-Submitted", "AUTO-REPLIED; owner-email=x@y.example"), ("X-Autoreply", "yes"),
    ("Precedence", "junk"), ("List-Id", "Friends <friends.example.cn>"), ("List-Post", "<mailto:friends@example.cn>"),
    ("Return-Path", "<>"), ("X-Auto-Response-Suppress", "All"), ("X-Auto-Response-Suppress", "DR, OOF, AutoReply"),
]  # fmt: skip
A_PERSON = [
    ("Auto-Submitted", "no"), ("Return-Path", "<li@example.cn>"), ("X-Auto-Response-Suppress", "None"),
    ("X-Auto-Response-Suppress", "DR, RN, NRN"), ("Precedence", "first-class"),
]  # fmt: skip


async def test_s20_what_asks_for_no_answer_or_comes_from_a_machine_gets_none(ctx: Context) -> None:
    for number, header in enumerate(QUIET):
        kept = await write(ctx, f"m{number}@example.cn", headers=[header])
        assert (await entry(ctx, kept))["text"], "it is kept all the same"
        assert await _written_to(ctx) == [], header


async def test_s20_a_person_is_told_although_the_letter_has_such_a_header(ctx: Context) -> None:
    for number, header in enumerate(A_PERSON):
        await write(ctx, f"p{number}@example.cn", headers=[header])
        assert (await _written_to(ctx))[number:] == [f"p{number}@example.cn"], header


async def test_s20_nobody_is_sent_the_receipt_they_ask_for(ctx: Context) -> None:
    """A request for a read receipt goes to whoever it names, if anybody answers it; nothing of ours does."""
    asked = [
        ("Disposition-Notification-To", VICTIM),
        ("Return-Receipt-To", VICTIM),
        ("X-Confirm-Reading-To", VICTIM),
    ]
    opened = await ticket(ctx, await write(ctx, LI, headers=asked))
    await queue_reply(ctx, ticket_code=opened["code"], actor=SYSTEM, text="Yes.")
    assert await _written_to(ctx) == [LI, LI]


# ── S5 ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_s5_an_agents_address_opens_nothing_whether_they_may_still_work_here_or_not(
    ctx: Context,
) -> None:
    """Nobody works by letter, so nothing has to be taken from somebody who leaves: their answer to an old letter of ours, with
    its token, is a stranger's letter, and the customer hears nothing of it."""
    await add_agent(ctx, login="lina", name="Lina", password=PASSWORD)
    opened = await ticket(ctx, await write(ctx, LI, "my account is 4711"))
    sent = await queue_reply(ctx, ticket_code=opened["code"], actor=SYSTEM, text="About 4711.")
    (row,) = await rows(ctx, "SELECT * FROM outbox WHERE interaction_id = $1", sent)
    before = await _written_to(ctx)
    for active in (True, False):
        await one(ctx, "UPDATE agent SET active = $1 RETURNING 1", active)
        for more in (
            {"answers": row["message_id"]},
            {"to": SUPPORT.replace("@", f"+{row['message']['reply_token']}@")},
            {"subject": f"Re: T-{opened['code']}"},
        ):
            kept = await write(ctx, "lina@staff.example", "Refund them.", **more)
            assert (await ticket(ctx, kept))["id"] != opened["id"]
    assert await _written_to(ctx) == before
    said: list[dict[str, Any]] = await rows(
        ctx,
        "SELECT direction FROM interaction WHERE ticket_id = $1 AND automatic = '' ORDER BY seq",
        opened["id"],
    )
    assert [row["direction"] for row in said] == ["in", "out"]
