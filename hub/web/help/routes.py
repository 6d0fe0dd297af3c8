"""The addresses of help, all of them public."""

from pathlib import Path

from aiohttp import web

from channels.doors import COMMON_HEADERS, Asks, open_to
from hub.actions.context import Context
from hub.web.article_pictures import IN_HELP, SMALL
from hub.web.help.pages import HelpPages

_STATIC = Path(__file__).parent / "static"
FILES = {
    "help.css": ((_STATIC / "help.css").read_bytes(), "text/css"),
    "icon.svg": ((_STATIC.parent.parent / "static" / "favicon.svg").read_bytes(), "image/svg+xml"),
    "suggest.js": ((_STATIC / "suggest.js").read_bytes(), "text/javascript"),
}
"""File name → bytes and media type. suggest.js is for forms and the chat, which offer articles while somebody writes."""


def help_routes(ctx: Context) -> list[web.RouteDef]:
    """Everything below /help."""
    pages = HelpPages(ctx)
    told = pages.told
    offers = open_to(
        Asks.NOTHING, web.get("/help/suggest", told(pages.get_suggestions)), tells=pages.offer_nothing
    )
    return offers + open_to(
        Asks.NOTHING,
        web.get("/help", told(pages.to_language)),
        web.get("/help/", told(pages.to_language)),
        web.get("/help/sitemap.xml", told(pages.show_sitemap)),
        *(web.get(f"/help/{name}", _file) for name in FILES),
        web.get(f"{IN_HELP}/{{token}}", told(pages.show_picture)),
        web.get(f"{IN_HELP}/{{token}}/{{size:{SMALL}}}", told(pages.show_picture)),
        web.get("/help/{place}", told(pages.show_home)),
        web.get("/help/{place}/search", told(pages.show_search)),
        web.get("/help/{place}/category/{category}", told(pages.show_category)),
        web.get("/help/{place}/{article}", told(pages.show_article)),
        web.post("/help/{place}/{article}/vote", told(pages.post_vote)),
    )


async def _file(request: web.Request) -> web.Response:
    body, content_type = FILES[request.path.rpartition("/")[2]]
    headers = {**COMMON_HEADERS, "Cache-Control": "max-age=300"}
    return web.Response(body=body, content_type=content_type, charset="utf-8", headers=headers)
