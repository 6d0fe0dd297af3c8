"""The page that a customer reads where no other could be shown: in their language, and with no word of what only staff see.

It asks for nothing else: its style stands in it, allowed by its hash, since whatever is broken or refused may be the style too.
"""

import base64
import hashlib
from functools import lru_cache
from pathlib import Path

from aiohttp import web
from markupsafe import Markup

from channels.doors import COMMON_HEADERS, choose_language
from hub.model.articles import language_of_place
from hub.web.desk.say.language import N_, Voice
from hub.web.desk.say.render import render

_STYLE = (Path(__file__).parent / "static" / "trouble.css").read_text("utf-8")
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

_DESK = "/desk"
_AGAIN = N_("Go back and try it again from the page that you came from.")
_SAID = {
    400: (N_("We could not read this."), _AGAIN),
    403: (N_("This is not allowed."), _AGAIN),
    404: (N_("There is no such page."), N_("The link may be incomplete, or too old.")),
    405: (N_("This cannot be done here."), _AGAIN),
    408: (N_("This took too long to arrive."), N_("Go back and try it again; smaller files arrive sooner.")),
    413: (N_("This is too large."), N_("Go back and send fewer files, or smaller ones.")),
    415: (N_("We could not read this."), _AGAIN),
    429: (N_("Too many requests. Please wait a little."), N_("They came from your connection, or one you share.")),
    503: (N_("Not just now"), N_("We cannot take anything just now. Please try again in a few minutes.")),
}  # fmt: skip
_OTHERWISE = (N_("Something went wrong."), N_("It is not your fault. Please try again in a few minutes."))
_WAYS = {"/help": N_("All topics"), "/portal": N_("My requests")}
"""Where a page of ours is that needs no link of the reader's own."""


def is_of_staff(request: web.Request) -> bool:
    """Whether only staff come to such an address."""
    return request.path == _DESK or request.path.startswith(f"{_DESK}/")


def show_customer_trouble(request: web.Request, status: int, *, fault: str = "") -> web.Response:
    """The page for this status. `fault`: the number under which the log says more."""
    place = request.path.split("/")[2] if request.path.startswith("/help/") else ""
    language = language_of_place(place) or choose_language(request, "en")
    home = next((path for path in _WAYS if request.path == path or request.path.startswith(f"{path}/")), "")
    headers = {
        **COMMON_HEADERS,
        "Content-Security-Policy": _POLICY,
        "Cache-Control": "no-store",
        "Vary": "Accept-Language",
        "X-Robots-Tag": "noindex",
    }
    text = _write(language, status, home) if not fault else _page(language, status, home, fault)
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8", headers=headers)


@lru_cache(maxsize=256)
def _write(language: str, status: int, home: str) -> str:
    """Written once, so that a flood of refusals costs nothing."""
    return _page(language, status, home, "")


def _page(language: str, status: int, home: str, fault: str) -> str:
    title, advice = _SAID.get(status, _OTHERWISE)
    return render(
        "trouble.html",
        Voice(locale=language),
        title=title,
        advice=advice,
        fault=fault,
        home=home,
        way=_WAYS.get(home, ""),
        style=Markup(_STYLE),  # noqa: S704 - our own file
    )
