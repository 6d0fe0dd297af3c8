"""The coding system of all business objects: a letter, a hyphen, a serial number and its check digit (T-10019).

The check digit is Damm's, which notices every single wrong digit and every swap of two neighbours; the database makes it in
`with_check_digit`. People may leave out letter, hyphen and spaces.
"""

import re

TICKET, CUSTOMER, ORGANISATION, TASK, INCIDENT = "T", "C", "O", "A", "I"

_QUASIGROUP = (
    "0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
    "3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
)  # fmt: skip
_CODE = re.compile(r"(?:([A-Z])-?)?(\d{2,18})")


class NotACode(ValueError):
    """What was given cannot be a code; the text says why."""


def show_code(letter: str, number: int) -> str:
    """>>> show_code(TICKET, 10019)
    'T-10019'
    """
    return f"{letter}-{number}"


def read_code(letter: str, spoken: str) -> int:
    """The number in what a person typed or said. Raises NotACode with a sentence that says what is wrong.

    >>> read_code(TICKET, "t 10019")
    10019
    """
    match = _CODE.fullmatch(re.sub(r"[\s#]", "", spoken).upper())
    if match is None:
        raise NotACode(f"{spoken!r} is not a code: expected {letter}- and digits, for example {letter}-10019")
    if match[1] not in (None, letter):
        raise NotACode(f"{spoken!r} is a code of another kind: expected {letter}-…")
    if not has_check_digit(match[2]):
        raise NotACode(f"{spoken!r} has a wrong digit: its check digit does not fit")
    return int(match[2])


def has_check_digit(digits: str) -> bool:
    """Whether the last of `digits` is the check digit of those before it."""
    interim = 0
    for digit in digits:
        interim = int(_QUASIGROUP[interim][int(digit)])
    return interim == 0


def with_check_digit(serial: int) -> int:
    """The number of a code: a serial number and its check digit, as the database makes it.

    >>> with_check_digit(1001)
    10019
    """
    interim = 0
    for digit in str(serial):
        interim = int(_QUASIGROUP[interim][int(digit)])
    return serial * 10 + interim
