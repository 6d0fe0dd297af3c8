"""What reading the first letter would have to wait for: modules, tables and patterns that are made on use.

A letter is read, which is the one way to be sure of what reading takes. Calendars are left to the letters that bring one.
"""

from channels.email.parse import parse_letter
from channels.email.translate import translate

__all__ = ["get_ready", "translate"]

_LETTER = b"""From: =?gb2312?B?wO4=?= <li@mail.example>
To: support@shop.example
Subject: Re: Hello
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

<p>Hello</p><blockquote type="cite"><p>On Monday the shop wrote</p></blockquote>
"""


def get_ready() -> None:
    """Read it."""
    parse_letter(_LETTER)
