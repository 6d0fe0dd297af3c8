"""What came with a message: its files as downloads, its HTML cleaned and caged."""

import asyncio
import re

import nh3
from aiohttp import web

from hub.actions.failures import NotFound
from hub.web.desk.system import download
from hub.web.desk.tickets.thread import ticket_code
from hub.web.desk.visit import Visit
from storage import views
from storage.database import Connection
from storage.views import TimelineRow

MOST_HTML = 2_000_000
MOST_DEPTH = 500

# No script can run and nothing is fetched: pictures that the sender hosts would tell when the letter was read.
CAGE = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)", re.IGNORECASE)
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)


async def get_attachment(visit: Visit) -> web.StreamResponse:
    """A file, always as a download."""
    token = visit.request.match_info["token"]
    found = await visit.ctx.database.read(lambda c: views.attachment(c, token))
    if found is None:
        raise NotFound("There is no such file.")
    row, _ticket_id, data = found
    return download(data, row.filename)


async def show_original(visit: Visit) -> web.StreamResponse:
    """The letter as its sender made it, for an <iframe sandbox>: cleaned, then caged by its own policy."""
    row = await _entry(visit)
    if not row.html:
        raise NotFound("This entry has no HTML.")
    if len(row.html) > MOST_HTML or nests_deeper(row.html, MOST_DEPTH):
        # Tree builders take quadratic time on such; the text is shown anyway.
        cleaned = None
    else:
        cleaned = await asyncio.to_thread(_clean, row.html)
    response = visit.page("original.html", cleaned=cleaned, text=row.full_text or row.text)
    response.headers["Content-Security-Policy"] = CAGE
    return response


def _clean(html: str) -> str:
    return nh3.clean(html, link_rel="noopener noreferrer nofollow", attribute_filter=_without_addresses)


def _without_addresses(tag: str, attribute: str, value: str) -> str | None:
    """Pictures keep their words and lose their address: fetching one would tell its sender who reads."""
    return None if tag == "img" and attribute in ("src", "srcset") else value


def nests_deeper(html: str, depth: int) -> bool:
    """Whether more than `depth` elements stand open at once. Counts like a careless reader: too much, never
    too little."""
    now = 0
    for match in _TAG.finditer(html):
        if match[2].lower() in _VOID:
            continue
        now = max(0, now - 1) if match[1] else now + 1
        if now > depth:
            return True
    return False


async def _entry(visit: Visit) -> TimelineRow:
    code = ticket_code(visit.request.match_info["code"])
    given = visit.request.match_info["id"]
    if not (given.isascii() and given.isdigit() and int(given) < 2**63):
        raise NotFound("not the id of an entry")
    wanted = int(given)

    async def read(c: Connection) -> TimelineRow | None:
        ticket = await views.get_ticket(c, code)
        if ticket is None:
            return None
        rows = await views.ticket_timeline(c, ticket.id, after=wanted - 1, limit=1)
        return rows[0] if rows and rows[0].id == wanted else None

    row = await visit.ctx.database.read(read)
    if row is None:
        raise NotFound(f"There is no entry {wanted}.")
    return row
