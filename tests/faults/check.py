"""What must hold after every fault run (I1 to I14): asked of the database, of the ledger, and of what peers saw."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from hub.actions.context import Context
from storage.database import Connection
from tests.fakes.crowd import BESIDE_A_FREE_AGENT
from tests.fakes.invariants import find_breaches
from tests.fakes.processes import until
from tests.faults.inject import Injected
from tests.faults.ledger import Ledger, Operation, judge
from tests.faults.load import Load
from tests.faults.timelines import Timelines, newest, read_timelines, rows, set_aside, unhurried
from tests.faults.world import KEY, Outside

QUIET_SECONDS = 60.0
"""Within so many seconds after the last fault everything has come to its end, without a person (I10)."""
LONGEST_SECONDS = 240.0
"""How long is waited for that, so that what comes late can be told from what never comes."""
_UNDER_WAY = """
SELECT (SELECT count(*) FROM inbound_raw WHERE state NOT IN ('read', 'duplicate', 'quarantined', 'discarded'))
     + (SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending'))
     + (SELECT count(*) FROM timer WHERE fired_at IS NULL AND cancelled_at IS NULL
        AND due_at < clock_timestamp() - interval '5 seconds')
"""


@dataclass(slots=True, kw_only=True)
class Verdict:
    """`wrong`: each breach of an invariant, in words. `quiet_after`: seconds from the end of the load and the last fault until
    nothing was under way; None: that never was. The rest are counts."""

    wrong: list[str] = field(default_factory=list)
    quiet_after: float | None = None
    kept: int = 0
    sent: int = 0
    failed: int = 0
    uncertain: int = 0
    doubtful: int = 0
    replays: int = 0
    timelines: Timelines = field(default_factory=Timelines)


async def until_quiet(ctx: Context, dsn: str, ledger: Ledger) -> None:
    """Return when all that was said is on a timeline and nothing waits any more. Raises AssertionError."""
    missing = {one.key for one in inbound(ledger) if one.outcome == "ok"}
    settled = 0

    async def is_quiet() -> bool:
        nonlocal settled
        if await _value(ctx, _UNDER_WAY):
            return False
        async with unhurried(dsn) as connection:
            after, settled = settled, await newest(connection)
            found = await read_timelines(connection, after)
            aside = await set_aside(connection)
        missing.difference_update(found.seen, aside)
        return not missing

    await until(is_quiet, seconds=LONGEST_SECONDS, what="everything came to its end")


def inbound(ledger: Ledger) -> list[Operation]:
    return [one for one in ledger.operations.values() if one.what not in ("answer", "resolve")]


async def check(
    ctx: Context,
    dsn: str,
    load: Load,
    outside: Outside,
    injected: Sequence[Injected],
    *,
    since: float,
    logs: Sequence[Path] = (),
    failed: Sequence[str] = (),
    seed: int = 0,
) -> Verdict:
    """Everything; the hubs still run. What is wrong is returned, so that a report can be made of it. `failed`: what went wrong
    with the run itself. `since`: when the load and the last fault had ended, by the loop's clock."""
    found = Verdict(wrong=[f"harness: {one}" for one in (*failed, *load.faults)])
    ledger = load.ledger
    try:
        await until_quiet(ctx, dsn, ledger)
    except AssertionError as error:
        found.wrong.append(f"I10: {error}; {await _what_waits(ctx, dsn, ledger)}")
    else:
        found.quiet_after = asyncio.get_running_loop().time() - since
        if found.quiet_after > QUIET_SECONDS:
            found.wrong.append(f"I10: everything came to its end only after {found.quiet_after:.0f} s")
    async with unhurried(dsn) as connection:
        await connection.execute("ANALYZE")
        found.wrong += [f"database: {one}" for one in await find_breaches(connection)]
        found.timelines = await read_timelines(connection)
        aside = await set_aside(connection)
    seen = found.timelines.seen
    found.kept = sum(seen.values())
    found.wrong += [f"I10: {key} waits for a person: {why}" for key, why in aside.items()]
    seen = seen + Counter(dict.fromkeys(aside, 1))  # not lost: everybody sees it
    found.wrong += [f"I1/I2: {one}" for one in judge(inbound(ledger), seen)]
    found.wrong += [f"answer that must not be: {one}" for one in ledger.surprises[:20]]
    await _check_answers(dsn, load, outside, injected, found)
    if await _value(ctx, BESIDE_A_FREE_AGENT):
        found.wrong.append("I7: a ticket waits beside a free agent")
    fired = await _value(ctx, "SELECT count(*) FROM timer WHERE fired_at < due_at - interval '1 second'")
    if fired:
        found.wrong.append(f"I8: {fired} timers fired before they were due")
    found.wrong += [
        f"I9: {line[:300]}"
        for log in logs
        for line in _lines(log)
        if "at commit" in line or "violates" in line
    ]
    try:
        await _check_replays(load, found, seed)
    except (aiohttp.ClientError, TimeoutError) as error:
        found.wrong.append(f"I14: a hub does not answer: {error!r}")
    return found


async def _check_answers(
    dsn: str, load: Load, outside: Outside, injected: Sequence[Injected], found: Verdict
) -> None:
    """I4, I5, I6: what became of each answer, beside what its reader saw."""

    peers = outside.seen()
    chats = Counter(key for one in load.visitors for text in one.shown.values() for key in KEY.findall(text))
    queued = Counter[str]()
    place: dict[str, tuple[int, int]] = {}
    async for row in _answers(dsn):
        keys = KEY.findall(row["text"])
        queued.update(set(keys))
        place[row["message_id"] or next(iter(keys), "")] = (row["ticket_id"], row["id"])
        if row["kind"] not in ("email", "telegram", "webchat"):
            continue
        if row["kind"] == "email":
            times = peers.letters[row["message_id"]]
        elif keys:
            times = peers.telegram[keys[0]] if row["kind"] == "telegram" else chats[keys[0]]
        else:
            continue
        allowed = {"sent": (1,), "uncertain": (0, 1), "failed": (0,), "cancelled": (0,)}.get(
            row["state"], (0, 1)
        )
        if times not in allowed:
            found.wrong.append(
                f"I4/I5: answer {row['id']} by {row['kind']} is {row['state']}, and was seen {times} times"
            )
        found.sent += row["state"] == "sent"
        found.failed += row["state"] == "failed"
        found.uncertain += row["state"] == "uncertain"
    found.wrong += [f"I4/I14: {one}" for one in judge(load.ledger.of("answer"), queued)]
    found.wrong += [
        f"I5: {len(kinds)} letters are called {name}"
        for name, kinds in peers.bodies.items()
        if len(kinds) > 1
    ]
    found.doubtful = sum(one.doubtful for one in injected)
    if found.uncertain > found.doubtful:
        found.wrong.append(
            f"I5: {found.uncertain} answers in doubt, {found.doubtful} at the most by what was injected"
        )
    for where, names in peers.order.items():
        by_ticket: dict[int, int] = {}
        for ticket, number in (place[name] for name in names if name in place):
            if by_ticket.get(ticket, 0) > number:
                found.wrong.append(f"I6: {where} got answer {number} of ticket {ticket} after a later one")
            by_ticket[ticket] = max(by_ticket.get(ticket, 0), number)


async def _answers(dsn: str) -> AsyncIterator[asyncpg.Record]:
    async with unhurried(dsn) as connection:
        async for row in rows(
            connection,
            """SELECT o.id, o.state, o.message_id, o.message->>'text' AS text, ch.kind, o.ticket_id
               FROM outbox o JOIN channel ch ON ch.id = o.channel_id ORDER BY o.id""",
        ):
            yield row


async def _check_replays(load: Load, found: Verdict, seed: int) -> None:
    """I14: what was asked and answered is asked again, on any hub: the same answer; another body under the same key: 422."""
    done = load.ledger.repeatable()
    for one in random.Random(f"replay {seed}").sample(done, min(10, len(done))):
        assert one.asked and one.told
        url = load.caller.seat().url + str(one.asked["path"])
        headers = {**load.bearer, "Idempotency-Key": one.key}
        first = await _ask(load.client, url, one.asked["body"], headers)
        if one.what == "answer" and first != (201, one.told["answer"]):
            found.wrong.append(f"I14: {one.key} was answered {one.told['answer']}, and again {first}")
        if one.what == "program" and first[0] not in (200, 201, 202):
            found.wrong.append(f"I14: {one.key} again: {first}")
        other = {**dict(one.asked["body"]), "text": "other words"}  # type: ignore[call-overload]
        second = await _ask(load.client, url, other, headers)
        if second[0] != 422:
            found.wrong.append(f"I14: {one.key} with another body: {second[0]}")
        found.replays += 1


async def _ask(
    client: aiohttp.ClientSession, url: str, body: Any, headers: dict[str, str]
) -> tuple[int, Any]:
    async with client.post(url, json=body, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


async def _what_waits(ctx: Context, dsn: str, ledger: Ledger) -> str:
    async with unhurried(dsn) as connection:
        seen = (await read_timelines(connection)).seen
    missing = [one.key for one in inbound(ledger) if one.outcome == "ok" and not seen[one.key]]

    async def read(c: Connection) -> list[Any]:
        return [
            dict(row)
            for row in await c.fetch(
                "SELECT id, state, channel_id, error, not_before FROM outbox WHERE state IN ('queued', 'sending') LIMIT 5"
            )
        ]

    return f"missing {missing[:10]} ({len(missing)}), waiting {await ctx.database.read(read)}"


def _lines(log: Path) -> Iterator[str]:
    with log.open(encoding="utf-8", errors="replace") as source:
        yield from source


async def _value(ctx: Context, query: str) -> int:
    async def read(c: Connection) -> int:
        return int(await c.fetchval(query))

    return await ctx.database.read(read)
