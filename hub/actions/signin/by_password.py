"""Signing in with login and password, and giving oneself another password."""

import structlog

from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.failures import LoginRefused, NotPossible
from hub.actions.people.passwords import fits, hash_chosen, hash_password, is_dated
from hub.actions.people.sessions import sessions_ended
from hub.actions.signin.enter import Browser, Entered, enter, note_failure
from hub.actions.signin.tries import count_try, forgive
from hub.model.tickets import EventKind
from storage import agents, events, signin
from storage import staff as stored
from storage.database import Connection
from storage.signin import Holder

log = structlog.get_logger(__name__)

MOST_TRIES_A_LOGIN, MOST_TRIES_A_PEER, MOST_TRIES_AN_ACCOUNT = 10, 50, 100
"""Wrong passwords in a window: for one login from one address, from one address for all logins, and for one login from
everywhere. The last does not hold for a browser in which this login was signed in before: outsiders lock nobody out."""


async def log_in(
    ctx: Context, *, login: str, password: str, browser: Browser, known_browser: bool = False
) -> Entered:
    """A new session, or the second step of one.

    Raises LoginRefused, the same for a wrong password and an unknown login; with `retry_after` after too many tries;
    `password_over` for the right one, where it was made for the agent and its days are over.
    """
    login = clean_login(login)
    own, of_peer, of_login = f"login:{login}:{browser.peer}", f"login::{browser.peer}", f"login:{login}:"
    keys = {own: MOST_TRIES_A_LOGIN, of_peer: MOST_TRIES_A_PEER}
    if not known_browser:
        keys[of_login] = MOST_TRIES_AN_ACCOUNT
    await count_try(ctx, keys)
    known = await ctx.database.read(lambda c: stored.password_of(c, login))
    if not await fits(password, known[1] if known else None) or known is None:
        log.info("login.refused", peer=browser.peer)
        await note_failure(ctx, known[0] if known else None, "password", browser.peer)
        raise LoginRefused("The login or the password is wrong.")
    agent_id, hashed, over = known
    if over:
        await note_failure(ctx, agent_id, "password over", browser.peer)
        raise LoginRefused("The days of the password that was given are over.", code="password_over")
    renewed = await hash_password(password) if is_dated(hashed) else ""

    async def work(connection: Connection) -> Entered:
        if renewed:
            await stored.rehash(connection, agent_id, hashed, renewed)
        await forgive(connection, own, *(key for key in keys if key != own))
        return await enter(ctx, connection, agent_id, "password", browser, ask_second=True, by_password=True)

    return await ctx.database.run(work)


async def change_own_password(ctx: Context, *, holder: Holder, old: str, new: str, peer: str) -> int:
    """Every other session ends; returns how many. Raises LoginRefused (`wrong_password`), NotPossible (same_password, and
    as `hash_chosen`)."""
    await check_password(ctx, holder.agent_id, old, peer)
    if old == new:
        raise NotPossible("This is the old password.", code="same_password")
    hashed = await hash_chosen(ctx, new, login=holder.login, name=holder.name)

    async def work(connection: Connection) -> int:
        await stored_password(connection, holder.agent_id, hashed)
        await signin.prove(connection, holder.session_id, holder.agent_id)
        ended = await signin.end_others(connection, holder.agent_id, holder.session_id)
        data = {"agent": holder.agent_id, "peer": peer}
        await events.add_event(connection, EventKind.PASSWORD_CHANGED, agent_id=holder.agent_id, data=data)
        if ended:
            await sessions_ended(connection, {holder.agent_id})
        await announce(connection, EVENTS)
        return ended

    return await ctx.database.run(work)


async def check_password(ctx: Context, agent_id: int, password: str, peer: str) -> None:
    """Whether it is the agent's. Raises LoginRefused (`wrong_password`), with `retry_after` after too many tries."""
    own, of_peer = f"password:{agent_id}", f"login::{peer}"
    await count_try(ctx, {own: MOST_TRIES_A_LOGIN, of_peer: MOST_TRIES_A_PEER})
    known = await ctx.database.read(lambda c: signin.password_of_agent(c, agent_id))
    if not await fits(password, known):
        await note_failure(ctx, agent_id, "password", peer)
        raise LoginRefused("This is not your password.", code="wrong_password")
    await ctx.database.run(lambda c: forgive(c, own, of_peer))


def clean_login(login: str) -> str:
    """As logins are kept; what cannot be printed is left out."""
    return "".join(c for c in login.strip().lower()[:64] if c.isprintable())


async def stored_password(connection: Connection, agent_id: int, hashed: str) -> None:
    """Write it, where the agent's other changes wait for it."""
    await agents.lock(connection, agent_id)
    await agents.set_password(connection, agent_id, hashed)
