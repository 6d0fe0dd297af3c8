"""Arrivals on the timeline: whose they are, which ticket they go on, what they do to it."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from channels.adapter import RawItem
from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.floor.assign import assign_ticket
from hub.actions.floor.presence import set_presence
from hub.actions.floor.route import drain
from hub.actions.receive import accept_items
from hub.actions.status import change_status
from hub.model.codes import TICKET, read_code
from hub.model.tokens import sign_thread
from storage import inbound
from tests.fakes.invariants import assert_invariants, check_every_commit
from tests.fakes.scene import (
    SECRET,
    SUPPORT,
    SYSTEM,
    a_hub,
    an_agent,
    entry,
    item,
    ledger,
    letter,
    one,
    raw_letter,
    rows,
    say,
    ticket,
    write,
)

LI = "li@example.cn"
EVIL = "evil@x.example"
BOB = [("email", "bob@example.com", True)]
CLAIM = [("email", "bob@example.com", False)]


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    """A hub with channels; whatever a test did, the invariants hold at every commit and at its end."""
    async with a_hub(database_dsn) as hub:
        await check_every_commit(hub.database, by_hand=True)
        yield hub
        await assert_invariants(hub.database, by_hand=True)


async def _reply(ctx: Context, ticket_code: int, text: str = "It is on its way.") -> dict[str, Any]:
    """Answer, and say it has left; returns what was queued."""
    interaction_id = await queue_reply(ctx, ticket_code=ticket_code, actor=SYSTEM, text=text)
    (row,) = await rows(ctx, "SELECT * FROM outbox WHERE interaction_id = $1", interaction_id)
    return row


async def _count(ctx: Context, table: str) -> int:
    return int(await one(ctx, f"SELECT count(*) FROM {table}"))


# ── whose it is ──────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_first_word_makes_customer_ticket_and_entry(ctx: Context) -> None:
    kept = await say(
        ctx, text="I want my money back!", who=BOB, name="Bob", subject="Refund", reply_address="r-1"
    )
    opened, said = await ticket(ctx, kept), await entry(ctx, kept)
    assert read_code(TICKET, kept.ticket_code) == opened["code"]
    assert (opened["subject"], opened["status"], opened["seq"]) == ("Refund", "open", 1)
    assert (opened["reply_address"], opened["last_preview"]) == ("r-1", "I want my money back!")
    assert opened["last_in_at"] is not None and opened["waiting_since"] is not None
    assert (said["text"], said["author_name"], said["direction"]) == ("I want my money back!", "Bob", "in")
    assert (said["seq"], said["raw_id"], said["thread_rule"]) == (1, kept.raw_id, "")
    assert await ledger(ctx, opened["id"]) == ["ticket_opened"]
    (decision,) = await rows(ctx, "SELECT * FROM routing_decision WHERE ticket_id = $1", opened["id"])
    assert decision["step"] == "classified" and decision["why"]["queue"]


async def test_the_same_proven_identity_on_two_channels_is_one_customer(ctx: Context) -> None:
    first = await say(ctx, "plain", who=BOB, name="Bob")
    second = await say(ctx, "other", who=BOB)
    letter_too = await write(ctx, "Bob <bob@example.com>")
    owners = {(await ticket(ctx, kept))["customer_id"] for kept in (first, second, letter_too)}
    assert len(owners) == 1
    assert len({(await ticket(ctx, kept))["id"] for kept in (first, second, letter_too)}) == 3
    assert await one(ctx, "SELECT count(*) FROM interaction WHERE customer_id = $1", owners.pop()) == 3


async def test_a_claim_meets_neither_a_proof_nor_another_claim_by_itself(ctx: Context) -> None:
    proven = await ticket(ctx, await say(ctx, who=BOB))
    claim, again = await ticket(ctx, await say(ctx, who=CLAIM)), await ticket(ctx, await say(ctx, who=CLAIM))
    assert len({one_["customer_id"] for one_ in (proven, claim, again)}) == 3


async def test_a_letter_cannot_turn_answers_to_another_address(ctx: Context) -> None:
    """Only the number and a From that anybody can write: the letter joins, and answers still go to the customer."""
    mine = await ticket(ctx, await write(ctx, LI))
    elsewhere = [("Reply-To", "attacker@evil.example")]
    joined = await ticket(ctx, await write(ctx, LI, headers=elsewhere, subject=f"Re: T-{mine['code']}"))
    assert (joined["id"], joined["reply_address"]) == (mine["id"], LI)


async def test_a_claim_made_by_a_proven_visitor_gives_that_visitor_away_to_nobody(ctx: Context) -> None:
    visitor = [("visitor", "v1", True), *CLAIM]
    first = await ticket(ctx, await say(ctx, who=visitor))
    later = await ticket(ctx, await say(ctx, who=CLAIM))
    assert first["customer_id"] != later["customer_id"]


async def test_who_else_claims_the_same_is_not_looked_up(ctx: Context) -> None:
    """An address that thousands have typed costs the next one no more than it cost the first."""
    for n in range(3):
        for _ in range(2):
            await say(ctx, who=[("visitor", f"v{n}", True), *CLAIM])
    assert await _count(ctx, "identity") == 6
    asked = [("visitor", "v1", True), *CLAIM]
    assert await ctx.database.read(lambda c: inbound.find_people(c, CLAIM)) == []
    found = await ctx.database.read(lambda c: inbound.find_people(c, asked))
    assert sorted((row.kind, row.value, row.verified) for row in found) == sorted(asked)
    assert len({row.customer_id for row in found}) == 1


@pytest.mark.parametrize("together", [False, True])
async def test_in_one_batch_a_claim_is_worth_no_more_than_in_two(ctx: Context, together: bool) -> None:
    visitor, form = item(who=[("visitor", "v1", True), *CLAIM]), item(who=CLAIM)
    if together:
        kept = await accept_items(ctx, "plain", [visitor, form])
    else:
        kept = [*(await accept_items(ctx, "plain", [visitor])), *(await accept_items(ctx, "plain", [form]))]
    assert len({(await ticket(ctx, one_))["customer_id"] for one_ in kept}) == 2


async def test_a_letter_whose_dmarc_failed_is_a_claim(ctx: Context) -> None:
    genuine = await ticket(ctx, await write(ctx, LI))
    failed = [("Authentication-Results", "mx.shop.example; dmarc=fail header.from=example.cn")]
    forged = await write(ctx, LI, headers=failed, subject=f"About [T-{genuine['code']}]")
    assert (await ticket(ctx, forged))["customer_id"] != genuine["customer_id"]
    assert "could not be verified" in (await entry(ctx, forged))["warning"]
    # Written by the sender further down, not by our own server: believed neither way (S10).
    fake = [("Authentication-Results", "mx.evil.example; dmarc=pass"), *failed]
    assert (await entry(ctx, await write(ctx, LI, headers=fake)))["warning"]


async def test_an_identity_that_belongs_to_somebody_else_is_put_on_record_and_not_moved(ctx: Context) -> None:
    owner = await ticket(ctx, await say(ctx, who=[("email", "shared@example.com", True)]))
    first = await ticket(ctx, await say(ctx, who=BOB, key="k"))
    both = [*BOB, ("email", "shared@example.com", True)]
    assert (await ticket(ctx, await say(ctx, who=both, key="k")))["id"] == first["id"]
    (event,) = await rows(ctx, "SELECT * FROM event WHERE kind = 'identity_conflict'")
    assert (event["ticket_id"], event["data"]) == (
        first["id"],
        {"customers": sorted([owner["customer_id"], first["customer_id"]])},
    )
    assert (
        await one(ctx, "SELECT customer_id FROM identity WHERE value = 'shared@example.com'")
        == owner["customer_id"]
    )


@pytest.mark.parametrize("together", [False, True])
async def test_who_speaks_on_somebody_elses_ticket_still_owns_their_own_timeline(
    ctx: Context, together: bool
) -> None:
    shared = [("email", "shared@example.com", True)]
    owner = await ticket(ctx, await say(ctx, who=shared))
    await say(ctx, who=BOB, key="k")
    on_bobs, own = item(who=shared, key="k"), item(who=shared)
    if together:
        kept = await accept_items(ctx, "plain", [on_bobs, own])
    else:
        kept = [*(await accept_items(ctx, "plain", [on_bobs])), *(await accept_items(ctx, "plain", [own]))]
    assert (await ticket(ctx, kept[1]))["customer_id"] == owner["customer_id"]


async def test_nobody_at_all_can_still_write(ctx: Context) -> None:
    kept = await accept_items(ctx, "support", [raw_letter(b"Subject: ?\r\n\r\nWho am I?\r\n", uid=1)])
    assert kept[0].ticket_code
    assert (await entry(ctx, kept[0]))["text"].strip() == "Who am I?"


# ── which ticket ─────────────────────────────────────────────────────────────────────────────────────────────────────
async def _answered(ctx: Context) -> tuple[dict[str, Any], dict[str, Any]]:
    opened = await ticket(ctx, await write(ctx, f"Li <{LI}>", message_id="first@example.cn"))
    return opened, await _reply(ctx, opened["code"])


async def test_the_answer_to_our_letter_lands_on_its_ticket_by_the_token(ctx: Context) -> None:
    opened, sent = await _answered(ctx)
    plus = f"support+{sent['message']['reply_token']}@shop.example"
    by_address = await write(ctx, LI, to=plus, subject="something else entirely")
    by_citing = await write(ctx, LI, answers=sent["message_id"])
    for kept in (by_address, by_citing):
        assert (await ticket(ctx, kept))["id"] == opened["id"]
        assert (await entry(ctx, kept))["thread_rule"] == "token"
    assert await ledger(ctx, opened["id"]) == [
        "ticket_opened", "interaction_added", "status_changed",
        "interaction_added", "status_changed", "interaction_added",
    ]  # fmt: skip


async def test_a_leaked_token_or_message_id_does_not_let_anybody_else_in(ctx: Context) -> None:
    opened, sent = await _answered(ctx)
    token = sent["message"]["reply_token"]
    for kept in (
        await write(ctx, EVIL, to=f"support+{token}@shop.example"),
        await write(ctx, EVIL, answers=sent["message_id"]),
        await write(ctx, EVIL, answers="first@example.cn"),
        await write(ctx, EVIL, references=["first@example.cn", sent["message_id"]]),
        await write(ctx, EVIL, subject=f"Re: A question [T-{opened['code']}]"),
    ):
        apart = await ticket(ctx, kept)
        assert apart["id"] != opened["id"] and apart["customer_id"] != opened["customer_id"]
        assert apart["reply_address"] == EVIL
        assert "thread_token_invalid" in await ledger(ctx, apart["id"])
    after = await one(ctx, "SELECT reply_address FROM ticket WHERE id = $1", opened["id"])
    assert after == LI


async def test_a_forged_token_and_another_tickets_token_open_nothing(ctx: Context) -> None:
    opened, sent = await _answered(ctx)
    other = await ticket(ctx, await write(ctx, LI, subject="Another matter"))
    forged = (
        f"t{opened['id']}z{'0' * 26}",
        sign_thread(b"another key of thirty-two bytes !", opened["id"], LI),
        sent["message"]["reply_token"].replace(f"t{opened['id']}z", f"t{other['id']}z"),
    )
    for token in forged:
        kept = await write(ctx, LI, to=f"support+{token}@shop.example")
        assert (await ticket(ctx, kept))["id"] not in (opened["id"], other["id"])
    assert sent["message"]["reply_token"] == sign_thread(SECRET, opened["id"], LI)


async def test_control_headers_do_nothing(ctx: Context) -> None:
    commands = [("X-Hub-Status", "closed"), ("X-RT-Command", "close"), ("X-Hub-Assign", "1")]
    assert (await ticket(ctx, await write(ctx, LI, headers=commands)))["status"] == "open"


async def test_a_participant_may_cite_a_letter_or_name_the_number(ctx: Context) -> None:
    opened = await ticket(ctx, await write(ctx, LI, message_id="first@example.cn"))
    cited = await write(ctx, f"Li <{LI.upper()}>", references=["first@example.cn"], subject="Re: x")
    named = await write(ctx, LI, subject=f"my ticket T-{opened['code']}")
    assert [(await entry(ctx, kept))["thread_rule"] for kept in (cited, named)] == ["reference", "number"]
    assert {(await ticket(ctx, kept))["id"] for kept in (cited, named)} == {opened["id"]}
    # A colleague who was let in may too.
    assert await one(
        ctx, "INSERT INTO participant VALUES ($1, 'email', 'wang@example.cn') RETURNING 1", opened["id"]
    )
    assert (await ticket(ctx, await write(ctx, "wang@example.cn", answers="first@example.cn")))[
        "id"
    ] == opened["id"]


async def test_the_subjects_words_never_decide(ctx: Context) -> None:
    first, second = [await ticket(ctx, await write(ctx, LI, subject="Re: the same words")) for _ in range(2)]
    wrong_digit = await write(ctx, LI, subject=f"T-{first['code'] + 1}")
    assert len({first["id"], second["id"], (await ticket(ctx, wrong_digit))["id"]}) == 3


async def test_a_closed_ticket_gets_a_successor_and_its_conversation_moves_on(ctx: Context) -> None:
    first = await ticket(ctx, await say(ctx, who=BOB, key="chat-1"))
    assert (await ticket(ctx, await say(ctx, who=BOB, key="chat-1")))["id"] == first["id"]
    await change_status(ctx, ticket_code=first["code"], status="closed", actor=SYSTEM)
    second = await ticket(ctx, await say(ctx, who=BOB, key="chat-1"))
    third = await ticket(ctx, await say(ctx, who=BOB, key="chat-1"))
    assert first["id"] != second["id"] == third["id"]
    assert first["customer_id"] == second["customer_id"]
    # The same words on another channel are another conversation.
    assert (await ticket(ctx, await say(ctx, "other", who=BOB, key="chat-1")))["id"] != second["id"]


async def test_a_message_id_belongs_to_the_ticket_that_had_it_first(ctx: Context) -> None:
    for together in (True, False):
        name = f"twin-{together}@example.cn"
        letters = [letter(LI, text, message_id=name) for text in ("the first", "the second")]
        kept = (
            await accept_items(ctx, "support", letters)
            if together
            else [(await accept_items(ctx, "support", [one_]))[0] for one_ in letters]
        )
        first = await ticket(ctx, kept[0])
        assert (await ticket(ctx, kept[1]))["id"] != first["id"]
        assert (await ticket(ctx, await write(ctx, LI, answers=name)))["id"] == first["id"]


# ── what it does to a ticket ─────────────────────────────────────────────────────────────────────────────────────────
async def _with_agent(ctx: Context, status: str, **more: Any) -> tuple[dict[str, Any], int]:
    agent = await an_agent(ctx, "ann", **more)
    opened = await ticket(ctx, await say(ctx, who=BOB, key="k"))
    await assign_ticket(ctx, ticket_code=opened["code"], agent_id=agent, actor=SYSTEM)
    if status != "open":
        await change_status(ctx, ticket_code=opened["code"], status=status, actor=SYSTEM)
    return opened, agent


@pytest.mark.parametrize("status", ["pending", "resolved"])
@pytest.mark.parametrize("presence", ["online", "busy", "away"])
async def test_a_reopened_ticket_stays_with_its_agent_who_is_here(
    ctx: Context, status: str, presence: str
) -> None:
    opened, agent = await _with_agent(ctx, status, presence=presence, capacity=1)
    assert await one(ctx, "SELECT load FROM agent WHERE id = $1", agent) == 0
    after = await ticket(ctx, await say(ctx, who=BOB, key="k"))
    assert (after["status"], after["assignee_id"], after["resolved_at"]) == ("open", agent, None)
    assert await one(ctx, "SELECT load FROM agent WHERE id = $1", agent) == 1
    assert (await ledger(ctx, opened["id"]))[-2:] == ["interaction_added", "status_changed"]


@pytest.mark.parametrize("why", ["full", "offline", "gone"])
async def test_a_reopened_ticket_is_released_by_an_agent_who_cannot_have_it(ctx: Context, why: str) -> None:
    opened, agent = await _with_agent(ctx, "pending", capacity=1)
    if why == "full":
        more = await ticket(ctx, await say(ctx, who=[("email", "other@example.com", True)]))
        await assign_ticket(ctx, ticket_code=more["code"], agent_id=agent, actor=SYSTEM)
    elif why == "offline":
        await set_presence(ctx, agent_id=agent, presence="offline", actor=SYSTEM)
    else:
        await one(ctx, "UPDATE agent SET active = false WHERE id = $1 RETURNING 1", agent)
    after = await ticket(ctx, await say(ctx, who=BOB, key="k"))
    assert (after["status"], after["assignee_id"], after["waiting_why"]) == ("open", None, None)
    assert after["last_agent_id"] == agent
    (decision,) = await rows(ctx, "SELECT * FROM routing_decision WHERE step = 'released'")
    codes = [reason["code"] for reason in decision["why"]["reasons"]]
    assert (decision["agent_id"], codes) == (agent, ["at_capacity" if why == "full" else "not_on_line"])
    assert (await ledger(ctx, opened["id"]))[-3:] == [
        "interaction_added",
        "status_changed",
        "ticket_released",
    ]


async def test_many_that_come_back_at_once_do_not_overfill_their_agent(ctx: Context) -> None:
    agent = await an_agent(ctx, "ann", capacity=2)
    for n in range(4):
        opened = await ticket(ctx, await say(ctx, who=BOB, key=f"k{n}"))
        await assign_ticket(ctx, ticket_code=opened["code"], agent_id=agent, actor=SYSTEM)
        await change_status(ctx, ticket_code=opened["code"], status="pending", actor=SYSTEM)
    await accept_items(ctx, "plain", [item(who=BOB, key=f"k{n}") for n in range(4)])
    assert await one(ctx, "SELECT load FROM agent WHERE id = $1", agent) == 2
    assert await one(ctx, "SELECT count(*) FROM ticket WHERE status = 'open' AND assignee_id IS NULL") == 2
    await assert_invariants(ctx.database)


async def test_reopening_cancels_the_closing(ctx: Context) -> None:
    opened, _ = await _with_agent(ctx, "resolved")
    await say(ctx, who=BOB, key="k")
    (timer,) = await rows(ctx, "SELECT * FROM timer WHERE ticket_id = $1", opened["id"])
    assert timer["cancelled_at"] is not None and timer["fired_at"] is None


async def test_what_a_machine_writes_reopens_nothing_and_keeps_the_customers_words_in_the_list(
    ctx: Context,
) -> None:
    opened, _ = await _with_agent(ctx, "pending")
    after = await ticket(ctx, await say(ctx, who=BOB, key="k", text="I am away", automatic="auto_reply"))
    assert (after["id"], after["status"], after["last_preview"]) == (opened["id"], "pending", "Hello")


@pytest.mark.parametrize(
    ("kind", "status"),
    [("bounce", "resolved"), ("delayed", "resolved"), ("receipt", "resolved"), ("loop", "resolved"),
     ("auto_reply", "open"), ("list", "open")],
)  # fmt: skip
async def test_what_a_machine_writes_first_wants_nobody(ctx: Context, kind: str, status: str) -> None:
    opened = await ticket(ctx, await say(ctx, who=BOB, automatic=kind))
    assert (opened["status"], opened["priority"]) == (status, 1)


async def test_a_person_after_a_machine_in_one_batch_wants_somebody(ctx: Context) -> None:
    kept = await accept_items(
        ctx, "plain", [item(who=BOB, key="k", automatic="receipt"), item(who=BOB, key="k")]
    )
    opened = await ticket(ctx, kept[1])
    assert (opened["status"], opened["seq"]) == ("open", 2)


async def test_an_edit_revises_what_was_said(ctx: Context) -> None:
    def update(text: str, number: int, **more: Any) -> RawItem:
        message = {
            "message_id": 7, "date": 1_700_000_000, "chat": {"id": 5, "type": "private"},
            "from": {"id": 5, "first_name": "Li"}, "text": text, **more,
        }  # fmt: skip
        key = "edited_message" if more else "message"
        body = {"update": {"update_id": number, key: message}, "files": {}}
        return RawItem(
            external_key=f"{number}", content=orjson.dumps(body), received_at=letter(LI).received_at
        )

    (first,) = await accept_items(ctx, "bot", [update("Helo", 1)])
    (second,) = await accept_items(ctx, "bot", [update("Hello", 2, edit_date=1_700_000_100)])
    (third,) = await accept_items(ctx, "bot", [update("Hello!", 3, edit_date=1_700_000_200)])
    assert (await entry(ctx, first))["text"] == "Helo"
    assert [(await entry(ctx, kept))["revises"] for kept in (second, third)] == [first.interaction_id] * 2


async def test_an_edit_revises_also_within_one_batch(ctx: Context) -> None:
    kept = await accept_items(
        ctx,
        "plain",
        [
            item(who=BOB, key="k", external_id="5.7", text="Helo"),
            item(who=BOB, key="k", external_id="5.7", text="Hello", fields={"edit_of": "5.7"}),
            item(who=BOB, key="k", external_id="5.8", text="Next"),
        ],
    )
    assert (await entry(ctx, kept[1]))["revises"] == kept[0].interaction_id
    assert [(await entry(ctx, one_))["seq"] for one_ in kept] == [1, 2, 3]


async def test_files_are_kept_once_however_often_they_come(ctx: Context) -> None:
    files = [("a.txt", "same"), ("b.txt", "same"), ("c.txt", "other")]
    first = await say(ctx, who=BOB, text="", files=files)
    await say(ctx, who=BOB, files=files[:1])
    assert (await ticket(ctx, first))["last_preview"] == "a.txt, b.txt, c.txt"
    assert (await _count(ctx, "blob"), await _count(ctx, "attachment")) == (2, 4)
    found = await rows(
        ctx,
        "SELECT filename, size, data FROM attachment JOIN blob USING (sha256) WHERE interaction_id = $1 ORDER BY id",
        first.interaction_id,
    )
    assert [(row["filename"], row["size"], row["data"]) for row in found] == [
        ("a.txt", 4, b"same"), ("b.txt", 4, b"same"), ("c.txt", 5, b"other"),
    ]  # fmt: skip


# ── our letters that come back ───────────────────────────────────────────────────────────────────────────────────────
def _report(
    original: str, *, sender: str = "MAILER-DAEMON@mx.example.cn", failed: bool = True, uid: int = 1
) -> RawItem:
    action, status = ("failed", "5.1.1") if failed else ("delayed", "4.4.1")
    text = (
        f"From: {sender}\r\nTo: {SUPPORT}\r\nSubject: Undelivered Mail\r\nMessage-ID: <report-{uid}@mx.example.cn>\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.cn\r\n\r\n"
        f"Final-Recipient: rfc822; {LI}\r\nAction: {action}\r\nStatus: {status}\r\n"
        "Diagnostic-Code: smtp; 550 no such user\r\n"
        "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"From: {SUPPORT}\r\nTo: {LI}\r\nMessage-ID: <{original}>\r\nSubject: Re: A question\r\n"
        "--b--\r\n"
    )
    return raw_letter(text.encode(), uid=uid)


async def _sent(ctx: Context) -> tuple[dict[str, Any], dict[str, Any]]:
    """A reply that has left, as the ledger tells it."""
    opened, queued = await _answered(ctx)
    await one(ctx, "UPDATE outbox SET state = 'sent' WHERE id = $1 RETURNING 1", queued["id"])
    await ctx.database.run(
        lambda c: c.execute(
            """WITH n AS (UPDATE ticket SET seq = seq + 1 WHERE id = $1 RETURNING seq)
               INSERT INTO event (ticket_id, seq, kind, data)
               SELECT $1, seq, 'delivery_changed', jsonb_build_object('interaction', $2::bigint, 'state', 'sent') FROM n""",
            opened["id"],
            queued["interaction_id"],
        )
    )
    return opened, queued


async def test_a_bounce_settles_the_reply_and_shows_on_its_ticket(ctx: Context) -> None:
    opened, sent = await _sent(ctx)
    (kept,) = await accept_items(ctx, "support", [_report(sent["message_id"], uid=900)])
    after = await ticket(ctx, kept)
    assert (after["id"], after["status"]) == (opened["id"], "open"), "somebody must find another way"
    assert (await entry(ctx, kept))["thread_rule"] == "report"
    (row,) = await rows(ctx, "SELECT state, error FROM outbox WHERE id = $1", sent["id"])
    assert row["state"] == "failed" and "5.1.1" in row["error"]
    (event,) = await rows(
        ctx,
        "SELECT data FROM event WHERE ticket_id = $1 AND kind = 'delivery_changed' ORDER BY seq DESC LIMIT 1",
        opened["id"],
    )
    assert event["data"] == {"interaction": sent["interaction_id"], "state": "failed"}
    # What did not arrive was no answer.
    assert await one(ctx, "SELECT because FROM sla_clock WHERE target = 'first_response'") == "not_answered"


async def test_a_delay_settles_nothing(ctx: Context) -> None:
    opened, sent = await _sent(ctx)
    (kept,) = await accept_items(ctx, "support", [_report(sent["message_id"], failed=False, uid=901)])
    assert (await ticket(ctx, kept))["id"] == opened["id"]
    assert await one(ctx, "SELECT state FROM outbox WHERE id = $1", sent["id"]) == "sent"


async def test_who_reports_a_bounce_becomes_neither_the_customer_nor_a_participant(ctx: Context) -> None:
    """Otherwise one leaked Message-ID in a made-up report lets its sender into the ticket."""
    opened, sent = await _sent(ctx)
    await accept_items(ctx, "support", [_report(sent["message_id"], sender=EVIL, uid=902)])
    assert await rows(ctx, "SELECT value FROM identity WHERE customer_id = $1", opened["customer_id"]) == [
        {"value": LI}
    ]
    later = await ticket(ctx, await write(ctx, EVIL, answers="first@example.cn"))
    assert later["id"] != opened["id"] and later["customer_id"] != opened["customer_id"]


async def test_a_storm_of_bounces_opens_no_tickets(ctx: Context) -> None:
    _, sent = await _sent(ctx)
    before = await _count(ctx, "ticket")
    await accept_items(ctx, "support", [_report(sent["message_id"], uid=1000 + n) for n in range(30)])
    assert await _count(ctx, "ticket") == before
    assert await _count(ctx, "customer") == 1


async def test_a_bounce_of_a_closed_ticket_still_settles_its_reply(ctx: Context) -> None:
    opened, sent = await _sent(ctx)
    await change_status(ctx, ticket_code=opened["code"], status="closed", actor=SYSTEM)
    (kept,) = await accept_items(ctx, "support", [_report(sent["message_id"], uid=903)])
    assert (await ticket(ctx, kept))["status"] == "resolved"
    assert await one(ctx, "SELECT state FROM outbox WHERE id = $1", sent["id"]) == "failed"


# ── batches ──────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_letters_of_one_batch_thread_to_each_other(ctx: Context) -> None:
    kept = await accept_items(
        ctx,
        "support",
        [
            letter(LI, "one", message_id="one@example.cn"),
            letter(EVIL, "not mine", answers="one@example.cn"),
            letter(LI, "two", message_id="two@example.cn", answers="one@example.cn"),
            letter(LI, "three", answers="two@example.cn", references=["one@example.cn", "two@example.cn"]),
        ],
    )
    tickets = [await ticket(ctx, one_) for one_ in kept]
    assert tickets[0]["id"] == tickets[2]["id"] == tickets[3]["id"] != tickets[1]["id"]
    assert [(await entry(ctx, kept[n]))["seq"] for n in (0, 2, 3)] == [1, 2, 3]
    assert tickets[0]["last_preview"] == "three"


async def test_a_conversation_keeps_its_order_in_a_batch(ctx: Context) -> None:
    kept = await accept_items(
        ctx,
        "plain",
        [item(who=[("visitor", f"v{n % 3}", True)], key=f"c{n % 3}", text=f"{n}") for n in range(60)],
    )
    assert len({one_.ticket_code for one_ in kept}) == 3
    for row in await rows(
        ctx,
        """SELECT array_agg(text::int ORDER BY seq) AS said, array_agg(seq ORDER BY id) AS seqs
           FROM interaction GROUP BY ticket_id""",
    ):
        assert row["said"] == sorted(row["said"]) and row["seqs"] == list(range(1, 21))


async def test_the_customer_of_a_batch_is_one(ctx: Context) -> None:
    await accept_items(
        ctx, "plain", [item(who=BOB), item(who=BOB), item(who=[*BOB, ("phone", "+8613800138000", True)])]
    )
    assert await _count(ctx, "customer") == 1
    assert await _count(ctx, "identity") == 2


async def test_a_stranger_who_knows_the_order_of_events_gets_no_agent_of_theirs(ctx: Context) -> None:
    """A new ticket goes back to whoever had this customer's last one; another customer's does not."""
    ann, ben = await an_agent(ctx, "ann"), await an_agent(ctx, "ben")
    await say(ctx, who=BOB)
    await drain(ctx)
    first = await one(ctx, "SELECT assignee_id FROM ticket")
    again = await ticket(ctx, await say(ctx, who=BOB))
    await drain(ctx)
    assert first in (ann, ben)
    assert await one(ctx, "SELECT assignee_id FROM ticket WHERE id = $1", again["id"]) == first


async def test_key_accounts_are_known_when_they_write(ctx: Context) -> None:
    await say(ctx, who=BOB)
    await one(ctx, "UPDATE customer SET key_account = true RETURNING 1")
    assert (await ticket(ctx, await say(ctx, who=BOB, text="This is outrageous, a complaint!")))[
        "priority"
    ] >= 3


async def test_a_customer_without_a_name_gets_one_later(ctx: Context) -> None:
    kept = await ticket(ctx, await say(ctx, who=[("visitor", "abcdef123", True)]))
    assert await one(ctx, "SELECT name FROM customer WHERE id = $1", kept["customer_id"]) == "Visitor abcdef"
    await write(ctx, LI)
    assert await one(ctx, "SELECT name FROM customer ORDER BY id DESC LIMIT 1") == LI


async def test_who_goes_on_here_and_begins_there_in_one_batch_is_known_there_too(ctx: Context) -> None:
    known = await ticket(ctx, await say(ctx, who=BOB, key="here"))
    ann = await an_agent(ctx, "ann")
    await one(
        ctx,
        "UPDATE ticket SET last_agent_id = $2, last_agent_at = clock_timestamp() WHERE id = $1 RETURNING 1",
        known["id"], ann,
    )  # fmt: skip
    await one(ctx, "UPDATE customer SET key_account = true RETURNING 1")
    on, began = await accept_items(
        ctx, "plain", [item(who=BOB, key="here", text="And?"), item(who=BOB, key="there", text="Another")]
    )
    alone = await ticket(ctx, await say(ctx, who=BOB, key="alone"))
    opened = await ticket(ctx, began)
    assert (await ticket(ctx, on))["id"] == known["id"] != opened["id"]
    assert opened["last_agent_id"] == ann
    assert (opened["priority"], opened["customer_id"]) == (alone["priority"], alone["customer_id"])
