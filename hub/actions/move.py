"""Entries that landed on the wrong ticket: moved to another, split off to one of their own, and back.

What an entry says is never touched; where it stands is. Its files, its references and what was delivered go along, so that
later answers find the new place. Each move stands in a ledger of its own and in those of both tickets.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from hub.actions.announce import EVENTS, ROUTE, announce
from hub.actions.cases.along import restore_rows, take_back
from hub.actions.cases.begun import bring_begun, take_begun_back
from hub.actions.cases.live_on import carry_live, carry_live_back
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.split import open_split, sender_of
from hub.actions.targets import Touch, touch
from hub.actions.ticket_work import CLOSE_RESOLVED, Step, take_step
from hub.model.codes import TICKET, show_code
from hub.model.details import read_details
from hub.model.interactions import Direction, InteractionKind, SenderCheck
from hub.model.people import Actor
from hub.model.permissions import Sight
from hub.model.tickets import EventKind, TicketStatus
from storage import cases, house, inbound, move, participants, threads, work
from storage.database import Connection
from storage.move import Brought, MovableRow

T = TypeVar("T")

MOST_ENTRIES = 1000
_LEAVING = ("queued", "sending")


@dataclass(slots=True, kw_only=True)
class Pair:
    """Both tickets, locked. `opened`: the target was made for what goes there. `heard`: a word of the customer's that waits for
    its answer came to it."""

    source: Step
    target: Step
    opened: bool = False
    heard: bool = False

    async def movable(self, ids: Sequence[int]) -> list[MovableRow]:
        """These entries of the source. Raises NotPossible: not_on_ticket, still_leaving."""
        return await _entries(self.source, ids)

    def touches(self) -> list[Touch]:
        """What the clocks of both have to know."""
        found = [one for one in (self.source.happened(), self.target.happened()) if one is not None]
        number = self.target.ticket.id
        if self.opened or self.heard:
            found = [one for one in found if one.ticket_id != number]
            found.append(Touch(ticket_id=number, opened=self.opened, customer_wrote=self.heard))
        return found


async def move_entries(
    ctx: Context, *, ticket_code: int, interaction_ids: Sequence[int], to_code: int, actor: Actor
) -> int:
    """These entries are on ticket `to_code` from now on; returns the move's id. When nothing that was said is left behind, the
    old ticket is closed and whoever looks for it finds the new one.

    Raises NotFound; NotPossible: nothing_to_move, not_on_ticket, same_ticket, closed, still_leaving.
    """
    ids = _ids(interaction_ids)
    if ticket_code == to_code:
        raise NotPossible("The entries are on this ticket already.", code="same_ticket")

    async def step(pair: Pair) -> int:
        if pair.target.status is TicketStatus.CLOSED:
            raise NotPossible("A closed ticket takes nothing in: open it first.", code="closed")
        entries = await _entries(pair.source, ids)
        return await take_over(ctx, pair, entries, split=False)

    return await on_two(ctx, ticket_code, to_code, actor, step)


async def split_entries(
    ctx: Context, *, ticket_code: int, interaction_ids: Sequence[int], actor: Actor
) -> tuple[int, int]:
    """These entries become a ticket of their own: of the one who wrote the first of them, sorted and routed like any other.
    Returns (its number, the move's id). Raises NotFound; NotPossible: nothing_to_move, not_on_ticket, still_leaving."""
    ids = _ids(interaction_ids)

    async def run(connection: Connection) -> tuple[int, int] | None:
        found = await work.peek(connection, ticket_code)
        if found is None:
            raise _no_ticket(ticket_code)
        ticket_id, holder = found
        # The person first, as when a letter of theirs is filed at this moment: what an entry says does not change.
        first = next(iter(await move.movable(connection, ticket_id, ids)), None)
        if first is not None and (sender := sender_of(first)) is not None:
            await inbound.lock_conversations(connection, [sender.lock])
        agents = await inbound.lock_agents(connection, [holder] if holder is not None else [])
        source = await take_step(connection, ticket_id, agents, actor, ctx.rules)
        if source.ticket.holder not in (None, holder):
            return None
        entries = await _entries(source, ids)
        opened = await open_split(ctx, source, entries)
        # What they have just made need not be in their sight: nobody has it yet, and its queue is the rules' to say.
        target = await take_step(connection, opened.id, {}, replace(actor, sight=Sight.ALL), ctx.rules)
        target.made_room = target.status is TicketStatus.OPEN
        pair = Pair(source=source, target=target, opened=True)
        move_id = await take_over(ctx, pair, entries, split=True)
        await _tell(ctx, connection, pair)
        return opened.code, move_id

    while True:
        done = await ctx.database.run(run)
        if done is not None:
            return done


async def undo_move(ctx: Context, *, move_id: int, actor: Actor) -> int:
    """The entries are where they were; returns that ticket's number. Raises NotFound; NotPossible: undone_already, moved_on
    (some were moved again), added_since (something came on the ticket, perhaps because of them), still_leaving."""
    known = await ctx.database.read(lambda c: move.move_of(c, move_id))
    if known is None:
        raise NotFound(f"There is no move {move_id}.")

    async def step(pair: Pair) -> int:
        source, target, connection = pair.source, pair.target, pair.source.connection
        if not await move.end_move(connection, move_id, actor.name):
            raise NotPossible("This was undone already.", code="undone_already")
        moved = await move.entries_of_move(connection, move_id)
        if await move.in_place(connection, move_id, target.ticket.id) < len(moved):
            raise NotPossible("Some of these entries were moved on since.", code="moved_on")
        if await move.added_since(connection, target.ticket.id, known.target_seq):
            raise NotPossible("Something was added to the ticket since.", code="added_since")
        entries = await _entries(target, [one.interaction_id for one in moved])
        merge = await cases.merge_of(connection, move_id)
        brought = await move.brought_by(connection, move_id)
        await move.put(
            connection,
            [(one.interaction_id, one.from_seq) for one in moved],
            ticket_id=source.ticket.id,
            customer_id=source.ticket.customer_id,
            from_ticket_id=target.ticket.id,
        )
        for step_ in (source, target):
            await step_.note(EventKind.MOVE_UNDONE, move=move_id)
        await _tell_deliveries(source, entries)
        await move.unmerge(connection, source.ticket.id, target.ticket.id)
        if source.status == known.source_became:
            await source.become(TicketStatus(known.source_was))
        if known.split:
            await target.become(TicketStatus.CLOSED)
            await move.merge_into(connection, target.ticket.id, source.ticket.id)
            await bring_begun(target, source)
        elif target.status == known.target_became:
            await target.become(TicketStatus(known.target_was))
        if merge is not None:
            await take_back(target, merge)
        if brought is not None:
            await take_begun_back(source, target, brought)
            if brought.live is not None:
                await carry_live_back(source, target, brought.live, silence_seconds=_silence(ctx))
        await _write(ctx, pair)
        if merge is not None:
            await restore_rows(source, target, merge, target_was=known.target_was)
        return source.ticket.code

    return await on_two(ctx, known.source_code, known.target_code, actor, step)


async def take_over(ctx: Context, pair: Pair, entries: Sequence[MovableRow], *, split: bool) -> int:
    """The entries are on the target; both rows are written. Returns the move's id."""
    source, target, connection = pair.source, pair.target, pair.source.connection
    source_was, target_was = source.status, target.status
    move_id = await move.add_move(
        connection,
        source_id=source.ticket.id,
        target_id=target.ticket.id,
        split=split,
        agent_id=source.actor.agent_id,
        by_name=source.actor.name,
        source_was=source_was,
        target_was=target_was,
    )
    placed: list[tuple[int, int, int]] = []
    for entry in entries:
        kind = EventKind.TICKET_OPENED if target.seq == 0 else _told_as(entry)
        seq = await target.note(kind, interaction=entry.id, direction=entry.direction, move=move_id)
        placed.append((entry.id, entry.seq, seq))
    await _tell_deliveries(target, entries)
    await move.put(
        connection,
        [(entry_id, seq) for entry_id, _, seq in placed],
        ticket_id=target.ticket.id,
        customer_id=target.ticket.customer_id,
        from_ticket_id=source.ticket.id,
    )
    await _let_in(target, entries)
    await source.note(EventKind.ENTRIES_MOVED, move=move_id, to=target.ticket.id, entries=len(placed))
    await target.note(
        EventKind.ENTRIES_MOVED, move=move_id, **{"from": source.ticket.id}, entries=len(placed)
    )
    why = "split" if split else "moved"
    await threads.remember(connection, [], [(target.ticket.id, source.ticket.id, why)])
    brought: Brought | None = None
    _, anything = await move.speaks_last(connection, source.ticket.id)
    if not anything:
        await source.become(TicketStatus.CLOSED)
        await move.merge_into(connection, source.ticket.id, target.ticket.id)
        brought = await bring_begun(source, target)
    last, _ = await move.speaks_last(connection, target.ticket.id)
    pair.heard = not split and last == Direction.IN and any(_is_word(entry) for entry in entries)
    if pair.heard and target.status in (TicketStatus.PENDING, TicketStatus.RESOLVED):
        await target.become(TicketStatus.OPEN)
    if brought is not None:
        live = await carry_live(source, target, silence_seconds=_silence(ctx))
        await move.set_brought(connection, move_id, replace(brought, live=live))
    await _write(ctx, pair)
    await move.close_move(
        connection,
        move_id,
        source_became=source.status,
        target_became=target.status,
        target_seq=target.seq,
        entries=placed,
    )
    return move_id


def _silence(ctx: Context) -> float:
    return ctx.rules.work.silence_minutes * 60.0


def _is_word(entry: MovableRow) -> bool:
    return entry.direction == Direction.IN and not entry.automatic


async def _let_in(target: Step, entries: Sequence[MovableRow]) -> None:
    """Who wrote what was moved, and whom it was written to, goes on in the new place: an agent put them there."""
    names: dict[str, str] = {}
    for entry in entries:
        details = read_details(entry.details) if entry.details else None
        if _is_word(entry) and details is not None and details.sender is not None:
            if details.sender_check is not SenderCheck.FAIL:
                names[details.sender.address] = details.sender.name
        elif entry.sent_to and "@" in entry.sent_to:
            names.setdefault(entry.sent_to, "")
    strangers = await move.strangers(target.connection, target.ticket.id, sorted(names))
    if strangers:
        people = [(one, names[one]) for one in strangers]
        await participants.let_in(target.connection, target.ticket.id, people, target.actor.agent_id)


async def _tell_deliveries(step: Step, entries: Sequence[MovableRow]) -> None:
    """The ledger of the ticket on which they stand knows what became of them."""
    for entry in entries:
        if entry.delivery:
            await step.note(EventKind.DELIVERY_CHANGED, interaction=entry.id, state=entry.delivery)


async def _write(ctx: Context, pair: Pair) -> None:
    for step in (pair.source, pair.target):
        changed = step.status.value if step.status != step.ticket.status else None
        version = await work.set_ticket(step.connection, step.ticket.id, seq=step.seq, status=changed)
        if changed == TicketStatus.RESOLVED:
            seconds = ctx.settings.tickets.close_resolved_after_days * 86_400
            await house.set_timer(step.connection, CLOSE_RESOLVED, step.ticket.id, seconds, version)
        await move.refresh(step.connection, step.ticket.id)


def _told_as(entry: MovableRow) -> EventKind:
    """How the ledger tells of an entry of this kind."""
    if entry.kind == InteractionKind.SURVEY:
        return EventKind.SURVEY_SENT if entry.direction == Direction.OUT else EventKind.SURVEY_ANSWERED
    return EventKind.INTERACTION_ADDED if entry.revises is None else EventKind.INTERACTION_REVISED


async def _entries(source: Step, ids: Sequence[int]) -> list[MovableRow]:
    entries = await move.movable(source.connection, source.ticket.id, ids)
    if len(entries) < len(ids):
        raise NotPossible("Not all of these entries are on this ticket any more.", code="not_on_ticket")
    if any(entry.delivery in _LEAVING for entry in entries):
        raise NotPossible("A reply among them has not left yet: wait, or cancel it.", code="still_leaving")
    return entries


def _ids(given: Sequence[int]) -> list[int]:
    ids = sorted(set(given))
    if not 0 < len(ids) <= MOST_ENTRIES:
        raise NotPossible(
            f"Choose entries to move: one at least, {MOST_ENTRIES} at most.", code="nothing_to_move"
        )
    return ids


async def on_two(
    ctx: Context, code: int, other_code: int, actor: Actor, step: Callable[[Pair], Awaitable[T]]
) -> T:
    """One step on two tickets in one transaction: the agents of both, then both tickets, each in the order of their ids."""

    async def run(connection: Connection) -> tuple[bool, T | None]:
        found = {one: await work.peek(connection, one) for one in (code, other_code)}
        wanted: set[int] = set()
        for one, row in found.items():
            if row is None:
                raise _no_ticket(one)
            if row[1] is not None:
                wanted.add(row[1])
        agents = await inbound.lock_agents(connection, sorted(wanted)) if wanted else {}
        order = sorted((row[0], one) for one, row in found.items() if row is not None)
        taken = {
            one: await take_step(connection, ticket_id, agents, actor, ctx.rules) for ticket_id, one in order
        }
        if any(s.ticket.holder not in (None, *agents) for s in taken.values()):
            return False, None
        pair = Pair(source=taken[code], target=taken[other_code])
        result = await step(pair)
        await _tell(ctx, connection, pair)
        return True, result

    while True:
        done, result = await ctx.database.run(run)
        if done:
            return result  # type: ignore[return-value]  # done: it is what `step` returned


async def _tell(ctx: Context, connection: Connection, pair: Pair) -> None:
    for step in (pair.source, pair.target):
        await step.settle()
    await touch(connection, ctx.rules, pair.touches())
    await announce(connection, EVENTS, *([ROUTE] if pair.source.made_room or pair.target.made_room else []))


def _no_ticket(code: int) -> NotFound:
    return NotFound(f"There is no ticket {show_code(TICKET, code)}.")
