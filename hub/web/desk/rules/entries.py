"""Queues, routing rules, calendars, targets, automation: their lists and their forms. What is changed goes into a draft."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from aiohttp import web

from hub.actions.automation.stop import resume_rule
from hub.actions.failures import NotFound
from hub.actions.own_fields import list_fields
from hub.actions.rules.rule_drafts import edit_draft
from hub.model.own_fields import About
from hub.web.desk.rules.choices import chooser, parts_of
from hub.web.desk.rules.forms import general
from hub.web.desk.rules.forms.automation import ASKED, CHOSEN, OWN
from hub.web.desk.rules.forms.fields import Form, one
from hub.web.desk.rules.previews import calendar_days, days_of, say_days, target_sample
from hub.web.desk.rules.running import running_of
from hub.web.desk.rules.sections import SECTIONS, Section, move, put, short_name, take_out
from hub.web.desk.rules.troubles import troubles_of
from hub.web.desk.rules.view import RULES, UNPROCESSABLE, Seen, posted, see, show
from hub.web.desk.say.language import N_
from hub.web.desk.say.rule_names import GROUPS
from hub.web.desk.visit import Visit, go
from routing.automation.tables import AutomationWhen
from routing.promises import WEEKDAYS
from routing.rules import RulesError
from storage import agents, rulebook


async def show_list(visit: Visit) -> web.StreamResponse:
    """The entries of a section."""
    return await _list(visit, _section(visit))


async def show_entry(visit: Visit) -> web.StreamResponse:
    """The form of an entry."""
    section, name = _section(visit), visit.request.match_info["name"]
    seen = await see(visit)
    entry = section.entry(seen.desk.rules, name)
    return await _form(visit, seen, section, name, Form(fields=section.fields_of(entry)))


async def show_new(visit: Visit) -> web.StreamResponse:
    """An empty form."""
    section, seen = _section(visit), await see(visit)
    return await _form(visit, seen, section, "", Form(fields=section.new()))


async def post_entry(visit: Visit) -> web.StreamResponse:
    """Keep it in the draft. What is wrong is said beside its field, and what was typed stays."""
    return await _keep(visit, visit.request.match_info["name"])


async def post_new(visit: Visit) -> web.StreamResponse:
    """The same for one that is new."""
    return await _keep(visit, "")


async def post_remove(visit: Visit) -> web.StreamResponse:
    """Take it out. A queue in which there is work stays, and so does what others speak of."""
    section, name = _section(visit), visit.request.match_info["name"]
    if said := await _stands_against(visit, section, name):
        return await _list(visit, section, trouble=said)
    return await _edit_list(visit, section, lambda document: take_out(document, section.key, name))


async def post_move(visit: Visit) -> web.StreamResponse:
    """Up or down by one."""
    section, name = _section(visit), visit.request.match_info["name"]
    if not section.ordered:
        raise NotFound("The order of these says nothing.")
    step = -1 if one(await posted(visit.request), "to") == "up" else 1
    return await _edit_list(visit, section, lambda document: move(document, section.key, name, step))


async def post_switch(visit: Visit) -> web.StreamResponse:
    """Switch an automation on or off."""
    section, name = SECTIONS["automation"], visit.request.match_info["name"]
    section.entry((await see(visit)).desk.rules, name)

    def edit(document: dict[str, Any]) -> None:
        for entry in (entries := [dict(entry) for entry in document.get(section.key, ())]):
            if entry["name"] == name:
                entry["enabled"] = not entry.get("enabled", True)
        document[section.key] = entries

    return await _edit_list(visit, section, edit)


async def post_resume(visit: Visit) -> web.StreamResponse:
    """Let an automation run again that was stopped."""
    await resume_rule(visit.ctx, name=visit.request.match_info["name"], actor=visit.actor)
    if visit.partial:
        return await _list(visit, SECTIONS["automation"])
    return go(visit, f"{RULES}/automation")


async def show_general(visit: Visit) -> web.StreamResponse:
    """Skills, languages, hints, work in hand."""
    seen = await see(visit)
    return await _general(visit, seen, Form(fields=general.fields_of(seen.desk.rules)))


async def post_general(visit: Visit) -> web.StreamResponse:
    """Keep it in the draft."""
    fields = await posted(visit.request)
    try:
        await edit_draft(visit.ctx, agent_id=visit.agent.id, edit=lambda old: {**old, **general.read(fields)})
    except RulesError as error:
        troubles = troubles_of(visit.voice, error.wrong, "general", None, fields)
        form = Form(fields=fields, troubles=troubles)
        return await _general(visit, await see(visit), form, status=UNPROCESSABLE)
    return go(visit, f"{RULES}/general")


async def show_calendar_preview(visit: Visit) -> web.StreamResponse:
    """The next days of a calendar as it stands in the form."""
    fields = await posted(visit.request)
    seen = await see(visit)
    days = calendar_days(visit.voice, fields, visit.now)
    return show(visit, seen, "_rules_days.html", days=days)


async def show_target_preview(visit: Visit) -> web.StreamResponse:
    """When a ticket that arrives now would be due."""
    seen = await see(visit)
    sample = target_sample(seen.words, visit.query, visit.now)
    return show(visit, seen, "_rules_sample.html", sample=sample, choices=await chooser(visit, seen))


async def _keep(visit: Visit, name: str) -> web.StreamResponse:
    section, fields = _section(visit), await posted(visit.request)
    places: list[int] = []

    def edit(document: dict[str, Any]) -> Mapping[str, Any]:
        table = section.read(fields)
        if section.named:
            taken = [str(entry["name"]) for entry in document.get(section.key, ())]
            table["name"] = name or table["name"] or short_name(table["title_en"], taken, section.key)
        wanted = one(fields, "place")
        place = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 6 else len(
            document.get(section.key, ()) if not section.ordered else ()
        )  # fmt: skip
        places.append(put(document, section.key, name, table, place))
        return document

    try:
        await edit_draft(visit.ctx, agent_id=visit.agent.id, edit=edit)
    except RulesError as error:
        troubles = troubles_of(visit.voice, error.wrong, section.key, places[-1], fields)
        form = Form(fields=fields, troubles=troubles)
        return await _form(visit, await see(visit), section, name, form, status=UNPROCESSABLE)
    return go(visit, f"{RULES}/{section.page}")


async def _edit_list(
    visit: Visit, section: Section, edit: Callable[[dict[str, Any]], None]
) -> web.StreamResponse:
    def work(document: dict[str, Any]) -> Mapping[str, Any]:
        edit(document)
        return document

    try:
        await edit_draft(visit.ctx, agent_id=visit.agent.id, edit=work)
    except RulesError as error:
        troubles = troubles_of(visit.voice, error.wrong, section.key, None, {})
        return await _list(visit, section, trouble=" ".join(troubles.values()))
    if visit.partial:
        return await _list(visit, section)
    return go(visit, f"{RULES}/{section.page}")


async def _stands_against(visit: Visit, section: Section, name: str) -> str:
    """Why this cannot go, as far as that stands outside the rules: work that waits, people whose shifts it is; or ""."""
    words = (await see(visit)).words
    if section.key == "queue":
        others = [one.name for one in words.rules.queue if one.name != name]
        occupied = dict(await visit.ctx.database.read(lambda c: rulebook.occupied(c, others)))
        if name in occupied:
            return words.voice.say(
                N_("There is still work in queues that would go: %(queues)s. Move those tickets first."),
                queues=f"{words.queue(name)} ({occupied[name]})",
            )
    if section.key == "calendar":
        everybody = await visit.ctx.database.read(agents.list_details)
        if theirs := [one.name for one in everybody if one.active and one.calendar == name]:
            return words.voice.say(
                N_("These are the shifts of %(agents)s: give them others first."),
                agents=words.several(theirs),
            )
    return ""


async def _list(visit: Visit, section: Section, *, trouble: str = "") -> web.Response:
    seen = await see(visit)
    context: dict[str, object] = {}
    if section.key == "target":
        context["sample"] = target_sample(seen.words, visit.query, visit.now)
        context["choices"] = await chooser(visit, seen)
        context["in_days"] = partial(say_days, seen.words)
    if section.key == "calendar":
        context["days"] = WEEKDAYS
    if section.key == "automation":
        context["running"] = await running_of(
            visit.ctx, [one.name for one in seen.desk.rules.automation], visit.actor
        )
    return show(
        visit,
        seen,
        f"rules_{section.page}.html",
        status=UNPROCESSABLE if trouble else 200,
        page=section.page,
        part=section,
        entries=section.entries(seen.desk.rules),
        link=_link(section),
        trouble=trouble,
        **context,
    )


async def _own_fields(visit: Visit) -> dict[str, list[str]]:
    """By condition, the fields that there are: what rules call them and their choices, and what people do."""
    kinds = (About.TICKET, About.CUSTOMER)
    told: dict[str, list[str]] = {f"{about}_fields": [] for about in kinds}
    for row in await list_fields(visit.ctx, *kinds):
        if not row.retired:
            choices = [f"= {' | '.join(one['value'] for one in row.choices)}"] if row.choices else []
            label = row.label_zh if visit.voice.chinese else row.label_en
            told[f"{row.about}_fields"].append(
                visit.voice.colon.join([label, " ".join([row.name, *choices])])
            )
    return told


async def _form(
    visit: Visit, seen: Seen, section: Section, name: str, form: Form, *, status: int = 200
) -> web.Response:
    context: dict[str, object] = {}
    if section.key == "automation":
        context |= {"CHOSEN": CHOSEN, "ASKED": ASKED, "OWN": OWN, "CONDITIONS": AutomationWhen.GROUPS}
        context["own_fields"] = await _own_fields(visit)
        context["GROUPS"] = [(name, visit.voice.say(said)) for name, said in GROUPS.items()]
    if section.key == "calendar":
        context["days"] = calendar_days(visit.voice, form.fields, visit.now)
        context["parts"] = parts_of(form.one("country"))
        context["shifts"] = days_of(form.fields)
    return show(
        visit,
        seen,
        f"rules_{section.key}_form.html",
        status=status,
        page=section.page,
        part=section,
        form=form,
        name=name,
        choices=await chooser(visit, seen),
        entries=section.entries(seen.desk.rules),
        link=_link(section),
        **context,
    )


async def _general(visit: Visit, seen: Seen, form: Form, *, status: int = 200) -> web.Response:
    choices = await chooser(visit, seen)
    return show(visit, seen, "rules_general.html", status=status, page="general", form=form, choices=choices)


def _section(visit: Visit) -> Section:
    section = SECTIONS.get(visit.request.match_info["page"])
    if section is None:
        raise NotFound("The rules have no such section.")
    return section


def _link(section: Section) -> Callable[[str], str]:
    return lambda name: f"{RULES}/{section.page}/{quote(name, safe='')}"
