"""Drafts on the server: what an agent writes on a ticket, kept while it is written, and files that lie ready for it.

What becomes of a write is decided by hub.model.drafts; here it is done under the draft's lock.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from channels.clean import safe_content_type, safe_filename
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.model.codes import TICKET, show_code
from hub.model.drafts import (
    MOST_TEXT,
    Draft,
    DraftContent,
    DraftMode,
    Outcome,
    Write,
    put_back,
    take_sending,
    take_write,
)
from hub.model.interactions import OutboundAttachment
from storage import drafts, inbound, pictures, work
from storage.database import Connection
from storage.drafts import BesideRow, DraftFileRow, TakenFile
from storage.side_by_side import side_by_side

MOST_FILES_BYTES = 20 * 1024 * 1024
MOST_FILES = 30
_MOST_FIELD = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """All that an agent has begun on a ticket. `drafts` by mode; `beside`: versions that lost; `files` for the reply."""

    drafts: Mapping[str, Draft] = field(default_factory=dict)
    beside: Sequence[BesideRow] = ()
    files: Sequence[DraftFileRow] = ()

    def of(self, mode: str) -> Draft:
        """What stands in this mode."""
        return self.drafts.get(mode, Draft())


async def read_shelf(connection: Connection, ticket_id: int, agent_id: int) -> Shelf:
    """What this agent has begun on this ticket."""
    async with side_by_side(connection) as also:
        stands = also.ask(drafts.drafts_of(also.connection, ticket_id, agent_id))
        beside = also.ask(drafts.beside_of(also.connection, ticket_id, agent_id))
        files = also.ask(drafts.files_of(also.connection, ticket_id, agent_id))
    return Shelf(drafts=stands.result(), beside=beside.result(), files=files.result())


async def save_draft(
    ctx: Context, *, ticket_code: int, agent_id: int, mode: DraftMode, write: Write
) -> tuple[Outcome, Draft]:
    """What became of the write, and what stands from then on. Raises NotFound, NotPossible (too_long)."""
    said = write.content
    if len(said.text) > MOST_TEXT or len(said.cc) > _MOST_FIELD or len(said.bcc) > _MOST_FIELD:
        raise NotPossible("The text is too long.", code="too_long")

    async def run(connection: Connection) -> tuple[Outcome, Draft]:
        ticket_id = await _ticket_id(connection, ticket_code)
        draft = await drafts.lock_draft(connection, ticket_id, agent_id, mode)
        taken = take_write(draft, write)
        if taken.beside is not None:
            await drafts.keep_beside(connection, ticket_id, agent_id, mode, taken.beside)
        if taken.outcome is Outcome.KEPT:
            await drafts.write_draft(connection, ticket_id, agent_id, mode, taken.draft)
            await drafts.drop_beside(connection, ticket_id, agent_id, mode, write.tab, write.number)
        return taken.outcome, taken.draft

    return await ctx.database.run(run)


async def read_draft(ctx: Context, *, ticket_code: int, agent_id: int, mode: DraftMode) -> Draft:
    """What stands. Raises NotFound."""

    async def read(connection: Connection) -> Draft:
        ticket_id = await _ticket_id(connection, ticket_code)
        return (await drafts.drafts_of(connection, ticket_id, agent_id)).get(mode, Draft())

    return await ctx.database.read(read)


async def draft_was_sent(
    connection: Connection, ticket_id: int, agent_id: int, mode: DraftMode, write: Write
) -> None:
    """Its words have become an entry: exactly this draft is gone, and what was typed later, or elsewhere, stays."""
    draft = await drafts.lock_draft(connection, ticket_id, agent_id, mode)
    taken = take_sending(draft, write)
    if taken.beside is not None:
        await drafts.keep_beside(connection, ticket_id, agent_id, mode, taken.beside)
    if taken.draft is not draft:
        await drafts.write_draft(connection, ticket_id, agent_id, mode, taken.draft)
    await drafts.drop_beside(connection, ticket_id, agent_id, mode, write.tab, write.number)


async def give_back(connection: Connection, ticket_id: int, agent_id: int, withdrawn: DraftContent) -> None:
    """Words that were to leave and do not are this agent's draft again, above what was written since."""
    draft = await drafts.lock_draft(connection, ticket_id, agent_id, DraftMode.REPLY)
    back = Draft(revision=draft.revision + 1, content=put_back(withdrawn, draft.content))
    await drafts.write_draft(connection, ticket_id, agent_id, DraftMode.REPLY, back)


async def forget_version(ctx: Context, *, beside_id: int, agent_id: int) -> None:
    """A version that lost is not wanted any more. Another's, or one that is gone, is left as it is."""
    await ctx.database.run(lambda c: drafts.forget_beside(c, beside_id, agent_id))


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def upload_file(
    ctx: Context, *, ticket_code: int, agent_id: int, filename: str, content_type: str, data: bytes
) -> DraftFileRow:
    """It lies ready for this agent's reply. Raises NotFound, NotPossible: empty_file, too_much, too_many_files."""
    if not data:
        raise NotPossible("The file is empty.", code="empty_file")
    digest = hashlib.sha256(data).digest()

    async def run(connection: Connection) -> DraftFileRow:
        ticket_id = await _ticket_id(connection, ticket_code)
        await _check_room(connection, ticket_id, agent_id, [len(data)])
        await inbound.add_blobs(connection, [(digest, data)])
        return await drafts.add_file(
            connection,
            ticket_id,
            agent_id,
            filename=safe_filename(filename),
            content_type=safe_content_type(content_type),
            size=len(data),
            sha256=digest,
        )

    return await ctx.database.run(run)


async def attach_pictures(
    ctx: Context, *, ticket_code: int, agent_id: int, article_id: int, language: str
) -> list[DraftFileRow]:
    """The pictures of an article that customers read lie ready for this agent's reply, each once however often this is asked;
    those that came by it. Raises NotFound, NotPossible: too_much, too_many_files."""

    async def run(connection: Connection) -> list[DraftFileRow]:
        ticket_id = await _ticket_id(connection, ticket_code)
        # Before it is asked what lies there: of two presses one waits here, and then finds what the other put there.
        await _check_room(connection, ticket_id, agent_id, [])
        shown = await pictures.of_public_article(connection, article_id, language)
        there = await drafts.lying_ready(connection, ticket_id, agent_id, [one.sha256 for one in shown])
        new = {one.sha256: one for one in shown if one.sha256 not in there}
        await _check_room(connection, ticket_id, agent_id, [one.size for one in new.values()])
        return [
            await drafts.add_file(
                connection,
                ticket_id,
                agent_id,
                filename=one.filename,
                content_type=one.content_type,
                size=one.size,
                sha256=one.sha256,
            )
            for one in new.values()
        ]

    return await ctx.database.run(run)


async def set_attachments_aside(
    connection: Connection, ticket_id: int, scheduled_id: int, given: Sequence[OutboundAttachment]
) -> list[int]:
    """Files that came with a program's request wait with the scheduled reply; their sizes."""
    for one in given:
        digest = hashlib.sha256(one.data).digest()
        await inbound.add_blobs(connection, [(digest, one.data)])
        await drafts.add_file(
            connection,
            ticket_id,
            None,
            scheduled_id=scheduled_id,
            filename=safe_filename(one.filename),
            content_type=safe_content_type(one.content_type),
            size=len(one.data),
            sha256=digest,
        )
    return [len(one.data) for one in given]


async def remove_file(ctx: Context, *, token: str, agent_id: int) -> None:
    """It is not to go along. Raises NotFound."""
    if not await ctx.database.run(lambda c: drafts.remove_file(c, token, agent_id)):
        raise NotFound("There is no such file.")


async def take_files(
    connection: Connection, ticket_id: int, agent_id: int | None, tokens: Sequence[str]
) -> list[TakenFile]:
    """The files that a reply names are its own from now on. Raises NotPossible (files_gone)."""
    if not tokens:
        return []
    found = await drafts.take_files(connection, ticket_id, agent_id, tokens) if agent_id is not None else []
    if len(found) < len(set(tokens)):
        raise NotPossible("A file of this reply is gone; attach it again.", code="files_gone")
    return found


async def _check_room(connection: Connection, ticket_id: int, agent_id: int, sizes: Sequence[int]) -> None:
    """For so many bytes each; the ticket is held from now on."""
    number, size = await drafts.room_of(connection, ticket_id, agent_id)
    if size + sum(sizes) > MOST_FILES_BYTES:
        raise NotPossible("The files are larger than 20 MB together.", code="too_much")
    if number + len(sizes) > MOST_FILES:
        raise NotPossible(f"A reply takes {MOST_FILES} files at the most.", code="too_many_files")


async def _ticket_id(connection: Connection, ticket_code: int) -> int:
    found = await work.peek(connection, ticket_code)
    if found is None:
        raise NotFound(f"There is no ticket {show_code(TICKET, ticket_code)}.")
    return found[0]
