"""A person lets a channel in on its provider's page (OAuth 2): set out from the desk, and come back to it.

Nothing of an attempt is kept here. The browser holds a token with the channel's name and the moment; state and verifier are
worked out of it and of who set out, so that any hub may see the end of it and nobody else's attempt ends in this browser.
"""

import hmac
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import BaseModel

from channels.adapter import AsksConsent, ChannelKind, Misconfigured
from hub.actions.channels.change_channels import consent_given, desk_channel, read_settings
from hub.actions.channels.check_channel import on_trial
from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.signin.tokens import every_keyed
from hub.model.people import Actor

WITHIN_SECONDS = 900
_MOST_SAID = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """`address`: the provider's page. `token`: for the browser to keep."""

    address: str
    token: str


def redirect_of(ctx: Context) -> str:
    """Where providers send people back to; "" where the settings do not say how the hub is reached. Never what a request
    calls it."""
    return f"{ctx.settings.web.public_url}/desk/consent" if ctx.settings.web.public_url else ""


async def set_out(ctx: Context, name: str, actor: Actor) -> Attempt:
    """Raises NotFound, WrongSettings, ChannelFailure, NotPossible (no_public_url)."""
    redirect = redirect_of(ctx)
    if not redirect:
        raise NotPossible("web.public_url is not set.", code="no_public_url")
    token = f"{name}.{int(time.time())}.{secrets.token_urlsafe(32)}"
    async with _opened(ctx, name) as adapter:
        address = adapter.consent(
            redirect=redirect,
            state=_worked_out(ctx, "state", token, actor)[0],
            verifier=_worked_out(ctx, "verifier", token, actor)[0],
        )
    if urlsplit(address).scheme not in ("https", "http"):
        raise Misconfigured("The address for consent is none.")
    return Attempt(address=address, token=token)


async def come_back(ctx: Context, *, token: str, said: Mapping[str, str], actor: Actor) -> str:
    """Keep what was granted; the name of the channel. `said`: what the provider's page sent with the person. Raises as
    `set_out`, and NotPossible: consent_other (not an attempt of this browser and person), consent_late."""
    name, _, rest = token.partition(".")
    began = rest.partition(".")[0]
    given = said.get("state", "").encode()
    pairs = zip(
        _worked_out(ctx, "state", token, actor), _worked_out(ctx, "verifier", token, actor), strict=True
    )
    verifier = next((proof for state, proof in pairs if hmac.compare_digest(given, state.encode())), None)
    if not token or verifier is None:
        raise NotPossible("This consent was not asked for here.", code="consent_other")
    if time.time() - int(began) > WITHIN_SECONDS:
        raise NotPossible("This consent was asked for too long ago.", code="consent_late")
    code = said.get("code", "")
    if not code:
        why = said.get("error_description") or said.get("error") or "no code"
        raise Misconfigured(f"The provider did not grant access: {why}"[:300])
    async with _opened(ctx, name) as adapter:
        await adapter.consented(
            redirect=redirect_of(ctx),
            code=code[:_MOST_SAID],
            verifier=verifier,
        )
    await consent_given(ctx, name, actor)
    return name


@asynccontextmanager
async def _opened(ctx: Context, name: str) -> AsyncIterator[AsksConsent]:
    """A channel, at work or switched off: it is let in before it is switched on."""
    of_file = name in ctx.settings.channels
    kind, settings = await _settings(ctx, name, of_file=of_file)
    if not kind.consents(settings):
        raise NotPossible("These settings need no consent.", code="no_consent")
    async with on_trial(ctx, name, kind, settings, anywhere=of_file) as adapter:
        if not isinstance(adapter, AsksConsent):
            raise TypeError(f"the kind {kind.kind} says that it asks for consent, and its adapter does not")
        yield adapter


async def _settings(ctx: Context, name: str, *, of_file: bool) -> tuple[ChannelKind, BaseModel]:
    if of_file:
        channel = ctx.channel(name)
        return channel.kind, channel.settings
    kept = await desk_channel(ctx, name)
    return kept.kind, read_settings(kept.kind, name, {**kept.settings, **kept.secrets})


def _worked_out(ctx: Context, what: str, token: str, actor: Actor) -> list[str]:
    """64 characters, as PKCE's verifier may have (RFC 7636 4.1); by each key, the present one first."""
    return [one.hex() for one in every_keyed(ctx, f"consent {what}", token, str(actor.agent_id))]
