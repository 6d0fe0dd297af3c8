"""JSON as attackers write it: a good document with something in it replaced or cut, the same way for the same chance."""

import json
import random
from typing import Any

BAD: tuple[str, ...] = (
    "null", "true", "[]", "{}", "[null]", '""', "0", "-1", "1e400", "-1e400", "9" * 30, "1.5", "0.0", '"\\ud800"', '"\\u0000"',
    '"\\u202e\\u200b\\ufeff"', '"' + "x" * 70_000 + '"', "[" * 200 + "]" * 200, '{"a":' * 300 + "1" + "}" * 300, "NaN",
    "Infinity",
    '"2026-11-26T00:00:00Z"', '"1e9"', "9223372036854775808", "-9223372036854775809", '"__proto__"', '{"__proto__":{"x":1}}',
    '["a","b",["c"]]', '"\\u0085\\u2028\\r\\nBcc: e@evil.example"', '"<svg/onload=alert(1)>"', '"\\ud83d"', "253402300800",
)  # fmt: skip
"""As it stands in the document, so that what no serialiser would write can be tried too."""


def spoil(document: Any, chance: random.Random) -> bytes:
    """`document` with one to four of its values changed, and sometimes its bytes too."""
    marks = {}
    copy = json.loads(json.dumps(document))
    for number in range(chance.randint(1, 4)):
        mark = f"@@{number}@@"
        if _put(copy, mark, chance):
            marks[json.dumps(mark)] = chance.choice(BAD)
    text = json.dumps(copy)
    for mark, bad in marks.items():
        text = text.replace(mark, bad)
    data = bytearray(text, "utf-8", "surrogatepass")
    for _ in range(chance.choice((0, 0, 0, 1, 3))):
        place = chance.randrange(len(data))
        data[place : place + chance.choice((0, 1, 9))] = chance.randbytes(chance.choice((0, 1, 4)))
    return bytes(data)


def _put(value: Any, mark: str, chance: random.Random) -> bool:
    """Somewhere inside, in the place of something or beside it."""
    while isinstance(value, (dict, list)) and value:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = chance.choice(keys)
        inner = value[key]
        if not isinstance(inner, (dict, list)) or not inner or chance.random() < 0.3:
            if isinstance(value, dict) and chance.random() < 0.15:
                key = chance.choice(("__proto__", "constructor", "", "\x00", "update_id", "type", "x" * 3000))
            value[key] = mark
            return True
        value = inner
    return False
