"""What came in after the copy was made: where it can be had again it is fetched, where not people are told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from channels.email.mailbox.checkpoints import LOOK_BACK
from channels.email.settings import EmailSettings
from hub.actions.context import Context
from hub.model.tickets import EventKind
from storage import backups, events
from storage.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneFolder:
    """A mailbox whose letters are moved to `folder` when they were read: those of `since` and later are read once more."""

    channel: str
    folder: str
    since: date


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardAgain:
    """`lost`: channels whose outside hands out nothing twice."""

    done_folders: Sequence[DoneFolder]
    lost: Sequence[str]


async def hear_again(ctx: Context, made_at: datetime) -> HeardAgain:
    """Have mailboxes read again what was moved, and say of bots between when something is lost. `made_at`: when the copy was
    made. Raises DatabaseUnavailable."""
    mail = [name for name, kind in ctx.kinds.items() if kind.inbox is not None]
    kept_for_hours = [name for name, kind in ctx.kinds.items() if kind.capabilities.keeps_hours]

    async def work(connection: Connection) -> dict[str, date]:
        asked = await backups.look_back(connection, mail, made_at, LOOK_BACK)
        for gap in await backups.note_gaps(connection, kept_for_hours, made_at):
            data = {"channel": gap.name, "since": gap.since.isoformat(), "until": gap.until.isoformat()}
            await events.add_event(connection, EventKind.CHANNEL_GAP, data=data)
        return {row.name: row.since for row in asked}

    since = await ctx.database.run(work)
    done, lost = [], []
    for name in sorted(ctx.channels):
        configured = ctx.channel(name)
        settings = configured.settings
        if configured.kind.inbox is None:
            lost.append(name)
        elif isinstance(settings, EmailSettings) and settings.after_reading == "move":
            done.append(DoneFolder(channel=name, folder=settings.done_folder, since=since[name]))
    return HeardAgain(done_folders=tuple(done), lost=tuple(lost))
