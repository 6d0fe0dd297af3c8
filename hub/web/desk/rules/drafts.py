"""What a person has changed and not published: looking at it, trying it, publishing it, or giving it up."""

from dataclasses import replace
from typing import Literal, cast

from aiohttp import web

from hub.actions.failures import Conflict, NotPossible
from hub.actions.people.sight import seen_codes
from hub.actions.rules.rule_drafts import Overlap, discard_draft, overlap_of, publish_draft, rebase_draft
from hub.actions.rules.try_rules import begin_trial, last_trial
from hub.model.codes import TICKET, read_code, show_code
from hub.web.desk.rules.forms.fields import one
from hub.web.desk.rules.trials import ToldTrial, tell_trial
from hub.web.desk.rules.troubles import say_refusal, troubles_of
from hub.web.desk.rules.view import RULES, UNPROCESSABLE, Seen, posted, see, show
from hub.web.desk.say.language import N_
from hub.web.desk.say.rule_changes import tell_changes, tell_unit
from hub.web.desk.visit import Visit, go
from routing.compare import Unit
from routing.rules import RulesError

DRAFT = f"{RULES}/draft"
_KEEP = "keep:"


async def show_draft(visit: Visit) -> web.StreamResponse:
    """The page."""
    return await _show(visit)


async def post_publish(visit: Visit) -> web.StreamResponse:
    """These are the rules from now on. Where somebody published meanwhile, the page says what overlaps."""
    note = one(await posted(visit.request), "note")
    try:
        await publish_draft(visit.ctx, actor=visit.actor, note=note)
    except Conflict:
        return go(visit, DRAFT)
    except NotPossible as failure:
        return await _show(visit, trouble=say_refusal((await see(visit)).words, failure), note=note)
    return go(visit, RULES)


async def post_discard(visit: Visit) -> web.StreamResponse:
    """Forget the changes."""
    await discard_draft(visit.ctx, agent_id=visit.agent.id)
    return go(visit, RULES)


async def post_rebase(visit: Visit) -> web.StreamResponse:
    """Put the changes on top of what was published meanwhile."""
    fields = await posted(visit.request)
    keep: dict[Unit, Literal["mine", "theirs"]] = {
        tuple(name.removeprefix(_KEEP).split("/", 1)): cast("Literal['mine', 'theirs']", one(fields, name))
        for name in fields
        if name.startswith(_KEEP) and one(fields, name) in ("mine", "theirs")
    }
    given = one(fields, "newest")
    newest = int(given) if given.isascii() and given.isdigit() and len(given) < 9 else 0
    try:
        await rebase_draft(visit.ctx, agent_id=visit.agent.id, newest_version=newest, keep=keep)
    except Conflict:
        said = visit.voice.say(N_("Say for each of these whose change counts."))
        return await _show(visit, trouble=said)
    except RulesError as error:
        troubles = troubles_of(visit.voice, error.wrong, "file", None, {})
        said = visit.voice.say(N_("The two do not go together. %(why)s"), why=" ".join(troubles.values()))
        return await _show(visit, trouble=said)
    return go(visit, DRAFT)


async def show_trial(visit: Visit) -> web.StreamResponse:
    """How far the trial is, or what came of it."""
    seen = await see(visit)
    return show(visit, seen, "_rules_dry_run.html", trial=await _trial(visit, seen))


async def post_trial(visit: Visit) -> web.StreamResponse:
    """Try the draft on the last days."""
    await begin_trial(visit.ctx, agent_id=visit.agent.id)
    return await show_trial(visit) if visit.partial else go(visit, f"{DRAFT}#h-try")


async def _show(visit: Visit, *, trouble: str = "", note: str = "") -> web.Response:
    seen = await see(visit)
    overlap: Overlap | None = None
    if seen.desk.behind:
        overlap = await overlap_of(visit.ctx, visit.agent.id)
    return show(
        visit,
        seen,
        "rules_draft.html",
        status=UNPROCESSABLE if trouble else 200,
        page="draft",
        changes=tell_changes(seen.words, seen.desk.changes),
        overlap=overlap,
        theirs=tell_changes(seen.words, overlap.theirs) if overlap else (),
        clashes=[
            (_KEEP + "/".join(unit), tell_unit(seen.words, unit))
            for unit in (overlap.clashes if overlap else ())
        ],
        trouble=trouble,
        note=note,
        trial=await _trial(visit, seen),
    )


async def _trial(visit: Visit, seen: Seen) -> ToldTrial | None:
    told = tell_trial(seen.words, await last_trial(visit.ctx, visit.agent.id), seen.desk.rules.fingerprint)
    if told is None:
        return None
    numbers = [row.ticket for row in told.tickets] + [run.ticket for run in told.runs]
    codes = [read_code(TICKET, number) for number in numbers]
    there = {
        show_code(TICKET, code)
        for code in await visit.ctx.database.read(lambda c: seen_codes(c, visit.actor, codes))
    }
    return replace(
        told,
        tickets=[one for one in told.tickets if one.ticket in there],
        runs=[one for one in told.runs if one.ticket in there],
    )
