"""Decides, without touching the database: which ticket an arrival goes on, whose it is, and what it does to both."""

from collections.abc import Sequence
from dataclasses import replace

from hub.actions import match
from hub.actions.arrivals import UNANSWERABLE, Arrival, Read, cited_ids, moment, preview, speakers
from hub.actions.filing.lookup import may_be_version, name_of
from hub.actions.filing.settle import settle_report
from hub.actions.filing.state import Batch, Case, Customer, Name, Ticket
from hub.actions.match import MAIL, Candidate, Evidence, ThreadRule, burst_key
from hub.model.identities import normalise_identity
from hub.model.interactions import Automatic, Identity, IdentityKind, SenderCheck
from hub.model.people import Presence
from hub.model.subjects import base_subject
from hub.model.tickets import EventKind, TicketStatus, calls_back, held
from routing.situation import LANGUAGE_UNKNOWN
from storage.inbound import LockedTicket
from storage.participants import MOST

OWN_ECHO = "Our own letter came back to us. It is on its ticket already."
LOOP_LETTERS = 20
"""From outside, on one ticket, within an hour: machines are talking to each other."""


def place(batch: Batch, case: Case) -> None:
    """Find its ticket and its customer; what it changes is noted there."""
    read, evidence = case.read, case.evidence
    if read is None or evidence is None:
        return
    name = name_of(case, read)
    if name is not None and may_be_version(read) and _revise(batch, case, name):
        return
    if read.interaction.automatic is Automatic.LOOP and any(
        ("sent", one) in batch.found for one in evidence.sent
    ):
        case.state, case.error = "discarded", OWN_ECHO
        return
    case.match = match.choose_ticket(batch.house.secret, case.arrival, read, evidence, batch.found)
    ticket = batch.tickets.get(case.match.ticket_id) if case.match.ticket_id is not None else None
    if ticket is not None and ticket.status is TicketStatus.CLOSED:
        ticket = None  # closed between the look and the lock
    if ticket is None:
        case.match = replace(case.match, ticket_id=None, rule=ThreadRule.NONE, guest=False)
        _open(batch, case, read)
    else:
        case.ticket, case.customer = ticket, ticket.customer
        _join(batch, case, read, ticket)
    _remember(batch, case, read, evidence)
    if name is not None:
        batch.said_here[name] = case


def _revise(batch: Batch, case: Case, name: Name) -> bool:
    """A later version of what was said before stays with it, wherever that lies by now, and brings nobody back to work: it is
    no new word. False: nothing was said under this name."""
    earlier = batch.said_here.get(name)
    known = batch.said.get(name)
    ticket = (
        earlier.ticket if earlier is not None else batch.tickets.get(known[1]) if known is not None else None
    )
    if ticket is None:
        return False
    case.revises = earlier if earlier is not None else known[0] if known is not None else None
    case.ticket, case.customer = ticket, ticket.customer
    ticket.touched = True
    ticket.seq += 1
    case.seq = ticket.seq
    return True


def _open(batch: Batch, case: Case, read: Read) -> None:
    customer = _customer_of(batch, read)
    case.customer, case.opens = customer, True
    said = read.interaction
    ticket = Ticket(
        number=-1 - len(batch.new_tickets),
        id=0,
        code=0,
        seq=1,
        customer=customer,
        channel_id=case.arrival.channel_id,
        channel_kind=case.arrival.kind.kind,
        subject=said.subject,
        heard_at=moment(case.arrival) if said.automatic is None else None,
        people=speakers(said) | _proofs(batch, customer),
    )
    case.ticket, case.seq = ticket, 1
    batch.new_tickets.append((case, ticket))
    batch.tickets[ticket.number] = ticket
    late = said.automatic is Automatic.AUTO_REPLY and any(
        why is match.Why.CLOSED for _, why in case.match.links
    )
    if said.automatic in UNANSWERABLE or late:
        ticket.status = (
            TicketStatus.RESOLVED
        )  # who is away answers what is long closed: that calls nobody back
    if case.match.refused:
        ticket.note(EventKind.THREAD_TOKEN_INVALID)
    for other, why in case.match.links:
        ticket.note(EventKind.RELATED, ticket=other, why=why.value)
    settle_report(batch, case, read)
    _note_people(batch, case, read)
    _note_conflict(batch, case, read)


def _join(batch: Batch, case: Case, read: Read, ticket: Ticket) -> None:
    said = read.interaction
    ticket.touched = True
    ticket.seq += 1
    case.seq = ticket.seq
    ticket.joined += 1
    if said.automatic is None:
        ticket.heard_person = True
        ticket.heard_at = max(ticket.heard_at or moment(case.arrival), moment(case.arrival))
        ticket.preview = preview(said)
        if ticket.row is not None and _may_redirect(case, read, ticket):
            ticket.reply_address = said.reply_address
    for other, why in case.match.links:
        ticket.note(EventKind.RELATED, ticket=other, why=why.value)
    lost, was = settle_report(batch, case, read), ticket.status
    if said.automatic is None:
        reopened = was in (TicketStatus.PENDING, TicketStatus.RESOLVED)
    else:
        reopened = lost is not None and lost.ticket_id == ticket.id and calls_back(was, by_hand=lost.by_hand)
    if reopened:
        ticket.status = TicketStatus.OPEN
    if ticket.id and ticket.row is not None:
        live_again = said.automatic is None and _comes_alive(batch, case, ticket, ticket.row)
        ticket.live_again |= live_again
        if reopened:
            ticket.reopened = True
            ticket.note(EventKind.STATUS_CHANGED, **{"from": was.value, "to": TicketStatus.OPEN.value})
        if live_again:
            ticket.note(EventKind.LIVE_AGAIN)
        if reopened or live_again:
            _keep_agent(batch, ticket, ticket.row, was)
    lately = (ticket.row.lately if ticket.row is not None else 1) + ticket.joined
    if lately == LOOP_LETTERS and case.arrival.kind.answer_id is not None:
        ticket.note(EventKind.LOOP_STOPPED, letters=lately)
    _note_people(batch, case, read)
    _note_conflict(batch, case, read)


def _comes_alive(batch: Batch, case: Case, ticket: Ticket, row: LockedTicket) -> bool:
    """Whether its customer sits at the other end now, as they did not a moment ago. One that is being offered stays as it is
    until somebody has it: the place that is held for it is of the other kind."""
    if row.live or ticket.live_again or row.offered_to is not None:
        return False
    return batch.house.rules.work.is_live(case.arrival.kind.kind)


def _keep_agent(batch: Batch, ticket: Ticket, row: LockedTicket, was: TicketStatus) -> None:
    """A ticket that came back, or came alive, goes on with its agent if that one is here and has room for it; else it goes back
    to the queue."""
    holder = row.assignee_id
    if holder is None or ticket.released:
        return
    agent = batch.agents.get(holder)
    if agent is not None and agent.active and agent.presence != Presence.OFFLINE:
        before = held(was, live=row.live, weight=row.weight)
        now = held(ticket.status, live=row.live or ticket.live_again, weight=row.weight)
        if row.live or not ticket.live_again:
            load, live_load = (0, now - before) if row.live else (now - before, 0)
        else:
            load, live_load = -before, now
        if (load <= 0 or agent.load + batch.load[holder] + load <= agent.capacity) and (
            live_load <= 0 or agent.live_load + batch.live_load[holder] + live_load <= agent.live_capacity
        ):
            batch.load[holder] += load
            batch.live_load[holder] += live_load
            return
    ticket.released = True
    ticket.note(EventKind.TICKET_RELEASED, agent=holder)


def _customer_of(batch: Batch, read: Read) -> Customer:
    """A proof finds its customer. A claim finds nobody: it is written down beside whoever made it, and whether two who
    claim the same are the same person is for people to say."""
    sender = read.interaction.sender
    for one in sender.identities:
        key = (one.kind.value, one.value, True)
        if one.verified and key in batch.by_identity:
            return _add_fresh(batch, _described(batch, batch.by_identity[key]), sender.identities)
        for row in batch.people.get(key, ()) if one.verified else ():
            customer = batch.customers.setdefault(row.customer_id, Customer(id=row.customer_id))
            return _add_fresh(batch, _described(batch, customer), sender.identities)
    customer = Customer(id=0, name=_name(read), language=language(read))
    return _add_fresh(batch, customer, sender.identities)


def _described(batch: Batch, customer: Customer) -> Customer:
    """With what opening a ticket asks of them; of who is new there is nothing."""
    if customer.id:
        facts = batch.facts[customer.id]
        customer.key_account, customer.segment = facts.key_account, facts.segment
        if facts.last_agent_id is not None and facts.last_agent_at is not None:
            customer.last_agent = (facts.last_agent_id, facts.last_agent_at)
    return customer


def _add_fresh(batch: Batch, customer: Customer, identities: Sequence[Identity]) -> Customer:
    for row in match.new_identities(batch.owned.get(customer.id, set()) | customer.known, identities):
        owned = row[2] and (row in batch.people or row in batch.by_identity)
        if not owned:
            customer.fresh.append(row)
            customer.known.add(row)
    for one in identities:
        owners = {row.customer_id for row in batch.people.get((one.kind.value, one.value, True), ())}
        if one.verified and (not owners or customer.id in owners):
            batch.by_identity.setdefault((one.kind.value, one.value, True), customer)
    return customer


def _proofs(batch: Batch, customer: Customer) -> set[str]:
    """What is known in this batch to prove a customer."""
    known = batch.owned.get(customer.id, set()) | customer.known
    return {f"{kind}:{value}" for kind, value, verified in known if verified}


def _note_people(batch: Batch, case: Case, read: Read) -> None:
    """Who else is on a letter is known to its ticket. They may speak there if our own mail server vouches for its sender, who
    may; a name that anybody may have put there lets nobody in."""
    details, ticket = read.interaction.details, case.ticket
    if details is None or ticket is None or read.interaction.automatic is not None:
        return
    vouched = details.sender_check is SenderCheck.PASS
    sender = details.sender.address if details.sender is not None else ""
    for one in (*details.to, *details.cc):
        key = f"email:{one.address}"
        address = normalise_identity(IdentityKind.EMAIL, one.address)
        if address is None or address == sender or batch.house.is_own(address) or key in ticket.people:
            continue
        if len(case.people) == MOST:
            break
        case.people.append((address, one.name, "member" if vouched else "copied"))
        (ticket.members if vouched else ticket.copied).add(key)


def _note_conflict(batch: Batch, case: Case, read: Read) -> None:
    """A proven identity that belongs to somebody else is not moved; it is put on record."""
    ticket, customer = case.ticket, case.customer
    if ticket is None or customer is None:
        return
    if case.match.rule is ThreadRule.REPORT or case.match.guest:
        return  # neither who reports that a letter did not arrive nor whom the customer let in is the customer
    if not case.opens:
        _add_fresh(batch, customer, read.interaction.sender.identities)
        ticket.people |= speakers(read.interaction) & _proofs(batch, customer)
    for one in read.interaction.sender.identities:
        key = (one.kind.value, one.value, one.verified)
        owners = {row.customer_id for row in batch.people.get(key, ())} if one.verified else set()
        if owners - {customer.id} and customer.id not in owners:
            ticket.note(EventKind.IDENTITY_CONFLICT, customers=sorted({*owners, customer.id} - {0}))
            if customer.id:
                batch.conflicts |= {(customer.id, owner) for owner in owners}


def _remember(batch: Batch, case: Case, read: Read, evidence: Evidence) -> None:
    """What comes later in this batch finds the ticket too."""
    ticket, said = case.ticket, read.interaction
    if ticket is None:
        return
    here = Candidate(
        ticket_id=ticket.number,
        status=ticket.status,
        people=ticket.people,
        members=ticket.members,
        copied=ticket.copied,
        channel_id=ticket.channel_id,
        channel_kind=ticket.channel_kind,
        heard_at=ticket.heard_at,
    )
    for scope, ref in refs_of(case.arrival, read):
        earlier = batch.found.get(("ref", f"{scope} {ref}"))
        if earlier is None or (scope != MAIL and earlier.ticket_id != ticket.number):
            batch.found["ref", f"{scope} {ref}"] = here
    if case.arrival.kind.answer_id is None:
        return
    who = [one.removeprefix("email:") for one in ticket.people | ticket.members if one.startswith("email:")]
    for ref in cited_ids(said):
        known = batch.found.get(("ref", f"{MAIL} {ref}"))
        if known is None or known.ticket_id != ticket.number:
            for speaker in who:
                batch.found.setdefault(("cited", f"{ref} {speaker}"), here)
    if evidence.burst is not None and (ticket.row is None or case.match.rule is ThreadRule.BURST):
        base = base_subject(ticket.subject) if ticket.row is None else base_subject(said.subject)
        batch.found[burst_key(evidence.burst, base)] = here
        batch.found[burst_key(evidence.burst, "")] = here


def _may_redirect(case: Case, read: Read, ticket: Ticket) -> bool:
    """Whether answers go, from now on, to where this message says. An address of another channel is nothing to the ticket's own
    (a form is answered by e-mail, as its answers are). A letter may name any address: it is believed only where our own
    token came back with it, or where it is the very address that the letter came from. A guest turns nothing."""
    arrival, said = case.arrival, read.interaction
    row = ticket.row
    if row is None or case.match.guest:
        return False
    is_mail = arrival.kind.answer_id is not None
    if arrival.channel_id != row.channel_id:
        by_mail = normalise_identity(IdentityKind.EMAIL, row.reply_address) is not None
        if not (is_mail and by_mail):
            return False
    if not is_mail or case.match.rule is ThreadRule.TOKEN:
        return True
    return said.reply_address.lower() in {one.value for one in said.sender.identities if one.verified}


def refs_of(arrival: Arrival, read: Read) -> list[tuple[str, str]]:
    """What this message itself is called outside, so that answers to it find its ticket."""
    said = read.interaction
    refs = [(arrival.scope, said.thread.key)] if said.thread.key else []
    if arrival.kind.answer_id is not None and said.external_id:
        refs.append((MAIL, said.external_id))
    return refs


def language(read: Read) -> str:
    """As it was classified; "" for none that is known."""
    found = read.classified.language
    return "" if found == LANGUAGE_UNKNOWN else found


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
