"""Canned replies: listed, written, changed, put away, filled in for a ticket."""

from hub.actions.answers import templates
from hub.actions.failures import NotFound, NotPossible
from hub.model.codes import TICKET, NotACode, read_code
from hub.web.api.answers import RenderedTemplate, TemplateAnswer, TemplateChanged, TemplateList
from hub.web.api.operations import Answer, Call
from hub.web.api.people import path_id
from hub.web.api.problems import Problem, wrong_field
from hub.web.api.requests import (
    NewTemplate,
    RenderQuery,
    TemplateChange,
    TemplatesQuery,
    TemplateVersionQuery,
)
from storage import views


async def list_templates(call: Call) -> Answer:
    """All of them, or those for one language."""
    query: TemplatesQuery = call.query
    rows = await templates.list_templates(call.ctx, query.language)
    return Answer(document=TemplateList(items=[TemplateAnswer.of(row) for row in rows]))


async def post_template(call: Call) -> Answer:
    """Write a new one."""
    body: NewTemplate = call.body
    try:
        made = await templates.add_template(call.ctx, draft=_draft(body), actor=call.actor)
    except NotPossible as failure:
        raise _as_field(failure) from failure
    return Answer(status=201, document=TemplateChanged(id=made, version=1))


async def put_template(call: Call) -> Answer:
    """Change one, unless somebody else has done so meanwhile."""
    body: TemplateChange = call.body
    template_id = path_id(call, "template")
    try:
        version = await templates.change_template(
            call.ctx,
            template_id=template_id,
            version=body.version,
            draft=_draft(body),
            actor=call.actor,
        )
    except NotPossible as failure:
        raise _as_field(failure) from failure
    return Answer(document=TemplateChanged(id=template_id, version=version))


async def delete_template(call: Call) -> Answer:
    """Offer it no more."""
    query: TemplateVersionQuery = call.query
    await templates.retire_template(
        call.ctx, template_id=path_id(call, "template"), version=query.version, actor=call.actor
    )
    return Answer(status=204)


async def render_template(call: Call) -> Answer:
    """The text for one ticket."""
    query: RenderQuery = call.query
    template_id = path_id(call, "template")
    try:
        code = read_code(TICKET, query.ticket)
    except NotACode as error:
        raise wrong_field("ticket", str(error)) from error
    text = await templates.render_template(
        call.ctx, template_id=template_id, ticket_code=code, agent_name=await _name(call, query.agent_id)
    )
    return Answer(document=RenderedTemplate(text=text))


async def _name(call: Call, agent_id: int | None) -> str:
    if agent_id is None:
        return ""
    for row in await call.ctx.database.read(views.list_agents):
        if row.id == agent_id:
            return row.name
    raise NotFound(f"There is no agent {agent_id}.")


def _draft(body: NewTemplate) -> templates.Draft:
    return templates.Draft(
        name=body.name,
        language=body.language,
        body=body.body,
        shortcut=body.shortcut,
        folder=body.folder,
        queue=body.queue,
    )


_FIELDS = {"bad_template": "body", "bad_liquid": "body", "bad_shortcut": "shortcut", "unknown_queue": "queue"}


def _as_field(failure: NotPossible) -> NotPossible | Problem:
    field = _FIELDS.get(failure.code)
    return wrong_field(field, str(failure)) if field else failure
