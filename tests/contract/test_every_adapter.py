"""What every channel keeps, whatever its outside (see channels.adapter). Each test runs over real sockets."""

import asyncio
import contextlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.adapter import HasAddress, Misconfigured, NotOurs, Receipt, Refused
from channels.registry import load_kinds
from hub.model.interactions import OutboundInteraction
from tests.contract import outsides
from tests.contract.outsides import Outside, hearing, new_key, raw_text
from tests.fakes.leaving import Gate, free_to_leave
from tests.fakes.ports import Journal

EVERY = (
    outsides.loopback,
    outsides.email,
    outsides.telegram,
    outsides.telegram_webhook,
    outsides.webform,
    outsides.webchat,
    outsides.api,
    outsides.portal,
)
HEARS = tuple(one for one in EVERY if one not in (outsides.api, outsides.portal))
SENDS = tuple(one for one in EVERY if one not in (outsides.webform, outsides.portal))
# An answer in a chat is there with the hub's own commit; `send` only looks.
LEAVES = tuple(one for one in SENDS if one is not outsides.webchat)
HAS_CREDENTIALS = tuple(one for one in SENDS if one is not outsides.webchat)
TEXT = "壶盖碎了, the lid is broken"

Make = Callable[[], contextlib.AbstractAsyncContextManager[Outside]]


def each(makers: tuple[Make, ...]) -> Any:
    return pytest.mark.parametrize("make", makers, ids=lambda make: make.__name__)


async def until(true: Callable[[], bool], seconds: float = 15) -> None:
    """Acknowledgements are seen by the outside alone, which tells nobody: look often."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


def reply(address: str) -> OutboundInteraction:
    return OutboundInteraction(
        interaction_id=41,
        ticket_code="T-10019",
        address=address,
        recipient_name="Li",
        author_name="Ann",
        text="Here is your answer.",
        subject="Teapot",
        queued_at=datetime(2026, 11, 24, tzinfo=UTC),
        message_id="r41.t1zk@shop.example",
        reply_token="t1zk",
    )


def test_every_installed_kind_is_in_this_suite() -> None:
    tried = {make.__name__.partition("_")[0] for make in EVERY}
    assert tried == set(load_kinds())


@each(HEARS)
async def test_an_item_is_acknowledged_only_after_it_was_accepted(make: Make) -> None:
    journal = Journal()
    async with make() as outside, hearing(outside, journal):
        journal.gate.clear()
        await outside.say(new_key(), TEXT)
        await journal.offers(1)
        assert outside.acknowledged() == 0
        journal.gate.set()
        await until(lambda: outside.acknowledged() >= 1)
        (item,) = await journal.kept(1)
    assert raw_text(outside, item) == TEXT
    assert journal.offered == [item.external_key]


@each(HEARS)
async def test_what_was_not_accepted_comes_again(make: Make) -> None:
    journal = Journal(broken=1)
    async with make() as outside, hearing(outside, journal):
        await outside.say(new_key(), TEXT)
        (item,) = await journal.kept(1)
        await until(lambda: outside.acknowledged() >= 1)
    assert journal.offered == [item.external_key] * 2
    assert raw_text(outside, item) == TEXT


@each(HEARS)
async def test_what_comes_twice_keeps_its_key(make: Make) -> None:
    journal = Journal()
    async with make() as outside, hearing(outside, journal) as heard:
        await outside.say(new_key(), TEXT)
        await journal.kept(1)
        await until(lambda: outside.acknowledged() >= 1)
        await outside.repeat(heard)
        offered = await journal.offers(2)
    assert len(set(offered)) == 1
    assert len(journal.items) == 1


@each(HEARS)
async def test_different_items_have_different_keys_and_their_order_is_kept(make: Make) -> None:
    journal = Journal()
    async with make() as outside, hearing(outside, journal):
        for number in range(3):
            await outside.say(new_key(), f"{TEXT} {number}")
            await journal.kept(number + 1)
        items = await journal.kept(3)
    assert [raw_text(outside, item) for item in items] == [f"{TEXT} {number}" for number in range(3)]


@each(HEARS)
async def test_translating_is_the_same_every_time(make: Make) -> None:
    journal = Journal()
    async with make() as outside, hearing(outside, journal):
        await outside.say(new_key(), TEXT)
        (item,) = await journal.kept(1)
    once = outside.kind.translate(item, outside.settings)
    assert outside.kind.translate(item, outside.settings) == once
    assert once.sender.identities


@each(EVERY)
async def test_a_cancelled_ear_stops_at_once_and_closing_twice_is_fine(make: Make) -> None:
    journal = Journal()
    async with make() as outside, contextlib.AsyncExitStack() as stack:
        adapter = outside.open()
        heard = asyncio.create_task(adapter.receive(journal.accept))
        stack.push_async_callback(adapter.close)
        done, _ = await asyncio.wait({heard}, timeout=0.3)
        assert not done, "receive returned although nobody had cancelled it"
        heard.cancel()
        ended, _ = await asyncio.wait({heard}, timeout=20)
        assert ended, "a cancelled ear went on hearing"
        assert heard.cancelled() or heard.exception() is None
        await adapter.close()


@each(EVERY)
async def test_good_credentials_are_good(make: Make) -> None:
    async with make() as outside:
        adapter = outside.open()
        await adapter.check()
        await adapter.close()


@each(EVERY)
async def test_where_customers_reach_it_can_be_clicked_or_written_to(make: Make) -> None:
    async with make() as outside:
        adapter = outside.open()
        if isinstance(adapter, HasAddress):
            address = await adapter.address()
            assert re.fullmatch(r"https?://\S+/\S+|[^@\s]+@[^@\s]+", address), address
        else:
            assert make in (outsides.loopback, outsides.api)
        await adapter.close()


@each(HAS_CREDENTIALS)
async def test_wrong_credentials_are_told_as_such(make: Make) -> None:
    async with make() as outside:
        adapter = outside.open(outside.wrong)
        with pytest.raises(Misconfigured):
            await adapter.check()
        await adapter.close()


@each(SENDS)
async def test_what_is_sent_arrives(make: Make) -> None:
    async with make() as outside, hearing(outside, Journal()) as heard:
        gate = Gate()
        receipt = await heard.adapter.send(reply(outside.address), gate)
        assert outside.arrived is not None
        arrived = await outside.arrived()
    assert isinstance(receipt, Receipt)
    assert gate.asked == 1
    assert len(arrived) == 1
    assert "Here is your answer." in arrived[0]


@each(LEAVES)
async def test_what_was_called_back_does_not_leave(make: Make) -> None:
    """And what leaves afterwards arrives alone."""
    async with make() as outside, hearing(outside, Journal()) as heard:
        gate = Gate(shut=True)
        with pytest.raises(NotOurs):
            await heard.adapter.send(replace(reply(outside.address), text="Called back."), gate)
        gate.shut = False
        await heard.adapter.send(reply(outside.address), gate)
        assert outside.arrived is not None
        arrived = await outside.arrived()
    assert gate.asked == 2
    assert len(arrived) == 1 and "Called back." not in arrived[0]


@each(EVERY)
async def test_who_cannot_be_answered_is_refused_for_certain(make: Make) -> None:
    async with make() as outside:
        adapter = outside.open()
        if make is outsides.api:
            adapter = outside.open(outside.kind.settings())
        with pytest.raises(Refused):
            await adapter.send(reply(""), free_to_leave)
        await adapter.close()
