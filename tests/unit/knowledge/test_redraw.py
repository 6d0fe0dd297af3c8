"""Pictures drawn anew: what they show stays, what else is in the file goes, and what cannot be shown is refused."""

import io
import zlib
from typing import Any

import pytest
from PIL import Image

from hub.actions.knowledge.redraw import redraw
from hub.model.article_pictures import KEPT_SIDE, SMALL_WIDTH, Redrawn
from hub.model.picture_types import MOST_PIXELS, picture_type
from tests.fakes.pictures import picture

ORIENTATION, GPS, MAKER = 0x0112, 0x8825, 0x010F


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_nothing_but_what_it_shows_is_kept(kind: str) -> None:
    """Not where it was taken, nor by whom, nor a page that was hung on behind (S30)."""
    exif = Image.Exif()
    exif[MAKER], exif[ORIENTATION] = "CANARY", 1
    exif.get_ifd(GPS)[2] = (31.0, 14.0, 0.0)
    how: dict[str, Any] = {} if kind == "GIF" else {"exif": exif}
    given = picture(kind, **how, **({"comment": b"CANARY"} if kind in ("GIF", "JPEG") else {}))
    done = redraw(given + b"<script>CANARY</script>")
    assert (done.trouble, done.width, done.height, done.small) == ("", 64, 48, b"")
    assert b"CANARY" not in done.data and b"script" not in done.data and b"Exif" not in done.data
    kept = opened(done.data)
    assert not kept.getexif() and picture_type(done.data) == done.content_type
    assert done.content_type == ("image/png" if kind == "GIF" else f"image/{kind.lower()}")
    (left, right) = (kept.convert("RGB").getpixel((x, 24)) for x in (5, 60))
    assert min(left) > 240 and right[1] > right[0] + 50  # type: ignore[type-var,index,operator]


def test_a_photograph_stands_the_right_way_up() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # a telephone that was held upright
    done = redraw(picture("JPEG", exif=exif))
    assert (done.width, done.height) == (48, 64) == opened(done.data).size


def test_what_is_large_becomes_smaller_and_what_is_wide_has_a_small_one_too() -> None:
    done = redraw(picture("JPEG", (4000, 3000)))
    assert (done.width, done.height, done.small_width) == (KEPT_SIDE, 1500, SMALL_WIDTH)
    assert opened(done.data).size == (KEPT_SIDE, 1500) and opened(done.small).size == (SMALL_WIDTH, 600)
    tall = redraw(picture("PNG", (300, 4000)))
    assert (tall.width, tall.height, tall.small_width) == (150, KEPT_SIDE, 0)


def test_a_photograph_that_came_as_a_png_does_not_weigh_as_one() -> None:
    noise = Image.effect_noise((1100, 1100), 90).convert("RGB")
    given = io.BytesIO()
    noise.save(given, "PNG")
    done = redraw(given.getvalue())
    assert done.content_type == "image/jpeg" == picture_type(done.data) == picture_type(done.small)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
def test_every_sort_of_colours_is_shown(mode: str) -> None:
    made = io.BytesIO()
    Image.new(mode, (20, 10)).save(made, "JPEG" if mode == "CMYK" else "PNG")
    done = redraw(made.getvalue())
    assert done.trouble == "" and opened(done.data).mode in ("L", "RGB", "RGBA")
    assert (opened(done.data).mode == "RGBA") == (mode in ("LA", "RGBA"))


def test_one_that_moves_is_refused() -> None:
    for kind in ("GIF", "WEBP", "PNG"):
        frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
        made = io.BytesIO()
        frames[0].save(made, kind, save_all=True, append_images=frames[1:])
        assert redraw(made.getvalue()) == Redrawn(trouble="moving_picture"), kind


def test_what_is_no_picture_or_a_broken_one_is_refused() -> None:
    whole = picture("PNG", (200, 200))
    wrong_sum = whole[:29] + zlib.crc32(b"other").to_bytes(4, "big") + whole[33:]
    for data, trouble in (
        (b"", "no_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "no_picture"),
        (b"%PDF-1.7", "no_picture"),
        (whole[:60], "broken_picture"),
        (picture("JPEG")[:200], "broken_picture"),
        (picture("WEBP")[:60], "broken_picture"),
        (wrong_sum, "broken_picture"),
        (b"GIF89a" + bytes((9, 0, 9, 0)) + b"<script>", "broken_picture"),
    ):
        assert redraw(data) == Redrawn(trouble=trouble), (data[:20], trouble)


def test_one_that_claims_too_much_is_refused_before_it_is_drawn() -> None:
    """S37: by its head alone."""
    side = int(MOST_PIXELS**0.5) + 10
    head = picture("PNG")
    bomb = head[:16] + side.to_bytes(4, "big") * 2 + head[24:]
    assert redraw(bomb) == Redrawn(trouble="no_picture")
