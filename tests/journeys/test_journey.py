"""One letter and its answer, all the way: docs/journey.md as a test. Real IMAP, SMTP and Postgres; the hub's own loops."""

import asyncio
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.floor.presence import set_presence
from hub.actions.people.staff import add_agent
from hub.model.people import HUB, Actor
from hub.sandbox.world import SandboxWorld
from hub.settings import Delivery, Settings
from hub.wiring import Hub, run_hub
from storage import views
from tests.conftest import SECRET
from tests.fakes.processes import sandbox_channels, until


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[SandboxWorld]:
    async with SandboxWorld(tmp_path) as world:
        yield world


@pytest.fixture
async def hub(world: SandboxWorld, database_dsn: str, tmp_path: Path) -> AsyncIterator[Hub]:
    settings = Settings(
        data_dir=tmp_path / "var",
        secret_key=SECRET.decode(),  # type: ignore[arg-type]
        web={"port": 0},  # type: ignore[arg-type]
        channels=sandbox_channels(world),
        delivery=Delivery(undo_seconds=0),
    )
    async with run_hub(settings, database_dsn, grace=5) as hub:
        yield hub


def _letter(message_id: str, subject: str, text: str, **headers: str) -> bytes:
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return (
        f"From: 王丽华 <lihua@mail.example>\r\nTo: support@shop.example\r\nMessage-ID: <{message_id}>\r\n"
        f"Subject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n{more}\r\n{text}\r\n"
    ).encode()


async def _only_ticket(ctx: Context) -> views.TicketRow | None:
    rows = await ctx.database.read(lambda c: views.list_tickets(c, scope="all", agent_id=None))
    return rows[0] if len(rows) == 1 else None


async def _timeline(ctx: Context, ticket: views.TicketRow) -> list[views.TimelineRow]:
    return await ctx.database.read(lambda c: views.ticket_timeline(c, ticket.id))


async def test_a_letter_and_its_answer(hub: Hub, world: SandboxWorld) -> None:
    ctx = hub.ctx
    ann = await add_agent(ctx, login="ann", name="Ann", password="a long password", languages=["zh"])
    with ctx.feed.subscribe() as events:
        # In, 1-6: it arrives, is kept, read, filed and classified.
        await world.mail.deliver(
            "support@shop.example", _letter("one@mail.example", "水壶漏水", "水壶坏了，我要退款！")
        )

        async def arrived() -> bool:
            return await _only_ticket(ctx) is not None

        await until(arrived, seconds=30, what="the letter is a ticket")
        ticket = await _only_ticket(ctx)
        assert ticket is not None
        assert (ticket.kind, ticket.queue, ticket.customer_name) == ("complaint", "complaints", "王丽华")
        # 7: nobody is on line, and the ticket says so; then somebody comes.
        await until(lambda: _explained(ctx), seconds=30, what="the ticket says why it waits")
        await set_presence(ctx, agent_id=ann, presence="online", actor=HUB)

        async def assigned() -> bool:
            now = await _only_ticket(ctx)
            return now is not None and now.assignee_id == ann

        await until(assigned, seconds=30, what="the ticket has its agent")
        decisions = await ctx.database.read(lambda c: views.ticket_decisions(c, ticket.id))
        assert [one.step for one in decisions] == ["assigned", "classified"]
        assert decisions[1].why["classification"]["evidence"]

        # Out: answered; the letter leaves once, in its thread, with an address that brings the answer back.
        actor = Actor(name="Ann", agent_id=ann)
        await queue_reply(ctx, ticket_code=ticket.code, actor=actor, text="马上为您退款。")
        (raw,) = await world.mail.wait_for_letter("lihua@mail.example", 1, 30)
        answer = message_from_bytes(raw, policy=default)
        assert answer["In-Reply-To"] == "<one@mail.example>"
        assert "+t" in answer["Reply-To"]

        async def delivered() -> bool:
            return (await _timeline(ctx, ticket))[-1].delivery == "sent"

        await until(delivered, seconds=30, what="the reply is shown as sent")
        pending = await _only_ticket(ctx)
        assert pending is not None and pending.status == "pending"

        # And back: to that address, without a word of the subject or a reference, it is the same ticket.
        back = _letter("two@mail.example", "谢谢", "收到，谢谢！").replace(
            b"To: support@shop.example", f"To: {answer['Reply-To'].addresses[0].addr_spec}".encode()
        )
        await world.mail.deliver("support@shop.example", b"Delivered-To: x@shop.example\r\n" + back)

        async def returned() -> bool:
            return len(await _timeline(ctx, ticket)) == 3

        await until(returned, seconds=30, what="the customer's answer is on the ticket")
        entries = await _timeline(ctx, ticket)
        assert entries[-1].thread_rule == "token"
        again = await _only_ticket(ctx)
        assert again is not None and (again.status, again.assignee_id) == ("open", ann)
        assert [entry.seq for entry in entries] == sorted(entry.seq for entry in entries)

        # All of it was told, in order, with ids only.
        told: list[Any] = []
        async with asyncio.timeout(30):
            async for event in events:
                told.append(event)
                if event.kind == "status_changed" and event.data.get("to") == "open":
                    break
        kinds = [event.kind for event in told if event.ticket_id == ticket.id]
        assert kinds[:2] == ["ticket_opened", "ticket_assigned"]
        assert kinds.count("delivery_changed") >= 2
        assert all("text" not in event.data for event in told)


async def _explained(ctx: Context) -> bool:
    ticket = await _only_ticket(ctx)
    why = ticket.waiting_why if ticket is not None else None
    return why is not None and why["reasons"][0]["code"] == "nobody_on_line"
