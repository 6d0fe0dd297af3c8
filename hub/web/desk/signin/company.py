"""To the company's own sign-in and back."""

from aiohttp import web

from hub.actions.context import Context
from hub.actions.failures import LoginRefused, NotFound
from hub.actions.signin.by_password import check_password
from hub.actions.signin.company.sign_in import come_back, set_out, unlink
from hub.actions.signin.own_sessions import holder_of
from hub.actions.signin.tokens import every_keyed
from hub.web.desk.cookies import JOURNEY, drop_cookie, keep_cookie, read_cookie, read_session, read_zone
from hub.web.desk.say.language import Voice
from hub.web.desk.say.words import say_failure
from hub.web.desk.signin.door import login_page
from hub.web.desk.signin.own import Own
from hub.web.desk.signin.ways import (
    AGAIN,
    MOST_FIELD,
    SECURITY,
    base_of,
    browser_of,
    let_in,
    own_page,
    say_wait,
    see,
    with_next,
)
from hub.web.desk.typed import read_form, read_query
from hub.web.desk.visit import show_trouble, voice_for
from storage import signin
from storage.signin import Holder

BACK = "/desk/login/company/back"
_MOST_PARAMETER = 4000


class Company:
    """The way there and back. Both are links, not forms: a page's policy lets forms go to our own address alone."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def leave(self, request: web.Request) -> web.StreamResponse:
        """From the login page. Only our own page, or a person, may begin it."""
        on = own_page(read_query(request).get("next", ""))
        if not self._ctx.settings.web.oidc.issuer:
            raise web.HTTPNotFound
        if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            return login_page(self._ctx, voice_for(request), on)
        try:
            journey = await set_out(self._ctx, redirect=base_of(request, self._ctx.settings) + BACK, on=on)
        except LoginRefused as refused:
            return login_page(self._ctx, voice_for(request), on, refused=refused)
        response = see(journey.address)
        keep_cookie(response, self._ctx.settings, JOURNEY, journey.token)
        return response

    async def back(self, request: web.Request) -> web.StreamResponse:
        """What the provider's page sends."""
        settings = self._ctx.settings
        if not settings.web.oidc.issuer:
            raise web.HTTPNotFound
        holder = await holder_of(self._ctx, read_session(request, settings))
        try:
            arrival = await come_back(
                self._ctx,
                token=read_cookie(request, settings, JOURNEY),
                said={name: value[:_MOST_PARAMETER] for name, value in read_query(request).items()},
                browser=browser_of(request, settings),
                holder=holder,
            )
        except LoginRefused as refused:
            if holder is not None:
                voice = Voice(locale=holder.locale, zone=read_zone(request))
                response = show_trouble(request, voice, 403, say_failure(voice, refused))
            else:
                response = login_page(self._ctx, voice_for(request), own_page(""), refused=refused)
        else:
            on = own_page(arrival.on)
            response = see(on) if arrival.entered is None else let_in(self._ctx, arrival.entered, on)
        drop_cookie(response, settings, JOURNEY)
        return response


async def go_again(own: Own) -> web.StreamResponse:
    """To connect the company's account (`link`), or to show once more who one is (`prove`); by a link that only our own page
    of this session holds."""
    purpose = own.request.match_info["purpose"]
    given = read_query(own.request).get("ticket", "")
    if not own.ctx.settings.web.oidc.issuer or purpose not in ("link", "prove"):
        raise NotFound("There is no company sign-in.")
    if given not in _tickets(own.ctx, own.holder, purpose):
        raise NotFound("This link was not made for this session.")
    if purpose == "link" and not own.holder.fresh:
        # Whoever found an open desk must not make an entrance of their own.
        return see(with_next(AGAIN, SECURITY))
    redirect = base_of(own.request, own.ctx.settings) + BACK
    on = f"{SECURITY}?done=linked" if purpose == "link" else own.on
    journey = await set_out(own.ctx, redirect=redirect, on=on, purpose=purpose, holder=own.holder)
    response = see(journey.address)
    keep_cookie(response, own.ctx.settings, JOURNEY, journey.token)
    return response


async def post_unlink(own: Own) -> web.StreamResponse:
    """The company's sign-in opens this account no more. The password must be known: it is all that is left."""
    password = str((await read_form(own.request)).get("password", ""))[:MOST_FIELD]
    try:
        await check_password(own.ctx, own.holder.agent_id, password, own.browser.peer)
    except LoginRefused as refused:
        wait = refused.retry_after
        text = say_wait(own.voice, wait) if wait else say_failure(own.voice, refused)
        return show_trouble(own.request, own.voice, 429 if wait else 403, text, retry_after=wait)
    await unlink(own.ctx, own.holder.agent_id)
    return see(f"{SECURITY}?done=unlinked")


def ticket_of(ctx: Context, holder: Holder, purpose: str) -> str:
    """What makes a link to the provider one of ours."""
    return _tickets(ctx, holder, purpose)[0]


def _tickets(ctx: Context, holder: Holder, purpose: str) -> list[str]:
    made = every_keyed(ctx, "company ticket", str(holder.session_id), purpose)
    return [one.hex()[:32] for one in made]


async def is_linked(ctx: Context, agent_id: int) -> bool:
    """Whether the agent can come in by the company's sign-in."""
    issuer = ctx.settings.web.oidc.issuer
    if not issuer:
        return False
    found = await ctx.database.read(lambda c: signin.company_logins_of(c, agent_id))
    return any(one.issuer == issuer for one in found)
