"""Setting up a second step: an authenticator app, a passkey, recovery codes. From the page of one's own, or led there at
sign-in."""

from datetime import UTC, datetime

from aiohttp import web

from hub.actions.failures import ActionFailure, LoginRefused
from hub.actions.signin import recovery, totp
from hub.actions.signin.passkeys import ask_for_new, keep_new
from hub.actions.signin.second import lift_limit, steps_of
from hub.web.desk.cookies import keep_session, read_session
from hub.web.desk.say.language import N_
from hub.web.desk.signin.own import Own, day_of
from hub.web.desk.signin.ways import (
    CHOOSE,
    HOME,
    MOST_FIELD,
    SECURITY,
    START,
    own_page,
    read_answer,
    see,
    site_of,
    tell_asked,
    with_next,
)
from hub.web.desk.typed import read_form
from storage import signin

APP = "/desk/security/app"


async def show_start(own: Own) -> web.StreamResponse:
    """Which second step it shall be; "not now" for as long as there are days left."""
    return see(with_next(CHOOSE, own.on)) if own.holder.chooses else await _start(own, own.on)


async def post_app_new(own: Own) -> web.StreamResponse:
    """A new secret for an app."""
    on = own_page(str((await read_form(own.request)).get("next", "")))
    await totp.begin_totp(own.ctx, own.holder.agent_id)
    return see(with_next(APP, on))


async def show_app(own: Own) -> web.StreamResponse:
    """The picture to scan, and the field for the first code."""
    return await _app(own, own.on)


async def get_picture(own: Own) -> web.StreamResponse:
    """The secret as a QR code: a file of our own address, kept by nobody."""
    secret = await totp.pending_secret(own.ctx, own.holder.agent_id)
    return web.Response(
        body=totp.picture_of(secret, own.holder.login),
        content_type="image/svg+xml",
        headers={"Cache-Control": "no-store", "Content-Security-Policy": "default-src 'none'; sandbox"},
    )


async def post_app(own: Own) -> web.StreamResponse:
    """The first code."""
    form = await read_form(own.request)
    on = own_page(str(form.get("next", "")))
    try:
        codes = await totp.confirm_totp(own.ctx, own.holder.agent_id, str(form.get("code", ""))[:MOST_FIELD])
    except LoginRefused as refused:
        return await _app(own, on, refused)
    return await _done(own, on, codes, "totp")


async def ask_passkey(own: Own) -> web.StreamResponse:
    """What the page's script asks the browser for."""
    return tell_asked(await ask_for_new(own.ctx, own.holder, site_of(own.request, own.ctx.settings)))


async def post_passkey(own: Own) -> web.StreamResponse:
    """The new passkey."""
    form = await read_form(own.request)
    on = own_page(str(form.get("next", "")))
    try:
        ticket, answer = await read_answer(own.request)
        codes = await keep_new(
            own.ctx,
            own.holder,
            site_of(own.request, own.ctx.settings),
            ticket=ticket,
            answer=answer,
            name=str(form.get("name", ""))[:MOST_FIELD] or own.voice.say(N_("Passkey")),
        )
    except ActionFailure as failure:
        return await _start(own, on, failure)
    return await _done(own, on, codes, "passkey")


async def post_codes(own: Own) -> web.StreamResponse:
    """Ten new recovery codes; the old ones are void."""
    codes = await recovery.make_codes(own.ctx, own.holder.agent_id)
    return own.door("recovery_codes.html", codes=codes, on=SECURITY)


async def _start(own: Own, on: str, refused: ActionFailure | None = None) -> web.Response:
    due = await own.ctx.database.read(lambda c: signin.due_since(c, own.holder.agent_id))
    steps = await steps_of(own.ctx, own.holder.agent_id)
    asked = due is not None and not steps.any
    return own.door(
        "second_step_start.html",
        refused=refused,
        next=on,
        asked=asked,
        days=day_of(due, datetime.now(UTC)) if due is not None and asked else 0,
        steps=steps,
    )


async def _app(own: Own, on: str, refused: ActionFailure | None = None) -> web.StreamResponse:
    try:
        secret = await totp.pending_secret(own.ctx, own.holder.agent_id)
    except ActionFailure:
        return see(with_next(START, on))  # its time is over: begin again
    return own.door("second_step_app.html", refused=refused, next=on, secret=secret)


async def _done(own: Own, on: str, codes: list[str], how: str) -> web.StreamResponse:
    """The codes where they are the first; the session is whole where it was limited to this."""
    back = on if own.holder.limited or on != HOME else f"{SECURITY}?done={how}"
    if own.holder.chooses:
        back = with_next(CHOOSE, on)
    response: web.Response = own.door("recovery_codes.html", codes=codes, on=back) if codes else see(back)
    if own.holder.limited and not own.holder.chooses:
        token = await lift_limit(own.ctx, read_session(own.request, own.ctx.settings), how, own.browser.peer)
        keep_session(response, own.ctx.settings, token)
    return response
