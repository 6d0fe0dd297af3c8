"""Macros: the page on which they are kept, the picker that shows both halves, the press that runs one and the way back."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from hub.actions.answers.placeholders import PLACEHOLDERS
from hub.actions.answers.templates import UnreadableText
from hub.actions.failures import Conflict, NotFound, NotPossible
from hub.actions.macros import keep, run
from hub.actions.macros.keep import MacroDraft
from hub.model.macros import SNOOZES, Acts, read_acts
from hub.model.permissions import Permission
from hub.web.desk.lists.snooze import CLOSE, own_moments
from hub.web.desk.say.liquid import say_troubles
from hub.web.desk.say.macros import SNOOZES as SNOOZE_WORDS
from hub.web.desk.say.macros import say_changes, say_ran, say_undone
from hub.web.desk.say.words import say_failure
from hub.web.desk.tickets.thread import queue_titles, ticket_code
from hub.web.desk.tickets.writing import key_of
from hub.web.desk.visit import REFUSED, Visit, go, show_html
from hub.web.desk.words.templates import number
from storage import views
from storage.database import Connection
from storage.macros import MacroRow

PAGE = "/desk/macros"
_NAMES = ("reply", "note", "priority", "queue", "assign", "status", "snooze")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The form as it stands; `id` is None for a new one. `acts` as it was written, checked or not."""

    id: int | None = None
    version: int = 0
    name: str = ""
    private: bool = False
    queue: str = ""
    acts: dict[str, Any] = field(default_factory=dict)


async def show_macros(visit: Visit) -> web.StreamResponse:
    """All of them, and the form of the one that `?edit=` names, or of a new one."""
    asked = visit.query.get("edit", "")
    if not asked:
        return await _show(visit, Form(private=not visit.may(Permission.MANAGE_TEMPLATES)))
    found = await keep.find_macro(visit.ctx, macro_id=number(asked), agent_id=visit.agent.id)
    return await _show(
        visit,
        Form(
            id=found.id,
            version=found.version,
            name=found.name,
            private=found.owner_id is not None,
            queue=found.queue,
            acts=found.acts,
        ),
    )


async def post_macro(visit: Visit) -> web.StreamResponse:
    """Keep what the form holds. What is refused comes back with the reason above it."""
    form = _read(await visit.form())
    draft = MacroDraft(name=form.name, acts=form.acts, private=form.private, queue=form.queue)
    try:
        await _may_write(visit, form.id, shared=not form.private)
        if form.id is None:
            await keep.add_macro(visit.ctx, draft=draft, actor=visit.actor)
        else:
            await keep.change_macro(
                visit.ctx, macro_id=form.id, version=form.version, draft=draft, actor=visit.actor
            )
    except UnreadableText as failure:
        return await _show(visit, form, troubles=say_troubles(visit.voice, failure.troubles), status=409)
    except NotPossible as failure:
        return await _show(visit, form, troubles=[say_failure(visit.voice, failure)], status=409)
    return go(visit, PAGE)


async def post_retire(visit: Visit) -> web.StreamResponse:
    """Offer it no more."""
    macro_id = number(visit.request.match_info["id"])
    await _may_write(visit, macro_id)
    version = number(str((await visit.form()).get("version", "")))
    await keep.retire_macro(visit.ctx, macro_id=macro_id, version=version, actor=visit.actor)
    return go(visit, PAGE)


async def show_picker(visit: Visit) -> web.StreamResponse:
    """What can be run on this ticket, most used first."""
    code = ticket_code(visit.request.match_info["code"])
    rows = await keep.offer_macros(visit.ctx, ticket_code=code, agent_id=visit.agent.id)
    names, titles = await _names(visit)
    return visit.page(
        "_macro_picker.html",
        number=visit.request.match_info["code"],
        macros=_told(visit, rows, names, titles),
    )


async def show_preview(visit: Visit) -> web.StreamResponse:
    """Both halves of one, for this ticket."""
    return await _preview(visit)


async def post_run(visit: Visit) -> web.StreamResponse:
    """Do it. What keeps the reply from being sent is said in the dialog; nothing was done then."""
    code = ticket_code(visit.request.match_info["code"])
    macro_id = number(visit.request.match_info["id"])
    form = await visit.form()
    seen = str(form.get("seen", ""))
    macro = await keep.find_macro(visit.ctx, macro_id=macro_id, agent_id=visit.agent.id)
    try:
        ran = await run.run_macro(
            visit.ctx,
            macro_id=macro_id,
            ticket_code=code,
            actor=visit.actor,
            expected_seq=number(seen) if seen else None,
            ahead={one.code: one.at for one in await own_moments(visit)},
            key=key_of(form),
        )
    except (Conflict, NotPossible) as failure:
        response = await _preview(visit, trouble=say_failure(visit.voice, failure), status=409)
        response.headers[REFUSED] = failure.code
        return response
    undo = f"/desk/macros/runs/{ran.run_id}/undo" if ran.did else ""
    toast = visit.toast(say_ran(visit.voice, macro.name, ran), undo)
    return show_html(f"{toast}{CLOSE}")


async def post_undo(visit: Visit) -> web.StreamResponse:
    """The ticket as it was, as far as that goes."""
    undone = await run.undo_run(visit.ctx, run_id=number(visit.request.match_info["id"]), actor=visit.actor)
    return show_html(visit.toast(say_undone(visit.voice, undone)))


async def _preview(visit: Visit, *, trouble: str = "", status: int = 200) -> web.StreamResponse:
    code = ticket_code(visit.request.match_info["code"])
    row = await keep.find_macro(
        visit.ctx, macro_id=number(visit.request.match_info["id"]), agent_id=visit.agent.id
    )
    ticket = await visit.ctx.database.read(lambda c: views.get_ticket(c, code))
    if ticket is None:
        raise NotFound(f"There is no ticket {code}.")
    acts = read_acts(row.acts)
    names, titles = await _names(visit)
    response = visit.page(
        "_macro_preview.html",
        number=visit.request.match_info["code"],
        ticket=ticket,
        macro=row,
        texts=await run.fill_texts(visit.ctx, acts=acts, ticket_code=code, actor=visit.actor),
        changes=say_changes(visit.voice, acts, agents=names, queues=titles),
        trouble=trouble,
    )
    response.set_status(status)
    return response


async def _show(
    visit: Visit, form: Form, *, troubles: list[str] | None = None, status: int = 200
) -> web.StreamResponse:
    names, titles = await _names(visit)
    rows = await keep.list_macros(visit.ctx, agent_id=visit.agent.id)
    response = visit.page(
        "macros.html",
        section="macros",
        macros=_told(visit, rows, names, titles),
        form=form,
        troubles=troubles or [],
        agents=names,
        queues=titles,
        snoozes={code: SNOOZE_WORDS[code] for code in SNOOZES},
        may_share=visit.may(Permission.MANAGE_TEMPLATES),
        PLACEHOLDERS=PLACEHOLDERS,
        MOST_NAME=keep.MOST_NAME,
    )
    response.set_status(status)
    return response


def _told(
    visit: Visit, rows: Sequence[MacroRow], names: dict[int, str], titles: dict[str, str]
) -> list[tuple[MacroRow, Acts, list[str]]]:
    """Each with what it does, and with its second half in words."""
    told = []
    for row in rows:
        acts = read_acts(row.acts)
        told.append((row, acts, say_changes(visit.voice, acts, agents=names, queues=titles)))
    return told


async def _names(visit: Visit) -> tuple[dict[int, str], dict[str, str]]:
    """Agents by id, queues by name, as they are called."""

    async def look(c: Connection) -> tuple[dict[int, str], dict[str, str]]:
        agents = {one.id: one.name for one in await views.list_agents(c) if one.active}
        return agents, queue_titles(visit.voice, await views.list_queues(c))

    return await visit.ctx.database.read(look)


async def _may_write(visit: Visit, macro_id: int | None, *, shared: bool = False) -> None:
    """One's own belong to oneself; what others use needs the permission. Raises NotFound, NotPossible (not_allowed)."""
    if visit.may(Permission.MANAGE_TEMPLATES):
        return
    if macro_id is not None and not shared:
        found = await keep.find_macro(visit.ctx, macro_id=macro_id, agent_id=visit.agent.id)
        shared = found.owner_id is None
    if shared:
        raise NotPossible("Only your own macros.", code="not_allowed")


def _read(posted: Any) -> Form:
    given, whose = str(posted.get("id", "")), str(posted.get("whose", ""))
    acts: dict[str, Any] = {name: str(posted.get(name, "")).strip() for name in _NAMES}
    acts["priority"] = int(acts["priority"]) if acts["priority"] in ("1", "2", "3", "4") else 0
    for name in ("add_tags", "remove_tags"):
        several = str(posted.get(name, "")).replace("，", ",").replace("、", ",").split(",")
        acts[name] = [one.strip() for one in several if one.strip()]
    return Form(
        id=number(given) if given else None,
        version=number(str(posted.get("version", "0"))),
        name=str(posted.get("name", "")),
        private=whose == "mine",
        queue=whose.removeprefix("queue:") if whose.startswith("queue:") else "",
        acts=acts,
    )
