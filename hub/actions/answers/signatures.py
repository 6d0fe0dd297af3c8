"""What stands below an agent's letters. Plain text with the placeholders of templates; filled in when an answer is queued."""

from channels.clean import clean_text
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from storage import templates as stored

MOST = 2000


async def read_signature(ctx: Context, agent_id: int) -> str:
    """As the agent wrote it; "" for none: then the inbox's own stands there. Raises NotFound."""
    found = await ctx.database.read(lambda c: stored.signature(c, agent_id))
    if found is None:
        raise NotFound(f"There is no agent {agent_id}.")
    return found


async def set_signature(ctx: Context, *, agent_id: int, text: str) -> None:
    """Raises NotFound, NotPossible (too_long)."""
    if len(text) > MOST:
        raise NotPossible(f"A signature has {MOST} characters at most.", code="too_long")
    text = clean_text(text, MOST)
    if not await ctx.database.run(lambda c: stored.set_signature(c, agent_id, text)):
        raise NotFound(f"There is no agent {agent_id}.")
