"""Pages on which agents see to their own signing in. Some open for a session that is limited to setting up a second step too;
what is dangerous opens only for somebody who showed lately who they are."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from channels.doors import Asks, is_own_origin
from hub.actions.context import Context
from hub.actions.failures import ActionFailure, LoginRefused, NotFound
from hub.actions.signin.enter import Browser
from hub.actions.signin.own_sessions import holder_of
from hub.web.desk.cookies import drop_session, read_session, read_zone
from hub.web.desk.say.language import Voice
from hub.web.desk.say.words import say_failure
from hub.web.desk.signin.ways import AGAIN, browser_of, own_page, say_wait, see, show_door, with_next
from hub.web.desk.typed import read_query
from hub.web.desk.visit import LOGIN, refuse_origin, show_trouble
from storage.signin import Holder


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """Somebody at their own page."""

    ctx: Context
    request: web.Request
    holder: Holder
    voice: Voice

    @property
    def browser(self) -> Browser:
        return browser_of(self.request, self.ctx.settings)

    @property
    def on(self) -> str:
        """Where to go on when all is done."""
        return own_page(read_query(self.request).get("next", ""))

    def door(
        self, template: str, *, refused: ActionFailure | None = None, hint: str = "", **context: object
    ) -> web.Response:
        """A page of the door, in the agent's theme."""
        return show_door(
            template,
            self.voice,
            refused=refused,
            hint=hint,
            holder=self.holder,
            theme=self.holder.theme,
            **context,
        )


OwnHandler = Callable[[Own], Awaitable[web.StreamResponse]]


def at_own(
    ctx: Context, handler: OwnHandler, *, limited: bool = False, fresh: str = ""
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """`handler` behind the door. `limited`: also for a session that opens nothing else. `fresh`: the page to which those come
    back who have to show first once more who they are; "" where nobody has to."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.method == "POST" and not is_own_origin(request, ctx.settings.web.public_url):
            return refuse_origin(request)
        holder = await holder_of(ctx, read_session(request, ctx.settings))
        if holder is None or (holder.limited and not limited):
            return see(LOGIN)
        own = Own(
            ctx=ctx,
            request=request,
            holder=holder,
            voice=Voice(locale=holder.locale, zone=read_zone(request)),
        )
        if fresh and not holder.fresh:
            return _again(own, fresh)
        try:
            return await handler(own)
        except ActionFailure as failure:
            status = 404 if isinstance(failure, NotFound) else 409
            wait = failure.retry_after if isinstance(failure, LoginRefused) else 0
            text = say_wait(own.voice, wait) if wait else say_failure(own.voice, failure)
            return show_trouble(request, own.voice, 429 if wait else status, text, retry_after=wait)

    handle.asks = Asks.SESSION  # type: ignore[attr-defined]  # what the hub asks of every address before it starts
    return handle


def day_of(moment: datetime, now: datetime) -> int:
    """How many days there are until then, a part of one counted as one."""
    return max(0, -int(-(moment - now).total_seconds() // 86_400))


def _again(own: Own, back: str) -> web.Response:
    if own.holder.limited:  # there is nothing that they could go back to
        response = see(LOGIN)
        drop_session(response, own.ctx.settings)
        return response
    return see(with_next(AGAIN, back))
