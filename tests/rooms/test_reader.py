"""The reading process: a letter that eats time or kills it costs nobody else anything, and nothing is left behind."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from channels.adapter import CannotTranslate, RawItem
from hub.actions import reader as reading
from hub.actions import receive
from hub.actions.context import Context
from hub.actions.quarantine import replay
from hub.actions.reader import Overrun
from hub.actions.receive import accept_items, read_waiting
from storage import inbound
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import CHANNELS, SYSTEM, a_hub, letter, one, rows, ticket, write

# A kind of channel that somebody else ships, found by its entry point as every kind is. Its letters do what they say.
_SLOW_KIND = """
import os, time
from pydantic import BaseModel
from channels.adapter import Capabilities, ChannelKind
from channels.loopback.translate import translate as plain


class SlowSettings(BaseModel):
    pass


def translate(raw, settings):
    words = raw.content.decode()
    if "sleep" in words:
        time.sleep(60)
    while "spin" in words:
        pass
    if "exit" in words:
        os._exit(3)
    if "print" in words:
        print("a library that talks too much " * 10, flush=True)
    if "fault" in words:
        raise RuntimeError("a fault of the translator")
    return plain(raw, settings)


KIND = ChannelKind(kind="slow", settings=SlowSettings, capabilities=Capabilities(), open=None, translate=translate,
                   heavy=True)
"""


@pytest.fixture
async def ctx(database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Context]:
    """A hub with letters, and with a kind whose reading may take for ever."""
    (tmp_path / "slow_kind.py").write_text(_SLOW_KIND)
    about = tmp_path / "slow_kind-1.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: slow-kind\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[contact_hub.channels]\nslow = slow_kind:KIND\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(tmp_path), os.environ.get("PYTHONPATH", ""))))
    async with a_hub(database_dsn, {**CHANNELS, "slow": {"kind": "slow"}}, heavy=True) as hub:
        yield hub
        await assert_invariants(hub.database)
    sys.modules.pop("slow_kind", None)


async def _post(ctx: Context, *words: str) -> list[int]:
    kept = await accept_items(
        ctx,
        "slow",
        [
            RawItem(
                external_key=f"{word}",
                content=f'{{"text": "{word}", "who": "w"}}'.encode(),
                received_at=datetime.now(UTC),
            )
            for word in words
        ],
    )
    assert not any(one_.ticket_code for one_ in kept)
    return [one_.raw_id for one_ in kept]


async def _read_all(ctx: Context) -> None:
    """Until nothing waits; pauses between attempts are not waited for."""
    while await one(ctx, "SELECT count(*) FROM inbound_raw WHERE state = 'received'"):
        await ctx.database.run(
            lambda c: c.execute("UPDATE inbound_raw SET lease_until = NULL WHERE state = 'received'")
        )
        await read_waiting(ctx)


def _process(ctx: Context) -> asyncio.subprocess.Process:
    process = ctx.reader._process
    assert process is not None
    return process


async def test_a_letter_is_journalled_at_once_and_read_by_and_by(ctx: Context) -> None:
    kept = await write(ctx, "li@example.cn", "您好")
    assert (kept.ticket_code, kept.interaction_id, kept.duplicate) == ("", 0, False)
    assert await read_waiting(ctx) == 1
    assert await read_waiting(ctx) == 0
    opened = await ticket(ctx, kept)
    assert (opened["last_preview"], opened["status"]) == ("您好", "open")
    again = await accept_items(ctx, "support", [letter("li@example.cn", uid=int(await _uid(ctx)))])
    assert again[0].duplicate and again[0].ticket_code


async def _uid(ctx: Context) -> str:
    return str(await one(ctx, "SELECT meta->>'uid' FROM inbound_raw LIMIT 1"))


async def test_letters_are_read_in_order_also_large_ones(ctx: Context) -> None:
    large = "x" * 1_500_000
    kept = await accept_items(
        ctx,
        "support",
        [
            letter("li@example.cn", "one", message_id="one@example.cn"),
            letter("li@example.cn", f"two {large}", message_id="two@example.cn", answers="one@example.cn"),
            letter("li@example.cn", "three", answers="two@example.cn"),
        ],
    )
    await _read_all(ctx)
    assert len({(await ticket(ctx, one_))["id"] for one_ in kept}) == 1
    said = await rows(ctx, "SELECT left(text, 5) AS text FROM interaction ORDER BY seq")
    assert [row["text"].strip() for row in said] == ["one", "two x", "three"]


@pytest.mark.parametrize(("deed", "why"), [("sleep", "took longer"), ("exit", "ended the reading process")])
async def test_one_that_kills_its_reader_is_quarantined_after_three_tries_and_the_next_flows(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, deed: str, why: str
) -> None:
    monkeypatch.setattr(reading, "WALL_SECONDS", 3.0)
    before, bad, after = await _post(ctx, "before", deed, "after")
    await read_waiting(ctx)
    states = {row["id"]: row for row in await rows(ctx, "SELECT * FROM inbound_raw")}
    assert [states[n]["state"] for n in (before, bad, after)] == ["read", "received", "read"]
    assert states[bad]["lease_until"] > datetime.now(UTC)
    await _read_all(ctx)
    (row,) = await rows(ctx, "SELECT * FROM inbound_raw WHERE id = $1", bad)
    assert (row["state"], row["attempts"]) == ("quarantined", 3)
    assert why in row["error"] and row["content"]
    assert await rows(ctx, "SELECT data FROM event WHERE kind = 'quarantined'") == [{"data": {"raw": bad}}]


async def test_one_that_computes_for_ever_is_ended_by_the_system(ctx: Context) -> None:
    """After so much of a processor as it had, however long that took on a machine that does much else."""
    bad, after = await _post(ctx, "spin", "after")
    await read_waiting(ctx)
    assert await rows(ctx, "SELECT id, state, error FROM inbound_raw ORDER BY id") == [
        {"id": bad, "state": "received", "error": "Reading it took longer than 2 s."},
        {"id": after, "state": "read", "error": ""},
    ]
    await ctx.database.run(lambda c: c.execute("UPDATE inbound_raw SET attempts = 2 WHERE id = $1", bad))
    await _read_all(ctx)
    assert await one(ctx, "SELECT state FROM inbound_raw WHERE id = $1", bad) == "quarantined"


async def test_it_steps_back_behind_the_hub_in_the_same_session(ctx: Context) -> None:
    """Linux weighs niceness within a session only; and Ctrl-C at the terminal is not for it."""
    await _post(ctx, "first")
    await read_waiting(ctx)
    reader, hub = _process(ctx).pid, os.getpid()
    assert os.getpriority(os.PRIO_PROCESS, reader) > os.getpriority(os.PRIO_PROCESS, hub)
    assert os.getsid(reader) == os.getsid(hub)
    assert os.getpgid(reader) != os.getpgid(hub)


async def test_a_fault_of_the_translator_is_no_reason_to_try_again(ctx: Context) -> None:
    bad, good = await _post(ctx, "fault", "good")
    pid = None
    await read_waiting(ctx)
    pid = _process(ctx).pid
    found = {
        row["id"]: (row["state"], row["attempts"]) for row in await rows(ctx, "SELECT * FROM inbound_raw")
    }
    assert found == {bad: ("quarantined", 1), good: ("read", 1)}
    assert _process(ctx).pid == pid


async def test_what_a_library_prints_does_not_come_between_the_outcomes(ctx: Context) -> None:
    await _post(ctx, "print", "good", "print again")
    await read_waiting(ctx)
    assert {row["state"] for row in await rows(ctx, "SELECT state FROM inbound_raw")} == {"read"}


async def test_a_reader_that_is_killed_from_outside_is_replaced(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _post(ctx, "first")
    await read_waiting(ctx)
    killed = _process(ctx)
    os.kill(killed.pid, signal.SIGKILL)
    await killed.wait()
    await _post(ctx, "second")
    await _read_all(ctx)
    assert {row["state"] for row in await rows(ctx, "SELECT state FROM inbound_raw")} == {"read"}
    # And in the middle of a letter.
    monkeypatch.setattr(reading, "WALL_SECONDS", 3.0)
    await _post(ctx, "sleep", "third")
    reading_on = asyncio.create_task(read_waiting(ctx))
    while _process(ctx).pid == killed.pid:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)
    os.kill(_process(ctx).pid, signal.SIGKILL)
    await reading_on
    assert await one(ctx, "SELECT state FROM inbound_raw WHERE external_key = 'third'") == "read"
    await _read_all(ctx)


async def test_it_ends_when_there_is_nothing_to_read(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "IDLE_SECONDS", 0.2)
    await _post(ctx, "first")
    await read_waiting(ctx)
    process = _process(ctx)
    async with asyncio.timeout(10):
        await process.wait()
    await _post(ctx, "second")
    await _read_all(ctx)
    assert _process(ctx).pid != process.pid


async def test_closing_ends_it(ctx: Context) -> None:
    await _post(ctx, "first")
    await read_waiting(ctx)
    process = _process(ctx)
    await ctx.reader.close()
    assert process.returncode is not None
    await ctx.reader.close()


async def test_who_stops_in_the_middle_gets_no_answers_of_others_later(ctx: Context) -> None:
    """The outcomes that are still in the pipe belong to nobody."""
    settings = ctx.channel("slow").settings
    kind = ctx.kinds["slow"]

    def job(text: str) -> Any:
        content = f'{{"text": "{text}", "who": "w"}}'.encode()
        return kind, RawItem(external_key=text, content=content, received_at=datetime.now(UTC)), settings

    async with aclosing(ctx.reader.read_all([job(f"old {n}") for n in range(5)])) as outcomes:
        async for _ in outcomes:
            break
    found = [
        outcome
        async for _, outcome in ctx.reader.read_all([job("new"), job("fault"), job("exit"), job("newest")])
    ]
    assert [type(one_).__name__ for one_ in found] == ["Read", "CannotTranslate", "Overrun", "Read"]
    assert not isinstance(found[0], (CannotTranslate, Overrun)) and found[0].interaction.text == "new"


async def test_two_hubs_read_each_letter_once(ctx: Context, database_dsn: str) -> None:
    kept = await accept_items(ctx, "support", [letter(f"c{n}@example.com", f"Hello {n}") for n in range(60)])
    async with a_hub(database_dsn, ctx.settings.channels, heavy=True) as other:
        while await one(ctx, "SELECT count(*) FROM inbound_raw WHERE state = 'received'"):
            await asyncio.gather(read_waiting(ctx, limit=7), read_waiting(other, limit=7))
    assert len({(await entry_of(ctx, one_.raw_id))["id"] for one_ in kept}) == 60


async def entry_of(ctx: Context, raw_id: int) -> dict[str, Any]:
    (found,) = await rows(ctx, "SELECT * FROM interaction WHERE raw_id = $1", raw_id)
    return found


async def test_a_channel_that_is_gone_keeps_its_letters_until_it_comes_back(
    ctx: Context, database_dsn: str
) -> None:
    kept = await write(ctx, "li@example.cn")
    without = {name: table for name, table in ctx.settings.channels.items() if name != "support"}
    async with a_hub(database_dsn, without, heavy=True) as other:
        await _read_all(other)
        (row,) = await rows(other, "SELECT * FROM inbound_raw")
        assert row["state"] == "quarantined" and "support is not configured" in row["error"]
    await replay(ctx, raw_id=kept.raw_id, actor=SYSTEM)
    await _read_all(ctx)
    assert (await ticket(ctx, kept))["status"] == "open"


async def _read_and_write(hub: Context, claimed: list[inbound.ClaimedRow]) -> None:
    await receive._put_on_timeline(hub, await receive._read_rows(hub, claimed))


async def test_batches_are_written_in_the_order_in_which_they_were_taken_up(ctx: Context) -> None:
    """Two loops, as a hub runs them; answers cite the letter before, so any other order would break the thread."""
    await write(ctx, "li@example.cn", message_id="m0@x.example")
    for n in range(1, 12):
        await write(ctx, "li@example.cn", message_id=f"m{n}@x.example", answers=f"m{n - 1}@x.example")

    async def loop() -> None:
        while await receive.read_waiting(ctx, limit=2):
            pass

    await asyncio.gather(loop(), loop())
    assert await one(ctx, "SELECT count(DISTINCT ticket_id) FROM interaction") == 1
    cited = await rows(ctx, "SELECT external_id FROM interaction ORDER BY seq")
    assert [row["external_id"] for row in cited] == [f"m{n}@x.example" for n in range(12)]


async def test_two_that_read_the_same_item_put_it_on_the_timeline_once(
    ctx: Context, database_dsn: str
) -> None:
    """A process that was held up for longer than it had the item to itself comes back with an outcome nobody wants."""
    kept = await write(ctx, "li@example.cn")
    claimed = await ctx.database.run(lambda c: inbound.claim_raw(c, 10, 20, most_bytes=10**6))
    async with a_hub(database_dsn, ctx.settings.channels, heavy=True) as other:
        for hub in (ctx, other, ctx):
            await _read_and_write(hub, claimed)
        await asyncio.gather(*(_read_and_write(hub, claimed) for hub in (ctx, other)))
    assert await one(ctx, "SELECT count(*) FROM interaction") == 1
    assert (await ticket(ctx, kept))["seq"] == 1


async def test_two_that_read_the_same_item_at_once_put_it_on_the_timeline_once(
    ctx: Context, database_dsn: str
) -> None:
    await write(ctx, "li@example.cn")
    claimed = await ctx.database.run(lambda c: inbound.claim_raw(c, 10, 20, most_bytes=10**6))
    async with a_hub(database_dsn, ctx.settings.channels, heavy=True) as other:
        await asyncio.gather(*(_read_and_write(hub, claimed) for hub in (ctx, other, ctx, other)))
    assert await one(ctx, "SELECT count(*) FROM interaction") == 1
