"""Pictures to put into articles."""

import hashlib
import io
from typing import Any

from PIL import Image, ImageDraw

from hub.actions.context import Context
from storage import inbound
from storage import pictures as stored
from storage.database import Connection


def picture(
    kind: str = "PNG", size: tuple[int, int] = (64, 48), colour: str = "#0b6b4f", **how: Any
) -> bytes:
    """A surface with a white stripe on its left third."""
    image = Image.new("RGB", size, colour)
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 3, size[1]), fill="white")
    made = io.BytesIO()
    image.save(made, kind, **how)
    return made.getvalue()


async def put_away(ctx: Context, data: bytes, *, small: bytes = b"", filename: str = "lid.png") -> str:
    """Its token: as it lies there once it was drawn anew, without the process that does so."""
    digest, small_digest = hashlib.sha256(data).digest(), hashlib.sha256(small).digest() if small else None

    async def keep(c: Connection) -> str:
        await inbound.add_blobs(c, [(digest, data), *([(small_digest, small)] if small_digest else [])])
        kept = await stored.add_picture(
            c, filename=filename, content_type="image/png", width=1200, height=900, size=len(data),
            sha256=digest, small_sha256=small_digest, small_width=800 if small else 0, made_by=None,
        )  # fmt: skip
        return kept.token

    return await ctx.database.run(keep)


def named(token: str, words: str = "The lid") -> str:
    """In a text."""
    return f"![{words}](picture:{token})"
