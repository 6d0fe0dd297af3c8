"""How automations have run lately, and which were stopped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.actions.context import Context
from storage import automation
from storage.automation import RunRow, StoppedRow
from storage.database import Connection

LAST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """`runs`: the last ones, newest first; `stopped`: why it does not run any more, until somebody lets it."""

    runs: Sequence[RunRow]
    stopped: StoppedRow | None


async def running_of(ctx: Context, names: Sequence[str]) -> Mapping[str, Running]:
    """By name."""

    async def look(c: Connection) -> Mapping[str, Running]:
        stopped = {row.rule: row for row in await automation.stopped(c)}
        return {
            name: Running(runs=await automation.runs_of_rule(c, name, LAST), stopped=stopped.get(name))
            for name in names
        }

    return await ctx.database.read(look)
