"""What the owner of an address does on their own page. Everything asks anew whether the case is theirs."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from channels.adapter import Acceptance, Counted
from channels.portal.translate import pack
from channels.webform.pack import mark_of
from hub.actions.context import Context
from hub.actions.customers.change import change_customer
from hub.actions.failures import NotPossible
from hub.actions.floor.let_go import let_go
from hub.actions.portal.enter import TooOften, Visitor
from hub.actions.portal.look import find_case, open_case
from hub.actions.portal.place import place_of
from hub.actions.receive import accept_items
from hub.actions.signin.tokens import hash_token
from hub.actions.status import step_status
from hub.actions.surveys.answer import answer_question
from hub.actions.ticket_work import Step, on_ticket
from hub.model.codes import TICKET, read_code, show_code
from hub.model.interactions import Direction
from hub.model.people import Actor
from hub.model.tickets import EventKind, TicketStatus
from hub.model.tokens import sign_thread
from storage import portal
from storage.database import Connection
from storage.portal import CaseRow, ProfileRow

SETTLED, NOT_SETTLED = "settled", "not_settled"
PER_HOUR = 60
"""So often somebody presses what is no message."""
_CUSTOMER = Actor(name="Customer")
"""In the ledger: who it is stands on the ticket, and nowhere else."""
LANGUAGES: Mapping[str, str] = {"en": "en", "zh_CN": "zh"}
"""Of the page, and as a customer's language is kept."""


async def say_more(
    ctx: Context,
    visitor: Visitor,
    session: str,
    number: str,
    *,
    text: str,
    files: Sequence[tuple[str, str, bytes]],
    key: str,
    peer: str,
) -> str:
    """Put what they wrote on the case, by the door that everything comes in by: the same words once for each `key`. Returns
    the number of the ticket that it is on, which is a new one where this one is closed. Raises NotFound, NotAccepted."""
    place = place_of(ctx)

    async def read(connection: Connection) -> tuple[CaseRow, ProfileRow | None]:
        row = await find_case(connection, visitor, number)
        return row, await portal.profile(connection, visitor.address)

    row, profile = await ctx.database.read(read)
    mark = mark_of(text, ((name, data) for name, _, data in files))
    item = pack(
        {
            "address": visitor.address,
            "name": profile.name if profile is not None else "",
            "text": text,
            "ticket": show_code(TICKET, row.code),
            "token": sign_thread(ctx.secret, row.id, visitor.address),
            # What a new one is called, should this be closed.
            "subject": row.subject,
        },
        files,
        external_key=f"portal.{key}.{mark}",
        received_at=datetime.now(UTC),
        meta={"peer": peer},
    )
    (kept,) = await accept_items(ctx, place.channel, [item])
    return await _follow(ctx, visitor, session, row, kept)


async def say_settled(ctx: Context, visitor: Visitor, number: str) -> None:
    """For them it is done. Raises NotFound, TooOften, NotPossible (not_yours_to_settle)."""
    await _move(ctx, visitor, number, TicketStatus.RESOLVED, SETTLED)


async def say_not_settled(ctx: Context, visitor: Visitor, number: str) -> None:
    """For them it is not. A closed one stays closed: what they write there opens another. Raises NotFound, TooOften,
    NotPossible (not_yours_to_settle)."""
    await _move(ctx, visitor, number, TicketStatus.OPEN, NOT_SETTLED)


async def rate(ctx: Context, visitor: Visitor, number: str, answers: Mapping[str, int | str]) -> bool:
    """How they liked it; False where nothing is asked any more. Raises NotFound, TooOften."""
    await _weigh(ctx, visitor)
    case = await open_case(ctx, visitor, number)
    token = case.question.token(ctx.secret) if case.question is not None else ""
    return bool(token) and await answer_question(ctx, token, answers)


async def change_profile(
    ctx: Context, visitor: Visitor, profile: ProfileRow, *, name: str, language: str
) -> None:
    """What they are called, and in which language they are written to (one of LANGUAGES). Raises NotFound, TooOften,
    NotPossible (bad_name, customer_changed)."""
    await _weigh(ctx, visitor)
    await change_customer(
        ctx,
        customer_code=profile.code,
        actor=_CUSTOMER,
        version=profile.version,
        name=name,
        language=LANGUAGES.get(language, profile.language),
        organisation_id=profile.organisation_id,
        note=profile.note,
    )


async def _follow(ctx: Context, visitor: Visitor, session: str, row: CaseRow, kept: Acceptance) -> str:
    """Whoever came by the link of this case goes on with the one that came of it."""
    number = kept.ticket_code or show_code(TICKET, row.code)
    code = read_code(TICKET, number)
    if visitor.only is not None and code != row.code:
        await ctx.database.run(lambda c: portal.move_session(c, hash_token(session), code))
    return number


async def _move(ctx: Context, visitor: Visitor, number: str, wanted: TicketStatus, said: str) -> None:
    """The status, and a line on the timeline that says who moved it. Pressing twice is pressing once."""
    await _weigh(ctx, visitor)
    row = await ctx.database.read(lambda c: find_case(c, visitor, number))

    async def step(taken: Step) -> None:
        now = await find_case(taken.connection, visitor, number)
        if now.standing != "customer" or taken.status is TicketStatus.CLOSED:
            raise NotPossible("This is not theirs to say.", code="not_yours_to_settle")
        done = taken.status is TicketStatus.RESOLVED
        if done == (wanted is TicketStatus.RESOLVED):
            return
        entry = await portal.add_said(
            taken.connection,
            ticket_id=taken.ticket.id,
            seq=taken.seq + 1,
            customer_id=taken.ticket.customer_id,
            author_name=taken.ticket.customer_name,
            fields={"portal": said},
        )
        # Who says that it is not settled waits for an answer, as if they had written; and what is pressed is no note.
        taken.heard = wanted is TicketStatus.OPEN
        data: dict[str, Any] = {
            "interaction": entry,
            "direction": Direction.INTERNAL.value,
            "as": Direction.IN.value if taken.heard else "event",
        }
        await taken.note(EventKind.INTERACTION_ADDED, **data)
        if taken.heard:
            await let_go(taken)
            await portal.heard_now(taken.connection, taken.ticket.id)
        await step_status(ctx, taken, wanted, unfinished=True)

    await on_ticket(ctx, row.code, _CUSTOMER, step)


async def _weigh(ctx: Context, visitor: Visitor) -> None:
    """Raises TooOften."""
    key = f"portal:act:{hash_token(visitor.address).hex()}"
    (pressed,) = await ctx.gate.count([Counted(key=key, seconds=3600.0, most=PER_HOUR)])
    if pressed.hits > PER_HOUR:
        raise TooOften(pressed.ends_in)
