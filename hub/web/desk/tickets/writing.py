"""Reply and note: two forms, two addresses, two verbs. A note never meets an outbox on this path."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from aiohttp import web
from aiohttp.web_request import FileField

from hub.actions.answers import recall, reply
from hub.actions.answers.copies import read_copies
from hub.actions.answers.drafts import MOST_FILES, MOST_FILES_BYTES
from hub.actions.answers.later import read_moment
from hub.actions.answers.schedule import schedule_reply
from hub.actions.errands.mentions import named_in_vain
from hub.actions.failures import Conflict, NotFound, NotPossible
from hub.actions.idempotency import once
from hub.actions.note import add_note
from hub.model.codes import TICKET, show_code
from hub.model.drafts import DraftMode
from hub.model.interactions import OutboundAttachment
from hub.web.desk.say.language import N_
from hub.web.desk.say.words import say_failure
from hub.web.desk.tickets.composing import Undo, composer_context
from hub.web.desk.tickets.drafts import content_of, plain_name, read_write
from hub.web.desk.tickets.thread import ENTRIES, Thread, ticket_code
from hub.web.desk.tickets.work import read_work, work_context
from hub.web.desk.visit import REFUSED, Visit, go
from storage import views

MOST_TEXT = 100_000


async def post_reply(visit: Visit) -> web.StreamResponse:
    """Queue an answer to the customer."""
    code = ticket_code(visit.request.match_info["code"])
    form = await visit.form()
    text = _text(form)
    then = "resolve" if str(form.get("then", "")) == "resolve" else ""
    said = [str(form.get(name, "")) for name in ("cc", "bcc", "inbox", "way")]
    try:
        files = _files(form)
        tokens = [str(one) for one in form.getall("file", ())][:MOST_FILES]
        _check_text(text, bool(files or tokens))
        expected = None if "anyway" in form else _number(form, "expected_seq")
        cc, bcc = read_copies(said[0]), read_copies(said[1])

        at = _send_at(visit, form)
        asked_for: dict[str, Any] = {
            "text": text,
            "cc": cc,
            "bcc": bcc,
            "inbox": said[2],
            "way": said[3],
            "confirmed": "confirmed" in form,
        }
        common: dict[str, Any] = {
            "ticket_code": code,
            "actor": visit.actor,
            "files": tokens,
            "expected_seq": expected,
            "written": read_write(form, content_of(form, DraftMode.REPLY)),
        }

        async def do() -> tuple[int, dict[str, Any]]:
            if at is not None:
                waits = await schedule_reply(visit.ctx, send_at=at, **asked_for, **common)
                return 201, {"scheduled": str(waits)}
            request = reply.ReplyRequest(attachments=files, **asked_for)
            queued = await reply.queue_request(visit.ctx, request=request, resolve=bool(then), **common)
            return 201, {"interaction": str(queued.interaction_id), "resolved": queued.resolved}

        asked = "\0".join((text, then, str(form.get("send_at", "")), *said, *tokens))
        answer = await _once(visit, form, b"reply", code, asked, files, do)
    except Conflict as conflict:
        return await _show_what_is_new(visit, code, _number(form, "expected_seq") or 0, conflict)
    except NotPossible as failure:
        return _refuse(visit, failure)
    interaction_id = int(answer["interaction"]) if "interaction" in answer else None
    return await _show_sent(
        visit, code, "reply", interaction_id, then=then, resolved=answer.get("resolved", 0)
    )


async def post_note(visit: Visit) -> web.StreamResponse:
    """Add words for colleagues."""
    code = ticket_code(visit.request.match_info["code"])
    form = await visit.form()
    text = _text(form)
    try:
        _check_text(text, with_files=False)

        async def do() -> tuple[int, dict[str, Any]]:
            added = await add_note(
                visit.ctx,
                ticket_code=code,
                actor=visit.actor,
                text=text,
                written=read_write(form, content_of(form, DraftMode.NOTE)),
            )
            return 201, {"interaction": str(added)}

        await _once(visit, form, b"note", code, text, (), do)
    except NotPossible as failure:
        return _refuse(visit, failure)
    unaware = await visit.ctx.database.read(lambda c: named_in_vain(c, code, text))
    said = N_("Cannot see this ticket, so is not told: %(names)s")
    tail = visit.toast(visit.voice.say(said, names=", ".join(unaware))) if unaware else ""
    return await _show_sent(visit, code, "note", tail=tail)


async def post_undo(visit: Visit) -> web.StreamResponse:
    """Take a reply back that has not begun to leave: it is in the composer again, as it was. `resolved` in the address: the
    ticket was resolved with it, under this number of the ledger; `back`: the page has gone on, and comes back to it."""
    code = ticket_code(visit.request.match_info["code"])
    work = await read_work(visit, code, ENTRIES)
    given = visit.request.match_info["id"]
    entry = next((one for one in work.thread.entries if str(one.id) == given), None)
    if entry is None:
        raise NotFound("There is no such reply on this ticket.")
    resolved = _number(visit.query, "resolved") or 0
    await recall.cancel_reply(
        visit.ctx, interaction_id=entry.id, actor=visit.actor, into_draft=True, resolved=resolved
    )
    if "back" in visit.query:
        return go(visit, f"/desk/tickets/{show_code(TICKET, code)}")
    work = await read_work(visit, code, ENTRIES)
    return visit.page("_sent.html", **await composer_context(visit, work, given=True))


async def _once(
    visit: Visit,
    form: Any,
    mode: bytes,
    code: int,
    text: str,
    files: tuple[OutboundAttachment, ...],
    do: Callable[[], Awaitable[tuple[int, dict[str, Any]]]],
) -> dict[str, Any]:
    """Do it, and return what it came to, unless this very text was taken from this very form already: an answer that was lost
    on its way back must not make the second try a second reply."""
    body = hashlib.sha256(b"\0".join((mode, str(code).encode(), text.encode(), *(one.data for one in files))))
    key = f"{key_of(form)}-{body.hexdigest()}"
    done = await once(visit.ctx, principal=f"agent:{visit.agent.id}", key=key, body=body.digest(), do=do)
    return done[1]


def key_of(form: Any) -> str:
    """What this form, and no other, is known by; where it does not say, this press of it: what the hub was not told the end of
    it does again by itself."""
    given = str(form.get("key", ""))[:100]
    return given if given and given.isascii() and given.isprintable() else uuid4().hex


async def _show_sent(
    visit: Visit,
    code: int,
    mode: str,
    interaction_id: int | None = None,
    *,
    then: str = "",
    resolved: int = 0,
    tail: str = "",
) -> web.StreamResponse:
    work = await read_work(visit, code, ENTRIES)
    entry = next((one for one in work.thread.entries if one.id == interaction_id), None)
    now = datetime.now(UTC)  # later than the visit began: the seconds ran while the reply was written
    left = (entry.undo_until - now).total_seconds() if entry is not None and entry.undo_until else 0.0
    undo = None
    if entry is not None and left > 0 and then:
        # The page goes on to the next ticket, and this composer with it: what was done stays in reach beside the page.
        number = show_code(TICKET, code)
        back = f"/desk/tickets/{number}/deliveries/{entry.id}/undo?resolved={resolved}&back=1"
        tail += visit.toast(visit.voice.say(N_("%(number)s: sent and resolved."), number=number), back)
    elif entry is not None and left > 0:
        undo = Undo(interaction_id=entry.id, seconds=left)
    return visit.page(
        "_sent.html", tail=tail, **await composer_context(visit, work, sent=mode, undo=undo, then=then)
    )


async def _show_what_is_new(visit: Visit, code: int, seen: int, conflict: Conflict) -> web.StreamResponse:
    work = await read_work(visit, code, ENTRIES)
    response = visit.page(
        "_conflict.html",
        new=_since(work.thread, seen, visit.agent.id),
        current_seq=conflict.current_seq,
        **work_context(visit, work),
    )
    return _above_the_text(response)


def _since(thread: Thread, seen: int, agent_id: int) -> list[views.TimelineRow]:
    return [row for row in thread.entries if row.seq > seen and row.agent_id != agent_id]


def _refuse(visit: Visit, failure: NotPossible) -> web.StreamResponse:
    response = visit.page("_refused.html", text=say_failure(visit.voice, failure))
    response.headers[REFUSED] = failure.code
    return _above_the_text(response)


def _above_the_text(response: web.Response) -> web.Response:
    """Nothing was done: say so in the composer, and leave what was written alone."""
    response.set_status(409)
    response.headers["HX-Retarget"] = "#composer-problem"
    response.headers["HX-Reswap"] = "innerHTML"
    return response


def _text(form: Any) -> str:
    # Browsers send CRLF.
    return str(form.get("text", "")).replace("\r\n", "\n").strip()


def _check_text(text: str, with_files: bool) -> None:
    if not (text or with_files):
        raise NotPossible("There is no text.", code="empty")
    if len(text) > MOST_TEXT:
        raise NotPossible("The text is too long.", code="too_long")


def _files(form: Any) -> tuple[OutboundAttachment, ...]:
    """What a browser without scripts sends along with the form itself."""
    given = [one for one in form.getall("files", ()) if isinstance(one, FileField) and one.filename]
    files = tuple(
        OutboundAttachment(
            filename=plain_name(one.filename), content_type=one.content_type, data=one.file.read()
        )
        for one in given
    )
    if sum(len(one.data) for one in files) > MOST_FILES_BYTES:
        raise NotPossible("The files are too large.", code="too_much")
    return files


def _send_at(visit: Visit, form: Any) -> datetime | None:
    """When it is to leave; None: now. The button of a moment says so, or the field beside the last of them."""
    given = str(form.get("send_at", ""))
    if not given:
        return None
    return read_moment(str(form.get("own_time", "")) if given == "own" else given, visit.voice.zone)


def _number(form: Any, name: str) -> int | None:
    given = str(form.get(name, ""))
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else None
