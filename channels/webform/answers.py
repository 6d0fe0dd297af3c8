"""What a form's door answers: pages for people, JSON for programs, each with its headers."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import uuid4

import orjson
from aiohttp import web

from channels.adapter import Acceptance, Suggest
from channels.doors import COMMON_HEADERS, choose_language, frame_ancestors, is_listed_origin
from channels.webform.page import SCRIPT, STYLE, is_offered_articles, show_form, show_thanks
from channels.webform.passes import make_pass, read_pass
from channels.webform.settings import WebformSettings
from channels.webform.submission import PASS, Posted, Problem
from channels.webform.words import WORDS

_RETRY = {"Retry-After": "30"}
_POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'"


class Answers:
    """One form's answers."""

    def __init__(self, name: str, settings: WebformSettings, secret: bytes, suggest: Suggest) -> None:
        self._name = name
        self._settings = settings
        self._secret = secret
        self._suggest = suggest

    def language(self, request: web.Request) -> str:
        return choose_language(request, self._settings.language)

    def empty_form(self, request: web.Request) -> web.Response:
        return self._html(
            request, show_form(self._name, self._settings, self.language(request), self._new_pass())
        )

    def style(self) -> web.Response:
        headers = {**COMMON_HEADERS, "Cache-Control": "max-age=300"}
        return web.Response(body=STYLE, content_type="text/css", charset="utf-8", headers=headers)

    def script(self) -> web.Response:
        headers = {**COMMON_HEADERS, "Cache-Control": "max-age=300"}
        return web.Response(body=SCRIPT, content_type="text/javascript", charset="utf-8", headers=headers)

    def may_post(self, request: web.Request) -> web.Response:
        """To a listed site's script, which asks before it posts JSON."""
        headers = {
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "Content-Type, Idempotency-Key",
            "Access-Control-Max-Age": "600",
        }
        return web.Response(status=204, headers={**COMMON_HEADERS, **headers, **self._cors(request)})

    async def thanks(self, request: web.Request, acceptance: Acceptance, posted: Posted) -> web.Response:
        """Also to a repetition, which is told the same; with articles that may answer it meanwhile."""
        if _is_program(request):
            return self._json(
                request, 200 if acceptance.duplicate else 201, {"reference": acceptance.ticket_code}
            )
        language = self.language(request)
        said = "\n".join(posted.fields.get(key, "") for key in ("subject", "message"))
        wanted = is_offered_articles(self._settings.ticket_kind or posted.fields.get("kind", ""))
        articles = await self._suggest(said, language) if wanted else ()
        page = show_thanks(self._name, self._settings, language, acceptance.ticket_code, articles)
        return self._html(request, page)

    def problems(
        self, request: web.Request, status: int, posted: Posted, found: Sequence[Problem]
    ) -> web.Response:
        """The form again, with everything that was typed, and what has to be put right."""
        language = self.language(request)
        more = _RETRY if status == 503 else {}
        if _is_program(request):
            errors = [{"field": one.field, "message": one.say(WORDS[language])} for one in found]
            return self._json(request, status, {"errors": errors}, more)
        if posted.files or any(one.field == "files" for one in found):
            found = [*found, Problem(field="files", word="files_again")]
        page = show_form(self._name, self._settings, language, self._pass_of(posted), posted.fields, found)
        return self._html(request, page, status, more)

    def unreadable(self, request: web.Request, why: str) -> web.Response:
        if _is_program(request):
            return self._json(request, 400, {"errors": [{"field": "", "message": why}]})
        return self.problems(request, 400, Posted(fields={}), [Problem(field="", word="unreadable")])

    def _pass_of(self, posted: Posted) -> str:
        """Its own where it was good, so that a second press is still the same submission."""
        value = posted.fields.get(PASS, "")
        return value if read_pass(self._secret, self._name, value, datetime.now(UTC)) else self._new_pass()

    def _new_pass(self) -> str:
        return make_pass(self._secret, self._name, uuid4(), datetime.now(UTC))

    def _cors(self, request: web.Request) -> dict[str, str]:
        if not is_listed_origin(request, self._settings.allowed_origins):
            return {}
        return {"Access-Control-Allow-Origin": request.headers["Origin"], "Vary": "Origin"}

    def _json(
        self,
        request: web.Request,
        status: int,
        document: Mapping[str, object],
        more: Mapping[str, str] | None = None,
    ) -> web.Response:
        headers = {**COMMON_HEADERS, **self._cors(request), **(more or {}), "Cache-Control": "no-store"}
        return web.Response(
            body=orjson.dumps(document), status=status, content_type="application/json", headers=headers
        )

    def _html(
        self, request: web.Request, page: str, status: int = 200, more: Mapping[str, str] | None = None
    ) -> web.Response:
        policy = f"{_POLICY}; {frame_ancestors(self._settings.allowed_origins)}"
        headers = {
            **COMMON_HEADERS,
            **(more or {}),
            "Content-Security-Policy": policy,
            "Cache-Control": "no-store",
            "Vary": "Accept-Language",
        }
        return web.Response(
            text=page, status=status, content_type="text/html", charset="utf-8", headers=headers
        )


def _is_program(request: web.Request) -> bool:
    return request.content_type == "application/json"
