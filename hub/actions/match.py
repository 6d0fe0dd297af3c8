"""Which ticket a message belongs to, and by which rule. Pure.

Strongest first: our signed token, presented by the one it was signed for; a Message-ID of the ticket, cited by somebody who
may speak in it; the channel's own conversation; an id that letters of the ticket cite; the ticket's number in the subject,
again only from somebody who may; a burst of letters from one person to one inbox. Never the subject's words. A closed ticket
is not matched: its customer gets a new one, linked with it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from hub.actions.arrivals import Arrival, Read, cited_ids, moment, speakers
from hub.model.codes import TICKET, NotACode, read_code
from hub.model.interactions import Automatic, Identity
from hub.model.subjects import base_subject
from hub.model.tickets import TicketStatus
from hub.model.tokens import claimed_ticket, read_thread
from storage.threads import ThreadRow

MAIL = "mail"
MOST_LINKS = 5
MOST_CITED = 3
"""Of the messages that one in a conversation answers."""
_NUMBER = re.compile(r"(?<![A-Za-z0-9])T-?(\d{4,18})(?!\d)")
REPORTS = (Automatic.BOUNCE, Automatic.DELAYED, Automatic.RECEIPT)
"""What may say how a letter of ours fared."""


class ThreadRule(StrEnum):
    """The rule that matched; stored with the entry and shown."""

    TOKEN = "token"  # noqa: S105 - the name of a rule
    REPORT = "report"
    REFERENCE = "reference"
    CONVERSATION = "conversation"
    CITED = "cited"
    NUMBER = "number"
    BURST = "burst"
    NONE = ""


class Why(StrEnum):
    """Why a letter lies beside the ticket that it points to."""

    REFUSED = "refused"
    CLOSED = "closed"
    FORWARDED = "forwarded"
    ALSO = "also"


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """Where a person's letters of the last minutes are looked for. `speaker` is their address; `at` when this one was sent."""

    channel_id: int
    speaker: str
    at: datetime
    minutes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that may point to a ticket: what find_threads is asked for. `cited`: (id, speaker)."""

    refs: tuple[tuple[str, str], ...]
    ids: tuple[int, ...]
    codes: tuple[int, ...]
    sent: tuple[str, ...]
    cited: tuple[tuple[str, str], ...] = ()
    burst: Burst | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A ticket that something points to. `people` (its customer's proofs), `members` and `copied` are "kind:value".
    `moved_from`: what points here was moved away from that ticket."""

    ticket_id: int
    status: TicketStatus
    people: Set[str]
    members: Set[str] = frozenset()
    copied: Set[str] = frozenset()
    channel_id: int = 0
    channel_kind: str = ""
    moved_from: int | None = None
    heard_at: datetime | None = None

    def admits(self, speaks: Set[str]) -> bool:
        """Whether one of these may speak in it."""
        return not speaks.isdisjoint(self.people) or not speaks.isdisjoint(self.members)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """`refused`: something pointed to a ticket in which the sender may not speak. `guest`: the sender speaks as somebody whom
    the customer or an agent let in. `links`: tickets that were pointed to and not joined."""

    ticket_id: int | None
    rule: ThreadRule
    refused: bool = False
    guest: bool = False
    links: tuple[tuple[int, Why], ...] = field(default=(), compare=False)


Candidates = Mapping[tuple[str, str], Candidate]
"""By (source, evidence) as ThreadRow has them; a burst's evidence has the base subject at its end."""


def gather(arrival: Arrival, read: Read) -> Evidence:
    """What to look up for one arrival."""
    said = read.interaction
    is_mail = arrival.kind.answer_id is not None
    cites = cited_ids(said) if is_mail else ()
    refs = [(MAIL, ref) for ref in cites]
    if not is_mail:  # what is answered says more than the conversation that it is in
        refs += [(arrival.scope, ref) for ref in said.thread.references[:MOST_CITED]]
    if said.thread.key:
        refs.append((arrival.scope, said.thread.key))
    sent: tuple[str, ...] = ()
    if said.bounce is not None and said.automatic in REPORTS:
        sent = (said.bounce.original_message_id,)
    elif said.automatic is Automatic.LOOP:
        sent = (said.external_id,)
    own = (said.external_id,) if is_mail and said.external_id else ()
    speaking = [one.value for one in said.sender.identities if one.verified] if is_mail else []
    return Evidence(
        refs=tuple(refs),
        ids=tuple(number for token in said.thread.tokens if (number := claimed_ticket(token)) is not None),
        codes=tuple(_numbers(said.subject)) if is_mail else (),
        sent=tuple(one for one in sent if one),
        cited=tuple((ref, speaker) for ref in (*own, *cites) for speaker in speaking),
        burst=_burst(arrival, read) if is_mail and speaking else None,
    )


def _burst(arrival: Arrival, read: Read) -> Burst | None:
    """None for what a machine wrote, what is passed on, and what asks for its answer elsewhere."""
    said = read.interaction
    inbox = arrival.inbox
    if inbox is None or inbox.burst_minutes <= 0 or said.automatic is not None or said.thread.passed_on:
        return None
    sender = next(one.value for one in said.sender.identities if one.verified)
    if said.reply_address.lower() != sender:
        return None
    return Burst(
        channel_id=arrival.channel_id, speaker=sender, at=moment(arrival), minutes=inbox.burst_minutes
    )


def burst_key(burst: Burst, base: str) -> tuple[str, str]:
    """Under which a ticket of this base subject is found; "" stands for the person's latest, whatever it is about."""
    return "burst", f"{burst.channel_id} {burst.speaker} {base}"


def index(rows: Iterable[ThreadRow]) -> dict[tuple[str, str], Candidate]:
    """What was found, by what it was found by. Candidates of one ticket share the sets of its people."""
    sets: dict[int, tuple[set[str], set[str], set[str]]] = {}
    found: dict[tuple[str, str], Candidate] = {}
    for row in rows:
        people, members, copied = sets.setdefault(
            row.ticket_id, (set(row.people), set(row.members), set(row.copied))
        )
        candidate = Candidate(
            ticket_id=row.ticket_id,
            status=TicketStatus(row.status),
            people=people,
            members=members,
            copied=copied,
            channel_id=row.channel_id,
            channel_kind=row.channel_kind,
            moved_from=row.moved_from,
            heard_at=row.heard_at,
        )
        if row.source == "burst":  # newest first
            found.setdefault(("burst", f"{row.evidence} {base_subject(row.subject)}"), candidate)
            found.setdefault(("burst", f"{row.evidence} "), candidate)
        else:
            found[row.source, row.evidence] = candidate
    return found


def choose_ticket(
    secret: bytes, arrival: Arrival, read: Read, evidence: Evidence, found: Candidates
) -> Match:
    """The ticket that this arrival goes on, or none."""
    speaks = speakers(read.interaction)
    beside: dict[int, Why] = {}
    for candidate, rule, admitted in _candidates(secret, arrival, read, evidence, found, speaks):
        if not admitted:
            beside.setdefault(candidate.ticket_id, Why.REFUSED)
        elif candidate.status is TicketStatus.CLOSED:
            beside.setdefault(candidate.ticket_id, Why.CLOSED)
        elif _goes_elsewhere(arrival, read, candidate, rule):
            beside.setdefault(candidate.ticket_id, Why.FORWARDED)
        else:
            guest = not speaks.isdisjoint(candidate.members | candidate.copied) and speaks.isdisjoint(
                candidate.people
            )
            return Match(
                ticket_id=candidate.ticket_id,
                rule=rule,
                guest=guest,
                links=_also(candidate, rule, evidence, found, speaks),
            )
    links = tuple((number, why) for number, why in beside.items() if number > 0)[:MOST_LINKS]
    return Match(ticket_id=None, rule=ThreadRule.NONE, refused=Why.REFUSED in beside.values(), links=links)


def _goes_elsewhere(arrival: Arrival, read: Read, candidate: Candidate, rule: ThreadRule) -> bool:
    """What is passed on to another inbox cites the old letters and is meant for other people."""
    return (
        read.interaction.thread.passed_on
        and rule is not ThreadRule.REPORT
        and candidate.channel_kind == arrival.kind.kind
        and candidate.channel_id != arrival.channel_id
    )


def _also(
    chosen: Candidate, rule: ThreadRule, evidence: Evidence, found: Candidates, speaks: Set[str]
) -> tuple[tuple[int, Why], ...]:
    """Other tickets of the same people whose letters it cites."""
    others: dict[int, Why] = {}
    if rule not in (ThreadRule.TOKEN, ThreadRule.REFERENCE):
        return ()
    for scope, ref in evidence.refs:
        candidate = found.get(("ref", f"{scope} {ref}"))
        if candidate is None or scope != MAIL or candidate.ticket_id in (chosen.ticket_id, chosen.moved_from):
            continue
        if candidate.ticket_id > 0 and candidate.moved_from is None and candidate.admits(speaks):
            others[candidate.ticket_id] = Why.ALSO
    return tuple(others.items())[:MOST_LINKS]


def _candidates(
    secret: bytes, arrival: Arrival, read: Read, evidence: Evidence, found: Candidates, speaks: Set[str]
) -> Iterator[tuple[Candidate, ThreadRule, bool]]:
    said = read.interaction
    yield from _by_report(secret, read, evidence, found)
    senders = [one.value for one in said.sender.identities if one.verified]
    for token in said.thread.tokens:
        number = claimed_ticket(token)
        candidate = found.get(("id", str(number)))
        if candidate is not None and number is not None:
            ours = any(read_thread(secret, token, sender) == number for sender in senders)
            if ours and (moved := _moved_away(number, evidence, found)) is not None:
                yield moved, ThreadRule.TOKEN, True
            yield candidate, ThreadRule.TOKEN, ours
    for scope, ref in evidence.refs:
        candidate = found.get(("ref", f"{scope} {ref}"))
        if candidate is None:
            continue
        if scope == MAIL:
            yield candidate, ThreadRule.REFERENCE, candidate.admits(speaks)
        else:
            yield candidate, ThreadRule.CONVERSATION, True
    for ref, speaker in evidence.cited:
        # Who may speak was asked of the database: many strangers may cite one id.
        if (candidate := found.get(("cited", f"{ref} {speaker}"))) is not None:
            yield candidate, ThreadRule.CITED, True
    for code in evidence.codes:
        if (candidate := found.get(("code", str(code)))) is not None:
            yield candidate, ThreadRule.NUMBER, candidate.admits(speaks)
    if evidence.burst is not None:
        candidate = found.get(burst_key(evidence.burst, base_subject(said.subject)))
        if candidate is not None and _is_near(evidence.burst, candidate):
            yield candidate, ThreadRule.BURST, True


def _by_report(
    secret: bytes, read: Read, evidence: Evidence, found: Candidates
) -> Iterator[tuple[Candidate, ThreadRule, bool]]:
    """A report is matched by the letter that it is about: 128 random bits in its Message-ID, or our token, signed for the one
    who did not get it. Both are known to us and to whoever handled the letter: enough to hang a report on."""
    bounce = read.interaction.bounce
    if bounce is None or read.interaction.automatic not in REPORTS:
        return
    for message_id in evidence.sent:
        if (candidate := found.get(("sent", message_id))) is not None:
            yield candidate, ThreadRule.REPORT, True
    for token in read.interaction.thread.tokens:
        number = claimed_ticket(token)
        candidate = found.get(("id", str(number)))
        if candidate is not None and any(
            read_thread(secret, token, one.address) == number for one in bounce.recipients
        ):
            yield candidate, ThreadRule.REPORT, True


def _moved_away(number: int, evidence: Evidence, found: Candidates) -> Candidate | None:
    """Where the nearest known letter that is answered lies now, if it was moved away from ticket `number`."""
    for scope, ref in evidence.refs:
        candidate = found.get(("ref", f"{scope} {ref}"))
        if scope == MAIL and candidate is not None:
            return candidate if candidate.moved_from == number else None
    return None


def _is_near(burst: Burst, candidate: Candidate) -> bool:
    return candidate.heard_at is not None and abs(burst.at - candidate.heard_at) <= timedelta(
        minutes=burst.minutes
    )


def _numbers(subject: str) -> Iterator[int]:
    for digits in _NUMBER.findall(subject[:400])[:3]:
        try:
            yield read_code(TICKET, digits)
        except NotACode:
            continue


def new_identities(
    known: Set[tuple[str, str, bool]], identities: Sequence[Identity]
) -> list[tuple[str, str, bool]]:
    """Those of a sender's identities that are not known, as rows."""
    rows = [(one.kind.value, one.value, one.verified) for one in identities]
    return [row for row in dict.fromkeys(rows) if row not in known]
