"""Fields of the company's own: the page that keeps them, and the pieces of ticket and customer that show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from aiohttp import web
from babel.dates import format_date

from hub.actions import own_fields
from hub.actions.failures import NotFound, NotPossible
from hub.actions.own_fields import as_choices
from hub.model.codes import CUSTOMER, NotACode, read_code
from hub.model.own_fields import About, FieldKind
from hub.web.desk.say.language import N_, Voice
from hub.web.desk.say.setup import ABOUTS, FIELD_KINDS
from hub.web.desk.say.words import say_failure
from hub.web.desk.tickets.thread import ticket_code
from hub.web.desk.visit import Visit, go
from storage import own_fields as stored
from storage.database import Connection
from storage.own_fields import FieldRow, Whose

PAGE = "/desk/fields"
_YES, _NO = N_("Yes"), N_("No")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One field as its reader sees it. `typed`: as a form has it; `said`: as it is read."""

    name: str
    kind: str
    label: str
    said: str
    typed: str
    options: Sequence[tuple[str, str]]
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The fields of one ticket, customer or organisation, and where they are posted."""

    about: str
    title: str
    post: str
    fields: Sequence[Shown]
    trouble: str = ""

    @property
    def filled(self) -> Sequence[Shown]:
        return [one for one in self.fields if one.said]


async def show_fields(visit: Visit) -> web.StreamResponse:
    """The page of all fields."""
    return await _page(visit)


async def post_new(visit: Visit) -> web.StreamResponse:
    """Add one."""
    form = await visit.request.post()
    typed = {name: str(form.get(name, "")) for name in ("about", "kind", "label_en", "label_zh", "choices")}
    try:
        await own_fields.add_field(visit.ctx, **typed, required="required" in form, actor=visit.actor)
    except NotPossible as failure:
        return await _page(visit, typed=typed, trouble=say_failure(visit.voice, failure))
    return go(visit, f"{PAGE}#about-{typed['about']}")


async def post_field(visit: Visit) -> web.StreamResponse:
    """Its labels, its choices, whether it is asked for, whether it is used."""
    form = await visit.request.post()
    await own_fields.change_field(
        visit.ctx,
        field_id=_number(visit.request.match_info["id"]),
        version=_number(str(form.get("version", ""))),
        label_en=str(form.get("label_en", "")),
        label_zh=str(form.get("label_zh", "")),
        choices=str(form.get("choices", "")),
        required="required" in form,
        retired="retired" in form,
        actor=visit.actor,
    )
    return await _list(visit)


async def post_move(visit: Visit) -> web.StreamResponse:
    """One place up or down."""
    form = await visit.request.post()
    await own_fields.move_field(
        visit.ctx, field_id=_number(visit.request.match_info["id"]), up=form.get("to") == "up"
    )
    return await _list(visit)


async def show_of_ticket(visit: Visit) -> web.StreamResponse:
    """The fields of a ticket, of its customer and of their organisation."""
    return await _sheets(visit, ticket=ticket_code(visit.request.match_info["code"]))


async def show_of_customer(visit: Visit) -> web.StreamResponse:
    """The fields of a customer and their organisation."""
    return await _sheets(visit, customer=_customer(visit))


async def post_of_ticket(visit: Visit) -> web.StreamResponse:
    """Write into a ticket's fields."""
    code = ticket_code(visit.request.match_info["code"])
    values, trouble = await _typed(visit), ""
    try:
        await own_fields.say_of_ticket(visit.ctx, ticket_code=code, values=values, actor=visit.actor)
    except NotPossible as failure:
        trouble = say_failure(visit.voice, failure)
    return await _sheets(visit, ticket=code, trouble=(About.TICKET, trouble, values))


async def post_of_customer(visit: Visit) -> web.StreamResponse:
    """Write into a customer's fields, or into their organisation's; `ticket`: the pane of which ticket it is shown in."""
    about = About(visit.request.match_info["about"])
    customer = _customer(visit)
    whose = await visit.ctx.database.read(lambda c: stored.whose_customer(c, customer))
    number = None if whose is None else whose.customer_id if about is About.CUSTOMER else whose.organisation_id
    if number is None:
        raise NotFound("There is no such customer.")
    values, trouble = await _typed(visit), ""
    try:
        await own_fields.say_of_subject(
            visit.ctx, about=about, subject_id=number, values=values, actor=visit.actor
        )
    except NotPossible as failure:
        trouble = say_failure(visit.voice, failure)
    ticket = visit.request.query.get("ticket", "")
    told = (about, trouble, values)
    if ticket:
        return await _sheets(visit, ticket=ticket_code(ticket), trouble=told)
    return await _sheets(visit, customer=customer, trouble=told)


async def _sheets(
    visit: Visit,
    *,
    ticket: int = 0,
    customer: int = 0,
    trouble: tuple[About, str, Mapping[str, object]] | None = None,
) -> web.StreamResponse:
    async def read(c: Connection) -> tuple[Whose, list[FieldRow], dict[str, dict[str, Any]]] | None:
        whose = await (stored.whose_ticket(c, ticket) if ticket else stored.whose_customer(c, customer))
        if whose is None:
            return None
        subjects = _subjects(whose)
        said = {about: await stored.said(c, about, number) for about, number in subjects.items()}
        return whose, await stored.own_fields(c, *subjects), said

    found = await visit.ctx.database.read(read)
    if found is None:
        raise NotFound("There is no such ticket or customer.")
    whose, rows, said = found
    sheets = []
    for about in _subjects(whose):
        values = said[about]
        told = ""
        if trouble is not None and trouble[0] == about and trouble[1]:
            told, values = trouble[1], {**values, **trouble[2]}
        shown = [
            show_field(visit.voice, one, values) for one in rows if one.about == about and not one.retired
        ]
        if shown:
            sheets.append(
                Sheet(
                    about=about, title=_title(visit.voice, about), post=_where(visit, whose, about, ticket),
                    fields=shown, trouble=told,
                )
            )  # fmt: skip
    return visit.page("_own_fields.html", sheets=sheets, slot=visit.request.path)


def _subjects(whose: Whose) -> dict[About, int]:
    numbers = {
        About.TICKET: whose.ticket_id,
        About.CUSTOMER: whose.customer_id,
        About.ORGANISATION: whose.organisation_id or 0,
    }
    return {about: number for about, number in numbers.items() if number}


def _where(visit: Visit, whose: Whose, about: About, ticket: int) -> str:
    if about is About.TICKET:
        return f"/desk/tickets/{visit.request.match_info.get('code', '')}/fields" if ticket else ""
    from hub.model.codes import show_code

    where = f"/desk/customers/{show_code(CUSTOMER, whose.customer_code)}/fields/{about}"
    return where
