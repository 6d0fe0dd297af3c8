"""The shelf of letters, through the whole hub: each ends as something that a person can see, whatever is done to it on the way;
and what only a mailbox, a ticket or an outbox can show of a pitfall is shown with its letter.
"""

import base64
import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from channels.adapter import Acceptance
from channels.email.mailbox import fetch
from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.ports import make_ports
from hub.actions.receive import MOST_ATTEMPTS, accept_items
from hub.actions.status import change_status
from hub.model.codes import TICKET, show_code
from storage import views
from tests.fakes.imap_server import ImapServer
from tests.fakes.inbox import Inbox, hearing
from tests.fakes.inboxes import TWO_INBOXES
from tests.fakes.invariants import assert_invariants
from tests.fakes.mail_servers import serving
from tests.fakes.scene import SYSTEM, a_hub, entry, letter, one, raw_letter, rows, ticket, write
from tests.fakes.sending import deliver_due
from tests.fakes.smtp_server import DROP, ScriptedRelay
from tests.unit.email.test_limits import mutate

SHELF = Path(__file__).parents[1] / "letters"
LETTERS = sorted(path.stem for path in SHELF.glob("*.eml"))
LIN = "lin@customer.example"
OURS = b"r.t7zabcdefg@shop.example"
"""What the letters of the shelf call a letter of ours."""


def on_shelf(name: str) -> bytes:
    return (SHELF / f"{name}.eml").read_bytes()


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    told = {**TWO_INBOXES, "support": {**TWO_INBOXES["support"], "acknowledge": True}}
    async with a_hub(database_dsn, told) as hub:
        yield hub
        await assert_invariants(hub.database)


async def _comes(ctx: Context, content: bytes, *, uid: int = 1) -> Acceptance:
    (kept,) = await accept_items(ctx, "support", [raw_letter(content, uid=uid)])
    return kept


# ── all of it (F40, F42) ─────────────────────────────────────────────────────────────────────────────────────────────
async def test_every_letter_is_on_a_timeline_with_something_to_see(ctx: Context) -> None:
    """F42. Nothing is quarantined, and nobody finds an empty ticket."""
    for number, name in enumerate(LETTERS, 1):
        kept = await _comes(ctx, on_shelf(name), uid=number)
        (raw,) = await rows(ctx, "SELECT state, error FROM inbound_raw WHERE id = $1", kept.raw_id)
        assert (raw["state"], raw["error"]) == ("read", ""), name
        said = await entry(ctx, kept)
        files = await one(
            ctx, "SELECT count(*) FROM attachment WHERE interaction_id = $1", kept.interaction_id
        )
        assert said["text"].strip() or said["full_text"].strip() or files, name


_NOT_FOR_A_DATABASE = (
    b"\x00", b"\xed\xa0\x80", b"=?utf-8?q?a=00b?=", b"=?utf-16-le?b?ANg=?=", b"&#0;", b"&#xD800;", b"\\u0000", b"=00",
    b"=ED=A0=80", b"\xff\xfe", b"=?utf-7?q?+2AA-?=", b"\xf4\x90\x80\x80",
)  # fmt: skip
"""NUL, halves of surrogate pairs and what is no character, as themselves and in every writing in which they come."""


def _poisoned(content: bytes, chance: random.Random) -> bytes:
    data = bytearray(content)
    for _ in range(6):
        place = chance.randrange(len(data) + 1)
        data[place:place] = chance.choice(_NOT_FOR_A_DATABASE)
    return bytes(data)


@pytest.mark.parametrize("seed", range(4))
async def test_no_change_to_a_letter_is_more_than_the_hub_can_keep(ctx: Context, seed: int) -> None:
    """F40. Letters spoilt on the way, the same way every time: each is on a timeline, or in quarantine for a limit that it
    exceeds; none makes a fault, neither where it is read nor where it is written down; and the letter behind them flows."""
    chance, shelf = random.Random(f"hub {seed}"), [on_shelf(name) for name in LETTERS]
    spoilt = [
        raw_letter(_poisoned(mutate(one_, shelf, chance), chance), uid=number)
        for number, one_ in enumerate(shelf, 1)
    ]
    for begin in range(0, len(spoilt), 50):
        await accept_items(ctx, "support", spoilt[begin : begin + 50])
    ends = await rows(ctx, "SELECT id, state, error, attempts, content FROM inbound_raw ORDER BY id")
    assert [row["content"] for row in ends] == [one_.content for one_ in spoilt], "kept byte for byte"
    assert max(row["attempts"] for row in ends) <= MOST_ATTEMPTS == 3
    faults = [
        row
        for row in ends
        if row["state"] not in ("read", "duplicate", "discarded")
        and not re.match(r"The letter has (more than )?[\d,]+ (parts|bytes)", row["error"])
    ]
    assert faults == []
    aside = {row["id"] for row in ends if row["state"] == "quarantined"}
    assert {row.id for row in await ctx.database.read(lambda c: views.list_quarantine(c, limit=100))} == aside
    assert (await ticket(ctx, await write(ctx, LIN, subject="behind them all")))["status"] == "open"


# ── 8, 40: with a relay ──────────────────────────────────────────────────────────────────────────────────────────────
@asynccontextmanager
async def _answered(
    dsn: str, answers: dict[str, str], *, relay: ScriptedRelay | None = None, opening: bytes = b""
) -> AsyncIterator[tuple[Context, dict[str, Any], dict[str, Any]]]:
    """A ticket whose answer went to a relay that answers so: (context, ticket, the answer's row of the outbox). `opening`: the
    letter that opened it."""
    relay = relay or ScriptedRelay(answers)
    async with (
        serving(relay.talk) as port,
        a_hub(dsn, {"support": {**TWO_INBOXES["support"], "smtp_port": port}}) as ctx,
    ):
        configured = ctx.channel("support")
        adapter = configured.kind.open("support", configured.settings, make_ports(ctx, "support"))
        first = raw_letter(opening, uid=8000) if opening else letter(LIN, message_id="first@customer.example")
        (kept,) = await accept_items(ctx, "support", [first])
        opened = await ticket(ctx, kept)
        await queue_reply(ctx, ticket_code=opened["code"], actor=SYSTEM, text="Another is on its way.")
        assert await deliver_due(ctx, {"support": adapter}) == 1
        await adapter.close()
        (row,) = await rows(ctx, "SELECT * FROM outbox")
        yield ctx, opened, row
        await assert_invariants(ctx.database)


async def test_8_a_closed_ticket_stays_closed_and_a_person_who_comes_back_has_a_successor(
    database_dsn: str,
) -> None:
    async with _answered(database_dsn, {}) as (ctx, opened, row):
        await change_status(ctx, ticket_code=opened["code"], status="closed", actor=SYSTEM)
        ours = row["message_id"].encode()
        away = await _comes(
            ctx, on_shelf("08-out-of-office-to-a-closed-ticket").replace(OURS, ours), uid=9001
        )
        assert (await entry(ctx, away))["automatic"] == "auto_reply"
        assert (await ticket(ctx, away))["status"] == "resolved", "it calls nobody"
        again = await ticket(
            ctx, await _comes(ctx, on_shelf("08-answer-to-a-closed-ticket").replace(OURS, ours), uid=9002)
        )
        assert again["id"] != opened["id"] and again["status"] == "open"
        assert again["customer_id"] == opened["customer_id"]
        assert await one(ctx, "SELECT status FROM ticket WHERE id = $1", opened["id"]) == "closed"
        assert await rows(ctx, "SELECT 1 FROM outbox WHERE id <> $1", row["id"]) == []


async def test_40_a_report_decides_what_nobody_knew(database_dsn: str) -> None:
    """The line broke behind the final dot; later a report says that the letter has arrived."""
    async with _answered(database_dsn, {".": DROP}) as (ctx, opened, row):
        assert row["state"] == "uncertain"
        report = on_shelf("40-arrived-after-all").replace(OURS, row["message_id"].encode())
        assert (await ticket(ctx, await _comes(ctx, report, uid=9001)))["id"] == opened["id"]
        assert await one(ctx, "SELECT state FROM outbox") == "sent"


async def test_9_the_answer_goes_on_where_outlook_shows_the_letter(database_dsn: str) -> None:
    relay, shelf = ScriptedRelay(), on_shelf("09-outlook-thread-index")
    async with _answered(database_dsn, {}, relay=relay, opening=shelf):
        (sent,) = [message_from_bytes(text) for text in relay.texts]
    theirs = base64.b64decode(message_from_bytes(shelf)["Thread-Index"])
    ours = base64.b64decode(sent["Thread-Index"])
    assert ours.startswith(theirs) and len(ours) == len(theirs) + 5, "one step longer, not the same"
    assert sent["Thread-Topic"] == "order", "ours has the number in its subject, which would be another topic"


# ── 1, 2, 4, 6, 9 beside a ticket of ours; 25, 26: who is answered ───────────────────────────────────────────────────
async def test_1_2_6_9_what_a_letter_cites_joins_and_what_it_only_says_does_not(database_dsn: str) -> None:
    async with _answered(database_dsn, {}) as (ctx, opened, row):
        told = {
            b"ab12cd34": row["message"]["reply_token"].encode(), b"0102.abcdef@shop.example": row["message_id"].encode(),
            b"m0@customer.example": b"first@customer.example", b"li@customer.example": LIN.encode(),
            b"#T-1234-5": show_code(TICKET, opened["code"]).encode(), b"order": b"A question",
        }  # fmt: skip
        cases = (
            ("01-own-token-in-the-recipient", "token"),
            ("02-references-broken-across-lines", "reference"),
            ("06-stranger-with-a-ticket-number", ""),
            ("09-outlook-thread-index", ""),
            ("04-empty-ids", ""),
            ("04-in-reply-to-is-a-sentence", ""),
        )
        for number, (name, rule) in enumerate(cases):
            content = on_shelf(name)
            for said, meant in told.items():
                content = content.replace(said, meant)
            kept = await _comes(ctx, content, uid=9000 + number)
            here = (await ticket(ctx, kept))["id"] == opened["id"]
            assert (here, (await entry(ctx, kept))["thread_rule"]) == (bool(rule), rule), name


async def test_25_answers_go_where_the_letter_asks_and_that_is_said(database_dsn: str) -> None:
    async with a_hub(database_dsn, TWO_INBOXES) as ctx:
        asked = await _comes(ctx, on_shelf("25-reply-to-a-colleague"), uid=1)
        broken = await _comes(ctx, on_shelf("25-reply-to-malformed"), uid=2)
        assert (await ticket(ctx, asked))["reply_address"] == "mei@customer.example"
        assert (await entry(ctx, asked))["warning"]
        assert (await ticket(ctx, broken))["reply_address"] == "ann@customer.example"
        known = {row["value"] for row in await rows(ctx, "SELECT value FROM identity")}
        assert known == {LIN, "ann@customer.example"}, "who is to be answered is nobody's identity"


async def test_26_whoever_cannot_say_who_they_are_has_a_ticket_and_makes_no_rubbish(
    database_dsn: str,
) -> None:
    broken = [name for name in LETTERS if name.startswith("26-")]
    async with a_hub(database_dsn, TWO_INBOXES) as ctx:
        for number, name in enumerate(broken, 1):
            assert (await ticket(ctx, await _comes(ctx, on_shelf(name), uid=number)))["status"] == "open", (
                name
            )
        known = {row["value"] for row in await rows(ctx, "SELECT value FROM identity")}
        assert known == {"li@customer.example"}


# ── 11, 12, 14: as a mailbox hands them over ─────────────────────────────────────────────────────────────────────────
async def test_11_one_id_for_all_letters_and_numbers_that_begin_anew(ctx: Context) -> None:
    """A form that calls every letter the same, in a mailbox whose numbering begins anew twice: two letters, not one or six."""
    shelf = [on_shelf(f"11-one-id-for-every-letter-{which}") for which in ("one", "two")]
    async with ImapServer() as server:
        for content in shelf:
            server.inbox.put(content)

        async def accept(items: Any) -> list[Acceptance]:
            return await accept_items(ctx, "support", items)

        inbox = Inbox(server, accept=accept)
        async with hearing(inbox):
            await server.until(lambda: inbox.mark() == 2)
            for validity in (8, 9):
                server.inbox.validity = validity
                server.inbox.letters.reverse()
                for uid, one_ in enumerate(server.inbox.letters, 1):
                    one_.uid = uid
                server.hang_up()
                await server.until(
                    lambda v=validity: (
                        inbox.memory.values["imap:INBOX"] | {"uidvalidity": v, "uid": 2}  # type: ignore[misc]
                        == inbox.memory.values["imap:INBOX"]
                    )
                )
    assert await rows(ctx, "SELECT subject FROM interaction WHERE direction = 'in' ORDER BY id") == [
        {"subject": "Order 1"},
        {"subject": "Order 2"},
    ]
    assert await one(ctx, "SELECT count(*) FROM inbound_raw WHERE state = 'duplicate'") >= 2


async def test_12_what_a_person_has_read_already_is_taken_like_any_other() -> None:
    async with ImapServer() as server:
        server.inbox.put(on_shelf("12-read-on-a-phone-before-us")).flags.add("\\Seen")
        inbox = Inbox(server)
        async with hearing(inbox):
            await inbox.journal.kept(1)
            read_already = await server.deliver(on_shelf("21-forwarded-by-rule-is-a-person"))
            read_already.flags.add("\\Seen")
            await inbox.journal.kept(2)
        assert not any("SEEN" in asked.upper() for asked in server.said("SEARCH"))


async def test_14_a_letter_above_the_size_is_a_ticket_with_who_wrote_and_a_notice(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = on_shelf("14-a-scan-larger-than-we-take")
    monkeypatch.setattr(fetch, "MAX_RAW", len(scan) - 1)
    async with ImapServer() as server:
        server.inbox.put(scan)
        server.inbox.put(on_shelf("12-read-on-a-phone-before-us"))

        async def accept(items: Any) -> list[Acceptance]:
            return await accept_items(ctx, "support", items)

        inbox = Inbox(server, accept=accept)
        async with hearing(inbox):
            await server.until(lambda: inbox.mark() == 2)
        whole = [asked.split()[0] for asked in server.said("FETCH") if "BODY.PEEK[]" in asked]
        assert {one_.uid for asked in whole for one_ in server.inbox.within(asked)} == {2}
    first, second = await rows(
        ctx,
        "SELECT author_name, subject, text, full_text FROM interaction WHERE direction = 'in' ORDER BY id",
    )
    assert (first["author_name"], first["subject"]) == ("Lin Wang", "the whole contract, scanned")
    assert "more than is fetched" in first["text"] + first["full_text"]
    assert second["subject"] == "urgent"


# ── 19 to 24, 29: who is never answered by itself ────────────────────────────────────────────────────────────────────
MACHINES = [name for name in LETTERS if re.match("19|20|22|23|24|29", name)] + [
    "21-auto-reply-zh", "21-out-of-office-exchange",
]  # fmt: skip
_WANTS_ONE = {"22-a-parcel-that-came-back"}
"""A person's letter among the reports."""


@pytest.mark.parametrize("name", MACHINES)
async def test_20_no_machine_of_the_shelf_is_answered_by_itself(ctx: Context, name: str) -> None:
    """As if it had been written just now: an old letter would not be answered anyway."""
    head, _, body = on_shelf(name).replace(b"\r\n", b"\n").partition(b"\n\n")
    now = re.sub(rb"(?im)^date:.*\n", b"", head) + b"\n\n" + body
    kept = await _comes(ctx, now)
    left = await rows(ctx, "SELECT message FROM outbox")
    assert bool(left) == (name in _WANTS_ONE)
    assert kept.raw_id
