"""Customers and organisations, as people change them. Thin typed functions over sql/change_customers.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.model.permissions import Sight
from storage.columns import transposed
from storage.database import Connection
from storage.queries import load_queries
from storage.sight import organisation_in_sight

SQL = load_queries("change_customers")

BY_CODE = SQL["organisation_row"] + "\nWHERE o.code = $1"
LISTS = {
    # `$3`: a part of the name, or the start of its pinyin.
    sight: SQL["organisation_row"]
    + "\nWHERE (o.sorted_as, o.id) > ($1::text, $2::bigint) AND ($3::text = '' OR position(lower($3) IN lower(o.name)) > 0"
    + "\n    OR starts_with(replace(o.sorted_as, ' ', ''), lower($3)))"
    + f"\nAND {organisation_in_sight(sight, agent='$5::bigint')} ORDER BY o.sorted_as, o.id LIMIT $4"
    for sight in Sight
}
CHOICES = {
    # For the form of a customer: the first ones by pinyin.
    sight: SQL["organisation_names"]
    + f"\nAND {organisation_in_sight(sight, agent='$2::bigint')} ORDER BY o.sorted_as, o.id LIMIT $1"
    for sight in Sight
}

CHOOSABLE = {
    sight: SQL["organisation_by_id"] + f"\nAND {organisation_in_sight(sight, agent='$2::bigint')}"
    for sight in Sight
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerToChange:
    id: int
    code: int
    name: str
    language: str
    organisation_id: int | None
    note: str
    version: int
    merged_into: int | None
    anonymised: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnIdentity:
    """`verified_by`: the agent who said so, "" where the channel did."""

    id: int
    kind: str
    value: str
    verified: bool
    verified_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationRow:
    id: int
    code: int
    name: str
    key_account: bool
    segment: str
    owner_id: int | None
    owner_name: str
    note: str
    version: int
    sorted_as: str
    members: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisationSaid:
    """What people say of an organisation."""

    name: str
    key_account: bool = False
    segment: str = ""
    owner_id: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    code: int
    name: str
    last_seen_at: datetime
    key_account: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketOfOrganisation:
    code: int
    subject: str
    status: str
    updated_at: datetime
    channel_kind: str
    customer_name: str


async def lock_customer(connection: Connection, code: int) -> CustomerToChange | None:
    """Locked until the transaction ends."""
    row = await connection.fetchrow(SQL["lock_customer"], code)
    return CustomerToChange(**row) if row else None


async def customer_to_change(connection: Connection, customer_id: int) -> CustomerToChange | None:
    row = await connection.fetchrow(SQL["customer_to_change"], customer_id)
    return CustomerToChange(**row) if row else None


async def set_customer(
    connection: Connection,
    customer_id: int,
    *,
    name: str,
    language: str,
    organisation_id: int | None,
    note: str,
) -> None:
    await connection.execute(SQL["set_customer"], customer_id, name, language, organisation_id, note)


async def add_customer(
    connection: Connection, *, name: str, language: str, organisation_id: int | None, note: str
) -> tuple[int, int]:
    """(id, code)"""
    row: Any = await connection.fetchrow(SQL["add_customer"], name, language, organisation_id, note)
    return row["id"], row["code"]


async def add_claim(connection: Connection, customer_id: int, kind: str, value: str) -> bool:
    """False where it is known already."""
    return await connection.fetchval(SQL["add_claim"], customer_id, kind, value) is not None


async def own_identities(connection: Connection, customer_id: int) -> list[OwnIdentity]:
    """With their ids, verified ones first."""
    return [OwnIdentity(**row) for row in await connection.fetch(SQL["identities_with_ids"], customer_id)]


async def lock_identity(connection: Connection, identity_id: int, customer_id: int) -> OwnIdentity | None:
    row = await connection.fetchrow(SQL["identity_of"], identity_id, customer_id)
    return OwnIdentity(**row) if row else None


async def owner_of(connection: Connection, kind: str, value: str) -> int | None:
    """The customer whose proof it is."""
    found: int | None = await connection.fetchval(SQL["owner_of"], kind, value)
    return found


async def verify(connection: Connection, identity_id: int, agent_id: int | None) -> None:
    """It is a proof from now on; it has no other owner."""
    await connection.execute(SQL["verify"], identity_id, agent_id)


async def drop_identity(connection: Connection, identity_id: int) -> None:
    await connection.execute(SQL["drop_identity"], identity_id)


async def put_identity(
    connection: Connection,
    customer_id: int,
    kind: str,
    value: str,
    *,
    verified: bool,
    verified_by: int | None,
) -> bool:
    """False where it is somebody's already."""
    made = await connection.fetchval(SQL["put_identity"], customer_id, kind, value, verified, verified_by)
    return made is not None


async def unsorted(connection: Connection, limit: int) -> list[tuple[int, str]]:
    """(id, name) of organisations whose place in the list nobody has reckoned."""
    return [(row["id"], row["name"]) for row in await connection.fetch(SQL["unsorted"], limit)]


async def sort(connection: Connection, places: Sequence[tuple[int, str]]) -> None:
    """(id, what it is sorted as)"""
    await connection.execute(SQL["sort"], *transposed(places, 2))


async def organisations(
    connection: Connection,
    *,
    after: tuple[str, int],
    query: str,
    limit: int,
    sight: Sight = Sight.ALL,
    agent_id: int | None = None,
) -> list[OrganisationRow]:
    """A page by pinyin, after (sorted_as, id), of what this agent sees."""
    who = [] if sight is Sight.ALL else [agent_id]
    rows = await connection.fetch(LISTS[sight], *after, query, limit, *who)
    return [OrganisationRow(**row) for row in rows]


async def organisation(connection: Connection, code: int) -> OrganisationRow | None:
    row = await connection.fetchrow(BY_CODE, code)
    return OrganisationRow(**row) if row else None


async def lock_organisation(connection: Connection, code: int) -> tuple[int, int, OrganisationSaid] | None:
    """(id, version, what is said of it), locked."""
    row = await connection.fetchrow(SQL["lock_organisation"], code)
    if row is None:
        return None
    said = dict(row)
    return said.pop("id"), said.pop("version"), OrganisationSaid(**said)


async def is_named(connection: Connection, name: str, but: int = 0) -> bool:
    """Whether another one is called so."""
    return await connection.fetchval(SQL["organisation_named"], name, but) is not None


async def add_organisation(connection: Connection, said: OrganisationSaid, sorted_as: str) -> int:
    """Its code."""
    row: Any = await connection.fetchrow(
        SQL["add_organisation"],
        said.name,
        said.key_account,
        said.segment,
        said.owner_id,
        said.note,
        sorted_as,
    )
    code: int = row["code"]
    return code


async def set_organisation(
    connection: Connection, organisation_id: int, said: OrganisationSaid, sorted_as: str
) -> None:
    await connection.execute(
        SQL["set_organisation"],
        organisation_id,
        said.name,
        said.key_account,
        said.segment,
        said.owner_id,
        said.note,
        sorted_as,
    )


async def organisation_choices(
    connection: Connection, limit: int, *, sight: Sight = Sight.ALL, agent_id: int | None = None
) -> list[tuple[int, int, str]]:
    """(id, code, name), by pinyin, of those that this agent sees."""
    rows = await connection.fetch(CHOICES[sight], limit, *([] if sight is Sight.ALL else [agent_id]))
    return [(row["id"], row["code"], row["name"]) for row in rows]


async def may_choose_organisation(
    connection: Connection, organisation_id: int, *, sight: Sight, agent_id: int | None
) -> bool:
    """Whether there is one of this id that this agent sees."""
    who = [] if sight is Sight.ALL else [agent_id]
    return await connection.fetchval(CHOOSABLE[sight], organisation_id, *who) is not None


async def members(connection: Connection, organisation_id: int, limit: int) -> list[MemberRow]:
    return [MemberRow(**row) for row in await connection.fetch(SQL["members"], organisation_id, limit)]


async def tickets_of_organisation(
    connection: Connection, organisation_id: int, limit: int
) -> list[TicketOfOrganisation]:
    """Of all its members, newest first."""
    rows = await connection.fetch(SQL["tickets_of_organisation"], organisation_id, limit)
    return [TicketOfOrganisation(**row) for row in rows]


async def lock_tickets_of_organisation(connection: Connection, organisation_id: int) -> list[int]:
    """Those in work; what is promised on them may depend on what the organisation is."""
    rows = await connection.fetch(SQL["lock_tickets_of_organisation"], organisation_id)
    return [row["id"] for row in rows]
