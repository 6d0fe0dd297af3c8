"""One customer is forgotten, for good: who they are at once, then ticket by ticket what they said. Figures stay.

First the identities go, so that whoever writes from the same address is a new customer; then the tickets are emptied in small
batches. What was begun is ended, whatever happens to the hub in between (`finish_forgetting`).
"""

from collections.abc import Iterable, Sequence, Set

from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.customers.hold import hold_people
from hub.actions.failures import NotFound, NotPossible
from hub.actions.people.audit import record
from hub.model.audit import AuditKind
from hub.model.codes import CUSTOMER, NotACode, read_code, show_code
from hub.model.people import Actor
from hub.model.permissions import Permission
from hub.model.tickets import EventKind
from storage import events, merge_customers, privacy, retention
from storage.database import Connection
from storage.privacy import Forgettable, HoldRow, Standing

TICKETS_AT_ONCE = 50
MOST_REASON = 300
MOST_COUNTED = 10_000
"""So many tickets, and so many entries of them, are looked at to say what would go."""


async def standing_of(ctx: Context, customer_code: int) -> Standing:
    """Who would be forgotten, what of theirs would go, and what speaks against it (`refusal_of`), as it is now. Nothing is
    locked: it may be otherwise when it is done. Raises NotFound."""
    found = await ctx.database.read(lambda c: privacy.standing_of(c, customer_code, MOST_COUNTED + 1))
    if found is None:
        raise _unknown(customer_code)
    return found


def has_more(standing: Standing) -> bool:
    """Whether there is more of theirs than was counted."""
    return max(standing.tickets, standing.entries) > MOST_COUNTED


def refusal_of(standing: Standing) -> NotPossible | None:
    """With what `anonymise_customer` would refuse it now."""
    return _refusal(
        merged_away=standing.merged_away,
        anonymised=standing.anonymised_at is not None,
        held=standing.held,
        in_work=standing.in_work,
        written_to=standing.written_to,
    )


async def anonymise_customer(ctx: Context, *, customer_code: int, typed: str, actor: Actor) -> None:
    """There is no way back. `typed`: the customer's number, by which whoever asks shows that they mean it. With them goes
    everybody who was found to be the same. Raises NotFound; NotPossible: not_allowed, number_differs, on_hold, still_in_work,
    still_written_to, anonymised, merged_away (it is the one that stays that is forgotten)."""
    if not actor.may(Permission.ANONYMISE_CUSTOMERS):
        raise NotPossible("Only who may anonymise customers may do this.", code="not_allowed")
    try:
        meant = read_code(CUSTOMER, typed)
    except NotACode:
        meant = 0
    if meant != customer_code:
        raise NotPossible(f"Type {show_code(CUSTOMER, customer_code)}.", code="number_differs")

    async def work(connection: Connection) -> bool:
        held = await hold_people(connection, await privacy.same_people(connection, [customer_code]))
        people = await take_people(connection, customer_code, held)
        if people is None:
            return False
        _check(people, customer_code)
        await forget_people(connection, people, actor=actor)
        await record_forgotten(connection, people, actor=actor)
        return True

    while not await ctx.database.run(work):
        pass
    while await finish_forgetting(ctx):
        pass


async def take_people(connection: Connection, code: int, held: Set[int]) -> list[Forgettable] | None:
    """The customer of this number and whoever is the same, under lock, as they stand now. `held`: the identities under which
    nothing is filed meanwhile (`hold_people`); None where they have one more by now: then from the beginning."""
    people = await privacy.lock_customer(connection, code)
    known = await merge_customers.identities(connection, [one.id for one in people])
    return people if {one.id for one in known} <= held else None


def keeps(one: Forgettable) -> bool:
    """Whether something speaks against forgetting them."""
    return one.held or one.in_work or one.written_to or one.anonymised_at is not None


async def forget_people(connection: Connection, people: Sequence[Forgettable], *, actor: Actor) -> None:
    """They are locked, and nothing speaks against it."""
    await privacy.forget_customers(connection, [one.id for one in people])
    for one in people:
        await events.add_event(
            connection,
            EventKind.CUSTOMER_CHANGED,
            agent_id=actor.agent_id,
            data={"customer": one.id, "by": actor.name},
        )
    await announce(connection, EVENTS)


async def record_forgotten(connection: Connection, people: Iterable[Forgettable], *, actor: Actor) -> None:
    """Write it down; comes last in the transaction."""
    for one in people:
        number = show_code(CUSTOMER, one.code)
        await record(connection, AuditKind.CUSTOMER_ANONYMISED, actor=actor, subject=number)


async def finish_forgetting(ctx: Context) -> bool:
    """Empty the next few tickets of somebody who is forgotten; False where there is nothing left to do."""

    async def work(connection: Connection) -> bool:
        found = await privacy.to_forget(connection)
        if found is None:
            return False
        customer_id, after = found
        tickets = await privacy.tickets_after(connection, customer_id, after, TICKETS_AT_ONCE)
        if tickets:
            await privacy.forget_tickets(connection, tickets)
            await privacy.forgot_until(connection, customer_id, tickets[-1])
        else:
            await privacy.forgotten(connection, customer_id)
        return True

    return await ctx.database.run(work)


async def set_hold(ctx: Context, *, customer_code: int, reason: str, actor: Actor) -> None:
    """From now on nothing of the customer's is taken away. Raises NotFound; NotPossible: not_allowed, bad_reason."""
    reason = " ".join(reason.split())
    if not reason or len(reason) > MOST_REASON or not reason.isprintable():
        raise NotPossible(f"A reason has 1 to {MOST_REASON} characters.", code="bad_reason")
    _check_may_hold(actor)

    async def work(connection: Connection) -> None:
        if not await privacy.set_hold(
            connection, customer_code, reason=reason, by_agent=actor.agent_id, by_name=actor.name
        ):
            raise _unknown(customer_code)
        number = show_code(CUSTOMER, customer_code)
        await record(connection, AuditKind.HOLD_SET, actor=actor, subject=number, details={"reason": reason})

    await ctx.database.run(work)


async def lift_hold(ctx: Context, *, customer_code: int, actor: Actor) -> None:
    """The policies count for the customer again, also for what they passed over. Raises NotFound; NotPossible (not_allowed)."""
    _check_may_hold(actor)

    async def work(connection: Connection) -> None:
        reason = await privacy.lift_hold(connection, customer_code)
        if reason is None:
            raise NotFound(f"There is no hold on {show_code(CUSTOMER, customer_code)}.")
        await retention.begin_again(connection)
        number = show_code(CUSTOMER, customer_code)
        await record(
            connection, AuditKind.HOLD_LIFTED, actor=actor, subject=number, details={"reason": reason}
        )

    await ctx.database.run(work)


async def list_holds(ctx: Context) -> list[HoldRow]:
    """Newest first."""
    return await ctx.database.read(privacy.holds)


async def hold_of(ctx: Context, customer_code: int) -> HoldRow | None:
    return await ctx.database.read(lambda c: privacy.hold_of(c, customer_code))


def _check(people: Sequence[Forgettable], customer_code: int) -> None:
    asked = next((one for one in people if one.code == customer_code), None)
    if asked is None:
        raise _unknown(customer_code)
    refusal = _refusal(
        merged_away=asked.merged_into is not None,
        anonymised=asked.anonymised_at is not None,
        held=any(one.held for one in people),
        in_work=any(one.in_work for one in people),
        written_to=any(one.written_to for one in people),
    )
    if refusal is not None:
        raise refusal


def _refusal(
    *, merged_away: bool, anonymised: bool, held: bool, in_work: bool, written_to: bool
) -> NotPossible | None:
    """The first that counts."""
    for speaks_against, code, text in (
        (merged_away, "merged_away", "They were merged into another customer."),
        (anonymised, "anonymised", "Nothing is left of them already."),
        (held, "on_hold", "There is a legal hold on them."),
        (in_work, "still_in_work", "There are open tickets of theirs."),
        (written_to, "still_written_to", "A reply to them has not left yet."),
    ):
        if speaks_against:
            return NotPossible(text, code=code)
    return None


def _check_may_hold(actor: Actor) -> None:
    if not actor.may(Permission.MANAGE_RETENTION):
        raise NotPossible("Only who manages retention may do this.", code="not_allowed")


def _unknown(customer_code: int) -> NotFound:
    return NotFound(f"There is no customer {show_code(CUSTOMER, customer_code)}.")
