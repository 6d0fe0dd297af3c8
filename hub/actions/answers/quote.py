"""What an answer quotes: the customer's last letter, and only where everybody who gets the answer has had that letter. Pure.

Nothing said earlier is ever told to somebody new, and nothing that colleagues said among themselves can come in here: the only
thing that may be quoted is what came in by mail.
"""

from collections.abc import Iterable

from hub.model.details import read_details
from hub.model.interactions import Mailbox, Quotation, SenderCheck
from storage.outbound import AnswerFacts


def choose_quotation(facts: AnswerFacts, recipients: Iterable[str]) -> Quotation | None:
    """None where the last that the customer said is no letter, is empty, or is not known to all of `recipients` (addresses in
    lower case). A letter whose sender could not be verified is not quoted: its words may be somebody else's."""
    letter = read_details(facts.details) if facts.details else None
    if letter is None or letter.sender is None or letter.sender_check is SenderCheck.FAIL:
        return None
    if not facts.text or facts.occurred_at is None:
        return None
    had_it = {one.address.lower() for one in (letter.sender, *letter.to, *letter.cc)}
    if not had_it.issuperset(one.lower() for one in recipients):
        return None
    return Quotation(author=_shown(letter.sender), said_at=facts.occurred_at, text=facts.text)


def _shown(author: Mailbox) -> str:
    return f"{author.name} <{author.address}>" if author.name else author.address
