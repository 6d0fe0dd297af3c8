"""Address headers as people and programs write them."""

import pytest

from channels.email.parse import parse_letter
from channels.email.parts.headers import parse_addresses, parse_id, parse_ids


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Smith, John <a@b.c>", [("Smith, John", "a@b.c")]),
        ("Smith, John <a@b.c>, Doe, Jane <c@d.e>", [("Smith, John", "a@b.c"), ("Doe, Jane", "c@d.e")]),
        ('"Smith, John" <a@b.c>', [("Smith, John", "a@b.c")]),
        ("=?utf-8?Q?Smith,_John:_x?= <a@b.c>", [("Smith, John: x", "a@b.c")]),
        ("a@b.c (Ann Smith)", [("Ann Smith", "a@b.c")]),
        ("Ann (Sales) <a@b.c>", [("Ann (Sales)", "a@b.c")]),
        ("Ann <a@b.c", [("Ann", "a@b.c")]),
        ("Ann a@b.c", [("Ann", "a@b.c")]),
        ('"Ann <a@b.c>"', [("Ann", "a@b.c")]),
        ("=?utf-8?Q?Ann_=3Ca=40b.c=3E?=", [("Ann", "a@b.c")]),
        ("Ann <=?utf-8?Q?a=40b.c?=>", [("Ann", "a@b.c")]),
        ("Ann <mailto:a@b.c>", [("Ann", "a@b.c")]),
        ("Ann <a@b.c <mailto:a@b.c>>", [("Ann", "a@b.c")]),
        ("Ann [mailto:a@b.c]", [("Ann", "a@b.c")]),
        ("<a@b.c> <c@d.e>", [("", "a@b.c")]),
        ("undisclosed-recipients:;", []),
        ("<>", []),
        ('<"">', []),
        ("Ann <>", [("Ann", "")]),
        ("Team: a@b.c, Bob <c@d.e>;", [("", "a@b.c"), ("Bob", "c@d.e")]),
        ("foo, a@b.c", [("foo", ""), ("", "a@b.c")]),
        ("Ann <a b@c.d>", [("Ann", "ab@c.d")]),
        ("'a@b.c' <a@b.c>", [("a@b.c", "a@b.c")]),
        ("\"'Ann' via List\" <l@b.c>", [("'Ann' via List", "l@b.c")]),
        ('"a b"@c.d', [("", '"a b"@c.d')]),
        ('Ann <"a b"@c.d>', [("Ann", '"a b"@c.d')]),
        ("<a@[192.0.2.1]>", [("", "a@[192.0.2.1]")]),
        ("a@b.c.", [("", "a@b.c")]),
        ('"Ann \\"A\\" Smith" <a@b.c>', [('Ann "A" Smith', "a@b.c")]),
        ('Ann" <a@b.c>', [("Ann", "a@b.c")]),
        ("Müller; Firma <a@b.c>", [("Müller; Firma", "a@b.c")]),
        ("\x00Ann\r\n <a@b.c>", [("Ann", "a@b.c")]),
    ],
)
def test_addresses(written: str, read: list[tuple[str, str]]) -> None:
    assert parse_addresses(written.encode()) == read


@pytest.mark.parametrize(
    ("heads", "name", "address"),
    [
        ("From: Ann <a@b.c>\r\nReply-To: r@b.c", "Ann", "a@b.c"),
        ("Reply-To: Ann <r@b.c>\r\nReturn-Path: <p@b.c>", "Ann", "r@b.c"),
        ("From: Ann\r\nSender: s@b.c", "Ann", "s@b.c"),
        ("From: Ann\r\nReply-To: Rob <r@b.c>", "Rob", "r@b.c"),
        ("Return-Path: <p@b.c>", "", "p@b.c"),
        ("From: nobody", "nobody", ""),
        ("Subject: x", "", ""),
    ],
)
def test_the_sender_is_who_can_be_answered(heads: str, name: str, address: str) -> None:
    letter = parse_letter(f"{heads}\r\n\r\nx".encode())
    assert (letter.from_name, letter.from_address) == (name, address)


def test_ids() -> None:
    assert parse_ids(b"<a@b> <c@d>\r\n\t<a@b>") == ("a@b", "c@d")
    assert parse_ids(b"<a@b.ex\r\n ample>") == ("a@b.example",)
    assert parse_ids(b'Your message of "Mon, 02 Mar" a@b.c') == ("a@b.c",)
    assert parse_ids(b"bare-id") == ("bare-id",)
    assert parse_ids(b"<>") == parse_ids(b"") == ()
    assert parse_id(b" <a@@b@c> ") == "a@@b@c"
    assert parse_id(b"no-brackets@x") == "no-brackets@x"
