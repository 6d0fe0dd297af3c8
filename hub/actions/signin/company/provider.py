"""The provider itself: what it says of itself, the exchange of a code for tokens, and whether these are what they claim. Where
it may be asked for them is said in ask.py.

OpenID Connect Discovery 1.0, OpenID Connect Core 1.0 sections 3.1.3 and 5.3, RFC 6749, RFC 7636.
"""

import base64
import time
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote_plus

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from hub.actions.context import Context
from hub.actions.signin.company.ask import (
    Reach,
    get,
    is_safe,
    post,
    read_configuration,
    unreachable,
    wrong,
)

KNOWN_FOR_SECONDS = 3600.0
KEYS_AGAIN_SECONDS = 30.0
"""A token may name a key that is newer than those we know; nobody makes us ask for keys more often than this."""
LEEWAY_SECONDS = 120
ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "Ed25519",
    "EdDSA",
)
"""Signatures with a key pair alone: neither "none" nor what is signed with a shared secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What it publishes. `userinfo` "": nothing. `at`: when it was read (time.monotonic)."""

    issuer: str
    authorize: str
    token: str
    keys_url: str
    userinfo: str
    in_body: bool
    reach: Reach
    keys: KeySet
    at: float


async def provider_of(ctx: Context) -> Provider:
    """Read once an hour. Raises LoginRefused: company_unreachable, company_inside."""
    oidc = ctx.settings.web.oidc
    known = cast("Provider | None", ctx.memo.get(("company provider", oidc.issuer)))
    if known is not None and time.monotonic() - known.at < KNOWN_FOR_SECONDS:
        return known
    said, reach = await read_configuration(oidc.issuer)
    # Discovery 4.3: whoever answers in another name is somebody else.
    if said.get("issuer") != oidc.issuer:
        raise unreachable(f"it calls itself {said.get('issuer')!r}, and the settings {oidc.issuer!r}")
    places = [said.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    userinfo = said.get("userinfo_endpoint") or ""
    if not all(is_safe(one, oidc.issuer) for one in (*places, *([userinfo] if userinfo else []))):
        raise unreachable("its configuration names no safe addresses")
    methods = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    authorize, token, keys_url = cast("list[str]", places)
    found = Provider(
        issuer=oidc.issuer,
        authorize=authorize,
        token=token,
        keys_url=keys_url,
        userinfo=userinfo,
        in_body="client_secret_basic" not in methods,
        reach=reach,
        keys=await _keys(keys_url, reach),
        at=time.monotonic(),
    )
    ctx.memo["company provider", oidc.issuer] = found
    return found


async def claims_of_code(
    ctx: Context, provider: Provider, *, code: str, verifier: str, redirect: str, nonce: str
) -> dict[str, Any]:
    """What the provider says of whoever brought the code. Raises LoginRefused: company_unreachable, company_inside,
    company_wrong."""
    oidc = ctx.settings.web.oidc
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect,
        "code_verifier": verifier,
        "client_id": oidc.client_id,
    }
    secret = oidc.client_secret.get_secret_value() if oidc.client_secret else ""
    headers = {"Accept": "application/json"}
    if secret and provider.in_body:
        form["client_secret"] = secret
    elif secret:  # RFC 6749, 2.3.1
        pair = f"{quote_plus(oidc.client_id)}:{quote_plus(secret)}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    said = await post(provider.token, provider.reach, form, headers)
    claims = await _checked(ctx, provider, str(said.get("id_token") or ""), nonce)
    if oidc.login_claim not in claims and provider.userinfo and isinstance(said.get("access_token"), str):
        shown = {"Authorization": f"Bearer {said['access_token']}"}
        more = await get(provider.userinfo, provider.reach, shown)
        # Core 5.3.2: it must be about the same person.
        if more.get("sub") != claims["sub"]:
            raise wrong("userinfo speaks of somebody else")
        claims = {**more, **claims}
    return claims


async def _checked(ctx: Context, provider: Provider, token: str, nonce: str) -> dict[str, Any]:
    oidc = ctx.settings.web.oidc
    try:
        claims = _decode(token, provider.keys)
    except (JoseError, ValueError, TypeError):
        # Keys change; the new one may be the one that was used.
        provider = await _with_new_keys(ctx, provider)
        try:
            claims = _decode(token, provider.keys)
        except (JoseError, ValueError, TypeError) as error:
            raise wrong(f"ID token: {error}") from error
    rules = jwt.JWTClaimsRegistry(
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": oidc.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        rules.validate(claims)
    except JoseError as error:
        raise wrong(f"ID token: {error}") from error
    if not 0 < len(claims["sub"]) <= 255:  # Core 2
        raise wrong("ID token: no subject")
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (several or "azp" in claims) and claims.get("azp") != oidc.client_id:
        raise wrong("ID token: it was made for another program")
    return claims


def _decode(token: str, keys: KeySet) -> dict[str, Any]:
    return dict(jwt.decode(token, keys, algorithms=ALGORITHMS).claims)


async def _with_new_keys(ctx: Context, provider: Provider) -> Provider:
    mark = ("company keys asked", provider.issuer)
    asked = cast("float | None", ctx.memo.get(mark))
    if asked is not None and time.monotonic() - asked < KEYS_AGAIN_SECONDS:
        return provider
    ctx.memo[mark] = time.monotonic()
    ctx.memo.pop(("company provider", provider.issuer), None)
    return await provider_of(ctx)


async def _keys(url: str, reach: Reach) -> KeySet:
    said = await get(url, reach)
    # A key of a kind that we do not know is no reason to refuse the others.
    usable = [
        one
        for one in said.get("keys") or ()
        if isinstance(one, dict) and one.get("kty") in ("RSA", "EC", "OKP")
    ]
    try:
        return KeySet.import_key_set({"keys": [one for one in usable if one.get("use", "sig") == "sig"]})
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise unreachable(f"its keys cannot be read: {error}") from error
