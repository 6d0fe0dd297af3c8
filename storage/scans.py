"""What a virus scanner says of files, by their bytes. Over sql/scans.sql."""

from collections.abc import Sequence
from dataclasses import dataclass

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("scans")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedScan:
    """A file that is looked into next; `tries`: how often that broke off."""

    sha256: bytes
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedFile:
    """`state`: waiting, clean, infected, unscannable, "" where nobody asked. `found`: what the scanner calls it."""

    sha256: bytes
    filename: str
    ticket_code: int
    state: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanFigures:
    """How many files wait, and by how many seconds the oldest is late."""

    waiting: int
    late: float


async def ask(connection: Connection, digests: Sequence[bytes]) -> None:
    """These are to be looked into; what was looked into is known."""
    await connection.execute(SQL["ask"], digests)


async def claim(connection: Connection, lease: float) -> ClaimedScan | None:
    """One to look into, which nobody else is given for `lease` seconds; None where none is due."""
    row = await connection.fetchrow(SQL["claim"], lease)
    return ClaimedScan(**row) if row else None


async def bytes_of(connection: Connection, sha256: bytes) -> bytes | None:
    """None for a file that is gone."""
    data: bytes | None = await connection.fetchval(SQL["bytes_of"], sha256)
    return data


async def settle(connection: Connection, sha256: bytes, state: str, found: str) -> bool:
    """Whether this is the first word about it."""
    return await connection.fetchval(SQL["settle"], sha256, state, found) is not None


async def later(connection: Connection, sha256: bytes, seconds: float, *, broke_off: bool) -> None:
    """It is asked again in so many seconds."""
    await connection.execute(SQL["later"], sha256, seconds, int(broke_off))


async def tickets_with(connection: Connection, sha256: bytes) -> list[int]:
    """The newest 50 that are not closed, in the order in which they are locked."""
    return [row["ticket_id"] for row in await connection.fetch(SQL["tickets_with"], sha256)]


async def of_file(connection: Connection, token: str) -> ScannedFile | None:
    """By the name under which the file is asked for."""
    row = await connection.fetchrow(SQL["of_file"], token)
    return ScannedFile(**row) if row else None


async def forget_waiting(connection: Connection) -> None:
    """Nobody is asked any more."""
    await connection.execute(SQL["forget_waiting"])


async def figures(connection: Connection) -> ScanFigures:
    row = await connection.fetchrow(SQL["figures"])
    assert row is not None
    return ScanFigures(**row)
