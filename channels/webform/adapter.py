"""The open form channel: its doors and who may come in. What is answered is in answers.py."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from uuid import uuid4

import orjson
import structlog
from aiohttp import web

from channels.adapter import (
    Accept,
    Acceptance,
    Capabilities,
    Leaving,
    NotAccepted,
    Ports,
    Receipt,
    Received,
    Refused,
    Unavailable,
)
from channels.doors import Asks, is_listed_origin, is_own_origin, open_to, peer_of_request
from channels.room import Held
from channels.webform.answers import Answers
from channels.webform.check import check
from channels.webform.gate import Verdict, is_busy, weigh_post, weigh_worked
from channels.webform.pack import pack
from channels.webform.page import FILES
from channels.webform.passes import is_trial, read_pass
from channels.webform.proof import GOOD_FOR, Proof, read_proof
from channels.webform.read import CROWDED, NoRoom, Unreadable, read_post
from channels.webform.settings import WebformSettings
from channels.webform.submission import PASS, PROOF, TRAP, Posted, Problem
from hub.model.identities import normalise_identity
from hub.model.interactions import IdentityKind, OutboundInteraction

log = structlog.get_logger(__name__)

_NOTHING = Posted(fields={})
_NEED_WORK = (Problem(field="", word="need_proof"), Problem(field="", word="need_proof_script"))


class WebformAdapter:
    """One form (see channels.adapter.ChannelAdapter for what each method promises)."""

    capabilities = Capabilities(push=True, can_send=False)

    def __init__(self, name: str, settings: WebformSettings, ports: Ports) -> None:
        self.name = name
        self._settings = settings
        self._ports = ports
        self._answers = Answers(name, settings, ports)

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
        return open_to(
            Asks.NOTHING,
            web.get(here, self._open_page),
            web.post(here, post),
            web.options(here, self._preflight),
            *(web.get(f"{here}/{file}", self._file) for file in FILES),
            tells=self._answers.trouble,
        )

    async def _open_page(self, request: web.Request) -> web.Response:
        try:
            working = await is_busy(self._ports.gate, self.name, self._settings)
        except Unavailable:
            working = False  # the page is shown all the same; the post will be told
        return self._answers.empty_form(request, working=working)

    async def _file(self, request: web.Request) -> web.Response:
        return self._answers.file(request.path.rpartition("/")[2])

    async def _preflight(self, request: web.Request) -> web.Response:
        if not is_listed_origin(request, self._settings.allowed_origins):
            return web.Response(status=403)
        return self._answers.may_post(request)

    async def _post(self, request: web.Request, accept: Accept) -> web.Response:
        listed = is_listed_origin(request, self._settings.allowed_origins)
        if not listed and self._is_elsewhere(request):
            return self._answers.problems(request, 403, _NOTHING, [Problem(field="", word="not_allowed")])
        with self._ports.room.holding() as held:
            try:
                return await self._weigh(request, accept, held, listed=listed)
            except Unreadable as error:
                return self._answers.unreadable(request, str(error))
            except web.HTTPRequestEntityTooLarge:
                return self._answers.problems(request, 413, _NOTHING, [Problem(field="", word="too_much")])
            except NoRoom:
                return self._answers.problems(request, 503, _NOTHING, [Problem(field="", word=CROWDED)])

    async def _weigh(self, request: web.Request, accept: Accept, held: Held, *, listed: bool) -> web.Response:
        posted = _NOTHING
        try:
            verdict = await weigh_post(self._ports.gate, self.name, self._settings, request)
            if verdict.unread and verdict.refusal:
                return self._answers.problems(request, 429, _NOTHING, [verdict.refusal], verdict)
            posted = await read_post(request, self._settings, held)
            if verdict.refusal and not verdict.flood:
                return self._answers.problems(request, 429, posted, [verdict.refusal], verdict)
            if any(one.word == CROWDED for one in posted.problems):
                return self._answers.problems(request, 503, posted, posted.problems, verdict)
            if verdict.flood and self._work(posted) is None:
                return self._answers.problems(request, 429, posted, _NEED_WORK, verdict)
            key, objection = await self._admit(request, posted, listed)
            problems = [
                *([objection] if objection else []),
                *check(posted, self._settings.asks, region=self._settings.phone_region),
            ]
            if problems:
                return self._answers.problems(request, 422, posted, problems, verdict)
            # Last, because a piece of work counts once.
            if verdict.flood:
                worked = await weigh_worked(self._ports.gate, self.name, self._settings, request)
                if worked.refusal:
                    return self._answers.problems(request, 429, posted, [worked.refusal], worked)
            if problems := await self._ask_for_work(posted, verdict):
                return self._answers.problems(request, 422, posted, problems, verdict)
            async with held.turn():
                return await self._keep(request, accept, posted, key)
        except Unavailable:
            if posted is _NOTHING:
                posted = await self._still_read(request, held)
            return self._answers.problems(request, 503, posted, [Problem(field="", word="not_kept")])

    async def _still_read(self, request: web.Request, held: Held) -> Posted:
        """What was typed, for a page that could not be weighed."""
        try:
            return await read_post(request, self._settings, held)
        except (Unreadable, NoRoom, web.HTTPRequestEntityTooLarge):
            return _NOTHING

    async def _keep(self, request: web.Request, accept: Accept, posted: Posted, key: str) -> web.Response:
        packing = partial(
            pack,
            posted,
            self._settings.asks,
            external_key=key,
            received_at=datetime.now(UTC),
            language=self._answers.language(request),
            meta=_about(request),
            ticket_kind=self._settings.ticket_kind,
            trial=is_trial(self._ports.secret, self.name, request.query.get("trial", ""), datetime.now(UTC)),
        )
        # Files beside the loop: it would stand still meanwhile.
        item = await asyncio.to_thread(packing) if posted.files else packing()
        try:
            (acceptance,) = await accept([item])
        except NotAccepted:
            return self._answers.problems(request, 503, posted, [Problem(field="", word="not_kept")])
        follow = await self._follow(request, acceptance, posted, key)
        return await self._answers.thanks(request, acceptance, posted, follow)

    async def _follow(self, request: web.Request, acceptance: Acceptance, posted: Posted, key: str) -> str:
        """A link for whoever sent it. A repetition gets one only with the page's own signed key: a program's key can be
        guessed, and with it somebody else's case."""
        own = key.startswith("page.") or not acceptance.duplicate
        if not acceptance.ticket_code or not own:
            return ""
        field = self._settings.asks.meaning("email")
        typed = posted.fields.get(field.key, "") if field is not None else ""
        received = Received(
            ticket_code=acceptance.ticket_code,
            thread_key=key,
            language=self._answers.language(request),
            address=normalise_identity(IdentityKind.EMAIL, typed) or "",
            confirm_by="" if acceptance.duplicate else self._settings.confirm_by,
        )
        try:
            return await self._ports.follow(received)
        except Unavailable as error:
            log.warning("webform.no_follow_link", channel=self.name, error=str(error))
            return ""  # it is kept, and has its number

    async def _ask_for_work(self, posted: Posted, verdict: Verdict) -> list[Problem]:
        """Nothing where none is wanted, or where it was done and counts for the first time."""
        if not verdict.wants_proof:
            return []
        if not posted.fields.get(PROOF, ""):
            return list(_NEED_WORK)
        proof = self._work(posted)
        if proof is None or not await self._ports.gate.take_once(proof.mark, GOOD_FOR.total_seconds() * 2):
            return [Problem(field="", word="proof_again")]
        return []

    def _work(self, posted: Posted) -> Proof | None:
        """What the visitor's browser has done, whether or not it was taken before."""
        return read_proof(self._ports.secret, self.name, posted.fields.get(PROOF, ""))

    def _is_elsewhere(self, request: web.Request) -> bool:
        """Whether a browser names a site that is not ours. One that keeps it to itself ("null", for privacy)
        is let in like one that says nothing: it needs our page's pass."""
        named = request.headers.get("Origin", "null")
        return named != "null" and not is_own_origin(request, self._ports.public_url)

    async def _admit(self, request: web.Request, posted: Posted, listed: bool) -> tuple[str, Problem | None]:
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
            key = f"page.{submission}.{await _mark(posted)}"
            return key, Problem(field="", word="too_fast") if too_fast else None
        if listed or request.content_type == "application/json":
            return await _own_key(request, posted), None
        return "", Problem(field="", word="stale")


async def _own_key(request: web.Request, posted: Posted) -> str:
    """By which a program may safely repeat its post: what it calls it, together with what it says. Anybody may post here, so
    under the name alone a stranger who guesses it could come first, and the true post would be taken for the repetition."""
    given = request.headers.get("Idempotency-Key", "")
    usable = 0 < len(given) <= 200 and given.isascii() and given.isprintable()
    return f"key.{await _mark(posted, given)}" if usable else f"post.{uuid4().hex}"


async def _mark(posted: Posted, *called: str) -> str:
    """Of what was said: who stops a page that is on its way, or goes back to it, and sends other words, has not pressed
    twice. Files beside the loop."""

    def digest() -> str:
        said = sorted((key, value) for key, value in posted.fields.items() if key not in (PASS, PROOF, TRAP))
        files = [
            (one.field, one.filename, one.content_type, sha256(one.data).hexdigest()) for one in posted.files
        ]
        return sha256(orjson.dumps([*called, said, files])).hexdigest()

    return await asyncio.to_thread(digest) if posted.files else digest()


def _about(request: web.Request) -> dict[str, str]:
    headers = {"user_agent": "User-Agent", "origin": "Origin"}
    said = {key: request.headers.get(header, "")[:300] for key, header in headers.items()}
    return {"peer": peer_of_request(request), **said}
