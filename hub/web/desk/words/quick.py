"""Canned replies where they are used: matched while an agent types, and filled in for the ticket."""

from aiohttp import web

from hub.actions.answers.templates import offer_templates, render_template
from hub.web.desk.say.keys import sought
from hub.web.desk.say.language import LANGUAGES, N_
from hub.web.desk.tickets.thread import queue_titles, ticket_code
from hub.web.desk.visit import Visit
from hub.web.desk.words.templates import number
from storage import views
from storage.templates import TemplateRow

_SHOWN, _SEARCHED = 90, 400
"""Characters of a text that its line shows, and by which it is found."""


async def show_quick(visit: Visit) -> web.StreamResponse:
    """What quick.js offers on this ticket, most used first."""
    code = ticket_code(visit.request.match_info["code"])
    rows = await offer_templates(visit.ctx, ticket_code=code, agent_id=visit.agent.id)
    titles = queue_titles(visit.voice, await visit.ctx.database.read(views.list_queues))
    say = visit.voice.say
    document = {
        "label": say(N_("Canned replies")),
        "some": say(N_("%(num)s canned replies. Arrows choose, Enter inserts, Esc closes."), num="{n}"),
        "replies": [_shown(visit, row, titles.get(row.queue, row.queue)) for row in rows],
    }
    return web.json_response(document, headers={"Cache-Control": "no-store"})


async def post_filled(visit: Visit) -> web.StreamResponse:
    """One of them as plain text, filled in for this ticket; it is counted as used."""
    text = await render_template(
        visit.ctx,
        template_id=number(visit.request.match_info["id"]),
        ticket_code=ticket_code(visit.request.match_info["code"]),
        agent_name=visit.agent.name,
        agent_id=visit.agent.id,
        counted=True,
    )
    return web.Response(text=text, content_type="text/plain", headers={"Cache-Control": "no-store"})


def _shown(visit: Visit, row: TemplateRow, queue: str) -> dict[str, object]:
    first = " ".join(row.body[: _SEARCHED * 2].split())
    found_by = " ".join(filter(None, (row.name, row.shortcut, row.folder)))
    return {
        "id": row.id,
        "title": row.name,
        "shortcut": row.shortcut,
        "folder": row.folder,
        "language": LANGUAGES.get(row.language, ""),
        "whose": visit.voice.say(N_("only you")) if row.owner_id is not None else queue,
        "first": first[:_SHOWN],
        "used": row.used,
        "search": f"{sought(found_by)} {first[:_SEARCHED].lower()}",
    }
