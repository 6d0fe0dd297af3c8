"""A visitor wants what was said so far by letter, at the address that they named: once an hour."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from hub.actions.announce import EVENTS, OUTBOX, announce
from hub.actions.answers.ways import inbox_of
from hub.actions.chat.letters import (
    COPY,
    Content,
    GoingOn,
    fit_address,
    locale_of,
    mail_of,
    parting_of,
    write_letter,
)
from hub.actions.chat.room import has_room_for_copy
from hub.actions.chat.words import say
from hub.actions.context import Context
from hub.actions.installation import channel_id
from hub.model.codes import TICKET, show_code
from storage import chat as stored
from storage.chat import SaidRow, TalkOf
from storage.database import Connection


async def send_copy(ctx: Context, channel: str, number: int, thread_key: str) -> bool:
    """False: not now, or not here. To an address that nobody has shown to be theirs goes what the house wrote alone: else
    anybody could have us write anything to anybody. Raises DatabaseUnavailable."""
    parting = parting_of(ctx, channel)
    mail = mail_of(ctx, parting) if parting is not None else None
    if parting is None or mail is None:
        return False
    going = GoingOn(
        channel=ctx.channel(channel),
        number=number,
        parting=parting,
        mail=mail,
        mail_id=await channel_id(ctx, mail.name),
    )

    async def work(connection: Connection) -> bool:
        talk = await stored.talk_of(connection, number, thread_key)
        if talk is None or not fit_address(ctx, talk.mail, inbox_of(mail)):
            return False
        said = await stored.said(connection, number, thread_key)
        # What the hub answers by itself anybody can bring about, as often as they like.
        if not any(row.direction == "out" and row.by_hand for row in said) and not talk.proven:
            return False
        if not await has_room_for_copy(connection, number, thread_key, talk.mail):
            return False
        await write_letter(
            ctx,
            connection,
            going,
            thread_key=thread_key,
            ticket_id=talk.ticket_id,
            code=talk.code,
            address=talk.mail,
            locale=locale_of(talk.language),
            content=_content(talk, said),
        )
        await announce(connection, OUTBOX, EVENTS)
        return True

    return await ctx.database.run(work)


def _content(talk: TalkOf, said: Sequence[SaidRow]) -> Content:
    locale = locale_of(talk.language)
    shown = [row for row in said if talk.proven or row.direction == "out"]
    head = say(locale, "copy" if talk.proven else "copy_ours")
    return Content(
        kind=COPY,
        subject=say(locale, "copy_subject", number=show_code(TICKET, talk.code)),
        text="\n\n".join((head, *(_line(locale, row) for row in shown))),
    )


def _line(locale: str, row: SaidRow) -> str:
    who = say(locale, "you") if row.direction == "in" else row.author_name or say(locale, "us")
    return f"{who} ({_moment(row.created_at)}):\n{row.text}"


def _moment(at: datetime) -> str:
    """In the one zone that a letter can name without knowing its reader."""
    return at.astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%d %H:%M UTC")
