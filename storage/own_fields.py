"""Fields of the company's own, and what stands in them. Over sql/own_fields.sql."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("own_fields")


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRow:
    """`choices`: [{"value", "en", "zh"}]. `required`: a ticket is not resolved without it. A retired one is not asked for any
    more; what stands in it stays."""

    id: int
    about: str
    name: str
    kind: str
    label_en: str
    label_zh: str
    choices: Sequence[Mapping[str, str]]
    required: bool
    place: int
    retired: bool
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whose fields belong to a ticket (0: none) or a customer."""

    ticket_id: int
    customer_id: int
    customer_code: int
    organisation_id: int | None
    organisation_code: int | None
    organisation: str


async def own_fields(connection: Connection, *about: str) -> list[FieldRow]:
    """In order, retired ones last."""
    return [FieldRow(**row) for row in await connection.fetch(SQL["own_fields"], list(about))]


async def add_field(
    connection: Connection,
    *,
    about: str,
    name: str,
    kind: str,
    label_en: str,
    label_zh: str,
    choices: Sequence[Mapping[str, str]],
    required: bool,
) -> bool:
    """As the last of its sort. False where the name is taken."""
    made = await connection.fetchval(
        SQL["add_field"], about, name, kind, label_en, label_zh, list(choices), required
    )
    return made is not None


async def change_field(
    connection: Connection,
    *,
    field_id: int,
    version: int,
    label_en: str,
    label_zh: str,
    choices: Sequence[Mapping[str, str]],
    required: bool,
    retired: bool,
) -> bool:
    """False where it is not `version` any more, or not there."""
    changed = await connection.fetchval(
        SQL["change_field"], field_id, version, label_en, label_zh, list(choices), required, retired
    )
    return changed is not None


async def order_fields(connection: Connection, about: str, ids: Sequence[int]) -> None:
    """In this order."""
    await connection.execute(SQL["order_fields"], about, list(ids))


async def said(connection: Connection, about: str, subject_id: int) -> dict[str, Any]:
    """What stands in the fields of one ticket, customer or organisation, by their names."""
    return dict(await connection.fetchval(SQL[f"said_{about}"], subject_id) or {})


async def say(connection: Connection, about: str, subject_id: int, values: Mapping[str, Any]) -> None:
    await connection.execute(SQL[f"say_{about}"], subject_id, dict(values))


async def lock(connection: Connection, about: str, subject_id: int) -> bool:
    """A customer or an organisation; False where there is none. Tickets are locked by their steps of work."""
    return await connection.fetchval(SQL[f"lock_{about}"], subject_id) is not None


async def whose_ticket(connection: Connection, ticket_code: int) -> Whose | None:
    row = await connection.fetchrow(SQL["whose_ticket"], ticket_code)
    return Whose(**row) if row else None


async def whose_customer(connection: Connection, customer_code: int) -> Whose | None:
    row = await connection.fetchrow(SQL["whose_customer"], customer_code)
    return Whose(**row) if row else None


async def organisation_of_code(connection: Connection, code: int) -> int | None:
    number: int | None = await connection.fetchval(SQL["organisation_of_code"], code)
    return number
