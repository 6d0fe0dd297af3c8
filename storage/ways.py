"""How a customer can be reached. Thin typed functions over sql/ways.sql."""

from dataclasses import dataclass
from datetime import datetime

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("ways")


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkRow:
    """A conversation on a channel. `answered`: messages of ours since the customer was `heard_at`; `shut`: they shut us out;
    `now` by the database."""

    channel: str
    kind: str
    address: str
    thread_key: str
    heard_at: datetime | None
    answered: int
    shut: bool
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRow:
    """An e-mail address or a telephone number. `proven`: it is theirs for certain; `returned`: letters to it came back."""

    kind: str
    value: str
    proven: bool
    returned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WhoseRow:
    """Whose a ticket is, and how it came."""

    ticket_id: int
    customer_id: int
    channel: str
    reply_address: str
    thread_key: str


async def whose(connection: Connection, code: int) -> WhoseRow | None:
    row = await connection.fetchrow(SQL["whose"], code)
    return WhoseRow(**row) if row else None


async def talks_of(connection: Connection, customer_id: int) -> list[TalkRow]:
    """The customer's conversations, the one they were heard on last first."""
    return [TalkRow(**row) for row in await connection.fetch(SQL["talks_of"], customer_id)]


async def addresses_of(connection: Connection, customer_id: int) -> list[AddressRow]:
    """What they can be written to or called at, proven ones first."""
    return [AddressRow(**row) for row in await connection.fetch(SQL["addresses_of"], customer_id)]
