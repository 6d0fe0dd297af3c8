"""What a channel is: the contract that every adapter keeps, and the ports that it is handed.

A channel knows nothing of the database, of tickets or of agents. It hears its outside, hands raw items to
`Accept`, translates them (a pure function, perhaps much later, perhaps in another process), and sends what it is given.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, Protocol, runtime_checkable

from aiohttp import web
from pydantic import BaseModel

from channels.room import Room
from hub.model.interactions import Choice, Identity, InboundInteraction, OutboundInteraction


@dataclass(frozen=True, slots=True, kw_only=True)
class RawItem:
    """One thing that arrived, exactly as it came.

    `external_key` identifies it within its channel for ever; the second item with the same key is a duplicate.
    `content_key`, where given, is a second key over the content (the same letter under another UID).
    `part_of`, where given, names the message of which this is one part, within its channel for ever: the parts are gathered
    for a moment in the journal and go through the kind's `join`, whatever their order. `said_in` is the conversation, of kinds
    that have parts: the next item there that is no part ends the wait.
    `meta` holds what the transport said beside the content (JSON-able, small): IMAP folder and UID, peer address.
    """

    external_key: str
    content: bytes
    received_at: datetime
    content_key: str = ""
    part_of: str = ""
    said_in: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Says that an item is committed. `ticket_code` is "" while it is still waiting to be read."""

    raw_id: int
    duplicate: bool
    ticket_code: str = ""
    interaction_id: int = 0
    quarantined: str = ""


Accept = Callable[[Sequence[RawItem]], Awaitable[list[Acceptance]]]
"""Commit raw items, in order. Returns once they are committed (one Acceptance each, same order); raises
`NotAccepted` when nothing was kept and the sender must try again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much one message of a channel carries, for people (0: nothing to say). A longer text leaves in `piece` characters a
    piece; a file has `file_mb` at the most."""

    piece: int = 0
    file_mb: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a channel can carry. `max_text` in characters (0: no limit). `push` channels are spoken to by the
    outside through `routes`; the others listen themselves and need a lease so that only one hub does.
    `repeatable`: a message sent twice shows once on the other side, so an unclear attempt may be made again.
    `copies`: the same message can go to others beside the customer. `live`: the customer waits for the answer in
    front of a screen, so it is not held back for second thoughts, and what they say goes first (docs/decisions/0071).
    `window_hours`, `window_replies`: for so long, and so many
    times, a customer can be written to after they were heard last (0: no such bound). `bounds`: what an agent should know of
    its limits. `keeps_hours`: so long the outside keeps what it could not hand over, and throws it away then (0: no such
    bound); its adapter says by `Ports.heard` when it heard it."""

    subject: bool = False
    html: bool = False
    attachments: bool = False
    max_text: int = 0
    push: bool = False
    can_send: bool = True
    repeatable: bool = False
    copies: bool = False
    live: bool = False
    window_hours: float = 0.0
    window_replies: int = 0
    bounds: Bounds = Bounds()
    keeps_hours: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Proof that a message was taken over. `external_id` is what the other side calls it, or "". `refused`: the
    addresses in copy that do not get it, each with the reason, for people. `relay_id`: the Message-ID (without brackets) under
    which it travels, where a relay has put its own into the place of ours."""

    external_id: str = ""
    detail: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)
    relay_id: str = ""


class ChannelFailure(Exception):
    """Base of what an adapter may raise. The text is shown to people: what happened and what to do."""


class Misconfigured(ChannelFailure):
    """Credentials or settings are wrong; trying again will not help until a person changes them."""


class Unavailable(ChannelFailure):
    """The outside does not answer now; try again later."""


class Refused(ChannelFailure):
    """The outside refused this message for good. Certain: nothing left. `shut`: the customer has shut us out altogether."""

    def __init__(self, reason: str, *, shut: bool = False) -> None:
        super().__init__(reason)
        self.shut = shut


class TryLater(ChannelFailure):
    """The outside asks to try this message later. Certain: nothing left. `retry_after` in seconds, or None.
    `whole_channel`: everything on this channel must wait, not only this message (Telegram's flood control)."""

    def __init__(self, reason: str, *, retry_after: float | None = None, whole_channel: bool = False) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.whole_channel = whole_channel


class Unsure(ChannelFailure):
    """The line dropped when the message may already have left. Must not be sent again blindly."""


class NotOurs(ChannelFailure):
    """Raised by `leaving`: the message was called back, or is another hub's by now. Nothing left, nothing must leave."""


class NotAccepted(ChannelFailure):
    """The hub could not keep the item now (its database is away). The sender must try again."""


class CannotTranslate(ValueError):
    """The content cannot be read. It is quarantined with its raw bytes; the text says why."""


Leaving = Callable[[], Awaitable[Callable[[], bool]]]
"""What `send` is handed. Await it once, right before the first byte that may have an effect on the other side: the hub writes
down that from here on nobody can be certain. Raises NotOurs, TryLater: then nothing must leave. Let both pass.

What it returns is for those who wait once more before that byte (for the 354 of a relay): False where this hub was held up
meanwhile for so long that the message may be another's. Then nothing must leave either: raise TryLater."""


class Bookmark(Protocol):
    """What a channel must remember between runs (IMAP UID, Telegram offset). Small JSON values by key."""

    async def read(self, key: str) -> Any: ...

    async def write(self, key: str, value: Any) -> None: ...


class Vault(Protocol):
    """Secrets of one channel that change while it works (a refresh token). They are kept encrypted."""

    async def read(self, key: str) -> bytes | None: ...

    async def write(self, key: str, value: bytes) -> None: ...


class Hearing(Protocol):
    """Where a channel says that it has just heard its outside, and that all it was handed is accepted."""

    async def __call__(self) -> None:
        """May be said as often as one likes; it is written down once a minute. After a silence longer than the outside keeps
        what it has (Capabilities.keeps_hours) people are told. Raises Unavailable."""
        ...


async def heard_by_nobody() -> None:
    """For a channel that is only tried."""


class Known(Protocol):
    """Which items are in the journal."""

    async def __call__(self, external_keys: Sequence[str], /) -> set[str]: ...


class Transcript(Protocol):
    """What a visitor of a push channel may see of its own conversation: only messages to and from them."""

    async def since(self, thread_key: str, after: int, have: Collection[int] = ()) -> list["TranscriptLine"]:
        """Lines of this conversation with an id greater than `after` and not among `have`, oldest first, at most 200. Raises
        Unavailable."""
        ...

    def watch(self, thread_key: str) -> AbstractContextManager["Heard"]:
        """Set when there may be more lines than when it was entered, so enter it before looking; other news of the conversation
        may set it too."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptLine:
    """One visible line of a chat. `client_id` is the id that the visitor's page gave its own message."""

    id: int
    mine: bool
    author: str
    text: str
    at: datetime
    client_id: str = ""
    files: tuple["FileOfLine", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOfLine:
    """A file of a line. `number` names it within its line, from 1; `picture`: browsers can show it as one."""

    number: int
    name: str
    bytes: int
    picture: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFile:
    """What is in a file of a line. `media_type` is what its content is, not what its sender said."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a conversation stands, as its visitor may know it. Times in seconds.

    `reference`: the ticket's code, "" before the first message is filed. `serving`: within the hours of the queue in which its
    ticket is, or to which new conversations go; where not, `opens_at` says when it opens next (None: nobody knows).
    `place` in line while nobody has taken it (1: next), with the wait to be expected from `least` to `most`. `agent`: who
    answers, as customers may know them; `typing`: they write now. `over`: resolved or closed. `question`: the token of an open
    question how they liked it, "" for none. `mail`: the address by which it goes on, of which most is left out, "" for none.
    """

    reference: str = ""
    serving: bool = True
    opens_at: datetime | None = None
    place: int | None = None
    least: float | None = None
    most: float | None = None
    agent: str = ""
    typing: bool = False
    over: bool = False
    question: str = ""
    mail: str = ""


class Heard(Protocol):
    """Set when something may have changed since it was made."""

    async def wait(self, timeout: float, /) -> None:
        """Return when it was set, or after `timeout` seconds."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a key opens: a conversation, as far as it comes after the line `since`; 0: all of it."""

    thread_key: str
    since: int = 0


class Lounge(Protocol):
    """What a live visitor's page needs of the hub beside the lines. All for one channel; every method raises Unavailable."""

    async def standing(self, thread_key: str) -> Standing:
        """As it is now, in two round trips at most."""
        ...

    async def here(self, thread_key: str, page: str) -> None:
        """This page (a random id) is open. Said at the start and every 20 s."""
        ...

    async def gone(self, thread_key: str, page: str) -> None:
        """It was closed."""
        ...

    async def typing(self, thread_key: str, on: bool) -> None:
        """The visitor writes; forgotten by itself after 8 s."""
        ...

    async def seen(self, thread_key: str, line_id: int) -> None:
        """The visitor's page showed lines up to this one while it was visible."""
        ...

    async def go_on_by_mail(self, thread_key: str, address: str) -> bool:
        """Where answers go that nobody sees here. False: not possible here."""
        ...

    async def open_file(self, thread_key: str, line_id: int, number: int) -> OpenFile | None:
        """A file of a line that this visitor may see; None for any other."""
        ...

    async def transcript_to(self, thread_key: str) -> bool:
        """Mail the conversation so far to that address, once an hour at most. False: not possible."""
        ...

    async def make_key(self, thread_key: str, seconds: float, since: int = 0) -> str:
        """A key of 192 random bits that opens this conversation, from what comes after the line `since`, on another device for
        so long. "" where nothing was said in it: who follows a link must see that somebody was there before."""
        ...

    async def use_key(self, key: str) -> Opened | None:
        """What it opens, None for a key that is none or over. It may be used until it ends."""
        ...

    async def answer(self, thread_key: str, token: str, answers: Mapping[str, int | str]) -> bool:
        """What the visitor says to the question of `token`. False where it is over, or not theirs."""
        ...

    def wake(self, thread_key: str) -> AbstractContextManager[Heard]:
        """Set when the standing may have changed."""
        ...


class NobodyInLounge:
    """A lounge in which nothing ever happens: for a channel that is only tried, and for kinds without visitors."""

    async def standing(self, _thread_key: str) -> Standing:
        return Standing()

    async def here(self, _thread_key: str, _page: str) -> None:
        return None

    async def gone(self, _thread_key: str, _page: str) -> None:
        return None

    async def typing(self, _thread_key: str, _on: bool) -> None:
        return None

    async def seen(self, _thread_key: str, _line_id: int) -> None:
        return None

    async def go_on_by_mail(self, _thread_key: str, _address: str) -> bool:
        return False

    async def open_file(self, _thread_key: str, _line_id: int, _number: int) -> OpenFile | None:
        return None

    async def transcript_to(self, _thread_key: str) -> bool:
        return False

    async def make_key(self, _thread_key: str, _seconds: float, _since: int = 0) -> str:
        return ""

    async def use_key(self, _key: str) -> Opened | None:
        return None

    async def answer(self, _thread_key: str, _token: str, _answers: Mapping[str, int | str]) -> bool:
        return False

    def wake(self, _thread_key: str) -> AbstractContextManager[Heard]:
        return nullcontext(_NothingHeard())


class _NothingHeard:
    async def wait(self, timeout: float, /) -> None:
        await asyncio.sleep(timeout)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What somebody may want of the hub itself and not of an agent: a command, a button, a number that they share, an answer to
    what the hub asked them. `key` names it for ever, as that of an item does; `identity` is what the channel proved of them;
    `thread_key` and `address` are those of their messages, `language` what their program says. `again`: they changed words
    that they had sent before. `phone_is_own`: the channel says that the number is the sender's. `shut`: they have shut us
    out (True) or let us in again (False). `too_large`: names of files that the channel may not fetch."""

    key: str
    identity: Identity
    thread_key: str
    address: str
    name: str = ""
    language: str = ""
    words: str = ""
    command: str = ""
    argument: str = ""
    again: bool = False
    pressed: str = ""
    phone: str = ""
    phone_is_own: bool = False
    shut: bool | None = None
    too_large: tuple[str, ...] = ()

    @property
    def mere_words(self) -> bool:
        """Nothing but words that may be for the agents."""
        return not (self.command or self.pressed or self.phone or self.too_large) and self.shut is None

    def with_(self, **more: Any) -> "Asking":
        """The same with this said too."""
        return replace(self, **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterReply:
    """What the hub answers at once; nothing where all is empty. `choices` are rows of buttons below the text. `ask_phone`: the
    words of a button that shares the customer's number. `notice`: a short word at the button that was pressed; `marked`: the
    rows of buttons that stand below that message from now on, None where they stay."""

    text: str = ""
    choices: tuple[tuple[Choice, ...], ...] = ()
    ask_phone: str = ""
    notice: str = ""
    marked: tuple[tuple[Choice, ...], ...] | None = None


class Counter(Protocol):
    """Where customers are served by the hub itself, in a channel that has commands or buttons."""

    async def __call__(self, asking: Asking, /) -> CounterReply | None:
        """Do what is asked, once for each key: the second time nothing is said. None: it is a word for the agents, and has to
        be accepted as an item. Raises Unavailable."""
        ...

    async def concerned(self, askings: Sequence[Asking], /) -> set[str]:
        """Of mere words (no command, no button, no number), the keys of those that it may have to do with as things stand; the
        others are for the agents. So that many words cost one question. Raises Unavailable."""
        ...

    def commands(self, language: str) -> Sequence[tuple[str, str]]:
        """What can be asked by a command, in this language (en, zh_CN): (command, what it does)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """An article that may answer a customer; `path` on this hub, `language` en or zh_CN."""

    title: str
    summary: str
    path: str
    language: str


class Suggest(Protocol):
    """What may answer a text, the best first, at most three; nothing where nothing fits or nobody can say."""

    async def __call__(self, text: str, language: str, /) -> Sequence[Suggestion]: ...


async def no_suggestions(_text: str, _language: str, /) -> Sequence[Suggestion]:
    """For a hub without articles."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What is counted under `key`, by `amount`, in a window of `seconds` that begins with the first.

    `most`: above it somebody is refused, and how far above need not be known: until the window ends a hub may count on by
    itself and ask nobody. `then`: counted only where nothing before it in the same question is above its `most`, so that who is
    refused uses up nothing of what is there for all."""

    key: str
    seconds: float
    amount: int = 1
    most: int = 2_000_000_000
    then: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How much there was in this window, this included, and in how many seconds it ends."""

    hits: int
    ends_in: float


class Gate(Protocol):
    """What a public door counts, for all hubs together. Raises Unavailable."""

    async def count(self, what: Sequence[Counted], /) -> Sequence[Tally]:
        """One more of each, in one round trip at most. What was not counted has 0 hits."""
        ...

    async def look(self, what: Sequence[Counted], /) -> Sequence[Tally]:
        """The same without counting."""
        ...

    async def take_once(self, mark: str, seconds: float, /) -> bool:
        """False where this mark was taken before, within `seconds`."""
        ...

    async def was_taken(self, mark: str, /) -> bool:
        """Whether it was, without taking it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """Something that a customer has just handed in and wants to follow. `thread_key`: of its conversation. `address`: the
    e-mail address that they typed; `confirm_by`: the mail channel that writes to it, "" for none."""

    ticket_code: str
    thread_key: str
    language: str
    address: str = ""
    confirm_by: str = ""


class Follow(Protocol):
    """A way for customers to see how their case stands."""

    async def __call__(self, received: Received, /) -> str:
        """A link that cannot be guessed, for whoever handed it in. Where `confirm_by` says so, the address is told its number,
        once a day at most. Raises Unavailable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What an adapter is handed when it is opened. `alive()` is False once this hub lost the channel's lease;
    ask it before each effect on the outside. `secret` keys signatures of this channel's own tokens."""

    bookmark: Bookmark
    transcript: Transcript
    vault: Vault
    known: Known
    counter: Counter
    gate: Gate
    follow: Follow
    secret: bytes
    public_url: str
    room: Room = field(default_factory=Room)
    alive: Callable[[], bool] = lambda: True
    suggest: Suggest = no_suggestions
    heard: Hearing = heard_by_nobody
    lounge: Lounge = field(default_factory=NobodyInLounge)


class ChannelAdapter(Protocol):
    """One open channel."""

    name: str
    capabilities: Capabilities

    async def check(self) -> None:
        """Prove that the credentials work. Raise Misconfigured or Unavailable; send nothing."""

    async def receive(self, accept: Accept) -> None:
        """Hear the outside until cancelled. Acknowledge upstream only after `accept` has returned: it returns
        once the raw items are committed. Raise Unavailable when the line drops. A push channel returns only
        when cancelled."""

    async def send(self, message: OutboundInteraction, leaving: Leaving) -> Receipt:
        """Send once, with `leaving` before the first byte that counts. Return proof, or raise Refused, TryLater or
        Unsure. Never retry inside. Without `leaving`, a message whose sender dies is sent again by another."""

    async def close(self) -> None:
        """Let go of every connection. May be called twice."""


@runtime_checkable
class HasAddress(Protocol):
    """A channel that has one place where customers reach it."""

    async def address(self) -> str:
        """A web address, or an e-mail address. Raises Misconfigured or Unavailable where the outside has to be asked for it."""
        ...


@runtime_checkable
class AsksConsent(Protocol):
    """A channel that a person lets in on a page of its provider (OAuth 2, RFC 6749 4.1 with PKCE, RFC 7636)."""

    def consent(self, *, redirect: str, state: str, verifier: str) -> str:
        """The address of that page, which sends the person back to `redirect`. Raises Misconfigured where there is none."""
        ...

    async def consented(self, *, redirect: str, code: str, verifier: str) -> None:
        """Keep what the provider grants for the code that the person came back with. Raises Misconfigured, Unavailable."""
        ...


@runtime_checkable
class HasRoutes(Protocol):
    """A channel that the outside speaks to over HTTP. The paths are public: the adapter checks every input, and each path says
    what it asks of whoever comes (channels.doors.open_to); a hub opens none that does not."""

    def routes(self, accept: Accept) -> Sequence[web.RouteDef]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """One folder compared with the journal: letters that the server has up to where it was read, how many of them the journal
    knew, how many it did not, how many of those have been fetched now. `error` says why it could not be done, or not wholly."""

    folder: str
    on_server: int = 0
    known: int = 0
    missing: int = 0
    fetched: int = 0
    error: str = ""


@runtime_checkable
class CountsItems(Protocol):
    """A channel whose outside keeps what it has handed over, so that both sides can be compared now and then."""

    @property
    def count_hour(self) -> int:
        """The hour of the day, in this machine's time, from which on it is done each day."""
        ...

    async def count(self, accept: Accept) -> Sequence[Count]:
        """Compare, and have accepted what is missing. Raises Unavailable or Misconfigured when nothing could be compared."""
        ...


@runtime_checkable
class HasSentCopy(Protocol):
    """A channel that can put what was sent where people look for it (the mailbox's folder of sent letters)."""

    @property
    def wants_copies(self) -> bool:
        """Whether the settings ask for it."""
        ...

    async def keep_copies(self, messages: Sequence[OutboundInteraction]) -> Sequence[str]:
        """Put a copy of each there, in order, once. For each that was tried: "", or why there is none. Fewer than `messages`:
        the others were not tried. Raises Unavailable or Misconfigured: none was. It changes nothing about the messages
        themselves, which have left."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """What the hub must know of a mail account to answer by it. `name` is how it introduces itself, `signature` stands below
    answers of agents who have none of their own, `is_own` knows every address under which it is reached. What one person writes
    within `burst_minutes` is one ticket; `acknowledge`: whoever opens one is told its number; `is_staff` knows colleagues."""

    address: str
    is_own: Callable[[str], bool]
    burst_minutes: float = 0.0
    acknowledge: bool = False
    is_staff: Callable[[str], bool] = lambda _address: False
    name: str = ""
    signature: str = ""
    quote_history: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """What becomes of a live conversation when its visitor leaves. `go_on_by`: the mail channel by which they are told what
    they have not seen, "" for none; `go_on_seconds` after they left. `resolve_seconds` after they left, one that was answered
    is resolved; None: it is not. `resume`: the address on this hub, from its path on, that opens it with the key `{key}`."""

    go_on_by: str = ""
    go_on_seconds: float = 180.0
    resolve_seconds: float | None = None
    resume: str = ""


class Translate(Protocol):
    """Raw → normal form. Pure: no clock, no network, no files. Raises CannotTranslate."""

    def __call__(self, raw: RawItem, settings: BaseModel) -> InboundInteraction: ...


class Join(Protocol):
    """The one message that these parts are, read each for itself, in any order; of a part that came twice the later one counts.
    It is called `part_of` outside. Pure."""

    def __call__(self, parts: Sequence[InboundInteraction], part_of: str, /) -> InboundInteraction: ...


class AnswerId(Protocol):
    """The Message-ID (without brackets) of an answer, fixed when it is queued; `random` has 128 bits, `token` brings the
    customer's answer back."""

    def __call__(self, settings: Any, random: str, token: str) -> str: ...


class Open(Protocol):
    def __call__(self, name: str, settings: Any, ports: Ports) -> ChannelAdapter: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelKind:
    """What an entry point of the group `contact_hub.channels` names.

    `settings` validates the channel's table of hub.toml. `heavy` translators read formats that can be made to
    eat time; the hub runs them in a process of their own under a wall limit, and `get_ready` makes there beforehand what the
    first item would have to wait for. `answer_id` says that messages of
    this kind carry Message-IDs, known to every mail channel, and makes the one of an answer. `answers` says
    whether a channel with these settings has a way back, where its capabilities leave that open. `inbox`: of mail channels.
    `join`: of kinds whose messages may arrive in parts. `asks`: how customers are asked there how they liked it: by a
    letter, by buttons below a message, or on the page that they look at; None: not at all. `rating`: of kinds whose own
    settings say when they are, in seconds after the resolution (None: not there). `parting`: of kinds whose visitors have
    a lounge, by the channel's name and settings. `public`: anybody may hand in as much as the limits let them, so these
    are shut first where space is short. `consents`: whether a person lets it in at its provider, with these settings; its
    adapter AsksConsent then. `answered_at`: of kinds without a way back, the e-mail address that a conversation (its key)
    is answered at, "" for none.
    """

    kind: str
    settings: type[BaseModel]
    capabilities: Capabilities
    open: Open
    translate: Translate
    heavy: bool = False
    get_ready: Callable[[], None] = lambda: None
    answer_id: AnswerId | None = None
    answers: Callable[[Any], bool] = lambda _settings: True
    inbox: Callable[[Any], Inbox] | None = None
    join: Join | None = None
    rating: Callable[[Any], float | None] | None = None
    asks: Literal["letter", "buttons", "page"] | None = None
    parting: Callable[[str, Any], Parting] | None = None
    consents: Callable[[Any], bool] = lambda _settings: False
    public: bool = False
    answered_at: Callable[[str], str] | None = None
