"""The ticket list: which tickets an agent looks at, and reading them."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from hub.actions.context import Context
from hub.actions.lately import keep_a_while, seen_lately
from hub.actions.read_clocks import ClockNow, clocks_of
from hub.model.filters import Condition, Filter, Group, How, every, one_of
from hub.model.tags import clean_tag
from hub.web.desk.lists.built_in import BUILT_IN, TABS, USUAL, ShownView, choose_view, read_code
from hub.web.desk.say.language import N_
from storage import drafts, saved_views, ticket_lists, views
from storage.database import Connection
from storage.filters import Reader
from storage.saved_views import SavedViewRow
from storage.side_by_side import side_by_side
from storage.ticket_lists import Marks
from storage.views import TicketRow

PAGE = 50
MOST = 1000
"""Rows a list can grow to; whoever needs more searches."""
COUNTED = 100
"""Tickets of a view are counted up to this; more is "99+"."""
MUCH = 1000
QUEUES_SECONDS = 2.0
"""Where so many tickets are open, to count them costs more than the list itself, and they are never the same for long."""

SHOWN: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "work": (N_("In work"), ("open", "pending")),
    "open": (N_("Open"), ("open",)),
    "pending": (N_("Waiting"), ("pending",)),
    "done": (N_("Done"), ("resolved", "closed")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What an agent looks at. It lives in the address, so that a page can be reloaded, kept and shared. `scope`: a view."""

    scope: str = USUAL
    shown: str = "work"
    queue: str = ""
    tag: str = ""
    rows: int = PAGE

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> "Look":
        """What an address says, also one that a form or a header quotes; anything unknown is taken for what is usual."""
        shown = asked.get("show", "work")
        rows = asked.get("rows", "")
        return cls(
            scope=read_code(asked.get("scope", "")),
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

    def wanted(self, view: ShownView) -> Filter:
        """The view, and what the chips above the list narrow it to."""
        chips: list[Condition] = []
        if not view.own_status:
            chips.append(Condition("status", How.IS, SHOWN[self.shown][1]))
        if self.queue:
            chips.append(one_of("queue", self.queue))
        if self.tag:
            chips.append(one_of("tag", self.tag))
        return every(*_members(view.wanted), *chips)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The rows, whether there are more, what is marked on each, and how many each of the tabs has, up to COUNTED."""

    view: ShownView
    rows: Sequence[TicketRow]
    more: bool
    counts: Mapping[str, int]
    queues: Sequence[views.QueueRow]
    clocks: Mapping[int, Sequence[ClockNow]]
    marks: Mapping[int, Marks]
    drafts: Set[int]


async def read_list(ctx: Context, connection: Connection, look: Look, reader: Reader) -> Listed:
    """The first `look.rows` tickets of the view that the reader sees, and the figures above the list. Those beside queues are
    the same for everybody: where much is open they were counted `QUEUES_SECONDS` ago at the most."""
    view = choose_view(look.scope, await views_of(connection, look, reader.agent_id))
    wanted = look.wanted(view)
    limit = min(look.rows, MOST)
    async with side_by_side(connection) as also:
        c = also.connection
        counts = {code: also.ask(count_view(c, BUILT_IN[code], reader)) for code in TABS}
        counted: Sequence[views.QueueRow] | None = seen_lately(ctx, read_list)
        asked = also.ask(views.list_queues(c)) if counted is None else None
        ids = await ticket_lists.find_ids(
            c, wanted, replace(reader, values=[]), order=view.arranged, limit=limit + 1
        )
        shown = ids[:limit]
        rows = also.ask(ticket_lists.read_rows(c, shown))
        clocks = also.ask(clocks_of(c, ctx.rules.policies, shown, reader.now))
        marks = also.ask(ticket_lists.marks_of(c, shown, reader.agent_id))
        begun = also.ask(drafts.tickets_with_drafts(c, reader.agent_id, shown))
    queues = asked.result() if asked is not None else counted or ()
    if asked is not None and sum(queue.open for queue in queues) >= MUCH:
        keep_a_while(ctx, read_list, queues, QUEUES_SECONDS)
    return Listed(
        view=view,
        rows=rows.result(),
        more=len(ids) > limit and limit < MOST,
        counts={code: count.result() for code, count in counts.items()},
        queues=queues,
        clocks=clocks.result(),
        marks=marks.result(),
        drafts=begun.result(),
    )


async def views_of(connection: Connection, look: Look, agent_id: int) -> Sequence[SavedViewRow]:
    """What the agent sees of saved views, where the address asks for one."""
    return [] if look.scope in BUILT_IN else await saved_views.seen_by(connection, agent_id)


async def count_view(connection: Connection, view: ShownView, reader: Reader) -> int:
    """How many of its tickets are in work (or in the states that it asks for), counted no further than to COUNTED."""
    wanted = Look().wanted(view)
    return await ticket_lists.count(connection, wanted, replace(reader, values=[]), most=COUNTED)


def _members(given: Filter) -> Sequence[Filter]:
    return given.members if isinstance(given, Group) and given.joined == "all" else (given,)


def _tag(given: str) -> str:
    """As tags are kept; "" for what is none."""
    try:
        return clean_tag(given)
    except ValueError:
        return ""
