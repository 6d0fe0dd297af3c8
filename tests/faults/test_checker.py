"""The check after a fault run is shown runs in which something is broken, and says what: a question that is never shown a
breach may be dead. What it asks of the database alone: tests/rooms/test_invariants.py; of the gate: test_gate.py."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.floor.route import drain
from hub.actions.receive import accept_items, read_waiting
from tests.fakes.crowd import tickets_wait
from tests.fakes.outside import Outside as Adapter
from tests.fakes.scene import BOB, SYSTEM, a_hub, an_agent, one, raw_letter, rows, say, ticket, write
from tests.fakes.sending import deliver_due
from tests.faults import check as checking
from tests.faults.check import Verdict, check, is_the_same
from tests.faults.doubts import Moment, Sending, account
from tests.faults.inject import Injected
from tests.faults.ledger import Ledger, Operation
from tests.faults.load import Load, poison_letter
from tests.faults.plan import Fault
from tests.faults.visitor import Visitor
from tests.faults.watch import NOT_KEPT
from tests.faults.world import Outside


@dataclass
class Run:
    """What a fault run has when it is over, without the hubs: `said` are the customers' operations, `answered` those of agents,
    by name."""

    ctx: Context
    dsn: str
    outside: Outside
    load: Load
    said: dict[str, Operation]
    answered: dict[str, Operation]
    injected: list[Injected]

    @property
    def ledger(self) -> Ledger:
        return self.load.ledger

    async def check(self, **more: Any) -> Verdict:
        since = asyncio.get_running_loop().time()
        return await check(self.ctx, self.dsn, self.load, self.outside, self.injected, since=since, **more)

    async def sql(self, sql: str, *values: object) -> None:
        await self.ctx.database.run(lambda c: c.execute(sql, *values))

    async def outbox(self, name: str) -> dict[str, Any]:
        (row,) = await rows(
            self.ctx,
            "SELECT * FROM outbox WHERE message->>'text' LIKE '%' || $1",
            self.answered[name].key,
        )
        return row


SAID = {
    **{f"letter {n}": "support" for n in range(9)}, "chat 1": "shop", "chat 2": "shop", "telegram": "bot",
}  # fmt: skip
ANSWERED = {
    "lost": "letter 0", "doubled": "letter 1", "failed": "letter 2", "other words": "letter 3", "in doubt": "letter 4",
    "dropped": "letter 5", "killed": "letter 6", "early": "letter 7", "late": "letter 7", "chat early": "chat 1",
    "chat late": "chat 1", "telegram early": "telegram", "telegram late": "telegram",
}  # fmt: skip
"""Answers, and to what."""
DOORS: Mapping[str, dict[str, Any]] = {"plain": {"kind": "plain"}, "other": {"kind": "plain"}}
DOUBTFUL = ("in doubt", "dropped", "killed")


@pytest.fixture
async def run(database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Run]:
    """Customers who wrote by letter, chat and Telegram, and agents who answered them: all of it in order. What a chat and a bot
    would say comes by a plain channel, which is called theirs afterwards."""
    monkeypatch.setattr(checking, "LONGEST_SECONDS", 1.0)
    monkeypatch.setattr(checking, "SOON_SECONDS", 0.5)
    async with contextlib.AsyncExitStack() as stack:
        outside = await stack.enter_async_context(Outside(tmp_path))
        ctx = await stack.enter_async_context(a_hub(database_dsn, {**outside.channels(), **DOORS}))
        await an_agent(ctx, "ann", capacity=100)
        load = await stack.enter_async_context(Load(ctx, outside, [], "key", seed=1, rate=1, visitors=0))
        made = Run(ctx, database_dsn, outside, load, {}, {}, [])
        codes = {name: await _says(made, name) for name in SAID}
        await drain(ctx)
        for name, to in ANSWERED.items():
            await _answer(made, name, codes[to])
        await _leave(made)
        for door, kind in (("plain", "webchat"), ("other", "telegram")):
            await made.sql("UPDATE channel SET kind = $2 WHERE name = $1", door, kind)
        await _arrive(made)
        yield made


async def _says(run: Run, name: str) -> int:
    """Returns the code of its ticket."""
    said = run.said[name] = run.ledger.invoke(SAID[name], name.split()[0])
    if name.startswith("letter"):
        kept = await write(run.ctx, f"{said.key}@mail.example", f"Where is it? {said.key}")
    else:
        door = "plain" if name.startswith("chat") else "other"
        who = [("visitor", door, True)]
        kept = await say(run.ctx, door, who=who, key=door, reply_address=door, text=f"Hello {said.key}")
    run.ledger.settle(said, "ok")
    return int((await ticket(run.ctx, kept))["code"])


async def _answer(run: Run, name: str, code: int) -> None:
    said = run.answered[name] = run.ledger.invoke("desk", "answer")
    await queue_reply(run.ctx, ticket_code=code, actor=SYSTEM, text=f"We look into it. {said.key}")
    run.ledger.settle(said, "ok", status=201, answer={})


async def _leave(run: Run) -> None:
    adapters = {name: Adapter(name=name) for name in ("support", *DOORS)}
    while await deliver_due(run.ctx, adapters):
        pass


async def _arrive(run: Run) -> None:
    """Readers have seen each answer once, in order."""
    seen, chats = run.outside.relay.seen, run.outside.sandbox.telegram.state.sent
    for what in (seen.letters, seen.bodies, seen.order, chats):
        what.clear()
    visitor = Visitor(0, run.load.client, [], run.ledger)
    run.load.visitors = [visitor]
    for row in await rows(
        run.ctx, "SELECT message_id, message->>'address' AS reader FROM outbox ORDER BY id"
    ):
        if name := row["message_id"]:
            seen.letters[name] = 1
            seen.bodies[name] = {b"1"}
            seen.order.setdefault(f"mail {row['reader']}", []).append(name)
    for row in await rows(run.ctx, "SELECT o.text FROM interaction o JOIN channel c ON c.id = o.channel_id "
                                   "WHERE c.name = 'other' AND o.direction = 'out' ORDER BY o.id"):  # fmt: skip
        chats[1].append({"text": row["text"]})
    visitor._note(await _lines(run), set())


async def _lines(run: Run) -> list[dict[str, Any]]:
    """Of the chat, as a socket carries them."""
    return await rows(
        run.ctx,
        "SELECT i.id, i.text FROM interaction i JOIN channel c ON c.id = i.channel_id WHERE c.name = 'plain' ORDER BY i.id",
    )


async def test_a_run_in_which_everything_is_in_order_is_found_so(run: Run) -> None:
    verdict = await run.check()
    assert verdict.wrong == []
    assert (verdict.kept, verdict.sent, verdict.uncertain) == (len(SAID), len(ANSWERED), 0)
    assert verdict.quiet_after is not None and verdict.quiet_after < checking.QUIET_SECONDS


async def test_all_that_is_broken_in_a_run_is_said_and_nothing_else(run: Run, tmp_path: Path) -> None:
    """Each on operations of its own; the lines are compared as a whole."""
    log = tmp_path / "log"
    log.write_text("fine\nat commit: ann load 2 of 1\nduplicate key value violates unique constraint\n")
    expected = [
        *await _break_customers(run), *await _break_answers(run), *await _break_order(run), *await _break_doubts(run),
        "answer that must not be: a 500",
        "harness: no fault was injected", "harness: visitor: died", "I3: told to forget",
        "I9: at commit: ann load 2 of 1", "I9: duplicate key value violates unique constraint",
    ]  # fmt: skip
    run.ledger.surprises.append("a 500")
    run.load.faults.append("visitor: died")
    verdict = await run.check(logs=[log], failed=["no fault was injected"], noticed=["I3: told to forget"])
    said = [line.strip() for line in verdict.wrong if not line.startswith("database: ")]
    missing = [line for line in expected if not any(line in one for one in said)]
    beside = [one for one in said if not any(line in one for line in expected)]
    assert (missing, beside) == ([], [])


async def _break_customers(run: Run) -> list[str]:
    """One is lost, one there twice, one there though it was refused, one put aside though it could be read; and one waits for
    an agent who has room."""
    lost = run.ledger.invoke("support", "letter")
    run.ledger.settle(lost, "ok")
    refused, twice = run.said["letter 8"], run.said["letter 7"]
    run.ledger.settle(refused, "fail")
    await write(run.ctx, "again@mail.example", f"Where is it? {twice.key}")
    await tickets_wait(run.ctx, 1)
    aside = run.ledger.invoke("support", "letter")
    run.ledger.settle(aside, "ok")
    await run.sql(
        """WITH kept AS (INSERT INTO inbound_raw (channel_id, external_key, content, received_at, state, error)
                         SELECT min(id), 'aside', $1, now(), 'quarantined', 'too difficult' FROM channel
                         RETURNING id, channel_id)
           INSERT INTO inbound_key (channel_id, key, raw_id) SELECT channel_id, 'aside', id FROM kept""",
        aside.key.encode(),
    )
    # The one that is lost is waited for, and what waits is told.
    return [
        f"I10: after 1 s still not: everything came to its end; missing ['{lost.key}'] (1), waiting []",
        f"I1/I2: support {lost.key}: ok, and 0 times there (lost)",
        f"I1/I2: support {refused.key}: fail, and 1 times there (there though refused)",
        f"I1/I2: support {twice.key}: ok, and 2 times there (doubled)",
        f"I10: {aside.key} waits for a person: too difficult",
        "I7: a ticket waits beside a free agent",
    ]


async def _break_answers(run: Run) -> list[str]:
    """What a reader saw is not what the hub says became of it."""
    seen, expected = run.outside.relay.seen, list[str]()
    for name, times, state in (("lost", 0, "sent"), ("doubled", 2, "sent"), ("failed", 1, "failed")):
        row = await run.outbox(name)
        seen.letters[row["message_id"]] = times
        await run.sql("UPDATE outbox SET state = $2 WHERE id = $1", row["id"], state)
        expected.append(f"I4/I5: answer {row['id']} by email is {state}, and was seen {times} times")
    other = (await run.outbox("other words"))["message_id"]
    seen.bodies[other].add(b"2")
    never = run.ledger.invoke("desk", "answer")
    run.ledger.settle(never, "ok", status=201, answer={})
    twice = (await run.outbox("telegram late"))["id"]
    run.outside.sandbox.telegram.state.sent[2].append({"text": run.answered["telegram late"].key})
    return [
        *expected,
        f"I5: 2 letters are called {other}",
        f"I4/I14: desk {never.key}: ok, and 0 times there (lost)",
        f"I4/I5: answer {twice} by telegram is sent, and was seen 2 times",
    ]


async def _break_order(run: Run) -> list[str]:
    """Later ones come first: by letter, by Telegram, in the chat; there, too, one line comes twice, another is shown twice, and
    one never."""
    early, late = await run.outbox("early"), await run.outbox("late")
    (reader,) = (
        where for where, names in run.outside.relay.seen.order.items() if early["message_id"] in names
    )
    run.outside.relay.seen.order[reader].reverse()
    bot = (await run.outbox("telegram early"))["id"], (await run.outbox("telegram early"))["ticket_id"]
    run.outside.sandbox.telegram.state.sent[1].reverse()
    lines, again = await _lines(run), Visitor(0, run.load.client, [], run.ledger)
    here = set[str]()
    again._note([lines[0], {**lines[0], "id": lines[3]["id"] + 1}, lines[3], lines[2], lines[2]], here)
    run.load.visitors = [again]
    (place,) = await rows(run.ctx, "SELECT ticket_id, seq FROM interaction WHERE id = $1", lines[2]["id"])
    assert late["ticket_id"] == early["ticket_id"]
    return [
        f"I6: {reader} got answer {early['id']} of ticket {early['ticket_id']} after a later one",
        f"I6: telegram 1 got answer {bot[0]} of ticket {bot[1]} after a later one",
        f"I5: shown to visitors: shop {run.said['chat 1'].key}: ok, and 2 times there (doubled)",
        f"I5: shown to visitors: shop {run.said['chat 2'].key}: ok, and 0 times there (lost)",
        f"I5: visitor 0 was sent line {lines[2]['id']} 2 times on one socket",
        f"I6: visitor 0 was shown line {place['seq']} of ticket {place['ticket_id']} after a later one",
    ]


async def _break_doubts(run: Run) -> list[str]:
    """Three are in doubt: of one the relay said nothing, of one the hub was killed meanwhile, and of one nobody knows why."""
    for name in DOUBTFUL:
        row = await run.outbox(name)
        await run.sql("UPDATE outbox SET state = 'uncertain' WHERE id = $1", row["id"])
        await run.sql(
            """UPDATE event SET data = data || '{"state": "uncertain"}'
               WHERE kind = 'delivery_changed' AND data->>'state' = 'sent' AND data->>'interaction' = $1""",
            str(row["interaction_id"]),
        )
    # They left side by side: this one an hour before.
    await run.sql(
        "UPDATE event SET at = at - interval '1 hour' WHERE kind = 'delivery_changed' AND data->>'interaction' = $1",
        str((await run.outbox("in doubt"))["interaction_id"]),
    )
    run.outside.relay.unheard.add((await run.outbox("dropped"))["message_id"])
    killed = await run.outbox("killed")
    at = await one(
        run.ctx,
        """SELECT extract(epoch FROM max(at))::float8 FROM event
           WHERE kind = 'delivery_changed' AND data->>'state' = 'sending' AND data->>'interaction' = $1""",
        str(killed["interaction_id"]),
    )
    moment = Moment(since=at, until=at)
    run.injected.append(Injected(fault=Fault(at=0, kind="kill"), began=at, moments=[moment]))
    doubt = (await run.outbox("in doubt"))["id"]
    return [f"I5: answer {doubt} by email is in doubt, and nothing broke while it was sent"]


async def test_doubts_that_nobody_noted_are_counted_and_more_of_them_are_too_many(run: Run) -> None:
    await _break_doubts(run)
    run.injected[:] = [Injected(fault=Fault(at=0, kind="kill"), began=0, doubtful=2)]
    verdict = await run.check()
    assert (verdict.wrong, verdict.uncertain, verdict.doubtful) == ([], 3, 3)
    run.injected[0].doubtful = 1
    verdict = await run.check()
    assert [line.partition(" is in doubt")[2] for line in verdict.wrong] == [
        ", and nothing broke while it was sent"
    ] * 2
    assert (verdict.uncertain, verdict.doubtful) == (3, 2)


async def test_letters_that_nobody_can_read_are_in_quarantine_are_shown_and_are_tried_again(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This alone of the checks takes somebody who reads."""
    read, never, wrong = (run.ledger.invoke("support", "poison") for _ in range(3))
    await accept_items(run.ctx, "support", [raw_letter(poison_letter(read.key, 1), uid=901)])
    run.ledger.settle(read, "ok")
    assert (
        await one(run.ctx, "SELECT state FROM inbound_raw WHERE external_key = 'INBOX/7/901'")
    ) == "quarantined"

    async def reads() -> None:
        while True:
            await read_waiting(run.ctx)
            await asyncio.sleep(0.05)

    reading = asyncio.create_task(reads())
    raw_id = await one(run.ctx, "SELECT id FROM inbound_raw WHERE state = 'quarantined'")
    with monkeypatch.context() as patience:
        patience.setattr(checking, "SOON_SECONDS", 60.0)  # its reader is a process, which has to begin
        async with _a_hub_that_answers(200, {"items": [{"id": str(raw_id)}]}, 0) as url:
            run.load.caller._seats = [SimpleNamespace(url=url)]  # type: ignore[list-item]
            verdict = await run.check()
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    assert (verdict.wrong, verdict.poisoned) == ([], 1)

    run.ledger.settle(never, "ok")
    await write(run.ctx, "p@mail.example", f"Quite readable {wrong.key}")
    run.ledger.settle(wrong, "ok")
    async with _a_hub_that_answers(200, {"items": []}, 0) as url:
        run.load.caller._seats = [SimpleNamespace(url=url)]  # type: ignore[list-item]
        verdict = await run.check()
    said = [line for line in verdict.wrong if line.startswith(("I1/", "I11"))]
    assert said == [
        f"I1/I2: support {never.key}: ok, and 0 times there (lost)",
        f"I11: {wrong.key} cannot be read, and is on a timeline",
        f"I11: {read.key} is in quarantine, and no hub shows it",
        f"I11: {read.key}: to be tried again, and nobody does",
    ]


@contextlib.asynccontextmanager
async def _a_hub_that_answers(status: int, document: Mapping[str, Any], other: int) -> AsyncIterator[str]:
    """The same to whatever it is asked, but with status `other` to who asks with other words. Yields its address."""

    async def answer(request: web.Request) -> web.Response:
        changed = request.method == "POST" and (await request.json())["text"] == "other words"
        return web.json_response(dict(document), status=other if changed else status)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


PROGRAM = {"status": "accepted", "raw_id": "1", "ticket": "T-1", "interaction_id": "2"}


@pytest.mark.parametrize(
    ("what", "status", "document", "other", "says"),
    [
        ("program", 201, PROGRAM, 422, []),
        ("program", 201, {**PROGRAM, "interaction_id": "3"}, 422, ["and again (201"]),
        ("program", 201, {**PROGRAM, "ticket": "T-2"}, 422, ["and again (201"]),
        ("program", 500, PROGRAM, 422, ["and again (500"]),
        ("answer", 201, {**PROGRAM, "raw_id": "2"}, 422, ["and again (201"]),
        ("answer", 201, PROGRAM, 201, ["with another body: 201"]),
    ],
)
async def test_an_answer_that_is_another_the_second_time_is_seen(
    run: Run, what: str, status: int, document: dict[str, Any], other: int, says: list[str]
) -> None:
    asked = run.ledger.invoke("api", what)
    asked.asked = {"path": "/x", "body": {"text": f"first {asked.key}"}}
    run.ledger.settle(asked, "ok", status=201, answer=PROGRAM)
    if what == "program":
        run.said["program"] = asked
        await say(run.ctx, "plain", who=BOB, key="p", text=asked.key)
        await drain(run.ctx)
        visitor = run.load.visitors[0]
        visitor._note((await _lines(run))[-1:], set())
    else:
        code = (await rows(run.ctx, "SELECT code FROM ticket ORDER BY id LIMIT 1"))[0]["code"]
        await queue_reply(run.ctx, ticket_code=code, actor=SYSTEM, text=asked.key)
        await _leave(run)
        await _arrive(run)
    async with _a_hub_that_answers(status, document, other) as url:
        run.load.caller._seats = [SimpleNamespace(url=url)]  # type: ignore[list-item]
        verdict = await run.check()
    assert len(verdict.wrong) == len(says), verdict.wrong
    assert all(
        said in line and line.startswith("I14: ") for said, line in zip(says, verdict.wrong, strict=True)
    )
    assert verdict.replays == 1


def test_what_was_only_kept_at_first_is_the_same_item_later() -> None:
    waiting = {"status": 202, "answer": {"raw_id": "1", "ticket": None}}
    assert is_the_same(waiting, (201, PROGRAM))
    assert is_the_same(waiting, (202, {"raw_id": "1"}))
    assert not is_the_same(waiting, (201, {**PROGRAM, "raw_id": "2"}))
    assert not is_the_same(waiting, (404, PROGRAM))


async def test_a_message_that_telegram_forgets_before_it_is_kept_is_seen(run: Run) -> None:
    await run.sql("UPDATE channel SET name = 'was' WHERE name = 'bot'")
    await run.sql("UPDATE channel SET name = 'bot' WHERE name = 'other'")
    (kept,) = await rows(
        run.ctx, "SELECT k.key FROM inbound_key k JOIN channel c ON c.id = k.channel_id WHERE c.name = 'bot'"
    )
    told = [kept["key"], "content:msg.1.never"]
    assert await rows(run.ctx, NOT_KEPT, told) == [{"key": "content:msg.1.never"}]


async def test_a_refusal_without_a_time_and_a_promise_that_was_not_kept_are_seen(run: Run) -> None:
    said = run.ledger.invoke("api", "program")
    for status in (503, 429):
        async with _a_hub_that_answers(status, {}, 0) as url:
            run.load.caller._seats = [SimpleNamespace(url=url)]  # type: ignore[list-item]
            await run.load.caller.post(said, "/x", {"text": "Hello"}, {}, again=False)
    await run.load._look_after(said, 1)
    (kept,) = await rows(run.ctx, "SELECT min(id) AS id FROM inbound_raw")
    await run.load._look_after(said, kept["id"])
    assert run.ledger.surprises == [
        "/x: 503 that does not say when to come back",
        "/x: 429 that does not say when to come back",
        f"I3: {said.key} was told done before it was kept",
    ]


# ── what was under way ───────────────────────────────────────────────────────────────────────────────────────────────
def test_in_doubt_may_be_what_was_under_way_at_the_moment_and_nothing_else() -> None:
    plain = Sending(answer=1, kind="email", message_id="a", since=10.0, until=11.0, ended="uncertain")
    before, after = (
        replace(plain, answer=2, until=4.0, since=3.0),
        replace(plain, answer=3, since=30.0, until=31.0),
    )
    telegram, sent = (
        replace(plain, answer=4, kind="telegram", message_id=""),
        replace(plain, answer=5, ended="sent"),
    )
    dropped = replace(after, answer=6, message_id="b")
    moment = Moment(since=10.5, until=10.6)
    doubts = account([plain, before, after, telegram, sent, dropped], [moment], {"b"})
    assert doubts.may == 4, (
        "two that ended in doubt, one that was sent all the same, one of which the relay said nothing"
    )
    assert doubts.unexplained == [before, after]
    only = account([plain, telegram], [replace(moment, kinds=("telegram",))], set())
    assert (only.may, only.unexplained) == (1, [plain])
    assert account([plain], [], set()).unexplained == [plain]
