"""What a rule is asked about: a ticket, its customer, what happened to it, the moment. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.model.tickets import EventKind, Priority, TicketKind, TicketStatus
from routing.automation.tables import By, Happening


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What was said: by whom to whom (`direction`: in, out, internal; event: nobody said anything), with what. `automatic`: no
    person wrote it. `moved`: it was said elsewhere and brought here."""

    direction: str
    text: str = ""
    attachment: bool = False
    automatic: bool = False
    moved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One entry of a ticket's ledger. `depth`: how many rules, one after another, led to it."""

    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)
    agent_id: int | None = None
    message: Message | None = None

    @property
    def depth(self) -> int:
        return int(self.data.get("depth", 0))

    @property
    def by(self) -> By:
        if self.data.get("rule"):
            return By.RULE
        if self.agent_id is not None:
            return By.AGENT
        if self.kind == EventKind.SURVEY_ANSWERED:
            return By.CUSTOMER
        said = self.message
        return By.CUSTOMER if said is not None and said.direction == "in" and not said.automatic else By.HUB

    @property
    def target(self) -> str:
        """Which promise it is about; "" for none."""
        return str(self.data.get("target", ""))

    @property
    def happenings(self) -> frozenset[Happening]:
        """What rules call it; nothing for what they cannot listen to."""
        if self.kind == EventKind.INTERACTION_ADDED:
            return _said(self.message)
        if self.kind == EventKind.TAGS_CHANGED:
            added, removed = self.data.get("added"), self.data.get("removed")
            both = ((Happening.TAG_ADDED, added), (Happening.TAG_REMOVED, removed))
            return frozenset(one for one, tags in both if tags)
        if self.kind == EventKind.SURVEY_ANSWERED:
            return frozenset({Happening.RATED, *((Happening.RATED_LOW,) if self.data.get("low") else ())})
        if self.kind in _ENDED:
            happening, state = _ENDED[self.kind]
            return frozenset({happening} if self.data.get("state") == state else ())
        named = _NAMED.get(self.kind)
        return frozenset() if named is None else frozenset({named})


_NAMED: Mapping[str, Happening] = {
    EventKind.TICKET_OPENED: Happening.OPENED,
    EventKind.STATUS_CHANGED: Happening.STATUS_CHANGED,
    EventKind.TICKET_ASSIGNED: Happening.ASSIGNED,
    EventKind.TICKET_RELEASED: Happening.RELEASED,
    EventKind.KIND_CHANGED: Happening.KIND_CHANGED,
    EventKind.PRIORITY_CHANGED: Happening.PRIORITY_CHANGED,
    EventKind.QUEUE_CHANGED: Happening.QUEUE_CHANGED,
    EventKind.SLA_WARNING: Happening.SLA_WARNING,
    EventKind.SLA_BREACHED: Happening.SLA_BREACHED,
}
_ENDED: Mapping[str, tuple[Happening, str]] = {
    EventKind.DELIVERY_CHANGED: (Happening.DELIVERY_FAILED, "failed"),
    EventKind.OFFER_SETTLED: (Happening.OFFER_EXPIRED, "expired"),
}

LISTENED: Mapping[Happening, str] = {
    **{happening: kind for kind, happening in _NAMED.items()},
    Happening.CUSTOMER_WROTE: f"{EventKind.INTERACTION_ADDED}:in",
    Happening.MACHINE_WROTE: f"{EventKind.INTERACTION_ADDED}:in",
    Happening.AGENT_REPLIED: f"{EventKind.INTERACTION_ADDED}:out",
    Happening.NOTE_ADDED: f"{EventKind.INTERACTION_ADDED}:internal",
    Happening.TAG_ADDED: EventKind.TAGS_CHANGED,
    Happening.TAG_REMOVED: EventKind.TAGS_CHANGED,
    Happening.RATED: EventKind.SURVEY_ANSWERED,
    Happening.RATED_LOW: EventKind.SURVEY_ANSWERED,
    **{happening: kind for kind, (happening, _) in _ENDED.items()},
}
"""In which entries of the ledger it is found: a kind of event, with the direction of what was said."""


def _said(message: Message | None) -> frozenset[Happening]:
    if message is None or message.moved:
        return frozenset()
    if message.direction == "in":
        return frozenset({Happening.MACHINE_WROTE if message.automatic else Happening.CUSTOMER_WROTE})
    if message.direction == "internal":
        return frozenset({Happening.NOTE_ADDED})
    replied = message.direction == "out" and not message.automatic
    return frozenset({Happening.AGENT_REPLIED} if replied else ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A ticket at one moment. `told`: what happened to it; None for a time rule. `open_tickets`: of its customer, it too.
    `…_fields`: what stands in fields of the company's own, as they keep it; nothing where no rule asks."""

    kind: TicketKind
    priority: Priority
    queue: str
    status: TicketStatus
    channel: str
    channel_kind: str
    now: datetime
    tags: frozenset[str] = frozenset()
    language: str = ""
    subject: str = ""
    assigned: bool = False
    uncertain: bool = False
    key_account: bool = False
    segment: str = ""
    organisation: str = ""
    customer_language: str = ""
    open_tickets: int = 0
    ticket_fields: Mapping[str, Any] = field(default_factory=dict)
    customer_fields: Mapping[str, Any] = field(default_factory=dict)
    told: Told | None = None
