"""What is read from letters written for one pitfall each (numbers: the project's list of e-mail pitfalls)."""

# ruff: noqa: E501 - wire text reads better unbroken

import base64

import pytest

from channels.email.parse import parse_letter
from channels.email.replies.quotes import new_text


def _letter(headers: str, body: bytes = b"Hello", **more: str) -> bytes:
    return headers.strip().replace("\n", "\r\n").encode() + b"\r\n\r\n" + body


def test_gb2312_that_is_gb18030() -> None:
    body = "订单：㑇镕 €".encode("gb18030")
    letter = parse_letter(_letter("From: a@b.example\nContent-Type: text/plain; charset=gb2312", body))
    assert letter.text == "订单：㑇镕 €"


def test_adjacent_words_are_joined_before_decoding() -> None:
    raw = "退款问题".encode()
    words = "\r\n ".join(f"=?utf-8?b?{base64.b64encode(p).decode()}?=" for p in (raw[:4], raw[4:]))
    assert parse_letter(f"From: a@b.example\r\nSubject: {words}\r\n\r\nx".encode()).subject == "退款问题"


def test_decoded_headers_hold_no_line_end() -> None:
    letter = parse_letter(
        b"From: =?utf-8?q?x=0D=0ABcc=3A_e?= <a@b.example>\r\nSubject: =?utf-8?q?hi=0D=0ABcc:_e@x=00?=\r\n\r\nx"
    )
    assert letter.subject.isprintable()
    assert letter.from_name.isprintable()


@pytest.mark.parametrize(
    "history",
    [
        "On Mon, 1 Mar 2026 at 10:00, Shop <s@shop.example> wrote:\n> old",
        "Am 01.03.2026 um 10:00 schrieb Shop <s@shop.example>:\n> old",
        "Le 1 mars 2026 à 10:00, Shop <s@shop.example> a écrit :\n> old",
        '在 2026-03-01 10:00:00，"客服" <s@shop.example> 写道：\n> 旧',
        '------------------ 原始邮件 ------------------\n发件人: "客服" <s@shop.example>;\n旧',
        "2026年3月1日(日) 10:00 Shop <s@shop.example>:\n> old",
        "-----Original Message-----\nFrom: Shop\nSent: Monday\nSubject: x\n\nold",
        "发件人: 客服 <s@shop.example>\n发送时间: 2026年3月1日\n收件人: 我\n主题: x\n\n旧",
        "-- \nAnn\nShop Ltd",
        "Sent from my iPhone",
        "发自我的iPhone",
    ],
)
def test_history_and_signatures_go(history: str) -> None:
    assert new_text(f"Please help / 请帮忙\n\n{history}\n") == "Please help / 请帮忙"


def test_inline_answers_stay_and_nothing_is_lost_when_all_is_quoted() -> None:
    assert new_text("> a?\nyes\n> b?\nno") == "> a?\nyes\n> b?\nno"
    assert new_text("> only quoted") == "> only quoted"


def test_bounces_and_auto_replies() -> None:
    report = (
        b"From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered Mail Returned to Sender\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=B\r\n\r\n"
        b"--B\r\n\r\nNot delivered.\r\n--B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; gone@b.example\r\n"
        b"Action: ACTION\r\nStatus: 5.1.1\r\n\r\n--B\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <ours.t7zk@shop.example>\r\nSubject: x\r\n\r\nx\r\n--B--\r\n"
    )
    bounce = parse_letter(report.replace(b"ACTION", b"failed")).bounce
    assert bounce is not None
    assert (bounce.failed, bounce.recipients, bounce.status, bounce.original_message_id) == (
        True,
        ("gone@b.example",),
        "5.1.1",
        "ours.t7zk@shop.example",
    )
    delayed = parse_letter(report.replace(b"ACTION", b"delayed").replace(b"5.1.1", b"4.4.1"))
    assert delayed.bounce is not None
    assert (delayed.is_bounce, delayed.bounce.delayed) == (False, True)
    assert not parse_letter(_letter("From: a@b.example\nReturn-Path: <>\nSubject: hello")).is_bounce
    assert parse_letter(_letter("From: a@b.example\nSubject: 自动回复：外出")).is_auto_reply
    assert parse_letter(_letter("From: a@b.example\nAuto-Submitted: auto-replied (vacation)")).is_auto_reply
    assert not parse_letter(
        _letter("From: a@b.example\nAuto-Submitted: auto-forwarded\nX-Auto-Response-Suppress: None")
    ).is_auto_reply
