"""An OAuth 2 provider over a real socket: a token endpoint with refresh, device and browser grants, and errors on request."""

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import ClientSession, web

from tests.fakes.ports import serving_routes

USER = "support@shop.example"


class TokenServer:
    """`tokens` is what mail servers take: the access token that was handed out last, by user. `errors` are answered first,
    in order: (status, RFC 6749 code)."""

    def __init__(self, *, rotate: bool = True, expires_in: Any = 3600) -> None:
        self.tokens: dict[str, str] = {}
        self.refresh = "refresh-1"
        self.rotate = rotate
        self.expires_in = expires_in
        self.errors: list[tuple[int, str]] = []
        self.asked: list[dict[str, str]] = []
        self.secret = ""
        self.base = ""
        self.challenge = ""
        self._serial = 0

    def hand_out(self) -> dict[str, Any]:
        self._serial += 1
        self.tokens[USER] = f"access-{self._serial}"
        answer: dict[str, Any] = {"access_token": self.tokens[USER], "token_type": "Bearer"}
        if self.expires_in is not None:
            answer["expires_in"] = self.expires_in
        return answer

    async def token(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        self.asked.append(form)
        if self.errors:
            status, code = self.errors.pop(0)
            return web.json_response({"error": code, "error_description": f"it is {code}"}, status=status)
        if form.get("client_secret", "") != self.secret:
            return web.json_response({"error": "invalid_client"}, status=401)
        if form["grant_type"] == "refresh_token":
            if form["refresh_token"] != self.refresh:
                return web.json_response({"error": "invalid_grant"}, status=400)
            answer = self.hand_out()
            if self.rotate:
                self.refresh = f"refresh-{self._serial + 1}"
                answer["refresh_token"] = self.refresh
            return web.json_response(answer)
        if form["grant_type"] == "authorization_code":
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            if (
                base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != self.challenge
                or form["code"] != "good"
            ):
                return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({**self.hand_out(), "refresh_token": self.refresh})

    async def device(self, request: web.Request) -> web.Response:
        self.asked.append({key: str(value) for key, value in (await request.post()).items()})
        return web.json_response(
            {
                "device_code": "device-1",
                "user_code": "ABCD-1234",
                "verification_uri": "https://provider.example/device",
                "interval": 0,
                "expires_in": 900,
            }
        )

    def settings(self, **more: Any) -> dict[str, Any]:
        """What a channel says of this provider."""
        return {
            "auth": "oauth2",
            "oauth_client_id": "hub-1",
            "oauth_token_url": f"{self.base}/token",
            "oauth_scope": "mail",
            **more,
        }

    async def person_agrees(self, address: str, *, code: str = "good", error: str = "") -> int:
        """What a browser does at the end of the provider's page; the status with which the hub receives it."""
        asked = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}
        self.challenge = asked["code_challenge"]
        said = {"state": asked["state"], **({"error": error} if error else {"code": code})}
        async with ClientSession() as browser, browser.get(asked["redirect_uri"], params=said) as answer:
            return answer.status


class TokenRelay:
    """An SMTP relay that takes these access tokens, by user, and says in a challenge what is wrong with others."""

    def __init__(self, tokens: dict[str, str]) -> None:
        self.tokens = tokens
        self.sasl: list[str] = []

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 relay.example ESMTP\r\n")
        while line := await reader.readline():
            verb, _, rest = line.decode().strip().partition(" ")
            if verb == "AUTH":
                self.sasl.append(base64.b64decode(rest.removeprefix("XOAUTH2 ")).decode())
                user, token = re.fullmatch("user=(.*)\x01auth=Bearer (.*)\x01\x01", self.sasl[-1]).groups()  # type: ignore[union-attr]
                if self.tokens.get(user) == token:
                    writer.write(b"235 2.7.0 Accepted\r\n")
                    continue
                writer.write(b"334 " + base64.b64encode(b'{"status":"401","schemes":"bearer"}') + b"\r\n")
                assert await reader.readline() == b"\r\n"
                writer.write(b"535 5.7.8 Username and Password not accepted\r\n")
            else:
                writer.write(
                    b"250-relay.example\r\n250 AUTH XOAUTH2\r\n" if verb == "EHLO" else b"250 ok\r\n"
                )


@asynccontextmanager
async def token_server(**more: Any) -> AsyncIterator[TokenServer]:
    server = TokenServer(**more)
    routes = [web.post("/token", server.token), web.post("/device", server.device)]
    async with serving_routes(routes) as base:
        server.base = base
        yield server
