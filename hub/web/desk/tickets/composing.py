"""What the composer shows beside the text: whom the answer goes to, by which inbox, what will stand below it."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.actions.answers.prepare_answer import Preparation, prepare_answer
from hub.actions.answers.reply import Withdrawn
from hub.actions.answers.ways import inboxes_of
from hub.model.interactions import Mailbox
from hub.web.desk.say.letters import letter_of, mailbox_entry
from hub.web.desk.tickets.work import Work, work_context
from hub.web.desk.visit import Visit
from storage.views import TimelineRow

NOTHING = Preparation()


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """An answer that can still be taken back, for so many seconds."""

    interaction_id: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """With what the composer comes: what was taken back, or nothing."""

    text: str = ""
    cc: str = ""
    bcc: str = ""
    inbox: str = ""
    files_lost: bool = False

    @classmethod
    def of(cls, withdrawn: Withdrawn, *, files_lost: bool) -> "Given":
        return cls(
            text=withdrawn.text,
            cc=_joined(withdrawn.cc),
            bcc=_joined(withdrawn.bcc),
            inbox=withdrawn.inbox,
            files_lost=files_lost,
        )


async def composer_context(
    visit: Visit, work: Work, *, sent: str = "", undo: Undo | None = None, given: Given | None = None
) -> dict[str, object]:
    """What the templates of a ticket and its composer show. `sent`: which form has just been taken ("reply", "note")."""
    ticket = work.thread.ticket
    prepared = await prepare_answer(
        visit.ctx, ticket.code, agent_id=visit.agent.id, agent_name=visit.agent.name
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
        "prepared": prepared,
        "offered": _offered(work, prepared),
        "quoted": last.text if last is not None and quoted else "",
        "elsewhere": author.address
        if author is not None and author.address.lower() != prepared.to.lower()
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


def _joined(several: Sequence[Mailbox]) -> str:
    return ", ".join(mailbox_entry(one) for one in several)
