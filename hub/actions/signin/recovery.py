"""Recovery codes: ten that open once each, for whoever has lost their telephone or key. Only their hashes are kept."""

import secrets

from hub.actions.context import Context
from hub.actions.signin.tokens import every_keyed
from hub.model.keyring import every_key, key_id
from hub.model.tickets import EventKind
from storage import events, signin
from storage.database import Connection

CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""None that is taken for another."""
_LENGTH = 10


async def make_codes(ctx: Context, agent_id: int) -> list[str]:
    """Ten new ones, shown this once; the old ones are void."""

    async def work(connection: Connection) -> list[str]:
        await signin.lock_agent(connection, agent_id)
        return await _make(ctx, connection, agent_id)

    return await ctx.database.run(work)


async def codes_for_first_step(ctx: Context, connection: Connection, agent_id: int) -> list[str]:
    """New ones where the agent, who is locked, has none left; else none: those that they have go on."""
    steps = await signin.second_steps(connection, agent_id)
    return [] if steps.codes_left else await _make(ctx, connection, agent_id)


async def use_code(ctx: Context, agent_id: int, code: str, peer: str) -> bool:
    """Whether it is one that was not used; it is used then."""
    plain = code.lower()
    if len(plain) != _LENGTH:
        return False

    async def work(connection: Connection) -> bool:
        if not await signin.use_code(connection, agent_id, _hashes(ctx, agent_id, plain)):
            return False
        data = {"agent": agent_id, "peer": peer}
        await events.add_event(connection, EventKind.RECOVERY_CODE_USED, agent_id=agent_id, data=data)
        return True

    return await ctx.database.run(work)


async def _make(ctx: Context, connection: Connection, agent_id: int) -> list[str]:
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)) for _ in range(CODES)]
    hashes = [_hashes(ctx, agent_id, code)[0] for code in codes]
    await signin.set_codes(connection, agent_id, hashes, key_id(every_key(ctx.secret)[0]))
    data = {"agent": agent_id}
    await events.add_event(connection, EventKind.RECOVERY_CODES_MADE, agent_id=agent_id, data=data)
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _hashes(ctx: Context, agent_id: int, code: str) -> list[bytes]:
    """Keyed with the installation's secret: a copy of the database alone finds no code by trying all. By the present key first,
    then by those that are still believed."""
    return every_keyed(ctx, "recovery code", str(agent_id), code)
