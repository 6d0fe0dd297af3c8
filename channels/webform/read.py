"""Reads a posted body, form-encoded, multipart or JSON, within limits. No checking of what people wrote."""

from urllib.parse import parse_qsl

import aiohttp
import orjson
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from channels.doors import read_body
from channels.webform.fields import FormDefinition, Kind
from channels.webform.settings import WebformSettings
from channels.webform.submission import PASS, PROOF, TRAP, Posted, PostedFile, Problem

_MOST_TEXT = 512 * 1024
"""Bytes of a body without files, and of one text part."""
_SPARE_PARTS = 40
"""Of a body, beside a form's fields and each of several choices: files, and what the page adds."""
_OWN = (PASS, TRAP, PROOF)


class Unreadable(Exception):
    """The body is not what its type says, or has fields that no form of ours has; the text says which."""


async def read_post(request: web.Request, settings: WebformSettings) -> Posted:
    """What was posted. Raises Unreadable; web.HTTPRequestEntityTooLarge when even the texts are too large."""
    form = settings.asks
    match request.content_type:
        case "application/x-www-form-urlencoded":
            return _read_encoded(await read_body(request, _MOST_TEXT), form)
        case "application/json":
            return _read_json(await read_body(request, _MOST_TEXT), form)
        case "multipart/form-data":
            return await _read_parts(request, settings)
        case other:
            raise Unreadable(f"{other} is not a form")


def most_bytes(request: web.Request, settings: WebformSettings) -> int:
    """So much of a body is read at the most."""
    if request.content_type != "multipart/form-data":
        return _MOST_TEXT
    return settings.most_file_mb * 1024 * 1024 * max(settings.most_files, 1) * 2 + _MOST_TEXT


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
    fields: dict[str, str] = {}
    for key, value in pairs:
        _say(fields, form, key, value)
    return Posted(fields=fields)


def _say(fields: dict[str, str], form: FormDefinition, key: str, value: str) -> None:
    """One value of a field that there is; the last one counts, but several choices are gathered."""
    if key in fields and any(one.key == key and one.kind is Kind.CHOICES for one in form.fields):
        fields[key] += f"\n{value}"
    elif key in _OWN or key in _texts(form):
        fields[key] = value


def _read_json(body: bytes, form: FormDefinition) -> Posted:
    """A program is told of a field that it misspelt; a browser's page cannot misspell one."""
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"not JSON: {error}") from error
    if not isinstance(given, dict):
        raise Unreadable("expected a JSON object")
    texts = _texts(form)
    several = {one.key for one in form.fields if one.kind is Kind.CHOICES}
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


async def _read_parts(request: web.Request, settings: WebformSettings) -> Posted:
    """Files above the limits are named and not kept, so that the page can be shown again with its texts."""
    most_file = settings.most_file_mb * 1024 * 1024
    form = settings.asks
    places = [one.key for one in form.fields if one.kind is Kind.FILE]
    fields: dict[str, str] = {}
    files: list[PostedFile] = []
    problems: list[Problem] = []
    budget = _Budget(most_bytes(request, settings))
    try:
        reader = await request.multipart()
        count = 0
        while (part := await reader.next()) is not None:
            count += 1
            if count > _most_parts(form) or not isinstance(part, aiohttp.BodyPartReader):
                raise Unreadable("too many parts")
            if part.filename is None:
                data = await _read_part(part, _MOST_TEXT, budget)
                _say(fields, form, part.name or "", (data or b"").decode("utf-8", "replace"))
                continue
            data = await _read_part(part, most_file, budget)
            if data is None:
                values: dict[str, str | int] = {"name": part.filename[:100], "size": settings.most_file_mb}
                problems.append(Problem(field=_place(part.name, places), word="file_too_big", values=values))
            elif data or part.filename:
                kind = part.headers.get("Content-Type", "application/octet-stream")
                place = _place(part.name, places)
                files.append(PostedFile(filename=part.filename, content_type=kind, data=data, field=place))
    except _TooMuch:
        problems = [Problem(field=_place("", places), word="too_much")]
    except (ValueError, aiohttp.ClientError, HttpProcessingError, web.RequestPayloadError) as error:
        raise Unreadable("the parts cannot be read") from error
    if len(files) > settings.most_files:
        problems.append(
            Problem(field=_place("", places), word="too_many_files", values={"count": settings.most_files})
        )
    return Posted(fields=fields, files=() if problems else tuple(files), problems=tuple(problems))


def _place(name: str | None, places: list[str]) -> str:
    """The field that a file belongs to; a file that came under another name, or from a form without any, is kept all the
    same."""
    return name if name in places else places[0] if places else ""


class _TooMuch(Exception):
    """The whole body is beyond all limits; the rest of it is not read."""


class _Budget:
    """Bytes that may still be read of the whole body."""

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise _TooMuch


async def _read_part(part: aiohttp.BodyPartReader, most: int, budget: _Budget) -> bytes | None:
    """The part's bytes; None when there are more than `most`, which are then read and thrown away."""
    data = bytearray()
    while chunk := await part.read_chunk(64 * 1024):
        budget.spend(len(chunk))
        if len(data) <= most:
            data += chunk
    return bytes(data) if len(data) <= most else None
