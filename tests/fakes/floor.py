"""What tests of the floor share: rules with other settings of a queue, conversations, and time that passes."""

from typing import Any

from hub.actions.context import Context
from tests.fakes.scene import RULES, one, rows, say, ticket

LIVE = "plain"
"""The kind of channel on which somebody sits at the other end, under `floor_rules`; `other` is such a channel, `form` is
none."""


def floor_rules(*queue: str, live: bool = True, more: str = "", work: str = "") -> bytes:
    """The shipped rules, with these lines in the queue `enquiries`, and conversations on channels of the kind plain."""
    text = RULES.read_text()
    lines = "".join(f"{line}\n" for line in queue)
    text = text.replace('[[queue]]\nname = "enquiries"\n', f'[[queue]]\nname = "enquiries"\n{lines}')
    assert lines in text
    return f"{text}\n{more}\n[work]\nlive = {[LIVE] if live else []}\n{work}\n".encode()


async def opened(ctx: Context, number: int = 0, channel: str = "plain", **said: Any) -> dict[str, Any]:
    """Customer `number` writes; the ticket that it came to."""
    usual = {
        "text": "Hello, a question", "who": [("visitor", f"v{number}", True)], "key": f"k{number}", "reply_address": "x",
    }  # fmt: skip
    return await ticket(ctx, await say(ctx, channel, **{**usual, **said}))


async def loads(ctx: Context) -> dict[str, tuple[int, int]]:
    """(load, live load) of each agent."""
    found = await rows(ctx, "SELECT login, load, live_load FROM agent ORDER BY id")
    return {row["login"]: (row["load"], row["live_load"]) for row in found}


async def holder(ctx: Context, opened: dict[str, Any]) -> str | None:
    """The login of whoever has it."""
    found: str | None = await one(
        ctx, "SELECT a.login FROM ticket t JOIN agent a ON a.id = t.assignee_id WHERE t.id = $1", opened["id"]
    )
    return found


async def now(ctx: Context, opened: dict[str, Any]) -> dict[str, Any]:
    """The ticket as it is."""
    return (await rows(ctx, "SELECT * FROM ticket WHERE id = $1", opened["id"]))[0]


async def minutes_pass(ctx: Context, minutes: float) -> None:
    """As if all that happened had happened so much earlier."""
    for table, columns in _MOMENTS.items():
        shifted = ", ".join(f"{name} = {name} - make_interval(secs => {minutes * 60.0})" for name in columns)
        await ctx.database.run(lambda c, sql=f"UPDATE {table} SET {shifted}": c.execute(sql))  # type: ignore[misc]


_MOMENTS = {
    "ticket": ("created_at", "waiting_since", "last_in_at", "last_out_at", "last_agent_at", "declined_until"),
    "timer": ("due_at",),
    "agent": ("wrap_until", "idle_since"),
}
