"""The knowledge base as it is read at the desk: the list, an article, an earlier version of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from aiohttp import web

from hub.actions.failures import NotFound
from hub.actions.knowledge.categories import list_categories
from hub.actions.knowledge.find import find_ids
from hub.actions.knowledge.rank import helpfulness
from hub.actions.ports import public_url
from hub.model.articles import LANGUAGES, Visibility, other_language, public_path
from hub.model.permissions import Permission
from hub.web.api.cursors import NotACursor, read_time_cursor, show_time_cursor
from hub.web.article_pictures import AT_DESK, show_text
from hub.web.desk.say.knowledge import STATES, VISIBILITIES
from hub.web.desk.say.language import Voice
from hub.web.desk.visit import Visit
from storage import knowledge as stored
from storage.database import Connection
from storage.knowledge import ArticleRow, CategoryRow, State, TextRow, Wanted
from storage.knowledge_find import Reader

PAGE = "/desk/knowledge"
ROWS = 50
_MOST_TYPED = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One article of the list. `shown`: the text in the reader's language, or in the other."""

    row: ArticleRow
    texts: Mapping[str, TextRow]
    shown: TextRow
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What the list shows, as it was asked for."""

    typed: str
    filters: Mapping[str, str]
    lines: Sequence[Line]
    after: str


async def show_list(visit: Visit) -> web.StreamResponse:
    """Articles, last changed first, or the best first where something is looked for."""
    categories = await list_categories(visit.ctx)
    look = await _look(visit, categories)
    template = "_knowledge_found.html" if visit.partial else "knowledge.html"
    return visit.page(
        template,
        section="knowledge",
        look=look,
        categories=categories,
        category_title=lambda one: category_title(visit.voice, one),
        VISIBILITIES=VISIBILITIES,
        STATES=STATES,
        helped_share=helped_share,
    )


async def show_article(visit: Visit) -> web.StreamResponse:
    """One article, in the language that is asked for."""
    article_id = article_number(visit.request.match_info["id"])
    row, texts = await read_article(visit, article_id)
    language = chosen_language(visit, texts)
    ctx, writes = visit.ctx, visit.may(Permission.WRITE_KNOWLEDGE)

    async def read(c: Connection) -> tuple[Any, Any]:
        if not writes:
            return [], []
        return await stored.versions(c, article_id), await stored.comments(c, article_id)

    versions, comments = await ctx.database.read(read)
    categories = await list_categories(ctx)
    text = texts[language]
    published = await _published(visit, text)
    body = published.body if published is not None else text.body
    return visit.page(
        "knowledge_article.html",
        section="knowledge",
        row=row,
        texts=texts,
        language=language,
        text=text,
        read=published or text,
        html=await show_text(ctx, body, path=AT_DESK),
        versions=versions,
        comments=comments,
        categories=categories,
        category_title=lambda one: category_title(visit.voice, one),
        public_address=_address(visit, row, text),
        writes=writes,
        other=other_language(language),
        VISIBILITIES=VISIBILITIES,
        helped_share=helped_share,
    )


async def show_version(visit: Visit) -> web.StreamResponse:
    """An article as it once was."""
    article_id = article_number(visit.request.match_info["id"])
    language, number = visit.request.match_info["language"], visit.request.match_info["number"]
    row, texts = await read_article(visit, article_id)
    if language not in texts:
        raise NotFound("There is no such version.")
    found = await visit.ctx.database.read(
        lambda c: stored.version_text(c, article_id, language, article_number(number, most=9))
    )
    if found is None:
        raise NotFound("There is no such version.")
    return visit.page(
        "knowledge_version.html",
        section="knowledge",
        row=row,
        language=language,
        number=int(number),
        version=found,
        html=await show_text(visit.ctx, found.body, path=AT_DESK),
    )


async def read_article(visit: Visit, article_id: int) -> tuple[ArticleRow, dict[str, TextRow]]:
    """The article and its texts by language. Who does not write sees what is published alone. Raises NotFound."""

    async def read(c: Connection) -> tuple[ArticleRow | None, list[TextRow]]:
        return await stored.article(c, article_id), await stored.texts(c, [article_id])

    row, texts = await visit.ctx.database.read(read)
    if not visit.may(Permission.WRITE_KNOWLEDGE):
        texts = as_read(texts)
        row = None if row is not None and row.archived_at is not None else row
    if row is None or not texts:
        raise NotFound("There is no such article.")
    return row, {one.language: one for one in texts}


def as_read(texts: Sequence[TextRow]) -> list[TextRow]:
    """Without what is being written: those that are read, by the titles that are."""
    return [
        replace(one, title=one.live_title, summary=one.live_summary, behind=False)
        for one in texts
        if one.live is not None
    ]


def chosen_language(visit: Visit, texts: Mapping[str, TextRow]) -> str:
    """What the address asks for, else the reader's, else the one that there is."""
    asked = visit.query.get("lang", "")
    wanted = (asked, visit.voice.locale, *LANGUAGES)
    return next(one for one in wanted if one in texts)


def article_number(given: str, most: int = 18) -> int:
    """An id of an address or a form. Raises NotFound."""
    if not (given.isascii() and given.isdigit() and len(given) <= most):
        raise NotFound("not the number of an article")
    return int(given)


def category_title(voice: Voice, one: CategoryRow) -> str:
    return one.title_zh if voice.chinese else one.title_en


def helped_share(row: ArticleRow) -> float:
    """The share of its readers who said that it helped, with two imagined ones who disagree."""
    return helpfulness(row.helped, row.helped_not)


async def _published(visit: Visit, text: TextRow) -> stored.Words | None:
    """What is read now, where something else is being written."""
    if text.live is None or not text.changed:
        return None
    number = text.live
    return await visit.ctx.database.read(
        lambda c: stored.version_text(c, text.article_id, text.language, number)
    )


def _address(visit: Visit, row: ArticleRow, text: TextRow) -> str:
    """Where customers read it; "" where they do not."""
    if row.visibility != Visibility.PUBLIC or text.live is None or row.archived_at is not None:
        return ""
    return public_url(visit.ctx) + public_path(text.language, row.id, text.live_title)


async def _look(visit: Visit, categories: Sequence[CategoryRow]) -> Looked:
    query = visit.query
    writes = visit.may(Permission.WRITE_KNOWLEDGE)
    typed = query.get("q", "").strip()[:_MOST_TYPED]
    filters = {name: query.get(name, "") for name in ("visibility", "category", "language", "state")}
    wanted = Wanted(
        archived=writes and filters["state"] == "archived",
        visibility=filters["visibility"] if filters["visibility"] in VISIBILITIES else None,
        category=_category(filters["category"], categories),
        language=filters["language"] if filters["language"] in LANGUAGES else None,
        state=_state(filters["state"]) if writes else "published",
    )
    ids: list[int] = []
    if typed:
        ids = await find_ids(visit.ctx, typed, Reader.WRITTEN if writes else Reader.READ)
        wanted = replace(wanted, ids=ids)
    try:
        before = read_time_cursor(query["after"]) if query.get("after") else stored.LAST
    except NotACursor as error:
        raise NotFound("not a page of this list") from error

    async def read(c: Connection) -> tuple[list[ArticleRow], list[TextRow]]:
        rows = await stored.list_articles(c, wanted, before=before, limit=ROWS)
        return rows, await stored.texts(c, [row.id for row in rows])

    rows, texts = await visit.ctx.database.read(read)
    after = show_time_cursor(rows[-1].updated_at, rows[-1].id) if len(rows) == ROWS and not typed else ""
    if typed:
        rows.sort(key=lambda row: ids.index(row.id))
    by_article: dict[int, dict[str, TextRow]] = {}
    for text in texts if writes else as_read(texts):
        by_article.setdefault(text.article_id, {})[text.language] = text
    titles = {one.id: category_title(visit.voice, one) for one in categories if not one.retired}
    lines = [
        Line(
            row=row,
            texts=by_article[row.id],
            shown=_shown(by_article[row.id], wanted.language or visit.voice.locale),
            category=titles.get(row.category_id or 0, ""),
        )
        for row in rows
        if row.id in by_article
    ]
    return Looked(typed=typed, filters=filters, lines=lines, after=after)


def _shown(texts: Mapping[str, TextRow], language: str) -> TextRow:
    return texts.get(language) or next(iter(texts.values()))


def _category(given: str, categories: Sequence[CategoryRow]) -> int | None:
    if given == "0":
        return 0
    return next((one.id for one in categories if str(one.id) == given), None)


def _state(given: str) -> State | None:
    return cast("State", given) if given in ("published", "draft", "translate") else None
