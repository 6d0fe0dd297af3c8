"""The files that came with a message: kept as downloads, and shown where they are pictures for certain.

Where a virus scanner is set up it is heard first. What it finds something in is handed to nobody but whoever may open such
things and says so, and that is written down.
"""

from aiohttp import web

from hub.actions.failures import NotFound
from hub.actions.people.sight import may_see_id
from hub.actions.scanning.open_file import FileWithheld, check_file, open_anyway
from hub.model.permissions import Permission
from hub.web.desk.letters.original import show_picture
from hub.web.desk.system import ask_first, download
from hub.web.desk.visit import Visit
from storage import views


async def get_attachment(visit: Visit) -> web.StreamResponse:
    """A file, always as a download."""
    token, filename, data = await _find(visit)
    try:
        await check_file(visit.ctx, token, data)
    except FileWithheld as withheld:
        if not visit.may(Permission.OPEN_INFECTED):
            raise
        return ask_first(visit, filename, withheld, anyway=f"/desk/attachments/{token}/anyway")
    return download(data, filename)


async def post_anyway(visit: Visit) -> web.StreamResponse:
    """The same, whatever was found in it."""
    token, filename, data = await _find(visit)
    await open_anyway(visit.ctx, token, visit.actor)
    return download(data, filename)


async def get_picture(visit: Visit) -> web.StreamResponse:
    """A file that is a picture by its own bytes; everything else is not found."""
    token, _, data = await _find(visit)
    await check_file(visit.ctx, token, data)
    return show_picture(data)


async def _find(visit: Visit) -> tuple[str, str, bytes]:
    """(token, name, content). Raises NotFound."""
    token = visit.request.match_info["token"]
    found = await visit.ctx.database.read(lambda c: views.attachment(c, token))
    if found is None:
        raise NotFound("There is no such file.")
    row, ticket_id, data = found
    if not await visit.ctx.database.read(lambda c: may_see_id(c, visit.actor, ticket_id)):
        raise NotFound("There is no such file.")
    return row.token, row.filename, data
