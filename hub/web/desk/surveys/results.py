"""What customers think, in figures and in their words: by agent, queue, channel, survey, tag, field or period; and as a
file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from aiohttp import web

from hub.actions.own_fields import as_choices, list_fields
from hub.actions.surveys.definition import Kind
from hub.actions.surveys.report import (
    BAD_SCORES,
    GOOD_SCORES,
    LONGEST,
    MOST_LINES,
    By,
    Figures,
    Step,
    check_time,
    export_answers,
    in_their_words,
    list_answers,
    report,
)
from hub.model.codes import TICKET, show_code
from hub.model.own_fields import About, FieldKind
from hub.web.api.files import as_download
from hub.web.desk.say import surveys as words
from hub.web.desk.say.details import say_answers
from hub.web.desk.say.language import N_
from hub.web.desk.table_line import table_line
from hub.web.desk.visit import Visit
from storage import survey_book, views
from storage.own_fields import FieldRow
from storage.survey_report import AnswerRow, Wanted

WORDS = 20
"""Comments of one page."""
USUAL_DAYS = 30
COLUMNS = (
    "ticket", "asked_at", "answered_at", "survey", "kind", "score", "comment", "more", "agent", "queue", "channel", "follow_up",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the address asks for. `first` and `last` are days of the reader's."""

    wanted: Wanted
    by: By
    field: str
    step: Step
    first: date
    last: date
    filters: Mapping[str, str]

    @property
    def query(self) -> str:
        """Of the same report."""
        return urlencode(self.filters)


async def show_report(visit: Visit) -> web.StreamResponse:
    """The page."""
    fields = [one for one in await list_fields(visit.ctx, About.TICKET) if one.kind != FieldKind.DATE]
    asked = _asked(visit, fields)
    by, what = asked.by, asked.field if asked.by is By.FIELD else asked.step.value
    whole, lines = await report(visit.ctx, asked.wanted, by=by, what=what, zone=_zone(visit))
    if by is By.PERIOD:
        lines = _every_period(asked, lines)
    rows = await list_answers(
        visit.ctx, asked.wanted, before=_before(visit), with_words=True, limit=WORDS + 1
    )
    agents = await visit.ctx.database.read(views.list_agents)
    surveys = await visit.ctx.database.read(survey_book.names)
    queues = {
        one.name: one.title_zh if visit.voice.chinese else one.title_en for one in visit.ctx.rules.queue
    }
    called: Mapping[By, Mapping[str, str]] = {
        By.AGENT: {str(one.id): one.name for one in agents},
        By.QUEUE: queues,
        By.SURVEY: {str(one.id): one.name for one in surveys},
        By.FIELD: _values(visit, fields, asked.field),
    }
    older = {**asked.filters, "before": _place(rows)}
    return visit.page(
        "survey_report.html",
        section="surveys",
        asked=asked,
        kind=Kind(asked.wanted.kind),
        whole=whole,
        lines=[(_called(visit, by, one, called), one) for one in lines],
        comments=list(zip(rows[:WORDS], await _told(visit, rows[:WORDS]), strict=True)),
        older=urlencode(older) if len(rows) > WORDS else "",
        first_page="before" not in visit.query,
        AGENTS=[(one.id, one.name) for one in agents],
        SURVEYS=[(one.id, one.name) for one in surveys],
        CHANNELS=[(name, name) for name in sorted(visit.ctx.channels)],
        queues=queues,
        voiced=lambda table: [(code, visit.voice.say(said)) for code, said in table.items()],
        good_of=GOOD_SCORES.__getitem__,
        bad_of=BAD_SCORES.__getitem__,
        is_good=lambda kind, score: score in kind.scores[-GOOD_SCORES[kind] :],
        is_bad=lambda kind, score: score in kind.scores[: BAD_SCORES[kind]],
        fields=[(one.name, one.label_zh if visit.voice.chinese else one.label_en) for one in fields],
        W=words,
        By=By,
        Step=Step,
        most_lines=MOST_LINES,
    )


async def get_file(visit: Visit) -> web.StreamResponse:
    """Every answer of the report as a table that spreadsheets open; times in UTC."""
    asked = _asked(visit, [])
    check_time(asked.wanted)
    names = {one.id: one.name for one in await visit.ctx.database.read(survey_book.names)}
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": as_download(f"surveys-{asked.first}-{asked.last}.csv"),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
    )
    await response.prepare(visit.request)
    # The mark by which spreadsheets know UTF-8.
    await response.write(("\ufeff" + table_line(COLUMNS)).encode())
    waiting: list[AnswerRow] = []
    async for row in export_answers(visit.ctx, asked.wanted, actor=visit.actor):
        waiting.append(row)
        if len(waiting) >= 200:
            await response.write(await _lines(visit, waiting, names))
            waiting.clear()
    await response.write(await _lines(visit, waiting, names))
    await response.write_eof()
    return response


async def _lines(visit: Visit, rows: Sequence[AnswerRow], names: Mapping[int, str]) -> bytes:
    told = await _told(visit, rows)
    return "".join(
        table_line(
            (
                show_code(TICKET, row.code),
                _utc(row.sent_at),
                _utc(row.answered_at),
                names.get(row.survey_id or 0, ""),
                row.kind,
                row.score,
                row.comment,
                "; ".join(f"{label}: {value}" for label, value in more),
                row.agent,
                row.queue,
                row.channel,
                show_code(TICKET, row.follow_up_code) if row.follow_up_code else "",
            )
        )
        for row, more in zip(rows, told, strict=True)
    ).encode()


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


async def _told(visit: Visit, rows: Sequence[AnswerRow]) -> list[list[tuple[str, str]]]:
    """What was answered beside the score, in the reader's language."""
    return [say_answers(visit.voice, one) for one in await in_their_words(visit.ctx, rows)]


def _asked(visit: Visit, fields: Sequence[FieldRow]) -> Asked:
    """Anything unknown is taken for nothing; a time that is too long ends where it may at the most."""
    given = dict(visit.query.items())
    today = visit.now.astimezone(visit.voice.zone).date()
    last = _day(given.get("to", "")) or today
    first = _day(given.get("from", "")) or last - timedelta(days=USUAL_DAYS - 1)
    first = min(max(first, last - LONGEST + timedelta(days=1)), last)
    kind = given.get("kind", "")
    by = By(given["by"]) if given.get("by") in words.BY else By.AGENT
    step = Step(given["step"]) if given.get("step", "") in set(Step) else Step.DAY
    field = next(
        (one.name for one in fields if one.name == given.get("field")), fields[0].name if fields else ""
    )
    if by is By.FIELD and not fields:
        by = By.AGENT
    kept = {
        name: given[name]
        for name in ("survey", "queue", "agent", "channel", "field", "step")
        if given.get(name)
    }
    return Asked(
        wanted=Wanted(
            since=datetime.combine(first, time(), tzinfo=visit.voice.zone),
            until=datetime.combine(last + timedelta(days=1), time(), tzinfo=visit.voice.zone),
            kind=kind if kind in set(Kind) else Kind.CSAT.value,
            survey_id=_number(given.get("survey", "")),
            queue=given.get("queue", ""),
            agent_id=_number(given.get("agent", "")),
            channel=given.get("channel", ""),
            sight=visit.actor.sight,
            viewer=visit.agent.id,
        ),
        by=by,
        field=field,
        step=step,
        first=first,
        last=last,
        filters={
            **kept,
            "kind": kind if kind in set(Kind) else Kind.CSAT.value,
            "by": by.value,
            "from": first.isoformat(),
            "to": last.isoformat(),
        },
    )


def _every_period(asked: Asked, lines: Sequence[Figures]) -> list[Figures]:
    """Also those in which nobody was asked: a gap is part of the picture."""
    known = {one.key: one for one in lines}
    kind = Kind(asked.wanted.kind)
    day, found = _begin(asked.first, asked.step), []
    while day <= asked.last:
        key = day.isoformat()
        empty = Figures(kind=kind, key=key, asked=0, scores=(0,) * len(kind.scores))
        found.append(known.get(key, empty))
        day = _begin(
            day + timedelta(days={Step.DAY: 1, Step.WEEK: 7, Step.MONTH: 32}[asked.step]), asked.step
        )
    return found


def _begin(day: date, step: Step) -> date:
    """The first day of the period that this day is in, as Postgres cuts them: weeks begin on Monday (ISO 8601)."""
    if step is Step.MONTH:
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if step is Step.WEEK else day


def _called(visit: Visit, by: By, line: Figures, names: Mapping[By, Mapping[str, str]]) -> str:
    if by is By.PERIOD:
        return visit.voice.day(
            datetime.combine(date.fromisoformat(line.key), time(), tzinfo=visit.voice.zone)
        )
    return names.get(by, {}).get(line.key) or line.key or visit.voice.say(words.NOBODY.get(by, ""))


def _values(visit: Visit, fields: Sequence[FieldRow], name: str) -> dict[str, str]:
    """What the values of a field are called."""
    found = next((one for one in fields if one.name == name), None)
    if found is not None and found.kind == FieldKind.YES_NO:
        return {"true": visit.voice.say(N_("Yes")), "false": visit.voice.say(N_("No"))}
    if found is None or found.kind != FieldKind.CHOICE:
        return {}
    return {one.value: one.zh if visit.voice.chinese else one.en for one in as_choices(found)}


def _place(rows: Sequence[AnswerRow]) -> str:
    """Where the next page begins; "" where there is none."""
    if len(rows) <= WORDS:
        return ""
    last = rows[WORDS - 1]
    return f"{last.sent_at.astimezone(UTC).isoformat()},{last.id}"


def _before(visit: Visit) -> tuple[datetime, int] | None:
    at, _, number = visit.query.get("before", "").partition(",")
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        return None
    known = found.tzinfo is not None and 1990 <= found.year < 9000 and number.isascii() and number.isdigit()
    return (found, int(number)) if known and len(number) < 19 else None


def _zone(visit: Visit) -> str:
    return str(visit.voice.zone)


def _day(given: str) -> date | None:
    try:
        day = date.fromisoformat(given)
    except ValueError:
        return None
    return day if 1990 <= day.year < 9000 else None


def _number(given: str) -> int | None:
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else None
