"""How a ticket hangs together: who is on it, which tickets have to do with it, what was moved, and doing all that."""

from collections.abc import Sequence

from hub.actions.adopt import adopt_sender
from hub.actions.failures import NotFound
from hub.actions.move import move_entries, split_entries, undo_move
from hub.actions.participants import add_participant, remove_participant
from hub.model.codes import TICKET, NotACode, read_code, show_code
from hub.model.interactions import Mailbox
from hub.web.api.operations import Answer, Call
from hub.web.api.people import path_id
from hub.web.api.requests import AdoptRequest, EntriesRequest, MoveRequest, ParticipantRequest
from hub.web.api.thread_answers import MoveMade, ThreadAnswer
from storage import participants, threads, views
from storage.database import Connection


async def get_thread(call: Call) -> Answer:
    """Who is on the ticket, what it is linked with, and what is known of its last entries."""
    code = ticket_code(call.params["number"])

    async def look(c: Connection) -> ThreadAnswer | None:
        row = await views.get_ticket(c, code)
        if row is None:
            return None
        entries = await views.latest_of_ticket(c, row.id, limit=views.MOST_ROWS)
        return ThreadAnswer.of(
            await participants.participants_of(c, row.id),
            await threads.ticket_links(c, row.id),
            await threads.entry_facts(c, [entry.id for entry in entries]),
        )

    found = await call.ctx.database.read(look)
    if found is None:
        raise NotFound(f"There is no ticket {show_code(TICKET, code)}.")
    return Answer(document=found)


async def post_participant(call: Call) -> Answer:
    """Let somebody speak in the ticket."""
    body: ParticipantRequest = call.body
    await add_participant(
        call.ctx,
        ticket_code=ticket_code(call.params["number"]),
        mailbox=Mailbox(address=body.address, name=body.name),
        actor=call.actor,
    )
    return await get_thread(call)


async def delete_participant(call: Call) -> Answer:
    """Let somebody speak in it no more."""
    await remove_participant(
        call.ctx,
        ticket_code=ticket_code(call.params["number"]),
        address=call.params["address"],
        actor=call.actor,
    )
    return Answer(status=204)


async def post_move(call: Call) -> Answer:
    """Take entries to another ticket."""
    body: MoveRequest = call.body
    to_code = ticket_code(body.to)
    move_id = await move_entries(
        call.ctx,
        ticket_code=ticket_code(call.params["number"]),
        interaction_ids=_ids(body.entries),
        to_code=to_code,
        actor=call.actor,
    )
    return Answer(status=201, document=MoveMade(move_id=move_id, ticket=show_code(TICKET, to_code)))


async def post_split(call: Call) -> Answer:
    """Make a ticket of their own of entries."""
    body: EntriesRequest = call.body
    code, move_id = await split_entries(
        call.ctx,
        ticket_code=ticket_code(call.params["number"]),
        interaction_ids=_ids(body.entries),
        actor=call.actor,
    )
    return Answer(status=201, document=MoveMade(move_id=move_id, ticket=show_code(TICKET, code)))


async def post_undo(call: Call) -> Answer:
    """Put moved or split entries back where they were."""
    move_id = path_id(call, "move")
    code = await undo_move(call.ctx, move_id=move_id, actor=call.actor)
    return Answer(document=MoveMade(move_id=move_id, ticket=show_code(TICKET, code)))


async def post_adopt(call: Call) -> Answer:
    """Answer the one whose letter was passed on."""
    body: AdoptRequest = call.body
    await adopt_sender(
        call.ctx,
        ticket_code=ticket_code(call.params["number"]),
        interaction_id=int(body.entry),
        actor=call.actor,
    )
    return await get_thread(call)


def ticket_code(given: str) -> int:
    """The ticket that a number names. Raises NotFound."""
    try:
        return read_code(TICKET, given)
    except NotACode as error:
        raise NotFound(str(error), code="not_a_ticket_number") from error


def _ids(given: Sequence[str]) -> list[int]:
    return [int(one) for one in given]
