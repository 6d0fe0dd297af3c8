"""Surveys as they are kept. Thin typed functions over sql/survey_book.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("survey_book")


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyRow:
    """`definition` as hub.actions.surveys.definition has it; `changed_by`: who wrote this version."""

    id: int
    place: int
    active: bool
    version: int
    definition: Any
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NameRow:
    id: int
    name: str
    retired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    number: int
    definition: Any
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedSurvey:
    version: int
    active: bool
    place: int


async def list_surveys(connection: Connection) -> Sequence[SurveyRow]:
    """In the order in which they are asked whether they fit."""
    return [SurveyRow(**row) for row in await connection.fetch(SQL["surveys"])]


async def names(connection: Connection) -> Sequence[NameRow]:
    """With those that were put away: there may be answers to them."""
    return [NameRow(**row) for row in await connection.fetch(SQL["names"])]


async def survey(connection: Connection, survey_id: int) -> SurveyRow | None:
    row = await connection.fetchrow(SQL["survey"], survey_id)
    return SurveyRow(**row) if row else None


async def versions(connection: Connection, survey_id: int) -> Sequence[VersionRow]:
    return [VersionRow(**row) for row in await connection.fetch(SQL["versions"], survey_id)]


async def lock_order(connection: Connection) -> None:
    await connection.execute(SQL["lock_order"])


async def lock(connection: Connection, survey_id: int) -> LockedSurvey | None:
    row = await connection.fetchrow(SQL["lock"], survey_id)
    return LockedSurvey(**row) if row else None


async def add(connection: Connection, definition: Any, agent_id: int | None) -> int:
    """The new survey's id; it is off, and the last."""
    made: int = await connection.fetchval(SQL["add"])
    await connection.execute(SQL["add_version"], made, 1, definition, agent_id)
    return made


async def change(
    connection: Connection, survey_id: int, number: int, definition: Any, agent_id: int | None
) -> None:
    """Version `number` is the newest from now on."""
    await connection.execute(SQL["add_version"], survey_id, number, definition, agent_id)
    await connection.execute(SQL["set_version"], survey_id, number)


async def set_active(connection: Connection, survey_id: int, active: bool) -> None:
    await connection.execute(SQL["set_active"], survey_id, active)


async def retire(connection: Connection, survey_id: int) -> None:
    await connection.execute(SQL["retire"], survey_id)


async def swap(connection: Connection, first: tuple[int, int], second: tuple[int, int]) -> None:
    """(id, place) of each; afterwards each has the other's place."""
    await connection.execute(SQL["swap"], first[0], second[0], first[1], second[1])
