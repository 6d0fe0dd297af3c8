"""How well tickets were sorted, by what people said of them since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.actions.context import Context
from hub.model.tickets import TicketKind
from storage import classifiers, corrections
from storage.classifiers import ModelRow, UseRow
from storage.corrections import ConfusionRow, CorrectionRow, UncertainRow
from storage.database import Connection

DAYS = 30
MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Tickets taken for one kind that are of another, or of the same. `said`: a person said so; `settled`: they were
    answered and settled, and nobody found anything wrong with their kind."""

    said: int = 0
    settled: int = 0

    @property
    def tickets(self) -> int:
        return self.said + self.settled


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """`table`: by (what it was taken for, what it is). `recall` and `precision` of complaints; None where there were none."""

    table: Mapping[tuple[TicketKind, TicketKind], Cell]
    said: int
    right: int
    recall: float | None
    precision: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All that a supervisor looks at. `waiting`: tickets in work about whose kind nobody is sure, `uncertain` the newest
    of them. `until_next`: how many more corrections until the hub learns by itself; None where it never does."""

    measured: Measured
    uncertain: Sequence[UncertainRow]
    waiting: int
    recent: Sequence[CorrectionRow]
    models: Sequence[ModelRow]
    uses: Sequence[UseRow]
    in_use: int
    until_next: int | None


async def read_overview(ctx: Context) -> Overview:
    """As things stand now."""
    after = ctx.settings.classification.learn_after_corrections

    async def read(connection: Connection) -> Overview:
        last = await classifiers.last_correction(connection)
        fresh = len(await corrections.list_answers(connection, after=last, limit=after)) if after else 0
        return Overview(
            measured=measure(await corrections.confusion(connection, DAYS)),
            uncertain=await corrections.list_uncertain(connection, MOST),
            waiting=await corrections.count_uncertain(connection),
            recent=await corrections.list_corrections(connection, days=DAYS, limit=MOST),
            models=await classifiers.list_models(connection),
            uses=await classifiers.list_uses(connection, 20),
            in_use=await classifiers.in_use(connection),
            until_next=max(0, after - fresh) if after else None,
        )

    return await ctx.database.read(read)


def measure(rows: Sequence[ConfusionRow]) -> Measured:
    """The table, and what follows for complaints. Pure."""
    table: dict[tuple[TicketKind, TicketKind], Cell] = {}
    for row in rows:
        key = (TicketKind(row.from_kind), TicketKind(row.to_kind))
        known = table.get(key, Cell())
        table[key] = Cell(
            said=known.said + row.tickets * row.said, settled=known.settled + row.tickets * (not row.said)
        )
    complaint = TicketKind.COMPLAINT
    found = table.get((complaint, complaint), Cell()).tickets
    are = sum(cell.tickets for (_, now), cell in table.items() if now is complaint)
    taken = sum(cell.tickets for (was, _), cell in table.items() if was is complaint)
    return Measured(
        table=table,
        said=sum(cell.said for cell in table.values()),
        right=sum(cell.said for (was, now), cell in table.items() if was is now),
        recall=found / are if are else None,
        precision=found / taken if taken else None,
    )
