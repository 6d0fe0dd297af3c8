"""Surveys are written, changed, put in order, switched on and off, and put away. Who was asked before is asked on in the
words of then: each change is a version of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.people.audit import record
from hub.actions.surveys.definition import Definition
from hub.model.audit import AuditKind
from hub.model.people import Actor
from storage import survey_book as stored
from storage.database import Connection
from storage.survey_book import LockedSurvey, SurveyRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """One as it is kept. `changed_by` wrote this version."""

    id: int
    active: bool
    version: int
    definition: Definition
    changed_at: datetime
    changed_by: str


async def list_surveys(ctx: Context) -> Sequence[Survey]:
    """In the order in which they are asked whether they fit a ticket."""
    return [_survey(row) for row in await ctx.database.read(stored.list_surveys)]


async def find_survey(ctx: Context, survey_id: int) -> Survey:
    """Raises NotFound."""
    row = await ctx.database.read(lambda c: stored.survey(c, survey_id))
    if row is None:
        raise NotFound(f"There is no survey {survey_id}.")
    return _survey(row)


def read_definition(ctx: Context, said: Mapping[str, Any]) -> Definition:
    """What somebody wrote, checked. Raises NotPossible: bad_survey, or more exactly what is wrong (_CODES); unknown_queue,
    unknown_channel."""
    try:
        made = Definition.model_validate(said)
    except ValidationError as error:
        raise NotPossible(f"This survey cannot be: {_first(error)}.", code=_code(error)) from error
    for queue in (*made.queues, *((made.follow_up_queue,) if made.follow_up else ())):
        if ctx.rules.queue_named(queue) is None:
            raise NotPossible(f"There is no queue {queue[:100]}.", code="unknown_queue")
    for channel in made.channels:
        if channel not in ctx.channels:
            raise NotPossible(f"There is no channel {channel[:100]}.", code="unknown_channel")
    return made


async def add_survey(ctx: Context, *, said: Mapping[str, Any], actor: Actor) -> int:
    """The new survey's id; it is off. Raises NotPossible as `read_definition`."""
    made = read_definition(ctx, said)

    async def work(connection: Connection) -> int:
        await stored.lock_order(connection)
        number = await stored.add(connection, _document(made), actor.agent_id)
        await _record(connection, made.name, actor, added=True)
        return number

    return await ctx.database.run(work)


async def change_survey(
    ctx: Context, *, survey_id: int, version: int, said: Mapping[str, Any], actor: Actor
) -> int:
    """Its new version. Raises NotFound, NotPossible: as `read_definition`, survey_changed (by somebody else meanwhile)."""
    made = read_definition(ctx, said)

    async def work(connection: Connection) -> int:
        locked = await _lock(connection, survey_id)
        if locked.version != version:
            raise NotPossible("Somebody else has changed this survey meanwhile.", code="survey_changed")
        row = await stored.survey(connection, survey_id)
        was, now = row.definition if row is not None else {}, _document(made)
        if was == now:
            return version
        await stored.change(connection, survey_id, version + 1, now, actor.agent_id)
        await record(
            connection, AuditKind.SURVEY_CHANGED, actor=actor, subject=made.name, before=was, after=now
        )
        return version + 1

    return await ctx.database.run(work)


async def switch_survey(ctx: Context, *, survey_id: int, active: bool, actor: Actor) -> None:
    """On or off. Whoever was asked already can still answer. Raises NotFound."""

    async def work(connection: Connection) -> None:
        if (await _lock(connection, survey_id)).active != active:
            await stored.set_active(connection, survey_id, active)
            await _record(connection, await _name(connection, survey_id), actor, enabled=active)

    await ctx.database.run(work)


async def move_survey(ctx: Context, *, survey_id: int, up: bool, actor: Actor) -> None:
    """One place up or down in the order; at the end nothing happens. Raises NotFound."""

    async def work(connection: Connection) -> None:
        await stored.lock_order(connection)
        rows = await stored.list_surveys(connection)
        at = next((place for place, one in enumerate(rows) if one.id == survey_id), None)
        if at is None:
            raise NotFound(f"There is no survey {survey_id}.")
        other = at - 1 if up else at + 1
        if 0 <= other < len(rows):
            here, there = rows[at], rows[other]
            await stored.swap(connection, (here.id, here.place), (there.id, there.place))
            await _record(connection, here.definition["name"], actor, moved="up" if up else "down")

    await ctx.database.run(work)


async def retire_survey(ctx: Context, *, survey_id: int, actor: Actor) -> None:
    """It asks nobody any more and is listed no more; its answers stay. Raises NotFound."""

    async def work(connection: Connection) -> None:
        await _lock(connection, survey_id)
        await _record(connection, await _name(connection, survey_id), actor, retired=True)
        await stored.retire(connection, survey_id)

    await ctx.database.run(work)


async def _lock(connection: Connection, survey_id: int) -> LockedSurvey:
    found = await stored.lock(connection, survey_id)
    if found is None:
        raise NotFound(f"There is no survey {survey_id}.")
    return found


async def _name(connection: Connection, survey_id: int) -> str:
    row = await stored.survey(connection, survey_id)
    return str(row.definition["name"]) if row is not None else ""


async def _record(connection: Connection, name: str, actor: Actor, **what: object) -> None:
    await record(connection, AuditKind.SURVEY_CHANGED, actor=actor, subject=name, details=what)


def _survey(row: SurveyRow) -> Survey:
    return Survey(
        id=row.id,
        active=row.active,
        version=row.version,
        definition=Definition.model_validate(row.definition),
        changed_at=row.changed_at,
        changed_by=row.changed_by,
    )


def _document(made: Definition) -> dict[str, Any]:
    return made.model_dump(mode="json")


def _first(error: ValidationError) -> str:
    one = error.errors()[0]
    place = ".".join(str(part) for part in one["loc"])
    return f"{place}: {one['msg']}" if place else str(one["msg"])


_CODES = {
    "name": "survey_name",
    "question": "survey_question",
    "low": "survey_low",
    "further": "survey_further",
    "reasons": "survey_reasons",
    "twice": "survey_further",
    "minutes": "survey_times",
    "cool_down_days": "survey_times",
    "good_days": "survey_times",
    "follow_up_queue": "survey_follow_up",
}
"""By the field that is wrong, or what the definition as a whole says of it."""


def _code(error: ValidationError) -> str:
    one = error.errors()[0]
    about = str(one["loc"][0]) if one["loc"] else str(one.get("ctx", {}).get("error", ""))
    return _CODES.get(about, "bad_survey")
