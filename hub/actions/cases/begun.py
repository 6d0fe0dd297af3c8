"""What was begun on a ticket and is not done: drafts of every agent, files that lie ready, fields that were filled in. When all
of a ticket goes to another, they go along; when it comes back, so does what nobody has touched since."""

from dataclasses import replace

from hub.actions.cases.fill import fill_fields, take_fields_back
from hub.actions.ticket_work import Step
from hub.model.drafts import Draft, DraftContent, DraftMode, move_draft
from storage import drafts
from storage.move import Brought, MovedDraft


async def bring_begun(source: Step, target: Step) -> Brought:
    """All of it is on the target; returns what came. Where an agent has begun there too, theirs stands and the one that comes
    is kept beside it: two texts that are woven together are a third that nobody wrote."""
    connection = source.connection
    beside = await drafts.move_beside(connection, source.ticket.id, target.ticket.id)
    moved = []
    for agent_id, mode, draft in await drafts.begun_on(connection, source.ticket.id):
        standing = await drafts.lock_draft(connection, target.ticket.id, agent_id, mode)
        stands = move_draft(draft, standing, expected_seq=target.seq)
        beside_id = None
        if stands is None:
            beside_id = await drafts.add_beside(connection, target.ticket.id, agent_id, mode, draft.content)
        else:
            await drafts.write_draft(connection, target.ticket.id, agent_id, mode, stands)
        await drafts.write_draft(connection, source.ticket.id, agent_id, mode, _emptied(draft))
        moved.append(
            MovedDraft(
                agent_id=agent_id,
                mode=mode,
                revision=stands.revision if stands is not None else None,
                beside_id=beside_id,
            )
        )
    files = await drafts.move_files(connection, source.ticket.id, target.ticket.id)
    fields = await fill_fields(source, target)
    return Brought(drafts=moved, beside=beside, files=files, fields=fields)


async def take_begun_back(source: Step, target: Step, brought: Brought) -> None:
    """A draft that was written on since stays where it was written on, with its files; a version that was thrown away stays
    thrown away; a value that was changed stays."""
    connection, here = source.connection, target.ticket.id
    stay: set[int] = set()
    for one in brought.drafts:
        content = await _content(target, one)
        if content is None:
            if one.beside_id is None and one.mode == DraftMode.REPLY:
                stay.add(one.agent_id)
            continue
        standing = await drafts.lock_draft(connection, source.ticket.id, one.agent_id, one.mode)
        back = move_draft(Draft(content=content), standing, expected_seq=source.seq)
        if back is None:
            await drafts.add_beside(connection, source.ticket.id, one.agent_id, one.mode, content)
        else:
            await drafts.write_draft(connection, source.ticket.id, one.agent_id, one.mode, back)
    await drafts.move_beside(connection, here, source.ticket.id, brought.beside)
    await drafts.move_files(connection, here, source.ticket.id, brought.files, without=stay)
    await take_fields_back(source, target, brought.fields)


async def _content(target: Step, one: MovedDraft) -> DraftContent | None:
    """What the draft says, taken from where it came to; None where it is not as it came."""
    connection, here = target.connection, target.ticket.id
    if one.beside_id is not None:
        return await drafts.take_beside(connection, one.beside_id, here)
    standing = await drafts.lock_draft(connection, here, one.agent_id, one.mode)
    if standing.revision != one.revision:
        return None
    await drafts.write_draft(connection, here, one.agent_id, one.mode, _emptied(standing))
    return standing.content


def _emptied(draft: Draft) -> Draft:
    return replace(draft, revision=draft.revision + 1, tab="", number=0, content=DraftContent())
