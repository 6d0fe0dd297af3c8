"""Reads a message with files: one multipart body, within limits. No checking of what people wrote."""

from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from channels.clean import clean_line
from channels.doors import MOST_NAME, UNREADABLE
from channels.parts import Parts
from channels.room import Held
from channels.webchat.pack import SentFile
from channels.webchat.settings import WebchatSettings

_CHUNK = 64 * 1024
_MOST_WORDS = 64 * 1024
"""Bytes of one part that is no file."""
_WORDS = ("client_id", "text", "name", "email")
_SPARE = 64 * 1024
"""Bytes of a body beside its files and words: boundaries and headers."""
MOST_MB = 32
"""Of all files of one message: several times as much is in memory while it is written down."""


class NotTaken(Exception):
    """Why these files are not taken; `code` is a word of the page's."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Upload:
    """What came."""

    words: dict[str, str] = field(default_factory=dict)
    files: list[SentFile] = field(default_factory=list)


def most_bytes(settings: WebchatSettings) -> int:
    """Of one body."""
    megabytes = min(settings.most_files * settings.most_file_mb, MOST_MB)
    return megabytes * 1024 * 1024 + len(_WORDS) * _MOST_WORDS + _SPARE


def size_of(request: web.Request, settings: WebchatSettings) -> int:
    """Bytes that this body may make us read; one that does not say how long it is (in chunks) counts as the longest."""
    most = most_bytes(settings)
    return most if request.content_length is None else min(request.content_length, most)


async def read_upload(request: web.Request, settings: WebchatSettings, held: Held) -> Upload:
    """What is in it. Raises NotTaken; room.Crowded where this process has its hands full."""
    if request.content_type != "multipart/form-data":
        raise NotTaken("bad_frame")
    if (request.content_length or 0) > most_bytes(settings):
        raise NotTaken("too_large_together")
    upload = Upload()
    try:
        reader = Parts(request.headers, request.content)
        while (part := await reader.next()) is not None:
            if not isinstance(part, aiohttp.BodyPartReader):
                raise NotTaken("bad_frame")
            if part.filename is None:
                await _read_words(part, upload, held)
            else:
                await _read_file(part, upload, settings, held)
    except UNREADABLE as error:
        raise NotTaken("bad_frame") from error
    return upload


async def _read_words(part: aiohttp.BodyPartReader, upload: Upload, held: Held) -> None:
    if part.name not in _WORDS or part.name in upload.words:
        raise NotTaken("bad_frame")
    upload.words[part.name] = (await _read(part, _MOST_WORDS, held)).decode("utf-8", "replace")


async def _read_file(
    part: aiohttp.BodyPartReader, upload: Upload, settings: WebchatSettings, held: Held
) -> None:
    if len(upload.files) >= settings.most_files:
        raise NotTaken("too_many_files")
    data = await _read(part, settings.most_file_mb * 1024 * 1024, held)
    if sum(len(one.data) for one in upload.files) + len(data) > MOST_MB * 1024 * 1024:
        raise NotTaken("too_large_together")
    kind = clean_line(part.headers.get("Content-Type", "application/octet-stream"), MOST_NAME)
    name = clean_line(part.filename or "", MOST_NAME)
    upload.files.append(SentFile(filename=name, content_type=kind, data=data))


async def _read(part: aiohttp.BodyPartReader, most: int, held: Held) -> bytes:
    data = bytearray()
    while chunk := await part.read_chunk(_CHUNK):
        held.more(len(chunk))
        data += chunk
        if len(data) > most:
            raise NotTaken("file_too_big")
    return bytes(data)
