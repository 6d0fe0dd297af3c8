"""Up to where the ledger is settled: who reads on below it misses nothing, whatever commits later.

That is below the oldest transaction that may still write here; one of another database on the same server cannot, and does not
count (docs/decisions/0069). Whoever reads on takes what lies below all transactions of the server. Only where that is nothing,
and an entry waits, is it asked whose they are. What is settled stays so: a later query may read below it.
"""

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("settled")


async def settled_behind(connection: Connection, xid: int, event_id: int) -> str | None:
    """As `settled_below`; None also where nothing behind this place waits."""
    held = await connection.fetchval(SQL["is_held_up"], str(xid), event_id)
    return await settled_below(connection) if held else None


async def settled_behind_mark(connection: Connection, name: str) -> str | None:
    """The same behind the mark of this reader."""
    held = await connection.fetchval(SQL["is_mark_held_up"], name)
    return await settled_below(connection) if held else None


async def settled_below(connection: Connection) -> str | None:
    """The transaction below which all is settled; None where that is the oldest of all. Ask once in a transaction at most:
    Postgres remembers who was at work, and that has to be younger than the snapshot of the question."""
    below: str | None = await connection.fetchval(SQL["below"])
    return below
