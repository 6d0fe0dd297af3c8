"""Surveys: which there are, what they add up to, single answers, and what was asked about a ticket."""

from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, Field, model_validator

from hub.actions.failures import NotFound
from hub.actions.surveys.definition import Definition, Kind
from hub.actions.surveys.invite import invite_now
from hub.actions.surveys.keep import list_surveys
from hub.actions.surveys.report import LONGEST, By, Figures, Step, in_their_words, list_answers, report
from hub.model.codes import TICKET, show_code
from hub.web.api.answers import BigId
from hub.web.api.cursors import NotACursor, read_time_cursor, show_time_cursor
from hub.web.api.operations import Answer, Call
from hub.web.api.problems import wrong_field
from hub.web.api.requests import Moment, PageQuery, RowId
from hub.web.api.tickets import ticket_code
from storage import survey_report, views
from storage.survey_report import InvitationRow, Wanted


@cache
def _zones() -> frozenset[str]:
    """Those that have a name of their own: files of other sorts lie beside them, which Postgres does not take."""
    return frozenset(available_timezones())


def _is_zone(value: str) -> str:
    if value not in _zones():
        raise ValueError("expected an IANA time zone such as Asia/Shanghai")
    return value


class _Which(PageQuery):
    """Answers to questions of this kind that were put from `since` until before `until`."""

    kind: Kind = Kind.CSAT
    since: Annotated[Moment, Field(description="asked from this moment on")]
    until: Annotated[
        Moment, Field(description=f"asked before this moment, {LONGEST.days} days later at the most")
    ]
    survey: RowId | None = None
    queue: Annotated[str, Field(max_length=100)] = ""
    agent: RowId | None = None
    channel: Annotated[str, Field(max_length=100)] = ""

    @model_validator(mode="after")
    def _is_a_time(self) -> "_Which":
        if not self.since < self.until or self.until - self.since > LONGEST:
            raise ValueError(f"until: after since, and {LONGEST.days} days later at the most")
        return self

    def wanted(self) -> Wanted:
        return Wanted(
            since=self.since,
            until=self.until,
            kind=self.kind.value,
            survey_id=self.survey,
            queue=self.queue,
            agent_id=self.agent,
            channel=self.channel,
        )


class SurveyReportQuery(_Which):
    by: Annotated[By, Field(description='"": all together')] = By.ALL
    field: Annotated[str, Field(max_length=60, description="by=field: which field of tickets")] = ""
    step: Annotated[Step, Field(description="by=period: how long each is")] = Step.DAY
    zone: Annotated[
        str, AfterValidator(_is_zone), Field(max_length=60, description="by=period: whose days")
    ] = "UTC"


class SurveyAnswersQuery(_Which):
    with_words: Annotated[bool, Field(strict=False, description="only those with a comment")] = False


class SurveyShown(BaseModel):
    """`definition`: what is asked, where, when and how often, in this version."""

    id: int
    active: bool
    version: int
    definition: Definition
    changed_at: datetime
    changed_by: str


class SurveyList(BaseModel):
    """In the order in which they are asked whether they fit a ticket."""

    items: list[SurveyShown]


class SurveyFigures(BaseModel):
    """`key`: the agent's id, the queue's, channel's or tag's name, the survey's id, the value of the field, or the first day
    of the period; "" for none. `scores`: how often each of the scale was given, the worst first. `good`, `bad`: how many gave
    one of the best or worst (CSAT 4-5, 1-2; NPS 9-10, 0-6; CES 5-7, 1-3)."""

    key: str
    asked: int
    answered: int
    rate: float | None
    average: float | None
    nps: float | None
    good: int
    bad: int
    scores: dict[str, int]

    @classmethod
    def of(cls, one: Figures) -> "SurveyFigures":
        return cls(
            key=one.key,
            asked=one.asked,
            answered=one.answered,
            rate=one.rate,
            average=one.average,
            nps=one.nps,
            good=one.good,
            bad=one.bad,
            scores={str(score): times for score, times in zip(one.kind.scores, one.scores, strict=True)},
        )


class SurveyReport(BaseModel):
    """Of those who were asked in this time, whenever they answered. Of more than 500 lines those with the most answers."""

    kind: Kind
    whole: SurveyFigures
    lines: list[SurveyFigures]


class SurveyAnswer(BaseModel):
    """`more`: what was answered beside score and comment, {key, labels, said}, in the words of then."""

    id: BigId
    ticket: str
    kind: Kind
    score: int
    comment: str
    more: list[dict[str, Any]]
    asked_at: datetime
    answered_at: datetime
    survey: int | None
    agent: str
    queue: str
    channel: str
    follow_up: str | None


class SurveyAnswerPage(BaseModel):
    """Newest first."""

    items: list[SurveyAnswer]
    next_cursor: str | None


class SurveyInvitation(BaseModel):
    """A question about a ticket. `sent`: by a message; not where it only stands on the customer's page. `survey` null: the
    channel's own."""

    id: BigId
    kind: Kind
    channel: str
    survey: int | None
    sent: bool
    asked_at: datetime
    expires_at: datetime
    answered_at: datetime | None
    score: int | None
    comment: str
    follow_up: str | None

    @classmethod
    def of(cls, row: InvitationRow) -> "SurveyInvitation":
        return cls(
            id=str(row.id),
            kind=Kind(row.kind),
            channel=row.channel,
            survey=row.survey_id,
            sent=not row.shown,
            asked_at=row.sent_at,
            expires_at=row.expires_at,
            answered_at=row.answered_at,
            score=row.score,
            comment=row.comment,
            follow_up=_code(row.follow_up_code),
        )


class SurveyInvitations(BaseModel):
    """The last first."""

    items: list[SurveyInvitation]


class SurveyInvited(BaseModel):
    """The customer is asked now."""

    state: Literal["asked"] = "asked"


async def get_surveys(call: Call) -> Answer:
    """Those that are not put away."""
    items = [
        SurveyShown(
            id=one.id,
            active=one.active,
            version=one.version,
            definition=one.definition,
            changed_at=one.changed_at,
            changed_by=one.changed_by,
        )
        for one in await list_surveys(call.ctx)
    ]
    return Answer(document=SurveyList(items=items))


async def get_report(call: Call) -> Answer:
    """Scores, all together and line by line."""
    query: SurveyReportQuery = call.query
    what = query.field if query.by is By.FIELD else query.step.value
    whole, lines = await report(call.ctx, query.wanted(), by=query.by, what=what, zone=query.zone)
    return Answer(
        document=SurveyReport(
            kind=query.kind, whole=SurveyFigures.of(whole), lines=[SurveyFigures.of(one) for one in lines]
        )
    )


async def get_answers(call: Call) -> Answer:
    """Single answers."""
    query: SurveyAnswersQuery = call.query
    try:
        before = read_time_cursor(query.cursor) if query.cursor else None
    except NotACursor as error:
        raise wrong_field("cursor", "not a cursor of this list") from error
    rows = await list_answers(
        call.ctx, query.wanted(), before=before, with_words=query.with_words, limit=query.limit + 1
    )
    shown = rows[: query.limit]
    told = await in_their_words(call.ctx, shown)
    items = [
        SurveyAnswer(
            id=str(row.id),
            ticket=show_code(TICKET, row.code),
            kind=Kind(row.kind),
            score=row.score,
            comment=row.comment,
            more=more,
            asked_at=row.sent_at,
            answered_at=row.answered_at,
            survey=row.survey_id,
            agent=row.agent,
            queue=row.queue,
            channel=row.channel,
            follow_up=_code(row.follow_up_code),
        )
        for row, more in zip(shown, told, strict=True)
    ]
    more_there = len(rows) > query.limit
    cursor = show_time_cursor(shown[-1].sent_at, shown[-1].id) if more_there else None
    return Answer(document=SurveyAnswerPage(items=items, next_cursor=cursor))


async def get_of_ticket(call: Call) -> Answer:
    """What the customer was asked about a ticket."""
    code = ticket_code(call)
    rows = await call.ctx.database.read(lambda c: survey_report.invitations_of(c, code))
    if not rows and await call.ctx.database.read(lambda c: views.get_ticket(c, code)) is None:
        raise NotFound(f"There is no ticket {call.params['number']}.")
    return Answer(document=SurveyInvitations(items=[SurveyInvitation.of(row) for row in rows]))


async def post_of_ticket(call: Call) -> Answer:
    """Ask the customer of a resolved ticket now."""
    await invite_now(call.ctx, ticket_code=ticket_code(call), actor=call.actor)
    return Answer(status=202, document=SurveyInvited())


def _code(code: int | None) -> str | None:
    return show_code(TICKET, code) if code is not None else None
