"""S88. What comes by webhook, socket, form and API, spoilt in hundreds of ways that are the same every time: it is read, or
refused in the way that is meant for it. Letters: tests/unit/email/test_limits.py and tests/rooms/test_letter_shelf.py."""

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import ClientSession

from channels.adapter import CannotTranslate, RawItem
from channels.api import KIND as API
from channels.clean import read_json_object
from channels.telegram import KIND as TELEGRAM
from channels.telegram.envelope import pack
from channels.telegram.updates import asking_of, whom_for
from channels.webchat import KIND as WEBCHAT
from channels.webchat.frames import BadFrame, read_frame
from channels.webform import KIND as WEBFORM
from hub.actions.context import Context
from hub.actions.receive import accept_items, read_waiting
from tests.fakes.ports import Journal, make_ports, serving_routes
from tests.fakes.scene import a_hub, rows
from tests.security.spoil import spoil

ENDS = {"read", "duplicate", "quarantined", "discarded"}
"""Of a raw item: whoever has come to one of these waits for nobody. What was not read yet is "received"."""
NOW = datetime(2026, 11, 26, tzinfo=UTC)
USER = {
    "id": 77,
    "is_bot": False,
    "first_name": "Li",
    "last_name": "Wei",
    "username": "liwei",
    "language_code": "zh-hans",
}
CHAT = {"id": 77, "type": "private", "first_name": "Li"}
MESSAGE = {
    "message_id": 5, "date": 1_780_000_000, "from": USER, "chat": CHAT, "text": "/start abc", "caption": "a picture",
    "entities": [{"type": "bot_command", "offset": 0, "length": 6}, {"type": "url", "offset": 7, "length": 3}],
    "reply_to_message": {"message_id": 4, "date": 1, "chat": CHAT, "text": "earlier"},
    "photo": [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 2, "file_size": 3}],
    "document": {"file_id": "d", "file_unique_id": "v", "file_name": "a.txt", "mime_type": "text/plain", "file_size": 3},
    "location": {"latitude": 1.5, "longitude": 2.5},
    "contact": {"phone_number": "+49301234567", "first_name": "Li", "user_id": 77},
    "forward_origin": {"type": "user", "date": 1, "sender_user": USER}, "media_group_id": "m1",
}  # fmt: skip
_LEFT = {"chat": CHAT, "from": USER, "date": 1, "new_chat_member": {"status": "kicked", "user": USER}}
UPDATES = (
    {"update_id": 9, "message": MESSAGE},
    {"update_id": 10, "edited_message": {**MESSAGE, "edit_date": 1_780_000_100}},
    {"update_id": 11, "callback_query": {"id": "1", "from": USER, "data": "rate.1.5", "message": MESSAGE}},
    {"update_id": 12, "my_chat_member": _LEFT},
)  # fmt: skip
FRAMES = (
    {
        "type": "hello",
        "session": "s",
        "after": "5",
        "page": "p" * 22,
        "have": ["1", "2"],
        "identity": "a.b.c",
        "key": "k",
    },
    {"type": "message", "client_id": "c1", "text": "hello", "name": "Li", "email": "li@mail.example"},
    {"type": "typing", "on": True},
    {"type": "seen", "id": "5"},
    {"type": "rate", "token": "t", "score": 5, "comment": "good"},
    {"type": "go_on", "email": "li@mail.example"},
)
POST = {
    "name": "Li",
    "email": "li@mail.example",
    "phone": "+49301234567",
    "subject": "Parcel",
    "message": "Where is it?",
}
BODY = {
    "sender": {"name": "Li", "identities": [{"kind": "email", "value": "li@mail.example", "verified": True}]},
    "text": "words", "subject": "S", "html": "<p>x</p>", "thread_key": "k", "external_id": "1",
    "occurred_at": "2026-11-26T00:00:00Z", "hints": {"kind": "complaint"}, "fields": {"a": "b"},
    "attachments": [{"filename": "a", "data_base64": "QQ=="}],
    "channel": "api",
}  # fmt: skip
FILLED_IN = {
    "answers": [{"key": "message", "labels": {"en": "Message", "zh": "内容"}, "said": "hello"}], "text": "hello",
    "subject": "S",
    "name": "Li", "email": "li@mail.example", "phone": "+49301234567", "fields": {"order": "7"}, "hints": {"kind": "complaint"},
    "own": {"customer.size": "x"}, "language": "en", "files": [{"filename": "a", "content_type": "text/plain", "data": "QQ=="}],
}  # fmt: skip
MORE = {"more_of": "t", "text": "more", "name": "Li", "files": []}
FORMS = (FILLED_IN, MORE, {"fields": {"message": "hello", "kind": "enquiry"}, "files": []})
CHATTED = {
    "session": "a" * 64,
    "client_id": "c1",
    "text": "hello",
    "name": "Li",
    "email": "li@mail.example",
    "subject": "7",
}


def _read_update(data: bytes) -> None:
    update = read_json_object(data)
    if type(update.get("update_id")) is not int:
        return
    whom_for(update), asking_of(update)
    item = pack(update, bot_id=1, received_at=NOW, files={}, missing={})
    TELEGRAM.translate(item, TELEGRAM.settings(token="123456789:AAEtesttoken"))


def _translate(kind: Any) -> Callable[[bytes], None]:
    settings = kind.settings()

    def read(data: bytes) -> None:
        kind.translate(RawItem(external_key="1", content=data, received_at=NOW), settings)

    return read


@pytest.mark.parametrize(
    ("samples", "read", "refusal"),
    [
        (UPDATES, _read_update, CannotTranslate),
        (FRAMES, read_frame, BadFrame),
        (FORMS, _translate(WEBFORM), CannotTranslate),
        ((CHATTED,), _translate(WEBCHAT), CannotTranslate),
        ((BODY,), _translate(API), CannotTranslate),
    ],
    ids=["update", "frame", "form", "chat", "program"],
)
def test_s88_what_is_spoilt_is_read_or_refused_and_nothing_else(
    samples: tuple[Any, ...], read: Callable[[bytes], Any], refusal: type[Exception]
) -> None:
    chance, refused = random.Random(1126), 0
    for number in range(1200):
        data = spoil(samples[number % len(samples)], chance)
        try:
            read(data)
        except refusal:
            refused += 1
    assert 0 < refused < 1200, "some are good enough, and some are not"


# aiohttp warns of a disposition that it cannot read, and goes on.
@pytest.mark.filterwarnings(
    "ignore::aiohttp.BadContentDispositionParam", "ignore::aiohttp.BadContentDispositionHeader"
)
async def test_s88_a_form_answers_whatever_is_posted_and_takes_the_next(ctx: Context) -> None:
    """Bodies of every kind: spoilt JSON, spoilt multipart, spoilt encodings and types that lie."""
    journal, chance = Journal(), random.Random(7)
    adapter: Any = WEBFORM.open(
        "form", WEBFORM.settings(fill_in_seconds=0, address_posts=10_000, busy_posts=10_000), make_ports()
    )
    boundary = "multipart/form-data; boundary=B"
    parts = (
        b"".join(
            f'--B\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in POST.items()
        )
        + b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
        b"Content-Type: text/plain\r\n\r\nA\r\n--B--\r\n"
    )
    kinds = (
        "application/json", "application/x-www-form-urlencoded", boundary, "multipart/form-data", "text/plain",
        "application/json; charset=utf-16", "multipart/form-data; boundary=" + "B" * 300, "a/b", "application/xml",
    )  # fmt: skip
    answers: set[int] = set()
    async with serving_routes(adapter.routes(journal.accept)) as base, ClientSession() as client:
        for number in range(250):
            whole = bytearray(parts if number % 2 else spoil(POST, chance))
            for _ in range(chance.choice((0, 1, 3))):
                place = chance.randrange(len(whole) + 1)
                whole[place : place + chance.choice((0, 1, 30))] = chance.randbytes(chance.choice((0, 2)))
            kind = boundary if number % 2 and number % 10 else chance.choice(kinds)
            async with client.post(
                f"{base}/forms/form", data=bytes(whole), headers={"Content-Type": kind, "Origin": base}
            ) as answer:
                answers.add(answer.status)
                assert answer.status < 500, (number, kind, bytes(whole)[:300], await answer.text())
        async with client.post(f"{base}/forms/form", json=POST, headers={"Origin": base}) as answer:
            assert answer.status in (200, 201, 303), await answer.text()
    assert min(answers) < 400 <= max(answers), answers


async def test_s88_what_was_spoilt_after_it_was_kept_is_read_or_put_aside_and_the_next_flows(
    database_dsn: str,
) -> None:
    """In the journal already, for example by an older version of the hub: no worker stops at it."""
    chance = random.Random(3)
    async with a_hub(database_dsn) as ctx:
        for channel, samples in (("form", FORMS), ("chat", (CHATTED,)), ("bot", UPDATES)):
            items = [
                RawItem(
                    external_key=f"{channel}.{number}", content=_wrapped(channel, samples, number, chance), received_at=NOW
                )
                for number in range(60)
            ]  # fmt: skip
            await accept_items(ctx, channel, items)
        good = RawItem(external_key="form.good", content=json.dumps(FILLED_IN).encode(), received_at=NOW)
        await accept_items(ctx, "form", [good])
        while await read_waiting(ctx):
            pass
        ends = {row["state"] for row in await rows(ctx, "SELECT DISTINCT state FROM inbound_raw")}
        assert {"read", "quarantined"} <= ends, "some are good enough, and some are not"
        assert ends <= ENDS, "something is still to be read"
        faults = await rows(
            ctx, "SELECT error FROM inbound_raw WHERE error LIKE '%Error%' OR error LIKE '%fault%'"
        )
        assert [row["error"] for row in faults] == []
        last = await rows(ctx, "SELECT state FROM inbound_raw WHERE external_key = 'form.good'")
        assert [row["state"] for row in last] == ["read"]


def _wrapped(channel: str, samples: tuple[Any, ...], number: int, chance: random.Random) -> bytes:
    sample = samples[number % len(samples)]
    return spoil(
        {"update": sample, "files": {"f": "QQ=="}, "missing": {}} if channel == "bot" else sample, chance
    )
