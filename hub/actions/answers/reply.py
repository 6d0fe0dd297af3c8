"""Answering a customer: checked, written to the timeline and put into the outbox in one transaction. Nothing leaves here."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from channels.clean import safe_content_type, safe_filename
from hub.actions.announce import OUTBOX
from hub.actions.answers.copies import check_copies
from hub.actions.answers.drafts import MOST_FILES_BYTES, draft_was_sent, take_files
from hub.actions.answers.placeholders import fill_in, values_of, words_language
from hub.actions.answers.quote import choose_quotation
from hub.actions.answers.reach import Asked, Way, by_inbox, list_ways, pick_way
from hub.actions.answers.ways import WayBack, inbox_of
from hub.actions.context import ConfiguredChannel, Context
from hub.actions.failures import Conflict, NotPossible
from hub.actions.inboxes import is_own_address
from hub.actions.installation import channel_id
from hub.actions.match import MAIL
from hub.actions.note import check_text
from hub.actions.participants import add_members
from hub.actions.portal.links import with_key
from hub.actions.portal.place import case_link
from hub.actions.status import step_status
from hub.actions.ticket_work import Step, on_ticket
from hub.model.codes import TICKET, show_code
from hub.model.details import read_details
from hub.model.drafts import DraftMode, Write
from hub.model.interactions import (
    Direction,
    InteractionKind,
    Mailbox,
    OutboundAttachment,
    Quotation,
)
from hub.model.people import Actor
from hub.model.tickets import EventKind, TicketStatus
from hub.model.tokens import sign_thread
from storage import chat, drafts, inbound, outbound, work
from storage.drafts import TakenFile
from storage.outbound import AnswerFacts
from storage.work import WorkedTicket


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """One answer, checked: what it says, whom it goes to and how."""

    way: WayBack
    own: bool
    number: int
    text: str
    attachments: Sequence[OutboundAttachment]
    files: Sequence[TakenFile]
    cc: Sequence[Mailbox]
    bcc: Sequence[Mailbox]
    facts: AnswerFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRequest:
    """What somebody wants to answer. `way`: by which way ("" as the ticket says), `confirmed`: although nobody has shown that
    it is the customer's. `inbox`: the mail channel that a letter leaves by; "" for the one that the customer last wrote
    to."""

    text: str
    attachments: Sequence[OutboundAttachment] = ()
    cc: Sequence[Mailbox] = ()
    bcc: Sequence[Mailbox] = ()
    inbox: str = ""
    way: str = ""
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A reply's id on the timeline. `resolved`: the number in the ledger under which its ticket was resolved with it; 0 where
    it was not."""

    interaction_id: int
    resolved: int = 0


async def queue_reply(
    ctx: Context,
    *,
    ticket_code: int,
    actor: Actor,
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
    """The reply's id on the timeline; it is committed, and leaves soon: an agent's by mail after the time in which it can be
    taken back. An open ticket is pending from then on. Who is in `cc` may speak in the ticket from then on.

    `files`: tokens of files that lie ready. `expected_seq`: where the ticket stood when its writer read it. `way`,
    `confirmed`, `inbox`: as ReplyRequest has them. `written`: the draft that becomes this reply; it is gone then. Raises
    NotFound; Conflict when the customer or a colleague has spoken since; NotPossible: no_way_back, no_such_way, way_shut,
    way_claimed, not_our_inbox, closed, empty, too_long, no_files, files_gone, too_much, no_copies, bad_address,
    too_many_copies."""
    request = ReplyRequest(
        text=text, attachments=attachments, cc=cc, bcc=bcc, inbox=inbox, way=way, confirmed=confirmed
    )
    queued = await queue_request(
        ctx,
        ticket_code=ticket_code,
        actor=actor,
        request=request,
        files=files,
        expected_seq=expected_seq,
        written=written,
    )
    return queued.interaction_id


async def queue_request(
    ctx: Context,
    *,
    ticket_code: int,
    actor: Actor,
    request: ReplyRequest,
    files: Sequence[str] = (),
    expected_seq: int | None = None,
    written: Write | None = None,
    resolve: bool = False,
) -> Queued:
    """The same, and with `resolve` the ticket is resolved with it: both, or neither. Raises as `queue_reply`, and NotPossible
    (fields_missing)."""
    # A file says something by itself: a picture sent without a word.
    silent = (files or request.attachments) and not request.text.strip()
    request = replace(request, text="" if silent else check_text(request.text))
    numbers = await channel_numbers(ctx)

    async def step(taken: Step) -> Queued:
        await check_reply(taken, expected_seq)
        ready = await take_files(taken.connection, taken.ticket.id, actor.agent_id, files)
        added = await add_reply(ctx, taken, numbers, request, ready)
        if written is not None and actor.agent_id is not None:
            await draft_was_sent(taken.connection, taken.ticket.id, actor.agent_id, DraftMode.REPLY, written)
        resolved = await step_status(ctx, taken, TicketStatus.RESOLVED) if resolve else 0
        return Queued(interaction_id=added, resolved=resolved)

    # Of this process; other hubs hear of it by the transaction's own NOTIFY.
    queued = await on_ticket(ctx, ticket_code, actor, step)
    ctx.listener.wake(OUTBOX)
    return queued


async def channel_numbers(ctx: Context) -> dict[str, int]:
    """What the database calls the configured channels."""
    return {name: await channel_id(ctx, name) for name in ctx.channels}


async def check_reply(taken: Step, expected_seq: int | None) -> None:
    """Raises Conflict when somebody has spoken since the ticket stood at `expected_seq`, NotPossible (closed)."""
    ticket = taken.ticket
    if expected_seq is not None and await work.said_since(
        taken.connection, ticket.id, expected_seq, taken.actor.agent_id
    ):
        raise Conflict("Somebody wrote since you looked; nothing was sent.", current_seq=ticket.seq)
    if taken.status is TicketStatus.CLOSED:
        raise NotPossible("A closed ticket is not answered: open it first.", code="closed")


async def check_request(
    ctx: Context, taken: Step, request: ReplyRequest, files: Sequence[int]
) -> tuple[AnswerFacts, Way]:
    """Whether it could leave now. `files`: sizes of those that go along beside the request's own. Raises NotPossible."""
    ticket = taken.ticket
    facts = await outbound.answer_facts(taken.connection, ticket.id, taken.actor.agent_id)
    ways = await list_ways(ctx, taken.connection, Asked.of(ticket, facts))
    way = pick_way(ways, request.way, confirmed=request.confirmed)
    assert way.channel is not None
    if sum(files) + sum(len(file.data) for file in request.attachments) > MOST_FILES_BYTES:
        raise NotPossible("The files are larger than 20 MB together.", code="too_much")
    _check_channel(way.channel, request.text, bool(files or request.attachments), [*request.cc, *request.bcc])
    return facts, way


async def add_reply(
    ctx: Context,
    taken: Step,
    numbers: Mapping[str, int],
    request: ReplyRequest,
    files: Sequence[TakenFile] = (),
) -> int:
    """Onto the timeline and into the outbox; the ticket is locked. `files` were taken from where they lay. Raises
    NotPossible."""
    facts, chosen = await check_request(ctx, taken, request, [file.size for file in files])
    way = by_inbox(ctx, chosen, request.inbox)
    known = check_copies(request.cc, request.bcc, to=way.address, is_own=is_own_address(ctx))
    answer = _Answer(
        way=way,
        own=chosen.own,
        number=numbers[way.channel.name],
        text=request.text,
        attachments=request.attachments,
        files=files,
        cc=known[0],
        bcc=known[1],
        facts=facts,
    )
    return await _write(ctx, taken, answer)


def _check_channel(
    channel: ConfiguredChannel,
    text: str,
    with_files: bool,
    copies: Sequence[Mailbox],
) -> None:
    able = channel.kind.capabilities
    if with_files and not able.attachments:
        raise NotPossible(f"The channel {channel.name} carries no files.", code="no_files")
    if copies and not able.copies:
        raise NotPossible(f"The channel {channel.name} reaches the customer alone.", code="no_copies")
    if able.max_text and len(text) > able.max_text:
        said = f"The channel {channel.name} carries {able.max_text} characters at most."
        raise NotPossible(said, code="too_long")


async def _write(ctx: Context, taken: Step, answer: _Answer) -> int:
    ticket, connection, actor, way = taken.ticket, taken.connection, taken.actor, answer.way
    kind = way.channel.kind
    token = sign_thread(ctx.secret, ticket.id, way.address)
    make_id = kind.answer_id
    message_id = make_id(way.channel.settings, secrets.token_hex(16), token) if make_id else ""
    letters = await work.last_letters(connection, ticket.id) if make_id else []
    subject = letter_subject(ticket) if kind.capabilities.subject else ""
    interaction_id, created_at = await work.add_entry(
        connection,
        ticket=ticket,
        seq=taken.seq + 1,
        channel_id=answer.number,
        kind=InteractionKind.MESSAGE,
        direction=Direction.OUT,
        agent_id=actor.agent_id,
        author_name=actor.name,
        text=answer.text,
        subject=subject,
        external_id=message_id,
        thread_key=way.thread_key,
    )
    await taken.note(EventKind.INTERACTION_ADDED, interaction=interaction_id, direction=Direction.OUT.value)
    if answer.attachments:
        await inbound.add_attachments(
            connection, [_file(ticket, interaction_id, file) for file in answer.attachments]
        )
    if answer.files:
        await drafts.attach(connection, interaction_id, ticket.id, answer.files)
    pending = taken.status is TicketStatus.OPEN and await taken.become(TicketStatus.PENDING)
    # What a program's key is called is no name that a customer should read.
    author_name = actor.name if actor.agent_id is not None else ""
    message = {
        "ticket_code": show_code(TICKET, ticket.code),
        "address": way.address,
        "recipient_name": ticket.customer_name,
        "author_name": author_name,
        "text": answer.text,
        "subject": subject,
        "message_id": message_id,
        "in_reply_to": next((one for one, direction in letters if direction == Direction.IN), ""),
        "references": [one for one, _ in reversed(letters)],
        "reply_token": token if make_id else "",
    }
    if kind.inbox is not None:
        language = words_language(answer.facts.language)
        values = values_of(
            customer_name=ticket.customer_name,
            ticket_number=show_code(TICKET, ticket.code),
            ticket_subject=ticket.subject,
            agent_name=author_name,
            inbox_address=inbox_of(way.channel).address,
            today=created_at.date(),
            language=language,
            ticket_link=case_link(ctx, ticket.code),
        )
        message |= _letter_parts(answer, language, values)
        if not (answer.cc or answer.bcc):  # a key is for one reader
            message["text"] = await with_key(
                ctx,
                connection,
                answer.text,
                ticket_id=ticket.id,
                ticket_code=ticket.code,
                address=way.address,
            )
    live = actor.agent_id is None or kind.capabilities.live
    await work.add_outbox(
        connection,
        ticket_id=ticket.id,
        interaction_id=interaction_id,
        channel_id=answer.number,
        message=message,
        message_id=message_id,
        give_up_seconds=ctx.settings.delivery.give_up_after_hours * 3600,
        # A program has no second thoughts, and nobody who waits before a screen should wait for ours.
        not_before_seconds=0.0 if live else ctx.settings.delivery.undo_seconds,
        made_pending=pending,
    )
    if message_id:
        await inbound.add_refs(connection, [(MAIL, message_id, ticket.id)])
    elif way.thread_key and not answer.own:
        # What the customer says there next belongs here: it answers this.
        await inbound.add_refs(connection, [(f"channel:{answer.number}", way.thread_key, ticket.id)])
    if kind.parting is not None and way.thread_key:
        seconds = kind.parting(way.channel.name, way.channel.settings).go_on_seconds
        await chat.answered(connection, answer.number, way.thread_key, seconds)
    if answer.cc:
        await add_members(connection, ticket.id, answer.cc, actor.agent_id)
    await work.set_ticket(
        connection,
        ticket.id,
        seq=taken.seq,
        status=TicketStatus.PENDING.value if pending else None,
        answered=True,
        preview=" ".join((answer.text or _file_names(answer))[:600].split())[:160],
    )
    taken.answered = True
    taken.topics.add(OUTBOX)
    return interaction_id


def _letter_parts(answer: _Answer, language: str, values: dict[str, str]) -> dict[str, Any]:
    """What only a letter has, without what is empty. All of it is fixed now, whatever is configured when it leaves."""
    inbox = inbox_of(answer.way.channel)
    everybody = (answer.way.address, *(one.address for one in (*answer.cc, *answer.bcc)))
    quotation = choose_quotation(answer.facts, everybody) if inbox.quote_history else None
    answered = read_details(answer.facts.details) if answer.facts.details else None
    parts: dict[str, Any] = {
        "language": language,
        "cc": [asdict(one) for one in answer.cc],
        "bcc": [asdict(one) for one in answer.bcc],
        "signature": fill_in(answer.facts.signature or inbox.signature, values),
        "quotation": _quoted(quotation),
        "thread_topic": answered.thread_topic if answered is not None else "",
        "thread_index": answered.thread_index if answered is not None else "",
    }
    return {name: value for name, value in parts.items() if value}


def _file_names(answer: _Answer) -> str:
    names = [file.filename for file in answer.files] + [file.filename for file in answer.attachments]
    return ", ".join(names)


def _quoted(quotation: Quotation | None) -> dict[str, str] | None:
    if quotation is None:
        return None
    return {"author": quotation.author, "said_at": quotation.said_at.isoformat(), "text": quotation.text}


def letter_subject(ticket: WorkedTicket) -> str:
    """What an answer in this ticket is called."""
    code = show_code(TICKET, ticket.code)
    subject = ticket.subject
    if not subject.lower().startswith(("re:", "回复:", "回复：")):
        subject = f"Re: {subject}"
    return subject if code in subject else f"{subject} [{code}]"


def _file(ticket: WorkedTicket, interaction_id: int, file: OutboundAttachment) -> inbound.NewAttachment:
    return inbound.NewAttachment(
        interaction_id=interaction_id,
        ticket_id=ticket.id,
        filename=safe_filename(file.filename),
        content_type=safe_content_type(file.content_type),
        size=len(file.data),
        content_id="",
        inline=False,
        sha256=hashlib.sha256(file.data).digest(),
        data=file.data,
    )
