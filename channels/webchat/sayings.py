"""What the hub says to a visitor's page: one JSON object each, the same by socket and by long poll. Pure."""

import hashlib
from collections.abc import Sequence
from typing import Any, TypeAlias

import orjson

from channels.adapter import Standing, TranscriptLine

Saying: TypeAlias = dict[str, Any]


def as_text(saying: Saying) -> str:
    """As it goes over the line."""
    return orjson.dumps(saying).decode()


def welcome(
    token: str, lines: Sequence[TranscriptLine], standing: Standing, *, partly: bool = False
) -> Saying:
    """The first: the token to come back with, and everything so far. `partly`: there is more that this token does not open."""
    return {
        "type": "welcome",
        "session": token,
        "partly": partly,
        "lines": [_line(line) for line in lines],
        "standing": _standing(standing),
    }


def new_lines(lines: Sequence[TranscriptLine]) -> Saying:
    return {"type": "lines", "lines": [_line(line) for line in lines]}


def stands(standing: Standing) -> Saying:
    return {"type": "standing", **_standing(standing)}


def kept(client_id: str, ticket: str) -> Saying:
    """The message is committed."""
    return {"type": "kept", "client_id": client_id, "ticket": ticket}


def done(what: str, ok: bool, **more: str) -> Saying:
    """What became of something that the visitor asked for."""
    return {"type": what, "ok": ok, **more}


def problem(code: str, text: str, client_id: str = "", fault: str = "") -> Saying:
    """`fault`: the number under which the log says more."""
    named = {"client_id": client_id, "fault": fault}
    return {"type": "error", "code": code, "text": text, **{key: one for key, one in named.items() if one}}


def broken(fault: str, client_id: str = "") -> Saying:
    """It is the hub's own fault."""
    return problem("fault", "the hub's log says more under this number", client_id, fault)


def digest(standing: Standing) -> str:
    """By which a page says which one it was told last."""
    return hashlib.sha256(orjson.dumps(_facts(standing))).hexdigest()[:16]


def _standing(standing: Standing) -> dict[str, Any]:
    return {**_facts(standing), "digest": digest(standing)}


def _facts(standing: Standing) -> dict[str, Any]:
    return {
        "reference": standing.reference,
        "serving": standing.serving,
        "opens_at": standing.opens_at.isoformat() if standing.opens_at else None,
        "place": standing.place,
        "least": standing.least,
        "most": standing.most,
        "agent": standing.agent,
        "typing": standing.typing,
        "over": standing.over,
        "question": standing.question,
        "mail": standing.mail,
    }


def _line(line: TranscriptLine) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": str(line.id),
        "mine": line.mine,
        "author": line.author,
        "text": line.text,
        "at": line.at.isoformat(),
        "client_id": line.client_id,
    }
    if line.files:
        said["files"] = [
            {"number": one.number, "name": one.name, "bytes": one.bytes, "picture": one.picture}
            for one in line.files
        ]
    return said
