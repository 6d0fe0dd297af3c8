"""Everything that one agent has goes to another, or back to where it came from: staff leave, the work stays."""

from dataclasses import dataclass

from hub.actions.context import Context
from hub.actions.errands.task_returns import hand_over_tasks
from hub.actions.floor.returns import hand_over
from hub.model.people import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """How much changed hands."""

    tickets: int
    tasks: int


async def hand_over_all(ctx: Context, *, from_agent: int, to_agent: int | None, actor: Actor) -> Handed:
    """Tickets, then tasks. Raises as `hub.actions.floor.returns.hand_over`; whoever asks again hands over the rest."""
    return Handed(
        tickets=await hand_over(ctx, from_agent=from_agent, to_agent=to_agent, actor=actor),
        tasks=await hand_over_tasks(ctx, from_agent=from_agent, to_agent=to_agent, actor=actor),
    )
