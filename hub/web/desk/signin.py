"""Coming in and going out."""

from urllib.parse import urlsplit

from aiohttp import web

from channels.doors import is_own_origin
from hub.actions.context import Context
from hub.actions.failures import LoginRefused
from hub.actions.people.sessions import agent_of_session, log_in, log_out
from hub.web.desk.cookies import drop_session, keep_session, read_session
from hub.web.desk.say.language import Voice
from hub.web.desk.say.render import render
from hub.web.desk.say.words import say_failure
from hub.web.desk.visit import LOGIN, refuse_origin, show_html, voice_for
from hub.web.peers import peer_of, read_proxies

HOME = "/desk"
_MOST = 1000


class Door:
    """The login page, its form, and the way out."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._proxies = read_proxies(ctx.settings)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The page; whoever is signed in goes straight on."""
        on = _own_page(request.query.get("next", ""))
        if await agent_of_session(self._ctx, read_session(request, self._ctx.settings)) is not None:
            return web.Response(status=303, headers={"Location": on, "Cache-Control": "no-store"})
        return _form(voice_for(request), on)

    async def enter(self, request: web.Request) -> web.StreamResponse:
        """Name and password. Login itself needs the origin too: nobody shall be signed in as somebody else."""
        if not is_own_origin(request, self._ctx.settings.web.public_url):
            return refuse_origin(request)
        form = await request.post()
        login, password = str(form.get("login", ""))[:_MOST], str(form.get("password", ""))[:_MOST]
        on, voice = _own_page(str(form.get("next", ""))), voice_for(request)
        try:
            token = await log_in(
                self._ctx,
                login=login.strip(),
                password=password,
                peer=peer_of(
                    request.remote or "", request.headers.getall("X-Forwarded-For", []), self._proxies
                ),
                user_agent=request.headers.get("User-Agent", "")[:300],
            )
        except LoginRefused as refused:
            status = 429 if refused.retry_after else 403
            response = _form(voice, on, login=login, trouble=say_failure(voice, refused), status=status)
            if refused.retry_after:
                response.headers["Retry-After"] = str(refused.retry_after)
            return response
        response = web.Response(status=303, headers={"Location": on, "Cache-Control": "no-store"})
        keep_session(response, self._ctx.settings, token)
        return response

    async def leave(self, request: web.Request) -> web.StreamResponse:
        """End the session, on every hub at once."""
        if not is_own_origin(request, self._ctx.settings.web.public_url):
            return refuse_origin(request)
        token = read_session(request, self._ctx.settings)
        if token:
            await log_out(self._ctx, token)
        response = web.Response(status=303, headers={"Location": LOGIN, "Cache-Control": "no-store"})
        drop_session(response, self._ctx.settings)
        return response


def _form(voice: Voice, on: str, *, login: str = "", trouble: str = "", status: int = 200) -> web.Response:
    page = render("login.html", voice, next=on, login=login, trouble=trouble)
    return show_html(page, status=status)


def _own_page(given: str) -> str:
    """Where to go on: a page of the desk, whatever was asked for."""
    parts = urlsplit(given)
    inside = given == HOME or given.startswith((f"{HOME}/", f"{HOME}?"))
    plain = given.isascii() and given.isprintable() and "\\" not in given and " " not in given
    if parts.scheme or parts.netloc or not inside or not plain or given.startswith(LOGIN):
        return HOME
    return given
