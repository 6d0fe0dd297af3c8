"""What a charset's label means: the name of Python's codec for it, read as senders mean it. Pure.

A subset's name stands for the superset that everybody sends under it (WHATWG Encoding Standard).
"""

import codecs
import re
from functools import lru_cache

NO_HELP = frozenset({"", "ascii", "utf-8"})
"""Names that say nothing against other evidence: they are written by default."""

_SUPERSETS = {
    "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030", "gb_2312-80": "gb18030", "gb-2312": "gb18030",
    "csgb2312": "gb18030", "x-gbk": "gb18030", "euc-cn": "gb18030", "x-euc-cn": "gb18030", "chinese": "gb18030",
    "gb2312-80": "gb18030", "gb_2312": "gb18030", "gb2312_charset": "gb18030", "chinesesimplified": "gb18030",
    "iso-ir-58": "gb18030", "csiso58gb231280": "gb18030", "x-mac-chinesesimp": "gb18030", "cp936": "gb18030",
    "hz-gb-2312": "hz", "hz-gb2312": "hz", "hz": "hz", "iso-gb2312": "gb18030", "gb13000": "gb18030",
    "big5": "cp950", "big-5": "cp950", "x-big5": "cp950", "cn-big5": "cp950", "csbig5": "cp950", "x-x-big5": "cp950",
    "big5-eten": "cp950", "big5-2003": "cp950", "x-mac-chinesetrad": "cp950", "cp950": "cp950", "big5_tw": "cp950",
    "big5-hkscs": "big5hkscs", "big5hkscs": "big5hkscs", "hkscs": "big5hkscs", "big5-hkscs:2004": "big5hkscs",
    "shift_jis": "cp932", "shift-jis": "cp932", "shiftjis": "cp932", "sjis": "cp932", "x-sjis": "cp932",
    "ms_kanji": "cp932", "windows-31j": "cp932", "csshiftjis": "cp932", "ms932": "cp932", "x-mac-japanese": "cp932",
    "x-ms-cp932": "cp932", "cswindows31j": "cp932", "shift_jisx0213": "shift_jisx0213", "shift_jis-2004": "shift_jis_2004",
    "euc-jp": "euc_jp", "x-euc-jp": "euc_jp", "eucjp": "euc_jp", "eucjp-ms": "euc_jp", "eucjp-win": "euc_jp",
    "cp51932": "euc_jp",
    "x-euc": "euc_jp", "cseucpkdfmtjapanese": "euc_jp", "ujis": "euc_jp", "euc_jp": "euc_jp", "cp20932": "euc_jp",
    "iso-2022-jp": "iso-2022-jp", "cp50220": "iso-2022-jp", "cp50221": "iso-2022-jp", "cp50222": "iso-2022-jp",
    "jis": "iso-2022-jp", "csiso2022jp": "iso-2022-jp", "jis7": "iso-2022-jp", "junet": "iso-2022-jp",
    "iso-2022-kr": "iso-2022-kr", "csiso2022kr": "iso-2022-kr", "iso-2022-cn": "iso-2022-cn", "iso-2022-cn-ext": "iso-2022-cn",
    "ks_c_5601-1987": "cp949", "ks_c_5601-1989": "cp949", "ks_c_5601": "cp949", "ks_c": "cp949", "euc-kr": "cp949",
    "euckr": "cp949", "ksc5601": "cp949", "ksc_5601": "cp949", "ksc5601-1987": "cp949", "ks-c-5601": "cp949",
    "ks_c-5601-1987": "cp949", "korean": "cp949", "uhc": "cp949", "x-windows-949": "cp949", "windows-949": "cp949",
    "ms949": "cp949", "cseuckr": "cp949", "x-euc-kr": "cp949", "x-mac-korean": "cp949", "iso-ir-149": "cp949",
    "us-ascii": "ascii", "usascii": "ascii", "ansi_x3.4-1968": "ascii", "ansi": "cp1252", "latin": "cp1252",
    "latin1": "cp1252", "latin-1": "cp1252", "l1": "cp1252", "western": "cp1252", "iso-latin-1": "cp1252",
    "iso-8859-8-i": "iso8859-8", "iso-8859-8-e": "iso8859-8", "iso-8859-6-i": "iso8859-6", "tis-620": "cp874",
    "visual": "iso8859-8", "logical": "iso8859-8", "latin2": "iso8859-2", "latin-2": "iso8859-2", "latin9": "iso8859-15",
    "unicode-1-1-utf-7": "utf-7", "unicode-2-0-utf-7": "utf-7", "x-unicode-2-0-utf-7": "utf-7", "csunicode11utf7": "utf-7",
    "unicode": "utf-16", "ucs-2": "utf-16", "iso-10646-ucs-2": "utf-16", "unicodefeff": "utf-16",
    "macintosh": "mac_roman", "mac": "mac_roman", "x-mac-roman": "mac_roman", "x-mac-cyrillic": "mac_cyrillic",
    "x-mac-ukrainian": "mac_cyrillic", "x-mac-ce": "mac_latin2", "x-mac-greek": "mac_greek", "x-mac-turkish": "mac_turkish",
    "x-mac-icelandic": "mac_iceland", "x-mac-croatian": "mac_croatian", "x-mac-romanian": "mac_romanian",
    "koi8": "koi8_r", "koi": "koi8_r", "koi8-ru": "koi8_u", "x-cp1251": "cp1251", "cyrillic": "iso8859-5",
    "viscii": "cp1258", "tcvn": "cp1258", "dos-862": "cp862", "dos-720": "cp720",
}  # fmt: skip
_DEFAULTS = frozenset(
    {"8bit", "7bit", "binary", "unknown", "unknown-8bit", "x-unknown", "default", "default_charset", "none", "null",
     "iso-10646", "user-defined", "x-user-defined", "unknown-7bit", "charset", "undefined", "auto", "inherit"}
)  # fmt: skip
_WINDOWS = re.compile(r"(?:windows|win|cp|ms|ibm|x-cp|dos|cswindows)[-_ ]{0,2}(\d{3,5})")
_ISO = re.compile(r"iso[-_ ]?8859[-_ :]{0,2}(\d{1,2})")
_NOT_TEXT = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "charmap"}
)
_PAGES = {"932": "cp932", "936": "gb18030", "949": "cp949", "950": "cp950", "54936": "gb18030", "20936": "gb18030",
          "51932": "euc_jp", "50220": "iso-2022-jp", "50221": "iso-2022-jp", "50222": "iso-2022-jp", "51949": "cp949",
          "51936": "gb18030", "65001": "utf-8", "65000": "utf-7", "20866": "koi8_r", "21866": "koi8_u", "28591": "cp1252",
          "28592": "iso8859-2", "28595": "iso8859-5", "28597": "iso8859-7", "28599": "cp1254", "28605": "iso8859-15",
          "20127": "ascii", "1200": "utf-16", "1201": "utf-16-be", "10000": "mac_roman", "10007": "mac_cyrillic",
          "52936": "hz", "50227": "iso-2022-cn", "50225": "iso-2022-kr", "20932": "euc_jp"}  # fmt: skip


@lru_cache(maxsize=512)
def codec_of(label: str) -> str:
    """The codec that a label means, a name of iso2022.py, or "" when it means nothing."""
    name = label.strip().strip("\"'=<>").lower()[:80].strip()
    name = re.sub(r"[^a-z0-9_.:()+ -].*", "", name, flags=re.DOTALL).strip()
    name = name.removeprefix("charset").lstrip("=: ").removeprefix("x-charset-")[:40].rstrip("-_. ")
    if not name or name in _DEFAULTS:
        return ""
    if name in _SUPERSETS:
        return _SUPERSETS[name]
    if name.startswith(("iso-2022-jp", "iso2022jp")):
        return "iso-2022-jp"
    found = _lookup(name) or _lookup(name.removeprefix("x-")) or _by_shape(name)
    return _SUPERSETS.get(found, found)


def _lookup(name: str) -> str:
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    # Codecs such as base64 or rot13 are not charsets and must not be reached from a letter.
    if not getattr(found, "_is_text_encoding", True) or found.name.replace("-", "_") in _NOT_TEXT:
        return ""
    return _LATIN.get(found.name, found.name)


_LATIN = {"iso8859-1": "cp1252", "iso8859-9": "cp1254", "iso8859-11": "cp874", "euc_kr": "cp949", "utf-8-sig": "utf-8",
          "gb2312": "gb18030", "gbk": "gb18030", "big5": "cp950", "shift_jis": "cp932", "latin_1": "cp1252",
          "iso2022_jp": "iso-2022-jp", "iso2022_kr": "iso-2022-kr", "tis-620": "cp874"}  # fmt: skip


def _by_shape(name: str) -> str:
    """Labels with something before, after or between: `windows1251`, `iso-8859-15-windows`, `3dutf-8`."""
    if re.search(r"ut?f?t?[-_ ]?8", name) and ("8859" not in name):
        return "utf-8"
    match = _ISO.search(name)
    if match:
        return _lookup(f"iso8859-{match.group(1)}")
    match = _WINDOWS.search(name)
    if match:
        return _PAGES.get(match.group(1)) or _lookup(f"cp{match.group(1)}")
    for part in (
        "iso-2022-jp",
        "gb18030",
        "gb2312",
        "gbk",
        "big5",
        "shift_jis",
        "euc-jp",
        "euc-kr",
        "koi8-r",
        "koi8-u",
    ):
        if part in name:
            return _SUPERSETS.get(part) or _lookup(part)
    return ""
