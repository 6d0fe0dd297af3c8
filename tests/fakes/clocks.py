"""What is promised in a test, and time that passes for the clocks without anybody waiting for it."""

import tomllib
from collections.abc import Sequence
from typing import Any

from hub.actions.context import Context
from storage.database import Connection
from tests.conftest import RULES
from tests.fakes.scene import rows

SHIPPED = tomllib.loads(RULES.read_text("utf-8"))
ROUND_THE_CLOCK = {
    "name": "usual", "calendar": "always", "first_response": 60, "next_response": 120, "resolution": 480,
    "escalate": True,
}  # fmt: skip


def rules(*targets: dict[str, Any], calendar: Sequence[dict[str, Any]] = ()) -> bytes:
    """The shipped rules with other targets, as TOML."""
    kept = RULES.read_text("utf-8").partition("[[calendar]]")[0]
    tables = [("calendar", table) for table in calendar or SHIPPED["calendar"]]
    tables += [("target", table) for table in targets or [ROUND_THE_CLOCK]]
    for name, table in tables:
        kept += f"\n[[{name}]]\n" + "\n".join(f"{key} = {_toml(value)}" for key, value in table.items())
    return kept.encode()


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f'"{key}" = {_toml(one)}' for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return str(value).lower() if isinstance(value, bool | int) else f'"{value}"'


_MOMENTS = {
    "sla_segment": "since until",
    "sla_clock": "started_at since ended_at due_at warn_at next_at warned_at breached_at",
}


async def time_passes(ctx: Context, minutes: float) -> None:
    """Everything that was written down happened so much earlier."""

    async def work(c: Connection) -> None:
        for table, names in _MOMENTS.items():
            changes = ", ".join(f"{name} = {name} - interval '{minutes} minutes'" for name in names.split())
            await c.execute(f"UPDATE {table} SET {changes}")

    await ctx.database.run(work)


async def clock(ctx: Context, ticket_id: int, target: str) -> dict[str, Any]:
    return (
        await rows(
            ctx,
            """SELECT *, round(extract(epoch FROM due_at - clock_timestamp()) / 60)::int AS left FROM sla_clock
               WHERE ticket_id = $1 AND target = $2 ORDER BY cycle DESC""",
            ticket_id, target,
        )
    )[0]  # fmt: skip


async def told(ctx: Context, ticket_id: int) -> list[tuple[str, str]]:
    found = await rows(
        ctx,
        """SELECT kind, coalesce(data->>'target', '') AS target FROM event
           WHERE ticket_id = $1 AND kind <> 'ticket_opened' ORDER BY seq""",
        ticket_id,
    )
    return [(row["kind"], row["target"]) for row in found]
