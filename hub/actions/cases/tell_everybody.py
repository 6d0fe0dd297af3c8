"""One text to everybody whom an incident concerns: each customer once, on their own channel, through the ordinary outbox.

Whom it goes to is written down with the update, in one transaction; each reply is made in a transaction of its own,
together with
the word that it was. So nobody is told twice and nobody is forgotten, whatever ends in between (docs/decisions/0039).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from hub.actions.announce import INCIDENTS, announce
from hub.actions.answers.reply import queue_reply
from hub.actions.answers.ways import way_back
from hub.actions.cases.incidents import IncidentState, lock_incident, no_incident, tell
from hub.actions.context import ConfiguredChannel, Context
from hub.actions.failures import ActionFailure, NotPossible, in_short
from hub.actions.note import check_text
from hub.actions.people.sight import seen_of
from hub.model.people import Actor
from hub.model.tickets import TicketStatus
from storage import incidents
from storage.database import Connection, joining, try_alone
from storage.incidents import ConcernedRow, NewDelivery, WaitingDelivery

log = structlog.get_logger(__name__)

CLAIMED, NO_WAY, CLOSED, TOO_LONG, STOPPED = "claimed", "no_way_back", "closed", "too_long", "stopped"
OUT_OF_SIGHT, FAULT = "out_of_sight", "fault"
"""Why somebody is not told."""
MOST_KEY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A customer, how they would be told, or why not. `kind` and `channel`: of the way, "" where there is none.
    `claimed`: nothing proves that the address is theirs."""

    row: ConcernedRow
    kind: str = ""
    channel: str = ""
    claimed: bool = False
    why: str = ""

    @property
    def chinese(self) -> bool:
        return self.row.language.startswith("zh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """How many would be told by which kind of channel, in which language, and how many not, by reason."""

    by_kind: dict[str, int]
    chinese: int
    others: int
    claimed: int
    skipped: dict[str, int]
    recipients: Sequence[Recipient]

    @property
    def told(self) -> int:
        return sum(self.by_kind.values())


async def preview_update(
    ctx: Context,
    *,
    incident_code: int,
    actor: Actor,
    with_claimed: bool = False,
    text_en: str = "",
    text_zh: str = "",
) -> Preview:
    """Whom an update of the actor's would reach as things are. Raises NotFound."""

    async def look(connection: Connection) -> list[Recipient] | None:
        incident = await incidents.by_code(connection, incident_code)
        if incident is None:
            return None
        return await _recipients(ctx, connection, incident.id, actor, with_claimed, text_en, text_zh)

    found = await ctx.database.read(look)
    if found is None:
        raise no_incident(incident_code)
    told = [one for one in found if not one.why]
    return Preview(
        by_kind=dict(Counter(one.kind for one in told)),
        chinese=sum(one.chinese for one in told),
        others=sum(not one.chinese for one in told),
        claimed=sum(one.claimed for one in found),
        skipped=dict(Counter(one.why for one in found if one.why)),
        recipients=found,
    )


async def write_update(
    ctx: Context,
    *,
    incident_code: int,
    key: str,
    actor: Actor,
    state: str = "",
    text_en: str = "",
    text_zh: str = "",
    with_claimed: bool = False,
) -> int:
    """The update's id; it goes out from then on. A customer is told in Chinese or in English, or in the one that is there.
    `key`: the same again is the same update. `with_claimed`: also to addresses that customers only claimed. The incident is in
    `state` from then on, "" for as it is. Raises NotFound, NotPossible (empty, too_long, bad_state, no_key)."""
    texts = [check_text(one) if one.strip() else "" for one in (text_en, text_zh)]
    if not any(texts):
        raise NotPossible("There is no text.", code="empty")
    if state and state not in {one.value for one in IncidentState}:
        raise NotPossible("An incident is open, monitoring or resolved.", code="bad_state")
    if not key or len(key) > MOST_KEY or "\x00" in key:
        raise NotPossible("An update needs a key, so that it is sent once.", code="no_key")

    async def work(connection: Connection) -> int:
        incident = await lock_incident(connection, incident_code)
        becomes = state or incident.state
        update = await incidents.add_update(
            connection,
            incident.id,
            key=key,
            state=becomes,
            text_en=texts[0],
            text_zh=texts[1],
            with_claimed=with_claimed,
            agent_id=actor.agent_id,
            author=actor.name,
        )
        if update is None:
            return await incidents.update_by_key(connection, incident.id, key)
        found = await _recipients(ctx, connection, incident.id, actor, with_claimed, *texts)
        await incidents.add_deliveries(
            connection,
            update,
            [
                NewDelivery(
                    customer_id=one.row.customer_id,
                    ticket_id=one.row.ticket_id,
                    language="zh" if one.chinese else "en",
                    why=one.why,
                )
                for one in found
            ],
        )
        await incidents.set_(connection, incident.id, incident.title, becomes)
        await tell(connection, actor, incident.id)
        await announce(connection, INCIDENTS)
        return update

    made = await ctx.database.run(work)
    ctx.listener.wake(INCIDENTS)
    return made


async def stop_update(ctx: Context, *, incident_code: int, update_id: int, actor: Actor) -> int:
    """Whoever was not told yet is not told; returns how many. Raises NotFound."""

    async def work(connection: Connection) -> int:
        incident = await lock_incident(connection, incident_code)
        stopped = await incidents.stop(connection, incident.id, update_id)
        await tell(connection, actor, incident.id)
        return stopped

    return await ctx.database.run(work)


async def tell_left_out(ctx: Context, *, incident_code: int, update_id: int, actor: Actor) -> int:
    """Whoever was left out because something was broken is told after all; returns how many. Raises NotFound."""

    async def work(connection: Connection) -> int:
        incident = await lock_incident(connection, incident_code)
        many = await incidents.try_again(connection, incident.id, update_id, FAULT)
        await tell(connection, actor, incident.id)
        await announce(connection, INCIDENTS)
        return many

    many = await ctx.database.run(work)
    ctx.listener.wake(INCIDENTS)
    return many


async def tell_next(ctx: Context) -> int:
    """Make the next reply that waits; 0 where none does. Safe on every hub at once."""

    async def work(connection: Connection) -> int:
        waiting = await incidents.claim(connection)
        if waiting is None:
            return 0
        await _tell_one(ctx, connection, waiting)
        return 1

    return await ctx.database.run(work)


async def _tell_one(ctx: Context, connection: Connection, waiting: WaitingDelivery) -> None:
    text = (
        (waiting.text_zh or waiting.text_en)
        if waiting.language == "zh"
        else (waiting.text_en or waiting.text_zh)
    )
    actor = Actor(name=waiting.author, agent_id=waiting.agent_id)
    row = await incidents.concerned_one(connection, waiting.incident_id, waiting.customer_id)
    # As things are now: somebody may have been merged, closed or taken off since.
    known = (
        _recipient(ctx, row, waiting.with_claimed, waiting.text_en, waiting.text_zh)
        if row is not None
        else None
    )
    if known is None or known.why:
        await incidents.settle(connection, waiting.id, "skipped", known.why if known is not None else STOPPED)
        return
    made = 0

    async def answer(_: Connection) -> None:
        nonlocal made
        with joining(connection):
            made = await queue_reply(ctx, ticket_code=known.row.ticket_code, actor=actor, text=text)

    # What a refusal, or a fault of ours, had begun is not kept; and one that cannot be told holds up nobody else.
    error = await try_alone(connection, answer)
    if error is None:
        await incidents.settle(connection, waiting.id, "made", interaction_id=made)
    elif isinstance(error, ActionFailure):
        await incidents.settle(connection, waiting.id, "skipped", error.code)
    else:
        log.error("incident.not_told", delivery=waiting.id, error=in_short(error))
        await incidents.settle(connection, waiting.id, "skipped", FAULT)


async def _recipients(
    ctx: Context,
    connection: Connection,
    incident_id: int,
    actor: Actor,
    with_claimed: bool,
    text_en: str,
    text_zh: str,
) -> list[Recipient]:
    """Whoever does not see a ticket does not write on it: its customer is left out, and whoever sees all is told so."""
    rows = await incidents.concerned(connection, incident_id)
    seen = await seen_of(connection, actor, [row.ticket_id for row in rows])
    return [
        _recipient(ctx, row, with_claimed, text_en, text_zh)
        if row.ticket_id in seen
        else Recipient(row=row, why=OUT_OF_SIGHT)
        for row in rows
    ]


def _recipient(ctx: Context, row: ConcernedRow, with_claimed: bool, text_en: str, text_zh: str) -> Recipient:
    """As an answer on their ticket would leave (hub.actions.answers.reach): where they were heard last, if that is a
    conversation, else as the ticket says."""
    channel = _conversation(ctx, row)
    proven = channel is not None
    if channel is None:
        way = way_back(ctx, row.channel, row.reply_address)
        channel = way.channel if way is not None else None
        proven = row.proven or (channel is not None and channel.kind.inbox is None)
    if channel is None:
        return Recipient(row=row, why=NO_WAY)
    chinese = row.language.startswith("zh")
    text = (text_zh or text_en) if chinese else (text_en or text_zh)
    most = channel.kind.capabilities.max_text
    why = ""
    if row.status == TicketStatus.CLOSED:
        why = CLOSED
    elif not proven and not with_claimed:
        why = CLAIMED
    elif most and len(text) > most:
        why = TOO_LONG
    return Recipient(row=row, kind=channel.kind.kind, channel=channel.name, claimed=not proven, why=why)


def _conversation(ctx: Context, row: ConcernedRow) -> ConfiguredChannel | None:
    if not row.heard_thread or row.heard_channel == row.channel or row.heard_channel not in ctx.channels:
        return None
    channel = ctx.channel(row.heard_channel)
    able = channel.kind.capabilities.can_send and channel.kind.answers(channel.settings)
    return channel if able and channel.kind.inbox is None else None
