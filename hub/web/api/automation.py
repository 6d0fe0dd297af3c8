"""Tags, what rules did by themselves, rules that were stopped, and rules that are tried."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, StringConstraints, model_validator

from hub.actions.automation.stop import resume_rule
from hub.actions.failures import NotFound, NotPossible
from hub.actions.rules.dry_run import MOST_DAYS, dry_run
from hub.actions.tags import change_tags
from hub.model.codes import TICKET, show_code
from hub.model.tags import MOST_TAG, MOST_TAGS
from hub.web.api.answers import TicketNumber
from hub.web.api.operations import Answer, Call
from hub.web.api.problems import wrong_field
from hub.web.api.requests import RequestBody
from hub.web.api.tickets import answer_ticket, ticket_code
from storage import automation as stored
from storage import work
from storage.automation import RunRow
from storage.database import Connection

_RUNS = 200

TagText = Annotated[str, StringConstraints(min_length=1, max_length=4 * MOST_TAG)]
Tags = Annotated[Sequence[TagText], Field(max_length=MOST_TAGS)]


class TagsRequest(RequestBody):
    """Tags to put on the ticket, and to take away. They are kept without case, width and double spaces."""

    add: Tags = ()
    remove: Tags = ()

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if not self.add and not self.remove:
            raise ValueError("expected at least one of add, remove")
        return self


class DryRunRequest(RequestBody):
    """Rules as in config/routing.toml, as JSON, and on how many of the last days to try them."""

    document: dict[str, Any]
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 30


class ActionDone(BaseModel):
    """`outcome`: `same` where it was so already, `by_hand` where a person decided otherwise; `code`: why it was refused."""

    verb: str
    value: Any
    outcome: Literal["done", "same", "by_hand", "refused"]
    code: str = ""


class RunAnswer(BaseModel):
    """One time that a rule's conditions held. `because`: what it listened to, or what it waited for; `caused_by`: whose doing
    that was, "" where its time had come; `depth`: how many rules led to it. `outcome`: `nothing` where all was so already or
    decided by a person, `failed` where something could not be done, `stopped` where the rule went round in circles."""

    rule: str
    rules_version: int
    because: str
    caused_by: Literal["agent", "customer", "rule", "hub", ""]
    depth: int
    outcome: Literal["done", "nothing", "failed", "stopped"]
    did: list[ActionDone]
    error: str
    at: datetime

    @classmethod
    def of(cls, row: RunRow) -> "RunAnswer":
        return cls.model_validate(row, from_attributes=True)


class AutomationAnswer(BaseModel):
    """What rules did to a ticket, newest first, at most 200."""

    runs: list[RunAnswer]


class StoppedAnswer(BaseModel):
    """`reason`: `chain` where rules set each other off, `too_often` where it came back to one ticket again and again."""

    rule: str
    reason: Literal["chain", "too_often"]
    ticket: TicketNumber
    stopped_at: datetime


class StoppedList(BaseModel):
    rules: list[StoppedAnswer]


class PlaceAnswer(BaseModel):
    queue: str
    priority: str
    skills: list[str]
    rules: list[str]


class RoutedOtherwiseAnswer(BaseModel):
    ticket: TicketNumber
    subject: str
    opened_at: datetime
    before: PlaceAnswer
    after: PlaceAnswer


class RuleCountAnswer(BaseModel):
    """Tickets for which a routing rule matches: of the rules in use, of those that were tried."""

    name: str
    now: int
    then: int


class WouldRunAnswer(BaseModel):
    ticket: TicketNumber
    subject: str
    rule: str
    at: datetime
    because: str
    actions: list[str]


class AutomationCountAnswer(BaseModel):
    name: str
    tickets: int
    runs: int


class DryRunAnswer(BaseModel):
    """What would have been otherwise. Of `total` tickets that were opened, `changed` would have had another queue, priority or
    skills; of `unknown` that cannot be said. To `automated` tickets something would have happened by itself. `tickets` and
    `runs` are of the newest; `capped`: there are more."""

    days: int
    since: datetime
    version: Annotated[int, Field(description="of the rules in use, with which these were compared")]
    total: int
    changed: int
    unknown: int
    tickets: list[RoutedOtherwiseAnswer]
    rules: list[RuleCountAnswer]
    automated: int
    runs: list[WouldRunAnswer]
    automations: list[AutomationCountAnswer]
    capped: bool


async def post_tags(call: Call) -> Answer:
    """Put tags on a ticket, take others away."""
    body: TagsRequest = call.body
    code = ticket_code(call)
    try:
        await change_tags(call.ctx, ticket_code=code, actor=call.actor, add=body.add, remove=body.remove)
    except NotPossible as failure:
        if failure.code != "bad_tag":
            raise
        raise wrong_field("add, remove", str(failure)) from failure
    return await answer_ticket(call, code)


async def get_automation(call: Call) -> Answer:
    """What rules did to a ticket."""
    code = ticket_code(call)

    async def look(c: Connection) -> list[RunRow] | None:
        found = await work.peek(c, code)
        return None if found is None else await stored.runs_of_ticket(c, found[0], _RUNS)

    rows = await call.ctx.database.read(look)
    if rows is None:
        raise NotFound(f"There is no ticket {show_code(TICKET, code)}.")
    return Answer(document=AutomationAnswer(runs=[RunAnswer.of(row) for row in rows]))


async def list_stopped(call: Call) -> Answer:
    """Rules that were stopped."""
    rows = await call.ctx.database.read(stored.stopped)
    return Answer(
        document=StoppedList(
            rules=[
                StoppedAnswer.model_validate(
                    {
                        "rule": row.rule,
                        "reason": row.reason,
                        "ticket": show_code(TICKET, row.ticket_code),
                        "stopped_at": row.stopped_at,
                    }
                )
                for row in rows
            ]
        )
    )


async def post_resume(call: Call) -> Answer:
    """Let a rule go on that was stopped."""
    await resume_rule(call.ctx, name=call.params["name"], actor=call.actor)
    return Answer(status=204)


async def post_dry_run(call: Call) -> Answer:
    """Try rules on the last days."""
    body: DryRunRequest = call.body
    try:
        found = await dry_run(call.ctx, body.document, body.days)
    except NotPossible as failure:
        if failure.code != "rules_wrong":
            raise
        raise wrong_field("document", str(failure)) from failure
    return Answer(document=DryRunAnswer.model_validate(found, from_attributes=True))
