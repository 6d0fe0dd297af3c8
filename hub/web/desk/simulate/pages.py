"""Other rules, staff and days tried from the desk: the form, the list of what was asked, and what came of it."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from aiohttp import web

from hub.actions.failures import ActionFailure, NotFound, NotPossible
from hub.actions.rules.rule_drafts import see_rules
from hub.actions.rules.rulebook import as_document
from hub.actions.simulation.simulate import (
    WrongQuestion,
    ask_simulation,
    cancel_simulation,
    colleagues,
    list_simulations,
    see_simulation,
)
from hub.web.desk.say.floor import say_skill
from hub.web.desk.say.language import N_
from hub.web.desk.say.simulate import FIELDS, SCENARIOS, STATES, say_error, say_trouble, tell_question
from hub.web.desk.say.words import say_failure
from hub.web.desk.simulate.form import EXAMPLE, RANGES, HalfARow, QuestionForm, WrongNumber
from hub.web.desk.simulate.shown import show
from hub.web.desk.visit import Visit, go
from routing.simulate.reference import make_staff
from routing.simulate.trouble import CannotSimulate
from storage import rulebook
from storage.history import SimulationRow

PAGE = "/desk/simulate"
DRAFT = "draft"
_MOST_VERSIONS = 20
_SECONDS_BEFORE_LOOK = 1


async def show_simulate(visit: Visit) -> web.StreamResponse:
    """The form and what was asked before. `?draft=1`: to try one's own draft of the rules."""
    asked = visit.query
    form = QuestionForm(rules=DRAFT if asked.get("draft") else "")
    return await _show(visit, form)


async def post_simulate(visit: Visit) -> web.StreamResponse:
    """Have it answered, and go where the answer will be."""
    posted = await visit.form()
    form = QuestionForm.read({name: [str(one) for one in posted.getall(name)] for name in posted})
    try:
        question = form.document() | await _rules(visit, form)
        made = await ask_simulation(visit.ctx, question, visit.actor)
    except HalfARow:
        return await _show(visit, form, say_trouble(visit.voice, "half_a_row", {}))
    except WrongNumber as error:
        least, most = RANGES[error.field]
        params = {
            "field": visit.voice.say(FIELDS[error.field]),
            "least": visit.voice.number(least),
            "most": visit.voice.number(most),
        }
        return await _show(visit, form, say_trouble(visit.voice, "wrong_number", params))
    except CannotSimulate as error:
        return await _show(visit, form, say_error(visit.voice, error))
    except WrongQuestion as error:
        return await _show(visit, form, say_error(visit.voice, error.trouble))
    except ActionFailure as failure:
        return await _show(visit, form, say_failure(visit.voice, failure))
    return go(visit, f"{PAGE}/{made}")


async def show_simulation(visit: Visit) -> web.StreamResponse:
    """One question and its answer; `?with=7`: the answer of another one beside it."""
    return visit.page("simulation.html", section="simulate", **await _read(visit))


async def show_state(visit: Visit) -> web.StreamResponse:
    """Its changing part."""
    return visit.page("_simulation.html", **await _read(visit))


async def post_cancel(visit: Visit) -> web.StreamResponse:
    """End it, or never begin it."""
    await cancel_simulation(visit.ctx, _id(visit))
    return go(visit, f"{PAGE}/{_id(visit)}")


async def _show(visit: Visit, form: QuestionForm, trouble: str = "") -> web.Response:
    rules = visit.ctx.rules
    staff = await colleagues(visit.ctx)
    versions = await visit.ctx.database.read(lambda c: rulebook.versions(c, _MOST_VERSIONS))
    desk = await see_rules(visit.ctx, visit.agent.id)
    response = visit.page(
        "simulate.html",
        section="simulate",
        form=form,
        EXAMPLE=EXAMPLE,
        trouble=trouble,
        names=[one.name for one in staff],
        reference_names=[worker.name for worker in make_staff()],
        skills=rules.skills,
        skill_name=partial(say_skill, visit.voice),
        calendars={one.name: one.title_zh if visit.voice.chinese else one.title_en for one in rules.calendar},
        versions=[one for one in versions if one.version != visit.ctx.rulebook.version],
        version=visit.ctx.rulebook.version,
        has_draft=bool(desk.changes),
        scenarios=SCENARIOS,
        states=STATES,
        asked=[
            (one, tell_question(visit.voice, one.question, _called(visit, one.question)))
            for one in await list_simulations(visit.ctx)
        ],
    )
    if trouble:
        response.set_status(409)
    return response


async def _rules(visit: Visit, form: QuestionForm) -> dict[str, Any]:
    """The rules that are chosen in the form, as a part of the question. Raises NotPossible."""
    if not form.rules or form.workload != "history":
        return {}
    if form.rules == DRAFT:
        desk = await see_rules(visit.ctx, visit.agent.id)
        return {"rules": as_document(desk.rules), "rules_called": DRAFT}
    number = int(form.rules) if form.rules.isascii() and form.rules.isdigit() and len(form.rules) < 10 else 0
    document = await visit.ctx.database.read(lambda c: rulebook.document(c, number))
    if document is None:
        raise NotPossible("There is no such version of the rules.", code="unknown_version")
    return {"rules": document, "rules_called": str(number)}


async def _read(visit: Visit) -> dict[str, object]:
    row = await see_simulation(visit.ctx, _id(visit))
    others = [one for one in await list_simulations(visit.ctx) if one.state == "done" and one.id != row.id]
    other = await _other(visit)
    titles = {
        one.name: one.title_zh if visit.voice.chinese else one.title_en for one in visit.ctx.rules.queue
    }
    return {
        "row": row,
        "told": tell_question(visit.voice, row.question, _called(visit, row.question)),
        "states": STATES,
        "trouble": say_trouble(visit.voice, row.trouble["code"], row.trouble["params"])
        if row.trouble
        else "",
        "others": [
            (one, tell_question(visit.voice, one.question, _called(visit, one.question))) for one in others
        ],
        "other": other,
        "shown": show(visit.voice, row.result, titles, other.result if other else None)
        if row.result
        else None,
        "look_again": _SECONDS_BEFORE_LOOK,
    }


async def _other(visit: Visit) -> SimulationRow | None:
    given = visit.query.get("with", "")
    if not given:
        return None
    row = await see_simulation(visit.ctx, _as_id(given))
    return row if row.result is not None else None


def _called(visit: Visit, question: Mapping[str, Any]) -> str:
    """What the rules of a question are called."""
    called = str(question.get("rules_called", ""))
    if called == DRAFT:
        return visit.voice.say(N_("rules of a draft"))
    return visit.voice.say(N_("rules of version %(version)s"), version=called) if called else ""


def _id(visit: Visit) -> int:
    return _as_id(visit.request.match_info["id"])


def _as_id(given: str) -> int:
    if not (given.isascii() and given.isdigit() and int(given) < 2**63):
        raise NotFound("There is no such simulation.")
    return int(given)
