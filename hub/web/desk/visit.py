"""One request at the desk, from the door to its answer: same origin, signed in, done, told.

Handlers get a Visit and return a response; what goes wrong on the way is answered here in the agent's language.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from aiohttp import web
from multidict import MultiDictProxy, MultiMapping

from channels.doors import choose_language, is_own_origin
from hub.actions.context import Context
from hub.actions.failures import ActionFailure, NotFound
from hub.actions.people.sessions import agent_of_session
from hub.actions.people.sight import may_see, may_see_customer
from hub.model.codes import CUSTOMER, TICKET, NotACode, read_code
from hub.model.people import Actor
from hub.model.permissions import BUILT_IN, Permission, Sight
from hub.web.desk.cookies import read_session, read_zone
from hub.web.desk.say.language import Voice
from hub.web.desk.say.render import render
from hub.web.desk.say.words import FAILURES, say_failure
from hub.web.desk.typed import Field, read_form, read_query
from hub.web.refusals import NOT_ALLOWED, codes_told, log_refusal
from storage.views import AgentRow

LOGIN = "/desk/login"
EVERYBODY = None
"""What an address needs that is open to everybody who works here."""
MANAGED = (
    frozenset(Permission)
    - BUILT_IN["agent"]
    - {Permission.LISTEN_IN, Permission.MERGE_CUSTOMERS, Permission.REPAIR}
)
REFUSED = "Hub-Refused"
"""The header that names why something was refused, where the page knows how to lead on (fields.js)."""
MOST_KEPT = 256 * 1024
"""Bytes of a form that is shown again to whoever sends it without a session."""
_WORDS = 20
"""Characters of what nobody should have to write twice."""
_WITH_SECRETS = ("/desk/security", "/desk/channels")
_VOICE = web.RequestKey("voice", Voice)
_THEME = web.RequestKey("theme", str)

POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who asks for what. `partial`: htmx asks, for a piece of a page that it has already. `cursor`: where the feed stood before
    anything was read for the answer; a page goes on from there, so nothing that happens meanwhile is missed."""

    ctx: Context
    request: web.Request
    agent: AgentRow
    actor: Actor
    voice: Voice
    now: datetime
    cursor: str

    @property
    def partial(self) -> bool:
        headers = self.request.headers
        return "HX-Request" in headers and "HX-History-Restore-Request" not in headers

    @property
    def manages(self) -> bool:
        """Whether there is anything for the reader behind "Manage" that is not elsewhere too."""
        return not self.actor.allowed.isdisjoint(MANAGED)

    def may(self, permission: Permission) -> bool:
        """What the reader's role allows."""
        return self.actor.may(permission)

    async def form(self) -> MultiDictProxy[Field]:
        """What was posted."""
        return await read_form(self.request)

    @property
    def query(self) -> MultiMapping[str]:
        """What the address asks for."""
        return read_query(self.request)

    async def ticket_in_sight(self, given: str) -> int:
        """The ticket that a query or a form names: what stands in the path has been looked at, nothing else has. Raises
        NotFound, for one that is out of sight as for one that never was."""
        try:
            code = read_code(TICKET, given)
        except NotACode as error:
            raise NotFound(str(error), code="not_a_ticket_number") from error
        if not await self.ctx.database.read(lambda c: may_see(c, self.actor, code)):
            raise self.out_of_sight()
        return code

    def out_of_sight(self) -> NotFound:
        """What to raise then; the refusal is in the log."""
        log_refusal(self.request, needs="sight", agent=self.actor.agent_id)
        return NotFound("There is no such thing.")

    def has_visitors(self, channel_kind: str) -> bool:
        """Whether somebody sits at the other end of a conversation of this kind, and the hub knows whether they are there."""
        kind = self.ctx.kinds.get(channel_kind)
        return kind is not None and kind.parting is not None

    @property
    def scans(self) -> bool:
        """Whether a virus scanner is heard before a file is handed out: what is asked for may be a page that says no."""
        return bool(self.ctx.settings.scanner.address)

    def page(self, template: str, *, tail: object = "", **context: object) -> web.Response:
        """The template as a response, with what every page of the desk shows of its reader. `tail` comes after it: a toast."""
        text = render(template, self.voice, visit=self, agent=self.agent, now=self.now, **context)
        return show_html(f"{text}{tail}")

    def toast(self, text: str, undo: str = "", *, into: str = "") -> str:
        """A piece of an answer to htmx that says beside the page what was done. `undo`: the address to which its button posts.
        `into`: what of the page its answer takes the place of, as a selector; "" where the live feed changes the page
        anyhow."""
        return render("_toast.html", self.voice, text=text, undo=undo, into=into)


Handler = Callable[[Visit], Awaitable[web.StreamResponse]]


def at_desk(
    ctx: Context, handler: Handler, *, needs: Permission | None
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The aiohttp handler: `handler` behind the door. `needs`: what the agent's role has to allow; EVERYBODY: whoever works
    here. A ticket or customer in the path that is not in their sight is not found; what a query or a form names the handler
    looks at itself (`Visit.ticket_in_sight`), or the action does."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.method == "POST" and not is_own_origin(request, ctx.settings.web.public_url):
            return refuse_origin(request)
        cursor = ctx.feed.cursor
        signed_in = await agent_of_session(ctx, read_session(request, ctx.settings))
        if signed_in is None:
            return await _ask_to_sign_in(request)
        visit = Visit(
            ctx=ctx,
            request=request,
            agent=signed_in.agent,
            actor=signed_in.actor,
            voice=Voice(locale=signed_in.agent.locale, zone=read_zone(request)),
            now=datetime.now(UTC),
            cursor=cursor,
        )
        request[_VOICE], request[_THEME] = visit.voice, visit.agent.theme
        if needs is not None and not visit.may(needs):
            log_refusal(request, needs=needs, agent=visit.agent.id)
            return show_trouble(request, visit.voice, 403, visit.voice.say(FAILURES["not_allowed"]))
        with codes_told() as codes:
            response = await _answer(visit, handler)
        if NOT_ALLOWED in codes:
            log_refusal(request, needs=NOT_ALLOWED, agent=visit.agent.id)
        return response

    handle.needs = needs  # type: ignore[attr-defined]  # for the test that every address names its guard
    return handle


async def _answer(visit: Visit, handler: Handler) -> web.StreamResponse:
    request = visit.request
    try:
        await _check_sight(visit)
        return await handler(visit)
    except web.HTTPRequestEntityTooLarge:  # aiohttp has words of its own for it, in English
        text = visit.voice.say(FAILURES["too_much"])
        return show_trouble(request, visit.voice, web.HTTPRequestEntityTooLarge.status_code, text)
    except ActionFailure as failure:
        status = 404 if isinstance(failure, NotFound) else 409
        text = say_failure(visit.voice, failure)
        return show_trouble(request, visit.voice, status, text, code=failure.code)


async def _check_sight(visit: Visit) -> None:
    """Of the ticket or the customer that the address names. Raises NotFound."""
    given = visit.request.match_info.get("code", "")
    if not given or visit.actor.sight is Sight.ALL:
        return
    path = visit.request.path
    if "/tickets/" in path:
        await visit.ticket_in_sight(given)
        return
    try:
        code = read_code(CUSTOMER, given)
    except NotACode as error:
        raise NotFound(str(error)) from error
    seen = "/customers/" in path and await visit.ctx.database.read(
        lambda c: may_see_customer(c, visit.actor, code)
    )
    if not seen:
        raise visit.out_of_sight()


def refuse_origin(request: web.Request) -> web.Response:
    """A form that another site, or nobody, claims to have shown."""
    voice = voice_for(request)
    return show_trouble(request, voice, 403, voice.say(FAILURES["not_yours"]))


def voice_for(request: web.Request) -> Voice:
    """How to speak to whoever asks: as the agent wants it once we know who it is, else as the browser says."""
    return request.get(_VOICE) or Voice(locale=choose_language(request, "en"), zone=read_zone(request))


def show_trouble(
    request: web.Request,
    voice: Voice,
    status: int,
    text: str,
    *,
    fault: str = "",
    code: str = "",
    retry_after: int = 0,
) -> web.Response:
    """A page that says what is wrong; for a piece of a page, a message beside it, and the page stays. `code`: of the refusal,
    for the page's scripts."""
    headers = {"Retry-After": str(retry_after)} if retry_after else {}
    if code:
        headers[REFUSED] = code
    if "HX-Request" in request.headers and "HX-History-Restore-Request" not in request.headers:
        message = render("_message.html", voice, text=text, fault=fault)
        headers |= {"HX-Retarget": "#messages", "HX-Reswap": "beforeend"}
        return show_html(message, status=status, headers=headers)
    theme = request.get(_THEME, "auto")
    page = render("error.html", voice, text=text, fault=fault, status=status, theme=theme)
    return show_html(page, status=status, headers=headers)


def show_html(text: str, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """HTML under the desk's policy: own files only, nothing inline, in nobody's frame, kept by nobody."""
    response = web.Response(
        text=text,
        status=status,
        content_type="text/html",
        headers={
            "Content-Security-Policy": POLICY,
            "Cache-Control": "no-store",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Vary": "HX-Request, Accept-Language, Cookie",
            **(headers or {}),
        },
    )
    if len(text) > 1000:
        response.enable_compression()
    return response


def go(visit: Visit, url: str) -> web.Response:
    """Go on at this page of the desk."""
    if visit.partial:
        return web.Response(status=204, headers={"HX-Redirect": url, "Cache-Control": "no-store"})
    return web.Response(status=303, headers={"Location": url, "Cache-Control": "no-store"})


async def _ask_to_sign_in(request: web.Request) -> web.Response:
    if "HX-Request" in request.headers:
        return web.Response(status=401, headers={"HX-Redirect": LOGIN, "Cache-Control": "no-store"})
    if request.method != "GET":
        kept = await _keep_words(request)
        return kept or web.Response(status=303, headers={"Location": LOGIN, "Cache-Control": "no-store"})
    back = quote(request.path_qs, safe="")
    return web.Response(status=303, headers={"Location": f"{LOGIN}?next={back}", "Cache-Control": "no-store"})


async def _keep_words(request: web.Request) -> web.Response | None:
    """A form that somebody filled in while their session ended, to be sent once more; None for one without words. No secret is
    shown again, and no file is read."""
    length = request.content_length or 0
    if not 0 < length <= MOST_KEPT or request.content_type != "application/x-www-form-urlencoded":
        return None
    if request.path.startswith(_WITH_SECRETS):
        return None
    fields = [(name, str(value)) for name, value in (await read_form(request)).items()]
    if all(len(value) < _WORDS for _, value in fields):
        return None
    page = render(
        "signed_out.html",
        voice_for(request),
        fields=fields,
        words=_WORDS,
        action=request.path_qs,
        way_in=LOGIN,
    )
    return show_html(page, status=401)
