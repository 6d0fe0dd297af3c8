"""Writes what was decided: people, tickets, entries, files, references, reports. One statement each, whatever their number."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence

from hub.actions.acknowledge import acknowledge
from hub.actions.announce import FILES, announce
from hub.actions.arrivals import cited_ids
from hub.actions.filing.opening import new_ticket
from hub.actions.filing.own import write_own
from hub.actions.filing.place import language, refs_of
from hub.actions.filing.state import Batch, Case, Ticket
from hub.actions.targets import Touch, touch
from hub.model.details import details_text
from hub.model.interactions import IdentityKind
from hub.model.people import Presence
from routing.explain import to_data
from routing.situation import Reason, ReasonCode
from storage import chat, customer_pairs, events, inbound, participants, reports, scans, threads
from storage.database import Connection, as_json


async def write_down(connection: Connection, batch: Batch, cases: Sequence[Case]) -> None:
    """All of it, in the order of the locks."""
    await _write_people(connection, cases)
    if batch.conflicts:
        await customer_pairs.add(connection, sorted(batch.conflicts))
    await _open_tickets(connection, batch)
    await _write_tickets(connection, batch)
    await _write_timeline(connection, cases)
    await _write_files(connection, cases, look_into=batch.house.scans)
    await write_own(connection, cases)
    await _write_threads(connection, batch, cases)
    await _note_talks(connection, batch, cases)
    await _write_reports(connection, batch)
    await acknowledge(connection, batch.house.secret, cases, batch.house.case_link)
    await touch(connection, batch.house.rules, _happened(batch))


def _happened(batch: Batch) -> list[Touch]:
    """What the clocks of these tickets have to know."""
    return [
        Touch(
            ticket_id=ticket.id,
            opened=ticket.row is None,
            customer_wrote=ticket.heard_person,
            # Nobody wrote, and yet the company has to act again: its answer did not arrive.
            unanswered=ticket.reopened and not ticket.heard_person,
        )
        for ticket in batch.tickets.values()
        if ticket.row is None or ticket.heard_person or ticket.reopened
    ]


async def _write_people(connection: Connection, cases: Sequence[Case]) -> None:
    """Those who were known before; the others are made with their tickets."""
    met = {case.customer.id: case for case in cases if case.customer and case.customer.id}
    fresh = [
        (customer_id, *row)
        for customer_id, case in met.items()
        if case.customer
        for row in case.customer.fresh
    ]
    if fresh:
        await inbound.add_identities(connection, fresh)
    seen = [
        (customer_id, language(case.read), "" if case.match.guest else case.read.interaction.sender.name)
        for customer_id, case in met.items()
        if case.read
    ]
    if seen:
        await inbound.touch_customers(connection, seen)


async def _open_tickets(connection: Connection, batch: Batch) -> None:
    if not batch.new_tickets:
        return
    made = {id(t.customer): t.customer for _, t in batch.new_tickets if not t.customer.id}
    owner = {key: place for place, key in enumerate(made, 1)}
    rows = []
    for case, ticket in batch.new_tickets:
        assert case.read is not None
        rows.append(
            new_ticket(
                batch.house.rules,
                batch.house.look_again(case.read),
                owner=owner.get(id(ticket.customer), 0),
                customer_id=ticket.customer.id,
                channel=(case.arrival.channel_id, case.arrival.channel, case.arrival.kind.kind),
                key_account=ticket.customer.key_account,
                segment=ticket.customer.segment,
                last_agent=ticket.customer.last_agent,
                live=True,
                status=ticket.status,
                seq=ticket.seq,
                heard_at=ticket.heard_at,
                last_preview=ticket.preview,
            )
        )
    opened = await inbound.open_tickets(
        connection,
        [
            inbound.NewCustomer(name=one.name, language=one.language, identities=one.fresh)
            for one in made.values()
        ],
        rows,
    )
    for (_, ticket), row in zip(batch.new_tickets, opened, strict=True):
        ticket.id, ticket.code, ticket.customer.id = row.id, row.code, row.customer_id


async def _write_tickets(connection: Connection, batch: Batch) -> None:
    touched = [t for t in batch.tickets.values() if t.touched and t.row is not None]
    if touched:
        await inbound.touch_tickets(
            connection,
            [
                inbound.TicketTouch(
                    id=t.id,
                    seq=t.seq,
                    preview=t.preview,
                    from_person=t.heard_person,
                    reopen=t.reopened,
                    release=t.released,
                    reply_address=t.reply_address,
                    heard_at=t.heard_at,
                    live=t.live_again,
                    silence_seconds=batch.house.rules.work.silence_minutes * 60.0,
                )
                for t in touched
            ],
        )
    released = [t for t in touched if t.released]
    if released:
        await inbound.add_decisions(connection, [_why_released(batch, t) for t in released])
    noted = [
        events.NewEvent(ticket_id=t.id, seq=seq, kind=kind, agent_id=None, data=as_json(data))
        for t in batch.tickets.values()
        for seq, kind, data in t.events
    ]
    if noted:
        await events.add_ticket_events(connection, noted)


def _why_released(batch: Batch, ticket: Ticket) -> inbound.NewDecision:
    holder = ticket.row.assignee_id if ticket.row else None
    agent = batch.agents.get(holder) if holder is not None else None
    if agent is None or not agent.active or agent.presence == Presence.OFFLINE:
        reason = Reason(code=ReasonCode.NOT_ON_LINE, params={"presence": Presence.OFFLINE.value})
    elif ticket.live_again:
        reason = Reason(
            code=ReasonCode.AT_LIVE_CAPACITY,
            params={"load": agent.live_load, "capacity": agent.live_capacity},
        )
    else:
        reason = Reason(code=ReasonCode.AT_CAPACITY, params={"load": agent.load, "capacity": agent.capacity})
    return inbound.NewDecision(
        ticket_id=ticket.id,
        step="released",
        queue_id=ticket.row.queue_id if ticket.row else None,
        agent_id=holder,
        priority=None,
        why=as_json({"outcome": "released", "agent_id": holder, "reasons": [to_data(reason)]}),
    )


async def _write_timeline(connection: Connection, cases: Sequence[Case]) -> None:
    waiting: list[Case] = []

    async def append() -> None:
        made = await inbound.append(connection, [_entry(one) for one in waiting], _heard_from(waiting))
        for one, interaction_id in zip(waiting, made, strict=True):
            one.interaction_id, one.state = interaction_id, "read"
        waiting.clear()

    for case in cases:
        if any(one is case.revises for one in waiting):
            await append()  # what it is about came just before, and has no number yet
        waiting.append(case)
    if waiting:
        await append()


def _entry(case: Case) -> inbound.NewEntry:
    read, ticket, customer = case.read, case.ticket, case.customer
    assert read is not None and ticket is not None and customer is not None
    revises = case.revises.interaction_id if isinstance(case.revises, Case) else case.revises
    said = read.interaction
    return inbound.NewEntry(
        ticket_id=ticket.id,
        seq=case.seq,
        customer_id=customer.id,
        channel_id=case.arrival.channel_id,
        kind=said.kind,
        direction="in",
        author_name=said.sender.name,
        subject=said.subject,
        text=said.text,
        full_text=said.full_text,
        html=said.html,
        fields=as_json(dict(said.fields)),
        external_id=said.external_id,
        automatic=said.automatic or "",
        warning=said.sender_warning,
        thread_rule=case.match.rule,
        raw_id=case.raw_id,
        revises=revises,
        occurred_at=said.occurred_at,
        thread_key=said.thread.key,
        details=details_text(said.details),
    )


def _heard_from(cases: Sequence[Case]) -> list[str]:
    """Addresses that letters came from: who writes can be reached."""
    return sorted(
        {
            one.value
            for case in cases
            if case.read is not None and case.read.interaction.automatic is None
            for one in case.read.interaction.sender.identities
            if one.verified and one.kind is IdentityKind.EMAIL
        }
    )


async def _write_files(connection: Connection, cases: Sequence[Case], *, look_into: bool) -> None:
    """`look_into`: a virus scanner is asked afterwards."""
    files = [
        inbound.NewAttachment(
            interaction_id=case.interaction_id,
            ticket_id=case.ticket.id,
            filename=file.filename,
            content_type=file.content_type,
            size=len(file.data),
            content_id=file.content_id,
            inline=file.inline,
            sha256=hashlib.sha256(file.data).digest(),
            data=file.data,
        )
        for case in cases
        if case.read and case.ticket
        for file in case.read.interaction.attachments
    ]
    if files:
        await inbound.add_attachments(connection, files)
    if files and look_into:
        await scans.ask(connection, [file.sha256 for file in files])
        await announce(connection, FILES)


async def _write_threads(connection: Connection, batch: Batch, cases: Sequence[Case]) -> None:
    """What an entry is called outside, what it cites, whom it names, which tickets it points to."""
    refs, cited, people, links = [], [], [], []
    for case in cases:
        read, ticket = case.read, case.ticket
        assert read is not None and ticket is not None
        if case.revises is not None:
            continue  # the conversation may have gone on elsewhere since
        refs += [(scope, ref, ticket.id) for scope, ref in refs_of(case.arrival, read)]
        if case.arrival.kind.answer_id is not None and read.interaction.bounce is None:
            cited += [(ref, case.interaction_id, ticket.id) for ref in cited_ids(read.interaction)]
        people += [(ticket.id, *one) for one in case.people]
        links += [(ticket.id, other, why.value) for other, why in case.match.links if other != ticket.id]
    if refs := _new_refs(batch, refs):
        await inbound.add_refs(connection, refs)
    if people:
        await participants.add_participants(connection, people)
    if cited or links:
        await threads.remember(connection, cited, links)


def _new_refs(batch: Batch, refs: Sequence[tuple[str, str, int]]) -> list[tuple[str, str, int]]:
    """Without those that stand where they stood: most messages of a conversation go on where the last one went."""
    wanted = defaultdict(set)
    for scope, ref, ticket_id in refs:
        wanted[scope, ref].add(ticket_id)
    return [one for one in refs if wanted[one[:2]] != {batch.refs.get(f"{one[0]} {one[1]}")}]


async def _note_talks(connection: Connection, batch: Batch, cases: Sequence[Case]) -> None:
    """Live conversations, and where each goes on when its visitor has left: the address that they named beside a message. One
    that is known keeps its address where nothing was named."""
    talks = []
    for case in cases:
        said = case.read.interaction if case.read is not None else None
        if said is None or case.arrival.kind.parting is None or not said.thread.key:
            continue
        named = [one.value for one in said.sender.identities if one.kind is IdentityKind.EMAIL]
        if named or f"{case.arrival.scope} {said.thread.key}" not in batch.talks:
            talks.append((case.arrival.channel_id, said.thread.key, named[0] if named else ""))
    if talks:
        await chat.note_talks(connection, talks)


async def _write_reports(connection: Connection, batch: Batch) -> None:
    found = batch.settlement
    if found.told:
        await reports.write_reports(
            connection,
            told=[(letter, address, outcome, status, reason, case.interaction_id)
                  for case, letter, address, outcome, status, reason in found.told],
            settled=[(outbox_id, *become) for outbox_id, become in sorted(found.settled.items())],
            failing=[(address, *why) for address, why in sorted(found.failing.items())],
            good=sorted(found.good),
        )  # fmt: skip
