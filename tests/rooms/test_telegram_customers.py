"""A real hub behind a bot: what customers can ask of it, what they change afterwards, how they are reached and asked."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from functools import partial
from typing import Any

import pytest

from channels.adapter import Asking, ChannelAdapter
from hub.actions.answers.prepare_answer import prepare_answer
from hub.actions.answers.reach import Shut
from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.counter.serve import ServedCounter
from hub.actions.failures import NotPossible
from hub.actions.gather import gather_due
from hub.actions.move import move_entries
from hub.actions.ports import make_ports
from hub.actions.privacy.forget import anonymise_customer
from hub.actions.receive import accept_items
from hub.actions.status import change_status
from hub.actions.surveys.definition import Kind
from hub.actions.timers import fire_due
from hub.model.codes import CUSTOMER, TICKET, show_code
from hub.model.interactions import Identity, IdentityKind
from hub.model.tokens import sign_start, sign_thread
from hub.sandbox.mail_world import SUPPORT, SUPPORT_PASSWORD, MailWorld
from hub.sandbox.telegram_world import TelegramWorld
from storage import talks, views
from storage.database import Connection
from tests.fakes.invariants import assert_invariants
from tests.fakes.processes import until
from tests.fakes.scene import SECRET, SYSTEM, a_hub, an_agent, one, rows, say, waiting_for_a_lock, write
from tests.fakes.sending import deliver_due, send_side_letters
from tests.fakes.surveys import a_survey
from tests.fakes.telegram_keys import mark
from tests.rooms.test_retention import ADMIN, where_it_stands

MEI = 880001


@dataclass(kw_only=True)
class Shop:
    """A hub with a bot, and its outside."""

    ctx: Context
    world: TelegramWorld
    bot: ChannelAdapter

    async def writes(self, text: str, **more: Any) -> int:
        """Mei writes; returns the number of her message once the hub has it."""
        number = await self.world.customer_writes(MEI, "小梅", text, **{"language_code": "zh-hans", **more})
        await self.world.wait_until_confirmed()
        return number

    async def asks(self, text: str, **more: Any) -> str:
        """She writes, and is answered at once."""
        before = len(self.world.sent_to(MEI))
        await self.writes(text, **more)
        return str((await self.world.wait_for_message(MEI, before + 1))[before]["text"])

    async def ticket(self) -> dict[str, Any]:
        """The newest one."""
        return (await rows(self.ctx, "SELECT * FROM ticket ORDER BY id DESC LIMIT 1"))[0]

    async def deliver(self) -> None:
        while await deliver_due(self.ctx, {"bot": self.bot}):
            pass

    async def entries(self, ticket_id: int) -> list[views.TimelineRow]:
        return await self.ctx.database.read(lambda c: views.latest_of_ticket(c, ticket_id))

    async def identities(self) -> list[tuple[str, str, bool]]:
        """Of whoever has her Telegram account."""
        found = await rows(
            self.ctx,
            """SELECT kind, value, verified FROM identity WHERE customer_id =
               (SELECT customer_id FROM identity WHERE kind = 'telegram' AND value = $1) ORDER BY kind, value, verified""",
            str(MEI),
        )
        return [(row["kind"], row["value"], row["verified"]) for row in found if row["kind"] != "telegram"]


@asynccontextmanager
async def a_shop(dsn: str, ports: tuple[int, int] | None = None, **settings: Any) -> AsyncIterator[Shop]:
    async with TelegramWorld(first_update_id=500, first_message_id=70) as world:
        table = {
            "kind": "telegram", "token": world.token, "base_url": world.base_url, "base_file_url": world.base_file_url,
            "poll_seconds": 1, "timeout_seconds": 5, "rating_after_minutes": 0, **settings,
        }  # fmt: skip
        channels: dict[str, dict[str, Any]] = {"bot": table, "plain": {"kind": "plain"}}
        if ports is not None:
            channels["support"] = {
                "kind": "email", "address": SUPPORT, "imap_host": "127.0.0.1", "imap_port": ports[0],
                "imap_security": "none", "imap_user": SUPPORT, "imap_password": SUPPORT_PASSWORD,
                "smtp_host": "127.0.0.1", "smtp_port": ports[1], "smtp_security": "none", "smtp_user": SUPPORT,
                "smtp_password": SUPPORT_PASSWORD, "timeout_seconds": 5,
            }  # fmt: skip
        async with a_hub(dsn, channels) as ctx:
            channel = ctx.channel("bot")
            bot = channel.kind.open("bot", channel.settings, make_ports(ctx, "bot"))
            hearing = asyncio.create_task(bot.receive(partial(accept_items, ctx, "bot")))
            try:
                yield Shop(ctx=ctx, world=world, bot=bot)
            finally:
                hearing.cancel()
                await asyncio.gather(hearing, return_exceptions=True)
                await bot.close()
            await assert_invariants(ctx.database)


@pytest.fixture
async def shop(database_dsn: str) -> AsyncIterator[Shop]:
    async with a_shop(database_dsn) as opened:
        yield opened


# ── how Telegram behaves ────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_number_that_an_update_had_before_may_carry_another_message(shop: Shop) -> None:
    """After a quiet week Telegram begins lower, and comes by numbers that are known here."""
    await shop.writes("before")
    shop.world.state.next_update_id = 500
    await shop.writes("after")
    await shop.world.repeat_updates(2)
    await shop.world.wait_until_confirmed()
    keys = [
        row["external_key"]
        for row in await rows(shop.ctx, "SELECT external_key FROM inbound_raw ORDER BY id")
    ]
    assert keys == [f"update.700000001.500.{mark(MEI, number)}" for number in (70, 71)]
    assert [entry.text for entry in await shop.entries((await shop.ticket())["id"])] == ["before", "after"]


async def test_a_pause_holds_all_chats_keeps_their_order_and_fails_nothing(shop: Shop) -> None:
    chats = {MEI: "小梅", MEI + 1: "Li", MEI + 2: "Bo"}
    for chat, name in chats.items():
        await shop.world.customer_writes(chat, name, "hello")
        await shop.world.wait_until_confirmed()
        code = (await shop.ticket())["code"]
        for text in ("1", "2", "3"):
            await queue_reply(shop.ctx, ticket_code=code, actor=SYSTEM, text=text)
    shop.world.faults.flood, shop.world.faults.retry_after = 1, 600
    await shop.deliver()
    before = [shop.world.sent_to(chat) for chat in chats]
    assert [] in before, "one was told to wait, and the others' second answers wait with it"
    assert all(len(sent) <= 1 for sent in before)
    held = await one(
        shop.ctx, "SELECT extract(epoch FROM hold_until - clock_timestamp()) FROM channel WHERE name = 'bot'"
    )
    assert 500 < held <= 600
    # As if the pause were over.
    await shop.ctx.database.run(lambda c: c.execute("UPDATE channel SET hold_until = NULL"))
    await shop.ctx.database.run(
        lambda c: c.execute("UPDATE outbox SET not_before = clock_timestamp() WHERE state = 'queued'")
    )
    shop.bot._line._silent_until = 0.0  # type: ignore[attr-defined]
    await shop.deliver()
    for chat in chats:
        assert [sent["text"] for sent in shop.world.sent_to(chat)] == ["1", "2", "3"]
    told = await rows(
        shop.ctx, "SELECT DISTINCT data->>'state' AS state FROM event WHERE kind = 'delivery_changed'"
    )
    assert {row["state"] for row in told} == {"queued", "sending", "sent"}


async def test_what_telegram_may_have_got_waits_for_a_person(database_dsn: str) -> None:
    """A line that ends, an answer that never comes, an answer that is none."""
    async with a_shop(database_dsn, timeout_seconds=1) as shop:
        await shop.writes("hello")
        code = (await shop.ticket())["code"]
        for fault in ("dropped", "silent", "broken"):
            setattr(shop.world.faults, fault, 1)
            await queue_reply(shop.ctx, ticket_code=code, actor=SYSTEM, text=fault)
            await shop.deliver()
        for _ in range(2):
            states = [row["state"] for row in await rows(shop.ctx, "SELECT state FROM outbox ORDER BY id")]
            assert states == ["uncertain"] * 3
            assert [sent["text"] for sent in shop.world.sent_to(MEI)] == ["dropped", "silent"]
            await shop.ctx.database.run(
                lambda c: c.execute("UPDATE outbox SET not_before = clock_timestamp()")
            )
            await shop.deliver()


# ── what she changes afterwards ──────────────────────────────────────────────────────────────────────────────────────
async def test_a_change_is_shown_in_place_and_calls_nobody_back(shop: Shop) -> None:
    number = await shop.writes("壶盖碎了")
    ticket = await shop.ticket()
    await change_status(shop.ctx, ticket_code=ticket["code"], status="closed", actor=SYSTEM)
    await shop.writes("另外一件事")
    newer = await shop.ticket()
    await shop.world.customer_edits(number, "壶盖和壶嘴都碎了")
    await shop.world.wait_until_confirmed()
    (entry,) = await shop.entries(ticket["id"])
    assert (entry.text, [one_.text for one_ in entry.earlier]) == ("壶盖和壶嘴都碎了", ["壶盖碎了"])
    assert await one(shop.ctx, "SELECT status FROM ticket WHERE id = $1", ticket["id"]) == "closed"
    assert [one_.text for one_ in await shop.entries(newer["id"])] == ["另外一件事"]
    await shop.writes("还有")
    assert [one_.text for one_ in await shop.entries(newer["id"])] == ["另外一件事", "还有"], (
        "it goes on where it was"
    )


async def test_a_change_that_comes_before_its_message_is_the_newer_one(shop: Shop) -> None:
    number = await shop.world.customer_writes(MEI, "小梅", "Helo")
    first = shop.world.state.updates.pop()
    await shop.world.customer_edits(number, "Hello")
    changed = shop.world.state.updates.pop()
    changed["edited_message"]["edit_date"] += 5
    await shop.world.hand_out(changed)
    await shop.world.wait_until_confirmed()
    await shop.world.hand_out({**first, "update_id": changed["update_id"] + 1})
    await shop.world.wait_until_confirmed()
    (entry,) = await shop.entries((await shop.ticket())["id"])
    assert (entry.text, [one_.text for one_ in entry.earlier]) == ("Hello", ["Helo"])


async def test_versions_are_moved_with_their_entry(shop: Shop) -> None:
    number = await shop.writes("one")
    await shop.writes("two")
    source = await shop.ticket()
    await shop.world.customer_edits(number, "eins")
    await shop.world.wait_until_confirmed()
    other = await say(shop.ctx, text="other", who=[("email", "li@example.cn", True)])
    target = await one(shop.ctx, "SELECT code FROM ticket ORDER BY id DESC LIMIT 1")
    entry = (await shop.entries(source["id"]))[0]
    await move_entries(
        shop.ctx, ticket_code=source["code"], interaction_ids=[entry.id], to_code=target, actor=SYSTEM
    )
    there = await one(shop.ctx, "SELECT id FROM ticket WHERE code = $1", target)
    assert other.ticket_code
    places = await rows(shop.ctx, "SELECT ticket_id FROM interaction WHERE text IN ('one', 'eins')")
    assert [row["ticket_id"] for row in places] == [there, there]
    assert [(one_.text, len(one_.earlier)) for one_ in await shop.entries(there)] == [
        ("eins", 1),
        ("other", 0),
    ]
    assert [one_.text for one_ in await shop.entries(source["id"])] == ["two"]


async def test_an_answer_to_an_older_message_goes_to_its_ticket(shop: Shop) -> None:
    await shop.writes("壶盖碎了")
    first = await shop.ticket()
    await queue_reply(shop.ctx, ticket_code=first["code"], actor=SYSTEM, text="请发照片")
    await shop.deliver()
    (sent,) = await shop.world.wait_for_message(MEI)
    await shop.asks("/new")
    await shop.writes("发票抬头")
    second = await shop.ticket()
    assert second["id"] != first["id"]
    await shop.writes("照片在这里", reply_to=sent["message_id"])
    await shop.writes("还有一张")
    told = [entry.text for entry in await shop.entries(first["id"])]
    assert told == ["壶盖碎了", "请发照片", "照片在这里", "还有一张"]
    assert [entry.text for entry in await shop.entries(second["id"])] == ["发票抬头"]


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_commands_in_the_language_of_the_customer_which_can_be_changed(shop: Shop) -> None:
    assert "留言" in await shop.asks("/start")
    assert await one(shop.ctx, "SELECT count(*) FROM ticket") == 0
    assert "Which language" in await shop.asks("/language", language_code="de")
    (ask,) = [message for message in shop.world.sent_to(MEI) if "reply_markup" in message]
    await shop.world.customer_presses(MEI, ask["message_id"], "lang:zh_CN")
    assert (await shop.world.wait_for_message(MEI, 3))[2]["text"] == "好的，之后将使用中文。"
    assert "没有处理中" in await shop.asks("/status", language_code="de"), "kept, whatever the program says"
    shown = {code: len(commands) for code, commands in shop.world.state.commands.items()}
    assert shown == {"": 7, "zh": 7}


async def test_status_tells_the_place_in_line_and_new_begins_anew(shop: Shop) -> None:
    await an_agent(shop.ctx, "ann", presence="busy")
    await shop.writes("壶盖碎了")
    first = await shop.ticket()
    told = await shop.asks("/status")
    assert show_code(TICKET, first["code"]) in told and "第 1 位，共 1 位" in told
    await shop.asks("/new")
    await shop.writes("发票抬头")
    second = await shop.ticket()
    assert second["id"] != first["id"] and second["customer_id"] == first["customer_id"]
    await queue_reply(shop.ctx, ticket_code=second["code"], actor=SYSTEM, text="好的")
    told = await shop.asks("/status")
    assert told.index(show_code(TICKET, second["code"])) < told.index(show_code(TICKET, first["code"]))
    assert "等待您的回复" in told


async def test_a_link_to_a_ticket_brings_its_customer_here(shop: Shop) -> None:
    kept = await say(shop.ctx, text="By form", who=[("email", "mei@example.cn", True)])
    ticket = await shop.ticket()
    assert kept.ticket_code in await shop.asks(f"/start {sign_start(SECRET, ticket['id'])}")
    await shop.writes("这是照片")
    assert (await shop.ticket())["id"] == ticket["id"]
    assert await shop.identities() == [("email", "mei@example.cn", True)]
    prepared = await prepare_answer(shop.ctx, ticket["code"], agent_id=None, agent_name="Ann")
    assert prepared is not None and prepared.way is not None
    assert (prepared.way.kind, prepared.way.address) == ("telegram", str(MEI))
    for wrong in (
        f"t{ticket['id']}z" + "0" * 26,
        sign_thread(SECRET, ticket["id"], "mei@example.cn"),
        "x" * 64,
    ):
        assert "失效" in await shop.asks(f"/start {wrong}")


async def test_a_link_followed_by_somebody_else_moves_nobody(shop: Shop) -> None:
    await shop.writes("我是小梅")
    hers = await shop.ticket()
    await say(shop.ctx, text="By form", who=[("email", "li@example.cn", True)])
    his = await shop.ticket()
    assert "另一位客户" in await shop.asks(f"/start {sign_start(SECRET, his['id'])}")
    assert await shop.identities() == []
    pairs = await rows(shop.ctx, "SELECT low_id, high_id FROM customer_pair")
    assert pairs == [{"low_id": hers["customer_id"], "high_id": his["customer_id"]}]
    await shop.writes("还在吗")
    assert await one(shop.ctx, "SELECT count(*) FROM interaction WHERE ticket_id = $1", hers["id"]) == 2


async def test_what_comes_twice_is_done_and_said_once(shop: Shop) -> None:
    asking = Asking(
        key="ask.msg.5.7",
        identity=Identity(kind=IdentityKind.TELEGRAM, value="5", verified=True),
        thread_key="chat.5",
        address="5",
        command="new",
        words="/new",
    )
    counter = ServedCounter(shop.ctx, "bot")
    answers = await asyncio.gather(*(counter(asking) for _ in range(3)))
    assert sorted(one_ is not None and bool(one_.text) for one_ in answers) == [False, False, True]
    changed = await counter(asking.with_(again=True, words="/new please"))
    assert changed is not None and not changed.text, "a command that is changed is no message either"


async def test_who_asks_too_often_is_not_answered(shop: Shop) -> None:
    counter = ServedCounter(shop.ctx, "bot")
    one_ = Identity(kind=IdentityKind.TELEGRAM, value="5", verified=True)
    asking = Asking(key="", identity=one_, thread_key="chat.5", address="5", command="help", words="/help")
    answers = [await counter(asking.with_(key=f"ask.msg.5.{number}")) for number in range(22)]
    assert [answer is not None and bool(answer.text) for answer in answers] == [True] * 20 + [False] * 2


async def test_what_the_counter_cannot_serve_is_a_word_for_the_agents(shop: Shop) -> None:
    """Or it would come again and again, and hold up everybody behind it. Half of a surrogate pair, which JSON lets in."""
    one_ = Identity(kind=IdentityKind.TELEGRAM, value="5", verified=True)
    asking = Asking(key="ask.msg.5.1", identity=one_, thread_key="chat.5", address="5")
    words = "/start t1z\ud800"
    asking = asking.with_(command="start", argument=words[7:], words=words)
    assert await ServedCounter(shop.ctx, "bot")(asking) is None


async def test_an_album_that_was_sent_before_new_is_no_part_of_the_new_case(shop: Shop) -> None:
    await shop.writes("壶盖碎了")
    first = await shop.ticket()
    await shop.world.customer_sends_album(MEI, "小梅", [b"1", b"2"])
    await shop.asks("/new")
    await shop.writes("发票抬头")
    second = await shop.ticket()
    assert [len(entry.attachments) for entry in await shop.entries(first["id"])] == [0, 2]
    assert [entry.text for entry in await shop.entries(second["id"])] == ["发票抬头"]


# ── linking ──────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_an_address_is_linked_by_a_code_that_was_sent_there(database_dsn: str) -> None:
    async with MailWorld() as mail, a_shop(database_dsn, ports=(mail.imap_port, mail.smtp_port)) as shop:
        channel = shop.ctx.channel("support")
        inbox = channel.kind.open("support", channel.settings, make_ports(shop.ctx, "support"))
        await shop.asks("/link")
        ask = shop.world.sent_to(MEI)[-1]
        await shop.world.customer_presses(MEI, ask["message_id"], "link:email")
        await shop.world.wait_for_message(MEI, 2)
        assert "mei@example.cn" in await shop.asks(" Mei@Example.CN ")
        assert await shop.identities() == [("email", "mei@example.cn", False)]
        assert await send_side_letters(shop.ctx, inbox) == 1
        assert await send_side_letters(shop.ctx, inbox) == 0
        (letter,) = await mail.wait_for_letter("mei@example.cn")
        text = message_from_bytes(letter, policy=policy.default).get_body(("plain",))
        assert text is not None
        found = re.search(r"\d{6}", str(text.get_content()))
        assert found is not None
        code = found[0]
        assert await one(shop.ctx, "SELECT message FROM side_letter") == {}, "what it said is forgotten"
        wrong = f"{(int(code) + 1) % 1_000_000:06}"
        assert "不正确" in await shop.asks(wrong)
        assert "已绑定" in await shop.asks(code)
        assert await shop.identities() == [("email", "mei@example.cn", True)]
        assert await one(shop.ctx, "SELECT count(*) FROM ticket") == 0, "nothing of this is a message"
        assert await shop.asks("/unlink")
        ask = shop.world.sent_to(MEI)[-1]
        data = ask["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
        await shop.world.customer_presses(MEI, ask["message_id"], data)
        await shop.world.wait_until_confirmed()
        assert await shop.identities() == []
        await inbox.close()


async def test_a_code_has_few_tries_and_a_question_meanwhile_goes_to_the_agents(database_dsn: str) -> None:
    async with a_shop(database_dsn, ports=(9, 9)) as shop:
        await shop.asks("/link")
        await shop.world.customer_presses(MEI, shop.world.sent_to(MEI)[-1]["message_id"], "link:email")
        await shop.world.wait_for_message(MEI, 2)
        await shop.writes("我想问一下发票")
        assert (await shop.ticket())["subject"] == "我想问一下发票"
        await shop.asks("mei@example.cn")
        for _ in range(5):
            assert "不正确" in await shop.asks("000000")
        assert "失效" in await shop.asks("000000")
        await shop.writes("000000")
        assert await one(shop.ctx, "SELECT count(*) FROM interaction") == 2, "nothing is waited for any more"
        await rows(shop.ctx, "UPDATE rate_limit SET hits = 500 WHERE key = 'code:house'")
        await shop.asks("/link")
        said = len(shop.world.sent_to(MEI))
        await shop.world.customer_presses(MEI, shop.world.sent_to(MEI)[-1]["message_id"], "link:email")
        await shop.world.wait_for_message(MEI, said + 1)
        assert "频繁" in await shop.asks("xu@example.cn"), (
            "many accounts together fill no mailboxes of strangers"
        )


async def test_an_address_of_somebody_else_stays_theirs(database_dsn: str) -> None:
    async with a_shop(database_dsn, ports=(9, 9)) as shop:
        await write(shop.ctx, "mei@example.cn")
        owner = (await shop.ticket())["customer_id"]
        await shop.asks("/link")
        await shop.world.customer_presses(MEI, shop.world.sent_to(MEI)[-1]["message_id"], "link:email")
        await shop.world.wait_for_message(MEI, 2)
        await shop.asks("mei@example.cn")
        letter = await one(shop.ctx, "SELECT message->>'text' FROM side_letter")
        code = re.findall(r"\d{6}", letter)[0]
        assert "另一位客户" in await shop.asks(code)
        assert (
            await one(shop.ctx, "SELECT customer_id FROM identity WHERE kind = 'email' AND verified") == owner
        )
        assert await one(shop.ctx, "SELECT count(*) FROM customer_pair") == 1


async def test_what_letters_had_proven_is_not_taken_away_by_unlinking(database_dsn: str) -> None:
    async with a_shop(database_dsn, ports=(9, 9)) as shop:
        await write(shop.ctx, "mei@example.cn")
        await shop.asks(f"/start {sign_start(SECRET, (await shop.ticket())['id'])}")
        await shop.asks("/link")
        await shop.world.customer_presses(MEI, shop.world.sent_to(MEI)[-1]["message_id"], "link:email")
        await shop.world.wait_for_message(MEI, 3)
        await shop.asks("mei@example.cn")
        code = re.findall(r"\d{6}", await one(shop.ctx, "SELECT message->>'text' FROM side_letter"))[0]
        assert "已绑定" in await shop.asks(code)
        assert "没有绑定" in await shop.asks("/unlink")
        assert await shop.identities() == [("email", "mei@example.cn", True)]


async def test_an_address_that_two_prove_at_once_is_the_first_ones(shop: Shop) -> None:
    owners = []
    for name in ("a", "b"):
        await say(shop.ctx, text=name, who=[("email", f"{name}@example.cn", True)])
        owners.append((await shop.ticket())["customer_id"])
    proven, let_go = asyncio.Event(), asyncio.Event()

    async def first(connection: Connection) -> int:
        owner = await talks.prove(connection, owners[0], "phone", "+8613800138000")
        proven.set()
        await let_go.wait()
        return owner

    async def is_held_up() -> bool:
        return bool(await waiting_for_a_lock(shop.ctx))

    proving = asyncio.create_task(shop.ctx.database.run(first))
    await proven.wait()
    second = asyncio.create_task(
        shop.ctx.database.run(lambda c: talks.prove(c, owners[1], "phone", "+8613800138000"))
    )
    await until(is_held_up, seconds=20, what="the second waits for the first")
    let_go.set()
    assert [await proving, await second] == [owners[0]] * 2


async def test_a_number_is_proven_only_by_its_own_account(shop: Shop) -> None:
    await shop.world.customer_shares_contact(MEI, "小梅", "+8613800138000", owner=7)
    await shop.world.wait_until_confirmed()
    assert (await shop.ticket())["last_preview"].startswith("👤"), "a card that nobody asked for is a message"
    await shop.asks("/link")
    await shop.world.customer_presses(MEI, shop.world.sent_to(MEI)[-1]["message_id"], "link:phone")
    asked = (await shop.world.wait_for_message(MEI, 2))[1]
    assert asked["asks_for"][0][0]["request_contact"] is True
    await shop.world.customer_shares_contact(MEI, "小梅", "8613800138001", owner=0)
    await shop.world.wait_for_message(MEI, 3)
    assert await shop.identities() == [("phone", "+8613800138001", False)]
    await shop.world.customer_shares_contact(MEI, "小梅", "8613800138000")
    await shop.world.wait_for_message(MEI, 4)
    assert ("phone", "+8613800138000", True) in await shop.identities()
    assert await one(shop.ctx, "SELECT count(*) FROM interaction") == 1


# ── who shuts us out ─────────────────────────────────────────────────────────────────────────────────────────────────
async def test_who_blocks_the_bot_cannot_be_reached_there_until_they_let_it_in(shop: Shop) -> None:
    await shop.writes("hello")
    ticket = await shop.ticket()

    async def shut() -> list[Any]:
        prepared = await prepare_answer(shop.ctx, ticket["code"], agent_id=None, agent_name="Ann")
        assert prepared is not None
        return [way.shut for way in prepared.ways]

    assert await shut() == [None]
    await shop.world.customer_blocks(MEI)
    await shop.world.wait_until_confirmed()
    assert await shut() == [Shut.BLOCKED]
    with pytest.raises(NotPossible, match="shut"):
        await queue_reply(shop.ctx, ticket_code=ticket["code"], actor=SYSTEM, text="Hello?")
    await shop.world.customer_unblocks(MEI)
    await shop.world.wait_until_confirmed()
    assert await shut() == [None]
    kinds = await rows(shop.ctx, "SELECT kind FROM event WHERE ticket_id = $1 ORDER BY seq", ticket["id"])
    assert [row["kind"] for row in kinds] == ["ticket_opened", "talk_shut", "talk_opened"]


async def test_a_refusal_while_sending_shuts_the_way_too(shop: Shop) -> None:
    await shop.writes("hello")
    ticket = await shop.ticket()
    shop.world.state.people[MEI].blocked = True  # and the bot was not told
    await queue_reply(shop.ctx, ticket_code=ticket["code"], actor=SYSTEM, text="Hello?")
    await shop.deliver()
    assert await one(shop.ctx, "SELECT state FROM outbox") == "failed"
    assert (await shop.ticket())["status"] == "open", "whoever answered has to find another way"
    prepared = await prepare_answer(shop.ctx, ticket["code"], agent_id=None, agent_name="Ann")
    assert prepared is not None and [way.shut for way in prepared.ways] == [Shut.BLOCKED]
    assert await one(shop.ctx, "SELECT count(*) FROM event WHERE kind = 'talk_shut'") == 1


# ── how they liked it ────────────────────────────────────────────────────────────────────────────────────────────────
async def resolved(shop: Shop, *, say_first: bool = True) -> dict[str, Any]:
    """A ticket that was resolved, whose customer has been asked; the message with the buttons."""
    if say_first:
        await shop.writes("壶盖碎了")
    ticket = await shop.ticket()
    await change_status(shop.ctx, ticket_code=ticket["code"], status="resolved", actor=SYSTEM)
    before = len(shop.world.sent_to(MEI))
    assert await fire_due(shop.ctx) == 1
    await shop.deliver()
    return (await shop.world.wait_for_message(MEI, before + 1))[before]


async def press(shop: Shop, asked: dict[str, Any], score: int) -> str:
    """Returns what is said at the button."""
    shown = next(one_ for one_ in shop.world.sent_to(MEI) if one_["message_id"] == asked["message_id"])
    data = shown["reply_markup"]["inline_keyboard"][0][score - 1]["callback_data"]
    query = await shop.world.customer_presses(MEI, asked["message_id"], data)
    async with asyncio.timeout(10), shop.world.state.changed:
        await shop.world.state.changed.wait_for(lambda: query in shop.world.state.notices)
    await shop.world.wait_until_confirmed()
    return shop.world.state.notices[query]


async def test_a_resolution_is_rated_once_can_be_changed_and_a_low_score_is_explained(shop: Shop) -> None:
    asked = await resolved(shop)
    assert "打分" in asked["text"]
    assert await fire_due(shop.ctx) == 0
    ticket = await shop.ticket()
    assert await press(shop, asked, 2) == "谢谢您的评价！"
    assert "哪里做得不好" in shop.world.sent_to(MEI)[-1]["text"]
    assert await press(shop, asked, 2) == "谢谢您的评价！"
    said = len(shop.world.sent_to(MEI))
    assert await shop.asks("等了三天") == "感谢您的反馈。"
    assert len(shop.world.sent_to(MEI)) == said + 1, "the second press said nothing more"
    assert await press(shop, asked, 4) == "谢谢您的评价！"
    row = (await rows(shop.ctx, "SELECT score, comment, resolution FROM survey_invitation"))[0]
    assert (row["score"], row["comment"], row["resolution"]) == (4, "等了三天", 2)
    *_, question, rating = await shop.entries(ticket["id"])
    assert (question.direction, question.automatic) == ("out", "survey"), "it answers nobody"
    assert (rating.kind, rating.direction, rating.fields["score"], rating.text) == (
        "survey",
        "internal",
        4,
        "等了三天",
    )
    assert [(one_.fields["score"], one_.text) for one_ in rating.earlier] == [(2, ""), (2, "等了三天")]
    assert (await shop.ticket())["status"] == "resolved", "an opinion opens nothing"
    labels = [one_["text"] for one_ in shop.world.sent_to(MEI)[0]["reply_markup"]["inline_keyboard"][0]]
    assert labels == ["1", "2", "3", "✓ 4", "5"]


async def test_a_survey_asks_by_buttons_and_goes_on_on_its_page(shop: Shop) -> None:
    """Eleven buttons in two rows; reasons and further questions stand behind a link."""
    await a_survey(shop.ctx, Kind.NPS, channels=["bot"])
    await shop.writes("壶盖碎了")
    ticket = await shop.ticket()
    await change_status(shop.ctx, ticket_code=ticket["code"], status="resolved", actor=SYSTEM)
    await fire_due(shop.ctx)
    await shop.deliver()
    (ask,) = await shop.world.wait_for_message(MEI)
    rows_ = ask["reply_markup"]["inline_keyboard"]
    assert [[one_["text"] for one_ in row] for row in rows_] == [list("012345"), ["6", "7", "8", "9", "10"]]
    assert "推荐我们" in ask["text"] and "/survey/" not in ask["text"]
    await shop.world.customer_presses(MEI, ask["message_id"], rows_[0][0]["callback_data"])
    told = (await shop.world.wait_for_message(MEI, 2))[1]["text"]
    token = rows_[0][0]["callback_data"].split(":")[1]
    assert f"/survey/{token}" in told
    assert await one(shop.ctx, "SELECT score FROM survey_invitation") == 0
    await shop.writes("没人回电话")
    assert await one(shop.ctx, "SELECT comment FROM survey_invitation") == "没人回电话"


async def test_what_is_said_after_new_is_no_word_about_the_rating(shop: Shop) -> None:
    asked = await resolved(shop)
    assert await press(shop, asked, 1) == "谢谢您的评价！"
    await shop.asks("/new")
    await shop.writes("发票抬头")
    assert (await shop.ticket())["subject"] == "发票抬头"
    assert await one(shop.ctx, "SELECT comment FROM survey_invitation") == ""


async def test_a_question_dies_when_the_ticket_is_open_again(shop: Shop) -> None:
    asked = await resolved(shop)
    await shop.writes("还是坏的")
    assert await press(shop, asked, 1) == "评价已结束。"
    assert await one(shop.ctx, "SELECT score FROM survey_invitation") is None
    ticket = await shop.ticket()
    await change_status(shop.ctx, ticket_code=ticket["code"], status="resolved", actor=SYSTEM)
    await fire_due(shop.ctx)
    assert await one(shop.ctx, "SELECT count(*) FROM survey_invitation") == 2, "one for each resolution"
    assert await press(shop, asked, 1) == "评价已结束。"


async def test_nobody_is_asked_who_was_called_back_before_or_where_it_is_not_wanted(
    database_dsn: str,
) -> None:
    async with a_shop(database_dsn, rating_after_minutes=60) as shop:
        await shop.writes("one")
        ticket = await shop.ticket()
        await change_status(shop.ctx, ticket_code=ticket["code"], status="resolved", actor=SYSTEM)
        await change_status(shop.ctx, ticket_code=ticket["code"], status="open", actor=SYSTEM)
        waits = "SELECT count(*) FROM timer WHERE kind = 'ask_rating' AND cancelled_at IS NULL"
        assert await one(shop.ctx, waits) == 0
        assert await one(shop.ctx, "SELECT count(*) FROM timer WHERE kind = 'ask_rating'") == 1


@pytest.mark.parametrize(
    "forge",
    [
        lambda data: data[:-3] + "x:1",
        lambda data: data[:-1] + "9",
        lambda data: "csat",
        lambda data: "csat:::",
    ],
)
async def test_a_button_that_we_did_not_make_does_nothing(shop: Shop, forge: Callable[[str], str]) -> None:
    asked = await resolved(shop)
    data = asked["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    await shop.world.customer_presses(MEI, asked["message_id"], forge(data))
    await shop.world.wait_until_confirmed()
    assert await one(shop.ctx, "SELECT score FROM survey_invitation") is None


async def test_a_button_can_be_pressed_only_where_it_was_sent(shop: Shop) -> None:
    asked = await resolved(shop)
    data = asked["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    stranger = 990001
    await shop.world.customer_writes(stranger, "Eve", "/help")
    sent = await shop.world.wait_for_message(stranger)
    await shop.world.customer_presses(stranger, sent[0]["message_id"], data)
    await shop.world.wait_until_confirmed()
    assert await one(shop.ctx, "SELECT score FROM survey_invitation") is None


async def test_who_is_forgotten_is_nowhere(shop: Shop) -> None:
    word = "kanarienvogel"
    await shop.world.customer_sends_album(MEI, "小梅", [b"1", word.encode(), b"3"], caption="see")
    await shop.world.wait_until_confirmed()
    while await gather_due(shop.ctx, quiet_seconds=0):
        pass
    await shop.world.customer_shares_contact(MEI, "小梅", "8613800138000")
    await shop.world.wait_for_message(MEI, 1)
    asked = await resolved(shop, say_first=False)
    await press(shop, asked, 1)
    await shop.asks(f"It was {word}")
    ticket = await shop.ticket()
    await change_status(shop.ctx, ticket_code=ticket["code"], status="closed", actor=SYSTEM)
    assert await where_it_stands(shop.ctx, word) and await where_it_stands(shop.ctx, "13800138000")
    code = await one(shop.ctx, "SELECT code FROM customer")
    typed = show_code(CUSTOMER, code)
    await anonymise_customer(shop.ctx, customer_code=code, typed=typed, actor=ADMIN)
    assert await where_it_stands(shop.ctx, word) == []
    assert await where_it_stands(shop.ctx, "13800138000") == []
    # How often they asked, what arrived in parts and which word was answered is known for a day, for two and for four.
    assert set(await where_it_stands(shop.ctx, str(MEI))) == {"rate_limit", "gathering", "counter_key"}
    assert await one(shop.ctx, "SELECT score FROM survey_invitation") == 1, "figures stay"
