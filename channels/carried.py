"""How words and files stand in a raw item that one of our own pages packed: written here, and read here again. Pure."""

import base64
import binascii
from typing import Any

from channels.adapter import CannotTranslate
from channels.clean import clean_line, safe_content_type, safe_filename
from hub.model.interactions import InboundAttachment

_PARTS = ("filename", "content_type", "data")


def carry_file(filename: str, content_type: str, data: bytes) -> dict[str, str]:
    """A file as JSON."""
    return {
        "filename": clean_line(filename, 255),
        "content_type": clean_line(content_type, 127),
        "data": base64.b64encode(data).decode("ascii"),
    }


def read_text(said: dict[str, Any], key: str) -> str:
    """What stands there; "" where nothing does. Raises CannotTranslate."""
    value = said.get(key, "")
    if not isinstance(value, str):
        raise CannotTranslate(f"{key}: expected a text, found {type(value).__name__}")
    return value


def read_files(said: dict[str, Any]) -> tuple[InboundAttachment, ...]:
    """What stands under `files`, with names and types that can be kept. Raises CannotTranslate."""
    files = said.get("files", [])
    if not isinstance(files, list):
        raise CannotTranslate(f"files: expected a list, found {type(files).__name__}")
    return tuple(_read_file(place, file) for place, file in enumerate(files))


def _read_file(place: int, file: Any) -> InboundAttachment:
    if not isinstance(file, dict) or not all(isinstance(file.get(part), str) for part in _PARTS):
        raise CannotTranslate(f"files.{place}: expected filename, content_type and data as texts")
    try:
        data = base64.b64decode(file["data"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise CannotTranslate(f"files.{place}.data: expected base64") from error
    return InboundAttachment(
        filename=safe_filename(file["filename"]),
        content_type=safe_content_type(file["content_type"]),
        data=data,
    )
