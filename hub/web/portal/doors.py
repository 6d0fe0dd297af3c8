"""What stands before every handler of the customer's own page: who is signed in, whether the page asks itself, and one answer
for all that is not there."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from channels.adapter import Unavailable
from channels.doors import is_own_origin
from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.actions.portal.enter import TooOften, Visitor, visitor_of
from hub.actions.portal.place import place_of
from hub.web.portal.answers import SESSION, Seen, moved, read_cookie, voice_of
from storage.database import DatabaseUnavailable

Show = Callable[[Seen], Awaitable[web.Response]]
Handler = Callable[[web.Request], Awaitable[web.Response]]


def anybody(ctx: Context, show: Show) -> Handler:
    """For whoever comes."""
    return _door(ctx, show)


def signed_in(
    ctx: Context, show: Show, *, otherwise: Show | None = None, away: Show | None = None
) -> Handler:
    """For whoever is signed in; the others are asked to, whatever they asked for. Where they would lose something by it,
    `otherwise` says how, and `away` what is shown while the database does not answer."""
    return _door(ctx, show, otherwise=otherwise or send_to_door, away=away)


async def send_to_door(seen: Seen) -> web.Response:
    """And back to the case that was asked for, whether there is one or not."""
    return moved(way_in(seen.request))


async def not_just_now(seen: Seen) -> web.Response:
    """What needs the database cannot be done."""
    response = seen.page("portal_trouble.html", status=503, trouble=503)
    response.headers["Retry-After"] = "30"
    return response


def way_in(request: web.Request) -> str:
    """The address of the door, from where they come back to the case that was asked for."""
    number = request.match_info.get("number", "")
    return f"/portal?to={number}" if number.replace("-", "").isalnum() and number.isascii() else "/portal"


def _door(ctx: Context, show: Show, *, otherwise: Show | None = None, away: Show | None = None) -> Handler:
    """`otherwise`: for whoever is not signed in; None: they are shown the same."""

    async def who_is(session: str) -> tuple[Visitor | None, Show]:
        """And what they are shown."""
        try:
            visitor = await visitor_of(ctx, session)
        except DatabaseUnavailable:
            return None, away or not_just_now
        return visitor, show if otherwise is None or visitor is not None else otherwise

    async def handle(request: web.Request) -> web.Response:
        try:
            place = place_of(ctx)
        except NotFound as nothing:
            raise web.HTTPNotFound from nothing
        session = read_cookie(request, ctx, SESSION)
        visitor, shown = await who_is(session)
        seen = Seen(
            ctx=ctx,
            place=place,
            request=request,
            voice=voice_of(request, ctx),
            session=session,
            visitor=visitor,
        )
        if request.method == "POST" and not is_own_origin(request, ctx.settings.web.public_url):
            return seen.page("portal_trouble.html", status=403, trouble=403)
        try:
            return await shown(seen)
        except NotFound:
            return seen.page("portal_trouble.html", status=404, trouble=404)
        except TooOften as trouble:
            response = seen.page("portal_trouble.html", status=429, trouble=429)
            response.headers["Retry-After"] = str(trouble.retry_after)
            return response
        except (Unavailable, DatabaseUnavailable):
            return await (away or not_just_now)(seen)

    return handle
