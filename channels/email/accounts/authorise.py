"""Having a person grant the hub access to a mailbox, once: by a code that they type on any device (RFC 8628), or in a browser
that comes back to this machine (RFC 8252, with PKCE, RFC 7636). Both end with the answer of the token endpoint.
"""

import asyncio
import base64
import hashlib
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from aiohttp import web

from channels.adapter import Misconfigured
from channels.email.accounts.oauth import TokenError, ask_for_token, endpoints, post_form
from channels.email.settings import EmailSettings

_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
_SLOWER_SECONDS = 5.0
_LONGEST_SECONDS = 3600.0
_THANKS = (
    "Thank you. You may close this page and go back to the terminal.\n谢谢，您可以关闭此页并返回终端。\n"
)


async def by_device(settings: EmailSettings, show: Callable[[str, str], None]) -> dict[str, Any]:
    """`show` the address and the code to type there; return once the person has done so. Raises Misconfigured when they
    declined or took too long, Unavailable."""
    where = endpoints(settings)
    try:
        asked = await post_form(where.device, {"client_id": settings.oauth_client_id, "scope": where.scope})
        code, address = (
            str(asked["device_code"]),
            str(asked.get("verification_uri") or asked["verification_url"]),
        )
        show(address, str(asked["user_code"]))
        pause = max(float(asked.get("interval", 5)), 0.0)
        left = min(float(asked.get("expires_in", 900)), _LONGEST_SECONDS)
    except TokenError as error:
        raise Misconfigured(f"The provider gives no device code: {error}") from error
    except (KeyError, ValueError, TypeError) as error:
        raise Misconfigured(f"The provider's answer is no device code: {error!r}") from error
    try:
        async with asyncio.timeout(left):
            while True:
                await asyncio.sleep(pause)
                try:
                    return await ask_for_token(settings, {"grant_type": _DEVICE, "device_code": code})
                except TokenError as error:
                    if error.code == "slow_down":
                        pause += _SLOWER_SECONDS
                    elif error.code != "authorization_pending":
                        raise Misconfigured(f"The provider did not grant access: {error}") from error
    except TimeoutError as error:
        raise Misconfigured("Nobody typed the code in time.") from error


def consent_page(settings: EmailSettings, *, redirect: str, state: str, verifier: str) -> str:
    """Where a person goes to grant access. Raises Misconfigured where the provider has no such page."""
    where = endpoints(settings)
    if not where.authorise:
        raise Misconfigured("This provider has no page for consent: oauth_authorise_url is not set.")
    challenge = hashlib.sha256(verifier.encode()).digest()
    asked = {
        "client_id": settings.oauth_client_id,
        "redirect_uri": redirect,
        "response_type": "code",
        "scope": where.scope,
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        # Google hands out a refresh token only to who asks like this.
        "access_type": "offline",
        "prompt": "consent",
        "login_hint": settings.mailbox_user,
    }
    return f"{where.authorise}{'&' if urlsplit(where.authorise).query else '?'}{urlencode(asked)}"


async def exchange_code(
    settings: EmailSettings, *, redirect: str, code: str, verifier: str
) -> dict[str, Any]:
    """What the token endpoint gives for the code that a person came back with. Raises Misconfigured, Unavailable."""
    try:
        return await ask_for_token(
            settings,
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": redirect,
                "code_verifier": verifier,
            },
        )
    except TokenError as error:
        raise Misconfigured(f"The provider did not grant access: {error}") from error


class Visit:
    """One attempt with a browser. Show `address`; the browser comes back by itself, or the person pastes what its address bar
    says in the end into `paste`."""

    def __init__(self, settings: EmailSettings, redirect: str) -> None:
        self._settings = settings
        self._redirect = redirect
        self._state = secrets.token_urlsafe(32)
        self._verifier = secrets.token_urlsafe(64)
        self._code: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    @property
    def address(self) -> str:
        """Where the person goes."""
        return consent_page(
            self._settings, redirect=self._redirect, state=self._state, verifier=self._verifier
        )

    def paste(self, address: str) -> bool:
        """Take the address that the browser was sent back to; says whether it is one of this attempt."""
        said = {key: values[0] for key, values in parse_qs(urlsplit(address.strip()).query).items()}
        if not secrets.compare_digest(said.get("state", "").encode(), self._state.encode()):
            return False
        if not self._code.done():
            if "code" in said:
                self._code.set_result(said["code"])
            else:
                why = said.get("error_description") or said.get("error") or "no code"
                self._code.set_exception(Misconfigured(f"The provider did not grant access: {why}"[:300]))
        return True

    async def answer(self) -> dict[str, Any]:
        """What the token endpoint gives for it. Raises Misconfigured, Unavailable."""
        return await exchange_code(
            self._settings, redirect=self._redirect, code=await self._code, verifier=self._verifier
        )


@asynccontextmanager
async def browser_visit(settings: EmailSettings, port: int = 0) -> AsyncIterator[Visit]:
    """A visit whose end is heard on 127.0.0.1, at `port` or a free one."""

    async def come_back(request: web.Request) -> web.Response:
        if not visit.paste(str(request.url)):
            return web.Response(status=400, text="This address belongs to another attempt.\n")
        return web.Response(text=_THANKS)

    app = web.Application()
    app.router.add_get("/", come_back)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        visit = Visit(settings, f"http://127.0.0.1:{runner.addresses[0][1]}/")
        yield visit
    finally:
        await runner.cleanup()
