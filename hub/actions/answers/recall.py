"""An answer after it was queued: taken back while it has not left, or sent once more."""

from dataclasses import dataclass

from hub.actions.announce import OUTBOX, announce
from hub.actions.answers.copies import join_copies
from hub.actions.answers.drafts import give_back
from hub.actions.answers.reach import way_key
from hub.actions.answers.reply_work import on_reply
from hub.actions.answers.ways import is_inbox
from hub.actions.cases.undo import status_before
from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.portal.links import without_key
from hub.actions.ticket_work import Step
from hub.model.drafts import DraftContent
from hub.model.interactions import Mailbox
from hub.model.people import Actor
from hub.model.tickets import EventKind, TicketStatus
from storage import chat, drafts, outbound, work
from storage.outbound import CancelledReply


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """An answer that was taken back, as it was written: for whoever wants to write it better."""

    text: str
    cc: tuple[Mailbox, ...]
    bcc: tuple[Mailbox, ...]
    inbox: str


async def cancel_reply(
    ctx: Context, *, interaction_id: int, actor: Actor, into_draft: bool = False, resolved: int = 0
) -> Withdrawn:
    """A reply that has not left stays; returns what it said. A ticket that this answer alone had taken out of the open ones is
    open again. `into_draft`: it is the agent's draft again, with its files. `resolved`: the number in the ledger under which
    the ticket was resolved with it; that is taken back too, unless something else happened since. One that was taken back
    before says the same once more, and nothing else is done. Raises NotFound, NotPossible (left_already)."""

    async def step(taken: Step) -> Withdrawn:
        gone = await outbound.cancel(taken.connection, interaction_id)
        if gone is None:
            # After a COMMIT whose answer was lost this step comes again: it must not say that the answer has left.
            before = await outbound.cancelled(taken.connection, interaction_id)
            if before is None:
                raise _left_already()
            return _withdrawn(ctx, before, taken)
        await _tell(taken, interaction_id, "cancelled")
        taken.unanswered = gone.unanswered
        if resolved:
            await _take_resolving_back(taken, resolved)
        if gone.unanswered and taken.status is TicketStatus.PENDING:
            await taken.become(TicketStatus.OPEN)
        status = taken.status.value if taken.status != taken.ticket.status else None
        await work.set_ticket(taken.connection, taken.ticket.id, seq=taken.seq, status=status)
        withdrawn = _withdrawn(ctx, gone, taken)
        if into_draft and actor.agent_id is not None:
            content = DraftContent(
                text=withdrawn.text,
                cc=join_copies(withdrawn.cc),
                bcc=join_copies(withdrawn.bcc),
                inbox=withdrawn.inbox,
                way=way_key(gone.channel, gone.message["address"], by_mail=is_inbox(ctx, gone.channel)),
                expected_seq=taken.seq,
            )
            await give_back(taken.connection, taken.ticket.id, actor.agent_id, content)
            await drafts.give_back_files(taken.connection, interaction_id, actor.agent_id)
        return withdrawn

    return await on_reply(ctx, interaction_id, actor, step)


async def send_again(ctx: Context, *, interaction_id: int, actor: Actor) -> None:
    """A failed or uncertain reply waits to leave again, under the same Message-ID. Raises NotFound, NotPossible."""

    async def step(taken: Step) -> None:
        seconds = ctx.settings.delivery.give_up_after_hours * 3600
        if await outbound.resend(taken.connection, interaction_id, seconds) is None:
            raise _left_already()
        await chat.answered_again(taken.connection, interaction_id)
        await _tell(taken, interaction_id, "queued")
        await work.set_ticket(taken.connection, taken.ticket.id, seq=taken.seq)

    await on_reply(ctx, interaction_id, actor, step)


def _withdrawn(ctx: Context, gone: CancelledReply, taken: Step) -> Withdrawn:
    return Withdrawn(
        text=without_key(ctx, gone.message["text"], taken.ticket.code),
        cc=tuple(Mailbox(**one) for one in gone.message.get("cc", ())),
        bcc=tuple(Mailbox(**one) for one in gone.message.get("bcc", ())),
        inbox=gone.channel if is_inbox(ctx, gone.channel) else "",
    )


async def _take_resolving_back(taken: Step, seq: int) -> None:
    try:
        was = await status_before(taken, seq)
    except (
        NotPossible
    ):  # the customer wrote, or a colleague went on with it: that is newer than what is taken back
        return
    await taken.become(was)


async def _tell(taken: Step, interaction_id: int, state: str) -> None:
    await taken.note(EventKind.DELIVERY_CHANGED, interaction=interaction_id, state=state)
    await announce(taken.connection, OUTBOX)


def _left_already() -> NotPossible:
    return NotPossible("The reply is on its way or has left already.", code="left_already")
