"""Files that stand uuencoded in a text, as programs sent them before MIME and some still do (POSIX uuencode). Pure; linear."""

import binascii
import re
from dataclasses import dataclass

from channels.email.characters.words import unbase64

_BEGIN = re.compile(r"begin(-base64)? [0-7]{3,4} (\S[^\r\n]{0,250})$")
_MAX_FILES = 50


@dataclass(frozen=True, slots=True)
class UuFile:
    """A file that was found in a text."""

    name: str
    data: bytes


def cut_uuencoded(text: str) -> tuple[str, list[UuFile]]:
    """The text without the files in it, and the files. A `begin` that no data follow stays text."""
    lines = text.split("\n")
    kept: list[str] = []
    files: list[UuFile] = []
    index = tried = 0
    while index < len(lines):
        match = _BEGIN.match(lines[index].rstrip()) if lines[index].startswith("begin") else None
        tried += match is not None
        if match is not None and tried <= _MAX_FILES:
            data, after = (_base64_lines if match.group(1) else _uu_lines)(lines, index + 1)
            if after:
                files.append(UuFile(match.group(2).strip(), data))
                index = after
                continue
        kept.append(lines[index])
        index += 1
    return "\n".join(kept), files


def uudecode(raw: bytes) -> bytes:
    """The content of a part whose transfer encoding is uuencode, with or without its `begin` line."""
    out: list[bytes] = []
    for line in raw.splitlines():
        if line.startswith(b"begin ") or not line.strip():
            continue
        if line.strip() == b"end":
            break
        decoded = _line(line)
        if decoded is not None:
            out.append(decoded)
    return b"".join(out)


def _uu_lines(lines: list[str], index: int) -> tuple[bytes, int]:
    """The bytes from line `index` on, and the index after them; (b"", 0) when there are none."""
    out: list[bytes] = []
    while index < len(lines):
        line = lines[index].rstrip("\r")
        index += 1
        if line.strip() == "end":
            return b"".join(out), index
        decoded = _line(line.encode("ascii", "replace")) if line.strip("` ") else b""
        if decoded is None:
            index -= 1
            break
        out.append(decoded)
    return (b"".join(out), index) if any(out) else (b"", 0)


def _base64_lines(lines: list[str], index: int) -> tuple[bytes, int]:
    start = index
    while index < len(lines) and re.fullmatch(r"[A-Za-z0-9+/]{1,76}={0,2}\s*", lines[index]):
        index += 1
    if index == start:
        return b"", 0
    data = unbase64("".join(lines[start:index]).encode("ascii"))
    return data, index + (index < len(lines) and lines[index].strip() == "====")


def _line(line: bytes) -> bytes | None:
    if not line or not 0x20 <= line[0] <= 0x60:
        return None
    try:
        return binascii.a2b_uu(line)
    except binascii.Error:
        # Some encoders add a checksum or trailing characters.
        size = (((line[0] - 32) & 63) * 4 + 5) // 3
        try:
            return binascii.a2b_uu(line[: size + 1])
        except binascii.Error:
            return None
