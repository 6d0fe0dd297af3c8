"""Fields of the company's own: which there are, and what people and programs write into them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.failures import Conflict, NotFound, NotPossible
from hub.actions.people.audit import record
from hub.actions.ticket_work import Step, on_ticket
from hub.model.audit import AuditKind
from hub.model.own_fields import (
    MOST_LABEL,
    About,
    Choice,
    FieldKind,
    clean_value,
    missing,
    name_for,
    read_choices,
)
from hub.model.people import Actor
from hub.model.tickets import EventKind
from storage import events, work
from storage import own_fields as stored
from storage.database import Connection
from storage.own_fields import FieldRow

MOST_FIELDS = 60
"""About one sort of thing, retired ones too."""


async def list_fields(ctx: Context, *about: About) -> list[FieldRow]:
    """In order, retired ones last. Raises DatabaseUnavailable."""
    return await ctx.database.read(lambda c: stored.own_fields(c, *about))


async def add_field(
    ctx: Context,
    *,
    about: str,
    kind: str,
    label_en: str,
    label_zh: str,
    choices: str = "",
    required: bool = False,
    actor: Actor,
) -> str:
    """The new field's name, for programs. `choices` as `read_choices` takes them. Raises NotPossible (bad_field, bad_choices,
    too_many_fields)."""
    if about not in set(About) or kind not in set(FieldKind):
        raise NotPossible("There is no such kind of field.", code="bad_field")
    label_en, label_zh = _labels(label_en, label_zh)
    listed = _choices(kind, choices, ())

    async def work(connection: Connection) -> str:
        there = await stored.own_fields(connection, about)
        if len(there) >= MOST_FIELDS:
            raise NotPossible(f"{MOST_FIELDS} fields are the most.", code="too_many_fields")
        name = name_for(label_en, [one.name for one in there])
        made = await stored.add_field(
            connection,
            about=about,
            name=name,
            kind=kind,
            label_en=label_en,
            label_zh=label_zh,
            choices=listed,
            required=required and about == About.TICKET,
        )
        if not made:
            raise Conflict(
                "Somebody else has added a field of this name meanwhile.", current_seq=0, code="field_changed"
            )
        after = {"label": label_en, "kind": kind, "required": required}
        await record(
            connection, AuditKind.FIELDS_CHANGED, actor=actor, subject=f"{about}.{name}", after=after
        )
        return name

    return await ctx.database.run(work)


async def change_field(
    ctx: Context,
    *,
    field_id: int,
    version: int,
    label_en: str,
    label_zh: str,
    choices: str,
    required: bool,
    retired: bool,
    actor: Actor,
) -> None:
    """What it holds stays. Raises NotFound, Conflict, NotPossible (bad_field, bad_choices)."""
    label_en, label_zh = _labels(label_en, label_zh)

    async def work(connection: Connection) -> None:
        row = await _field(connection, field_id)
        listed = _choices(row.kind, choices, as_choices(row))
        changed = await stored.change_field(
            connection,
            field_id=field_id,
            version=version,
            label_en=label_en,
            label_zh=label_zh,
            choices=listed,
            required=required and row.about == About.TICKET,
            retired=retired,
        )
        if not changed:
            raise Conflict(
                "Somebody else has changed this field meanwhile.",
                current_seq=row.version,
                code="field_changed",
            )
        await record(
            connection,
            AuditKind.FIELDS_CHANGED,
            actor=actor,
            subject=f"{row.about}.{row.name}",
            before={"label": row.label_en, "required": row.required, "retired": row.retired},
            after={"label": label_en, "required": required, "retired": retired},
        )

    await ctx.database.run(work)


async def move_field(ctx: Context, *, field_id: int, up: bool) -> None:
    """One place up or down among those in use. Raises NotFound."""

    async def work(connection: Connection) -> None:
        row = await _field(connection, field_id)
        ids = [one.id for one in await stored.own_fields(connection, row.about)]
        place = ids.index(field_id)
        other = max(0, place - 1) if up else min(len(ids) - 1, place + 1)
        ids[place], ids[other] = ids[other], ids[place]
        await stored.order_fields(connection, row.about, ids)

    await ctx.database.run(work)


async def say_of_ticket(
    ctx: Context, *, ticket_code: int, values: Mapping[str, object], actor: Actor
) -> dict[str, Any]:
    """Write into a ticket's fields those that are named, by their names; returns all that stands there. Raises NotFound,
    NotPossible (unknown_field, bad_number, bad_date, bad_choice, too_long_value)."""

    async def step(taken: Step) -> dict[str, Any]:
        fields = await stored.own_fields(taken.connection, About.TICKET)
        before = await stored.said(taken.connection, About.TICKET, taken.ticket.id)
        after = _written(fields, before, values)
        if after == before:
            return before
        await stored.say(taken.connection, About.TICKET, taken.ticket.id, after)
        await taken.note(EventKind.FIELDS_CHANGED, fields=_changed(before, after))
        await work.set_ticket(taken.connection, taken.ticket.id, seq=taken.seq)
        return after

    return await on_ticket(ctx, ticket_code, actor, step)


async def say_of_subject(
    ctx: Context, *, about: About, subject_id: int, values: Mapping[str, object], actor: Actor
) -> dict[str, Any]:
    """The same for a customer or an organisation."""

    async def work(connection: Connection) -> dict[str, Any]:
        if not await stored.lock(connection, about, subject_id):
            raise NotFound(f"There is no such {about}.")
        fields = await stored.own_fields(connection, about)
        before = await stored.said(connection, about, subject_id)
        after = _written(fields, before, values)
        if after == before:
            return before
        await stored.say(connection, about, subject_id, after)
        await events.add_event(
            connection,
            EventKind.CUSTOMER_CHANGED,
            agent_id=actor.agent_id,
            data={about.value: subject_id, "fields": _changed(before, after), "by": actor.name},
        )
        await announce(connection, EVENTS)
        return after

    return await ctx.database.run(work)


async def said_of(ctx: Context, about: About, subject_id: int) -> dict[str, Any]:
    """What stands in its fields. Raises DatabaseUnavailable."""
    return await ctx.database.read(lambda c: stored.said(c, about, subject_id))


async def require_fields(connection: Connection, ticket_id: int) -> None:
    """Raises NotPossible (fields_missing) where a field that is asked for before a ticket is resolved is empty."""
    asked = [
        one for one in await stored.own_fields(connection, About.TICKET) if one.required and not one.retired
    ]
    if not asked:
        return
    said = await stored.said(connection, About.TICKET, ticket_id)
    empty = missing([one.name for one in asked], said)
    if empty:
        names = ", ".join(one.label_en for one in asked if one.name in empty)
        raise NotPossible(f"Fill in first: {names}.", code="fields_missing")


def as_choices(row: FieldRow) -> tuple[Choice, ...]:
    """As the model has them."""
    return tuple(Choice(**one) for one in row.choices)


def _written(
    fields: Sequence[FieldRow], before: Mapping[str, Any], values: Mapping[str, object]
) -> dict[str, Any]:
    known = {one.name: one for one in fields if not one.retired}
    after = dict(before)
    for name, given in values.items():
        field = known.get(name)
        if field is None:
            raise NotPossible(f"There is no field {name!r}.", code="unknown_field")
        try:
            value = clean_value(FieldKind(field.kind), as_choices(field), given)
        except ValueError as error:
            code = {"too_long": "too_long_value"}.get(str(error), str(error))
            raise NotPossible(f"{field.label_en}: this value does not fit.", code=code) from error
        if value is None:
            after.pop(name, None)
        else:
            after[name] = value
    return after


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def _labels(label_en: str, label_zh: str) -> tuple[str, str]:
    en, zh = (" ".join(one.split()) for one in (label_en, label_zh))
    en, zh = en or zh, zh or en
    if not en or len(en) > MOST_LABEL or len(zh) > MOST_LABEL:
        raise NotPossible(f"A field needs a label of {MOST_LABEL} characters at the most.", code="bad_field")
    return en, zh


def _choices(kind: str, lines: str, before: Sequence[Choice]) -> list[dict[str, str]]:
    if kind != FieldKind.CHOICE:
        return []
    try:
        return [asdict(one) for one in read_choices(lines, before)]
    except ValueError as error:
        raise NotPossible("A choice needs its choices, one a line, each once.", code="bad_choices") from error


async def _field(connection: Connection, field_id: int) -> FieldRow:
    for row in await stored.own_fields(connection, *About):
        if row.id == field_id:
            return row
    raise NotFound("There is no such field.")
