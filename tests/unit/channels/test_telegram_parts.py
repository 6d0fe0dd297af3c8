"""The pure parts of the Telegram channel: pieces of a long answer, keys of what was journalled."""

import itertools
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from channels.telegram.compose import MOST_UNITS, As, pieces_of, split_text
from channels.telegram.envelope import content_key, pack
from channels.telegram.files import files_of
from channels.telegram.join import join
from channels.telegram.settings import TelegramSettings
from channels.telegram.updates import For, asking_of, part_of, whom_for
from hub.model.interactions import (
    InboundAttachment,
    InboundInteraction,
    InteractionKind,
    OutboundAttachment,
    Sender,
)
from tests.fakes.telegram_keys import mark


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
    key = mark(5, 7, bot=3)
    assert (item.external_key, item.content_key) == (f"update.3.9.{key}", f"msg.3.{key}")
    edited = {"update_id": 10, "edited_message": update()["message"] | {"edit_date": 44}}
    assert content_key(edited, 3) == f"msg.3.{mark(5, 7, 44, bot=3)}"
    assert content_key({"update_id": 1, "message": None}, 3) == ""


def test_what_json_lets_in_is_journalled_harmlessly() -> None:
    deep: Any = "x"
    for _ in range(400):
        deep = [deep]
    hostile = update(text="\ud800 ok", big=2**80, endless=float("inf"), deep=deep)
    item = pack(hostile, bot_id=3, received_at=datetime(2026, 11, 24, tzinfo=UTC), files={}, missing={})
    assert orjson.loads(item.content)["update"]["message"]["text"] == "\ufffd ok"


def test_whose_word_is_heard() -> None:
    assert whom_for(update()) is For.AGENTS
    assert whom_for(update(text="/start order 7")) is For.AGENTS, "perhaps for the hub, which is asked first"
    assert whom_for(update(chat={"id": -5, "type": "group"})) is For.GROUP
    assert whom_for(update(chat={"id": -5, "type": "channel"})) is For.GROUP
    member = {"chat": {"id": -5, "type": "supergroup"}, "new_chat_member": {"status": "left"}}
    assert whom_for({"update_id": 1, "my_chat_member": member}) is For.NOBODY, "nothing more to leave"
    assert whom_for({"update_id": 1, "inline_query": {"id": "1", "query": "tea"}}) is For.NOBODY
    assert whom_for(update(pinned_message={})) is For.NOBODY
    moving = update(location={"latitude": 1.0, "longitude": 2.0})["message"]
    assert whom_for({"update_id": 1, "edited_message": moving}) is For.NOBODY


def test_what_is_asked_of_the_hub() -> None:
    sender = {"id": 5, "first_name": "小", "last_name": "梅", "language_code": "zh-hans"}
    asked = asking_of(update(text="/Start@tea_bot  abc def", **{"from": sender}))
    assert asked is not None
    assert (asked.command, asked.argument, asked.name, asked.language) == (
        "start",
        "abc def",
        "小 梅",
        "zh-hans",
    )
    assert (asked.key, asked.thread_key, asked.address) == ("ask.msg.5.7", "chat.5", "5")
    said = asking_of(update(text="/ not a command", **{"from": sender}))
    assert said is not None and said.command == ""
    own = asking_of(
        update(text=None, contact={"phone_number": "+8613800138000", "user_id": 5}, **{"from": sender})
    )
    other = asking_of(update(text=None, contact={"phone_number": "110"}, **{"from": sender}))
    assert own is not None and own.phone_is_own
    assert other is not None and not other.phone_is_own
    assert asking_of({"update_id": 1, "callback_query": {"id": 5, "data": "x", "message": None}}) is None


def test_an_album_is_one_message_in_the_order_of_its_pictures() -> None:
    def part(
        number: int, text: str = "", edit_of: str = "", at: int = 10, data: bytes = b""
    ) -> InboundInteraction:
        return InboundInteraction(
            kind=InteractionKind.MESSAGE,
            sender=Sender(name="Li", identities=()),
            text=text,
            attachments=(InboundAttachment(filename=f"{number}.jpg", content_type="image/jpeg", data=data),),
            occurred_at=datetime.fromtimestamp(at, UTC),
            external_id=f"5.{number}",
            fields={"edit_of": edit_of} if edit_of else {},
        )

    parts = [part(10, "two", at=12), part(9, "one"), part(10, "zwei", edit_of="5.10", at=30), part(11)]
    for order in itertools.permutations(parts):
        whole = join(order, "5.g1")
        assert (whole.text, whole.external_id) == ("one\nzwei", "5.g1")
        assert [file.filename for file in whole.attachments] == ["9.jpg", "10.jpg", "11.jpg"]
        assert whole.fields == {"edit_of": "5.g1"}
        assert whole.occurred_at == datetime.fromtimestamp(30, UTC)


def test_what_is_large_is_no_part() -> None:
    """Ten files of 20 MB are more than can be put together at once; a change of one is judged like its first word."""
    small, large = ({"file_id": "v", "file_size": size} for size in (2_000_000, 20_000_000))
    assert part_of(update(media_group_id="9", video=small)) == "5.g9"
    first = update(media_group_id="9", video=large)
    assert part_of(first) == part_of({"update_id": 10, "edited_message": first["message"]}) == ""


def test_the_largest_photo_that_may_be_fetched() -> None:
    sizes = [{"file_id": str(n), "file_size": n * 1_000_000} for n in (1, 19, 30)]
    assert [file.file_id for file in files_of({"photo": sizes})] == ["19"]
    assert files_of({"photo": [None, {}, 7], "document": "x"}) == []


def test_a_wrong_token_stops_the_start_and_is_not_shown() -> None:
    with pytest.raises(ValidationError, match="BotFather") as caught:
        TelegramSettings.model_validate({"token": "secret words"})
    assert "secret words" not in str(caught.value.errors(include_input=False))
    assert "abcdef" not in repr(TelegramSettings.model_validate({"token": "1:abcdef"}))


def test_what_leaves_as_one_thing() -> None:
    def file(kind: str, size: int = 1) -> OutboundAttachment:
        return OutboundAttachment(filename="f", content_type=kind, data=b"x" * size)

    photo, pdf = file("image/png"), file("application/pdf")
    (album,) = pieces_of("Look", [photo] * 3)
    assert (album.text, len(album.files), album.shown) == ("Look", 3, As.PHOTO)
    assert [len(one.files) for one in pieces_of("", [photo] * 12)] == [10, 2]
    assert [(one.text, one.shown) for one in pieces_of("Hi", [photo, pdf])] == [
        ("Hi", As.DOCUMENT), ("", As.PHOTO), ("", As.DOCUMENT),
    ]  # fmt: skip
    long = pieces_of("字" * 1025, [pdf])
    assert [bool(one.files) for one in long] == [False, True], "words below a file have less room"
    assert [one.shown for one in pieces_of("", [file("audio/ogg"), file("audio/mpeg"), file("video/mp4")])] == [
        As.VOICE, As.AUDIO, As.VIDEO,
    ]  # fmt: skip
    assert pieces_of("", [file("image/jpeg", 10 * 1024 * 1024 + 1)])[0].shown is As.DOCUMENT
