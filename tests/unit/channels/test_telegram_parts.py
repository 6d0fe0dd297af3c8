"""The pure parts of the Telegram channel: pieces of a long answer, keys of what was journalled."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from channels.telegram.compose import MOST_UNITS, split_text
from channels.telegram.envelope import content_key, pack
from channels.telegram.files import files_of, is_for_us
from channels.telegram.settings import TelegramSettings


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@given(st.text(max_size=300), st.integers(8, 64))
def test_pieces_fit_and_nothing_but_space_is_lost(text: str, most: int) -> None:
    pieces = split_text(text, most)
    assert all(0 < units(piece) <= most for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_a_long_text_is_cut_between_paragraphs() -> None:
    first, second = "字" * 3000, "x" * 3000
    assert split_text(f"{first}\n\n{second}") == [first, second]
    assert split_text("short") == ["short"]
    assert split_text("  ") == []


def test_what_is_seen_as_one_character_stays_whole() -> None:
    family = "👩‍👩‍👧‍👦"
    for text in (family * 600, "🇨🇳" * 1500, "e\u0301" * 3000):
        pieces = split_text(text)
        assert len(pieces) > 1
        assert all(units(piece) <= MOST_UNITS for piece in pieces)
        whole = family if family in text else text[:2]
        assert all(piece.startswith(whole) and piece.endswith(whole) for piece in pieces)


def update(**message: Any) -> dict[str, Any]:
    chat = {"id": 5, "type": "private"}
    return {"update_id": 9, "message": {"message_id": 7, "chat": chat, "text": "hi"} | message}


def test_keys() -> None:
    item = pack(update(), bot_id=3, received_at=datetime(2026, 11, 24, tzinfo=UTC), files={}, missing={})
    assert (item.external_key, item.content_key) == ("update.3.9", "msg.5.7")
    edited = {"update_id": 10, "edited_message": update()["message"] | {"edit_date": 44}}
    assert content_key(edited) == "msg.5.7.44"
    assert content_key({"update_id": 1, "message": None}) == ""


def test_what_json_lets_in_is_journalled_harmlessly() -> None:
    deep: Any = "x"
    for _ in range(400):
        deep = [deep]
    hostile = update(text="\ud800 ok", big=2**80, endless=float("inf"), deep=deep)
    item = pack(hostile, bot_id=3, received_at=datetime(2026, 11, 24, tzinfo=UTC), files={}, missing={})
    assert orjson.loads(item.content)["update"]["message"]["text"] == "\ufffd ok"


def test_whose_word_is_heard() -> None:
    assert is_for_us(update())
    assert not is_for_us(update(text="/start"))
    assert is_for_us(update(text="/start order 7"))
    assert not is_for_us(update(chat={"id": -5, "type": "group"}))
    assert not is_for_us({"update_id": 1, "my_chat_member": {}})


def test_the_largest_photo_that_may_be_fetched() -> None:
    sizes = [{"file_id": str(n), "file_size": n * 1_000_000} for n in (1, 19, 30)]
    assert [file.file_id for file in files_of({"photo": sizes})] == ["19"]
    assert files_of({"photo": [None, {}, 7], "document": "x"}) == []


def test_a_wrong_token_stops_the_start_and_is_not_shown() -> None:
    with pytest.raises(ValidationError, match="BotFather") as caught:
        TelegramSettings.model_validate({"token": "secret words"})
    assert "secret words" not in str(caught.value.errors(include_input=False))
    assert "abcdef" not in repr(TelegramSettings.model_validate({"token": "1:abcdef"}))
