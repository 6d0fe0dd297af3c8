"""One visitor's conversation, whatever the line: who comes in, and what becomes of each thing that the page says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog

from channels.adapter import Accept, NotAccepted, Ports, Unavailable
from channels.webchat import frames, sayings
from channels.webchat.gate import Doorkeeper, TooMuch
from channels.webchat.identity import BadIdentity, Person, read_identity
from channels.webchat.pack import SentFile, pack
from channels.webchat.sayings import Saying
from channels.webchat.sessions import (
    Seat,
    make_token,
    new_seat,
    other_seat,
    read_token,
    revoked,
    session_in,
    thread_key,
)
from channels.webchat.settings import WebchatSettings
from channels.webchat.turns import Turns
from hub.model.identities import normalise_identity
from hub.model.interactions import IdentityKind

log = structlog.get_logger(__name__)
HERE_EVERY = 20.0
"""Seconds after which the hub is told again that a page is open."""
LINK_SECONDS = 24 * 3600.0
"""For so long a link to another device opens the conversation."""
_LONG_AGO = 365 * 24 * 3600.0
"""A token of an earlier release has no end; one that was given back is remembered for so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """What all conversations of one chat have in common. `coming`: turns of those who come in; `looking`: of what is looked at
    in passing, for which nobody waits."""

    name: str
    settings: WebchatSettings
    ports: Ports
    accept: Accept
    doorkeeper: Doorkeeper
    coming: Turns
    looking: Turns


async def come_in(
    chat: Chat, hello: frames.Hello, meta: Mapping[str, str]
) -> tuple["Conversation", list[Saying]]:
    """The conversation that the page may open, and what was wrong with what it showed. Raises Unavailable.

    Nobody is turned away: whoever shows nothing that opens one begins another.
    """
    now, wrong = datetime.now(UTC), list[Saying]()
    person = _person(chat, hello, now, wrong)
    seat = await read_seat(chat, hello.session, now)
    if hello.key:
        by_key = await _by_key(chat, hello.key, seat, now)
        if by_key is None:
            wrong.append(sayings.problem("bad_key", "this link is over, or none of ours"))
        seat = by_key or seat
    if seat is not None and hello.fresh:
        await give_back(chat, seat)
        seat = new_seat(seat.person)
    if seat is not None and person is not None and not seat.may_be(person):
        seat = None  # somebody else sits at this browser now
    known = seat is not None and not hello.fresh
    seat = seat or new_seat()
    if person is not None:
        seat = seat.bound_to(person)
    return Conversation(chat, seat, hello.page, meta, known=known), wrong


async def _by_key(chat: Chat, key: str, seat: Seat | None, now: datetime) -> Seat | None:
    """The seat of whoever shows a key and has this one; None where the key opens nothing, or too many came by such keys into
    its conversation just now. Raises Unavailable."""
    opened = await chat.ports.lounge.use_key(key)
    session = session_in(opened.thread_key) if opened is not None else ""
    if opened is None or not session:
        return None
    until = now + timedelta(days=chat.settings.keep_days)
    if seat is not None and seat.session == session:
        # Their own place stays as it is; one that was got by a key before is good for longer, and for all that both open.
        return replace(seat, since=min(seat.since, opened.since), until=until) if seat.by_key else seat
    try:
        await chat.doorkeeper.sits(session)
    except TooMuch:
        return None
    return other_seat(session, opened.since, until)


async def read_seat(chat: Chat, token: str, now: datetime) -> Seat | None:
    """Whose token this is, if it still opens anything. Raises Unavailable."""
    seat = read_token(chat.ports.secret, chat.name, token, now) if token else None
    if seat is None or await chat.ports.gate.was_taken(revoked(seat)):
        return None
    return seat


async def give_back(chat: Chat, seat: Seat, *, spoke: bool = False) -> None:
    """Nobody comes in by this token any more, on any hub. One of nobody in particular, to a conversation in which nothing was
    said, opens nothing that would have to be shut: whoever opens pages without end leaves no heap. `spoke`: something was said
    just now, which may not be on the transcript yet. Raises Unavailable."""
    spoke = spoke or seat.person is not None or await chat.doorkeeper.spoke(seat.session)
    if not spoke and not await chat.ports.transcript.since(thread_key(seat.session), 0):
        return
    await chat.ports.gate.take_once(revoked(seat), max(_LONG_AGO, chat.settings.keep_days * 86_400.0))


class Conversation:
    """What one page may do. `known`: it had begun before."""

    def __init__(self, chat: Chat, seat: Seat, page: str, meta: Mapping[str, str], *, known: bool) -> None:
        self.chat = chat
        self.seat = seat
        self.known = known
        self.key = thread_key(seat.session)
        self._page = page
        self._meta = meta
        self._spoke = False

    def after(self, line: int) -> int:
        """From where this page may be shown lines, if it has those up to this one. A new conversation has none, whatever the
        page remembers of an old one."""
        return max(self.seat.since, line) if self.known else 0

    def token(self) -> str:
        """For the page to come back with, good from now on."""
        chat = self.chat
        return make_token(
            chat.ports.secret, chat.name, self.seat, datetime.now(UTC), days=chat.settings.keep_days
        )

    async def revoked(self) -> bool:
        """Whether its token was given back meanwhile. Raises Unavailable."""
        return await self.chat.ports.gate.was_taken(revoked(self.seat))

    async def hear(self, frame: frames.Frame) -> Saying | None:
        """Do what the page asks; what it is told at once. A message's pace was looked at before. Raises Unavailable."""
        lounge = self.chat.ports.lounge
        match frame:
            case frames.Said():
                return await self.keep(frame)
            case frames.Typing(on=on):
                await lounge.typing(self.key, on)
            case frames.Seen(line=line):
                await lounge.seen(self.key, line)
            case frames.GoOn(address=address):
                return sayings.done("mail", await lounge.go_on_by_mail(self.key, address))
            case frames.SendTranscript():
                whole = self.seat.since == 0  # else it is not theirs to have from its beginning
                return sayings.done("transcript", whole and await lounge.transcript_to(self.key))
            case frames.Rate(token=token, score=score, comment=comment):
                answers: dict[str, int | str] = {"score": score}
                if comment:
                    answers["comment"] = comment
                return sayings.done("rated", await lounge.answer(self.key, token, answers))
            case frames.MakeLink():
                key = await lounge.make_key(self.key, LINK_SECONDS, self.seat.since)
                link = f"{self.chat.ports.public_url}/chat/{self.chat.name}#key={key}" if key else ""
                return sayings.done("link", bool(key), url=link)
            case frames.Reset():
                await give_back(self.chat, self.seat, spoke=self._spoke)
                return sayings.done("reset", True)
            case frames.Bye():
                await self.leave()
            case frames.Hello():
                raise frames.BadFrame("bad_frame", "hello was said before")
        return None

    async def keep(self, said: frames.Said, files: Sequence[SentFile] = ()) -> Saying:
        """Commit a message; then it has its number."""
        item = pack(said, self.seat, received_at=datetime.now(UTC), meta=self._meta, files=files)
        try:
            (acceptance,) = await self.chat.accept([item])
        except NotAccepted:
            return sayings.problem("not_kept", "not kept now; send it again", said.client_id)
        self.known = self._spoke = True
        if acceptance.ticket_code:
            await self._go_on(said.email)
        return sayings.kept(said.client_id, acceptance.ticket_code)

    async def _go_on(self, typed: str) -> None:
        """An address that came with the message is where it goes on. The message is kept whatever becomes of this."""
        address = normalise_identity(IdentityKind.EMAIL, typed)
        if not address or not self.chat.settings.go_on_by:
            return
        try:
            await self.chat.ports.lounge.go_on_by_mail(self.key, address)
        except Unavailable as error:
            log.warning("chat.address_not_kept", channel=self.chat.name, error=str(error))

    async def arrive(self) -> None:
        """The page is open; to be said again within HERE_EVERY. Raises Unavailable."""
        if self.known and self._page:
            await self.chat.ports.lounge.here(self.key, self._page)

    async def leave(self) -> None:
        """The page is closed. Raises Unavailable."""
        if self.known and self._page:
            await self.chat.ports.lounge.gone(self.key, self._page)


def _person(chat: Chat, hello: frames.Hello, now: datetime, wrong: list[Saying]) -> Person | None:
    """Whom the site names; None where it names nobody, or cannot be believed."""
    if not hello.identity:
        return None
    secret = chat.settings.identity_secret.get_secret_value()
    try:
        return read_identity(secret, chat.name, hello.identity, now)
    except BadIdentity as error:
        log.info("chat.identity_refused", channel=chat.name, reason=str(error))
        wrong.append(sayings.problem("bad_identity", str(error)))
        return None
