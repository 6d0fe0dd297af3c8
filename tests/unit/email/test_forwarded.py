"""Who wrote what was passed on: the first block after the mark, in many programs' words."""

# ruff: noqa: E501 - wire text reads better unbroken
import pytest

from channels.email.parse import parse_letter
from channels.email.replies.forwarded import read_forwarded
from hub.model.interactions import Forwarded

BLOCKS = {
    "gmail en": (
        "Fwd: Hi",
        "see below\n\n---------- Forwarded message ---------\nFrom: Ann Smith <ann@x.example>\nDate: Mon, Mar 2, 2026 at 10:00 AM\nSubject: Hi\nTo: <me@y.example>\n\n\nbody",
        Forwarded(
            address="ann@x.example", name="Ann Smith", subject="Hi", sent="Mon, Mar 2, 2026 at 10:00 AM"
        ),
    ),
    "gmail old": (
        "Fwd: Hi",
        "---------- Forwarded message ----------\nFrom: *Ann Smith* <ann@x.example>\nDate: 2026-03-02 10:00 GMT+01:00\nSubject: Hi\nTo: me <me@y.example>\n",
        Forwarded(address="ann@x.example", name="Ann Smith", subject="Hi", sent="2026-03-02 10:00 GMT+01:00"),
    ),
    "gmail zh": (
        "Fwd: 你好",
        "---------- Forwarded message ---------\n发件人： 张伟 <zw@x.example>\nDate: 2026年3月2日周一 10:00\nSubject: 你好\nTo: <me@y.example>\n\nx",
        Forwarded(address="zw@x.example", name="张伟", subject="你好", sent="2026年3月2日周一 10:00"),
    ),
    "apple": (
        "Fwd: Hi",
        "Begin forwarded message:\n\n> From: Ann Smith <ann@x.example>\n> Subject: Hi\n> Date: 2 March 2026 at 10:00:00 CET\n> To: me@y.example\n> \n> body",
        Forwarded(
            address="ann@x.example", name="Ann Smith", subject="Hi", sent="2 March 2026 at 10:00:00 CET"
        ),
    ),
    "apple nq": (
        "Fwd: Hi",
        "Begin forwarded message:\n\nFrom: Ann Smith <ann@x.example>\nSubject: Hi\nDate: 2 March 2026 at 10:00:00 CET\nTo: me@y.example\n\nbody",
        Forwarded(
            address="ann@x.example", name="Ann Smith", subject="Hi", sent="2 March 2026 at 10:00:00 CET"
        ),
    ),
    "apple zh": (
        "Fwd: 你好",
        '开始转发的邮件：\n\n> 发件人： "张伟" <zw@x.example>\n> 主题： 你好\n> 日期： 2026年3月2日 GMT+8 10:00:00\n> 收件人： me@y.example\n',
        Forwarded(address="zw@x.example", name="张伟", subject="你好", sent="2026年3月2日 GMT+8 10:00:00"),
    ),
    "apple de": (
        "Fwd: Hi",
        "Anfang der weitergeleiteten Nachricht:\n\n> Von: Ann Smith <ann@x.example>\n> Betreff: Hi\n> Datum: 2. März 2026 um 10:00:00 MEZ\n> An: me@y.example\n",
        Forwarded(
            address="ann@x.example", name="Ann Smith", subject="Hi", sent="2. März 2026 um 10:00:00 MEZ"
        ),
    ),
    "apple fr": (
        "Fwd: Hi",
        "Début du message réexpédié :\n\n> De: Ann Smith <ann@x.example>\n> Objet: Hi\n> Date: 2 mars 2026 à 10:00:00 UTC+1\n> À: me@y.example\n",
        Forwarded(
            address="ann@x.example", name="Ann Smith", subject="Hi", sent="2 mars 2026 à 10:00:00 UTC+1"
        ),
    ),
    "outlook": (
        "FW: Hi",
        "FYI\n\nFrom: Ann Smith <ann@x.example>\nSent: Monday, March 2, 2026 10:00 AM\nTo: Me <me@y.example>\nSubject: Hi\n\nbody",
        Forwarded(
            address="ann@x.example", name="Ann Smith", subject="Hi", sent="Monday, March 2, 2026 10:00 AM"
        ),
    ),
    "outlook de": (
        "WG: Hi",
        "\n\nVon: Ann Smith [mailto:ann@x.example]\nGesendet: Montag, 2. März 2026 10:00\nAn: me@y.example\nBetreff: Hi\n\nbody",
        Forwarded(address="ann@x.example", name="Ann Smith", subject="Hi", sent="Montag, 2. März 2026 10:00"),
    ),
    "outlook fr": (
        "TR: Hi",
        "De : Ann Smith <ann@x.example>\nEnvoyé : lundi 2 mars 2026 10:00\nÀ : me@y.example\nObjet : Hi\n\nbody",
        Forwarded(address="ann@x.example", name="Ann Smith", subject="Hi", sent="lundi 2 mars 2026 10:00"),
    ),
    "outlook es": (
        "RV: Hi",
        "De: Ann Smith <ann@x.example>\nEnviado el: lunes, 2 de marzo de 2026 10:00\nPara: me@y.example\nAsunto: Hi\n",
        Forwarded(
            address="ann@x.example", name="Ann Smith", subject="Hi", sent="lunes, 2 de marzo de 2026 10:00"
        ),
    ),
    "outlook zh": (
        "转发: 你好",
        "发件人: 张伟 <zw@x.example>\n发送时间: 2026年3月2日 10:00\n收件人: me@y.example\n主题: 你好\n\nx",
        Forwarded(address="zw@x.example", name="张伟", subject="你好", sent="2026年3月2日 10:00"),
    ),
    "outlook zh-tw": (
        "轉寄: 你好",
        "寄件者: 陳小明 <c@x.example>\n寄件日期: 2026年3月2日 上午 10:00\n收件者: me@y.example\n主旨: 你好\n",
        Forwarded(address="c@x.example", name="陳小明", subject="你好", sent="2026年3月2日 上午 10:00"),
    ),
    "outlook ja": (
        "転送: 件",
        "差出人: 山田 <y@x.example>\n送信日時: 2026年3月2日 10:00\n宛先: me@y.example\n件名: 件\n",
        Forwarded(address="y@x.example", name="山田", subject="件", sent="2026年3月2日 10:00"),
    ),
    "qq": (
        "转发：你好",
        '\n\n------------------ 原始邮件 ------------------\n发件人: "张伟" <zw@x.example>;\n发送时间: 2026年3月2日(星期一) 上午10:00\n收件人: "我"<me@y.example>;\n主题: 你好\n\nx',
        Forwarded(address="zw@x.example", name="张伟", subject="你好", sent="2026年3月2日(星期一) 上午10:00"),
    ),
    "qq2": (
        "转发：你好",
        '------------------&nbsp;转发邮件&nbsp;------------------\n发件人: "张伟"<zw@x.example>\n发送时间: 2026年3月2日(星期一) 上午10:00\n',
        Forwarded(address="zw@x.example", name="张伟", subject="", sent="2026年3月2日(星期一) 上午10:00"),
    ),
    "163": (
        "转发:你好",
        "\n\n---- 转发的邮件 ----\n发件人：张伟<zw@x.example>\n发送日期：2026-03-02 10:00:00\n收件人：me@y.example\n主题：你好\n",
        Forwarded(address="zw@x.example", name="张伟", subject="你好", sent="2026-03-02 10:00:00"),
    ),
    "163m": (
        "转发：你好",
        '-------- 转发邮件信息 --------\n发件人："张伟" <zw@x.example>\n发送日期：2026-03-02 10:00:00\n收件人：me@y.example\n主题：你好',
        Forwarded(address="zw@x.example", name="张伟", subject="你好", sent="2026-03-02 10:00:00"),
    ),
    "163at": (
        "Fw:你好",
        "---- 回复的原邮件 ----\n| 发件人 | 张伟<zw@x.example> |\n| 发送日期 | 2026年03月02日 10:00 |\n| 收件人 | me@y.example |\n| 主题 | 你好 |\n",
        Forwarded(address="zw@x.example", name="张伟", subject="你好", sent="2026年03月02日 10:00"),
    ),
    "foxmail": (
        "转发: 你好",
        "\n \n发件人： 张伟\n发送时间： 2026-03-02 10:00\n收件人： me\n主题： 你好\n",
        Forwarded(address="", name="张伟", subject="你好", sent="2026-03-02 10:00"),
    ),
    "thunderbird": (
        "Fwd: Hi",
        "\n\n-------- Forwarded Message --------\nSubject: \tHi\nDate: \tMon, 2 Mar 2026 10:00:00 +0100\nFrom: \tAnn Smith <ann@x.example>\nTo: \tme@y.example\n\nbody",
        Forwarded(
            address="ann@x.example", name="Ann Smith", subject="Hi", sent="Mon, 2 Mar 2026 10:00:00 +0100"
        ),
    ),
    "tb de": (
        "Fwd: Hi",
        "-------- Weitergeleitete Nachricht --------\nBetreff: \tHi\nDatum: \tMon, 2 Mar 2026 10:00:00 +0100\nVon: \tAnn Smith <ann@x.example>\nAn: \tme@y.example\n",
        Forwarded(
            address="ann@x.example", name="Ann Smith", subject="Hi", sent="Mon, 2 Mar 2026 10:00:00 +0100"
        ),
    ),
    "tb ja": (
        "Fwd: 件",
        "-------- 転送メッセージ --------\n件名: \t件\n日付: \tMon, 2 Mar 2026\n差出人: \t山田 <y@x.example>\n宛先: \tme@y.example\n",
        Forwarded(address="y@x.example", name="山田", subject="件", sent="Mon, 2 Mar 2026"),
    ),
    "tb zh": (
        "Fwd: 你",
        "-------- 转发的消息 --------\n主题: \t你\n日期: \tMon, 2 Mar 2026\n发件人: \t张伟 <zw@x.example>\n收件人: \tme@y.example\n",
        Forwarded(address="zw@x.example", name="张伟", subject="你", sent="Mon, 2 Mar 2026"),
    ),
    "ru": (
        "Fwd: Привет",
        "-------- Пересылаемое сообщение --------\nОт: Иван <i@x.example>\nДата: 2 марта\nТема: Привет\nКому: me@y.example\n",
        Forwarded(address="i@x.example", name="Иван", subject="Привет", sent="2 марта"),
    ),
    "outlook.com underscore": (
        "FW: Hi",
        "\n________________________________\nFrom: Ann <ann@x.example>\nSent: Monday\nTo: me\nSubject: Hi\n",
        Forwarded(address="ann@x.example", name="Ann", subject="Hi", sent="Monday"),
    ),
    "yahoo": (
        "Fw: Hi",
        '----- Forwarded Message -----\nFrom: Ann Smith <ann@x.example>\nTo: "me@y.example" <me@y.example>\nSent: Monday, March 2, 2026 at 10:00:00 AM GMT+1\nSubject: Hi\n',
        Forwarded(
            address="ann@x.example",
            name="Ann Smith",
            subject="Hi",
            sent="Monday, March 2, 2026 at 10:00:00 AM GMT+1",
        ),
    ),
    "lotus": (
        "Fw: Hi",
        "----- Forwarded by Bob/Acme on 02.03.2026 10:00 -----\n\nFrom: Ann/Acme\nTo: Bob/Acme@Acme\nDate: 02.03.2026 09:00\nSubject: Hi\n",
        Forwarded(address="", name="Ann/Acme", subject="Hi", sent="02.03.2026 09:00"),
    ),
    "reply not fwd": (
        "Re: Hi",
        "Thanks\n\n-----Original Message-----\nFrom: Ann <ann@x.example>\nSent: Monday\nTo: me\nSubject: Hi\n\nx",
        None,
    ),
    "plain from": ("Fwd: Hi", "I come from: nowhere\nhello", None),
    "ko": (
        "전달: 안녕",
        "-----Original Message-----\n보낸사람: 김민수 <k@x.example>\n날짜: 2026\n받는사람: me@y\n제목: 안녕\n",
        Forwarded(address="k@x.example", name="김민수", subject="안녕", sent="2026"),
    ),
    "wrapped": (
        "Fwd: Hi",
        "---------- Forwarded message ---------\nFrom: A Very Long Name Of A Person In A Company\n<ann@x.example>\nDate: Mon\nSubject: Hi there this is a long subject\nthat wraps\nTo: me\n\nx",
        Forwarded(
            address="ann@x.example",
            name="A Very Long Name Of A Person In A Company",
            subject="Hi there this is a long subject that wraps",
            sent="Mon",
        ),
    ),
    "mailto dup": (
        "FW: Hi",
        "From: ann@x.example<mailto:ann@x.example> <ann@x.example<mailto:ann@x.example>>\nSent: Mon\nSubject: Hi\n",
        Forwarded(address="ann@x.example", name="ann@x.example", subject="Hi", sent="Mon"),
    ),
    "owa md": (
        "Fwd: Hi",
        "*From:* Ann <ann@x.example>\n*Sent:* Monday\n*To:* me\n*Subject:* Hi\n",
        Forwarded(address="ann@x.example", name="Ann", subject="Hi", sent="Monday"),
    ),
    "it": (
        "I: Ciao",
        "-----Messaggio originale-----\nDa: Ann [mailto:ann@x.example]\nInviato: lunedì\nA: me\nOggetto: Ciao\n",
        Forwarded(address="ann@x.example", name="Ann", subject="Ciao", sent="lunedì"),
    ),
    "pt": (
        "ENC: Oi",
        "De: Ann <ann@x.example>\nEnviada em: segunda\nPara: me\nAssunto: Oi\n",
        Forwarded(address="ann@x.example", name="Ann", subject="Oi", sent="segunda"),
    ),
}


@pytest.mark.parametrize("name", BLOCKS)
def test_blocks(name: str) -> None:
    subject, text, expected = BLOCKS[name]
    assert read_forwarded(subject, text, []) == expected


def test_only_the_first_block_after_the_mark_counts() -> None:
    text = "write to a@other.example\n---------- Forwarded message ---------\nFrom: B <b@x.example>\nDate: x\n\nFrom: C <c@x.example>\nDate: y\n"
    found = read_forwarded("Fwd: x", text, [])
    assert found is not None
    assert found.address == "b@x.example"


def test_a_letter_inside_and_a_report_that_holds_one() -> None:
    raw = (
        b"From: a@x.example\r\nSubject: see\r\nContent-Type: multipart/KIND; boundary=B\r\n\r\n--B\r\n\r\nhi\r\n--B\r\nContent-Type: message/rfc822\r\n\r\n"
        b"From: Ann <ann@x.example>\r\nSubject: inner\r\nDate: Mon, 02 Mar 2026 10:00:00 +0800\r\n\r\nx\r\n--B--"
    )
    found = parse_letter(raw.replace(b"KIND", b"mixed")).forwarded
    assert found == Forwarded(
        address="ann@x.example", name="Ann", subject="inner", sent="Mon, 02 Mar 2026 10:00:00 +0800"
    )
    assert parse_letter(raw.replace(b"KIND", b"report")).forwarded is None


@pytest.mark.parametrize(
    "mark",
    ["-----Tovabbitott uzenet-----", "以下是转寄的邮件：", "FORWARDED MESSAGE", "Weıtergeleıtete Nachrıcht"],
)
def test_a_mark_that_only_forwards_have_needs_no_word_in_the_subject(mark: str) -> None:
    found = read_forwarded("Hi", f"{mark}\nFrom: Ann <ann@x.example>\nDate: x\n", [])
    assert found is not None and found.address == "ann@x.example"
    assert read_forwarded("Hi", "Original Message\nFrom: Ann <ann@x.example>\nDate: x\n", []) is None
