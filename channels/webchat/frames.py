"""What goes over a visitor's socket, both ways. Pure. The protocol:

client  {type: "hello", session: "<token or empty>", after: <last id seen, 0>}
hub     {type: "welcome", session, lines}
client  {type: "message", client_id, text, name?, email?}
hub     {type: "kept", client_id, ticket}              after the commit
hub     {type: "lines", lines: [{id, mine, author, text, at, client_id}]}
hub     {type: "error", client_id?, code, text}

Ids are texts of digits: they are larger than the whole numbers that JavaScript can hold.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from channels.adapter import RawItem, TranscriptLine
from channels.clean import clean_line, clean_text

MOST_FRAME = 32 * 1024
"""Bytes of a frame that a visitor may send; 5,000 characters in any script fit in."""
MOST_TEXT = 5_000
_CLIENT_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_LAST_ID = 2**63 - 1


class BadFrame(ValueError):
    """A frame that the protocol does not have. `code` is for programs; the text is for their authors."""

    def __init__(self, code: str, text: str, client_id: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.client_id = client_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """The first frame. `after` is the id of the last line that the page has."""

    session: str
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A visitor's message, cleaned. `client_id` is the page's own id of it."""

    client_id: str
    text: str
    name: str
    email: str


Frame: TypeAlias = Hello | Said


def read_frame(data: str) -> Frame:
    """What the visitor's page sent. Raises BadFrame."""
    try:
        frame = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadFrame("bad_frame", f"not JSON: {error}") from error
    if not isinstance(frame, dict):
        raise BadFrame("bad_frame", "expected a JSON object")
    match frame.get("type"):
        case "hello":
            return _read_hello(frame)
        case "message":
            return _read_message(frame)
        case _:
            raise BadFrame("bad_frame", "type: expected hello or message")


def _read_hello(frame: dict[str, Any]) -> Hello:
    session, after = frame.get("session", ""), frame.get("after", 0)
    if not isinstance(session, str):
        raise BadFrame("bad_frame", "session: expected a text")
    digits = str(after) if type(after) in (int, str) else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20 and int(digits) <= _LAST_ID):
        raise BadFrame("bad_frame", "after: expected the id of a line, or 0")
    return Hello(session=session, after=int(digits))


def _read_message(frame: dict[str, Any]) -> Said:
    client_id = frame.get("client_id")
    if not isinstance(client_id, str) or not _CLIENT_ID.fullmatch(client_id):
        raise BadFrame("bad_client_id", "client_id: expected 1 to 64 letters, digits, - _ or .")
    texts = {key: frame.get(key, "") for key in ("text", "name", "email")}
    for key, value in texts.items():
        if not isinstance(value, str):
            raise BadFrame("bad_frame", f"{key}: expected a text", client_id)
    text = clean_text(texts["text"], MOST_TEXT + 1)
    if not text:
        raise BadFrame("empty", "text: is empty", client_id)
    if len(text) > MOST_TEXT:
        raise BadFrame("too_long", f"text: at most {MOST_TEXT} characters", client_id)
    return Said(
        client_id=client_id,
        text=text,
        name=clean_line(texts["name"], 200),
        email=clean_line(texts["email"], 320),
    )


def pack(said: Said, session: str, **about: Any) -> RawItem:
    """The raw item of a message; `about` takes received_at and meta. Only the token's hash is in it."""
    content = {
        "session": session,
        "client_id": said.client_id,
        "text": said.text,
        "name": said.name,
        "email": said.email,
    }
    return RawItem(external_key=f"{session}.{said.client_id}", content=orjson.dumps(content), **about)


def welcome(session: str, lines: Sequence[TranscriptLine]) -> str:
    return _frame(type="welcome", session=session, lines=[_line(line) for line in lines])


def new_lines(lines: Sequence[TranscriptLine]) -> str:
    return _frame(type="lines", lines=[_line(line) for line in lines])


def kept(client_id: str, ticket: str) -> str:
    return _frame(type="kept", client_id=client_id, ticket=ticket)


def problem(code: str, text: str, client_id: str = "") -> str:
    named = {"client_id": client_id} if client_id else {}
    return _frame(type="error", code=code, text=text, **named)


def _line(line: TranscriptLine) -> dict[str, Any]:
    return {
        "id": str(line.id),
        "mine": line.mine,
        "author": line.author,
        "text": line.text,
        "at": line.at.isoformat(),
        "client_id": line.client_id,
    }


def _frame(**parts: Any) -> str:
    return orjson.dumps(parts).decode()
