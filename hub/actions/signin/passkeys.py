"""Passkeys and security keys (W3C Web Authentication, level 3), checked with py_webauthn."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from hub.actions.context import Context
from hub.actions.failures import LoginRefused, NotFound, NotPossible
from hub.actions.signin.recovery import codes_for_first_step
from hub.actions.signin.steps import begin_step, finish_step
from hub.actions.signin.tokens import keyed
from hub.model.tickets import EventKind
from storage import events, signin
from storage.database import Connection
from storage.signin import Holder, PasskeyRow

log = structlog.get_logger(__name__)

SECONDS = 300.0
MOST_PASSKEYS = 20
MOST_NAME = 60
_TRANSPORTS = {one.value for one in AuthenticatorTransport}
_WRONG = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What the library raises for an answer that is forged, foreign or no answer at all."""


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

    async def work(connection: Connection) -> Asked:
        known = await signin.passkeys_of(connection, holder.agent_id)
        if len(known) >= MOST_PASSKEYS:
            raise NotPossible(f"There are {MOST_PASSKEYS} passkeys already.", code="too_many_passkeys")
        options = generate_registration_options(
            rp_id=site.name,
            rp_name="Contact Hub",
            user_name=holder.login,
            user_id=user_handle(ctx, holder.agent_id),
            user_display_name=holder.name,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=_described(known),
        )
        data = {"challenge": bytes_to_base64url(options.challenge)}
        ticket = await begin_step(connection, "passkey new", holder.agent_id, data, SECONDS)
        return Asked(ticket=ticket, options=json.loads(options_to_json(options)))

    return await ctx.database.run(work)


async def keep_new(
    ctx: Context, holder: Holder, site: Site, *, ticket: str, answer: Mapping[str, Any], name: str
) -> list[str]:
    """The passkey counts from now on; returns recovery codes where these are the agent's first ones.

    Raises LoginRefused (`step_over`, `passkey_refused`), NotPossible (`passkey_known`, `bad_name`)."""
    name = check_name(name)

    async def work(connection: Connection) -> list[str]:
        await signin.lock_agent(connection, holder.agent_id)
        step = await finish_step(connection, ticket, "passkey new")
        if step.agent_id != holder.agent_id:
            raise _refused()
        try:
            made = verify_registration_response(
                credential=dict(answer),
                expected_challenge=base64url_to_bytes(step.data["challenge"]),
                expected_rp_id=site.name,
                expected_origin=site.origin,
            )
        except _WRONG as error:
            raise _refused(error) from error
        added = await signin.add_passkey(
            connection,
            agent_id=holder.agent_id,
            credential_id=made.credential_id,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            transports=_transports(answer),
            name=name,
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

    async def work(connection: Connection) -> Asked:
        known = [] if agent_id is None else await signin.passkeys_of(connection, agent_id)
        options = generate_authentication_options(
            rp_id=site.name,
            allow_credentials=_described(known) or None,
            user_verification=UserVerificationRequirement.REQUIRED
            if agent_id is None
            else UserVerificationRequirement.PREFERRED,
        )
        data = {"challenge": bytes_to_base64url(options.challenge)}
        ticket = await begin_step(connection, purpose, agent_id, data, SECONDS)
        return Asked(ticket=ticket, options=json.loads(options_to_json(options)))

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
    step = await finish_step(connection, ticket, purpose)
    if step.agent_id != agent_id:
        raise _refused()
    try:
        credential_id = base64url_to_bytes(answer["rawId"])
        handle = (answer.get("response") or {}).get("userHandle") or ""
        claimed = base64url_to_bytes(handle) if handle else b""
    except _WRONG as error:
        raise _refused(error) from error
    known = await signin.lock_passkey(connection, credential_id)
    if known is None or agent_id not in (None, known.agent_id):
        raise LoginRefused("This passkey is not known here.", code="passkey_unknown")
    if claimed and claimed != user_handle(ctx, known.agent_id):
        raise _refused()
    try:
        seen = verify_authentication_response(
            credential=dict(answer),
            expected_challenge=base64url_to_bytes(step.data["challenge"]),
            expected_rp_id=site.name,
            expected_origin=site.origin,
            credential_public_key=known.public_key,
            credential_current_sign_count=known.sign_count,
            require_user_verification=agent_id is None,
        )
    except _WRONG as error:
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


def user_handle(ctx: Context, agent_id: int) -> bytes:
    """Who an agent is to their keys: always the same, and says nothing of them (Web Authentication, 14.6.1)."""
    return keyed(ctx, "passkey of agent", str(agent_id))


def _described(known: Sequence[PasskeyRow]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=one.credential_id, transports=[AuthenticatorTransport(how) for how in one.transports]
        )
        for one in known
    ]


def _transports(answer: Mapping[str, Any]) -> list[str]:
    """How the browser says that the key is reached; a hint for later, nothing more."""
    given = (answer.get("response") or {}).get("transports") or []
    return [one for one in given[:8] if isinstance(one, str) and one in _TRANSPORTS]


def _refused(error: Exception | None = None) -> LoginRefused:
    log.info("passkey.refused", error=str(error) if error else "another holder")
    return LoginRefused("The passkey's answer is not right. Try again.", code="passkey_refused")
