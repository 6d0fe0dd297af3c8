"""What every translator does to text from outside before anybody stores or shows it. Pure.

Postgres keeps neither NUL nor half of a surrogate pair, and no person wants control characters or letters
that turn the reading direction of a file name.
"""

import re
import unicodedata
from typing import Any

import orjson

from channels.adapter import CannotTranslate

_LINE_ENDS = re.compile("\r\n|[\r\u0085\u2028\u2029\x0b\x0c]")
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_DIRECTIONS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]")
_FORBIDDEN_IN_NAMES = re.compile(r'[/\\:*?"<>|]')
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
MOST_DEPTH = 50


def clean_text(value: str, most: int) -> str:
    """Text of several lines, at most `most` characters, that Postgres keeps and a person can read."""
    return _UNWANTED.sub("", _LINE_ENDS.sub("\n", value))[:most].strip("\n\t ")


def clean_line(value: str, most: int) -> str:
    """One line: a name, a subject. White space is folded and direction overrides are taken out."""
    folded = " ".join(_LINE_ENDS.sub(" ", value).split())
    return _DIRECTIONS.sub("", _UNWANTED.sub("", folded))[:most].strip()


def safe_filename(value: str, fallback: str = "file") -> str:
    """A name that is safe to show and to offer for download, whatever the sender called the file.

    >>> safe_filename("../../etc/passwd")
    'passwd'
    """
    # Cut first: to compose many marks upon one letter takes a time that grows with the square of their number.
    name = clean_line(unicodedata.normalize("NFC", value[:4000]), 1000).replace("\\", "/").rpartition("/")[2]
    name = _FORBIDDEN_IN_NAMES.sub("_", name).strip(". ")
    if not name or _DEVICES.fullmatch(name):
        return fallback
    if len(name) > 150:
        stem, dot, ending = name.rpartition(".")
        name = f"{stem[:130]}.{ending[:15]}" if dot and stem else name[:150]
    return name


def safe_content_type(value: str) -> str:
    """`value` where it has the form of a media type (RFC 6838), without parameters; else octet-stream."""
    bare = value.partition(";")[0].strip().lower()
    good = re.fullmatch(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}", bare)
    return bare if good else "application/octet-stream"


def read_json_object(content: bytes) -> dict[str, Any]:
    """The JSON object that `content` is. Raises CannotTranslate for anything else, for numbers that are no
    numbers, for half surrogate pairs and for nesting that only an attacker writes."""
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise CannotTranslate(f"The content is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise CannotTranslate(f"The content is a JSON {type(value).__name__}, not an object")
    _refuse_deep(value)
    return value


def _refuse_deep(value: Any) -> None:
    level = [value]
    for _ in range(MOST_DEPTH):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return
    raise CannotTranslate(f"The content is nested deeper than {MOST_DEPTH} levels")
