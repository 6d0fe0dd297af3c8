"""Which ticket a message belongs to, and by which rule. Pure.

Strongest first: our signed token, presented by the one it was signed for; a Message-ID of the ticket, cited by somebody who
may speak in it; the channel's own conversation; the ticket's number in the subject, again only from somebody who may. Never
the subject's words. A closed ticket is not matched: its customer gets a new one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum

from hub.actions.arrivals import Arrival, Read
from hub.model.codes import TICKET, NotACode, read_code
from hub.model.interactions import Automatic, Identity
from hub.model.tickets import TicketStatus
from hub.model.tokens import claimed_ticket, read_thread
from storage.inbound import ThreadRow

MAIL = "mail"
_NUMBER = re.compile(r"(?<![A-Za-z0-9])T-?(\d{4,18})(?!\d)")
_REPORTS = (Automatic.BOUNCE, Automatic.DELAYED)


class ThreadRule(StrEnum):
    """The rule that matched; stored with the entry and shown."""

    TOKEN = "token"  # noqa: S105 - the name of a rule
    REPORT = "report"
    REFERENCE = "reference"
    CONVERSATION = "conversation"
    NUMBER = "number"
    NONE = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that may point to a ticket: what find_threads is asked for."""

    refs: tuple[tuple[str, str], ...]
    ids: tuple[int, ...]
    codes: tuple[int, ...]
    sent: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A ticket that something points to: `people` are "kind:value"."""

    ticket_id: int
    status: TicketStatus
    people: Set[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """`refused`: something pointed to a ticket in which the sender may not speak."""

    ticket_id: int | None
    rule: ThreadRule
    refused: bool = False


Candidates = Mapping[tuple[str, str], Candidate]
"""By (source, evidence) as ThreadRow has them."""


def gather(arrival: Arrival, read: Read) -> Evidence:
    """What to look up for one arrival."""
    said = read.interaction
    is_mail = arrival.kind.answer_id is not None
    refs = [(MAIL, ref) for ref in said.thread.references] if is_mail else []
    if said.thread.key:
        refs.append((arrival.scope, said.thread.key))
    report = said.bounce.original_message_id if said.bounce and said.automatic in _REPORTS else ""
    return Evidence(
        refs=tuple(refs),
        ids=tuple(number for token in said.thread.tokens if (number := claimed_ticket(token)) is not None),
        codes=tuple(_numbers(said.subject)) if is_mail else (),
        sent=(report,) if report else (),
    )


def index(rows: Iterable[ThreadRow]) -> dict[tuple[str, str], Candidate]:
    """What was found, by what it was found by."""
    return {
        (row.source, row.evidence): Candidate(
            ticket_id=row.ticket_id, status=TicketStatus(row.status), people=frozenset(row.people)
        )
        for row in rows
    }


def choose_ticket(
    secret: bytes, arrival: Arrival, read: Read, evidence: Evidence, found: Candidates
) -> Match:
    """The ticket that this arrival goes on, or none."""
    said = read.interaction
    speaks = {f"{one.kind}:{one.value}" for one in said.sender.identities if one.verified}
    refused = False
    for candidate, rule, admitted in _candidates(secret, arrival, read, evidence, found, speaks):
        if not admitted:
            refused = True
        elif candidate.status is not TicketStatus.CLOSED:
            return Match(ticket_id=candidate.ticket_id, rule=rule)
    return Match(ticket_id=None, rule=ThreadRule.NONE, refused=refused)


def _candidates(
    secret: bytes, arrival: Arrival, read: Read, evidence: Evidence, found: Candidates, speaks: Set[str]
) -> Iterator[tuple[Candidate, ThreadRule, bool]]:
    said = read.interaction
    senders = [one.value for one in said.sender.identities if one.verified]
    for token in said.thread.tokens:
        candidate = found.get(("id", str(claimed_ticket(token))))
        if candidate is not None:
            ours = any(read_thread(secret, token, sender) == candidate.ticket_id for sender in senders)
            yield candidate, ThreadRule.TOKEN, ours
    for message_id in evidence.sent:
        if (candidate := found.get(("sent", message_id))) is not None:
            # 128 random bits, known to us and to whoever received the letter: enough to hang a report on.
            yield candidate, ThreadRule.REPORT, True
    for scope, ref in evidence.refs:
        candidate = found.get(("ref", f"{scope} {ref}"))
        if candidate is None:
            continue
        if scope == MAIL:
            yield candidate, ThreadRule.REFERENCE, not speaks.isdisjoint(candidate.people)
        else:
            yield candidate, ThreadRule.CONVERSATION, True
    for code in evidence.codes:
        if (candidate := found.get(("code", str(code)))) is not None:
            yield candidate, ThreadRule.NUMBER, not speaks.isdisjoint(candidate.people)


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
