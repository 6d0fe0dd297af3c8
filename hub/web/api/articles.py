"""Articles of the knowledge base for programs: listed, found, read, written, published, put away."""

from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from hub.actions.failures import NotFound, NotPossible
from hub.actions.knowledge import write
from hub.actions.knowledge.categories import list_categories
from hub.actions.knowledge.find import find_ids
from hub.actions.knowledge.write import Facts
from hub.actions.ports import public_url
from hub.model.articles import (
    LANGUAGES,
    MOST_BODY,
    MOST_SUMMARY,
    MOST_TAGS,
    MOST_TITLE,
    Visibility,
    public_path,
)
from hub.model.codes import TICKET, show_code
from hub.web.api.answers import TicketNumber
from hub.web.api.cursors import NotACursor, read_time_cursor, show_time_cursor
from hub.web.api.operations import Answer, Call
from hub.web.api.people import path_id
from hub.web.api.problems import wrong_field
from hub.web.api.requests import Cursor, PageLimit, RequestBody, RowId
from hub.web.article_text import render_article
from storage import knowledge as stored
from storage.database import Connection
from storage.knowledge import ArticleRow, CategoryRow, TextRow, Wanted, Words
from storage.knowledge_find import Reader

Language = Literal["en", "zh_CN"]
Tags = Annotated[list[Annotated[str, Field(max_length=160)]], Field(max_length=MOST_TAGS)]
Done = TypeVar("Done")
_WRONG = {
    "bad_article": "title",
    "bad_tag": "tags",
    "no_such_category": "category_id",
    "too_many_pictures": "body",
    "picture_needs_words": "body",
}
"""Which field is at fault, by the code of the refusal."""


class ArticlesQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    q: Annotated[
        str,
        Field(
            max_length=300,
            description="words that it has to have, best first; empty: all, last changed first",
            examples=["退货"],
        ),
    ] = ""
    visibility: Annotated[Visibility | None, Field(description="who reads it")] = None
    category_id: Annotated[int | None, Field(ge=0, le=2**31 - 1, description="0: those without one")] = None
    language: Annotated[Language | None, Field(description="those that have a text in it")] = None
    state: Annotated[
        Literal["published", "draft", "translate", "archived"] | None,
        Field(description="translate: one language is missing, or behind the other"),
    ] = None
    cursor: Cursor | None = None
    limit: PageLimit = 50


class ArticleTextBody(RequestBody):
    """Markdown without HTML in `body`."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=MOST_TITLE, pattern=r"\S")]
    summary: Annotated[str, StringConstraints(max_length=MOST_SUMMARY)] = ""
    body: Annotated[str, StringConstraints(max_length=MOST_BODY)] = ""

    @property
    def words(self) -> Words:
        return Words(title=self.title, summary=self.summary, body=self.body)


class ArticleFacts(RequestBody):
    """What is the same in every language."""

    visibility: Annotated[Visibility, Field(strict=False)] = Visibility.INTERNAL
    category_id: RowId | None = None
    tags: Tags = []  # noqa: RUF012 - pydantic makes one for each

    @property
    def facts(self) -> Facts:
        return Facts(visibility=self.visibility, category_id=self.category_id, tags=tuple(self.tags))


class NewArticle(ArticleTextBody, ArticleFacts):
    """A draft; `publish` lets it be read at once."""

    language: Language
    publish: bool = False


class ArticleChange(ArticleFacts):
    """`version`: of the article, as it was read."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    archived: bool = False


class ArticleTextChange(ArticleTextBody):
    """`version`: of this text, as it was read; 0 for a language that there is not yet. `publish`: it is read from now on, by
    whom the article's visibility says. `follow`: the other language needs the same change."""

    version: Annotated[int, Field(ge=0, le=2**31 - 1)]
    publish: bool = False
    follow: bool = False


class ArticleText(BaseModel):
    """One language as it is being written. `live`: the number of the version that is read; `changed`: that one says something
    else; `behind`: the other language was changed since. `url`: where customers read it."""

    language: Language
    title: str
    summary: str
    body: str
    html: str
    version: int
    live: int | None
    changed: bool
    behind: bool
    published_at: datetime | None
    changed_at: datetime
    url: str


class ArticleAnswer(BaseModel):
    id: int
    visibility: Visibility
    category_id: int | None
    tags: list[str]
    ticket: Annotated[TicketNumber | None, Field(description="that it was made from")]
    version: int
    views: int
    helped: int
    helped_not: int
    archived: bool
    created_at: datetime
    updated_at: datetime
    texts: list[ArticleText]

    @classmethod
    def of(cls, row: ArticleRow, texts: Sequence[TextRow], base: str) -> Self:
        public = row.visibility == Visibility.PUBLIC and row.archived_at is None
        return cls(
            id=row.id,
            visibility=Visibility(row.visibility),
            category_id=row.category_id,
            tags=row.tags,
            ticket=None if row.ticket_code is None else show_code(TICKET, row.ticket_code),
            version=row.version,
            views=row.views,
            helped=row.helped,
            helped_not=row.helped_not,
            archived=row.archived_at is not None,
            created_at=row.created_at,
            updated_at=row.updated_at,
            texts=[_text(one, base if public else "") for one in texts if one.article_id == row.id],
        )


class ArticlePage(BaseModel):
    items: list[ArticleAnswer]
    next_cursor: str | None


class CategoryAnswer(BaseModel):
    id: int
    title_en: str
    title_zh: str
    retired: bool
    articles: int

    @classmethod
    def of(cls, row: CategoryRow) -> Self:
        return cls(
            id=row.id,
            title_en=row.title_en,
            title_zh=row.title_zh,
            retired=row.retired,
            articles=row.articles,
        )


class CategoryList(BaseModel):
    items: list[CategoryAnswer]


async def list_articles(call: Call) -> Answer:
    """A page of them; with `q` the best fifty at the most, on one page."""
    query: ArticlesQuery = call.query
    ids = await find_ids(call.ctx, query.q, Reader.WRITTEN) if query.q else None
    wanted = Wanted(
        archived=query.state == "archived",
        visibility=query.visibility,
        category=query.category_id,
        language=query.language,
        state=None if query.state == "archived" else query.state,
        ids=ids,
    )
    try:
        before = read_time_cursor(query.cursor) if query.cursor else stored.LAST
    except NotACursor as error:
        raise wrong_field("cursor", "not a cursor of this list") from error

    async def read(c: Connection) -> tuple[list[ArticleRow], list[TextRow]]:
        rows = await stored.list_articles(c, wanted, before=before, limit=query.limit)
        return rows, await stored.texts(c, [row.id for row in rows])

    rows, texts = await call.ctx.database.read(read)
    full = len(rows) == query.limit and ids is None
    following = show_time_cursor(rows[-1].updated_at, rows[-1].id) if full else None
    if ids is not None:
        rows.sort(key=lambda row: ids.index(row.id))
    base = public_url(call.ctx)
    items = [ArticleAnswer.of(row, texts, base) for row in rows]
    return Answer(document=ArticlePage(items=items, next_cursor=following))


async def get_article(call: Call) -> Answer:
    """One of them, in every language."""
    return Answer(document=await _read(call, path_id(call, "article")))


async def post_article(call: Call) -> Answer:
    """Write a new one."""
    body: NewArticle = call.body
    if body.publish:
        # What cannot be published leaves no draft behind.
        with _fields_told():
            write.check_published(body.language, body.words)
    made = await _as_field(
        write.new_article(
            call.ctx, language=body.language, text=body.words, facts=body.facts, actor=call.actor
        )
    )
    if body.publish:
        await write.publish(
            call.ctx,
            article_id=made,
            language=body.language,
            version=1,
            text=body.words,
            visibility=body.visibility,
            actor=call.actor,
        )
    return Answer(status=201, document=await _read(call, made))


async def put_article(call: Call) -> Answer:
    """Who reads it, where it stands, its tags, whether it is put away."""
    body: ArticleChange = call.body
    article_id = path_id(call, "article")
    await _as_field(
        write.change_facts(
            call.ctx, article_id=article_id, version=body.version, facts=body.facts, actor=call.actor
        )
    )
    await write.set_archived(call.ctx, article_id=article_id, archived=body.archived, actor=call.actor)
    return Answer(document=await _read(call, article_id))


async def put_text(call: Call) -> Answer:
    """Write one language of it, and let it be read where that is asked for."""
    body: ArticleTextChange = call.body
    article_id, language = path_id(call, "article"), _language(call)
    if body.publish:
        row = await call.ctx.database.read(lambda c: stored.article(c, article_id))
        if row is None:
            raise NotFound(f"There is no article {article_id}.")
        await _as_field(
            write.publish(
                call.ctx,
                article_id=article_id,
                language=language,
                version=body.version,
                text=body.words,
                visibility=Visibility(row.visibility),
                follow=body.follow,
                actor=call.actor,
            )
        )
    else:
        await _as_field(
            write.save_text(
                call.ctx,
                article_id=article_id,
                language=language,
                version=body.version,
                text=body.words,
                actor=call.actor,
            )
        )
    return Answer(document=await _read(call, article_id))


async def delete_text(call: Call) -> Answer:
    """Nobody reads this language of it any more; the text stays as a draft."""
    await write.withdraw(
        call.ctx,
        article_id=path_id(call, "article"),
        language=_language(call),
        actor=call.actor,
    )
    return Answer(status=204)


async def get_categories(call: Call) -> Answer:
    """In their order."""
    rows = await list_categories(call.ctx)
    return Answer(document=CategoryList(items=[CategoryAnswer.of(row) for row in rows]))


def _language(call: Call) -> str:
    """The one that the path names. Raises NotFound."""
    given = call.params["language"]
    if given not in LANGUAGES:
        raise NotFound(f"There are no articles in {given[:20]!r}.")
    return given


async def _read(call: Call, article_id: int) -> ArticleAnswer:
    async def read(c: Connection) -> tuple[ArticleRow | None, list[TextRow]]:
        return await stored.article(c, article_id), await stored.texts(c, [article_id])

    row, texts = await call.ctx.database.read(read)
    if row is None:
        raise NotFound(f"There is no article {article_id}.")
    return ArticleAnswer.of(row, texts, public_url(call.ctx))


def _text(row: TextRow, base: str) -> ArticleText:
    """`base` "": customers do not read it."""
    same = (
        "title", "summary", "body", "version", "live", "changed", "behind", "published_at", "changed_at",
    )  # fmt: skip
    known: Language = "zh_CN" if row.language == "zh_CN" else "en"
    url = base + public_path(row.language, row.article_id, row.live_title) if base and row.live else ""
    return ArticleText(
        language=known,
        html=str(render_article(row.body)),
        url=url,
        **{name: getattr(row, name) for name in same},
    )


async def _as_field(deed: Awaitable[Done]) -> Done:
    """What comes of it. A refusal that one field is to blame for names that."""
    with _fields_told():
        return await deed


@contextmanager
def _fields_told() -> Iterator[None]:
    """A refusal names the field that is at fault, where one is."""
    try:
        yield
    except NotPossible as failure:
        field = _WRONG.get(failure.code)
        if field is None:
            raise
        raise wrong_field(field, str(failure)) from failure
