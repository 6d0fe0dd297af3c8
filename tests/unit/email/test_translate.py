"""From a letter to the normal form: trust, loops, threading evidence, where an answer goes."""

# ruff: noqa: E501 - wire text reads better unbroken

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from channels.adapter import CannotTranslate, RawItem
from channels.email.doubts import WARNING_ELSEWHERE
from channels.email.settings import EmailSettings
from channels.email.translate import translate
from hub.model.interactions import Automatic, InboundInteraction, Outcome, SenderCheck

SETTINGS = EmailSettings(
    address="support@shop.example",
    own_addresses=("help@shop.example",),
    authserv_id="mx.shop.example",
    imap_host="i.example",
    smtp_host="s.example",
)


def _read(*headers: str) -> InboundInteraction:
    content = "\r\n".join((*headers, "", "Hello")).encode()
    return translate(
        RawItem(external_key="INBOX:1.1", content=content, received_at=datetime(2026, 1, 1, tzinfo=UTC)),
        SETTINGS,
    )


def test_tokens_and_references() -> None:
    found = _read("From: Li <Li@Example.CN>", "Delivered-To: support+t7zabcdef@shop.example", "In-Reply-To: <r.t8zabcdef@shop.example>",
                  "References: <one@x.example> <two@x.example>", "Message-ID: <m@x.example>", "Reply-To: other@x.example")  # fmt: skip
    assert found.thread.tokens == ("t7zabcdef", "t8zabcdef")
    assert found.thread.references == ("r.t8zabcdef@shop.example", "two@x.example", "one@x.example")
    assert found.sender.identities[0].value == "li@example.cn"
    assert found.sender.identities[0].verified
    assert (found.reply_address, found.external_id, found.text, found.full_text) == (
        "other@x.example",
        "m@x.example",
        "Hello",
        "",
    )


def test_only_the_topmost_result_of_our_server_counts() -> None:
    ours_fail = "Authentication-Results: mx.shop.example; spf=pass; dmarc=fail (p=none)"
    forged = "Authentication-Results: mx.shop.example; dmarc=pass"
    spoofed = _read(ours_fail, forged, "From: a@b.example")
    assert (spoofed.sender.identities[0].verified, bool(spoofed.sender_warning)) == (False, True)
    assert (
        _read("Authentication-Results: elsewhere.example; dmarc=fail", "From: a@b.example")
        .sender.identities[0]
        .verified
    )


@pytest.mark.parametrize("sender", ["support@shop.example", "Help@Shop.example", "support+x@shop.example"])
def test_our_own_letters_are_loops_without_a_way_back(sender: str) -> None:
    found = _read(f"From: {sender}")
    assert (found.automatic, found.reply_address) == (Automatic.LOOP, "")


def test_a_letter_without_a_sender_is_kept_without_an_identity() -> None:
    assert _read("From: undisclosed", "Subject: x").sender.identities == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "shop"},
        {"address": "a+b@shop.example"},
        {"imap_port": 0},
        {"colour": "red"},
        {"smtp_user": "u"},
        {"display_name": "a\r\nb"},
        {"poll_seconds": 4000},
    ],
)
def test_wrong_settings_name_their_key(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong)).split("_")[0]):
        EmailSettings.model_validate(
            {"address": "a@shop.example", "imap_host": "i", "smtp_host": "s", **wrong}
        )


def test_a_letter_with_too_many_parts_is_not_half_read() -> None:
    parts = "".join("--b\r\n\r\nx\r\n" for _ in range(600))
    raw = f"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--\r\n"
    item = RawItem(
        external_key="INBOX:1.1", content=raw.encode(), received_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    with pytest.raises(CannotTranslate, match="500 parts"):
        translate(item, SETTINGS)


def test_answers_that_go_elsewhere_are_told() -> None:
    assert _read("From: a@b.example", "Reply-To: c@d.example").sender_warning == WARNING_ELSEWHERE
    assert _read("From: a@b.example", "Reply-To: A@B.example").sender_warning == ""
    assert _read("From: a@b.example").sender_warning == ""


def test_what_a_letter_says_beside_its_text() -> None:
    found = _read(
        "From: Li <Li@Example.CN>", "To: Shop <Support@Shop.example>, A <a@B.example>, a@b.example", "Cc: garbage, wang@c.example",
        "List-Id: News <news.list.example>", "Authentication-Results: mx.shop.example; dmarc=pass",
    )  # fmt: skip
    details = found.details
    assert details is not None and details.sender is not None
    assert (details.sender.address, details.sender.name) == ("li@example.cn", "Li")
    assert [one.address for one in details.to] == ["support@shop.example", "a@b.example"]
    assert [one.address for one in details.cc] == ["wang@c.example"]
    assert details.sender_check is SenderCheck.PASS and "news.list.example" in details.list_id
    assert not details.junk and not found.thread.passed_on


def test_a_letter_from_the_junk_folder_says_so() -> None:
    item = RawItem(
        external_key="Junk:1.1",
        content=b"From: a@b.example\r\n\r\nx",
        received_at=datetime(2026, 1, 1, tzinfo=UTC),
        meta={"junk": True},
    )
    details = translate(item, SETTINGS).details
    assert details is not None and details.junk


@pytest.mark.parametrize(
    ("results", "check"),
    [
        ("mx.shop.example; dmarc=pass", SenderCheck.PASS),
        ("mx.shop.example; spf=pass; dmarc=fail", SenderCheck.FAIL),
        ("mx.shop.example; dmarc=temperror", SenderCheck.UNKNOWN),
        ("mx.shop.example; spf=pass (a (b); dmarc=pass)", SenderCheck.UNKNOWN),
        ('mx.shop.example; spf=pass reason="x; dmarc=pass"', SenderCheck.UNKNOWN),
        ("mx.shop.example; spf=pass smtp.mailfrom=x.dmarc=pass", SenderCheck.UNKNOWN),
        ("mx.shop.example.evil; dmarc=pass", SenderCheck.UNKNOWN),
        ("((((((((((mx.shop.example; dmarc=pass", SenderCheck.UNKNOWN),
    ],
)
def test_what_our_own_server_says(results: str, check: SenderCheck) -> None:
    details = _read(f"Authentication-Results: {results}", "From: a@b.example").details
    assert details is not None and details.sender_check is check


@pytest.mark.parametrize(
    ("headers", "passed_on"),
    [
        (("Subject: Fwd: x",), True),
        (("Subject: =?utf-8?b?6L2s5Y+R77yaeA==?=",), True),
        (("Subject: Re: x",), False),
        (("Subject: x", "Resent-From: a@b.example"), True),
    ],
)
def test_what_is_passed_on_is_known(headers: tuple[str, ...], passed_on: bool) -> None:
    assert _read("From: a@b.example", *headers).thread.passed_on is passed_on


def test_a_report_says_what_became_of_each() -> None:
    text = (
        "From: MAILER-DAEMON@mx.example\r\nSubject: Delivery Status Notification\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n--b\r\n\r\nReport\r\n'
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        "Original-Recipient: rfc822; One@x.example\r\nFinal-Recipient: rfc822; box@y.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        "Final-Recipient: rfc822; two@x.example\r\nAction: delayed\r\nStatus: 4.4.1\r\n\r\n"
        "Final-Recipient: rfc822; three@x.example\r\nAction: delivered\r\nStatus: 2.0.0\r\n--b--\r\n"
    )
    item = RawItem(
        external_key="INBOX:1.1", content=text.encode(), received_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    found = translate(item, SETTINGS)
    assert found.bounce is not None and found.automatic is Automatic.BOUNCE
    told = {one.address: (one.outcome, one.permanent) for one in found.bounce.recipients}
    assert told == {
        "one@x.example": (Outcome.FAILED, True), "box@y.example": (Outcome.FAILED, True),
        "two@x.example": (Outcome.DELAYED, False), "three@x.example": (Outcome.DELIVERED, False),
    }  # fmt: skip


@pytest.mark.parametrize(
    "head",
    [
        ("From: Somebody", "Reply-To: victim@customer.example"),
        ("Sender: victim@customer.example",),
        ("From: victim@customer.example, evil@elsewhere.example",),
        ("From: victim@customer.example", "From: evil@elsewhere.example"),
    ],
)
def test_an_address_that_no_server_has_checked_is_only_claimed(head: tuple[str, ...]) -> None:
    said = _read(*head, "Subject: What did I write to you?")
    assert [(one.value, one.verified) for one in said.sender.identities] == [
        ("victim@customer.example", False)
    ]
    assert _read("From: Victim <Victim@customer.example>").sender.identities[0].verified


_OWN_GROUP = (
    "From: 'Li Na' via Support <support@shop.example>", "X-Original-From: Li Na <li@customer.example>",
    "X-Original-Sender: li@customer.example", "List-ID: <support.shop.example>", "To: support@shop.example",
)  # fmt: skip


def test_who_writes_to_our_own_group_is_a_person() -> None:
    """Pitfall 29: the group puts itself into From. What it adds is believed where our server says that the group sent it."""
    sent = _read("Authentication-Results: mx.shop.example; dmarc=pass", *_OWN_GROUP)
    (one,) = sent.sender.identities
    assert (one.value, one.verified, sent.sender.name) == ("li@customer.example", True, "Li Na")
    assert (sent.automatic, sent.reply_address) == (None, "li@customer.example")
    for nobody_says in ((), ("Authentication-Results: mx.shop.example; dmarc=fail",)):
        forged = _read(*nobody_says, *_OWN_GROUP)
        assert [i.verified for i in forged.sender.identities] == [False]


def test_a_group_that_leaves_from_alone_changes_nothing() -> None:
    plain = _read(
        "From: li@customer.example",
        "List-ID: Support <help.shop.example>",
        "X-Original-Sender: evil@x.example",
    )
    assert [(i.value, i.verified) for i in plain.sender.identities] == [("li@customer.example", True)]
    assert plain.automatic is None


def test_other_lists_are_lists_and_name_nobody() -> None:
    other = _read(
        "From: news@list.example", "List-ID: <news.list.example>", "X-Original-Sender: li@customer.example"
    )
    assert [i.value for i in other.sender.identities] == ["news@list.example"]
    assert other.automatic is Automatic.LIST
    assert (
        _read("From: support@shop.example", "X-Original-Sender: li@customer.example").automatic
        is Automatic.LOOP
    )


def test_one_of_several_senders_is_vouched_for_by_nobody() -> None:
    several = _read("Authentication-Results: mx.shop.example; dmarc=pass", "From: a@b.example, c@d.example")
    assert several.details is not None and several.details.sender_check is SenderCheck.UNKNOWN
    assert not any(i.verified for i in several.sender.identities)
