"""What could not be read, and the bytes of files. Bytes always leave as a download of unknown type."""

import re
from urllib.parse import quote

from hub.actions import quarantine
from hub.actions.failures import NotFound
from hub.actions.scanning.open_file import check_file
from hub.web.api.answers import QuarantineAnswer, QuarantinePage
from hub.web.api.cursors import show_id_cursor
from hub.web.api.operations import Answer, Call
from hub.web.api.people import page_before, path_id
from hub.web.api.requests import PageQuery
from storage import views


async def list_quarantine(call: Call) -> Answer:
    """Items that could not be read, newest first."""
    query: PageQuery = call.query
    before = page_before(query)
    rows = await call.ctx.database.read(lambda c: views.list_quarantine(c, before=before, limit=query.limit))
    return Answer(
        document=QuarantinePage(
            items=[QuarantineAnswer.of(row) for row in rows],
            next_cursor=show_id_cursor(rows[-1].id) if len(rows) == query.limit else None,
        )
    )


async def get_quarantined_content(call: Call) -> Answer:
    """The bytes as they came."""
    raw_id = path_id(call, "quarantined item")
    content = await quarantine.read_raw(call.ctx, raw_id=raw_id, actor=call.actor)
    return Answer(document=content, headers={"Content-Disposition": as_download(f"{raw_id}.raw")})


async def post_replay(call: Call) -> Answer:
    """Read the item again."""
    await quarantine.replay(call.ctx, raw_id=path_id(call, "quarantined item"), actor=call.actor)
    return Answer(status=204)


async def post_discard(call: Call) -> Answer:
    """Put the item away; its bytes stay in the journal."""
    await quarantine.discard(call.ctx, raw_id=path_id(call, "quarantined item"), actor=call.actor)
    return Answer(status=204)


async def get_attachment(call: Call) -> Answer:
    """The bytes of a file."""
    token = call.params["token"]
    found = await call.ctx.database.read(lambda c: views.attachment(c, token))
    if found is None:
        raise NotFound("There is no such file.")
    row, _ticket_id, data = found
    await check_file(call.ctx, token, data)
    return Answer(document=data, headers={"Content-Disposition": as_download(row.filename)})


def as_download(filename: str) -> str:
    """A Content-Disposition that always offers a download, with the name in both spellings of RFC 6266.

    >>> as_download('a"b.txt')
    "attachment; filename=\\"a_b.txt\\"; filename*=UTF-8''a%22b.txt"
    """
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", filename).strip(" .") or "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
