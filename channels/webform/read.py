"""Reads a posted body, form-encoded, multipart or JSON, within limits. No checking of what people wrote."""

from collections.abc import Iterable
from urllib.parse import parse_qsl

import aiohttp
import orjson
from aiohttp import web

from channels.clean import clean_line
from channels.doors import MOST_NAME, UNREADABLE, read_body
from channels.parts import Parts
from channels.room import Crowded, Held
from channels.webform.fields import FormDefinition, Kind
from channels.webform.settings import WebformSettings
from channels.webform.submission import PASS, PROOF, TRAP, Posted, PostedFile, Problem

MOST_TEXT = 512 * 1024
"""Bytes of a body without files, and of all texts of one with files."""
MOST_FILES_MB = 32
"""Of all files of one post. With its texts it stays below what the whole house takes (hub.web.bodies.MOST_BODY)."""
_SPARE_PARTS = 40
"""Of a body, beside a form's fields and each of several choices: files, and what the page adds."""
_OWN = (PASS, TRAP, PROOF)
CROWDED = "crowded"
"""The problem of a post for which there is no room just now."""


class Unreadable(Exception):
    """The body is not what its type says, or has fields that no form of ours has; the text says which."""


async def read_post(request: web.Request, settings: WebformSettings, held: Held) -> Posted:
    """What was posted; `held` says how much memory it takes. Raises Unreadable; web.HTTPRequestEntityTooLarge when even the
    texts are too large. Where there is no room for it, that is a problem of the post."""
    form = settings.asks
    match request.content_type:
        case "application/x-www-form-urlencoded":
            return _read_encoded(await _read_whole(request, held), form)
        case "application/json":
            return _read_json(await _read_whole(request, held), form)
        case "multipart/form-data":
            return await _read_parts(request, settings, held)
        case other:
            raise Unreadable(f"{other} is not a form")


async def _read_whole(request: web.Request, held: Held) -> bytes:
    try:
        held.more(min(request.content_length or MOST_TEXT, MOST_TEXT))
    except Crowded as error:
        raise NoRoom from error
    return await read_body(request, MOST_TEXT)


class NoRoom(Exception):
    """The house is full: even words cannot be read just now."""


def most_bytes(request: web.Request, settings: WebformSettings) -> int:
    """So much of a body is read at the most."""
    if request.content_type != "multipart/form-data":
        return MOST_TEXT
    return most_of_files(settings) + MOST_TEXT


def most_of_files(settings: WebformSettings) -> int:
    """Bytes of all files of one post."""
    return min(settings.most_file_mb * settings.most_files, MOST_FILES_MB) * 1024 * 1024


def _most_parts(form: FormDefinition) -> int:
    return _SPARE_PARTS + sum(max(1, len(one.listed)) for one in form.fields)


def _texts(form: FormDefinition) -> list[str]:
    """The fields that hold words."""
    return [one.key for one in form.fields if one.asks and one.kind is not Kind.FILE]


def _read_encoded(body: bytes, form: FormDefinition) -> Posted:
    try:
        pairs = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, errors="replace", max_num_fields=_most_parts(form)
        )
    except ValueError as error:
        raise Unreadable("the fields cannot be read") from error
    return Posted(fields=_gathered(pairs, form))


def _several(form: FormDefinition) -> set[str]:
    return {one.key for one in form.fields if one.kind is Kind.CHOICES}


def _gathered(pairs: Iterable[tuple[str, str]], form: FormDefinition) -> dict[str, str]:
    """Of the fields that there are. The last value counts, but several choices are put together: at the end, as a long one
    would be copied for each that follows."""
    known, several = {*_OWN, *_texts(form)}, _several(form)
    said: dict[str, list[str]] = {}
    for key, value in pairs:
        if key in said and key in several:
            said[key].append(value)
        elif key in known:
            said[key] = [value]
    return {key: "\n".join(values) for key, values in said.items()}


def _read_json(body: bytes, form: FormDefinition) -> Posted:
    """A program is told of a field that it misspelt; a browser's page cannot misspell one."""
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"not JSON: {error}") from error
    if not isinstance(given, dict):
        raise Unreadable("expected a JSON object")
    texts = _texts(form)
    several = _several(form)
    fields: dict[str, str] = {}
    for key, value in given.items():
        if key not in texts and key not in _OWN:
            raise Unreadable(f"{key[:100]!r} is not a field; there are {', '.join(sorted(texts))}")
        if key in several and isinstance(value, list) and all(isinstance(one, str) for one in value):
            fields[key] = "\n".join(value)
        elif isinstance(value, str):
            fields[key] = value
        else:
            raise Unreadable(f"{key}: expected a text")
    return Posted(fields=fields)


async def _read_parts(request: web.Request, settings: WebformSettings, held: Held) -> Posted:
    """Files above the limits are named and not kept, so that the page can be shown again with its texts."""
    form = settings.asks
    places = [one.key for one in form.fields if one.kind is Kind.FILE]
    pairs: list[tuple[str, str]] = []
    problems: list[Problem] = []
    body = _Body(settings, held)
    try:
        reader = Parts(request.headers, request.content)
        count = 0
        while (part := await reader.next()) is not None:
            count += 1
            if count > _most_parts(form) or not isinstance(part, aiohttp.BodyPartReader):
                raise Unreadable("too many parts")
            if part.filename is None:
                data = await body.read(part, MOST_TEXT)
                pairs.append((part.name or "", (data or b"").decode("utf-8", "replace")))
                continue
            data = await body.read(part, settings.most_file_mb * 1024 * 1024)
            # Bytes that are no UTF-8 come as halves of characters, which nothing after this takes.
            place, name = _place(part.name, places), clean_line(part.filename, MOST_NAME)
            if data is None:
                values: dict[str, str | int] = {"name": name[:100], "size": settings.most_file_mb}
                problems.append(Problem(field=place, word="file_too_big", values=values))
            elif data or part.filename:
                kind = clean_line(part.headers.get("Content-Type", "application/octet-stream"), MOST_NAME)
                body.keep(PostedFile(filename=name, content_type=kind, data=data, field=place))
    except _TooMuch:
        problems = [Problem(field=_place("", places), word="too_much")]
    except Crowded:
        problems = [Problem(field="", word=CROWDED)]
    except UNREADABLE as error:
        raise Unreadable("the parts cannot be read") from error
    if body.too_many and not problems:
        values = {"count": settings.most_files}
        problems = [Problem(field=_place("", places), word="too_many_files", values=values)]
    fields = _gathered(pairs, form)
    return Posted(fields=fields, files=() if problems else tuple(body.files), problems=tuple(problems))


def _place(name: str | None, places: list[str]) -> str:
    """The field that a file belongs to; a file that came under another name, or from a form without any, is kept all the
    same."""
    return name if name in places else places[0] if places else ""


class _TooMuch(Exception):
    """The whole body is beyond all limits; the rest of it is not read."""


class _Body:
    """What is kept of a body. Twice as much is read as may be kept, so that a file that is too large can be named."""

    def __init__(self, settings: WebformSettings, held: Held) -> None:
        self._most_files = settings.most_files
        self._most = most_of_files(settings) + MOST_TEXT
        self._unread = self._most * 2
        self._held = held
        self.files: list[PostedFile] = []
        self.too_many = False

    async def read(self, part: aiohttp.BodyPartReader, most: int) -> bytes | None:
        """The part's bytes; None when there are more than `most`, which are then read and thrown away. Raises _TooMuch,
        Crowded."""
        data = bytearray()
        size = 0
        while chunk := await part.read_chunk(64 * 1024):
            size += len(chunk)
            self._unread -= len(chunk)
            if self._unread < 0:
                raise _TooMuch
            if size <= most:
                if self._held.bytes + len(chunk) > self._most:
                    raise _TooMuch
                self._held.more(len(chunk))
                data += chunk
            elif data:
                self._held.less(len(data))
                data = bytearray()
        return bytes(data) if size <= most else None

    def keep(self, file: PostedFile) -> None:
        """Above the number that is allowed none is: what was kept is let go of."""
        if len(self.files) < self._most_files and not self.too_many:
            self.files.append(file)
            return
        self.too_many = True
        self._held.less(len(file.data) + sum(len(one.data) for one in self.files))
        self.files = []
