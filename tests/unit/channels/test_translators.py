"""Translators against hostile content: they read it, clean it, or say why they cannot; they never break."""

import base64
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.adapter import CannotTranslate, ChannelKind, RawItem
from channels.registry import load_kinds
from hub.model.interactions import IdentityKind, InteractionKind

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
KINDS = load_kinds()
SETTINGS: dict[str, Any] = {
    "api": KINDS["api"].settings(),
    "loopback": KINDS["loopback"].settings(),
    "portal": KINDS["portal"].settings(),
    "telegram": KINDS["telegram"].settings.model_validate({"token": "1:abcdef"}),
    "webchat": KINDS["webchat"].settings(),
    "webform": KINDS["webform"].settings(),
}
GOOD: dict[str, dict[str, Any]] = {
    "api": {
        "sender": {
            "name": "Li",
            "identities": [{"kind": "email", "value": "Li@Example.cn", "verified": True}],
        },
        "text": "hello",
        "attachments": [{"filename": "a.txt", "content_type": "text/plain", "data_base64": "YQ=="}],
    },
    "loopback": {"text": "hello", "who": "li"},
    "portal": {
        "address": "Li@Example.cn",
        "name": "Li",
        "text": "hello",
        "ticket": "T-10019",
        "token": "t42zabc",
        "files": [{"filename": "../a.txt", "content_type": "text/plain", "data": "YQ=="}],
    },
    "telegram": {
        "update": {
            "update_id": 1,
            "message": {
                "message_id": 7,
                "date": 1795537412,
                "chat": {"id": 5, "type": "private"},
                "from": {"id": 5, "first_name": "Li", "language_code": "zh-hans"},
                "text": "hello",
                "photo": [{"file_id": "f", "file_size": 1}],
                "location": {"latitude": 31.2, "longitude": 121.5},
                "contact": {"first_name": "Wang", "phone_number": "+8613800138000"},
                "reply_to_message": {"message_id": 6},
            },
        },
        "files": {"f": "YQ=="},
        "missing": {},
    },
    "webchat": {
        "session": "a" * 64,
        "client_id": "c1",
        "text": "hello",
        "name": "Li",
        "email": "li@example.cn",
    },
    "webform": {
        "fields": {"message": "hello", "email": "li@example.cn", "phone": "13800138000", "kind": "complaint"},
        "files": [{"filename": "../a.txt", "content_type": "text/plain", "data": "YQ=="}],
        "language": "en",
    },
}
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3)
    ),
    max_leaves=6,
)


def translate(kind: str, content: Any) -> Any:
    data = content if isinstance(content, bytes) else orjson.dumps(content)
    chosen: ChannelKind = KINDS[kind]
    return chosen.translate(RawItem(external_key="k", content=data, received_at=NOW), SETTINGS[kind])


def paths(value: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [before, *(path for key, child in inside for path in paths(child, (*before, key)))]


def with_junk(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    if not path:
        return junk
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = with_junk(copy[path[0]], path[1:], junk)
    return copy


@pytest.mark.parametrize("kind", GOOD)
def test_good_content_is_read(kind: str) -> None:
    read = translate(kind, GOOD[kind])
    assert read.text.startswith("hello")
    assert read.sender.identities


@pytest.mark.parametrize("kind", GOOD)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_junk_in_any_place_is_read_or_refused(kind: str, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(paths(GOOD[kind])))
    content = with_junk(GOOD[kind], path, data.draw(JUNK))
    try:
        raw = orjson.dumps(content)
    except orjson.JSONEncodeError:
        return  # a half surrogate or a number beyond 64 bits cannot be written at all
    try:
        read = translate(kind, raw)
    except CannotTranslate as error:
        assert str(error)
        return
    shown = (read.text, read.subject, read.sender.name, *read.fields.values(), *read.hints.values())
    for value in (*shown, read.external_id, read.reply_address, read.thread.key):
        value.encode("utf-8")
        assert "\x00" not in value


@pytest.mark.parametrize("kind", GOOD)
@pytest.mark.parametrize(
    "content", [b"", b"null", b"[]", b"{}", b"\x00", b'{"text": "\\ud800"}', b"[" * 9999]
)
def test_what_is_not_ours_is_refused(kind: str, content: bytes) -> None:
    with pytest.raises(CannotTranslate):
        translate(kind, content)


@pytest.mark.parametrize("kind", ["api", "loopback", "webchat", "portal"])
def test_nul_and_controls_are_taken_out(kind: str) -> None:
    assert translate(kind, GOOD[kind] | {"text": "a\x00b\x1b[31m\r\nc"}).text == "ab[31m\nc"


def test_a_form_proves_nothing() -> None:
    read = translate("webform", GOOD["webform"])
    assert read.kind is InteractionKind.FORM
    assert [(one.kind, one.value, one.verified) for one in read.sender.identities] == [
        (IdentityKind.EMAIL, "li@example.cn", False),
        (IdentityKind.PHONE, "+8613800138000", False),
    ]
    assert (read.reply_address, read.hints) == ("li@example.cn", {"kind": "complaint"})
    assert read.attachments[0].filename == "a.txt"


def test_the_kind_of_a_forms_settings_is_stronger_than_what_is_posted() -> None:
    kind = KINDS["webform"]
    chosen = kind.settings.model_validate({"ticket_kind": "feedback"})
    item = RawItem(external_key="k", content=orjson.dumps(GOOD["webform"]), received_at=NOW)
    assert kind.translate(item, chosen).hints == {"kind": "feedback"}


def test_a_chat_proves_the_visitor_and_not_the_address() -> None:
    read = translate("webchat", GOOD["webchat"])
    assert [(one.kind, one.verified) for one in read.sender.identities] == [
        (IdentityKind.VISITOR, True),
        (IdentityKind.EMAIL, False),
    ]
    assert read.reply_address == read.thread.key == "session." + "a" * 64


def test_the_api_says_itself_what_is_proven() -> None:
    identity = translate("api", GOOD["api"]).sender.identities[0]
    assert (identity.value, identity.verified) == ("li@example.cn", True)
    bad = GOOD["api"] | {"sender": {"identities": [{"kind": "email", "value": "nobody"}]}}
    with pytest.raises(CannotTranslate, match=r"sender\.identities\.0\.value"):
        translate("api", bad)


def test_a_telegram_message() -> None:
    read = translate("telegram", GOOD["telegram"])
    assert read.text == "hello\n📍 31.200000, 121.500000\n👤 Wang +8613800138000"
    assert (read.external_id, read.thread.key, read.thread.references) == ("5.7", "chat.5", ("5.6",))
    assert (read.reply_address, read.hints) == ("5", {"language": "zh"})
    assert read.attachments[0].data == base64.b64decode("YQ==")
    assert read.occurred_at == datetime(2026, 11, 24, 16, 23, 32, tzinfo=UTC)


def test_a_file_that_could_not_be_fetched_is_named() -> None:
    update = with_junk(GOOD["telegram"], ("files",), {})
    read = translate("telegram", update | {"missing": {"f": "too large"}})
    assert read.text.endswith("📎 photo-7.jpg (0.0 MB) ✗")
    assert read.fields["files_not_fetched"] == "photo-7.jpg: too large"


def test_an_edit_names_what_it_changes() -> None:
    envelope = GOOD["telegram"]
    message = envelope["update"]["message"] | {"text": "hallo", "edit_date": 1795537500}
    read = translate("telegram", envelope | {"update": {"update_id": 2, "edited_message": message}})
    assert read.text.startswith("hallo")
    assert read.fields["edit_of"] == "5.7"
