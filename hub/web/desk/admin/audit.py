"""The audit trail at the desk: who did what, when; by person, kind and day; and as a file."""

from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from urllib.parse import urlencode

import orjson
from aiohttp import web

from hub.actions.people.audit import AuditFilter, broken_seals, export_acts, list_acts
from hub.model.audit import AuditKind
from hub.web.api.files import as_download
from hub.web.desk.say.audit import ACTS, say_about, say_value
from hub.web.desk.table_line import table_line
from hub.web.desk.visit import Visit
from storage import views
from storage.audit import LAST, AuditRow

ROWS = 50
COLUMNS = ("id", "at", "kind", "who", "agent", "subject", "details")


async def show_audit(visit: Visit) -> web.StreamResponse:
    """A page of it, newest first."""
    asked = visit.query
    wanted = _wanted(visit)
    given = asked.get("before", "")
    before = int(given) if given.isascii() and given.isdigit() and len(given) < 19 else LAST
    rows = await list_acts(visit.ctx, wanted, before=before, limit=ROWS + 1)
    filters = {name: asked[name] for name in ("agent", "kind", "from", "to") if asked.get(name)}
    return visit.page(
        "audit.html",
        section="audit",
        rows=rows[:ROWS],
        older=urlencode({**filters, "before": rows[ROWS - 1].id}) if len(rows) > ROWS else "",
        first=before == LAST,
        filters=filters,
        query=urlencode(filters),
        agents=await visit.ctx.database.read(views.list_agents),
        checked=await broken_seals(visit.ctx) if "check" in asked else None,
        ACTS=ACTS,
        about=partial(say_about, visit.voice),
        value=partial(say_value, visit.voice),
    )


async def get_file(visit: Visit) -> web.StreamResponse:
    """What the filters let through as a table that spreadsheets open; times in UTC."""
    wanted = _wanted(visit)
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": as_download(f"audit-{visit.now:%Y-%m-%d}.csv"),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        }
    )
    acts = export_acts(visit.ctx, wanted, actor=visit.actor)
    # The mark by which spreadsheets know UTF-8.
    lines = ["\ufeff" + table_line(COLUMNS)]
    await response.prepare(visit.request)
    async for row in acts:
        lines.append(table_line(_cells(row)))
        if len(lines) > 200:
            await response.write("".join(lines).encode())
            lines.clear()
    await response.write("".join(lines).encode())
    await response.write_eof()
    return response


def _cells(row: AuditRow) -> tuple[object, ...]:
    at = row.at.astimezone(UTC).isoformat(timespec="milliseconds")
    details = orjson.dumps(row.details).decode()
    return (row.id, at, row.kind, row.who, row.agent_id or "", row.subject, details)


def _wanted(visit: Visit) -> AuditFilter:
    """What the address asks for; anything unknown is taken for nothing."""
    asked = visit.query
    agent, kind = asked.get("agent", ""), asked.get("kind", "")
    return AuditFilter(
        agent_id=int(agent) if agent.isascii() and agent.isdigit() and len(agent) < 19 else None,
        kind=AuditKind(kind) if kind in set(AuditKind) else None,
        since=_day(visit, asked.get("from", "")),
        until=_day(visit, asked.get("to", ""), timedelta(days=1)),
    )


def _day(visit: Visit, given: str, later: timedelta = timedelta()) -> datetime | None:
    """The beginning of a day of the reader's, or of the one `later`."""
    try:
        return datetime.combine(date.fromisoformat(given) + later, time(), tzinfo=visit.voice.zone)
    except (ValueError, OverflowError):
        return None
