"""Tags as administrators keep them. Over sql/tags.sql."""

from dataclasses import dataclass
from datetime import datetime

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("tags")


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRow:
    """`tickets` have it, of which `open` are open or pending."""

    name: str
    colour: str
    description: str
    retired: bool
    renamed_to: str
    made_at: datetime
    tickets: int
    open: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TagLook:
    name: str
    colour: str
    description: str


async def list_tags(connection: Connection) -> list[TagRow]:
    """All that ever were, retired ones last, by name."""
    return [TagRow(**row) for row in await connection.fetch(SQL["list_tags"])]


async def tag_looks(connection: Connection) -> list[TagLook]:
    """Of those that have a colour or a description."""
    return [TagLook(**row) for row in await connection.fetch(SQL["tag_looks"])]


async def set_tag(connection: Connection, name: str, colour: str, description: str, retired: bool) -> bool:
    """False for one that there is not."""
    return await connection.fetchval(SQL["set_tag"], name, colour, description, retired) is not None


async def know_renamed(connection: Connection, old: str, new: str) -> None:
    await connection.execute(SQL["know_renamed"], old, new)


async def begin_renaming(connection: Connection, old: str, new: str) -> bool:
    """False for one that there is not."""
    return await connection.fetchval(SQL["begin_renaming"], old, new) is not None


async def being_renamed(connection: Connection) -> list[tuple[str, str]]:
    """(old, new) of those that tickets may have still."""
    return [(row["name"], row["renamed_to"]) for row in await connection.fetch(SQL["being_renamed"])]


async def tickets_with(connection: Connection, tag: str, limit: int) -> list[int]:
    """The codes of some tickets that have it."""
    return [row["code"] for row in await connection.fetch(SQL["tickets_with"], tag, limit)]


async def forget_tag(connection: Connection, name: str) -> None:
    """Unless a ticket has it still."""
    await connection.execute(SQL["forget_tag"], name)
