"""What the steps of one filing share: the arrivals under way, and the customers and tickets that they concern, as values."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from hub.actions.arrivals import Arrival, Read
from hub.actions.match import Candidate, Evidence, Match, ThreadRule
from hub.model.tickets import EventKind, TicketStatus
from routing.rules import RoutingRules
from storage.inbound import CustomerFacts, LockedAgent, LockedTicket, PersonRow
from storage.reports import PostedRow

IdentityKey = tuple[str, str, bool]
"""(kind, value, verified)."""
Name = tuple[int, str, str]
"""What a message is called outside: (channel id, thread key, external id)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What is the same for all that arrives. `is_own` knows every address of every configured inbox; `look_again` says what a
    ticket is that opens, by what was learned as well; `case_link` where its customer finds a ticket of this code, ""
    for nowhere; `without_keys` gives a text without the keys of customers that it quotes."""

    rules: RoutingRules
    secret: bytes
    scans: bool
    is_own: Callable[[str], bool] = lambda _address: False
    look_again: Callable[[Read], Read] = lambda read: read
    case_link: Callable[[int], str] = lambda _code: ""
    without_keys: Callable[[str], str] = lambda text: text


@dataclass(slots=True, kw_only=True)
class Customer:
    """`id` 0: to be made."""

    id: int
    name: str = ""
    language: str = ""
    key_account: bool = False
    segment: str = ""
    last_agent: tuple[int, datetime] | None = None
    known: set[IdentityKey] = field(default_factory=set)
    fresh: list[IdentityKey] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Ticket:
    """`id` 0: to be opened; until then it goes by a negative `number`, which nothing in the database has. `seq` is the last
    number given out. `people`, `members` and `copied` are "kind:value"; candidates of this batch share these very sets."""

    number: int
    id: int
    code: int
    seq: int
    customer: Customer
    row: LockedTicket | None = None
    status: TicketStatus = TicketStatus.OPEN
    touched: bool = False
    reopened: bool = False
    released: bool = False
    live_again: bool = False
    heard_person: bool = False
    heard_at: datetime | None = None
    preview: str = ""
    reply_address: str = ""
    subject: str = ""
    joined: int = 0
    channel_id: int = 0
    channel_kind: str = ""
    people: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)
    copied: set[str] = field(default_factory=set)
    refs: set[str] = field(default_factory=set)
    events: list[tuple[int, EventKind, dict[str, object]]] = field(default_factory=list)

    @property
    def wants_agent(self) -> bool:
        """Whether routing has something to do now that it had not before."""
        if self.row is None:
            return self.status is TicketStatus.OPEN
        return self.released or ((self.reopened or self.live_again) and self.row.assignee_id is None)

    def note(self, kind: EventKind, **data: object) -> None:
        """The next entry of the ledger."""
        self.seq += 1
        self.touched = True
        self.events.append((self.seq, kind, data))


@dataclass(slots=True, kw_only=True)
class Case:
    """One arrival on its way. `people`: those beside the sender, (address, name, state). `revises`: the entry of which this is
    a later version, or the case that becomes it. `evidence`: what it points to; `goes_on`: which ticket, when it was looked
    up."""

    arrival: Arrival
    raw_id: int = 0
    state: str = "received"
    error: str = ""
    duplicate_of: int | None = None
    read: Read | None = None
    evidence: Evidence | None = None
    goes_on: int | None = None
    revises: "int | Case | None" = None
    match: Match = field(default_factory=lambda: Match(ticket_id=None, rule=ThreadRule.NONE))
    customer: Customer | None = None
    ticket: Ticket | None = None
    opens: bool = False
    seq: int = 0
    interaction_id: int = 0
    people: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Settlement:
    """What reports of this batch do to our letters; written in one go."""

    told: list[tuple[Case, int, str, str, str, str]] = field(default_factory=list)
    settled: dict[int, tuple[str, str]] = field(default_factory=dict)
    failing: dict[str, tuple[str, str]] = field(default_factory=dict)
    good: set[str] = field(default_factory=set)


@dataclass(slots=True, kw_only=True)
class Batch:
    """All of one filing. `people` by identity, `owned` the other way round; `tickets` by number; `found` by evidence; `said`
    (entry, ticket) and `said_here` by what was said before under this name; `load` counts what agents get back, `live_load`
    of it live. `refs`: on which ticket a "scope ref" stood before; `talks`: those that are live conversations and known.
    `conflicts`: pairs of customers whose proofs came in one message."""

    house: House
    cases: list[Case] = field(default_factory=list)
    people: dict[IdentityKey, list[PersonRow]] = field(default_factory=dict)
    owned: defaultdict[int, set[IdentityKey]] = field(default_factory=lambda: defaultdict(set))
    facts: dict[int, CustomerFacts] = field(default_factory=dict)
    customers: dict[int, Customer] = field(default_factory=dict)
    by_identity: dict[IdentityKey, Customer] = field(default_factory=dict)
    tickets: dict[int, Ticket] = field(default_factory=dict)
    new_tickets: list[tuple[Case, Ticket]] = field(default_factory=list)
    found: dict[tuple[str, str], Candidate] = field(default_factory=dict)
    refs: dict[str, int] = field(default_factory=dict)
    talks: set[str] = field(default_factory=set)
    said: dict[Name, tuple[int, int]] = field(default_factory=dict)
    said_here: dict[Name, Case] = field(default_factory=dict)
    agents: dict[int, LockedAgent] = field(default_factory=dict)
    load: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    live_load: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    posted: list[PostedRow] = field(default_factory=list)
    conflicts: set[tuple[int, int]] = field(default_factory=set)
    settlement: Settlement = field(default_factory=Settlement)
