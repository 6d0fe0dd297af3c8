"""What the body of any request may be: how large, how late, in which letters. Doors set limits of their own below it.

Here and not in each door, since aiohttp reads what the sender says: in any charset that Python has, some of which take minutes
for a megabyte (punycode), and without a limit of time.
"""

import asyncio

from aiohttp import BodyPartReader, MultipartReader, StreamReader, web
from aiohttp.typedefs import Handler, Middleware

from hub.web.doors import guard_of

MOST_BODY = 40 * 1024 * 1024
"""Bytes of any request."""
MOST_AT_THE_DOOR = 64 * 1024
"""Bytes of a form of signing in, which whoever has no session may send."""
BODY_WITHIN_SECONDS = 60.0
"""A body that is not complete by then is given up, so that half-sent ones do not pile up in memory."""
SLOWEST_LINE = 64 * 1024
"""Bytes a second. A body that says its length has so much longer: files may come over a slow line."""
_LOOK_SECONDS = 1.0
"""How often a body that is still coming is looked at."""
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_LETTERS = ("utf-8", "utf8", "us-ascii", "ascii")


class _Part(BodyPartReader):
    """A part of a form, in the letters of all forms: each part may name a charset, and `_charset_` one for all of them."""

    def get_charset(self, default: str) -> str:
        named = super().get_charset(default)
        if not _is_plain(named):
            raise web.HTTPUnsupportedMediaType
        return named


def limit_bodies(seconds: float) -> Middleware:
    """Stands before every handler. `seconds`: past them, and longer for a large body, whoever reads one, in whatever way, gets
    a TimeoutError."""
    # `request.post()` makes its readers itself; this is where aiohttp asks which.
    MultipartReader.part_reader_cls = _Part

    @web.middleware
    async def limit(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.can_read_body:
            return await handler(request)
        if not request.path.startswith("/api/"):  # says all of this itself
            _check_head(request)
        if request.content_length is None and _is_signing_in(request):
            request = request.clone(client_max_size=MOST_AT_THE_DOOR)
        late = TimeoutError("the body took too long")
        within = seconds + min(request.content_length or 0, MOST_BODY) / SLOWEST_LINE
        watch = _Watch(request.content, late, within=within)
        watch.look()
        try:
            return await handler(request)
        except (
            UnicodeDecodeError
        ) as error:  # by `request.post()`, of a form that says it is in UTF-8 and is not
            if request.content_type not in _FORMS:
                raise
            raise web.HTTPBadRequest from error
        except TimeoutError as error:
            if error is late:
                raise web.HTTPRequestTimeout from error
            raise
        finally:
            watch.end()

    return limit


class _Watch:
    """Gives a body up that is too late, or has become too long without having said so. aiohttp counts only what it keeps: not
    what stands before the first part, for one."""

    def __init__(self, content: StreamReader, late: TimeoutError, *, within: float) -> None:
        self._content = content
        self._late = late
        self._loop = asyncio.get_running_loop()
        self._until = self._loop.time() + within
        self._timer: asyncio.TimerHandle | None = None

    def look(self) -> None:
        """Now, and again until all has come."""
        if self._content.is_eof():
            return
        came, left = self._content.total_bytes, self._until - self._loop.time()
        if came > MOST_BODY:
            self._content.set_exception(web.HTTPRequestEntityTooLarge(max_size=MOST_BODY, actual_size=came))
        elif left <= 0:
            self._content.set_exception(self._late)
        else:
            self._timer = self._loop.call_later(min(left, _LOOK_SECONDS), self.look)

    def end(self) -> None:
        """Nobody reads it any more."""
        if self._timer is not None:
            self._timer.cancel()


def _check_head(request: web.Request) -> None:
    """What can be refused before anything is read. Raises web.HTTPUnsupportedMediaType, web.HTTPRequestEntityTooLarge."""
    signing_in = _is_signing_in(request)
    if _is_packed(request) or not _is_in_our_letters(request):
        raise web.HTTPUnsupportedMediaType
    if signing_in and request.content_type.startswith("multipart/"):
        raise web.HTTPUnsupportedMediaType  # no file is ever sent there
    if request.path.startswith("/desk/") and not signing_in:
        return  # who has a session is told in their language what is too large
    most, length = MOST_AT_THE_DOOR if signing_in else MOST_BODY, request.content_length or 0
    if length > most:
        raise web.HTTPRequestEntityTooLarge(max_size=most, actual_size=length)


def _is_packed(request: web.Request) -> bool:
    """A body that unfolds: no browser sends one, and forty kilobytes would fill forty megabytes."""
    return request.headers.get("Content-Encoding", "identity").lower() != "identity"


def _is_in_our_letters(request: web.Request) -> bool:
    """Our pages are in UTF-8, and so are the forms that browsers make of them. (JSON is always: RFC 8259.)"""
    return request.content_type not in _FORMS or _is_plain(request.charset or "utf-8")


def _is_plain(charset: str) -> bool:
    return charset.lower() in _LETTERS


def _is_signing_in(request: web.Request) -> bool:
    """Whether this address of the desk is open without a session, or with one that opens nothing else."""
    return request.path.startswith("/desk/") and guard_of(request.match_info.handler).startswith("open:")
