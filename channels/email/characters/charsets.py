"""Bytes to text, with the charset as sent and as meant. Pure; never raises; linear.

Senders label a superset by its subset's name (GB 2312 for GB 18030, Shift_JIS for CP 932) and sometimes lie
outright, so a label is a hint that the bytes may refute. What a label means is said in labels.py, what bytes
without one are in detect.py.
"""

import codecs
import re

from channels.email.characters.detect import (
    SURE,
    best_double,
    best_single,
    is_mostly_utf8,
    is_strong_utf8,
    is_utf16,
    likely_order,
    likeness,
)
from channels.email.characters.iso2022 import decode_euc, decode_jis, decode_shifted, has_jis, restore_escapes
from channels.email.characters.labels import NO_HELP, codec_of

_STATED = re.compile(rb"(?i)charset\s{0,4}\*?(?:0\*?)?=\s{0,4}[\"']?([a-z][a-z0-9_.:-]{1,40})")
_WORD = b"charset"
_C1 = re.compile("[\x80-\x9f]")
_BETTER = {"iso8859-2": "cp1250", "iso8859-7": "cp1253", "iso8859-8": "cp1255", "iso8859-13": "cp1257", "iso8859-4": "cp1257",
           "iso8859-15": "cp1252", "iso8859-6": "cp1256", "iso8859-5": "cp1251", "iso8859-3": "cp1254"}  # fmt: skip
_DOUBLE = frozenset({"gb18030", "cp950", "big5hkscs", "cp932", "euc_jp", "cp949"})
_HZ = re.compile(rb"~\{(?:[\x21-\x77][\x21-\x7e])+~\}")
_SEVEN_BIT = re.compile(r"\+[A-Za-z0-9+/]{2,}-")
_DOUBLED = re.compile(
    "[\u00c2-\u00df][\u0080-\u00bf\u0152-\u2122]|[\u00e0-\u00ef][\u0080-\u00bf\u0152-\u2122]{2}"
)


def decode(data: bytes, label: str = "", hint: str = "") -> str:
    """Text of `data`. `label` is what the letter claims for it ("" when it claims nothing); `hint` is what
    the letter claims elsewhere."""
    name = codec_of(label)
    if data.isascii():
        return _decode_ascii(data, name)
    if name.startswith(("utf-16", "utf-32")) and (
        b"\0" in data or not is_strong_utf8(data) or _utf8(data) is None
    ):
        return _without_bom(_wide(data, name))
    if name in NO_HELP:
        return guess(data, hint)
    utf8 = _utf8(data)
    # As Latin text, valid UTF-8 would be "Ã¶" and the like, which nobody writes.
    if utf8 is not None and (name not in _DOUBLE or is_strong_utf8(data)):
        return _without_bom(_unlatin(utf8, name))
    if has_jis(data[:4096]):
        return decode_jis(data)
    if name.startswith("iso-2022"):
        return guess(data, {"iso-2022-jp": "shift_jis", "iso-2022-kr": "euc-kr"}.get(name, "gb18030"))
    if name in _DOUBLE:
        return _double(data, name)
    if name != "cp1252":
        return _by(name, data)
    # A label of Latin text is often a program's default, but not nothing: some evidence is asked for.
    better, sure = best_double(data)
    if sure >= _needed(data) and _is_double_byte_text(data):
        return _by(better, data)
    return _by(best_single(data, least=10, sure=0.7) or name, data)


def guess(data: bytes, hint: str = "") -> str:
    """Text of bytes that carry no label or a useless one (8-bit headers, file names)."""
    if not hint and data.isascii() and b"\x1b" not in data and b"\0" not in data:
        return data.decode("ascii")
    if has_jis(data):
        return decode_jis(data)
    if data.isascii():
        return _decode_ascii(data, codec_of(hint))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) and len(data) % 2 == 0:
        return _without_bom(_by("utf-16", data))
    hinted = codec_of(hint)
    utf8 = _utf8(data)
    if utf8 is not None and (hinted not in _DOUBLE or is_strong_utf8(data)):
        return _without_bom(_unlatin(utf8, hinted))
    wide = is_utf16(data)
    if wide:
        return _by(wide, data)
    hinted = {"iso-2022-jp": "cp932", "iso-2022-kr": "cp949", "hz": "gb18030"}.get(hinted, hinted)
    if hinted in _DOUBLE and likeness(data, hinted) > 0.2:
        return _double(data, hinted)
    if is_mostly_utf8(data):
        return data.decode("utf-8", "replace")
    speaks = (
        hinted not in NO_HELP
        and hinted not in ("cp1252", "utf-7")
        and not hinted.startswith(("utf-", "iso-2022"))
    )
    firm = speaks and hinted not in _DOUBLE
    better, sure = best_double(data)
    if sure >= (0.6 if firm else SURE) and _is_double_byte_text(data) and (not firm or len(data) > 16):
        return _by(better, data)
    return _by(hinted if speaks else best_single(data) or "cp1252", data)


def stated_charset(raw: bytes) -> str:
    """The first charset that a letter names anywhere and that says something; "" when none does."""
    sample = raw[:400_000]
    # Most of a letter is base64: the word is looked for without looking at each place for all that may follow it.
    folded = sample.lower()
    position = folded.find(_WORD)
    while position >= 0:
        match = _STATED.match(sample, position)
        if match is not None and codec_of(label := match.group(1).decode("ascii")) not in NO_HELP:
            return label
        position = folded.find(_WORD, match.end() if match is not None else position + len(_WORD))
    return ""


def undouble(text: str) -> str:
    """Text that was taken for Latin-1 once too often ("Ã¼") as it was meant, where that is certain: every
    foreign character must belong to such a sequence, and there must be two of them or a long one."""
    if text.isascii():
        return text
    found = _DOUBLED.findall(text)
    if not found or (len(found) < 2 and len(found[0]) < 3):
        return text
    try:
        data = b"".join(c.encode("cp1252") if c > "\x9f" else c.encode("latin-1") for c in text)
        return data.decode("utf-8")
    except UnicodeError:
        return text


def _unlatin(text: str, name: str) -> str:
    """UTF-8 made of double-byte text that a gateway had taken for Latin-1, where the letter names its charset."""
    if name not in _DOUBLE or max(text, default="") > "\u00ff":
        return text
    data = text.encode("latin-1")
    mine = _strict(data, name)
    return mine if mine is not None and likeness(data, name) >= 0.5 else text


def _decode_ascii(data: bytes, name: str) -> str:
    if b"\x1b" in data or (name.startswith("iso-2022") and b"\x0e" in data):
        if name == "iso-2022-kr" or b"\x1b$)C" in data:
            return decode_shifted(data, "cp949")
        if name == "iso-2022-cn" or b"\x1b$)A" in data or b"\x1b$)G" in data:
            return decode_shifted(data, "gb2312")
        if has_jis(data):
            return decode_jis(data)
    if name == "iso-2022-jp" and (b"$B" in data or b"$@" in data):
        return decode_jis(restore_escapes(data))
    if name == "utf-7":
        return _by("utf-7", data)
    if name == "hz" or (name == "gb18030" and _HZ.search(data)):
        return _by("hz", data)
    if name.startswith(("utf-16", "utf-32")) and b"\0" in data:
        return _without_bom(_wide(data, name))
    if b"\0" in data and not name:
        wide = is_utf16(data)
        return _by(wide, data) if wide else data.decode("ascii")
    return data.decode("ascii")


def decode_seven_bit(text: str) -> str:
    """UTF-7 that stands unencoded in a header of a letter whose body is UTF-7."""
    if not _SEVEN_BIT.search(text) or not text.isascii():
        return text
    return _SEVEN_BIT.sub(lambda m: _by("utf-7", m.group().encode("ascii")), text)


def _double(data: bytes, name: str) -> str:
    """By a double-byte label, unless the bytes read far better as another double-byte charset."""
    mine = _strict(data, name)
    own = 0.0 if mine is None else likeness(data, name)
    if mine is None and is_mostly_utf8(data):
        return data.decode("utf-8", "replace")
    if own >= 0.5:
        return mine or ""
    better, sure = best_double(data)
    if better != name and sure - own >= 0.35 and sure >= (0.5 if mine is None or len(data) >= 8 else 0.9):
        return _by(better, data)
    return mine if mine is not None else _by(name, data)


def _strict(data: bytes, name: str) -> str | None:
    if name == "euc_jp":
        text = decode_euc(data)
        return None if "\ufffd" in text else text
    for codec in (name, "big5hkscs") if name == "cp950" else (name,):
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    return None


def _by(name: str, data: bytes) -> str:
    if name == "cp1252":
        return _latin(data)
    if name == "euc_jp":
        return decode_euc(data)
    if name == "cp950":
        strict = _strict(data, name)
        if strict is not None:
            return strict
        name = "big5hkscs" if data.decode("cp950", "replace").count("\ufffd") > 2 else name
    try:
        text = data.decode(name, "replace")
    except (LookupError, UnicodeError, ValueError):
        return _latin(data)
    if name == "utf-7":
        return _HALVES.sub("\ufffd", text)
    better = _BETTER.get(name)
    return data.decode(better, "replace") if better and _C1.search(text) else text


def _wide(data: bytes, name: str) -> str:
    if name == "utf-16" and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        # Without a mark it is big-endian (RFC 2781 4.3), but Windows sends the other way round.
        name = is_utf16(data) or likely_order(data)
    return _by(name, data)


def _latin(data: bytes) -> str:
    return codecs.charmap_decode(data, "strict", _CP1252)[0]


_HALVES = re.compile("[\ud800-\udfff]")
"""Of surrogate pairs: the only codec that lets a half through is that of UTF-7, and nothing can keep one."""
_CP1252 = "".join(bytes((b,)).decode("cp1252", "ignore") or chr(b) for b in range(256))
"""Windows-1252, with the five places that it leaves empty as Latin-1 has them."""


def _utf8(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _is_double_byte_text(data: bytes) -> bool:
    """Whether the 8-bit bytes stand in runs, as they do in East Asian text, not alone as in Latin words."""
    runs = re.findall(rb"[\x80-\xff](?:[\x40-\x7e\x80-\xff]*[\x80-\xff])?", data[:20_000])
    return max((len(r) for r in runs), default=0) >= 4 or (len(runs) == 1 and len(runs[0]) >= 3)


def _needed(data: bytes) -> float:
    """How sure another reading must be where Latin text is claimed. Latin words mix accented letters with plain ones, hold few
    signs, and do not consist of two letters."""
    high = _latin(data[:20_000].translate(None, _ASCII))
    if len(set(high)) < 3:
        return 2.0
    if sum(not c.isalpha() for c in high) * 6 > len(high):
        return SURE
    return 0.5 if re.search(rb"[A-Za-z][\x80-\xff]", data[:20_000]) else 0.6


_ASCII = bytes(range(128))


def _without_bom(text: str) -> str:
    return text.removeprefix("\ufeff")
