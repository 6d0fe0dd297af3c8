"""Text from outside before anybody stores it, and identities in their one form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.adapter import CannotTranslate
from channels.clean import clean_line, clean_text, read_json_object, safe_content_type, safe_filename
from hub.model.identities import normalise_identity
from hub.model.interactions import IdentityKind

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(ANY_TEXT)
def test_postgres_can_keep_every_cleaned_text(value: str) -> None:
    for cleaned in (clean_text(value, 1000), clean_line(value, 1000), safe_filename(value)):
        cleaned.encode("utf-8")
        assert "\x00" not in cleaned


@given(ANY_TEXT)
def test_a_line_is_one_line_and_a_name_is_no_path(value: str) -> None:
    assert len(clean_line(value, 1000).splitlines()) <= 1
    name = safe_filename(value)
    assert name
    assert not set(name) & set("/\\")
    assert name not in (".", "..")


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("a\r\nb.txt", "a b.txt"),
        ("exe\u202egpj.scr", "exegpj.scr"),
        ("CON", "file"),
        ("", "file"),
        ("...", "file"),
        ("发票.pdf", "发票.pdf"),
        ('a"b;c.txt', "a_b;c.txt"),
    ],
)
def test_file_names(given_name: str, shown: str) -> None:
    assert safe_filename(given_name) == shown


def test_a_long_name_keeps_its_ending() -> None:
    name = safe_filename("x" * 500 + ".pdf")
    assert name.endswith(".pdf")
    assert len(name) <= 150


@pytest.mark.parametrize(
    ("given_type", "kept"),
    [
        ("image/png", "image/png"),
        ("Text/HTML; charset=x", "text/html"),
        ("image/png\r\nX: y", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_media_types(given_type: str, kept: str) -> None:
    assert safe_content_type(given_type) == kept


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"1e400",
        b'{"a": "\\ud800"}',
        b"{" * 5000,
        b'{"a":' * 60 + b"1" + b"}" * 60,
        b"\xff",
    ],
)
def test_what_is_no_sane_json_object_is_refused(content: bytes) -> None:
    with pytest.raises(CannotTranslate):
        read_json_object(content)


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        (IdentityKind.EMAIL, "  Li@EXAMPLE.cn ", "li@example.cn"),
        (IdentityKind.EMAIL, "ａ@ｂ.com", "a@b.com"),
        (IdentityKind.EMAIL, "a@例子.中国", "a@xn--fsqu00a.xn--fiqs8s"),
        (IdentityKind.EMAIL, "a@b@c.com", None),
        (IdentityKind.EMAIL, "a b@c.com", None),
        (IdentityKind.EMAIL, "a@localhost", None),
        (IdentityKind.EMAIL, "a@1.2.3.4", None),
        (IdentityKind.EMAIL, "a\r\nBcc: x@c.com", None),
        (IdentityKind.EMAIL, "<a@c.com>", None),
        (IdentityKind.PHONE, "138 0013 8000", "+8613800138000"),
        (IdentityKind.PHONE, "+1 (415) 555-2671", "+14155552671"),
        (IdentityKind.PHONE, "12", None),
        (IdentityKind.PHONE, "call me", None),
        (IdentityKind.EXTERNAL, " CRM-7 ", "CRM-7"),
        (IdentityKind.EXTERNAL, "a\x00b", None),
        (IdentityKind.EXTERNAL, "   ", None),
        (IdentityKind.EXTERNAL, "x" * 321, None),
    ],
)
def test_identities_are_written_in_one_way(kind: IdentityKind, typed: str, value: str | None) -> None:
    assert normalise_identity(kind, typed) == value


@given(st.sampled_from(IdentityKind), ANY_TEXT)
def test_normalising_twice_changes_nothing(kind: IdentityKind, typed: str) -> None:
    once = normalise_identity(kind, typed)
    if once is not None:
        assert normalise_identity(kind, once) == once


def test_a_number_without_country_is_read_in_the_region() -> None:
    assert normalise_identity(IdentityKind.PHONE, "030 901820", region="DE") == "+4930901820"
