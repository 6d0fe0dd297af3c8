"""The second step of signing in, and showing once more who one is."""

from collections.abc import Mapping
from typing import Any

from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.failures import LoginRefused
from hub.actions.signin import recovery, totp
from hub.actions.signin.by_password import MOST_TRIES_A_PEER, check_password
from hub.actions.signin.enter import Browser, Entered, be_in, enter, note_failure
from hub.actions.signin.passkeys import Asked, Site, ask_for_known, check_passkey
from hub.actions.signin.steps import finish_step, look_at_step
from hub.actions.signin.tokens import hash_token, new_token
from hub.actions.signin.tries import count_try, forgive
from hub.model.tickets import EventKind
from storage import events, signin
from storage.database import Connection
from storage.signin import Holder, SecondSteps

FRESH_SECONDS = 600.0
"""For so long after they showed who they are, agents may change how they sign in."""
MOST_TRIES_A_PASSKEY = 100


async def steps_of(ctx: Context, agent_id: int) -> SecondSteps:
    """What an agent has beside their password."""
    return await ctx.database.read(lambda c: signin.second_steps(c, agent_id))


async def waiting_step(ctx: Context, token: str) -> tuple[int, SecondSteps]:
    """Whose second step is waited for, and what they may do it with. Raises LoginRefused (`step_over`)."""
    step = await look_at_step(ctx, token, "second")
    assert step.agent_id is not None
    return step.agent_id, await steps_of(ctx, step.agent_id)


async def finish_by_code(ctx: Context, *, token: str, code: str, browser: Browser) -> Entered:
    """A code of the app, or a recovery code. Raises LoginRefused: wrong_code, step_over, too_many_tries."""
    agent_id, _ = await waiting_step(ctx, token)
    how = await check_code(ctx, agent_id, code, browser.peer)

    async def work(connection: Connection) -> Entered:
        await finish_step(connection, token, "second")
        return await enter(ctx, connection, agent_id, how, browser, ask_second=False, by_password=True)

    return await ctx.database.run(work)


async def ask_second_passkey(ctx: Context, token: str, site: Site) -> Asked:
    """Raises LoginRefused (`step_over`)."""
    agent_id, _ = await waiting_step(ctx, token)
    return await ask_for_known(ctx, site, purpose="passkey second", agent_id=agent_id)


async def finish_by_passkey(
    ctx: Context, *, token: str, site: Site, ticket: str, answer: Mapping[str, Any], browser: Browser
) -> Entered:
    """Raises LoginRefused: passkey_refused, passkey_unknown, step_over."""
    agent_id, _ = await waiting_step(ctx, token)

    async def work(connection: Connection) -> Entered:
        await check_passkey(
            ctx, connection, site, purpose="passkey second", ticket=ticket, answer=answer, agent_id=agent_id
        )
        await finish_step(connection, token, "second")
        return await enter(ctx, connection, agent_id, "passkey", browser, ask_second=False, by_password=True)

    return await ctx.database.run(work)


async def sign_in_by_passkey(
    ctx: Context, *, site: Site, ticket: str, answer: Mapping[str, Any], browser: Browser
) -> Entered:
    """Neither login nor password: the key says whose it is. Raises LoginRefused as finish_by_passkey, and too_many_tries."""
    of_peer = f"passkey::{browser.peer}"
    await count_try(ctx, {of_peer: MOST_TRIES_A_PASSKEY})

    async def work(connection: Connection) -> Entered:
        agent_id = await check_passkey(
            ctx, connection, site, purpose="passkey alone", ticket=ticket, answer=answer
        )
        await forgive(connection, of_peer)
        return await enter(ctx, connection, agent_id, "passkey", browser, ask_second=False)

    try:
        return await ctx.database.run(work)
    except LoginRefused as refused:
        if refused.code != "step_over":
            await note_failure(ctx, None, "passkey", browser.peer)
        raise


async def prove(ctx: Context, holder: Holder, *, password: str = "", code: str = "", peer: str) -> None:
    """The holder of a session shows once more who they are: with a code where they have an app, else with the password. Raises
    LoginRefused: wrong_code, wrong_password, too_many_tries."""
    if code:
        await check_code(ctx, holder.agent_id, code, peer)
    else:
        await check_password(ctx, holder.agent_id, password, peer)
    await ctx.database.run(lambda c: signin.prove(c, holder.session_id, holder.agent_id))


async def prove_by_passkey(
    ctx: Context, holder: Holder, *, site: Site, ticket: str, answer: Mapping[str, Any]
) -> None:
    """Raises LoginRefused: passkey_refused, passkey_unknown, step_over."""

    async def work(connection: Connection) -> None:
        await check_passkey(
            ctx,
            connection,
            site,
            purpose="passkey again",
            ticket=ticket,
            answer=answer,
            agent_id=holder.agent_id,
        )
        await signin.prove(connection, holder.session_id, holder.agent_id)

    await ctx.database.run(work)


async def check_code(ctx: Context, agent_id: int, code: str, peer: str) -> str:
    """How it opened: totp or recovery; it is used then. Raises LoginRefused: wrong_code, too_many_tries."""
    own, of_peer = f"second:{agent_id}", f"login::{peer}"
    await count_try(ctx, {own: totp.MOST_TRIES, of_peer: MOST_TRIES_A_PEER})
    plain = totp.plain_code(code)
    how = ""
    if await totp.use_totp(ctx, agent_id, plain):
        how = "totp"
    elif await recovery.use_code(ctx, agent_id, plain, peer):
        how = "recovery"
    if not how:
        await note_failure(ctx, agent_id, "code", peer)
        raise LoginRefused("This code is not right, or was used already.", code="wrong_code")
    await ctx.database.run(lambda c: forgive(c, own, of_peer))
    return how


async def lift_limit(ctx: Context, token: str, how: str, peer: str) -> str:
    """A session that opened only the page for a second step is whole now that there is one; returns its new token."""
    return await ctx.database.run(lambda c: lift(c, token, how, peer))


async def lift(connection: Connection, token: str, how: str, peer: str) -> str:
    """The same within a transaction. Raises LoginRefused (`step_over`)."""
    fresh = new_token()
    agent_id = await signin.unlimit(connection, hash_token(token), hash_token(fresh), how)
    if agent_id is None:
        raise LoginRefused("This took too long. Begin again.", code="step_over")
    await be_in(connection, fresh, agent_id, how, peer)
    await announce(connection, EVENTS)
    return fresh


async def remove_totp(ctx: Context, agent_id: int, peer: str) -> None:
    """The app opens nothing any more. With the last second step the recovery codes go too."""

    async def work(connection: Connection) -> None:
        await signin.lock_agent(connection, agent_id)
        if await signin.remove_totp(connection, agent_id):
            await _removed(connection, agent_id, {"step": "totp", "peer": peer})

    await ctx.database.run(work)


async def remove_passkey(ctx: Context, agent_id: int, passkey_id: int, peer: str) -> None:
    """The same for one passkey."""

    async def work(connection: Connection) -> None:
        await signin.lock_agent(connection, agent_id)
        if await signin.remove_passkey(connection, agent_id, passkey_id):
            await _removed(connection, agent_id, {"step": "passkey", "passkey": passkey_id, "peer": peer})

    await ctx.database.run(work)


async def _removed(connection: Connection, agent_id: int, data: Mapping[str, Any]) -> None:
    if not (await signin.second_steps(connection, agent_id)).any:
        await signin.set_codes(connection, agent_id, [])
    told = {"agent": agent_id, **data}
    await events.add_event(connection, EventKind.SECOND_STEP_REMOVED, agent_id=agent_id, data=told)
