"""The cookie that carries a session, and the one in which a browser tells its time zone."""

from datetime import tzinfo

from aiohttp import web

from hub.settings import Settings
from hub.web.desk.say.language import zone_of

ZONE = "hub_zone"
_MOST = 200


def session_cookie(settings: Settings) -> str:
    """Its name. `__Host-` makes the browser itself insist on https, this host and path /."""
    return "__Host-hub" if _secure(settings) else "hub_session"


def read_session(request: web.Request, settings: Settings) -> str:
    """The token that came, unchecked; "" when there is none."""
    token = request.cookies.get(session_cookie(settings), "")
    return token if len(token) <= _MOST and token.isascii() and token.isprintable() else ""


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


def read_zone(request: web.Request) -> tzinfo:
    """The browser's time zone, UTC until it has said."""
    return zone_of(request.cookies.get(ZONE, "").replace("%2F", "/"))


def _secure(settings: Settings) -> bool:
    return settings.web.public_url.startswith("https://")
