"""The same request twice has one effect and one answer."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.lock_name import lock_number
from storage import house
from storage.database import Connection, joining

Answered = tuple[int, dict[str, Any]]
"""(status, document)."""


async def once(
    ctx: Context, *, principal: str, key: str, body: bytes, do: Callable[[], Awaitable[Answered]]
) -> Answered:
    """Do it, or answer as the first time. `principal` owns the key; `body` is what was asked, byte for byte.

    What `do` writes and the remembering are one transaction, so `do` must only talk to the database. Two of the same at once,
    on any hubs: the second waits for the first. Raises NotPossible (idempotency_key_reused) for another body, and whatever
    `do` raises; then the key is still free.
    """
    asked = hashlib.sha256(body).digest()
    turn = lock_number(f"once:{principal}:{key}")

    async def work(connection: Connection) -> Answered:
        await house.take_turn(connection, turn)
        known = await house.recall(connection, principal, key)
        if known is not None:
            if known.body_hash != asked:
                raise NotPossible("The key was used for another request.", code="idempotency_key_reused")
            return known.status, known.response
        with joining(connection):
            status, document = await do()
        await house.remember(connection, principal, key, asked, status, document)
        return status, document

    return await ctx.database.run(work)
