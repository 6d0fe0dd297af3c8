"""Nothing that a letter, a form, a name, a template or a program says reaches a header or an envelope of ours (S6, S15 to S17,
S24, S25, S51): tried on the wire, as a relay sees it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from email.utils import getaddresses
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.adapter import ChannelAdapter, RawItem, Refused
from channels.email import KIND
from channels.email.settings import EmailSettings
from hub.actions.answers.reply import queue_reply
from hub.actions.answers.signatures import set_signature
from hub.actions.answers.templates import Draft, add_template, render_template
from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.note import add_note
from hub.actions.people.keys import create_api_key
from hub.actions.ports import make_ports
from hub.actions.receive import accept_items
from hub.model.codes import TICKET, show_code
from hub.model.interactions import Mailbox, OutboundAttachment, OutboundInteraction, Quotation
from hub.model.people import Actor, Scope
from hub.web.api.routes import api_routes
from tests.fakes import ports as fakes
from tests.fakes.leaving import free_to_leave
from tests.fakes.mail_servers import serving
from tests.fakes.scene import CHANNELS, MAIL, SUPPORT, SYSTEM, a_hub, an_agent, one, ticket, write
from tests.fakes.sending import deliver_due
from tests.fakes.smtp_server import ScriptedRelay

LI, WANG = "li@example.cn", "wang@example.cn"
INTENDED = {
    "date", "from", "to", "cc", "subject", "message-id", "reply-to", "in-reply-to", "references", "mime-version",
    "content-type",
}  # fmt: skip
EVIL = [
    "x\r\nBcc: e@evil.example",
    "x\nBcc: e@evil.example",
    "x\rBcc: e@evil.example",
    "x\r\n\r\nBcc: e@evil.example",
    "x\u2028Bcc: e@evil.example",
    "x\u2029Bcc: e@evil.example",
    "x\x0bBcc: e@evil.example",
    "x\x0cBcc: e@evil.example",
    "x\x85Bcc: e@evil.example",
    "x\x1cBcc: e@evil.example",
    "x\x00\r\nBcc: e@evil.example",
    "=?utf-8?q?hi=0D=0ABcc:_e@evil.example?=",
    "=?utf-8?b?eA0KQmNjOiBlQGV2aWwuZXhhbXBsZQ==?=",
    "=?utf-8?q?a?= =?utf-8?q?=0ABcc:_e@evil.example?=",
    'x" <e@evil.example>, "y',
    "x <e@evil.example>, y",
    "x\\",
    '"',
    "e@evil.example",
    "x>\r\nRCPT TO:<e@evil.example",
    "x\r\n.\r\nMAIL FROM:<e@evil.example>\r\nRCPT TO:<f@evil.example>\r\nDATA\r\nSubject: y",
    "{{7*7}}{% x %}{0.__class__}%s${IFS}`id`",
    "你好" * 400 + "\r\nBcc: e@evil.example",
]


def _every_name(raw: bytes) -> set[str]:
    """The names of the headers as every reader that we know splits them, those of the parts apart."""
    names: set[str] = set()
    for how in (policy.compat32, policy.default, policy.SMTP):
        parsed: Message = message_from_bytes(raw, policy=how)
        names |= {name.lower() for name in parsed}
    head = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").partition(b"\n\n")[0]
    names |= {
        line.partition(b":")[0].decode().lower() for line in head.split(b"\n") if line[:1] not in b" \t"
    }
    return names


def check_wire(relay: ScriptedRelay, recipients: list[str]) -> None:
    """One letter, to these and nobody else, with nothing in its headers that we did not put there."""
    ((envelope, _),) = relay.taken
    (raw,) = relay.texts
    assert envelope.recipients == recipients
    assert relay.verbs.count("RCPT") == len(recipients)
    assert (relay.verbs.count("MAIL"), relay.verbs.count("DATA"), len(relay.letters)) == (1, 1, 1)
    assert _every_name(raw) <= INTENDED, raw[:2000]
    assert raw.isascii() and b"\nbcc:" not in raw.lower()
    parsed = message_from_bytes(raw)
    assert len(parsed.get_all("Subject", [])) == 1
    named = [address for _, address in getaddresses([str(parsed["To"]), str(parsed["Cc"] or "")]) if address]
    assert set(named) <= set(recipients)


@asynccontextmanager
async def _shop(dsn: str, relay: ScriptedRelay) -> AsyncIterator[tuple[Context, ChannelAdapter]]:
    async with serving(relay.talk) as port:
        channels = {**CHANNELS, "support": {**MAIL, "smtp_port": port}}
        async with a_hub(dsn, channels) as ctx:
            configured = ctx.channel("support")
            adapter = configured.kind.open("support", configured.settings, make_ports(ctx, "support"))
            yield ctx, adapter
            await adapter.close()


async def _form(ctx: Context, key: str, **fields: str) -> dict[str, Any]:
    posted = {"fields": {"message": "It is broken", "name": "Li", "email": LI, **fields}}
    item = RawItem(external_key=key, content=orjson.dumps(posted), received_at=datetime.now(UTC))
    (kept,) = await accept_items(ctx, "form", [item])
    return await ticket(ctx, kept)


# ── S15, S16, S17 ────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_what_a_form_says_reaches_no_header(database_dsn: str) -> None:
    relay = ScriptedRelay()
    async with _shop(database_dsn, relay) as (ctx, it):
        for number, evil in enumerate(EVIL):
            said = evil.replace("\x00", "")
            opened = await _form(ctx, f"form-{number}", subject=said, name=said, message=said)
            await queue_reply(ctx, ticket_code=opened["code"], actor=SYSTEM, text=said)
            await deliver_due(ctx, {"support": it})
            assert await one(ctx, "SELECT state FROM outbox ORDER BY id DESC LIMIT 1") == "sent"
            check_wire(relay, [LI])
            relay.__init__()  # type: ignore[misc]


async def test_what_a_letter_and_an_agent_say_reaches_no_header(database_dsn: str) -> None:
    relay = ScriptedRelay()
    async with _shop(database_dsn, relay) as (ctx, it):
        for number, evil in enumerate(EVIL):
            name = f"agent{number}"
            agent = Actor(name=evil.replace("\x00", ""), agent_id=await an_agent(ctx, name))
            assert agent.agent_id is not None
            await set_signature(ctx, agent_id=agent.agent_id, text=evil)
            word = b"=?utf-8?q?" + b"".join(b"=%02X" % byte for byte in evil[:60].encode()) + b"?="
            raw = (
                b"From: " + word + b" <li@example.cn>\r\nTo: support@shop.example\r\nMessage-ID: <m%d@example.cn>\r\n" % number
                + b"Subject: " + word + b"\r\n\r\n" + evil.encode()
            )  # fmt: skip
            item = RawItem(external_key=f"INBOX/7/{number + 1}", content=raw, received_at=datetime.now(UTC))
            (kept,) = await accept_items(ctx, "support", [item])
            await queue_reply(
                ctx,
                ticket_code=(await ticket(ctx, kept))["code"],
                actor=agent,
                text=evil,
                cc=[Mailbox(address=WANG, name=evil)],
                attachments=[OutboundAttachment(filename=evil, content_type=evil, data=b"x")],
            )
            await deliver_due(ctx, {"support": it})
            assert await one(ctx, "SELECT state FROM outbox ORDER BY id DESC LIMIT 1") == "sent"
            check_wire(relay, [LI, WANG])
            relay.__init__()  # type: ignore[misc]


def test_the_interpreter_itself_is_not_what_protects_us() -> None:
    """CVE-2024-6923: on some interpreters the standard library lets this subject out as a header. Ours holds on all of them."""
    subject = "=?utf-8?q?hi=0D=0ABcc:_e@evil.example?="
    theirs = EmailMessage()
    theirs["Subject"] = subject
    leaks = b"\nBcc:" in theirs.as_bytes()
    relay = _hand_over(replace(PLAIN, subject=subject))
    check_wire(relay, [LI])
    assert str(message_from_bytes(relay.texts[0], policy=policy.default)["Subject"]) == subject, leaks


# ── whatever it is ───────────────────────────────────────────────────────────────────────────────────────────────────
PLAIN = OutboundInteraction(
    interaction_id=7, ticket_code="T-7", address=LI, recipient_name="Li", author_name="Ann", text="Hello",
    queued_at=datetime(2026, 11, 24, 9, 30, tzinfo=UTC), subject="Re: Refund", message_id="abc.t7zk@shop.example",
    reply_token="t7zk",
)  # fmt: skip


def _hand_over(message: OutboundInteraction) -> ScriptedRelay:
    async def talk() -> ScriptedRelay:
        relay = ScriptedRelay()
        async with serving(relay.talk) as port:
            given = {name: value for name, value in MAIL.items() if name != "kind"}
            adapter = KIND.open("support", EmailSettings(**{**given, "smtp_port": port}), fakes.make_ports())
            await adapter.send(message, free_to_leave)
            await adapter.close()
        return relay

    return asyncio.run(talk())


_NASTY = st.text(
    alphabet=st.one_of(
        st.sampled_from("\r\n\t \x00\x0b\x0c\x1c\x85\u2028\u2029<>\"',;:=?@\\()[]_.-{}%"), st.characters()
    ),
    max_size=120,
)
_SUBJECTS = st.one_of(_NASTY, st.sampled_from(EVIL), st.builds("=?utf-8?q?{}?=".format, _NASTY))


@settings(max_examples=60, deadline=None)
@given(
    subject=_SUBJECTS, name=_SUBJECTS, author=_NASTY, text=_NASTY, cited=st.lists(_NASTY, max_size=3), answers=_NASTY,
    filename=_SUBJECTS, content_type=_NASTY, copied=_SUBJECTS, signature=_NASTY, quoted=_NASTY, quoted_author=_NASTY,
    html=st.sampled_from(["", "<p>Hello</p>"]), language=st.sampled_from(["en", "zh_CN"]),
)  # fmt: skip
def test_whatever_is_said_the_headers_and_the_recipients_are_those_intended(
    subject: str, name: str, author: str, text: str, cited: list[str], answers: str, filename: str, content_type: str,
    copied: str, signature: str, quoted: str, quoted_author: str, html: str, language: str,
) -> None:  # fmt: skip
    message = replace(
        PLAIN,
        subject=subject, recipient_name=name, author_name=author, text=text, html=html, language=language,
        references=tuple(cited), in_reply_to=answers, signature=signature,
        cc=(Mailbox(address=WANG, name=copied),), bcc=(Mailbox(address="zhao@example.cn", name=copied),),
        attachments=(OutboundAttachment(filename=filename, content_type=content_type, data=b"x"),),
        quotation=Quotation(author=quoted_author, said_at=PLAIN.queued_at, text=quoted),
    )  # fmt: skip
    check_wire(_hand_over(message), [LI, WANG, "zhao@example.cn"])


_EXTRA = st.sampled_from(["\r\n", "\n", "\r", ">", "<", " ", ",", "\x00", "@", ";", "\u2028", "é", "\\", '"'])


@settings(max_examples=100, deadline=None)
@given(
    before=st.text("ab.@<>", max_size=4),
    extra=_EXTRA,
    after=_NASTY,
    field=st.sampled_from(["address", "cc", "bcc"]),
)
def test_an_address_that_is_none_is_refused_and_never_reaches_the_relay(
    before: str, extra: str, after: str, field: str
) -> None:
    address = f"{before}{extra}{after}@example.cn"
    value: Any = address if field == "address" else (Mailbox(address=address),)

    async def talk() -> ScriptedRelay:
        relay = ScriptedRelay()
        async with serving(relay.talk) as port:
            given = {name: one_ for name, one_ in MAIL.items() if name != "kind"}
            adapter = KIND.open("support", EmailSettings(**{**given, "smtp_port": port}), fakes.make_ports())
            with pytest.raises(Refused):
                await adapter.send(replace(PLAIN, **{field: value}), free_to_leave)
        return relay

    assert asyncio.run(talk()).verbs == []


# ── S24 ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
TRICKS = [
    "{{7*7}}", "{{ 7 * 7 }}", "{% for x in y %}", "{0.__class__}", "{agent.__class__}", "%s", "%(name)s", "${7*7}", "#{7*7}",
    "<%= 7*7 %>", "{{agent.__class__}}", "{{agent.password}}", "{{customer}}", "{{config}}", "{{ customer.name | upper }}",
    "{{customer.name.__class__}}", "{{{{customer.name}}}}", "\\1", "\\g<0>", "__import__('os')", "{{", "}}", "{{}}",
]  # fmt: skip


async def test_no_text_of_the_staff_reaches_further_than_its_language(database_dsn: str) -> None:
    """Refused when it is written. What was kept before anybody looked stays words."""
    async with a_hub(database_dsn) as ctx:
        opened = await ticket(ctx, await write(ctx, f"Li <{LI}>"))
        for number, trick in enumerate(TRICKS):
            draft = Draft(name=f"t{number}", language="en", body=trick)
            if "{{" in trick or "{%" in trick:
                with pytest.raises(NotPossible) as refused:
                    await add_template(ctx, draft=draft, actor=SYSTEM)
                assert refused.value.code == "bad_liquid", trick
            made = await one(
                ctx,
                "INSERT INTO template (name, language, body) VALUES ($1, 'en', $2) RETURNING id",
                draft.name,
                trick,
            )
            text = await render_template(ctx, template_id=made, ticket_code=opened["code"], agent_name="Ann")
            assert text == trick.replace("{{{{customer.name}}}}", "{{Li}}")


@pytest.mark.parametrize("trick", [*TRICKS, "{{agent.name}}", "{{today}}", "{{inbox.address}}"])
async def test_what_is_filled_in_is_not_looked_at_again(database_dsn: str, trick: str) -> None:
    async with a_hub(database_dsn) as ctx:
        opened = await _form(ctx, "f1", name=trick, subject=trick)
        body = "Dear {{customer.name}}, about {{ticket.subject}} from {{agent.name}}."
        made = await add_template(ctx, draft=Draft(name="t", language="en", body=body), actor=SYSTEM)
        text = await render_template(ctx, template_id=made, ticket_code=opened["code"], agent_name=trick)
        name, subject = (
            await one(ctx, "SELECT c.name FROM customer c"),
            await one(ctx, "SELECT subject FROM ticket"),
        )
        assert text == f"Dear {name}, about {subject} from {trick}."


# ── S25 ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_program_cannot_write_as_somebody_else(database_dsn: str) -> None:
    """Not by a field of that name, not by an inbox that is none of ours, not by ours of another kind; nothing is queued."""
    async with a_hub(database_dsn) as ctx:
        opened = await ticket(ctx, await write(ctx, f"Li <{LI}>"))
        key = await create_api_key(ctx, name="crm", scopes=frozenset({Scope.WRITE}))
        app = web.Application()
        app.add_routes(api_routes(ctx))
        async with TestClient(TestServer(app)) as client:
            path = f"/api/v1/tickets/{show_code(TICKET, opened['code'])}/replies"
            for forged in (
                {"from": "ceo@bank.example"}, {"from_address": "ceo@bank.example"}, {"sender": "ceo@bank.example"},
                {"inbox": "ceo@bank.example"}, {"inbox": "chat"}, {"inbox": "support\r\nX: y"}, {"inbox": "SUPPORT"},
                {"cc": [{"address": "x@y.example\r\nFrom: ceo@bank.example"}]}, {"headers": {"From": "ceo@bank.example"}},
            ):  # fmt: skip
                headers = {"Authorization": f"Bearer {key}"}
                async with client.post(path, json={"text": "Hello", **forged}, headers=headers) as answer:
                    assert answer.status == 422, forged
                    said = await answer.json()
                    assert said["detail"]
            async with client.post(
                path, json={"text": "Hello", "inbox": "support"}, headers=headers
            ) as answer:
                assert answer.status == 201
        assert await one(ctx, "SELECT count(*) FROM outbox") == 1


# ── S51 ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_note_never_leaves_whatever_is_answered_quoted_or_copied(database_dsn: str) -> None:
    relay = ScriptedRelay()
    async with _shop(database_dsn, relay) as (ctx, it):
        opened = await ticket(ctx, await write(ctx, f"Li <{LI}>", text="Where is my parcel?"))
        for _ in range(3):
            await add_note(ctx, ticket_code=opened["code"], actor=SYSTEM, text="CANARY-51")
            await queue_reply(
                ctx, ticket_code=opened["code"], actor=SYSTEM, text="Soon.", cc=[Mailbox(address=WANG)]
            )
        while await deliver_due(ctx, {"support": it}):
            pass
    assert len(relay.texts) == 3
    for raw in relay.texts:
        for part in message_from_bytes(raw).walk():
            if not part.is_multipart():
                content = part.get_payload(decode=True)
                assert isinstance(content, bytes) and b"CANARY" not in content
    assert all(SUPPORT in str(message_from_bytes(raw)["From"]) for raw in relay.texts)
