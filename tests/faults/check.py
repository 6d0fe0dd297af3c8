"""What must hold after every fault run: asked of the database, of the ledger, and of what peers saw. docs/faults.md says what
of each invariant is asked here, and where the rest is tried; tests/faults/test_checker.py, that what is broken is found."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from hub.actions.context import Context
from hub.actions.quarantine import replay
from storage.database import Connection
from tests.fakes.crowd import BESIDE_A_FREE_AGENT
from tests.fakes.invariants import find_breaches, find_breaches_of_a_run
from tests.fakes.processes import until
from tests.fakes.scene import SYSTEM
from tests.faults.doubts import NOBODY_KNOWS, account, read_sendings
from tests.faults.inject import Injected
from tests.faults.ledger import Ledger, Operation, judge
from tests.faults.load import Load
from tests.faults.timelines import (
    Aside,
    Timelines,
    newest,
    read_timelines,
    rows,
    set_aside,
    unhurried,
)
from tests.faults.world import KEY, Outside, Seen

QUIET_SECONDS = 60.0
"""Within so many seconds after the last fault everything has come to its end, without a person (I10)."""
LONGEST_SECONDS = 240.0
"""How long is waited for that, so that what comes late can be told from what never comes."""
SOON_SECONDS = 30.0
"""What follows by itself once everything has come to its end, a line on a page and a ticket in a hand, is there by then."""
TRIED_AGAIN = 3
"""Letters in quarantine that are tried once more."""
_UNDER_WAY = """
SELECT (SELECT count(*) FROM inbound_raw WHERE state NOT IN ('read', 'duplicate', 'quarantined', 'discarded'))
     + (SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending'))
     + (SELECT count(*) FROM timer WHERE fired_at IS NULL AND cancelled_at IS NULL
        AND due_at < clock_timestamp() - interval '5 seconds')
"""


@dataclass(slots=True, kw_only=True)
class Verdict:
    """`wrong`: each breach of an invariant, in words. `quiet_after`: seconds from the end of the load and the last fault until
    nothing was under way; None: that never was. `doubtful`: answers that were under way when something broke, so that they may
    be in doubt; `poisoned`: letters that nobody can read, in quarantine. The rest are counts."""

    wrong: list[str] = field(default_factory=list)
    quiet_after: float | None = None
    kept: int = 0
    sent: int = 0
    failed: int = 0
    uncertain: int = 0
    doubtful: int = 0
    replays: int = 0
    poisoned: int = 0
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
        missing.difference_update(found.seen, (one.key for one in aside))
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
    noticed: Sequence[str] = (),
    seed: int = 0,
) -> Verdict:
    """Everything; the hubs still run. What is wrong is returned, so that a report can be made of it. `failed`: what went wrong
    with the run itself. `noticed`: what was seen to be wrong while it went on. `since`: when the load and the last fault had
    ended, by the loop's clock."""
    found = Verdict(wrong=[*(f"harness: {one}" for one in (*failed, *load.faults)), *noticed])
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
        found.wrong += [f"database: {one}" for one in await find_breaches_of_a_run(connection)]
        found.timelines = await read_timelines(connection)
        aside = await set_aside(connection)
    _check_customers(ledger, aside, found)
    found.wrong += [f"answer that must not be: {one}" for one in ledger.surprises[:20]]
    await _check_chats(dsn, load, found)
    await _check_answers(dsn, load, outside.seen(), found)
    await _check_doubts(dsn, outside, injected, found)
    try:
        await until(lambda: _nobody_waits(ctx), seconds=SOON_SECONDS, what="nothing waits")
    except AssertionError:
        found.wrong.append("I7: a ticket waits beside a free agent")
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
    await _check_quarantine(ctx, load, aside, found)
    return found


def _check_customers(ledger: Ledger, aside: Sequence[Aside], found: Verdict) -> None:
    """I1, I2, I10, I11: what customers said is there once, on a timeline or, where nobody can read it, in quarantine."""
    seen, poison = found.timelines.seen, {one.key for one in ledger.of("poison")}
    found.kept = sum(seen.values())
    found.poisoned = sum(one.key in poison for one in aside)
    found.wrong += [
        f"I10: {one.key} waits for a person: {one.error}" for one in aside if one.key not in poison
    ]
    # Not lost: everybody sees it.
    found.wrong += [
        f"I1/I2: {one}" for one in judge(inbound(ledger), seen + Counter(one.key for one in aside))
    ]
    found.wrong += [f"I11: {key} cannot be read, and is on a timeline" for key in sorted(poison) if seen[key]]


async def _check_quarantine(ctx: Context, load: Load, aside: Sequence[Aside], found: Verdict) -> None:
    """I11: what nobody can read is shown to people, and who asks for it to be tried again is heard."""
    poison = {one.key for one in load.ledger.of("poison")}
    last = [one for one in aside if one.key in poison][-TRIED_AGAIN:]
    if not last:
        return
    shown = await _shown_in_quarantine(load)
    found.wrong += [
        f"I11: {one.key} is in quarantine, and no hub shows it" for one in last if one.raw_id not in shown
    ]
    for one in last:
        await replay(ctx, raw_id=one.raw_id, actor=SYSTEM)

    async def are_back() -> bool:
        query = "SELECT count(*) FROM inbound_raw WHERE id = ANY($1) AND state <> 'quarantined'"
        return not await _value(ctx, query, [one.raw_id for one in last])

    try:
        await until(are_back, seconds=SOON_SECONDS, what="they are back")
    except AssertionError:
        found.wrong.append(f"I11: {', '.join(one.key for one in last)}: to be tried again, and nobody does")


async def _shown_in_quarantine(load: Load) -> set[int]:
    """The newest, as any hub shows them; none where it does not answer."""
    url = f"{load.caller.seat().url}/api/v1/quarantine"
    try:
        async with load.client.get(url, headers=load.bearer) as answer:
            return (
                {int(one["id"]) for one in (await answer.json())["items"]} if answer.status == 200 else set()
            )
    except (aiohttp.ClientError, TimeoutError):
        return set()


async def _check_chats(dsn: str, load: Load, found: Verdict) -> None:
    """I5, I6: what visitors were shown: each line once, and of each ticket in its order."""
    async with unhurried(dsn) as connection:
        place = {
            str(row["id"]): (row["ticket_id"], row["seq"])
            async for row in rows(
                connection,
                """SELECT i.id, i.ticket_id, i.seq FROM interaction i JOIN channel c ON c.id = i.channel_id
                   WHERE c.kind = 'webchat' AND i.direction IN ('in', 'out')""",
            )
        }
        answers = [
            key
            async for row in rows(
                connection,
                """SELECT o.message->>'text' AS text FROM outbox o JOIN channel c ON c.id = o.channel_id
                   WHERE c.kind = 'webchat' AND o.state = 'sent'""",
            )
            for key in KEY.findall(row["text"])
        ]
    said = load.ledger.of("chat")
    wanted = {*answers, *(one.key for one in said if one.outcome == "ok")}
    with contextlib.suppress(AssertionError):  # said below, one by one
        await until(lambda: _are_shown(load, wanted), seconds=SOON_SECONDS, what="everything is shown")
    found.wrong += [f"I5: shown to visitors: {one}" for one in judge(said, shown_to_visitors(load))]
    for number, one in enumerate(load.visitors):
        found.wrong += [
            f"I5: visitor {number} was sent line {line} {times + 1} times on one socket"
            for line, times in one.again.items()
        ]
        found.wrong += [
            f"I6: visitor {number} was shown line {seq} of ticket {ticket} after a later one"
            for ticket, seq in _behind_later(place[line] for line in one.shown if line in place)
        ]


async def _are_shown(load: Load, wanted: set[str]) -> bool:
    return wanted <= shown_to_visitors(load).keys()


def shown_to_visitors(load: Load) -> Counter[str]:
    """In how many lines on all pages each key stands."""
    return sum((one.keys for one in load.visitors), Counter[str]())


async def _check_answers(dsn: str, load: Load, peers: Seen, found: Verdict) -> None:
    """I4, I5, I6: what became of each answer, beside what its reader saw."""
    chats = shown_to_visitors(load)
    queued = Counter[str]()
    place: dict[str, tuple[int, int]] = {}
    async for row in _answers(dsn):
        keys = KEY.findall(row["text"])
        queued.update(set(keys))
        place[row["message_id"] or next(iter(keys), "")] = (row["ticket_id"], row["id"])
        if row["kind"] not in (*NOBODY_KNOWS, "webchat"):
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
    for where, names in peers.order.items():
        found.wrong += [
            f"I6: {where} got answer {number} of ticket {ticket} after a later one"
            for ticket, number in _behind_later(place[name] for name in names if name in place)
        ]


def _behind_later(order: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Of (ticket, number) in the order of arrival: those that came after a larger number of their ticket."""
    newest: dict[int, int] = {}
    for ticket, number in order:
        if newest.get(ticket, number) > number:
            yield ticket, number
        newest[ticket] = max(newest.get(ticket, number), number)


async def _check_doubts(dsn: str, outside: Outside, injected: Sequence[Injected], found: Verdict) -> None:
    """I5: in doubt are only answers that were under way when something broke, and those to whose end the relay said nothing."""
    async with unhurried(dsn) as connection:
        sendings = [one async for one in read_sendings(connection)]
    moments = [moment for one in injected for moment in one.moments]
    doubts = account(sendings, moments, outside.relay.unheard)
    beside = sum(one.doubtful for one in injected)
    found.doubtful = doubts.may + beside
    if len(doubts.unexplained) > beside:
        found.wrong += [
            f"I5: answer {one.answer} by {one.kind} is in doubt, and nothing broke while it was sent"
            for one in doubts.unexplained
        ]


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
        if not is_the_same(one.told, first):
            found.wrong.append(f"I14: {one.key} was answered {one.told['answer']}, and again {first}")
        other = {**dict(one.asked["body"]), "text": "other words"}  # type: ignore[call-overload]
        second = await _ask(load.client, url, other, headers)
        if second[0] != 422:
            found.wrong.append(f"I14: {one.key} with another body: {second[0]}")
        found.replays += 1


def is_the_same(told: Mapping[str, Any], again: tuple[int, Any]) -> bool:
    """Whether the second answer says what the first did. What was only kept by then (202) may be on a timeline by now, and is
    the same item."""
    status, document = again
    if told["status"] != 202:
        return bool((status, document) == (told["status"], told["answer"]))
    return status in (201, 202) and bool(document["raw_id"] == told["answer"]["raw_id"])


async def _ask(
    client: aiohttp.ClientSession, url: str, body: Any, headers: dict[str, str]
) -> tuple[int, Any]:
    async with client.post(url, json=body, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None)


async def _what_waits(ctx: Context, dsn: str, ledger: Ledger) -> str:
    async with unhurried(dsn) as connection:
        seen = (await read_timelines(connection)).seen
        aside = {one.key for one in await set_aside(connection)}
    missing = [
        one.key
        for one in inbound(ledger)
        if one.outcome == "ok" and not seen[one.key] and one.key not in aside
    ]

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


async def _nobody_waits(ctx: Context) -> bool:
    return not await _value(ctx, BESIDE_A_FREE_AGENT)


async def _value(ctx: Context, query: str, *values: object) -> int:
    async def read(c: Connection) -> int:
        return int(await c.fetchval(query, *values))

    return await ctx.database.read(read)
