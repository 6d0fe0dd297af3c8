"""The pure parts of form, chat and API channel: passes, tokens, frames, origins, signatures."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from channels.api.compose import sign
from channels.api.settings import ApiSettings
from channels.doors import checked_origins, origin_of
from channels.webchat.frames import MOST_TEXT, BadFrame, Hello, Said, read_frame
from channels.webchat.pack import pack
from channels.webchat.sessions import new_seat, read_token
from channels.webchat.words import WORDS as CHAT_WORDS
from channels.webform.passes import LONGEST_AGE, make_pass, read_pass
from channels.webform.words import WORDS as FORM_WORDS

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
SECRET = b"s" * 32


@pytest.mark.parametrize("words", [CHAT_WORDS, FORM_WORDS])
def test_every_string_is_there_in_both_languages(words: Any) -> None:
    assert words["en"].keys() == words["zh_CN"].keys()
    assert all(value.strip() for language in words.values() for value in language.values())


def test_a_pass_is_good_for_its_form_for_a_week() -> None:
    value = make_pass(SECRET, "feedback", UUID(int=7), NOW)
    assert read_pass(SECRET, "feedback", value, NOW + timedelta(seconds=5)) == (UUID(int=7).hex, 5.0)
    assert read_pass(SECRET, "other", value, NOW) is None
    assert read_pass(b"t" * 32, "feedback", value, NOW) is None
    assert read_pass(SECRET, "feedback", value, NOW + timedelta(seconds=LONGEST_AGE + 1)) is None
    older = value.replace(str(int(NOW.timestamp())), str(int(NOW.timestamp()) - 60))
    assert read_pass(SECRET, "feedback", older, NOW) is None


@given(st.text())
def test_no_other_text_is_a_pass_or_a_token(value: str) -> None:
    assert read_pass(SECRET, "feedback", value, NOW) is None
    assert read_token(SECRET, "shop", value, NOW) is None


def test_frames() -> None:
    assert read_frame('{"type": "hello"}') == Hello(session="", after=0)
    large = str(2**62)
    hello = {"type": "hello", "after": large, "have": [large], "page": "p-1", "fresh": True}
    assert read_frame(orjson.dumps(hello)) == Hello(
        after=2**62, have=frozenset((2**62,)), page="p-1", fresh=True
    )
    said = read_frame('{"type": "message", "client_id": "a-1", "text": " hi\\u0000 ", "name": "Li\\nB"}')
    assert said == Said(client_id="a-1", text="hi", name="Li B", email="")
    seat = new_seat()
    assert pack(said, seat, received_at=NOW, meta={}).external_key == f"{seat.session}.a-1"


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("", "bad_frame"),
        ("[]", "bad_frame"),
        ('{"type": "lines"}', "bad_frame"),
        ('{"type": "hello", "after": -1}', "bad_frame"),
        ('{"type": "hello", "after": true}', "bad_frame"),
        ('{"type": "hello", "after": "9999999999999999999"}', "bad_frame"),
        ('{"type": "hello", "after": "٣"}', "bad_frame"),
        ('{"type": "hello", "session": 5}', "bad_frame"),
        ('{"type": "hello", "have": ["x"]}', "bad_frame"),
        ('{"type": "hello", "key": "a b"}', "bad_frame"),
        ('{"type": ["hello"]}', "bad_frame"),
        ('{"type": "rate", "score": true}', "bad_frame"),
        ('{"type": "mail", "address": "nobody"}', "bad_address"),
        ('{"type": "message", "client_id": "", "text": "x"}', "bad_client_id"),
        ('{"type": "message", "client_id": "../x", "text": "x"}', "bad_client_id"),
        ('{"type": "message", "client_id": "a", "text": null}', "bad_frame"),
        ('{"type": "message", "client_id": "a", "text": " \\u0000 "}', "empty"),
        (
            orjson.dumps({"type": "message", "client_id": "a", "text": "x" * (MOST_TEXT + 1)}).decode(),
            "too_long",
        ),
    ],
)
def test_frames_that_the_protocol_does_not_have(frame: str, code: str) -> None:
    with pytest.raises(BadFrame) as caught:
        read_frame(frame)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Shop.Example/a?b", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("null", ""),
        ("javascript:alert(1)", ""),
        ("https://shop.example:port", ""),
    ],
)
def test_origins(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize("site", ["*", "shop.example", "https://shop.example/path", "https://u@shop.example"])
def test_a_listed_site_is_one_site(site: str) -> None:
    with pytest.raises(ValueError, match="expected a site"):
        checked_origins((site,))


def test_the_signature_is_that_of_standard_webhooks() -> None:
    headers = sign(b'{"a":1}', "reply-7", NOW, b"key")
    signed = f"reply-7.{int(NOW.timestamp())}.".encode() + b'{"a":1}'
    expected = base64.b64encode(hmac.new(b"key", signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"callback_url": "ftp://x"}, "http://"),
        ({"callback_url": "https://x"}, "without callback_secret"),
        ({"callback_url": "https://x", "callback_secret": "whsec_short"}, "whsec_"),
    ],
)
def test_wrong_api_settings_say_what_was_expected(values: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ApiSettings.model_validate(values)
