"""What is read from letters written for one pitfall each (numbers: the project's list of e-mail pitfalls)."""

# ruff: noqa: E501 - wire text reads better unbroken

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.adapter import CannotTranslate
from channels.email.limits import MAX_RAW
from channels.email.parse import parse_letter, parse_to_dict
from channels.email.quotes import new_text



def _letter(headers: str, body: bytes = b"Hello", **more: str) -> bytes:
    return headers.strip().replace("\n", "\r\n").encode() + b"\r\n\r\n" + body


def test_gb2312_that_is_gb18030() -> None:
    body = "订单：㑇镕 €".encode("gb18030")
    letter = parse_letter(_letter("From: a@b.example\nContent-Type: text/plain; charset=gb2312", body))
    assert letter.text == "订单：㑇镕 €"


@pytest.mark.parametrize(
    ("codec", "label"),
    [
        ("cp932", "shift_jis"),
        ("big5", "big5"),
        ("cp949", "ks_c_5601-1987"),
        ("iso2022_jp", "iso-2022-jp"),
        ("utf-8", "us-ascii"),
        ("utf-8", "gb2312"),
        ("gb18030", ""),
    ],
)
def test_charsets_as_meant(codec: str, label: str) -> None:
    text = {
        "cp932": "注文の件です①",
        "big5": "關於訂單的問題",
        "cp949": "주문 문의",
        "iso2022_jp": "注文の件です",
    }.get(codec, "关于订单的问题请尽快处理")
    assert (
        parse_letter(
            _letter(f"From: a@b.example\nContent-Type: text/plain; charset={label}", text.encode(codec))
        ).text
        == text
    )


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
    ("disposition", "name"),
    [
        ("attachment; filename*=utf-8''%E5%8F%91%E7%A5%A8.pdf; filename=x.pdf", "发票.pdf"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ("attachment; filename*0*=utf-8''%E5%8F; filename*1*=%91.pdf", "发.pdf"),
        ('attachment; filename="=?utf-8?b?5Y+R56Wo?=.pdf"', "发票.pdf"),
        ('attachment; filename="gnp\u202excod.exe"', "gnpxcod.exe"),
        ('attachment; filename=""', "attachment.pdf"),
        ('attachment; filename="CON"', "_CON"),
    ],
)
def test_file_names(disposition: str, name: str) -> None:
    head = "From: a@b.example\nContent-Type: multipart/mixed; boundary=B"
    body = f"--B\r\n\r\nhi\r\n--B\r\nContent-Type: application/pdf\r\nContent-Disposition: {disposition}\r\n\r\nDATA\r\n--B--\r\n"
    letter = parse_letter(_letter(head, body.encode()))
    assert [(a.filename, a.data) for a in letter.attachments] == [(name, b"DATA")]
    assert letter.text == "hi"


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


@given(st.binary(max_size=3000))
def test_no_bytes_raise(data: bytes) -> None:
    parse_letter(data)


@given(st.lists(st.sampled_from([b"--B\r\n", b"--B--\r\n", b"Content-Type: multipart/mixed; boundary=B\r\n", b"\r\n", b"From: (((<a@b>,\r\n", b"=?utf-8?b?4?=",
                                b"Subject: ", b"Content-Transfer-Encoding: base64\r\n", b"\xff\xfe", b"<div", b"text", b"Content-Type: text/html; charset=\x00\r\n"]), max_size=60))  # fmt: skip
def test_no_arrangement_raises(pieces: list[bytes]) -> None:
    parse_to_dict(b"".join(pieces))


def _nested(count: int) -> bytes:
    return (
        b"From: a@b.example\r\n"
        + b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(count)
        )
        + b"\r\nx"
    )


@pytest.mark.parametrize(
    "bomb",
    [b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n" + b"--B\r\n\r\n" * 50_000, _nested(3000),
     b"From: a@b.example\r\nSubject: " + b" =?utf-8?q?x?=" * 32_000 + b"\r\n\r\nx", b"From: " + b"(" * 100_000 + b"a@b.example\r\n\r\nx",
     b"From: a@b.example\r\nContent-Type: text/html\r\n\r\n" + b"<div>" * 100_000, b"From: a@b.example\r\nTo: " + b"a@b.example," * 200_000 + b"\r\n\r\nx",
     b"From: a@b.example\r\nContent-Type: text/plain" + b';a="' * 8000 + b"\r\n\r\nx", b"From: a@b.example\r\n\r\n" + b"> " * 200_000,
     b"From: a@b.example\r\n\r\n" + b"On 1.1.2026 " * 9000 + b"\r\n", b"From: a@b.example\r\n\r\n" + b"On 1.1.2026 10:00\r\n" * 20_000, b"X: y\r\n" * 60_000 + b"\r\nx",
     b"From: a@b.example\r\nContent-Type: text/html\r\n\r\n" + b"<" * 400_000, b"From: a@b.example\r\nContent-Type: text/html\r\n\r\n" + b'<img src="cid:' * 30_000],
    ids=["parts", "nested", "words", "comments", "div", "recipients", "params", "quotes", "wrote", "wrote-lines", "headers", "angles", "cids"],
)  # fmt: skip
def test_no_bait_holds_the_reader(bomb: bytes) -> None:
    start = time.perf_counter()
    parse_to_dict(bomb)
    assert time.perf_counter() - start < 2


def test_too_many_parts_still_show_who_wrote() -> None:
    letter = parse_letter(
        b"From: a@b.example\r\nSubject: s\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n"
        + b"--B\r\n\r\n" * 5000
    )
    assert (letter.from_address, letter.subject, letter.degraded) == ("a@b.example", "s", True)
    assert "too many parts" in letter.text


def test_a_letter_above_the_size_is_refused() -> None:
    with pytest.raises(CannotTranslate):
        parse_letter(b"x" * (MAX_RAW + 1))


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
