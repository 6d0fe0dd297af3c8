"""A real Postgres for the whole run, migrated once; each test has a database of its own, cloned from that template."""

import asyncio
import gc
import hashlib
import itertools
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from argon2 import PasswordHasher

from channels.adapter import ChannelKind
from channels.registry import load_kinds
from hub.actions.context import Context, close_context, open_context
from hub.actions.installation import set_up
from hub.actions.people import passwords
from hub.settings import Settings
from routing.rules import RoutingRules, load_rules
from storage.database import Database
from storage.embedded import embedded_postgres
from storage.migrate import migrate
from tests import canaries

TESTS = Path(__file__).parent
DEAR = ("real_mail", "browser", "journeys", "security", "rooms")
"""By what a test of theirs costs."""
SECRET = b"a key of thirty-two bytes for tests"
MIGRATIONS = Path(__file__).parent.parent / "storage" / "migrations"
RULES = Path(__file__).parent.parent / "config" / "routing.toml"
OLD_SECONDS = 24 * 3600
FIRST_OF_A_DATABASE = 16_384
"""Types with smaller numbers are Postgres' own."""
_names = itertools.count()

# A server that is thrown away needs no disk.
# One that is cleaned up while a test runs may plan otherwise than one that is not.
_CARELESS = (
    "fsync = off", "synchronous_commit = off", "full_page_writes = off", "max_connections = 200", "autovacuum = off",
)  # fmt: skip


CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""The same algorithm over 8 KiB: most tests sign somebody in, and none of those is about what a guess costs."""


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[PasswordHasher]:
    """The hasher that the hub works with outside the tests."""
    with pytest.MonkeyPatch.context() as patch:
        real = passwords.HASHER
        patch.setattr(passwords, "HASHER", CHEAP)
        yield real


@pytest.fixture(scope="session", autouse=True)
def types_asked_once() -> Iterator[None]:
    """The driver asks on each new line what Postgres' own types are, which costs the server more than what most tests say.
    They are the same everywhere: here the first line of a process asks."""
    ask, known = asyncpg.Connection._introspect_types, {}

    async def asked_once(self: Any, types: Any, timeout: float) -> Any:
        wanted = frozenset(types)
        if max(wanted) >= FIRST_OF_A_DATABASE:
            return await ask(self, types, timeout)
        if wanted not in known:
            known[wanted] = await ask(self, types, timeout)
        return known[wanted]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncpg.Connection, "_introspect_types", asked_once)
        yield


@pytest.fixture(autouse=True)
def no_secret_in_the_log() -> Iterator[None]:
    """Whatever a test is about, what is logged meanwhile tells no secret and nothing that a customer has written."""
    with canaries.watching():
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The dear ones first: what is left for the end is small, and nobody ends alone with a long file."""
    items.sort(key=_how_cheap)


def _how_cheap(item: pytest.Item) -> int:
    folder = item.path.relative_to(TESTS).parts[0]
    return DEAR.index(folder) if folder in DEAR else len(DEAR)


def pytest_collection_finish() -> None:
    """All that was imported and collected stays until the end: it need not be looked through for garbage again and again."""
    gc.collect()
    gc.freeze()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Where several processes test, none of them makes the template, and no test's time is spent on it."""
    ready = ready_made()
    if session.config.getoption("numprocesses", None) and not ready.is_dir():
        with _folder() as folder:
            _make_ready(folder / "postgres", ready)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The DSN of the server's own database; the database `template_hub` is migrated."""
    with _folder() as folder:
        data = folder / "postgres"
        ready = ready_made()
        if not ready.is_dir():
            _make_ready(data, ready)
        else:
            copy_cluster(ready, data)
        with embedded_postgres(data) as dsn:
            yield dsn


@contextmanager
def _folder() -> Iterator[Path]:
    # Not pytest's own folder: a second run that begins meanwhile clears the oldest of those away.
    with tempfile.TemporaryDirectory(prefix="hub-tests-", dir=_in_memory()) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def ready_made() -> Path:
    """Where a migrated cluster lies, made by an earlier run with the very same migrations and server."""
    made_of = hashlib.sha256(version("embedded-postgres").encode())
    for path in sorted(MIGRATIONS.glob("*.sql")):
        made_of.update(path.read_bytes())
    made_of.update("".join(_CARELESS).encode())
    return Path(_in_memory() or tempfile.gettempdir()) / f"hub-tests-made-{made_of.hexdigest()[:16]}"


def _make_ready(data: Path, ready: Path) -> None:
    """A cluster with the template, kept for later runs; of two that make one at once, one is kept."""
    with embedded_postgres(data) as dsn:
        asyncio.run(_careless(dsn))
    with embedded_postgres(data) as dsn:
        asyncio.run(_make_template(dsn))
    for older in ready.parent.glob("hub-tests-made-*"):
        if older.stat().st_mtime < time.time() - OLD_SECONDS:
            shutil.rmtree(older, ignore_errors=True)
    fresh = ready.with_name(f"{ready.name}.{os.getpid()}")
    copy_cluster(data, fresh)
    try:
        fresh.rename(ready)
    except OSError:  # another run was quicker
        shutil.rmtree(fresh, ignore_errors=True)


def copy_cluster(source: Path, target: Path) -> None:
    """With owners and modes: the server runs as somebody else where the tests run as root."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


def _in_memory() -> Path | None:
    """Each test has a database of its own: copied in memory that takes a fraction of the time. None: the usual place."""
    shared = Path("/dev/shm")
    return shared if shared.is_dir() and shutil.disk_usage(shared).free > 4 * 2**30 else None


async def _careless(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    for setting in _CARELESS:
        await connection.execute(f"ALTER SYSTEM SET {setting}")
    await connection.close()


async def _make_template(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE DATABASE template_hub")
    await connection.close()
    database = await Database.open(at_database(dsn, "template_hub"), max_size=2)
    await migrate(database)
    await database.close()


def at_database(dsn: str, name: str) -> str:
    """The same server, another database."""
    head, _, query = dsn.partition("?")
    base = head.rpartition("/")[0]
    return f"{base}/{name}" + (f"?{query}" if query else "")


@pytest.fixture
async def plain_dsn(postgres: str) -> AsyncIterator[str]:
    """An empty database, as its owner, who may do nothing else."""
    name = f"plain_{os.getpid()}_{next(_names)}"
    server = await asyncpg.connect(postgres)
    await server.execute(f"CREATE ROLE {name} LOGIN")
    await server.execute(f"CREATE DATABASE {name} OWNER {name} TEMPLATE template0")
    yield re.sub(r"//[^@/]*@", f"//{name}@", at_database(postgres, name))
    await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.execute(f"DROP ROLE {name}")
    await server.close()


@pytest.fixture
async def database_dsn(postgres: str) -> AsyncIterator[str]:
    """A migrated database that nobody else uses."""
    name = f"test_{os.getpid()}_{next(_names)}"
    server = await asyncpg.connect(postgres)
    await server.execute(f"CREATE DATABASE {name} TEMPLATE template_hub STRATEGY file_copy")
    yield at_database(postgres, name)
    await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()


@cache
def shipped_rules() -> RoutingRules:
    """Read once; nobody can change them."""
    return load_rules(RULES.read_bytes())


@cache
def light_kinds() -> dict[str, ChannelKind]:
    """All kinds, letters among them read at once and in this process: what another one for them costs and is good for is shown
    by the tests of the reader, of hubs as processes and of mail bombs."""
    kinds = load_kinds()
    return {**kinds, "email": replace(kinds["email"], heavy=False)}


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    """A hub's context over an empty database, without channels. Nothing runs in the background."""
    database = await Database.open(database_dsn, max_size=10)
    context = open_context(
        database,
        Settings(channels={}),
        secret=SECRET,
        rules=shipped_rules(),
        kinds=light_kinds(),
    )
    await set_up(context)
    yield context
    await close_context(context)
    await database.close()
