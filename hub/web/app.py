"""The whole web side as one application: desk, API, operations, and the public doors of the channels."""

import secrets

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from channels.doors import PEER, Asks, Tells, open_to
from hub.actions.channels.probe import end_probes
from hub.actions.context import Context
from hub.actions.rules.try_rules import end_trials
from hub.actions.tag_shelf import end_renaming
from hub.web.api.keyring import Keyring
from hub.web.api.routes import api_routes
from hub.web.bodies import BODY_WITHIN_SECONDS, MOST_BODY, limit_bodies
from hub.web.desk.live import SOCKETS, close_sockets
from hub.web.desk.routes import desk_routes
from hub.web.desk.say.language import N_
from hub.web.desk.visit import show_trouble, voice_for
from hub.web.doors import ChannelDoors, refuse_unguarded
from hub.web.doorstep import Doorstep, watch_doorstep
from hub.web.follow.routes import follow_routes
from hub.web.help.routes import help_routes
from hub.web.lines import LINES, Lines, raise_file_limit
from hub.web.named import address_of
from hub.web.note_refused import note_refused
from hub.web.ops import Ready, ops_routes
from hub.web.peers import Network, peer_of, read_proxies
from hub.web.portal.routes import portal_routes
from hub.web.refusals import IS_NOTED
from hub.web.survey.routes import survey_routes
from hub.web.trouble.pages import is_of_staff, show_customer_trouble
from storage.database import DatabaseUnavailable

log = structlog.get_logger(__name__)

RETRY_AFTER_SECONDS = 3
_BEGUN = web.RequestKey("begun", bool)
"""The head of an answer has been sent."""

_SENTENCES = {
    401: N_("Please sign in again."),
    403: N_("This is not allowed."),
    404: N_("There is no such page."),
    405: N_("This cannot be done here."),
    408: N_("This took too long to arrive. Please try again."),
    413: N_("This is too large."),
    415: N_(
        "This form cannot be read here. It must come uncompressed and in UTF-8; signing in takes no files."
    ),
    503: N_("We cannot take anything just now. Please try again in a few minutes."),
}


def make_app(
    ctx: Context,
    doors: ChannelDoors,
    ready: Ready,
    *,
    body_within: float = BODY_WITHIN_SECONDS,
) -> web.Application:
    """Everything that is served. `doors` are those of the channels, which set headers of their own. `body_within` in
    seconds, and longer for a large body: a request that has not come whole by then is answered with 408. Raises NoGuard
    where an address does not say who may open it."""
    told = ctx.settings.web
    lines = Lines(raise_file_limit(told.most_lines))
    step = Doorstep(told.visitor_requests, told.visitor_lines)
    middlewares = [
        lines.middleware(),
        note_refused(),
        _tell_trouble,
        _cut_short,
        _refuse_nothing,
        _know_peer(read_proxies(ctx.settings)),
        watch_doorstep(step, ctx.space),
        limit_bodies(body_within),
    ]
    app = web.Application(client_max_size=MOST_BODY, middlewares=middlewares)
    app[SOCKETS] = set()
    app[LINES] = lines
    keyring = Keyring(ctx)
    app.add_routes(open_to(Asks.NOTHING, web.get("/", _to_the_desk)))
    app.add_routes(desk_routes(ctx))
    app.add_routes(help_routes(ctx))
    app.add_routes(follow_routes(ctx))
    app.add_routes(portal_routes(ctx))
    app.add_routes(survey_routes(ctx))
    app.add_routes(ops_routes(ctx, ready, keyring))
    app.add_routes(api_routes(ctx, keyring))
    refuse_unguarded(app.router.routes())
    app.router.register_resource(doors)
    app.on_response_prepare.append(_guard)
    app.on_shutdown.append(close_sockets)
    app.on_shutdown.append(lambda _app: end_trials(ctx))
    app.on_shutdown.append(lambda _app: end_probes(ctx))
    app.on_shutdown.append(lambda _app: end_renaming(ctx))
    return app


async def _to_the_desk(_request: web.Request) -> web.Response:
    return web.Response(status=303, headers={"Location": "/desk"})


async def _guard(request: web.Request, response: web.StreamResponse) -> None:
    """What every answer says, unless the page has said it in its own way."""
    request[_BEGUN] = True
    headers = response.headers
    headers.pop("Server", None)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    # Not no-referrer: under that, browsers post our own forms with "Origin: null".
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
    if response.status == 503:
        headers.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))


@web.middleware
async def _refuse_nothing(request: web.Request, handler: Handler) -> web.StreamResponse:
    """No address has the character that is none: Postgres takes no text with it. Programs are told so by the API itself."""
    if "\x00" in request.path and not request.path.startswith("/api/"):
        raise web.HTTPNotFound
    return await handler(request)


def _know_peer(proxies: tuple[Network, ...]) -> Middleware:
    """Who asks, through our own proxies, for the doors that count."""

    @web.middleware
    async def know(request: web.Request, handler: Handler) -> web.StreamResponse:
        request[PEER] = peer_of(request.remote or "", request.headers.getall("X-Forwarded-For", []), proxies)
        return await handler(request)

    return know


@web.middleware
async def _tell_trouble(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What no handler has answered: by a page, of the desk or for customers, or as the programs read it that ask there. No
    trace, no SQL, no version."""
    try:
        return await handler(request)
    except web.HTTPException as trouble:
        if trouble.status < 400 or _has_own_words(trouble):
            raise  # a redirect, or an answer that says all there is to say
        if is_of_staff(request):
            voice = voice_for(request)
            text = voice.say(_SENTENCES.get(trouble.status, N_("This request cannot be answered.")))
            response = show_trouble(request, voice, trouble.status, text)
        else:
            response = _show_public_trouble(request, trouble.status)
        for name in ("Allow", "Retry-After"):
            if name in trouble.headers:
                response.headers[name] = trouble.headers[name]
        return response
    except DatabaseUnavailable as error:
        log.warning("web.database_away", path=address_of(request), error=str(error))
        if not is_of_staff(request):
            return _show_public_trouble(request, 503)
        voice = voice_for(request)
        text = voice.say(
            N_(
                "The database does not answer just now. Nothing of this request is known to be kept: try again soon."
            )
        )
        return show_trouble(request, voice, 503, text)
    except Exception as error:
        if isinstance(error, ConnectionError) and _has_gone(request):
            log.info("web.client_gone", method=request.method, path=address_of(request))
            request[IS_NOTED] = True
            return web.Response(status=400)  # nobody reads it
        fault = secrets.token_hex(8)
        log.exception("web.fault", fault=fault, method=request.method, path=address_of(request))
        if not is_of_staff(request):
            return _show_public_trouble(request, 500, fault)
        voice = voice_for(request)
        text = voice.say(N_("Something is broken in the hub. Its log says more under the number below."))
        return show_trouble(request, voice, 500, text, fault=fault)


def _show_public_trouble(request: web.Request, status: int, fault: str = "") -> web.Response:
    """As the door itself says it (channels.doors.Tells), or the customers' page."""
    tells: Tells | None = getattr(request.match_info.handler, "tells", None)
    own = tells(request, status, fault) if tells is not None else None
    return own if own is not None else show_customer_trouble(request, status, fault=fault)


@web.middleware
async def _cut_short(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever breaks while a file is being sent cannot become a page any more: the page would stand in the middle of the file,
    and the browser wait for the rest. The line is cut, so that nobody takes what they have for the whole."""
    try:
        return await handler(request)
    except Exception:
        if _BEGUN not in request or _has_gone(request):
            raise
        log.exception("web.cut_short", method=request.method, path=address_of(request))
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)  # nobody reads it


def _has_own_words(trouble: web.HTTPException) -> bool:
    """aiohttp's own of a body that is too large tell programmers of bytes."""
    usual = f"{trouble.status}: {trouble.reason}"
    return trouble.text != usual and not isinstance(trouble, web.HTTPRequestEntityTooLarge)


def _has_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()
