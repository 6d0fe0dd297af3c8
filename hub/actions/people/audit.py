"""Administrative acts are written down in the transaction in which they are done, and read again by who may.

`record` comes last in its transaction: the trail is one row after the other, and until that ends nobody else adds one.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.actions.context import Context
from hub.model.audit import AuditKind
from hub.model.people import Actor
from storage import audit as stored
from storage.audit import AuditRow, Seals
from storage.database import Connection

PAGE = 500
MOST_EXPORTED = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """What somebody looks for; None lets everything through. `until` is the first moment that is not meant any more."""

    agent_id: int | None = None
    kind: AuditKind | None = None
    since: datetime | None = None
    until: datetime | None = None


async def record(
    connection: Connection,
    kind: AuditKind,
    *,
    actor: Actor,
    subject: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write the act down. `subject`: to what it was done, as people call it: a login, a name, a number. Of `before` and `after`
    what is the same in both is left out. Never secrets, never what customers wrote."""
    said = {name: value for name, value in (details or {}).items() if value is not None}
    if before is not None or after is not None:
        was, now = dict(before or {}), dict(after or {})
        said["changed"] = {
            name: [was.get(name), now.get(name)]
            for name in (*was, *(one for one in now if one not in was))
            if was.get(name) != now.get(name)
        }
    await stored.add(
        connection, kind=kind, agent_id=actor.agent_id, who=actor.name, subject=subject[:300], details=said
    )


async def list_acts(
    ctx: Context, wanted: AuditFilter, *, before: int = stored.LAST, limit: int = 50
) -> list[AuditRow]:
    """Newest first."""
    return await ctx.database.read(
        lambda c: stored.list_rows(
            c,
            before=before,
            agent_id=wanted.agent_id,
            kind=wanted.kind,
            since=wanted.since,
            until=wanted.until,
            limit=limit,
        )
    )


async def export_acts(ctx: Context, wanted: AuditFilter, *, actor: Actor) -> AsyncIterator[AuditRow]:
    """All of them, newest first, MOST_EXPORTED at the most; that somebody takes them along is an act itself."""
    asked = {"kind": wanted.kind, "agent": wanted.agent_id, "since": wanted.since, "until": wanted.until}
    await ctx.database.run(lambda c: record(c, AuditKind.AUDIT_EXPORTED, actor=actor, details=asked))
    before, told = stored.LAST, 0
    while told < MOST_EXPORTED:
        rows = await list_acts(ctx, wanted, before=before, limit=PAGE)
        for row in rows:
            yield row
        if len(rows) < PAGE:
            return
        before, told = rows[-1].id, told + len(rows)


async def broken_seals(ctx: Context) -> tuple[int, list[int]]:
    """(rows looked at, ids of those that are not as they were written or before which one is missing)."""
    after, looked, broken = 0, 0, list[int]()
    while True:
        found = await _check_seals(ctx, after)
        looked += found.looked
        broken += found.broken
        if found.looked < PAGE:
            return looked, broken
        after = found.reached


async def _check_seals(ctx: Context, after: int) -> Seals:
    return await ctx.database.read(lambda c: stored.check_seals(c, after, PAGE))
