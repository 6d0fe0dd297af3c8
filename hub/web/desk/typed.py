"""What forms and addresses of the desk say, without the character that is none (U+0000): nobody types it, and Postgres takes no
text with it."""

from aiohttp import web
from multidict import MultiDict, MultiDictProxy, MultiMapping

Field = str | bytes | bytearray | web.FileField


async def read_form(request: web.Request) -> MultiDictProxy[Field]:
    """What was posted, in order. Raises what `request.post` does."""
    posted = await request.post()
    return MultiDictProxy(MultiDict((_bare(name), _bare_field(value)) for name, value in posted.items()))


def read_query(request: web.Request) -> MultiMapping[str]:
    """What the address asks for."""
    return MultiDictProxy(MultiDict((_bare(name), _bare(value)) for name, value in request.query.items()))


def _bare(text: str) -> str:
    return text.replace("\x00", "")


def _bare_field(value: Field) -> Field:
    return _bare(value) if isinstance(value, str) else value
