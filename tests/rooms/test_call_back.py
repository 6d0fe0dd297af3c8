"""Answers that failed for good, at the relay or by a report that comes back: their tickets are called back, all in one way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from channels.adapter import ChannelAdapter, Refused
from hub.actions.answers.recall import send_again
from hub.actions.context import Context
from hub.actions.floor.assign import assign_ticket
from hub.actions.lists.snooze import snooze_ticket
from hub.actions.move import move_entries
from hub.actions.ports import make_ports
from hub.actions.receive import accept_items
from hub.actions.status import change_status
from hub.model.people import Actor
from storage import automation
from storage.database import Connection
from tests.fakes.answers import LI, TWO_INBOXES, open_ticket, queue
from tests.fakes.invariants import assert_invariants, check_every_commit
from tests.fakes.mail_servers import serving
from tests.fakes.outside import Outside
from tests.fakes.scene import MAIL, SYSTEM, a_hub, an_agent, one, raw_letter, rows, say, ticket
from tests.fakes.sending import deliver_due
from tests.fakes.smtp_server import ScriptedRelay

_REPORT = (
    "From: MAILER-DAEMON@mx.example.cn\r\nTo: support@shop.example\r\nSubject: Undelivered Mail Returned to Sender\r\n"
    "Message-ID: <r1@mx.example.cn>\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
    "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
    "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.cn\r\n\r\n"
    f"Final-Recipient: rfc822; {LI}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
    "--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <%s>\r\n--b--\r\n"
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A hub with one inbox, its relay, and Ann, who answers."""

    ctx: Context
    relay: ScriptedRelay
    support: ChannelAdapter
    ann: int

    async def answered(self, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """(ticket, outbox row) of what Ann has just answered."""
        opened = await open_ticket(self.ctx)
        await assign_ticket(self.ctx, ticket_code=opened["code"], agent_id=self.ann, actor=SYSTEM)
        row = await queue(self.ctx, opened, actor=Actor(name="Ann", agent_id=self.ann), **more)
        return opened, row

    async def work(self) -> None:
        while await deliver_due(self.ctx, {"support": self.support}):
            pass

    async def fails(self, how: str, row: dict[str, Any]) -> None:
        """Refused at once, or at a later stage; put off until its time is over; or returned by another server."""
        stage, _, answer = how.partition(" ")
        if answer:
            self.relay.answers[stage] = answer
        await self.work()
        if how == "returned":
            await accept_items(
                self.ctx, "support", [raw_letter((_REPORT % row["message_id"]).encode(), uid=77)]
            )
        elif answer.startswith("4"):
            assert await one(self.ctx, "SELECT state FROM outbox") == "queued"
            await one(
                self.ctx, "UPDATE outbox SET give_up_at = clock_timestamp(), not_before = clock_timestamp()"
            )
            await self.work()


@asynccontextmanager
async def _a_shop(dsn: str, **agent: Any) -> AsyncIterator[Shop]:
    relay = ScriptedRelay()
    async with serving(relay.talk) as port, a_hub(dsn, {"support": {**MAIL, "smtp_port": port}}) as ctx:
        await check_every_commit(ctx.database)
        configured = ctx.channel("support")
        adapter = configured.kind.open("support", configured.settings, make_ports(ctx, "support"))
        yield Shop(ctx=ctx, relay=relay, support=adapter, ann=await an_agent(ctx, "ann", **agent))
        await adapter.close()
        await assert_invariants(ctx.database)


@pytest.mark.parametrize("status", ["pending", "resolved"])
@pytest.mark.parametrize(
    "how", ["RCPT 550 5.1.1 no such person", ". 554 5.7.1 spam", "RCPT 450 4.2.0 greylisted", "returned"]
)
async def test_whoever_answered_has_the_ticket_again(database_dsn: str, how: str, status: str) -> None:
    """F43, F44, F49: also where it was resolved with that answer, and its clock goes on as if there had been none."""
    async with _a_shop(database_dsn) as shop:
        opened, row = await shop.answered()
        if status == "resolved":
            await change_status(shop.ctx, ticket_code=opened["code"], status=status, actor=SYSTEM)
        assert await one(shop.ctx, "SELECT load FROM agent") == 0
        await shop.fails(how, row)
        assert await one(shop.ctx, "SELECT state FROM outbox") == "failed"
        (now,) = await rows(shop.ctx, "SELECT * FROM ticket")
        assert (now["status"], now["assignee_id"], now["resolved_at"]) == ("open", shop.ann, None)
        assert now["waiting_since"] is not None
        since = await shop.ctx.database.read(lambda c: automation.anchors(c, [now["id"]]))
        assert since[now["id"]].unanswered is not None, "rules that wait for an answer go on waiting"
        assert await one(shop.ctx, "SELECT load FROM agent") == 1
        assert await one(shop.ctx, "SELECT count(*) FROM timer WHERE cancelled_at IS NULL") == 0
        assert (
            await one(shop.ctx, "SELECT because FROM sla_clock WHERE target = 'first_response'")
            == "not_answered"
        )
        told = await rows(
            shop.ctx,
            """SELECT kind, data - 'interaction' AS data FROM event
               WHERE ticket_id = $1 AND kind IN ('delivery_changed', 'status_changed') ORDER BY seq DESC LIMIT 2""",
            opened["id"],
        )
        assert told == [
            {"kind": "status_changed", "data": {"from": status, "to": "open"}},
            {"kind": "delivery_changed", "data": {"state": "failed"}},
        ]


@pytest.mark.parametrize(("there", "why"), [("offline", "not_on_line"), ("online", "at_capacity")])
async def test_who_is_gone_or_has_no_room_for_it_does_not_keep_it(
    database_dsn: str, there: str, why: str
) -> None:
    async with _a_shop(database_dsn, presence=there, capacity=1 if there == "online" else 8) as shop:
        opened, row = await shop.answered()
        other = await open_ticket(shop.ctx)
        await assign_ticket(shop.ctx, ticket_code=other["code"], agent_id=shop.ann, actor=SYSTEM)
        await shop.fails("RCPT 550 unknown", row)
        (now,) = await rows(shop.ctx, "SELECT status, assignee_id FROM ticket WHERE id = $1", opened["id"])
        assert now == {"status": "open", "assignee_id": None}
        decision = await one(
            shop.ctx, "SELECT why FROM routing_decision WHERE step = 'released' ORDER BY id DESC LIMIT 1"
        )
        assert [reason["code"] for reason in decision["reasons"]] == [why]


async def test_what_was_put_off_until_the_customer_writes_is_not_put_off_any_more(database_dsn: str) -> None:
    async with _a_shop(database_dsn) as shop:
        opened, row = await shop.answered()
        await snooze_ticket(shop.ctx, ticket_code=opened["code"], until=None, actor=SYSTEM)
        await shop.fails("RCPT 550 unknown", row)
        assert await one(shop.ctx, "SELECT snoozed_until FROM ticket") is None


@pytest.mark.parametrize(
    ("how", "status", "by_hand", "becomes"),
    [
        ("RCPT 550 unknown", "closed", True, "closed"), ("RCPT 550 unknown", "open", True, "open"),
        # What the hub sends by itself after the end, a question how they liked it, brings nobody back.
        ("RCPT 550 unknown", "resolved", False, "resolved"), ("returned", "resolved", False, "resolved"),
        ("RCPT 550 unknown", "pending", False, "open"), ("returned", "pending", False, "open"),
    ],
)  # fmt: skip
async def test_which_tickets_come_back(
    database_dsn: str, how: str, status: str, by_hand: bool, becomes: str
) -> None:
    async with _a_shop(database_dsn) as shop:
        opened, row = await shop.answered()
        await change_status(shop.ctx, ticket_code=opened["code"], status=status, actor=SYSTEM)
        if not by_hand:
            await one(
                shop.ctx,
                "UPDATE interaction SET automatic = 'x' WHERE id = $1 RETURNING 1",
                row["interaction_id"],
            )
        await shop.fails(how, row)
        assert await one(shop.ctx, "SELECT state FROM outbox") == "failed"
        assert await one(shop.ctx, "SELECT status FROM ticket") == becomes


async def test_the_next_answer_leaves_although_the_first_failed(database_dsn: str) -> None:
    async with _a_shop(database_dsn) as shop:
        opened, _ = await shop.answered()
        await queue(shop.ctx, opened, "And this.")
        shop.relay.answers["RCPT"] = "550 unknown"
        assert await deliver_due(shop.ctx, {"support": shop.support}) == 1
        shop.relay.answers.clear()
        await shop.work()
        assert await rows(shop.ctx, "SELECT state FROM outbox ORDER BY id") == [
            {"state": "failed"},
            {"state": "sent"},
        ]


async def test_a_reply_that_goes_to_another_ticket_meanwhile_is_found_there(database_dsn: str) -> None:
    """Whoever sends it again looked where it lay, and waits for that ticket while it is moved away."""
    async with a_hub(database_dsn, TWO_INBOXES) as ctx:
        first = await ticket(ctx, await say(ctx, who=[("visitor", "v", True)], key="a", reply_address="a"))
        second = await ticket(ctx, await say(ctx, who=[("visitor", "v", True)], key="b", reply_address="a"))
        row = await queue(ctx, first)
        await deliver_due(ctx, {"plain": Outside(Refused("no"))})

        async def waiting(connection: Connection, many: int) -> None:
            while await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") < many:
                await asyncio.sleep(0.01)

        async def hold(connection: Connection) -> "tuple[asyncio.Task[int], asyncio.Task[None]]":
            await connection.execute("SELECT FROM ticket WHERE id = $1 FOR UPDATE", first["id"])
            moving = asyncio.create_task(
                move_entries(
                    ctx, ticket_code=first["code"], interaction_ids=[row["interaction_id"]],
                    to_code=second["code"], actor=SYSTEM,
                )
            )  # fmt: skip
            await waiting(connection, 1)
            again = asyncio.create_task(send_again(ctx, interaction_id=row["interaction_id"], actor=SYSTEM))
            await waiting(connection, 2)
            return moving, again

        async with asyncio.timeout(30):
            moving, again = await ctx.database.run(hold)
            await moving
            await again
        assert await rows(ctx, "SELECT ticket_id, state FROM outbox") == [
            {"ticket_id": second["id"], "state": "queued"}
        ]
        await assert_invariants(ctx.database)
