"""Automations in a test: rules beside the shipped ones, a hub that looks until nothing is left to be done, time that passes."""

from datetime import datetime
from typing import Any

from hub.actions.automation.look import run_rules
from hub.actions.context import Context
from hub.actions.rules.rulebook import as_document, change_rules
from hub.model.people import Actor
from storage.database import Connection
from tests.conftest import RULES
from tests.fakes.scene import rows

ADMIN = Actor(name="An administrator")
_MOMENTS = {
    "automation_timer": "anchor due_at",
    "automation_run": "anchor at",
    "ticket": "created_at resolved_at waiting_since",
    "interaction": "created_at",
    "event": "at",
}


def automated(toml: str) -> bytes:
    """The shipped rules without their automations, and these."""
    return RULES.read_bytes().partition(b"[[automation]]")[0] + toml.encode()


async def settle(ctx: Context, most: int = 200) -> int:
    """Have rules look until nothing is left to be looked at; returns how many rounds that took."""
    for round_ in range(most):
        if not await run_rules(ctx) and not await rows(ctx, "SELECT 1 FROM automation_due LIMIT 1"):
            return round_
    raise AssertionError(f"rules had something to do for {most} rounds")


async def time_passes(ctx: Context, minutes: float) -> None:
    """Everything that waits are reckoned from happened so much earlier."""

    async def work(c: Connection) -> None:
        for table, names in _MOMENTS.items():
            changes = ", ".join(f"{name} = {name} - interval '{minutes} minutes'" for name in names.split())
            await c.execute(f"UPDATE {table} SET {changes}")

    await ctx.database.run(work)


async def runs(ctx: Context, ticket_id: int) -> list[tuple[str, str, str]]:
    """(rule, because, outcome), oldest first."""
    found = await rows(
        ctx, "SELECT rule, because, outcome FROM automation_run WHERE ticket_id = $1 ORDER BY id", ticket_id
    )
    return [(row["rule"], row["because"], row["outcome"]) for row in found]


async def did(ctx: Context, ticket_id: int) -> list[tuple[str, str, str]]:
    """(verb, outcome, code) of every action, oldest first."""
    found = await rows(ctx, "SELECT did FROM automation_run WHERE ticket_id = $1 ORDER BY id", ticket_id)
    return [(one["verb"], one["outcome"], one.get("code", "")) for row in found for one in row["did"]]


async def waits(ctx: Context, ticket_id: int) -> dict[str, float]:
    """Minutes until each time rule looks at the ticket."""
    found = await rows(
        ctx,
        """SELECT rule, extract(epoch FROM due_at - clock_timestamp())::float8 / 60 AS left FROM automation_timer
           WHERE ticket_id = $1""",
        ticket_id,
    )
    return {row["rule"]: round(row["left"], 1) for row in found}


async def other_rules(ctx: Context, toml: str) -> int:
    """These automations from now on, in place of the others."""
    from routing.rules import load_rules

    document: dict[str, Any] = as_document(load_rules(automated(toml)))
    return await change_rules(ctx, document=document, base_version=ctx.rulebook.version, actor=ADMIN)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
