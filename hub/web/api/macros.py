"""Macros and followers for programs: which there are, one run on a ticket."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from hub.actions.failures import NotFound
from hub.actions.macros.keep import (
    MOST_NAME,
    MacroDraft,
    add_macro,
    change_macro,
    find_macro,
    list_macros,
    retire_macro,
)
from hub.actions.macros.run import run_macro
from hub.model.codes import TICKET, NotACode, read_code
from hub.web.api.operations import Answer, Call
from hub.web.api.people import path_id
from hub.web.api.requests import RequestBody, TemplateVersionQuery
from storage.macros import MacroRow


class MacroAnswer(BaseModel):
    """`acts`: what it writes (reply, note: Liquid, docs/words.md) and what it changes; names that are missing are
    left as they are. `queue` is "" for everybody."""

    id: int
    name: str
    acts: dict[str, Any]
    queue: str
    used: int
    version: int
    updated_at: datetime

    @classmethod
    def of(cls, row: MacroRow) -> "MacroAnswer":
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class MacroList(BaseModel):
    items: list[MacroAnswer]


class MacroRun(RequestBody):
    """`expected_seq`: where the ticket stood when you looked at it; refused (409) when somebody has spoken since."""

    expected_seq: Annotated[int | None, Field(ge=0, le=2**31 - 1)] = None


class MacroRan(BaseModel):
    """`did`: acts in the order in which they were done, without what was so already. `failed`: act → the code of why not."""

    run_id: int
    did: list[str]
    failed: dict[str, str]


class NewMacro(RequestBody):
    """`acts`: what it does, as in the list. `queue`: for those who work on it; "" for everybody."""

    name: Annotated[str, Field(min_length=1, max_length=MOST_NAME)]
    acts: dict[str, Any]
    queue: Annotated[str, Field(max_length=80)] = ""


class MacroChange(NewMacro):
    """`version`: the one that you looked at; refused (409) when somebody has changed it since."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]


async def post_macro(call: Call) -> Answer:
    """Write a new one, for everybody or for a queue."""
    made = await add_macro(call.ctx, draft=_draft(call.body), actor=call.actor)
    return Answer(status=201, document=await _macro(call, made))


async def put_macro(call: Call) -> Answer:
    """Change one, unless somebody else has done so meanwhile."""
    body: MacroChange = call.body
    macro_id = path_id(call, "macro")
    await change_macro(
        call.ctx, macro_id=macro_id, version=body.version, draft=_draft(body), actor=call.actor
    )
    return Answer(document=await _macro(call, macro_id))


async def delete_macro(call: Call) -> Answer:
    """Offer it no more."""
    query: TemplateVersionQuery = call.query
    await retire_macro(call.ctx, macro_id=path_id(call, "macro"), version=query.version, actor=call.actor)
    return Answer(status=204)


def _draft(body: NewMacro) -> MacroDraft:
    return MacroDraft(name=body.name, acts=body.acts, queue=body.queue)


async def _macro(call: Call, macro_id: int) -> MacroAnswer:
    return MacroAnswer.of(await find_macro(call.ctx, macro_id=macro_id, agent_id=None))


async def get_macros(call: Call) -> Answer:
    """Everybody's and queues'."""
    rows = await list_macros(call.ctx)
    return Answer(document=MacroList(items=[MacroAnswer.of(row) for row in rows]))


async def post_run(call: Call) -> Answer:
    """Do it now. Where the reply cannot be sent nothing is done."""
    body: MacroRun = call.body
    try:
        code = read_code(TICKET, call.params["number"])
    except NotACode as error:
        raise NotFound(str(error), code="not_a_ticket_number") from error
    ran = await run_macro(
        call.ctx,
        macro_id=path_id(call, "macro"),
        ticket_code=code,
        actor=call.actor,
        expected_seq=body.expected_seq,
    )
    return Answer(document=MacroRan(run_id=ran.run_id, did=list(ran.did), failed=dict(ran.failed)))
