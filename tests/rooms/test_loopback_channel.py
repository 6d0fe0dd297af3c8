"""The example to copy does what its comments say."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.adapter import NotAccepted, TryLater
from channels.loopback import KIND
from hub.model.interactions import OutboundInteraction
from tests.fakes.leaving import free_to_leave
from tests.fakes.ports import Journal, make_ports

REPLY = OutboundInteraction(
    interaction_id=1,
    ticket_code="T-1",
    address="li",
    recipient_name="Li",
    author_name="Ann",
    text="hello",
    queued_at=datetime(2026, 11, 24, tzinfo=UTC),
)


async def test_what_was_said_waits_until_it_is_accepted() -> None:
    adapter: Any = KIND.open("demo", KIND.settings(), make_ports())
    await adapter.say("hello", key="1", who="li")
    with pytest.raises(NotAccepted):
        await adapter.receive(Journal(broken=1).accept)
    assert adapter.waiting == 1
    journal = Journal()
    hearing = asyncio.create_task(adapter.receive(journal.accept))
    (item,) = await journal.kept(1)
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)
    read = KIND.translate(item, KIND.settings())
    assert (read.text, read.reply_address, read.external_id) == ("hello", "li", "1")


async def test_a_hub_without_the_lease_sends_nothing() -> None:
    lease = [False]
    adapter: Any = KIND.open("demo", KIND.settings(), make_ports(alive=lambda: lease[0]))
    with pytest.raises(TryLater):
        await adapter.send(REPLY, free_to_leave)
    assert adapter.sent == []
    lease[0] = True
    assert (await adapter.send(replace(REPLY, text="again"), free_to_leave)).external_id == "sent.1"
