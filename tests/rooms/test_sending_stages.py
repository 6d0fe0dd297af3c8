"""What becomes of a letter, whatever its relay does and at whichever stage: sent, later, never, or for a person to decide."""

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest

from channels.adapter import ChannelAdapter
from channels.email.sending import hand_over
from hub.actions.answers.deliver import AFTER_AWAY
from hub.actions.answers.recall import send_again
from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.ports import make_ports
from hub.model.interactions import Mailbox
from tests.fakes.certificates import make_context
from tests.fakes.invariants import assert_invariants
from tests.fakes.mail_servers import serving
from tests.fakes.processes import free_port
from tests.fakes.scene import MAIL, SYSTEM, a_hub, one, rows, ticket, write
from tests.fakes.sending import deliver_due
from tests.fakes.smtp_server import DROP, HANG, ScriptedRelay

LI, WANG, ZHAO = "li@example.cn", "wang@example.cn", "zhao@example.cn"


@asynccontextmanager
async def _shop(dsn: str, **settings: Any) -> AsyncIterator[tuple[Context, ChannelAdapter]]:
    async with a_hub(dsn, {"support": {**MAIL, **settings}}) as ctx:
        configured = ctx.channel("support")
        adapter = configured.kind.open("support", configured.settings, make_ports(ctx, "support"))
        yield ctx, adapter
        await adapter.close()
        await assert_invariants(ctx.database)


async def _answer(ctx: Context, *texts: str, **more: Any) -> list[int]:
    """Answers to one customer, queued in this order."""
    code = (await ticket(ctx, await write(ctx, f"Li <{LI}>")))["code"]
    return [
        await queue_reply(ctx, ticket_code=code, actor=SYSTEM, text=text, **more)
        for text in texts or ("Yes.",)
    ]


async def _work(ctx: Context, adapter: ChannelAdapter) -> None:
    while await deliver_due(ctx, {adapter.name: adapter}):
        pass


async def _states(ctx: Context) -> list[str]:
    return [row["state"] for row in await rows(ctx, "SELECT state FROM outbox ORDER BY id")]


async def _time_passes(ctx: Context) -> None:
    await ctx.database.run(lambda c: c.execute("UPDATE outbox SET not_before = clock_timestamp()"))
    await ctx.database.run(lambda c: c.execute("UPDATE channel SET hold_until = NULL"))


async def _until_the_next_attempt(ctx: Context) -> float:
    """As if the time had gone by for which the channel holds still: the seconds."""
    seconds = await one(
        ctx,
        "SELECT extract(epoch FROM hold_until - clock_timestamp())::float8 FROM channel WHERE name = 'support'",
    )
    await one(
        ctx,
        """WITH held AS (UPDATE channel SET hold_until = hold_until - make_interval(secs => $1))
           UPDATE outbox SET not_before = not_before - make_interval(secs => $1),
                  queued_at = queued_at - make_interval(secs => $1), give_up_at = give_up_at - make_interval(secs => $1)""",
        seconds,
    )
    return float(seconds)


def _texts(relay: ScriptedRelay) -> list[str]:
    """The first line of each letter that was taken over."""
    found = []
    for raw in relay.texts:
        (plain, *_) = (p for p in message_from_bytes(raw).walk() if p.get_content_type() == "text/plain")
        found.append(plain.get_payload(decode=True).decode().splitlines()[0])  # type: ignore[union-attr]
    return found


# ── every stage ──────────────────────────────────────────────────────────────────────────────────────────────────────
_LATER, _NEVER, _DOUBT = "queued", "failed", "uncertain"


@pytest.mark.parametrize(
    ("stage", "answer", "becomes"),
    [
        ("CONNECT", "421 busy", _LATER), ("CONNECT", "554 no service", _LATER), ("CONNECT", DROP, _LATER),
        ("CONNECT", HANG, _LATER), ("CONNECT", "nonsense", _LATER),
        ("EHLO", "421 bye", _LATER), ("EHLO", DROP, _LATER), ("EHLO", HANG, _LATER),
        ("AUTH", "454 later", _LATER), ("AUTH", "535 wrong", _LATER), ("AUTH", DROP, _LATER), ("AUTH", HANG, _LATER),
        ("MAIL", "451 later", _LATER), ("MAIL", "421 bye", _LATER), ("MAIL", "550 not you", _NEVER),
        ("MAIL", "552 too large", _NEVER), ("MAIL", "530 log in", _LATER), ("MAIL", DROP, _LATER), ("MAIL", HANG, _LATER),
        ("RCPT", "450 greylisted", _LATER), ("RCPT", "421 bye", _LATER), ("RCPT", "550 unknown", _NEVER),
        ("RCPT", "553 no such form", _NEVER), ("RCPT", DROP, _LATER), ("RCPT", HANG, _LATER),
        ("DATA", "451 later", _LATER), ("DATA", "421 bye", _LATER), ("DATA", "554 no", _NEVER), ("DATA", "250 what?", _LATER),
        ("DATA", DROP, _LATER), ("DATA", HANG, _LATER),
        ("HALF", DROP, _DOUBT), ("HALF", HANG, _DOUBT),
        (".", "451 later", _LATER), (".", "421 bye", _LATER), (".", "452 no room", _LATER), (".", "552 too large", _NEVER),
        (".", "554 spam", _NEVER), (".", DROP, _DOUBT), (".", HANG, _DOUBT), (".", "nonsense", _DOUBT),
        (".", "251 forwarded", "sent"), ("QUIT", DROP, "sent"), ("QUIT", HANG, "sent"), ("QUIT", "500 what?", "sent"),
    ],
)  # fmt: skip
async def test_each_stage_and_answer_has_one_meaning(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch, stage: str, answer: str, becomes: str
) -> None:
    """And a letter that leaves again is the same one, byte for byte (F43, F44, F46)."""
    assert hand_over.FINAL_TIMEOUT >= 600, "so long a relay may think about a letter (RFC 5321 4.5.3.2.6)"
    monkeypatch.setattr(hand_over, "FINAL_TIMEOUT", 1.0)
    relay = ScriptedRelay({stage: answer}, users={"u": "p"})
    async with (
        serving(relay.talk) as port,
        _shop(database_dsn, smtp_port=port, smtp_user="u", smtp_password="p", timeout_seconds=1) as (ctx, it),
    ):
        (interaction_id,) = await _answer(ctx)
        await _work(ctx, it)
        (row,) = await rows(ctx, "SELECT state, error, external_id, message_id FROM outbox")
        assert (row["state"], bool(row["error"])) == (becomes, becomes != "sent")
        if becomes == "sent":
            assert row["external_id"] == row["message_id"]
        relay.answers.clear()
        await _time_passes(ctx)
        await _work(ctx, it)
        if becomes == _DOUBT:
            assert await _states(ctx) == [_DOUBT], "it was sent again although nobody had decided so"
        if becomes in (_DOUBT, _NEVER):
            await send_again(ctx, interaction_id=interaction_id, actor=SYSTEM)
            await _work(ctx, it)
        assert await _states(ctx) == ["sent"]
    assert len(set(relay.letters)) == 1


class _Thoughtful(ScriptedRelay):
    """Thinks for a while about a letter that it has."""

    async def _say(self, reader: Any, writer: Any, key: str, usual: str) -> bool:
        if key == ".":
            await asyncio.sleep(1.5)
        return await super()._say(reader, writer, key, usual)


async def test_the_word_after_the_final_dot_may_take_longer_than_any_other(database_dsn: str) -> None:
    """RFC 5321 4.5.3.2.6: ten minutes; to everything else a relay answers within the time that is set."""
    relay = _Thoughtful()
    async with (
        serving(relay.talk) as port,
        _shop(database_dsn, smtp_port=port, timeout_seconds=1) as (ctx, it),
    ):
        await _answer(ctx)
        await _work(ctx, it)
        assert await _states(ctx) == ["sent"]
    assert _texts(relay) == ["Yes."]


async def test_what_a_slow_relay_has_not_taken_yet_is_the_last_letter_of_its_ticket(
    database_dsn: str,
) -> None:
    """Greylisting: the second answer does not overtake the first."""
    relay = ScriptedRelay({"RCPT": "450 4.2.0 greylisted"})
    async with serving(relay.talk) as port, _shop(database_dsn, smtp_port=port) as (ctx, it):
        await _answer(ctx, "1", "2", "3")
        for _ in range(3):
            await _time_passes(ctx)
            await _work(ctx, it)
        assert await _states(ctx) == [_LATER] * 3
        assert relay.verbs.count("RCPT") == 3, "only the head of the conversation was tried"
        relay.answers.clear()
        await _time_passes(ctx)
        await _work(ctx, it)
        assert await _states(ctx) == ["sent"] * 3
    assert _texts(relay) == ["1", "2", "3"]


# ── the line ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_relay_that_refuses_connections_holds_the_queue_which_drains_in_order(
    database_dsn: str,
) -> None:
    """F47, for an hour. Nothing is lost, nothing overtakes; a customer of another ticket does not hammer the relay either."""
    port = free_port()
    async with _shop(database_dsn, smtp_port=port) as (ctx, it):
        await _answer(ctx, "1", "2")
        away = 0.0
        while away < 3600:
            await _work(ctx, it)
            away += await _until_the_next_attempt(ctx)
        first, second = await rows(ctx, "SELECT state, attempts, error FROM outbox ORDER BY id")
        assert (first["state"], second["state"], second["attempts"]) == (_LATER, _LATER, 0)
        assert 3600 / AFTER_AWAY <= first["attempts"] < 100 and str(port) in first["error"]
        relay = ScriptedRelay()
        async with serving(relay.talk, port=port):
            await _time_passes(ctx)
            await _work(ctx, it)
        assert await _states(ctx) == ["sent", "sent"]
    assert _texts(relay) == ["1", "2"]


async def test_a_relay_whose_name_nobody_knows_holds_the_queue_which_drains_when_it_is_known(
    database_dsn: str,
) -> None:
    """F47."""
    relay = ScriptedRelay()
    async with serving(relay.talk) as port:
        async with _shop(database_dsn, smtp_host="relay.invalid", smtp_port=port) as (ctx, it):
            await _answer(ctx, "1", "2")
            await _work(ctx, it)
            assert await _states(ctx) == [_LATER, _LATER]
            assert "relay.invalid" in await one(ctx, "SELECT error FROM outbox ORDER BY id LIMIT 1")
        async with _shop(database_dsn, smtp_port=port) as (ctx, it):
            await _time_passes(ctx)
            await _work(ctx, it)
            assert await _states(ctx) == ["sent", "sent"]
    assert _texts(relay) == ["1", "2"]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.9"])
@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_a_certificate_that_is_not_good_for_this_relay_stops_everything(
    database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str, address: str
) -> None:
    """Signed by nobody we know (first), or for another host (second): no login, no letter, and once it is mended the queue
    drains."""
    wrong, good = tmp_path / "wrong", tmp_path / "good"
    for folder in (wrong, good):
        folder.mkdir()
    other = make_context(wrong, address=address)
    right = make_context(good)
    monkeypatch.setenv("SSL_CERT_FILE", str((good if address == "127.0.0.1" else wrong) / "ca.pem"))
    port = free_port()

    def relay_with(context: ssl.SSLContext) -> tuple[ScriptedRelay, dict[str, Any]]:
        implicit = security == "tls"
        relay = ScriptedRelay(users={"u": "p"}, starttls=None if implicit else context)
        return relay, {"tls": context if implicit else None, "port": port}

    settings = {"smtp_security": security, "smtp_user": "u", "smtp_password": "p", "smtp_port": port}
    async with _shop(database_dsn, **settings) as (ctx, it):
        await _answer(ctx, "1", "2")
        relay, how = relay_with(other)
        async with serving(relay.talk, **how):
            await _work(ctx, it)
        assert await _states(ctx) == [_LATER, _LATER]
        assert "certificate" in await one(ctx, "SELECT error FROM outbox ORDER BY id LIMIT 1")
        assert not {"AUTH", "MAIL"} & set(relay.verbs)
        monkeypatch.setenv("SSL_CERT_FILE", str(good / "ca.pem"))
        relay, how = relay_with(right)
        async with serving(relay.talk, **how):
            await _time_passes(ctx)
            await _work(ctx, it)
        assert await _states(ctx) == ["sent", "sent"]
    assert _texts(relay) == ["1", "2"]


@pytest.mark.parametrize("answer", ["", "454 no TLS today", "502 what?", DROP])
async def test_without_tls_that_is_demanded_nothing_is_said_in_the_clear(
    database_dsn: str, tmp_path: Path, answer: str
) -> None:
    """A relay, or somebody before it, that does not offer STARTTLS or takes the offer back."""
    offers = make_context(tmp_path) if answer else None
    relay = ScriptedRelay({"STARTTLS": answer} if answer else {}, starttls=offers, users={"u": "p"})
    settings = {"smtp_security": "starttls", "smtp_user": "u", "smtp_password": "p"}
    async with serving(relay.talk) as port, _shop(database_dsn, smtp_port=port, **settings) as (ctx, it):
        await _answer(ctx)
        await _work(ctx, it)
        assert await _states(ctx) == [_LATER]
    assert not {"AUTH", "MAIL", "RCPT", "DATA"} & set(relay.verbs)


async def test_words_before_tls_are_not_taken_for_words_under_tls(
    database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CVE-2011-0411 the other way round: somebody in the middle answers ahead, for the time after the handshake."""
    context = make_context(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    relay = ScriptedRelay({"STARTTLS": "220 go\r\n250-relay.example\r\n250 AUTH PLAIN"}, starttls=context)
    settings = {"smtp_security": "starttls", "smtp_user": "u", "smtp_password": "p"}
    async with serving(relay.talk) as port, _shop(database_dsn, smtp_port=port, **settings) as (ctx, it):
        await _answer(ctx)
        await _work(ctx, it)
        assert await _states(ctx) == [_LATER]
    assert "AUTH" not in relay.verbs


# ── several recipients ───────────────────────────────────────────────────────────────────────────────────────────────
_COPIES = {"cc": [Mailbox(address=WANG, name="王")], "bcc": [Mailbox(address=ZHAO)]}


async def test_everybody_gets_one_letter_and_nobody_sees_who_stands_in_bcc(database_dsn: str) -> None:
    relay = ScriptedRelay()
    async with serving(relay.talk) as port, _shop(database_dsn, smtp_port=port) as (ctx, it):
        await _answer(ctx, **_COPIES)
        await _work(ctx, it)
        assert await _states(ctx) == ["sent"]
    ((envelope, letter),) = relay.taken
    assert envelope.recipients == [LI, WANG, ZHAO]
    read = message_from_bytes(letter)
    assert read["Cc"].endswith(f"<{WANG}>") and read["Bcc"] is None
    plain = [part.get_payload(decode=True) for part in read.walk() if not part.is_multipart()]
    assert len(plain) == 2 and not any(b"zhao" in body for body in (letter, *plain))  # type: ignore[operator]


@pytest.mark.parametrize("answer", ["550 5.1.1 unknown", "450 4.2.0 greylisted"])
async def test_who_is_refused_in_copy_is_told_and_the_others_get_it(database_dsn: str, answer: str) -> None:
    relay = ScriptedRelay({f"RCPT {WANG}": answer})
    async with serving(relay.talk) as port, _shop(database_dsn, smtp_port=port) as (ctx, it):
        await _answer(ctx, **_COPIES)
        await _work(ctx, it)
        (row,) = await rows(ctx, "SELECT state, error FROM outbox")
        assert row["state"] == "sent"
        assert WANG in row["error"] and answer[:3] in row["error"]
        (last,) = await rows(
            ctx, "SELECT data FROM event WHERE kind = 'delivery_changed' ORDER BY id DESC LIMIT 1"
        )
        assert (last["data"]["state"], last["data"]["refused"]) == ("sent", 1)
    ((envelope, _),) = relay.taken
    assert (envelope.recipients, envelope.refused) == ([LI, ZHAO], [WANG])


@pytest.mark.parametrize(
    ("answers", "becomes"),
    [
        ({f"RCPT {LI}": "550 unknown"}, _NEVER), ({f"RCPT {LI}": "450 later"}, _LATER), ({"RCPT": "550 all of you"}, _NEVER),
        ({f"RCPT {WANG}": "421 bye"}, _LATER), ({f"RCPT {WANG}": DROP}, _LATER), ({f"RCPT {ZHAO}": HANG}, _LATER),
    ],
)  # fmt: skip
async def test_without_the_customer_nobody_gets_it(
    database_dsn: str, answers: dict[str, str], becomes: str
) -> None:
    """A letter that only those in copy would get is no answer: nothing leaves, and that is certain."""
    relay = ScriptedRelay(answers)
    async with (
        serving(relay.talk) as port,
        _shop(database_dsn, smtp_port=port, timeout_seconds=1) as (ctx, it),
    ):
        await _answer(ctx, **_COPIES)
        await _work(ctx, it)
        assert await _states(ctx) == [becomes]
        assert "DATA" not in relay.verbs


# ── names that relays give, and where reports go ─────────────────────────────────────────────────────────────────────
_OK = "250 Ok 0102018f1a2b3c4d-5e6f-000000"


@pytest.mark.parametrize(
    ("host", "said", "domain"),
    [
        ("email-smtp.eu-west-1.amazonaws.com", _OK, "eu-west-1.amazonses.com"),
        ("EMAIL-SMTP.us-east-1.amazonaws.com", _OK, "email.amazonses.com"),
        ("email-smtp-fips.us-west-2.amazonaws.com", _OK, "us-west-2.amazonses.com"),
        ("email-smtp.eu-west-1.amazonaws.com", "250 Ok", ""),
        ("email-smtp.eu-west-1.amazonaws.com", "250 2.0.0 Ok: queued as 4ZK", ""),
        ("smtp.shop.example", _OK, ""),
        ("email-smtp.x.amazonaws.com.evil.example", _OK, ""),
    ],
)
def test_a_relay_that_puts_its_own_name_on_our_letters_tells_it(host: str, said: str, domain: str) -> None:
    expected = f"{_OK.split()[2]}@{domain}" if domain else ""
    assert hand_over.renamed(host, said) == expected


@pytest.mark.parametrize(
    ("settings", "sender"),
    [
        ({}, r"support@shop\.example"),
        ({"return_path_tokens": True}, r"support\+t\d+z[0-9a-v]{26}@shop\.example"),
        ({"return_path_tokens": True, "plus_addresses": False}, r"support@shop\.example"),
    ],
)
async def test_reports_come_back_to_an_address_for_each_letter_where_that_is_asked_for(
    database_dsn: str, settings: dict[str, Any], sender: str
) -> None:
    relay = ScriptedRelay()
    async with serving(relay.talk) as port, _shop(database_dsn, smtp_port=port, **settings) as (ctx, it):
        await _answer(ctx)
        await _work(ctx, it)
    ((envelope, letter),) = relay.taken
    assert re.fullmatch(sender, envelope.sender)
    token = re.search(rb"\.(t\d+z[0-9a-v]{26})@", letter)
    assert token is not None, "the Message-ID carries the token in any case"
    assert (b"\r\nReply-To: " in letter) is settings.get("plus_addresses", True)
    if "+" in envelope.sender:
        assert token[1].decode() in envelope.sender


def test_the_test_relay_is_not_reachable_by_name() -> None:
    """RFC 6761: `.invalid` never resolves, which one test above relies on."""
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("relay.invalid", 25)
