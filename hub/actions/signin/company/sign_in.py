"""Going to the provider and coming back: signing in, connecting an account, showing once more who one is."""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import structlog

from hub.actions.context import Context
from hub.actions.failures import LoginRefused, NotPossible
from hub.actions.people.change_agent import new_password
from hub.actions.people.staff import add_agent, languages_of
from hub.actions.signin.by_password import clean_login
from hub.actions.signin.company.provider import claims_of_code, provider_of
from hub.actions.signin.enter import Browser, Entered, enter, note_failure
from hub.actions.signin.steps import begin_step, finish_step
from hub.model.people import Actor, Role
from hub.model.tickets import EventKind
from storage import events, signin
from storage.database import Connection
from storage.signin import Holder, Step

log = structlog.get_logger(__name__)

SECONDS = 900.0
_NOT_THEIRS = ("company_unreachable", "company_inside")
"""Failures of the provider's: whoever wanted to sign in has done nothing wrong."""
FRESH_SECONDS = 120
"""Who shows once more who they are has done so at the provider at most so long ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """`address` of the provider's page; `token` for the browser to keep until it is back."""

    address: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Who came back. `entered` where they signed in; None where a session that there was already was proved or connected.
    `on`: the page of the desk they wanted."""

    on: str
    purpose: str
    entered: Entered | None = None


async def set_out(
    ctx: Context, *, redirect: str, on: str, purpose: str = "enter", holder: Holder | None = None
) -> Journey:
    """`purpose`: enter, link (connect to the holder's account) or prove. Raises LoginRefused: company_unreachable,
    company_inside."""
    oidc = ctx.settings.web.oidc
    provider = await provider_of(ctx)
    data = {
        "state": secrets.token_urlsafe(32),
        "nonce": secrets.token_urlsafe(32),
        "verifier": secrets.token_urlsafe(48),
        "redirect": redirect,
        "on": on,
        "purpose": purpose,
    }
    token = await ctx.database.run(
        lambda c: begin_step(c, "company", holder.agent_id if holder else None, data, SECONDS)
    )
    digest = hashlib.sha256(data["verifier"].encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": oidc.client_id,
        "redirect_uri": redirect,
        "scope": oidc.scope,
        "state": data["state"],
        "nonce": data["nonce"],
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    if purpose == "prove":
        asked |= {"prompt": "login", "max_age": "0"}
    mark = "&" if "?" in provider.authorize else "?"
    return Journey(address=f"{provider.authorize}{mark}{urlencode(asked)}", token=token)


async def come_back(
    ctx: Context, *, token: str, said: Mapping[str, str], browser: Browser, holder: Holder | None
) -> Arrival:
    """What the provider's page sent back, as the address has it. Each journey ends once, however it ends.

    Raises LoginRefused: step_over, company_cancelled, company_unreachable, company_inside, company_wrong, company_unverified,
    company_domain, company_unknown, company_taken, company_left, company_other."""
    step = await ctx.database.run(lambda c: finish_step(c, token, "company"))
    data = step.data
    if not hmac.compare_digest(said.get("state", "").encode(), data["state"].encode()):
        raise LoginRefused("This is the end of another journey.", code="company_wrong")
    if said.get("iss", ctx.settings.web.oidc.issuer) != ctx.settings.web.oidc.issuer:  # RFC 9207
        raise LoginRefused("Somebody else answers in the provider's place.", code="company_wrong")
    if said.get("error") or not said.get("code"):
        log.info("company.cancelled", error=said.get("error", "")[:100])
        raise LoginRefused("The company's sign-in let nobody through.", code="company_cancelled")
    try:
        return await _arrive(ctx, step, said["code"], browser, holder)
    except LoginRefused as refused:
        if refused.code not in _NOT_THEIRS:
            await note_failure(ctx, step.agent_id, refused.code, browser.peer)
        raise


async def _arrive(ctx: Context, step: Step, code: str, browser: Browser, holder: Holder | None) -> Arrival:
    oidc, data = ctx.settings.web.oidc, step.data
    claims = await claims_of_code(
        ctx,
        await provider_of(ctx),
        code=code,
        verifier=data["verifier"],
        redirect=data["redirect"],
        nonce=data["nonce"],
    )
    _check_domain(claims, oidc.allowed_domains)
    who = _Who(issuer=oidc.issuer, subject=claims["sub"], shown_as=_shown_as(claims))
    if data["purpose"] != "enter":
        if holder is None or holder.agent_id != step.agent_id:
            raise LoginRefused("Somebody else is signed in by now.", code="step_over")
        await (_link if data["purpose"] == "link" else _prove)(ctx, who, holder, claims)
        return Arrival(on=data["on"], purpose=data["purpose"])
    agent_id = await _agent(ctx, who, claims)

    async def work(connection: Connection) -> Entered:
        return await enter(ctx, connection, agent_id, "company", browser, ask_second=oidc.own_second_step)

    return Arrival(on=data["on"], purpose="enter", entered=await ctx.database.run(work))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Who:
    issuer: str
    subject: str
    shown_as: str


async def _agent(ctx: Context, who: _Who, claims: Mapping[str, Any]) -> int:
    """Known by issuer and subject; else, where the settings say so, by their login, or made."""
    known = await ctx.database.run(
        lambda c: signin.use_company_login(c, who.issuer, who.subject, who.shown_as)
    )
    if known is not None:
        agent_id, active = known
        if not active:
            raise LoginRefused("This account is shut out.", code="company_left")
        return agent_id
    oidc = ctx.settings.web.oidc
    login = _login(claims, oidc.login_claim)
    there = await ctx.database.read(lambda c: signin.active_of_login(c, login))
    if there is not None:
        if not oidc.link_existing:
            raise LoginRefused("There is an account of this name, not connected yet.", code="company_taken")
        await _connect(ctx, who, there)
        return there
    if not oidc.auto_create:
        raise LoginRefused("Nobody here has this account.", code="company_unknown")
    try:
        made = await add_agent(
            ctx,
            login=login,
            name=str(claims.get("name") or login)[:100],
            password=new_password(),
            role=Role(oidc.auto_create_role),
            languages=languages_of(ctx.rules),
            locale="zh_CN" if str(claims.get("locale", "")).lower().startswith("zh") else "en",
            # What the settings say, whoever administers the hub has said.
            actor=Actor(name=who.issuer, role=Role.ADMIN),
        )
    except NotPossible as failure:
        # Somebody who left has this login, or it is none.
        raise LoginRefused(str(failure), code="company_taken") from failure
    await _connect(ctx, who, made)
    return made


async def _link(ctx: Context, who: _Who, holder: Holder, _claims: Mapping[str, Any]) -> None:
    known = await ctx.database.run(
        lambda c: signin.use_company_login(c, who.issuer, who.subject, who.shown_as)
    )
    if known is None:
        await _connect(ctx, who, holder.agent_id)
    elif known[0] != holder.agent_id:
        raise LoginRefused("Another agent is connected to this account.", code="company_other")


async def _prove(ctx: Context, who: _Who, holder: Holder, claims: Mapping[str, Any]) -> None:
    known = await ctx.database.run(
        lambda c: signin.use_company_login(c, who.issuer, who.subject, who.shown_as)
    )
    if known is None or known[0] != holder.agent_id:
        raise LoginRefused("This is not the account that you are connected to.", code="company_other")
    at = claims.get("auth_time")
    if not isinstance(at, int | float) or time.time() - at > FRESH_SECONDS:
        raise LoginRefused("The provider did not ask you again.", code="company_stale")
    await ctx.database.run(lambda c: signin.prove(c, holder.session_id, holder.agent_id))


async def _connect(ctx: Context, who: _Who, agent_id: int) -> None:
    async def work(connection: Connection) -> None:
        if not await signin.link_company_login(connection, who.issuer, who.subject, agent_id, who.shown_as):
            raise LoginRefused("Another agent is connected to this account.", code="company_other")
        data = {"agent": agent_id, "issuer": who.issuer}
        await events.add_event(connection, EventKind.COMPANY_LOGIN_LINKED, agent_id=agent_id, data=data)

    await ctx.database.run(work)


async def unlink(ctx: Context, agent_id: int) -> None:
    """The company's sign-in opens this account no more."""

    async def work(connection: Connection) -> None:
        if await signin.unlink_company_logins(connection, agent_id):
            kind = EventKind.COMPANY_LOGIN_UNLINKED
            await events.add_event(connection, kind, agent_id=agent_id, data={"agent": agent_id})

    await ctx.database.run(work)


def _login(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value.strip():
        log.warning("company.no_login", claim=name)
        raise LoginRefused("The provider does not say the login.", code="company_wrong")
    if name == "email" and not _is_verified(claims):
        raise LoginRefused("The provider has not verified the address.", code="company_unverified")
    return clean_login(value)


def _check_domain(claims: Mapping[str, Any], allowed: list[str]) -> None:
    if not allowed:
        return
    if not _is_verified(claims):
        raise LoginRefused("The provider has not verified the address.", code="company_unverified")
    if str(claims.get("email", "")).rpartition("@")[2].strip().lower() not in allowed:
        raise LoginRefused("Addresses of this domain are not let in.", code="company_domain")


def _is_verified(claims: Mapping[str, Any]) -> bool:
    """Some providers write a word where the standard has a truth value."""
    return claims.get("email_verified") in (True, "true")


def _shown_as(claims: Mapping[str, Any]) -> str:
    for name in ("email", "preferred_username", "name", "sub"):
        value = claims.get(name)
        if isinstance(value, str) and value.isprintable() and value:
            return value[:200]
    return ""
