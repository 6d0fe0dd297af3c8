"""Tickets merged and linked, customers merged, incidents."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from hub.actions.cases.incidents import (
    MOST_TITLE,
    add_incident,
    attach_by_tag,
    attach_tickets,
    change_incident,
    detach_ticket,
    no_incident,
)
from hub.actions.cases.link import LinkKind, link_tickets, unlink_tickets
from hub.actions.cases.merge import merge_tickets
from hub.actions.cases.tell_everybody import MOST_KEY, preview_update, stop_update, write_update
from hub.actions.customers.merge import merge_customers_into, undo_customer_merge
from hub.actions.failures import NotFound
from hub.model.codes import CUSTOMER, INCIDENT, TICKET, NotACode, read_code, show_code
from hub.model.drafts import MOST_TEXT
from hub.web.api.answers import CustomerCode, TicketNumber
from hub.web.api.operations import Answer, Call
from hub.web.api.people import path_id
from hub.web.api.requests import PageLimit, RequestBody
from hub.web.api.thread_answers import MoveMade
from hub.web.api.threads import get_thread, ticket_code
from storage import incidents
from storage.database import Connection
from storage.incidents import IncidentRow, UpdateRow

IncidentNumber = Annotated[str, Field(pattern=r"^I-\d+$", examples=["I-1010"])]
State = Literal["open", "monitoring", "resolved"]
Title = Annotated[str, StringConstraints(min_length=1, max_length=MOST_TITLE, pattern=r"\S")]
Number = Annotated[str, Field(max_length=40)]


class MergeRequest(RequestBody):
    """`into`: the ticket that stays. `other_customer`: it is meant although they are of two customers."""

    into: Number
    other_customer: bool = False


class LinkRequest(RequestBody):
    """This ticket is related to the other, a duplicate of it, or caused by it."""

    ticket: Number
    kind: Literal["related", "duplicate", "caused_by"] = "related"


class CustomerMergeRequest(RequestBody):
    """`customer`: who goes into the one of the path. `take`: what of them is right where both say something: name, language,
    organisation_id, segment, owner_id, or fields.x for a custom field."""

    customer: Number
    take: Annotated[list[Annotated[str, Field(max_length=60)]], Field(default_factory=list, max_length=100)]


class CustomerMergeMade(BaseModel):
    """`merge_id`: for undoing it. `customer`: who they are now, or, after undoing, who is by themselves again."""

    merge_id: int
    customer: CustomerCode


class IncidentsQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    resolved: Annotated[bool, Field(description="those that are over, in place of those that go on")] = False
    limit: PageLimit = 50


class NewIncident(RequestBody):
    title: Title
    tickets: Annotated[list[Number], Field(default_factory=list, max_length=1000)]


class IncidentChange(RequestBody):
    """`version`: what you have before you."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    title: Title
    state: State


class IncidentTickets(RequestBody):
    """By their numbers, and all in work with a tag."""

    tickets: Annotated[list[Number], Field(default_factory=list, max_length=1000)]
    tag: Annotated[str, Field(max_length=60)] = ""


class NewUpdate(RequestBody):
    """Who speaks Chinese gets `text_zh`, others `text_en`; with one text only, everybody gets that. `key`: the same
    again is the same update, and goes out once. `with_claimed`: also to addresses that customers only claimed."""

    key: Annotated[str, Field(min_length=1, max_length=MOST_KEY)]
    state: Annotated[State | None, Field(description="of the incident from then on; left out: as it is")] = (
        None
    )
    text_en: Annotated[str, Field(max_length=MOST_TEXT)] = ""
    text_zh: Annotated[str, Field(max_length=MOST_TEXT)] = ""
    with_claimed: bool = False


class UpdateAnswer(BaseModel):
    """What became of it: customers whose reply is still to be made (`waiting`), is on its way (`leaving`), has left
    (`sent`), did not arrive (`failed`), and those who were left out (`skipped`)."""

    id: int
    state: State
    text_en: str
    text_zh: str
    author: str
    made_at: datetime
    waiting: int
    leaving: int
    sent: int
    failed: int
    skipped: int

    @classmethod
    def of(cls, row: UpdateRow) -> "UpdateAnswer":
        return cls.model_validate(row, from_attributes=True)


class IncidentAnswer(BaseModel):
    number: IncidentNumber
    title: str
    state: State
    version: int
    author: str
    made_at: datetime
    changed_at: datetime
    resolved_at: datetime | None
    tickets: int
    customers: int

    @classmethod
    def of(cls, row: IncidentRow) -> "IncidentAnswer":
        return cls(
            number=show_code(INCIDENT, row.code),
            title=row.title,
            state=row.state,  # type: ignore[arg-type]  # the column's CHECK names the same three
            version=row.version,
            author=row.author,
            made_at=row.made_at,
            changed_at=row.changed_at,
            resolved_at=row.resolved_at,
            tickets=row.tickets,
            customers=row.customers,
        )


class IncidentDetail(IncidentAnswer):
    """`ticket_numbers`: those that were added last, 200 at the most."""

    ticket_numbers: list[TicketNumber]
    updates: list[UpdateAnswer]


class IncidentList(BaseModel):
    items: list[IncidentAnswer]


class UpdateMade(BaseModel):
    update_id: int


class PreviewAnswer(BaseModel):
    """Customers by the kind of channel on which they would be told; `claimed`: whose address nothing proves;
    `skipped`: who would not be told, by reason."""

    by_channel: dict[str, int]
    in_chinese: int
    in_english: int
    claimed: int
    skipped: dict[str, int]


class PreviewQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    with_claimed: bool = False


async def post_merge(call: Call) -> Answer:
    """Merge a ticket into another."""
    body: MergeRequest = call.body
    into = ticket_code(body.into)
    move_id, _ = await merge_tickets(
        call.ctx,
        ticket_code=ticket_code(call.params["number"]),
        into_code=into,
        actor=call.actor,
        other_customer=body.other_customer,
    )
    return Answer(status=201, document=MoveMade(move_id=move_id, ticket=show_code(TICKET, into)))


async def post_link(call: Call) -> Answer:
    """Link two tickets."""
    body: LinkRequest = call.body
    await link_tickets(
        call.ctx,
        ticket_code=ticket_code(call.params["number"]),
        other_code=ticket_code(body.ticket),
        kind=LinkKind(body.kind),
        actor=call.actor,
    )
    return await get_thread(call)


async def delete_link(call: Call) -> Answer:
    """Unlink them."""
    await unlink_tickets(
        call.ctx,
        ticket_code=ticket_code(call.params["number"]),
        other_code=ticket_code(call.params["other"]),
        actor=call.actor,
    )
    return Answer(status=204)


async def post_customer_merge(call: Call) -> Answer:
    """Merge a customer into another."""
    body: CustomerMergeRequest = call.body
    kept = _customer(call.params["customer"])
    merge_id = await merge_customers_into(
        call.ctx, kept_code=kept, gone_code=_customer(body.customer), actor=call.actor, take=body.take
    )
    return Answer(
        status=201, document=CustomerMergeMade(merge_id=merge_id, customer=show_code(CUSTOMER, kept))
    )


async def post_undo_customer_merge(call: Call) -> Answer:
    """Two again."""
    merge_id = path_id(call, "merge of customers")
    gone = await undo_customer_merge(call.ctx, merge_id=merge_id, actor=call.actor)
    return Answer(document=CustomerMergeMade(merge_id=merge_id, customer=show_code(CUSTOMER, gone)))


async def list_incidents(call: Call) -> Answer:
    """Those that go on, or those that are over."""
    query: IncidentsQuery = call.query
    rows = await call.ctx.database.read(
        lambda c: incidents.list_(c, resolved=query.resolved, limit=query.limit)
    )
    return Answer(document=IncidentList(items=[IncidentAnswer.of(row) for row in rows]))


async def post_incident(call: Call) -> Answer:
    """Record one."""
    body: NewIncident = call.body
    code = await add_incident(
        call.ctx,
        title=body.title,
        actor=call.actor,
        ticket_codes=[ticket_code(one) for one in body.tickets],
    )
    return await _detail(call, code, status=201)


async def get_incident(call: Call) -> Answer:
    """One, with what was said."""
    return await _detail(call, _incident(call))


async def put_incident(call: Call) -> Answer:
    """Its title and state."""
    body: IncidentChange = call.body
    code = _incident(call)
    await change_incident(
        call.ctx,
        incident_code=code,
        version=body.version,
        title=body.title,
        state=body.state,
        actor=call.actor,
    )
    return await _detail(call, code)


async def post_incident_tickets(call: Call) -> Answer:
    """Put tickets on it."""
    body: IncidentTickets = call.body
    code = _incident(call)
    if body.tickets:
        codes = [ticket_code(one) for one in body.tickets]
        await attach_tickets(call.ctx, incident_code=code, ticket_codes=codes, actor=call.actor)
    if body.tag:
        await attach_by_tag(call.ctx, incident_code=code, tag=body.tag, actor=call.actor)
    return await _detail(call, code)


async def delete_incident_ticket(call: Call) -> Answer:
    """Take one off."""
    ticket = ticket_code(call.params["number"])
    await detach_ticket(call.ctx, incident_code=_incident(call), ticket_code=ticket, actor=call.actor)
    return Answer(status=204)


async def get_preview(call: Call) -> Answer:
    """Whom an update would reach."""
    query: PreviewQuery = call.query
    found = await preview_update(
        call.ctx, incident_code=_incident(call), actor=call.actor, with_claimed=query.with_claimed
    )
    return Answer(
        document=PreviewAnswer(
            by_channel=found.by_kind,
            in_chinese=found.chinese,
            in_english=found.others,
            claimed=found.claimed,
            skipped=found.skipped,
        )
    )


async def post_update(call: Call) -> Answer:
    """Tell everybody."""
    body: NewUpdate = call.body
    made = await write_update(
        call.ctx,
        incident_code=_incident(call),
        key=body.key,
        state=body.state or "",
        text_en=body.text_en,
        text_zh=body.text_zh,
        with_claimed=body.with_claimed,
        actor=call.actor,
    )
    return Answer(status=201, document=UpdateMade(update_id=made))


async def post_stop(call: Call) -> Answer:
    """Nobody more is told of what goes out."""
    code = _incident(call)
    row = await call.ctx.database.read(lambda c: incidents.by_code(c, code))
    if row is None:
        raise no_incident(code)
    number = row.id
    for one in await call.ctx.database.read(lambda c: incidents.updates(c, number, 50)):
        if one.waiting:
            await stop_update(call.ctx, incident_code=code, update_id=one.id, actor=call.actor)
    return await _detail(call, code)


async def _detail(call: Call, code: int, *, status: int = 200) -> Answer:
    async def look(c: Connection) -> IncidentDetail | None:
        row = await incidents.by_code(c, code)
        if row is None:
            return None
        tickets = await incidents.tickets(c, row.id, 200)
        return IncidentDetail(
            **IncidentAnswer.of(row).model_dump(),
            ticket_numbers=[show_code(TICKET, one.code) for one in tickets],
            updates=[UpdateAnswer.of(one) for one in await incidents.updates(c, row.id, 50)],
        )

    found = await call.ctx.database.read(look)
    if found is None:
        raise no_incident(code)
    return Answer(status=status, document=found)


def _incident(call: Call) -> int:
    try:
        return read_code(INCIDENT, call.params["incident"])
    except NotACode as error:
        raise NotFound(str(error)) from error


def _customer(given: str) -> int:
    try:
        return read_code(CUSTOMER, given)
    except NotACode as error:
        raise NotFound(str(error)) from error
