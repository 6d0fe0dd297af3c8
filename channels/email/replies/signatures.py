"""Where the author's words end and what programs and habits append begins: phone footers, signature marks, sign-offs.

Pure; looks at the last few dozen lines only. A sign-off goes only when nothing is lost by it: the name in it is the
sender's own as the header has it, or it heads a block of titles, companies and numbers. A block that the words above
announce ("my new address:") is what the letter is about, and stays.
"""

import re
from dataclasses import dataclass

from channels.email.replies.quote_marks import CUT, is_rule
from channels.email.replies.signature_words import (
    ANNOUNCED,
    CHINESE_STEMS,
    COMPANY,
    CONFIDENTIAL,
    CONFIDENTIAL_STEMS,
    CONTACT,
    DEVICES,
    FOOTERS,
    FOOTERS_CHINESE,
    LISTS,
    REGARDS,
    SENTENCE,
    THANKS,
)
from channels.email.replies.stems import holds_any

_TAIL = 60
"""Lines from the end that are looked at."""
_BLOCK = 9
"""Lines with text that a signature without a mark may have."""

_NAME_LENGTH = 120
_CLOSING_LENGTH = 120
"""No closing is longer, without what is drawn around it; what is, need not be compared with all of them."""
_AROUND = " \t\u00a0\u3000,.!。，！…-*_>|"
_SHORT = 16
_SHORT_CHINESE = 6
"""Characters of a line that says no more than "Hi Ann" or "您好"."""

_MARK = re.compile(r"\s{0,2}(?:--|__|—|––|--\s?\u00a0)\s*$")
_QQ_RULE = re.compile(r"\s*-{18}\s*$")
_LINK = r"[.!\s)\]>*_。）】」]{0,4}(?:<?\[?https?://\S{0,300})?\s*$"
_FOOTER = re.compile(rf"(?i)^[\s(\[<*_>-]{{0,6}}(?:{'|'.join(FOOTERS)}){_LINK}")
_FOOTER_CHINESE = re.compile(rf"(?i)^[\s(\[<（【「-]{{0,4}}(?:{'|'.join(FOOTERS_CHINESE)}){_LINK}")
_SENTENCE = re.compile(rf"(?i){SENTENCE}")
_DEVICE = re.compile(rf"(?i)\b(?:{DEVICES})|\bmy\s+\w+(?:\s\w+)?\W*$|[™®]|\bi[A-Z]\w+")
_REGARDS = re.compile(rf"(?i)^\W*(?:{REGARDS})\s?(?:[/|&+]\s?(?:{REGARDS}))?[\s,.!。，！…-]*$")
_THANKS = re.compile(rf"(?i)^\W*(?:{THANKS})[\s,.!。，！…-]*$")
_SIGNED_OFF = re.compile(rf"(?i:^\W*(?:{REGARDS}|{THANKS}))[,，]\s*[^\W\d_]+(?:\s[A-Z][^\W\d_]*){{0,2}}\W*$")
_CONTACT = re.compile(rf"(?i){CONTACT}")
_COMPANY = re.compile(rf"(?i){COMPANY}")
_NAME = re.compile(
    r"^\W{0,3}[^\W\d_][^\W\d_.'’-]{0,20}(?:[ .'’-]{1,2}[^\W\d_][^\W\d_.'’-]{0,20}){0,3}[.,\s]*$"
)
_ANNOUNCED = re.compile(rf"(?i){ANNOUNCED}")
_LISTS = re.compile(rf"(?i){LISTS}")
_HUMBLE = frozenset(("드림", "올림", "배상", "拝", "敬上", "谨上", "謹上", "敬启"))
"""What stands behind one's own name in letters."""
_BULLET = re.compile(r"^\s*(?:[-*•·‣]\s|\d{1,2}[.)、]\s|\(?[a-z]\)\s)")
_POSTSCRIPT = re.compile(r"(?i)^\W*(?:p\.?\s?s\b|n\.?b\b|edit|附|又及|追伸)")
_CONFIDENTIAL = re.compile(rf"(?i){CONFIDENTIAL}")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the header says has written; either may be "". Only used to know the name below a letter again."""

    name: str = ""
    address: str = ""

    @property
    def words(self) -> set[str]:
        """The parts of the name, lower case."""
        return set(_words(self.name))

    def signs(self, line: str) -> bool:
        """Whether the line is this person's name, a part of it, or the address, and nothing else."""
        if len(line) > _NAME_LENGTH:
            return False
        plain = line.strip(" \t\u3000\u00a0|*_~-–—/\\,.!，。<>").lower()
        if self.address and plain == self.address.lower():
            return True
        said = [w for w in _words(plain) if w not in _HUMBLE]
        joined = "".join(said)
        if len(said) > 5 or len(joined) < 2:
            return False
        return set(said) <= self.words or joined == "".join(_words(self.name))

    def appears(self, line: str) -> bool:
        """Whether the line holds this person's address or whole name."""
        low = line.lower()
        words = self.words
        return bool(self.address and self.address.lower() in low) or (
            len(words) > 1 and words <= set(_words(low))
        )


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


def is_footer(line: str) -> bool:
    """Whether a phone or a mail program wrote this line about itself."""
    if len(line) > CUT:
        return False
    if not line.isascii() and holds_any(line, CHINESE_STEMS) and _FOOTER_CHINESE.match(line):
        return not line.rstrip().endswith(("？", "?"))
    if not _FOOTER.match(line):
        return False
    return not _SENTENCE.search(line) and bool(_DEVICE.search(line))


def is_closing(lines: list[str]) -> bool:
    """Whether these lines are a sign-off and nothing else: "Regards, Roman"."""
    text = [o for o in lines if o.strip()]
    if not text or len(text) > 4 or not all(_NAME.match(o) for o in text[1:]):
        return False
    return bool(_formal(text[0]) or _SIGNED_OFF.match(text[0]))


def _formal(line: str) -> bool:
    return bool(_is_regards(line) or _is_thanks(line))


def _is_regards(line: str) -> bool:
    return len(line.strip(_AROUND)) <= _CLOSING_LENGTH and _REGARDS.match(line) is not None


def _is_thanks(line: str) -> bool:
    return len(line.strip(_AROUND)) <= _CLOSING_LENGTH and _THANKS.match(line) is not None


def signature_start(lines: list[str], sender: Sender) -> int:
    """Where what is appended begins; `len(lines)` when nothing is. There is always text above."""
    end = _rstrip(lines, len(lines))
    for _ in range(4):
        cut = _one_signature(lines, end, sender)
        if cut == end:
            break
        end = cut
    return end


def _rstrip(lines: list[str], end: int) -> int:
    while end and not lines[end - 1].strip(" \t\u3000\u00a0|"):
        end -= 1
    return end


def _one_signature(lines: list[str], end: int, sender: Sender) -> int:
    top = next((i for i in range(end) if lines[i].strip()), end)
    low = max(top + 1, end - _TAIL)
    text = [i for i in range(low, end) if lines[i].strip()]
    for position, index in enumerate(text):
        line, rest = lines[index], len(text) - position - 1
        if len(line) > CUT:
            continue
        below = [lines[i] for i in text[position + 1 :]]
        if _MARK.match(line) and _signs_off(line, below):
            return _rstrip(lines, index)
        if rest <= 6 and is_footer(line):
            return _rstrip(lines, index)
        if (
            rest <= 12
            and (is_rule(line) or line.strip() in ("---", "***"))
            and _belongs_below(line, below, sender)
        ):
            return _rstrip(lines, index)
    for find in (_disclaimer, _signed_block, _closed_block):
        cut = find(lines, text, sender)
        if cut < end and any(o.strip() for o in lines[:cut]):
            return _rstrip(lines, cut)
    return end


def _signs_off(mark: str, below: list[str]) -> bool:
    """Whether a signature stands below a mark. RFC 3676 4.3 has a space behind "--"; without it, it may be a line drawn."""
    if mark.startswith("-- "):
        return len(below) <= 30
    if len(below) > 15 or any(o.rstrip().endswith(("?", "？")) for o in below):
        return False
    return mark.lstrip().startswith("--") or _alike(below) or any(_LISTS.search(o[:CUT]) for o in below)


def _belongs_below(rule: str, below: list[str], sender: Sender) -> bool:
    if not below:
        return True
    if _confidential(below) or any(_LISTS.search(o[:CUT]) for o in below):
        return True
    if not _alike(below):
        return False
    contacts = any(_CONTACT.search(o[:CUT]) for o in below)
    named = bool(_NAME.match(below[0]))
    return sender.signs(below[0]) or (named and (contacts or bool(_QQ_RULE.match(rule))))


def _alike(lines: list[str]) -> bool:
    """Whether lines could all be of a signature: few, short, no list, no question, no sentence."""
    return len(lines) <= _BLOCK and all(
        len(o) <= 90
        and not _BULLET.match(o)
        and not _POSTSCRIPT.match(o)
        and not o.rstrip().endswith(("?", "？", "。", ":", "："))
        and not (o.rstrip().endswith(".") and len(o) > 45)
        for o in lines
    )


def _confidential(lines: list[str]) -> bool:
    text = " ".join(lines)[:4000]
    if not holds_any(text, CONFIDENTIAL_STEMS):
        return False
    found = {m.group(0).lower() for m in _CONFIDENTIAL.finditer(text)}
    return len(found) >= 2


def _disclaimer(lines: list[str], text: list[int], _sender: Sender) -> int:
    """A last paragraph about confidentiality, which lawyers append."""
    if not text:
        return len(lines)
    start = text[-1]
    while start > 0 and lines[start - 1].strip():
        start -= 1
    paragraph = lines[start : text[-1] + 1]
    if start not in text or len(" ".join(paragraph)) < 120 or not _confidential(paragraph):
        return len(lines)
    return start


def _signed_block(lines: list[str], text: list[int], sender: Sender) -> int:
    """The sender's own name or address as a line, with titles and numbers below, and the closing above it."""
    tail = text[-_BLOCK:]
    for index in tail:
        block = lines[index : tail[-1] + 1]
        shown = [o for o in block if o.strip()]
        own = sender.signs(lines[index])
        if not _alike(shown[1:] if own else shown) or not (own or _contacts(block, sender)):
            continue
        if any(_formal(o) for o in shown) or _only_greeting(lines[:index]):
            continue
        above = _above(lines, index)
        closing = above >= 0 and _formal(lines[above])
        if closing:
            higher = _above(lines, above)
            return higher if higher >= 0 and _formal(lines[higher]) else above
        apart = _bare(lines[index - 1]) or "|" in lines[index]
        if apart and not (above >= 0 and _ANNOUNCED.search(lines[above][-CUT:])):
            return index
    return len(lines)


def _only_greeting(lines: list[str]) -> bool:
    """Whether no more than a salutation stands here; then a name below it is an answer."""
    text = [o.strip() for o in lines if o.strip()]
    if len(text) != 1:
        return not text
    addressed = text[0].endswith((",", "，", ":", "：", "!", "！"))
    return addressed or len(text[0]) < (_SHORT if text[0].isascii() else _SHORT_CHINESE)


def _contacts(block: list[str], sender: Sender) -> bool:
    """Whether a paragraph is a block of contacts, the sender's among them."""
    found = [o for o in block if _CONTACT.search(o[:CUT]) and len(o.split()) <= 5]
    return (
        len(block) >= 3
        and len(found) >= 2
        and not any(_bare(o) for o in block)
        and any(map(sender.appears, found))
    )


def _closed_block(lines: list[str], text: list[int], sender: Sender) -> int:
    """A closing with a name and something below it; a formal closing with a name, if the header has one too."""
    tail = text[-_BLOCK:]
    for position, index in enumerate(tail):
        line = lines[index]
        regards = _is_regards(line)
        if not regards and not _is_thanks(line):
            continue
        block = [lines[i] for i in tail[position + 1 :]]
        if not block or not _alike(block) or not _NAME.match(block[0]):
            continue
        if len(block) > 1 and any(_CONTACT.search(o[:CUT]) or _COMPANY.search(o[:CUT]) for o in block[1:]):
            return index
        if (
            len(block) == 1
            and regards
            and sender.name
            and block[0].strip()[0].isalpha()
            and len(block[0].split()) < 4
        ):
            return index
    return len(lines)


def _bare(line: str) -> bool:
    return not line.strip(" \t\u3000\u00a0|")


def _above(lines: list[str], index: int) -> int:
    index -= 1
    while index >= 0 and _bare(lines[index]):
        index -= 1
    return index
