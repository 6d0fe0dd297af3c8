"""A provider of OpenID Connect over a real socket: discovery, keys, the page where somebody agrees, tokens that are signed."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any
from urllib.parse import unquote_plus, urlencode

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from tests.fakes.ports import serving_routes

CLIENT, SECRET = "hub-1", "a secret of: the/client"


@cache
def _first_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})


class OidcProvider:
    """`person`: the claims of whoever sits at its page. Whatever a dishonest one would do is a switch."""

    def __init__(self) -> None:
        self.base = ""
        self.keys: list[RSAKey | ECKey] = [_first_key()]
        self.person: dict[str, Any] = {
            "sub": "248289761001",
            "email": "ann@shop.example",
            "email_verified": True,
            "name": "Ann Berg",
        }
        self.in_userinfo: dict[str, Any] = {}
        self.change: dict[str, Any] = {}
        """Claims of the ID token that are not as they should be; None takes one away."""
        self.unsigned = False
        self.signed_with_secret = False
        self.foreign_key = False
        self.refuses = ""
        self.asked: list[dict[str, str]] = []
        self.answers = 200
        self.calls_itself = ""
        self.names: dict[str, str] = {}
        """Endpoints in its configuration that are not where they should be."""
        self.heard: list[str] = []
        """Paths that programs asked for, beside its configuration."""
        self.basic = True
        self._codes: dict[str, dict[str, str]] = {}

    def settings(self, **more: Any) -> dict[str, Any]:
        return {"issuer": self.base, "client_id": CLIENT, "client_secret": SECRET, **more}

    async def configuration(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": self.calls_itself or self.base,
                "authorization_endpoint": f"{self.base}/authorize",
                "token_endpoint": f"{self.base}/token",
                "jwks_uri": f"{self.base}/keys",
                "userinfo_endpoint": f"{self.base}/userinfo",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256", "ES256"],
                "token_endpoint_auth_methods_supported": [
                    "client_secret_basic" if self.basic else "client_secret_post"
                ],
                **self.names,
            },
            status=self.answers,
        )

    async def key_set(self, request: web.Request) -> web.Response:
        self.heard.append(request.path)
        return web.json_response(KeySet(list(self.keys)).as_dict(private=False))

    async def authorize(self, request: web.Request) -> web.Response:
        """The person agrees at once."""
        asked = dict(request.query)
        self.asked.append(asked)
        said = {"state": asked["state"], "iss": self.base}
        if self.refuses:
            said["error"] = self.refuses
        else:
            said["code"] = secrets.token_urlsafe(16)
            self._codes[said["code"]] = asked
        return web.Response(status=302, headers={"Location": f"{asked['redirect_uri']}?{urlencode(said)}"})

    async def token(self, request: web.Request) -> web.Response:
        self.heard.append(request.path)
        form = {key: str(value) for key, value in (await request.post()).items()}
        asked = self._codes.pop(form.get("code", ""), None)  # each once (RFC 6749, 4.1.2)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if not self._knows(request, form):
            return web.json_response({"error": "invalid_client"}, status=401)
        if (
            asked is None
            or asked["code_challenge"] != challenge
            or asked["redirect_uri"] != form.get("redirect_uri")
        ):
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response(
            {"access_token": "access-1", "token_type": "Bearer", "id_token": self._id_token(asked)}
        )

    async def userinfo(self, request: web.Request) -> web.Response:
        self.heard.append(request.path)
        if request.headers.get("Authorization") != "Bearer access-1":
            return web.json_response({"error": "invalid_token"}, status=401)
        return web.json_response({"sub": self.person["sub"], **self.in_userinfo})

    def _knows(self, request: web.Request, form: dict[str, str]) -> bool:
        if not self.basic:
            return (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        client, _, secret = base64.b64decode(given).decode().partition(":")
        return (kind, unquote_plus(client), unquote_plus(secret)) == ("Basic", CLIENT, SECRET)

    def _id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.base,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
            **({"auth_time": now} if "max_age" in asked else {}),
            **self.person,
            **self.change,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.unsigned:
            head, body = (
                base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
                for part in ({"alg": "none"}, claims)
            )
            return f"{head}.{body}."
        if self.signed_with_secret:
            return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET.encode() * 2))
        key = self.keys[-1]
        if self.foreign_key:
            key = RSAKey.generate_key(2048, {"kid": key.kid})
        return jwt.encode(
            {"alg": "ES256" if isinstance(key, ECKey) else "RS256", "kid": key.kid}, claims, key
        )


@asynccontextmanager
async def oidc_provider() -> AsyncIterator[OidcProvider]:
    provider = OidcProvider()
    routes = [
        web.get("/.well-known/openid-configuration", provider.configuration),
        web.get("/keys", provider.key_set),
        web.get("/authorize", provider.authorize),
        web.post("/token", provider.token),
        web.get("/userinfo", provider.userinfo),
    ]
    async with serving_routes(routes) as base:
        provider.base = base
        yield provider
