"""Who was refused something for lack of a permission stands in the log: once a request, with who and at which address, never
with what was sent (OWASP ASVS 5.0, 16.3.2).

Many pages of the desk tell a failure themselves, so what they tell is collected while a request is answered.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import structlog
from aiohttp import web

from channels.doors import peer_of_request
from hub.web.named import address_of

log = structlog.get_logger(__name__)

NOT_ALLOWED = "not_allowed"
IS_NOTED = web.RequestKey("refusal is noted", bool)
"""The log has a line of it already, or need not have one."""
_TOLD: ContextVar[list[str] | None] = ContextVar("told failures", default=None)


def note_told(code: str) -> None:
    """Somebody is told of a failure with this code."""
    told = _TOLD.get()
    if told is not None:
        told.append(code)


@contextmanager
def codes_told() -> Iterator[Sequence[str]]:
    """The codes of the failures of which somebody was told within."""
    told: list[str] = []
    token = _TOLD.set(told)
    try:
        yield told
    finally:
        _TOLD.reset(token)


def log_refusal(request: web.Request, *, needs: str, agent: int | None = None, key: str = "") -> None:
    """`needs`: the permission, scope or sight that was lacking; NOT_ALLOWED where the action itself decided."""
    request[IS_NOTED] = True
    log.warning(
        "access.refused",
        agent=agent,
        api_key_name=key or None,
        method=request.method,
        path=address_of(request),
        needs=needs,
        peer=peer_of_request(request),
    )
