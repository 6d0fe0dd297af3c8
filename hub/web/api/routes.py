"""The API as aiohttp routes: the operations of the table, the document about them, a 404 for the rest."""

import asyncio
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import orjson
from aiohttp import web

from channels.doors import Asks, open_to
from hub.actions.context import Context
from hub.web.api.docs import HEADERS as DOCS_HEADERS
from hub.web.api.docs import choose_locale, show_docs
from hub.web.api.keyring import Keyring
from hub.web.api.openapi import make_document
from hub.web.api.operations import PREFIX
from hub.web.api.problems import Problem
from hub.web.api.serve import HEADERS, answer_problems, serve
from hub.web.api.table import OPERATIONS


def api_routes(ctx: Context, keyring: Keyring | None = None) -> list[web.RouteDef]:
    """Every route under /api/v1. The last one catches what is left below it, so their order must be kept."""
    keyring = keyring or Keyring(ctx)
    routes = [
        web.route(
            operation.method, _address(operation.path), serve(ctx, keyring, operation), name=operation.name
        )
        for operation in OPERATIONS
    ]
    rest = web.route("*", PREFIX + "/{rest:.*}", answer_problems(_nothing_here))
    return [*routes, *open_to(Asks.NOTHING, *_about(), rest)]


@cache
def _address(path: str) -> str:
    """As aiohttp wants it: where another operation has a word, this one's parameter is anything else."""
    parts = path.split("/")
    for place, part in enumerate(parts):
        words = {
            other[place]
            for other in (one.path.split("/") for one in OPERATIONS)
            if len(other) == len(parts) and other[:place] == parts[:place] and "{" not in other[place]
        }
        if part.startswith("{") and words:
            parts[place] = f"{{{part[1:-1]}:(?!(?:{'|'.join(sorted(words))})(?:/|$))[^/{{}}]+}}"
    return PREFIX + "/".join(parts)


@cache
def _document() -> dict[str, Any]:
    """Made when somebody asks for it first: most hubs are never asked, and it takes a tenth of a second."""
    return make_document(OPERATIONS)


@cache
def _as_json() -> bytes:
    return orjson.dumps(_document())


def _about() -> Sequence[web.RouteDef]:
    async def get_document(_request: web.Request) -> web.Response:
        body = await asyncio.to_thread(_as_json)
        return web.Response(body=body, content_type="application/json", headers=HEADERS)

    async def get_docs(request: web.Request) -> web.Response:
        page = await asyncio.to_thread(lambda: show_docs(_document(), choose_locale(request)))
        return web.Response(text=page, content_type="text/html", headers=DOCS_HEADERS)

    return web.get(PREFIX + "/openapi.json", get_document), web.get(PREFIX + "/docs", get_docs)


@cache
def _patterns() -> Sequence[tuple[re.Pattern[str], str]]:
    def pattern(path: str) -> re.Pattern[str]:
        return re.compile(re.sub(r"{\w+(?::(.+?))?}(?=/|$)", lambda m: m[1] or "[^/]+", _address(path)))

    return [(pattern(operation.path), operation.method) for operation in OPERATIONS]


async def _nothing_here(request: web.Request) -> web.StreamResponse:
    path = request.rel_url.raw_path
    allowed = sorted({method for pattern, method in _patterns() if pattern.fullmatch(path)})
    if allowed:
        methods = ", ".join(allowed)
        raise Problem(405, "wrong_method", f"This path takes {methods}.", headers={"Allow": methods})
    raise Problem(404, "not_found", f"The API has no such path; {PREFIX}/docs lists what there is.")
