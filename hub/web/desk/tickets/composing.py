"""What the composer shows beside the text: whom the answer goes to, by which inbox, what will stand below it."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.actions.answers.drafts import Shelf, read_shelf
from hub.actions.answers.prepare_answer import Groundwork, Preparation, lay_groundwork, prepare
from hub.actions.answers.ways import inboxes_of
from hub.model.drafts import DraftMode
from hub.model.interactions import Mailbox
from hub.web.desk.say.letters import letter_of
from hub.web.desk.say.ways import say_way
from hub.web.desk.tickets.drafts import draft_json
from hub.web.desk.tickets.work import Work, work_context
from hub.web.desk.visit import Visit
from storage.database import Connection
from storage.side_by_side import side_by_side
from storage.views import TicketRow, TimelineRow

NOTHING = Preparation()


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """An answer that can still be taken back, for so many seconds."""

    interaction_id: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Desktop:
    """What lies ready for an answer: what the agent has begun, and what is known beforehand."""

    shelf: Shelf
    groundwork: Groundwork | None


async def read_desktop(connection: Connection, visit: Visit, ticket: TicketRow) -> Desktop:
    """Of this ticket."""
    async with side_by_side(connection) as also:
        groundwork = also.ask(lay_groundwork(visit.ctx, also.connection, ticket.code, visit.agent.id))
        shelf = also.ask(read_shelf(also.connection, ticket.id, visit.agent.id))
    return Desktop(shelf=shelf.result(), groundwork=groundwork.result())


async def composer_context(
    visit: Visit,
    work: Work,
    *,
    desktop: Desktop | None = None,
    sent: str = "",
    undo: Undo | None = None,
    given: bool = False,
    way: str | None = None,
    then: str = "",
) -> dict[str, object]:
    """What the templates of a ticket and its composer show. `desktop`: where it was read already; `sent`: which form has just
    been taken ("reply", "note");
    `given`: the draft is what was just taken back; `way`: the way that was just chosen; `then`: what the page does next."""
    ticket = work.thread.ticket
    if desktop is None:
        desktop = await visit.ctx.database.read(lambda c: read_desktop(c, visit, ticket))
    shelf = desktop.shelf
    wanted = shelf.of(DraftMode.REPLY).content.way if way is None else way
    prepared = NOTHING
    if desktop.groundwork is not None:
        prepared = prepare(
            visit.ctx,
            desktop.groundwork,
            agent_id=visit.agent.id,
            agent_name=visit.agent.name,
            way=wanted,
        )
    last = _last_word(work)
    quoted = last is not None and any(
        box.quote_history for name, box in inboxes_of(visit.ctx).items() if name == prepared.inbox
    )
    author = letter_of(last).sender if last is not None else None
    return {
        **work_context(visit, work),
        "sent": sent,
        "undo": undo,
        "given": given,
        "then": then,
        "shelf": shelf,
        "reply_draft": shelf.of(DraftMode.REPLY),
        "note_draft": shelf.of(DraftMode.NOTE),
        "draft_json": draft_json,
        "prepared": prepared,
        "chosen_way": way,
        "ways": [say_way(visit.voice, one, visit.now) for one in prepared.ways],
        "offered": _offered(work, prepared),
        "quoted": last.text if last is not None and quoted else "",
        "elsewhere": author.address
        if author is not None and prepared.inboxes and author.address.lower() != prepared.to.lower()
        else "",
    }


def _last_word(work: Work) -> TimelineRow | None:
    """What the customer, or whoever wrote in their place, said last."""
    said = (one for one in reversed(work.thread.entries) if one.direction == "in" and not one.automatic)
    return next(said, None)


def _offered(work: Work, prepared: Preparation) -> Sequence[Mailbox]:
    """Whom to copy with one press: who was on the last letter, then who may speak in the ticket."""
    if not prepared.copies:
        return ()
    members = (
        Mailbox(address=one.value, name=one.name) for one in work.participants if one.state == "member"
    )
    found = {one.address.lower(): one for one in (*prepared.others, *members)}
    return [one for address, one in found.items() if address != prepared.to.lower()]
