"""What is being written and was not sent yet: words, and files that lie ready. Thin typed functions over sql/drafts.sql."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.model.drafts import Draft, DraftContent, Write
from storage import privacy
from storage.columns import columns
from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("drafts")


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideRow:
    """A version that lost against what another page of the desk wrote at the same time."""

    id: int
    mode: str
    text: str
    cc: str
    bcc: str
    kept_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftFileRow:
    """A file that lies ready for a reply."""

    token: str
    filename: str
    content_type: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenFile:
    """A file that was taken from where it lay, to become a reply's."""

    id: int
    token: str
    filename: str
    content_type: str
    size: int
    sha256: bytes


async def lock_draft(connection: Connection, ticket_id: int, agent_id: int, mode: str) -> Draft:
    """The draft as it stands, locked; revision 0 where nothing was ever written."""
    await connection.execute(SQL["take"], ticket_id, agent_id, mode)
    row = await connection.fetchrow(SQL["lock"], ticket_id, agent_id, mode)
    assert row is not None
    return _draft(row)


async def write_draft(connection: Connection, ticket_id: int, agent_id: int, mode: str, draft: Draft) -> None:
    """What stands from now on; the draft is locked."""
    said = draft.content
    await connection.execute(
        SQL["write"], ticket_id, agent_id, mode, draft.revision, draft.tab, draft.number, said.text, said.cc, said.bcc,
        said.inbox, said.way, said.expected_seq,
    )  # fmt: skip


async def keep_beside(
    connection: Connection, ticket_id: int, agent_id: int, mode: str, write: Write | Draft
) -> None:
    """Keep a version that does not stand, so that it can be had again."""
    said = write.content
    await connection.execute(
        SQL["keep_beside"],
        ticket_id,
        agent_id,
        mode,
        write.writer,
        write.number,
        said.text,
        said.cc,
        said.bcc,
    )


async def drop_beside(
    connection: Connection, ticket_id: int, agent_id: int, mode: str, tab: str, number: int
) -> None:
    """What this page had beside, up to its `number`th write, is needed no more: it stands, or was sent."""
    await connection.execute(SQL["drop_beside"], ticket_id, agent_id, mode, tab, number)


async def forget_beside(connection: Connection, beside_id: int, agent_id: int) -> None:
    """The agent does not want it any more."""
    await connection.execute(SQL["forget_beside"], beside_id, agent_id)


async def drafts_of(connection: Connection, ticket_id: int, agent_id: int) -> dict[str, Draft]:
    """An agent's drafts on a ticket, by mode."""
    return {row["mode"]: _draft(row) for row in await connection.fetch(SQL["drafts_of"], ticket_id, agent_id)}


async def beside_of(connection: Connection, ticket_id: int, agent_id: int) -> list[BesideRow]:
    """Versions of an agent's drafts on a ticket that lost, newest first."""
    return [BesideRow(**row) for row in await connection.fetch(SQL["beside_of"], ticket_id, agent_id)]


async def files_of(connection: Connection, ticket_id: int, agent_id: int) -> list[DraftFileRow]:
    """What lies ready for the agent's reply, in the order in which it was uploaded."""
    return [DraftFileRow(**row) for row in await connection.fetch(SQL["files_of"], ticket_id, agent_id)]


async def file(connection: Connection, token: str, agent_id: int) -> tuple[str, int, bytes] | None:
    """(name, id of its ticket, bytes) of one that lies ready for this agent, or with a scheduled reply."""
    row = await connection.fetchrow(SQL["file"], token, agent_id)
    return (row["filename"], row["ticket_id"], row["data"]) if row else None


async def room_of(connection: Connection, ticket_id: int, agent_id: int) -> tuple[int, int]:
    """(files, bytes) that lie ready; the ticket is held from now on."""
    await connection.execute(SQL["hold_ticket"], ticket_id)
    row = await connection.fetchrow(SQL["room_of"], ticket_id, agent_id)
    assert row is not None
    return row["files"], row["bytes"]


async def lying_ready(
    connection: Connection, ticket_id: int, agent_id: int, digests: Sequence[bytes]
) -> set[bytes]:
    """Those of these bytes (by SHA-256) that lie ready already."""
    rows = await connection.fetch(SQL["lying_ready"], ticket_id, agent_id, list(digests))
    return {row["sha256"] for row in rows}


async def add_file(
    connection: Connection,
    ticket_id: int,
    agent_id: int | None,
    *,
    scheduled_id: int | None = None,
    filename: str,
    content_type: str,
    size: int,
    sha256: bytes,
) -> DraftFileRow:
    """Its bytes are in the table of blobs. `scheduled_id`: it goes along with that one."""
    row = await connection.fetchrow(
        SQL["add_file"], ticket_id, agent_id, scheduled_id, filename, content_type, size, sha256
    )
    assert row is not None
    return DraftFileRow(**row)


async def remove_file(connection: Connection, token: str, agent_id: int) -> bool:
    """Whether there was such a file of this agent."""
    return await connection.fetchval(SQL["remove_file"], token, agent_id) is not None


async def take_files(
    connection: Connection, ticket_id: int, agent_id: int, tokens: Collection[str]
) -> list[TakenFile]:
    """They lie there no more; in the order of their uploading. Those that are gone are missing."""
    rows = await connection.fetch(SQL["take_files"], ticket_id, agent_id, list(tokens))
    return sorted((TakenFile(**row) for row in rows), key=lambda one: one.id)


async def take_scheduled_files(connection: Connection, scheduled_id: int) -> list[TakenFile]:
    rows = await connection.fetch(SQL["take_scheduled_files"], scheduled_id)
    return sorted((TakenFile(**row) for row in rows), key=lambda one: one.id)


async def attach(
    connection: Connection, interaction_id: int, ticket_id: int, files: Sequence[TakenFile]
) -> None:
    """Files that were taken are an entry's."""
    await connection.execute(
        SQL["attach"],
        interaction_id,
        ticket_id,
        *columns(files, "filename", "content_type", "size", "sha256"),
    )


async def give_back_files(connection: Connection, interaction_id: int, agent_id: int) -> None:
    """The files of an entry lie ready for this agent's reply again."""
    await connection.execute(SQL["give_back_files"], interaction_id, agent_id)


async def set_files_aside(
    connection: Connection, ticket_id: int, agent_id: int, tokens: Collection[str], scheduled_id: int
) -> list[int]:
    """The files go with a scheduled reply; returns the sizes of those that were still there."""
    rows = await connection.fetch(SQL["set_files_aside"], ticket_id, agent_id, list(tokens), scheduled_id)
    return [row["size"] for row in rows]


async def free_files(connection: Connection, scheduled_id: int, agent_id: int, ticket_id: int) -> None:
    """What lay with a scheduled reply lies ready for this agent's reply on this ticket."""
    await connection.execute(SQL["free_files"], scheduled_id, agent_id, ticket_id)


async def begun_on(connection: Connection, ticket_id: int) -> list[tuple[int, str, Draft]]:
    """(agent, mode, draft) of everybody who has begun to write on the ticket; locked."""
    rows = await connection.fetch(SQL["begun_on"], ticket_id)
    return [(row["agent_id"], row["mode"], _draft(row)) for row in rows]


async def add_beside(
    connection: Connection, ticket_id: int, agent_id: int, mode: str, content: DraftContent
) -> int:
    """Keep what came from another ticket as a version beside what stands; returns its id."""
    made: int = await connection.fetchval(
        SQL["add_beside"], ticket_id, agent_id, mode, content.text, content.cc, content.bcc
    )
    return made


async def take_beside(connection: Connection, beside_id: int, ticket_id: int) -> DraftContent | None:
    """What a version says, which is kept no more; None where it is not on this ticket any more."""
    row = await connection.fetchrow(SQL["take_beside"], beside_id, ticket_id)
    return DraftContent(**row) if row else None


async def move_beside(
    connection: Connection, ticket_id: int, to_ticket_id: int, ids: Collection[int] | None = None
) -> list[int]:
    """The versions that lost on the one ticket (None: all) are on the other; returns their ids."""
    rows = await connection.fetch(
        SQL["move_beside"], ticket_id, to_ticket_id, None if ids is None else list(ids)
    )
    return sorted(row["id"] for row in rows)


async def move_files(
    connection: Connection,
    ticket_id: int,
    to_ticket_id: int,
    ids: Collection[int] | None = None,
    *,
    without: Collection[int] = (),
) -> list[int]:
    """Files (None: all) that lie ready on the one ticket lie ready on the other, but those of the agents `without`."""
    rows = await connection.fetch(
        SQL["move_files"], ticket_id, to_ticket_id, None if ids is None else list(ids), list(without)
    )
    return sorted(row["id"] for row in rows)


async def tickets_with_drafts(connection: Connection, agent_id: int, ticket_ids: Collection[int]) -> set[int]:
    """On which of these tickets the agent has begun to write."""
    rows = await connection.fetch(SQL["tickets_with_drafts"], agent_id, list(ticket_ids))
    return {row["ticket_id"] for row in rows}


async def tidy(connection: Connection) -> None:
    """Drafts and uploads that nobody comes back to."""
    digests = await connection.fetchval(SQL["tidy"])
    if digests:
        await privacy.drop_blobs(connection, digests)


def _draft(said: Any) -> Draft:
    return Draft(
        revision=said["revision"],
        tab=said["tab"],
        number=said["number"],
        content=DraftContent(
            text=said["text"],
            cc=said["cc"],
            bcc=said["bcc"],
            inbox=said["inbox"],
            way=said["way"],
            expected_seq=said["expected_seq"],
        ),
    )
