"""Macros and followers for programs: which there are, one run on a ticket."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from hub.actions.failures import NotFound
from hub.actions.macros.keep import list_macros
from hub.actions.macros.run import run_macro
from hub.model.codes import TICKET, NotACode, read_code
from hub.web.api.operations import Answer, Call
from hub.web.api.people import path_id
from hub.web.api.requests import RequestBody
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
