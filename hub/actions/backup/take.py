"""A copy of everything, made while hubs work: one snapshot, written by pg_dump and counted by us, so that both say the same."""

import asyncio
import os
from importlib.metadata import version
from pathlib import Path

from hub.actions.backup.manifest import DUMP, KEY, NAME, Manifest
from hub.actions.context import Context
from hub.model.keyring import every_key
from storage import backups
from storage.database import Database
from storage.migrate import applied_migrations


class CannotWrite(Exception):
    """The folder is there already, or cannot be made."""


async def take_backup(ctx: Context, dsn: str, folder: Path, *, with_key: bool = False) -> Manifest:
    """Write the copy into `folder`, which is made; it is there whole or not at all. `with_key`: the installation's key too, so
    that whoever holds the folder can open everything. Raises CannotWrite, storage.backups.NoTool and ToolFailed,
    DatabaseUnavailable."""
    growing = await asyncio.to_thread(_begin, folder)
    try:
        manifest = await _write(ctx.database, dsn, growing)
        await asyncio.to_thread(
            _end, growing, folder, manifest, b"\n".join(every_key(ctx.secret)) if with_key else None
        )
    except BaseException:
        await asyncio.to_thread(_remove, growing)
        raise
    return manifest


def _begin(folder: Path) -> Path:
    """A folder beside it, under another name until the copy is whole."""
    if folder.exists():
        raise CannotWrite(f"{folder} is there already")
    growing = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        growing.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise CannotWrite(f"{folder}: {error.strerror}") from error
    return growing


def _end(growing: Path, folder: Path, manifest: Manifest, key: bytes | None) -> None:
    if key is not None:
        _write_private(growing / KEY, key)
    _write_private(growing / NAME, manifest.model_dump_json(indent=2).encode() + b"\n")
    growing.rename(folder)


async def _write(database: Database, dsn: str, folder: Path) -> Manifest:
    dump = folder / DUMP
    connection = await database.connect_alone()
    try:
        await connection.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            moment = await backups.snapshot(connection)
            await backups.dump(dsn, moment.name, moment.major, dump)
            rows = await backups.count_rows(connection)
            blobs = await backups.blobs(connection)
            key = await backups.key_fingerprint(connection)
            migrations = await applied_migrations(connection)
    finally:
        await connection.close()
    return Manifest(
        made_at=moment.at,
        program=version("contact-hub"),
        server=moment.server,
        migrations=migrations,
        key=key,
        dump_bytes=dump.stat().st_size,
        dump_sha256=await asyncio.to_thread(backups.sha256_of, dump),
        rows=rows,
        files=blobs.files,
        file_bytes=blobs.bytes,
    )


def _write_private(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _remove(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
