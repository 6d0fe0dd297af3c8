"""Policies of retention: read, changed, and what one would find before it is switched on."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.actions.context import Context
from hub.actions.failures import Conflict, NotPossible
from hub.actions.people.audit import record
from hub.model.audit import AuditKind
from hub.model.people import Actor
from hub.model.permissions import Permission
from hub.model.retention import DEPTHS, LEAST_DAYS, MOST_DAYS, Depth, Kept
from storage import retention as stored
from storage.database import Connection
from storage.retention import Example, PolicyRow, RunRow

MOST_COUNTED = 10_000
RUNS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a policy would take away tonight. `many`: MOST_COUNTED and one more where there are more than that."""

    many: int
    examples: Sequence[Example]

    @property
    def more(self) -> bool:
        return self.many > MOST_COUNTED


async def list_policies(ctx: Context) -> dict[Kept, PolicyRow]:
    rows = {row.what: row for row in await ctx.database.read(stored.list_policies)}
    return {kept: rows[kept] for kept in Kept}


async def list_runs(ctx: Context) -> list[RunRow]:
    """Newest first."""
    return await ctx.database.read(lambda c: stored.runs(c, RUNS))


async def find_old(ctx: Context, *, kept: Kept, days: int) -> Found:
    """Raises NotPossible (bad_days)."""
    _check(kept, days, DEPTHS[kept][0])

    async def read(connection: Connection) -> Found:
        many = await stored.count(connection, kept, days, MOST_COUNTED + 1)
        return Found(many=many, examples=await stored.examples(connection, kept, days) if many else [])

    return await ctx.database.read(read)


async def change_policy(
    ctx: Context, *, kept: Kept, enabled: bool, days: int, depth: Depth, version: int, actor: Actor
) -> None:
    """From the next night on. Raises Conflict (`policy_changed`); NotPossible: not_allowed, bad_days, bad_depth."""
    if not actor.may(Permission.MANAGE_RETENTION):
        raise NotPossible("Only who manages retention may do this.", code="not_allowed")
    _check(kept, days, depth)

    async def work(connection: Connection) -> None:
        was = await stored.lock_policy(connection, kept)
        assert was is not None
        if was.version != version:
            raise Conflict(
                "Somebody else has changed this meanwhile.", current_seq=was.version, code="policy_changed"
            )
        before = {"enabled": was.enabled, "days": was.days, "depth": was.depth}
        after = {"enabled": enabled, "days": days, "depth": depth.value}
        if before == after:
            return
        await stored.change_policy(connection, kept, enabled=enabled, days=days, depth=depth, by=actor.name)
        await record(
            connection, AuditKind.RETENTION_CHANGED, actor=actor, subject=kept, before=before, after=after
        )

    await ctx.database.run(work)


def _check(kept: Kept, days: int, depth: Depth) -> None:
    if not LEAST_DAYS[kept] <= days <= MOST_DAYS:
        raise NotPossible(f"{kept} is kept for {LEAST_DAYS[kept]} days at the least.", code="bad_days")
    if depth not in DEPTHS[kept]:
        raise NotPossible(f"{kept} cannot be taken away so.", code="bad_depth")
