"""Signing in as a test needs it."""

import time

import pyotp

from hub.actions.context import Context
from hub.actions.signin import totp
from hub.actions.signin.by_password import log_in
from hub.actions.signin.enter import Browser
from hub.actions.signin.own_sessions import holder_of
from storage.signin import Holder
from tests.canaries import written
from tests.fakes.scene import PASSWORD

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
BROWSER = Browser(peer="203.0.113.7", user_agent=FIREFOX)


async def sign_in(
    ctx: Context, login: str = "ann", password: str = PASSWORD, *, browser: Browser = BROWSER
) -> str:
    """The token of a session, or of the second step of one."""
    return written((await log_in(ctx, login=login, password=password, browser=browser)).token)


async def holder(ctx: Context, token: str) -> Holder:
    found = await holder_of(ctx, token)
    assert found is not None
    return found


async def set_up_app(ctx: Context, agent_id: int) -> tuple[str, list[str]]:
    """An authenticator app: its secret, and the recovery codes. The code of this moment is used by it, as it is by a person."""
    await totp.begin_totp(ctx, agent_id)
    secret = await totp.pending_secret(ctx, agent_id)
    return secret, await totp.confirm_totp(ctx, agent_id, code_of(secret))


def code_of(secret: str, *, steps: int = 0) -> str:
    """What the app shows now; `steps` half minutes later."""
    return pyotp.TOTP(secret).at(int(time.time()) + steps * totp.STEP_SECONDS)
