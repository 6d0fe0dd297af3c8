"""Nothing leaves a database by itself that was put back from a copy: what was on its way, or due since, may have left.

Each kind is put where a person sees it and decides. A repetition costs a customer more than a letter that somebody has to send.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.actions.answers.schedule import hold_scheduled
from hub.actions.backup.hold_rules import hold_rules
from hub.actions.cases.tell_everybody import FAULT
from hub.actions.context import Context
from hub.actions.surveys.invite import ASK_RATING
from hub.model.codes import INCIDENT, TICKET, show_code
from storage import backups
from storage.backups import UntoldRow
from storage.database import Connection

_WHY = "The database was put back from a copy: this may have been sent since."


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What did not leave. Numbers of tickets: `replies` that were on their way, `chats` with lines that would have gone on by
    letter, `rules` that would have written to a customer, called a program or ended the work. `drafts`: so many replies for
    later are drafts again; `surveys`: so many tickets about which nobody is asked; `incidents` of which `customers` were still
    to be told; `side_letters`: so many letters with codes or links."""

    replies: Sequence[str]
    drafts: int
    surveys: int
    chats: Sequence[str]
    incidents: Sequence[str]
    customers: int
    side_letters: int
    rules: Sequence[str]


async def hold_what_leaves(ctx: Context) -> Held:
    """Once, before a hub starts on this database. What time brought meanwhile is written down on the way. Raises
    DatabaseUnavailable."""
    replies, surveys, chats, untold, side = await ctx.database.run(_hold)
    due = await ctx.database.read(backups.due_scheduled)
    for number in due:
        await hold_scheduled(ctx, number)
    rules = await hold_rules(ctx)
    return Held(
        replies=_shown(replies),
        drafts=len(due),
        surveys=surveys,
        chats=_shown(chats),
        incidents=tuple(show_code(INCIDENT, row.code) for row in untold),
        customers=sum(row.customers for row in untold),
        side_letters=side,
        rules=_shown(rules),
    )


async def _hold(connection: Connection) -> tuple[list[int], int, list[int], list[UntoldRow], int]:
    replies = [row.ticket_code for row in await backups.hold_outbox(connection, _WHY)]
    surveys = await backups.hold_surveys(connection, ASK_RATING)
    chats = await backups.hold_chats(connection)
    # Of all reasons to be left out this is the one that the System page shows and a person can undo.
    untold = await backups.hold_incidents(connection, FAULT)
    side = await backups.hold_side_letters(connection, _WHY)
    return replies, surveys, chats, untold, side


def _shown(codes: Sequence[int]) -> tuple[str, ...]:
    """Each once."""
    return tuple(dict.fromkeys(show_code(TICKET, code) for code in codes))
