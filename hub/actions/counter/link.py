"""Linking an e-mail address or a telephone number: an address by a code that is sent there, a number by the channel's own word.

What is proven is the customer's, unless somebody else has proven it before: then it stays theirs, and whether both are one
person is for people to say (docs/decisions/0006).
"""

import hashlib
import hmac
import secrets
from typing import Any

from channels.adapter import CounterReply
from hub.actions.announce import EVENTS, OUTBOX, announce
from hub.actions.answers.ways import inboxes_of
from hub.actions.counter.visit import Visit
from hub.model.identities import normalise_identity
from hub.model.interactions import Choice, IdentityKind
from hub.model.keyring import every_key
from hub.model.tickets import EventKind
from storage import customer_pairs, events, house, side_letters, talks

CODE_MINUTES = 15
MOST_TRIES = 5
PER_HOUR = 3
"""Codes that one conversation, and one address, can be sent."""
OF_HOUSE_PER_HOUR = 500
"""And all together, as with acknowledgements: letters that go wherever strangers say."""
_HOUR = 3600.0


async def offer_links(visit: Visit) -> CounterReply:
    """An address can be linked only where there is an inbox to send the code from."""
    choices = [Choice(label=visit.say("link_phone"), data="link:phone")]
    if inboxes_of(visit.ctx):
        choices.insert(0, Choice(label=visit.say("link_email"), data="link:email"))
    return CounterReply(text=visit.say("link"), choices=(tuple(choices),))


async def ask_email(visit: Visit) -> CounterReply:
    await visit.wait_for("email", minutes=CODE_MINUTES)
    return CounterReply(text=visit.say("ask_email"))


async def ask_phone(visit: Visit) -> CounterReply:
    await visit.wait_for("phone", minutes=CODE_MINUTES)
    return CounterReply(text=visit.say("ask_phone"), ask_phone=visit.say("share_phone"))


async def send_code(visit: Visit) -> CounterReply:
    """To the address that was typed. It is a claim until the code comes back."""
    address = normalise_identity(IdentityKind.EMAIL, visit.asking.words)
    inbox = next(iter(inboxes_of(visit.ctx)), None)
    if address is None:
        return CounterReply(text=visit.say("ask_email"))
    if inbox is None:
        return CounterReply(text=visit.say("no_mail"))
    for key, most in (
        (f"code:talk:{visit.channel_id}:{visit.asking.thread_key}", PER_HOUR),
        (f"code:address:{address}", PER_HOUR),
        ("code:house", OF_HOUSE_PER_HOUR),
    ):
        if (await house.hit(visit.connection, key, _HOUR))[0] > most:
            return CounterReply(text=visit.say("too_often"))
    customer = await visit.customer()
    await talks.add_claim(visit.connection, customer, IdentityKind.EMAIL, address)
    code = f"{secrets.randbelow(1_000_000):06}"
    await talks.add_proof(
        visit.connection,
        *visit.place,
        kind=IdentityKind.EMAIL,
        value=address,
        code_hash=_hash(visit.ctx.secret, visit, address, code),
        seconds=CODE_MINUTES * 60,
    )
    await visit.wait_for("code", minutes=CODE_MINUTES)
    await side_letters.add(
        visit.connection,
        await house.channel_by_name(visit.connection, inbox, visit.ctx.channel(inbox).kind.kind),
        _letter(visit, inbox, address, code),
        CODE_MINUTES * 60,
    )
    await announce(visit.connection, OUTBOX)
    return CounterReply(text=visit.say("code_sent", address=address, minutes=CODE_MINUTES))


async def take_code(visit: Visit) -> CounterReply:
    """Each code has a few tries only."""
    tried = await talks.take_try(visit.connection, *visit.place, MOST_TRIES)
    if tried is None:
        await visit.wait_for("")
        return CounterReply(text=visit.say("code_dead"))
    given = visit.asking.words.strip()
    hashes = (_hash(key, visit, tried.value, given) for key in every_key(visit.ctx.secret))
    if not any(hmac.compare_digest(one, tried.code_hash) for one in hashes):
        return CounterReply(text=visit.say("code_wrong"))
    first = not await _is_proven(visit, IdentityKind.EMAIL, tried.value)
    await talks.used(visit.connection, tried.id, first=first)
    await visit.wait_for("")
    return await _prove(visit, IdentityKind.EMAIL, tried.value)


async def prove_phone(visit: Visit) -> CounterReply:
    """The channel says that the number is the sender's own."""
    number = normalise_identity(IdentityKind.PHONE, _international(visit.asking.phone))
    if number is None:
        return CounterReply(text=visit.say("phone_wrong"))
    if not await _is_proven(visit, IdentityKind.PHONE, number):
        await talks.note_proof(visit.connection, *visit.place, kind=IdentityKind.PHONE, value=number)
    await visit.wait_for("")
    return await _prove(visit, IdentityKind.PHONE, number)


async def note_phone(visit: Visit) -> CounterReply:
    """Somebody else's card, sent where the own number was asked for: no more than a claim."""
    number = normalise_identity(IdentityKind.PHONE, _international(visit.asking.phone))
    if number is None:
        return CounterReply(text=visit.say("phone_wrong"))
    await talks.add_claim(visit.connection, await visit.customer(), IdentityKind.PHONE, number)
    await visit.wait_for("")
    return CounterReply(text=visit.say("phone_noted"))


async def offer_unlinking(visit: Visit) -> CounterReply:
    """Only what was linked here: what an agent or a letter proved is nothing that a chat takes away."""
    linked = await talks.linked_here(visit.connection, *visit.place, await visit.customer())
    if not linked:
        return CounterReply(text=visit.say("unlink_none"))
    rows = tuple((Choice(label=one.value[:60], data=f"unlink:{one.id}"),) for one in linked[:8])
    return CounterReply(text=visit.say("unlink"), choices=rows)


async def unlink(visit: Visit) -> CounterReply:
    """The one whose button was pressed."""
    customer = await visit.customer()
    linked = await talks.linked_here(visit.connection, *visit.place, customer)
    wanted = visit.asking.pressed.partition(":")[2]
    found = next((one for one in linked if str(one.id) == wanted), None)
    if found is None:
        return CounterReply(notice=visit.say("unlink_none"))
    await talks.unlink(visit.connection, *visit.place, found, customer)
    await _tell(visit, customer)
    said = visit.say("unlinked", value=found.value)
    return CounterReply(text=said, notice=said, marked=())


async def _is_proven(visit: Visit, kind: IdentityKind, value: str) -> bool:
    """Whether it was before, by whatever: then it is not this conversation that it is linked by."""
    return await talks.customer_of(visit.connection, kind, value) is not None


async def _prove(visit: Visit, kind: IdentityKind, value: str) -> CounterReply:
    customer = await visit.customer()
    owner = await talks.prove(visit.connection, customer, kind, value)
    await _tell(visit, customer)
    if owner != customer:
        await customer_pairs.add(visit.connection, [(customer, owner)])
        return CounterReply(text=visit.say("linked_elsewhere", value=value))
    return CounterReply(text=visit.say("linked", value=value))


async def _tell(visit: Visit, customer: int) -> None:
    await events.add_event(visit.connection, EventKind.CUSTOMER_CHANGED, data={"customer": customer})
    await announce(visit.connection, EVENTS)


def _letter(visit: Visit, inbox: str, address: str, code: str) -> dict[str, Any]:
    """As what waits in the outbox, but of no ticket."""
    channel = visit.ctx.channel(inbox)
    assert channel.kind.answer_id is not None, "a channel that is an inbox"
    return {
        "ticket_code": "",
        "address": address,
        "recipient_name": "",
        "author_name": "",
        "text": visit.say("code_letter", code=code, minutes=CODE_MINUTES),
        "subject": visit.say("code_subject"),
        "message_id": channel.kind.answer_id(channel.settings, secrets.token_hex(16), ""),
        "in_reply_to": "",
        "references": [],
        "reply_token": "",
        "automatic": True,
        "language": visit.locale,
    }


def _hash(key: bytes, visit: Visit, address: str, code: str) -> bytes:
    about = f"proof:{visit.channel_id}:{visit.asking.thread_key}:{address}:{code}"
    return hmac.new(key, about.encode(), hashlib.sha256).digest()


def _international(number: str) -> str:
    """Telegram gives numbers with their country code, with and without the sign."""
    number = number.strip()
    return number if number.startswith("+") else f"+{number}"
