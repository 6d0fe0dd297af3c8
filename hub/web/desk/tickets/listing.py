"""The ticket list: which tickets an agent looks at, and reading them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from aiohttp import web

from hub.actions.read_clocks import ClockNow, clocks_of
from hub.model.tags import clean_tag
from hub.web.desk.say.language import N_
from routing.promises import Policies
from storage import views
from storage.database import Connection
from storage.views import TicketRow, TicketScope

PAGE = 50
MOST = 1000
"""Rows a list can grow to; whoever needs more searches."""

SCOPES: Mapping[TicketScope, str] = {"mine": N_("Mine"), "unassigned": N_("Unassigned"), "all": N_("All")}

SHOWN: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "work": (N_("In work"), ("open", "pending")),
    "open": (N_("Open"), ("open",)),
    "pending": (N_("Waiting"), ("pending",)),
    "done": (N_("Done"), ("resolved", "closed")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What an agent looks at. It lives in the address, so that a page can be reloaded, kept and shared."""

    scope: TicketScope = "mine"
    shown: str = "work"
    queue: str = ""
    tag: str = ""
    rows: int = PAGE

    @classmethod
    def of(cls, request: web.Request) -> "Look":
        """What the address says; anything unknown is taken for what is usual."""
        return cls.read(request.query)

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> "Look":
        """The same of a query that was taken from elsewhere."""
        usual: TicketScope = "mine"
        scope = next((one for one in SCOPES if one == asked.get("scope")), usual)
        shown = asked.get("show", "work")
        rows = asked.get("rows", "")
        return cls(
            scope=scope,
            shown=shown if shown in SHOWN else "work",
            queue=asked.get("queue", "")[:100].replace("\x00", ""),
            tag=_tag(asked.get("tag", "")),
            rows=max(PAGE, min(int(rows), MOST))
            if rows.isascii() and rows.isdigit() and len(rows) < 6
            else PAGE,
        )

    def query(self, **changed: object) -> str:
        """As a query string, without what is usual."""
        look = replace(self, **changed)  # type: ignore[arg-type]  # the names are this class's own
        said = {
            "scope": look.scope,
            "show": look.shown,
            "queue": look.queue,
            "tag": look.tag,
            "rows": str(look.rows),
        }
        usual = {"show": "work", "queue": "", "tag": "", "rows": str(PAGE)}
        return urlencode({name: value for name, value in said.items() if usual.get(name) != value})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The rows, whether there are more, and how many each scope has."""

    rows: Sequence[TicketRow]
    more: bool
    counts: Mapping[str, int]
    queues: Sequence[views.QueueRow]
    clocks: Mapping[int, Sequence[ClockNow]]


async def read_list(
    connection: Connection, look: Look, agent_id: int, policies: Policies, now: datetime
) -> Listed:
    """The first `look.rows` tickets, page after page by keyset, and the figures above the list."""
    rows: list[TicketRow] = []
    before: views.TimePage | None = None
    more = True
    while more and len(rows) < look.rows:
        wanted = min(views.MOST_ROWS, look.rows - len(rows))
        page = await views.list_tickets(
            connection,
            scope=look.scope,
            agent_id=agent_id,
            status=SHOWN[look.shown][1],
            queue=look.queue or None,
            tag=look.tag,
            before=before,
            limit=wanted,
        )
        rows += page
        more = len(page) == wanted
        before = (page[-1].updated_at, page[-1].id) if page else None
    return Listed(
        rows=rows,
        more=more and len(rows) < MOST,
        counts=await views.count_tickets(connection, agent_id),
        queues=await views.list_queues(connection),
        clocks=await clocks_of(connection, policies, [row.id for row in rows], now),
    )


def _tag(given: str) -> str:
    """As tags are kept; "" for what is none."""
    try:
        return clean_tag(given)
    except ValueError:
        return ""
