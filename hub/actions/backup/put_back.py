"""A copy put into an empty database, and everything compared with what it was when it was made.

What was on its way then may have arrived since, so nothing leaves by itself (`hold`); what came in since is fetched again where
that can be (`hear_again`).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.actions.backup.hear_again import HeardAgain, hear_again
from hub.actions.backup.hold import Held, hold_what_leaves
from hub.actions.backup.manifest import DUMP, KEY, NAME, Manifest, NotACopy, read_manifest
from hub.actions.backup.rejoin import rejoin_ledger
from hub.actions.context import Context
from hub.actions.installation import set_up
from hub.model.keyring import every_key, fingerprint_of
from storage import backups
from storage.database import Database
from storage.migrate import known_migrations, migrate


class CannotPutBack(Exception):
    """Why not. Nothing was changed."""


class NotTheSame(Exception):
    """What was put back is not what was copied: each difference is a line. It stays as it is, to be looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack:
    """`held`: what did not leave. `heard_again`: what came in since. `migrated`: what the schema lacked."""

    manifest: Manifest
    held: Held
    heard_again: HeardAgain
    migrated: Sequence[str]


async def check_copy(folder: Path) -> Manifest:
    """Whether the copy is whole, without a database. Raises NotACopy."""
    try:
        manifest = read_manifest(await asyncio.to_thread((folder / NAME).read_bytes))
        dump = folder / DUMP
        size = dump.stat().st_size
    except OSError as error:
        raise NotACopy(f"{error.filename}: {error.strerror}") from error
    if size != manifest.dump_bytes:
        raise NotACopy(f"{dump} has {size} bytes, not {manifest.dump_bytes}: it is not whole")
    if await asyncio.to_thread(backups.sha256_of, dump) != manifest.dump_sha256:
        raise NotACopy(f"{dump} was changed since it was made: its SHA-256 differs")
    return manifest


def key_of(folder: Path) -> bytes | None:
    """The installation's key, where the copy has it."""
    path = folder / KEY
    return path.read_bytes().strip() if path.is_file() else None


async def put_back(ctx: Context, dsn: str, folder: Path) -> PutBack:
    """Raises NotACopy, CannotPutBack, NotTheSame, storage.backups.NoTool and ToolFailed, DatabaseUnavailable, WrongSetting."""
    manifest = await check_copy(folder)
    newer = sorted(set(manifest.migrations) - set(known_migrations()))
    if newer:
        raise CannotPutBack(
            f"The copy was made by a newer release (it has {', '.join(newer)}): install that one first."
        )
    known = {fingerprint_of(key) for key in every_key(ctx.secret)}
    if not manifest.key or not known.issuperset(manifest.key.split()):
        raise CannotPutBack(
            "The copy belongs to another key than this installation's. Put the key of then into data_dir/secret.key, or set "
            "HUB_SECRET_KEY (and HUB_OTHER_SECRET_KEYS, where it was being changed): without it no sealed password opens "
            "and no thread is known again."
        )
    if not await ctx.database.read(backups.is_empty):
        raise CannotPutBack(
            "There are tables in this database already. Make an empty one, and set database.dsn to it."
        )
    major = await ctx.database.read(backups.server_major)
    await backups.restore(dsn, major, folder / DUMP)
    await _compare(ctx.database, manifest)
    await rejoin_ledger(ctx.database)
    migrated = await migrate(ctx.database)
    await set_up(ctx)
    heard_again = await hear_again(ctx, manifest.made_at)
    held = await hold_what_leaves(ctx)
    return PutBack(manifest=manifest, held=held, heard_again=heard_again, migrated=migrated)


async def _compare(database: Database, manifest: Manifest) -> None:
    """Every table has its rows, every file its bytes. Raises NotTheSame."""
    connection = await database.connect_alone()
    try:
        await connection.execute("SET statement_timeout = 0")
        rows = await backups.count_rows(connection)
        spoilt = await backups.spoilt_blobs(connection)
        blobs = await backups.blobs(connection)
    finally:
        await connection.close()
    wrong = [
        f"{name}: {rows.get(name, 0)} rows, {manifest.rows.get(name, 0)} were copied"
        for name in sorted({*rows, *manifest.rows})
        if rows.get(name, 0) != manifest.rows.get(name, 0)
    ]
    if (blobs.files, blobs.bytes) != (manifest.files, manifest.file_bytes):
        wrong.append(
            f"files: {blobs.files} with {blobs.bytes} bytes, {manifest.files} with {manifest.file_bytes} were copied"
        )
    wrong += [f"the file {name} does not hold what it should" for name in spoilt]
    if wrong:
        raise NotTheSame("\n".join(wrong))
