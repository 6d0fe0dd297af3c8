"""Articles are written, published, taken back, put away. What customers read changes by `publish` and `withdraw`, by who reads
it (`change_facts`) and by `archive`: each of these is written into the audit trail."""

from collections.abc import Sequence
from dataclasses import dataclass

from channels.clean import clean_line, clean_text
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.knowledge.words import article_vector, title_vector
from hub.actions.people.audit import record
from hub.model.article_pictures import MOST_IN_TEXT, lacks_words, pictures_in
from hub.model.articles import (
    LANGUAGES,
    MOST_BODY,
    MOST_SUMMARY,
    MOST_TAGS,
    MOST_TITLE,
    Visibility,
    other_language,
)
from hub.model.audit import AuditKind
from hub.model.people import Actor
from hub.model.tags import clean_tag
from storage import knowledge as stored
from storage import pictures
from storage.database import Connection
from storage.knowledge import LockedArticle, Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is the same in every language."""

    visibility: Visibility = Visibility.INTERNAL
    category_id: int | None = None
    tags: tuple[str, ...] = ()


NO_FACTS = Facts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """`number`: which publication of this language it is; `version`: of the text, to go on writing."""

    number: int
    version: int


async def new_article(
    ctx: Context,
    *,
    language: str,
    text: Words,
    facts: Facts = NO_FACTS,
    ticket_code: int | None = None,
    actor: Actor,
) -> int:
    """The number of a new draft. Raises NotPossible: bad_article, bad_tag, no_such_category."""
    text, facts = check_text(language, text), check_facts(facts)

    async def work(c: Connection) -> int:
        await _check_category(c, facts.category_id)
        made = await stored.add_article(
            c,
            category_id=facts.category_id,
            visibility=facts.visibility,
            tags=facts.tags,
            ticket_code=ticket_code,
            author_id=actor.agent_id,
        )
        await _write(c, made, language, text, facts.tags, actor)
        return made

    return await ctx.database.run(work)


async def save_text(
    ctx: Context, *, article_id: int, language: str, version: int, text: Words, actor: Actor
) -> int:
    """The new version of the text; what is read stays as it is. `version`: the one that was looked at, 0 where there was none.
    Raises NotFound, NotPossible: bad_article, article_changed (by somebody else meanwhile), article_archived."""
    text = check_text(language, text)

    async def work(c: Connection) -> int:
        locked = await _lock_text(c, article_id, language, version)
        return await _write(c, article_id, language, text, locked.tags, actor)

    return await ctx.database.run(work)


async def publish(
    ctx: Context,
    *,
    article_id: int,
    language: str,
    version: int,
    text: Words,
    visibility: Visibility,
    follow: bool = False,
    actor: Actor,
) -> Published:
    """Keep the text and let it be read, by whom `visibility` says; that goes for every language of the article. `follow`: the
    other language needs the same change. Raises as `save_text`, and NotPossible: picture_needs_words."""
    text = check_published(language, text)

    async def work(c: Connection) -> Published:
        locked = await _lock_text(c, article_id, language, version)
        written = await _write(c, article_id, language, text, locked.tags, actor)
        number = await stored.publish_text(c, article_id, language, actor.agent_id, title_vector(text.title))
        await pictures.keep_version(c, article_id, language, number)
        await stored.mark_behind(c, article_id, language, False)
        if follow:
            await stored.mark_behind(c, article_id, other_language(language), True)
        if visibility != locked.visibility:
            await stored.change_article(
                c, article_id, category_id=locked.category_id, visibility=visibility, tags=locked.tags
            )
        await record(
            c,
            AuditKind.ARTICLE_PUBLISHED,
            actor=actor,
            subject=_named(article_id, text.title),
            before={"visibility": locked.visibility},
            after={"visibility": visibility.value},
            details={"language": language, "version": number},
        )
        return Published(number=number, version=written)

    return await ctx.database.run(work)


async def withdraw(ctx: Context, *, article_id: int, language: str, actor: Actor) -> None:
    """Nobody reads this language of it any more; the text stays as a draft. Raises NotFound."""

    async def work(c: Connection) -> None:
        await _lock(c, article_id)
        if not await stored.withdraw_text(c, article_id, language):
            raise NotFound("It is not published in this language.")
        await stored.touch(c, article_id)
        details = {"language": language}
        await record(c, AuditKind.ARTICLE_WITHDRAWN, actor=actor, subject=_named(article_id), details=details)

    await ctx.database.run(work)


async def change_facts(ctx: Context, *, article_id: int, version: int, facts: Facts, actor: Actor) -> None:
    """Who reads it, where it stands, its tags. `version`: of the article as it was looked at. Raises NotFound, NotPossible:
    bad_tag, no_such_category, article_changed."""
    facts = check_facts(facts)

    async def work(c: Connection) -> None:
        locked = await _lock(c, article_id)
        if locked.version != version:
            raise _changed()
        if facts.category_id != locked.category_id:
            await _check_category(c, facts.category_id)
        await stored.change_article(
            c, article_id, category_id=facts.category_id, visibility=facts.visibility, tags=facts.tags
        )
        if list(facts.tags) != locked.tags:
            await _reindex(c, article_id, facts.tags)
        await record(
            c,
            AuditKind.ARTICLE_CHANGED,
            actor=actor,
            subject=_named(article_id),
            before={
                "visibility": locked.visibility,
                "category": locked.category_id,
                "tags": locked.tags,
            },
            after={
                "visibility": facts.visibility.value,
                "category": facts.category_id,
                "tags": list(facts.tags),
            },
        )

    await ctx.database.run(work)


async def set_archived(ctx: Context, *, article_id: int, archived: bool, actor: Actor) -> None:
    """Put it away, or back: away, nobody finds or reads it but on the list of those that were put away. Raises NotFound."""

    async def work(c: Connection) -> None:
        locked = await _lock(c, article_id)
        if (locked.archived_at is not None) == archived:
            return
        await stored.set_archived(c, article_id, archived)
        await record(
            c,
            AuditKind.ARTICLE_CHANGED,
            actor=actor,
            subject=_named(article_id),
            details={"archived": archived},
        )

    await ctx.database.run(work)


def check_text(language: str, text: Words) -> Words:
    """As it is kept. Raises NotPossible: bad_article, too_many_pictures."""
    if language not in LANGUAGES:
        raise NotPossible("An article is in en or zh_CN.", code="bad_article")
    if len(text.title) > MOST_TITLE or len(text.summary) > MOST_SUMMARY or len(text.body) > MOST_BODY:
        said = f"An article has {MOST_TITLE} characters of title, {MOST_SUMMARY} of summary and {MOST_BODY} of text at most."
        raise NotPossible(said, code="bad_article")
    kept = Words(
        title=clean_line(text.title, MOST_TITLE),
        summary=clean_line(text.summary, MOST_SUMMARY),
        body=clean_text(text.body, MOST_BODY),
    )
    if not kept.title:
        raise NotPossible("An article needs a title.", code="bad_article")
    if len(pictures_in(kept.body)) > MOST_IN_TEXT:
        raise NotPossible(f"A text has {MOST_IN_TEXT} pictures at the most.", code="too_many_pictures")
    return kept


def check_published(language: str, text: Words) -> Words:
    """The same for what is to be read. Raises as `check_text`, and NotPossible: picture_needs_words."""
    kept = check_text(language, text)
    if lacks_words(kept.body):
        raise NotPossible("A picture has no words for those who do not see it.", code="picture_needs_words")
    return kept


def check_facts(facts: Facts) -> Facts:
    """As they are kept, each tag once. Raises NotPossible (bad_tag)."""
    try:
        tags = tuple(dict.fromkeys(clean_tag(one) for one in facts.tags))
    except ValueError as error:
        raise NotPossible(str(error), code="bad_tag") from error
    if len(tags) > MOST_TAGS:
        raise NotPossible(f"An article has {MOST_TAGS} tags at most.", code="bad_tag")
    return Facts(visibility=facts.visibility, category_id=facts.category_id, tags=tags)


async def _write(
    c: Connection, article_id: int, language: str, text: Words, tags: Sequence[str], actor: Actor
) -> int:
    version = await stored.write_text(
        c,
        article_id,
        language,
        text,
        agent_id=actor.agent_id,
        lexemes=article_vector(text.title, text.summary, text.body, tags),
    )
    await pictures.name_pictures(c, article_id, language, pictures_in(text.body))
    await stored.touch(c, article_id)
    return version


async def _reindex(c: Connection, article_id: int, tags: Sequence[str]) -> None:
    for text in await stored.texts(c, [article_id]):
        lexemes = article_vector(text.title, text.summary, text.body, tags)
        await stored.reindex(c, article_id, text.language, lexemes, live=False)
    for live in await stored.live_texts(c, article_id):
        lexemes = article_vector(live.title, live.summary, live.body, tags)
        await stored.reindex(c, article_id, live.language, lexemes, live=True)


async def _lock(c: Connection, article_id: int) -> LockedArticle:
    locked = await stored.lock_article(c, article_id)
    if locked is None:
        raise NotFound(f"There is no article {article_id}.")
    return locked


async def _lock_text(c: Connection, article_id: int, language: str, version: int) -> LockedArticle:
    locked = await _lock(c, article_id)
    if locked.archived_at is not None:
        raise NotPossible("The article is put away. Put it back first.", code="article_archived")
    if await stored.text_version(c, article_id, language) != version:
        raise _changed()
    return locked


async def _check_category(c: Connection, category_id: int | None) -> None:
    if category_id is not None and not await stored.category_in_use(c, category_id):
        raise NotPossible("There is no such category.", code="no_such_category")


def _changed() -> NotPossible:
    return NotPossible("Somebody else has changed this article meanwhile.", code="article_changed")


def _named(article_id: int, title: str = "") -> str:
    return f"{article_id} {title}".strip()
