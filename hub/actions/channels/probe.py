"""Trying a channel with a message, step by step, for a person who looks on: sent, arrived, a ticket, in this queue.

Through an inbox the hub sends itself a letter. Such a letter is "our own": its ticket opens as resolved, nobody is disturbed,
and it is closed with the tag "test" at once. Other channels are tried by whoever looks on; the hub waits for what comes next.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog

from channels.adapter import ChannelFailure, Inbox
from hub.actions.announce import EVENTS, announce
from hub.actions.channels.check_channel import channel_at_work, check_channel
from hub.actions.channels.held import open_for_work
from hub.actions.context import ConfiguredChannel, Context
from hub.actions.failures import ActionFailure, NotPossible
from hub.actions.installation import channel_id
from hub.actions.ports import make_ports
from hub.actions.status import change_status
from hub.actions.tags import change_tags
from hub.model.interactions import OutboundInteraction
from hub.model.people import Actor
from hub.model.tickets import EventKind, TicketStatus
from storage import channels as stored
from storage import events
from storage.channels import ArrivalRow, ProbeRow
from storage.database import Connection, DatabaseUnavailable

log = structlog.get_logger(__name__)

LETTER_SECONDS = 120.0
PERSON_SECONDS = 600.0
"""How long a letter, and a person who was asked to write, is waited for."""
TAG = "test"
LATE, UNREADABLE, HUB_GONE, BROKEN = "late", "unreadable", "gone", "fault"
_LOOK_SECONDS = 0.5
_RUNNING = "channel_probes"
_SUBJECTS = {"en": "Test message of Contact Hub", "zh_CN": "Contact Hub 测试邮件"}
_TEXTS = {
    "en": "A question from Contact Hub to itself: does this letter arrive through the channel {name}?",
    "zh_CN": "Contact Hub 给自己的提问：这封邮件能通过渠道 {name} 到达吗？",
}


async def begin_probe(ctx: Context, *, name: str, actor: Actor, language: str = "en") -> None:
    """Send the letter, or begin to wait. How it goes is for `last_probe`. Raises NotFound, NotPossible (probe_running)."""
    channel = await channel_at_work(ctx, name)
    assert actor.agent_id is not None
    number, agent_id = await channel_id(ctx, name), actor.agent_id
    inbox = channel.kind.inbox(channel.settings) if channel.kind.inbox is not None else None
    letter = _letter(channel, inbox, language) if inbox is not None else None

    async def work(connection: Connection) -> int:
        await stored.end_lost_probes(connection, number, PERSON_SECONDS + LETTER_SECONDS)
        last = await stored.last_probe(connection, number)
        if last is not None and last.ended_at is None and last.message_id:
            raise NotPossible("A test message is on its way already.", code="probe_running")
        if last is not None and last.ended_at is None:
            await stored.end_probe(connection, last.id, LATE)
        made = await stored.begin_probe(
            connection,
            number,
            agent_id,
            letter.message_id if letter is not None else "",
            letter.address if letter is not None else "",
        )
        await _tell(connection, name)
        return made

    probe = await ctx.database.run(work)
    tasks = _tasks(ctx)
    task = asyncio.create_task(_run(ctx, channel, probe, number, letter, actor), name=f"probe:{name}")
    tasks.add(task)
    task.add_done_callback(tasks.discard)


async def last_probe(ctx: Context, name: str) -> ProbeRow | None:
    """How far it is, or what came of it. Raises KeyError for a channel that is not at work."""
    number = await channel_id(ctx, name)
    return await ctx.database.read(lambda c: stored.last_probe(c, number))


async def close_as_test(ctx: Context, *, ticket_code: int, actor: Actor) -> None:
    """Mark and close what a person sent to try a channel. Raises NotFound, NotPossible."""
    await change_tags(ctx, ticket_code=ticket_code, actor=actor, add=[TAG])
    await change_status(
        ctx, ticket_code=ticket_code, status=TicketStatus.CLOSED, actor=actor, unfinished=True
    )


async def end_probes(ctx: Context) -> None:
    """Stop those that this hub is at; for its end."""
    tasks = list(_tasks(ctx))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _run(
    ctx: Context,
    channel: ConfiguredChannel,
    probe: int,
    number: int,
    letter: OutboundInteraction | None,
    actor: Actor,
) -> None:
    try:
        error = await _try(ctx, channel, probe, number, letter, actor)
    except ChannelFailure as failure:
        error = str(failure)[:500]
    except TimeoutError:
        error = LATE
    except ActionFailure as failure:
        log.warning("channel.probe_not_closed", channel=channel.name, reason=str(failure))
        error = ""
    except asyncio.CancelledError:
        error = HUB_GONE
    except DatabaseUnavailable as failure:
        log.warning("channel.probe_lost", channel=channel.name, error=str(failure))
        return
    except Exception:
        log.exception("channel.probe_fault", channel=channel.name)
        error = BROKEN

    async def work(connection: Connection) -> None:
        await stored.end_probe(connection, probe, error)
        await _tell(connection, channel.name)

    await ctx.database.run(work)


async def _try(
    ctx: Context,
    channel: ConfiguredChannel,
    probe: int,
    number: int,
    letter: OutboundInteraction | None,
    actor: Actor,
) -> str:
    """ "" when it arrived, else a code. Raises what sending and waiting may."""
    if letter is not None:
        await _send(ctx, channel, letter)
        await _note(ctx, channel.name, lambda c: stored.probe_sent(c, probe))
    else:
        address = await check_channel(ctx, channel.name)
        await _note(ctx, channel.name, lambda c: stored.probe_addressed(c, probe, address))
    seen = False
    async with asyncio.timeout(LETTER_SECONDS if letter is not None else PERSON_SECONDS):
        while True:
            heard = ctx.listener.expect(EVENTS)
            arrival = await _look(ctx, probe, number, letter)
            if arrival is not None and not seen:
                seen = True
                raw_id, at = arrival.raw_id, arrival.arrived_at
                await _note(ctx, channel.name, lambda c: stored.probe_arrived(c, probe, raw_id, at))  # noqa: B023
            if arrival is not None and arrival.trouble:
                return UNREADABLE
            if arrival is not None and arrival.ticket_id is not None:
                break
            await heard.wait(_LOOK_SECONDS)
    ticket_id, code = arrival.ticket_id, arrival.ticket_code
    await _note(ctx, channel.name, lambda c: stored.probe_filed(c, probe, ticket_id))
    if letter is not None and code is not None:
        await close_as_test(ctx, ticket_code=code, actor=actor)
    return ""


async def _look(
    ctx: Context, probe: int, number: int, letter: OutboundInteraction | None
) -> ArrivalRow | None:
    async def read(connection: Connection) -> ArrivalRow | None:
        if letter is not None:
            return await stored.arrival_of_letter(connection, number, letter.message_id)
        last = await stored.last_probe(connection, number)
        if last is None or last.id != probe:
            raise TimeoutError  # somebody began another one, which has ended this
        return await stored.next_arrival(connection, number, last.after_raw)

    return await ctx.database.read(read)


async def _send(ctx: Context, channel: ConfiguredChannel, letter: OutboundInteraction) -> None:
    adapter = open_for_work(ctx, channel, make_ports(ctx, channel.name))
    try:
        await adapter.send(letter, _leaving)
    finally:
        await adapter.close()


async def _leaving() -> Callable[[], bool]:
    """Nothing is written down: a test message that was cut off is simply sent again by a person."""
    return lambda: True


def _letter(channel: ConfiguredChannel, inbox: Inbox, language: str) -> OutboundInteraction:
    assert channel.kind.answer_id is not None
    return OutboundInteraction(
        interaction_id=0,
        ticket_code="",
        address=inbox.address,
        recipient_name="",
        author_name="Contact Hub",
        subject=_SUBJECTS[language],
        text=_TEXTS[language].format(name=channel.name),
        queued_at=datetime.now(UTC),
        message_id=channel.kind.answer_id(channel.settings, secrets.token_hex(16), ""),
        language=language,
    )


async def _note(ctx: Context, name: str, write: Callable[[Connection], Awaitable[None]]) -> None:
    async def work(connection: Connection) -> None:
        await write(connection)
        await _tell(connection, name)

    await ctx.database.run(work)


async def _tell(connection: Connection, name: str) -> None:
    await events.add_event(connection, EventKind.CHANNEL_CHANGED, data={"channel": name})
    await announce(connection, EVENTS)


def _tasks(ctx: Context) -> set[asyncio.Task[None]]:
    tasks: set[asyncio.Task[None]] = ctx.memo.setdefault(_RUNNING, set())
    return tasks
