"""Words for colleagues. A note has no channel and no outbox row, so nothing can send it."""

from hub.actions.answers.drafts import draft_was_sent
from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.ticket_work import Step, on_ticket
from hub.model.drafts import MOST_TEXT, DraftMode, Write
from hub.model.interactions import Direction, InteractionKind
from hub.model.people import Actor
from hub.model.tickets import EventKind
from storage import work


async def add_note(
    ctx: Context, *, ticket_code: int, actor: Actor, text: str, written: Write | None = None
) -> int:
    """The note's id on the timeline. `written`: the draft that becomes this note; it is gone then. Raises NotFound, NotPossible
    (empty, too_long)."""
    text = check_text(text)

    async def step(taken: Step) -> int:
        interaction_id, _ = await work.add_entry(
            taken.connection,
            ticket=taken.ticket,
            seq=taken.seq + 1,
            channel_id=None,
            kind=InteractionKind.NOTE,
            direction=Direction.INTERNAL,
            agent_id=actor.agent_id,
            author_name=actor.name,
            text=text,
        )
        await taken.note(
            EventKind.INTERACTION_ADDED, interaction=interaction_id, direction=Direction.INTERNAL.value
        )
        await work.set_ticket(taken.connection, taken.ticket.id, seq=taken.seq)
        if written is not None and actor.agent_id is not None:
            await draft_was_sent(taken.connection, taken.ticket.id, actor.agent_id, DraftMode.NOTE, written)
        return interaction_id

    return await on_ticket(ctx, ticket_code, actor, step)


def check_text(text: str) -> str:
    """Text that may stand on a timeline. Raises NotPossible."""
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not text:
        raise NotPossible("There is no text.", code="empty")
    if len(text) > MOST_TEXT:
        raise NotPossible(f"The text is longer than {MOST_TEXT} characters.", code="too_long")
    return text
