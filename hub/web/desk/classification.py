"""How well tickets are sorted, what waits for a person's word, and what was learned: for whoever leads."""

from dataclasses import replace

import structlog
from aiohttp import web

from hub.actions.apart import ApartFailed
from hub.actions.failures import NotFound
from hub.actions.floor.measured import DAYS, Cell, read_overview
from hub.actions.learning.correct import change_ticket
from hub.actions.learning.learn import learn, methods_here, use_version
from hub.actions.people.sight import seen_codes
from hub.model.tickets import TicketKind
from hub.web.desk.say.language import N_
from hub.web.desk.tickets.thread import ticket_code
from hub.web.desk.visit import Visit

log = structlog.get_logger(__name__)

VERDICTS = {
    "better": N_("better than before"),
    "no_worse": N_("no worse than before"),
    "worse": N_("worse: kept, not used"),
    "too_few": N_("too few corrections yet"),
}
METHODS = {
    "words": N_("words, beside the rules"),
    "tfidf": N_("parts of words (scikit-learn)"),
}


async def show_classification(visit: Visit) -> web.StreamResponse:
    """The page."""
    return visit.page("classification.html", section="classification", **await _read(visit))


async def show_state(visit: Visit) -> web.StreamResponse:
    """Its changing part."""
    return visit.page("_classification.html", **await _read(visit))


async def post_confirm(visit: Visit) -> web.StreamResponse:
    """Say of an uncertain ticket that it is what it was taken for."""
    form = await visit.form()
    kind = str(form.get("kind", ""))
    await change_ticket(
        visit.ctx,
        ticket_code=ticket_code(str(form.get("ticket", ""))),
        actor=visit.actor,
        kind=kind,
        seen_kind=kind,
    )
    return await show_state(visit)


async def post_use(visit: Visit) -> web.StreamResponse:
    """Give a version a say, or none."""
    given = str((await visit.form()).get("version", ""))
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise NotFound("not the number of a version")
    await use_version(visit.ctx, version=int(given), actor=visit.actor)
    return await show_state(visit)


async def post_learn(visit: Visit) -> web.StreamResponse:
    """Learn from what was said until now, and say what came of it."""
    say = visit.voice.say
    try:
        made = await learn(visit.ctx, actor=visit.actor, methods=methods_here())
    except ApartFailed as failure:
        log.warning("learned.failed", error=str(failure))
        told = say(N_("Learning did not come to an end; the log says more."))
    else:
        used = next((one.version for one in made if one.in_use), None)
        if not made:
            told = say(
                N_("There is nothing to learn from yet: somebody has to say of tickets what they are.")
            )
        elif used is not None:
            told = say(N_("Learned: version %(version)s, which is used from now on."), version=used)
        else:
            newest = made[0].version
            told = say(
                N_("Learned: version %(version)s, which is no better and is kept without a say."),
                version=newest,
            )
    return visit.page("_classification.html", tail=visit.toast(told), **await _read(visit))


async def _read(visit: Visit) -> dict[str, object]:
    overview = await read_overview(visit.ctx)
    codes = [row.ticket_code for row in overview.uncertain]
    codes += [row.ticket_code for row in overview.recent]
    seen = await visit.ctx.database.read(lambda c: seen_codes(c, visit.actor, codes))
    return {
        "overview": replace(
            overview,
            uncertain=[row for row in overview.uncertain if row.ticket_code in seen],
            recent=[row for row in overview.recent if row.ticket_code in seen],
        ),
        "kinds": list(TicketKind),
        "NONE": Cell(),
        "DAYS": DAYS,
        "VERDICTS": VERDICTS,
        "METHODS": METHODS,
    }
