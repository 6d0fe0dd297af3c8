"""The addresses below /portal. Most ask for a session; the door, the page for a code and links are anybody's."""

from pathlib import Path

from aiohttp import web

from channels.doors import COMMON_HEADERS, Asks, open_to
from channels.webform.page import FILES
from hub.actions.context import Context
from hub.web.portal import doing, entering, pages
from hub.web.portal.doors import anybody, signed_in

_STATIC = Path(__file__).parent / "static"
_STYLE = FILES["form.css"][0] + (_STATIC / "portal.css").read_bytes()
"""A form's own look, and what these pages have beside it."""


def portal_routes(ctx: Context) -> list[web.RouteDef]:
    """Everything below /portal."""
    case = "/portal/{number}"
    return [
        *open_to(
            Asks.NOTHING,
            web.get("/portal/portal.css", _style),
            web.get("/portal", anybody(ctx, pages.show_home)),
            web.post("/portal", anybody(ctx, entering.post_address)),
            web.get("/portal/code", anybody(ctx, entering.show_code_page)),
            web.post("/portal/code", anybody(ctx, entering.post_code)),
        ),
        *open_to(
            Asks.LINK,
            web.get("/portal/go/{token}", anybody(ctx, entering.show_link)),
            web.post("/portal/go/{token}", anybody(ctx, entering.post_link)),
        ),
        *open_to(
            Asks.SESSION,
            web.post("/portal/out", signed_in(ctx, entering.post_out)),
            web.post("/portal/out-everywhere", signed_in(ctx, entering.post_out_everywhere)),
            web.get("/portal/search", signed_in(ctx, pages.show_search)),
            web.get("/portal/profile", signed_in(ctx, pages.show_profile)),
            web.post("/portal/profile", signed_in(ctx, doing.post_profile)),
            web.get("/portal/files/{token}", signed_in(ctx, pages.get_file)),
            web.get(case, signed_in(ctx, pages.show_case)),
            web.post(
                f"{case}/more",
                signed_in(ctx, doing.post_more, otherwise=doing.keep_words, away=doing.keep_words_meanwhile),
            ),
            web.post(f"{case}/settled", signed_in(ctx, doing.post_settled)),
            web.post(f"{case}/not-settled", signed_in(ctx, doing.post_not_settled)),
            web.post(f"{case}/rating", signed_in(ctx, doing.post_rating)),
        ),
    ]


async def _style(_request: web.Request) -> web.Response:
    headers = {**COMMON_HEADERS, "Cache-Control": "max-age=300"}
    return web.Response(body=_STYLE, content_type="text/css", charset="utf-8", headers=headers)
