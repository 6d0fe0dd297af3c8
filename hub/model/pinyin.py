"""How Chinese is typed without an input method: by the letters that it sounds like, or by the first of each. Pure.

pypinyin is asked for every reading of a character rather than for the right one: who looks for 重新 finds it by cx and by zx, and
its dictionary of phrases (45 MB of memory) is never loaded.
"""

import os
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from itertools import islice, product
from typing import Any

MOST_WAYS = 8
"""So many ways of reading one text are kept."""


@lru_cache(maxsize=4096)
def pinyin_of(text: str) -> str:
    """What a text in Chinese may be found by beside itself, parted by blanks: whole syllables and their initials, in each of
    its readings. "" where nothing in it is Chinese. What is not Chinese in it stays.

    >>> pinyin_of("退款"), pinyin_of("Refund"), pinyin_of("VIP 客户")
    ('tuikuan tk', '', 'vipkehu vipkh')
    """
    if not any("\u4e00" <= sign <= "\u9fff" for sign in text):
        return ""
    read = _reader()
    readings: list[list[str]] = []
    for sign in text.lower():
        if "\u4e00" <= sign <= "\u9fff":
            readings.append(read(sign))
        elif sign.isalnum():
            readings.append([sign])
    ways = list(islice(product(*readings), MOST_WAYS))
    whole = ["".join(way) for way in ways]
    # The initials of every way of reading, not only of those whose syllables were kept: there are fewer of them.
    initials = [list(dict.fromkeys(one[0] for one in several)) for several in readings]
    first = ["".join(way) for way in islice(product(*initials), MOST_WAYS)]
    return " ".join(dict.fromkeys((*whole, *first)))


@cache
def _reader() -> Callable[[str], list[str]]:
    # Read by pypinyin when it is imported: without phrases and copies it needs a fifth of the memory.
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
    os.environ.setdefault("PYPINYIN_NO_DICT_COPY", "true")
    import pypinyin

    @lru_cache(maxsize=8192)
    def read(sign: str) -> list[str]:
        found: Sequence[Any] = pypinyin.pinyin(sign, style=pypinyin.Style.NORMAL, heteronym=True)
        return [str(one) for one in found[0]][:4]

    return read
