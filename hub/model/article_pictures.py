"""Pictures in the text of an article: how a text names one, and what may be one. Pure.

A text names a picture by its token, wherever it is read: `![what it shows](picture:3f…)`. The token is 128 random bits in hex.
"""

import re
from dataclasses import dataclass

MOST_BYTES = 10 * 1024 * 1024
"""Of a picture as it is sent."""
KEPT_SIDE = 2000
"""Pixels: no side of a picture that is kept is longer."""
SMALL_WIDTH = 800
"""Pixels across, of the smaller one: what a telephone, or a column of text, shows."""
MOST_IN_TEXT = 60

_HEX = "[0-9a-f]{32}"
_IS_TOKEN = re.compile(_HEX)
_NAMED = re.compile(rf"picture:({_HEX})(?![0-9a-f])")
_WORDLESS = re.compile(rf"!\[\s*\]\(\s*<?picture:{_HEX}")
_ADDRESS = re.compile(rf"\(\s*<?picture:{_HEX}>?[^)\n]*\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Redrawn:
    """`trouble`: no_picture, moving_picture or broken_picture; then there is nothing else. `small` b"": it is small enough."""

    trouble: str = ""
    content_type: str = ""
    width: int = 0
    height: int = 0
    data: bytes = b""
    small: bytes = b""
    small_width: int = 0


def is_token(given: str) -> bool:
    """Whether it looks like one."""
    return _IS_TOKEN.fullmatch(given) is not None


def token_of(address: str) -> str:
    """Of the address of a picture in a text; "" for one that names none of ours."""
    found = _NAMED.fullmatch(address)
    return found[1] if found else ""


def pictures_in(body: str) -> list[str]:
    """The tokens that a text names, each once, in its order.

    >>> pictures_in("![A](picture:" + "ab" * 16 + ")")
    ['abababababababababababababababab']
    """
    return list(dict.fromkeys(_NAMED.findall(body)))


def lacks_words(body: str) -> bool:
    """Whether a picture of it has no words for those who do not see it."""
    return _WORDLESS.search(body) is not None


def without_addresses(body: str) -> str:
    """The text as it is searched: of a picture what it shows, and not its token.

    >>> without_addresses("see ![the lid](picture:" + "ab" * 16 + ") there")
    'see ![the lid] there'
    """
    return _ADDRESS.sub("", body)
