"""Bytes to text, with the charset as sent and as meant. Pure; never raises; linear.

Senders label a superset by its subset's name (GB 2312 for GB 18030, Shift_JIS for CP 932) and sometimes lie
outright, so a label is a hint that the bytes may refute.
"""

import codecs
import re

_SUPERSETS = {
    "gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "gb-2312": "gb18030", "csgb2312": "gb18030",
    "cp936": "gb18030", "x-gbk": "gb18030", "euc-cn": "gb18030", "windows-936": "gb18030", "gb18030": "gb18030",
    "gb2312_charset": "gb18030", "chinesesimplified": "gb18030", "hz-gb-2312": "hz",
    "big5": "cp950", "big-5": "cp950", "x-big5": "cp950", "cn-big5": "cp950", "big5-hkscs": "big5hkscs",
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "ms_kanji": "cp932",
    "windows-31j": "cp932", "cp932": "cp932", "euc-jp": "euc_jis_2004", "x-euc-jp": "euc_jis_2004",
    "ks_c_5601-1987": "cp949", "ks_c_5601": "cp949", "euc-kr": "cp949", "ksc5601": "cp949", "korean": "cp949",
    "iso-8859-1": "cp1252", "latin1": "cp1252", "iso8859-1": "cp1252", "iso_8859-1": "cp1252",
    "us-ascii": "ascii", "ansi_x3.4-1968": "ascii", "iso-8859-9": "cp1254", "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8", "iso-8859-6-i": "iso8859-6", "iso-8859-11": "cp874", "tis-620": "cp874",
    "unicode-1-1-utf-7": "utf-7", "unicode-1-1-utf-8": "utf-8", "utf8": "utf-8", "cp-850": "cp850",
    "x-mac-roman": "mac_roman", "macintosh": "mac_roman", "x-mac-cyrillic": "mac_cyrillic", "unicode": "utf-16",
}  # fmt: skip
_GUESS = frozenset(
    {"", "ascii", "8bit", "7bit", "binary", "unknown", "unknown-8bit", "x-unknown", "default", "default_charset",
     "iso-10646", "user-defined", "x-user-defined", "none", "null", "utf-8"}
)  # fmt: skip
_JIS = re.compile(rb"\x1b(?:\$[@B]|\$\([DOPQ]|\([BJIH])")
_MULTI = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")


def decode(data: bytes, label: str = "") -> str:
    """Text of `data`. `label` is what the letter claims ("" when it claims nothing)."""
    name = _name(label)
    if data.isascii():
        if b"\x1b$" in data or b"\x1b(" in data:
            return _without_bom(
                decode_jis(data) if not name.startswith("iso-2022-kr") else _by("iso2022_kr", data)
            )
        if name in ("utf-7", "hz"):
            return _by(name, data)
        if name.startswith(("utf-16", "utf-32")):
            return _by(name, data) if b"\0" in data else data.decode("ascii")
        return data.decode("ascii")
    if name.startswith(("utf-16", "utf-32")):
        return _without_bom(_by(name, data))
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) and name in _GUESS and len(data) % 2 == 0:
        return _without_bom(_by("utf-16", data))
    utf8 = _utf8(data)
    if name in _GUESS:
        if utf8 is not None:
            return _without_bom(utf8)
        if name == "utf-8" and _mostly_utf8(data):
            return _without_bom(data.decode("utf-8", "replace"))
        return guess(data)
    # As Latin text, valid UTF-8 would be "Ã¶" and the like, which nobody writes.
    if utf8 is not None and (name in ("cp1252", "iso8859-15", "cp1254") or _strong_utf8(data)):
        return _without_bom(utf8)
    if name.startswith("iso-2022-jp") or _JIS.search(data[:4096]):
        return decode_jis(data)
    if name == "cp1252":
        return _by("gb18030", data) if _looks_double_byte(data) else _latin(data)
    if name == "cp950":
        for codec in ("cp950", "big5hkscs"):
            try:
                return data.decode(codec)
            except UnicodeDecodeError:
                continue
    try:
        return data.decode(name)
    except (UnicodeDecodeError, LookupError):
        pass
    if utf8 is not None:
        return _without_bom(utf8)
    return _by(name, data)


def guess(data: bytes) -> str:
    """Text of bytes that carry no label or a useless one (8-bit headers, file names)."""
    if _JIS.search(data):
        return decode_jis(data)
    text = _utf8(data)
    if text is not None:
        return _without_bom(text)
    if _looks_double_byte(data):
        for codec in ("gb18030", "cp950", "cp932", "cp949"):
            try:
                return data.decode(codec)
            except UnicodeDecodeError:
                continue
    try:
        kana = data.decode("cp932")
    except UnicodeDecodeError:
        kana = ""
    if sum("\u3040" <= c <= "\u30ff" for c in kana) * 3 >= len(kana) > 3:
        return kana
    if _mostly_utf8(data):
        return data.decode("utf-8", "replace")
    return _latin(data)


def decode_jis(data: bytes) -> str:
    """ISO-2022-JP as written: with the vendors' extra rows (CP 50221) and half-width kana, which Python's
    codec refuses."""
    out: list[str] = []
    mode = b"("
    position = 0
    for match in _JIS.finditer(data):
        out.append(_jis_run(mode, data[position : match.start()]))
        mode, position = match.group()[1:], match.end()
    out.append(_jis_run(mode, data[position:]))
    return "".join(out)


def _jis_run(mode: bytes, run: bytes) -> str:
    if not run:
        return ""
    if mode.startswith(b"$("):
        return b"".join((b"\x1b", mode, run, b"\x1b(B")).decode(
            "iso2022_jp_2004" if mode[2:] != b"D" else "iso2022_jp_1", "replace"
        )
    if mode.startswith(b"$"):
        # The line end resets to ASCII in practice; each pair is moved into Shift_JIS, where CP 932 knows
        # the extras.
        lines = run.split(b"\n")
        out = []
        for index, line in enumerate(lines):
            out.append(_shift(line) if index == 0 else line.decode("ascii", "replace"))
        return "\n".join(out)
    if mode == b"(I":
        return bytes(b | 0x80 if 0x21 <= b <= 0x5F else b for b in run).decode("cp932", "replace")
    return run.decode("ascii") if run.isascii() else guess(run)


def _shift(run: bytes) -> str:
    out = bytearray()
    index = 0
    while index + 1 < len(run):
        first, second = run[index] & 0x7F, run[index + 1] & 0x7F
        if not (0x21 <= first <= 0x7E and 0x21 <= second <= 0x7E):
            out.append(first)
            index += 1
            continue
        lead = ((first - 0x21) >> 1) + 0x81
        if lead > 0x9F:
            lead += 0x40
        trail = second + (0x1F if first & 1 else 0x7E)
        if first & 1 and trail >= 0x7F:
            trail += 1
        out += bytes((lead, trail))
        index += 2
    out += run[index:] if index < len(run) and run[index] < 0x80 else b""
    return out.decode("cp932", "replace")


def _name(label: str) -> str:
    cleaned = re.sub(r"[^a-z0-9_.:()+-].*", "", label.strip().strip("\"'=").lower(), flags=re.DOTALL)[:40]
    cleaned = cleaned.removeprefix("charset=").removeprefix("x-charset-")
    if cleaned in _SUPERSETS:
        return _SUPERSETS[cleaned]
    if cleaned in _GUESS or cleaned.startswith("iso-2022-jp"):
        return cleaned
    try:
        found = codecs.lookup(cleaned)
    except (LookupError, ValueError):
        return ""
    # Codecs such as base64 or rot13 are not charsets and must not be reached from a letter.
    if not getattr(found, "_is_text_encoding", True) or found.name in (
        "idna",
        "punycode",
        "unicode_escape",
        "raw-unicode-escape",
        "undefined",
        "mbcs",
        "oem",
    ):
        return ""
    return _SUPERSETS.get(found.name, found.name)


def _by(name: str, data: bytes) -> str:
    try:
        return data.decode(name, "replace")
    except (LookupError, UnicodeError, ValueError):
        return _latin(data)


def _latin(data: bytes) -> str:
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return (
            "".join(bytes((b,)).decode("cp1252", "ignore") or chr(b) for b in data)
            if len(data) < 100_000
            else data.decode("latin-1")
        )


def _utf8(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _strong_utf8(data: bytes) -> bool:
    """Whether valid UTF-8 is no accident: some double-byte text of one or two words happens to be valid."""
    found = _MULTI.findall(data[:20_000])
    return len(found) >= 4 or any(len(m) == 4 for m in found) or data.startswith(b"\xef\xbb\xbf")


def _mostly_utf8(data: bytes) -> bool:
    sample = data[:20_000]
    high = sum(len(m) for m in _HIGH_RUN.findall(sample))
    good = sum(len(m) for m in _MULTI.findall(sample))
    return high > 0 and good * 10 >= high * 8


def _looks_double_byte(data: bytes) -> bool:
    """Whether nearly all 8-bit runs are pairs in the range of common Hanzi (GB 2312 rows) and punctuation."""
    runs = _HIGH_RUN.findall(data[:20_000])
    total = sum(len(r) for r in runs)
    if total < 4:
        return False
    pairs = sum(
        2 for r in runs for i in range(0, len(r) - 1, 2)
        if (0xB0 <= r[i] <= 0xF7 or 0xA1 <= r[i] <= 0xA9) and r[i + 1] >= 0xA1
    )  # fmt: skip
    longest = max(len(r) for r in runs)
    return pairs * 10 >= total * 9 and longest >= 4


def _without_bom(text: str) -> str:
    return text.removeprefix("\ufeff")
