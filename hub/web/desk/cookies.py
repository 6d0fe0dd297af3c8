"""The cookies: of a session, of a sign-in that is under way, of a browser that was used before, and of its time zone."""

from datetime import tzinfo

from aiohttp import web

from hub.settings import Settings
from hub.web.desk.say.language import zone_of

ZONE = "hub_zone"
STEP, JOURNEY, KNOWN, CONSENT = "step", "journey", "known", "consent"
"""A second step that is waited for, a journey to the company's sign-in, a login that was signed in here before, a journey to a
channel's provider."""
_SECONDS = {STEP: 600, JOURNEY: 900, KNOWN: 365 * 24 * 3600, CONSENT: 900}
_MOST = 200


def session_cookie(settings: Settings) -> str:
    """Its name. `__Host-` makes the browser itself insist on https, this host and path /."""
    return "__Host-hub" if _secure(settings) else "hub_session"


def read_session(request: web.Request, settings: Settings) -> str:
    """The token that came, unchecked; "" when there is none."""
    return _clean(request.cookies.get(session_cookie(settings), ""))


def keep_session(response: web.StreamResponse, settings: Settings, token: str) -> None:
    """Let the browser keep the session until it ends on the server's side."""
    response.set_cookie(
        session_cookie(settings),
        token,
        max_age=7 * 24 * 3600,
        path="/",
        secure=_secure(settings),
        httponly=True,
        samesite="Lax",
    )


def drop_session(response: web.StreamResponse, settings: Settings) -> None:
    """Let the browser forget it."""
    response.del_cookie(
        session_cookie(settings), path="/", secure=_secure(settings), httponly=True, samesite="Lax"
    )


def read_cookie(request: web.Request, settings: Settings, name: str) -> str:
    """STEP, JOURNEY, KNOWN or CONSENT, unchecked; "" when there is none."""
    return _clean(request.cookies.get(_called(settings, name), ""))


def keep_cookie(response: web.StreamResponse, settings: Settings, name: str, value: str) -> None:
    """Let the browser keep it for as long as it is good for."""
    response.set_cookie(
        _called(settings, name),
        value,
        max_age=_SECONDS[name],
        path="/",
        secure=_secure(settings),
        httponly=True,
        samesite="Lax",
    )


def drop_cookie(response: web.StreamResponse, settings: Settings, name: str) -> None:
    """Let the browser forget it."""
    response.del_cookie(
        _called(settings, name), path="/", secure=_secure(settings), httponly=True, samesite="Lax"
    )


def read_zone(request: web.Request) -> tzinfo:
    """The browser's time zone, UTC until it has said."""
    return zone_of(request.cookies.get(ZONE, "").replace("%2F", "/"))


def _secure(settings: Settings) -> bool:
    return settings.web.public_url.startswith("https://")


def _called(settings: Settings, name: str) -> str:
    return f"__Host-hub-{name}" if _secure(settings) else f"hub_{name}"


def _clean(value: str) -> str:
    return value if len(value) <= _MOST and value.isascii() and value.isprintable() else ""
