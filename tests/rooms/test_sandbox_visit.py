"""The sample customers through the real mail and Telegram servers, with nobody's insides known."""

import asyncio
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path

import aiosmtplib
import pytest
import telegram

from hub.sandbox.letters import message_id_of
from hub.sandbox.people import LIU, STORIES, Door, Dress
from hub.sandbox.photo import PHOTO
from hub.sandbox.visit import DoorClosed, Pace, read_form, text_of, visit
from hub.sandbox.world import SandboxWorld

FAST = Pace(first_seconds=0, then_every=0, think=0, fill_in=0)
BY_MAIL_AND_TELEGRAM = tuple(story for story in STORIES if story.door in (Door.LETTER, Door.TELEGRAM))
NO_HUB = "http://127.0.0.1:1"


def test_the_stories_are_many_and_of_every_sort() -> None:
    assert len(STORIES) >= 24
    assert {story.door for story in STORIES} == set(Door)
    assert {story.dress for story in STORIES} == set(Dress)
    assert {story.kind for story in STORIES} == {"complaint", "feedback", "enquiry", "request"}
    assert {story.person.language for story in STORIES} == {"zh", "en"}
    keys = [story.key for story in STORIES]
    assert len(set(keys)) == len(keys)
    for story in STORIES:
        if story.follows:
            before = STORIES[keys.index(story.follows)]
            assert before.person is story.person and keys.index(before.key) < keys.index(story.key)


def test_the_photo_is_a_picture() -> None:
    size = PHOTO[PHOTO.index(b"\xff\xc0") :]
    height, width = int.from_bytes(size[5:7], "big"), int.from_bytes(size[7:9], "big")
    assert PHOTO.startswith(b"\xff\xd8") and PHOTO.endswith(b"\xff\xd9")
    assert (width, height) == (320, 240) and len(PHOTO) < 6000


async def test_letters_arrive_dressed_and_threaded_and_are_told_once(tmp_path: Path) -> None:
    letters = [story for story in BY_MAIL_AND_TELEGRAM if story.door is Door.LETTER]
    async with SandboxWorld(tmp_path) as world:
        visiting = asyncio.create_task(visit(world, NO_HUB, letters, FAST))
        got = await world.mail.wait_for_letter(world.support, len(letters), 10)
        visiting.cancel()
        await asyncio.gather(visiting, return_exceptions=True)
        first_start = world.memory.started
        assert (tmp_path / "sandbox.json").stat().st_mode & 0o777 == 0o600, "it holds tokens of chats"
    for story, raw in zip(letters, got, strict=True):
        letter = message_from_bytes(raw)
        assert str(make_header(decode_header(letter["Subject"]))) == story.subject
        assert text_of(letter).replace("\r\n", "\n").rstrip("\n") == story.text
        if story.dress is Dress.GB18030:
            assert letter.get_content_charset() == "gb18030"
        if story.follows:
            assert letter["In-Reply-To"] == f"<{message_id_of(replace(story, key=story.follows))}>"
    async with SandboxWorld(tmp_path) as again:
        assert again.memory.started > first_start
        assert set(again.memory.told) == {story.key for story in letters}


async def test_a_customer_answers_an_agents_letter_once_on_its_thread(tmp_path: Path) -> None:
    story = next(story for story in STORIES if story.key == "kettle-leaks")
    reply = (
        f"From: Shop <support@shop.example>\r\nReply-To: <support+tok@shop.example>\r\n"
        f"To: {story.person.email}\r\nSubject: Re: kettle\r\nMessage-ID: <a1@shop.example>\r\n"
        f"In-Reply-To: <{message_id_of(story)}>\r\n%s\r\nWe are sorry.\r\n"
    )
    async with SandboxWorld(tmp_path) as world:
        visiting = asyncio.create_task(visit(world, NO_HUB, [story], FAST))
        await world.mail.wait_for_letter(world.support, 1, 10)
        for extra in ("Auto-Submitted: auto-replied\r\n", "", ""):
            await aiosmtplib.send(
                (reply % extra).encode(),
                sender=world.support,
                recipients=[story.person.email],
                hostname="127.0.0.1",
                port=world.mail.smtp_port,
                username=world.support,
                password=world.support_password,
                start_tls=False,
            )
        letters = await world.mail.wait_for_letter(world.support, 2, 10)
        with pytest.raises(TimeoutError):
            await world.mail.wait_for_letter(world.support, 3, 0.3)
        visiting.cancel()
        await asyncio.gather(visiting, return_exceptions=True)
    answer = message_from_bytes(letters[1])
    assert (answer["To"], answer["In-Reply-To"]) == ("<support+tok@shop.example>", "<a1@shop.example>")
    assert answer["References"] == "<a1@shop.example>"
    assert text_of(answer).startswith(story.answer)


async def test_a_telegram_customer_answers_the_bot_once(tmp_path: Path) -> None:
    story = next(story for story in STORIES if story.person is LIU)
    async with SandboxWorld(tmp_path) as world:
        visiting = asyncio.create_task(visit(world, NO_HUB, [story], FAST))
        async with telegram.Bot(world.telegram.token, base_url=world.telegram.base_url) as bot:
            (asked,) = await bot.get_updates(timeout=10)
            await bot.send_message(LIU.telegram_id, "在路上了")
            (answered,) = await bot.get_updates(offset=asked.update_id + 1, timeout=10)
        visiting.cancel()
        await asyncio.gather(visiting, return_exceptions=True)
    assert answered.message is not None and answered.message.text == story.answer


def test_a_form_is_read_as_a_browser_reads_it() -> None:
    form = read_form(
        '<form action="/search"><input name="q"></form><form method="POST" action="/forms/x">'
        '<input type="hidden" name="token" value="t&amp;1"><input name="website"><textarea name="message">'
        '</textarea><select name="kind"><option value="a"><option value="b" selected></select>'
        '<input type="checkbox" name="copy" value="1"><button name="go">Go</button></form>'
    )
    assert (form.action, form.multipart) == ("/forms/x", False)
    assert form.fields == {"token": "t&1", "website": "", "message": "", "kind": "b"}
    with pytest.raises(DoorClosed):
        read_form("<p>closed</p>")
