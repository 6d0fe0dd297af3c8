"""What a visitor's page may say, whatever the way it comes: read and cleaned. Pure. docs/chat.md has the protocol whole; what
the hub says is in sayings.py.

Ids are texts of digits: they are larger than the whole numbers that JavaScript can hold.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from channels.clean import clean_line, clean_text
from hub.model.identities import normalise_identity
from hub.model.interactions import IdentityKind

MOST_FRAME = 32 * 1024
"""Bytes of a frame that a visitor may send; 5,000 characters in any script fit in."""
MOST_TEXT = 5_000
MOST_COMMENT = 2_000
MOST_HAVE = 64
_MOST_TOKEN = 4096
_CLIENT_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_KEY = re.compile(r"[A-Za-z0-9_-]{0,200}")
_LAST_ID = 2**63 - 1


class BadFrame(ValueError):
    """A frame that the protocol does not have. `code` is for programs; the text is for their authors."""

    def __init__(self, code: str, text: str, client_id: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.client_id = client_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """The first frame. `after` is the id of the last line that the page is sure of, `have` those above it that it has too,
    `page` a name of its own by chance. `identity`: what the site says of the visitor; `key`: what opens a conversation from
    another device; `fresh`: another conversation than the one of `session` is to begin. `standing`: the digest of the last one
    that the page was told, "" for none."""

    session: str = ""
    after: int = 0
    have: frozenset[int] = frozenset()
    page: str = ""
    identity: str = ""
    key: str = ""
    fresh: bool = False
    standing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A visitor's message, cleaned. `client_id` is the page's own id of it."""

    client_id: str
    text: str
    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing:
    """The visitor writes, or does not any more."""

    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Lines up to this one were shown."""

    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GoOn:
    """The address by which it goes on when nobody looks here any more."""

    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendTranscript:
    """Everything so far, to that address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How the visitor liked it, in answer to the question of `token`."""

    token: str
    score: int
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeLink:
    """A link by which this conversation opens on another device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """This browser's token is given back: nobody comes in by it any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bye:
    """The page is closed."""


Frame: TypeAlias = Hello | Said | Typing | Seen | GoOn | SendTranscript | Rate | MakeLink | Reset | Bye


def read_frame(data: str | bytes) -> Frame:
    """What the visitor's page sent. Raises BadFrame."""
    try:
        frame = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadFrame("bad_frame", f"not JSON: {error}") from error
    if not isinstance(frame, dict):
        raise BadFrame("bad_frame", "expected a JSON object")
    kind = frame.get("type")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise BadFrame("bad_frame", f"type: expected one of {', '.join(_READERS)}")
    return reader(frame)


def read_client_id(value: object) -> str:
    """Raises BadFrame."""
    if not isinstance(value, str) or not _CLIENT_ID.fullmatch(value):
        raise BadFrame("bad_client_id", "client_id: expected 1 to 64 letters, digits, - _ or .")
    return value


def read_text(value: str, client_id: str, *, needed: bool = True) -> str:
    """The words of a message, cleaned. Raises BadFrame."""
    text = clean_text(value, MOST_TEXT + 1)
    if needed and not text:
        raise BadFrame("empty", "text: is empty", client_id)
    if len(text) > MOST_TEXT:
        raise BadFrame("too_long", f"text: at most {MOST_TEXT} characters", client_id)
    return text


def is_chance(value: str) -> bool:
    """Whether this may be the name of a page, or a key."""
    return _KEY.fullmatch(value) is not None


def _hello(frame: Mapping[str, Any]) -> Hello:
    have = frame.get("have", [])
    if not isinstance(have, list) or len(have) > MOST_HAVE:
        raise BadFrame("bad_frame", f"have: expected at most {MOST_HAVE} ids of lines")
    return Hello(
        session=_short(frame, "session", _MOST_TOKEN),
        after=_line_id(frame.get("after", 0), "after"),
        have=frozenset(_line_id(one, "have") for one in have),
        page=_chance(frame, "page"),
        identity=_short(frame, "identity", _MOST_TOKEN),
        key=_chance(frame, "key"),
        fresh=frame.get("fresh") is True,
        standing=_chance(frame, "standing"),
    )


def _message(frame: Mapping[str, Any]) -> Said:
    client_id = read_client_id(frame.get("client_id"))
    texts = {key: frame.get(key, "") for key in ("text", "name", "email")}
    for key, value in texts.items():
        if not isinstance(value, str):
            raise BadFrame("bad_frame", f"{key}: expected a text", client_id)
    return Said(
        client_id=client_id,
        text=read_text(texts["text"], client_id),
        name=clean_line(texts["name"], 200),
        email=clean_line(texts["email"], 320),
    )


def _go_on(frame: Mapping[str, Any]) -> GoOn:
    address = normalise_identity(IdentityKind.EMAIL, _short(frame, "address", 320))
    if address is None:
        raise BadFrame("bad_address", "address: expected an e-mail address")
    return GoOn(address=address)


def _rate(frame: Mapping[str, Any]) -> Rate:
    score = frame.get("score")
    if type(score) is not int or not 0 <= score <= 10:
        raise BadFrame("bad_frame", "score: expected a number from 0 to 10")
    return Rate(
        token=_short(frame, "token", 200),
        score=score,
        comment=clean_text(_short(frame, "comment", MOST_COMMENT), MOST_COMMENT),
    )


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Frame]] = {
    "hello": _hello,
    "message": _message,
    "typing": lambda frame: Typing(on=frame.get("on") is True),
    "seen": lambda frame: Seen(line=_line_id(frame.get("id"), "id")),
    "mail": _go_on,
    "transcript": lambda _frame: SendTranscript(),
    "rate": _rate,
    "link": lambda _frame: MakeLink(),
    "reset": lambda _frame: Reset(),
    "bye": lambda _frame: Bye(),
}


def _short(frame: Mapping[str, Any], key: str, most: int) -> str:
    value = frame.get(key, "")
    if not isinstance(value, str) or len(value) > most:
        raise BadFrame("bad_frame", f"{key}: expected a text of at most {most} characters")
    return value


def _chance(frame: Mapping[str, Any], key: str) -> str:
    value = _short(frame, key, 200)
    if not is_chance(value):
        raise BadFrame("bad_frame", f"{key}: expected letters, digits, - or _")
    return value


def _line_id(value: object, key: str) -> int:
    digits = str(value) if type(value) in (int, str) else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) < 20 and int(digits) <= _LAST_ID):
        raise BadFrame("bad_frame", f"{key}: expected the id of a line, or 0")
    return int(digits)
