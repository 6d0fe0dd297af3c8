"""From a letter to the normal form: trust, loops, threading evidence, where an answer goes."""

# ruff: noqa: E501 - wire text reads better unbroken

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from channels.adapter import CannotTranslate, RawItem
from channels.email.settings import EmailSettings
from channels.email.translate import WARNING_ELSEWHERE, translate
from hub.model.interactions import Automatic, InboundInteraction

SETTINGS = EmailSettings(
    address="support@shop.example",
    own_addresses=("help@shop.example",),
    authserv_id="mx.shop.example",
    imap_host="i.example",
    smtp_host="s.example",
)


def _read(*headers: str) -> InboundInteraction:
    content = "\r\n".join((*headers, "", "Hello")).encode()
    return translate(
        RawItem(external_key="INBOX:1.1", content=content, received_at=datetime(2026, 1, 1, tzinfo=UTC)),
        SETTINGS,
    )


def test_tokens_and_references() -> None:
    found = _read("From: Li <Li@Example.CN>", "Delivered-To: support+t7zabcdef@shop.example", "In-Reply-To: <r.t8zabcdef@shop.example>",
                  "References: <one@x.example> <two@x.example>", "Message-ID: <m@x.example>", "Reply-To: other@x.example")  # fmt: skip
    assert found.thread.tokens == ("t7zabcdef", "t8zabcdef")
    assert found.thread.references == ("r.t8zabcdef@shop.example", "two@x.example", "one@x.example")
    assert found.sender.identities[0].value == "li@example.cn"
    assert found.sender.identities[0].verified
    assert (found.reply_address, found.external_id, found.text, found.full_text) == (
        "other@x.example",
        "m@x.example",
        "Hello",
        "",
    )


def test_only_the_topmost_result_of_our_server_counts() -> None:
    ours_fail = "Authentication-Results: mx.shop.example; spf=pass; dmarc=fail (p=none)"
    forged = "Authentication-Results: mx.shop.example; dmarc=pass"
    spoofed = _read(ours_fail, forged, "From: a@b.example")
    assert (spoofed.sender.identities[0].verified, bool(spoofed.sender_warning)) == (False, True)
    assert (
        _read("Authentication-Results: elsewhere.example; dmarc=fail", "From: a@b.example")
        .sender.identities[0]
        .verified
    )


@pytest.mark.parametrize("sender", ["support@shop.example", "Help@Shop.example", "support+x@shop.example"])
def test_our_own_letters_are_loops_without_a_way_back(sender: str) -> None:
    found = _read(f"From: {sender}")
    assert (found.automatic, found.reply_address) == (Automatic.LOOP, "")


def test_a_letter_without_a_sender_is_kept_without_an_identity() -> None:
    assert _read("From: undisclosed", "Subject: x").sender.identities == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": "shop"},
        {"address": "a+b@shop.example"},
        {"imap_port": 0},
        {"colour": "red"},
        {"smtp_user": "u"},
        {"display_name": "a\r\nb"},
        {"poll_seconds": 4000},
    ],
)
def test_wrong_settings_name_their_key(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong)).split("_")[0]):
        EmailSettings.model_validate(
            {"address": "a@shop.example", "imap_host": "i", "smtp_host": "s", **wrong}
        )


def test_a_letter_with_too_many_parts_is_not_half_read() -> None:
    parts = "".join("--b\r\n\r\nx\r\n" for _ in range(600))
    raw = f"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{parts}--b--\r\n"
    item = RawItem(
        external_key="INBOX:1.1", content=raw.encode(), received_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    with pytest.raises(CannotTranslate, match="500 parts"):
        translate(item, SETTINGS)


def test_answers_that_go_elsewhere_are_told() -> None:
    assert _read("From: a@b.example", "Reply-To: c@d.example").sender_warning == WARNING_ELSEWHERE
    assert _read("From: a@b.example", "Reply-To: A@B.example").sender_warning == ""
    assert _read("From: a@b.example").sender_warning == ""
