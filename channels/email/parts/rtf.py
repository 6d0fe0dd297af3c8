"""Rich text as Outlook sends it: unpacked (MS-OXRTFCP), and as the HTML or text it stands for (MS-OXRTFEX). Pure; linear."""

import codecs
import re

MAX_RTF = 600_000
"""Bytes that are unpacked and read; the rest is cut."""
_START = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans "
    b"SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_TOKEN = re.compile(
    r"\\([a-z]{1,32})(-?\d{1,9})? ?|\\'([0-9a-fA-F]{2})|\\([^a-z])|([{}])|([^\\{}\r\n]+)|[\r\n]+|\\",
    re.DOTALL,
)
_SKIPPED = frozenset(
    {"fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "header", "footer", "listtable", "listoverridetable",
     "generator", "themedata", "colorschememapping", "datastore", "xmlnstbl", "rsidtbl", "latentstyles", "fldinst"}
)  # fmt: skip
_SIGNS = {"par": "\n", "line": "\n", "tab": "\t", "cell": "\t", "row": "\n", "lquote": "‘", "rquote": "’", "ldblquote": "“",
          "rdblquote": "”", "bullet": "•", "endash": "–", "emdash": "—", "sect": "\n", "page": "\n"}  # fmt: skip
_MAX_GROUPS = 500


def unpack_rtf(data: bytes) -> bytes:
    """Compressed RTF unpacked, up to MAX_RTF bytes; b"" when it is none."""
    kind = data[8:12]
    if kind == b"MELA":
        return data[16 : 16 + MAX_RTF]
    if kind != b"LZFu":
        return b""
    window = bytearray(_START.ljust(4096))
    place = len(_START)
    out = bytearray()
    position = 16
    size = len(data)
    while position < size and len(out) < MAX_RTF:
        flags = data[position]
        position += 1
        for bit in range(8):
            if position >= size:
                return bytes(out)
            if not flags >> bit & 1:
                byte = data[position]
                position += 1
                out.append(byte)
                window[place] = byte
                place = (place + 1) & 4095
                continue
            if position + 1 >= size:
                return bytes(out)
            reference = data[position] << 8 | data[position + 1]
            position += 2
            source = reference >> 4
            if source == place:
                return bytes(out)
            for _ in range((reference & 15) + 2):
                byte = window[source]
                out.append(byte)
                window[place] = byte
                place, source = (place + 1) & 4095, (source + 1) & 4095
    return bytes(out)


def read_rtf(data: bytes) -> tuple[str, str]:
    """(text, HTML) of RTF; one of them is "". HTML where the RTF was made from it and can be turned back."""
    source = data[:MAX_RTF].decode("latin-1")
    page = re.search(r"\\ansicpg(\d{2,5})", source[:2000])
    codec = _codec(page.group(1)) if page else "cp1252"
    if "\\fromhtml1" in source[:2000]:
        return "", _Reader(codec, html=True).read(source)
    return _Reader(codec, html=False).read(source).strip("\n"), ""


def _codec(page: str) -> str:
    try:
        return codecs.lookup({"65001": "utf-8", "936": "gb18030"}.get(page, f"cp{page}")).name
    except LookupError:
        return "cp1252"


class _Reader:
    """Goes through the tokens once. `skip`: inside a destination that is not shown; `hidden`: between `\\htmlrtf` and
    `\\htmlrtf0`; `tag`: inside an HTML tag that was kept."""

    def __init__(self, codec: str, *, html: bool) -> None:
        self.codec, self.html = codec, html
        self.out: list[str] = []
        self.bytes = bytearray()
        self.skip = self.hidden = self.tag = False
        self.fallback = 1
        self.swallow = 0
        self.star = False

    def read(self, source: str) -> str:
        stack: list[tuple[bool, bool, bool, int]] = []
        for match in _TOKEN.finditer(source):
            word, number, code, sign, brace, text = match.groups()
            if brace == "{":
                self._flush()
                if len(stack) >= _MAX_GROUPS:
                    break
                stack.append((self.skip, self.hidden, self.tag, self.fallback))
            elif brace == "}":
                self._flush()
                if stack:
                    self.skip, self.hidden, self.tag, self.fallback = stack.pop()
            elif word:
                self._word(word, number)
            elif code:
                self._byte(int(code, 16))
            elif sign:
                self._sign(sign)
            elif text:
                self._text(text)
        self._flush()
        # What lies beyond the first 65,536 characters is written in two halves; one half alone, and NUL, are no text.
        halves = "".join(self.out).encode("utf-16-le", "surrogatepass")
        return halves.decode("utf-16-le", "replace").replace("\0", "")

    @property
    def _shown(self) -> bool:
        if self.html:
            return self.tag or not (self.skip or self.hidden)
        return not self.skip

    def _word(self, word: str, number: str | None) -> None:
        star, self.star = self.star, False
        if word == "uc":
            self.fallback = min(int(number or 1), 8)
        elif word == "u" and number:
            self._flush()
            value = int(number) % 65536
            if self._shown:
                self.out.append(chr(value))
            self.swallow = self.fallback
        elif word == "htmlrtf":
            self._flush()
            self.hidden = number != "0"
        elif word in ("htmltag", "mhtmltag"):
            self.tag = self.html and word == "htmltag"
            self.skip = not self.tag
        elif word in _SKIPPED or star:
            self._flush()
            self.skip = True
        elif word in _SIGNS and self._shown:
            self._flush()
            self.out.append(_SIGNS[word] if not (self.html and word in ("par", "line")) else "\r\n")

    def _sign(self, sign: str) -> None:
        if sign == "*":
            self.star = True
        elif sign in "{}\\":
            self._text(sign)
        elif sign == "~" and self._shown:
            self.out.append("&nbsp;" if self.html else "\u00a0")
        elif sign in "\r\n" and self._shown:
            self.out.append("\n")

    def _byte(self, value: int) -> None:
        if self.swallow:
            self.swallow -= 1
        elif self._shown:
            self.bytes.append(value)

    def _text(self, text: str) -> None:
        if self.swallow:
            taken = min(self.swallow, len(text))
            self.swallow -= taken
            text = text[taken:]
        if text and self._shown:
            self._flush()
            self.out.append(text)

    def _flush(self) -> None:
        if self.bytes:
            self.out.append(self.bytes.decode(self.codec, "replace"))
            self.bytes.clear()
