"""How a case stands, what was said in it, and a box to say more. A visit changes nothing: programs that look at every link in a
letter may look at this one too."""

from collections.abc import Sequence
from datetime import UTC, datetime

from aiohttp import web

from channels.adapter import NotAccepted
from channels.doors import COMMON_HEADERS, choose_language, is_own_origin, peer_of_request
from channels.room import Held
from channels.webform.pack import mark_of, pack_more
from channels.webform.submission import PASS, TRAP, Posted, Problem
from channels.webform.words import WORDS
from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.actions.follow import Followed, open_link
from hub.actions.portal.place import is_open
from hub.actions.receive import accept_items
from hub.web.desk.say.follow import STANDS
from hub.web.desk.say.language import Voice
from hub.web.desk.say.render import render
from hub.web.private_page import private_page
from hub.web.take_words import NotTaken, a_box, pass_of, take_words

_BOX = a_box("/follow")
"""What can be added later."""
_RETRY_AFTER = "30"


class FollowPages:
    """The handlers, over one hub."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def show(self, request: web.Request) -> web.Response:
        """The page; the same for every link that is none."""
        try:
            followed = await open_link(self._ctx, request.match_info["token"])
        except NotFound:
            return self._nothing(request)
        return self._page(request, followed)

    async def post(self, request: web.Request) -> web.Response:
        """What somebody adds. Only our own page asks, so only it is heard."""
        token = request.match_info["token"]
        try:
            followed = await open_link(self._ctx, token)
        except NotFound:
            return self._nothing(request)
        if not is_own_origin(request, self._ctx.settings.web.public_url):
            problem = Problem(field="", word="not_allowed")
            return self._page(request, followed, Posted(fields={}), [problem], status=403)
        with self._ctx.room.holding() as held:
            return await self._take(request, followed, held)

    async def _take(self, request: web.Request, followed: Followed, held: Held) -> web.Response:
        said_in = f"{followed.link.channel}:{followed.link.thread_key}"
        try:
            words = await take_words(self._ctx, request, _BOX, held, said_in=said_in)
        except NotTaken as why:
            response = self._page(request, followed, why.posted, why.problems, status=why.status)
            if why.retry_after:
                response.headers["Retry-After"] = str(why.retry_after)
            return response
        if not followed.may_write:
            return self._page(
                request, followed, words.posted, [Problem(field="", word="no_more")], status=409
            )
        files = words.posted.files
        item = pack_more(
            words.text,
            files,
            thread=followed.link.thread_key,
            external_key=f"follow.{words.key}.{mark_of(words.text, ((one.filename, one.data) for one in files))}",
            name="",
            received_at=datetime.now(UTC),
            meta={"peer": peer_of_request(request)},
        )
        try:
            async with held.turn():
                await accept_items(self._ctx, followed.link.channel, [item])
        except NotAccepted:
            return self._page(
                request, followed, words.posted, [Problem(field="", word="not_kept")], status=503
            )
        headers = {**COMMON_HEADERS, "Location": f"{request.path_qs}#last", "Cache-Control": "no-store"}
        return web.Response(status=303, headers=headers)

    def _page(
        self,
        request: web.Request,
        followed: Followed,
        posted: Posted | None = None,
        problems: Sequence[Problem] = (),
        *,
        status: int = 200,
    ) -> web.Response:
        # Without a script the page cannot ask for the reader's time zone: times are those of the house.
        zone = next((one.zone for one in self._ctx.rules.policies.calendars.values()), UTC)
        voice = Voice(locale=choose_language(request, followed.link.language), zone=zone)
        words = WORDS[voice.locale]
        given = posted.fields if posted is not None else {}
        files = posted is not None and posted.files and followed.may_write
        again = [Problem(field="", word="files_again")] if files else []
        return self._html(
            voice,
            status,
            followed=followed,
            stands=STANDS[followed.status],
            survey=followed.question.token(self._ctx.secret) if followed.question is not None else "",
            problems=[one.say(words) for one in (*problems, *again)],
            words=words,
            text=given.get("text", ""),
            pass_field=PASS,
            trap=TRAP,
            new_pass=pass_of(self._ctx, _BOX, posted),
            path=request.path,
        )

    def _nothing(self, request: web.Request) -> web.Response:
        voice = Voice(locale=choose_language(request, "en"))
        return self._html(
            voice, 404, followed=None, path=request.path, words=WORDS[voice.locale], problems=[]
        )

    def _html(self, voice: Voice, status: int, **context: object) -> web.Response:
        text = render("follow.html", voice, now=datetime.now(UTC), my_page=is_open(self._ctx), **context)
        response = private_page(text, status)
        if status == 503:
            response.headers["Retry-After"] = _RETRY_AFTER
        return response
