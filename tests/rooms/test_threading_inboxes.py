"""One letter in two inboxes, letters passed on to another one, our own that come back, and bursts."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from channels.adapter import RawItem
from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.receive import accept_items, read_waiting
from hub.actions.status import change_status
from storage import threads
from tests.fakes.inboxes import SALES, TWO_INBOXES, arrive
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import (
    CHANNELS,
    MAIL,
    SUPPORT,
    SYSTEM,
    a_hub,
    entry,
    letter,
    one,
    raw_letter,
    rows,
    ticket,
    write,
)

LI, EVIL = "li@example.cn", "evil@x.example"
BURSTS = {**TWO_INBOXES, "support": {**MAIL, "burst_minutes": 10}}


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, TWO_INBOXES) as hub:
        yield hub
        await assert_invariants(hub.database, by_hand=True)


@pytest.fixture
async def second(ctx: Context, database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, TWO_INBOXES) as hub:
        yield hub


def _copies(text: str, **more: Any) -> tuple[RawItem, RawItem]:
    """The same letter as it comes out of two mailboxes: each server on the way has written its own headers."""
    made = letter(LI, text, to=f"{SUPPORT}, {SALES}", **more)
    there = (
        b"Delivered-To: sales@shop.example\r\nReceived: by mx2; Wed, 25 Nov 2026 10:00:00 +0000\r\n"
        b"X-Spam-Score: 0.1\r\nAuthentication-Results: mx.shop.example; dmarc=pass\r\n"
    )
    here = b"Delivered-To: support@shop.example\r\nReceived: by mx1; Wed, 25 Nov 2026 10:00:01 +0000\r\n"
    number = abs(hash(text)) % 10**9
    return raw_letter(here + made.content, uid=number), raw_letter(there + made.content, uid=number + 1)


# ── one letter, two inboxes ──────────────────────────────────────────────────────────────────────────────────────────
async def test_one_letter_in_two_inboxes_is_one_entry_that_says_so(ctx: Context) -> None:
    here, there = _copies("to both")
    (first,) = await accept_items(ctx, "support", [here])
    (again,) = await accept_items(ctx, "sales", [there])
    assert again.duplicate and await one(ctx, "SELECT count(*) FROM interaction") == 1
    assert await one(ctx, "SELECT count(*) FROM inbound_raw") == 2
    facts = await ctx.database.read(lambda c: threads.entry_facts(c, [first.interaction_id]))
    assert facts[first.interaction_id].also_reached == ("sales",)
    # The same inbox again is a repetition and nothing to tell.
    moved = raw_letter(here.content, uid=77)
    assert (await accept_items(ctx, "support", [moved]))[0].duplicate
    facts = await ctx.database.read(lambda c: threads.entry_facts(c, [first.interaction_id]))
    assert facts[first.interaction_id].also_reached == ("sales",)


async def test_both_copies_at_the_same_moment_on_two_hubs_are_one_entry(
    ctx: Context, second: Context
) -> None:
    for n in range(20):
        here, there = _copies(f"race {n}", message_id=f"race-{n}@example.cn")
        before = await one(ctx, "SELECT count(*) FROM interaction")
        await asyncio.gather(accept_items(ctx, "support", [here]), accept_items(second, "sales", [there]))
        assert await one(ctx, "SELECT count(*) FROM interaction") == before + 1


async def test_a_copy_that_comes_before_the_first_is_read_counts_too(database_dsn: str) -> None:
    async with a_hub(database_dsn, TWO_INBOXES, heavy=True) as hub:
        here, there = _copies("both waiting")
        await accept_items(hub, "support", [here])
        await accept_items(hub, "sales", [there])
        assert await read_waiting(hub) == 1
        entry_id = await one(hub, "SELECT id FROM interaction")
        facts = await hub.database.read(lambda c: threads.entry_facts(c, [entry_id]))
        assert facts[entry_id].also_reached == ("sales",)
        await assert_invariants(hub.database)


async def test_other_words_under_the_same_message_id_are_another_letter(ctx: Context) -> None:
    """F35."""
    name = "twin@example.cn"
    one_ = await arrive(ctx, "support", LI, "one text", message_id=name)
    other = await arrive(ctx, "sales", LI, "another text", message_id=name)
    assert not other.duplicate and other.interaction_id != one_.interaction_id


# ── passed on ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "more",
    [{"subject": "Fwd: A question"}, {"subject": "转发：问题"}, {"subject": "WG: Frage"}, {"subject": "TR : question"},
     {"subject": "A question", "headers": [("Resent-From", "li@example.cn")]}],
    ids=["fwd", "zh", "de", "fr", "resent"],
)  # fmt: skip
async def test_what_is_passed_on_to_another_inbox_is_a_ticket_of_its_own(
    ctx: Context, more: dict[str, Any]
) -> None:
    opened = await ticket(ctx, await write(ctx, LI, message_id="one@example.cn"))
    passed = await ticket(
        ctx, await arrive(ctx, "sales", LI, to=SALES, references=["one@example.cn"], **more)
    )
    assert passed["id"] != opened["id"]
    assert await rows(ctx, "SELECT ticket_id, other_id, why FROM ticket_link") == [
        {"ticket_id": passed["id"], "other_id": opened["id"], "why": "forwarded"}
    ]
    # To the same inbox it goes on as before; an answer to another inbox too.
    same = await write(ctx, LI, references=["one@example.cn"], **more)
    answer = await arrive(
        ctx, "sales", LI, to=SALES, references=["one@example.cn"], subject="Re: Fwd: A question"
    )
    assert {(await ticket(ctx, kept))["id"] for kept in (same, answer)} == {opened["id"]}


async def test_our_own_token_does_not_carry_what_is_passed_on_elsewhere(ctx: Context) -> None:
    opened = await ticket(ctx, await write(ctx, LI))
    reply = await queue_reply(ctx, ticket_code=opened["code"], actor=SYSTEM, text="Yes.")
    cited = await one(ctx, "SELECT external_id FROM interaction WHERE id = $1", reply)
    passed = await arrive(ctx, "sales", LI, to=SALES, answers=cited, subject="Fwd: Re: A question")
    assert (await ticket(ctx, passed))["id"] != opened["id"]


# ── our own ──────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_letter_of_ours_that_comes_back_is_put_away(ctx: Context) -> None:
    opened = await ticket(ctx, await write(ctx, LI))
    reply = await queue_reply(ctx, ticket_code=opened["code"], actor=SYSTEM, text="Yes.")
    ours = await one(ctx, "SELECT external_id FROM interaction WHERE id = $1", reply)
    before = await one(ctx, "SELECT count(*) FROM interaction")
    for channel in ("sales", "support"):
        await arrive(ctx, channel, SUPPORT, f"Yes. In {channel}.", message_id=ours)
    assert await one(ctx, "SELECT count(*) FROM interaction") == before
    states = await rows(ctx, "SELECT state, error FROM inbound_raw ORDER BY id DESC LIMIT 2")
    assert all(row["state"] == "discarded" and "Our own letter" in row["error"] for row in states)
    # Under our Message-ID, from somebody else, it is a letter like any other.
    other = await arrive(ctx, "support", EVIL, message_id=ours)
    assert (await ticket(ctx, other))["id"] != opened["id"]


async def test_a_letter_from_another_inbox_of_ours_is_a_loop(ctx: Context) -> None:
    """S22."""
    kept = await arrive(ctx, "support", "Sales+abc@shop.example")
    opened = await ticket(ctx, kept)
    assert (opened["status"], opened["reply_address"]) == ("resolved", "")
    assert (await entry(ctx, kept))["automatic"] == "loop"


# ── bursts ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
async def bursts(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, BURSTS) as hub:
        yield hub
        await assert_invariants(hub.database, by_hand=True)


def _at(sender: str, minutes: float, **more: Any) -> RawItem:
    made = letter(sender, f"{minutes} {more}", **more)
    start = made.received_at.replace(hour=12, minute=0)
    return RawItem(
        external_key=made.external_key,
        content=made.content,
        content_key=made.content_key,
        received_at=start + timedelta(minutes=minutes),
    )


async def _say(ctx: Context, sender: str, minutes: float, **more: Any) -> int:
    (kept,) = await accept_items(ctx, "support", [_at(sender, minutes, **more)])
    return int((await ticket(ctx, kept))["id"])


@pytest.mark.parametrize("together", [False, True])
async def test_letters_in_a_burst_are_one_ticket(bursts: Context, together: bool) -> None:
    """ "One more thing": also with no subject, and each ten minutes after the last one."""
    letters = [
        _at(LI, 0, subject="My order"),
        _at(LI, 3, subject="Re: my  order"),
        _at(LI, 5, subject="(no subject)".replace("(no subject)", "")),
        _at(LI, 14, subject="Fwd: My order".replace("Fwd", "AW[2]")),
        _at(LI, 25, subject="My order"),
    ]
    if together:
        kept = await accept_items(bursts, "support", letters)
    else:
        kept = [(await accept_items(bursts, "support", [one_]))[0] for one_ in letters]
    numbers = [(await ticket(bursts, one_))["id"] for one_ in kept]
    assert len(set(numbers[:4])) == 1 and numbers[4] != numbers[0], (
        "eleven minutes later it is another matter"
    )
    assert [(await entry(bursts, one_))["thread_rule"] for one_ in kept] == [
        "",
        "burst",
        "burst",
        "burst",
        "",
    ]


async def test_the_subject_alone_is_no_burst(bursts: Context) -> None:
    mine = await _say(bursts, LI, 0, subject="My order")
    assert await _say(bursts, EVIL, 1, subject="My order") != mine
    assert await _say(bursts, LI, 1, subject="Another matter") != mine
    elsewhere_ = await _say(bursts, LI, 1, subject="My order", headers=[("Reply-To", EVIL)])
    assert elsewhere_ != mine
    assert await _say(bursts, LI, 2, subject="My order") == mine, "and not where answers go elsewhere"
    assert await _say(bursts, LI, 1, subject="My order", headers=[("Auto-Submitted", "auto-replied")]) != mine
    assert await _say(bursts, LI, 1, subject="Fwd: My order") != mine
    failed = [("Authentication-Results", "mx.shop.example; dmarc=fail")]
    assert await _say(bursts, LI, 1, subject="My order", headers=failed) != mine
    (elsewhere,) = await accept_items(bursts, "sales", [_at(LI, 1, subject="My order")])
    assert (await ticket(bursts, elsewhere))["id"] != mine


@pytest.mark.parametrize("how", ["answered", "closed"])
async def test_what_was_answered_or_closed_gets_no_burst(bursts: Context, how: str) -> None:
    mine = await _say(bursts, LI, 0, subject="My order")
    code = await one(bursts, "SELECT code FROM ticket WHERE id = $1", mine)
    if how == "answered":
        await queue_reply(bursts, ticket_code=code, actor=SYSTEM, text="Yes.")
    else:
        await change_status(bursts, ticket_code=code, status="closed", actor=SYSTEM)
    assert await _say(bursts, LI, 1, subject="My order") != mine


async def test_two_matters_side_by_side_each_go_on(bursts: Context) -> None:
    order = await _say(bursts, LI, 0, subject="My order")
    invoice = await _say(bursts, LI, 1, subject="An invoice")
    assert await _say(bursts, LI, 2, subject="Re: My order") == order
    assert await _say(bursts, LI, 3, subject="Re: An invoice") == invoice


async def test_a_backlog_of_years_is_no_burst(bursts: Context) -> None:
    """Filed within a second, written days apart: what counts is when they were sent."""
    days = [
        letter(LI, f"day {n}", subject="My order", headers=[("Date", f"{n + 1:02d} Jan 2024 10:00:00 +0000")])
        for n in range(4)
    ]
    kept = await accept_items(bursts, "support", days)
    assert len({(await ticket(bursts, one_))["id"] for one_ in kept}) == 4


async def test_a_burst_on_two_hubs_is_one_ticket(bursts: Context, database_dsn: str) -> None:
    async with a_hub(database_dsn, BURSTS) as other:
        for n in range(10):
            sender = f"c{n}@example.cn"
            kept = await asyncio.gather(
                accept_items(bursts, "support", [_at(sender, 0, subject="My order")]),
                accept_items(other, "support", [_at(sender, 1, subject="My order")]),
            )
            assert len({(await ticket(bursts, one_))["id"] for (one_,) in kept}) == 1


async def test_bursts_can_be_left_out(ctx: Context) -> None:
    assert CHANNELS["support"]["burst_minutes"] == 0
    first = await ticket(ctx, await write(ctx, LI))
    assert (await ticket(ctx, await write(ctx, LI)))["id"] != first["id"]
