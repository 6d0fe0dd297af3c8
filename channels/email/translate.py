"""A raw letter to the normal form: who wrote, what it answers, whether a machine did. Pure.

How a letter is read lives in parse.py; whether a token is genuine and a ticket may be joined is not
decided here.
"""

import re

from channels.adapter import CannotTranslate, RawItem
from channels.email.doubts import WARNING, WARNING_ELSEWHERE
from channels.email.limits import MAX_DEPTH, MAX_PARTS
from channels.email.parse import Letter, parse_letter
from channels.email.settings import EmailSettings
from hub.model.interactions import (
    Automatic,
    BounceReport,
    Identity,
    IdentityKind,
    InboundInteraction,
    InteractionKind,
    LetterDetails,
    Mailbox,
    Outcome,
    RecipientReport,
    Sender,
    SenderCheck,
    ThreadHints,
)
from hub.model.subjects import is_forward

MOST_PEOPLE = 100
"""Of To and of Cc that are kept."""
_VALID = re.compile(r"[^\s<>()\[\]@,;:\"\\]{1,64}@[^\s<>()\[\]@,;:\"\\]{1,253}")
_TOKEN = re.compile(r"[a-z0-9]{6,120}")
_LIST_ID = re.compile(r"<([^<>\s]{1,255})>")
_DMARC = re.compile(r"(?i)(?:^|;)\s*dmarc\s*=\s*([a-z]+)")
_NOT_A_VERDICT = re.compile(r'"[^"]*"|\([^()]*\)')
"""Quoted strings and comments (RFC 8601 2.2): what the sender wrote may be repeated there."""
_MOST_NESTING = 8
_OUTCOMES = {"failed": Outcome.FAILED, "delayed": Outcome.DELAYED}


def translate(raw: RawItem, settings: EmailSettings) -> InboundInteraction:
    """The interaction that a letter is. Raises CannotTranslate for letters above the limits of parse.py."""
    letter = parse_letter(raw.content)
    if letter.too_many_parts:
        raise CannotTranslate(
            f"The letter has more than {MAX_PARTS} parts, or they are nested deeper than {MAX_DEPTH} levels."
        )
    check = sender_check(letter, settings.authserv_id)
    failed = check is SenderCheck.FAIL
    name, wrote = writer_of(letter, settings)
    address = wrote.lower() if _VALID.fullmatch(wrote) else ""
    if wrote == letter.from_address:
        # An address from elsewhere, or one of several, is what somebody says and no server has looked at.
        verified = letter.one_sender and not failed
    else:
        # The server looked at our group's address; only a letter that it sent itself can be believed in what it adds.
        verified = letter.one_sender and check is SenderCheck.PASS
    if not verified and check is SenderCheck.PASS:
        check = SenderCheck.UNKNOWN
    identities = (Identity(kind=IdentityKind.EMAIL, value=address, verified=verified),) if address else ()
    automatic = automatic_kind(letter, settings)
    reply_address = _reply_address(letter, settings, automatic)
    return InboundInteraction(
        kind=InteractionKind.MESSAGE,
        sender=Sender(name=name[:200], identities=identities),
        text=letter.reply_text,
        full_text="" if letter.text.strip() == letter.reply_text.strip() else letter.text,
        subject=letter.subject[:1000],
        html=letter.html,
        attachments=letter.attachments,
        occurred_at=letter.date,
        external_id=letter.message_id,
        thread=ThreadHints(
            tokens=find_tokens(letter, settings),
            references=nearest_first(letter),
            passed_on=letter.resent or is_forward(letter.subject),
        ),
        reply_address=reply_address,
        automatic=automatic,
        bounce=_report(letter),
        sender_warning=WARNING if failed else _warning(address, reply_address, automatic),
        details=LetterDetails(
            sender=Mailbox(address=address, name=name[:200]) if address else None,
            to=_mailboxes(letter.to),
            cc=_mailboxes(letter.cc),
            sender_check=check,
            forwarded=letter.forwarded,
            invite=letter.invite,
            security=letter.security,
            list_id=letter.list_id[:200],
            degraded=letter.degraded,
            junk=bool(raw.meta.get("junk")),
            declines_answers=letter.declines_answers,
            thread_topic=letter.thread_topic[:500] if letter.thread_index else "",
            thread_index=letter.thread_index,
        ),
    )


def automatic_kind(letter: Letter, settings: EmailSettings) -> Automatic | None:
    """Which machine wrote it, or None for a person. Our own address comes first: a loop must stop
    whatever it says."""
    _, wrote = writer_of(letter, settings)
    if wrote and settings.is_own(wrote):
        return Automatic.LOOP
    if letter.bounce is not None:
        if letter.bounce.failed:
            return Automatic.BOUNCE
        return Automatic.DELAYED if letter.bounce.delayed else Automatic.RECEIPT
    if letter.is_receipt:
        return Automatic.RECEIPT
    if letter.is_auto_reply:
        return Automatic.AUTO_REPLY
    return Automatic.LIST if letter.is_list and not is_own_group(letter, settings) else None


def writer_of(letter: Letter, settings: EmailSettings) -> tuple[str, str]:
    """(name, address) of who wrote: From, except where our own group puts itself there and says whose letter it is."""
    name, address = letter.original_sender
    if is_own_group(letter, settings) and settings.is_own(letter.from_address) and _VALID.fullmatch(address):
        return name, address
    return letter.from_name, letter.from_address


def is_own_group(letter: Letter, settings: EmailSettings) -> bool:
    """Whether it came through a group whose address is this inbox's (RFC 2919: support@shop.example is <support.shop.example>):
    people write to those, unlike to other lists."""
    listed = _LIST_ID.search(letter.list_id)
    own = (settings.address, *settings.own_addresses)
    return listed is not None and listed.group(1).lower() in {one.replace("@", ".") for one in own}


def sender_check(letter: Letter, authserv_id: str) -> SenderCheck:
    """What our own mail server says of the address in From: DMARC passes only where SPF or DKIM passed for that very domain.
    Only the topmost header of the configured name counts (RFC 8601 5, 7.1): those below it may be the sender's own."""
    if not authserv_id:
        return SenderCheck.UNKNOWN
    for value in letter.authentication_results:
        head, _, results = _verdicts(value).partition(";")
        if head.strip().split(" ")[0].lower() == authserv_id.lower():
            found = _DMARC.search(results)
            said = found.group(1).lower() if found is not None else ""
            return {"pass": SenderCheck.PASS, "fail": SenderCheck.FAIL}.get(said, SenderCheck.UNKNOWN)
    return SenderCheck.UNKNOWN


def _verdicts(value: str) -> str:
    for _ in range(_MOST_NESTING):
        shorter = _NOT_A_VERDICT.sub(" ", value)
        if shorter == value:
            return value
        value = shorter
    return ""


def find_tokens(letter: Letter, settings: EmailSettings) -> tuple[str, ...]:
    """Candidate thread tokens: plus-tags of our own addresses, then those inside our own Message-IDs that
    it cites."""
    named = (*letter.delivered_to, *(a for _, a in (*letter.to, *letter.cc)))
    found = [a.lower().rpartition("@")[0].partition("+")[2] for a in named if settings.is_own(a)]
    domain = settings.address.rpartition("@")[2]
    for cited in nearest_first(letter):
        local, _, host = cited.lower().rpartition("@")
        if host == domain and "." in local:
            found.append(local.rpartition(".")[2])
    return tuple(dict.fromkeys(t for t in found if _TOKEN.fullmatch(t)))[:20]


def nearest_first(letter: Letter) -> tuple[str, ...]:
    """The ids that a letter cites: what it answers, then its references from the last to the first; a
    bounce's returned
    letter before all."""
    returned = (
        (letter.bounce.original_message_id,) if letter.bounce and letter.bounce.original_message_id else ()
    )
    return tuple(dict.fromkeys((*returned, *letter.in_reply_to, *reversed(letter.references))))


def _reply_address(letter: Letter, settings: EmailSettings, automatic: Automatic | None) -> str:
    if automatic in (Automatic.LOOP, Automatic.BOUNCE, Automatic.DELAYED, Automatic.RECEIPT):
        return ""
    wanted = () if automatic else tuple(a for _, a in letter.reply_to)
    for address in (*wanted, writer_of(letter, settings)[1]):
        if _VALID.fullmatch(address) and not settings.is_own(address):
            return address
    return ""


def _warning(address: str, reply_address: str, automatic: Automatic | None) -> str:
    """Whoever answers should see when the answer goes to somebody else."""
    elsewhere = bool(reply_address) and reply_address.lower() != address
    return WARNING_ELSEWHERE if elsewhere and automatic is None else ""


def _mailboxes(people: tuple[tuple[str, str], ...]) -> tuple[Mailbox, ...]:
    found = {
        a.lower(): Mailbox(address=a.lower(), name=name[:200]) for name, a in people if _VALID.fullmatch(a)
    }
    return tuple(found.values())[:MOST_PEOPLE]


def _report(letter: Letter) -> BounceReport | None:
    """Each recipient with what became of it. The address that we wrote to and the one at which it ended may differ: then both
    are told. A text that names nobody's outcome is about all whom it names."""
    bounce = letter.bounce
    if bounce is None:
        return None
    told = {
        address.lower(): RecipientReport(
            address=address.lower(),
            outcome=_OUTCOMES.get(one.action, Outcome.DELIVERED),
            status=one.status,
            reason=one.reason,
        )
        for one in bounce.reports
        for address in (one.final, one.address)
        if address
    }
    for address in bounce.recipients:
        failed = RecipientReport(
            address=address.lower(), outcome=Outcome.FAILED, status=bounce.status, reason=bounce.reason
        )
        told.setdefault(address.lower(), failed)
    return BounceReport(
        recipients=tuple(told.values())[:MOST_PEOPLE],
        original_message_id=bounce.original_message_id,
        reason=bounce.reason,
    )
