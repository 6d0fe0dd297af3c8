"""The channels that were set up at the desk, as this hub goes by them: read from the database, opened, checked by their kind.

What a channel's settings say wrong is kept beside, and the hub goes on without it: it must not stop the others.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import ValidationError

from channels.adapter import ChannelKind
from hub.actions.announce import EVENTS, OUTBOX, ROUTE
from hub.actions.vault import unseal
from hub.settings import explain_validation
from storage import channels as stored
from storage.channels import ConfigRow
from storage.database import Connection

if TYPE_CHECKING:
    from hub.actions.context import Context

log = structlog.get_logger(__name__)

SECRETS = "settings"
"""The place of the vault that a channel's own passwords are sealed for."""


@dataclass(slots=True, kw_only=True)
class DeskChannels:
    """`tables`: those that work, each as a table of hub.toml would be. `wrong`: why others do not. They change together, and
    are replaced whole."""

    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    wrong: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, tuple[int, datetime]] = field(default_factory=dict)


async def reload_channels(ctx: "Context") -> bool:
    """Go by the newest settings; whether anything changed. Raises DatabaseUnavailable."""
    if await ctx.database.read(stored.desk_marks) == ctx.desk_channels.marks:
        return False
    take_over(ctx, await ctx.database.read(stored.desk_channels))
    for topic in (ROUTE, OUTBOX, EVENTS):
        ctx.listener.wake(topic)
    return True


async def open_every_channel(ctx: "Context") -> None:
    """Also those that are switched off, for a command that makes one of them ready. Raises DatabaseUnavailable."""
    rows = await ctx.database.read(stored.desk_channels)
    take_over(ctx, [replace(row, enabled=True) for row in rows])


async def read_channels(ctx: "Context", connection: Connection) -> None:
    """The same inside a transaction, at the start of a hub."""
    take_over(ctx, await stored.desk_channels(connection))


def take_over(ctx: "Context", rows: list[ConfigRow]) -> None:
    """These are the channels of the desk from now on. One whose settings did not change keeps its table, so that whoever
    compares by identity sees which did."""
    book, before = ctx.desk_channels, ctx.desk_channels.marks
    tables: dict[str, Mapping[str, Any]] = {}
    wrong: dict[str, str] = {}
    for row in rows:
        if not row.enabled or row.name in ctx.settings.channels:
            continue
        if before.get(row.name) == (row.version, row.changed_at) and row.name in book.tables:
            tables[row.name] = book.tables[row.name]
            continue
        try:
            tables[row.name] = as_table(ctx.secret, ctx.kinds, row)
        except ValueError as error:
            log.error("channel.not_understood", channel=row.name, error=str(error)[:500])
            wrong[row.name] = str(error)
    book.tables, book.wrong = tables, wrong
    book.marks = {row.name: (row.version, row.changed_at) for row in rows}
    ctx.memo.pop("own addresses", None)


def as_table(secret: bytes, kinds: Mapping[str, ChannelKind], row: ConfigRow) -> Mapping[str, Any]:
    """The channel's table with its passwords in it. Raises ValueError: a kind that there is not, a secret that cannot be
    opened, settings that their kind refuses."""
    kind = kinds.get(row.kind)
    if kind is None:
        raise ValueError(f"There is no kind of channel {row.kind!r} here.")
    table = {**row.settings, **open_secrets(secret, row)}
    try:
        kind.settings.model_validate(table)
    except ValidationError as error:  # its own words would repeat what was given
        raise ValueError(explain_validation(row.name, error)) from error
    return {"kind": row.kind, **table}


def open_secrets(secret: bytes, row: ConfigRow) -> dict[str, str]:
    """Its passwords by the names of their settings. Raises ValueError where another installation sealed them."""
    if row.secrets is None:
        return {}
    opened: dict[str, str] = json.loads(unseal(secret, row.name, SECRETS, row.secrets))
    return opened
