"""Fields of the company's own: which there are, and what stands in them."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field

from hub.actions import own_fields
from hub.actions.failures import NotFound, NotPossible
from hub.model.own_fields import About, FieldKind
from hub.web.api.operations import Answer, Call
from hub.web.api.people import find_customer
from hub.web.api.problems import wrong_field
from hub.web.api.requests import RequestBody
from hub.web.api.tickets import ticket_code
from storage import own_fields as stored

_VALUES = ("bad_number", "bad_date", "bad_choice", "too_long_value", "unknown_field")


class FieldValues(RequestBody):
    """What to write, by the names of the fields: a text, a number, a date as 2026-02-28, true or false, the value of a choice.
    null or "" empties one; those that are not named stay as they are."""

    values: Annotated[Mapping[str, str | bool | float | None], Field(min_length=1, max_length=60)]


class FieldValuesAnswer(BaseModel):
    """All that stands in the fields, by their names; empty ones are left out."""

    values: dict[str, Any]


class FieldChoice(BaseModel):
    value: str
    label_en: str
    label_zh: str


class FieldAnswer(BaseModel):
    """`required`: a person does not resolve a ticket without it. `retired`: not asked for any more."""

    about: About
    name: str
    kind: FieldKind
    label_en: str
    label_zh: str
    choices: list[FieldChoice]
    required: bool
    retired: bool


class FieldList(BaseModel):
    items: list[FieldAnswer]


async def list_fields(call: Call) -> Answer:
    """The fields of tickets, customers and organisations."""
    rows = await own_fields.list_fields(call.ctx, *About)
    items = [
        FieldAnswer(
            about=About(row.about),
            name=row.name,
            kind=FieldKind(row.kind),
            label_en=row.label_en,
            label_zh=row.label_zh,
            choices=[FieldChoice(value=c["value"], label_en=c["en"], label_zh=c["zh"]) for c in row.choices],
            required=row.required,
            retired=row.retired,
        )
        for row in rows
    ]
    return Answer(document=FieldList(items=items))


async def get_of_ticket(call: Call) -> Answer:
    """What stands in a ticket's fields."""
    code = ticket_code(call)
    whose = await call.ctx.database.read(lambda c: stored.whose_ticket(c, code))
    if whose is None:
        raise NotFound(f"There is no ticket {call.params['number']}.")
    return _answer(await own_fields.said_of(call.ctx, About.TICKET, whose.ticket_id))


async def post_of_ticket(call: Call) -> Answer:
    """Write into a ticket's fields."""
    code = ticket_code(call)
    body: FieldValues = call.body
    return await _write(
        lambda: own_fields.say_of_ticket(
            call.ctx, ticket_code=code, values=dict(body.values), actor=call.actor
        )
    )


async def get_of_customer(call: Call) -> Answer:
    """What stands in a customer's fields."""
    return _answer(await own_fields.said_of(call.ctx, About.CUSTOMER, await _customer(call)))


async def post_of_customer(call: Call) -> Answer:
    """Write into a customer's fields."""
    number = await _customer(call)
    body: FieldValues = call.body
    return await _write(
        lambda: own_fields.say_of_subject(
            call.ctx, about=About.CUSTOMER, subject_id=number, values=dict(body.values), actor=call.actor
        )
    )


async def _customer(call: Call) -> int:
    row = await call.ctx.database.read(find_customer(call))
    if row is None:
        raise NotFound(f"There is no customer {call.params['customer']}.")
    return row.id


async def _write(write: Callable[[], Awaitable[dict[str, Any]]]) -> Answer:
    try:
        return _answer(await write())
    except NotPossible as failure:
        if failure.code not in _VALUES:
            raise
        raise wrong_field("values", str(failure)) from failure


def _answer(said: dict[str, Any]) -> Answer:
    return Answer(document=FieldValuesAnswer(values=said))
