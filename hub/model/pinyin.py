"""How Chinese names are typed on a keyboard without Chinese: in pinyin, or by the first letter of each syllable.

The table of single characters is pypinyin's. Only the table is read: the whole library keeps fifty megabytes in memory for
phrases, which names do not need.
"""

import importlib.util
import itertools
import unicodedata
from functools import cache
from pathlib import Path

import orjson

_MOST_WAYS = 16
"""A name of many characters that are read in several ways is known by its first ways of reading alone."""
_FIRST, _LAST = 0x4E00, 0x9FFF


@cache
def _readings() -> dict[str, tuple[str, ...]]:
    found = importlib.util.find_spec("pypinyin")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("pypinyin is not installed")
    table = orjson.loads((Path(found.origin).parent / "pinyin_dict.json").read_bytes())
    plain: dict[str, tuple[str, ...]] = {}
    seen: dict[str, tuple[str, ...]] = {}
    for code, marked in table.items():
        if _FIRST <= int(code) <= _LAST:
            # The same sounds are kept once for all their characters.
            ways = seen.get(marked)
            if ways is None:
                ways = seen[marked] = tuple(dict.fromkeys(_without_tone(one) for one in marked.split(",")))
            plain[chr(int(code))] = ways
    return plain


def _without_tone(syllable: str) -> str:
    """`ü` is typed as v."""
    parts = unicodedata.normalize("NFD", syllable)
    kept = "".join(one for one in parts if one == "\u0308" or not unicodedata.combining(one))
    return unicodedata.normalize("NFC", kept).replace("ü", "v").lower()


def syllables(character: str) -> tuple[str, ...]:
    """Every way to read one character, without tones; nothing for what is not Chinese.

    >>> syllables("单")[0]
    'dan'
    """
    return _readings().get(character, ())


def ways_to_type(name: str) -> tuple[str, ...]:
    """The pinyin of the Chinese characters of a name: written together, by initials, and syllable by syllable.

    >>> ways_to_type("张伟")
    ('zhangwei', 'zw', 'zhang', 'wei')
    """
    readings = [ways for character in name if (ways := syllables(character))]
    if not readings:
        return ()
    whole = itertools.islice(itertools.product(*readings), _MOST_WAYS)
    forms = [form for way in whole for form in ("".join(way), "".join(one[0] for one in way))]
    return tuple(dict.fromkeys([*forms, *itertools.chain.from_iterable(readings)]))


def sort_key(name: str) -> tuple[str, str]:
    """Names in the order of a Chinese telephone book: by pinyin, other letters among them."""
    sounds = " ".join((syllables(one) or (one,))[0] for one in name) if not name.isascii() else name
    return sounds.lower(), name
