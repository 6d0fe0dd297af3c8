"""Companies: listed by pinyin, added, changed; their people and tickets."""

from aiohttp import web

from hub.actions.customers.organisations import (
    MOST_NAME,
    MOST_NOTE,
    add_organisation,
    change_organisation,
    get_organisation,
    list_organisations,
)
from hub.actions.failures import ActionFailure, NotFound
from hub.actions.people.care import MOST_SEGMENT
from hub.actions.people.sight import may_see_customer, seen_codes
from hub.model.codes import ORGANISATION, NotACode, read_code, show_code
from hub.web.desk.say.words import say_failure
from hub.web.desk.visit import Visit, go
from storage import change_customers, customers, views
from storage.change_customers import OrganisationRow, OrganisationSaid
from storage.database import Connection

PAGE, MEMBERS, TICKETS = 50, 200, 50


async def show_organisations(visit: Visit) -> web.StreamResponse:
    """A page of them."""
    query = visit.query
    looked_for = query.get("q", "")[:200]
    after, last = query.get("after", ""), query.get("last", "")
    number = int(last) if last.isascii() and last.isdigit() and len(last) < 19 else 0
    rows = await list_organisations(
        visit.ctx, actor=visit.actor, after=(after, number), query=looked_for, limit=PAGE
    )
    return visit.page(
        "organisations.html",
        section="organisations",
        looked_for=looked_for,
        rows=rows,
        more=rows[-1] if len(rows) == PAGE else None,
        first=not after,
    )


async def show_new(visit: Visit) -> web.StreamResponse:
    """The form for a new one."""
    return await _form(visit, None, {})


async def post_new(visit: Visit) -> web.StreamResponse:
    """Keep it."""
    given = await _given(visit)
    try:
        code = await add_organisation(visit.ctx, said=_said(given), actor=visit.actor)
    except ActionFailure as refused:
        return await _form(visit, None, given, say_failure(visit.voice, refused))
    return go(visit, f"/desk/organisations/{show_code(ORGANISATION, code)}")


async def show_organisation(visit: Visit) -> web.StreamResponse:
    """One, with its people and their tickets."""
    row = await _row(visit)

    async def read(c: Connection) -> dict[str, object]:
        members = await change_customers.members(c, row.id, MEMBERS)
        tickets = await change_customers.tickets_of_organisation(c, row.id, TICKETS)
        seen = await seen_codes(c, visit.actor, [one.code for one in tickets])
        return {
            "members": [one for one in members if await may_see_customer(c, visit.actor, one.code)],
            "tickets": [one for one in tickets if one.code in seen],
        }

    found = await visit.ctx.database.read(read)
    return visit.page("organisation.html", section="organisations", row=row, **found)


async def show_change(visit: Visit) -> web.StreamResponse:
    """The form as things are."""
    return await _form(visit, await _row(visit), {})


async def post_change(visit: Visit) -> web.StreamResponse:
    """Keep what the form says."""
    row, given = await _row(visit), await _given(visit)
    version = given["version"]
    try:
        await change_organisation(
            visit.ctx,
            organisation_code=row.code,
            version=int(version) if version.isascii() and version.isdigit() and len(version) < 9 else 0,
            said=_said(given),
            actor=visit.actor,
        )
    except ActionFailure as refused:
        return await _form(visit, row, given, say_failure(visit.voice, refused))
    return go(visit, f"/desk/organisations/{show_code(ORGANISATION, row.code)}")


async def _row(visit: Visit) -> OrganisationRow:
    try:
        code = read_code(ORGANISATION, visit.request.match_info["organisation"])
    except NotACode as error:
        raise NotFound(str(error)) from error
    return await get_organisation(visit.ctx, code=code, actor=visit.actor)


async def _given(visit: Visit) -> dict[str, str]:
    form = await visit.form()
    return {
        name: str(form.get(name, ""))
        for name in ("name", "key_account", "segment", "owner", "note", "version")
    }


def _said(given: dict[str, str]) -> OrganisationSaid:
    owner = given["owner"]
    if owner and not (owner.isascii() and owner.isdigit() and len(owner) < 19):
        raise NotFound("not the id of an agent")
    return OrganisationSaid(
        name=given["name"],
        key_account=given["key_account"] == "yes",
        segment=given["segment"],
        owner_id=int(owner) if owner else None,
        note=given["note"],
    )


async def _form(
    visit: Visit, row: OrganisationRow | None, given: dict[str, str], trouble: str = ""
) -> web.Response:

    async def read(c: Connection) -> dict[str, object]:
        return {
            "segments": await customers.segments(c),
            "agents": [one for one in await views.list_agents(c) if one.active],
        }

    found = await visit.ctx.database.read(read)
    said = given or {
        "name": row.name if row else "",
        "key_account": "yes" if row and row.key_account else "",
        "segment": row.segment if row else "",
        "owner": str(row.owner_id or "") if row else "",
        "note": row.note if row else "",
        "version": str(row.version) if row else "",
    }
    return visit.page(
        "organisation_form.html",
        section="organisations",
        row=row,
        said=said,
        trouble=trouble,
        MOST_NAME=MOST_NAME,
        MOST_NOTE=MOST_NOTE,
        MOST_SEGMENT=MOST_SEGMENT,
        **found,
    )
