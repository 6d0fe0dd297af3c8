"""What the API answers with, made from the read models of storage.

Ids that a JavaScript number cannot hold are strings.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from hub.actions.read_clocks import ClockNow
from hub.model.codes import CUSTOMER, TICKET, show_code
from storage import views
from storage.templates import TemplateRow

BigId = Annotated[str, Field(pattern=r"^\d{1,19}$", description="a 64-bit number, as text")]
TicketNumber = Annotated[str, Field(pattern=r"^T-\d+$", examples=["T-10019"])]
CustomerCode = Annotated[str, Field(pattern=r"^C-\d+$", examples=["C-10019"])]


class InteractionAccepted(BaseModel):
    """`accepted`: on the timeline. `waiting`: kept, and being read. `quarantined`: kept, could not be read;
    staff sees it (GET /quarantine)."""

    status: Literal["accepted", "waiting", "quarantined"]
    raw_id: BigId
    ticket: TicketNumber | None
    interaction_id: BigId | None
    detail: str


class ClockAnswer(BaseModel):
    """What the customer was promised, and how it stands. `state`: running and paused go on; met, missed and dropped (nothing
    is owed any more) have ended. `due_at` is null while the clock rests with time left. `paused_because`: why no time is
    counted now. `breached`: it was due, and was not done by then."""

    target: Literal["first_response", "next_response", "resolution"]
    state: Literal["running", "paused", "met", "missed", "dropped"]
    due_at: datetime | None
    paused_because: Literal["waits_for_customer", "outside_hours"] | None
    breached: bool

    @classmethod
    def of(cls, clock: ClockNow) -> "ClockAnswer":
        return cls(
            target=clock.target.value,
            state=clock.state.value,
            due_at=clock.due_at,
            paused_because=clock.rests.value if clock.rests else None,
            breached=clock.breached,
        )


class TicketAnswer(BaseModel):
    number: TicketNumber
    subject: str
    kind: str
    kind_uncertain: bool
    status: str
    priority: Annotated[int, Field(ge=1, le=4, description="4 is the most urgent")]
    language: str
    queue: str
    channel: str
    channel_kind: str
    customer_id: int
    customer_code: CustomerCode
    customer_name: str
    assignee_id: int | None
    assignee_name: str
    tags: list[str]
    seq: Annotated[int, Field(description="grows with everything that happens to the ticket")]
    preview: str
    created_at: datetime
    updated_at: Annotated[
        datetime,
        Field(
            description="when something happened to it last; that an answer set out or arrived is none of it"
        ),
    ]
    waiting_since: datetime | None
    sla: Annotated[list[ClockAnswer], Field(description="the last clock for each target that was promised")]

    @classmethod
    def of(cls, row: views.TicketRow, clocks: Sequence[ClockNow]) -> "TicketAnswer":
        return cls(**_ticket_fields(row, clocks))


class AttachmentAnswer(BaseModel):
    filename: str
    content_type: str
    size: int
    inline: bool
    url: Annotated[str, Field(description="GET it with the same key")]
    scan: Annotated[
        str,
        Field(
            description="what a virus scanner said: waiting, clean, infected, unscannable; empty where nobody asked"
        ),
    ]


class TimelineEntry(BaseModel):
    """`delivery`: queued, sending, sent, failed, uncertain or cancelled for an answer; "" for the rest. `thread_rule`: by which
    rule it came to its ticket. `truncated`: of `text` or `full_text` only the beginning is here, 20,000 characters at least,
    220,000 where there are few such entries on the page; the desk hands out the whole. `details`: what a letter says beside its
    text, without what is empty. `revises`: the entry of which this is a later version, in other words."""

    id: BigId
    ticket: TicketNumber
    seq: int
    kind: str
    direction: Literal["in", "out", "internal"]
    channel: str
    channel_kind: str
    author_name: str
    agent_id: int | None
    subject: str
    text: str
    full_text: str
    truncated: bool
    fields: dict[str, Any]
    automatic: str
    warning: str
    thread_rule: str
    details: dict[str, Any]
    external_id: str
    occurred_at: datetime
    created_at: datetime
    revises: BigId | None
    delivery: str
    delivery_detail: str
    attachments: list[AttachmentAnswer]

    @classmethod
    def of(cls, row: views.TimelineRow) -> "TimelineEntry":
        return cls(
            id=str(row.id),
            ticket=show_code(TICKET, row.ticket_code),
            seq=row.seq,
            kind=row.kind,
            direction=row.direction,  # type: ignore[arg-type]  # the column's CHECK names the same three
            channel=row.channel,
            channel_kind=row.channel_kind,
            author_name=row.author_name,
            agent_id=row.agent_id,
            subject=row.subject,
            text=row.text,
            full_text=row.full_text,
            truncated=row.cut,
            fields=row.fields,
            automatic=row.automatic,
            warning=row.warning,
            thread_rule=row.thread_rule,
            details=row.details,
            external_id=row.external_id,
            occurred_at=row.occurred_at,
            created_at=row.created_at,
            revises=str(row.revises) if row.revises is not None else None,
            delivery=row.delivery,
            delivery_detail=row.delivery_detail,
            attachments=[
                AttachmentAnswer(
                    filename=file.filename,
                    content_type=file.content_type,
                    size=file.size,
                    inline=file.inline,
                    url=f"/api/v1/attachments/{file.token}",
                    scan=file.scan,
                )
                for file in row.attachments
            ],
        )


class DecisionAnswer(BaseModel):
    """Why the ticket is where it is. `why` is the routing engine's own evidence."""

    step: Literal[
        "classified", "assigned", "manual", "released", "offered", "accepted", "declined", "expired", "withdrawn", "overflow",
        "moved",
    ]  # fmt: skip
    queue: str
    agent_name: str
    priority: int | None
    why: Any
    decided_at: datetime


class TicketDetail(TicketAnswer):
    """`timeline` is oldest first; `timeline_cursor` is null on its last page. `waiting_why`: while nobody has the ticket, why,
    as things stand now, and what is `expected`: its `place` of the tickets (`of`) that wait for the same people, how many
    `agents` who may have it are here, and between how many minutes (`least`, `most`) half of all such tickets wait, null
    where nothing can be said."""

    waiting_why: Any
    timeline: list[TimelineEntry]
    timeline_cursor: str | None
    decisions: list[DecisionAnswer]

    @classmethod
    def of_all(
        cls,
        row: views.TicketRow,
        timeline: Sequence[views.TimelineRow],
        timeline_cursor: str | None,
        decisions: Sequence[views.DecisionRow],
        clocks: Sequence[ClockNow],
    ) -> "TicketDetail":
        return cls(
            **_ticket_fields(row, clocks),
            waiting_why=row.waiting_why,
            timeline=[TimelineEntry.of(entry) for entry in timeline],
            timeline_cursor=timeline_cursor,
            decisions=[
                DecisionAnswer(
                    step=decision.step,  # type: ignore[arg-type]  # the column's CHECK names the same
                    queue=decision.queue,
                    agent_name=decision.agent_name,
                    priority=decision.priority,
                    why=decision.why,
                    decided_at=decision.decided_at,
                )
                for decision in decisions
            ],
        )


def _ticket_fields(row: views.TicketRow, clocks: Sequence[ClockNow]) -> dict[str, Any]:
    fields = {
        name: getattr(row, name)
        for name in TicketAnswer.model_fields
        if name not in ("number", "customer_code", "sla")
    }
    return fields | {
        "number": show_code(TICKET, row.code),
        "customer_code": show_code(CUSTOMER, row.customer_code),
        "sla": [ClockAnswer.of(clock) for clock in clocks],
    }


class IdentityAnswer(BaseModel):
    """`verified`: the channel itself named it as the sender; else somebody only said so."""

    kind: str
    value: str
    verified: bool


class CustomerAnswer(BaseModel):
    id: int
    code: CustomerCode
    name: str
    language: str
    organisation: str
    key_account: bool
    segment: str
    identities: list[IdentityAnswer]
    created_at: datetime
    last_seen_at: datetime

    @classmethod
    def of(cls, row: views.CustomerRow) -> "CustomerAnswer":
        return cls(
            id=row.id,
            code=show_code(CUSTOMER, row.code),
            name=row.name,
            language=row.language,
            organisation=row.organisation,
            key_account=row.key_account,
            segment=row.segment,
            identities=[
                IdentityAnswer(kind=one.kind, value=one.value, verified=one.verified)
                for one in row.identities
            ],
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
        )


class AgentAnswer(BaseModel):
    """`load` is how many open tickets the agent holds now, `capacity` how many may be given."""

    id: int
    login: str
    name: str
    role: str
    presence: str
    capacity: int
    load: int
    languages: list[str]
    skills: dict[str, int]
    active: bool

    @classmethod
    def of(cls, row: views.AgentRow) -> "AgentAnswer":
        return cls(
            id=row.id,
            login=row.login,
            name=row.name,
            role=row.role,
            presence=row.presence,
            capacity=row.capacity,
            load=row.load,
            languages=list(row.languages),
            skills=row.skills,
            active=row.active,
        )


class QueueAnswer(BaseModel):
    """`waiting`: open and nobody's. `open`: open, whoever has it."""

    id: int
    name: str
    title_en: str
    title_zh: str
    waiting: int
    oldest_waiting_since: datetime | None
    open: int

    @classmethod
    def of(cls, row: views.QueueRow) -> "QueueAnswer":
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class QuarantineAnswer(BaseModel):
    """An item that could not be read. Its bytes are kept: see `content_url`."""

    id: BigId
    channel: str
    channel_kind: str
    external_key: str
    received_at: datetime
    error: str
    attempts: int
    size: int
    content_url: str

    @classmethod
    def of(cls, row: views.QuarantineRow) -> "QuarantineAnswer":
        return cls(
            id=str(row.id),
            channel=row.channel,
            channel_kind=row.channel_kind,
            external_key=row.external_key,
            received_at=row.received_at,
            error=row.error,
            attempts=row.attempts,
            size=row.size,
            content_url=f"/api/v1/quarantine/{row.id}/content",
        )


class TicketPage(BaseModel):
    items: list[TicketAnswer]
    next_cursor: str | None


class CustomerPage(BaseModel):
    items: list[CustomerAnswer]
    next_cursor: str | None


class TimelinePage(BaseModel):
    """Newest first."""

    items: list[TimelineEntry]
    next_cursor: str | None


class QuarantinePage(BaseModel):
    items: list[QuarantineAnswer]
    next_cursor: str | None


class AgentList(BaseModel):
    items: list[AgentAnswer]


class QueueList(BaseModel):
    items: list[QueueAnswer]


class MailboxAnswer(BaseModel):
    address: str
    name: str


class WithdrawnAnswer(BaseModel):
    """An answer that stays, as it was written. `inbox` is "" where it was no letter."""

    text: str
    cc: list[MailboxAnswer]
    bcc: list[MailboxAnswer]
    inbox: str


class ReplyScheduled(BaseModel):
    """An answer that waits for its time."""

    id: BigId
    ticket: TicketNumber
    scheduled_at: datetime


class ScheduledAnswer(BaseModel):
    """An answer that waits, or did not leave. `why`: the code of the reason (heard: the customer wrote first)."""

    id: BigId
    ticket: TicketNumber
    scheduled_at: datetime
    state: Literal["waiting", "queued", "cancelled"]
    why: str
    author: str
    text: str
    files: list[str]


class ScheduledList(BaseModel):
    items: list[ScheduledAnswer]


class WayAnswer(BaseModel):
    """One way to a customer. `own`: an answer takes it if nothing is said. `proven`: it is theirs for certain. `shut`: the code
    of why it cannot be taken now, or "". `open_until`, `answers_left`: null where the channel sets no bounds."""

    key: str
    kind: str
    address: str
    own: bool
    proven: bool
    shut: str
    open_until: datetime | None
    answers_left: int | None


class WayList(BaseModel):
    items: list[WayAnswer]


class TemplateAnswer(BaseModel):
    """A canned reply. `language` is en, zh_CN or "" for any; `queue` is "" for everybody. `used`: how often it was put into a
    reply."""

    id: int
    name: str
    language: str
    body: str
    shortcut: str
    folder: str
    queue: str
    used: int
    version: int
    updated_at: datetime

    @classmethod
    def of(cls, row: TemplateRow) -> "TemplateAnswer":
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class TemplateList(BaseModel):
    items: list[TemplateAnswer]


class TemplateChanged(BaseModel):
    id: int
    version: int


class RenderedTemplate(BaseModel):
    text: str


class EntryAdded(BaseModel):
    """The new entry of the ticket's timeline."""

    interaction_id: BigId
    ticket: TicketNumber
