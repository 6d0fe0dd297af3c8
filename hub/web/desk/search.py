"""Search over everything, and the few rows that the palette shows of it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from aiohttp import web

from hub.actions.failures import NotFound
from hub.actions.knowledge.find import MOST as MOST_ARTICLES
from hub.actions.knowledge.find import Offer, find_articles
from hub.actions.search import find
from hub.actions.search.documents import field_values
from hub.actions.search.index import state_of_search
from hub.actions.search.query import KINDS, STATUSES, Asked, Kind, read_days, read_query
from hub.actions.search.snippet import Piece, has_hit, marked
from hub.model.article_pictures import without_addresses
from hub.model.permissions import Permission
from hub.model.tags import clean_tag
from hub.web.api.cursors import (
    NotACursor,
    read_id_cursor,
    read_time_cursor,
    show_id_cursor,
    show_time_cursor,
)
from hub.web.desk.say.language import N_
from hub.web.desk.visit import Visit
from storage import views
from storage.search import EntryHit

FEW = 5
"""Of each sort, where all are shown together."""
JUMPS = 8
JUMP_ARTICLES = 3

TITLES: Mapping[Kind, str] = {
    Kind.ALL: N_("Everything"),
    Kind.TICKETS: N_("Tickets"),
    Kind.MESSAGES: N_("Messages"),
    Kind.CUSTOMERS: N_("Customers"),
    Kind.ORGANISATIONS: N_("Organisations"),
    Kind.ARTICLES: N_("Articles"),
}
STATUS_TITLES: Mapping[str, str] = {
    "work": N_("In work"),
    "open": N_("Open"),
    "pending": N_("Waiting for the customer"),
    "done": N_("Done"),
    "resolved": N_("Resolved"),
    "closed": N_("Closed"),
}
TIMES: Mapping[str, str] = {
    "1d": N_("Since yesterday"),
    "7d": N_("Last 7 days"),
    "30d": N_("Last 30 days"),
    "365d": N_("Last year"),
}
ASSIGNEES: Mapping[str, str] = {"me": N_("Mine"), "nobody": N_("Nobody's")}
_NO_SUCH: Mapping[str, str] = {
    "queue": N_("There is no queue “%(value)s”."),
    "assignee": N_("Nobody at the desk is called “%(value)s”."),
    "channel": N_("There is no channel “%(value)s”."),
    "customer": N_("There is no customer “%(value)s”."),
}
_SORTS = (Kind.TICKETS, Kind.CUSTOMERS, Kind.ORGANISATIONS, Kind.ARTICLES, Kind.MESSAGES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the address asks for: what was typed, the sort of things, and the filters beside it."""

    typed: str
    what: Kind
    filters: Mapping[str, str]
    after: str

    @classmethod
    def of(cls, visit: Visit) -> "Look":
        """Anything unknown is taken for what is usual."""
        asked = visit.query
        given = {name: asked.get(name, "")[:100] for name in FILTERS}
        return cls(
            typed=asked.get("q", "").strip()[:300],
            what=Kind(asked["in"]) if asked.get("in") in list(Kind) else Kind.ALL,
            filters={name: value for name, value in given.items() if value},
            after=asked.get("after", "")[:100],
        )

    def address(self, **changed: str) -> str:
        """The same search, changed. A filter that becomes "" is taken away."""
        said = {"q": self.typed, "in": self.what.value, **self.filters, **changed}
        kept = {name: value for name, value in said.items() if value and (name, value) != ("in", Kind.ALL)}
        return "/desk/search?" + urlencode(kept)

    def asked(self, today: date) -> Asked:
        """What is typed says more than what is chosen beside it."""
        asked = read_query(self.typed, today)
        chosen = self.filters
        time = read_days(chosen["time"], today) if "time" in chosen else None
        return replace(
            asked,
            status=asked.status or (chosen.get("status", "") if chosen.get("status") in STATUSES else ""),
            kind=asked.kind or (chosen.get("kind", "") if chosen.get("kind") in KINDS else ""),
            queue=asked.queue or chosen.get("queue", ""),
            channel=asked.channel or chosen.get("channel", ""),
            assignee=asked.assignee or chosen.get("assignee", ""),
            tag=asked.tag or _tag(chosen.get("tag", "")),
            since=asked.since or (time[0] if time else None),
            what=asked.what or self.what,
        )


FILTERS = ("status", "queue", "kind", "assignee", "channel", "tag", "time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What was found of one sort. `after`: the cursor of the next page; "" where there are no more."""

    sort: Kind
    hits: Sequence[object]
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEntry:
    """An entry and the part of it in which it was found."""

    entry: EntryHit
    pieces: Sequence[Piece]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownArticle:
    """An article and the part of it in which it was found."""

    offer: Offer
    pieces: Sequence[Piece]


async def show_search(visit: Visit) -> web.StreamResponse:
    """The page; for htmx, what was found alone."""
    look = Look.of(visit)
    asked = look.asked(visit.now.astimezone(visit.voice.zone).date())
    what = asked.what or Kind.ALL
    trouble, sections = "", list[Section]()
    if not asked.is_empty:
        sorts = [one for one in _SORTS if what in (Kind.ALL, one) and _may(visit, one, asked)]
        many = FEW if what is Kind.ALL else find.PAGE
        try:
            sections = list(
                await asyncio.gather(*(_section(visit, one, asked, look.after, many) for one in sorts))
            )
        except find.NoSuchThing as error:
            trouble = visit.voice.say(_NO_SUCH[error.qualifier], value=error.value)
    context = {
        "look": replace(look, what=what),
        "asked": asked,
        "sections": [one for one in sections if one.hits or one.after],
        "trouble": trouble,
        "terms": asked.terms,
        "filling": await state_of_search(visit.ctx),
        "titles": TITLES,
        "marked": marked,
    }
    if visit.partial:
        return visit.page("_found.html", **context)
    queues = await visit.ctx.database.read(views.name_queues)
    return visit.page(
        "search.html",
        section="search",
        queues=queues,
        channels=await visit.ctx.database.read(views.list_channels),
        status_titles=STATUS_TITLES,
        kinds=KINDS,
        assignees=ASSIGNEES,
        times=TIMES,
        **context,
    )


async def show_jump(visit: Visit) -> web.StreamResponse:
    """At most eight tickets and customers for the palette, and three articles."""
    typed = visit.query.get("q", "").strip()[:100]
    asked = read_query(typed, visit.now.astimezone(visit.voice.zone).date())
    tickets, customers = [], []
    articles: list[Offer] = []
    if asked.words:
        may = visit.may(Permission.SEE_CUSTOMERS)
        try:
            found, people, articles = await asyncio.gather(
                find.find_tickets(visit.ctx, asked, visit.actor, visit.voice.zone, limit=JUMPS),
                find.find_customers(visit.ctx, asked, visit.actor, limit=JUMPS if may else 0),
                find_articles(
                    visit.ctx,
                    typed,
                    language=visit.voice.locale,
                    public=False,
                    limit=JUMP_ARTICLES,
                    alike=False,
                ),
            )
        except find.NoSuchThing:
            return visit.page("_jump.html", tickets=(), customers=(), articles=())
        customers = list(people.hits[: max(JUMPS // 2, JUMPS - len(found.hits))]) if may else []
        tickets = list(found.hits[: JUMPS - len(customers)])
    return visit.page("_jump.html", tickets=tickets, customers=customers, articles=articles)


def _may(visit: Visit, sort: Kind, asked: Asked) -> bool:
    """Customers, organisations and articles have no status, queue or time: they are left out where such are asked for. What is
    published of the knowledge base is there for everybody at the desk."""
    if sort in (Kind.TICKETS, Kind.MESSAGES):
        return True
    return not asked.narrows and (sort is Kind.ARTICLES or visit.may(Permission.SEE_CUSTOMERS))


async def _section(visit: Visit, sort: Kind, asked: Asked, after: str, many: int) -> Section:
    ctx, actor, zone = visit.ctx, visit.actor, visit.voice.zone
    if sort is Kind.ARTICLES:
        return await _articles(visit, asked, few=many == FEW)
    try:
        if sort is Kind.CUSTOMERS:
            before = read_time_cursor(after) if after else None
            people = await find.find_customers(ctx, asked, actor, after=before, limit=many)
            cursor = show_time_cursor(*people.after) if people.after else ""
            return Section(sort=sort, hits=people.hits, after=cursor)
        below = read_id_cursor(after) if after else None
    except NotACursor as error:
        raise NotFound("not a page of this search") from error
    if sort is Kind.TICKETS:
        tickets = await find.find_tickets(ctx, asked, actor, zone, after=below, limit=many)
        return Section(sort=sort, hits=tickets.hits, after=_next(tickets.after))
    if sort is Kind.ORGANISATIONS:
        organisations = await find.find_organisations(ctx, asked, actor, after=below, limit=many)
        return Section(sort=sort, hits=organisations.hits, after=_next(organisations.after))
    entries = await find.find_entries(ctx, asked, actor, zone, after=below, limit=many)
    shown = await find.beside(
        ctx, lambda: [ShownEntry(entry=one, pieces=_pieces(one, asked)) for one in entries.hits]
    )
    return Section(sort=sort, hits=shown, after=_next(entries.after))


async def _articles(visit: Visit, asked: Asked, *, few: bool) -> Section:
    """The best first; those that are not among the first fifty are not the ones that were meant."""
    typed = visit.query.get("q", "")
    many = FEW if few else MOST_ARTICLES
    offers = await find_articles(
        visit.ctx, typed, language=visit.voice.locale, public=False, limit=many + 1, alike=False
    )
    shown = await find.beside(visit.ctx, lambda: [_show_article(one, asked) for one in offers[:many]])
    return Section(sort=Kind.ARTICLES, hits=shown, after="more" if few and len(offers) > many else "")


def _show_article(offer: Offer, asked: Asked) -> ShownArticle:
    said = marked(offer.summary, asked.terms)
    body = marked(without_addresses(offer.body), asked.terms)
    return ShownArticle(offer=offer, pieces=said if has_hit(said) else body)


def _next(after: int | None) -> str:
    return "" if after is None else show_id_cursor(after)


def _pieces(entry: EntryHit, asked: Asked) -> Sequence[Piece]:
    """Of the text; where nothing of it is meant, of the fields and file names."""
    said = marked(entry.text, asked.terms)
    if asked.terms and not has_hit(said):
        for other in (entry.subject, " · ".join(field_values(entry.fields)), " · ".join(entry.files)):
            beside = marked(other, asked.terms)
            if has_hit(beside):
                return beside
    return said


def _tag(given: str) -> str:
    try:
        return clean_tag(given)
    except ValueError:
        return ""
