"""Words kept ready. Thin typed functions over sql/templates.sql; nothing is filled in here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("templates")


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRow:
    """A canned reply. `language` is en, zh_CN or "" for any; `version` grows with every change. `owner_id`: whose own it is;
    `queue`: for whom, "" for everybody. `used`: how often it was put into a reply."""

    id: int
    name: str
    language: str
    body: str
    version: int
    updated_at: datetime
    shortcut: str
    folder: str
    owner_id: int | None
    queue: str
    used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTemplate:
    """What is written of one."""

    name: str
    language: str
    body: str
    shortcut: str
    folder: str
    owner_id: int | None
    queue_id: int | None


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


async def list_templates(
    connection: Connection, language: str, agent_id: int | None
) -> Sequence[TemplateRow]:
    """By folder and name, with this agent's own; of one language and of none, or all for ""."""
    return [TemplateRow(**row) for row in await connection.fetch(SQL["list_templates"], language, agent_id)]


async def offered_on(connection: Connection, ticket_code: int, agent_id: int | None) -> Sequence[TemplateRow]:
    """What this agent is offered on this ticket, in every language, most used first."""
    return [TemplateRow(**row) for row in await connection.fetch(SQL["offered_on"], ticket_code, agent_id)]


async def template(connection: Connection, template_id: int, agent_id: int | None) -> TemplateRow | None:
    """None also for one that is another agent's own."""
    row = await connection.fetchrow(SQL["template"], template_id, agent_id)
    return TemplateRow(**row) if row else None


async def queue_id(connection: Connection, name: str) -> int | None:
    """Of a queue that is in use."""
    found: int | None = await connection.fetchval(SQL["queue_id"], name)
    return found


async def add_template(connection: Connection, new: NewTemplate, agent_id: int | None) -> int | None:
    """Its id; None where the name is taken in this language."""
    made: int | None = await connection.fetchval(
        SQL["add_template"], new.name, new.language, new.body, new.shortcut, new.folder, new.owner_id, new.queue_id, agent_id
    )  # fmt: skip
    return made


async def lock_template(connection: Connection, template_id: int) -> tuple[int, int | None] | None:
    """(version, whose own it is); None where there is no such template."""
    row = await connection.fetchrow(SQL["lock_template"], template_id)
    return (row["version"], row["owner_id"]) if row else None


async def find_template(connection: Connection, new: NewTemplate) -> TemplateRow | None:
    """The one of this name, language and owner, locked."""
    row = await connection.fetchrow(SQL["find_template"], new.name, new.language, new.owner_id)
    return TemplateRow(**row) if row else None


async def name_taken(connection: Connection, template_id: int, new: NewTemplate) -> bool:
    """Whether another one for the same people has this name in this language."""
    taken: bool = await connection.fetchval(
        SQL["name_taken"], template_id, new.name, new.language, new.owner_id
    )
    return taken


async def change_template(connection: Connection, template_id: int, new: NewTemplate) -> int:
    """The new version. The template is locked."""
    version: int = await connection.fetchval(
        SQL["change_template"], template_id, new.name, new.language, new.body, new.shortcut, new.folder, new.owner_id,
        new.queue_id,
    )  # fmt: skip
    return version


async def retire_template(connection: Connection, template_id: int) -> None:
    """It is offered no more."""
    await connection.execute(SQL["retire_template"], template_id)


async def count_use(connection: Connection, template_id: int) -> None:
    """It was put into a reply once more."""
    await connection.execute(SQL["count_use"], template_id)


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
