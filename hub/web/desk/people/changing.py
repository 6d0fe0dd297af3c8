"""Customers added and changed by hand, and what is known to be theirs."""

from urllib.parse import urlencode

from aiohttp import web

from hub.actions.customers.change import (
    BY_HAND,
    MOST_NAME,
    MOST_NOTE,
    add_customer,
    add_identity,
    change_customer,
    put_identity_back,
    remove_identity,
    unverify_identity,
    verify_identity,
)
from hub.actions.failures import NotFound, NotPossible
from hub.actions.surveys.lift import lift_refusal, restore_refusal
from hub.model.codes import CUSTOMER, show_code
from hub.web.desk import customers
from hub.web.desk.people.merging import customer_code
from hub.web.desk.say.language import N_
from hub.web.desk.say.words import say_failure
from hub.web.desk.tickets.acting import taken_back
from hub.web.desk.visit import Visit, go
from storage import change_customers, views
from storage.change_customers import CustomerToChange
from storage.database import Connection

CHOICES = 1000


async def show_new(visit: Visit) -> web.StreamResponse:
    """The form for somebody whom no channel has brought."""
    return await _page(visit, None, {})


async def post_new(visit: Visit) -> web.StreamResponse:
    """Write them down."""
    form = await _form(visit)
    known = tuple((kind.value, form[kind.value]) for kind in BY_HAND if form.get(kind.value))
    try:
        code = await add_customer(
            visit.ctx,
            name=form["name"],
            language=form["language"],
            organisation_id=_number(form["organisation"]),
            note=form["note"],
            identities=known,
            actor=visit.actor,
        )
    except NotPossible as refused:
        return await _page(visit, None, form, say_failure(visit.voice, refused))
    return go(visit, f"/desk/customers/{show_code(CUSTOMER, code)}")


async def show_change(visit: Visit) -> web.StreamResponse:
    """The form as things are."""
    customer = await _customer(visit)
    return await _page(visit, customer, {})


async def post_change(visit: Visit) -> web.StreamResponse:
    """Keep what the form says."""
    customer, form = await _customer(visit), await _form(visit)
    try:
        await change_customer(
            visit.ctx,
            customer_code=customer.code,
            actor=visit.actor,
            version=_number(form["version"]) or 0,
            name=form["name"],
            language=form["language"],
            organisation_id=_number(form["organisation"]),
            note=form["note"],
        )
    except NotPossible as refused:
        return await _page(visit, customer, form, say_failure(visit.voice, refused))
    return go(visit, f"/desk/customers/{show_code(CUSTOMER, customer.code)}")


async def post_identity(visit: Visit) -> web.StreamResponse:
    """Somebody says that this is theirs, too."""
    code = customer_code(visit.request.match_info["code"])
    form = await visit.form()
    await add_identity(
        visit.ctx,
        customer_code=code,
        kind=str(form.get("kind", "")),
        value=str(form.get("value", "")),
        actor=visit.actor,
    )
    return await customers.show_timeline(visit)


async def post_verify(visit: Visit) -> web.StreamResponse:
    """A person vouches for it."""
    code, identity = _identity(visit)
    await verify_identity(visit.ctx, customer_code=code, identity_id=identity, actor=visit.actor)
    undo = f"/desk/customers/{show_code(CUSTOMER, code)}/identities/{identity}/unverify"
    text = visit.voice.say(N_("Marked as verified."))
    return await customers.show_timeline(visit, visit.toast(text, undo))


async def post_unverify(visit: Visit) -> web.StreamResponse:
    """It is only said, again."""
    code, identity = _identity(visit)
    await unverify_identity(visit.ctx, customer_code=code, identity_id=identity, actor=visit.actor)
    return taken_back(visit)


async def post_remove(visit: Visit) -> web.StreamResponse:
    """It is not theirs."""
    code, identity = _identity(visit)
    kind, value, verified, proof = await remove_identity(
        visit.ctx, customer_code=code, identity_id=identity, actor=visit.actor
    )
    back = urlencode({"kind": kind, "value": value, "verified": "yes" if verified else "", "proof": proof})
    undo = f"/desk/customers/{show_code(CUSTOMER, code)}/identities/back?{back}"
    text = visit.voice.say(N_("%(identity)s is removed."), identity=value)
    return await customers.show_timeline(visit, visit.toast(text, undo))


async def post_put_back(visit: Visit) -> web.StreamResponse:
    """It is theirs after all."""
    code, query = customer_code(visit.request.match_info["code"]), visit.query
    await put_identity_back(
        visit.ctx,
        customer_code=code,
        kind=query.get("kind", ""),
        value=query.get("value", ""),
        verified=query.get("verified") == "yes",
        proof=query.get("proof", "")[:100],
        actor=visit.actor,
    )
    return taken_back(visit)


async def post_lift_refusal(visit: Visit) -> web.StreamResponse:
    """They may be asked how they liked it again."""
    code, refusal = _identity(visit)
    address = await lift_refusal(visit.ctx, customer_code=code, refusal_id=refusal, actor=visit.actor)
    undo = f"/desk/customers/{show_code(CUSTOMER, code)}/refusals/{refusal}/restore"
    text = visit.voice.say(N_("Surveys may go to %(address)s again."), address=address)
    return await customers.show_timeline(visit, visit.toast(text, undo))


async def post_restore_refusal(visit: Visit) -> web.StreamResponse:
    """They may not, as they said."""
    code, refusal = _identity(visit)
    await restore_refusal(visit.ctx, customer_code=code, refusal_id=refusal, actor=visit.actor)
    return taken_back(visit)


def _identity(visit: Visit) -> tuple[int, int]:
    """The customer's code, and the id of what is meant of theirs."""
    number = _number(visit.request.match_info["id"])
    if number is None:
        raise NotFound("not an id")
    return customer_code(visit.request.match_info["code"]), number


def _number(given: str) -> int | None:
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None


async def _form(visit: Visit) -> dict[str, str]:
    form = await visit.form()
    names = ("name", "language", "organisation", "note", "version", *(kind.value for kind in BY_HAND))
    return {name: str(form.get(name, "")) for name in names}


async def _customer(visit: Visit) -> CustomerToChange:
    code = customer_code(visit.request.match_info["code"])

    async def read(c: Connection) -> CustomerToChange | None:
        row = await views.get_customer_by_code(c, code)
        return None if row is None else await change_customers.customer_to_change(c, row.id)

    found = await visit.ctx.database.read(read)
    if found is None:
        raise NotFound(f"There is no customer {show_code(CUSTOMER, code)}.")
    return found


async def _page(
    visit: Visit, customer: CustomerToChange | None, form: dict[str, str], trouble: str = ""
) -> web.Response:
    houses = await visit.ctx.database.read(
        lambda c: change_customers.organisation_choices(
            c, CHOICES, sight=visit.actor.sight, agent_id=visit.agent.id
        )
    )
    said = form or {
        "name": customer.name if customer else "",
        "language": customer.language if customer else "",
        "organisation": str(customer.organisation_id or "") if customer else "",
        "note": customer.note if customer else "",
        "version": str(customer.version) if customer else "",
    }
    return visit.page(
        "customer_form.html",
        section="customers",
        customer=customer,
        said=said,
        organisations=houses,
        kinds=[kind.value for kind in BY_HAND],
        languages=list(visit.ctx.rules.languages.offered),
        MOST_NAME=MOST_NAME,
        MOST_NOTE=MOST_NOTE,
        trouble=trouble,
    )
