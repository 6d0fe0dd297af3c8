"""The open form channel: its doors and who may come in. What is answered is in answers.py."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from aiohttp import web

from channels.adapter import Accept, Capabilities, Leaving, NotAccepted, Ports, Receipt, Refused
from channels.doors import is_listed_origin, is_own_origin
from channels.webform.answers import Answers
from channels.webform.passes import read_pass
from channels.webform.read import Unreadable, read_post
from channels.webform.settings import WebformSettings
from channels.webform.submission import PASS, TRAP, Posted, Problem, check, pack
from hub.model.interactions import OutboundInteraction


class WebformAdapter:
    """One form (see channels.adapter.ChannelAdapter for what each method promises)."""

    capabilities = Capabilities(push=True, can_send=False)

    def __init__(self, name: str, settings: WebformSettings, ports: Ports) -> None:
        self.name = name
        self._settings = settings
        self._ports = ports
        self._answers = Answers(name, settings, ports.secret, ports.suggest)

    async def check(self) -> None:
        """Forms have no credentials."""

    async def address(self) -> str:
        """The page of its own."""
        return f"{self._ports.public_url}/forms/{self.name}"

    async def receive(self, accept: Accept) -> None:
        """Customers come by the routes. Returns only when cancelled."""
        await asyncio.Event().wait()

    async def send(self, message: OutboundInteraction, leaving: Leaving) -> Receipt:
        raise Refused("A form has no way back to the customer. Answer by e-mail.")

    async def close(self) -> None:
        """Nothing is held."""

    def routes(self, accept: Accept) -> Sequence[web.RouteDef]:
        async def post(request: web.Request) -> web.Response:
            return await self._post(request, accept)

        here = f"/forms/{self.name}"
        return (
            web.get(here, self._open_page),
            web.post(here, post),
            web.options(here, self._preflight),
            web.get(f"{here}/form.css", self._style),
            web.get(f"{here}/form.js", self._script),
        )

    async def _open_page(self, request: web.Request) -> web.Response:
        return self._answers.empty_form(request)

    async def _style(self, request: web.Request) -> web.Response:
        return self._answers.style()

    async def _script(self, request: web.Request) -> web.Response:
        return self._answers.script()

    async def _preflight(self, request: web.Request) -> web.Response:
        if not is_listed_origin(request, self._settings.allowed_origins):
            return web.Response(status=403)
        return self._answers.may_post(request)

    async def _post(self, request: web.Request, accept: Accept) -> web.Response:
        listed = is_listed_origin(request, self._settings.allowed_origins)
        if not listed and self._is_elsewhere(request):
            refusal = Problem(field="", word="not_allowed")
            return self._answers.problems(request, 403, Posted(fields={}), [refusal])
        try:
            posted = await read_post(request, self._settings)
        except Unreadable as error:
            return self._answers.unreadable(request, str(error))
        except web.HTTPRequestEntityTooLarge:
            too_much = Problem(field="", word="too_much")
            return self._answers.problems(request, 413, Posted(fields={}), [too_much])
        key, objection = self._admit(request, posted, listed)
        problems = [*([objection] if objection else []), *check(posted, self._settings)]
        if problems:
            return self._answers.problems(request, 422, posted, problems)
        item = pack(
            posted,
            external_key=key,
            received_at=datetime.now(UTC),
            language=self._answers.language(request),
            meta=_about(request),
        )
        try:
            (acceptance,) = await accept([item])
        except NotAccepted:
            not_kept = Problem(field="", word="not_kept")
            return self._answers.problems(request, 503, posted, [not_kept])
        return await self._answers.thanks(request, acceptance, posted)

    def _is_elsewhere(self, request: web.Request) -> bool:
        """Whether a browser names a site that is not ours. One that keeps it to itself ("null", for privacy)
        is let in like one that says nothing: it needs our page's pass."""
        named = request.headers.get("Origin", "null")
        return named != "null" and not is_own_origin(request, self._ports.public_url)

    def _admit(self, request: web.Request, posted: Posted, listed: bool) -> tuple[str, Problem | None]:
        """The submission's key, and what speaks against taking it as it is. Nobody is turned away without a
        word: a person whom a trap has caught by mistake needs to press the button once more."""
        if posted.fields.get(TRAP, ""):
            return "", Problem(field="", word="trap_filled")
        value = posted.fields.get(PASS, "")
        if value:
            known = read_pass(self._ports.secret, self.name, value, datetime.now(UTC))
            if known is None:
                return "", Problem(field="", word="stale")
            submission, age = known
            too_fast = age < self._settings.fill_in_seconds
            return f"page.{submission}", Problem(field="", word="too_fast") if too_fast else None
        if listed or request.content_type == "application/json":
            return _own_key(request), None
        return "", Problem(field="", word="stale")


def _own_key(request: web.Request) -> str:
    """What a program calls its post, so that it may safely repeat it."""
    given = request.headers.get("Idempotency-Key", "")
    usable = 0 < len(given) <= 200 and given.isascii() and given.isprintable()
    return f"key.{given}" if usable else f"post.{uuid4().hex}"


def _about(request: web.Request) -> dict[str, str]:
    headers = {"user_agent": "User-Agent", "origin": "Origin"}
    said = {key: request.headers.get(header, "")[:300] for key, header in headers.items()}
    return {"peer": request.remote or "", **said}
