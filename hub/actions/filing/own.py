"""Answers of a form that are fields of the company's own, put where they belong. What does not fit the field stays an answer in
the entry, where nothing of it is lost."""

from collections.abc import Mapping, Sequence
from typing import Any

from hub.actions.filing.state import Case
from hub.actions.own_fields import as_choices
from hub.model.own_fields import About, FieldKind, clean_value
from storage import own_fields as stored
from storage.database import Connection
from storage.own_fields import FieldRow


async def write_own(connection: Connection, cases: Sequence[Case]) -> None:
    """Of the tickets that these open, and of their customers. The rows are new or locked."""
    given = [(case, case.read.interaction.own) for case in cases if case.opens and case.read is not None]
    if not any(own for _, own in given):
        return
    fields = await stored.own_fields(connection, About.TICKET, About.CUSTOMER)
    for case, own in given:
        assert case.ticket is not None and case.customer is not None
        for about, subject_id in ((About.TICKET, case.ticket.id), (About.CUSTOMER, case.customer.id)):
            values = _fitting(fields, about, own)
            if values:
                before = await stored.said(connection, about, subject_id)
                await stored.say(connection, about, subject_id, {**before, **values})


def _fitting(fields: Sequence[FieldRow], about: About, own: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in fields:
        given = own.get(f"{about}.{field.name}")
        if field.about != about or field.retired or not given:
            continue
        try:
            value = clean_value(FieldKind(field.kind), as_choices(field), given)
        except ValueError:
            continue  # it stands in the entry, as the customer wrote it
        if value is not None:
            found[field.name] = value
    return found
