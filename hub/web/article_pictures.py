"""The pictures of an article on a page: which of them its text shows, and how one is handed out."""

from aiohttp import web
from markupsafe import Markup

from channels.doors import COMMON_HEADERS
from hub.actions.context import Context
from hub.actions.knowledge.pictures import find_picture, read_picture
from hub.model.article_pictures import pictures_in
from hub.web.article_text import Measured, Pictures, render_article
from storage import pictures as stored
from storage.knowledge_find import Reader

AT_DESK = "/desk/knowledge/pictures"
IN_HELP = "/help/pictures"
"""Where they lie: for whoever is signed in, and for customers."""
SMALL = "small"
PUBLIC_SECONDS = 300
"""So long a browser, or what stands between, may show a customer a picture of an article that was withdrawn meanwhile."""


async def show_text(ctx: Context, body: str, *, path: str) -> Markup:
    """The text of an article as HTML with its pictures, of those that there are. `path`: AT_DESK or IN_HELP."""
    tokens = pictures_in(body)
    found = await ctx.database.read(lambda c: stored.measures(c, tokens)) if tokens else []
    shown = (
        Measured(token=one.token, width=one.width, height=one.height, small_width=one.small_width)
        for one in sorted(found, key=lambda one: tokens.index(one.token))
    )
    return render_article(body, Pictures(path=path, shown=tuple(shown)))


async def show_article_picture(ctx: Context, request: web.Request, reader: Reader) -> web.Response:
    """The picture of this address; a browser that has it already is told so. Its bytes never change, and whether it may be
    seen is looked up each time. Raises NotFound."""
    small = request.match_info.get("size", "") == SMALL
    found = await find_picture(ctx, request.match_info["token"], reader, small=small)
    kept = f"public, max-age={PUBLIC_SECONDS}" if reader is Reader.PUBLIC else "private, no-cache"
    mark = found.sha256.hex()[:32]
    headers = {
        **COMMON_HEADERS,
        "Content-Disposition": "inline",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": kept,
        "ETag": f'"{mark}"',
    }
    known = request.if_none_match or ()
    if any(one.value in (mark, "*") for one in known):
        return web.Response(status=304, headers=headers)
    return web.Response(body=await read_picture(ctx, found), content_type=found.content_type, headers=headers)
