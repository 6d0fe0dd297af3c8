"""Delivery reports: every recipient with what became of it, which letter came back, and what only looks like a report."""

# ruff: noqa: E501 - wire text reads better unbroken

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.parse import Letter, parse_letter
from channels.email.reports.bounces import Bounce
from channels.email.settings import EmailSettings
from channels.email.translate import automatic_kind
from hub.model.interactions import Automatic
from tests.fakes.costs import assert_grows_evenly

SETTINGS = EmailSettings(address="support@shop.example", imap_host="i.example", smtp_host="s.example")
ROBOT = (
    "Return-Path: <>\nFrom: MAILER-DAEMON@mx.there.example (Mail Delivery System)\nTo: support@shop.example\n"
)


def _read(text: str) -> Letter:
    return parse_letter(text.replace("\n", "\r\n").encode())


def _bounce(text: str) -> Bounce:
    found = _read(text).bounce
    assert found is not None
    return found


def _report(
    *groups: str, head: str = ROBOT, subject: str = "Undelivered Mail Returned to Sender", returned: str = ""
) -> str:
    fields = "\n\n".join(("Reporting-MTA: dns; mx.there.example\nOriginal-Envelope-Id: env-7", *groups))
    back = (
        returned
        or "Content-Type: message/rfc822\n\nMessage-ID: <sent.t7@shop.example>\nFrom: support@shop.example\nTo: lin@there.example\n\nHello"
    )
    return (
        f"{head}Subject: {subject}\nMIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary=B\n\n"
        f"--B\n\nAbout your letter.\n--B\nContent-Type: message/delivery-status\n\n{fields}\n\n--B\n{back}\n--B--\n"
    )


def test_each_recipient_has_its_own_outcome() -> None:
    found = _bounce(_report(
        "Original-Recipient: rfc822;lin@there.example\nFinal-Recipient: rfc822; lin.wang@inner.there.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 no such user",
        "Final-Recipient: rfc822; mei@there.example\nAction: delayed\nStatus: 4.4.1",
        "Final-Recipient: rfc822; an@there.example\nAction: relayed\nStatus: 2.0.0",
        "Final-Recipient: rfc822; bo@there.example\nAction: failed\nStatus: 5.2.2",
    ))  # fmt: skip
    assert [(r.address, r.action, r.status) for r in found.reports] == [
        ("lin@there.example", "failed", "5.1.1"), ("mei@there.example", "delayed", "4.4.1"),
        ("an@there.example", "relayed", "2.0.0"), ("bo@there.example", "failed", "5.2.2"),
    ]  # fmt: skip
    assert found.reports[0].final == "lin.wang@inner.there.example"
    assert found.reports[0].reason == "550 5.1.1 no such user"
    assert found.failed
    assert found.recipients == ("lin@there.example", "bo@there.example", "lin.wang@inner.there.example")
    assert (found.status, found.reason) == ("5.1.1", "550 5.1.1 no such user")
    assert (found.envelope_id, found.original_message_id) == ("env-7", "sent.t7@shop.example")


@pytest.mark.parametrize(
    ("action", "status", "failed", "delayed", "kind"),
    [
        ("failed", "5.1.1", True, False, Automatic.BOUNCE),
        ("Failed (permanent)", "4.4.7", True, False, Automatic.BOUNCE),
        ("delayed", "4.4.1", False, True, Automatic.DELAYED),
        ("delivered", "2.1.5", False, False, Automatic.RECEIPT),
        ("relayed", "2.0.0", False, False, Automatic.RECEIPT),
        ("expanded", "2.0.0", False, False, Automatic.RECEIPT),
        ("", "5.2.2", True, False, Automatic.BOUNCE),
        ("", "2.0.0", False, False, Automatic.RECEIPT),
    ],
)
def test_only_failures_are_bounces(
    action: str, status: str, failed: bool, delayed: bool, kind: Automatic
) -> None:
    letter = _read(
        _report(
            f"Final-Recipient: rfc822; lin@there.example\nAction: {action}\nStatus: {status}",
            subject="Report",
        )
    )
    assert letter.bounce is not None
    assert (letter.bounce.failed, letter.bounce.delayed) == (failed, delayed)
    assert letter.is_bounce is failed
    assert letter.bounce.recipients == (("lin@there.example",) if failed else ())
    assert [r.address for r in letter.bounce.reports] == ["lin@there.example"]
    assert automatic_kind(letter, SETTINGS) is kind


@pytest.mark.parametrize(
    "returned",
    [
        "Content-Type: text/rfc822-headers\n\nMessage-ID: <sent.t7@shop.example>\nSubject: x",
        "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nTWVzc2FnZS1JRDogPHNlbnQudDdAc2hvcC5leGFtcGxlPg0KU3ViamVjdDogeA0KDQp4",
        "Content-Type: text/plain\n\nThe letter was:\n\n  Message-ID: <sent.t7@shop.example>\n  Subject: x",
    ],
    ids=["headers", "base64", "in words"],
)
def test_the_returned_letter_is_known_wherever_its_id_stands(returned: str) -> None:
    group = "Final-Recipient: rfc822; lin@there.example\nAction: failed\nStatus: 5.0.0"
    assert _bounce(_report(group, returned=returned)).original_message_id == "sent.t7@shop.example"


def test_the_answered_letter_is_the_returned_one_where_nothing_else_says_so() -> None:
    group = "Final-Recipient: rfc822; lin@there.example\nAction: failed\nStatus: 5.0.0"
    head = ROBOT + "In-Reply-To: <sent.t7@shop.example>\n"
    assert _bounce(_report(group, head=head, returned="\n")).original_message_id == "sent.t7@shop.example"


def test_fields_that_a_gateway_turned_into_text_are_read() -> None:
    text = ROBOT + (
        "Subject: failed\n\nSorry.\n\n   Reporting-MTA: dns; mx\n\n   Final-Recipient: RFC822; <lin@there.example>\n   Action: failed\n   Status: 5.7.1 (refused)\n\n"
        "   Final-Recipient: RFC822; <mei@there.example>\n   Action: delayed\n   Status: 4.4.1\n"
    )
    expected = [("lin@there.example", "failed", "5.7.1"), ("mei@there.example", "delayed", "4.4.1")]
    assert [(r.address, r.action, r.status) for r in _bounce(text).reports] == expected
    person = text.replace(ROBOT, "From: Lin <lin@there.example>\n").replace(
        "Subject: failed", "Subject: what is this?"
    )
    assert _read(person).bounce is None


def test_a_vague_status_gives_way_to_the_precise_one() -> None:
    found = _bounce(
        _report(
            "Final-Recipient: rfc822; lin@there.example\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 552 5.2.2 full"
        )
    )
    assert found.status == "5.2.2"


def test_a_failure_without_an_address_is_told_by_the_header() -> None:
    head = ROBOT + "X-Failed-Recipients: lin@there.example\n"
    found = _bounce(
        _report("Final-Recipient: rfc822; /var/mail/lin\nAction: failed\nStatus: 5.2.2", head=head)
    )
    assert found.recipients == ("lin@there.example",)


def test_each_recipient_in_a_text_keeps_its_own_reason() -> None:
    found = _bounce(
        ROBOT
        + "Subject: failure notice\n\n<lin@there.example>:\nRemote host said: 550 5.1.1 unknown\n\n<mei@there.example>:\nRemote host said: 552 5.2.2 full\n"
    )
    assert [(r.address, r.status, r.reason) for r in found.reports] == [
        ("lin@there.example", "5.1.1", "Remote host said: 550 5.1.1 unknown"),
        ("mei@there.example", "5.2.2", "Remote host said: 552 5.2.2 full"),
    ]


def test_a_report_inside_a_gateways_wrapping_is_read() -> None:
    inner = (
        _report("Final-Recipient: rfc822; lin@there.example\nAction: failed\nStatus: 5.1.1")
        .replace("--B", "--C")
        .replace("boundary=B", "boundary=C")
    )
    outer = f"{ROBOT}Subject: Delivery Status Notification (Failure)\nContent-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: message/rfc822\n\n{inner}\n--B--\n"
    assert [(r.address, r.status) for r in _bounce(outer).reports] == [("lin@there.example", "5.1.1")]


def test_where_to_ask_for_help_is_no_recipient_and_the_returned_letter_is_not_read_for_more() -> None:
    found = _bounce(
        ROBOT
        + "Subject: Undeliverable\n\nYour mail could not be delivered. Contact: help@there.example\n\n--- Original message follows ---\n"
        "Received: by mx\nFrom: support@shop.example\nTo: lin@there.example\nSubject: x\n\nRecipient: other@elsewhere.example\n550 5.9.9 <third@elsewhere.example>\n"
    )
    assert (found.recipients, found.status) == (("lin@there.example",), "")


def test_gateways_without_a_robots_name_are_believed_when_they_speak_as_mail_systems_do() -> None:
    said = "From: symantec_smtp_gateway@there.example\nTo: support@shop.example\nSubject: Delivery failure notification\n\nYour message could not be delivered to the following recipients:\n\nlin@there.example\n"
    found = _bounce(said)
    assert (found.failed, found.recipients) == (True, ("lin@there.example",))
    late = _bounce(said + "\nDelivery attempts will continue to be made for 5 days.\n")
    assert (late.failed, late.delayed, late.reports[0].action) == (False, True, "delayed")
    assert _read(said.replace("symantec_smtp_gateway", "lin")).bounce is None


def test_a_success_in_words_is_neither_failure_nor_delay() -> None:
    found = _bounce(
        ROBOT
        + "Subject: Delivery Status Notification (Success)\n\n<lin@there.example>: 250 2.1.5 delivered\n"
    )
    assert (found.failed, found.delayed, found.recipients) == (False, False, ())


def test_a_notice_as_json() -> None:
    event = {
        "notificationType": "Bounce",
        "bounce": {"bouncedRecipients": [{"emailAddress": "lin@there.example", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 unknown"}, {"emailAddress": "mei@there.example"}]},
        "mail": {"messageId": "0101", "headers": [{"name": "Message-ID", "value": "<sent.t7@shop.example>"}]},
    }  # fmt: skip
    text = (
        "From: no-reply@sns.example\nSubject: Notification\n\n"
        + json.dumps({"Type": "Notification", "Message": json.dumps(event)})
        + "\n\n--\nfooter"
    )
    found = _bounce(text)
    assert found.recipients == ("lin@there.example", "mei@there.example")
    assert (found.status, found.reason, found.original_message_id) == (
        "5.1.1",
        "550 5.1.1 unknown",
        "sent.t7@shop.example",
    )
    delivered = (
        text.replace("Bounce", "Delivery")
        .replace("bounce\\\\", "delivery\\\\")
        .replace("bouncedRecipients", "recipients")
        .replace('\\"bounce\\"', '\\"delivery\\"')
    )
    arrived = _bounce(delivered)
    assert (arrived.failed, arrived.delayed) == (False, False)
    for broken in (
        '{"notificationType":"Bounce"}',
        '{"notificationType":' + "[" * 50_000,
        '{"notificationType":"Bounce","bounce":{"bouncedRecipients":[1,{}]}}',
    ):
        assert _read("From: no-reply@sns.example\nSubject: Notification\n\n" + broken).bounce is None


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Delayed Mail (still being retried)", "I'm sorry to have to inform you that your message could not be delivered to one or more recipients yet.\n\n<lin@there.example>: connect to mx.there.example: Connection timed out"),
        ("Warning: could not send message for past 4 hours", "**  THIS IS A WARNING MESSAGE ONLY  **\n**  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **\n\n   ----- Transcript of session follows -----\nlin@there.example... Deferred: Connection timed out"),
        ("Warning--Could not send mail for past 8 hours", "---The following addresses had delivery errors---\n\nlin@there.example [Connection timed out]"),
        ("Warning: message 1abc-0001 delayed 24 hours", "A message that you sent has not yet been delivered to one or more of its recipients after more than 24 hours.\n  lin@there.example\nNo action is required on your part. Delivery attempts will continue"),
        ("Delivery Status Notification (Delay)", "Delivery to the following recipient has been delayed:\n     lin@there.example\nMessage will be retried for 2 more day(s)"),
        ("Delivery incomplete", "There was a temporary problem delivering your message to lin@there.example. We will retry for 46 more hours. You will be notified if the delivery fails permanently."),
        ("Zustellung verzögert: Ihre Bestellung", "Die Zustellung an lin@there.example verzögert sich. 450 4.4.1"),
        ("Retard de remise : Votre commande", "La remise à lin@there.example est retardée. 450 4.4.1"),
        ("邮件投递延迟通知", "您的邮件暂时无法投递到 lin@there.example，系统将继续尝试。450 4.4.1"),
        ("Message status", "lin@there.example: the mailbox is busy. This is only a warning; we will keep trying. 450 4.2.1"),
        ("配信遅延: ご注文", "lin@there.example への配信が遅延しています。450 4.4.1"),
    ],
)  # fmt: skip
def test_delays_are_not_failures(subject: str, text: str) -> None:
    letter = _read(f"{ROBOT}Subject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n{text}\n")
    assert letter.bounce is not None
    assert (letter.bounce.failed, letter.bounce.delayed) == (False, True)
    assert automatic_kind(letter, SETTINGS) is Automatic.DELAYED


PERSON = "From: Lin <lin@there.example>\nTo: support@shop.example\n"


@pytest.mark.parametrize(
    "letter",
    [
        PERSON + "Subject: Delivery failed\n\nYour courier says: address not found. Please deliver to 5 High Street, my mail is lin@there.example.",
        PERSON + "Subject: Returned mail order\n\nI returned the parcel, the mailbox was full, could not be delivered to me.",
        PERSON + "Subject: Delivery failed\n\nI paid 550 yuan, but the courier says the address is unknown. Recipient: mei@there.example",
        PERSON + "Subject: Mail to you is undeliverable\n\nWhat is wrong with your address? I got this:\n\n<sales@shop.example>: host mx said: 550 5.1.1 User unknown\n\nReporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; sales@shop.example\nAction: failed\nStatus: 5.1.1\n",
        PERSON + "Subject: Mail delivery failed\nContent-Type: multipart/mixed; boundary=B\n\n--B\n\nsales@shop.example could not be delivered: user unknown. Why?\n--B\nContent-Type: message/rfc822\n\nMessage-ID: <sent.t7@shop.example>\nSubject: x\n\nx\n--B--\n",
        PERSON + "Subject: 退货被退回\n\n快递说地址不存在，无法投递，请联系 lin@there.example",
        PERSON + "Subject: Fwd: Undelivered Mail Returned to Sender\n\nI got this from you:\n\n<lin@there.example>: host mx said: 550 5.1.1 User unknown\n",
        PERSON + "Subject: Re: failure notice\nIn-Reply-To: <x@shop.example>\n\nWhat does 550 5.1.1 <lin@there.example> user unknown mean?\n\n-----Original Message-----\nFrom: a@b.example\nTo: c@d.example\nSubject: failure notice\n\nx",
        PERSON + "Return-Path: <>\nSubject: hello\n\nA letter without a return path.",
        PERSON + "Return-Path: <>\nSubject: Automatic reply: your order\nAuto-Submitted: auto-replied\n\nI am away. My mailbox is full; write to mei@there.example instead.",
        PERSON + "Return-Path: <>\nAuto-Submitted: auto-replied\nSubject: Please confirm your message\n\nYour message was not delivered yet: user lin@there.example wants you to answer this letter first.",
        PERSON + "Return-Path: <>\nX-Autoreply: yes\nSubject: x\nContent-Type: multipart/mixed; boundary=B\n\n--B\n\nlin@there.example is not available.\nuser lin@there.example is not available until Monday.\n--B\nContent-Type: message/rfc822\n\nMessage-ID: <sent.t7@shop.example>\nSubject: x\n\nx\n--B--\n",
        "Return-Path: <>\nFrom: Postmaster <postmaster@there.example>\nSubject: Welcome\n\nYour new mailbox is ready. Write to lin@there.example with questions.",
    ],
    ids=["parcel", "returned goods", "five hundred and fifty", "quoted", "attached", "parcel zh", "forwarded", "asked about", "null path", "vacation", "challenge", "vacation with original", "welcome"],
)  # fmt: skip
def test_what_only_looks_like_a_bounce(letter: str) -> None:
    kind = "" if "multipart" in letter else "Content-Type: text/plain; charset=utf-8\n"
    assert _read(kind + letter).bounce is None


def test_receipts_and_complaints_are_events() -> None:
    for kind in ("disposition-notification", "feedback-report"):
        body = f"{ROBOT}Subject: Undeliverable\nContent-Type: multipart/report; report-type={kind}; boundary=B\n\n--B\n\nuser unknown\n--B\nContent-Type: message/{kind}\n\nFinal-Recipient: rfc822; lin@there.example\nDisposition: manual-action/MDN-sent-manually; deleted\n\n--B--\n"
        letter = _read(body)
        assert letter.bounce is None
        assert automatic_kind(letter, SETTINGS) is Automatic.RECEIPT
    refused = body.replace("feedback-report", "disposition-notification").replace(
        "Subject:", "Auto-Submitted: auto-replied (rejected)\nSubject:"
    )
    assert _bounce(refused).recipients == ("lin@there.example",)


@pytest.mark.parametrize(
    "line",
    ["550 " * 170, "a@" * 330, "<a@b.example>: " * 40, "rcpt to: " * 70, "x" * 690 + "@", "recipient " * 65 + "@", "Final-Recipient: x\n\n" * 30, "user " * 130 + "unknow", "-" * 660 + "original", "X-A: b\n" * 90, "(550 5.1.1 " * 60],
)  # fmt: skip
def test_no_bait_holds_the_reader(line: str) -> None:
    """Neither for the length of its lines, nor for their number: of as many as are read of a text, and of more."""
    read = 60_000 // len(line)

    def letter(line: str, count: int) -> bytes:
        text = f"{ROBOT}Subject: {'delivery status notification ' * 200}\n\n" + (line + "\n") * count
        return text.encode()

    assert_grows_evenly(lambda long: letter(line[-long:], read), parse_letter, len(line))
    for many in (read, 400_000 // len(line)):
        assert_grows_evenly(lambda count: letter(line, count), parse_letter, many)


@given(st.lists(st.sampled_from(["Final-Recipient: rfc822;", "Action: failed", "Status: 5", "\n", "a@b.example", "<", ">:", "550 5.1.1 ", "--B", "--B--", "Content-Type: message/delivery-status", "Content-Type: message/rfc822\n",
                                "Received: x", "To: ", "{", '"notificationType":', "Content-Type: multipart/report; boundary=B", "\x00", "Diagnostic-Code: ;", "收件人：", "@", "RCPT TO:", "- original message"]), max_size=50))  # fmt: skip
def test_no_arrangement_raises(pieces: list[str]) -> None:
    parse_letter((ROBOT + "Subject: Undeliverable\n\n" + "\n".join(pieces)).encode())
    parse_letter((ROBOT + "\n".join(pieces)).encode())
