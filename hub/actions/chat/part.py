"""When a visitor leaves: what they have not seen goes to them by letter, once; one that was answered may be resolved.

All of it hangs on one row of the conversation that says when to look. What a look does is one transaction under the ticket's
lock: a hub that dies has done nothing, and of two hubs one finds the row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile

import structlog

from hub.actions.announce import EVENTS, OUTBOX, VISITORS, announce
from hub.actions.answers.drafts import MOST_FILES_BYTES
from hub.actions.answers.ways import inbox_of
from hub.actions.chat.decide import decide
from hub.actions.chat.letters import (
    MISSED,
    Content,
    GoingOn,
    fit_address,
    locale_of,
    mail_of,
    parting_of,
    write_letter,
)
from hub.actions.chat.room import seconds_until_room
from hub.actions.chat.times import LOOK_SECONDS, PAGE_SECONDS
from hub.actions.chat.words import say
from hub.actions.context import Context
from hub.actions.failures import PUT_OFF_SECONDS, in_short
from hub.actions.installation import channel_id
from hub.actions.status import step_status
from hub.actions.ticket_work import Step, on_ticket
from hub.model.codes import TICKET, show_code
from hub.model.people import HUB
from hub.model.tickets import TicketStatus
from storage import chat as stored
from storage.chat import DueChat, UnseenLine
from storage.database import Connection, in_halves

log = structlog.get_logger(__name__)

_BATCH = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    many: int
    over: Sequence[DueChat]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    over: Sequence[DueChat]
    wrote: bool


async def look_at_chats(ctx: Context) -> int:
    """See to what is due; returns how many conversations were looked at."""
    numbers = {name: await channel_id(ctx, name) for name in ctx.channels}
    looked = await ctx.database.run(lambda c: _look(ctx, c, numbers))
    for chat in looked.over:
        await _resolve(ctx, chat)
    return looked.many


async def _look(ctx: Context, connection: Connection, numbers: dict[str, int]) -> _Looked:
    due = await stored.due(connection, _BATCH, PAGE_SECONDS)
    over: list[DueChat] = []
    wrote = False

    async def see_to(chats: Sequence[DueChat]) -> None:
        nonlocal wrote
        seen = await _see_to(ctx, connection, numbers, chats)
        over.extend(seen.over)
        wrote = wrote or seen.wrote

    if due:
        await in_halves(connection, due, see_to, partial(_put_off, connection))
    if wrote:
        await announce(connection, OUTBOX, EVENTS, VISITORS)
    return _Looked(many=len(due), over=over)


async def _put_off(connection: Connection, chat: DueChat, error: Exception) -> None:
    log.error("chat.put_off", ticket=chat.ticket_id, error=in_short(error))
    await stored.set_look(connection, chat, chat.now + timedelta(seconds=PUT_OFF_SECONDS), chat.away_since)


async def _see_to(
    ctx: Context, connection: Connection, numbers: dict[str, int], chats: Sequence[DueChat]
) -> _Seen:
    over, wrote = [], False
    for chat in chats:
        parting = parting_of(ctx, chat.channel)
        if parting is None:
            await stored.set_look(connection, chat, None, chat.away_since)
            continue
        mail = mail_of(ctx, parting) if parting.go_on_by in numbers else None
        said = await stored.unseen(
            connection, chat.channel_id, chat.thread_key, max(chat.seen_line, chat.mailed_line)
        )
        # Whoever takes an answer back before it has left must not find it in a letter: from that one on it is the next look's.
        unseen = list(takewhile(lambda line: line.gone, said))
        fits = mail is not None and not chat.returned and fit_address(ctx, chat.mail, inbox_of(mail)) != ""
        decision = decide(chat, unseen, parting, can_mail=fits)
        if decision.mail and mail is not None:
            going = GoingOn(
                channel=ctx.channel(chat.channel),
                number=chat.channel_id,
                parting=parting,
                mail=mail,
                mail_id=numbers[mail.name],
            )
            held = await _write(ctx, connection, going, chat, unseen)
            decision = replace(
                decision, look_at=held or decision.look_at, resolve=decision.resolve and not held
            )
            wrote = True
        if len(unseen) < len(said):
            again = chat.now + timedelta(seconds=LOOK_SECONDS)
            decision = replace(decision, look_at=min(again, decision.look_at or again), resolve=False)
        if decision.resolve:
            over.append(chat)
        await stored.set_look(connection, chat, decision.look_at, decision.away_since)
    return _Seen(over=over, wrote=wrote)


async def _write(
    ctx: Context, connection: Connection, going: GoingOn, chat: DueChat, unseen: Sequence[UnseenLine]
) -> datetime | None:
    """Into the outbox; or, where too much went to this address, a line on the timeline, and the moment of the next try."""
    if not await stored.is_proven(connection, chat.ticket_id, chat.mail):
        seconds = await seconds_until_room(connection, chat.mail)
        if seconds:
            await stored.note_withheld(connection, chat.ticket_id, chat.channel_id)
            return chat.now + timedelta(seconds=seconds)
    locale = locale_of(chat.language)
    said = [_line(locale, line) for line in unseen]
    fits = sum(line.bytes for line in unseen) <= MOST_FILES_BYTES
    content = Content(
        kind=MISSED,
        subject=say(locale, "missed_subject", number=show_code(TICKET, chat.code)),
        text="\n\n".join((say(locale, "missed"), *said)),
        files_of=[line.id for line in unseen if line.files] if fits else (),
    )
    await write_letter(
        ctx,
        connection,
        going,
        thread_key=chat.thread_key,
        ticket_id=chat.ticket_id,
        code=chat.code,
        address=chat.mail,
        locale=locale,
        content=content,
    )
    await stored.went_by_mail(connection, chat.channel_id, chat.thread_key, unseen[-1].id)
    return None


def _line(locale: str, line: UnseenLine) -> str:
    files = say(locale, "files", files=", ".join(line.files)) if line.files else ""
    words = "\n".join(one for one in (line.text, files) if one)
    return f"{line.author_name or say(locale, 'us')}:\n{words}"


async def _resolve(ctx: Context, chat: DueChat) -> None:
    """Where it still waits for the customer. What somebody did meanwhile counts; fields that are asked for may be missing."""

    async def step(taken: Step) -> None:
        if taken.status is TicketStatus.PENDING and not await stored.is_here(
            taken.connection, chat.channel_id, chat.thread_key, PAGE_SECONDS
        ):
            await step_status(ctx, taken, TicketStatus.RESOLVED, unfinished=True)

    await on_ticket(ctx, chat.code, HUB, step)
