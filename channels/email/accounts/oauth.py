"""Access tokens instead of a password (RFC 6749), and how they are said to IMAP and SMTP (XOAUTH2).

A refresh token comes from a person's consent, at the desk or by `contact-hub mail authorise`, or from the settings. It lives in
the channel's vault and may be replaced by the provider at each use (Microsoft does). An access token is kept there too, so that
hubs share it. When the provider says that the refresh token is worth nothing any more, nobody asks again until there is another
one: only a person can help.

XOAUTH2: developers.google.com/workspace/gmail/imap/xoauth2-protocol,
learn.microsoft.com/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
"""

import asyncio
import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from channels.adapter import Misconfigured, Unavailable, Vault
from channels.email.settings import EmailSettings

VAULT_KEY = "oauth2"
EARLY_SECONDS = 300.0
"""A token that ends sooner than this is replaced beforehand."""
_ASK_SECONDS = 20.0
_MOST_ANSWER = 256 * 1024
_DEAD = ("invalid_grant", "invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_scope")
"""Errors that trying again does not mend (RFC 6749 5.2)."""


class TokenRefused(Misconfigured):
    """A mail server did not take this access token; a fresh one may do."""

    def __init__(self, reason: str, token: str) -> None:
        super().__init__(reason)
        self.token = token


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """Where a provider is asked. `device` or `authorise` is "" where that way does not exist for mail."""

    token: str
    device: str = ""
    authorise: str = ""
    scope: str = ""


def endpoints(settings: EmailSettings) -> Endpoints:
    """Of the provider that the settings name; what they say themselves goes before."""
    microsoft = f"https://login.microsoftonline.com/{settings.oauth_tenant}/oauth2/v2.0"
    known = {
        "google": Endpoints(
            token="https://oauth2.googleapis.com/token",  # noqa: S106 - an address
            # Google's device flow does not hand out the scope of mail.
            authorise="https://accounts.google.com/o/oauth2/v2/auth",
            scope="https://mail.google.com/",
        ),
        "microsoft": Endpoints(
            token=f"{microsoft}/token",
            device=f"{microsoft}/devicecode",
            authorise=f"{microsoft}/authorize",
            scope="https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access",
        ),
        "custom": Endpoints(token=""),
    }[settings.oauth_provider]
    return Endpoints(
        token=settings.oauth_token_url or known.token,
        device=settings.oauth_device_url or known.device,
        authorise=settings.oauth_authorise_url or known.authorise,
        scope=settings.oauth_scope or known.scope,
    )


def xoauth2(user: str, token: str) -> bytes:
    """The SASL string, before base64."""
    return f"user={user}\x01auth=Bearer {token}\x01\x01".encode()


class Xoauth2:
    """Answers one AUTHENTICATE: first the string; then, to the error that a server may put into a second challenge, nothing,
    upon which it says NO."""

    def __init__(self, user: str, token: str) -> None:
        self._answers = [xoauth2(user, token)]

    def __call__(self, _challenge: bytes) -> bytes:
        return self._answers.pop() if self._answers else b""


class TokenError(Exception):
    """What a token endpoint answered instead of a token. `code` is RFC 6749's; "" where it spoke otherwise."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Tokens:
    """The access tokens of one inbox."""

    def __init__(self, name: str, settings: EmailSettings, vault: Vault) -> None:
        self._name = name
        self._settings = settings
        self._vault = vault
        self._lock = asyncio.Lock()

    async def access_token(self, refused: str = "") -> str:
        """A token that should be good for some minutes; not the one that a server has just `refused`. Raises Misconfigured when
        a person must authorise the hub again, Unavailable when the provider does not answer."""
        async with self._lock:
            kept = _read(await self._vault.read(VAULT_KEY))
            token = str(kept.get("access_token", ""))
            if token and token != refused and float(kept.get("ends_at", 0)) - EARLY_SECONDS > time.time():
                return token
            grant = (
                str(kept.get("refresh_token", "")) or self._settings.oauth_refresh_token.get_secret_value()
            )
            if not grant:
                raise Misconfigured(
                    "The hub is not authorised for this mailbox yet. Authorise it on the page of channels, or run: "
                    f"contact-hub mail authorise {self._name}"
                )
            if kept.get("dead") == self._attempt(grant):
                raise self._ended(str(kept.get("why", "")))
            return await self._refresh(kept, grant)

    async def _refresh(self, kept: Mapping[str, Any], grant: str) -> str:
        try:
            answer = await ask_for_token(
                self._settings, {"grant_type": "refresh_token", "refresh_token": grant}
            )
        except TokenError as error:
            if error.code not in _DEAD:
                raise Unavailable(f"The provider hands out no access token now: {error}") from error
            now = _read(await self._vault.read(VAULT_KEY))
            if now != kept and str(now.get("refresh_token", "")) not in ("", grant):
                # Somebody authorised the hub, or another hub was handed a newer one, while we asked with the old one.
                return await self._refresh(now, str(now["refresh_token"]))
            dead = {
                "refresh_token": kept.get("refresh_token", ""),
                "dead": self._attempt(grant),
                "why": str(error),
            }
            await self._vault.write(VAULT_KEY, orjson.dumps(dead))
            raise self._ended(str(error)) from error
        await keep_tokens(self._vault, answer, grant)
        return str(answer["access_token"])

    def _attempt(self, grant: str) -> str:
        """What was tried in vain: another grant, client or secret is worth another question."""
        client = (self._settings.oauth_client_id, self._settings.oauth_client_secret.get_secret_value())
        return hashlib.sha256(
            "\0".join((grant, *client, endpoints(self._settings).token)).encode()
        ).hexdigest()

    def _ended(self, why: str) -> Misconfigured:
        return Misconfigured(
            f"The provider has ended the hub's access to this mailbox ({why}). A person must grant it again, on the page "
            f"of channels or by: contact-hub mail authorise {self._name}"
        )


def check_lasting(answer: Mapping[str, Any]) -> None:
    """Raises Misconfigured where what was granted ends with its first access token."""
    if not answer.get("refresh_token"):
        raise Misconfigured(
            "The provider granted access for an hour only (no refresh token). Check the scope: offline access is needed."
        )


async def keep_tokens(vault: Vault, answer: Mapping[str, Any], grant: str = "") -> None:
    """Write down what a token endpoint answered. `grant` is the refresh token that stays in use where it names no new one."""
    kept = {
        "refresh_token": str(answer.get("refresh_token") or grant),
        "access_token": str(answer["access_token"]),
        "ends_at": time.time() + _seconds(answer.get("expires_in")),
    }
    await vault.write(VAULT_KEY, orjson.dumps(kept))


async def ask_for_token(settings: EmailSettings, question: Mapping[str, str]) -> dict[str, Any]:
    """One question to the token endpoint. Raises TokenError, or Unavailable when it cannot be reached."""
    form = {"client_id": settings.oauth_client_id, **question}
    if secret := settings.oauth_client_secret.get_secret_value():
        form["client_secret"] = secret
    if question["grant_type"] == "refresh_token" and settings.oauth_provider == "microsoft":
        form["scope"] = endpoints(settings).scope
    answer = await post_form(endpoints(settings).token, form)
    if not isinstance(answer.get("access_token"), str) or not answer["access_token"]:
        raise TokenError("", "the answer holds no access token")
    return answer


async def post_form(url: str, form: Mapping[str, str]) -> dict[str, Any]:
    """The JSON object that an OAuth endpoint answers. Raises TokenError, or Unavailable when it cannot be reached."""
    timeout = aiohttp.ClientTimeout(total=_ASK_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as client,
            client.post(url, data=dict(form), allow_redirects=False) as response,
        ):
            body = b""
            async for piece in response.content.iter_chunked(65536):
                body += piece
                if len(body) > _MOST_ANSWER:
                    raise TokenError("", "the answer is too long")
            answer = _read(body)
            if response.status == 200 and "error" not in answer:
                return answer
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Unavailable(
            f"The provider's token server cannot be reached: {type(error).__name__}: {error}"
        ) from error
    code = str(answer.get("error", ""))[:100]
    said = str(answer.get("error_description") or code or f"HTTP {response.status}")
    raise TokenError(code, f"{code}: {said}".replace("\r", " ").replace("\n", " ")[:300])


def _read(value: bytes | None) -> dict[str, Any]:
    """A JSON object; an empty one for anything else."""
    try:
        found = orjson.loads(value or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(value: Any) -> float:
    """How long a token is good; providers that do not say mean an hour or so."""
    try:
        return min(max(float(value), 0.0), 30 * 86400.0)
    except (TypeError, ValueError):
        return 3600.0
