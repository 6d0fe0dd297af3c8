"""Reads what a request brings, bounded before it is read and checked once, in Rust, from the raw bytes."""

from typing import Any

import orjson
from aiohttp import web
from pydantic import BaseModel, ValidationError

from hub.web.api.problems import FieldError, Problem, wrong_field, wrong_fields

_MOST_KEY = 200


async def read_body(request: web.Request, limit: int) -> bytes:
    """The body, at most `limit` bytes; more is never held in memory. Raises Problem 400, 408, 413 or 415."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise Problem(415, "unsupported_encoding", "Send the body uncompressed: no Content-Encoding.")
    kind = request.content_type
    if not (kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))):
        raise Problem(415, "unsupported_media_type", "Send JSON, with Content-Type: application/json.")
    if request.content_length is not None and request.content_length > limit:
        raise _too_large(limit)
    body = bytearray()
    try:
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > limit:
                raise _too_large(limit)
    except (ConnectionError, web.RequestPayloadError) as error:
        raise Problem(400, "incomplete_body", "The body broke off before its end.") from error
    except TimeoutError as error:
        raise Problem(408, "too_slow", "The body took too long to arrive; nothing was done.") from error
    return bytes(body)


def check_body(model: type[BaseModel], raw: bytes) -> Any:
    """An instance of `model`. Raises Problem 400 or 422 with every field that is wrong."""
    try:
        checked = model.model_validate_json(raw)
    except ValidationError as error:
        raise wrong_fields(error) from error
    if rb"\u0000" in raw:
        # Valid JSON, but a text that Postgres cannot hold. Looked for only where the escape occurs at all.
        _refuse_nul(orjson.loads(raw))
    return checked


def check_query(model: type[BaseModel], request: web.Request) -> Any:
    """The query string as an instance of `model`; a name given twice is a list."""
    given = request.rel_url.query
    values: dict[str, Any] = {}
    for name in given:
        every = given.getall(name)
        if any("\x00" in one for one in every):
            raise wrong_field(name, "must not hold the character NUL")
        values[name] = every[0] if len(every) == 1 else every
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise wrong_fields(error) from error


def read_idempotency_key(request: web.Request) -> str:
    """The Idempotency-Key, or "" when there is none. An empty one is refused: whoever sends it believes to be safe."""
    if "Idempotency-Key" not in request.headers:
        return ""
    key = request.headers["Idempotency-Key"].strip()
    if not 1 <= len(key) <= _MOST_KEY or not (key.isascii() and key.isprintable()):
        raise wrong_field("Idempotency-Key", f"1 to {_MOST_KEY} visible ASCII characters")
    return key


def _too_large(limit: int) -> Problem:
    return Problem(413, "too_large", f"The body is larger than {limit} bytes.")


def _refuse_nul(document: Any) -> None:
    found: list[FieldError] = []
    waiting: list[tuple[str, Any]] = [("", document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(f"{path}.{key}".lstrip("."), inner) for key, inner in value.items()]
            # A key that holds it is told as its table's fault: the key itself cannot be shown.
            if any("\x00" in key for key in value):
                found.append(FieldError(field=path, message="a name must not hold the character NUL"))
        elif isinstance(value, list):
            waiting += [(f"{path}.{place}".lstrip("."), inner) for place, inner in enumerate(value)]
        elif isinstance(value, str) and "\x00" in value:
            found.append(FieldError(field=path, message="must not hold the character NUL (U+0000)"))
    if found:
        raise Problem(422, "invalid", "A text holds the character NUL; nothing was done.", errors=found)
