"""One ticket as the desk shows it: its entries, why it is where it is, whether it can be answered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.actions.answers.ways import way_back
from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.model.codes import TICKET, NotACode, read_code
from hub.model.tickets import TicketStatus
from hub.web.desk.say.language import Voice
from routing.retell import Told, retell
from storage import threads, views
from storage.database import Connection
from storage.side_by_side import side_by_side
from storage.threads import EntryFacts
from storage.views import DecisionRow, TicketRow, TimelineRow

ENTRIES = 100
MOST_ENTRIES = 2000
CUT = views.AT_ONCE
"""Characters of one entry that are shown at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """How an answer would reach the customer. `trouble`: the code of why it cannot, or "". `kind`: of the channel it
    would leave by, which need not be the one on which the customer wrote."""

    trouble: str = ""
    kind: str = ""
    files: bool = False
    most_text: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A ticket and the last of its entries, oldest first. `earlier`: there are more before them. `facts` by entry, where there
    are any."""

    ticket: TicketRow
    entries: Sequence[TimelineRow]
    earlier: bool
    rows: int
    facts: Mapping[int, EntryFacts]
    decisions: Sequence[DecisionRow]


def ticket_code(given: str) -> int:
    """The number in an address. Raises NotFound."""
    try:
        return read_code(TICKET, given)
    except NotACode as error:
        raise NotFound(str(error), code="not_a_ticket_number") from error


async def read_thread(connection: Connection, ticket: TicketRow, rows: int = ENTRIES) -> Thread:
    """The ticket with its last `rows` entries."""
    async with side_by_side(connection) as also:
        decisions = also.ask(views.ticket_decisions(also.connection, ticket.id, limit=20))
        entries, earlier = await _read_entries(also.connection, ticket.id, rows)
        facts = await threads.entry_facts(also.connection, [entry.id for entry in entries])
    return Thread(
        ticket=ticket, entries=entries, earlier=earlier, rows=rows, facts=facts, decisions=decisions.result()
    )


async def _read_entries(connection: Connection, ticket_id: int, rows: int) -> tuple[list[TimelineRow], bool]:
    """And whether there are more before them."""
    entries: list[TimelineRow] = []
    earlier = True
    while earlier and len(entries) < rows:
        wanted = min(views.MOST_ROWS, rows - len(entries))
        before = entries[0].id if entries else None
        page = await views.latest_of_ticket(connection, ticket_id, before=before, limit=wanted)
        entries = [*page, *entries]
        earlier = len(page) == wanted
    return entries, earlier


def answering(ctx: Context, ticket: TicketRow) -> Answering:
    """Whether, and with what, this ticket can be answered as the channels are configured now."""
    way = way_back(ctx, ticket.channel, ticket.reply_address)
    if way is None:
        gone = ticket.channel not in ctx.channels
        return Answering(trouble="channel_gone" if gone else "no_way_back", kind=ticket.channel_kind)
    able = way.channel.kind.capabilities
    return Answering(
        trouble="closed" if ticket.status == TicketStatus.CLOSED else "",
        kind=way.channel.kind.kind,
        files=able.attachments,
        most_text=able.max_text,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """One decision, told. `step`: as it is called on screen; people and rules change more than who has the ticket."""

    step: str
    decision: DecisionRow
    told: Sequence[Told]


def tell_decisions(
    voice: Voice, decisions: Sequence[DecisionRow], queues: Sequence[views.QueueName]
) -> Sequence[Why]:
    """Every stored decision in the reader's language, newest first."""
    titles = queue_titles(voice, queues)
    return [
        Why(
            step=_step(one),
            decision=one,
            told=retell(one.why, voice.locale, titles),
        )
        for one in decisions
    ]


def _step(decision: DecisionRow) -> str:
    if "rule" in decision.why:
        return "by_rule"
    return "changed" if "changed" in decision.why else decision.step


def queue_titles(voice: Voice, queues: Sequence[views.QueueName]) -> dict[str, str]:
    """What each queue is called in the reader's language."""
    return {queue.name: queue.title_zh if voice.chinese else queue.title_en for queue in queues}
