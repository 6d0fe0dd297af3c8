"""Words kept ready. Thin typed functions over sql/templates.sql; nothing is filled in here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("templates")


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRow:
    """An answer kept ready. `language` is en, zh_CN or "" for any; `version` grows with every change."""

    id: int
    name: str
    language: str
    body: str
    version: int
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFacts:
    """What placeholders stand for on one ticket. `last_inbox`: the channel by which the customer last spoke, if they did."""

    code: int
    subject: str
    language: str
    customer_name: str
    channel: str
    reply_address: str
    last_inbox: str | None
    now: datetime


async def list_templates(connection: Connection, language: str) -> Sequence[TemplateRow]:
    """By name; of one language and of none, or all for ""."""
    return [TemplateRow(**row) for row in await connection.fetch(SQL["list_templates"], language)]


async def template(connection: Connection, template_id: int) -> TemplateRow | None:
    row = await connection.fetchrow(SQL["template"], template_id)
    return TemplateRow(**row) if row else None


async def add_template(
    connection: Connection, name: str, language: str, body: str, agent_id: int | None
) -> int | None:
    """Its id; None where the name is taken in this language."""
    made: int | None = await connection.fetchval(SQL["add_template"], name, language, body, agent_id)
    return made


async def lock_template(connection: Connection, template_id: int) -> int | None:
    """Its version; None where there is no such template."""
    version: int | None = await connection.fetchval(SQL["lock_template"], template_id)
    return version


async def name_taken(connection: Connection, template_id: int, name: str, language: str) -> bool:
    """Whether another one has this name in this language."""
    taken: bool = await connection.fetchval(SQL["name_taken"], template_id, name, language)
    return taken


async def change_template(
    connection: Connection, template_id: int, name: str, language: str, body: str
) -> int:
    """The new version. The template is locked."""
    version: int = await connection.fetchval(SQL["change_template"], template_id, name, language, body)
    return version


async def retire_template(connection: Connection, template_id: int) -> None:
    """It is offered no more."""
    await connection.execute(SQL["retire_template"], template_id)


async def facts_of_ticket(connection: Connection, code: int) -> TicketFacts | None:
    row = await connection.fetchrow(SQL["facts_of_ticket"], code)
    return TicketFacts(**row) if row else None


async def signature(connection: Connection, agent_id: int) -> str | None:
    """ "" for none; None where there is no such agent."""
    found: str | None = await connection.fetchval(SQL["signature"], agent_id)
    return found


async def set_signature(connection: Connection, agent_id: int, text: str) -> bool:
    """Whether there is such an agent."""
    return await connection.fetchval(SQL["set_signature"], agent_id, text) is not None
