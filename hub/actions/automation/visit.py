"""One rule looks at one ticket for one reason: in one transaction it is asked again, does what it says, and that is recorded.

Whatever dies, the record and the effects are there together or not at all; who tries again finds the record.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from hub.actions.automation.act import act
from hub.actions.automation.case import Did, Outcome, RuleCase
from hub.actions.automation.give import whom
from hub.actions.automation.stop import stop_rule
from hub.actions.context import Context
from hub.actions.installation import channel_id
from hub.actions.ticket_work import Step, on_ticket
from hub.model.people import Actor
from hub.model.tickets import Priority, TicketKind, TicketStatus
from routing.automation.bounds import counts, must_stop
from routing.automation.facts import Facts, Message, Told
from routing.automation.judge import holds, listens
from routing.automation.tables import AutomationRule, Since
from routing.automation.waits import due_at
from storage import automation as stored
from storage.automation import AnchorsRow, DueRow, FactsRow
from storage.database import Connection, DatabaseUnavailable, joining

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a rule looks at a ticket: what happened, or that its time came."""

    because: str
    caused_by: str
    depth: int
    counts: bool


async def visit(ctx: Context, due: DueRow, rule: AutomationRule, facts: FactsRow, *, last: bool) -> bool:
    """False where somebody else is at it. `facts`: as they were a moment ago, unlocked. `last`: nothing is left to be done
    about the row then."""
    for name in ctx.channels if any(one.reply for one in rule.then) else ():
        await channel_id(ctx, name)  # cannot be asked inside
    actor = Actor(name=f"Rule: {rule.name}", rule=rule.name, depth=_depth(facts) + 1)
    agents = await whom(ctx, rule, facts)
    locked = sorted({one for one in agents.values() if one is not None})

    async def step(taken: Step) -> bool:
        connection = taken.connection
        if not await stored.claim_one(connection, due.id):
            return False
        found = await look_at(connection, ctx, due)
        if found is not None and applies(ctx, rule, due, found, await anchors_for(connection, due)):
            case = RuleCase(
                ctx=ctx, connection=connection, rule=rule, due=due, ticket_id=due.ticket_id, facts=found, actor=actor,
                agents=agents,
            )  # fmt: skip
            await _do(case)
        if last:
            await stored.settle(connection, [due.id])
        return True

    try:
        return await on_ticket(ctx, facts.code, actor, step, with_agents=locked)
    except DatabaseUnavailable:
        raise
    except Exception as error:
        # A fault of ours: nothing of it was kept, and it would come again for ever.
        log.exception("automation.fault", rule=rule.name, ticket=due.ticket_id)
        await _record_fault(ctx, due, rule, facts, type(error).__name__)
        return True


async def _do(case: RuleCase) -> None:
    connection, rule, due = case.connection, case.rule, case.due
    if await _ran(connection, due, rule) or rule.name in {
        one.rule for one in await stored.stopped(connection)
    }:
        return
    reason = _reason(rule, case.facts)
    visits = await stored.visits(connection, due.ticket_id, rule.name) if reason.counts else 0
    if (why := must_stop(reason.depth, visits)) is not None:
        await stop_rule(case, why)
        await _record(connection, case.ctx, case, reason, "stopped", error=why.value)
        return
    with joining(connection):
        did = [await act(case, action, place) for place, action in enumerate(rule.then)]
    await _record(connection, case.ctx, case, reason, _outcome(did), did=[one.as_data() for one in did])


async def look_at(connection: Connection, ctx: Context, due: DueRow) -> FactsRow | None:
    """The ticket as it is now."""
    key = (due.ticket_id, due.seq)
    found = await stored.facts(
        connection,
        [key],
        count_open=ctx.rules.automations.counts_open,
        read_fields=ctx.rules.automations.reads_fields,
    )
    return found.get(key)


async def anchors_for(connection: Connection, due: DueRow) -> AnchorsRow | None:
    """Since when what the row waits for is so; None where it waits for nothing."""
    if due.rule is None:
        return None
    return (await stored.anchors(connection, [due.ticket_id])).get(due.ticket_id)


def applies(
    ctx: Context, rule: AutomationRule, due: DueRow, row: FactsRow, anchors: AnchorsRow | None
) -> bool:
    """Whether the rule has to do something here."""
    book = ctx.rules.automations
    facts = as_facts(row)
    if due.rule is None:
        return listens(rule, facts) and holds(rule, facts, book.calendars)
    if rule.of is None or anchors is None or anchor_of(anchors, rule.of) != due.anchor or due.anchor is None:
        return False  # it has begun to wait anew, or waits no more
    comes = due_at(rule, due.anchor, book.calendars)
    return comes is not None and comes <= row.now and holds(rule, facts, book.calendars)


def anchor_of(anchors: AnchorsRow, since: Since) -> datetime | None:
    found: datetime | None = getattr(anchors, since.value)
    return found


def as_facts(row: FactsRow) -> Facts:
    """A row of the database as what rules are asked about."""
    return Facts(
        kind=TicketKind(row.kind),
        priority=Priority(row.priority),
        queue=row.queue,
        status=TicketStatus(row.status),
        channel=row.channel,
        channel_kind=row.channel_kind,
        now=row.now,
        tags=frozenset(row.tags),
        language=row.language,
        subject=row.subject,
        assigned=row.assignee_id is not None,
        uncertain=row.kind_uncertain,
        key_account=row.key_account,
        segment=row.segment,
        organisation=row.organisation,
        customer_language=row.customer_language,
        open_tickets=row.open_tickets,
        ticket_fields=row.ticket_fields or {},
        customer_fields=row.customer_fields or {},
        told=as_told(row),
    )


def as_told(row: FactsRow) -> Told | None:
    """What happened."""
    if row.event is None:
        return None
    data: Mapping[str, Any] = row.data
    message = None
    if row.direction is not None:
        message = Message(
            direction=data.get("as", row.direction),
            text=row.text or "",
            attachment=row.attachment,
            automatic=bool(row.automatic),
            moved="move" in data,
        )
    return Told(kind=row.event, data=data, agent_id=row.agent_id, message=message)


def _depth(row: FactsRow) -> int:
    told = as_told(row)
    return told.depth if told is not None else 0


def _reason(rule: AutomationRule, row: FactsRow) -> Reason:
    told = as_told(row)
    if told is None:
        return Reason(because=str(rule.of), caused_by="", depth=0, counts=counts(None))
    heard = sorted(told.happenings & frozenset(rule.on))
    return Reason(because=heard[0], caused_by=told.by.value, depth=told.depth, counts=counts(told.by))


async def _ran(connection: Connection, due: DueRow, rule: AutomationRule) -> bool:
    if due.anchor is not None:
        return bool(await stored.ran_for_waits(connection, [(due.ticket_id, rule.name, due.anchor)]))
    return bool(await stored.ran_for_events(connection, [(due.ticket_id, rule.name, due.seq)]))


def _outcome(did: list[Did]) -> str:
    if any(one.outcome is Outcome.REFUSED for one in did):
        return "failed"
    return "done" if any(one.outcome is Outcome.DONE for one in did) else "nothing"


async def _record(
    connection: Connection,
    ctx: Context,
    case: RuleCase,
    reason: Reason,
    outcome: str,
    *,
    did: list[dict[str, Any]] | None = None,
    error: str = "",
) -> None:
    await stored.add_run(
        connection,
        ticket_id=case.ticket_id,
        rule=case.rule.name,
        rules_version=ctx.rulebook.version,
        seq=case.due.seq if case.due.anchor is None else None,
        anchor=case.due.anchor,
        because=reason.because,
        caused_by=reason.caused_by,
        depth=reason.depth,
        outcome=outcome,
        did=did or [],
        error=error,
    )


async def _record_fault(ctx: Context, due: DueRow, rule: AutomationRule, row: FactsRow, error: str) -> None:
    reason = _reason(rule, row)

    async def work(connection: Connection) -> None:
        await stored.add_run(
            connection,
            ticket_id=due.ticket_id,
            rule=rule.name,
            rules_version=ctx.rulebook.version,
            seq=due.seq if due.anchor is None else None,
            anchor=due.anchor,
            because=reason.because,
            caused_by=reason.caused_by,
            depth=reason.depth,
            outcome="failed",
            error=error,
        )

    await ctx.database.run(work)
