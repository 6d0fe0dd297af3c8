"""Fields of the company's own: the page that keeps them, and the pieces of ticket and customer that show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from aiohttp import web

from hub.actions import own_fields
from hub.actions.failures import NotFound, NotPossible
from hub.actions.own_fields import as_choices
from hub.model.codes import CUSTOMER, NotACode, read_code
from hub.model.own_fields import About, FieldKind
from hub.web.desk.say.language import N_, Voice
from hub.web.desk.say.moments import write_day
from hub.web.desk.say.setup import ABOUTS, FIELD_KINDS
from hub.web.desk.say.words import say_failure
from hub.web.desk.tickets.thread import ticket_code
from hub.web.desk.visit import Visit, go
from storage import own_fields as stored
from storage.database import Connection
from storage.own_fields import FieldRow, Whose

PAGE = "/desk/fields"
_YES, _NO = N_("Yes"), N_("No")
_OF_TICKET, _OF_CUSTOMER = N_("Details of the ticket"), N_("Details of the customer")


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
    form = await visit.form()
    typed = {name: str(form.get(name, "")) for name in ("about", "kind", "label_en", "label_zh", "choices")}
    try:
        await own_fields.add_field(visit.ctx, **typed, required="required" in form, actor=visit.actor)
    except NotPossible as failure:
        return await _page(visit, typed=typed, trouble=say_failure(visit.voice, failure))
    return go(visit, f"{PAGE}#about-{typed['about']}")


async def post_field(visit: Visit) -> web.StreamResponse:
    """Its labels, its choices, whether it is asked for, whether it is used."""
    form = await visit.form()
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
    form = await visit.form()
    await own_fields.move_field(
        visit.ctx, field_id=_number(visit.request.match_info["id"]), up=form.get("to") == "up"
    )
    return await _list(visit)


async def show_of_ticket(visit: Visit) -> web.StreamResponse:
    """The fields of a ticket, of its customer and of their organisation."""
    return await _sheets(visit, await _whose_ticket(visit))


async def show_of_customer(visit: Visit) -> web.StreamResponse:
    """The fields of a customer and their organisation."""
    return await _sheets(visit, await _whose_customer(visit))


async def post_of_ticket(visit: Visit) -> web.StreamResponse:
    """Write into the fields of a ticket, or of its customer, or of their organisation."""
    whose = await _whose_ticket(visit)
    return await _write(visit, whose, ticket=ticket_code(visit.request.match_info["code"]))


async def post_of_customer(visit: Visit) -> web.StreamResponse:
    """Write into a customer's fields, or into their organisation's."""
    return await _write(visit, await _whose_customer(visit))


async def _write(visit: Visit, whose: Whose, *, ticket: int = 0) -> web.StreamResponse:
    subjects = {about.value: number for about, number in _subjects(whose).items()}
    about = visit.request.match_info["about"]
    if about not in subjects:
        raise NotFound("There is nothing of this sort.")
    form = await visit.form()
    values = {name: str(value) for name, value in form.items()}
    trouble = ""
    try:
        if about == About.TICKET:
            await own_fields.say_of_ticket(visit.ctx, ticket_code=ticket, values=values, actor=visit.actor)
        else:
            await own_fields.say_of_subject(
                visit.ctx, about=About(about), subject_id=subjects[about], values=values, actor=visit.actor
            )
    except NotPossible as failure:
        trouble = say_failure(visit.voice, failure)
    return await _sheets(visit, whose, trouble=trouble, typed=(about, values))


async def _sheets(
    visit: Visit,
    whose: Whose,
    *,
    trouble: str = "",
    typed: tuple[str, Mapping[str, str]] = ("", {}),
) -> web.StreamResponse:
    subjects = _subjects(whose)

    async def read(c: Connection) -> tuple[list[FieldRow], dict[About, dict[str, Any]]]:
        said = {about: await stored.said(c, about, number) for about, number in subjects.items()}
        return await stored.own_fields(c, *subjects), said

    rows, said = await visit.ctx.database.read(read)
    place = "tickets" if whose.ticket_id else "customers"
    base = f"/{place}/{visit.request.match_info['code']}/fields"
    sheets = []
    for about in subjects:
        values = {**said[about], **typed[1]} if trouble and typed[0] == about else said[about]
        shown = [
            show_field(visit.voice, one, values) for one in rows if one.about == about and not one.retired
        ]
        if shown:
            title = _title(visit.voice, about, whose)
            told = trouble if typed[0] == about else ""
            sheets.append(
                Sheet(about=about, title=title, post=f"/desk{base}/{about}", fields=shown, trouble=told)
            )
    return visit.page("_own_fields.html", sheets=sheets, slot=f"/desk/fragments{base}")


def _title(voice: Voice, about: About, whose: Whose) -> str:
    if about is About.ORGANISATION:
        return whose.organisation
    return voice.say(_OF_TICKET if about is About.TICKET else _OF_CUSTOMER)


def _subjects(whose: Whose) -> dict[About, int]:
    numbers = {
        About.TICKET: whose.ticket_id,
        About.CUSTOMER: whose.customer_id,
        About.ORGANISATION: whose.organisation_id or 0,
    }
    return {about: number for about, number in numbers.items() if number}


def show_field(voice: Voice, row: FieldRow, said: Mapping[str, Any]) -> Shown:
    """One field with what stands in it, in the reader's language."""
    value = said.get(row.name)
    options: list[tuple[str, str]] = []
    if row.kind == FieldKind.YES_NO:
        options = [("yes", voice.say(_YES)), ("no", voice.say(_NO))]
    elif row.kind == FieldKind.CHOICE:
        options = [(one.value, one.zh if voice.chinese else one.en) for one in as_choices(row)]
    typed = (
        {True: "yes", False: "no"}[value] if isinstance(value, bool) else "" if value is None else str(value)
    )
    return Shown(
        name=row.name,
        kind=row.kind,
        label=row.label_zh if voice.chinese else row.label_en,
        said=_said(voice, row.kind, value, typed, dict(options)),
        typed=typed,
        options=options,
        required=row.required,
    )


def _said(voice: Voice, kind: str, value: object, typed: str, options: Mapping[str, str]) -> str:
    if kind == FieldKind.NUMBER and isinstance(value, int | float) and not isinstance(value, bool):
        return voice.number(value)
    if kind == FieldKind.DATE:
        try:
            return write_day(date.fromisoformat(typed), "medium", voice.locale)
        except ValueError:
            return typed
    return options.get(typed, typed)


async def _whose_ticket(visit: Visit) -> Whose:
    code = ticket_code(visit.request.match_info["code"])
    whose = await visit.ctx.database.read(lambda c: stored.whose_ticket(c, code))
    if whose is None:
        raise NotFound(f"There is no ticket {code}.")
    return whose


async def _whose_customer(visit: Visit) -> Whose:
    try:
        code = read_code(CUSTOMER, visit.request.match_info["code"])
    except NotACode as error:
        raise NotFound(str(error)) from error
    whose = await visit.ctx.database.read(lambda c: stored.whose_customer(c, code))
    if whose is None:
        raise NotFound(f"There is no customer {code}.")
    return whose


async def _list(visit: Visit) -> web.StreamResponse:
    if not visit.partial:
        return go(visit, PAGE)
    return visit.page("_fields_kept.html", **await _read(visit))


async def _page(
    visit: Visit, *, typed: Mapping[str, str] | None = None, trouble: str = ""
) -> web.StreamResponse:
    response = visit.page(
        "fields.html",
        section="fields",
        typed=typed or {},
        trouble=trouble,
        **await _read(visit),
    )
    if trouble:
        response.set_status(409)
    return response


async def _read(visit: Visit) -> dict[str, object]:
    rows = await own_fields.list_fields(visit.ctx, *About)
    return {
        "kept": {about.value: [one for one in rows if one.about == about] for about in About},
        "ABOUTS": ABOUTS,
        "FIELD_KINDS": FIELD_KINDS,
    }


def _number(given: str) -> int:
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise NotFound("not a number")
    return int(given)
