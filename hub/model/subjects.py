"""What mail programs put before a subject, and what is left without it. Pure.

Prefixes as the usual clients write them (en, de, fr, es, it, nl, sv, da, no, fi, pl, pt, cs, tr, ja, zh): with a colon of
either width, a count ("Re[2]:", "Re(2):", "AW2:") and spaces in between. A subject alone never decides on a ticket.
"""

import re

_ANSWER = r"re|aw|antw|antwort|sv|vs|odp|ynt|res|ref|rif|r|回复|回覆|答复|答覆|返信|回信"
_FORWARD = r"fwd|fw|wg|tr|rv|enc|i|vb|doorst|vl|pd|vid|ilt|转发|轉發|轉寄|転送"
_COUNT = r"\s{0,2}(?:[\[(（]\d{1,3}[\])）]|\d{1,3})?"
_PREFIX = re.compile(
    rf"\s*(?:(?P<answer>{_ANSWER})|(?P<forward>{_FORWARD})){_COUNT}\s{{0,2}}[:：]", re.IGNORECASE
)
_LABEL = re.compile(r"\s*\[(?:T-?\d{4,18}|[^\[\]]{1,40})\]")
_NUMBER = re.compile(r"[\[(（]?(?<![A-Za-z0-9])T-?\d{4,18}(?!\d)[\])）]?")
_MOST = 400
_MOST_PREFIXES = 20


def is_forward(subject: str) -> bool:
    """Whether the outermost prefix says that it was passed on.

    >>> is_forward("WG: Re: Rechnung"), is_forward("Re: Fwd: invoice"), is_forward("转发：发票")
    (True, False, True)
    """
    found = _PREFIX.match(subject[:_MOST])
    return found is not None and found["forward"] is not None


def base_subject(subject: str) -> str:
    """Without prefixes, list labels and our number; in one case and with single spaces.

    >>> base_subject("RE: AW[2]: [list] Fwd: Where is  it? [T-10019]")
    'where is it?'
    """
    rest = subject[:_MOST]
    for _ in range(_MOST_PREFIXES):
        found = _PREFIX.match(rest) or _LABEL.match(rest)
        if found is None:
            break
        rest = rest[found.end() :]
    return " ".join(_NUMBER.sub(" ", rest).casefold().split())
