"""How automations have run lately, and which were stopped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.actions.context import Context
from hub.actions.people.sight import seen_codes
from hub.model.people import Actor
from storage import automation
from storage.automation import RunRow, StoppedRow
from storage.database import Connection

LAST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """`runs`: the last ones, newest first; `stopped`: why it does not run any more, until somebody lets it."""

    runs: Sequence[RunRow]
    stopped: StoppedRow | None


async def running_of(ctx: Context, names: Sequence[str], actor: Actor) -> Mapping[str, Running]:
    """By name; of runs, those on tickets that there are for the actor."""

    async def look(c: Connection) -> Mapping[str, Running]:
        stopped = {row.rule: row for row in await automation.stopped(c)}
        runs = {name: await automation.runs_of_rule(c, name, LAST) for name in names}
        seen = await seen_codes(c, actor, [run.ticket_code for found in runs.values() for run in found])
        return {
            name: Running(runs=[run for run in found if run.ticket_code in seen], stopped=stopped.get(name))
            for name, found in runs.items()
        }

    return await ctx.database.read(look)
