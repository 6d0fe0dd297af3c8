"""How the pages of help answer: their headers, their language, the visitor's number, the address that asks."""

import secrets

from aiohttp import web

from channels.doors import COMMON_HEADERS, choose_language, network_of, peer_of_request
from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.model.articles import LANGUAGES, PLACES, language_of_place
from hub.web.desk.say.language import Voice
from hub.web.desk.say.render import render

_POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_COOKIE_SECONDS = 180 * 24 * 3600
_TOKEN_BYTES = 16


def voice_of(request: web.Request) -> Voice:
    """The language that the address names. Raises NotFound."""
    language = language_of_place(request.match_info["place"])
    if language is None:
        raise NotFound("There is no help in this language.")
    return Voice(locale=language)


def browser_language(request: web.Request) -> str:
    """What the browser prefers, of those that there are."""
    chosen = choose_language(request, LANGUAGES[0])
    return chosen if chosen in LANGUAGES else LANGUAGES[0]


def show_page(template: str, voice: Voice, *, status: int = 200, **context: object) -> web.Response:
    """A page under the policy of the public pages: own files only, in nobody's frame."""
    text = render(template, voice, place=PLACES[voice.locale], PLACES=PLACES, **context)
    headers = {**COMMON_HEADERS, "Content-Security-Policy": _POLICY, "Cache-Control": "private, no-cache"}
    response = web.Response(
        text=text, status=status, content_type="text/html", charset="utf-8", headers=headers
    )
    if len(text) > 1000:
        response.enable_compression()
    return response


def moved(path: str, *, for_good: bool = False) -> web.Response:
    """Go on there."""
    headers = {**COMMON_HEADERS, "Location": path, "Cache-Control": "no-cache", "Vary": "Accept-Language"}
    return web.Response(status=301 if for_good else 303, headers=headers)


def visitor_of(request: web.Request, ctx: Context) -> str:
    """The random number that this browser was given when it first voted; "" for none."""
    value = request.cookies.get(_cookie(ctx), "")
    return value if len(value) == 2 * _TOKEN_BYTES and value.isalnum() and value.isascii() else ""


def keep_visitor(response: web.Response, ctx: Context, visitor: str) -> None:
    """It says nothing about whoever uses the browser; it lets one vote count once."""
    secure = _secure(ctx)
    response.set_cookie(
        _cookie(ctx),
        visitor,
        max_age=_COOKIE_SECONDS,
        path="/",
        secure=secure,
        httponly=True,
        samesite="Strict",
    )


def new_visitor() -> str:
    """128 random bits."""
    return secrets.token_hex(_TOKEN_BYTES)


def peer(request: web.Request) -> str:
    """Who asks, through our own proxies. All addresses of an IPv6 line are one: it has more than can be counted."""
    return network_of(peer_of_request(request))


def _secure(ctx: Context) -> bool:
    return ctx.settings.web.public_url.startswith("https://")


def _cookie(ctx: Context) -> str:
    return "__Host-help" if _secure(ctx) else "hub_help"
