"""What a letter says beside its text, as JSON: kept with its entry and read again where it is shown."""

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from hub.model.interactions import Forwarded, Invite, LetterDetails, Mailbox, SenderCheck

_NOT_KEPT = re.compile("[\x00\ud800-\udfff]")


def details_text(details: LetterDetails | None) -> str:
    """JSON without what is empty; "{}" for none. NUL and lone surrogates, which Postgres keeps in no text, become U+FFFD."""
    if details is None:
        return "{}"
    return json.dumps(_without_empty(details), ensure_ascii=False)


def read_details(data: Mapping[str, Any]) -> LetterDetails | None:
    """The details kept with an entry; None where there are none."""
    if not data:
        return None
    sender, forwarded, invite = data.get("sender"), data.get("forwarded"), data.get("invite")
    return LetterDetails(
        sender=Mailbox(**sender) if sender else None,
        to=tuple(Mailbox(**one) for one in data.get("to", ())),
        cc=tuple(Mailbox(**one) for one in data.get("cc", ())),
        sender_check=SenderCheck(data.get("sender_check", "")),
        forwarded=Forwarded(**forwarded) if forwarded else None,
        invite=Invite(**invite) if invite else None,
        security=data.get("security", ""),
        list_id=data.get("list_id", ""),
        degraded=data.get("degraded", False),
        junk=data.get("junk", False),
        declines_answers=data.get("declines_answers", False),
        thread_topic=data.get("thread_topic", ""),
        thread_index=data.get("thread_index", ""),
    )


def _without_empty(value: Any) -> Any:
    if is_dataclass(value):
        made = {one.name: _without_empty(getattr(value, one.name)) for one in fields(value)}
        return {name: one for name, one in made.items() if one or name == "address"}
    if isinstance(value, (list, tuple)):
        return [_without_empty(one) for one in value]
    if isinstance(value, str):
        return _NOT_KEPT.sub("\ufffd", value)
    return value
