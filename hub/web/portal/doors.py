"""What stands before every handler of the customer's own page: who is signed in, whether the page asks itself, and one answer
for all that is not there."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from channels.adapter import Unavailable
from channels.doors import is_own_origin
from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.actions.portal.enter import TooOften, visitor_of
from hub.actions.portal.place import place_of
from hub.web.portal.answers import SESSION, Seen, moved, read_cookie, voice_of

Show = Callable[[Seen], Awaitable[web.Response]]
Handler = Callable[[web.Request], Awaitable[web.Response]]


def anybody(ctx: Context, show: Show) -> Handler:
    """For whoever comes."""
    return _door(ctx, show, signed_in=False)


def signed_in(ctx: Context, show: Show) -> Handler:
    """For whoever is signed in; the others are asked to, whatever they asked for."""
    return _door(ctx, show, signed_in=True)


def _door(ctx: Context, show: Show, *, signed_in: bool) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        try:
            place = place_of(ctx)
        except NotFound as nothing:
            raise web.HTTPNotFound from nothing
        session = read_cookie(request, ctx, SESSION)
        seen = Seen(
            ctx=ctx,
            place=place,
            request=request,
            voice=voice_of(request, ctx),
            session=session,
            visitor=await visitor_of(ctx, session),
        )
        if request.method == "POST" and not is_own_origin(request, ctx.settings.web.public_url):
            return seen.page("portal_trouble.html", status=403, trouble=403)
        if signed_in and seen.visitor is None:
            return moved(_way_in(request))
        try:
            return await show(seen)
        except NotFound:
            return seen.page("portal_trouble.html", status=404, trouble=404)
        except TooOften as trouble:
            response = seen.page("portal_trouble.html", status=429, trouble=429)
            response.headers["Retry-After"] = str(trouble.retry_after)
            return response
        except Unavailable:
            response = seen.page("portal_trouble.html", status=503, trouble=503)
            response.headers["Retry-After"] = "30"
            return response

    return handle


def _way_in(request: web.Request) -> str:
    """To the door, and back to the case that was asked for, whether there is one or not."""
    number = request.match_info.get("number", "")
    return f"/portal?to={number}" if number.replace("-", "").isalnum() and number.isascii() else "/portal"
