"""Simulations: asking, and how far the answer is."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from hub.actions.simulation.simulate import WrongQuestion, ask_simulation, cancel_simulation, see_simulation
from hub.web.api.operations import Answer, Call
from hub.web.api.problems import Problem, wrong_field
from hub.web.api.requests import BIGINT
from storage.history import SimulationRow


class SimulationRequest(BaseModel):
    """What is to be tried. `load` and `scenario` hold for both sides where staff or rules are tried too; else they are the
    change. `staff` as in the file of `contact-hub route simulate --staff`, `rules`: a document as `contact-hub rules show
    --json` prints it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    workload: Literal["reference", "history"] = "history"
    days: Annotated[int, Field(ge=1, le=92, description="of the hub's own history")] = 28
    load: Annotated[float, Field(ge=0.1, le=5.0, description="times the customers")] = 1.0
    seeds: Annotated[str, Field(max_length=200, examples=["1-5"])] = "1-5"
    scenario: Annotated[
        Literal["", "misread", "sick", "storm", "import"],
        Field(description="a week of the reference workload that goes wrong"),
    ] = ""
    staff: dict[str, Any] = {}
    rules: dict[str, Any] | None = None


class SimulationAnswer(BaseModel):
    """`state`: waiting, running, done, failed or cancelled. `result` (done): `before`, `after` and `differences`, see
    docs/simulation.md. `trouble` (failed): a code and what it speaks of."""

    id: int
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    progress: Annotated[float, Field(ge=0.0, le=1.0)]
    author: str
    made_at: datetime
    ended_at: datetime | None
    rules_version: Annotated[int, Field(description="the rules that were in use when it was asked")]
    question: dict[str, Any]
    result: dict[str, Any] | None
    trouble: dict[str, Any] | None

    @classmethod
    def of(cls, row: SimulationRow) -> "SimulationAnswer":
        return cls.model_validate(row, from_attributes=True)


async def post_simulation(call: Call) -> Answer:
    """It is answered by a hub that has time; ask for it again until it is done."""
    body: SimulationRequest = call.body
    try:
        made = await ask_simulation(call.ctx, body.model_dump(mode="json"), call.actor)
    except WrongQuestion as error:
        raise wrong_field("", str(error)) from error
    return Answer(status=201, document=SimulationAnswer.of(await see_simulation(call.ctx, made)))


async def get_simulation(call: Call) -> Answer:
    """With its result once it is done."""
    return Answer(document=SimulationAnswer.of(await see_simulation(call.ctx, _number(call))))


async def post_cancel(call: Call) -> Answer:
    """End it, or never begin it; one that has ended stays as it is."""
    await cancel_simulation(call.ctx, _number(call))
    return Answer(status=204)


def _number(call: Call) -> int:
    given = call.params["id"]
    if not (given.isascii() and given.isdigit() and int(given) <= BIGINT):
        raise Problem(404, "not_found", f"There is no simulation {given}.")
    return int(given)
