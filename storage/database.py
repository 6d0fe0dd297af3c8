"""The pool, and the one way to run a transaction.

Callers above this room pass a `Connection` through without knowing its driver. Nothing here knows a table.
"""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, TypeAlias, TypeVar

import asyncpg
import orjson
import structlog
from asyncpg.pool import PoolConnectionProxy

from storage.precedence import PoliteConnection, Precedence, give_way
from storage.silence import Silence

log = structlog.get_logger(__name__)

T = TypeVar("T")
Connection: TypeAlias = "asyncpg.Connection[Any] | PoolConnectionProxy[Any]"

COMMAND_TIMEOUT = 10.0
"""Seconds for one statement of a server that answers otherwise (storage.silence: one that does not)."""
CONNECT_TIMEOUT = 5.0
ACQUIRE_TIMEOUT = 4.5
TRY_AGAIN_WITHIN = 4.0
"""Seconds after which a failed attempt is the last: whoever waits for so long already is not helped by as much again."""
FORGOTTEN_SECONDS = 15.0
"""A session that says nothing for so long in the middle of a transaction is ended, and what it has locked is free."""
_NAME = "contact-hub"

# The driver sends a statement that is new to a session in two halves. Where a hub is stopped between them Postgres calls its
# session active, and no limit of idle time ends it, nor one of statements (both seen); transaction_timeout would, from 17 on,
# and whoever merely takes long with it. Rows that are copied in are waited for all the time.
_END_FORGOTTEN = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND usename = current_user AND application_name = $1
    AND state = 'active' AND wait_event = 'ClientRead' AND query NOT ILIKE 'COPY %'
    AND state_change < clock_timestamp() - make_interval(secs => $2)
"""

# What a restart, a lost line or a lock fight looks like from here (measured; see docs/decisions/0003).
_TRANSIENT: tuple[type[BaseException], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InternalClientError,
    asyncpg.InterfaceError,
    ConnectionError,
    TimeoutError,
)

_SILENT = "Postgres does not answer"

# Before there is a line: the socket's file is gone while the server starts again, a name is not found, there is no way to it.
_NO_LINE: tuple[type[BaseException], ...] = (*_TRANSIENT, OSError)

# The last is what asyncpg says of a line that is cut while it asks what types there are.
_NO_CONNECTION = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)

# Somebody held a lock, or the statement ran, for longer than our sessions allow; the disk is full; a fail-over left it
# read-only. Nothing was done, it is no row's fault, and to try at once would only lengthen the queue.
_NOT_NOW = (
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.DiskFullError,
    asyncpg.OutOfMemoryError,
    asyncpg.ReadOnlySQLTransactionError,
)

ARRAYS = ("text", "bool", "int4", "int8", "float8", "timestamptz", "uuid", "bytea", "jsonb")
"""What our queries return arrays of."""

LOCKED = (asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError)
"""Somebody else has what a statement needs: it is no fault of the statement."""
DataError = (asyncpg.DataError, asyncpg.CheckViolationError, UnicodeEncodeError)


_joined: "ContextVar[tuple[Connection, asyncio.Task[Any] | None] | None]" = ContextVar("joined", default=None)


@contextmanager
def joining(connection: Connection) -> Iterator[None]:
    """Inside, whatever this task runs or reads takes part in the transaction of `connection`: several actions, one commit."""
    mark = _joined.set((connection, asyncio.current_task()))
    try:
        yield
    finally:
        _joined.reset(mark)


def _joined_now() -> "Connection | None":
    """A task that was started inside has the variable too, but not the transaction: it may go on after its end."""
    joined = _joined.get()
    return joined[0] if joined is not None and joined[1] is asyncio.current_task() else None


class DatabaseUnavailable(Exception):
    """Postgres did not answer in time. Nothing is known to be kept; the caller must try again."""


class DatabaseFull(DatabaseUnavailable):
    """Postgres has no space left on its disk."""


class HeldUp(DatabaseUnavailable):
    """Postgres is there, but somebody kept a lock, or a statement ran, for longer than our sessions allow. Nothing was done."""


_NO_ROWS_FAULT: tuple[type[BaseException], ...] = (*_TRANSIENT, *_NOT_NOW, DatabaseUnavailable)


def _encode_json(value: Any) -> str:
    return orjson.dumps(value).decode()


async def _prepare_connection(connection: "asyncpg.Connection[Any]") -> None:
    # Binary, as a row inside a row has it, and COPY: a version number, then the text.
    await connection.set_type_codec(
        "jsonb",
        encoder=lambda value: b"\x01" + orjson.dumps(value),
        decoder=lambda found: orjson.loads(found[1:]),
        schema="pg_catalog",
        format="binary",
    )
    # Such a row comes without a description of what stands in it: the driver has to know beforehand.
    await connection.fetch(f"SELECT {', '.join(f'NULL::{name}[]' for name in ARRAYS)}")


async def _leave_as_it_is(_connection: object) -> None:
    """What asyncpg does when a connection comes back costs a round trip. Ours hold nothing beyond their transaction: no
    session locks, no LISTEN, no SET; those have connections of their own."""


class Database:
    """A pool of connections to one Postgres.

    All sessions run in UTC with statement, lock and idle-in-transaction limits, so that one slow or forgotten
    transaction cannot hold up the rest. `precedence`: who goes first of those who share the pool.
    """

    def __init__(self, pool: "asyncpg.Pool[Any]", dsn: str) -> None:
        self._pool = pool
        self._dsn = dsn
        self._silence = Silence(self._asks_on_a_line, self._asks_on_a_new_line)
        self._one_is_dead = False
        self.precedence = Precedence()

    @classmethod
    async def open(cls, dsn: str, *, max_size: int = 10) -> "Database":
        """Connect. Raises DatabaseUnavailable with the reason when that fails within 5 s."""
        try:
            pool = await asyncpg.create_pool(
                dsn,
                min_size=1,
                max_size=max_size,
                command_timeout=COMMAND_TIMEOUT,
                timeout=CONNECT_TIMEOUT,
                # Reads that go together are one long text; it has to stay prepared like any other.
                max_cacheable_statement_size=0,
                # An ANALYZE makes a plan anew; that five minutes have passed is no reason to.
                max_cached_statement_lifetime=0,
                connection_class=PoliteConnection,
                init=_prepare_connection,
                reset=_leave_as_it_is,
                server_settings=_SERVER_SETTINGS,
            )
        except _NO_CONNECTION as error:
            raise DatabaseUnavailable(f"cannot connect to Postgres: {error}") from error
        return cls(pool, dsn)

    async def close(self) -> None:
        """Close the pool; after 5 s, or where a line has ended by itself, cut what is still open."""
        await self._silence.close()
        try:
            await asyncio.wait_for(self._pool.close(), 5)
        except _NO_CONNECTION:
            self._pool.terminate()

    async def connect_alone(self, *, unhurried: bool = False) -> "asyncpg.Connection[Any]":
        """A connection outside the pool, for LISTEN and for leases: it must not starve behind ordinary work. `unhurried`: its
        statements may take as long as they do, as far as this side is concerned."""
        try:
            connection = await asyncpg.connect(
                self._dsn,
                command_timeout=None if unhurried else COMMAND_TIMEOUT,
                timeout=CONNECT_TIMEOUT,
                server_settings=_SERVER_SETTINGS,
            )
            try:
                await _prepare_connection(connection)
            except BaseException:  # nobody else knows of it yet, who could close it
                connection.terminate()
                raise
        except _NO_CONNECTION as error:
            raise DatabaseUnavailable(f"cannot connect to Postgres: {error}") from error
        return connection

    async def run(self, work: Callable[[Connection], Awaitable[T]], *, attempts: int = 3) -> T:
        """Run `work` in one transaction and return what it returns, after COMMIT.

        `work` must do nothing but talk to the database: it is called again, from the start, when the line
        dropped or Postgres asked for a retry. After a lost COMMIT the first run may have been kept, so `work` must be
        idempotent by key. Raises DatabaseUnavailable when every attempt failed for such a reason, or the first took long.
        """
        joined = _joined_now()
        if joined is not None:
            return await work(joined)
        began = time.monotonic()
        for attempt in range(1, attempts + 1):
            try:
                async with _Line(self._pool, self._silence) as connection, connection.transaction():
                    return await work(connection)
            except _NOT_NOW as error:
                raise _not_now(error) from error
            except _NO_LINE as error:
                if attempt == attempts or self._too_late(began):
                    raise DatabaseUnavailable(f"Postgres: {type(error).__name__}: {error}") from error
                log.warning("transaction.retry", attempt=attempt, error=type(error).__name__)
                await asyncio.sleep(random.uniform(0.01, 0.05 * 2**attempt))  # noqa: S311 - jitter, not a secret
        raise AssertionError("unreachable")

    async def run_one(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run `work` that is one statement, and so a transaction by itself: BEGIN and COMMIT are spared. Otherwise as `run`."""
        return await self._without_begin(work)

    async def read(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run queries that write nothing, without BEGIN and COMMIT. Retries and errors as in `run`."""
        return await self._without_begin(work)

    async def _without_begin(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        joined = _joined_now()
        if joined is not None:
            return await work(joined)
        began = time.monotonic()
        for attempt in (1, 2):
            try:
                async with _Line(self._pool, self._silence) as connection:
                    return await work(connection)
            except _NOT_NOW as error:
                raise _not_now(error) from error
            except _NO_LINE as error:
                if attempt == 2 or self._too_late(began):
                    raise DatabaseUnavailable(f"Postgres: {type(error).__name__}: {error}") from error
        raise AssertionError("unreachable")

    def _too_late(self, began: float) -> bool:
        return self._silence.fell or time.monotonic() - began > TRY_AGAIN_WITHIN

    async def end_forgotten(self) -> int:
        """End sessions of hubs that were stopped in the middle of a statement; Postgres ends those of hubs that were stopped
        between two. Returns how many. Raises DatabaseUnavailable."""
        ended: int = await self.run_one(lambda c: c.fetchval(_END_FORGOTTEN, _NAME, FORGOTTEN_SECONDS))
        if ended:
            log.warning("database.forgotten_ended", sessions=ended)
        return ended

    async def _asks_on_a_line(self) -> bool:
        if not self._pool.get_idle_size():
            return False
        try:
            async with self._pool.acquire() as connection:
                try:
                    await connection.execute("SELECT 1")
                except BaseException:  # given up, too: whoever gets it next must not wait for its answer
                    self._one_is_dead = True
                    _cut(connection)
                    raise
        except _NO_CONNECTION:
            return False  # this line is gone; a new one tells
        return True

    async def _asks_on_a_new_line(self) -> bool:
        try:
            connection = await asyncpg.connect(self._dsn, timeout=CONNECT_TIMEOUT)
        except TimeoutError:
            return False
        except _NO_CONNECTION:
            return True  # refused, or nobody is there: who waits for it is told that by their own line
        connection.terminate()
        if self._one_is_dead:
            # A way that has changed, not a server that is gone: the others lead to where nobody is, too.
            await self._pool.expire_connections()
            self._one_is_dead = False
        return True

    def waiting(self) -> tuple[int, int]:
        """(connections in the pool, of these idle), for metrics."""
        return self._pool.get_size(), self._pool.get_idle_size()


class _Line:
    """One of the pool's connections. While Postgres is silent there is none, and the one that somebody has is ended."""

    __slots__ = ("_connection", "_pool", "_silence", "_wait")

    def __init__(self, pool: "asyncpg.Pool[Any]", silence: Silence) -> None:
        self._pool, self._silence = pool, silence

    async def __aenter__(self) -> "PoolConnectionProxy[Any]":
        await give_way()  # and not with a line in its hands, which the word may need
        self._refuse()
        self._wait = self._silence.begin()
        try:
            self._connection = await self._pool.acquire(timeout=ACQUIRE_TIMEOUT)
        except BaseException:
            self._silence.end(self._wait, answered=False)
            raise
        self._wait.give_up = partial(_cut, self._connection)
        if self._silence.fell:
            await self.__aexit__(DatabaseUnavailable)
            raise DatabaseUnavailable(_SILENT)
        return self._connection

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._silence.end(self._wait, answered=kind is None)
        await self._pool.release(self._connection)

    def _refuse(self) -> None:
        if self._silence.fell:
            raise DatabaseUnavailable(_SILENT)


def _cut(connection: Connection) -> None:
    with contextlib.suppress(asyncpg.InterfaceError):  # it has ended by itself, and is the pool's again
        connection.terminate()


def _not_now(error: BaseException) -> DatabaseUnavailable:
    match error:
        case asyncpg.DiskFullError():
            kind: type[DatabaseUnavailable] = DatabaseFull
        case asyncpg.LockNotAvailableError() | asyncpg.QueryCanceledError():
            kind = HeldUp
        case _:
            kind = DatabaseUnavailable
    return kind(f"Postgres: {type(error).__name__}: {error}")


async def try_alone(
    connection: Connection, work: Callable[[Connection], Awaitable[object]]
) -> Exception | None:
    """Run `work` as a part of the transaction that is taken back when it raises; returns what it raised, and None when it is
    done. For queues in which one row must not hold up the others. What is no row's fault (a lost line, a lock, a full disk) is
    raised on, and becomes of the transaction what `Database.run` says."""
    try:
        async with connection.transaction():
            await work(connection)
    except _NO_ROWS_FAULT:
        raise
    except Exception as error:  # noqa: BLE001 - the caller sets the row aside with it
        return error
    return None


async def in_halves(
    connection: Connection,
    items: Sequence[T],
    work: Callable[[Sequence[T]], Awaitable[object]],
    set_aside: Callable[[T, Exception], Awaitable[None]],
) -> None:
    """Work on all of them together, and only where that raises (`try_alone`) on halves of them: what raises alone is set aside,
    and those beside it are done."""
    error = await try_alone(connection, lambda _: work(items))
    if error is None:
        return
    if len(items) == 1:
        await set_aside(items[0], error)
        return
    middle = len(items) // 2
    for half in (items[:middle], items[middle:]):
        await in_halves(connection, half, work, set_aside)


_SERVER_SETTINGS = {
    "application_name": _NAME,
    "timezone": "UTC",
    "statement_timeout": "10s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": f"{FORGOTTEN_SECONDS:g}s",
    # A prepared statement keeps the plan it got while its tables were empty, until the next ANALYZE: then a full scan is what
    # it does to a million rows. See docs/decisions/0008.
    "enable_seqscan": "off",
    # Made once, and not anew each time; a helper takes longer to start than nearly all of them to run. See docs/decisions/0070.
    "plan_cache_mode": "force_generic_plan",
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    # A session whose hub has gone without a word ends after twenty seconds, and with it what it holds.
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "3",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "20000",
}


def as_json(value: Any) -> str:
    """A JSON document as text, for arrays of documents that go through `unnest`."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else _encode_json(value)
