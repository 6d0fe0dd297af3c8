"""How a conversation stands, as its visitor may know it."""

from dataclasses import replace
from datetime import datetime

from channels.adapter import Standing
from hub.actions.chat.shared_line import shared_line
from hub.actions.context import ConfiguredChannel, Context
from hub.actions.floor.presence import LINE_SECONDS
from hub.actions.floor.wallboard import hours_of
from hub.actions.follow import veil
from hub.actions.surveys.question import question_of
from hub.model.codes import TICKET, show_code
from hub.model.tickets import TicketKind, TicketStatus
from routing.agenda import next_opening
from routing.rules import choose_queue
from routing.situation import Situation
from storage import chat as stored
from storage.chat import StandingRow
from storage.database import Connection

_OVER = (TicketStatus.RESOLVED, TicketStatus.CLOSED)


async def read_standing(ctx: Context, channel: ConfiguredChannel, number: int, thread_key: str) -> Standing:
    """One trip, and one more where it waits in line. Raises DatabaseUnavailable."""

    async def read(connection: Connection) -> tuple[StandingRow, str]:
        row = await stored.standing(connection, number, thread_key, LINE_SECONDS * 3)
        if row.ticket_id is None or not (row.asked or row.status in _OVER):
            return row, ""
        # Answers go to where the conversation is, so that is whom it was put to.
        question = await question_of(connection, row.ticket_id, number, thread_key)
        asks = question is not None and question.score is None
        return row, question.token(ctx.secret) if question is not None and asks else ""

    row, question = await ctx.database.read(read)
    serving, opens_at = _hours(ctx, row.queue or _new_ones_go_to(ctx, channel), row.now)
    standing = Standing(
        reference="" if row.code is None else show_code(TICKET, row.code),
        serving=serving,
        opens_at=opens_at,
        agent=row.agent,
        typing=row.typing,
        over=row.status in _OVER,
        question=question,
        mail=veil(row.mail) if row.mail else "",
    )
    if not row.waits or row.code is None:
        return standing
    expected = await shared_line(ctx).where(ctx, row.code, row.now)
    if expected is None:  # somebody is being asked whether they take it
        return replace(standing, place=1)
    return replace(
        standing,
        place=expected.place or None,
        least=None if expected.least is None else expected.least * 60.0,
        most=None if expected.most is None else expected.most * 60.0,
    )


def _hours(ctx: Context, queue: str, now: datetime) -> tuple[bool, datetime | None]:
    """Whether the queue is served now; where not, when it is again."""
    opened, _ = hours_of(ctx.rules, queue, now)
    if opened is not False:
        return True, None
    name = next(one.calendar for one in ctx.rules.queue if one.name == queue)
    return False, next_opening(ctx.rules.policies.calendars[name], now)


def _new_ones_go_to(ctx: Context, channel: ConfiguredChannel) -> str:
    """The queue of a new conversation of which nothing is known yet but the channel."""
    situation = Situation(kind=TicketKind.ENQUIRY, channel=channel.name, channel_kind=channel.kind.kind)
    return choose_queue(ctx.rules, situation).queue
