"""The page of a letter as its sender made it, for an <iframe sandbox>, and the pictures on it."""

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from aiohttp import web

from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.actions.people.sessions import is_signed_in
from hub.actions.remote_images import NoPicture, PictureFetcher
from hub.actions.scanning.open_file import FileWithheld, check_file
from hub.model.codes import TICKET, show_code
from hub.model.picture_types import picture_type
from hub.web.desk.letters.bounded import AT_ONCE, clean_within
from hub.web.desk.letters.pictures import Picture, read_picture, sign_picture
from hub.web.desk.system import download
from hub.web.desk.tickets.thread import ticket_code
from hub.web.desk.visit import Visit
from hub.web.peers import read_networks
from storage import views
from storage.database import Connection
from storage.views import AttachmentRow, TimelineRow

PICTURES = "/desk/pictures"
WITHHELD = "Hub-Pictures-Withheld"

# No script, no form, no style sheet or font from anywhere, nothing fetched but pictures that the hub itself hands out. The
# page has no origin of its own, so it cannot read the desk. A link may open a window, which is then like any other.
CAGE = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
_DATA = re.compile(r"(?i)data:image/(?:png|jpe?g|gif|webp);base64,[a-z0-9+/=\s]+")


class Originals:
    """One per hub."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._fetcher = PictureFetcher(read_networks(ctx.settings.web.picture_networks))

    async def show(self, visit: Visit) -> web.StreamResponse:
        """The letter. Pictures that lie elsewhere are left out unless `?pictures=1` asks for them."""
        row, html = await _entry(visit)
        cleaned = await clean_within(html, self._turns)
        body, withheld = None, 0
        if cleaned is not None:
            showing = visit.query.get("pictures") == "1"
            places = {one.content_id.lower(): one for one in row.attachments if one.content_id}

            def address_of(asked: str) -> str:
                return _address(visit, asked, places, showing=showing)

            withheld = 0 if showing else sum(_is_elsewhere(one) for one in cleaned.pictures)
            body = cleaned.with_pictures(address_of)
        response = visit.page("original.html", cleaned=body, text=row.full_text or row.text, cut=row.cut)
        # For the page around: this one may not even know how to ask again, its requests carry no cookie.
        response.headers[WITHHELD] = str(withheld)
        response.headers["Content-Security-Policy"] = CAGE
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    async def text(self, visit: Visit) -> web.StreamResponse:
        """All that an entry says, as a file: a page bears only so much of it. Few at a time, as its HTML."""
        code, wanted = _asked(visit)

        async def read(c: Connection) -> bytes | None:
            ticket = await views.get_ticket(c, code)
            return await views.whole_text(c, ticket.id, wanted) if ticket else None

        async with self._turns:
            found = await visit.ctx.database.read(read)
        if found is None:
            raise NotFound(f"There is no entry {wanted}.")
        return download(found, f"{show_code(TICKET, code)}-{wanted}.txt")

    async def picture(self, request: web.Request) -> web.StreamResponse:
        """One picture. 404 for whatever is not signed, not a picture, or not to be had."""
        asked = read_picture(self._ctx.secret, request.match_info["signed"], datetime.now(UTC))
        if asked is None or not await is_signed_in(self._ctx, asked.agent_id):
            raise web.HTTPNotFound
        try:
            data = await self._fetcher.fetch(asked.address) if asked.address else await self._file(asked)
        except NoPicture as error:
            raise web.HTTPNotFound from error
        return show_picture(data, shared=True)

    async def _file(self, asked: Picture) -> bytes:
        found = await self._ctx.database.read(lambda c: views.attachment(c, asked.token))
        if found is None:
            raise NoPicture("there is no such file")
        try:
            await check_file(self._ctx, asked.token, found[2])
        except FileWithheld as error:
            raise NoPicture(str(error)) from error
        return found[2]


def show_picture(data: bytes, *, shared: bool = False) -> web.Response:
    """Bytes as the picture that they are, whatever they are called. `shared`: for pages without an origin of their own. Raises
    HTTPNotFound for everything else."""
    kind = picture_type(data)
    if not kind:
        raise web.HTTPNotFound
    return web.Response(
        body=data,
        content_type=kind,
        headers={
            "Content-Disposition": "inline",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "no-store",
            "Cross-Origin-Resource-Policy": "cross-origin" if shared else "same-origin",
        },
    )


def _address(visit: Visit, asked: str, files: Mapping[str, AttachmentRow], *, showing: bool) -> str:
    if _DATA.fullmatch(asked):
        return asked
    picture = None
    if asked.lower().startswith("cid:"):
        file = files.get(asked[4:].strip("<>").lower())
        picture = Picture(agent_id=visit.agent.id, token=file.token) if file else None
    elif showing and _is_elsewhere(asked):
        picture = Picture(agent_id=visit.agent.id, address=asked)
    signed = sign_picture(visit.ctx.secret, picture, visit.now) if picture else ""
    return f"{PICTURES}/{signed}" if signed else ""


def _is_elsewhere(asked: str) -> bool:
    return asked.lower().startswith(("http://", "https://"))


def _asked(visit: Visit) -> tuple[int, int]:
    """The ticket's number and the entry's id. Raises NotFound."""
    code = ticket_code(visit.request.match_info["code"])
    given = visit.request.match_info["id"]
    if not (given.isascii() and given.isdigit() and int(given) < 2**63):
        raise NotFound("not the id of an entry")
    return code, int(given)


async def _entry(visit: Visit) -> tuple[TimelineRow, str]:
    """The entry and its HTML. Raises NotFound where it has none."""
    code, wanted = _asked(visit)

    async def read(c: Connection) -> tuple[TimelineRow, str] | None:
        ticket = await views.get_ticket(c, code)
        rows = await views.ticket_timeline(c, ticket.id, after=wanted - 1, limit=1) if ticket else []
        if not rows or rows[0].id != wanted or not rows[0].has_html:
            return None
        return rows[0], await views.entry_html(c, rows[0].ticket_id, wanted)

    found = await visit.ctx.database.read(read)
    if found is None:
        raise NotFound(f"There is no HTML of an entry {wanted}.")
    return found
