"""Answers that leave later, and the ways to a customer."""

from hub.actions.answers.copies import read_copies
from hub.actions.answers.prepare_answer import prepare_answer
from hub.actions.answers.schedule import cancel_scheduled
from hub.actions.failures import NotFound
from hub.model.codes import TICKET, show_code
from hub.web.api.answers import (
    MailboxAnswer,
    ScheduledAnswer,
    ScheduledList,
    WayAnswer,
    WayList,
    WithdrawnAnswer,
)
from hub.web.api.operations import Answer, Call
from hub.web.api.people import path_id
from hub.web.api.tickets import ticket_code
from storage import scheduled, views
from storage.database import Connection


async def list_scheduled(call: Call) -> Answer:
    """What waits on a ticket, and what was cancelled lately."""
    code = ticket_code(call)

    async def read(c: Connection) -> ScheduledList | None:
        ticket = await views.get_ticket(c, code)
        if ticket is None:
            return None
        rows = await scheduled.of_ticket(c, ticket.id)
        files = await scheduled.files_of(c, [row.id for row in rows])
        return ScheduledList(
            items=[
                ScheduledAnswer(
                    id=str(row.id),
                    ticket=show_code(TICKET, code),
                    scheduled_at=row.send_at,
                    state=row.state,  # type: ignore[arg-type]  # the table's own check
                    why=row.why,
                    author=row.author_name,
                    text=row.text,
                    files=[file.filename for file in files.get(row.id, ())],
                )
                for row in rows
            ]
        )

    found = await call.ctx.database.read(read)
    if found is None:
        raise NotFound(f"There is no ticket {show_code(TICKET, code)}.")
    return Answer(document=found)


async def post_cancel(call: Call) -> Answer:
    """Keep a scheduled answer from leaving; what it said comes back."""
    row = await cancel_scheduled(
        call.ctx, scheduled_id=path_id(call, "scheduled answer"), actor=call.actor, into_draft=False
    )
    cc, bcc = (
        [MailboxAnswer(address=one.address, name=one.name) for one in read_copies(said)]
        for said in (row.cc, row.bcc)
    )
    return Answer(document=WithdrawnAnswer(text=row.text, cc=cc, bcc=bcc, inbox=row.inbox))


async def list_ways(call: Call) -> Answer:
    """Every way to the ticket's customer."""
    code = ticket_code(call)
    prepared = await prepare_answer(call.ctx, code, agent_id=None, agent_name="")
    if prepared is None:
        raise NotFound(f"There is no ticket {show_code(TICKET, code)}.")
    return Answer(
        document=WayList(
            items=[
                WayAnswer(
                    key=way.key,
                    kind=way.kind,
                    address=way.address,
                    own=way.own,
                    proven=way.proven,
                    shut=way.shut.value if way.shut is not None else "",
                    open_until=way.open_until,
                    answers_left=way.left,
                )
                for way in prepared.ways
            ]
        )
    )
