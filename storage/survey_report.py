"""What customers said, added up and one by one. Thin typed functions over sql/survey_report.sql, with what is in sight."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.model.permissions import Sight
from storage.database import Connection
from storage.queries import load_queries
from storage.sight import in_sight

SQL = load_queries("survey_report")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which answers: to questions of `kind` that were put from `since` until before `until`. Empty and None let everything
    through. `sight` is that of agent `viewer` (0 for a program, which sees all)."""

    since: datetime
    until: datetime
    kind: str
    survey_id: int | None = None
    queue: str = ""
    agent_id: int | None = None
    channel: str = ""
    sight: Sight = Sight.ALL
    viewer: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRow:
    """So many `times` this score was given (None: not answered) for what `key` names."""

    key: str
    score: int | None
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """One answer. `answers`: reasons and further questions, by the values and keys of that version of the survey."""

    id: int
    kind: str
    score: int
    comment: str
    answers: Any
    sent_at: datetime
    answered_at: datetime
    survey_id: int | None
    survey_version: int | None
    code: int
    agent: str
    queue: str
    channel: str
    follow_up_code: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRow:
    """`shown`: on the pages of the conversation alone."""

    id: int
    kind: str
    score: int | None
    comment: str
    answers: Any
    sent_at: datetime
    answered_at: datetime | None
    expires_at: datetime
    survey_id: int | None
    shown: bool
    channel: str
    follow_up_code: int | None


def _seen(name: str, agent: int) -> dict[Sight, str]:
    """The query for each sight; `agent`: the number of the parameter that holds whoever looks."""
    return {
        sight: SQL[name].replace("(true)", f"({in_sight(sight, agent=f'${agent}::bigint')})")
        for sight in Sight
    }


FIGURES = _seen("figures", 12)
ANSWERS = _seen("answers", 12)
QUERIES = tuple(
    query for queries in (FIGURES, ANSWERS) for sight, query in queries.items() if sight is not Sight.ALL
)
"""Every query that is put together here, for the test that prepares them."""


async def figures(
    connection: Connection, wanted: Wanted, *, by: str, what: str = "", zone: str = "UTC", keys: int = 1
) -> Sequence[FigureRow]:
    """`by` as the query names it, "" for all together; `what`: the field, or day, week, month of the IANA `zone`. Of more than
    so many `keys` those with the most answers."""
    rows = await connection.fetch(
        FIGURES[wanted.sight], *_which(wanted), by, what, zone, keys, *_viewer(wanted)
    )
    return [FigureRow(**row) for row in rows]


async def answers(
    connection: Connection,
    wanted: Wanted,
    *,
    before: tuple[datetime, int],
    with_words: bool,
    limit: int,
) -> Sequence[AnswerRow]:
    """Newest first, below (when asked, id)."""
    rows = await connection.fetch(
        ANSWERS[wanted.sight], *_which(wanted), *before, with_words, limit, *_viewer(wanted)
    )
    return [AnswerRow(**row) for row in rows]


async def invitations_of(connection: Connection, code: int) -> Sequence[InvitationRow]:
    return [InvitationRow(**row) for row in await connection.fetch(SQL["invitations_of"], code)]


def _which(wanted: Wanted) -> tuple[object, ...]:
    return (
        wanted.since,
        wanted.until,
        wanted.kind,
        wanted.survey_id,
        wanted.queue,
        wanted.agent_id,
        wanted.channel,
    )


def _viewer(wanted: Wanted) -> tuple[object, ...]:
    return () if wanted.sight is Sight.ALL else (wanted.viewer,)
