"""The addresses below /survey, all of them public: who holds a link may answer."""

from pathlib import Path

from aiohttp import web

from channels.doors import COMMON_HEADERS, Asks, open_to
from channels.webform.page import FILES
from hub.actions.context import Context
from hub.web.survey.pages import SurveyPages

_STYLE = FILES["form.css"][0] + (Path(__file__).parent / "static" / "survey.css").read_bytes()
"""A form's own look, and what this page has beside it."""


def survey_routes(ctx: Context) -> list[web.RouteDef]:
    """Everything below /survey."""
    pages = SurveyPages(ctx)
    return [
        *open_to(Asks.NOTHING, web.get("/survey/survey.css", _style)),
        *open_to(
            Asks.LINK,
            web.get("/survey/{token}", pages.show),
            web.post("/survey/{token}", pages.post),
            web.post("/survey/{token}/stop", pages.post_stop),
        ),
    ]


async def _style(_request: web.Request) -> web.Response:
    headers = {**COMMON_HEADERS, "Cache-Control": "max-age=300"}
    return web.Response(body=_STYLE, content_type="text/css", charset="utf-8", headers=headers)
