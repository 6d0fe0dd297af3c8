"""Other rules, tried on what happened in the last days: which tickets would have gone elsewhere, what would have happened by
itself. Nothing is written, nobody is told.

A few hundred tickets at a time are read, and reckoned beside the event loop; of what is found a bounded part is kept, and all
of it counted.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from hub.actions.automation.visit import as_facts
from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.rules.rulebook import check_rules
from hub.model.codes import TICKET, show_code
from hub.model.tickets import Priority, TicketKind
from routing.automation.book import Book
from routing.automation.facts import Message, Told
from routing.automation.replay import Entry, WouldRun, replay
from routing.rules import QueueChoice, RoutingRules, choose_queue
from routing.situation import Situation
from storage import automation, house
from storage import dry_run as stored
from storage.automation import FactsRow
from storage.database import Connection
from storage.dry_run import LedgerRow, SituationRow

MOST_DAYS = 90
MOST_TICKETS = 500_000
"""So many of the last tickets are looked at."""
MOST_SHOWN = 500
_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a ticket goes. `rules`: those that matched, in order."""

    queue: str
    priority: str
    skills: tuple[str, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutedOtherwise:
    """A ticket that would have gone elsewhere. `ticket`: its number as it is spoken."""

    ticket: str
    subject: str
    opened_at: datetime
    before: Place
    after: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCount:
    """For how many tickets a routing rule matches, of the rules in use and of those that are tried."""

    name: str
    now: int
    then: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What an automation would have done. `because`: what it listens to, or waits for; `actions`: as "priority=high"."""

    ticket: str
    subject: str
    rule: str
    at: datetime
    because: str
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationCount:
    name: str
    tickets: int
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What would have been otherwise since `since`. `version`: of the rules in use, with which it was compared. Of `total`
    tickets that were opened `changed` would have had another queue, priority or skills; `unknown` have nothing on record by
    which that could be said. To `automated` tickets something would have happened by itself. `tickets` and `runs` are of the
    newest; `capped`: there are more."""

    days: int
    since: datetime
    version: int
    total: int
    changed: int
    unknown: int
    tickets: tuple[RoutedOtherwise, ...]
    rules: tuple[RuleCount, ...]
    automated: int
    runs: tuple[Run, ...]
    automations: tuple[AutomationCount, ...]
    capped: bool

    def to_json(self) -> dict[str, Any]:
        """As programs get it."""
        return asdict(self)


async def dry_run(
    ctx: Context,
    document: Mapping[str, Any] | RoutingRules,
    days: int = 30,
    *,
    most: int = MOST_SHOWN,
    tell: Callable[[int, int], Awaitable[None]] | None = None,
) -> DryRun:
    """Try these rules on the last `days` (1 to 90). `tell` hears how many tickets of how many were looked at. Raises
    NotPossible (rules_wrong, wrong_days)."""
    if not 1 <= days <= MOST_DAYS:
        raise NotPossible(f"Rules can be tried on the last 1 to {MOST_DAYS} days.", code="wrong_days")
    then = document if isinstance(document, RoutingRules) else check_rules(document)
    version, now = ctx.rulebook.version, ctx.rules
    since = await ctx.database.read(house.database_clock) - timedelta(days=days)
    tickets = await ctx.database.read(lambda c: stored.touched(c, since, MOST_TICKETS))
    count = _Count(now=now, then=then, since=since, most=most)
    for first in range(0, len(tickets), _AT_ONCE):
        read = partial(
            _read, ticket_ids=tickets[first : first + _AT_ONCE], then=then.automations, since=since
        )
        await asyncio.to_thread(count.take, *await ctx.database.read(read))
        if tell is not None:
            await tell(min(first + _AT_ONCE, len(tickets)), len(tickets))
    return count.result(days, version, cut=len(tickets) == MOST_TICKETS)


async def _read(
    connection: Connection, *, ticket_ids: Sequence[int], then: Book, since: datetime
) -> tuple[list[SituationRow], list[FactsRow], dict[int, list[LedgerRow]]]:
    situations = await stored.situations(connection, ticket_ids, since)
    if not then.listening and not then.timed:
        return situations, [], {}
    wanted = [(one, 0) for one in ticket_ids]
    facts = await automation.facts(
        connection, wanted, count_open=then.counts_open, read_fields=then.reads_fields
    )
    ledgers = await stored.ledgers(connection, ticket_ids, words=then.reads_words)
    return situations, list(facts.values()), ledgers


@dataclass(slots=True, kw_only=True)
class _Count:
    """What was found so far."""

    now: RoutingRules
    then: RoutingRules
    since: datetime
    most: int
    total: int = 0
    changed: int = 0
    unknown: int = 0
    automated: int = 0
    tickets: list[RoutedOtherwise] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    matched_now: Counter[str] = field(default_factory=Counter)
    matched_then: Counter[str] = field(default_factory=Counter)
    rule_runs: Counter[str] = field(default_factory=Counter)
    rule_tickets: Counter[str] = field(default_factory=Counter)

    def take(
        self,
        situations: Sequence[SituationRow],
        facts: Sequence[FactsRow],
        ledgers: Mapping[int, Sequence[LedgerRow]],
    ) -> None:
        """Some more tickets."""
        self._route(situations)
        self._automate(facts, ledgers)

    def _route(self, rows: Sequence[SituationRow]) -> None:
        """Choose the queue of each, by the rules in use and by those that are tried."""
        for row in sorted(rows, key=lambda one: one.id, reverse=True):
            situation = _situation(row)
            if situation is None:
                self.unknown += 1
                continue
            self.total += 1
            now, then = choose_queue(self.now, situation), choose_queue(self.then, situation)
            self.matched_now.update(now.rules)
            self.matched_then.update(then.rules)
            before, after = _place(now, row), _place(then, row)
            if (before.queue, before.priority, before.skills) == (after.queue, after.priority, after.skills):
                continue
            self.changed += 1
            if len(self.tickets) < self.most:
                self.tickets.append(
                    RoutedOtherwise(
                        ticket=show_code(TICKET, row.code),
                        subject=row.subject,
                        opened_at=row.created_at,
                        before=before,
                        after=after,
                    )
                )

    def _automate(self, rows: Sequence[FactsRow], ledgers: Mapping[int, Sequence[LedgerRow]]) -> None:
        """Go through the ledger of each."""
        for row in rows:
            ledger = [_entry(one) for one in ledgers.get(row.ticket_id, ())]
            if not ledger:
                continue
            found = list(replay(self.then.automations, as_facts(row), ledger[0].at, ledger, self.since))
            self.automated += bool(found)
            self.rule_tickets.update({one.rule.name for one in found})
            self.rule_runs.update(one.rule.name for one in found)
            self.runs += [_run(row, one) for one in found[: self.most - len(self.runs)]]

    def result(self, days: int, version: int, *, cut: bool) -> DryRun:
        names = dict.fromkeys(one.name for one in (*self.then.rule, *self.now.rule))
        return DryRun(
            days=days,
            since=self.since,
            version=version,
            total=self.total,
            changed=self.changed,
            unknown=self.unknown,
            tickets=tuple(self.tickets),
            rules=tuple(
                RuleCount(name=name, now=self.matched_now[name], then=self.matched_then[name])
                for name in names
            ),
            automated=self.automated,
            runs=tuple(self.runs),
            automations=tuple(
                AutomationCount(
                    name=one.name, tickets=self.rule_tickets[one.name], runs=self.rule_runs[one.name]
                )
                for one in self.then.automation
            ),
            capped=cut or self.changed > len(self.tickets) or self.rule_runs.total() > len(self.runs),
        )


def _situation(row: SituationRow) -> Situation | None:
    """As it was when the ticket was opened; None where that is not on record."""
    why: Mapping[str, Any] = row.why or {}
    said: Mapping[str, Any] = why.get("classification") or {}
    if "kind" not in said or "language" not in said:
        return None
    return Situation(
        kind=TicketKind(said["kind"]),
        channel=row.channel,
        channel_kind=row.channel_kind,
        language=str(said["language"]),
        topics=tuple(said.get("topics", ())),
        key_account=row.key_account,
        segment=row.segment,
        uncertain=bool(said.get("uncertain", False)),
        subject=row.subject,
        hints=_hints(why),
    )


def _hints(why: Mapping[str, Any]) -> dict[str, str]:
    """All of them; of a ticket that was opened before they were kept, those that stand among the reasons."""
    if "hints" in why:
        return dict(why["hints"])
    reasons = (why.get("queue") or {}).get("reasons", ())
    told = [one["params"] for one in reasons if one.get("code") in ("hint_honoured", "hint_ignored")]
    return {str(one["hint"]): str(one["value"]) for one in told}


def _place(choice: QueueChoice, row: SituationRow) -> Place:
    priority = Priority.LOW if row.automatic else choice.priority
    return Place(queue=choice.queue, priority=priority.name.lower(), skills=choice.skills, rules=choice.rules)


def _entry(row: LedgerRow) -> Entry:
    message = None
    if row.direction is not None:
        message = Message(
            direction=row.data.get("as", row.direction),
            text=row.text or "",
            attachment=row.attachment,
            automatic=bool(row.automatic),
            moved="move" in row.data,
        )
    told = Told(kind=row.kind, data=row.data, agent_id=row.agent_id, message=message)
    return Entry(at=row.at, told=told, message_id=int(row.data.get("interaction", 0)))


def _run(row: FactsRow, would: WouldRun) -> Run:
    return Run(
        ticket=show_code(TICKET, row.code),
        subject=row.subject,
        rule=would.rule.name,
        at=would.at,
        because=would.because,
        actions=tuple(f"{one.verb}={_said(one.value)}" for one in would.rule.then),
    )


def _said(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
