"""Codes of an authenticator app (RFC 6238: six digits, thirty seconds, SHA-1, which is what every app knows)."""

import hmac
import io
import time
import unicodedata

import pyotp
import segno
import structlog

from hub.actions.context import Context
from hub.actions.failures import LoginRefused, NotPossible
from hub.actions.signin.recovery import codes_for_first_step
from hub.actions.signin.tries import count_try, forgive
from hub.actions.vault import seal, unseal
from hub.model.tickets import EventKind
from storage import events, signin
from storage.database import Connection

log = structlog.get_logger(__name__)

STEP_SECONDS = 30
DRIFT_STEPS = 1
"""A clock may be half a minute wrong in either direction, and a code typed late (RFC 6238, 5.2)."""
PENDING_SECONDS = 1800.0
MOST_TRIES = 10


def sealed_app(agent_id: int) -> tuple[str, str]:
    """What an agent's secret is sealed for."""
    return "sign-in", f"totp {agent_id}"


async def begin_totp(ctx: Context, agent_id: int) -> None:
    """A new secret, which counts for nothing until its first code was right. What is set up already goes on."""
    sealed = seal(ctx.secret, *sealed_app(agent_id), pyotp.random_base32().encode())
    await ctx.database.run(lambda c: signin.begin_totp(c, agent_id, sealed, PENDING_SECONDS))


async def pending_secret(ctx: Context, agent_id: int) -> str:
    """The secret that is being set up, in base 32. Raises NotPossible (`step_over`)."""
    sealed = await ctx.database.read(lambda c: signin.pending_totp(c, agent_id))
    if sealed is None:
        raise NotPossible("This took too long. Begin again.", code="step_over")
    return _open(ctx, agent_id, sealed)


def picture_of(secret: str, login: str) -> bytes:
    """The secret as a QR code that apps read: a whole SVG file, dark on light, with a quiet zone."""
    address = pyotp.TOTP(secret, name=login, issuer="Contact Hub").provisioning_uri()
    drawn = io.BytesIO()
    segno.make(address, error="m").save(drawn, kind="svg", scale=5, border=4, dark="#000", light="#fff")
    return drawn.getvalue()


async def confirm_totp(ctx: Context, agent_id: int, code: str) -> list[str]:
    """The app is set up; returns recovery codes where these are the agent's first ones. Raises LoginRefused (`wrong_code`, or
    with `retry_after`), NotPossible (`step_over`)."""
    own = f"totp set-up:{agent_id}"
    await count_try(ctx, {own: MOST_TRIES})
    sealed = await ctx.database.read(lambda c: signin.pending_totp(c, agent_id))
    if sealed is None:
        raise NotPossible("This took too long. Begin again.", code="step_over")
    step = matching_step(_open(ctx, agent_id, sealed), code, time.time(), after=0)
    if step is None:
        raise LoginRefused("This code is not right.", code="wrong_code")

    async def work(connection: Connection) -> list[str]:
        await signin.lock_agent(connection, agent_id)
        if not await signin.confirm_totp(connection, agent_id, sealed, step):
            raise NotPossible("Another one was begun meanwhile. Begin again.", code="step_over")
        codes = await codes_for_first_step(ctx, connection, agent_id)
        data = {"agent": agent_id, "step": "totp"}
        await events.add_event(connection, EventKind.SECOND_STEP_SET_UP, agent_id=agent_id, data=data)
        await forgive(connection, own)
        return codes

    return await ctx.database.run(work)


async def use_totp(ctx: Context, agent_id: int, code: str) -> bool:
    """Whether the code is right and was not used before; it is used then."""
    known = await ctx.database.read(lambda c: signin.totp(c, agent_id))
    if known is None:
        return False
    sealed, last = known
    step = matching_step(_open(ctx, agent_id, sealed), code, time.time(), after=last)
    if step is None:
        return False
    return await ctx.database.run(lambda c: signin.use_totp(c, agent_id, sealed, step))


def matching_step(secret: str, code: str, at: float, *, after: int) -> int | None:
    """The time step of which this is the code, the newest first; None where there is none near `at` (seconds since 1970), or
    only one up to `after`."""
    digits = plain_code(code)
    if len(digits) != 6 or not digits.isascii() or not digits.isdigit():
        return None
    now, app = int(at // STEP_SECONDS), pyotp.TOTP(secret)
    found = None
    for step in range(now + DRIFT_STEPS, now - DRIFT_STEPS - 1, -1):
        if step > after and found is None and hmac.compare_digest(app.generate_otp(step), digits):
            found = step
    return found


def plain_code(code: str) -> str:
    """As it was meant: input methods write wide digits, and people write blanks and hyphens.

    >>> plain_code("１２３ 456")
    '123456'
    """
    return "".join(c for c in unicodedata.normalize("NFKC", code[:100]) if c.isalnum())


def _open(ctx: Context, agent_id: int, sealed: bytes) -> str:
    """Raises LoginRefused (`app_unreadable`): it was sealed with another key than this installation's."""
    try:
        return unseal(ctx.secret, *sealed_app(agent_id), sealed).decode()
    except ValueError as error:
        log.exception("totp.unreadable", agent=agent_id)
        raise LoginRefused("The app's secret cannot be opened.", code="app_unreadable") from error
