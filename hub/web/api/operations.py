"""What one operation of the API is: how it is reached, who may, what it takes and what it answers."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from hub.actions.context import Context
from hub.model.people import Actor, Scope

PREFIX = "/api/v1"
SMALL_BODY = 512 * 1024
FILES_BODY = 40 * 1024 * 1024
"""Bytes of a body that may carry files in base64: 30 MB of files, a third more in base64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request after every check: the key is known, its scope fits, `query` and `body` are instances of
    the operation's models (None where it takes none). `raw` is the body as it came."""

    ctx: Context
    actor: Actor
    params: Mapping[str, str]
    query: Any = None
    body: Any = None
    raw: bytes = b""
    idempotency_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`document` is one of the operation's answer models, bytes of a file, or None for no content."""

    status: int = 200
    document: BaseModel | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One line of the route table. `scopes`: any one of these opens it (and admin always does).
    `answers`: model by status; bytes stands for a file, None for no content. `idempotent`: an Idempotency-Key
    makes a repetition safe by the idempotency table; `takes_key`: by what the operation does with it."""

    name: str
    method: str
    path: str
    scopes: tuple[Scope, ...]
    summary: str
    summary_zh: str
    handler: Callable[[Call], Awaitable[Answer]]
    answers: Mapping[int, type[BaseModel] | type[bytes] | None]
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    body_limit: int = SMALL_BODY
    idempotent: bool = False
    takes_key: bool = False
    description: str = ""

    def open_to(self, scopes: frozenset[Scope]) -> bool:
        """Whether a key with these scopes may call it."""
        return Scope.ADMIN in scopes or not scopes.isdisjoint(self.scopes)
