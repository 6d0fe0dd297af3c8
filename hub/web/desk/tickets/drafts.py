"""What is being written: drafts as the composer saves them, versions that lost, files that lie ready."""

import json
from typing import Any

from aiohttp import web
from aiohttp.web_request import FileField

from hub.actions.answers import drafts
from hub.actions.failures import NotFound, NotPossible
from hub.actions.people.sight import may_see_id
from hub.model.articles import LANGUAGES
from hub.model.drafts import Draft, DraftContent, DraftMode, Write
from hub.model.picture_types import picture_type
from hub.web.desk.knowledge.pages import article_number
from hub.web.desk.letters.original import show_picture
from hub.web.desk.say.render import render
from hub.web.desk.say.words import say_failure
from hub.web.desk.system import download
from hub.web.desk.tickets.thread import ticket_code
from hub.web.desk.visit import Visit, show_html
from storage import drafts as stored

PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")


async def post_draft(visit: Visit) -> web.StreamResponse:
    """Keep what is written; the answer says what stands now."""
    form = await visit.form()
    mode = _mode(visit)
    outcome, draft = await drafts.save_draft(
        visit.ctx,
        ticket_code=ticket_code(visit.request.match_info["code"]),
        agent_id=visit.agent.id,
        mode=mode,
        write=read_write(form, content_of(form, mode)),
    )
    return _show({"outcome": outcome.value, "draft": draft_data(draft)})


async def get_drafts(visit: Visit) -> web.StreamResponse:
    """What stands now, in both modes."""
    code = ticket_code(visit.request.match_info["code"])
    found = {
        mode: await drafts.read_draft(visit.ctx, ticket_code=code, agent_id=visit.agent.id, mode=mode)
        for mode in DraftMode
    }
    return _show({mode.value: draft_data(draft) for mode, draft in found.items()})


async def post_forget(visit: Visit) -> web.StreamResponse:
    """A version that lost is not wanted any more: it goes from the list."""
    given = visit.request.match_info["id"]
    if not (given.isascii() and given.isdigit() and int(given) < 2**63):
        raise NotFound("not the id of a version")
    await drafts.forget_version(visit.ctx, beside_id=int(given), agent_id=visit.agent.id)
    return web.Response(text="", content_type="text/html")


async def post_file(visit: Visit) -> web.StreamResponse:
    """A file for the reply: it lies ready from now on."""
    form = await visit.form()
    given = form.get("file")
    if not isinstance(given, FileField):
        raise NotPossible("The file is empty.", code="empty_file")
    data = given.file.read()
    try:
        kept = await drafts.upload_file(
            visit.ctx,
            ticket_code=ticket_code(visit.request.match_info["code"]),
            agent_id=visit.agent.id,
            filename=plain_name(given.filename),
            content_type=_type_of(data, given.content_type),
            data=data,
        )
    except NotPossible as failure:
        return _show({"trouble": say_failure(visit.voice, failure)}, status=409)
    return visit.page("_draft_file.html", file=kept, shown=bool(picture_type(data)))


async def post_pictures(visit: Visit) -> web.StreamResponse:
    """The pictures of an article whose text was put into the reply: they lie ready too."""
    language = visit.query.get("lang", "")
    try:
        kept = await drafts.attach_pictures(
            visit.ctx,
            ticket_code=ticket_code(visit.request.match_info["code"]),
            agent_id=visit.agent.id,
            article_id=article_number(visit.request.match_info["article"]),
            language=language if language in LANGUAGES else "",
        )
    except NotPossible as failure:
        return _show({"trouble": say_failure(visit.voice, failure)}, status=409)
    items = [render("_draft_file.html", visit.voice, file=one, shown=True) for one in kept]
    return show_html("".join(items))


async def post_remove(visit: Visit) -> web.StreamResponse:
    """The file is not to go along."""
    await drafts.remove_file(visit.ctx, token=visit.request.match_info["token"], agent_id=visit.agent.id)
    return web.Response(text="", content_type="text/html")


async def get_file(visit: Visit) -> web.StreamResponse:
    """A file that lies ready, always as a download."""
    filename, data = await _file(visit)
    return download(data, filename)


async def get_picture(visit: Visit) -> web.StreamResponse:
    """A file that lies ready and is a picture by its own bytes; everything else is not found."""
    _, data = await _file(visit)
    return show_picture(data)


async def _file(visit: Visit) -> tuple[str, bytes]:
    token = visit.request.match_info["token"]
    found = await visit.ctx.database.read(lambda c: stored.file(c, token, visit.agent.id))
    if found is None:
        raise NotFound("There is no such file.")
    filename, ticket_id, data = found
    if not await visit.ctx.database.read(lambda c: may_see_id(c, visit.actor, ticket_id)):
        raise NotFound("There is no such file.")
    return filename, data


def _type_of(data: bytes, claimed: str) -> str:
    """A picture is what its bytes say; what only claims to be one is a file like any other."""
    seen = picture_type(data)
    return seen or ("application/octet-stream" if claimed in PICTURES else claimed)


def content_of(form: Any, mode: DraftMode) -> DraftContent:
    """What a form of the composer says."""
    text = str(form.get("text", "")).replace("\r\n", "\n")
    if mode is DraftMode.NOTE:
        return DraftContent(text=text)
    given = str(form.get("seq", form.get("expected_seq", "")))
    return DraftContent(
        text=text,
        cc=_field(form, "cc"),
        bcc=_field(form, "bcc"),
        inbox=_field(form, "inbox")[:100],
        way=_field(form, "way")[:400],
        expected_seq=int(given) if _is_number(given) else None,
    )


def read_write(form: Any, content: DraftContent) -> Write:
    """Which page of the desk says so, as the how many-eth of its writes. A form without scripts counts nothing."""
    numbers = [str(form.get(name, "")) for name in ("number", "base")]
    number, base = (int(one) if _is_number(one) else 0 for one in numbers)
    return Write(tab=_field(form, "tab")[:40], number=number, base=base, content=content, over="over" in form)


def draft_data(draft: Draft) -> dict[str, Any]:
    """A draft as the page's scripts have it."""
    said = draft.content
    return {
        "revision": draft.revision,
        "tab": draft.tab,
        "number": draft.number,
        "content": {
            "text": said.text,
            "cc": said.cc,
            "bcc": said.bcc,
            "inbox": said.inbox,
            "way": said.way,
            "seq": said.expected_seq,
        },
    }


def draft_json(draft: Draft) -> str:
    """The same, for an attribute."""
    return json.dumps(draft_data(draft), ensure_ascii=False)


def plain_name(filename: str) -> str:
    """The last part of what may be a path, without controls."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in last if c.isprintable())[:200].strip(" .") or "file"


def _mode(visit: Visit) -> DraftMode:
    given = visit.request.match_info["mode"]
    if given not in {one.value for one in DraftMode}:
        raise NotFound("There is no such draft.")
    return DraftMode(given)


def _field(form: Any, name: str) -> str:
    return str(form.get(name, ""))


def _is_number(given: str) -> bool:
    return given.isascii() and given.isdigit() and len(given) < 10


def _show(document: object, *, status: int = 200) -> web.Response:
    return web.json_response(document, status=status, headers={"Cache-Control": "no-store"})
