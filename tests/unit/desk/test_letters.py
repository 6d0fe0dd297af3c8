"""What is made of a letter before it is shown: cleaned HTML, the kinds of pictures, signed addresses, invitations."""

import re
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hub.actions.answers.copies import mailbox_entry, read_copies
from hub.model.interactions import Invite, Mailbox
from hub.model.picture_types import picture_type
from hub.web.desk.letters.bounded import nests_deeper
from hub.web.desk.letters.clean import clean, clean_style, real_host, urlscheme
from hub.web.desk.letters.pictures import MINUTES, Picture, read_picture, sign_picture
from hub.web.desk.say.language import Voice
from hub.web.desk.say.letters import invite_title, invite_when, mailbox_text
from tests.fakes.costs import assert_grows_evenly

SECRET = b"a key of thirty-two bytes for tests"
NOW = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("color: red; font-weight:bold", "color:red;font-weight:bold"),
        ("background:#fff url(https://x.example/p)", ""),
        ("background: rgb(1, 2, 3); color: HSL(1,2%,3%)", "background:rgb(1, 2, 3);color:HSL(1,2%,3%)"),
        ("position:fixed;top:0;color:red", "color:red"),
        ("color:\\75rl(x)", ""),
        ("width:expression(alert(1))", ""),
        ("width:calc(100% - 1px)", ""),
        ("color:red/**/;margin:0", "margin:0"),
        ("color:'</style>'", ""),
        ("--x:1;behavior:url(x)", ""),
        ("color", ""),
    ],
)
def test_a_style_says_how_text_looks_and_no_more(given: str, kept: str) -> None:
    assert clean_style(given) == kept


@pytest.mark.parametrize(
    ("address", "scheme"),
    [
        ("https://x.example", "https"), (" \tJava\nScript:alert(1)", "javascript"), ("\x01data:text/html,x", "data"),
        ("/relative", ""), ("//x.example", ""), ("mailto:a@b.example", "mailto"), ("x", ""), ("1a:b", ""),
    ],
)  # fmt: skip
def test_a_scheme_is_read_as_browsers_read_it(address: str, scheme: str) -> None:
    assert urlscheme(address) == scheme


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://bank.example@evil.example/x", "evil.example"), ("https://EVIL.example:8443/", "evil.example"),
        ("https://аррӏе.example", "xn--80ak6aa92e.example"), ("mailto:a%40b@c.example?subject=x", "a@b@c.example"),
        ("https://[::1]/", "::1"), ("https://[::1", "?"), ("tel:+49301234", ""),
    ],
)  # fmt: skip
def test_where_a_link_leads_is_said_plainly(address: str, host: str) -> None:
    assert real_host(address) == host


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("https://shop.example/x", ""), ("shop.example", ""), ("here", "hub-host"), ("bank.example", "hub-spoof"),
        ("notshop.example", "hub-spoof"), ("shop.example.evil.example", "hub-spoof"), ("me@shop.example", "hub-spoof"),
        ("invoice.pdf", "hub-host"), ("<b>shop.</b>example", ""),
    ],
)  # fmt: skip
def test_a_link_whose_words_name_another_place_is_marked(text: str, marked: str) -> None:
    html = clean(f'<a href="https://shop.example/x">{text}</a>').html
    assert ("hub-spoof" in html, "hub-host" in html) == (marked == "hub-spoof", marked == "hub-host")


def test_nobody_can_write_our_marks_or_a_pictures_place() -> None:
    made = clean(
        '<span class="hub-spoof">x</span><img src="cid:0.0"><p>cid:0.0</p><img src="https://x.example/p">'
    )
    assert "hub-spoof" not in made.html and len(made.mark) == 16
    assert made.pictures == ("cid:0.0", "https://x.example/p")
    shown = made.with_pictures(lambda one: f'/p?"{one}')
    assert shown.count("/p?&quot;") == 2 and "<p>cid:0.0</p>" in shown


@pytest.mark.parametrize(
    ("html", "long"),
    [
        (lambda n: '<a href="https://x.example/">' + "a-." * n + "</a>", 20_000),
        (lambda n: '<a href="https://x.example/">' + "a" * n + "</a>", 20_000),
        (lambda n: '<p style="' + "color:rgb(" * n + '">x', 20_000),
        (lambda n: '<p style="' + ";" * n + '">x', 200_000),
        (lambda n: '<a href="https://x.example">y' * n, 4900),
        (lambda n: "(a+)+" * n, 50_000),
    ],
)
def test_no_letter_takes_long_to_clean(html: Callable[[int], str], long: int) -> None:
    assert_grows_evenly(html, clean, long)


def test_nesting_is_counted_and_what_ends_by_itself_is_not() -> None:
    assert nests_deeper("<div>" * 11, 10) and not nests_deeper("<div>" * 10, 10)
    assert not nests_deeper("<p>x" * 1000 + "<br>" * 1000 + "<li>" * 1000 + "<td>" * 1000, 10)
    assert not nests_deeper("<div>x</div>" * 1000, 10)


def _png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height) + b"\x08\x06\0\0\0"


def _jpeg(width: int, height: int) -> bytes:
    thumbnail = b"\xff\xe1\x00\x0c" + b"\xff\xc0\x00\x08\x08\x00\x01\x00\x01\x00"
    frame = b"\xff\xc2\x00\x0b\x08" + struct.pack(">HH", height, width) + b"\x01\x01\x11\x00"
    return b"\xff\xd8" + b"\xff\xe0\x00\x04ab" + thumbnail + b"\xff" + frame


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (_png(10, 20), "image/png"),
        (_png(50_000, 50_000), ""),
        (_png(16_001, 1), ""),
        (_png(0, 5), ""),
        (_png(10, 20)[:20], ""),
        (b"GIF89a\x0a\0\x0a\0", "image/gif"),
        (b"GIF89a\xff\xff\xff\xff", ""),
        (_jpeg(640, 480), "image/jpeg"),
        (_jpeg(60_000, 60_000), ""),
        (b"\xff\xd8\xff" + b"\xff" * 300, ""),
        (b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 8 + b"\x7f\x02\0\xdf\x01\0", "image/webp"),
        (b"RIFF\0\0\0\0WEBPVP8L" + b"\0" * 4 + b"\x2f" + struct.pack("<I", 99 | 49 << 14) + b"\0" * 5, "image/webp"),
        (b"RIFF\0\0\0\0WEBPVP8 " + b"\0" * 10 + struct.pack("<HH", 99, 50), "image/webp"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", ""),
        (b"<html>", ""),
        (b"%PDF-1.7", ""),
        (b"BM" + b"\0" * 40, ""),
        (b"", ""),
    ],
)  # fmt: skip
def test_a_picture_is_what_its_bytes_say_and_small_enough_to_be_shown(data: bytes, kind: str) -> None:
    assert picture_type(data) == kind


def test_a_pictures_address_is_ours_and_of_this_hour() -> None:
    picture = Picture(agent_id=7, address="https://x.example/p.gif?ü=1")
    signed = sign_picture(SECRET, picture, NOW)
    assert read_picture(SECRET, signed, NOW) == picture
    assert read_picture(SECRET, signed, NOW + timedelta(minutes=MINUTES)) is None
    assert read_picture(b"another key of thirty-two bytes ..", signed, NOW) is None
    body, _, signature = signed.partition(".")
    other = sign_picture(SECRET, Picture(agent_id=8, address="https://x.example/p.gif?ü=1"), NOW)
    for forged in (
        other.partition(".")[0] + "." + signature,
        body,
        body + ".",
        "." + signature,
        "",
        "ü.ü",
        "\ud800.",
    ):
        assert read_picture(SECRET, forged, NOW) is None
    assert sign_picture(SECRET, Picture(agent_id=7, address="https://x.example/" + "a" * 6000), NOW) == ""


@pytest.mark.parametrize(
    ("starts", "ends", "locale", "shown"),
    [
        ("2026-12-01T09:00:00+00:00", "2026-12-01T10:30:00+00:00", "en", "Tuesday, 1 December 2026, 17:00 – 18:30"),
        ("2026-12-01T09:00:00+00:00", "2026-12-01T10:30:00+00:00", "zh_CN", "2026年12月1日 星期二 17:00 – 18:30"),
        ("2026-12-01T15:30:00+00:00", "2026-12-01T17:00:00+00:00", "en",
         "Tuesday, 1 December 2026, 23:30 – Wednesday, 2 December 2026, 01:00"),
        ("2026-12-01T09:00:00", "", "en", "Tuesday, 1 December 2026, 09:00"),
        ("2026-12-01", "2026-12-02", "en", "Tuesday, 1 December 2026"),
        ("next week", "", "en", "next week"),
    ],
)  # fmt: skip
def test_an_invitation_is_told_in_the_readers_zone(starts: str, ends: str, locale: str, shown: str) -> None:
    voice = Voice(locale=locale, zone=ZoneInfo("Asia/Shanghai"))
    assert invite_when(voice, Invite(starts_at=starts, ends_at=ends)) == shown


def test_invitations_and_mailboxes_have_names() -> None:
    assert invite_title(Voice(locale="zh_CN"), Invite(method="CANCEL")) == "日程已取消"
    assert invite_title(Voice(locale="en"), Invite(method="ODD")) == "Invitation"
    assert mailbox_text(Mailbox(address="a@b.example", name="Ann")) == "Ann <a@b.example>"
    assert mailbox_text(Mailbox(address="a@b.example", name="A@b.example")) == "a@b.example"


@pytest.mark.parametrize(
    "name", ["Ann", "", "Wang, Wei", "王，伟；客服", 'Ann "the boss" <ann>', "a@b.example"]
)
def test_a_name_in_the_form_is_read_back_as_one_person(name: str) -> None:
    two = Mailbox(address="a@b.example", name=name), Mailbox(address="c@d.example", name="Carl")
    read = read_copies(", ".join(mailbox_entry(one) for one in two))
    assert [one.address for one in read] == ["a@b.example", "c@d.example"]
    assert read[0].name == re.sub('["<>]', "", "" if name == two[0].address else name)
