"""Canned replies out of the desk as a file, and into it."""

from collections.abc import Mapping

from aiohttp import web
from aiohttp.web_request import FileField

from hub.actions.answers.carry_templates import BadFile, read_file, take_in, write_csv, write_json
from hub.actions.answers.templates import Draft, list_templates
from hub.actions.failures import NotPossible
from hub.model.permissions import Permission
from hub.web.desk.say.language import N_, Voice
from hub.web.desk.say.words import FAILURES
from hub.web.desk.system import download
from hub.web.desk.visit import Visit
from hub.web.desk.words.templates import Form, show_page

_FILE_TROUBLES: Mapping[str, str] = {
    "unreadable": N_("This is neither CSV nor JSON that can be read."),
    "no_columns": N_("The first line must name the columns, name and body among them."),
    "too_much": N_("The file is too large: 2,000 replies and 5 MB at the most."),
    "empty": N_("There is nothing in the file."),
}


async def get_file(visit: Visit) -> web.StreamResponse:
    """All that one sees, as CSV or JSON."""
    rows = await list_templates(visit.ctx, agent_id=visit.agent.id)
    if visit.query.get("as") == "json":
        return download(write_json(rows), "canned-replies.json")
    return download(write_csv(rows), "canned-replies.csv")


async def post_file(visit: Visit) -> web.StreamResponse:
    """Take a file in, all of it or nothing."""
    given = (await visit.form()).get("file")
    blank = Form(draft=Draft(name="", body=""))
    try:
        if not isinstance(given, FileField):
            raise BadFile(0, "empty")
        drafts = read_file(given.file.read())
        if not visit.may(Permission.MANAGE_TEMPLATES) and not all(one.private for one in drafts):
            raise NotPossible("Only your own replies.", code="not_allowed")
        taken = await take_in(visit.ctx, drafts, actor=visit.actor)
    except BadFile as failure:
        return await show_page(visit, blank, troubles=[_say(visit.voice, failure)], status=409)
    told = visit.voice.say(
        N_("%(added)s new, %(changed)s changed, %(same)s as they were."),
        added=visit.voice.number(taken.added),
        changed=visit.voice.number(taken.changed),
        same=visit.voice.number(taken.same),
    )
    return await show_page(visit, blank, told=told)


def _say(voice: Voice, failure: BadFile) -> str:
    if not failure.row:
        return voice.say(_FILE_TROUBLES[failure.why])
    said = voice.say(FAILURES.get(failure.why) or _FILE_TROUBLES.get(failure.why, ""))
    return voice.say(
        N_("Row %(row)s: %(why)s Nothing was taken in."), row=voice.number(failure.row), why=said
    )
