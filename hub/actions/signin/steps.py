"""What is begun at the login page and finished within minutes, once. The browser holds a random token, the row its hash."""

from collections.abc import Mapping
from typing import Any

from hub.actions.context import Context
from hub.actions.failures import LoginRefused
from hub.actions.signin.tokens import MOST, hash_token, new_token
from storage import signin
from storage.database import Connection
from storage.signin import Step


async def begin_step(
    connection: Connection, purpose: str, agent_id: int | None, data: Mapping[str, Any], seconds: float
) -> str:
    """Its token."""
    token = new_token()
    await signin.begin(connection, hash_token(token), purpose, agent_id, data, seconds)
    return token


async def look_at_step(ctx: Context, token: str, purpose: str) -> Step:
    """It stays. Raises LoginRefused (`step_over`) where there is none, or its time is over."""
    found = None
    if token and len(token) <= MOST:
        found = await ctx.database.read(lambda c: signin.look_at_step(c, hash_token(token), purpose))
    if found is None:
        raise _over()
    return found


async def finish_step(connection: Connection, token: str, purpose: str) -> Step:
    """It is gone then. Raises LoginRefused (`step_over`)."""
    found = None
    if token and len(token) <= MOST:
        found = await signin.finish(connection, hash_token(token), purpose)
    if found is None:
        raise _over()
    return found


def _over() -> LoginRefused:
    return LoginRefused("This took too long, or was done already. Begin again.", code="step_over")
