"""What is wrapped up in a letter: winmail.dat, S/MIME, PGP, uuencode, calendars, rich text."""

# ruff: noqa: E501 - wire text reads better unbroken

import struct
import zlib

import pytest

from channels.email.parts.invite import read_invite
from channels.email.parts.pgp import inline_security, without_frame
from channels.email.parts.rtf import read_rtf, unpack_rtf
from channels.email.parts.smime import unwrap
from channels.email.parts.tnef import read_tnef
from channels.email.parts.uu import cut_uuencoded, uudecode
from hub.model.interactions import Invite
from tests.fakes.wrappings import attachment_props, compressed, encrypted, prop, props, signed, tnef, utf16


def test_tnef_text_and_files() -> None:
    found = read_tnef(
        tnef(
            (0x00069007, struct.pack("<II", 936, 0)),
            (0x00069003, props(prop(0x1E, 0x1000, "报价单".encode("gbk") + b"\0"))),
            (0x00069002, b""),
            (0x00018010, b"SHORT~1.PDF\0"),
            (0x0006800F, b"%PDF"),
            (
                0x00069005,
                props(prop(0x1F, 0x3707, utf16("报价单 2026.pdf")), prop(0x1F, 0x3712, utf16("cid1"))),
            ),
            (0x00069002, b""),
            (0x00018010, b"notes.txt\0"),
            (0x0006800F, b"hi"),
        )
    )
    assert found is not None
    assert found.text == "报价单"
    assert [(f.name, f.data, f.content_id) for f in found.files] == [
        ("报价单 2026.pdf", b"%PDF", "cid1"),
        ("notes.txt", b"hi", ""),
    ]


def test_tnef_says_by_which_code_page_it_is_written() -> None:
    for page, text in ((1250, "łódź"), (1251, "Ёлка"), (936, "报价单")):
        said = (0x0002800C, text.encode(f"cp{page}") + b"\0")
        found = read_tnef(tnef((0x00069007, struct.pack("<II", page, 0)), said))
        assert found is not None and found.text == text


def test_tnef_html_beats_rich_text_and_named_properties_are_stepped_over() -> None:
    named = struct.pack("<HH16sII", 0x1F, 0x8001, b"g" * 16, 0, 7) + struct.pack("<II", 1, 4) + utf16("x")
    named_by_text = (
        struct.pack("<HH16sII", 0x03, 0x8002, b"g" * 16, 1, 6) + b"a\0b\0\0\0\0\0" + struct.pack("<I", 9)
    )
    many = struct.pack("<HHI", 0x1003, 0x6001, 3) + b"\0" * 12
    html = prop(0x102, 0x1013, b"<p>caf\xe9</p>")
    found = read_tnef(
        tnef(
            (
                0x00069003,
                struct.pack("<I", 5) + named + named_by_text + many + html + prop(0x102, 0x1009, b"\0" * 20),
            )
        )
    )
    assert found is not None
    assert found.html == "<p>café</p>"


def test_tnef_letter_in_a_letter() -> None:
    inner = tnef((0x00018004, b"Inner\0"), (0x0002800C, b"deep\0"))
    found = read_tnef(tnef((0x00069002, b""), (0x00069005, props(prop(0x0D, 0x3701, b"i" * 16 + inner)))))
    assert found is not None
    assert [(f.name, f.data) for f in found.files] == [("Inner.txt", b"deep")]


@pytest.mark.parametrize("cut", range(0, 140, 7))
def test_tnef_cut_off_anywhere(cut: int) -> None:
    whole = tnef(
        (0x0002800C, b"text\0"),
        (0x00069003, props(prop(0x1F, 0x1000, utf16("text")))),
        *attachment_props(b"DATA"),
    )
    found = read_tnef(whole[:cut])
    assert (found is None) == (cut < 4)


def test_rich_text_unpacks_and_reads() -> None:
    # The example of MS-OXRTFCP 3.1.
    packed = (
        b"-\0\0\0+\0\0\0LZFu\xf1\xc5\xc7\xa7\x03\0\n\0rcpg125B2\n\xf3 hel\t\0 bw\x05\xb0ld}\n\x80\x0f\xa0"
    )
    assert unpack_rtf(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert read_rtf(
        rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\pard Gr\'fc\'dfe\par \u20320?\uc2\u22909 ??\line{\*\generator x;}{\*\nobodyknows hidden}end}"
    ) == ("Grüße\n你好\nend", "")
    assert unpack_rtf(b"") == unpack_rtf(b"\0" * 40) == b""
    assert unpack_rtf(b"\0" * 8 + b"MELA" + b"\0" * 4 + rb"{\rtf1 hi}") == rb"{\rtf1 hi}", "not packed at all"


def test_rich_text_writes_an_emoji_in_two_halves() -> None:
    """[MS-OXRTFEX] and the RTF specification know no larger number than one of 16 bits. One half alone is no character."""
    assert read_rtf(rb"{\rtf1 \uc1 Hi \u-10179?\u-8704? \u0?\'00and \u-10179?x}") == (
        "Hi \U0001f600 and \ufffdx",
        "",
    )
    html = rb"{\rtf1\fromhtml1 {\*\htmltag64 <p>}\u-10179?\u-8704?}"
    assert read_rtf(html) == ("", "<p>\U0001f600")


@pytest.mark.parametrize(
    ("wrapped", "text", "html"),
    [
        ((0x0002800C, b"te\0xt\0"), "text", ""),
        ((0x00069003, props(prop(0x1F, 0x1000, utf16("te\0xt")))), "text", ""),
        ((0x00069003, props(prop(0x1F, 0x1013, utf16("<p>a\0b</p>")))), "", "<p>ab</p>"),
        ((0x00069003, props(prop(0x102, 0x1013, b"<p>a\0b\xe9</p>"))), "", "<p>ab\xe9</p>"),
    ],
)
def test_nothing_of_a_tnef_is_more_than_a_database_keeps(
    wrapped: tuple[int, bytes], text: str, html: str
) -> None:
    found = read_tnef(tnef(wrapped))
    assert found is not None and (found.text, found.html) == (text, html)


def test_rich_text_made_from_html_becomes_html_again() -> None:
    source = rb"{\rtf1\ansi\ansicpg936\fromhtml1{\fonttbl{\f0 A;}}{\*\htmltag64 <p class=\'22x\'22>}\htmlrtf {\b not shown \htmlrtf0 \'d6\'d0\'81\'39\'ee\'39 \{a\}\htmlrtf }\htmlrtf0{\*\htmltag72 </p>}}"
    assert read_rtf(source) == ("", '<p class="x">中㐀 {a}</p>')


@pytest.mark.parametrize("indefinite", [False, True])
def test_smime_signed_is_opened(indefinite: bool) -> None:
    found = unwrap(signed(b"Content-Type: text/plain\r\n\r\nhello", indefinite=indefinite))
    assert found is not None
    assert (found.kind, found.content) == ("signed", b"Content-Type: text/plain\r\n\r\nhello")


def test_smime_encrypted_compressed_and_broken() -> None:
    closed, opened = unwrap(encrypted()), unwrap(compressed(b"\r\nhi" * 1000))
    assert closed is not None
    assert (closed.kind, closed.content) == ("encrypted", None)
    assert opened is not None
    assert opened.content == b"\r\nhi" * 1000
    assert unwrap(b"") is unwrap(b"no BER at all") is unwrap(b"\x30\x80") is None


def test_smime_unpacks_no_more_than_it_may() -> None:
    found = unwrap(compressed(b"a" * 5_000_000), 1000)
    assert found is not None
    assert found.content == b"a" * 1000
    assert zlib.decompress(zlib.compress(b"a")) == b"a"


def test_pgp_in_a_text() -> None:
    text = "Hi\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nPay me.\n- -----\n-----BEGIN PGP SIGNATURE-----\n\nabc=\n-----END PGP SIGNATURE-----\nPS\n"
    assert inline_security(text) == "signed"
    assert without_frame(text) == "Hi\nPay me.\n-----\nPS\n"
    assert inline_security("-----BEGIN PGP MESSAGE-----\nx\n") == "encrypted"
    assert inline_security("they wrote: > -----BEGIN PGP MESSAGE----- yesterday") == ""
    assert without_frame("plain") == "plain"


def test_uuencoded_files_in_a_text() -> None:
    text = "before\nbegin 644 a b.txt\n%:&5L;&\\`\n`\nend\nbetween\nbegin-base64 644 c.bin\naGVsbG8=\n====\nafter\nbegin 2 apples\nbegin 644 nothing\nhere"
    rest, files = cut_uuencoded(text)
    assert rest == "before\nbetween\nafter\nbegin 2 apples\nbegin 644 nothing\nhere"
    assert [(f.name, f.data) for f in files] == [("a b.txt", b"hello"), ("c.bin", b"hello")]
    assert uudecode(b"begin 644 x\r\n%:&5L;&\\`\r\n`\r\nend\r\nmore") == b"hello"


EVENT = "BEGIN:VCALENDAR\r\nMETHOD:request\r\nBEGIN:VEVENT\r\nORGANIZER;CN=Li Na:mailto:li@customer.example\r\n{when}\r\nSUMMARY:a\\, b\r\nLOCATION:Room\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


@pytest.mark.parametrize(
    ("when", "starts", "ends"),
    [
        (
            "DTSTART:20260302T100000Z\r\nDURATION:PT90M",
            "2026-03-02T10:00:00+00:00",
            "2026-03-02T11:30:00+00:00",
        ),
        (
            "DTSTART;TZID=Europe/Berlin:20260702T100000\r\nDTEND;TZID=Europe/Berlin:20260702T110000",
            "2026-07-02T10:00:00+02:00",
            "2026-07-02T11:00:00+02:00",
        ),
        ("DTSTART;TZID=China Standard Time:20260302T100000", "2026-03-02T10:00:00+08:00", ""),
        ("DTSTART;TZID=Nobody knows:20260302T100000", "2026-03-02T10:00:00", ""),
        ("DTSTART;VALUE=DATE:20260302\r\nDTEND;VALUE=DATE:20260303", "2026-03-02", "2026-03-03"),
        ("X-NONE:1", "", ""),
    ],
)
def test_invitations(when: str, starts: str, ends: str) -> None:
    found = read_invite(EVENT.replace("{when}", when).encode())
    organiser = "Li Na <li@customer.example>"
    assert found == Invite(
        method="REQUEST", summary="a, b", starts_at=starts, ends_at=ends, place="Room", organiser=organiser
    )


def test_what_is_no_invitation() -> None:
    assert read_invite(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR") is None
    assert read_invite(b"BEGIN:VEVENT\r\nDTSTART:nonsense\r\n") is None
    assert read_invite(EVENT.encode() + b"x" * 300_000) is None
