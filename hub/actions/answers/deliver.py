"""Replies leave: claimed and committed, sent once, recorded. Never sent inside a transaction, never retried blindly.

What an attempt means is in the failure that the adapter raised: certain ones are tried again or given up, an uncertain one
waits for a person unless the other side notices repetitions. What a sender that died has left behind is certain too where it
had not written down that the first byte that counts was about to go (docs/decisions/0011).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import structlog

from channels.adapter import (
    ChannelAdapter,
    ChannelFailure,
    HasSentCopy,
    Misconfigured,
    NotOurs,
    Receipt,
    Refused,
    TryLater,
    Unavailable,
    Unsure,
)
from hub.actions.announce import EVENTS, announce
from hub.actions.answers.call_back import settle_failed
from hub.actions.answers.pauses import pause_after
from hub.actions.context import Context
from hub.actions.installation import channel_id
from hub.actions.together import Together
from hub.model.interactions import Choice, Mailbox, OutboundAttachment, OutboundInteraction, Quotation
from hub.model.tickets import EventKind
from storage import outbound, talks
from storage.database import Connection, DatabaseUnavailable
from storage.outbound import ClaimedReply, CopyRow, FileRow

log = structlog.get_logger(__name__)

AT_ONCE = 8
"""Replies that leave side by side, each of another ticket."""
LEASE_SECONDS = 20.0
"""How long the replies of a hub that died wait for another: with the next look at the queue, less than thirty. A sender renews
it, because an answer to a letter's final dot alone may take ten minutes (RFC 5321)."""
RENEW_SECONDS = LEASE_SECONDS / 4
RENEW_AGAIN_SECONDS = 1.0
LONGEST_SECONDS = 900.0
RECORD_AGAIN_SECONDS = 0.5
AFTER_MISCONFIGURED = 60.0
AFTER_AWAY = 120.0
"""Seconds at the most: when the other side is back, nobody must wait for long because of the one letter that found it away."""


class Held:
    """A lease as its holder knows of it without asking: what it does not know to be renewed in time is over."""

    def __init__(self, asked: float) -> None:
        """`asked`: when it was asked for, by the monotonic clock."""
        self._asked = asked

    def renewed(self, asked: float) -> None:
        """Not where it was over before the answer came: it may have been another's in between."""
        if self:
            self._asked = asked

    def __bool__(self) -> bool:
        return time.monotonic() - self._asked < LEASE_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """Replies that this process sends now, all claimed under one token. `adapters` by the channel's number. `held`: whether
    they are certainly ours."""

    token: UUID
    held: Held
    rows: Sequence[ClaimedReply]
    adapters: Mapping[int, ChannelAdapter]


async def take_up(ctx: Context, adapters: Mapping[str, ChannelAdapter], most: int) -> Lot | None:
    """Claim what is due on these channels, `most` replies of as many tickets; None where nothing is. Raises
    DatabaseUnavailable."""
    numbers = {await channel_id(ctx, name): name for name in adapters}
    if not numbers:
        return None
    token, held = uuid4(), Held(time.monotonic())
    rows = await ctx.database.run_one(
        lambda c: outbound.claim(c, sorted(numbers), most, token, LEASE_SECONDS, EVENTS)
    )
    by_number = {number: adapters[name] for number, name in numbers.items()}
    return Lot(token=token, held=held, rows=rows, adapters=by_number) if rows else None


async def send_lot(ctx: Context, lot: Lot, ended: Callable[[], None] = lambda: None) -> None:
    """Send these side by side; `ended` is told of each whose fate is known. Raises DatabaseUnavailable."""
    keeping = asyncio.create_task(_keep(ctx, lot))
    leave = Together(partial(_leave, ctx, lot.token))
    try:
        files = await ctx.database.read(
            lambda c: outbound.files_of(c, [row.interaction_id for row in lot.rows])
        )
        outcomes = await asyncio.gather(
            *(
                _deliver_one(ctx, lot, row, files.get(row.interaction_id, ()), leave, ended)
                for row in lot.rows
            ),
            return_exceptions=True,  # one that fails must not leave the others behind, still sending
        )
    finally:
        # Also when this is cancelled: a lease that is renewed for ever is never another's.
        keeping.cancel()
    for outcome in outcomes:
        if outcome is not None:
            raise outcome


async def _deliver_one(
    ctx: Context,
    lot: Lot,
    row: ClaimedReply,
    files: Sequence[FileRow],
    leave: Callable[[int], Awaitable[bool]],
    ended: Callable[[], None],
) -> None:
    await _deliver(ctx, lot, row, files, leave)
    ended()


async def _leave(ctx: Context, token: UUID, ids: Sequence[int]) -> list[bool]:
    """Of each, whether it is still ours; it may have left from now on then."""
    ours = await ctx.database.run_one(lambda c: outbound.leave(c, ids, token, LEASE_SECONDS))
    return [one in ours for one in ids]


async def _still_ours(outbox_id: int, leave: Callable[[int], Awaitable[bool]]) -> Held | None:
    """Asked again by whoever was held up for as long as a lease lasts (a process that was paused): what was true before that
    may be another's by now, and what comes after it may have left already."""
    while True:
        held = Held(time.monotonic())
        if not await leave(outbox_id):
            return None
        if held:
            return held


async def _keep(ctx: Context, lot: Lot) -> None:
    """Renew until cancelled. Where the database is away the lease may run out; then the token fences what is recorded."""
    pause = RENEW_SECONDS
    while True:
        await asyncio.sleep(pause)
        try:
            asked = time.monotonic()
            await ctx.database.run(lambda c: outbound.renew(c, lot.token, LEASE_SECONDS))
            lot.held.renewed(asked)
            pause = RENEW_SECONDS
        except DatabaseUnavailable as away:
            log.warning("deliver.not_renewed", error=str(away))
            pause = RENEW_AGAIN_SECONDS


async def _deliver(
    ctx: Context,
    lot: Lot,
    row: ClaimedReply,
    files: Sequence[FileRow],
    leave: Callable[[int], Awaitable[bool]],
) -> None:
    adapter, token = lot.adapters[row.channel_id], lot.token
    if row.too_late:
        await _record(ctx, row, token, state="failed", error=_too_late(row))
        return
    left = False

    async def leaving() -> Callable[[], bool]:
        nonlocal left
        try:
            held = await _still_ours(row.id, leave)
        except DatabaseUnavailable as away:
            raise TryLater("The hub's database does not answer; nothing was sent.") from away
        if held is None:
            raise NotOurs("It was called back, or another hub has taken it over; nothing was sent.")
        left = True
        return lambda: bool(held or lot.held)

    try:
        receipt = await adapter.send(message_of(row, files), leaving)
    except NotOurs as overtaken:
        log.warning(
            "deliver.overtaken", channel=adapter.name, interaction=row.interaction_id, why=str(overtaken)
        )
    except ChannelFailure as failure:
        await _record_failure(ctx, adapter, row, token, failure)
    except Exception as error:
        # A fault of ours. In the middle of sending nobody knows what left; before that, nothing did.
        log.exception("deliver.fault", channel=adapter.name, interaction=row.interaction_id)
        state = "uncertain" if left else "failed"
        await _record(ctx, row, token, state=state, error=f"{type(error).__name__}: {error}"[:500])
    else:
        await _record_sent(ctx, adapter, row, token, receipt)


async def give_up_overdue(ctx: Context) -> int:
    """Replies whose time is over fail, whatever became of their channel; returns how many. One whose sender is not there (it
    was switched off, it is silent, nobody understands it) would hold up its ticket for ever. Raises DatabaseUnavailable."""
    token = uuid4()
    rows = await ctx.database.run_one(lambda c: outbound.claim_overdue(c, AT_ONCE, token, LEASE_SECONDS))
    for row in rows:
        await _record(ctx, row, token, state="failed", error=_too_late(row))
    return len(rows)


def _too_late(row: ClaimedReply) -> str:
    said = "It could not be delivered in time."
    return f"{said} The last attempt: {row.error}" if row.error else said


async def _record_sent(
    ctx: Context, adapter: ChannelAdapter, row: ClaimedReply, token: UUID, receipt: Receipt
) -> None:
    await _record(
        ctx,
        row,
        token,
        state="sent",
        error=" ".join(f"{address}: {why}" for address, why in receipt.refused.items())[:2000],
        refused=receipt.refused,
        external_id=receipt.external_id[:500],
        relay_id=receipt.relay_id[:500],
        wants_copy=isinstance(adapter, HasSentCopy) and adapter.wants_copies,
    )


async def _record_failure(
    ctx: Context, adapter: ChannelAdapter, row: ClaimedReply, token: UUID, failure: ChannelFailure
) -> None:
    said = str(failure)[:500]
    match failure:
        case Unsure() if not adapter.capabilities.repeatable:
            await _record(ctx, row, token, state="uncertain", error=said)
        case Refused():
            await _record(ctx, row, token, state="failed", error=said)
            if failure.shut:
                await ctx.database.run(lambda c: shut_out(c, row.id, row.channel_id))
        case TryLater() | Unavailable() | Misconfigured() | Unsure():
            whole = isinstance(failure, Misconfigured) or getattr(failure, "whole_channel", False)
            wait = getattr(failure, "retry_after", None)
            pause = wait if wait is not None else pause_after(row.attempts)
            if isinstance(failure, Misconfigured):  # whoever has mended it must not wait for long
                pause = min(pause, AFTER_MISCONFIGURED)
            elif whole and wait is None:
                pause = min(pause, AFTER_AWAY)
            await _record(ctx, row, token, state="queued", error=said, again_in=pause)
            if whole:
                await ctx.database.run(lambda c: outbound.hold_channel(c, row.channel_id, pause))
        case _:
            await _record(ctx, row, token, state="failed", error=said)
    log.warning(
        "deliver.failed",
        channel=adapter.name,
        interaction=row.interaction_id,
        how=type(failure).__name__,
        why=said,
    )


async def _record(
    ctx: Context,
    row: ClaimedReply,
    token: UUID,
    *,
    state: str,
    error: str = "",
    refused: Collection[str] = (),
    external_id: str = "",
    relay_id: str = "",
    wants_copy: bool = False,
    again_in: float = 0.0,
) -> None:
    """Fenced by the token: who lost the row in the meantime records nothing. What is known is not forgotten because the
    database is away: it is written down as soon as that is possible, while the row is ours. A failure calls its ticket back."""
    until = time.monotonic() + LONGEST_SECONDS

    arrived = [one for one in _addresses(row) if one not in refused] if state == "sent" else []

    async def work(connection: Connection) -> bool:
        ours = await outbound.settle(
            connection,
            row.id,
            token,
            topic=EVENTS,
            state=state,
            error=error,
            external_id=external_id,
            relay_id=relay_id,
            wants_copy=wants_copy,
            arrived=arrived,
            refused=len(refused),
            again_in=again_in,
        )
        if not ours:
            log.warning("deliver.lost_lease", interaction=row.interaction_id, state=state)
        return ours

    while True:
        try:
            if state == "failed":
                await settle_failed(ctx, row.interaction_id, work)
            else:
                await ctx.database.run_one(work)
            return
        except DatabaseUnavailable as away:
            if time.monotonic() > until:
                raise
            log.warning("deliver.not_recorded", interaction=row.interaction_id, state=state, error=str(away))
            await asyncio.sleep(RECORD_AGAIN_SECONDS)


async def shut_out(connection: Connection, outbox_id: int, number: int) -> None:
    """The customer to whom this was sent has shut us out; the desk hears of it once."""
    thread_key = await talks.shut_out(connection, outbox_id)
    if thread_key:
        await talks.tell_ticket(connection, number, thread_key, EventKind.TALK_SHUT)
        await announce(connection, EVENTS)


def message_of(row: ClaimedReply | CopyRow, files: Sequence[FileRow]) -> OutboundInteraction:
    """What was queued, as an adapter gets it: the same every time."""
    return as_queued(row.message, row.interaction_id, row.queued_at, files)


def as_queued(
    said: Mapping[str, Any], interaction_id: int, queued_at: datetime, files: Sequence[FileRow] = ()
) -> OutboundInteraction:
    """What is kept of a message that waits, as an adapter gets it."""
    return OutboundInteraction(
        interaction_id=interaction_id,
        ticket_code=said["ticket_code"],
        address=said["address"],
        recipient_name=said["recipient_name"],
        author_name=said["author_name"],
        text=said["text"],
        queued_at=queued_at,
        subject=said["subject"],
        message_id=said["message_id"],
        in_reply_to=said["in_reply_to"],
        references=tuple(said["references"]),
        reply_token=said["reply_token"],
        attachments=tuple(
            OutboundAttachment(filename=file.filename, content_type=file.content_type, data=file.data)
            for file in files
        ),
        automatic=said.get("automatic", False),
        cc=_mailboxes(said.get("cc", ())),
        bcc=_mailboxes(said.get("bcc", ())),
        signature=said.get("signature", ""),
        quotation=_quotation(said.get("quotation")),
        language=said.get("language", "en"),
        thread_topic=said.get("thread_topic", ""),
        thread_index=said.get("thread_index", ""),
        choices=tuple(Choice(label=label, data=data) for label, data in said.get("choices", ())),
    )


def _addresses(row: ClaimedReply) -> list[str]:
    """Whom a letter goes to; none for other channels, whose addresses are no e-mail addresses."""
    said = row.message
    if not row.message_id:
        return []
    return [
        said["address"],
        *(one["address"] for kind in ("cc", "bcc") for one in said.get(kind, ())),
    ]


def _mailboxes(said: Sequence[Mapping[str, str]]) -> tuple[Mailbox, ...]:
    return tuple(Mailbox(address=one["address"], name=one["name"]) for one in said)


def _quotation(said: Mapping[str, str] | None) -> Quotation | None:
    if not said:
        return None
    at = datetime.fromisoformat(said["said_at"])
    return Quotation(author=said["author"], said_at=at, text=said["text"])
