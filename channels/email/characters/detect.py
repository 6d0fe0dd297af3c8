"""Which charset bytes without a trustworthy label are in. Pure; never raises; linear in a bounded sample.

Each candidate reads the bytes; the one whose characters people really write wins (frequent.py). Nothing
here knows of letters.
"""

import codecs
import re
from collections import Counter

from channels.email.characters import frequent

_SAMPLE = 6000
"""Bytes that are looked at."""
SURE = 0.35
"""Likeness from which a reading counts as found: wrong readings of Chinese, Japanese or Korean stay below
0.3 on average, right ones lie above 0.5."""
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_WORD_RUN = re.compile(rb"[\x80-\xff]{3,}")
_MULTI = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_DOUBLE = (
    ("gb18030", frequent.SIMPLIFIED),
    ("cp950", frequent.TRADITIONAL),
    ("cp932", frequent.JAPANESE),
    ("euc_jp", frequent.JAPANESE),
    ("cp949", frequent.KOREAN),
)
_SINGLE = (
    ("cp1251", frequent.CYRILLIC),
    ("koi8_u", frequent.CYRILLIC),
    ("cp866", frequent.CYRILLIC),
    ("iso8859_5", frequent.CYRILLIC),
    ("cp1253", frequent.GREEK),
    ("cp1255", frequent.HEBREW),
    ("cp1256", frequent.ARABIC),
)
_WEIGHTS = {
    letter: (1.0 if place < 11 else 0.6 if place < 20 else 0.25)
    for _, letters in _SINGLE
    for place, letter in enumerate(letters)
}


def best_double(data: bytes) -> tuple[str, float]:
    """The double-byte charset that fits best, and its likeness (0 to 1). ("", 0.0) when none can be read."""
    best, top = "", 0.0
    for codec, common in _DOUBLE:
        found = _likeness(data, codec, common)
        if found > top + 0.02:
            best, top = codec, found
    return best, top


def likeness(data: bytes, codec: str) -> float:
    """How much the reading of `data` by the double-byte `codec` that a letter names looks like text (0 to 1). Kana, of either
    width, speak for it whatever it is: Chinese charsets hold them too."""
    common = next((c for name, c in _DOUBLE if name == codec), None)
    return 0.5 if common is None else _likeness(data, codec, common, named=True)


def best_single(data: bytes, *, least: int = 4, sure: float = 0.55) -> str:
    """The one-byte charset of a text whose words are written in 8-bit letters throughout (Cyrillic, Greek, Hebrew, Arabic), or
    "". It must have `least` such letters and be as likely as `sure`: lists of accented letters look a little like words."""
    sample = data[:_SAMPLE]
    high = sum(len(r) for r in _HIGH_RUN.findall(sample))
    if high < least or sum(len(r) for r in _WORD_RUN.findall(sample)) * 10 < high * 6:
        return ""
    best, top = "", sure
    for codec, letters in _SINGLE:
        found = _alphabet_likeness(sample, codec, letters)
        if found > top:
            best, top = codec, found
    return best


def is_utf16(data: bytes) -> str:
    """ "utf-16-le" or "utf-16-be" when every second byte of nearly all is zero, else ""."""
    sample = data[:_SAMPLE]
    if len(sample) < 4 or b"\0" not in sample:
        return ""
    half = len(sample) // 2
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd * 10 >= half * 7 and even * 10 < half:
        return "utf-16-le"
    return "utf-16-be" if even * 10 >= half * 7 and odd * 10 < half else ""


def likely_order(data: bytes) -> str:
    """The byte order of UTF-16 without a mark: the one that gives more characters that people write."""
    known = frequent.SIMPLIFIED | frequent.TRADITIONAL | frequent.JAPANESE | frequent.KOREAN
    little, big = (
        sum(
            c in known or "\n" <= c < "\u0500" or "\u3000" <= c < "\u3100"
            for c in data[:2000].decode(order, "replace")
        )
        for order in ("utf-16-le", "utf-16-be")
    )
    return "utf-16-le" if little > big else "utf-16-be"


def is_strong_utf8(data: bytes) -> bool:
    """Whether valid UTF-8 is no accident: some double-byte text of one or two words happens to be valid."""
    if data.startswith(b"\xef\xbb\xbf"):
        return True
    return any(
        place == 4 or len(match.group()) >= 3 for place, match in enumerate(_MULTI.finditer(data[:20_000]), 1)
    )


def is_mostly_utf8(data: bytes) -> bool:
    """Whether it is UTF-8 with a few bytes broken or cut off."""
    sample = data[:20_000]
    high = sum(len(m) for m in _HIGH_RUN.findall(sample))
    found = _MULTI.findall(sample)
    good = sum(len(m) for m in found)
    return high > 0 and good * 10 >= high * 7 and (len(found) >= 2 or any(len(m) >= 3 for m in found))


def _read(data: bytes, codec: str) -> str | None:
    sample = data[:_SAMPLE]
    try:
        return codecs.getincrementaldecoder(codec)("strict").decode(sample, len(sample) == len(data))
    except UnicodeDecodeError:
        return None


def _likeness(data: bytes, codec: str, common: frozenset[str], *, named: bool = False) -> float:
    text = _read(data, codec)
    if text is None:
        return 0.0
    japanese, korean = common is frequent.JAPANESE, common is frequent.KOREAN
    score = 0.0
    seen = 0
    # Each character once, times how often it is there.
    for char, times in Counter(text).items():
        if char < "\x80":
            continue
        seen += times
        if "\u3000" <= char <= "\u301f" or "\uff01" <= char <= "\uff5e":
            # Punctuation and wide letters lie at the same places in several charsets.
            score += 0.4 * times
        elif char in common:
            score += times
        elif "\u3041" <= char <= "\u30fe":
            score += times * (1.0 if japanese else 0.6 if named else 0.0)
        elif "\uac00" <= char <= "\ud7a3":
            score += times * (0.35 if korean else 0.0)
        elif "\uff61" <= char <= "\uff9f":
            score += times * (0.6 if named else 0.1)
        elif "\ue000" <= char <= "\uf8ff":
            score -= times
    return max(0.0, score / seen) if seen else 0.0


def _alphabet_likeness(sample: bytes, codec: str, letters: str) -> float:
    text = sample.decode(codec, "replace")
    total = 0.0
    seen = 0
    before_lower = False
    for char in text:
        if char < "\x80":
            before_lower = False
            continue
        seen += 1
        lower = char.lower()
        weight = _WEIGHTS.get(lower, 0.0) if lower in letters else -0.5
        if lower != char:
            # Small letters after capitals, not the other way round: koi8 and cp1251 differ in just that.
            total += weight * 0.85 - (0.7 if before_lower else 0.0)
            before_lower = False
        else:
            total += weight
            before_lower = True
    return total / seen if seen else 0.0
