"""What it all adds up to: scores by agent, queue, channel, survey, tag, a field of the company's own, or period.

Figures are of those who were asked in the time that is looked at, whenever they answered, so that the share of answers means
something; whoever was asked yesterday may still answer. Which product a ticket is about is not a thing of the hub's own: a
company notes it in a field of tickets, or as a tag, and sees scores by either.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.people.audit import record
from hub.actions.surveys.definition import OF_CHANNEL, Definition, Kind, in_words
from hub.model.audit import AuditKind
from hub.model.people import Actor
from storage import survey_report, surveys
from storage.database import Connection
from storage.survey_report import AnswerRow, FigureRow, Wanted

LONGEST = timedelta(days=400)
"""So much is added up at once at the most."""
MOST_LINES = 500
"""Of a report. More than there can be days."""
MOST_EXPORTED = 100_000
_PAGE = 500


class By(StrEnum):
    """What scores are shown by."""

    ALL = ""
    AGENT = "agent"
    QUEUE = "queue"
    CHANNEL = "channel"
    SURVEY = "survey"
    TAG = "tag"
    FIELD = "field"
    PERIOD = "period"


class Step(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


GOOD_SCORES: Mapping[Kind, int] = {Kind.CSAT: 2, Kind.NPS: 2, Kind.CES: 3}
BAD_SCORES: Mapping[Kind, int] = {Kind.CSAT: 2, Kind.NPS: 7, Kind.CES: 3}
"""How many scores at each end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of one line. `scores`: how often each of the scale was given, the worst first."""

    kind: Kind
    key: str
    asked: int
    scores: tuple[int, ...]

    @property
    def answered(self) -> int:
        return sum(self.scores)

    @property
    def rate(self) -> float | None:
        """The share of those asked who answered; None where nobody was asked."""
        return self.answered / self.asked if self.asked else None

    @property
    def average(self) -> float | None:
        total = sum(score * times for score, times in zip(self.kind.scores, self.scores, strict=True))
        return total / self.answered if self.answered else None

    @property
    def good(self) -> int:
        """Satisfied (4, 5), promoters (9, 10), or those for whom it was easy (5 to 7)."""
        return sum(self.scores[-GOOD_SCORES[self.kind] :])

    @property
    def bad(self) -> int:
        """Dissatisfied (1, 2), detractors (0 to 6), or those for whom it was hard (1 to 3)."""
        return sum(self.scores[: BAD_SCORES[self.kind]])

    @property
    def nps(self) -> float | None:
        """The share of promoters less that of detractors, from -100 to 100 (Reichheld, 2003)."""
        if self.kind is not Kind.NPS or not self.answered:
            return None
        return 100 * (self.good - self.bad) / self.answered


def add_up(kind: Kind, rows: Sequence[FigureRow]) -> list[Figures]:
    """One line for each key, by key."""
    found: dict[str, dict[int | None, int]] = defaultdict(dict)
    for row in rows:
        found[row.key][row.score] = found[row.key].get(row.score, 0) + row.times
    return [
        Figures(
            kind=kind,
            key=key,
            asked=sum(times.values()),
            scores=tuple(times.get(score, 0) for score in kind.scores),
        )
        for key, times in sorted(found.items())
    ]


async def report(
    ctx: Context, wanted: Wanted, *, by: By, what: str = "", zone: str = "UTC"
) -> tuple[Figures, list[Figures]]:
    """All together, and line by line, MOST_LINES at the most: those with the most answers. `what`: the name of the field, or
    the step of a period in this IANA zone. A ticket with several tags counts for each. Raises NotPossible (report_too_long)."""
    check_time(wanted)
    kind = Kind(wanted.kind)

    async def read(c: Connection) -> tuple[Sequence[FigureRow], Sequence[FigureRow]]:
        parts = await survey_report.figures(c, wanted, by=by, what=what, zone=zone, keys=MOST_LINES)
        # With several tags a ticket is in several lines, and where some are left off the rest is not the whole.
        apart = by is By.TAG or len({row.key for row in parts}) == MOST_LINES
        return await survey_report.figures(c, wanted, by=By.ALL) if apart else parts, parts

    whole, parts = await ctx.database.read(read)
    lines = add_up(kind, parts)
    together = add_up(kind, [replace(row, key="") for row in whole])
    nothing = Figures(kind=kind, key="", asked=0, scores=(0,) * len(kind.scores))
    if by not in (By.ALL, By.PERIOD):
        lines.sort(key=lambda one: (-one.answered, -one.asked, one.key))
    return together[0] if together else nothing, [] if by is By.ALL else lines


async def list_answers(
    ctx: Context, wanted: Wanted, *, before: tuple[datetime, int] | None, with_words: bool, limit: int
) -> Sequence[AnswerRow]:
    """Newest first. Raises NotPossible (report_too_long)."""
    check_time(wanted)
    start = before or (wanted.until, 0)
    return await ctx.database.read(
        lambda c: survey_report.answers(c, wanted, before=start, with_words=with_words, limit=limit)
    )


async def export_answers(ctx: Context, wanted: Wanted, *, actor: Actor) -> AsyncIterator[AnswerRow]:
    """All of them, MOST_EXPORTED at the most; that somebody takes them along is written down. Raises NotPossible
    (report_too_long)."""
    check_time(wanted)
    about = {"kind": wanted.kind, "since": wanted.since, "until": wanted.until}
    await ctx.database.run(lambda c: record(c, AuditKind.SURVEYS_EXPORTED, actor=actor, details=about))
    before, told = (wanted.until, 0), 0
    while told < MOST_EXPORTED:
        rows = await list_answers(ctx, wanted, before=before, with_words=False, limit=_PAGE)
        for row in rows:
            yield row
        told += len(rows)
        if len(rows) < _PAGE:
            return
        before = (rows[-1].sent_at, rows[-1].id)


def check_time(wanted: Wanted) -> None:
    """Raises NotPossible (report_too_long)."""
    if not timedelta() < wanted.until - wanted.since <= LONGEST:
        raise NotPossible(f"A report is of one to {LONGEST.days} days.", code="report_too_long")


async def in_their_words(ctx: Context, rows: Sequence[AnswerRow]) -> list[list[dict[str, Any]]]:
    """Of each what was answered beside score and comment, in the words of the question as it was then, in both languages."""
    versions = {
        (row.survey_id, row.survey_version)
        for row in rows
        if row.survey_id is not None and row.survey_version is not None and row.answers
    }

    async def read(c: Connection) -> dict[tuple[int, int], Definition]:
        return {one: Definition.model_validate(await surveys.definition(c, *one)) for one in sorted(versions)}

    known = await ctx.database.read(read)
    told = []
    for row in rows:
        definition = known.get((row.survey_id or 0, row.survey_version or 0), OF_CHANNEL)
        told.append(in_words(definition, row.answers.get("reasons", ()), row.answers.get("said", {})))
    return told
