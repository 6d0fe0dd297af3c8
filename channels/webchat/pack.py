"""A visitor's message as a raw item: one JSON object that says everything by itself. Only the conversation's public name is in
it, never a token. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from channels.adapter import RawItem
from channels.carried import carry_file
from channels.webchat.frames import Said
from channels.webchat.sessions import Seat


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """A file as the visitor's page sent it; nothing about it is checked but its size."""

    filename: str
    content_type: str
    data: bytes


def pack(
    said: Said,
    seat: Seat,
    *,
    received_at: datetime,
    meta: Mapping[str, Any],
    files: Sequence[SentFile] = (),
) -> RawItem:
    """`seat` is the writer's, whose person goes along as the site has named them."""
    content: dict[str, Any] = {
        "session": seat.session,
        "client_id": said.client_id,
        "text": said.text,
        "name": said.name,
        "email": said.email,
    }
    if seat.person is not None:
        content |= {
            "subject": seat.person.subject,
            "name": seat.person.name or said.name,
            "email": said.email or seat.person.email,
        }
    if files:
        content["files"] = [carry_file(one.filename, one.content_type, one.data) for one in files]
    return RawItem(
        external_key=f"{seat.session}.{said.client_id}",
        content=orjson.dumps(content),
        received_at=received_at,
        meta=meta,
    )
