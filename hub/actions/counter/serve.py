"""Which of the things that the hub does by itself a customer asks for; None of them: it is a word for the agents."""

import re
from collections.abc import Awaitable, Callable, Sequence

import structlog

from channels.adapter import Asking, CounterReply, Unavailable
from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.counter.follow import begin_anew, tell_status, welcome
from hub.actions.counter.link import (
    ask_email,
    ask_phone,
    note_phone,
    offer_links,
    offer_unlinking,
    prove_phone,
    send_code,
    take_code,
    unlink,
)
from hub.actions.counter.visit import Visit
from hub.actions.counter.words import COMMANDS, LOCALES
from hub.actions.gather import gather_before
from hub.actions.installation import channel_id
from hub.actions.surveys.buttons import comment_on, rate
from hub.model.identities import MOST
from hub.model.interactions import Choice
from hub.model.tickets import EventKind
from storage import house, talks
from storage.database import Connection, DatabaseUnavailable

log = structlog.get_logger(__name__)

Step = Callable[[Visit], Awaitable[CounterReply]]

PER_MINUTE = 20
"""Things that one conversation may ask for."""
_ADDRESS = re.compile(r"[^\s@]++@[^\s@.]++\.[^\s@]++")
"""Read once from left to right: what is typed here is anybody's, and a chat takes thousands of characters."""
_CODE = re.compile(r"\d{6}")
_NAMES = {"en": "English", "zh_CN": "中文"}


class ServedCounter:
    """The counter of one channel, on one hub."""

    def __init__(self, ctx: Context, channel: str) -> None:
        self._ctx = ctx
        self._channel = channel

    def commands(self, language: str) -> Sequence[tuple[str, str]]:
        return COMMANDS[language]

    async def concerned(self, askings: Sequence[Asking]) -> set[str]:
        try:
            number = await channel_id(self._ctx, self._channel)
            return await self._ctx.database.read(
                lambda c: talks.concerned(c, number, [(one.thread_key, one.key) for one in askings])
            )
        except DatabaseUnavailable as error:
            raise Unavailable(str(error)) from error

    async def __call__(self, asking: Asking) -> CounterReply | None:
        try:
            number = await channel_id(self._ctx, self._channel)
            if asking.command:  # what was said before it, in parts, is not what comes after it
                await gather_before(self._ctx, number, (asking.thread_key,))
            step, reply = await self._ctx.database.run(lambda c: self._serve(c, number, asking))
            if step is _status:
                # Worked out from all that waits, which no transaction should hold up.
                return CounterReply(text=await tell_status(self._ctx, number, asking))
            return reply
        except DatabaseUnavailable as error:
            raise Unavailable(str(error)) from error
        except Exception:
            # It would fail each time that it comes, and hold up everybody behind it: it is a word for the agents.
            log.exception("counter.fault", channel=self._channel, key=asking.key)
            return None

    async def _serve(
        self, connection: Connection, number: int, asking: Asking
    ) -> tuple[Step | None, CounterReply | None]:
        """What was done, and what is said to it; (None, None) for a word that is meant for the agents."""
        if asking.again:  # words that went to the counter do not come back as a message when they are changed
            known = await talks.is_claimed(connection, number, asking.key)
            return None, CounterReply() if known else None
        visit = await Visit.begin(self._ctx, connection, number, asking)
        step = _step_of(visit)
        if step is None:
            # What was done when it came first is not a word for the agents when it comes again.
            known = bool(asking.words or asking.phone) and await talks.is_claimed(
                connection, number, asking.key
            )
            return None, CounterReply() if known else None
        if not await talks.claim_key(connection, number, asking.key):
            return None, CounterReply()
        if asking.shut is None and await _too_often(visit):
            return None, CounterReply()
        one = asking.identity
        await talks.open_talk(
            connection, number, asking.thread_key, address=asking.address, kind=one.kind, value=one.value
        )
        return step, await step(visit)


def _step_of(visit: Visit) -> Step | None:
    asking = visit.asking
    if asking.shut is not None:
        return _shut
    if asking.too_large:
        return _too_large
    if asking.pressed:
        return _PRESSED.get(asking.pressed.partition(":")[0], _nothing)
    waits_for = visit.talk.waits_for if visit.talk is not None and visit.talk.waits else ""
    if asking.phone:
        return prove_phone if asking.phone_is_own else note_phone if waits_for == "phone" else None
    if asking.command:
        return _COMMANDS.get(asking.command)
    words = asking.words.strip()
    if waits_for == "email" and len(words) <= MOST and _ADDRESS.fullmatch(words):
        return send_code
    if waits_for == "code" and _CODE.fullmatch(words):
        return take_code
    if waits_for == "comment" and words:
        return comment_on
    return None


async def _too_often(visit: Visit) -> bool:
    """Nobody presses and asks so quickly; what is answered costs more than asking."""
    key = f"counter:{visit.channel_id}:{visit.asking.thread_key}"
    return (await house.hit(visit.connection, key, 60.0))[0] > PER_MINUTE


async def _nothing(_visit: Visit) -> CounterReply:
    return CounterReply()


async def _shut(visit: Visit) -> CounterReply:
    """The desk hears of it where there is a ticket that they could be answered in."""
    shut = bool(visit.asking.shut)
    if await talks.set_shut(visit.connection, *visit.place, shut=shut):
        kind = EventKind.TALK_SHUT if shut else EventKind.TALK_OPENED
        await talks.tell_ticket(visit.connection, *visit.place, kind)
        await announce(visit.connection, EVENTS)
    return CounterReply()


async def _too_large(visit: Visit) -> CounterReply:
    return CounterReply(text=visit.say("too_large", names=", ".join(visit.asking.too_large)))


async def _help(visit: Visit) -> CounterReply:
    commands = "\n".join(f"/{name} – {what}" for name, what in COMMANDS[visit.locale])
    return CounterReply(text=visit.say("help", commands=commands))


async def _delete(visit: Visit) -> CounterReply:
    return CounterReply(text=visit.say("delete"))


async def _status(_visit: Visit) -> CounterReply:
    """It is told after the transaction."""
    return CounterReply()


async def _language(visit: Visit) -> CounterReply:
    row = tuple(Choice(label=_NAMES[locale], data=f"lang:{locale}") for locale in LOCALES)
    return CounterReply(text=visit.say("language"), choices=(row,))


async def _set_language(visit: Visit) -> CounterReply:
    chosen = visit.asking.pressed.partition(":")[2]
    if chosen not in LOCALES:
        return CounterReply()
    await talks.set_language(visit.connection, *visit.place, locale=chosen, language=chosen[:2])
    again = await Visit.begin(visit.ctx, visit.connection, visit.channel_id, visit.asking)
    said = again.say("language_set")
    return CounterReply(text=said, notice=said)


async def _choose_link(visit: Visit) -> CounterReply:
    return await (ask_phone if visit.asking.pressed == "link:phone" else ask_email)(visit)


_COMMANDS: dict[str, Step] = {
    "start": welcome,
    "help": _help,
    "new": begin_anew,
    "status": _status,
    "language": _language,
    "link": offer_links,
    "unlink": offer_unlinking,
    "delete": _delete,
}
_PRESSED: dict[str, Step] = {
    "csat": rate,
    "nps": rate,
    "ces": rate,
    "lang": _set_language,
    "link": _choose_link,
    "unlink": unlink,
}
