"""How long what is kept, at the desk: the policies with what each would find, the runs, the holds; and of one customer: a hold,
everything of theirs as a file, or nothing any more."""

import tempfile

from aiohttp import web

from hub.actions.failures import Conflict, NotFound, NotPossible
from hub.actions.privacy.export import export_customer
from hub.actions.privacy.forget import (
    MOST_COUNTED,
    anonymise_customer,
    has_more,
    hold_of,
    lift_hold,
    list_holds,
    refusal_of,
    set_hold,
    standing_of,
)
from hub.actions.privacy.policies import change_policy, find_old, list_policies, list_runs
from hub.model.codes import CUSTOMER, NotACode, read_code, show_code
from hub.model.permissions import Permission
from hub.model.retention import DEPTHS, LEAST_DAYS, Depth, Kept
from hub.web.api.files import as_download
from hub.web.desk.say.language import N_, Voice
from hub.web.desk.say.retention import DEPTH_WORDS, POLICIES, say_days
from hub.web.desk.say.words import FAILURES, say_failure
from hub.web.desk.staff.forms import number
from hub.web.desk.visit import Visit, go
from storage import views
from storage.privacy import Standing

PAGE = "/desk/retention"
TERMS = (7, 14, 30, 60, 90, 180, 366, 730, 1095, 1826, 2555, 3652, 5479)
"""Days that are offered; a policy that has others keeps them."""
_CHUNK = 256 * 1024
_GOING = (
    ("identities", N_("Addresses and numbers")),
    ("tickets", N_("Tickets")),
    ("entries", N_("Messages and notes")),
    ("files", N_("Files")),
    ("originals", N_("Originals as they came in")),
    ("drafts", N_("Drafts, and answers for later")),
    ("tasks", N_("Tasks")),
    ("surveys", N_("Survey questions")),
)
"""What is counted before somebody is forgotten, as the page calls it."""


async def show_retention(visit: Visit) -> web.StreamResponse:
    """The page. `?look=` a policy and `?days=`: with what it would find if it were kept so long."""
    asked = visit.query
    kept = asked.get("look", "")
    try:
        found = (
            await find_old(visit.ctx, kept=Kept(kept), days=number(asked.get("days", "")))
            if kept in set(Kept)
            else None
        )
    except NotPossible as failure:
        return await _page(visit, trouble=say_failure(visit.voice, failure))
    return await _page(
        visit, looked=kept, found=found, days=asked.get("days", ""), done=asked.get("done", "")
    )


async def post_policy(visit: Visit) -> web.StreamResponse:
    """Keep it so long, from the next night on."""
    what = visit.request.match_info["what"]
    if what not in set(Kept):
        raise NotFound("There is no such policy.")
    posted = await visit.form()
    depth = str(posted.get("depth", Depth.ALL))
    try:
        await change_policy(
            visit.ctx,
            kept=Kept(what),
            enabled=posted.get("enabled") == "1",
            days=number(str(posted.get("days", ""))),
            depth=Depth(depth) if depth in set(Depth) else Depth.ALL,
            version=number(str(posted.get("version", ""))),
            actor=visit.actor,
        )
    except (Conflict, NotPossible) as failure:
        return await _page(visit, trouble=say_failure(visit.voice, failure))
    return go(visit, f"{PAGE}?done=saved")


async def show_customer(visit: Visit) -> web.StreamResponse:
    """What can be done with everything that is known of a customer."""
    return await _customer(visit)


async def get_export(visit: Visit) -> web.StreamResponse:
    """Everything of theirs."""
    code = _code(visit)
    with tempfile.SpooledTemporaryFile(max_size=8 * 2**20) as file:
        await export_customer(visit.ctx, customer_code=code, actor=visit.actor, into=file)
        response = web.StreamResponse(
            headers={
                "Content-Type": "application/zip",
                "Content-Disposition": as_download(f"{show_code(CUSTOMER, code)}.zip"),
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
            }
        )
        response.content_length = file.tell()
        file.seek(0)
        await response.prepare(visit.request)
        while chunk := file.read(_CHUNK):
            await response.write(chunk)
        await response.write_eof()
    return response


async def post_hold(visit: Visit) -> web.StreamResponse:
    """Nothing of theirs is taken away from now on."""
    code = _code(visit)
    reason = str((await visit.form()).get("reason", ""))
    try:
        await set_hold(visit.ctx, customer_code=code, reason=reason, actor=visit.actor)
    except NotPossible as failure:
        return await _customer(visit, trouble=say_failure(visit.voice, failure))
    return go(visit, f"/desk/customers/{show_code(CUSTOMER, code)}/data?done=held")


async def post_lift(visit: Visit) -> web.StreamResponse:
    """The policies count again."""
    code = _code(visit)
    await lift_hold(visit.ctx, customer_code=code, actor=visit.actor)
    return go(visit, f"/desk/customers/{show_code(CUSTOMER, code)}/data?done=lifted")


async def post_anonymise(visit: Visit) -> web.StreamResponse:
    """Nothing is left of them."""
    code = _code(visit)
    typed = str((await visit.form()).get("typed", ""))
    try:
        await anonymise_customer(visit.ctx, customer_code=code, typed=typed, actor=visit.actor)
    except NotPossible as failure:
        return await _customer(visit, grave=say_failure(visit.voice, failure))
    return go(visit, f"/desk/customers/{show_code(CUSTOMER, code)}/data?done=anonymised")


async def _page(
    visit: Visit, *, looked: str = "", found: object = None, days: str = "", trouble: str = "", done: str = ""
) -> web.StreamResponse:
    policies = await list_policies(visit.ctx)
    response = visit.page(
        "retention.html",
        section="retention",
        policies=policies,
        terms={
            kept: sorted({*(one for one in TERMS if one >= LEAST_DAYS[kept]), row.days})
            for kept, row in policies.items()
        },
        looked=looked,
        found=found,
        given_days=days,
        runs=await list_runs(visit.ctx),
        holds=await list_holds(visit.ctx),
        trouble=trouble,
        done=done,
        POLICIES=POLICIES,
        DEPTHS=DEPTHS,
        DEPTH_WORDS=DEPTH_WORDS,
        in_days=lambda many: say_days(visit.voice, many),
    )
    if trouble:
        response.set_status(409)
    return response


async def _customer(visit: Visit, *, trouble: str = "", grave: str = "") -> web.StreamResponse:
    code = _code(visit)
    standing = await standing_of(visit.ctx, code)
    customer = await visit.ctx.database.read(lambda c: views.get_customer_by_code(c, code))
    if customer is None:
        raise NotFound(f"There is no customer {code}.")
    refusal = refusal_of(standing)
    response = visit.page(
        "customer_data.html",
        section="customers",
        customer=customer,
        standing=standing,
        going=_going(visit.voice, standing),
        counted=MOST_COUNTED if has_more(standing) else None,
        against=visit.voice.say(FAILURES[refusal.code]) if refusal else "",
        hold=await hold_of(visit.ctx, code),
        exports=visit.may(Permission.EXPORT_CUSTOMERS),
        forgets=visit.may(Permission.ANONYMISE_CUSTOMERS),
        holds=visit.may(Permission.MANAGE_RETENTION),
        trouble=trouble,
        grave=grave,
        done=visit.query.get("done", ""),
    )
    if trouble or grave:
        response.set_status(409)
    return response


def _going(voice: Voice, standing: Standing) -> list[tuple[str, str]]:
    """How many of what would go, without what there is none of."""
    told = []
    for what, label in _GOING:
        many = getattr(standing, what)
        said = voice.number(many)
        if what == "files":
            said = voice.say(N_("%(num)s (%(size)s)"), num=said, size=voice.size(standing.size))
        if many:
            told.append((voice.say(label), said))
    return told


def _code(visit: Visit) -> int:
    try:
        return read_code(CUSTOMER, visit.request.match_info["code"])
    except NotACode as error:
        raise NotFound(str(error)) from error
