"""The addresses below /follow, all of them public: who holds a link may look."""

from pathlib import Path

from aiohttp import web

from channels.doors import COMMON_HEADERS, Asks, open_to
from channels.webform.page import FILES
from hub.actions.context import Context
from hub.web.follow.pages import FollowPages

_STYLE = FILES["form.css"][0] + (Path(__file__).parent / "static" / "follow.css").read_bytes()
"""A form's own look, and what this page has beside it."""


def follow_routes(ctx: Context) -> list[web.RouteDef]:
    """Everything below /follow."""
    pages = FollowPages(ctx)
    return [
        *open_to(Asks.NOTHING, web.get("/follow/follow.css", _style)),
        *open_to(Asks.LINK, web.get("/follow/{token}", pages.show), web.post("/follow/{token}", pages.post)),
    ]


async def _style(_request: web.Request) -> web.Response:
    headers = {**COMMON_HEADERS, "Cache-Control": "max-age=300"}
    return web.Response(body=_STYLE, content_type="text/css", charset="utf-8", headers=headers)
