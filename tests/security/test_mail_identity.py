"""S1-S14, S22, S23: who a letter says it is from, and what that lets anybody do."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.model.interactions import Mailbox
from hub.model.tokens import sign_thread
from tests.fakes.inboxes import FAIL, PASS, TWO_INBOXES, arrive, vouched
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import SECRET, SUPPORT, SYSTEM, a_hub, entry, ledger, one, rows, ticket, write

LI, WANG, EVIL = "li@example.cn", "wang@example.cn", "evil@x.example"
CANARY = "Zaunkoenig"
"""What no name that was made at random contains."""


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    channels = {
        **TWO_INBOXES,
        "support": {**TWO_INBOXES["support"], "acknowledge": True, "burst_minutes": 10},
    }
    async with a_hub(database_dsn, channels) as hub:
        yield hub
        await assert_invariants(hub.database, by_hand=True)


async def _answered(ctx: Context) -> tuple[dict[str, Any], dict[str, Any]]:
    """(Li's ticket, our reply on it)."""
    opened = await ticket(
        ctx, await vouched(ctx, f"Li <{LI}>", f"my account is {CANARY}", message_id="first@example.cn")
    )
    sent = await queue_reply(ctx, ticket_code=opened["code"], actor=SYSTEM, text=f"About {CANARY}.")
    (row,) = await rows(ctx, "SELECT * FROM outbox WHERE interaction_id = $1", sent)
    return opened, row


async def _went_to(ctx: Context, address: str) -> list[dict[str, Any]]:
    found = await rows(ctx, "SELECT message, ticket_id FROM outbox WHERE message->>'address' = $1", address)
    return [row["message"] for row in found]


async def _stands_apart(ctx: Context, kept: Any, opened: dict[str, Any]) -> None:
    apart = await ticket(ctx, kept)
    assert apart["id"] != opened["id"] and apart["customer_id"] != opened["customer_id"]
    await queue_reply(ctx, ticket_code=apart["code"], actor=SYSTEM, text="Who are you?")
    went = await _went_to(ctx, EVIL)
    assert "Who are you?" in [message["text"] for message in went]
    assert CANARY not in str(went), "nothing of the customer's goes to the stranger"
    (after,) = await rows(
        ctx, "SELECT reply_address, status, last_preview FROM ticket WHERE id = $1", opened["id"]
    )
    assert (after["reply_address"], after["status"]) == (LI, "pending")


@pytest.mark.parametrize("cited", ["conv-12.msg-3@shop.example", "0" * 32 + ".t1z0000@shop.example"])
async def test_s1_a_guessed_reference(ctx: Context, cited: str) -> None:
    opened, _ = await _answered(ctx)
    cited = cited.replace("t1z", f"t{opened['id']}z")
    await _stands_apart(ctx, await write(ctx, EVIL, answers=cited, references=[cited]), opened)


async def test_s1_is_audited(ctx: Context) -> None:
    opened, _ = await _answered(ctx)
    forged = f"{'0' * 32}.t{opened['id']}z{'0' * 26}@shop.example"
    apart = await ticket(ctx, await write(ctx, EVIL, answers=forged))
    assert "thread_token_invalid" in await ledger(ctx, apart["id"])


async def test_s2_s9_a_leaked_message_id_or_token_in_a_strangers_hand(ctx: Context) -> None:
    opened, sent = await _answered(ctx)
    token = sent["message"]["reply_token"]
    for more in (
        {"answers": "first@example.cn"}, {"answers": sent["message_id"]}, {"to": SUPPORT.replace("@", f"+{token}@")},
        {"references": ["first@example.cn", sent["message_id"]], "subject": f"Re: T-{opened['code']}"},
    ):  # fmt: skip
        await _stands_apart(ctx, await write(ctx, EVIL, **more), opened)


async def test_s3_a_letter_in_the_customers_name_that_our_server_rejects(ctx: Context) -> None:
    opened, sent = await _answered(ctx)
    for more in (
        {"answers": sent["message_id"]},
        {"subject": f"T-{opened['code']}"},
        {"subject": "A question"},
        {},
    ):
        kept = await arrive(ctx, "support", LI, "send me all of it", headers=[FAIL], **more)
        apart, said = await ticket(ctx, kept), await entry(ctx, kept)
        assert apart["id"] != opened["id"] and apart["customer_id"] != opened["customer_id"]
        assert said["warning"] and said["details"]["sender_check"] == "fail"
        assert await rows(ctx, "SELECT 1 FROM outbox WHERE ticket_id = $1", apart["id"]) == [], (
            "no answer by itself"
        )


async def test_s3_nothing_is_merged_by_a_rejected_name(ctx: Context) -> None:
    opened, _ = await _answered(ctx)
    await arrive(ctx, "support", LI, headers=[FAIL])
    proven = await rows(ctx, "SELECT customer_id FROM identity WHERE value = $1 AND verified", LI)
    assert proven == [{"customer_id": opened["customer_id"]}]


async def test_s4_nobody_becomes_an_agent_by_letter(ctx: Context) -> None:
    """There is no way in by which a letter speaks for the house: not by a colleague's address, not by a token."""
    _, sent = await _answered(ctx)
    by_people = "SELECT count(*) FROM interaction WHERE direction <> 'in' AND automatic = ''"
    before = await one(ctx, by_people)
    assert before == 1, "our answer"
    for sender in ("lina@shop.example", SUPPORT, "sales@shop.example"):
        await write(
            ctx,
            sender,
            answers=sent["message_id"],
            to=SUPPORT.replace("@", f"+{sent['message']['reply_token']}@"),
        )
    assert await one(ctx, by_people) == before
    assert len(await _went_to(ctx, LI)) == 2, "our answer and the acknowledgement; nothing was relayed"


async def test_s6_whom_a_forger_copies_learns_nothing(ctx: Context) -> None:
    opened, _ = await _answered(ctx)
    await arrive(ctx, "support", LI, "please copy my colleague", answers="first@example.cn", cc=[EVIL])
    kept = await write(ctx, EVIL, answers="first@example.cn", subject=f"Re: T-{opened['code']}")
    apart = await ticket(ctx, kept)
    assert apart["id"] != opened["id"]
    sent = await queue_reply(ctx, ticket_code=apart["code"], actor=SYSTEM, text="Who are you?")
    (message,) = [
        row["message"]
        for row in await rows(ctx, "SELECT message FROM outbox WHERE interaction_id = $1", sent)
    ]
    assert CANARY not in str(message) and "first@example.cn" not in message["references"]


async def test_s8_a_number_in_a_strangers_subject(ctx: Context) -> None:
    opened, _ = await _answered(ctx)
    for subject in (f"[T-{opened['code']}]", f"Re: A question [T-{opened['code']}]", f"T{opened['code']}"):
        await _stands_apart(ctx, await write(ctx, EVIL, subject=subject), opened)


@pytest.mark.parametrize(
    ("results", "check"),
    [
        (["mx.shop.example; dkim=pass; dmarc=fail", "mx.shop.example; dmarc=pass"], "fail"),
        (["mx.evil.example; dmarc=pass"], ""),
        (["mx.evil.example; dmarc=pass", "mx.shop.example; dmarc=fail"], "fail"),
        (["mx.shop.example; spf=pass; dkim=pass"], ""),
        (["mx.shop.example; dmarc=none"], ""),
        (["mx.shop.example (dmarc=pass); dmarc=fail"], "fail"),
        (["mx.shop.example; spf=fail (dmarc=pass); x=\"; dmarc=pass\""], ""),
        (["mx.shop.example 1; dmarc=pass action=none header.from=example.cn"], "pass"),
        (["MX.Shop.Example; DMARC = Pass"], "pass"),
        ([], ""),
    ],
)  # fmt: skip
async def test_s10_only_our_own_servers_topmost_word_counts(
    ctx: Context, results: list[str], check: str
) -> None:
    headers = [("Authentication-Results", one_) for one_ in results]
    said = await entry(ctx, await arrive(ctx, "support", LI, headers=headers, cc=[EVIL]))
    assert said["details"].get("sender_check", "") == check
    (copied,) = await rows(ctx, "SELECT state FROM participant WHERE value = $1", EVIL)
    assert copied["state"] == ("member" if check == "pass" else "copied")


async def test_s11_control_headers_are_words(ctx: Context) -> None:
    opened, sent = await _answered(ctx)
    commands = [
        ("X-Hub-Status", "closed"),
        ("X-RT-Command", "close"),
        ("X-Ticket-Id", str(opened["id"])),
        ("X-Hub-Ticket", f"T-{opened['code']}"),
    ]
    apart = await ticket(ctx, await write(ctx, EVIL, headers=commands))
    assert apart["id"] != opened["id"] and apart["status"] == "open"
    same = await ticket(ctx, await write(ctx, LI, answers=sent["message_id"], headers=commands))
    assert (same["id"], same["status"]) == (opened["id"], "open")


async def test_s13_a_code_sent_to_the_house_is_told_to_nobody(ctx: Context) -> None:
    """Ticket trick: somebody signs up elsewhere with our address; the code goes to the one who wrote it, as nobody's words."""
    await write(ctx, "no-reply@service.example", "Your code is 778899", subject="Your code 778899")
    assert await rows(ctx, "SELECT 1 FROM outbox") == []


async def test_s14_what_a_letter_says_does_not_come_back(ctx: Context) -> None:
    await write(ctx, LI, "The code is 778899", subject="778899 is your code")
    (message,) = await _went_to(ctx, LI)
    assert "778899" not in str(message)


async def test_a_reply_to_that_a_stranger_chose_gets_no_answer_of_the_customers_ticket(ctx: Context) -> None:
    opened, sent = await _answered(ctx)
    redirect = [("Reply-To", EVIL)]
    await write(ctx, LI, subject=f"T-{opened['code']}", headers=redirect)
    (after,) = await rows(ctx, "SELECT reply_address FROM ticket WHERE id = $1", opened["id"])
    assert after["reply_address"] == LI
    # With our own token, which only Li has, it is Li's own wish.
    await write(ctx, LI, answers=sent["message_id"], headers=redirect)
    (after,) = await rows(ctx, "SELECT reply_address FROM ticket WHERE id = $1", opened["id"])
    assert after["reply_address"] == EVIL


async def test_a_guest_turns_no_answer_to_themselves(ctx: Context) -> None:
    opened, sent = await _answered(ctx)
    await queue_reply(
        ctx, ticket_code=opened["code"], actor=SYSTEM, text="You too.", cc=[Mailbox(address=WANG)]
    )
    token = sign_thread(SECRET, opened["id"], WANG)
    for more in ({"answers": sent["message_id"]}, {"to": SUPPORT.replace("@", f"+{token}@")}):
        kept = await arrive(ctx, "support", WANG, headers=[PASS, ("Reply-To", WANG)], **more)
        assert (await ticket(ctx, kept))["id"] == opened["id"]
    (after,) = await rows(ctx, "SELECT reply_address, customer_id FROM ticket WHERE id = $1", opened["id"])
    assert after["reply_address"] == LI
    assert await rows(ctx, "SELECT value FROM identity WHERE customer_id = $1", opened["customer_id"]) == [
        {"value": LI}
    ]
