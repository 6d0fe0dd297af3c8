"""The letter that asks a customer how they liked it. Fixed words and a link for each score: nothing that anybody wrote comes
along.

It goes only to an address from which a person took part in this ticket by letter, through the inbox that the ticket came by,
and an address, a domain and the whole house have limits by the hour.
"""

import secrets
from dataclasses import dataclass

from channels.adapter import Inbox
from hub.actions.acknowledge import is_machine
from hub.actions.context import ConfiguredChannel, Context
from hub.actions.surveys.definition import Definition
from hub.model.codes import TICKET, show_code
from hub.model.details import read_details
from hub.model.interactions import SenderCheck
from hub.model.tokens import sign_thread
from storage import house, surveys, work
from storage.database import Connection
from storage.work import WorkedTicket

PER_DOMAIN = 200
PER_HOUSE = 2000
"""In an hour. What is too much now is asked when there is room again."""
_HOUR, _DAY = 3600.0, 86_400.0
_SUBJECTS = {"en": "How did we do? [{number}]", "zh_CN": "请评价我们的服务 [{number}]"}
_TEXTS = {
    "en": "Your case {number} is resolved. We would like to know how we did.",
    "zh_CN": "您的工单 {number} 已处理完毕，诚邀您评价我们的服务。",
}
_HINTS = {
    "en": "Each link leads to a page on which your answer is sent by a button; nothing is kept before. "
    "On that page you can also say that you do not want to be asked any more.",
    "zh_CN": "点击链接只会打开评价页面，按下“提交”按钮后才会记录您的回答。如不希望再收到评价邀请，也可以在该页面上设置。",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """`shown` stands on the timeline: without the links, which are the customer's."""

    subject: str
    text: str
    shown: str
    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    reply_token: str


async def may_write(connection: Connection, inbox: Inbox, ticket: WorkedTicket) -> bool:
    """Whether a person wrote from the ticket's address on this ticket, who may be written to unasked."""
    address = ticket.reply_address
    if is_machine(address) or inbox.is_own(address) or inbox.is_staff(address):
        return False
    kept = await surveys.letters_from(connection, ticket.id, ticket.channel_id, address)
    details = read_details(kept) if kept else None
    return (
        details is not None
        and details.sender_check is not SenderCheck.FAIL
        and not details.list_id
        and not details.junk
        and not details.declines_answers
    )


async def take_room(connection: Connection, address: str) -> float:
    """Count one more letter of this sort to there; 0 where it may leave now. Else nothing is counted, and there may be room in
    so many seconds."""
    domain = address.lower().rpartition("@")[2]
    counted = []
    # The one row that everybody counts in comes first: who has it need not fear to meet another in the rest.
    for key, seconds, most in (
        ("survey:house", _HOUR, PER_HOUSE),
        (f"survey:domain:{domain}", _HOUR, PER_DOMAIN),
        (f"survey:address:{address.lower()}", _DAY, 1),
    ):
        hits, ends_in = await house.hit(connection, key, seconds)
        counted.append(key)
        if hits > most:
            for one in counted:
                await house.give_back(connection, one)
            return max(ends_in, 1.0)
    return 0.0


async def compose_letter(
    ctx: Context,
    connection: Connection,
    channel: ConfiguredChannel,
    ticket: WorkedTicket,
    definition: Definition,
    language: str,
    token: str,
) -> Letter:
    """`language`: en or zh_CN."""
    assert channel.kind.answer_id is not None, "a channel that is an inbox"
    number = show_code(TICKET, ticket.code)
    page = f"{ctx.public_url}/survey/{token}"
    best = definition.kind.scores[-1]
    lines = []
    for score in reversed(definition.kind.scores):
        word = {best: definition.highest, definition.kind.scores[0]: definition.lowest}.get(score)
        said = f" {word.say(language)}" if word else ""
        lines.append(f"{score}{said}\n{page}?score={score}")
    shown = f"{_TEXTS[language].format(number=number)}\n\n{definition.question.say(language)}"
    back = sign_thread(ctx.secret, ticket.id, ticket.reply_address)
    letters = await work.last_letters(connection, ticket.id)
    return Letter(
        subject=_SUBJECTS[language].format(number=number),
        text="\n\n".join((shown, "\n".join(lines), _HINTS[language])),
        shown=shown,
        message_id=channel.kind.answer_id(channel.settings, secrets.token_hex(16), back),
        in_reply_to=next((one for one, direction in letters if direction == "in"), ""),
        references=tuple(one for one, _ in reversed(letters)),
        reply_token=back,
    )
