"""The files that came with a message: kept as downloads, and shown where they are pictures for certain."""

from aiohttp import web

from hub.actions.failures import NotFound
from hub.actions.people.sight import may_see_id
from hub.web.desk.letters.original import show_picture
from hub.web.desk.system import download
from hub.web.desk.visit import Visit
from storage import views


async def get_attachment(visit: Visit) -> web.StreamResponse:
    """A file, always as a download."""
    filename, data = await _find(visit)
    return download(data, filename)


async def get_picture(visit: Visit) -> web.StreamResponse:
    """A file that is a picture by its own bytes; everything else is not found."""
    _, data = await _find(visit)
    return show_picture(data)


async def _find(visit: Visit) -> tuple[str, bytes]:
    token = visit.request.match_info["token"]
    found = await visit.ctx.database.read(lambda c: views.attachment(c, token))
    if found is None:
        raise NotFound("There is no such file.")
    row, ticket_id, data = found
    if not await visit.ctx.database.read(lambda c: may_see_id(c, visit.actor, ticket_id)):
        raise NotFound("There is no such file.")
    return row.filename, data
