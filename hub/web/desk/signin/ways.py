"""What the pages of signing in share: where to go on, from where a browser comes, and how refusals are told."""

import math
from typing import cast
from urllib.parse import quote, urlsplit

import orjson
from aiohttp import web

from channels.doors import origin_of
from hub.actions.context import Context
from hub.actions.failures import ActionFailure, LoginRefused
from hub.actions.signin.enter import Browser, Entered
from hub.actions.signin.passkeys import Asked, Site
from hub.actions.signin.tokens import every_keyed, keyed
from hub.settings import Settings
from hub.web.desk.cookies import (
    KNOWN,
    STEP,
    drop_cookie,
    keep_cookie,
    keep_session,
    read_cookie,
)
from hub.web.desk.say.language import Voice
from hub.web.desk.say.render import render
from hub.web.desk.say.words import say_failure
from hub.web.desk.typed import read_form
from hub.web.desk.visit import LOGIN, show_html
from hub.web.peers import peer_of, read_proxies

HOME = "/desk"
SECOND = "/desk/login/second"
SECURITY = "/desk/security"
START = "/desk/security/start"
CHOOSE = "/desk/security/choose"
AGAIN = "/desk/security/again"
MOST_FIELD = 1000
MOST_ADDRESS = 2000
_KNOWN_TO = "known browser"


def own_page(given: str) -> str:
    """Where to go on: a page of the desk, whatever was asked for."""
    # No urlsplit: it takes minutes over a megabyte of accents. What begins like this has neither a scheme nor a host.
    inside = given == HOME or given.startswith((f"{HOME}/", f"{HOME}?"))
    plain = (
        len(given) <= MOST_ADDRESS and given.isascii() and given.isprintable() and not set(given) & set("\\ ")
    )
    return given if inside and plain and not given.startswith(LOGIN) else HOME


def with_next(address: str, on: str) -> str:
    """The address, and from there on to this page."""
    return address if on == HOME else f"{address}?next={quote(on, safe='')}"


def browser_of(request: web.Request, settings: Settings) -> Browser:
    """From where somebody comes, seen through our own proxies alone."""
    forwarded = request.headers.getall("X-Forwarded-For", [])
    return Browser(
        peer=peer_of(request.remote or "", forwarded, read_proxies(settings)),
        user_agent=request.headers.get("User-Agent", "")[:300],
    )


def site_of(request: web.Request, settings: Settings) -> Site:
    """The public address; without one, that for which the browser has asked."""
    origin = origin_of(settings.web.public_url or f"{request.scheme}://{request.host}")
    return Site(name=urlsplit(origin).hostname or "", origin=origin)


def base_of(request: web.Request, settings: Settings) -> str:
    """The hub's own address, for links that come back to it."""
    return settings.web.public_url or f"{request.scheme}://{request.host}"


def known_browser(ctx: Context, request: web.Request, login: str) -> bool:
    """Whether this login was signed in here before."""
    given = read_cookie(request, ctx.settings, KNOWN)
    return given in (one.hex() for one in every_keyed(ctx, _KNOWN_TO, login))


def let_in(ctx: Context, entered: Entered, on: str, *, login: str = "") -> web.Response:
    """The browser gets what it needs, and goes where it has to: to the second step, to choosing a password, to setting a second
    step up, or on."""
    if entered.second:
        response = see(with_next(SECOND, on))
        keep_cookie(response, ctx.settings, STEP, entered.token)
    else:
        response = see(
            with_next(CHOOSE, on) if entered.chooses else with_next(START, on) if entered.due else on
        )
        keep_session(response, ctx.settings, entered.token)
        drop_cookie(response, ctx.settings, STEP)
    if login:
        keep_cookie(response, ctx.settings, KNOWN, keyed(ctx, _KNOWN_TO, login).hex())
    return response


def see(address: str) -> web.Response:
    """Another page, to be asked for anew."""
    return web.Response(status=303, headers={"Location": address, "Cache-Control": "no-store"})


def show_door(
    template: str, voice: Voice, *, refused: ActionFailure | None = None, hint: str = "", **context: object
) -> web.Response:
    """A page of the door, with the reason where something was refused. `hint`: what else to do after too many tries."""
    trouble, status, headers = "", 200, dict[str, str]()
    if refused is not None:
        trouble, status = say_failure(voice, refused), 403
    if isinstance(refused, LoginRefused) and refused.retry_after:
        status, headers = 429, {"Retry-After": str(refused.retry_after)}
        trouble = say_wait(voice, refused.retry_after) + hint
    page = render(template, voice, trouble=trouble, **context)
    return show_html(page, status=status, headers=headers)


def say_wait(voice: Voice, seconds: int) -> str:
    """How long somebody has to wait who has tried too often."""
    return voice.count(
        "Too many tries. Wait %(num)s minute, then try again.",
        "Too many tries. Wait %(num)s minutes, then try again.",
        math.ceil(seconds / 60),
    )


def tell_asked(asked: Asked) -> web.Response:
    """What a page's script hands to the browser."""
    body = orjson.dumps({"ticket": asked.ticket, "options": asked.options})
    return web.Response(body=body, content_type="application/json", headers={"Cache-Control": "no-store"})


async def read_answer(request: web.Request) -> tuple[str, dict[str, object]]:
    """The ticket and the answer of a passkey, as the page's script put them into the form. Raises LoginRefused
    (`passkey_refused`)."""
    form = await read_form(request)
    ticket, text = str(form.get("ticket", "")), str(form.get("answer", ""))
    try:
        answer = orjson.loads(text)
    except orjson.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict):
        raise LoginRefused("This is no answer of a passkey.", code="passkey_refused")
    return ticket[:MOST_FIELD], cast("dict[str, object]", answer)
