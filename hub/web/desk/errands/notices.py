"""The bell: what it shows, its page, and what an agent wants to hear of."""

from dataclasses import replace
from datetime import UTC, datetime

from aiohttp import web

from hub.actions.errands.notices import choose_kinds, count_unread, list_notices, mark_read, muted_kinds
from hub.actions.failures import NotFound
from hub.actions.people.sight import seen_codes
from hub.web.desk.say.errands import NOTICE_KINDS, SaidNotice, say_notice, say_unread
from hub.web.desk.visit import Visit, go
from storage.notices import NoticeRow

PAGE = "/desk/notices"
IN_THE_SHEET = 8
ON_THE_PAGE, MOST = 50, 1000
_END = (datetime(9999, 12, 31, tzinfo=UTC), 0)


async def show_notices(visit: Visit) -> web.StreamResponse:
    """The page: everything that one was told."""
    muted = await muted_kinds(visit.ctx, visit.agent.id)
    return visit.page(
        "notices.html",
        section="notices",
        muted=muted,
        NOTICE_KINDS=NOTICE_KINDS,
        **await _read(visit, _rows(visit)),
    )


async def show_list(visit: Visit) -> web.StreamResponse:
    """The page's changing part."""
    return visit.page("_notices.html", **await _read(visit, _rows(visit)))


async def show_sheet(visit: Visit) -> web.StreamResponse:
    """What unfolds below the bell: the newest."""
    return visit.page("_bell.html", **await _read(visit, IN_THE_SHEET))


async def show_count(visit: Visit) -> web.StreamResponse:
    """The figure beside the bell."""
    number = await count_unread(visit.ctx, visit.agent.id)
    return visit.page("_bell_count.html", number=number, shown=say_unread(visit.voice, number))


async def show_latest(visit: Visit) -> web.StreamResponse:
    """The newest that was not read, for the browser's own notifications: its id, kind, sentence and address."""
    rows = await _told(visit, IN_THE_SHEET)
    latest = max((row for row in rows if row.read_at is None), key=lambda row: row.id, default=None)
    document: dict[str, object] = {}
    if latest is not None:
        said = say_notice(visit.voice, latest)
        document = {"id": said.id, "kind": latest.kind, "text": _in_one_line(said), "url": said.url}
    return web.json_response(document, headers={"Cache-Control": "no-store"})


async def post_read(visit: Visit) -> web.StreamResponse:
    """One was seen."""
    given = visit.request.match_info["id"]
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise NotFound("not the id of a notice")
    await mark_read(visit.ctx, agent_id=visit.agent.id, notice_id=int(given))
    return await _again(visit)


async def post_all_read(visit: Visit) -> web.StreamResponse:
    """All were seen."""
    await mark_read(visit.ctx, agent_id=visit.agent.id)
    return await _again(visit)


async def post_kinds(visit: Visit) -> web.StreamResponse:
    """What one wants to hear of."""
    form = await visit.form()
    wanted = [str(one) for one in form.getall("kind", [])]
    await choose_kinds(visit.ctx, agent_id=visit.agent.id, wanted=wanted)
    return go(visit, PAGE)


async def _told(visit: Visit, most: int) -> list[NoticeRow]:
    """The newest. Of a ticket that is out of the reader's sight, or has left it since, there is the number alone."""
    rows = await list_notices(visit.ctx, agent_id=visit.agent.id, before=_END, limit=most)
    codes = [row.ticket_code for row in rows if row.ticket_code is not None]
    seen = await visit.ctx.database.read(lambda c: seen_codes(c, visit.actor, codes))
    return [
        row if row.ticket_code is None or row.ticket_code in seen else replace(row, subject="")
        for row in rows
    ]


async def _again(visit: Visit) -> web.StreamResponse:
    """What was looked at, as it is now."""
    if visit.request.headers.get("HX-Target", "").endswith("bell-sheet"):
        return await show_sheet(visit)
    return await show_list(visit)


async def _read(visit: Visit, rows: int) -> dict[str, object]:
    found = await _told(visit, rows + 1)
    said = [say_notice(visit.voice, row) for row in found[:rows]]
    return {"notices": said, "earlier": len(found) > rows, "rows": rows}


def _rows(visit: Visit) -> int:
    given = visit.query.get("rows", "")
    asked = int(given) if given.isascii() and given.isdigit() and len(given) < 6 else ON_THE_PAGE
    return max(ON_THE_PAGE, min(asked, MOST))


def _in_one_line(one: SaidNotice) -> str:
    return " · ".join(part for part in (one.text, one.ticket, one.subject) if part)
