"""Pictures of articles: put away as they were drawn anew, and found again.

Whoever may read an article sees its pictures: authors all of them, colleagues and customers those that a text which they can
read names at this moment (`storage.pictures`).
"""

import asyncio
import hashlib
from pathlib import PurePath

from channels.clean import safe_filename
from hub.actions.apart import ApartFailed, work_apart
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.model.article_pictures import MOST_BYTES, Redrawn, is_token
from hub.model.people import Actor
from hub.model.picture_types import picture_type
from storage import inbound
from storage import pictures as stored
from storage.database import Connection
from storage.knowledge_find import Reader
from storage.pictures import Measures, StoredPicture

LONGEST_SECONDS = 30.0
_REDRAW = "hub.actions.knowledge.redraw"
_ENDINGS = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}
_TROUBLES = {
    "no_picture": "A picture is a PNG, a JPEG, a GIF or a WebP of 40 million pixels at the most.",
    "moving_picture": "A picture that moves is not taken.",
    "broken_picture": "The picture is broken.",
}


class PictureShelf:
    """One per hub: it draws one picture at a time."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._turn = asyncio.Semaphore(1)

    async def add(self, data: bytes, *, filename: str, actor: Actor) -> Measures:
        """A picture for a text that somebody writes. Raises NotPossible: empty_file, picture_too_large, no_picture,
        moving_picture, broken_picture."""
        if not data:
            raise NotPossible("The file is empty.", code="empty_file")
        if len(data) > MOST_BYTES:
            raise NotPossible("A picture has 10 MB at the most.", code="picture_too_large")
        if not picture_type(data):
            raise NotPossible(_TROUBLES["no_picture"], code="no_picture")
        drawn = await self._redraw(data)
        if drawn.trouble:
            raise NotPossible(_TROUBLES[drawn.trouble], code=drawn.trouble)
        digest, small = _digest(drawn.data), _digest(drawn.small) if drawn.small else None
        blobs = [(digest, drawn.data), *([(small, drawn.small)] if small is not None else [])]

        async def keep(c: Connection) -> Measures:
            await inbound.add_blobs(c, blobs)
            return await stored.add_picture(
                c,
                filename=f"{PurePath(safe_filename(filename)).stem}{_ENDINGS[drawn.content_type]}",
                content_type=drawn.content_type,
                width=drawn.width,
                height=drawn.height,
                size=len(drawn.data),
                sha256=digest,
                small_sha256=small,
                small_width=drawn.small_width,
                made_by=actor.agent_id,
            )

        return await self._ctx.database.run(keep)

    async def _redraw(self, data: bytes) -> Redrawn:
        async with self._turn:
            try:
                drawn = await work_apart(_REDRAW, data, longest_seconds=LONGEST_SECONDS)
            except ApartFailed as error:
                raise NotPossible(_TROUBLES["broken_picture"], code="broken_picture") from error
        assert isinstance(drawn, Redrawn)
        return drawn


async def find_picture(ctx: Context, token: str, reader: Reader, *, small: bool) -> StoredPicture:
    """What it is; its bytes are read by `read_picture`. Raises NotFound, also where this reader must not see it."""
    found = None
    if is_token(token):
        found = await ctx.database.read(lambda c: stored.picture(c, token, reader, small=small))
    if found is None:
        raise NotFound("There is no such picture.")
    return found


async def read_picture(ctx: Context, found: StoredPicture) -> bytes:
    """Raises NotFound: it went since it was found."""
    data = await ctx.database.read(lambda c: stored.bytes_of(c, found.sha256))
    if data is None:
        raise NotFound("There is no such picture.")
    return data


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
