"""Draws a picture anew, in a process of its own: what comes out is pixels and nothing else, in a size that pages show.

Whoever made the picture hid nothing in it, then: no place where a photograph was taken, no page behind the last pixel. A
picture that moves is refused: nobody who reads could stop it (WCAG 2.2, 2.2.2).
"""

import io
import resource
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from hub.actions.apart import serve_apart
from hub.model.article_pictures import KEPT_SIDE, SMALL_WIDTH, Redrawn
from hub.model.picture_types import MOST_PIXELS, picture_type

_MOST_MEMORY = 2**30
"""Bytes of addresses: what a picture claims is known before, what its decoder does with it is not."""
_MOST_COLOURS = 64 * 1024
"""Bytes of a colour profile: a longer one is left out."""
_QUALITY = 88
_MOST_PNG = 1_500_000
"""Bytes: what is longer is a photograph, and no drawing."""
_FORMATS: Final = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}


def redraw(data: bytes) -> Redrawn:
    """What `data` shows, the right way up. A GIF is a PNG then, and a photograph that came as a PNG is a JPEG."""
    kind = picture_type(data)
    if not kind:
        return Redrawn(trouble="no_picture")
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        with Image.open(io.BytesIO(data), formats=[_FORMATS[kind]]) as given:
            if getattr(given, "is_animated", False):
                return Redrawn(trouble="moving_picture")
            given.draft("RGB", (2 * KEPT_SIDE, 2 * KEPT_SIDE))
            image = _drawn(given)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        # What Pillow says of bytes that are no such picture, by format: SyntaxError of a PNG's broken chunk.
        return Redrawn(trouble="broken_picture")
    kept = "image/png" if kind == "image/gif" else kind
    written = _written(image, kept)
    if kept == "image/png" and image.mode != "RGBA" and len(written) > _MOST_PNG:
        kept, written = "image/jpeg", _written(image, "image/jpeg")
    small = b""
    if image.width > SMALL_WIDTH * 1.25:
        height = max(1, round(image.height * SMALL_WIDTH / image.width))
        small = _written(image.resize((SMALL_WIDTH, height), Image.Resampling.LANCZOS), kept)
    return Redrawn(
        content_type=kept,
        width=image.width,
        height=image.height,
        data=written,
        small=small,
        small_width=SMALL_WIDTH if small else 0,
    )


def _drawn(given: Image.Image) -> Image.Image:
    """Upright, no longer than is kept, with eight bits of each colour, and how much shines through where anything does. Made
    smaller first: there is never a second picture of the size that came."""
    # A profile is of the colours that the picture had: it fits no others (CMYK to RGB).
    profile = given.info.get("icc_profile") if given.mode in ("RGB", "RGBA", "P", "L") else None
    clear = given.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in given.info
    wanted = "RGBA" if clear else "L" if given.mode in ("1", "L", "I;16", "I") else "RGB"
    if given.mode in ("I", "I;16"):
        # Sixteen bits of grey: the upper eight of them.
        given = given.point(lambda level: level / 256)
    image = given if given.mode == wanted and "transparency" not in given.info else given.convert(wanted)
    image.thumbnail((KEPT_SIDE, KEPT_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    upright = ImageOps.exif_transpose(image)
    upright.info = {"icc_profile": profile} if profile and len(profile) <= _MOST_COLOURS else {}
    return upright


def _written(image: Image.Image, kind: str) -> bytes:
    target, profile = io.BytesIO(), image.info.get("icc_profile")
    match kind:
        case "image/jpeg":
            image.save(target, "JPEG", quality=_QUALITY, optimize=True, progressive=True, icc_profile=profile)
        case "image/webp":
            image.save(target, "WEBP", quality=_QUALITY, icc_profile=profile)
        case _:
            image.save(target, "PNG", icc_profile=profile)
    return target.getvalue()


def main() -> None:
    """In the process."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    serve_apart(redraw)


if __name__ == "__main__":
    main()
