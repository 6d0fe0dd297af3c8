"""The page on which the staff keeps canned replies: everybody's, a queue's and one's own, with what a text becomes beside
it."""

from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from hub.actions.answers import templates as replies
from hub.actions.answers.liquid_text import FILTERS, fill_in_liquid
from hub.actions.answers.placeholders import PLACEHOLDERS
from hub.actions.answers.templates import Draft, UnreadableText
from hub.actions.failures import NotFound, NotPossible
from hub.model.permissions import Permission
from hub.web.desk.say.liquid import sample_values, say_troubles
from hub.web.desk.say.words import say_failure
from hub.web.desk.visit import Visit, go
from storage import views
from storage.templates import TemplateRow

PAGE = "/desk/templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The form as it stands; `id` is None for a new one."""

    id: int | None = None
    version: int = 0
    draft: Draft


async def show_templates(visit: Visit) -> web.StreamResponse:
    """All of them, and the form of the one that `?edit=` names, or of a new one."""
    asked = visit.query.get("edit", "")
    if not asked:
        mine = not visit.may(Permission.MANAGE_TEMPLATES)
        return await show_page(visit, Form(draft=Draft(name="", body="", private=mine)))
    rows = await replies.list_templates(visit.ctx, agent_id=visit.agent.id)
    found = next((one for one in rows if str(one.id) == asked), None)
    if found is None:
        raise NotFound("There is no such template.")
    return await show_page(visit, Form(id=found.id, version=found.version, draft=_as_draft(found)))


async def post_template(visit: Visit) -> web.StreamResponse:
    """Keep what the form holds. What is refused comes back with the reason above it."""
    posted = await visit.form()
    given = str(posted.get("id", ""))
    form = Form(
        id=number(given) if given else None,
        version=number(str(posted.get("version", "0"))),
        draft=_read(posted),
    )
    try:
        await may_write(visit, form.id, shared=not form.draft.private)
        if form.id is None:
            await replies.add_template(visit.ctx, draft=form.draft, actor=visit.actor)
        else:
            await replies.change_template(
                visit.ctx,
                template_id=form.id,
                version=form.version,
                draft=form.draft,
                actor=visit.actor,
            )
    except UnreadableText as failure:
        return await show_page(visit, form, troubles=say_troubles(visit.voice, failure.troubles), status=409)
    except NotPossible as failure:
        return await show_page(visit, form, troubles=[say_failure(visit.voice, failure)], status=409)
    return go(visit, PAGE)


async def post_retire(visit: Visit) -> web.StreamResponse:
    """Offer it no more."""
    form = await visit.form()
    template_id = number(visit.request.match_info["id"])
    await may_write(visit, template_id)
    await replies.retire_template(
        visit.ctx, template_id=template_id, version=number(str(form.get("version", ""))), actor=visit.actor
    )
    return go(visit, PAGE)


async def post_preview(visit: Visit) -> web.StreamResponse:
    """What a text becomes on the ticket that is named, or on a sample; or what is wrong with it."""
    form = await visit.form()
    body = str(form.get("body", ""))[: replies.MOST_BODY]
    language, asked = str(form.get("language", "")), str(form.get("ticket", "")).strip()
    if language not in replies.LANGUAGES:
        raise NotPossible("There is no such language.", code="bad_template")
    text, troubles = "", []
    try:
        replies.check_body(body)
        if asked:
            text = await replies.render_text(
                visit.ctx,
                body=body,
                language=language,
                ticket_code=await visit.ticket_in_sight(asked),
                agent_name=visit.agent.name,
            )
        else:
            text = fill_in_liquid(body, sample_values(visit.voice, visit.agent.name, language))
    except UnreadableText as failure:
        troubles = say_troubles(visit.voice, failure.troubles)
    except NotFound as failure:
        troubles = [say_failure(visit.voice, failure)]
    return visit.page("_preview.html", text=text, troubles=troubles)


async def show_page(
    visit: Visit, form: Form, *, troubles: list[str] | None = None, told: str = "", status: int = 200
) -> web.StreamResponse:
    """The page. `troubles` stand above the form, `told` above everything."""
    rows = await replies.list_templates(visit.ctx, agent_id=visit.agent.id)
    response = visit.page(
        "templates.html",
        section="templates",
        templates=rows,
        folders=sorted({one.folder for one in rows if one.folder}, key=str.lower),
        queues=await visit.ctx.database.read(views.list_queues),
        form=form,
        troubles=troubles or [],
        told=told,
        may_share=visit.may(Permission.MANAGE_TEMPLATES),
        PLACEHOLDERS=PLACEHOLDERS,
        FILTERS=FILTERS,
        MOST_NAME=replies.MOST_NAME,
        MOST_BODY=replies.MOST_BODY,
        MOST_FOLDER=replies.MOST_FOLDER,
        MOST_SHORTCUT=replies.MOST_SHORTCUT,
    )
    response.set_status(status)
    return response


async def may_write(visit: Visit, template_id: int | None, *, shared: bool = False) -> None:
    """One's own belong to oneself; what others use needs the permission. Raises NotPossible (not_allowed)."""
    if visit.may(Permission.MANAGE_TEMPLATES):
        return
    if template_id is not None and not shared:
        rows = await replies.list_templates(visit.ctx, agent_id=visit.agent.id)
        shared = any(one.id == template_id and one.owner_id is None for one in rows)
    if shared:
        raise NotPossible("Only your own replies.", code="not_allowed")


def _as_draft(row: TemplateRow) -> Draft:
    return Draft(
        name=row.name,
        language=row.language,
        body=row.body,
        shortcut=row.shortcut,
        folder=row.folder,
        private=row.owner_id is not None,
        queue=row.queue,
    )


def _read(posted: Any) -> Draft:
    whose = str(posted.get("whose", ""))
    draft = Draft(
        name=str(posted.get("name", "")),
        language=str(posted.get("language", "")),
        body=str(posted.get("body", "")).replace("\r\n", "\n"),
        shortcut=str(posted.get("shortcut", "")),
        folder=str(posted.get("folder", "")),
        private=whose == "mine",
    )
    return replace(draft, queue=whose.removeprefix("queue:")) if whose.startswith("queue:") else draft


def number(given: str) -> int:
    """An id of an address or a form. Raises NotFound."""
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise NotFound("not the number of a template")
    return int(given)
