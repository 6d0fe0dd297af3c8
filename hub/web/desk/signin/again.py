"""Showing once more who one is, before what is dangerous."""

from aiohttp import web

from hub.actions.failures import LoginRefused
from hub.actions.signin.passkeys import ask_for_known
from hub.actions.signin.second import prove, prove_by_passkey, steps_of
from hub.web.desk.signin.company import is_linked, ticket_of
from hub.web.desk.signin.door import ASK_FOR_PASSWORD
from hub.web.desk.signin.own import Own
from hub.web.desk.signin.ways import MOST_FIELD, own_page, read_answer, see, site_of, tell_asked
from hub.web.desk.typed import read_form


async def show_again(own: Own) -> web.StreamResponse:
    """With what somebody can show it."""
    return see(own.on) if own.holder.fresh else await _page(own, own.on)


async def post_again(own: Own) -> web.StreamResponse:
    """The password, or a code."""
    form = await read_form(own.request)
    on = own_page(str(form.get("next", "")))
    try:
        await prove(
            own.ctx,
            own.holder,
            password=str(form.get("password", ""))[:MOST_FIELD],
            code=str(form.get("code", ""))[:MOST_FIELD],
            peer=own.browser.peer,
        )
    except LoginRefused as refused:
        return await _page(own, on, refused)
    return see(on)


async def ask_passkey(own: Own) -> web.StreamResponse:
    """One of theirs."""
    site = site_of(own.request, own.ctx.settings)
    return tell_asked(
        await ask_for_known(own.ctx, site, purpose="passkey again", agent_id=own.holder.agent_id)
    )


async def post_passkey(own: Own) -> web.StreamResponse:
    """Its answer."""
    form = await read_form(own.request)
    on = own_page(str(form.get("next", "")))
    try:
        ticket, answer = await read_answer(own.request)
        await prove_by_passkey(
            own.ctx,
            own.holder,
            site=site_of(own.request, own.ctx.settings),
            ticket=ticket,
            answer=answer,
        )
    except LoginRefused as refused:
        return await _page(own, on, refused)
    return see(on)


async def _page(own: Own, on: str, refused: LoginRefused | None = None) -> web.Response:
    return own.door(
        "again.html",
        refused=refused,
        hint=own.voice.say(ASK_FOR_PASSWORD),
        next=on,
        steps=await steps_of(own.ctx, own.holder.agent_id),
        linked=await is_linked(own.ctx, own.holder.agent_id),
        ticket=ticket_of(own.ctx, own.holder, "prove"),
    )
