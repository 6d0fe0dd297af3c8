"""Replies that leave later, as the thread shows them; the moments to choose from, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_datetime

from hub.actions.answers.later import Moment, Preset
from hub.web.desk.say.language import N_, Voice
from storage import scheduled as stored
from storage.database import Connection
from storage.drafts import DraftFileRow
from storage.scheduled import ScheduledRow

CANCELLED: Mapping[str, str] = {
    "heard": N_("The customer wrote first."),
    "closed": N_("The ticket was closed."),
    "merged": N_("The ticket was merged into another."),
    "no_way_back": N_("There is no way back to the customer any more."),
    "no_such_way": N_("The way it was to take is gone."),
    "way_shut": N_("The way it was to take is shut now."),
    "not_our_inbox": N_("The inbox it was to leave by is gone."),
    "no_files": N_("The channel carries no files."),
    "no_copies": N_("The channel sends no copies."),
    "too_long": N_("The text is too long for the channel."),
    "cancelled": N_("It was cancelled."),
    "put_back": N_("The database was put back from a copy; it may have left."),
}

PRESETS: Mapping[str, str] = {
    Preset.AFTERNOON: N_("This afternoon"),
    Preset.EVENING: N_("This evening"),
    Preset.TOMORROW: N_("Tomorrow morning"),
    Preset.WORKDAY: N_("Next working day"),
    Preset.MONDAY: N_("Next working Monday"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """Of one ticket: what waits, what was cancelled lately; the files of each."""

    rows: Sequence[ScheduledRow]
    files: Mapping[int, Sequence[DraftFileRow]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidScheduled:
    """`when`: its moment. `why`: why it did not leave, "" while it waits."""

    row: ScheduledRow
    when: str
    why: str
    files: Sequence[DraftFileRow]

    @property
    def waits(self) -> bool:
        return self.row.state == "waiting"


async def read_scheduled(connection: Connection, ticket_id: int) -> Scheduled:
    """What the thread of a ticket shows."""
    rows = await stored.of_ticket(connection, ticket_id)
    files = await stored.files_of(connection, [row.id for row in rows]) if rows else {}
    return Scheduled(rows=rows, files=files)


def say_scheduled(voice: Voice, scheduled: Scheduled, now: datetime) -> Sequence[SaidScheduled]:
    return [
        SaidScheduled(
            row=row,
            when=voice.stamp(row.send_at, now),
            why=""
            if row.state == "waiting"
            else voice.say(CANCELLED.get(row.why, N_("It could not leave."))),
            files=scheduled.files.get(row.id, ()),
        )
        for row in scheduled.rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidMoment:
    """`value`: as the form sends it, with its offset."""

    name: str
    when: str
    value: str


def say_moment(voice: Voice, moment: Moment) -> SaidMoment:
    pattern = "M月d日 EEE HH:mm" if voice.chinese else "EEE d MMM, HH:mm"
    return SaidMoment(
        name=voice.say(PRESETS[moment.preset]),
        when=str(format_datetime(moment.at, pattern, tzinfo=voice.zone, locale=voice.babel)),
        value=moment.at.isoformat(),
    )
