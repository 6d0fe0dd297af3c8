"""Pictures of articles over a real database and a served hub: put into a text, shown to whom they are for and for as long, put
into a reply, and taken away when no text names them."""

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import FormData

from hub.actions.answers import drafts
from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.knowledge import write
from hub.actions.knowledge.pictures import PictureShelf
from hub.actions.privacy.policies import find_old
from hub.actions.privacy.sweep import sweep_next
from hub.model.article_pictures import MOST_BYTES, MOST_IN_TEXT
from hub.model.articles import Visibility
from hub.model.people import HUB
from hub.model.retention import Kept
from storage import knowledge as stored
from storage.database import Connection
from storage.knowledge import Words
from tests.fakes.desk import Answer, Desk, customer_writes, serving_desk
from tests.fakes.pictures import named, picture, put_away
from tests.fakes.processes import until
from tests.fakes.scene import one, rows, waiting_for_a_lock

PUBLIC, INTERNAL = Visibility.PUBLIC, Visibility.INTERNAL


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(ctx) as desk:
        yield desk


async def article(ctx: Context, body: str, visibility: Visibility = PUBLIC, language: str = "en") -> int:
    """Published."""
    text = Words(title="The kettle", summary="", body=body)
    number = await write.new_article(ctx, language=language, text=text, actor=HUB)
    await publish(ctx, number, body, visibility, language)
    return number


async def publish(
    ctx: Context, number: int, body: str, visibility: Visibility = PUBLIC, language: str = "en"
) -> None:
    await write.publish(
        ctx, article_id=number, language=language, version=await version_of(ctx, number, language),
        text=Words(title="The kettle", summary="", body=body), visibility=visibility, actor=HUB,
    )  # fmt: skip


async def save(ctx: Context, number: int, body: str, language: str = "en") -> None:
    await write.save_text(
        ctx, article_id=number, language=language, version=await version_of(ctx, number, language),
        text=Words(title="The kettle", summary="", body=body), actor=HUB,
    )  # fmt: skip


async def version_of(ctx: Context, number: int, language: str) -> int:
    found = await ctx.database.read(lambda c: stored.texts(c, [number]))
    return next((text.version for text in found if text.language == language), 0)


async def upload(desk: Desk, data: bytes, filename: str = "Screen 1.gif") -> tuple[int, dict[str, str]]:
    form = FormData()
    form.add_field("file", io.BytesIO(data), filename=filename, content_type="image/svg+xml")
    async with desk.session.post(
        f"{desk.url}/desk/knowledge/pictures", data=form, headers={"Origin": desk.url}
    ) as response:
        return response.status, await response.json()


async def fetched(desk: Desk, path: str, **headers: str) -> tuple[int, bytes, Any]:
    async with desk.session.get(desk.url + path, headers=headers) as response:
        return response.status, await response.read(), response.headers


# ── into a text, and shown ───────────────────────────────────────────────────────────────────────────────────────────
async def test_a_picture_is_taken_shown_in_the_preview_and_to_customers_once_published(desk: Desk) -> None:
    await desk.log_in()
    status, said = await upload(desk, picture("GIF", (1300, 900)))
    assert status == 200
    token = said["token"]
    preview = await desk.post("/desk/knowledge/preview", {"title": "T", "body": named(token)})
    assert f'<img src="/desk/knowledge/pictures/{token}" srcset=' in preview.text
    path = f"/help/pictures/{token}"
    assert (await fetched(desk, path))[0] == 404
    number = await article(desk.ctx, named(token))
    page = (await desk.get(f"/help/en/{number}-the-kettle")).text
    assert f'<img src="{path}" srcset="{path}/small 800w, {path} 1300w"' in page and 'alt="The lid"' in page
    status, data, headers = await fetched(desk, path)
    assert (status, data[:8], headers["Content-Type"]) == (200, b"\x89PNG\r\n\x1a\n", "image/png")
    assert headers["Cache-Control"] == "public, max-age=300" and headers["Content-Disposition"] == "inline"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["X-Content-Type-Options"] == "nosniff"
    _, small, _ = await fetched(desk, f"{path}/small")
    assert small[:8] == data[:8] and len(small) < len(data)

    async def not_read(c: Connection) -> tuple[int, bytes, Any]:
        await c.execute("LOCK TABLE blob IN ACCESS EXCLUSIVE MODE")
        async with asyncio.timeout(20):
            return await fetched(desk, path, **{"If-None-Match": headers["ETag"]})

    again = await desk.ctx.database.run(not_read)
    assert (again[0], again[1]) == (304, b"")
    # At the desk it is nobody's else to keep, and stays when customers do not read it any more.
    await write.withdraw(desk.ctx, article_id=number, language="en", actor=HUB)
    assert (await fetched(desk, path, **{"If-None-Match": headers["ETag"]}))[0] == 404
    status, _, headers = await fetched(desk, f"/desk/knowledge/pictures/{token}")
    assert (status, headers["Cache-Control"]) == (200, "private, no-cache")
    assert f'src="/desk/knowledge/pictures/{token}"' in (await desk.get(f"/desk/knowledge/{number}")).text
    version = await desk.get(f"/desk/knowledge/{number}/versions/en/1")
    assert f'src="/desk/knowledge/pictures/{token}"' in version.text
    desk.session.cookie_jar.clear()
    assert b"<html" in (await fetched(desk, f"/desk/knowledge/pictures/{token}"))[1], "asked to sign in"


async def test_what_is_not_taken_is_said_in_both_languages(desk: Desk) -> None:
    for login, words in (
        ("ann", ("no picture", "too large", "empty", "cannot be read")),
        ("lin", ("无法识别", "过大", "空", "无法读取")),
    ):
        await desk.log_in(login)
        for data, word in zip(
            (b"<svg onload='alert(1)'/>", b"\x89PNG" * (MOST_BYTES // 4 + 1), b"", picture()[:60]),
            words,
            strict=True,
        ):
            status, said = await upload(desk, data)
            assert status == 409 and word in said["trouble"], said
    assert await one(desk.ctx, "SELECT count(*) FROM article_picture") == 0


async def test_a_name_is_only_a_name_and_its_ending_is_ours(ctx: Context) -> None:
    shelf = PictureShelf(ctx)
    for given, kept in (
        ("../../etc/Screen 1.gif", "Screen 1.png"),
        ("", "file.png"),
        ("封面.svg", "封面.png"),
    ):
        token = (await shelf.add(picture(), filename=given, actor=HUB)).token
        assert await one(ctx, "SELECT filename FROM article_picture WHERE token = $1", token) == kept


async def test_each_picture_needs_words_to_be_published_and_none_to_be_kept(ctx: Context) -> None:
    token = await put_away(ctx, picture())
    number = await article(ctx, "Text")
    await save(ctx, number, named(token, " "))
    for visibility in (PUBLIC, INTERNAL):
        with pytest.raises(NotPossible) as refused:
            await publish(ctx, number, named(token, " "), visibility)
        assert refused.value.code == "picture_needs_words"
    await publish(ctx, number, named(token))
    with pytest.raises(NotPossible) as many:
        await save(ctx, number, " ".join(named(f"{n:032x}") for n in range(MOST_IN_TEXT + 1)))
    assert many.value.code == "too_many_pictures"


# ── for whom, and how long ───────────────────────────────────────────────────────────────────────────────────────────
async def test_customers_see_what_the_version_that_they_read_shows_and_no_other(desk: Desk) -> None:
    old, new, chinese = [await put_away(desk.ctx, picture(colour=f"#0000{n}0")) for n in range(3)]
    number = await article(desk.ctx, named(old))

    async def seen() -> list[bool]:
        return [(await fetched(desk, f"/help/pictures/{one}"))[0] == 200 for one in (old, new, chinese)]

    assert await seen() == [True, False, False]
    await save(desk.ctx, number, named(new))
    await save(desk.ctx, number, named(chinese), "zh_CN")
    assert await seen() == [True, False, False]
    await publish(desk.ctx, number, named(new))
    assert await seen() == [False, True, False]
    await publish(desk.ctx, number, named(chinese), language="zh_CN")
    assert await seen() == [False, True, True]
    await write.set_archived(desk.ctx, article_id=number, archived=True, actor=HUB)
    assert await seen() == [False, False, False]
    await write.set_archived(desk.ctx, article_id=number, archived=False, actor=HUB)
    # Another article that shows it too is enough; one for colleagues is not.
    await publish(desk.ctx, number, named(new), INTERNAL)
    assert await seen() == [False, False, False]
    await article(desk.ctx, named(new))
    assert await seen() == [False, True, False]


async def test_what_no_text_and_no_version_names_goes_after_a_while_with_its_bytes(ctx: Context) -> None:
    colours = ("#000000", "#001000", "#002000", "#003000", "#004000")
    kept, dropped, never, shared, alone = [await put_away(ctx, picture(colour=one)) for one in colours]
    # The same bytes once more: they are stored once, and stay while any of them is there.
    twin = await put_away(ctx, picture(colour="#000000"), small=picture(colour="#002000"))
    number = await article(ctx, f"{named(kept)} {named(dropped)} {named(shared)} {named(twin)}")
    other = await article(ctx, named(shared))
    await save(ctx, number, named(kept))
    # A version names them still: somebody may go back to it.
    assert await loose(ctx) == [never, alone]
    draft = await article(ctx, "Nothing")
    await save(ctx, draft, named(never))
    assert await loose(ctx) == [alone]
    await save(ctx, draft, "Nothing any more")
    assert await loose(ctx) == [never, alone]
    fresh = await put_away(ctx, picture("PNG", (9, 9)))
    long_ago = "UPDATE article_picture SET loose_since = now() - interval '31 days' WHERE token = ANY($1) RETURNING 1"
    await one(ctx, long_ago, [never, alone])
    assert (await find_old(ctx, kept=Kept.PICTURES, days=30)).many == 2
    blobs = await one(ctx, "SELECT count(*) FROM blob")
    await one(ctx, "UPDATE retention_policy SET last_run_at = NULL RETURNING 1")
    while await sweep_next(ctx, lambda: True):
        pass
    left = {row["token"] for row in await rows(ctx, "SELECT token FROM article_picture")}
    assert left == {kept, dropped, shared, twin, fresh} and other
    assert await one(ctx, "SELECT count(*) FROM blob") == blobs - 1, "those of `alone`"
    # Named once more after that: the text is kept, and tells it in words.
    await save(ctx, draft, named(never))
    assert await one(ctx, "SELECT count(*) FROM article_picture_use WHERE article_id = $1", draft) == 0


async def loose(ctx: Context) -> list[str]:
    found = await rows(ctx, "SELECT token FROM article_picture WHERE loose_since IS NOT NULL ORDER BY id")
    return [row["token"] for row in found]


# ── into a reply ─────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_the_pictures_of_a_text_that_is_put_into_a_reply_lie_ready_as_files(desk: Desk) -> None:
    data = picture()
    token, hidden = await put_away(desk.ctx, data), await put_away(desk.ctx, picture(colour="red"))
    number = await article(desk.ctx, f"Returning a kettle\n\n{named(token)} {named(token, 'again')}")
    internal = await article(desk.ctx, named(hidden), INTERNAL)
    code = await customer_writes(desk.ctx, "Returning a kettle, how?")
    await desk.log_in()
    offered = (await desk.get(f"/desk/fragments/tickets/T-{code}/articles?q=returning")).text
    assert f'data-article="{number}?lang=en"' in offered and "[The lid] [again]" in offered
    path = f"/desk/tickets/T-{code}/draft/articles"
    for article_id, many in ((internal, 0), (number, 1), (number, 0)):
        answer = await desk.post(f"{path}/{article_id}?lang=en")
        assert answer.status == 200 and answer.text.count('<li class="draft-file"') == many, article_id
    assert (await desk.post(f"{path}/{number}?lang=zh_CN")).text == ""
    files = await rows(desk.ctx, "SELECT filename, content_type, sha256 FROM draft_file")
    assert [(file["filename"], file["content_type"]) for file in files] == [("lid.png", "image/png")]
    assert await one(desk.ctx, "SELECT data FROM blob WHERE sha256 = $1", files[0]["sha256"]) == data
    # Pressed twice at once.
    await one(desk.ctx, "DELETE FROM draft_file RETURNING 1")

    async def press_twice(c: Connection) -> list[asyncio.Task[Answer]]:
        await c.execute("SELECT 1 FROM ticket WHERE code = $1 FOR UPDATE", code)
        presses = [asyncio.create_task(desk.post(f"{path}/{number}?lang=en")) for _ in range(2)]

        async def both_wait() -> bool:
            return await waiting_for_a_lock(desk.ctx) == 2

        await until(both_wait, seconds=20, what="both wait for the ticket")
        return presses

    pressed = await asyncio.gather(*await desk.ctx.database.run(press_twice))
    assert [answer.status for answer in pressed] == [200, 200]
    assert await one(desk.ctx, "SELECT count(*) FROM draft_file") == 1
    # They count as any other file of the reply.
    await one(desk.ctx, "UPDATE draft_file SET size = $1 RETURNING 1", drafts.MOST_FILES_BYTES)
    number = await article(desk.ctx, named(hidden))
    full = await desk.post(f"{path}/{number}?lang=en")
    assert full.status == 409 and "20 MB" in full.text
