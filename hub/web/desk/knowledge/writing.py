"""Articles are written: the editor with its preview and the other language beside it, publishing, taking back, putting away."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from hub.actions.failures import NotFound, NotPossible
from hub.actions.knowledge import write
from hub.actions.knowledge.blank_out import BLANK, count_blanks
from hub.actions.knowledge.categories import list_categories
from hub.actions.knowledge.draft_of_ticket import article_from_ticket
from hub.actions.knowledge.write import Facts
from hub.model.article_pictures import MOST_BYTES
from hub.model.articles import (
    LANGUAGES,
    MOST_BODY,
    MOST_SUMMARY,
    MOST_TITLE,
    Visibility,
    other_language,
)
from hub.web.article_pictures import AT_DESK, show_text
from hub.web.desk.knowledge.pages import PAGE, article_number, category_title, read_article
from hub.web.desk.say.knowledge import VISIBILITIES
from hub.web.desk.say.words import say_failure
from hub.web.desk.tickets.thread import ticket_code
from hub.web.desk.visit import Visit, go
from storage import knowledge as stored
from storage.knowledge import ArticleRow, TextRow, Words

_EMPTY = Words(title="", summary="", body="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The editor as it stands. `article_id` None: a new article. `version` 0: there is no text in this language yet."""

    article_id: int | None
    language: str
    version: int
    text: Words
    follow: bool = False


async def show_new(visit: Visit) -> web.StreamResponse:
    """The editor of an article that there is not yet."""
    asked = visit.query.get("lang", "")
    language = asked if asked in LANGUAGES else visit.voice.locale
    return await _editor(visit, Form(article_id=None, language=language, version=0, text=_EMPTY))


async def show_editor(visit: Visit) -> web.StreamResponse:
    """The editor of one language of an article; `?version=` puts an earlier text into it."""
    article_id, language = _place(visit)
    row, texts = await read_article(visit, article_id)
    known = texts.get(language)
    text = Words(title=known.title, summary=known.summary, body=known.body) if known else _EMPTY
    if earlier := visit.query.get("version", ""):
        number = article_number(earlier, most=9)
        found = await visit.ctx.database.read(lambda c: stored.version_text(c, article_id, language, number))
        if found is None:
            raise NotFound("There is no such version.")
        text = found
    form = Form(article_id=article_id, language=language, version=known.version if known else 0, text=text)
    return await _editor(visit, form, row, texts)


async def post_text(visit: Visit) -> web.StreamResponse:
    """Keep what the editor holds, or keep it and publish it. What is refused comes back with the reason above it."""
    posted = await visit.form()
    given = visit.request.match_info.get("id", "")
    language = visit.request.match_info["language"]
    form = Form(
        article_id=article_number(given) if given else None,
        language=_language(language),
        version=article_number(str(posted.get("version", "0")), most=9),
        text=_read(posted),
        follow="follow" in posted,
    )
    do = str(posted.get("do", "save"))
    try:
        return go(visit, await _keep(visit, form, do))
    except NotPossible as failure:
        trouble = say_failure(visit.voice, failure)
        if form.article_id is None:
            return await _editor(visit, form, trouble=trouble)
        row, texts = await read_article(visit, form.article_id)
        return await _editor(visit, form, row, texts, trouble=trouble)


async def post_preview(visit: Visit) -> web.StreamResponse:
    """What a text looks like."""
    text = _read(await visit.form())
    html = await show_text(visit.ctx, text.body[:MOST_BODY], path=AT_DESK)
    return visit.page("_article_preview.html", text=text, html=html)


async def post_facts(visit: Visit) -> web.StreamResponse:
    """Who reads it, where it stands, its tags."""
    article_id = article_number(visit.request.match_info["id"])
    posted = await visit.form()
    visibility = str(posted.get("visibility", ""))
    category = str(posted.get("category", ""))
    if visibility not in VISIBILITIES:
        raise NotPossible("There is no such reader.", code="bad_article")
    tags = str(posted.get("tags", "")).replace("，", ",").split(",")
    await write.change_facts(
        visit.ctx,
        article_id=article_id,
        version=article_number(str(posted.get("version", "")), most=9),
        facts=Facts(
            visibility=Visibility(visibility),
            category_id=article_number(category, most=9) if category else None,
            tags=tuple(one for one in tags if one.strip()),
        ),
        actor=visit.actor,
    )
    return go(visit, f"{PAGE}/{article_id}")


async def post_withdraw(visit: Visit) -> web.StreamResponse:
    """Nobody reads this language any more."""
    article_id, language = _place(visit)
    await write.withdraw(visit.ctx, article_id=article_id, language=language, actor=visit.actor)
    return go(visit, f"{PAGE}/{article_id}?lang={language}")


async def post_archive(visit: Visit) -> web.StreamResponse:
    """Put it away."""
    return await _archive(visit, archived=True)


async def post_restore(visit: Visit) -> web.StreamResponse:
    """Put it back."""
    return await _archive(visit, archived=False)


async def post_from_ticket(visit: Visit) -> web.StreamResponse:
    """The draft that a ticket gives, in the editor: one press more publishes it."""
    made, language = await article_from_ticket(
        visit.ctx, ticket_code=ticket_code(visit.request.match_info["code"]), actor=visit.actor
    )
    return go(visit, f"{PAGE}/{made}/edit/{language}")


async def _archive(visit: Visit, *, archived: bool) -> web.StreamResponse:
    article_id = article_number(visit.request.match_info["id"])
    await write.set_archived(visit.ctx, article_id=article_id, archived=archived, actor=visit.actor)
    return go(visit, f"{PAGE}/{article_id}")


async def _keep(visit: Visit, form: Form, do: str) -> str:
    """Returns where to go on."""
    ctx, actor = visit.ctx, visit.actor
    article_id, version = form.article_id, form.version
    if article_id is None:
        if do in VISIBILITIES:
            # What cannot be published leaves no draft behind: the editor has the text, and comes with it again.
            write.check_published(form.language, form.text)
        article_id = await write.new_article(ctx, language=form.language, text=form.text, actor=actor)
        version = 1
    elif do == "save":
        await write.save_text(
            ctx,
            article_id=article_id,
            language=form.language,
            version=version,
            text=form.text,
            actor=actor,
        )
    here = f"{PAGE}/{article_id}"
    if do not in VISIBILITIES:
        return f"{here}/edit/{form.language}?saved=1"
    await write.publish(
        ctx,
        article_id=article_id,
        language=form.language,
        version=version,
        text=form.text,
        visibility=Visibility(do),
        follow=form.follow,
        actor=actor,
    )
    return f"{here}?lang={form.language}"


async def _editor(
    visit: Visit,
    form: Form,
    row: ArticleRow | None = None,
    texts: Mapping[str, TextRow] | None = None,
    *,
    trouble: str = "",
) -> web.StreamResponse:
    there = texts or {}
    other = there.get(other_language(form.language))
    response = visit.page(
        "knowledge_editor.html",
        section="knowledge",
        form=form,
        row=row,
        own=there.get(form.language),
        other=other,
        other_html=await show_text(visit.ctx, other.body, path=AT_DESK) if other is not None else "",
        html=await show_text(visit.ctx, form.text.body, path=AT_DESK),
        trouble=trouble,
        saved=not trouble and "saved" in visit.query,
        blanks=count_blanks(form.text.title, form.text.summary, form.text.body),
        BLANK=BLANK,
        categories=await list_categories(visit.ctx),
        category_title=lambda one: category_title(visit.voice, one),
        MOST_TITLE=MOST_TITLE,
        MOST_SUMMARY=MOST_SUMMARY,
        MOST_BODY=MOST_BODY,
        MOST_PICTURE=MOST_BYTES,
    )
    response.set_status(409 if trouble else 200)
    return response


def _read(posted: Mapping[str, object]) -> Words:
    return Words(
        title=_plain(posted.get("title", "")),
        summary=_plain(posted.get("summary", "")),
        body=_plain(posted.get("body", "")),
    )


def _plain(value: object) -> str:
    return str(value).replace("\r\n", "\n")


def _place(visit: Visit) -> tuple[int, str]:
    return article_number(visit.request.match_info["id"]), _language(visit.request.match_info["language"])


def _language(given: str) -> str:
    if given not in LANGUAGES:
        raise NotFound("not a language of the knowledge base")
    return given
