"""Which files a message speaks of. Pure; fetching them is the adapter's work.

Shapes: https://core.telegram.org/bots/api#message.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MOST_BYTES = 20 * 1024 * 1024
"""Bytes of a file that a bot may fetch (https://core.telegram.org/bots/api#getfile)."""

_KINDS: tuple[tuple[str, str, str], ...] = (
    ("document", "document", "application/octet-stream"),
    ("animation", "animation.mp4", "video/mp4"),
    ("voice", "voice.ogg", "audio/ogg"),
    ("audio", "audio.mp3", "audio/mpeg"),
    ("video", "video.mp4", "video/mp4"),
    ("video_note", "video.mp4", "video/mp4"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFile:
    """One file of a message; `size` in bytes, 0 where Telegram did not say."""

    file_id: str
    name: str
    content_type: str
    size: int


def files_of(message: Mapping[str, Any]) -> list[NamedFile]:
    """The files of a message; of a photo's sizes the largest that a bot may fetch. A sticker is a word, and no file."""
    found = [
        file
        for key, name, kind in _KINDS
        # Telegram sends an animation a second time as a document, for programs that know no animations.
        if not (key == "document" and isinstance(message.get("animation"), dict))
        and (file := _file(message.get(key), name, kind)) is not None
    ]
    sizes = message.get("photo")
    if isinstance(sizes, list):
        number = message.get("message_id")
        name = f"photo-{number}.jpg" if type(number) is int else "photo.jpg"
        photos = [file for size in sizes if (file := _file(size, name, "image/jpeg")) is not None]
        small = [file for file in photos if file.size <= MOST_BYTES]
        if photos:
            found.append(max(small or photos, key=lambda file: file.size))
    return found


def _file(value: Any, name: str, content_type: str) -> NamedFile | None:
    if not isinstance(value, dict) or not isinstance(value.get("file_id"), str) or not value["file_id"]:
        return None
    said_name, said_type, size = value.get("file_name"), value.get("mime_type"), value.get("file_size")
    return NamedFile(
        file_id=value["file_id"],
        name=said_name if isinstance(said_name, str) and said_name.strip() else name,
        content_type=said_type if isinstance(said_type, str) else content_type,
        size=size if isinstance(size, int) and size > 0 else 0,
    )
