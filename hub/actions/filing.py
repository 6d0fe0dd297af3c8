"""Puts arrivals on the timeline: journal → customer → ticket → entry → queue, for many at once in one transaction.

The number of round trips does not depend on how many there are. Nothing outside the database is called. Arrivals of one
conversation keep their order.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from channels.adapter import Acceptance
from hub.actions import match
from hub.actions.announce import EVENTS, ROUTE, announce
from hub.actions.arrivals import (
    UNANSWERABLE,
    Arrival,
    Read,
    lock_keys,
    preview,
    storable,
    subject,
)
from hub.actions.match import MAIL, Candidate, Match, ThreadRule
from hub.model.codes import TICKET, show_code
from hub.model.details import details_text
from hub.model.identities import normalise_identity
from hub.model.interactions import Automatic, Identity, IdentityKind
from hub.model.people import Presence
from hub.model.tickets import EventKind, Priority, TicketStatus
from routing.explain import to_data
from routing.rules import RoutingRules, choose_queue
from routing.situation import LANGUAGE_UNKNOWN, Reason, ReasonCode, Situation
from storage import events, inbound
from storage.database import Connection, as_json
from storage.inbound import CustomerFacts, LockedAgent, LockedTicket, PersonRow


@dataclass(slots=True, kw_only=True)
class _Customer:
    """`id` 0: to be made."""

    id: int
    name: str = ""
    language: str = ""
    key_account: bool = False
    last_agent_id: int | None = None
    known: set[tuple[str, str, bool]] = field(default_factory=set)
    fresh: list[tuple[str, str, bool]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class _Ticket:
    """`id` 0: to be opened; until then it goes by a negative `number`, which nothing in the database has. `seq` is the last
    number given out."""

    number: int
    id: int
    code: int
    seq: int
    customer: _Customer
    row: LockedTicket | None = None
    status: TicketStatus = TicketStatus.OPEN
    touched: bool = False
    reopened: bool = False
    released: bool = False
    heard_person: bool = False
    preview: str = ""
    reply_address: str = ""
    events: list[tuple[int, EventKind, dict[str, object]]] = field(default_factory=list)

    @property
    def wants_agent(self) -> bool:
        """Whether routing has something to do now that it had not before."""
        if self.row is None:
            return self.status is TicketStatus.OPEN
        return self.released or (self.reopened and self.row.assignee_id is None)

    def note(self, kind: EventKind, **data: object) -> None:
        self.seq += 1
        self.events.append((self.seq, kind, data))


@dataclass(slots=True, kw_only=True)
class _Case:
    """One arrival on its way."""

    arrival: Arrival
    raw_id: int = 0
    state: str = "received"
    duplicate_of: int | None = None
    read: Read | None = None
    match: Match = field(default_factory=lambda: Match(ticket_id=None, rule=ThreadRule.NONE))
    customer: _Customer | None = None
    ticket: _Ticket | None = None
    opens: bool = False
    seq: int = 0
    interaction_id: int = 0


async def file_arrivals(
    connection: Connection, rules: RoutingRules, secret: bytes, arrivals: Sequence[Arrival]
) -> list[Acceptance]:
    """File them; one Acceptance each, in order. Everything is kept or, if this raises, nothing."""
    return await _Filing(connection, rules, secret).run(arrivals)


class _Filing:
    def __init__(self, connection: Connection, rules: RoutingRules, secret: bytes) -> None:
        self._connection = connection
        self._rules = rules
        self._secret = secret
        self._people: dict[tuple[str, str, bool], list[PersonRow]] = {}
        self._facts: dict[int, CustomerFacts] = {}
        self._customers: dict[int, _Customer] = {}
        self._by_identity: dict[tuple[str, str, bool], _Customer] = {}
        self._tickets: dict[int, _Ticket] = {}
        self._new_tickets: list[tuple[_Case, _Ticket]] = []
        self._found: dict[tuple[str, str], Candidate] = {}
        self._agents: dict[int, LockedAgent] = {}
        self._load: defaultdict[int, int] = defaultdict(int)

    async def run(self, arrivals: Sequence[Arrival]) -> list[Acceptance]:
        cases, answers, mirrors = await self._journal(arrivals)
        readable = [case for case in cases if case.read is not None]
        if readable:
            await self._look_up(readable)
            for case in readable:
                self._place(case)
            await self._write_people(readable)
            await self._open_tickets()
            await self._write_tickets()
            await self._write_timeline(readable)
        await self._write_journal(cases)
        for case in cases:
            answers.setdefault(id(case.arrival), self._answer(case))
        for arrival, case in mirrors:
            answers[id(arrival)] = replace(answers[id(case.arrival)], duplicate=True)
        return [answers[id(arrival)] for arrival in arrivals if id(arrival) in answers]

    # ── the journal ──────────────────────────────────────────────────────────────────────────────────────────────────
    async def _journal(
        self, arrivals: Sequence[Arrival]
    ) -> tuple[list[_Case], dict[int, Acceptance], list[tuple[Arrival, _Case]]]:
        """The cases to go on with, answers to repetitions, and repetitions within this very batch."""
        fresh = [arrival for arrival in arrivals if not arrival.raw_id]
        cases: list[_Case] = []
        answers: dict[int, Acceptance] = {}
        mirrors: list[tuple[Arrival, _Case]] = []
        if fresh:
            taken = await inbound.take_keys(
                self._connection,
                [(a.channel_id, a.item.external_key, a.item.content_key) for a in fresh],
                sorted({key for arrival in fresh for key in lock_keys(arrival)}),
            )
            again: list[Arrival] = []
            copies: list[_Case] = []
            for arrival, key in zip(fresh, taken, strict=True):
                if not key.is_new:
                    again.append(arrival)
                    continue
                case = _Case(arrival=arrival, raw_id=key.raw_id, read=arrival.read)
                cases.append(case)
                if not key.content_is_new:
                    case.read, case.state = None, "duplicate"
                    copies.append(case)
                elif arrival.error:
                    case.state = "quarantined"
            mirrors = await self._answer_repetitions(again, copies, cases, answers)
        old = [arrival for arrival in arrivals if arrival.raw_id]
        if old:
            waiting = await inbound.lock_raw(self._connection, [arrival.raw_id for arrival in old])
            cases += [
                _Case(
                    arrival=arrival,
                    raw_id=arrival.raw_id,
                    read=arrival.read,
                    state="quarantined" if arrival.error else "received",
                )
                for arrival in old
                if arrival.raw_id in waiting
            ]
        return cases, answers, mirrors

    async def _answer_repetitions(
        self, again: list[Arrival], copies: list[_Case], cases: list[_Case], answers: dict[int, Acceptance]
    ) -> list[tuple[Arrival, _Case]]:
        mirrors: list[tuple[Arrival, _Case]] = []
        if not again and not copies:
            return mirrors
        keys = [(a.channel_id, a.item.external_key) for a in again]
        keys += [(c.arrival.channel_id, f"content:{c.arrival.item.content_key}") for c in copies]
        kept = await inbound.find_kept(self._connection, keys)
        here = {(c.arrival.channel_id, c.arrival.item.external_key): c for c in cases}
        for arrival in again:
            key = (arrival.channel_id, arrival.item.external_key)
            row = kept.get(key)
            if row is None:
                mirrors.append((arrival, here[key]))
                continue
            answers[id(arrival)] = Acceptance(
                raw_id=row.raw_id,
                duplicate=True,
                ticket_code=show_code(TICKET, row.ticket_code) if row.ticket_code else "",
                interaction_id=row.interaction_id or 0,
                quarantined=row.error if row.state == "quarantined" else "",
            )
        for case in copies:
            row = kept.get((case.arrival.channel_id, f"content:{case.arrival.item.content_key}"))
            case.duplicate_of = row.raw_id if row else _first_like(case, cases)
            answers[id(case.arrival)] = Acceptance(raw_id=case.raw_id, duplicate=True)
        return mirrors

    async def _write_journal(self, cases: Sequence[_Case]) -> None:
        rows = [
            inbound.RawRow(
                id=case.raw_id,
                channel_id=case.arrival.channel_id,
                external_key=case.arrival.item.external_key,
                content=case.arrival.item.content,
                meta=as_json(storable(case.arrival.item.meta)),
                received_at=case.arrival.item.received_at,
                state=case.state,
                error=case.arrival.error,
                interaction_id=case.interaction_id or None,
                ticket_id=case.ticket.id if case.ticket else None,
                duplicate_of=case.duplicate_of,
            )
            for case in cases
        ]
        new = [row for row, case in zip(rows, cases, strict=True) if not case.arrival.raw_id]
        old = [row for row, case in zip(rows, cases, strict=True) if case.arrival.raw_id]
        topics = [EVENTS] if any(case.state in ("read", "quarantined") for case in cases) else []
        if any(ticket.wants_agent for ticket in self._tickets.values()):
            topics.append(ROUTE)
        if new:
            await inbound.keep_raw(self._connection, new, topics)
        if old:
            await inbound.settle_raw(self._connection, old)
            await announce(self._connection, *topics)
        for row in rows:
            if row.state == "quarantined":
                await events.add_event(self._connection, EventKind.QUARANTINED, data={"raw": row.id})

    # ── looking up ───────────────────────────────────────────────────────────────────────────────────────────────────
    async def _look_up(self, cases: Sequence[_Case]) -> None:
        hold = sorted({key for case in cases if case.arrival.raw_id for key in lock_keys(case.arrival)})
        if hold:
            await inbound.lock_conversations(self._connection, hold)
        senders = [case.read.interaction.sender.identities for case in cases if case.read]
        asked = {(one.kind.value, one.value, one.verified) for every in senders for one in every}
        if asked:
            for row in await inbound.find_people(self._connection, sorted(asked)):
                self._people.setdefault((row.kind, row.value, row.verified), []).append(row)
        owners = sorted({row.customer_id for rows in self._people.values() for row in rows})
        if owners:
            self._facts = await inbound.describe_people(self._connection, owners)
        await self._look_up_threads(cases)

    async def _look_up_threads(self, cases: Sequence[_Case]) -> None:
        gathered = [(case, case.read, match.gather(case.arrival, case.read)) for case in cases if case.read]
        refs = sorted({ref for _, _, evidence in gathered for ref in evidence.refs})
        ids = sorted({number for _, _, evidence in gathered for number in evidence.ids})
        codes = sorted({code for _, _, evidence in gathered for code in evidence.codes})
        sent = sorted({message_id for _, _, evidence in gathered for message_id in evidence.sent})
        if not (refs or ids or codes or sent):
            return
        found = match.index(
            await inbound.find_threads(self._connection, refs=refs, ids=ids, codes=codes, sent=sent)
        )
        self._found = found
        chosen = {
            chosen.ticket_id
            for case, read, evidence in gathered
            if (chosen := match.choose_ticket(self._secret, case.arrival, read, evidence, found)).ticket_id
        }
        if not chosen:
            return
        holders = {c.ticket_id: c for c in found.values() if c.ticket_id in chosen}
        await self._lock(sorted(holders))

    async def _lock(self, ticket_ids: Sequence[int]) -> None:
        """Agents before tickets. A ticket that changed hands in between is treated as nobody's (see _keep_agent)."""
        asleep = await inbound.assignees_of_idle(self._connection, ticket_ids)
        if asleep:
            self._agents = await inbound.lock_agents(self._connection, sorted(asleep))
        for row in (await inbound.lock_tickets(self._connection, ticket_ids)).values():
            customer = self._customers.setdefault(row.customer_id, _Customer(id=row.customer_id))
            self._tickets[row.id] = _Ticket(
                number=row.id,
                id=row.id,
                code=row.code,
                seq=row.seq,
                customer=customer,
                row=row,
                status=TicketStatus(row.status),
            )

    # ── placing ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def _place(self, case: _Case) -> None:
        read = case.read
        if read is None:
            return
        evidence = match.gather(case.arrival, read)
        case.match = match.choose_ticket(self._secret, case.arrival, read, evidence, self._found)
        ticket = self._tickets.get(case.match.ticket_id) if case.match.ticket_id is not None else None
        if ticket is not None and ticket.status is TicketStatus.CLOSED:
            ticket = None  # closed between the look and the lock
        if ticket is None:
            case.match = Match(ticket_id=None, rule=ThreadRule.NONE, refused=case.match.refused)
            self._open(case, read)
        else:
            case.ticket, case.customer = ticket, ticket.customer
            self._join(case, read, ticket)
        self._remember(case, read)

    def _open(self, case: _Case, read: Read) -> None:
        customer = self._customer_of(read)
        case.customer, case.opens = customer, True
        ticket = _Ticket(number=-1 - len(self._new_tickets), id=0, code=0, seq=1, customer=customer)
        case.ticket, case.seq = ticket, 1
        self._new_tickets.append((case, ticket))
        self._tickets[ticket.number] = ticket
        said = read.interaction
        if said.automatic in UNANSWERABLE:
            ticket.status = TicketStatus.RESOLVED
        if case.match.refused:
            ticket.note(EventKind.THREAD_TOKEN_INVALID)
        self._note_conflict(case, read)

    def _join(self, case: _Case, read: Read, ticket: _Ticket) -> None:
        said = read.interaction
        ticket.touched = True
        ticket.seq += 1
        case.seq = ticket.seq
        if said.automatic is None:
            ticket.heard_person = True
            ticket.preview = preview(said)
            if ticket.row is not None and _may_redirect(case, read, ticket.row):
                ticket.reply_address = said.reply_address
        idle = {TicketStatus.PENDING, TicketStatus.RESOLVED} if said.automatic is None else set()
        if case.match.rule is ThreadRule.REPORT and said.automatic is Automatic.BOUNCE:
            idle = {TicketStatus.PENDING}  # the customer has not got the answer that is waited for
        if ticket.status in idle:
            was, ticket.status = ticket.status, TicketStatus.OPEN
            if ticket.id:
                ticket.reopened = True
                ticket.note(EventKind.STATUS_CHANGED, **{"from": was.value, "to": TicketStatus.OPEN.value})
                self._keep_agent(ticket)
        self._note_conflict(case, read)

    def _keep_agent(self, ticket: _Ticket) -> None:
        """A reopened ticket goes on with its agent if that one is here and has room; else back to the queue."""
        holder = ticket.row.assignee_id if ticket.row else None
        if holder is None:
            return
        agent = self._agents.get(holder)
        here = agent is not None and agent.active and agent.presence != Presence.OFFLINE
        if here and agent is not None and agent.load + self._load[holder] < agent.capacity:
            self._load[holder] += 1
            return
        ticket.released = True
        ticket.note(EventKind.TICKET_RELEASED, agent=holder)

    def _customer_of(self, read: Read) -> _Customer:
        """A proof finds its customer. A claim finds nobody: it is written down beside whoever made it, and whether two who
        claim the same are the same person is for people to say."""
        sender = read.interaction.sender
        for one in sender.identities:
            key = (one.kind.value, one.value, True)
            if one.verified and key in self._by_identity:
                return self._add_fresh(self._by_identity[key], sender.identities)
            for row in self._people.get(key, ()) if one.verified else ():
                customer = self._customers.setdefault(row.customer_id, _Customer(id=row.customer_id))
                facts = self._facts[row.customer_id]
                customer.key_account, customer.last_agent_id = facts.key_account, facts.last_agent_id
                return self._add_fresh(customer, sender.identities)
        customer = _Customer(id=0, name=_name(read), language=_language(read))
        return self._add_fresh(customer, sender.identities)

    def _add_fresh(self, customer: _Customer, identities: Sequence[Identity]) -> _Customer:
        known = {
            key for key, rows in self._people.items() if any(row.customer_id == customer.id for row in rows)
        }
        for row in match.new_identities(known | customer.known, identities):
            owned = row[2] and (row in self._people or row in self._by_identity)
            if not owned:
                customer.fresh.append(row)
                customer.known.add(row)
        for one in identities:
            owners = {row.customer_id for row in self._people.get((one.kind.value, one.value, True), ())}
            if one.verified and (not owners or customer.id in owners):
                self._by_identity.setdefault((one.kind.value, one.value, True), customer)
        return customer

    def _note_conflict(self, case: _Case, read: Read) -> None:
        """A proven identity that belongs to somebody else is not moved; it is put on record."""
        ticket, customer = case.ticket, case.customer
        if ticket is None or customer is None:
            return
        if case.match.rule is ThreadRule.REPORT:
            return  # whoever says that a letter did not arrive is not the one to whom it went
        if not case.opens:
            self._add_fresh(customer, read.interaction.sender.identities)
        for one in read.interaction.sender.identities:
            key = (one.kind.value, one.value, one.verified)
            owners = {row.customer_id for row in self._people.get(key, ())} if one.verified else set()
            if owners - {customer.id} and customer.id not in owners:
                ticket.note(EventKind.IDENTITY_CONFLICT, customers=sorted({*owners, customer.id} - {0}))

    def _remember(self, case: _Case, read: Read) -> None:
        """What comes later in this batch finds the ticket too."""
        ticket, said = case.ticket, read.interaction
        if ticket is None:
            return
        people = {f"{one.kind}:{one.value}" for one in said.sender.identities if one.verified}
        for scope, ref in _refs(case.arrival, read):
            earlier = self._found.get(("ref", f"{scope} {ref}"))
            if earlier is None or (scope != MAIL and earlier.ticket_id != ticket.number):
                self._found["ref", f"{scope} {ref}"] = Candidate(
                    ticket_id=ticket.number, status=ticket.status, people=frozenset(people)
                )

    # ── writing ──────────────────────────────────────────────────────────────────────────────────────────────────────
    async def _write_people(self, cases: Sequence[_Case]) -> None:
        """Those who were known before; the others are made with their tickets."""
        met = {case.customer.id: case for case in cases if case.customer and case.customer.id}
        fresh = [
            (customer_id, *row)
            for customer_id, case in met.items()
            if case.customer
            for row in case.customer.fresh
        ]
        if fresh:
            await inbound.add_identities(self._connection, fresh)
        seen = [
            (customer_id, _language(case.read), case.read.interaction.sender.name)
            for customer_id, case in met.items()
            if case.read
        ]
        if seen:
            await inbound.touch_customers(self._connection, seen)

    async def _open_tickets(self) -> None:
        if not self._new_tickets:
            return
        made = {id(t.customer): t.customer for _, t in self._new_tickets if not t.customer.id}
        owner = {key: place for place, key in enumerate(made, 1)}
        opened = await inbound.open_tickets(
            self._connection,
            [
                inbound.NewCustomer(name=one.name, language=one.language, identities=one.fresh)
                for one in made.values()
            ],
            [self._new_row(case, t, owner.get(id(t.customer), 0)) for case, t in self._new_tickets],
        )
        for (_, ticket), row in zip(self._new_tickets, opened, strict=True):
            ticket.id, ticket.code, ticket.customer.id = row.id, row.code, row.customer_id

    async def _write_tickets(self) -> None:
        touched = [t for t in self._tickets.values() if t.touched and t.row is not None]
        if touched:
            await inbound.touch_tickets(
                self._connection,
                [
                    inbound.TicketTouch(
                        id=t.id,
                        seq=t.seq,
                        preview=t.preview,
                        from_person=t.heard_person,
                        reopen=t.reopened,
                        release=t.released,
                        reply_address=t.reply_address,
                    )
                    for t in touched
                ],
            )
        if any(self._load.values()):
            await inbound.add_load(self._connection, sorted(self._load.items()))
        released = [t for t in touched if t.released]
        if released:
            await inbound.add_decisions(self._connection, [self._why_released(t) for t in released])
        noted = [
            events.NewEvent(ticket_id=t.id, seq=seq, kind=kind, agent_id=None, data=as_json(data))
            for t in self._tickets.values()
            for seq, kind, data in t.events
        ]
        if noted:
            await events.add_ticket_events(self._connection, noted)

    def _new_row(self, case: _Case, ticket: _Ticket, owner: int) -> inbound.NewTicket:
        read = case.read
        assert read is not None
        said, classified = read.interaction, read.classified
        choice = choose_queue(
            self._rules,
            Situation(
                kind=classified.kind,
                channel=case.arrival.channel,
                channel_kind=case.arrival.kind.kind,
                language=classified.language,
                topics=classified.topics,
                key_account=ticket.customer.key_account,
                uncertain=classified.uncertain,
                subject=said.subject,
                hints=said.hints,
            ),
        )
        required = choice.languages_required[0] if choice.languages_required else ""
        return inbound.NewTicket(
            owner=owner,
            customer_id=ticket.customer.id,
            channel_id=case.arrival.channel_id,
            subject=subject(said),
            kind=classified.kind,
            kind_uncertain=classified.uncertain,
            status=ticket.status,
            priority=Priority.LOW if said.automatic else choice.priority,
            language=classified.language,
            queue=choice.queue,
            required_language=required,
            required_skills="\x1f".join(choice.skills),
            last_agent_id=ticket.customer.last_agent_id,
            reply_address=said.reply_address,
            thread_key=said.thread.key,
            seq=ticket.seq,
            last_preview=ticket.preview or preview(said),
            why=as_json({"classification": to_data(classified), "queue": to_data(choice)}),
        )

    def _why_released(self, ticket: _Ticket) -> inbound.NewDecision:
        holder = ticket.row.assignee_id if ticket.row else None
        agent = self._agents.get(holder) if holder is not None else None
        if agent is None or not agent.active or agent.presence == Presence.OFFLINE:
            reason = Reason(code=ReasonCode.NOT_ON_LINE, params={"presence": Presence.OFFLINE.value})
        else:
            reason = Reason(
                code=ReasonCode.AT_CAPACITY, params={"load": agent.load, "capacity": agent.capacity}
            )
        return inbound.NewDecision(
            ticket_id=ticket.id,
            step="released",
            queue_id=ticket.row.queue_id if ticket.row else None,
            agent_id=holder,
            priority=None,
            why=as_json({"outcome": "released", "agent_id": holder, "reasons": [to_data(reason)]}),
        )

    async def _write_timeline(self, cases: Sequence[_Case]) -> None:
        entries: list[inbound.NewEntry] = []
        made: list[int] = []
        here: set[tuple[int, str]] = set()
        for case in cases:
            read, ticket, customer = case.read, case.ticket, case.customer
            assert read is not None and ticket is not None and customer is not None
            said = read.interaction
            revises = None
            if edited := said.fields.get("edit_of", ""):
                if (ticket.id, edited) in here:  # what it is about came just before
                    made += await inbound.append(self._connection, entries)
                    entries, here = [], set()
                revises = await inbound.find_revised(self._connection, ticket.id, edited)
            here.add((ticket.id, said.external_id))
            entries.append(
                inbound.NewEntry(
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
            )
        made += await inbound.append(self._connection, entries)
        for case, interaction_id in zip(cases, made, strict=True):
            case.interaction_id, case.state = interaction_id, "read"
        await self._write_files(cases)
        refs = [
            (scope, ref, case.ticket.id)
            for case in cases
            if case.read and case.ticket
            for scope, ref in _refs(case.arrival, case.read)
        ]
        if refs:
            await inbound.add_refs(self._connection, refs)
        for case in cases:
            await self._settle_report(case)

    async def _write_files(self, cases: Sequence[_Case]) -> None:
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
            await inbound.add_attachments(self._connection, files)

    async def _settle_report(self, case: _Case) -> None:
        """A letter of ours came back: its reply failed, and everybody who looks at the ticket is told."""
        said = case.read.interaction if case.read else None
        if said is None or said.bounce is None or said.automatic is not Automatic.BOUNCE:
            return
        why = " ".join(part for part in (said.bounce.status, said.bounce.reason) if part) or "returned"
        settled = await inbound.settle_bounced(self._connection, said.bounce.original_message_id, why[:500])
        if settled is not None:
            interaction_id, ticket_id = settled
            await events.add_event(
                self._connection,
                EventKind.DELIVERY_CHANGED,
                ticket_id=ticket_id,
                data={"interaction": interaction_id, "state": "failed"},
            )

    def _answer(self, case: _Case) -> Acceptance:
        return Acceptance(
            raw_id=case.raw_id,
            duplicate=False,
            ticket_code=show_code(TICKET, case.ticket.code) if case.ticket else "",
            interaction_id=case.interaction_id,
            quarantined=case.arrival.error,
        )


def _first_like(copy: _Case, cases: Sequence[_Case]) -> int:
    """The item of the same batch that has the content of `copy`, and was there first."""
    content = copy.arrival.channel_id, copy.arrival.item.content_key
    return next(
        case.raw_id
        for case in cases
        if case.state != "duplicate" and (case.arrival.channel_id, case.arrival.item.content_key) == content
    )


def _may_redirect(case: _Case, read: Read, ticket: LockedTicket) -> bool:
    """Whether answers go, from now on, to where this message says. An address of another channel is nothing to the ticket's own
    (a form is answered by e-mail, as its answers are). A letter may name any address: it is believed only where our own
    token came back with it, or where it is the very address that the letter came from."""
    arrival, said = case.arrival, read.interaction
    is_mail = arrival.kind.answer_id is not None
    if arrival.channel_id != ticket.channel_id:
        by_mail = normalise_identity(IdentityKind.EMAIL, ticket.reply_address) is not None
        if not (is_mail and by_mail):
            return False
    if not is_mail or case.match.rule is ThreadRule.TOKEN:
        return True
    return said.reply_address.lower() in {one.value for one in said.sender.identities if one.verified}


def _refs(arrival: Arrival, read: Read) -> list[tuple[str, str]]:
    """What this message itself is called outside, so that answers to it find its ticket."""
    said = read.interaction
    refs = [(arrival.scope, said.thread.key)] if said.thread.key else []
    if arrival.kind.answer_id is not None and said.external_id:
        refs.append((MAIL, said.external_id))
    return refs


def _language(read: Read) -> str:
    language = read.classified.language
    return "" if language == LANGUAGE_UNKNOWN else language


def _name(read: Read) -> str:
    """What to call a customer who gave no name."""
    sender = read.interaction.sender
    if sender.name:
        return sender.name
    for one in sender.identities:
        if one.kind is not IdentityKind.VISITOR:
            return one.value
    for one in sender.identities:
        return f"{'访客' if read.classified.language == 'zh' else 'Visitor'} {one.value[:6]}"
    return ""
