"""Tasks whose agent has others to do, or is gone: to a colleague, or back to their departments."""

from hub.actions.context import Context
from hub.actions.errands.task_work import pass_task_on
from hub.model.people import HUB, Actor
from storage import tasks as stored

_BATCH = 100


async def hand_over_tasks(ctx: Context, *, from_agent: int, to_agent: int | None, actor: Actor) -> int:
    """Everything that an agent has to do, to another one or (None) to nobody in particular; returns how much that was. Raises
    NotFound (no_such_agent)."""
    codes = await ctx.database.read(lambda c: stored.held_by(c, from_agent))
    done = [
        await pass_task_on(ctx, code=code, from_agent=from_agent, to_agent=to_agent, actor=actor)
        for code in codes
    ]
    return sum(done)


async def put_back_of_gone(ctx: Context) -> int:
    """What those had to do who may not log in any more; returns how much that was."""
    left = await ctx.database.read(lambda c: stored.of_gone(c, _BATCH))
    done = [
        await pass_task_on(ctx, code=code, from_agent=agent, to_agent=None, actor=HUB) for code, agent in left
    ]
    return sum(done)
