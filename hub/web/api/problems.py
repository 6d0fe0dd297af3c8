"""Every error of the API as application/problem+json (RFC 9457), and which failure becomes which status.

No answer made here holds a trace, an SQL text or a version.
"""

from collections.abc import Mapping, Sequence

from aiohttp import web
from pydantic import BaseModel, Field, ValidationError

from hub.actions.failures import ActionFailure, Conflict, LoginRefused, NotFound, NotPossible
from storage.database import DatabaseUnavailable

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2


class FieldError(BaseModel):
    """What is wrong with one field. `field` is its path with dots, "" for the whole."""

    field: str
    message: str


class ProblemAnswer(BaseModel):
    """RFC 9457. `code` is stable and meant for programs, `detail` is a sentence for people."""

    type: str = Field(description="where this code is described")
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldError] = []
    current_seq: int | None = Field(
        default=None,
        description="with changed_meanwhile: where the ticket stands now, or which version of the rules is in use",
    )


class Problem(Exception):
    """Stops a request with this answer."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        current_seq: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.current_seq = current_seq


TITLES = {
    400: "The request cannot be read",
    401: "Who are you?",
    403: "Not allowed",
    404: "Not found",
    405: "Wrong method",
    408: "Too slow",
    409: "Not possible now",
    413: "Too large",
    415: "Wrong content type",
    422: "A field is wrong",
    429: "Too many tries",
    500: "A fault in the hub",
    503: "Try again soon",
}


def show_problem(problem: Problem) -> web.Response:
    """The response that tells it."""
    answer = ProblemAnswer(
        type=f"/api/v1/docs#{problem.code}",
        title=TITLES.get(problem.status, "Not possible"),
        status=problem.status,
        code=problem.code,
        detail=problem.detail,
        errors=problem.errors,
        current_seq=problem.current_seq,
    )
    empty = {name for name in ("errors", "current_seq") if not getattr(answer, name)}
    body = answer.model_dump_json(exclude=empty).encode()
    return web.Response(status=problem.status, body=body, content_type=CONTENT_TYPE, headers=problem.headers)


def problem_of(failure: ActionFailure | DatabaseUnavailable) -> Problem:
    """What the caller is told when an action was not done."""
    match failure:
        case NotFound():
            return Problem(404, failure.code, str(failure))
        case Conflict():
            return Problem(409, failure.code, str(failure), current_seq=failure.current_seq)
        case NotPossible(code="idempotency_key_reused"):
            return key_reused()
        case LoginRefused():
            return Problem(403, failure.code, str(failure))
        case DatabaseUnavailable():
            return Problem(
                503,
                "database_unavailable",
                "The database does not answer. Nothing is known to be kept: send the same again soon.",
                headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            )
    return Problem(409, failure.code, str(failure))


def wrong_fields(error: ValidationError) -> Problem:
    """What pydantic found: 400 where the body is no JSON at all, else 422 with every field."""
    found = [
        FieldError(field=".".join(str(part) for part in one["loc"]), message=one["msg"])
        for one in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    if any(one["type"] == "json_invalid" for one in error.errors(include_url=False, include_input=False)):
        return Problem(400, "malformed_json", found[0].message, errors=found)
    return Problem(
        422, "invalid", "These fields are missing, unknown or wrong; nothing was done.", errors=found
    )


def wrong_field(field: str, message: str) -> Problem:
    """One wrong field that the model alone cannot notice."""
    return Problem(422, "invalid", message, errors=[FieldError(field=field, message=message)])


def key_reused() -> Problem:
    """The same Idempotency-Key came with another body."""
    message = "This Idempotency-Key was used for another request: take a new key."
    return Problem(
        422, "idempotency_key_reused", message, errors=[FieldError(field="Idempotency-Key", message=message)]
    )
