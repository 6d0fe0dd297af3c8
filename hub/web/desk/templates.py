"""Answers kept ready: the page on which the staff keeps them, and the picker of the composer."""

from dataclasses import dataclass

from aiohttp import web

from hub.actions.answers.placeholders import PLACEHOLDERS
from hub.actions.answers.templates import (
    MOST_BODY,
    MOST_NAME,
    add_template,
    change_template,
    list_templates,
    render_template,
    retire_template,
)
from hub.actions.failures import NotFound, NotPossible
from hub.web.desk.say.words import say_failure
from hub.web.desk.tickets.thread import ticket_code
from hub.web.desk.visit import Visit, go

PAGE = "/desk/templates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The form as it stands; `id` is None for a new one."""

    id: int | None = None
    version: int = 0
    name: str = ""
    language: str = ""
    body: str = ""


async def show_templates(visit: Visit) -> web.StreamResponse:
    """All of them, and the form of the one that `?edit=` names, or of a new one."""
    asked = visit.request.query.get("edit", "")
    if not asked:
        return await _show(visit, Draft())
    found = [one for one in await list_templates(visit.ctx) if str(one.id) == asked]
    if not found:
        raise NotFound("There is no such template.")
    one = found[0]
    return await _show(
        visit, Draft(id=one.id, version=one.version, name=one.name, language=one.language, body=one.body)
    )


async def post_template(visit: Visit) -> web.StreamResponse:
    """Keep what the form holds. What is refused comes back with the reason above it."""
    form = await visit.request.post()
    given = str(form.get("id", ""))
    draft = Draft(
        id=_number(given) if given else None,
        version=_number(str(form.get("version", "0"))),
        name=str(form.get("name", "")),
        language=str(form.get("language", "")),
        body=str(form.get("body", "")).replace("\r\n", "\n").replace("\x00", ""),
    )
    try:
        if draft.id is None:
            await add_template(
                visit.ctx, name=draft.name, language=draft.language, body=draft.body, actor=visit.actor
            )
        else:
            await change_template(
                visit.ctx,
                template_id=draft.id,
                version=draft.version,
                name=draft.name,
                language=draft.language,
                body=draft.body,
            )
    except NotPossible as failure:
        return await _show(visit, draft, trouble=say_failure(visit.voice, failure), status=409)
    return go(visit, PAGE)


async def post_retire(visit: Visit) -> web.StreamResponse:
    """Offer it no more."""
    form = await visit.request.post()
    version = _number(str(form.get("version", "")))
    await retire_template(visit.ctx, template_id=_number(visit.request.match_info["id"]), version=version)
    return go(visit, PAGE)


async def show_picker(visit: Visit) -> web.StreamResponse:
    """The list that the composer offers."""
    code = visit.request.match_info["code"]
    ticket_code(code)
    return visit.page("_templates.html", templates=await list_templates(visit.ctx), number=code)


async def get_filled(visit: Visit) -> web.StreamResponse:
    """One template as plain text, filled in for this ticket."""
    text = await render_template(
        visit.ctx,
        template_id=_number(visit.request.match_info["id"]),
        ticket_code=ticket_code(visit.request.match_info["code"]),
        agent_name=visit.agent.name,
    )
    return web.Response(text=text, content_type="text/plain", headers={"Cache-Control": "no-store"})


async def _show(visit: Visit, draft: Draft, *, trouble: str = "", status: int = 200) -> web.StreamResponse:
    response = visit.page(
        "templates.html",
        section="templates",
        cursor=visit.ctx.feed.cursor,
        templates=await list_templates(visit.ctx),
        draft=draft,
        trouble=trouble,
        PLACEHOLDERS=PLACEHOLDERS,
        MOST_NAME=MOST_NAME,
        MOST_BODY=MOST_BODY,
    )
    response.set_status(status)
    return response


def _number(given: str) -> int:
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise NotFound("not the number of a template")
    return int(given)
