"""From a request to an answer, the same way for every operation: who, may they, what, do, tell.

Whatever goes wrong is answered as a problem document; a fault of ours is logged under an id that the
answer names.
"""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import orjson
import structlog
from aiohttp import web
from pydantic import BaseModel

from hub.actions.context import Context
from hub.actions.failures import ActionFailure
from hub.actions.idempotency import once
from hub.model.people import Actor
from hub.web.api.bodies import check_body, check_query, read_body, read_idempotency_key
from hub.web.api.keyring import CHALLENGE, Keyring
from hub.web.api.operations import Answer, Call, Operation
from hub.web.api.problems import Problem, problem_of, show_problem, wrong_field
from hub.web.named import address_of
from hub.web.refusals import NOT_ALLOWED, log_refusal
from storage.database import DatabaseUnavailable, DataError

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_FORBIDDEN = 403
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def serve(ctx: Context, keyring: Keyring, operation: Operation) -> Handler:
    """The aiohttp handler of one operation."""

    async def handle(request: web.Request) -> web.StreamResponse:
        actor = await keyring.actor(request)
        if not operation.open_to(actor.scopes):
            log_refusal(request, needs=",".join(operation.scopes), key=actor.name)
            raise _not_in_scope(operation)
        call = await _read_call(ctx, actor, operation, request)
        try:
            if operation.idempotent:
                return await _answer_once(operation, call)
            return _show(await operation.handler(call))
        except (ActionFailure, Problem) as failure:
            if failure.code == NOT_ALLOWED or (isinstance(failure, Problem) and failure.status == _FORBIDDEN):
                log_refusal(request, needs=failure.code, key=actor.name)
            raise

    guarded = answer_problems(handle)
    guarded.scopes = operation.scopes  # type: ignore[attr-defined]  # what the hub asks of every address before it starts
    return guarded


def answer_problems(handle: Handler) -> Handler:
    """The same handler, with every failure told as a problem document."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handle(request)
        except Problem as problem:
            return show_problem(problem)
        except (ActionFailure, DatabaseUnavailable) as failure:
            return show_problem(problem_of(failure))
        except DataError as error:
            log.warning("api.value_refused", path=address_of(request), error=type(error).__name__)
            return show_problem(wrong_field("", "A value cannot be stored as it is; nothing was done."))
        except Exception:
            fault = secrets.token_hex(8)
            log.exception("api.fault", fault=fault, method=request.method, path=address_of(request))
            detail = f"Something is broken in the hub. Its log says more under {fault}."
            return show_problem(Problem(500, "fault", detail))

    return answer


async def _read_call(ctx: Context, actor: Actor, operation: Operation, request: web.Request) -> Call:
    raw, body = b"", None
    if operation.body is not None:
        raw = await read_body(request, operation.body_limit)
        body = check_body(operation.body, raw)
    return Call(
        ctx=ctx,
        actor=actor,
        params=request.match_info,
        query=check_query(operation.query, request) if operation.query is not None else None,
        body=body,
        raw=raw,
        idempotency_key=read_idempotency_key(request) if operation.takes_key or operation.idempotent else "",
    )


async def _answer_once(operation: Operation, call: Call) -> web.Response:
    async def do() -> tuple[int, dict[str, Any]]:
        answer = await operation.handler(call)
        if not isinstance(answer.document, BaseModel):
            return answer.status, {}
        return answer.status, answer.document.model_dump(mode="json")

    # Without a key of the caller's the hub is still asked once, and may by itself do again what it was not told the end of.
    key = call.idempotency_key or uuid4().hex
    # The same key on another path is another request, so the path is part of what is compared.
    path = operation.path.format_map(call.params)
    signed = f"{operation.method} {path}\n".encode() + call.raw
    status, document = await once(call.ctx, principal=f"api:{call.actor.name}", key=key, body=signed, do=do)
    body = orjson.dumps(document) if document else None
    return web.Response(status=status, body=body, content_type="application/json", headers=HEADERS)


def _show(answer: Answer) -> web.Response:
    headers = {**HEADERS, **answer.headers}
    if answer.document is None:
        return web.Response(status=answer.status, headers=headers)
    if isinstance(answer.document, bytes):
        return web.Response(
            status=answer.status,
            body=answer.document,
            content_type="application/octet-stream",
            headers=headers | {"Content-Security-Policy": "default-src 'none'; sandbox"},
        )
    body = answer.document.model_dump_json().encode()
    return web.Response(status=answer.status, body=body, content_type="application/json", headers=headers)


def _not_in_scope(operation: Operation) -> Problem:
    wanted = " or ".join(scope.value for scope in operation.scopes)
    return Problem(
        403,
        "insufficient_scope",
        f"This API key lacks the scope {wanted}.",
        headers={
            "WWW-Authenticate": f'{CHALLENGE}, error="insufficient_scope", scope="{operation.scopes[0]}"'
        },
    )
