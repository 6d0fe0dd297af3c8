"""What is asked, and what was said to it. A visit changes nothing, whatever score its address names: programs that look at
every link in a letter look at these too. A link that is none, is over or was never good is answered the same."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from aiohttp import web

from channels.adapter import Counted, Unavailable
from channels.doors import (
    COMMON_HEADERS,
    choose_language,
    is_own_origin,
    network_of,
    peer_of_request,
    read_body,
)
from hub.actions.context import Context
from hub.actions.surveys.answer import answer_question
from hub.actions.surveys.definition import FURTHER_SCALE, MOST_COMMENT, Sort
from hub.actions.surveys.question import Question, open_question
from hub.actions.surveys.stop import stop_asking
from hub.web.desk.say.language import Voice
from hub.web.desk.say.render import render
from hub.web.desk.say.surveys import TROUBLES
from hub.web.private_page import private_page

_MOST_BODY = 128 * 1024
_PER_NETWORK = 60
_SECONDS = 600.0
"""So many posts of one network are taken in so long."""


class SurveyPages:
    """The handlers, over one hub."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def show(self, request: web.Request) -> web.Response:
        """The question, with the score chosen that the address names; or thanks."""
        question = await open_question(self._ctx, request.match_info["token"])
        if question is None:
            return self._nothing(request)
        if "thanks" in request.query and question.score is not None:
            return self._html(request, question, "survey_thanks.html")
        return self._question(request, question, _as_typed(question, request.query.get("score", "")))

    async def post(self, request: web.Request) -> web.Response:
        """The answer. Only our own page asks, so only it is heard."""
        token = request.match_info["token"]
        question = await open_question(self._ctx, token)
        if question is None:
            return self._nothing(request)
        if not is_own_origin(request, self._ctx.settings.web.public_url):
            return self._question(request, question, _as_typed(question), status=403)
        typed = await _read(request)
        try:
            if await self._too_many(request):
                return self._question(request, question, typed, status=429)
        except Unavailable:
            return self._question(request, question, typed, status=503)
        if typed.get("website"):
            return self._nothing(request)
        if "score" not in typed:
            return self._question(request, question, typed, status=422)
        answers: dict[str, str | int] = {"comment": "", "reasons": "", **typed}
        for one in question.definition.further:
            answers.setdefault(one.key, "")
        if not await answer_question(self._ctx, token, answers):
            # Over in this moment, or a score that no page of ours offers.
            return self._nothing(request)
        return _moved(f"{request.rel_url.raw_path}?thanks&lang={self._voice(request, question).locale}")

    async def post_stop(self, request: web.Request) -> web.Response:
        """Nobody asks at this address again. Said to every link alike, good or not."""
        voice = Voice(locale=choose_language(request, "en"))
        if not is_own_origin(request, self._ctx.settings.web.public_url):
            return self._nothing(request, status=403)
        try:
            if await self._too_many(request):
                return self._nothing(request, status=429)
        except Unavailable:
            return self._nothing(request, status=503)
        await stop_asking(self._ctx, request.match_info["token"])
        return self._render(
            voice, 200, "survey_stopped.html", path=request.rel_url.raw_path.removesuffix("/stop")
        )

    async def _too_many(self, request: web.Request) -> bool:
        """Raises Unavailable."""
        key = f"survey:post:{network_of(peer_of_request(request))}"
        (mine,) = await self._ctx.gate.count([Counted(key=key, seconds=_SECONDS, most=_PER_NETWORK)])
        return mine.hits > _PER_NETWORK

    def _question(
        self, request: web.Request, question: Question, typed: Mapping[str, str], *, status: int = 200
    ) -> web.Response:
        trouble = TROUBLES.get(status, "")
        return self._html(request, question, "survey.html", status, typed=typed, trouble=trouble)

    def _html(
        self, request: web.Request, question: Question, template: str, status: int = 200, **more: object
    ) -> web.Response:
        return self._render(
            self._voice(request, question),
            status,
            template,
            path=request.rel_url.raw_path,
            question=question,
            asked=question.definition,
            SORTS=Sort,
            FURTHER_SCALE=FURTHER_SCALE,
            MOST_COMMENT=MOST_COMMENT,
            **more,
        )

    def _nothing(self, request: web.Request, *, status: int = 404) -> web.Response:
        path = request.rel_url.raw_path.removesuffix("/stop")
        voice = Voice(locale=choose_language(request, "en"))
        return self._render(voice, status, "survey_over.html", path=path, trouble=TROUBLES.get(status, ""))

    def _voice(self, request: web.Request, question: Question) -> Voice:
        """The language of the conversation, unless another was chosen on the page."""
        asked = "lang" in request.query
        return Voice(locale=choose_language(request, question.language) if asked else question.language)

    def _render(self, voice: Voice, status: int, template: str, **context: object) -> web.Response:
        return private_page(render(template, voice, **context), status)


def _as_typed(question: Question, score: str = "") -> dict[str, str]:
    """What stands in the form before anybody types: what was answered so far, and the score that a link names."""
    offered = (
        score.isascii()
        and score.isdigit()
        and len(score) < 3
        and int(score) in question.definition.kind.scores
    )
    known = "" if question.score is None else str(question.score)
    return {
        "score": str(int(score)) if offered else known,
        "comment": question.comment,
        "reasons": ",".join(question.reasons),
        **question.said,
    }


async def _read(request: web.Request) -> dict[str, str]:
    """The fields of a posted form; of several reasons one text with commas. Raises web.HTTPRequestEntityTooLarge."""
    body = (await read_body(request, _MOST_BODY)).decode("utf-8", "replace").replace("\x00", "")
    try:
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return {}
    typed = dict(pairs)
    typed["reasons"] = ",".join(value for name, value in pairs if name == "reasons")
    return typed


def _moved(path: str) -> web.Response:
    headers = {**COMMON_HEADERS, "Location": path, "Cache-Control": "no-store"}
    return web.Response(status=303, headers=headers)
