"""Letters made to hold the reader or to bring it down: each is read, cut or refused, and none takes long.

Each is compared with a quarter of it. Many are cut at a limit, and where one is missing what they cost grows evenly, too:
so there is a bound beside it, of CPU time and far above what is usual (none takes a third of a second on a quiet machine).
"""

# ruff: noqa: E501 - wire text reads better unbroken
import base64
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.adapter import CannotTranslate
from channels.email.limits import MAX_PART_HEADERS, MAX_PARTS, MAX_RAW
from channels.email.parse import parse_letter, parse_to_dict
from channels.email.parts.headers import split_headers
from channels.email.parts.html_text import too_costly
from channels.email.parts.rtf import MAX_RTF, read_rtf, unpack_rtf
from channels.email.parts.smime import unwrap
from channels.email.parts.tnef import Tnef, read_tnef
from tests.fakes.costs import assert_grows_evenly, spent
from tests.fakes.wrappings import compressed, der, prop, props, signed, tnef

SECONDS = 4
SHELF = Path(__file__).parents[2] / "letters"
HEAD = b"From: a@b.example\r\nSubject: s\r\n"
TEXT = HEAD + b"Content-Type: text/plain\r\n\r\n"
HTML = HEAD + b"Content-Type: text/html\r\n\r\n"
MIXED = HEAD + b"Content-Type: multipart/mixed; boundary=B\r\n\r\n"


def _nested(count: int, below: bytes = b"x") -> bytes:
    heads = (b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(count))
    return HEAD + b"".join(heads) + b"\r\n" + below


def _parts(heads: bytes, body: bytes, count: int) -> bytes:
    return MIXED + (b"--B\r\n" + heads + b"\r\n" + body + b"\r\n") * count


def _wrapped(kind: bytes, data: bytes, count: int = 1) -> bytes:
    return _parts(
        b"Content-Type: application/" + kind + b"\r\nContent-Transfer-Encoding: base64\r\n",
        base64.encodebytes(data),
        count,
    )


def _charset(label: bytes, body: bytes) -> bytes:
    return HEAD + b"Content-Type: text/plain; charset=" + label + b"\r\n\r\n" + body


def _layers(count: int) -> list[tuple[int, bytes]]:
    """What stands in a winmail.dat with so many more in each other."""
    inside = [(0x0002800C, b"deep")]
    for _ in range(count):
        inside = [(0x00069002, b""), (0x00069005, props(prop(0x0D, 0x3701, b"i" * 16 + tnef(*inside))))]
    return inside


def _deep_smime(count: int) -> bytes:
    inner = b"Content-Type: text/plain\r\n\r\nx"
    for _ in range(count):
        inner = b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: binary\r\n\r\n" + signed(
            inner
        )
    return HEAD + inner


def _rtf_bomb(rounds: int) -> bytes:
    """Each two bytes stand for the seventeen that lie a hundred back in a window of 4096."""
    back = [struct.pack(">H", ((107 + 17 * n) & 4095) << 4 | 15) for n in range(8 * rounds)]
    groups = (b"".join(back[n : n + 8]) for n in range(0, len(back), 8))
    return struct.pack("<II", 0, 0) + b"LZFu" + b"\0" * 4 + b"".join(b"\xff" + group for group in groups)


_OPEN_CMS = b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x30\x80"
_MANY_PARTS = b"Content-Type: multipart/mixed; boundary=C\r\n\r\n" + b"--C\r\n\r\nx\r\n" * 490


@dataclass(frozen=True, slots=True)
class Bomb:
    """A letter in which something comes `often` times."""

    often: int
    of: Callable[[int], bytes]

    def __call__(self) -> bytes:
        return self.of(self.often)


BOMBS: dict[str, Bomb] = {
    "empty parts": Bomb(50_000, lambda n: MIXED + b"--B\r\n\r\n" * n),
    "delimiters alone": Bomb(100_000, lambda n: MIXED + b"--B\r\n" * n),
    "almost delimiters": Bomb(1_000_000, lambda n: MIXED + b"--Bx\r\n" * n),
    "boundary of one dash": Bomb(3_000_000, lambda n: HEAD + b'Content-Type: multipart/mixed; boundary="-"\r\n\r\n' + b"-" * n),
    "boundary that is long": Bomb(30_000, lambda n: HEAD + b"Content-Type: multipart/mixed; boundary=" + b"B" * n + b"\r\n\r\n" + (b"--" + b"B" * (n - 1) + b"\r\n") * 200),
    "nested 3000": Bomb(3000, _nested),
    "nested to the limit, wide below": Bomb(500_000, lambda n: _nested(29, b"\r\n--b" * n)),
    "letters in letters": Bomb(20_000, lambda n: HEAD + b"Content-Type: message/rfc822\r\n\r\n" * n + b"x"),
    "many letters inside": Bomb(2000, lambda n: _parts(b"Content-Type: message/rfc822\r\n", b"Subject: " + b"=?utf-8?q?x?= " * n + b"\r\n\r\nx", 400)),
    "448 kB of encoded words": Bomb(25_000, lambda n: b"From: a@b.example\r\nSubject: " + b"\r\n =?utf-8?b?4pyT?=" * n + b"\r\n\r\nx"),
    "encoded words never closed": Bomb(5000, lambda n: HEAD + b"Subject: " + b"=?a?Q?" * n + b"\r\n\r\nx"),
    "encoded words of many charsets": Bomb(2100, lambda n: b"From: a@b.example\r\nSubject: " + b"".join(b" =?c%d?b?YQ?=" % i for i in range(1000, 1000 + n)) + b"\r\n\r\nx"),  # a quarter of them, too, are more than labels.py remembers
    "1,000 open brackets": Bomb(1000, lambda n: b"From: " + b"(" * n + b"a@b.example\r\n\r\nx"),
    "100,000 open brackets": Bomb(100_000, lambda n: b"From: " + b"(" * n + b"a@b.example\r\n\r\nx"),
    "angle brackets in From": Bomb(5000, lambda n: (b"From: " + b"<a@b<c" * n + b"\r\n") * 8 + b"\r\nx"),
    "quotation marks in From": Bomb(7000, lambda n: (b"From: " + b'"a"@' * n + b"\r\n") * 8 + b"\r\nx"),
    "200,000 recipients": Bomb(200_000, lambda n: HEAD + b"To: " + b"a@b.example," * n + b"\r\n\r\nx"),
    "parameters never closed": Bomb(8000, lambda n: HEAD + b"Content-Type: text/plain" + b';a="' * n + b"\r\n\r\nx"),
    "parameters in pieces": Bomb(3000, lambda n: HEAD + b"Content-Type: text/plain" + b"".join(b";f*%d*=x" % i for i in range(n)) + b"\r\n\r\nx"),
    "parameters of each part": Bomb(7000, lambda n: _parts(b"Content-Type: application/x; " + b"a=b;" * n + b"\r\n", b"x", 400)),
    "60,000 headers": Bomb(60_000, lambda n: b"X: y\r\n" * n + b"\r\nx"),
    "4,000 headers of each part": Bomb(4000, lambda n: _parts(b"X: y\r\n" * n, b"x", 490)),
    "8-bit headers of each part": Bomb(3900, lambda n: _parts(b"Content-X: \xb3\xaf\xa4p\xa9\xfa\xff\r\n" * n, b"x", 400)),
    "lines that are no headers": Bomb(40_000, lambda n: b"Subject: a\r\n" + b"stray\r\n" * n + b"From: a@b.example\r\n\r\nx"),
    "folded for ever": Bomb(100_000, lambda n: b"Subject: a\r\n" + b" x\r\n" * n + b"From: a@b.example\r\n\r\nx"),
    "line ends": Bomb(3_000_000, lambda n: b"\r\n" * n),
    "carriage returns": Bomb(3_000_000, lambda n: b"From: a@b.example\r" + b"\r" * n),
    "base64 of nothing": Bomb(3_000_000, lambda n: HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"\r\n" * n),
    "base64 of ends": Bomb(1_000_000, lambda n: HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QQ==\r\n" * n),
    "base64 with gaps": Bomb(1_000_000, lambda n: HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QQ\r\n\r\n" * n),
    "quoted-printable blanks": Bomb(3_000_000, lambda n: HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"= " * n),
    "uuencode begins": Bomb(500_000, lambda n: TEXT + b"begin 644 a\r\n" * n),
    "uuencode of nothing": Bomb(50_000, lambda n: TEXT + (b"begin 644 a\r\n" + b"`\r\n" * 10) * n),
    "flowed": Bomb(1_000_000, lambda n: HEAD + b"Content-Type: text/plain; format=flowed\r\n\r\n" + b"a \r\n" * n),
    "100,000 div": Bomb(100_000, lambda n: HTML + b"<div>" * n),
    "100,000 attributes": Bomb(100_000, lambda n: HTML + b"<p " + b" ".join(b"a%d=1" % i for i in range(n)) + b">"),
    "attributes behind a quotation mark": Bomb(100_000, lambda n: HTML + b'<p x=">" ' + b" ".join(b"a%d" % i for i in range(n)) + b">"),
    "attributes behind slashes": Bomb(100_000, lambda n: HTML + b"<p/" + b"/".join(b"a%d" % i for i in range(n)) + b">"),
    "200,000 cells": Bomb(200_000, lambda n: HTML + b"<table><tr>" + b"<td>x" * n),
    "one wide cell and many rows": Bomb(100_000, lambda n: HTML + b"<table><tr><td>" + b"x" * n + b"</td><td>y</td></tr>" + b"<tr><td>x</td><td>y</td></tr>" * (n // 50)),
    "entities": Bomb(400_000, lambda n: HTML + b"&amp;" * n),
    "HTML in each part": Bomb(5000, lambda n: _parts(b"Content-Type: text/html\r\n", b"<p>x</p>" * n, 300)),
    "angles": Bomb(2_000_000, lambda n: HTML + b"<" * n),
    "cids": Bomb(200_000, lambda n: HTML + b'<img src="cid:' * n),
    "fonts and paragraphs": Bomb(14_000, lambda n: HTML + b"".join(b"<font color=%d>" % i for i in range(450)) + b"<p>x" * n),
    "calendar in each part": Bomb(3800, lambda n: _parts(b"Content-Type: text/calendar\r\n", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n" + b"X-A:b\r\n" * n, 300)),
    "calendar in calendars": Bomb(3900, lambda n: HEAD + b"Content-Type: text/calendar\r\n\r\n" + b"BEGIN:VEVENT\r\n" * n),
    "winmail.dat of files": Bomb(200_000, lambda n: _wrapped(b"ms-tnef", tnef(*[(0x00069002, b"")] * n))),
    "winmail.dat of values": Bomb(4_000_000, lambda n: _wrapped(b"ms-tnef", tnef((0x00069003, struct.pack("<IHHI", 2**32 - 1, 0x101E, 0x3001, 2**32 - 1) + b"\0" * n)))),
    "winmail.dat in winmail.dat": Bomb(60, lambda n: _wrapped(b"ms-tnef", tnef(*_layers(n)))),
    "winmail.dat that unpacks": Bomb(300_000, lambda n: _wrapped(b"ms-tnef", tnef((0x00069003, props(prop(0x102, 0x1009, _rtf_bomb(n))))))),
    "CMS without an end": Bomb(10_000_000, lambda n: _wrapped(b"pkcs7-mime", _OPEN_CMS + b"\x30\x80" * n)),
    "CMS in pieces": Bomb(4_000_000, lambda n: _wrapped(b"pkcs7-mime", _OPEN_CMS + b"\x02\x01\x01\x31\x00\x30\x80\x06\x01\x01\xa0\x80\x24\x80" + b"\x04\x00" * n)),
    "CMS that unpacks": Bomb(60_000_000, lambda n: _wrapped(b"pkcs7-mime", compressed(b"Content-Type: text/plain\r\n\r\n" + b"a" * n))),
    "CMS that unpacks, many": Bomb(20_000_000, lambda n: _wrapped(b"pkcs7-mime", compressed(b"\r\n" + b"a" * n), 50)),
    "CMS with parts, many": Bomb(300, lambda n: _parts(b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: binary\r\n", signed(_MANY_PARTS), n)),
    "CMS in CMS": Bomb(40, _deep_smime),
    "long lengths": Bomb(1000, lambda n: _wrapped(b"pkcs7-mime", der(0x30, b"\x06\x84\xff\xff\xff\xff" * n))),
    "names of each part": Bomb(1500, lambda n: _parts(b'Content-Type: application/x; name="' + b"=?utf-8?b?4pyT?=" * n + b'"\r\n', b"x", 300)),
    "unknown 8-bit": Bomb(100_000, lambda n: TEXT + bytes(range(128, 256)) * n),
    "shifts of ISO-2022-JP": Bomb(1_000_000, lambda n: _charset(b"iso-2022-jp", b"\x1b$B" * n)),
    "shifts without escapes": Bomb(1_000_000, lambda n: _charset(b"iso-2022-jp", b"$B!!" * n)),
    "a long run of rare kanji": Bomb(2_000_000, lambda n: _charset(b"iso-2022-jp", b"\x1b$B\x7f\x7f" + b"!!" * n)),
    "shifts of ISO-2022-KR": Bomb(3_000_000, lambda n: _charset(b"iso-2022-kr", b"\x0e" * n)),
    "broken EUC": Bomb(1_000_000, lambda n: _charset(b"euc-jp", b"\xad\xa1\xff" * n)),
    "UTF-7": Bomb(3_000_000, lambda n: _charset(b"utf-7", b"+A" * n)),
    "HZ": Bomb(1_000_000, lambda n: _charset(b"gb2312", b"~{VPVP" * n)),
    "quotes": Bomb(1_000_000, lambda n: TEXT + b"> " * n),
    "attributions": Bomb(50_000, lambda n: TEXT + b"On 1.1.2026 10:00\r\n" * n),
    "forwards": Bomb(100_000, lambda n: HEAD.replace(b"s\r", b"Fwd: x\r") + b"\r\n" + b"Forwarded message\r\nFrom: a\r\n" * n),
    "PGP frames": Bomb(100_000, lambda n: TEXT + b"-----BEGIN PGP SIGNED MESSAGE-----\r\n" * n),
    "ids": Bomb(30_000, lambda n: HEAD + b"References: " + b"<a@b>" * (n // 5) + b"\r\nIn-Reply-To: " + b"<" * n + b"\r\n\r\nx"),
    "dates": Bomb(6000, lambda n: HEAD + b"Date: " + b"Mon, " * n + b"\r\n\r\nx"),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_no_letter_holds_the_reader(name: str) -> None:
    bomb = BOMBS[name]
    assert assert_grows_evenly(bomb.of, parse_to_dict, bomb.often) < SECONDS


def test_too_many_parts_still_show_who_wrote() -> None:
    letter = parse_letter(MIXED + b"--B\r\n\r\n" * 5000)
    assert (letter.from_address, letter.subject, letter.degraded) == ("a@b.example", "s", True)
    assert "too many parts" in letter.text


@pytest.mark.parametrize(
    "name",
    ["100,000 div", "100,000 attributes", "attributes behind a quotation mark", "attributes behind slashes", "200,000 cells",
     "one wide cell and many rows", "entities"],
)  # fmt: skip
def test_html_that_costs_too_much_is_known_beforehand(name: str) -> None:
    page = BOMBS[name]().partition(b"\r\n\r\n")[2].decode()
    assert too_costly(page)
    assert not too_costly(
        "<table>" + "<tr><td>Where is my order?</td><td class='a' style='b'>x</td></tr>" * 400 + "</table>"
    )


@pytest.mark.parametrize("name", ["CMS with parts, many", "CMS that unpacks, many", "almost delimiters"])
def test_what_many_parts_unpack_to_is_counted_together(name: str) -> None:
    letter = parse_letter(BOMBS[name]())
    assert (letter.from_address, letter.too_many_parts) == ("a@b.example", True)


def test_a_wrapping_in_too_many_pieces_stays_closed() -> None:
    pieces = b"\x04\x01a" * 300_000
    assert (
        unwrap(_OPEN_CMS + b"\x02\x01\x01\x31\x00\x30\x80\x06\x01\x01\xa0\x80\x24\x80" + pieces + b"\0\0" * 6)
        is None
    )
    assert unwrap(_OPEN_CMS + b"\x30\x80" * 300_000 + b"\0\0" * 300_006) is None


def test_of_an_inner_part_few_headers_are_read() -> None:
    headers, body, cut = split_headers(b"".join(b"X-%d: y\r\n" % i for i in range(1000)) + b"\r\nbody")
    assert (len(headers) <= MAX_PART_HEADERS + 1, body, cut) == (True, b"body", True)


def test_a_letter_above_the_size_is_refused() -> None:
    with pytest.raises(CannotTranslate):
        parse_letter(b"x" * (MAX_RAW + 1))


@given(st.binary(max_size=3000))
def test_no_bytes_raise(data: bytes) -> None:
    parse_letter(data)


_PIECES = [b"--B\r\n", b"--B--\r\n", b"Content-Type: multipart/mixed; boundary=B\r\n", b"\r\n", b"From: (((<a@b>,\r\n", b"=?utf-8?b?4?=", b"Subject: ",
           b"Content-Transfer-Encoding: base64\r\n", b"\xff\xfe", b"<div", b"text", b"Content-Type: text/html; charset=\x00\r\n", b"begin 644 a\r\n",
           b"Content-Type: application/ms-tnef\r\n", b"\x78\x9f\x3e\x22\x01\x00", b"Content-Type: application/pkcs7-mime\r\n", b"\x30\x80\x06\x09",
           b"Content-Type: text/calendar\r\n", b"BEGIN:VEVENT\r\n", b"Content-Type: message/rfc822\r\n", b"-----BEGIN PGP SIGNED MESSAGE-----\r\n",
           b"Content-Type: text/plain; charset=iso-2022-jp\r\n", b"\x1b$B", b"Fwd: ", b"---------- Forwarded message\r\n", b"Content-Type: multipart/report\r\n"]  # fmt: skip


@given(st.lists(st.sampled_from(_PIECES), max_size=60))
def test_no_arrangement_raises(pieces: list[bytes]) -> None:
    parse_to_dict(b"".join(pieces))


@pytest.mark.parametrize("seed", range(8))
def test_no_change_to_the_shelf_raises(seed: int) -> None:
    """Each letter with bytes, lines and pieces of other letters changed, the same way every time."""
    chance = random.Random(seed)
    shelf = [path.read_bytes() for path in sorted(SHELF.glob("*.eml"))]
    for letter in shelf:
        mutant = mutate(letter, shelf, chance)
        found = parse_to_dict(mutant)
        assert spent(partial(parse_to_dict, mutant), enough=SECONDS) <= SECONDS, mutant
        assert all(c >= " " for c in found["subject"] + found["from_name"] + found["from_address"]), mutant
        assert all(c >= " " and c not in "/\\" for a in found["attachments"] for c in a["filename"]), mutant


def mutate(letter: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """`letter` with one to six changes of kinds that networks, gateways and attackers make."""
    data = bytearray(letter)
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(data) + 1)
        kind = chance.randrange(7)
        if kind == 0:
            data[place : place + 1] = bytes((chance.randrange(256),))
        elif kind == 1:
            del data[place : place + chance.choice((1, 10, 200, 5000))]
        elif kind == 2:
            data[place:place] = chance.randbytes(chance.choice((1, 4, 50)))
        elif kind == 3:
            other = chance.choice(others)
            start = chance.randrange(len(other))
            data[place:place] = other[start : start + chance.choice((20, 400, 3000))]
        elif kind == 4:
            data[place:place] = chance.choice(_PIECES)
        elif kind == 5:
            lines = bytes(data).split(b"\n")
            chance.shuffle(lines)
            data = bytearray(b"\n".join(lines))
        else:
            data = bytearray(
                bytes(data).replace(
                    *chance.choice(
                        ((b"\r\n", b"\n"), (b"\n", b"\r"), (b"=", b""), (b"-", b"--"), (b"\r\n\r\n", b"\r\n"))
                    )
                )
            )
    return bytes(data)


def _winmail(*attributes: tuple[int, bytes]) -> Tnef:
    found = read_tnef(tnef(*attributes))
    assert found is not None
    return found


def test_of_a_winmail_dat_no_more_is_read_than_a_letter_may_hold() -> None:
    """What was read until there stays."""
    body, files = (0x0002800C, b"read"), [(0x00069002, b""), (0x00018010, b"name")]
    assert _winmail(*files * (MAX_PARTS + 1), body).text == ""
    assert len(_winmail(*files * (MAX_PARTS + 1)).files) == MAX_PARTS - 1
    assert _winmail(body, *[(0x00018004, b"again")] * 30_000, (0x0002800C, b"late")).text == "read"
    values = struct.pack("<HHI", 0x101E, 0x1000, 6000) + (struct.pack("<I", 1) + b"v\0\0\0") * 6000
    assert _winmail(body, (0x00069003, props(values))).text == "read"


def test_of_a_winmail_dat_so_many_properties_are_read() -> None:
    """The last of them says in what the page is written."""

    def page(others: int) -> str:
        other, codepage = struct.pack("<HHI", 0x03, 0x0001, 0), struct.pack("<HHI", 0x03, 0x3FDE, 850)
        block = props(prop(0x102, 0x1013, "café".encode("cp850")), *[other] * others, codepage)
        return _winmail((0x00069003, block)).html

    assert page(4_000) == "café" != page(6_000)


def test_of_letters_in_letters_of_a_winmail_dat_four_are_read() -> None:
    innermost = _winmail(*_layers(3)).files[-1]
    assert (innermost.name, innermost.data) == ("letter.txt", b"deep")
    unread = _winmail(*_layers(4)).files[-1]
    assert unread.data.startswith(b"\x78\x9f\x3e\x22")


def test_rich_text_is_unpacked_and_read_only_so_far() -> None:
    bomb = _rtf_bomb(10_000)
    assert MAX_RTF <= len(unpack_rtf(bomb)) < MAX_RTF + 200
    assert len(unpack_rtf(bomb[:8] + b"MELA" + b"\0" * 4 + b"x" * 2 * MAX_RTF)) == MAX_RTF
    text, _ = read_rtf(b"{\\rtf1 " + b"x" * 2 * MAX_RTF)
    assert MAX_RTF - 10 < len(text) < MAX_RTF
    assert read_rtf(b"{\\rtf1 a" + b"{" * 400 + b"b") == ("ab", "")
    assert read_rtf(b"{\\rtf1 a" + b"{" * 600 + b"b") == ("a", "")
