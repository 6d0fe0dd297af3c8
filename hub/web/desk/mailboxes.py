"""How each mailbox is: heard when, and whether everything that lies in it has come in."""

from itertools import groupby

from aiohttp import web

from hub.actions.failures import NotFound
from hub.actions.mailboxes import mailbox_health, want_count
from hub.web.desk.visit import Visit

DEAF_SECONDS = 120.0
"""A folder that was not looked at for so long is not heard any more, whatever its channel says."""


async def show_mailboxes(visit: Visit) -> web.StreamResponse:
    """The page."""
    return visit.page("mailboxes.html", section="system", **await _read(visit))


async def show_state(visit: Visit) -> web.StreamResponse:
    """Its changing part."""
    return visit.page("_mailboxes.html", **await _read(visit))


async def post_count(visit: Visit) -> web.StreamResponse:
    """Compare a mailbox with the journal now, not first at night."""
    try:
        await want_count(visit.ctx, visit.request.match_info["channel"])
    except KeyError as error:
        raise NotFound("There is no such mailbox.") from error
    return await show_state(visit)


async def _read(visit: Visit) -> dict[str, object]:
    rows = await mailbox_health(visit.ctx)
    mailboxes = [(name, list(folders)) for name, folders in groupby(rows, key=lambda row: row.channel)]
    return {"mailboxes": mailboxes, "DEAF_SECONDS": DEAF_SECONDS}
