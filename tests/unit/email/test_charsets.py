"""Charsets as sent and as meant, in every place of a letter."""

# ruff: noqa: E501 - tables of letters read better unbroken

import base64
from urllib.parse import quote

import pytest

from channels.email.characters.charsets import decode, guess, stated_charset, undouble
from channels.email.characters.labels import codec_of
from channels.email.parse import parse_letter

WORDS = {
    "zh": (
        "张伟",
        "关于订单的问题：退款与发票",
        "您好，我上周买的冰箱还没有发货，请尽快处理。\n订单号 20260302。",
        "三月发票.pdf",
    ),
    "tw": (
        "陳小明",
        "關於訂單的問題",
        "您好，我上週買的冰箱還沒有出貨，請儘快處理並回覆。",
        "二月份發票.pdf",
    ),
    "ja": (
        "山田太郎",
        "注文番号の件について",
        "先日購入した商品がまだ届いておりません。ご確認をお願いいたします。",
        "請求書.pdf",
    ),
    "ko": (
        "김민수",
        "주문 취소 문의드립니다",
        "안녕하세요. 어제 주문한 상품을 취소하고 환불받고 싶습니다.",
        "영수증.pdf",
    ),
    "ru": (
        "Иван Петров",
        "Вопрос по заказу",
        "Здравствуйте! Когда будет доставлен мой заказ?",
        "Счёт на оплату.pdf",
    ),
    "de": ("Jürgen Müller", "Rückfrage zur Größe", "Ich möchte größere Schuhe. Grüße", "Übersicht.pdf"),
    "pl": (
        "Łukasz Żółw",
        "Pytanie o zamówienie",
        "Proszę o informację, kiedy wyślecie zamówienie.",
        "Zamówienie.pdf",
    ),
    "el": ("Γιώργος", "Ερώτηση για την παραγγελία", "Πότε θα έρθει η παραγγελία μου;", "Τιμολόγιο.pdf"),
}
SENT = [  # language, codec the bytes are in, label the letter gives them
    ("zh", "gb2312", "gb2312"), ("zh", "gb18030", "GBK"), ("zh", "gbk", "cp936"), ("zh", "gbk", "x-gbk"), ("zh", "gbk", "utf-8"),
    ("zh", "gbk", "us-ascii"), ("zh", "gbk", "iso-8859-1"), ("zh", "gbk", "big5"), ("zh", "utf-8", "gb2312"), ("zh", "utf-8", "iso-8859-1"),
    ("zh", "gbk", "x-unknown"), ("zh", "gbk", "iso-gb2312"), ("zh", "utf-8", "uft-8"), ("zh", "utf-8", "utf8mb4"),
    ("tw", "big5", "big5"), ("tw", "big5", "x-x-big5"), ("tw", "big5hkscs", "big5-hkscs"), ("tw", "big5", "gb2312"), ("tw", "big5", "utf-8"),
    ("tw", "utf-8", "big5"), ("tw", "gbk", "gb2312"), ("ja", "iso2022_jp", "iso-2022-jp"), ("ja", "iso2022_jp", "iso-2022-jp-ms"),
    ("ja", "iso2022_jp_3", "iso-2022-jp-3"), ("ja", "iso2022_jp_2004", "iso-2022-jp-2004"), ("ja", "iso2022_jp", "us-ascii"),
    ("ja", "cp932", "shift_jis"), ("ja", "cp932", "windows-31j"), ("ja", "cp932", "iso-2022-jp"), ("ja", "cp932", "utf-8"),
    ("ja", "euc_jp", "euc-jp"), ("ja", "euc_jp", "x-euc-jp"), ("ja", "euc_jp", "utf-8"), ("ja", "utf-8", "iso-2022-jp"),
    ("ko", "cp949", "ks_c_5601-1987"), ("ko", "euc_kr", "euc-kr"), ("ko", "iso2022_kr", "iso-2022-kr"), ("ko", "cp949", "us-ascii"),
    ("ru", "koi8-r", "koi8-r"), ("ru", "cp1251", "win-1251"), ("ru", "cp1251", "iso-8859-1"), ("ru", "mac_cyrillic", "x-mac-cyrillic"),
    ("ru", "koi8-r", "us-ascii"), ("ru", "cp866", "ibm866"), ("de", "latin1", "us-ascii"), ("de", "cp1252", "iso-8859-1"), ("de", "utf-8", "latin1"),
    ("de", "mac_roman", "macintosh"), ("de", "latin1", "fakescii-7"), ("de", "iso8859-15", "iso8859_15"), ("pl", "cp1250", "windows-1250"),
    ("pl", "iso8859-2", "iso-8859-2"), ("el", "cp1253", "iso-8859-7"), ("el", "iso8859-7", "iso-8859-7"),
]  # fmt: skip


def _word(text: str, codec: str, label: str) -> bytes:
    return f"=?{label}?B?{base64.b64encode(text.encode(codec)).decode()}?=".encode()


@pytest.mark.parametrize(("language", "codec", "label"), SENT)
def test_labelled(language: str, codec: str, label: str) -> None:
    name, subject, text, file = WORDS[language]
    raw = (
        b"From: %s <a@b.example>\r\nSubject: %s\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\nContent-Type: text/plain; charset=%s\r\n\r\n%s\r\n"
        b"--B\r\nContent-Disposition: attachment; filename*=%s''%s\r\n\r\nx\r\n--B--"
        % (_word(name, codec, label), _word(subject, codec, label), label.encode(), text.encode(codec), label.encode(),
           quote(file.encode(codec)).encode())
    )  # fmt: skip
    letter = parse_letter(raw)
    assert (letter.from_name, letter.subject, letter.text) == (name, subject, text)
    assert [a.filename for a in letter.attachments] == [file]


@pytest.mark.parametrize(
    ("language", "codec", "label"),
    [s for s in SENT if s[1] != "iso2022_kr"] + [("zh", "gbk", ""), ("tw", "big5", ""), ("ja", "euc_jp", ""), ("ja", "cp932", ""), ("ru", "koi8-r", "")],
)  # fmt: skip
def test_raw_headers_and_file_names(language: str, codec: str, label: str) -> None:
    name, subject, text, file = (w.encode(codec) for w in WORDS[language])
    stated = f"; charset={label}".encode() if label else b""
    raw = (
        b'From: "%s" <a@b.example>\r\nSubject: %s\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\nContent-Type: text/plain%s\r\n\r\n%s\r\n'
        b'--B\r\nContent-Disposition: attachment; filename="%s"\r\n\r\nx\r\n--B--'
        % (name, subject, stated, text, file)
    )
    letter = parse_letter(raw)
    found = (letter.from_name, letter.subject, letter.text, letter.attachments[0].filename)
    assert found == WORDS[language]


@pytest.mark.parametrize(
    ("data", "label", "text"),
    [
        ("①②㈱".encode("cp932"), "shift_jis", "①②㈱"),
        (b"\x1b$B-!\x1b(B", "iso-2022-jp", "①"),
        (b"\x1b(I123\x1b(B", "iso-2022-jp", "ｱｲｳ"),
        (b"\xad\xa1 \xa4\xa2", "euc-jp", "① あ"),
        ("～".encode("cp932"), "shift_jis", "～"),
        ("〜".encode("iso2022_jp"), "iso-2022-jp", "〜"),
        ("您好，我的订单".encode("utf-16-le"), "utf-16", "您好，我的订单"),
        ("您好，我的订单".encode("utf-16-be"), "utf-16", "您好，我的订单"),
        ("您好".encode("utf-16"), "", "您好"),
        ("hello there".encode("utf-16-le"), "", "hello there"),
        (b"plain", "utf-16", "plain"),
        (b"Gr+APY-sse", "unicode-1-1-utf-7", "Größe".replace("ße", "sse")),
        ("退款".encode("hz"), "hz-gb-2312", "退款"),
        (b"caf\xe9 \x80\x81", "iso-8859-1", "café €\x81"),
        (b"\xef\xbb\xbfhello \xc3\xa9", "", "hello é"),
        ("关于订单".encode()[:-1], "utf-8", "关于订\ufffd"),
        ("嘅".encode("big5hkscs"), "big5", "嘅"),
        ("ｱｲｳｴｵｶｷｸｹｺ".encode("cp932"), "shift_jis", "ｱｲｳｴｵｶｷｸｹｺ"),
        ("お世话になっております".encode("gbk"), "gb2312", "お世话になっております"),
        (b"\xa4\xe9\x92\xc0\xb8", "base64", "¤é’À¸"),
        (b"x", "rot13", "x"),
    ],
)
def test_odd_ones(data: bytes, label: str, text: str) -> None:
    assert decode(data, label) == text


@pytest.mark.parametrize(
    "label",
    [
        "base64",
        "rot13",
        "zlib",
        "idna",
        "unicode_escape",
        "undefined",
        "punycode",
        "hex",
        "mbcs",
        "\x00",
        "a" * 5000,
        "?" * 70,
    ],
)
def test_codecs_that_are_no_charsets_are_not_reached(label: str) -> None:
    assert codec_of(label) == ""


def test_what_was_encoded_twice_is_undone_only_where_that_is_certain() -> None:
    assert undouble("RÃ¼ckfrage fÃ¼r") == "Rückfrage für"
    assert undouble("å·®å‡ºäºº") == "差出人"
    for kept in ("Ã¼", "Grüße", "São Paulo", "Ã¼ber 5 € für", "Â£5"):
        assert undouble(kept) == kept


def test_what_a_gateway_took_for_latin_is_undone_with_the_label() -> None:
    text = "關於訂單的問題"
    garbled = text.encode("big5").decode("latin-1").encode()
    raw = b"Subject: " + garbled + b"\r\nContent-Type: text/plain; charset=big5\r\n\r\n" + garbled
    assert (parse_letter(raw).subject, parse_letter(raw).text) == (text, text)
    assert decode("Größe für Ähnliches".encode(), "gb2312") == "Größe für Ähnliches"


@pytest.mark.parametrize(
    "text",
    [
        "éèêë",
        "àâäçéèêëîïôöùûü",
        "ÀÂÄÇÉÈÊË",
        "äöüÄÖÜß",
        "ÄÄÄÄ ÖÖÖÖ",
        "ñáéíóú",
        "¿Qué? ¡Sí!",
        "«É»",
        "§§ ½ °C",
        "Straße für Ärger",
    ],
)
def test_lists_of_accented_letters_stay_what_their_label_says(text: str) -> None:
    assert decode(text.encode("latin-1"), "iso-8859-1") == text


def test_escapes_that_were_lost_are_put_back_only_where_they_stood() -> None:
    # 季 is "5(" and 測 is "B,": between them an end seems to stand, at an odd place.
    text = "季測と計測"
    assert decode(text.encode("iso2022_jp").replace(b"\x1b", b""), "iso-2022-jp") == text
    assert decode(b"costs $Before (BIG) sale", "iso-2022-jp") == "costs $Before (BIG) sale"


def test_the_hint_is_the_first_label_that_says_something() -> None:
    raw = b"Content-Type: text/plain; charset=utf-8\r\nx: charset=us-ascii; charset*0*=nonsense; charset=Big5; charset=gbk"
    assert stated_charset(raw) == "Big5"
    assert guess("林怡君".encode("big5"), "big5") == "林怡君"
