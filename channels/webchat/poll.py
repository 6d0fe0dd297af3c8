"""The same conversation without a socket, for visitors behind a proxy that lets none through: a page asks what is new and is
answered when there is something, or after a while; what it says goes by a request of its own. The frames are those of the
socket."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from channels.webchat import frames, sayings
from channels.webchat.conversation import Chat, Conversation, come_in
from channels.webchat.sayings import Saying
from channels.webchat.visitor import pause_after

PATIENCE = 20.0
"""Seconds after which a question is answered though there is nothing: below what proxies cut."""


async def ask(chat: Chat, hello: frames.Hello, meta: Mapping[str, str]) -> list[Saying]:
    """What is new for this page. The first time (`hello.standing` is empty), and to whoever comes with another conversation
    than they show, the answer is at once a welcome. Raises ChannelFailure."""
    async with chat.coming.turn():
        talk, wrong = await come_in(chat, hello, meta)
        if not talk.known or wrong or not hello.standing or hello.key or hello.identity:
            after = talk.after(hello.after)
            lines = await chat.ports.transcript.since(talk.key, after) if talk.known else []
            talk.known = bool(lines) or after > 0
            await talk.arrive()
            standing = await chat.ports.lounge.standing(talk.key)
            return [sayings.welcome(talk.token(), lines, standing, partly=talk.seat.since > 0), *wrong]
    talk.known = bool(hello.have) or talk.after(hello.after) > 0
    await talk.arrive()
    news: list[Saying] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while not news:
                news = await _look_and_wait(chat, talk, hello)
    return news


async def _look_and_wait(chat: Chat, talk: Conversation, hello: frames.Hello) -> list[Saying]:
    """What is new now; nothing once something was heard."""
    lounge, transcript = chat.ports.lounge, chat.ports.transcript
    with lounge.wake(talk.key) as stands, transcript.watch(talk.key) as lines:
        news: list[Saying] = []
        if new := await transcript.since(talk.key, talk.after(hello.after), hello.have):
            news.append(sayings.new_lines(new))
        standing = await lounge.standing(talk.key)
        if sayings.digest(standing) != hello.standing:
            news.append(sayings.stands(standing))
        if news:
            return news
        pause = pause_after(standing)
        waits = {asyncio.ensure_future(one.wait(pause)) for one in (stands, lines)}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        for one in done:
            one.result()  # raises what it raised
    return news
