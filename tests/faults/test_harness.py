"""The harness itself: what it says is broken is broken, what it says is in order is."""

import asyncio
from dataclasses import replace

import pytest

from tests.fakes.mail_servers import serving
from tests.faults.crash_points import all_points, commits
from tests.faults.ledger import Ledger, judge
from tests.faults.plan import LONG, SHORT, make_plan
from tests.faults.proxy import Proxy
from tests.faults.watch import Gone, Look, TakeOver, take_overs


def test_the_ledger_is_judged_as_jepsen_does() -> None:
    ledger = Ledger()
    made = {}
    for outcome in ("ok", "fail", "info"):
        for times in (0, 1, 2):
            one = ledger.invoke("api", outcome)
            ledger.settle(one, outcome)  # type: ignore[arg-type]
            made[one.key] = times
    wrong = judge(ledger.operations.values(), made)
    assert [line.partition(": ")[2] for line in wrong] == [
        "ok, and 0 times there (lost)",
        "ok, and 2 times there (doubled)",
        "fail, and 1 times there (there though refused)",
        "fail, and 2 times there (there though refused)",
        "info, and 2 times there (doubled)",
    ]


def test_a_plan_is_the_same_for_the_same_seed_and_has_every_kind() -> None:
    points = all_points()
    plan = make_plan(5, seconds=100, every=5, hubs=3, points=points, kinds=LONG, spared=2)
    assert plan == make_plan(5, seconds=100, every=5, hubs=3, points=points, kinds=LONG, spared=2)
    assert plan != make_plan(6, seconds=100, every=5, hubs=3, points=points, kinds=LONG, spared=2)
    assert {fault.kind for fault in plan} == set(LONG)
    assert all(fault.hub != 2 for fault in plan if fault.kind in ("kill", "crash"))
    assert set(SHORT) <= set(LONG)


def test_the_points_are_those_of_the_code() -> None:
    found = commits()
    for one in (
        "hub.actions.answers.deliver:take_up", "hub.actions.idempotency:once", "hub.actions.timers:fire",
        "hub.actions.answers.abandoned:settle_abandoned", "hub.actions.receive:_file",
    ):  # fmt: skip
        assert one in found
    points = all_points()
    assert len(points) == len(set(points)) > 300
    assert "call:email:send:leaving" in points and "call:telegram:accept:after" in points


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(100):
        writer.write(data)
        await writer.drain()


async def test_a_line_passes_falls_silent_is_cut_and_torn() -> None:
    async with serving(_echo) as port, Proxy(port=port) as proxy:
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"one")
        assert await reader.readexactly(3) == b"one"
        proxy.fall_silent(up=False)
        writer.write(b"two")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await reader.readexactly(3)
        proxy.heal()
        assert await reader.readexactly(3) == b"two"
        proxy.down.left = 2
        writer.write(b"three")
        assert await reader.read() == b"th"
        writer.close()

        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        writer.write(b"four")
        assert await reader.readexactly(4) == b"four"
        assert proxy.tear() == 1
        with pytest.raises(ConnectionResetError):
            await reader.read()
        proxy.shut = True
        reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
        with pytest.raises(ConnectionResetError):
            await reader.read()


def test_a_take_over_is_measured_from_the_death_of_the_holder() -> None:
    looks = [
        Look(at=1.0, rss=[], held={"channel:bot": "m:7"}, sending={"1": "a", "2": "b"}, answered=True),
        Look(at=3.0, rss=[], held={"channel:bot": "m:7"}, sending={"2": "b", "3": "b"}, answered=True),
        Look(at=4.0, rss=[]),
        Look(at=5.0, rss=[], sending={"2": "b"}, answered=True),
        Look(at=9.0, rss=[], held={"channel:bot": "m:8"}, sending={"2": "c"}, answered=True),
    ]
    both = [
        TakeOver(what="Telegram", at=2.0, seconds=7.0), TakeOver(what="answers under way", at=2.0, seconds=7.0),
    ]  # fmt: skip
    assert take_overs(looks, [Gone(at=2.0, pid=7)]) == both
    assert take_overs(looks, [Gone(at=2.0, pid=8)]) == both[1:]
    assert take_overs(looks, [Gone(at=2.0, pid=7, until=8.0)]) == [], (
        "it was back before anybody had to take over"
    )
    never = [
        TakeOver(what="Telegram", at=2.0, seconds=3.0),
        TakeOver(what="answers under way", at=2.0, seconds=3.0),
    ]
    still = [look for look in looks if look.at < 5.0] + [replace(looks[0], at=5.0)]
    assert take_overs(still, [Gone(at=2.0, pid=7)]) == never, "nobody took over, to the end"
    long = [*looks[:2], replace(looks[1], at=40.0), replace(looks[1], at=60.0)]
    assert [one.seconds for one in take_overs(long, [Gone(at=2.0, pid=7, until=50.0)])] == [48.0, 48.0]
    living = [replace(look, ends={"b": look.at}) for look in looks]
    assert take_overs(living, [Gone(at=2.0, pid=8)]) == [replace(both[1], seconds=1.0)], (
        "the dead renew nothing"
    )
