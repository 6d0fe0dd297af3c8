"""The words in templates and signatures that stand for something: a short list, replaced once, literally. Pure.

Nothing else in such a text is special. What is put in is one line of plain text, and is not looked at again: a customer who is
called {{agent.name}} stays one.
"""

import re
from collections.abc import Mapping
from datetime import date

from babel.dates import format_date

from channels.clean import clean_line

PLACEHOLDERS = (
    "customer.name",
    "ticket.number",
    "ticket.subject",
    "agent.name",
    "inbox.address",
    "today",
    "ticket.link",
)
_NAMED = re.compile(r"\{\{ ?([a-z]+(?:\.[a-z]+)?) ?\}\}")
_MOST = 300
"""Characters of one value."""


def fill_in(text: str, values: Mapping[str, str]) -> str:
    """The text with what its placeholders stand for. Names without a value, and everything else in braces, stay as they are."""
    return _NAMED.sub(
        lambda found: clean_line(values[found[1]], _MOST) if found[1] in values else found[0], text
    )


def values_of(
    *,
    customer_name: str,
    ticket_number: str,
    ticket_subject: str,
    agent_name: str,
    inbox_address: str,
    today: date,
    language: str,
    ticket_link: str = "",
) -> dict[str, str]:
    """One value for each of PLACEHOLDERS. `language` is en or zh_CN; `today` is written in it. `ticket_link`: to the
    ticket on the customer's own page, "" where there is none."""
    given = (customer_name, ticket_number, ticket_subject, agent_name, inbox_address)
    return dict(
        zip(PLACEHOLDERS, (*given, format_date(today, "long", locale=language), ticket_link), strict=True)
    )


def words_language(language: str) -> str:
    """The language of the words that the hub adds itself (en, zh_CN), for a ticket's (as routing.classify has it)."""
    return "zh_CN" if language.lower().startswith("zh") else "en"
