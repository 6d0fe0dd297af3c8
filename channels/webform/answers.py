"""What a form's door answers: pages for people, JSON for programs, each with its headers."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import uuid4

import orjson
from aiohttp import web

from channels.adapter import Acceptance, Ports
from channels.doors import COMMON_HEADERS, choose_language, frame_ancestors, is_listed_origin
from channels.webform.gate import Verdict
from channels.webform.page import FILES, PageState, is_offered_articles, show_form, show_thanks
from channels.webform.passes import is_trial, make_pass, read_pass
from channels.webform.proof import new_challenge
from channels.webform.settings import WebformSettings
from channels.webform.submission import PASS, Posted, Problem
from channels.webform.words import WORDS

_RETRY = {"Retry-After": "30"}
_WORDS = {408: "not_kept", 413: "too_much", 429: "crowded", 503: "not_kept"}
"""For programs, where it was not the form that refused."""
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; worker-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'"
)


class Answers:
    """One form's answers."""

    def __init__(self, name: str, settings: WebformSettings, ports: Ports) -> None:
        self._name = name
        self._settings = settings
        self._ports = ports

    def language(self, request: web.Request) -> str:
        return choose_language(request, self._settings.language)

    def empty_form(self, request: web.Request, *, working: bool) -> web.Response:
        """`working`: the browser has to do a piece of work before it is sent."""
        state = self._state(request, self._new_pass(), working=working)
        return self._html(request, show_form(self._name, self._settings, state))

    def file(self, name: str) -> web.Response:
        """A style sheet or a script; the company's own site loads one of them too."""
        body, content_type = FILES[name]
        headers = {**COMMON_HEADERS, "Cache-Control": "max-age=300"}
        if name == "embed.js":
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        response = web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)
        response.enable_compression()
        return response

    def may_post(self, request: web.Request) -> web.Response:
        """To a listed site's script, which asks before it posts JSON."""
        headers = {
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "Content-Type, Idempotency-Key",
            "Access-Control-Max-Age": "600",
        }
        return web.Response(status=204, headers={**COMMON_HEADERS, **headers, **self._cors(request)})

    async def thanks(
        self, request: web.Request, acceptance: Acceptance, posted: Posted, follow: str
    ) -> web.Response:
        """Also to a repetition, which is told the same; with articles that may answer it meanwhile."""
        if _is_program(request):
            document = {"reference": acceptance.ticket_code} | ({"follow": follow} if follow else {})
            return self._json(request, 200 if acceptance.duplicate else 201, document)
        language, form = self.language(request), self._settings.asks
        meant = {means: one.key for means in ("subject", "message", "kind") if (one := form.meaning(means))}
        said = {means: posted.fields.get(key, "") for means, key in meant.items()}
        articles = (
            await self._ports.suggest(f"{said.get('subject', '')}\n{said.get('message', '')}", language)
            if is_offered_articles(self._settings.ticket_kind or said.get("kind", ""))
            else ()
        )
        state = self._state(request, "", working=False)
        page = show_thanks(self._name, self._settings, state, acceptance.ticket_code, follow, articles)
        return self._html(request, page)

    def problems(
        self,
        request: web.Request,
        status: int,
        posted: Posted,
        found: Sequence[Problem],
        verdict: Verdict | None = None,
    ) -> web.Response:
        """The form again, with everything that was typed, and what has to be put right."""
        language = self.language(request)
        more = _RETRY if status == 503 else {}
        if verdict is not None and verdict.retry_after:
            more = {"Retry-After": str(verdict.retry_after)}
        if _is_program(request):
            errors = [{"field": one.field, "message": one.say(WORDS[language])} for one in found]
            return self._json(request, status, {"errors": errors}, more)
        again = {one.field for one in posted.files} | {one.field for one in posted.problems}
        found = [*found, *(Problem(field=field, word="files_again") for field in sorted(again))]
        state = self._state(
            request, self._pass_of(posted), working=verdict is not None and verdict.wants_proof
        )
        page = show_form(self._name, self._settings, state, posted.fields, found)
        return self._html(request, page, status, more)

    def trouble(self, request: web.Request, status: int, fault: str) -> web.Response | None:
        """What went wrong around the door, for a program (channels.doors.Tells); people have a page."""
        if not _is_program(request):
            return None
        words = WORDS[self.language(request)]
        message = words["fault"].format(fault=fault) if fault else words[_WORDS.get(status, "unreadable")]
        told = {"fault": fault} if fault else {}
        return self._json(request, status, {"errors": [{"field": "", "message": message}], **told})

    def _state(self, request: web.Request, new_pass: str, *, working: bool) -> PageState:
        """What the address asked for is kept through every page: being in a frame, being a test."""
        now, secret = datetime.now(UTC), self._ports.secret
        trial = request.query.get("trial", "")
        tries, framed = is_trial(secret, self._name, trial, now), "frame" in request.query
        return PageState(
            language=self.language(request),
            new_pass=new_pass,
            query=("&frame=1" if framed else "") + (f"&trial={trial}" if tries else ""),
            trial=tries,
            framed=framed,
            proof=new_challenge(secret, self._name, now) if working else "",
            parents=self._settings.allowed_origins,
        )

    def unreadable(self, request: web.Request, why: str) -> web.Response:
        if _is_program(request):
            return self._json(request, 400, {"errors": [{"field": "", "message": why}]})
        return self.problems(request, 400, Posted(fields={}), [Problem(field="", word="unreadable")])

    def _pass_of(self, posted: Posted) -> str:
        """Its own where it was good, so that a second press is still the same submission."""
        value = posted.fields.get(PASS, "")
        return (
            value if read_pass(self._ports.secret, self._name, value, datetime.now(UTC)) else self._new_pass()
        )

    def _new_pass(self) -> str:
        return make_pass(self._ports.secret, self._name, uuid4(), datetime.now(UTC))

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
