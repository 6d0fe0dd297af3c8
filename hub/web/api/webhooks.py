"""Webhooks: other programs that rules can call, and their last calls. For keys of scope admin."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hub.actions.errands import webhooks
from hub.actions.errands.make_calls import try_webhook
from hub.actions.errands.webhook_body import name_of
from hub.actions.failures import NotPossible
from hub.actions.keep import KEEP
from hub.model.codes import TICKET, show_code
from hub.web.api.answers import BigId, TicketNumber
from hub.web.api.cursors import show_id_cursor
from hub.web.api.operations import Answer, Call
from hub.web.api.people import page_before, path_id
from hub.web.api.problems import Problem, wrong_field
from hub.web.api.requests import PageQuery, RequestBody
from storage.webhooks import CallRow, WebhookRow

Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
_WRONG = {"bad_webhook_name": "name", "bad_webhook_url": "url", "webhook_needs_tls": "url"}


class NewWebhook(RequestBody):
    """`name`: rules call it by that."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    url: Annotated[str, Field(min_length=1, max_length=2000)]


class WebhookChange(RequestBody):
    """What is left out stays. What waits for it is tried at once."""

    version: Version
    url: Annotated[str | None, Field(min_length=1, max_length=2000)] = None
    enabled: bool | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.url is None and self.enabled is None:
            raise ValueError("expected url, enabled or both")
        return self


class WebhookVersionQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version: Version


class WebhookAnswer(BaseModel):
    """`failures`: calls in a row that it did not take over. `paused_at`: since when it is tried seldom, because it failed again
    and again; the first call that it takes over ends that. `waiting`: calls that have not left."""

    id: int
    name: str
    url: str
    enabled: bool
    failures: int
    paused_at: datetime | None
    waiting: int
    version: int
    made_by: str
    made_at: datetime

    @classmethod
    def of(cls, row: WebhookRow) -> "WebhookAnswer":
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class WebhookList(BaseModel):
    items: list[WebhookAnswer]


class WebhookMade(BaseModel):
    id: int
    secret: Annotated[str, Field(description="shown this once; signatures are made with it")]


class WebhookSecret(BaseModel):
    secret: Annotated[str, Field(description="shown this once; every call is signed with it from now on")]


class WebhookChanged(BaseModel):
    version: int


class CallAnswer(BaseModel):
    """`name`: the header webhook-id, the same at every attempt. `error`: a code, "" where it was taken over."""

    id: BigId
    name: str
    event: str
    ticket: TicketNumber | None
    rule: str
    state: Literal["queued", "sending", "sent", "failed"]
    attempts: int
    status: int | None
    error: str
    took_ms: int | None
    queued_at: datetime
    settled_at: datetime | None

    @classmethod
    def of(cls, row: CallRow) -> "CallAnswer":
        made = {"id", "name", "ticket"}
        return cls(
            id=str(row.id),
            name=name_of(row.handle),
            ticket=None if row.ticket_code is None else show_code(TICKET, row.ticket_code),
            **{name: getattr(row, name) for name in cls.model_fields if name not in made},
        )


class CallPage(BaseModel):
    """Newest first."""

    items: list[CallAnswer]
    next_cursor: str | None


class TrialAnswer(BaseModel):
    """How a trial call went. `status`: of its answer, null where there was none."""

    taken_over: bool
    status: int | None
    error: str
    took_ms: int


async def list_webhooks(call: Call) -> Answer:
    """All of them, without their secrets."""
    rows = await webhooks.list_webhooks(call.ctx)
    return Answer(document=WebhookList(items=[WebhookAnswer.of(row) for row in rows]))


async def post_webhook(call: Call) -> Answer:
    """Add one. No Idempotency-Key: what is remembered by it would hold the secret; the name is taken once."""
    body: NewWebhook = call.body
    try:
        made, secret = await webhooks.add_webhook(call.ctx, name=body.name, url=body.url, actor=call.actor)
    except NotPossible as failure:
        raise _as_field(failure) from failure
    return Answer(status=201, document=WebhookMade(id=made, secret=secret))


async def patch_webhook(call: Call) -> Answer:
    """Another address, or switched on or off."""
    body: WebhookChange = call.body
    try:
        version = await webhooks.change_webhook(
            call.ctx,
            actor=call.actor,
            webhook_id=path_id(call, "webhook"),
            version=body.version,
            url=KEEP if body.url is None else body.url,
            enabled=KEEP if body.enabled is None else body.enabled,
        )
    except NotPossible as failure:
        raise _as_field(failure) from failure
    return Answer(document=WebhookChanged(version=version))


async def delete_webhook(call: Call) -> Answer:
    """It is called no more."""
    query: WebhookVersionQuery = call.query
    await webhooks.retire_webhook(
        call.ctx, webhook_id=path_id(call, "webhook"), version=query.version, actor=call.actor
    )
    return Answer(status=204)


async def post_secret(call: Call) -> Answer:
    """A new secret."""
    secret = await webhooks.renew_secret(call.ctx, webhook_id=path_id(call, "webhook"), actor=call.actor)
    return Answer(document=WebhookSecret(secret=secret))


async def post_test(call: Call) -> Answer:
    """A trial call, now."""
    result = await try_webhook(call.ctx, path_id(call, "webhook"))
    return Answer(
        document=TrialAnswer(
            taken_over=result.trouble is None,
            status=result.status,
            error=result.trouble or "",
            took_ms=result.took_ms,
        )
    )


async def list_calls(call: Call) -> Answer:
    """Its calls of the last 30 days."""
    query: PageQuery = call.query
    before = page_before(query)
    rows = await webhooks.list_calls(
        call.ctx,
        webhook_id=path_id(call, "webhook"),
        before=2**62 if before is None else before,
        limit=query.limit,
    )
    last = rows[-1] if len(rows) == query.limit else None
    return Answer(
        document=CallPage(
            items=[CallAnswer.of(row) for row in rows],
            next_cursor=show_id_cursor(last.id) if last else None,
        )
    )


async def post_again(call: Call) -> Answer:
    """Make a failed call again."""
    await webhooks.call_again(
        call.ctx, webhook_id=path_id(call, "webhook"), call_id=path_id(call, "call", name="call")
    )
    return Answer(status=204)


def _as_field(failure: NotPossible) -> NotPossible | Problem:
    field = _WRONG.get(failure.code)
    return failure if field is None else wrong_field(field, str(failure))
