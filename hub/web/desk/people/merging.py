"""Two customers that are one person: found, looked at together, merged, and two again. And the list of those who might be."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from hub.actions.customers.merge import merge_customers_into, undo_customer_merge
from hub.actions.customers.pairs import AT_ONCE, decide_pair, look_for_pairs, undo_decision
from hub.actions.customers.together import conflicts
from hub.actions.failures import ActionFailure, NotFound
from hub.actions.people.sight import may_see_customer, seen_customers
from hub.actions.search.find import look_up_customers
from hub.model.codes import CUSTOMER, NotACode, read_code, show_code
from hub.web.api.cursors import NotACursor
from hub.web.desk import customers
from hub.web.desk.people.pair_cursor import read_pair_cursor, show_pair_cursor
from hub.web.desk.say.language import N_
from hub.web.desk.say.words import say_failure
from hub.web.desk.tickets.acting import taken_back
from hub.web.desk.tickets.joining import CLOSE_DIALOG
from hub.web.desk.visit import Visit
from storage import change_customers, customer_pairs, merge_customers, views
from storage.change_customers import OwnIdentity
from storage.customer_pairs import PairRow
from storage.database import Connection
from storage.merge_customers import Counts, LockedCustomer
from storage.views import CustomerRow

FOUND, PAGE = 8, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two, as the preview shows it."""

    row: CustomerRow
    said: LockedCustomer
    identities: Sequence[OwnIdentity]
    counts: Counts


def customer_code(given: str) -> int:
    """The number in an address. Raises NotFound."""
    try:
        return read_code(CUSTOMER, given)
    except NotACode as error:
        raise NotFound(str(error)) from error


async def show_merge(visit: Visit) -> web.StreamResponse:
    """The dialog in which the other one is looked for."""
    customer = await _customer(visit, customer_code(visit.request.match_info["code"]))
    return visit.page("_merge_customer.html", customer=customer)


async def show_found(visit: Visit) -> web.StreamResponse:
    """Who is found by name, identity or code."""
    code = customer_code(visit.request.match_info["code"])
    query = visit.query.get("q", "").strip()[:200]
    rows, _ = await look_up_customers(visit.ctx, query, visit.actor, limit=FOUND + 1) if query else ([], None)
    found = [row for row in rows if row.code != code][:FOUND]
    return visit.page("_merge_found.html", number=show_code(CUSTOMER, code), found=found, query=query)


async def show_preview(visit: Visit) -> web.StreamResponse:
    """What comes together, and in what they differ."""
    return await _preview(visit)


async def post_merge(visit: Visit) -> web.StreamResponse:
    """Merge them, and show who they are now."""
    kept = customer_code(visit.request.match_info["code"])
    form = await visit.form()
    gone = customer_code(visit.request.match_info["other"])
    await _check_sight(visit, gone)
    take = [str(one).removeprefix("take.") for one, value in form.items() if value == "gone"]
    try:
        merge_id = await merge_customers_into(
            visit.ctx, kept_code=kept, gone_code=gone, actor=visit.actor, take=take
        )
    except ActionFailure as refused:
        return await _preview(visit, say_failure(visit.voice, refused))
    text = visit.voice.say(
        N_("%(number)s is part of %(other)s now."),
        number=show_code(CUSTOMER, gone),
        other=show_code(CUSTOMER, kept),
    )
    tail = visit.toast(text, f"/desk/customers/merges/{merge_id}/undo") + CLOSE_DIALOG
    if form.get("from") == "conflicts":
        response = await _list(visit, "_conflicts.html", tail)
        response.headers["HX-Retarget"] = "#conflicts"
    else:
        told = await customers.show_timeline(visit, tail)
        response = told
        response.headers["HX-Retarget"] = "#timeline"
    response.headers["HX-Reswap"] = "outerMorph"
    return response


async def post_undo_merge(visit: Visit) -> web.StreamResponse:
    """They are two again."""
    given = visit.request.match_info["id"]
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise NotFound("not an id")
    merge = await visit.ctx.database.read(lambda c: merge_customers.merge_of(c, int(given)))
    if merge is not None:
        await _check_sight(visit, merge.kept_code)
    await undo_customer_merge(visit.ctx, merge_id=int(given), actor=visit.actor)
    return taken_back(visit)


async def show_conflicts(visit: Visit) -> web.StreamResponse:
    """Who might be one person."""
    while await look_for_pairs(visit.ctx) == AT_ONCE:
        pass
    return await _list(visit, "conflicts.html")


async def show_conflict_list(visit: Visit) -> web.StreamResponse:
    """The list alone."""
    return await _list(visit, "_conflicts.html")


async def post_different(visit: Visit) -> web.StreamResponse:
    """They are two, and nobody is asked again."""
    one, other = await _pair(visit)
    await decide_pair(visit.ctx, one_code=one, other_code=other, actor=visit.actor)
    undo = f"/desk/conflicts/{show_code(CUSTOMER, one)}/{show_code(CUSTOMER, other)}/undo"
    return await _list(visit, "_conflicts.html", visit.toast(visit.voice.say(N_("Noted: two people.")), undo))


async def post_undo_different(visit: Visit) -> web.StreamResponse:
    """They are asked about again."""
    one, other = await _pair(visit)
    await undo_decision(visit.ctx, one_code=one, other_code=other, actor=visit.actor)
    return taken_back(visit)


async def _pair(visit: Visit) -> tuple[int, int]:
    """Both in sight. Raises NotFound."""
    one, other = (customer_code(visit.request.match_info[name]) for name in ("one", "other"))
    await _check_sight(visit, one)
    await _check_sight(visit, other)
    return one, other


async def _list(visit: Visit, template: str, tail: str = "") -> web.Response:
    given = visit.query.get("after", "")
    try:
        before = read_pair_cursor(given) if given else None
    except NotACursor as error:
        raise NotFound("not a page of this list") from error

    async def read(c: Connection) -> tuple[list[PairRow], set[int]]:
        rows = await customer_pairs.open_pairs(c, before, PAGE)
        return rows, await seen_customers(
            c, visit.actor, [n for row in rows for n in (row.low_id, row.high_id)]
        )

    pairs, seen = await visit.ctx.database.read(read)
    return visit.page(
        template,
        tail=tail,
        section="conflicts",
        pairs=[row for row in pairs if {row.low_id, row.high_id} <= seen],
        first=before is None,
        after=show_pair_cursor(pairs[-1]) if len(pairs) == PAGE else "",
    )


async def _customer(visit: Visit, code: int) -> CustomerRow:
    found = await visit.ctx.database.read(lambda c: views.get_customer_by_code(c, code))
    if found is None:
        raise NotFound(f"There is no customer {show_code(CUSTOMER, code)}.")
    return found


async def _check_sight(visit: Visit, code: int) -> None:
    if not await visit.ctx.database.read(lambda c: may_see_customer(c, visit.actor, code)):
        raise NotFound(f"There is no customer {show_code(CUSTOMER, code)}.")


async def _preview(visit: Visit, trouble: str = "") -> web.Response:
    kept = customer_code(visit.request.match_info["code"])
    gone = customer_code(visit.request.match_info["other"])
    await _check_sight(visit, gone)

    async def side(c: Connection, code: int) -> Side | None:
        row = await views.get_customer_by_code(c, code)
        if row is None or row.code != code:
            return None
        said = await merge_customers.lock(c, [row.id])
        return Side(
            row=row,
            said=said[row.id],
            identities=await change_customers.own_identities(c, row.id),
            counts=await merge_customers.counts(c, row.id),
        )

    async def read(c: Connection) -> tuple[Side | None, Side | None, dict[int, str], dict[int, str]]:
        agents = {one.id: one.name for one in await views.list_agents(c)}
        houses = {
            number: name
            for number, _, name in await change_customers.organisation_choices(
                c, 1000, sight=visit.actor.sight, agent_id=visit.agent.id
            )
        }
        return await side(c, kept), await side(c, gone), agents, houses

    ours, theirs, agents, houses = await visit.ctx.database.run(read)
    if ours is None or theirs is None:
        raise NotFound("One of them was merged already.", code="customer_merged_already")
    return visit.page(
        "_merge_preview.html",
        kept=ours,
        gone=theirs,
        differ=conflicts(ours.said.said, theirs.said.said),
        agents=agents,
        houses=houses,
        origin=visit.query.get("from", ""),
        trouble=trouble,
    )
