"""Somebody shows that an e-mail address is theirs: by a code that is sent there, or by a link from a letter.

Whoever asks for a code learns nothing by it: for an address that nobody knows the same rows are written, the same things
counted and the same page shown; only the letter does not leave. A code is good in the browser that asked for it alone, once,
for a quarter of an hour and for a few tries. Letters leave under limits of the address, of the network that asks and of the
house; a browser in which the address signed in before has limits of its own (`device`).
"""

import secrets
import unicodedata
from dataclasses import dataclass
from typing import Any

from channels.adapter import Counted
from hub.actions.acknowledge import is_machine
from hub.actions.announce import OUTBOX, announce
from hub.actions.answers.ways import inboxes_of
from hub.actions.context import Context
from hub.actions.counter.link import OF_HOUSE_PER_HOUR
from hub.actions.failures import ActionFailure, NotFound
from hub.actions.installation import channel_id
from hub.actions.portal import words
from hub.actions.portal.device import GOOD_FOR, Mark, add_mark, find_mark, is_of_device, make_step
from hub.actions.portal.place import Place, link_address, place_of
from hub.actions.portal.token import hash_link
from hub.actions.signin.tokens import MOST, hash_token, is_keyed, keyed, new_token
from hub.model.identities import normalise_identity
from hub.model.interactions import IdentityKind
from storage import house, portal
from storage.database import Connection

_CODE = "portal code"
CODE_SECONDS = 15 * 60.0
MOST_TRIES = 5
SESSION_SECONDS = 14 * 86_400.0
IDLE_SECONDS = 86_400.0
"""So long a session lasts at the most, and without being used."""
_HOUR, _DAY, _MINUTE = 3600.0, 86_400.0, 60.0
HERE_PER_HOUR = 3
"""Codes for one address that one network may ask for."""
ADDRESS_PER_DAY = 10
DEVICE_PER_HOUR, DEVICE_PER_DAY = 5, 10
"""Codes for one address in one browser in which it signed in before; these count for nobody else."""
NETWORK_PER_HOUR = 30
ALL_PER_MINUTE = 600
TRIES_OF_NETWORK = 60
"""In an hour, right or wrong."""


class TooOften(ActionFailure):
    """Something was asked for too often; again in `retry_after` seconds."""

    code = "too_often"

    def __init__(self, retry_after: float) -> None:
        super().__init__("This was asked for too often.")
        self.retry_after = max(1, round(retry_after))


class WrongCode(ActionFailure):
    """The code is wrong, too old, used, or was asked for by another browser: nobody learns which."""

    code = "wrong_code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """`session`: what the browser keeps. `device`: by what it is known again, "" where nothing is new. `ticket_code`: where to
    begin, 0 for the list."""

    session: str
    device: str = ""
    ticket_code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who is signed in: the owner of an address. `only`: the one case that they came for, by its id."""

    address: str
    only: int | None = None


async def ask_code(ctx: Context, *, typed: str, network: str, language: str, device: str) -> str:
    """A code is on its way if there is anything to see for whoever reads there. `device`: the marks that the browser holds.
    Returns what it keeps meanwhile, whatever was typed. Raises NotFound (no page), TooOften."""
    place = place_of(ctx)
    # What is no address is treated as one that nobody has.
    address = normalise_identity(IdentityKind.EMAIL, typed) or f"{hash_token(typed).hex()}@nobody.invalid"
    mark = await _known_again(ctx, device, address)
    await _weigh(ctx, address, network, mark)
    browser, link, code = make_step(ctx, mark), new_token(), f"{secrets.randbelow(1_000_000):06}"
    number = await channel_id(ctx, place.inbox or place.channel)
    letter = _letter(ctx, place, address, language=language, code=code, link=link)

    async def work(connection: Connection) -> None:
        known = await portal.is_known(connection, address) and _is_customers(ctx, place, address)
        # Counted apart, so that nobody can use up what customers need, or see by it who is one.
        whose = "nobody" if not known else "devices" if mark is not None else "house"
        hits, _ = await house.hit(connection, f"code:{whose}", _HOUR)
        await portal.add_code(
            connection,
            browser_hash=hash_token(browser),
            address=address,
            code_hash=keyed(ctx, _CODE, browser, code),
            link_hash=hash_link(link),
            channel_id=number,
            letter=letter,
            leaves=known and hits <= OF_HOUSE_PER_HOUR,
            seconds=CODE_SECONDS,
        )
        await announce(connection, OUTBOX)

    await ctx.database.run(work)
    return browser


async def take_code(ctx: Context, *, browser: str, typed: str, network: str, device: str) -> Entered:
    """Raises NotFound (no page), TooOften, WrongCode."""
    place_of(ctx)
    await _weigh_try(ctx, f"device:{hash_token(browser).hex()}" if is_of_device(ctx, browser) else network)
    # Chinese keyboards write wide digits too.
    given = "".join(one for one in unicodedata.normalize("NFKC", typed[:MOST]) if one.isdecimal())[:10]
    held = hash_token(browser[:MOST])

    async def attempt(connection: Connection) -> Entered | None:
        tried = await portal.take_try(connection, held, MOST_TRIES)
        good = tried is not None and is_keyed(ctx, tried.code_hash, _CODE, browser, given)
        if tried is None or not good or not await portal.use_code(connection, held):
            return None
        return await _open_session(ctx, connection, tried.address, device)

    entered = await ctx.database.run(attempt)
    if entered is None:
        raise WrongCode("This code is not good.")
    return entered


async def look_at_link(ctx: Context, token: str) -> portal.LinkRow:
    """Where it leads; nothing happens. Raises NotFound for one that is not ours, or over; all the same."""
    place_of(ctx)
    found = await ctx.database.read(lambda c: portal.find_link(c, hash_link(token)))
    if found is None:
        raise NotFound("There is no such link.")
    return found


async def use_link(ctx: Context, token: str, *, network: str, device: str) -> Entered:
    """Somebody pressed the button. By the link of a case a browser is not known again: letters are passed on. Raises NotFound,
    TooOften."""
    place_of(ctx)
    await _weigh_try(ctx, network)

    async def work(connection: Connection) -> Entered:
        found = await portal.find_link(connection, hash_link(token))
        if found is None or (
            found.ticket_id is None and not await portal.use_link(connection, hash_link(token))
        ):
            raise NotFound("There is no such link.")
        if found.ticket_id is None:
            return await _open_session(ctx, connection, found.address, device)
        session = new_token()
        await portal.add_session(
            connection, hash_token(session), found.address, found.ticket_id, SESSION_SECONDS
        )
        return Entered(session=session, ticket_code=found.ticket_code or 0)

    return await ctx.database.run(work)


async def visitor_of(ctx: Context, session: str) -> Visitor | None:
    """Whose session it is; None when it ended or was not used for a day."""
    if not session or len(session) > MOST:
        return None
    held = hash_token(session)
    found = await ctx.database.read(lambda c: portal.session(c, held, IDLE_SECONDS))
    if found is None:
        return None
    if found.stale:
        await ctx.database.run(lambda c: portal.touch_session(c, held))
    return Visitor(address=found.address, only=found.ticket_id)


async def sign_out(ctx: Context, session: str) -> None:
    """Of this browser."""
    await ctx.database.run(lambda c: portal.end_session(c, hash_token(session)))


async def sign_out_everywhere(ctx: Context, visitor: Visitor) -> None:
    """All browsers, and all links that were ever sent to the address. No browser is known again."""
    await ctx.database.run(lambda c: portal.end_all(c, visitor.address))


async def _known_again(ctx: Context, held: str, address: str) -> Mark | None:
    """The browser's mark of this address. Postgres is asked only about one that we signed: made-up ones cost nothing."""
    mark = find_mark(ctx, held, address)
    if mark is None or not await ctx.database.read(
        lambda c: portal.device_holds(c, address, mark.made_at, GOOD_FOR)
    ):
        return None
    return mark


async def _weigh(ctx: Context, address: str, network: str, mark: Mark | None) -> None:
    """The same for every address, known or not. Raises TooOften."""
    about = hash_token(address).hex()
    # Who is refused for what they alone did uses up nothing of what there is for others.
    if mark is not None:
        own = f"portal:code:device:{mark.key}"
        limits: tuple[Counted, ...] = (
            Counted(key=own, seconds=_HOUR, most=DEVICE_PER_HOUR),
            Counted(key=f"{own}:day", seconds=_DAY, most=DEVICE_PER_DAY),
            Counted(key="portal:codes:devices", seconds=_MINUTE, most=ALL_PER_MINUTE, then=True),
        )
    else:
        limits = (
            Counted(key=f"portal:code:{network}", seconds=_HOUR, most=NETWORK_PER_HOUR),
            Counted(key=f"portal:code:{about}:{network}", seconds=_HOUR, most=HERE_PER_HOUR),
            Counted(key=f"portal:code:{about}", seconds=_DAY, most=ADDRESS_PER_DAY, then=True),
            Counted(key="portal:codes", seconds=_MINUTE, most=ALL_PER_MINUTE, then=True),
        )
    tallies = await ctx.gate.count(limits)
    over = [one.ends_in for one, limit in zip(tallies, limits, strict=True) if one.hits > limit.most]
    if over:
        raise TooOften(max(over))


async def _weigh_try(ctx: Context, whose: str) -> None:
    """`whose`: a network, or the step of a browser that is known again. Raises TooOften."""
    limit = Counted(key=f"portal:try:{whose}", seconds=_HOUR, most=TRIES_OF_NETWORK)
    (tries,) = await ctx.gate.count([limit])
    if tries.hits > TRIES_OF_NETWORK:
        raise TooOften(tries.ends_in)


def _is_customers(ctx: Context, place: Place, address: str) -> bool:
    """Not where a machine reads, one of our own addresses, or a colleague's; and only where letters can leave at all."""
    inboxes = inboxes_of(ctx).values()
    ours = any(one.is_own(address) or one.is_staff(address) for one in inboxes)
    return bool(place.inbox) and not ours and not is_machine(address)


async def _open_session(ctx: Context, connection: Connection, address: str, held: str) -> Entered:
    """Of everything; the browser is known again from now on."""
    session = new_token()
    made_at = await portal.add_session(connection, hash_token(session), address, None, SESSION_SECONDS)
    return Entered(session=session, device=add_mark(ctx, held, address, made_at))


def _letter(
    ctx: Context, place: Place, address: str, *, language: str, code: str, link: str
) -> dict[str, Any]:
    """As what waits in the outbox, but of no ticket: fixed words, and nothing that anybody typed but the address itself."""
    message_id = ""
    if place.inbox:
        mail = ctx.channel(place.inbox)
        assert mail.kind.answer_id is not None, "a channel that is an inbox"
        message_id = mail.kind.answer_id(mail.settings, secrets.token_hex(16), "")
    minutes = round(CODE_SECONDS / 60)
    return {
        "ticket_code": "",
        "address": address,
        "recipient_name": "",
        "author_name": "",
        "text": words.LETTER[language].format(code=code, minutes=minutes, link=link_address(ctx, link)),
        "subject": words.SUBJECT[language].format(code=code),
        "message_id": message_id,
        "in_reply_to": "",
        "references": [],
        "reply_token": "",
        "automatic": True,
        "language": language,
    }
