"""Replies that leave later: kept beside the timeline until their time has come, and never after the customer has written.

What waits is settled once, under its ticket's lock: it becomes an ordinary reply, in the transaction that marks it, or it is
cancelled and its words are the agent's draft again. So a hub that dies, or two that look at once, change nothing.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar

import structlog

from hub.actions.announce import EVENTS, OUTBOX, announce
from hub.actions.answers.copies import check_copies, join_copies, read_copies
from hub.actions.answers.drafts import draft_was_sent, give_back, set_attachments_aside
from hub.actions.answers.later import check_moment
from hub.actions.answers.reply import (
    ReplyRequest,
    add_reply,
    channel_numbers,
    check_reply,
    check_request,
)
from hub.actions.context import Context
from hub.actions.errands.notices import NewNotice, add_notices
from hub.actions.failures import ActionFailure, NotFound, NotPossible
from hub.actions.inboxes import is_own_address
from hub.actions.note import check_text
from hub.actions.ticket_work import Step, on_ticket
from hub.model.drafts import DraftContent, DraftMode, Write
from hub.model.interactions import Mailbox, OutboundAttachment
from hub.model.notices import NoticeKind
from hub.model.people import HUB, Actor
from hub.model.tickets import EventKind
from storage import drafts, scheduled, work
from storage.database import DatabaseUnavailable
from storage.scheduled import ScheduledNow, ScheduledRow

log = structlog.get_logger(__name__)

T = TypeVar("T")

MOST_WAITING = 10
"""On one ticket."""
_BY_HAND = "cancelled"
"""Why one does not leave that somebody cancelled."""
_BATCH = 50


async def schedule_reply(
    ctx: Context,
    *,
    ticket_code: int,
    actor: Actor,
    send_at: datetime,
    text: str,
    attachments: Sequence[OutboundAttachment] = (),
    files: Sequence[str] = (),
    expected_seq: int | None = None,
    cc: Sequence[Mailbox] = (),
    bcc: Sequence[Mailbox] = (),
    inbox: str = "",
    way: str = "",
    confirmed: bool = False,
    written: Write | None = None,
) -> int:
    """The id of what waits. It is looked at as closely as if it were to leave now. Raises what `queue_reply` raises, and
    NotPossible: in_the_past, too_far, too_many_scheduled."""
    text = "" if (files or attachments) and not text.strip() else check_text(text)
    request = ReplyRequest(text=text, cc=cc, bcc=bcc, inbox=inbox, way=way, confirmed=confirmed)

    async def step(taken: Step) -> int:
        ticket, connection = taken.ticket, taken.connection
        check_moment(send_at, await scheduled.clock(connection))
        await check_reply(taken, expected_seq)
        if await scheduled.waiting_of(connection, ticket.id) >= MOST_WAITING:
            raise NotPossible("Too many replies wait on this ticket.", code="too_many_scheduled")
        made = await scheduled.add(
            connection,
            ticket_id=ticket.id,
            agent_id=actor.agent_id,
            author_name=actor.name,
            text=text,
            cc=join_copies(cc),
            bcc=join_copies(bcc),
            inbox=inbox,
            way=way,
            send_at=send_at,
        )
        sizes: list[int] = []
        if files and actor.agent_id is not None:
            sizes = await drafts.set_files_aside(connection, ticket.id, actor.agent_id, files, made)
        if len(sizes) < len(set(files)):
            raise NotPossible("A file of this reply is gone; attach it again.", code="files_gone")
        if attachments:
            sizes += await set_attachments_aside(connection, ticket.id, made, attachments)
        _, chosen = await check_request(ctx, taken, request, sizes)
        check_copies(cc, bcc, to=chosen.address, is_own=is_own_address(ctx))
        if written is not None and actor.agent_id is not None:
            await draft_was_sent(connection, ticket.id, actor.agent_id, DraftMode.REPLY, written)
        await _tell(taken, made, "waiting")
        return made

    return await on_ticket(ctx, ticket_code, actor, step)


async def cancel_scheduled(
    ctx: Context, *, scheduled_id: int, actor: Actor, into_draft: bool = True
) -> ScheduledRow:
    """It does not leave. `into_draft`: its words and files are the draft of whoever says so. For one that somebody cancelled
    before nothing is done. Raises NotFound, NotPossible (settled_already)."""

    async def step(taken: Step, row: ScheduledRow, now: ScheduledNow) -> ScheduledRow:
        if now.state == "waiting":
            await _cancel(taken, row, now, _BY_HAND, actor.agent_id if into_draft else None)
        elif now.why != _BY_HAND:  # by hand: it may be this very step, whose COMMIT went unanswered
            raise _settled_already()
        return row

    return await _on_scheduled(ctx, scheduled_id, actor, step)


async def hold_scheduled(ctx: Context, scheduled_id: int) -> None:
    """It does not leave, for the database was put back from a copy: it is its author's draft again, who is told. Nothing where
    it is settled already."""
    row = await ctx.database.read(lambda c: scheduled.look(c, scheduled_id))
    if row is None:
        return

    async def step(taken: Step) -> None:
        now = await scheduled.lock(taken.connection, scheduled_id)
        if now.state == "waiting":
            await _cancel(taken, row, now, "put_back", row.agent_id)

    await on_ticket(ctx, row.ticket_code, HUB, step)


async def send_scheduled_now(ctx: Context, *, scheduled_id: int, actor: Actor) -> int:
    """It leaves now, as its author's; returns the reply's id, also of one that has become a reply before. Raises NotFound,
    NotPossible."""
    numbers = await channel_numbers(ctx)

    async def step(taken: Step, row: ScheduledRow, now: ScheduledNow) -> int:
        if now.interaction_id is not None:  # it may be by this very step, whose COMMIT went unanswered
            return now.interaction_id
        if now.state != "waiting":
            raise _settled_already()
        return await _send(ctx, taken, row, numbers)

    added = await _on_scheduled(ctx, scheduled_id, actor, step)
    ctx.listener.wake(OUTBOX)
    return added


async def restore_scheduled(ctx: Context, *, scheduled_id: int, actor: Actor) -> None:
    """The words of one that was cancelled are the draft of whoever says so. Raises NotFound, NotPossible
    (settled_already)."""
    row = await ctx.database.read(lambda c: scheduled.look(c, scheduled_id))
    if row is None:
        raise NotFound(f"There is no scheduled reply {scheduled_id}.")

    async def step(taken: Step) -> None:
        if row.state != "cancelled" or actor.agent_id is None:
            raise _settled_already()
        await give_back(taken.connection, row.ticket_id, actor.agent_id, _content(row))
        await drafts.free_files(taken.connection, row.id, actor.agent_id, row.ticket_id)

    await on_ticket(ctx, row.ticket_code, actor, step)


async def settle_scheduled(ctx: Context) -> int:
    """What is due leaves; what is not to leave any more is cancelled; returns how many there were. Raises
    DatabaseUnavailable."""
    found = await ctx.database.read(lambda c: scheduled.ripe(c, _BATCH))
    if not found:
        return 0
    numbers = await channel_numbers(ctx)
    for scheduled_id, code in found:
        await _settle(ctx, scheduled_id, code, numbers)
    ctx.listener.wake(OUTBOX)
    return len(found)


async def _settle(ctx: Context, scheduled_id: int, code: int, numbers: dict[str, int]) -> None:
    row = await ctx.database.read(lambda c: scheduled.look(c, scheduled_id))
    if row is None:
        return

    async def step(taken: Step) -> None:
        now = await scheduled.lock(taken.connection, scheduled_id)
        if now.state != "waiting":
            return
        if over := _why_over(now):
            await _cancel(taken, row, now, over, row.agent_id)
        elif now.due:
            await _send(ctx, taken, row, numbers)

    try:
        await on_ticket(ctx, code, HUB, step)
        return
    except ActionFailure as failure:
        # Its way is gone, say: nothing of that transaction was kept. A person has to look.
        log.warning("scheduled.refused", scheduled=scheduled_id, code=failure.code, why=str(failure))
        why = failure.code
    except DatabaseUnavailable:
        raise
    except Exception:
        # A fault of ours, of this one reply alone: the others must not wait for it.
        log.exception("scheduled.fault", scheduled=scheduled_id)
        why = "fault"

    async def give_up(taken: Step) -> None:
        now = await scheduled.lock(taken.connection, row.id)
        if now.state == "waiting":
            await _cancel(taken, row, now, why, row.agent_id)

    await on_ticket(ctx, code, HUB, give_up)


def _why_over(now: ScheduledNow) -> str:
    """The code of why it is not to leave any more; "" where it is."""
    if now.merged_into is not None:
        return "merged"
    if now.heard:
        return "heard"
    return "closed" if now.closed else ""


async def _send(ctx: Context, taken: Step, row: ScheduledRow, numbers: dict[str, int]) -> int:
    """It becomes a reply like any other, under the name of whoever wrote it."""
    taken.actor = Actor(name=row.author_name, agent_id=row.agent_id, role=taken.actor.role)
    await check_reply(taken, None)
    files = await drafts.take_scheduled_files(taken.connection, row.id)
    request = ReplyRequest(
        text=row.text,
        cc=read_copies(row.cc),
        bcc=read_copies(row.bcc),
        inbox=row.inbox,
        way=row.way,
        confirmed=True,  # whoever wrote it has confirmed it then
    )
    added = await add_reply(ctx, taken, numbers, request, files)
    await scheduled.settle(taken.connection, row.id, "queued", interaction_id=added)
    return added


async def _cancel(taken: Step, row: ScheduledRow, now: ScheduledNow, why: str, draft_of: int | None) -> None:
    """Where the ticket has gone, its draft goes too. Whoever wrote it, and did not cancel it, learns that it did not leave."""
    connection = taken.connection
    ticket_id = row.ticket_id if now.merged_into is None else now.merged_into
    await scheduled.settle(connection, row.id, "cancelled", why=why)
    if draft_of is not None:
        await give_back(connection, ticket_id, draft_of, _content(row))
        await drafts.free_files(connection, row.id, draft_of, ticket_id)
    if row.agent_id is not None and row.agent_id != taken.actor.agent_id:
        notice = NewNotice(
            agent_id=row.agent_id,
            kind=NoticeKind.SCHEDULE_CANCELLED,
            cause=f"scheduled:{row.id}",
            ticket_id=ticket_id,
            params={"why": why},
        )
        await add_notices(connection, [notice])
    await _tell(taken, row.id, "cancelled")


def _content(row: ScheduledRow) -> DraftContent:
    return DraftContent(text=row.text, cc=row.cc, bcc=row.bcc, inbox=row.inbox, way=row.way)


async def _on_scheduled(
    ctx: Context,
    scheduled_id: int,
    actor: Actor,
    step: Callable[[Step, ScheduledRow, ScheduledNow], Awaitable[T]],
) -> T:
    row = await ctx.database.read(lambda c: scheduled.look(c, scheduled_id))
    if row is None:
        raise NotFound(f"There is no scheduled reply {scheduled_id}.")

    async def run(taken: Step) -> T:
        return await step(taken, row, await scheduled.lock(taken.connection, scheduled_id))

    return await on_ticket(ctx, row.ticket_code, actor, run)


async def _tell(taken: Step, scheduled_id: int, state: str) -> None:
    await taken.note(EventKind.SCHEDULE_CHANGED, scheduled=scheduled_id, state=state)
    await work.set_ticket(taken.connection, taken.ticket.id, seq=taken.seq)
    await announce(taken.connection, EVENTS)


def _settled_already() -> NotPossible:
    return NotPossible("It has left already, or was cancelled.", code="settled_already")
