"""How the customer's own pages answer: their headers, their language, their cookies, the frame around them."""

from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import web
from yarl import URL

from channels.doors import COMMON_HEADERS, choose_language, network_of, peer_of_request
from channels.webform.settings import WebformSettings
from hub.actions.context import Context
from hub.actions.portal.device import GOOD_FOR
from hub.actions.portal.enter import CODE_SECONDS, SESSION_SECONDS, Visitor
from hub.actions.portal.place import Place, forms_of
from hub.web.desk.say.language import LANGUAGES, Voice
from hub.web.desk.say.render import render

POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
SESSION, BROWSER, DEVICE, LANGUAGE = "", "-step", "-device", "-language"
"""Cookies: of whoever is signed in, of the browser that asked for a code, of one in which somebody signed in before, of the
language that was chosen."""
_SECONDS = {SESSION: SESSION_SECONDS, BROWSER: CODE_SECONDS, DEVICE: GOOD_FOR, LANGUAGE: 365 * 86_400.0}
_MOST = 300
_KEPT = ("to", "state", "before", "q")
"""What stays in an address when the language changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request, and for whom. `visitor` None: nobody is signed in."""

    ctx: Context
    place: Place
    request: web.Request
    voice: Voice
    session: str
    visitor: Visitor | None

    @property
    def network(self) -> str:
        """Who asks, as it is counted."""
        return network_of(peer_of_request(self.request))

    def page(self, template: str, *, status: int = 200, path: str = "", **context: object) -> web.Response:
        """A page in the frame of all of them. `path`: where it is in the other language, if not where it was asked for."""
        other = next(one for one in LANGUAGES if one != self.voice.locale)
        path = path or (self.request.path if self.request.method in ("GET", "HEAD") else "/portal")
        asked = {key: self.request.query[key] for key in _KEPT if key in self.request.query}
        title = self.place.settings.title_zh if self.voice.chinese else self.place.settings.title_en
        text = render(
            template,
            self.voice,
            **{
                "now": datetime.now(UTC),
                "house": title,
                "visitor": self.visitor,
                "other": other,
                "path": path,
                "turned": str(URL.build(path=path, query={**asked, "lang": other})),
                "forms": self._forms(),
                "contact": self.place.contact,
                "problem": "",
                **context,
            },
        )
        headers = {
            **COMMON_HEADERS,
            "Content-Security-Policy": POLICY,
            "Cache-Control": "no-store",
            "X-Robots-Tag": "noindex, nofollow",
        }
        response = web.Response(
            text=text, status=status, content_type="text/html", charset="utf-8", headers=headers
        )
        if "lang" in self.request.query:
            keep_cookie(response, self.ctx, LANGUAGE, self.voice.locale)
        return response

    def _forms(self) -> list[tuple[str, str]]:
        """(name, title) of each by which something new can be begun."""
        found = []
        for name in forms_of(self.ctx, self.place):
            said = self.ctx.channel(name).settings
            assert isinstance(said, WebformSettings)
            found.append((name, said.title_zh if self.voice.chinese else said.title_en))
        return found


def voice_of(request: web.Request, ctx: Context) -> Voice:
    """What was chosen, else what the browser prefers. Without a script nobody says where the reader is: times are those of
    the house."""
    chosen = read_cookie(request, ctx, LANGUAGE)
    asked = "lang" in request.query or chosen not in LANGUAGES
    zone = next((one.zone for one in ctx.rules.policies.calendars.values()), UTC)
    return Voice(locale=choose_language(request, "en") if asked else chosen, zone=zone)


def moved(path: str) -> web.Response:
    """Go on there."""
    headers = {**COMMON_HEADERS, "Location": path, "Cache-Control": "no-store"}
    return web.Response(status=303, headers=headers)


def read_cookie(request: web.Request, ctx: Context, name: str) -> str:
    """Unchecked; "" where there is none."""
    value = request.cookies.get(_called(ctx, name), "")
    return value if len(value) <= _MOST and value.isascii() and value.isprintable() else ""


def keep_cookie(response: web.StreamResponse, ctx: Context, name: str, value: str) -> None:
    """`Lax`: whoever follows a link from a letter is still signed in."""
    response.set_cookie(
        _called(ctx, name),
        value,
        max_age=round(_SECONDS[name]),
        path="/",
        secure=_secure(ctx),
        httponly=True,
        samesite="Lax",
    )


def drop_cookie(response: web.StreamResponse, ctx: Context, name: str) -> None:
    """Let the browser forget it."""
    response.del_cookie(_called(ctx, name), path="/", secure=_secure(ctx), httponly=True, samesite="Lax")


def _secure(ctx: Context) -> bool:
    return ctx.settings.web.public_url.startswith("https://")


def _called(ctx: Context, name: str) -> str:
    """`__Host-` makes the browser itself insist on https, this host and path /."""
    return f"__Host-hub-portal{name}" if _secure(ctx) else f"hub_portal{name.replace('-', '_')}"
