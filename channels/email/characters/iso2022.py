"""The seven-bit charsets of East Asia with shift sequences, and EUC-JP, as they are sent. Pure; never raises.

Python's own codecs refuse the vendors' rows, half-width kana and missing shift sequences, and know no
ISO-2022-CN (RFC 1468, RFC 1554, RFC 1557, RFC 1922).
"""

import re

_JIS = re.compile(rb"\x1b(?:\$[@B]|\$\([@BDOPQ]|\([BJIH])")
_HIGH = bytes(b | 0x80 if b >= 0x20 else b for b in range(256))
_IN_PAIRS = bytes(range(0x21, 0x7F))
_MAX_RUN = 200_000
"""Bytes that are moved one by one; longer runs are read by the standard alone."""
_MARKS = re.compile(rb"\$[@B]|\([BJ]")
_SHIFTED = re.compile(rb"\x0e([^\x0f\r\n]*)\x0f?|\x1b\$[()*+][A-Z]|\x1bN(..)|\x1bO(..)", re.DOTALL)
_EUC = re.compile(rb"\x8f[\xa1-\xfe]{2}|\x8e[\xa1-\xdf]|[\xa1-\xfe]{2}|[\x00-\x7f]+|.", re.DOTALL)


def has_jis(data: bytes) -> bool:
    """Whether it contains a shift sequence of ISO-2022-JP."""
    return b"\x1b" in data and _JIS.search(data) is not None


def restore_escapes(data: bytes) -> bytes:
    """Put back the escape characters that a gateway took out of text labelled ISO-2022-JP."""
    out: list[bytes] = []
    done = begin = 0
    for match in _MARKS.finditer(data):
        position = match.start()
        if match.group()[:1] == b"$":
            begin = begin or (match.end() if data[position - 1 : position] != b"\x1b" else 0)
        elif begin and (position - begin) % 2 == 0:
            # Characters of two bytes hold no blank and no line end: words between such signs stay words.
            if not data[begin:position].translate(None, _IN_PAIRS):
                out += (data[done : begin - 2], b"\x1b", data[begin - 2 : position], b"\x1b(B")
                done = match.end()
            begin = 0
    return b"".join((*out, data[done:]))


def decode_jis(data: bytes) -> str:
    """ISO-2022-JP by the standard, else as written: with the vendors' extra rows (CP 50221) and half-width
    kana."""
    for codec in ("iso2022_jp_1", "iso2022_jp_3", "iso2022_jp_2"):
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    out: list[str] = []
    mode = b"("
    position = 0
    for match in _JIS.finditer(data):
        out.append(_jis_run(mode, data[position : match.start()]))
        mode, position = match.group()[1:], match.end()
    out.append(_jis_run(mode, data[position:]))
    return "".join(out)


def decode_shifted(data: bytes, codec: str) -> str:
    """ISO-2022-KR and ISO-2022-CN: between SO and SI each byte stands for itself plus 0x80 in `codec`.
    Characters of CNS planes have no codec here and become U+FFFD."""
    out: list[str] = []
    position = 0
    plane = b""
    for match in _SHIFTED.finditer(data):
        out.append(data[position : match.start()].decode("ascii", "replace"))
        position = match.end()
        run = match.group(1)
        if match.group().startswith(b"\x1b$"):
            plane = match.group()[-1:] if match.group()[2:3] == b")" else plane
        elif run is None:
            out.append("\ufffd")
        elif plane == b"G":
            out.append("\ufffd" * (len(run) // 2))
        else:
            out.append(bytes(b | 0x80 if 0x21 <= b <= 0x7E else b for b in run).decode(codec, "replace"))
    out.append(data[position:].decode("ascii", "replace"))
    return "".join(out)


def decode_euc(data: bytes) -> str:
    """EUC-JP, with the vendors' extra rows (eucJP-ms) where the standard has none."""
    try:
        return data.decode("euc_jp")
    except UnicodeDecodeError:
        if len(data) > _MAX_RUN:
            return data.decode("euc_jp", "replace")
    out: list[str] = []
    for match in _EUC.finditer(data):
        token = match.group()
        try:
            out.append(token.decode("euc_jp"))
        except UnicodeDecodeError:
            out.append(_shift(token) if len(token) == 2 and token[0] >= 0xA1 else "\ufffd")
    return "".join(out)


def _jis_run(mode: bytes, run: bytes) -> str:
    if not run:
        return ""
    if mode.startswith(b"$(") and mode[2:] not in (b"@", b"B"):
        codec = "iso2022_jp_2004" if mode[2:] != b"D" else "iso2022_jp_1"
        return b"".join((b"\x1b", mode, run, b"\x1b(B")).decode(codec, "replace")
    if mode.startswith(b"$"):
        # The line end resets to ASCII in practice; each pair is moved into Shift_JIS, where CP 932 knows
        # the extras.
        lines = run.split(b"\n")
        return "\n".join([_shift(lines[0]), *(line.decode("ascii", "replace") for line in lines[1:])])
    if mode == b"(I":
        return bytes(b | 0x80 if 0x21 <= b <= 0x5F else b for b in run).decode("cp932", "replace")
    # SO and SI shift to half-width kana in the old eight-bit way (JIS X 0201).
    if b"\x0e" in run:
        kana = re.sub(rb"\x0e([^\x0f]*)\x0f?", lambda m: bytes(b | 0x80 for b in m.group(1)), run)
        return kana.decode("cp932", "replace")
    return run.decode("cp932", "replace")


def _shift(run: bytes) -> str:
    if len(run) > _MAX_RUN:
        return run.translate(_HIGH).decode("euc_jp", "replace")
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
