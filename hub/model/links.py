"""What a text names that can be opened: places on the web and mailboxes. Pure.

Strangers write these texts: every character is read once, however they are chosen. What is found in the midst of other words
ends where their punctuation begins.
"""

import re
from collections.abc import Iterator

_CHINESE = "\u2e80-\U0001ffff"
"""From here on no letter of an address that people type; they write on behind one without a blank."""
_NAME = rf"[^\W{_CHINESE}]"
_BEGINS = rf"(?<![^\s<>()\[\],;\"'\\{_CHINESE}])"
"""Not in the midst of a word, of a mailbox or of another address: so no place but the first of a word is tried."""
_LINK = re.compile(
    rf"""
    (?<![A-Za-z0-9]) (?P<web> (?:https?://|www\.) [^\s<>"，。；：！？、（）《》【】「」“”…]++ )
    | {_BEGINS} (?P<mailbox> (?:mailto:)? [^\s@<>()\[\],;:"'\\{_CHINESE}]{{1,64}}+
        @ (?:(?:{_NAME}|-){{1,63}}+\.){{1,8}} {_NAME}{{1,63}}+ ) (?!@|-)
    | {_BEGINS} (?P<bare> (?:[A-Za-z0-9-]{{2,63}}+\.){{1,8}} (?:com|net|int|edu|gov|org|info|mil) (?::[0-9]{{1,5}})?
        (?: [/?#] [^\s<>"，。；：！？、（）《》【】「」“”…]*+ )? ) (?![\w@:-]|\.\w)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_HOST = re.compile(
    r"(?:https?://|www\.)(?:[\w%-]{1,63}(?:\.[\w%-]{1,63}){0,20}|\[[\da-f:.]{2,45}\])(?::\d{1,5})?(?=[/?#]|$)",
    re.IGNORECASE,
)
_AFTER = ".,:;!?'"
_PAIRS = (("(", ")"), ("[", "]"))


def with_links(text: str) -> Iterator[tuple[str, str]]:
    """The text in pieces, each with the address that it leads to, or "".

    >>> list(with_links("See www.shop.example/a."))
    [('See ', ''), ('www.shop.example/a', 'https://www.shop.example/a'), ('.', '')]
    """
    place = 0
    for found in _LINK.finditer(text):
        words = _without_tail(found.group()) if found["mailbox"] is None else found.group()
        if address := _address(found, words):
            yield text[place : found.start()], ""
            yield words, address
            place = found.start() + len(words)
    yield text[place:], ""


def _address(found: re.Match[str], words: str) -> str:
    if found["mailbox"] is not None:
        return words if words.lower().startswith("mailto:") else f"mailto:{words}"
    if found["web"] is not None and not _HOST.match(words):
        return ""
    return words if words.lower().startswith(("http://", "https://")) else f"https://{words}"


def _without_tail(found: str) -> str:
    """What stands behind an address belongs to the sentence, but for the second of two brackets that both stand in it."""
    end = len(found.rstrip(_AFTER + ")]"))
    for opening, closing in _PAIRS:
        unclosed = found.count(opening, 0, end) - found.count(closing, 0, end)
        while unclosed > 0 and (next_one := found.find(closing, end) + 1):
            end, unclosed = next_one, unclosed - 1
    return found[:end]
