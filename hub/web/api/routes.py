"""The API as aiohttp routes: the operations of the table, the document about them, a 404 for the rest."""

import re
from collections.abc import Sequence

import orjson
from aiohttp import web

from channels.doors import Asks, open_to
from hub.actions.context import Context
from hub.web.api.docs import HEADERS as DOCS_HEADERS
from hub.web.api.docs import choose_locale, show_docs
from hub.web.api.keyring import Keyring
from hub.web.api.openapi import make_document
from hub.web.api.operations import PREFIX, Operation
from hub.web.api.problems import Problem
from hub.web.api.serve import HEADERS, Handler, answer_problems, serve
from hub.web.api.table import OPERATIONS


def api_routes(ctx: Context, keyring: Keyring | None = None) -> list[web.RouteDef]:
    """Every route under /api/v1. The last one catches what is left below it, so their order must be kept."""
    keyring = keyring or Keyring(ctx)
    routes = [
        web.route(operation.method, _address(operation), serve(ctx, keyring, operation), name=operation.name)
        for operation in OPERATIONS
    ]
    rest = web.route("*", PREFIX + "/{rest:.*}", _nothing_here(OPERATIONS))
    return [*routes, *open_to(Asks.NOTHING, *_about(OPERATIONS), rest)]


def _address(operation: Operation) -> str:
    """As aiohttp wants it: where another operation has a word, this one's parameter is anything else."""
    parts = operation.path.split("/")
    for place, part in enumerate(parts):
        words = {
            other[place]
            for other in (one.path.split("/") for one in OPERATIONS)
            if len(other) == len(parts) and other[:place] == parts[:place] and "{" not in other[place]
        }
        if part.startswith("{") and words:
            parts[place] = f"{{{part[1:-1]}:(?!(?:{'|'.join(sorted(words))})(?:/|$))[^/{{}}]+}}"
    return PREFIX + "/".join(parts)


def _about(operations: tuple[Operation, ...]) -> Sequence[web.RouteDef]:
    document = make_document(operations)
    as_json = orjson.dumps(document)

    async def get_document(_request: web.Request) -> web.Response:
        return web.Response(body=as_json, content_type="application/json", headers=HEADERS)

    async def get_docs(request: web.Request) -> web.Response:
        page = show_docs(document, choose_locale(request))
        return web.Response(text=page, content_type="text/html", headers=DOCS_HEADERS)

    return web.get(PREFIX + "/openapi.json", get_document), web.get(PREFIX + "/docs", get_docs)


def _nothing_here(operations: tuple[Operation, ...]) -> Handler:
    patterns = [
        (
            re.compile(re.sub(r"{\w+(?::(.+?))?}(?=/|$)", lambda m: m[1] or "[^/]+", _address(operation))),
            operation.method,
        )
        for operation in operations
    ]

    async def refuse(request: web.Request) -> web.StreamResponse:
        allowed = sorted(
            {method for pattern, method in patterns if pattern.fullmatch(request.rel_url.raw_path)}
        )
        if allowed:
            methods = ", ".join(allowed)
            raise Problem(405, "wrong_method", f"This path takes {methods}.", headers={"Allow": methods})
        raise Problem(404, "not_found", f"The API has no such path; {PREFIX}/docs lists what there is.")

    return answer_problems(refuse)
