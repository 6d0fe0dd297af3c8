"""The owner of an address looks for words among their own cases: in what their page shows of them, and in nothing else.

Which cases are theirs is asked as for the list (`look`), which lines they may read as for a case. The index of words only
says where to look: what is found is what the shown text itself has. So a note, or what was said to another address, is not
even found to be there.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from channels.adapter import Counted
from hub.actions.context import Context
from hub.actions.portal.enter import TooOften, Visitor
from hub.actions.portal.look import answers_of
from hub.actions.search.documents import entry_text, field_values
from hub.actions.search.query import Asked, read_words
from hub.actions.search.snippet import Piece, has_hit, marked
from hub.actions.signin.tokens import hash_token
from hub.model.codes import TICKET, show_code
from hub.model.search_words import comparable
from storage import portal
from storage.database import Connection
from storage.portal import TicketRow, WordsRow

PAGE = 10
LOT = 100
"""Cases that are looked through at once, newest first."""
MOST_LOOKED = 500
"""After so many cases the page ends, however short, and the next one goes on from there."""
MOST_LINES = 50
"""Lines of a case that the index names, of which one has to have the words; the newest are looked at."""
MOST_BYTES = 2_000_000
"""Of the texts of those lines, for one lot of cases: the page ends with the case in which there are so many."""
PER_HOUR = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCase:
    """A case in which it stands. `pieces`: around the newest place, () where only a title has it; `line`: the id of its line, 0
    where none has it."""

    row: TicketRow
    pieces: Sequence[Piece] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCases:
    """One page, newest case first. `before`: the id after which the next begins; 0 where there is none."""

    cases: Sequence[FoundCase] = ()
    before: int = 0


async def find_cases(ctx: Context, visitor: Visitor, typed: str, *, before: int = 0) -> FoundCases:
    """Cases that have every word of `typed` in one of their lines, or in title and number. Raises TooOften."""
    asked = read_words(typed)
    if not asked.words:
        return FoundCases()
    await _weigh(ctx, visitor)
    # Whole texts are compared, beside the loop: one search at a time of all strangers together, as in the knowledge base.
    async with ctx.memo.setdefault(find_cases, asyncio.Semaphore(1)):
        return await ctx.database.read(lambda c: _look_through(c, visitor, asked, before or portal.NEWEST))


async def _look_through(c: Connection, visitor: Visitor, asked: Asked, below: int) -> FoundCases:
    found = list[FoundCase]()
    for _ in range(MOST_LOOKED // LOT):
        rows = await portal.tickets(c, visitor.address, "", below, visitor.only, LOT)
        ids = [row.id for row in rows]
        lines = await portal.lines_with(c, visitor.address, ids, asked.words, MOST_LINES, MOST_BYTES)
        full = bool(lines) and lines[-1].bytes >= MOST_BYTES
        looked = [row for row in rows if not full or row.id >= lines[-1].ticket_id]
        for case in await asyncio.to_thread(_found_among, looked, lines, asked, PAGE + 1 - len(found)):
            if len(found) == PAGE:
                return FoundCases(cases=found, before=found[-1].row.id)
            found.append(case)
        if full:
            return FoundCases(cases=found, before=looked[-1].id)
        if len(rows) < LOT or visitor.only is not None:
            return FoundCases(cases=found)
        below = rows[-1].id
    return FoundCases(cases=found, before=below)


def _found_among(
    rows: Sequence[TicketRow], lines: Sequence[WordsRow], asked: Asked, most: int
) -> Sequence[FoundCase]:
    cases = (_found_in(row, [line for line in lines if line.ticket_id == row.id], asked) for row in rows)
    return list(islice((case for case in cases if case is not None), most))


def _found_in(row: TicketRow, lines: Sequence[WordsRow], asked: Asked) -> FoundCase | None:
    for line in lines:
        answers = field_values(list(answers_of(line)))
        if asked.fits(entry_text(line.subject, line.text, answers, line.files)):
            return FoundCase(row=row, pieces=_pieces(line, answers, asked), line=line.id)
    if asked.fits(comparable(f"{row.subject}\n{show_code(TICKET, row.code)}")):
        return FoundCase(row=row)
    return None


def _pieces(line: WordsRow, answers: Sequence[str], asked: Asked) -> Sequence[Piece]:
    """Of the text; where nothing of it is meant, of the answers or the files; nothing of the subject, which stands above."""
    places = (line.text, " · ".join(answers), " · ".join(line.files))
    shown = (marked(place, asked.terms) for place in places)
    return next((one for one in shown if has_hit(one)), ())


async def _weigh(ctx: Context, visitor: Visitor) -> None:
    key = f"portal:search:{hash_token(visitor.address).hex()}"
    (asks,) = await ctx.gate.count([Counted(key=key, seconds=3600.0, most=PER_HOUR)])
    if asks.hits > PER_HOUR:
        raise TooOften(asks.ends_in)
