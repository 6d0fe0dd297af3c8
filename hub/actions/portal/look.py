"""What the owner of an address sees on their own page: their cases, what was written from and to the address, its files.

Whose customer they are opens the list; what is shown of a case goes by the address alone. So nobody who is let into a ticket,
or was merged with somebody by mistake, reads what was written to another address; and no note is ever shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.actions.portal.enter import Visitor
from hub.actions.scanning.open_file import fit_for_customers
from hub.actions.surveys.question import Question, question_of
from hub.model.codes import TICKET, NotACode, read_code
from hub.model.tickets import TicketStatus
from storage import portal, views
from storage.database import Connection
from storage.portal import CaseRow, FileRow, LineRow, ProfileRow, TicketRow, WordsRow

PAGE = 20
MOST_LINES = 200
STATES = ("", "open", "done")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """One page of the list. `before`: the id after which the next begins; 0 where there is none."""

    tickets: Sequence[TicketRow]
    before: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry. `mine`: of whoever looks; `theirs`: of another customer, who had it sent to them too; `cut`: `text` is only
    its beginning."""

    id: int
    mine: bool
    theirs: bool
    author: str
    text: str
    cut: bool
    at: datetime
    answers: Sequence[object]
    files: Sequence[FileRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One ticket as its customer sees it. `older`: more was said than is shown."""

    row: CaseRow
    lines: Sequence[Line]
    question: Question | None
    older: bool

    @property
    def status(self) -> TicketStatus:
        return TicketStatus(self.row.status)

    @property
    def over(self) -> bool:
        return self.status is TicketStatus.CLOSED

    @property
    def may_settle(self) -> bool:
        """Whether they may say that it is done. Whoever was only let in may not."""
        return self.row.standing == "customer" and self.status in (TicketStatus.OPEN, TicketStatus.PENDING)

    @property
    def may_reopen(self) -> bool:
        return self.row.standing == "customer" and self.status is TicketStatus.RESOLVED


async def list_cases(ctx: Context, visitor: Visitor, *, state: str = "", before: int = 0) -> Shelf:
    """Newest first, PAGE at a time. `state`: one of STATES."""
    wanted = state if state in STATES else ""
    rows = await ctx.database.read(
        lambda c: portal.tickets(c, visitor.address, wanted, before or portal.NEWEST, visitor.only, PAGE + 1)
    )
    shown = rows[:PAGE]
    return Shelf(tickets=shown, before=shown[-1].id if len(rows) > PAGE else 0)


async def open_case(ctx: Context, visitor: Visitor, number: str) -> Case:
    """The ticket of this number (or the one that it was merged into). Raises NotFound: it is none, or not theirs; all the
    same."""

    async def read(connection: Connection) -> Case:
        row = await find_case(connection, visitor, number)
        lines = await portal.lines(connection, row.id, visitor.address, MOST_LINES + 1)
        shown = lines[-MOST_LINES:]
        files = await portal.files(connection, [one.id for one in shown])
        question = await question_of(connection, row.id, row.channel_id, visitor.address)
        return Case(
            row=row,
            lines=[_line(one, files) for one in shown],
            question=question,
            older=len(lines) > MOST_LINES,
        )

    return await ctx.database.read(read)


async def find_case(connection: Connection, visitor: Visitor, number: str) -> CaseRow:
    """Raises NotFound."""
    try:
        code = read_code(TICKET, number)
    except NotACode:
        code = 0
    row = await portal.ticket(connection, visitor.address, code, visitor.only)
    if row is None:
        raise NotFound("There is no such case.")
    return row


async def open_file(ctx: Context, visitor: Visitor, token: str) -> tuple[str, bytes]:
    """Name and content of a file that stands on a line which they may see. Raises NotFound, also for what has a virus in it:
    whoever else takes part in the case may have sent it; Unavailable while the virus scanner cannot be asked."""

    async def read(connection: Connection) -> tuple[str, bytes]:
        place = await portal.file_place(connection, token)
        row = (
            await portal.ticket(connection, visitor.address, place.ticket_code, visitor.only)
            if place is not None
            else None
        )
        if place is None or row is None:
            raise NotFound("There is no such file.")
        shown = await portal.lines(connection, row.id, visitor.address, 1, only=place.interaction_id)
        found = await views.attachment(connection, token) if shown else None
        if found is None:
            raise NotFound("There is no such file.")
        return place.filename, found[2]

    name, data = await ctx.database.read(read)
    if not await fit_for_customers(ctx, token, data):
        raise NotFound("The virus scanner found something in this file.")
    return name, data


async def profile_of(ctx: Context, visitor: Visitor) -> ProfileRow | None:
    """None where the address is nobody's by proof (they may speak in others' cases only, or wrote by a form), and for whoever
    came by the link of one case: who its customer is stands on no letter that was passed on."""
    if visitor.only is not None:
        return None
    return await ctx.database.read(lambda c: portal.profile(c, visitor.address))


def answers_of(row: LineRow | WordsRow) -> Sequence[object]:
    """What they answered to the questions of a form; of what we wrote, nothing."""
    return row.fields.get("answers", ()) if isinstance(row.fields, dict) and row.mine else ()


def _line(row: LineRow, files: Sequence[FileRow]) -> Line:
    return Line(
        id=row.id,
        mine=row.mine and row.own,
        theirs=row.mine and not row.own,
        author=row.author_name,
        text=row.text,
        cut=row.cut,
        at=row.said_at,
        answers=answers_of(row),
        files=[one for one in files if one.interaction_id == row.id],
    )
