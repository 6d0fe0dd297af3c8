"""What callers may send, beside the interaction itself (channels.api.body). Unknown fields are refused."""

import re
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from channels.api.body import MOST_FILES, ContentType, FileBytes, Filename
from hub.actions.answers.copies import MOST_COPIES
from hub.actions.answers.templates import MOST_BODY, MOST_FOLDER, MOST_NAME, MOST_SHORTCUT
from hub.model.people import Presence
from hub.model.tickets import TicketKind, TicketStatus

MOST_TEXT = 100_000
BIGINT = 2**63 - 1

_WRITTEN = re.compile(r"\d{4}-\d\d-\d\d[Tt ]")


def _as_written(value: object) -> object:
    if value is None or isinstance(value, datetime) or (isinstance(value, str) and _WRITTEN.match(value)):
        return value
    raise ValueError("expected a moment such as 2026-11-26T09:30:00Z")


Moment = Annotated[AwareDatetime, BeforeValidator(_as_written), Field(strict=False)]
"""As RFC 3339 writes it. Pydantic alone takes numbers too, for seconds since 1970."""
RowId = Annotated[int, Field(ge=1, le=BIGINT)]
PageLimit = Annotated[int, Field(ge=1, le=200, description="rows of a page")]
Cursor = Annotated[str, Field(max_length=80, description="`next_cursor` of the page before")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=MOST_TEXT, pattern=r"\S")]


TemplateLanguage = Literal["", "en", "zh_CN"]


class RequestBody(BaseModel):
    """Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ReplyFile(RequestBody):
    filename: Filename
    content_type: ContentType = "application/octet-stream"
    data_base64: FileBytes


class ReplyMailbox(RequestBody):
    """Somebody who gets an answer beside the customer."""

    address: Annotated[str, Field(min_length=3, max_length=320)]
    name: Annotated[str, Field(max_length=200)] = ""


class ReplyRequest(RequestBody):
    """An answer to the customer, on the ticket's own channel. `cc`, `bcc` and `inbox` are for mail alone."""

    text: Text
    cc: Annotated[list[ReplyMailbox], Field(max_length=MOST_COPIES)] = []
    bcc: Annotated[list[ReplyMailbox], Field(max_length=MOST_COPIES)] = []
    inbox: Annotated[
        str,
        Field(max_length=40, description="name of one of the hub's inboxes; empty: where the customer wrote"),
    ] = ""
    attachments: Annotated[list[ReplyFile], Field(max_length=MOST_FILES)] = []
    way: Annotated[
        str,
        Field(
            max_length=400, description="`key` of one of the ticket's ways; empty: where the customer wrote"
        ),
    ] = ""
    way_confirmed: Annotated[
        bool, Field(description="needed for a way that nobody has shown to be the customer's own")
    ] = False
    scheduled_at: Annotated[
        Moment | None,
        Field(
            description="leaves then, unless the customer writes first or the ticket is closed (202); null: now"
        ),
    ] = None
    expected_seq: Annotated[
        int | None,
        Field(
            ge=0,
            le=2**31 - 1,
            description="`seq` of the ticket when it was read; refused (409) if the customer wrote since",
        ),
    ] = None


class NoteRequest(RequestBody):
    """Words for colleagues; never leaves the house."""

    text: Text


class NewTemplate(RequestBody):
    """A canned reply. `body` is Liquid (docs/words.md) over {{customer.name}}, {{ticket.number}}, {{ticket.subject}},
    {{agent.name}}, {{inbox.address}}, {{today}} and {{ticket.link}}. `queue`: for those who work on it; empty: for
    everybody."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=MOST_NAME, pattern=r"\S")]
    language: TemplateLanguage = ""
    body: Annotated[str, StringConstraints(min_length=1, max_length=MOST_BODY, pattern=r"\S")]
    shortcut: Annotated[str, StringConstraints(max_length=MOST_SHORTCUT)] = ""
    folder: Annotated[str, StringConstraints(max_length=MOST_FOLDER)] = ""
    queue: Annotated[str, StringConstraints(max_length=100)] = ""


class TemplateChange(NewTemplate):
    """`version` is the one that was looked at; refused (409) if there is a newer one."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]


class AssignRequest(RequestBody):
    """Give the ticket to this agent; null puts it back into its queue."""

    agent_id: RowId | None


class StatusRequest(RequestBody):
    # Strict mode takes an enum's value from JSON, and nothing else.
    status: TicketStatus


class TicketChange(RequestBody):
    """What is to be otherwise; what is left out stays. `kind` as it is already says that it is right. `queue`: the
    ticket leaves its agent, unless `keep_assignee`. `seen_kind`: the kind that you had before you; refused (409) if it
    is another by now."""

    kind: TicketKind | None = None
    priority: Annotated[int | None, Field(ge=1, le=4, description="4 is the most urgent")] = None
    queue: Annotated[str | None, Field(min_length=1, max_length=100, description="name of a queue")] = None
    keep_assignee: bool = False
    seen_kind: TicketKind | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.kind is None and self.priority is None and self.queue is None:
            raise ValueError("expected at least one of kind, priority, queue")
        return self


def _fits(value: str) -> str:
    if int(value) > BIGINT:
        raise ValueError("is no id of an entry")
    return value


EntryId = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,19}$"), AfterValidator(_fits)]
Entries = Annotated[
    list[EntryId], Field(min_length=1, max_length=1000, description="ids of entries of the ticket")
]


class EntriesRequest(RequestBody):
    """Entries of this ticket."""

    entries: Entries


class MoveRequest(EntriesRequest):
    """Entries of this ticket, and the ticket to which they belong."""

    to: Annotated[str, StringConstraints(max_length=40)]


class AdoptRequest(RequestBody):
    """A letter of this ticket that passes somebody else's on."""

    entry: EntryId


class ParticipantRequest(RequestBody):
    address: Annotated[str, StringConstraints(min_length=3, max_length=320)]
    name: Annotated[str, StringConstraints(max_length=200)] = ""


class PresenceRequest(RequestBody):
    presence: Presence


class CareRequest(RequestBody):
    """What is left out stays as it is. `owner`: the id of an agent, or null for nobody."""

    key_account: bool | None = None
    segment: Annotated[str, StringConstraints(max_length=40)] | None = None
    owner: int | None = None


def _split(value: object) -> object:
    return value.split(",") if isinstance(value, str) else value


class TicketsQuery(_Query):
    scope: Literal["mine", "unassigned", "all"] = "all"
    agent_id: Annotated[RowId | None, Field(description="whose tickets; needed with scope=mine")] = None
    status: Annotated[
        list[TicketStatus],
        BeforeValidator(_split),
        Field(min_length=1, max_length=4, description="one or several, with commas"),
    ] = [TicketStatus.OPEN, TicketStatus.PENDING]
    queue: Annotated[str | None, Field(max_length=100, description="name of a queue")] = None
    tag: Annotated[str | None, Field(max_length=160, description="one that the ticket has")] = None
    cursor: Cursor | None = None
    limit: PageLimit = 50


class SearchQuery(_Query):
    q: Annotated[
        str,
        Field(
            min_length=1,
            max_length=300,
            description='words, "a phrase", -without, and status: queue: kind: tag: assignee: channel: from: after: before: '
            "date: is:note, in English or Chinese, as at the desk",
            examples=["退款 status:open"],
        ),
    ]
    type: Annotated[
        Literal["messages", "tickets", "customers", "organisations"], Field(description="what is looked for")
    ] = "messages"
    zone: Annotated[str, Field(max_length=60, description="time zone in which days begin")] = "UTC"
    cursor: Cursor | None = None
    limit: PageLimit = 20


class TemplatesQuery(_Query):
    language: Annotated[
        TemplateLanguage, Field(description="those of this language and of none; empty: all")
    ] = ""


class TemplateVersionQuery(_Query):
    version: Annotated[int, Field(ge=1, le=2**31 - 1, description="the one that was looked at")]


class RenderQuery(_Query):
    ticket: Annotated[str, Field(max_length=40, description="number of the ticket", examples=["T-10019"])]
    agent_id: Annotated[RowId | None, Field(description="who writes; without, no name is filled in")] = None


class TicketQuery(_Query):
    cursor: Annotated[Cursor | None, Field(description="`timeline_cursor` of the answer before")] = None
    limit: PageLimit = 200


class CustomersQuery(_Query):
    query: Annotated[
        str,
        Field(
            max_length=200,
            description="words of a name (also in pinyin), of an address or number, or a customer code",
        ),
    ] = ""
    cursor: Cursor | None = None
    limit: PageLimit = 50


class CorrectionsQuery(_Query):
    after: Annotated[int, Field(ge=0, le=BIGINT, description="`id` of the last one that you have")] = 0
    limit: Annotated[int, Field(ge=1, le=1000, description="the newest so many")] = 200


class PageQuery(_Query):
    cursor: Cursor | None = None
    limit: PageLimit = 50


class VersionsQuery(_Query):
    limit: Annotated[int, Field(ge=1, le=1000, description="the newest so many")] = 100
