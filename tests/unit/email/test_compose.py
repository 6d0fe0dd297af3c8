"""What leaves: deterministic bytes, and nothing of an interaction can become a header of its own."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.compose import (
    CannotCompose,
    check_block,
    compose_letter,
    envelope_sender,
    new_message_id,
    recipients,
)
from channels.email.parse import parse_letter
from channels.email.sending.write import write_html, write_text
from channels.email.settings import EmailSettings
from hub.model.interactions import Mailbox, OutboundAttachment, OutboundInteraction, Quotation

SETTINGS = EmailSettings(
    address="support@shop.example",
    display_name="示例商店",
    imap_host="imap.shop.example",
    smtp_host="smtp.shop.example",
)
MESSAGE = OutboundInteraction(
    interaction_id=7,
    ticket_code="T-7",
    address="li@example.cn",
    recipient_name="李雷",
    author_name="Ann",
    text="您好！\n见 https://shop.example/a?b=1&c=2",
    queued_at=datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
    subject="Re: 退款",
    message_id="abc.t7zk@shop.example",
    in_reply_to="q2@example.cn",
    references=("q1@example.cn", "q2@example.cn"),
    reply_token="t7zk",
)
EXPECTED = {
    "date",
    "from",
    "to",
    "subject",
    "message-id",
    "reply-to",
    "in-reply-to",
    "references",
    "mime-version",
    "content-type",
}


def _names(raw: bytes) -> list[str]:
    block = raw.partition(b"\r\n\r\n")[0]
    return [
        line.partition(b":")[0].decode().lower()
        for line in block.split(b"\r\n")
        if line[:1] not in (b" ", b"\t")
    ]


def test_the_same_interaction_gives_the_same_bytes() -> None:
    assert compose_letter(MESSAGE, SETTINGS) == compose_letter(replace(MESSAGE), SETTINGS)


def test_our_own_reader_gets_back_what_was_written() -> None:
    message = replace(
        MESSAGE,
        attachments=(
            OutboundAttachment(filename="发票 2026.pdf", content_type="application/pdf", data=b"%PDF-1"),
        ),
    )
    letter = parse_letter(compose_letter(message, SETTINGS))
    assert (letter.subject, letter.from_name, letter.from_address) == (
        "Re: 退款",
        "示例商店",
        "support@shop.example",
    )
    assert letter.to == (("李雷", "li@example.cn"),)
    assert letter.reply_to == (("示例商店", "support+t7zk@shop.example"),)
    assert (letter.message_id, letter.in_reply_to, letter.references) == (
        "abc.t7zk@shop.example",
        ("q2@example.cn",),
        ("q1@example.cn", "q2@example.cn"),
    )
    assert letter.text == MESSAGE.text
    assert "https://shop.example/a?b=1&amp;c=2" in letter.html
    assert [(a.filename, a.data) for a in letter.attachments] == [("发票 2026.pdf", b"%PDF-1")]


@pytest.mark.parametrize(
    "evil",
    [
        "x\r\nBcc: e@evil.example",
        "x\nBcc: e@evil.example",
        "x\rBcc: e@evil.example",
        "x\u2028Bcc: e@evil.example",
        "x\x0bBcc: e@evil.example",
        "x\x85Bcc: e@evil.example",
        "=?utf-8?q?hi=0D=0ABcc:_e@evil.example?=",
        'x" <e@evil.example>, "y',
        "\ud800 lone",
        "a" * 5000,
    ],
)
def test_no_value_becomes_a_header_or_a_recipient(evil: str) -> None:
    message = replace(MESSAGE, subject=evil, recipient_name=evil, author_name=evil, references=(evil,), in_reply_to=evil,
                      attachments=(OutboundAttachment(filename=evil, content_type=evil, data=b"x"),))  # fmt: skip
    raw = compose_letter(message, SETTINGS)
    assert set(_names(raw)) <= EXPECTED
    assert raw.isascii()
    letter = parse_letter(raw)
    assert [a for _, a in letter.to] == ["li@example.cn"]


@given(st.text(max_size=300), st.text(max_size=100), st.text(max_size=100))
def test_any_text_leaves_as_text(subject: str, name: str, filename: str) -> None:
    message = replace(
        MESSAGE,
        subject=subject,
        recipient_name=name,
        attachments=(OutboundAttachment(filename=filename, content_type="text/plain", data=b""),),
    )
    raw = compose_letter(message, SETTINGS)
    assert set(_names(raw)) <= EXPECTED
    assert [a for _, a in parse_letter(raw).to] == ["li@example.cn"]


def test_literal_encoded_words_stay_literal() -> None:
    assert (
        parse_letter(compose_letter(replace(MESSAGE, subject="=?utf-8?q?hi?="), SETTINGS)).subject
        == "=?utf-8?q?hi?="
    )


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@b\r\nBcc: c@d", "a@b, c@d", "<a@b>", "a b@c.example", "a@b.example>"]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(CannotCompose):
        compose_letter(replace(MESSAGE, address=address), SETTINGS)


def test_the_last_check_sees_a_foreign_header() -> None:
    with pytest.raises(CannotCompose):
        check_block(b"Subject: x\r\nBcc: y\r\n", ["Subject"])
    with pytest.raises(CannotCompose):
        check_block(b"Subject: x\nBcc: y\r\n", ["Subject"])


def test_automatic_mail_says_so() -> None:
    raw = compose_letter(replace(MESSAGE, automatic=True), SETTINGS)
    assert b"Auto-Submitted: auto-replied\r\n" in raw
    assert parse_letter(raw).is_auto_reply


def test_message_ids_carry_the_token() -> None:
    assert new_message_id("shop.example", "r" * 26, "t7zk") == "r" * 26 + ".t7zk@shop.example"
    with pytest.raises(CannotCompose):
        new_message_id("shop.example", "a b", "t")


def test_copies_are_named_in_cc_and_bcc_is_not_named_at_all() -> None:
    message = replace(
        MESSAGE,
        cc=(
            Mailbox(address="wang@example.cn", name="王, 五"),
            Mailbox(address="b@例子.cn"),
            Mailbox(address=MESSAGE.address),
        ),
        bcc=(Mailbox(address="zhao@example.cn"), Mailbox(address="wang@example.cn")),
    )
    raw = compose_letter(message, SETTINGS)
    assert parse_letter(raw).cc == (
        ("王, 五", "wang@example.cn"),
        ("", "b@xn--fsqu00a.cn"),
        ("", "li@example.cn"),
    )
    assert b"zhao" not in raw and b"bcc" not in raw.lower()
    assert recipients(message) == ["li@example.cn", "wang@example.cn", "b@xn--fsqu00a.cn", "zhao@example.cn"]


def test_forty_copies_with_long_names_are_still_a_header_that_everybody_reads() -> None:
    people = tuple(Mailbox(address=f"person{n}@example.cn", name="很长的名字" * 20) for n in range(40))
    raw = compose_letter(replace(MESSAGE, cc=people), SETTINGS)
    assert [address for _, address in parse_letter(raw).cc] == [one.address for one in people]
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_reports_about_automatic_mail_go_nowhere() -> None:
    """RFC 3834: nothing answers it. Everything else comes back to us, where asked for with the letter's token."""
    tagged = SETTINGS.model_copy(update={"return_path_tokens": True})
    bare = tagged.model_copy(update={"plus_addresses": False})
    assert envelope_sender(replace(MESSAGE, automatic=True), tagged) == ""
    assert envelope_sender(MESSAGE, SETTINGS) == "support@shop.example"
    assert envelope_sender(MESSAGE, tagged) == "support+t7zk@shop.example"
    assert envelope_sender(MESSAGE, bare) == "support@shop.example"
    assert b"Reply-To: " in compose_letter(replace(MESSAGE, in_reply_to=""), SETTINGS)
    assert b"Reply-To: " not in compose_letter(replace(MESSAGE, in_reply_to=""), bare)


SAID = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
QUOTED = replace(
    MESSAGE,
    text="Yes.",
    signature="Ann\nShop",
    quotation=Quotation(author="Li <li@example.cn>", said_at=SAID, text="Really?\n\n> no\r\u2028BREAK"),
)


def test_text_and_html_have_the_same_parts_in_the_same_order() -> None:
    assert write_text(QUOTED) == (
        "Yes.\n\n-- \nAnn\nShop\n\nOn 24 Nov 2026 at 09:30 UTC, Li <li@example.cn> wrote:\n"
        "> Really?\n>\n> > no\n>\n> BREAK"
    )
    html = write_html(QUOTED)
    places = [html.index(part) for part in ("Yes.", "-- <br>", "Ann<br>", "wrote:", "<blockquote", "Really?")]
    assert places == sorted(places)
    chinese = write_text(replace(QUOTED, language="zh_CN"))
    assert "2026年11月24日 09:30 (UTC)，Li <li@example.cn> 写道：\n> Really?" in chinese
