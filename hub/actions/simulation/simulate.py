"""Questions about other rules, staff and days, answered one at a time in a process of their own, so that no hub is slower for
it.

A question waits in the database until a hub has time for it; what a hub does not end, another one begins anew. How far it is,
and whether it is still wanted, is written and read once a second."""

import asyncio
import contextlib
import pickle
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import orjson
import structlog

from hub.actions.announce import SIMULATIONS, announce
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.rules.rulebook import as_document
from hub.actions.simulation.history import USUAL, called, read_past
from hub.model.people import Actor
from routing.simulate.past import Past
from routing.simulate.question import Question, read_question
from routing.simulate.trouble import CannotSimulate
from storage import history, rulebook
from storage.database import Connection, DatabaseUnavailable
from storage.history import ClaimedSimulation, SimulationEntry, SimulationRow

log = structlog.get_logger(__name__)

MOST_WAITING = 20
MOST_LISTED = 50
SILENT_SECONDS = 60.0
MOST_ATTEMPTS = 2
"""A question that has ended its process, or its hub, so often is not begun again."""
TELL_SECONDS = 1.0
WALL_SECONDS = 3600.0
_MOST_LINE = 32 * 2**20
_ENDED = {"trouble": {"code": "stopped", "params": {}}}


class NotOurs(Exception):
    """It was cancelled, or another hub has it."""


class HubStops(Exception):
    """This hub has no time for it any more."""


class WrongQuestion(NotPossible):
    """`trouble` says what is wrong with it, for screens in their own words."""

    def __init__(self, trouble: CannotSimulate) -> None:
        super().__init__(str(trouble), code=f"simulation_{trouble.code}")
        self.trouble = trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """An agent as the changes of staff name them, and what they can do now."""

    name: str
    skills: Mapping[str, int]


async def ask_simulation(ctx: Context, document: Mapping[str, Any], actor: Actor) -> int:
    """Have a question answered (routing.simulate.question.Question); returns its number. Raises WrongQuestion,
    NotPossible (`too_many_simulations`)."""
    try:
        question = read_question(document)
        if question.workload == "history":
            await _check_names(ctx, question)
    except CannotSimulate as error:
        raise WrongQuestion(error) from error

    async def work(connection: Connection) -> int:
        if await history.waiting(connection) >= MOST_WAITING:
            raise NotPossible(
                f"{MOST_WAITING} simulations wait already; cancel some, or wait.", code="too_many_simulations"
            )
        made = await history.ask(
            connection,
            asked_by=actor.agent_id,
            author=actor.name,
            question=question.model_dump(mode="json", exclude_defaults=True),
            rules_version=ctx.rulebook.version,
        )
        await announce(connection, SIMULATIONS)
        return made

    return await ctx.database.run(work)


async def cancel_simulation(ctx: Context, simulation_id: int) -> None:
    """End it, or never begin it. One that has ended stays as it is. Raises NotFound."""
    await see_simulation(ctx, simulation_id)
    await ctx.database.run(lambda c: history.cancel(c, simulation_id))


async def see_simulation(ctx: Context, simulation_id: int) -> SimulationRow:
    """Raises NotFound."""
    row = await ctx.database.read(lambda c: history.simulation(c, simulation_id))
    if row is None:
        raise NotFound(f"There is no simulation {simulation_id}.")
    return row


async def list_simulations(ctx: Context) -> list[SimulationEntry]:
    """The newest first."""
    return await ctx.database.read(lambda c: history.simulations(c, MOST_LISTED))


async def colleagues(ctx: Context) -> list[Colleague]:
    """Everybody whom changes of staff can name, in the hub's own history."""
    staff = await ctx.database.read(history.staff_of_now)
    return [Colleague(name=name, skills=row.skills) for row, name in zip(staff, called(staff), strict=True)]


async def answer_next(ctx: Context, halt: asyncio.Event) -> int:
    """Answer the question that waits longest; returns 1, or 0 where none waits. Once `halt` is set, or when it is cancelled,
    the question is left to another hub."""
    token = uuid4()
    claimed = await ctx.database.run(lambda c: history.claim(c, token, SILENT_SECONDS))
    if claimed is None:
        return 0
    number = claimed.id
    if claimed.attempts > MOST_ATTEMPTS:
        await _fail(ctx, number, token, CannotSimulate("stopped"))
        return 1
    try:
        result = await _answer(ctx, claimed, token, halt)
    except asyncio.CancelledError:
        with contextlib.suppress(DatabaseUnavailable):  # then another hub notices that nobody is heard of
            await ctx.database.run(lambda c: history.give_back(c, number, token))
        raise
    except HubStops:
        await ctx.database.run(lambda c: history.give_back(c, number, token))
    except CannotSimulate as error:
        await _fail(ctx, number, token, error)
    except NotOurs:
        log.info("simulation.dropped", simulation=number)
    else:
        await ctx.database.run(lambda c: history.finish(c, number, token, result))
    return 1


async def _answer(
    ctx: Context, claimed: ClaimedSimulation, token: UUID, halt: asyncio.Event
) -> dict[str, Any]:
    question = read_question(claimed.question)
    past = await read_past(ctx, question.days) if question.workload == "history" else None
    told = time.monotonic()

    async def hear(progress: float) -> None:
        nonlocal told
        if halt.is_set():
            raise HubStops
        if time.monotonic() - told >= TELL_SECONDS:
            told = time.monotonic()
            if not await ctx.database.run(lambda c: history.hear(c, claimed.id, token, progress)):
                raise NotOurs

    # What is on record came about by the rules that were in use when it was asked, whatever somebody published since.
    stored = await ctx.database.read(lambda c: rulebook.document(c, claimed.rules_version))
    in_use = as_document(ctx.rules) if stored is None else stored
    async with _process(claimed.question, in_use, past) as process:
        assert process.stdout is not None
        progress = 0.0
        try:
            async with asyncio.timeout(WALL_SECONDS):
                while True:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(TELL_SECONDS):
                            line = await process.stdout.readline()
                            said: dict[str, Any] = orjson.loads(line) if line else _ENDED
                            if "result" in said:
                                result: dict[str, Any] = said["result"]
                                return result
                            if "trouble" in said:
                                raise CannotSimulate(said["trouble"]["code"], **said["trouble"]["params"])
                            progress = said["progress"]
                    await hear(progress)
        except TimeoutError as error:
            raise CannotSimulate("stopped") from error


@asynccontextmanager
async def _process(
    question: Mapping[str, Any], in_use: Mapping[str, Any], past: Past | None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The simulating process with its job; it is gone afterwards."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hub.actions.simulation.simulate_process",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_MOST_LINE,
        process_group=0,  # Ctrl-C at the terminal is for the hub; niceness counts within a session only
    )  # fmt: skip
    try:
        assert process.stdin is not None
        process.stdin.write(await asyncio.to_thread(pickle.dumps, (question, in_use, past, USUAL), 5))
        with contextlib.suppress(ConnectionError):  # it ended already; its output says so
            await process.stdin.drain()
        process.stdin.close()
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _fail(ctx: Context, number: int, token: UUID, error: CannotSimulate) -> None:
    trouble = {"code": error.code, "params": dict(error.params)}
    log.warning("simulation.failed", simulation=number, error=str(error))
    await ctx.database.run(lambda c: history.fail(c, number, token, trouble))


async def _check_names(ctx: Context, question: Question) -> None:
    """Whoever asks is told of a wrong name at once, and not by an answer."""
    known = {one.name for one in await colleagues(ctx)}
    staff = question.staff
    for name in (
        *(one.name for one in staff.agent),
        *(one.like for one in staff.add),
        *(one.name for one in staff.sick),
    ):
        if name not in known:
            raise CannotSimulate("unknown_agent", name=name)
