"""What a row of the ticket list says beside the ticket: how long somebody waits and how bad that is, what is marked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.web.desk.say.language import N_, Voice
from hub.web.desk.say.snooze import say_until
from hub.web.desk.say.targets import Due
from hub.web.desk.tickets.listing import Listed
from storage.views import TicketRow

LONG, TOO_LONG = timedelta(hours=1), timedelta(hours=4)
"""Where nothing was promised, a wait is worth a second look after this, and an alarm after that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRow:
    """`wait`: what the customer does meanwhile ("" where nobody waits), `alarm`: "", "long" or "late". `head` and `under`: the
    two lines of words; a ticket without a subject shows the first words in its place. `until`: "" where it is not put off."""

    head: str
    under: str
    unread: bool
    draft: bool
    until: str
    wait: str
    alarm: str


def tell_rows(voice: Voice, listed: Listed, dues: Mapping[int, Due], now: datetime) -> dict[int, ToldRow]:
    """By ticket."""
    return {row.id: _tell(voice, row, listed, dues.get(row.id), now) for row in listed.rows}


def _tell(voice: Voice, row: TicketRow, listed: Listed, due: Due | None, now: datetime) -> ToldRow:
    mark = listed.marks.get(row.id)
    waits = row.status == "open" and row.waiting_since is not None
    return ToldRow(
        head=row.subject or row.preview or voice.say(N_("No subject")),
        under="" if _says_the_same(row) else row.preview,
        unread=mark is not None and mark.unread,
        draft=row.id in listed.drafts,
        until=say_until(voice, mark.snoozed_until if mark else None, now),
        wait=voice.say(_in_line(row)) if waits else "",
        alarm=_alarm(row, due, now) if waits else "",
    )


def _says_the_same(row: TicketRow) -> bool:
    """A subject that was made of the first words is not said twice."""
    return row.preview.startswith(row.subject.rstrip(" …"))


def _in_line(row: TicketRow) -> str:
    """Whoever has no agent yet stands in the queue."""
    return N_("in queue") if row.assignee_id is None else N_("waited")


def _alarm(row: TicketRow, due: Due | None, now: datetime) -> str:
    """What was promised decides, where anything was."""
    if due is not None:
        return {"over": "late", "soon": "long"}.get(due.look, "")
    waited = now - row.waiting_since if row.waiting_since else timedelta()
    return "late" if waited > TOO_LONG else "long" if waited > LONG else ""
