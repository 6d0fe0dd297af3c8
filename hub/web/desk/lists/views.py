"""Saved views: the menu with its counts, and the form on which one is made, changed and removed."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web
from multidict import MultiMapping

from hub.actions.failures import NotFound, NotPossible
from hub.actions.lists.saved_views import ViewForm, add_view, change_view, list_views, may_change, remove_view
from hub.model.filters import ME, NOBODY, TESTS, BadFilter
from hub.web.desk.lists.built_in import BUILT_IN, TABS, choose_view, shown_view
from hub.web.desk.lists.filter_words import (
    ARRANGED,
    FIELD_NAMES,
    ME_NAME,
    NOBODY_NAME,
    SHARED_NAMES,
    TEST_NAMES,
    UNIT_NAMES,
    YES_NO,
)
from hub.web.desk.lists.view_form import GroupFields, fields_of, filter_of, read_fields, step
from hub.web.desk.say.words import KINDS, PRIORITIES, STATUSES, say_failure
from hub.web.desk.tickets.listing import COUNTED, Look, count_view
from hub.web.desk.tickets.pages import reader_of
from hub.web.desk.visit import Visit, go
from storage import views as read_models
from storage.database import Connection
from storage.saved_views import SavedViewRow


async def show_views(visit: Visit) -> web.StreamResponse:
    """The menu of views: those that are there for everybody, those that are shared, one's own."""
    look = Look.read(visit.query)
    saved = await list_views(visit.ctx, visit.agent.id)
    built_in = [one for one in BUILT_IN.values() if one.code not in TABS]
    own = [found for row in saved if (found := shown_view(row)) is not None]

    async def count(c: Connection) -> dict[str, int]:
        return {one.code: await count_view(c, one, reader_of(visit)) for one in (*built_in, *own)}

    return visit.page(
        "_views.html",
        look=look,
        built_in=built_in,
        shared=[one for one in own if one.saved and one.saved.shared != "nobody"],
        private=[one for one in own if one.saved and one.saved.shared == "nobody"],
        counts=await visit.ctx.database.read(count),
        COUNTED=COUNTED,
    )


async def show_new(visit: Visit) -> web.StreamResponse:
    """The form, filled with what the list shows now."""
    look = Look.read(visit.query)
    view = choose_view(look.scope, await list_views(visit.ctx, visit.agent.id))
    return await _form(visit, groups=_groups(look.wanted(view)), arranged=view.arranged)


async def show_view(visit: Visit) -> web.StreamResponse:
    """The form of one that there is."""
    row = await _own(visit)
    view = shown_view(row)
    if view is None:
        raise NotFound("The view speaks of what is no more.", code="no_view")
    return await _form(
        visit, groups=_groups(view.wanted), name=row.name, arranged=row.arranged, shared=row.shared,
        queue=row.queue, row=row,
    )  # fmt: skip


async def post_form(visit: Visit) -> web.StreamResponse:
    """One press of the form: another condition, one less, another field. Nothing is kept."""
    form = await visit.form()
    row = await _maybe_own(visit, str(form.get("view", "")))
    groups = step(read_fields(form, _all_values(form)), str(form.get("do", "")))
    return await _form(visit, groups=groups, row=row, **_said(form))


async def post_view(visit: Visit) -> web.StreamResponse:
    """Keep it, and show its tickets; what is refused comes back with the reason."""
    form = await visit.form()
    row = await _maybe_own(visit, str(form.get("view", "")))
    said, groups = _said(form), read_fields(form, _all_values(form))
    try:
        wanted = filter_of(groups)
        given = ViewForm(wanted=wanted, **said)
        if row is None:
            view_id = await add_view(visit.ctx, form=given, actor=visit.actor)
        else:
            view_id = row.id
            version = int(str(form.get("version", "0")) or 0) if str(form.get("version", "")).isdigit() else 0
            await change_view(visit.ctx, view_id=view_id, version=version, form=given, actor=visit.actor)
    except BadFilter:
        trouble = say_failure(visit.voice, NotPossible("A condition has no value.", code="bad_filter"))
        return await _form(visit, groups=groups, row=row, trouble=trouble, **said)
    except NotPossible as failure:
        trouble = say_failure(visit.voice, failure)
        return await _form(visit, groups=groups, row=row, trouble=trouble, **said)
    return go(visit, f"/desk?scope=v{view_id}")


async def post_remove(visit: Visit) -> web.StreamResponse:
    """Nobody sees it any more."""
    row = await _own(visit)
    await remove_view(visit.ctx, view_id=row.id, actor=visit.actor)
    return go(visit, "/desk")


# ── the form ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _said(form: Mapping[str, Any]) -> dict[str, str]:
    return {
        "name": str(form.get("name", "")),
        "arranged": str(form.get("arranged", "waiting")),
        "shared": str(form.get("shared", "nobody")),
        "queue": str(form.get("queue", "")),
    }


def _all_values(form: "MultiMapping[Any]") -> dict[str, list[str]]:
    return {
        name: [str(one) for one in form.getall(name)]
        for name in set(form.keys())
        if name.startswith("value-")
    }


def _groups(wanted: Any) -> list[GroupFields]:
    try:
        return fields_of(wanted)
    except BadFilter as error:
        raise NotPossible(str(error), code="bad_filter") from error


async def _form(
    visit: Visit,
    *,
    groups: Sequence[GroupFields],
    name: str = "",
    arranged: str = "waiting",
    shared: str = "nobody",
    queue: str = "",
    row: SavedViewRow | None = None,
    trouble: str = "",
) -> web.Response:
    choices, queues = await visit.ctx.database.read(lambda c: _choices(c, visit))
    return visit.page(
        "_view_form.html",
        groups=groups,
        name=name,
        arranged=arranged,
        shared=shared,
        queue=queue,
        row=row,
        trouble=trouble,
        choices=choices,
        queues=queues,
        TESTS=TESTS,
        FIELD_NAMES=FIELD_NAMES,
        TEST_NAMES=TEST_NAMES,
        UNIT_NAMES=UNIT_NAMES,
        YES_NO=YES_NO,
        ARRANGED=ARRANGED,
        SHARED_NAMES=SHARED_NAMES,
    )


async def _choices(
    c: Connection, visit: Visit
) -> tuple[dict[str, list[tuple[str, str]]], Sequence[read_models.QueueName]]:
    """What each field may be, where that is known: (value, its name)."""
    voice = visit.voice
    queues = await read_models.name_queues(c)
    agents = [one for one in await read_models.list_agents(c) if one.active and one.id != visit.agent.id]
    channels = [one for one in await read_models.list_channels(c) if one.state != "retired"]
    return {
        "status": [(code, voice.say(text)) for code, text in STATUSES.items()],
        "kind": [(code, voice.say(text)) for code, text in KINDS.items()],
        "priority": [(str(code), voice.say(text)) for code, text in PRIORITIES.items()],
        "queue": [(one.name, one.title_zh if voice.chinese else one.title_en) for one in queues],
        "channel": [(one.name, one.name) for one in channels],
        "assignee": [
            (ME, voice.say(ME_NAME)),
            (NOBODY, voice.say(NOBODY_NAME)),
            *((str(one.id), one.name) for one in agents),
        ],
    }, queues


async def _own(visit: Visit) -> SavedViewRow:
    found = await _maybe_own(visit, visit.request.match_info["id"])
    if found is None:
        raise NotFound("There is no such view.", code="no_view")
    return found


async def _maybe_own(visit: Visit, given: str) -> SavedViewRow | None:
    """The view of this number, if the agent may change it; None for "". Raises NotFound, NotPossible."""
    if not given:
        return None
    rows = await list_views(visit.ctx, visit.agent.id)
    found = next((row for row in rows if str(row.id) == given), None)
    if found is None:
        raise NotFound("There is no such view.", code="no_view")
    if not may_change(found, visit.actor):
        raise NotPossible("Only its owner and supervisors change a shared view.", code="not_allowed")
    return found
