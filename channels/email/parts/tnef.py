"""Outlook's winmail.dat: the text and the files in it (MS-OXTNEF). Pure; linear; never raises.

An own reader: the one library for it has not been kept since 2021 and raises on cut-off files.
"""

import struct
from dataclasses import dataclass, field

from channels.email.characters.charsets import decode
from channels.email.limits import MAX_PARTS
from channels.email.parts.rtf import read_rtf, unpack_rtf

_MARK = b"\x78\x9f\x3e\x22"
_SUBJECT, _BODY, _TITLE, _DATA = 0x00018004, 0x0002800C, 0x00018010, 0x0006800F
_PROPS, _ATTACHMENT, _NEW_ATTACHMENT, _CODEPAGE = 0x00069003, 0x00069005, 0x00069002, 0x00069007
_P_SUBJECT, _P_BODY, _P_RTF, _P_HTML, _P_CODEPAGE = 0x0037, 0x1000, 0x1009, 0x1013, 0x3FDE
_P_DATA, _P_NAME, _P_SHORT_NAME, _P_LONG_NAME, _P_TYPE, _P_CONTENT_ID = (
    0x3701,
    0x3001,
    0x3704,
    0x3707,
    0x370E,
    0x3712,
)
_SIZES = {
    0x01: 4,
    0x02: 4,
    0x03: 4,
    0x04: 4,
    0x05: 8,
    0x06: 8,
    0x07: 8,
    0x0A: 4,
    0x0B: 4,
    0x14: 8,
    0x40: 8,
    0x48: 16,
}
_OBJECT, _STRING8, _UNICODE, _BINARY = 0x0D, 0x1E, 0x1F, 0x102
_VARIABLE = (_OBJECT, _STRING8, _UNICODE, _BINARY)
_LONG = struct.Struct("<I")
_MAX_PROPS = 5000
"""Properties and values of one block."""
_MAX_ATTRIBUTES = 20_000
_MAX_DEPTH = 3


@dataclass(slots=True)
class TnefFile:
    """A file in it."""

    name: str = ""
    data: bytes = b""
    content_type: str = ""
    content_id: str = ""


@dataclass(slots=True)
class Tnef:
    """What it holds; `text` and `html` may both be ""."""

    subject: str = ""
    text: str = ""
    html: str = ""
    files: list[TnefFile] = field(default_factory=list)


def read_tnef(data: bytes) -> Tnef | None:
    """What a winmail.dat holds, as far as it is whole; None when it is none."""
    return _read(data, 0)


def _read(data: bytes, depth: int) -> Tnef | None:
    if not data.startswith(_MARK):
        return None
    found = Tnef()
    file: TnefFile | None = None
    codepage = ""
    position = 6
    for _ in range(_MAX_ATTRIBUTES):
        if position + 9 > len(data) or len(found.files) >= MAX_PARTS:
            break
        _, name, size = struct.unpack_from("<BII", data, position)
        value = data[position + 9 : position + 9 + size]
        position += 11 + size
        if name == _CODEPAGE and len(value) >= 4:
            codepage = f"cp{struct.unpack_from('<I', value)[0]}"
        elif name == _SUBJECT:
            found.subject = _string(value, codepage)
        elif name == _BODY:
            found.text = _string(value, codepage)
        elif name == _PROPS:
            _read_message(found, _properties(value), codepage)
        elif name == _NEW_ATTACHMENT:
            file = TnefFile()
            found.files.append(file)
        elif file is not None and name == _TITLE:
            file.name = file.name or _string(value, codepage)
        elif file is not None and name == _DATA:
            file.data = value
        elif file is not None and name == _ATTACHMENT:
            _read_file(found, file, _properties(value), codepage, depth)
    found.files = [f for f in found.files if f.data or f.name]
    return found


def _read_message(found: Tnef, props: dict[int, tuple[int, bytes]], codepage: str) -> None:
    page = props.get(_P_CODEPAGE)
    html_page = f"cp{int.from_bytes(page[1][:4], 'little')}" if page else codepage
    found.subject = _text(props, _P_SUBJECT, codepage) or found.subject
    found.text = _text(props, _P_BODY, codepage) or found.text
    if _P_HTML in props:
        kind, value = props[_P_HTML]
        found.html = value.decode("utf-16-le", "replace") if kind == _UNICODE else decode(value, html_page)
        found.html = found.html.replace("\0", "")
    if _P_RTF in props and not found.html:
        text, found.html = read_rtf(unpack_rtf(props[_P_RTF][1]))
        found.text = found.text or text


def _read_file(
    found: Tnef, file: TnefFile, props: dict[int, tuple[int, bytes]], codepage: str, depth: int
) -> None:
    names = (_text(props, p, codepage) for p in (_P_LONG_NAME, _P_NAME, _P_SHORT_NAME))
    file.name = next((n for n in names if n), file.name)
    file.content_type = _text(props, _P_TYPE, codepage).lower()
    file.content_id = _text(props, _P_CONTENT_ID, codepage)
    kind, value = props.get(_P_DATA, (0, b""))
    if kind == _OBJECT:
        # The first 16 bytes name the interface; an embedded letter is a winmail.dat in itself.
        value = value[16:]
        inner = _read(value, depth + 1) if depth < _MAX_DEPTH else None
        if inner is not None:
            file.name = f"{inner.subject or file.name or 'letter'}.txt"
            file.content_type = "text/plain"
            value = inner.text.encode("utf-8", "replace")
            found.files.extend(inner.files)
    file.data = value or file.data


def _properties(data: bytes) -> dict[int, tuple[int, bytes]]:
    """The first value of each MAPI property: id → (type, bytes). What is cut off is left out."""
    found: dict[int, tuple[int, bytes]] = {}
    try:
        (count,) = _LONG.unpack_from(data)
        position, left = 4, _MAX_PROPS
        while count and left > 0:
            count, left = count - 1, left - 1
            kind, name = struct.unpack_from("<HH", data, position)
            position += 4
            if name >= 0x8000:
                position = _after_name(data, position)
            values, counted, kind = 1, kind & 0x1000 or kind & 0xEFFF in _VARIABLE, kind & 0xEFFF
            if counted:
                (values,) = _LONG.unpack_from(data, position)
                position += 4
            if kind in _SIZES:
                found.setdefault(name, (kind, data[position : position + _SIZES[kind]]))
                position += _SIZES[kind] * values
                continue
            if kind not in _VARIABLE:
                break
            left -= values
            for _ in range(values if left >= 0 else 0):
                (size,) = _LONG.unpack_from(data, position)
                found.setdefault(name, (kind, data[position + 4 : position + 4 + size]))
                position += 4 + size + -size % 4
    except struct.error:
        # Cut off: what was read until here is returned.
        return found
    return found


def _after_name(data: bytes, position: int) -> int:
    kind = int(_LONG.unpack_from(data, position + 16)[0])
    position += 20
    if kind == 0:
        return position + 4
    size = int(_LONG.unpack_from(data, position)[0])
    return position + 4 + size + -size % 4


def _text(props: dict[int, tuple[int, bytes]], name: int, codepage: str) -> str:
    kind, value = props.get(name, (0, b""))
    if kind == _UNICODE:
        return value.decode("utf-16-le", "replace").replace("\0", "")
    return _string(value, codepage) if kind in (_STRING8, _BINARY) else ""


def _string(value: bytes, codepage: str) -> str:
    return decode(value.rstrip(b"\0"), codepage).replace("\0", "")
