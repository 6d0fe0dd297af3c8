"""Passkeys and security keys (W3C Web Authentication, level 3)."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import structlog

from hub.actions.context import Context
from hub.actions.failures import LoginRefused, NotFound, NotPossible
from hub.actions.signin.recovery import codes_for_first_step
from hub.actions.signin.steps import begin_step, finish_step
from hub.actions.signin.tokens import keyed_by
from hub.model.keyring import every_key
from hub.model.tickets import EventKind
from storage import events, signin
from storage.database import Connection
from storage.signin import Holder, LockedPasskey

log = structlog.get_logger(__name__)

SECONDS = 300.0
MOST_PASSKEYS = 20
MOST_NAME = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The hub as the browser sees it: the name that keys are bound to, and the page's origin."""

    name: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a page hands to the browser. `ticket` comes back with the answer, within five minutes; a right one is taken once."""

    ticket: str
    options: dict[str, Any]


async def ask_for_new(ctx: Context, holder: Holder, site: Site) -> Asked:
    """For `navigator.credentials.create`: a key that its holder's telephone, computer or stick keeps, and that can sign in
    alone where it can. Raises NotPossible (`too_many_passkeys`)."""

    await _learn_ceremony()
    from hub.actions.signin import ceremony

    async def work(connection: Connection) -> Asked:
        known = await signin.passkeys_of(connection, holder.agent_id)
        if len(known) >= MOST_PASSKEYS:
            raise NotPossible(f"There are {MOST_PASSKEYS} passkeys already.", code="too_many_passkeys")
        handle = _handles(ctx, holder.agent_id)[0]
        challenge, options = ceremony.options_for_new(site.name, holder, handle, known)
        data = {"challenge": challenge, "handle": handle.hex()}
        ticket = await begin_step(connection, "passkey new", holder.agent_id, data, SECONDS)
        return Asked(ticket=ticket, options=options)

    return await ctx.database.run(work)


async def keep_new(
    ctx: Context, holder: Holder, site: Site, *, ticket: str, answer: Mapping[str, Any], name: str
) -> list[str]:
    """The passkey counts from now on; returns recovery codes where these are the agent's first ones.

    Raises LoginRefused (`step_over`, `passkey_refused`), NotPossible (`passkey_known`, `bad_name`)."""
    await _learn_ceremony()
    from hub.actions.signin import ceremony

    name = check_name(name)

    async def work(connection: Connection) -> list[str]:
        await signin.lock_agent(connection, holder.agent_id)
        step = await finish_step(connection, ticket, "passkey new")
        if step.agent_id != holder.agent_id:
            raise _refused()
        try:
            made = ceremony.check_new(answer, step.data["challenge"], site.name, site.origin)
        except ceremony.WrongAnswer as error:
            raise _refused(error) from error
        added = await signin.add_passkey(
            connection,
            agent_id=holder.agent_id,
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            transports=ceremony.transports(answer),
            name=name,
            user_handle=_handle_in(step.data) or _handles(ctx, holder.agent_id)[0],
        )
        if added is None:
            raise NotPossible("This key is known here already.", code="passkey_known")
        codes = await codes_for_first_step(ctx, connection, holder.agent_id)
        data = {"agent": holder.agent_id, "step": "passkey", "passkey": added}
        await events.add_event(connection, EventKind.SECOND_STEP_SET_UP, agent_id=holder.agent_id, data=data)
        return codes

    return await ctx.database.run(work)


async def ask_for_known(ctx: Context, site: Site, *, purpose: str, agent_id: int | None = None) -> Asked:
    """For `navigator.credentials.get`. `agent_id`: one of theirs; None: any key that knows by itself whose it is."""

    await _learn_ceremony()
    from hub.actions.signin import ceremony

    async def work(connection: Connection) -> Asked:
        known = [] if agent_id is None else await signin.passkeys_of(connection, agent_id)
        challenge, options = ceremony.options_for_known(site.name, known, alone=agent_id is None)
        data = {"challenge": challenge}
        ticket = await begin_step(connection, purpose, agent_id, data, SECONDS)
        return Asked(ticket=ticket, options=options)

    return await ctx.database.run(work)


async def check_passkey(
    ctx: Context,
    connection: Connection,
    site: Site,
    *,
    purpose: str,
    ticket: str,
    answer: Mapping[str, Any],
    agent_id: int | None = None,
) -> int:
    """Whose passkey has answered. `agent_id` None: the key alone signs in, so it must have made sure that its owner is there.
    Raises LoginRefused: step_over, passkey_refused."""
    await _learn_ceremony()
    from hub.actions.signin import ceremony

    step = await finish_step(connection, ticket, purpose)
    if step.agent_id != agent_id:
        raise _refused()
    try:
        credential_id, claimed = ceremony.who_answers(answer)
    except ceremony.WrongAnswer as error:
        raise _refused(error) from error
    known = await signin.lock_passkey(connection, credential_id)
    if known is None or agent_id not in (None, known.agent_id):
        raise LoginRefused("This passkey is not known here.", code="passkey_unknown")
    if claimed and claimed not in _handles_of(ctx, known):
        raise _refused()
    try:
        seen = ceremony.check_known(
            answer,
            step.data["challenge"],
            site.name,
            site.origin,
            public_key=known.public_key,
            sign_count=known.sign_count,
            alone=agent_id is None,
        )
    except ceremony.WrongAnswer as error:
        raise _refused(error) from error
    await signin.use_passkey(connection, known.id, seen.new_sign_count)
    return known.agent_id


async def rename_passkey(ctx: Context, agent_id: int, passkey_id: int, name: str) -> None:
    """Raises NotFound, NotPossible (`bad_name`)."""
    name = check_name(name)
    if not await ctx.database.run(lambda c: signin.rename_passkey(c, agent_id, passkey_id, name)):
        raise NotFound(f"There is no passkey {passkey_id}.")


def check_name(name: str) -> str:
    """Raises NotPossible (`bad_passkey_name`)."""
    name = " ".join(name.split())
    if not name or len(name) > MOST_NAME or not name.isprintable():
        raise NotPossible(f"A name has 1 to {MOST_NAME} characters.", code="bad_passkey_name")
    return name


def user_handle(secret: bytes, agent_id: int) -> bytes:
    """Who an agent is to their keys: the same as long as the installation's key is, and says nothing of them (Web
    Authentication, 14.6.1)."""
    return keyed_by(secret, "passkey of agent", str(agent_id))


def _handles(ctx: Context, agent_id: int) -> list[bytes]:
    return [user_handle(key, agent_id) for key in every_key(ctx.secret)]


def _handle_in(data: Mapping[str, Any]) -> bytes:
    """What the browser was told; a step that a hub of an earlier release began does not say it."""
    return bytes.fromhex(data.get("handle", ""))


def _handles_of(ctx: Context, known: LockedPasskey) -> list[bytes]:
    """The one that the passkey was made for; where that was not written down yet, by any key that is believed."""
    return [known.user_handle] if known.user_handle is not None else _handles(ctx, known.agent_id)


async def _learn_ceremony() -> None:
    """The first import takes a quarter of a second, which nobody else shall wait for."""
    await asyncio.to_thread(import_module, "hub.actions.signin.ceremony")


def _refused(error: Exception | None = None) -> LoginRefused:
    log.info("passkey.refused", error=str(error) if error else "another holder")
    return LoginRefused("The passkey's answer is not right. Try again.", code="passkey_refused")
