"""What customers are asked: the list of surveys, and the page on which one is written, with what customers would see."""

from datetime import timedelta

from aiohttp import web

from hub.actions.failures import ActionFailure, NotFound
from hub.actions.surveys import keep
from hub.actions.surveys.definition import FURTHER_SCALE, MOST_COMMENT, PRESETS, Kind, Sort
from hub.actions.surveys.report import By, Figures, report
from hub.model.permissions import Permission
from hub.web.desk.say import surveys as words
from hub.web.desk.say.render import render
from hub.web.desk.say.words import PRIORITIES, say_failure
from hub.web.desk.surveys import draft as drafts
from hub.web.desk.surveys.draft import Draft
from hub.web.desk.visit import Visit, go
from storage.survey_report import Wanted

PAGE = "/desk/surveys"
_RECENT = timedelta(days=30)


async def show_list(visit: Visit) -> web.StreamResponse:
    """All of them in their order, each with how it went lately."""
    kept = await keep.list_surveys(visit.ctx)
    return visit.page(
        "surveys.html",
        section="surveys",
        surveys=kept,
        lately=await _lately(visit) if visit.may(Permission.SEE_SURVEYS) else {},
        own=_own_questions(visit),
        W=words,
        queues=_queues(visit),
    )


async def show_new(visit: Visit) -> web.StreamResponse:
    """One of the ready-made, to be changed and kept."""
    kind = visit.request.match_info["kind"]
    if kind not in set(Kind):
        raise NotFound("There is no such kind of question.")
    preset = PRESETS[Kind(kind)]
    said = preset.question.say(visit.voice.locale)
    named = preset.model_copy(update={"name": f"{preset.name} · {said}"[:100]})
    return await _editor(visit, drafts.draft_of(named), survey=None)


async def show_editor(visit: Visit) -> web.StreamResponse:
    """One as it is kept."""
    survey = await keep.find_survey(visit.ctx, _number(visit))
    draft = drafts.draft_of(survey.definition)
    return await _editor(visit, draft, survey=survey, saved="kept" in visit.query)


async def post_new(visit: Visit) -> web.StreamResponse:
    """One act on a survey that is not kept yet; or it is."""
    return await _act(visit, None)


async def post_change(visit: Visit) -> web.StreamResponse:
    """The same on one that is."""
    return await _act(visit, await keep.find_survey(visit.ctx, _number(visit)))


async def post_preview(visit: Visit) -> web.StreamResponse:
    """What customers would see."""
    draft, _ = await _posted(visit)
    return visit.page("_survey_preview.html", preview=_preview(visit, draft))


async def post_switch(visit: Visit) -> web.StreamResponse:
    """On or off."""
    form = await visit.form()
    await keep.switch_survey(
        visit.ctx, survey_id=_number(visit), active=form.get("to") == "on", actor=visit.actor
    )
    return go(visit, f"{PAGE}#survey-{_number(visit)}")


async def post_move(visit: Visit) -> web.StreamResponse:
    """One place up or down."""
    form = await visit.form()
    await keep.move_survey(visit.ctx, survey_id=_number(visit), up=form.get("to") == "up", actor=visit.actor)
    return go(visit, f"{PAGE}#survey-{_number(visit)}")


async def post_retire(visit: Visit) -> web.StreamResponse:
    """It is put away."""
    await keep.retire_survey(visit.ctx, survey_id=_number(visit), actor=visit.actor)
    return go(visit, PAGE)


async def _act(visit: Visit, survey: keep.Survey | None) -> web.StreamResponse:
    draft, form = await _posted(visit)
    act, _, value = str(form.get("act", "")).partition(":")
    if act == "add":
        drafts.add(draft)
    elif act == "remove" and value.isascii() and value.isdigit() and len(value) < 3:
        drafts.remove(draft, int(value))
    elif act == "save":
        return await _save(visit, survey, draft, str(form.get("version", "")))
    return await _editor(visit, draft, survey=survey)


async def _save(visit: Visit, survey: keep.Survey | None, draft: Draft, version: str) -> web.StreamResponse:
    said = drafts.as_said(draft)
    try:
        if survey is None:
            number = await keep.add_survey(visit.ctx, said=said, actor=visit.actor)
        else:
            number = survey.id
            seen = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else -1
            await keep.change_survey(visit.ctx, survey_id=number, version=seen, said=said, actor=visit.actor)
    except ActionFailure as failure:
        return await _editor(visit, draft, survey=survey, trouble=say_failure(visit.voice, failure))
    return go(visit, f"{PAGE}/{number}?kept")


async def _editor(
    visit: Visit, draft: Draft, *, survey: keep.Survey | None, saved: bool = False, trouble: str = ""
) -> web.StreamResponse:
    kind = draft.get("kind")
    scores = Kind(kind).scores if kind in set(Kind) else range(0)
    response = visit.page(
        "_survey_editor.html" if visit.partial else "survey_form.html",
        section="surveys",
        survey=survey,
        draft=draft,
        saved=saved,
        trouble=trouble,
        LOW_LABELS=_lows(visit, scores),
        W=words,
        SORT_LABELS=[(one.value, visit.voice.say(words.SORTS[one])) for one in Sort],
        PRIORITY_LABELS=[(str(int(one)), visit.voice.say(said)) for one, said in PRIORITIES.items()],
        CHANNEL_LABELS=[
            (name, name)
            for name in sorted(visit.ctx.channels)
            if visit.ctx.channel(name).kind.asks is not None
        ],
        queues=_queues(visit),
        preview=_preview(visit, draft),
    )
    if trouble:
        response.set_status(409)
    return response


def _preview(visit: Visit, draft: Draft) -> str:
    """The page that customers would see, in the reader's language; "" while something is missing."""
    made = drafts.as_definition(draft)
    if made is None:
        return ""
    return render(
        "survey_preview.html",
        visit.voice,
        asked=made,
        typed={},
        SORTS=Sort,
        FURTHER_SCALE=FURTHER_SCALE,
        MOST_COMMENT=MOST_COMMENT,
    )


async def _posted(visit: Visit) -> tuple[Draft, dict[str, object]]:
    form = await visit.form()
    several = {name: [str(one) for one in form.getall(name, [])] for name in ("channels", "queues")}
    return drafts.read_draft(form, several), dict(form)


async def _lately(visit: Visit) -> dict[str, Figures]:
    """By the id of the survey as a text."""
    found: dict[str, Figures] = {}
    for kind in Kind:
        wanted = Wanted(
            since=visit.now - _RECENT,
            until=visit.now,
            kind=kind.value,
            sight=visit.actor.sight,
            viewer=visit.agent.id,
        )
        _, lines = await report(visit.ctx, wanted, by=By.SURVEY)
        found |= {one.key: one for one in lines if one.key}
    return found


def _lows(visit: Visit, scores: range) -> list[tuple[str, str]]:
    """Up to which a score may be low: none, or all but the best."""
    none = (str(scores.start - 1), visit.voice.say(words.NO_LOW))
    return [none, *((str(one), str(one)) for one in scores[:-1])]


def _own_questions(visit: Visit) -> list[str]:
    """Channels whose own settings ask for a rating."""
    channels = [visit.ctx.channel(name) for name in sorted(visit.ctx.channels)]
    return [
        one.name
        for one in channels
        if one.kind.rating is not None and one.kind.rating(one.settings) is not None
    ]


def _queues(visit: Visit) -> dict[str, str]:
    """Name and title of each."""
    return {one.name: one.title_zh if visit.voice.chinese else one.title_en for one in visit.ctx.rules.queue}


def _number(visit: Visit) -> int:
    given = visit.request.match_info["id"]
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise NotFound("not a number")
    return int(given)
