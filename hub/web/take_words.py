"""What a customer adds to a case of theirs, on whichever page of ours: words and files, taken as a form's are, with its limits,
its pass and its trap. Nothing is kept here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from aiohttp import web

from channels.adapter import Unavailable
from channels.room import Held
from channels.webform.check import check
from channels.webform.fields import FormDefinition, FormField, Kind, Said
from channels.webform.gate import weigh_post
from channels.webform.passes import make_pass, read_pass
from channels.webform.read import CROWDED, NoRoom, Unreadable, read_post
from channels.webform.settings import WebformSettings
from channels.webform.submission import PASS, TRAP, Posted, Problem
from hub.actions.context import Context


class NotTaken(Exception):
    """Why, and what was typed, to be shown again: nobody writes it twice. `retry_after`: seconds, 0 where nothing is known."""

    def __init__(
        self, status: int, posted: Posted, problems: Sequence[Problem], retry_after: int = 0
    ) -> None:
        super().__init__(status)
        self.status = status
        self.posted = posted
        self.problems = problems
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Where it is written. `name`: what its posts are counted as and its passes are made for; no form is called so."""

    name: str
    settings: WebformSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What was written. `key`: of the page on which it was, so that a second press is the same again."""

    key: str
    posted: Posted

    @property
    def text(self) -> str:
        return self.posted.fields.get("text", "")


def a_box(name: str, **limits: int) -> Box:
    """A field for words and one for files; `limits` as the settings of a form have them."""
    fields = [FormField(key="text", kind=Kind.LONG, label=Said(en="Message", zh="内容"), means="message")]
    if limits.get("most_files", 1):
        fields.append(FormField(key="files", kind=Kind.FILE, label=Said(en="Files", zh="附件")))
    form = FormDefinition(fields=tuple(fields))
    return Box(name=name, settings=WebformSettings.model_validate({"proof": "never", "form": form, **limits}))


async def take_words(ctx: Context, request: web.Request, box: Box, held: Held, *, said_in: str) -> Words:
    """`said_in`: the conversation, which has limits of its own. Raises NotTaken."""
    posted = Posted(fields={})
    try:
        try:
            verdict = await weigh_post(ctx.gate, box.name, box.settings, request, conversation=said_in)
        except Unavailable:
            # Not counted and not kept, but shown again.
            posted = await read_post(request, box.settings, held)
            raise
        if not verdict.unread:
            posted = await read_post(request, box.settings, held)
    except (Unreadable, web.HTTPRequestEntityTooLarge) as error:
        raise NotTaken(400, posted, [Problem(field="", word="unreadable")]) from error
    except NoRoom as error:
        raise NotTaken(503, posted, [Problem(field="", word=CROWDED)]) from error
    except Unavailable as error:
        raise NotTaken(503, posted, [Problem(field="", word="not_kept")]) from error
    if any(one.word == CROWDED for one in posted.problems):
        raise NotTaken(503, posted, posted.problems)
    if verdict.refusal is not None:
        raise NotTaken(429, posted, [verdict.refusal], verdict.retry_after)
    known = read_pass(ctx.secret, box.name, posted.fields.get(PASS, ""), datetime.now(UTC))
    problems = check(posted, box.settings.asks, region="CN")
    if known is None or posted.fields.get(TRAP, ""):
        problems = [Problem(field="", word="stale"), *problems]
    if problems or known is None:
        raise NotTaken(422, posted, problems)
    return Words(key=known[0], posted=posted)


def pass_of(ctx: Context, box: Box, posted: Posted | None) -> str:
    """For the page that is shown: its own where that is still good, else a new one."""
    given, now = posted.fields.get(PASS, "") if posted is not None else "", datetime.now(UTC)
    kept = read_pass(ctx.secret, box.name, given, now) is not None
    return given if kept else make_pass(ctx.secret, box.name, uuid4(), now)
