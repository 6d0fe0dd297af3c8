"""What the composer shows beside the text: whom the answer goes to, by which inbox, what will stand below it."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.actions.answers.drafts import read_shelf
from hub.actions.answers.prepare_answer import Preparation, prepare_answer
from hub.actions.answers.ways import inboxes_of
from hub.model.drafts import DraftMode
from hub.model.interactions import Mailbox
from hub.web.desk.say.letters import letter_of
from hub.web.desk.say.ways import say_way
from hub.web.desk.tickets.drafts import draft_json
from hub.web.desk.tickets.work import Work, work_context
from hub.web.desk.visit import Visit
from storage.views import TimelineRow

NOTHING = Preparation()


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """An answer that can still be taken back, for so many seconds. `resolved`: the number in the ledger under which its ticket
    was resolved with it, or 0."""

    interaction_id: int
    seconds: float
    resolved: int = 0


async def composer_context(
    visit: Visit,
    work: Work,
    *,
    sent: str = "",
    undo: Undo | None = None,
    given: bool = False,
    way: str | None = None,
    then: str = "",
) -> dict[str, object]:
    """What the templates of a ticket and its composer show. `sent`: which form has just been taken ("reply", "note");
    `given`: the draft is what was just taken back; `way`: the way that was just chosen; `then`: what the page does next."""
    ticket = work.thread.ticket
    shelf = await visit.ctx.database.read(lambda c: read_shelf(c, ticket.id, visit.agent.id))
    wanted = shelf.of(DraftMode.REPLY).content.way if way is None else way
    prepared = await prepare_answer(
        visit.ctx, ticket.code, agent_id=visit.agent.id, agent_name=visit.agent.name, way=wanted
    )
    prepared = prepared or NOTHING
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
