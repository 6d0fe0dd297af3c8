"""A customer says how they liked it, by a button; who was not pleased is asked why. Pressing twice is saying it once."""

from channels.adapter import CounterReply
from hub.actions.announce import EVENTS, announce
from hub.actions.counter.visit import Visit
from hub.actions.surveys.invite import CSAT, SCORES, hash_token
from hub.model.interactions import Choice, Direction
from hub.model.tickets import EventKind, TicketStatus
from storage import events, surveys, work
from storage.database import as_json
from storage.surveys import AskedRow
from storage.work import WorkedTicket

CHANGE_SECONDS = 86_400.0
"""So long an answer can be changed."""
COMMENT_MINUTES = 30
LOW = 2
MOST_COMMENT = 4000


async def rate(visit: Visit) -> CounterReply:
    """The score of the button that was pressed. A question dies when its ticket is open again, or was resolved once more."""
    _, token, score = (*visit.asking.pressed.split(":"), "", "")[:3]
    asked = await surveys.asked(visit.connection, hash_token(token), CHANGE_SECONDS)
    given = int(score) if score.isascii() and score.isdigit() else 0
    if asked is None or given not in SCORES or not _is_theirs(visit, asked):
        return CounterReply()
    ticket = await work.lock_ticket(visit.connection, asked.ticket_id)
    if not await _is_open(visit, asked, ticket):
        return CounterReply(notice=visit.say("rating_over"))
    marked = (
        tuple(
            Choice(label=f"✓ {one}" if one == given else str(one), data=f"{CSAT}:{token}:{one}")
            for one in SCORES
        ),
    )
    if asked.score == given:
        return CounterReply(notice=visit.say("rated"))
    await _write(visit, ticket, asked, given, asked.comment)
    if given > LOW:
        await visit.wait_for("")
        return CounterReply(text=visit.say("rated"), notice=visit.say("rated"), marked=marked)
    await visit.wait_for("comment", {"invitation": asked.id}, minutes=COMMENT_MINUTES)
    return CounterReply(text=visit.say("rated_low"), notice=visit.say("rated"), marked=marked)


async def comment_on(visit: Visit) -> CounterReply:
    """What they were asked for after a low score."""
    await visit.wait_for("")
    number = visit.talk.waits_data.get("invitation") if visit.talk is not None else None
    asked = await surveys.asked_by_id(visit.connection, int(number or 0), CHANGE_SECONDS)
    if asked is None or asked.score is None or not _is_theirs(visit, asked):
        return CounterReply(text=visit.say("rating_over"))
    ticket = await work.lock_ticket(visit.connection, asked.ticket_id)
    await _write(visit, ticket, asked, asked.score, visit.asking.words.strip()[:MOST_COMMENT])
    return CounterReply(text=visit.say("comment_kept"))


def _is_theirs(visit: Visit, asked: AskedRow) -> bool:
    """A button can be pressed only where it was sent."""
    return (asked.channel_id, asked.address) == (visit.channel_id, visit.asking.address)


async def _is_open(visit: Visit, asked: AskedRow, ticket: WorkedTicket) -> bool:
    done = ticket.status in (TicketStatus.RESOLVED, TicketStatus.CLOSED)
    last = await surveys.resolution(visit.connection, ticket.id)
    return done and last == asked.resolution and asked.open and asked.changeable


async def _write(visit: Visit, ticket: WorkedTicket, asked: AskedRow, score: int, comment: str) -> None:
    """One entry on the timeline, with later versions where it is changed."""
    entry = await surveys.add_entry(
        visit.connection,
        ticket_id=ticket.id,
        seq=ticket.seq + 1,
        customer_id=ticket.customer_id,
        channel_id=asked.channel_id,
        direction=Direction.INTERNAL,
        author_name=ticket.customer_name,
        text=comment,
        fields={"survey": asked.kind, "score": score},
        thread_key="",
        revises=asked.entry_id,
    )
    await surveys.answer(visit.connection, asked.id, score, comment, entry)
    await events.add_ticket_events(
        visit.connection,
        [
            events.NewEvent(
                ticket_id=ticket.id,
                seq=ticket.seq + 1,
                kind=EventKind.SURVEY_ANSWERED,
                agent_id=None,
                data=as_json(
                    {
                        "interaction": entry,
                        "direction": Direction.INTERNAL.value,
                        "survey": asked.kind,
                        "score": score,
                    }
                ),
            )
        ],
    )
    await work.set_ticket(visit.connection, ticket.id, seq=ticket.seq + 1)
    await announce(visit.connection, EVENTS)
