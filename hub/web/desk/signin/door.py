"""Coming in and going out: the login page, its form, the second step, and passkeys that open alone."""

from aiohttp import web

from channels.doors import is_own_origin
from hub.actions.context import Context
from hub.actions.failures import ActionFailure, LoginRefused
from hub.actions.people.sessions import agent_of_session, log_out
from hub.actions.signin.by_password import clean_login, log_in
from hub.actions.signin.own_sessions import holder_of
from hub.actions.signin.passkeys import ask_for_known
from hub.actions.signin.second import (
    MOST_TRIES_A_PASSKEY,
    ask_second_passkey,
    finish_by_code,
    finish_by_passkey,
    sign_in_by_passkey,
    waiting_step,
)
from hub.actions.signin.tries import count_try
from hub.web.desk.cookies import STEP, drop_cookie, drop_session, read_cookie, read_session
from hub.web.desk.say.language import N_, Voice
from hub.web.desk.signin.ways import (
    MOST_FIELD,
    START,
    browser_of,
    known_browser,
    let_in,
    own_page,
    read_answer,
    see,
    show_door,
    site_of,
    tell_asked,
    with_next,
)
from hub.web.desk.typed import read_form, read_query
from hub.web.desk.visit import LOGIN, refuse_origin, voice_for

ASK_FOR_PASSWORD = N_("If you have forgotten the password, ask whoever manages the staff for a new one.")
ASK_FOR_RESET = N_(
    "If you cannot get at your codes, ask whoever manages the staff to reset your second step."
)


class Door:
    """What is open to everybody. Every form needs the page's origin too: nobody shall be signed in as somebody else."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The page; whoever is signed in goes straight on."""
        on = own_page(read_query(request).get("next", ""))
        holder = await holder_of(self._ctx, read_session(request, self._ctx.settings))
        if holder is not None:
            return see(with_next(START, on) if holder.limited else on)
        return self._form(voice_for(request), on)

    async def enter(self, request: web.Request) -> web.StreamResponse:
        """Login and password."""
        if not is_own_origin(request, self._ctx.settings.web.public_url):
            return refuse_origin(request)
        form = await read_form(request)
        login, password = str(form.get("login", ""))[:MOST_FIELD], str(form.get("password", ""))[:MOST_FIELD]
        on, voice = own_page(str(form.get("next", ""))), voice_for(request)
        clean = clean_login(login)
        try:
            entered = await log_in(
                self._ctx,
                login=login,
                password=password,
                browser=browser_of(request, self._ctx.settings),
                known_browser=known_browser(self._ctx, request, clean),
            )
        except LoginRefused as refused:
            return self._form(voice, on, login=login, refused=refused)
        return let_in(self._ctx, entered, on, login=clean)

    async def ask_passkey(self, request: web.Request) -> web.StreamResponse:
        """What the login page's script asks the browser for: any passkey for this hub."""
        if not is_own_origin(request, self._ctx.settings.web.public_url):
            return refuse_origin(request)
        peer = browser_of(request, self._ctx.settings).peer
        try:
            await count_try(self._ctx, {f"passkey asked::{peer}": 3 * MOST_TRIES_A_PASSKEY})
        except LoginRefused as refused:
            raise web.HTTPTooManyRequests(headers={"Retry-After": str(refused.retry_after)}) from refused
        site = site_of(request, self._ctx.settings)
        return tell_asked(await ask_for_known(self._ctx, site, purpose="passkey alone"))

    async def enter_by_passkey(self, request: web.Request) -> web.StreamResponse:
        """Neither login nor password."""
        if not is_own_origin(request, self._ctx.settings.web.public_url):
            return refuse_origin(request)
        form = await read_form(request)
        on, voice = own_page(str(form.get("next", ""))), voice_for(request)
        try:
            ticket, answer = await read_answer(request)
            entered = await sign_in_by_passkey(
                self._ctx,
                site=site_of(request, self._ctx.settings),
                ticket=ticket,
                answer=answer,
                browser=browser_of(request, self._ctx.settings),
            )
        except LoginRefused as refused:
            return self._form(voice, on, refused=refused)
        return let_in(self._ctx, entered, on)

    async def show_second(self, request: web.Request) -> web.StreamResponse:
        """The second step of whoever gave the right password."""
        return await self._second(request, own_page(read_query(request).get("next", "")))

    async def enter_second(self, request: web.Request) -> web.StreamResponse:
        """A code of the app, or a recovery code."""
        if not is_own_origin(request, self._ctx.settings.web.public_url):
            return refuse_origin(request)
        form = await read_form(request)
        on = own_page(str(form.get("next", "")))
        try:
            entered = await finish_by_code(
                self._ctx,
                token=read_cookie(request, self._ctx.settings, STEP),
                code=str(form.get("code", ""))[:MOST_FIELD],
                browser=browser_of(request, self._ctx.settings),
            )
        except LoginRefused as refused:
            return await self._second(request, on, refused)
        return let_in(self._ctx, entered, on)

    async def ask_second(self, request: web.Request) -> web.StreamResponse:
        """One of the passkeys of whoever gave the right password."""
        if not is_own_origin(request, self._ctx.settings.web.public_url):
            return refuse_origin(request)
        try:
            asked = await ask_second_passkey(
                self._ctx,
                read_cookie(request, self._ctx.settings, STEP),
                site_of(request, self._ctx.settings),
            )
        except LoginRefused as refused:
            raise web.HTTPForbidden from refused
        return tell_asked(asked)

    async def enter_second_by_passkey(self, request: web.Request) -> web.StreamResponse:
        """The answer of that passkey."""
        if not is_own_origin(request, self._ctx.settings.web.public_url):
            return refuse_origin(request)
        form = await read_form(request)
        on = own_page(str(form.get("next", "")))
        try:
            ticket, answer = await read_answer(request)
            entered = await finish_by_passkey(
                self._ctx,
                token=read_cookie(request, self._ctx.settings, STEP),
                site=site_of(request, self._ctx.settings),
                ticket=ticket,
                answer=answer,
                browser=browser_of(request, self._ctx.settings),
            )
        except LoginRefused as refused:
            return await self._second(request, on, refused)
        return let_in(self._ctx, entered, on)

    async def leave(self, request: web.Request) -> web.StreamResponse:
        """End the session, on every hub at once."""
        if not is_own_origin(request, self._ctx.settings.web.public_url):
            return refuse_origin(request)
        token = read_session(request, self._ctx.settings)
        if token:
            await log_out(self._ctx, token)
        response = see(LOGIN)
        drop_session(response, self._ctx.settings)
        drop_cookie(response, self._ctx.settings, STEP)
        return response

    async def _second(
        self, request: web.Request, on: str, refused: ActionFailure | None = None
    ) -> web.StreamResponse:
        voice = voice_for(request)
        if await agent_of_session(self._ctx, read_session(request, self._ctx.settings)) is not None:
            return see(on)
        try:
            _, steps = await waiting_step(self._ctx, read_cookie(request, self._ctx.settings, STEP))
        except LoginRefused as over:
            response = self._form(voice, on, refused=over)
            drop_cookie(response, self._ctx.settings, STEP)
            return response
        return show_door(
            "second_step.html", voice, refused=refused, hint=voice.say(ASK_FOR_RESET), next=on, steps=steps
        )

    def _form(
        self, voice: Voice, on: str, *, login: str = "", refused: ActionFailure | None = None
    ) -> web.Response:
        return login_page(self._ctx, voice, on, login=login, refused=refused)


def login_page(
    ctx: Context, voice: Voice, on: str, *, login: str = "", refused: ActionFailure | None = None
) -> web.Response:
    """The login page, with what was refused."""
    oidc = ctx.settings.web.oidc
    company = (oidc.label_zh if voice.chinese else oidc.label_en) if oidc.issuer else ""
    return show_door(
        "login.html",
        voice,
        refused=refused,
        hint=voice.say(ASK_FOR_PASSWORD),
        next=on,
        login=login,
        company=company,
    )
