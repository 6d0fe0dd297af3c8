"""Whoever opens a ticket by letter is told its number, where the inbox says so. Fixed words: nothing of the letter comes back.

Only a person's letter, only to the address that it came from, once a day for an address; a domain and the whole house have
limits by the hour. What a machine writes, or might, gets none.
"""

import re
import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hub.actions.announce import OUTBOX
from hub.actions.arrivals import moment
from hub.model.codes import TICKET, show_code
from hub.model.interactions import SenderCheck
from hub.model.tokens import sign_thread
from storage import acknowledge as stored
from storage.database import Connection, as_json

if TYPE_CHECKING:
    from hub.actions.context import ConfiguredChannel
    from hub.actions.filing.state import Case

PER_DOMAIN = 20
PER_HOUSE = 500
"""In an hour."""
NOT_AFTER = timedelta(days=1)
_DAY, _HOUR = 86_400.0, 3600.0
_NOBODY = re.compile(
    r"(?:no|not|dont|do[-_.]?not)[-_.]?(?:reply|answer|respond)|mailer[-_.]?daemon|postmaster|bounces?|daemon|root|cron|"
    r"notifications?|alerts?|auto(?:mat(?:ed|ic))?[-_.]?(?:reply|mailer)?|listserv|majordomo|owner-.*|.*-(?:request|bounces?|owner)"
)
_SUBJECTS = {"en": "We have your message [{number}]", "zh_CN": "我们已收到您的来信 [{number}]"}
_TEXTS = {
    "en": "Thank you for writing to us. Your message has arrived; its number is {number}.\n"
    "A member of our staff will answer you. To add something, just answer this letter.",
    "zh_CN": "感谢您的来信。我们已经收到，编号为 {number}。\n我们的客服人员会尽快回复您。如需补充，直接回复本邮件即可。",
}

_FOLLOW = {"en": "How your case stands:", "zh_CN": "查询处理进度："}


async def acknowledge(
    connection: Connection, secret: bytes, cases: "Sequence[Case]", case_link: Callable[[int], str]
) -> int:
    """For those tickets of this batch that are new and whose inbox wants it; returns how many will leave. The entries are
    written already. `case_link`: where customers find a case, once they have shown who they are; "" for nowhere."""
    now = datetime.now(UTC)
    wishes = [_wish(secret, case, case_link) for case in cases if wants_acknowledgement(case, now)]
    return await stored.acknowledge(connection, wishes, OUTBOX) if wishes else 0


def wants_acknowledgement(case: "Case", now: datetime) -> bool:
    """Whether a person who can be answered opened a ticket here, just now: nobody wants to hear of a letter of last year."""
    inbox, read = case.arrival.inbox, case.read
    if inbox is None or not inbox.acknowledge or not case.opens or read is None:
        return False
    if now - moment(case.arrival) > NOT_AFTER or "imported_from" in case.arrival.item.meta:
        return False
    said, details = read.interaction, read.interaction.details
    if said.automatic is not None or details is None or details.sender is None:
        return False
    sender = details.sender.address
    return (
        details.sender_check is not SenderCheck.FAIL
        and not details.list_id
        and not details.junk
        and not details.declines_answers
        and said.reply_address.lower() == sender
        and not is_machine(sender)
        and not inbox.is_own(sender)
        and not inbox.is_staff(sender)
    )


def is_machine(address: str) -> bool:
    """Whether nobody reads there, by its name.

    >>> is_machine("no-reply@shop.example"), is_machine("noreen@shop.example"), is_machine("list-bounces@x.example")
    (True, False, True)
    """
    return _NOBODY.fullmatch(address.rpartition("@")[0].partition("+")[0].lower()) is not None


def _wish(secret: bytes, case: "Case", case_link: Callable[[int], str]) -> stored.Acknowledgement:
    read, ticket, arrival = case.read, case.ticket, case.arrival
    assert read is not None and ticket is not None and arrival.kind.answer_id is not None
    said = read.interaction
    address, number = said.reply_address, show_code(TICKET, ticket.code)
    language = "zh_CN" if read.classified.language == "zh" else "en"
    token = sign_thread(secret, ticket.id, address)
    text = _TEXTS[language].format(number=number)
    if link := case_link(ticket.code):
        text = f"{text}\n\n{_FOLLOW[language]}\n{link}"
    return _letter(
        message_id=arrival.kind.answer_id(arrival.settings, secrets.token_hex(16), token),
        ticket_id=ticket.id,
        channel_id=arrival.channel_id,
        customer_id=ticket.customer.id,
        number=number,
        address=address,
        language=language,
        token=token,
        text=text,
        shown=text,
        answers=said.external_id,
    )


async def confirm(
    connection: Connection,
    secret: bytes,
    mail: "ConfiguredChannel",
    channel_id: int,
    *,
    ticket_id: int,
    customer_id: int,
    number: str,
    address: str,
    language: str,
    link: str,
) -> bool:
    """Tell whoever left this address in a form its number, and how to follow the case: fixed words, under the same limits as
    for letters, whoever typed it. `link` leaves with the letter and is not shown on the timeline. Whether it will leave."""
    inbox = mail.kind.inbox(mail.settings) if mail.kind.inbox is not None else None
    if inbox is None or mail.kind.answer_id is None:
        return False
    if is_machine(address) or inbox.is_own(address) or inbox.is_staff(address):
        return False
    token = sign_thread(secret, ticket_id, address)
    shown = _TEXTS[language].format(number=number)
    wish = _letter(
        message_id=mail.kind.answer_id(mail.settings, secrets.token_hex(16), token),
        ticket_id=ticket_id,
        channel_id=channel_id,
        customer_id=customer_id,
        number=number,
        address=address,
        language=language,
        token=token,
        text=f"{shown}\n\n{_FOLLOW[language]}\n{link}",
        shown=shown,
    )
    return await stored.acknowledge(connection, [wish], OUTBOX) > 0


def _letter(
    *,
    message_id: str,
    ticket_id: int,
    channel_id: int,
    customer_id: int,
    number: str,
    address: str,
    language: str,
    token: str,
    text: str,
    shown: str,
    answers: str = "",
) -> stored.Acknowledgement:
    """`text` leaves, `shown` stands on the timeline. `answers`: the Message-ID of the letter that it is about."""
    subject = _SUBJECTS[language].format(number=number)
    message = {
        "ticket_code": number,
        "address": address,
        "recipient_name": "",
        "author_name": "",
        "text": text,
        "subject": subject,
        "message_id": message_id,
        "in_reply_to": answers,
        "references": [answers] if answers else [],
        "reply_token": token,
        "automatic": True,
        "language": language,
    }
    return stored.Acknowledgement(
        ticket_id=ticket_id,
        channel_id=channel_id,
        customer_id=customer_id,
        message=as_json(message),
        message_id=message_id,
        subject=subject,
        text=shown,
        limits=(
            (f"acknowledge:address:{address.lower()}", _DAY, 1),
            (f"acknowledge:domain:{address.lower().rpartition('@')[2]}", _HOUR, PER_DOMAIN),
            ("acknowledge:house", _HOUR, PER_HOUSE),
        ),
    )
