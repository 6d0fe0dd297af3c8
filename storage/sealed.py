"""What is sealed with the installation's key, shelf by shelf, for whoever seals it anew. Over sql/sealed.sql."""

from dataclasses import dataclass

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("sealed")

SHELVES = {
    "channel_secrets": "set_channel_secret",
    "channel_configs": "set_channel_config",
    "webhooks": "set_webhook",
    "totps": "set_totp",
    "pending_totps": "set_pending_totp",
}
"""Each by the query that reads it, with the one that writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedRow:
    """`number` and `key` say which one it is; `name` is how people call what it belongs to."""

    number: int
    key: str
    name: str
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlelessRow:
    """A passkey of which it is not written down who its agent is to it."""

    id: int
    agent_id: int


async def rows_after(
    connection: Connection, shelf: str, after: tuple[int, str], limit: int
) -> list[SealedRow]:
    """In the order of (number, key); each stays locked until the transaction ends."""
    return [SealedRow(**row) for row in await connection.fetch(SQL[shelf], *after, limit)]


async def put(connection: Connection, shelf: str, row: SealedRow, sealed: bytes) -> None:
    """The same secret, sealed otherwise."""
    await connection.execute(SQL[SHELVES[shelf]], row.number, row.key, sealed)


async def handleless(connection: Connection, limit: int) -> list[HandlelessRow]:
    return [HandlelessRow(**row) for row in await connection.fetch(SQL["handleless"], limit)]


async def set_handle(connection: Connection, passkey_id: int, handle: bytes) -> None:
    await connection.execute(SQL["set_handle"], passkey_id, handle)


async def name_key_of_codes(connection: Connection, key_id: bytes) -> None:
    """Recovery codes that name no key were hashed with this one."""
    await connection.execute(SQL["name_key_of_codes"], key_id)


async def agents_with_codes_of_other_keys(connection: Connection, key_id: bytes, unnamed: bytes) -> int:
    """How many have recovery codes left that were hashed with another key; `unnamed`: with which those were that name none."""
    return int(await connection.fetchval(SQL["codes_of_other_keys"], key_id, unnamed))
