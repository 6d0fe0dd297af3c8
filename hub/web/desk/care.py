"""The page that says what a customer is to the company: key account, segment, who looks after them."""

from aiohttp import web

from hub.actions.failures import NotFound, NotPossible
from hub.actions.people.care import MOST_SEGMENT, change_care
from hub.model.codes import CUSTOMER, NotACode, read_code
from hub.web.desk.say.words import say_failure
from hub.web.desk.visit import Visit, go
from storage import customers, views
from storage.database import Connection


async def show_care(visit: Visit) -> web.StreamResponse:
    """The form as things are."""
    return await _page(visit)


async def post_care(visit: Visit) -> web.StreamResponse:
    """Keep what the form says."""
    form = await visit.form()
    owner = str(form.get("owner", ""))
    if owner and not (owner.isascii() and owner.isdigit() and len(owner) < 19):
        raise NotFound("not the id of an agent")
    try:
        await change_care(
            visit.ctx,
            customer_code=_code(visit),
            actor=visit.actor,
            key_account=form.get("key_account") == "yes",
            segment=str(form.get("segment", "")),
            owner_id=int(owner) if owner else None,
            nobody=not owner,
        )
    except NotPossible as refused:
        return await _page(visit, trouble=say_failure(visit.voice, refused))
    return go(visit, f"/desk/customers/{visit.request.match_info['code']}")


def _code(visit: Visit) -> int:
    try:
        return read_code(CUSTOMER, visit.request.match_info["code"])
    except NotACode as error:
        raise NotFound(str(error)) from error


async def _page(visit: Visit, trouble: str = "") -> web.StreamResponse:
    code = _code(visit)

    async def read(c: Connection) -> dict[str, object] | None:
        customer = await views.get_customer_by_code(c, code)
        if customer is None:
            return None
        return {
            "customer": customer,
            "care": await customers.care_of(c, customer.id),
            "segments": await customers.segments(c),
            "agents": [one for one in await views.list_agents(c) if one.active],
        }

    found = await visit.ctx.database.read(read)
    if found is None:
        raise NotFound(f"There is no customer {code}.")
    return visit.page("care.html", section="customers", trouble=trouble, MOST_SEGMENT=MOST_SEGMENT, **found)
