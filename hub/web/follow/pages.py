"""How a case stands, what was said in it, and a box to say more. A visit changes nothing: programs that look at every link in a
letter may look at this one too."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from aiohttp import web

from channels.adapter import NotAccepted, Unavailable
from channels.doors import COMMON_HEADERS, choose_language, is_own_origin, peer_of_request
from channels.room import Held
from channels.webform.check import check
from channels.webform.fields import FormDefinition, FormField, Kind, Said
from channels.webform.gate import weigh_post
from channels.webform.pack import mark_of, pack_more
from channels.webform.passes import make_pass, read_pass
from channels.webform.read import CROWDED, NoRoom, Unreadable, read_post
from channels.webform.settings import WebformSettings
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

_BOX = WebformSettings(
    most_files=5,
    proof="never",
    form=FormDefinition(
        fields=(
            FormField(key="text", kind=Kind.LONG, label=Said(en="Message", zh="内容"), means="message"),
            FormField(key="files", kind=Kind.FILE, label=Said(en="Files", zh="附件")),
        )
    ),
)
"""What can be added later, read and checked as a form is."""
_RETRY_AFTER = "30"
_PASS_OF = "follow"  # noqa: S105 - a name
_COUNTED_AS = "/follow"
"""In the place of a form's name, which has no stroke: posts and files have the limits of a form."""


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
        posted, said_in = Posted(fields={}), f"{followed.link.channel}:{followed.link.thread_key}"
        try:
            try:
                verdict = await weigh_post(self._ctx.gate, _COUNTED_AS, _BOX, request, conversation=said_in)
            except Unavailable:
                # Not counted and not kept, but shown again: nobody writes it twice.
                posted = await read_post(request, _BOX, held)
                raise
            if not verdict.unread:
                posted = await read_post(request, _BOX, held)
        except (Unreadable, web.HTTPRequestEntityTooLarge):
            return self._page(request, followed, posted, [Problem(field="", word="unreadable")], status=400)
        except NoRoom:
            return self._page(request, followed, posted, [Problem(field="", word=CROWDED)], status=503)
        except Unavailable:
            return self._page(request, followed, posted, [Problem(field="", word="not_kept")], status=503)
        if any(one.word == CROWDED for one in posted.problems):
            return self._page(request, followed, posted, posted.problems, status=503)
        if verdict.refusal is not None:
            response = self._page(request, followed, posted, [verdict.refusal], status=429)
            response.headers["Retry-After"] = str(verdict.retry_after)
            return response
        if not followed.may_write:
            return self._page(request, followed, posted, [Problem(field="", word="no_more")], status=409)
        known = read_pass(self._ctx.secret, _PASS_OF, posted.fields.get(PASS, ""), datetime.now(UTC))
        problems = check(posted, _BOX.asks, region="CN")
        if known is None or posted.fields.get(TRAP, ""):
            problems = [Problem(field="", word="stale"), *problems]
        if problems or known is None:
            return self._page(request, followed, posted, problems, status=422)
        text = posted.fields.get("text", "")
        mark = mark_of(text, ((one.filename, one.data) for one in posted.files))
        item = pack_more(
            text,
            posted.files,
            thread=followed.link.thread_key,
            external_key=f"follow.{known[0]}.{mark}",
            name="",
            received_at=datetime.now(UTC),
            meta={"peer": peer_of_request(request)},
        )
        try:
            async with held.turn():
                await accept_items(self._ctx, followed.link.channel, [item])
        except NotAccepted:
            return self._page(request, followed, posted, [Problem(field="", word="not_kept")], status=503)
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
        # Its own where it was good, so that a second press is still the same.
        now, own = datetime.now(UTC), given.get(PASS, "")
        kept = read_pass(self._ctx.secret, _PASS_OF, own, now) is not None
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
            new_pass=own if kept else make_pass(self._ctx.secret, _PASS_OF, uuid4(), now),
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
