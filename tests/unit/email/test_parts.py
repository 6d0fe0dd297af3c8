"""Which part of a letter is text, which is a file, and how files are called."""

# ruff: noqa: E501 - wire text reads better unbroken
import base64

import pytest

from channels.email.characters.params import parse_params
from channels.email.characters.words import decode_words
from channels.email.parse import parse_letter
from channels.email.parts.attachments import safe_filename
from channels.email.parts.headers import split_headers
from channels.email.parts.html_text import clean_html, text_from_html, too_costly
from channels.email.parts.transfer import decode_transfer

HEAD = b"From: a@b.example\r\nSubject: s\r\n"


def _mixed(*parts: bytes, kind: bytes = b"mixed") -> bytes:
    return (
        HEAD
        + b"Content-Type: multipart/"
        + kind
        + b"; boundary=B\r\n\r\n"
        + b"".join(b"--B\r\n" + p + b"\r\n" for p in parts)
        + b"--B--\r\n"
    )


def _read(raw: bytes) -> tuple[str, list[str]]:
    letter = parse_letter(raw)
    return letter.text, [a.filename for a in letter.attachments]


PLAIN = b"Content-Type: text/plain\r\n\r\nhello"
PAGE = b"Content-Type: text/html\r\n\r\n<p>hello <b>you</b></p>"


@pytest.mark.parametrize(
    ("raw", "text", "files"),
    [
        (_mixed(PLAIN, PAGE, kind=b"alternative"), "hello", []),
        (_mixed(PAGE, kind=b"alternative"), "hello you", []),
        (_mixed(PLAIN, PLAIN), "hello\nhello", []),
        (_mixed(PLAIN, b"Content-Type: text/plain; name=a.txt\r\n\r\nx"), "hello", ["a.txt"]),
        (_mixed(PLAIN, b"Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nx"), "hello", ["attachment.txt"]),
        (_mixed(b"Content-Type: text/plain; name=body.txt\r\n\r\nhi", b"Content-Type: text/html; name=body.html\r\n\r\n<p>hi</p>", kind=b"alternative"), "hi", []),
        (HEAD + b"Content-Type: text/plain; name=letter.txt\r\n\r\nhi", "hi", []),
        (HEAD + b"Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nhi", "", ["a.txt"]),
        (HEAD + b"Content-Type: image/png; name=a.png\r\n\r\nhi", "", ["a.png"]),
        (HEAD + b"Content-Type: plain/text\r\n\r\nhi", "hi", []),
        (HEAD + b"Content-Type: text\r\n\r\nhi", "hi", []),
        (HEAD + b"Content-Type: nonsense\r\n\r\nhi", "hi", []),
        (HEAD + b"Content-Type: text/html charset=utf-8\r\n\r\n<p>\xc3\xa9</p>", "é", []),
        (HEAD + b"Content-Type: multipart/mixed\r\n\r\n--X\r\n\r\nhi\r\n--X--", "hi", []),
        (HEAD + b"Content-Type: multipart/mixed; boundary=Y\r\n\r\nno parts at all", "no parts at all", []),
        (HEAD + b"Content-Type: multipart/mixed; boundary=B\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(b"--B\r\n\r\nhi\r\n--B--"), "hi", []),
        (HEAD + b"Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n\r\nnever closed", "never closed", []),
        (_mixed(b"Content-Type: multipart/mixed; boundary=B-B\r\n\r\n--B-B\r\n\r\none\r\n--B-B--", PLAIN), "one\nhello", []),
        (_mixed(PLAIN, b"Content-Type: message/rfc822\r\n\r\nSubject: a/b\r\n\r\n--B2\r\nx"), "hello", ["b.eml"]),
        (_mixed(PLAIN, b"Content-Type: image/png\r\nContent-ID: <image001.png@01D>\r\n\r\nx"), "hello", ["image001.png"]),
        (_mixed(PLAIN, b"Content-Type: image/png\r\nContent-Description: the photo.png\r\n\r\nx"), "hello", ["image.png"]),
        (_mixed(PLAIN, b"Content-Type: application/pdf\r\nContent-Location: http://x.example/a/bill.pdf?x=1\r\n\r\nx"), "hello", ["bill.pdf"]),
        (_mixed(PLAIN, b"Content-Type: text/x-amp-html\r\n\r\n<html amp>", kind=b"alternative"), "hello", []),
        (b"\xef\xbb\xbf" + HEAD + b"\r\nhi", "hi", []),
        (HEAD.replace(b"\r\n", b"\r") + b"\rhi\rthere", "hi\nthere", []),
        (b"\r\n\r\n" + HEAD + b"\r\nhi", "hi", []),
        (b"From x@y Mon Mar  2 10:00:00 2026\r\n" + HEAD + b"\r\nhi", "hi", []),
        (HEAD + b"Content-Type: text/plain\r\n\r\none\r\r\ntwo", "one\ntwo", []),
    ],
)  # fmt: skip
def test_text_and_files(raw: bytes, text: str, files: list[str]) -> None:
    assert _read(raw) == (text, files)


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("attachment; filename*=utf-8''%E5%8F%91%E7%A5%A8.pdf; filename=x.pdf", "发票.pdf"),
        ("attachment; filename*=UTF-8''%E5%8F%91%E7%A5%A8.pdf", "发票.pdf"),
        ("attachment; filename*=gb2312''%B7%A2%C6%B1.pdf", "发票.pdf"),
        ("attachment; filename*0*=utf-8''%E5%8F; filename*1*=%91.pdf", "发.pdf"),
        ("attachment; filename*1*=%91.pdf; filename*0*=utf-8''%E5%8F", "发.pdf"),
        ("attachment; filename*0*=utf-8''%E5%8F%91; filename*1*=utf-8''%E7%A5%A8.pdf", "发票.pdf"),
        ('attachment; filename*0="long na"; filename*1="me.pdf"', "long name.pdf"),
        ("attachment; filename*0*=utf-8''%E5%8F%91; filename*1=\" plain.pdf\"", "发 plain.pdf"),
        ('attachment; filename="=?utf-8?b?5Y+R56Wo?=.pdf"', "发票.pdf"),
        ("attachment; filename==?utf-8?b?5Y+R56Wo?=.pdf", "发票.pdf"),
        ('attachment; filename="=?utf-8?q?a=5Fb.pdf?="', "a_b.pdf"),
        ("attachment; filename=\"utf-8''%E5%8F%91%E7%A5%A8.pdf\"", "发票.pdf"),
        ('attachment; filename="100%.pdf"', "100%.pdf"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="C:\\\\Users\\\\x\\\\bill.pdf"', "bill.pdf"),
        ('attachment; filename="gnp\u202excod.exe"', "gnpxcod.exe"),
        ('attachment; filename=""', "attachment.pdf"),
        ('attachment; filename="."', "attachment.pdf"),
        ('attachment; filename="CON"', "_CON"),
        ("attachment; filename='single.pdf'", "single.pdf"),
        ("attachment; filename=two words.pdf", "two words.pdf"),
        ('attachment; filename="a;b.pdf"; size=3', "a;b.pdf"),
        ('attachment; filename="open.pdf; size=3', "open.pdf"),
        ("inline; size=3; name=old.pdf", "old.pdf"),
    ],
)
def test_file_names(disposition: str, name: str) -> None:
    part = f"Content-Type: application/pdf\r\nContent-Disposition: {disposition}\r\n\r\nDATA".encode()
    letter = parse_letter(_mixed(PLAIN, part))
    assert [(a.filename, a.data) for a in letter.attachments] == [(name, b"DATA")]


@pytest.mark.parametrize("named_first", [True, False])
def test_one_calendar_is_kept_the_one_with_a_name(named_first: bool) -> None:
    calendar = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR"
    named = b'Content-Type: text/calendar; name="invite.ics"\r\n\r\n' + calendar
    bare = (
        b"Content-Type: text/calendar; method=REQUEST\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + base64.b64encode(calendar + b"\r\n")
    )
    other = b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nX:1\r\nEND:VCALENDAR"
    assert _read(_mixed(PLAIN, *((named, bare) if named_first else (bare, named)))) == (
        "hello",
        ["invite.ics"],
    )
    assert _read(_mixed(PLAIN, bare, other)) == ("hello", ["invitation.ics", "invitation.ics"])


@pytest.mark.parametrize(
    "name",
    [
        "长" * 300 + ".pdf",
        "a" * 400,
        "." * 50,
        "a/" * 200,
        "\u202e" * 9,
        "x." + "y" * 400,
        "..",
        "\ud800.txt",
        " .hidden ",
    ],
)
def test_any_name_becomes_one_that_can_be_kept(name: str) -> None:
    safe = safe_filename(name)
    assert len(safe.encode()) <= 255
    assert "/" not in safe
    assert safe.strip(". ") == safe
    assert safe.isprintable() or not safe


def test_types_that_say_nothing_are_told_by_the_name() -> None:
    parts = (
        b'Content-Type: application/octet-stream; name="a.pdf"\r\n\r\nx',
        b'Content-Type: x/y<script>; name="b"\r\n\r\nx',
        b'Content-Type: image/png; name="c.pdf"\r\n\r\nx',
        b'Content-Type: application/octet-stream; name="a.txt.gz"\r\n\r\nx',
    )
    assert [a.content_type for a in parse_letter(_mixed(PLAIN, *parts)).attachments] == [
        "application/pdf",
        "application/octet-stream",
        "image/png",
        "application/octet-stream",
    ]


def test_parameters() -> None:
    assert parse_params(b'Text/Plain; CHARSET = "utf-8" (comment); x') == ("text/plain", {"charset": "utf-8"})
    assert parse_params(b"text/plain; charset=us-ascii (Plain text)") == (
        "text/plain",
        {"charset": "us-ascii"},
    )
    assert parse_params(b'text/plain; name="a\\"b"; charset=x') == (
        "text/plain",
        {"name": 'a"b', "charset": "x"},
    )
    assert parse_params(b"") == ("", {})


@pytest.mark.parametrize(
    ("encoding", "raw", "data"),
    [
        (b"base64", b"aGVs\r\nbG8", b"hello"),
        (b"BASE64 (comment)", b"aGVsbG8=", b"hello"),
        (b'"base64"', b"aGVs!!bG8=", b"hello"),
        (b"base64", b"just words, no encoding at all here", b"just words, no encoding at all here"),
        (b"base64", b"aGVsbG8=\r\n-- \r\nlist footer here", b"hello\n-- \r\nlist footer here"),
        (b"quoted-printable", b"a=3Db=\r\nc= \r\nd=C3=A9=", b"a=bcd\xc3\xa9"),
        (b"quoted/printable", b"=E9", b"\xe9"),
        (b"7bit;", b"x", b"x"),
        (b"x-uuencode", b"begin 644 a\r\n%:&5L;&\\`\r\n`\r\nend", b"hello"),
        (b"whatever", b"x", b"x"),
    ],
)
def test_transfer_encodings(encoding: bytes, raw: bytes, data: bytes) -> None:
    assert decode_transfer(raw, encoding, "text/plain") == data


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?a?==?utf-8?q?b?=", "ab"),
        ("x =?utf-8?q?a?= y", "x a y"),
        ("=?utf-8*en?q?a?=", "a"),
        ("=?utf-8?q?why? =3F?=", "why? ?"),
        ("=?utf-8?b?4oKs?= =?iso-8859-1?q?=E9?=", "€é"),
        ("=?utf-8?b?5Y+R56Wo", "=?utf-8?b?5Y+R56Wo"),
        ("=?utf-8?b?5Y-R56Wo?=", "发票"),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("=?utf-8?q?=3D=3Futf-8=3Fq=3Fa=3F=3D?=", "=?utf-8?q?a?="),
        ("=?utf-8?b??=", ""),
        ("a =? b ?= c", "a =? b ?= c"),
    ],
)
def test_encoded_words(written: str, read: str) -> None:
    assert decode_words(written) == read


def test_a_line_that_lost_its_indentation_costs_nobody_the_sender() -> None:
    found, body, _ = split_headers(b"Subject: a\r\nstray words\r\nFrom: a@b.example\r\n\r\nbody", top=True)
    assert (found["from"], body) == ([b" a@b.example"], b"body")
    found, body, _ = split_headers(b"From: a@b.example\r\nhello\r\nSubject: in the text\r\n\r\nx", top=True)
    assert ("subject" in found, body[:5]) == (False, b"hello")


def test_html_becomes_text_and_safe() -> None:
    page = "<style>p{}</style><p>One&nbsp;two</p><script>x()</script><ul><li>a<li>b</ul>"
    assert text_from_html(page).split() == ["One", "two", "*", "a", "*", "b"]
    assert "script" not in clean_html(page)
    bait = "<div>" * 600 + "deep<script>x()</script>"
    assert too_costly(bait)
    assert clean_html(bait) == "<pre>deep</pre>"
    assert text_from_html("<DIV>İ" * 600 + "<STYLE>x</STYLE>end").endswith("end")
