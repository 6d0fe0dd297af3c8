"""What a macro does: two halves, what it writes and what it changes. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from hub.model.tags import MOST_TAGS, clean_tag
from hub.model.tickets import Priority, TicketStatus

ME, NOBODY = "me", "nobody"
UNTIL_WRITTEN = "written"
SNOOZES = ("hour", "afternoon", "tomorrow", "monday", UNTIL_WRITTEN)
"""Codes of hub.actions.lists.moments, and until the customer writes."""
MOST_TEXT = 20_000


class BadActs(ValueError):
    """`code`: nothing_to_do, bad_acts, bad_tag, too_many_tags, done_and_snoozed."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Acts:
    """`reply` and `note`: Liquid, "" for none. `assign`: "me" (who runs it), "nobody", an agent's id as digits, or "".
    `priority`: 0 for as it is. `snooze`: one of SNOOZES, or ""."""

    reply: str = ""
    note: str = ""
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    priority: int = 0
    queue: str = ""
    assign: str = ""
    status: str = ""
    snooze: str = ""

    @property
    def changes(self) -> bool:
        """Whether there is a second half."""
        return bool(
            self.add_tags
            or self.remove_tags
            or self.priority
            or self.queue
            or self.assign
            or self.status
            or self.snooze
        )

    def as_document(self) -> dict[str, Any]:
        """As it is stored, without what is empty."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value
        }


def read_acts(document: Mapping[str, Any]) -> Acts:
    """The acts of a form, of a request, or as they were stored. Raises BadActs.

    >>> read_acts({"add_tags": ["VIP "], "status": "resolved"}).add_tags
    ('vip',)
    """
    if not set(document) <= {field.name for field in fields(Acts)}:
        raise BadActs("bad_acts")
    try:
        acts = Acts(
            reply=_text(document.get("reply", "")),
            note=_text(document.get("note", "")),
            add_tags=tuple(dict.fromkeys(clean_tag(one) for one in document.get("add_tags", ()))),
            remove_tags=tuple(dict.fromkeys(clean_tag(one) for one in document.get("remove_tags", ()))),
            priority=int(document.get("priority", 0)),
            queue=str(document.get("queue", "")),
            assign=str(document.get("assign", "")),
            status=str(document.get("status", "")),
            snooze=str(document.get("snooze", "")),
        )
    except ValueError as error:
        raise BadActs("bad_tag") from error
    _check(acts)
    return acts


def _check(acts: Acts) -> None:
    wrong = (
        (acts.priority and acts.priority not in set(Priority))
        or (acts.status and acts.status not in set(TicketStatus))
        or (acts.snooze and acts.snooze not in SNOOZES)
        or (acts.assign not in ("", ME, NOBODY) and not (acts.assign.isascii() and acts.assign.isdigit()))
        or len(acts.assign) > 18
        or max(len(acts.reply), len(acts.note)) > MOST_TEXT
    )
    if wrong:
        raise BadActs("bad_acts")
    if len(acts.add_tags) > MOST_TAGS:
        raise BadActs("too_many_tags")
    if acts.snooze and acts.status in (TicketStatus.RESOLVED, TicketStatus.CLOSED):
        raise BadActs("done_and_snoozed")
    if not (acts.reply or acts.note or acts.changes):
        raise BadActs("nothing_to_do")


def _text(given: Any) -> str:
    return str(given).replace("\r\n", "\n").replace("\x00", "").strip()
