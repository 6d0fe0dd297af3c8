"""Reads a small posted form, within limits."""

from urllib.parse import parse_qsl

from aiohttp import web

from channels.doors import read_body
from hub.web.portal.answers import Seen

_MOST = 64 * 1024
_MOST_FIELDS = 20


async def read_fields(seen: Seen) -> dict[str, str]:
    """The last value of each field. Raises web.HTTPRequestEntityTooLarge, web.HTTPBadRequest."""
    body = (await read_body(seen.request, _MOST)).decode("utf-8", "replace")
    try:
        pairs = parse_qsl(body, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise web.HTTPBadRequest from error
    return {key: value.replace("\x00", "") for key, value in pairs}
