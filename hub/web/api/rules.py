"""The rules that hubs go by: read, replaced as a whole, their versions, back to an older one."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from hub.actions.failures import NotFound, NotPossible
from hub.actions.rules.rule_drafts import differences
from hub.actions.rules.rulebook import MOST_NOTE, as_document, change_rules, restore_rules
from hub.web.api.operations import Answer, Call
from hub.web.api.problems import FieldError, Problem
from hub.web.api.requests import RequestBody, VersionsQuery
from routing.compare import Change
from routing.rules import RulesError
from storage import rulebook
from storage.database import Connection
from storage.rulebook import VersionRow

Note = Annotated[str, Field(max_length=MOST_NOTE, description="why; kept with the version")]
BaseVersion = Annotated[
    int,
    Field(
        ge=0,
        le=2**31 - 1,
        description="the version that was looked at; another one in use is answered with 409",
    ),
]


class RulesRequest(RequestBody):
    """All the rules, as `document` of GET /rules has them: the tables of config/routing.toml as JSON."""

    document: dict[str, Any]
    base_version: BaseVersion
    note: Note = ""


class RestoreRequest(RequestBody):
    """Go back to an older version, as a new one."""

    base_version: BaseVersion
    note: Note = ""


class RulesAnswer(BaseModel):
    """`document`: the tables of config/routing.toml as JSON, without what is as it is by default."""

    version: int
    document: dict[str, Any]


class VersionAnswer(BaseModel):
    """`origin`: file, desk (or this API), restored or command; `restores`: the version that was gone back to."""

    version: int
    origin: Literal["file", "desk", "restored", "command"]
    restores: int | None
    author: str
    note: str
    made_at: datetime

    @classmethod
    def of(cls, row: VersionRow) -> "VersionAnswer":
        return cls(
            version=row.version,
            origin=row.origin,  # type: ignore[arg-type]  # the column's CHECK names the same four
            restores=row.restores,
            author=row.author,
            note=row.note,
            made_at=row.made_at,
        )


class VersionList(BaseModel):
    items: list[VersionAnswer]


class ChangeAnswer(BaseModel):
    """One difference. `section`: the key of the document; `name`: of the entry in it, "" for what stands alone; `key`: what of
    it, with dots, "" for the whole; of an entry that was moved `before` and `after` are places."""

    what: Literal["added", "removed", "changed", "moved"]
    section: str
    name: str
    key: str
    before: Any
    after: Any

    @classmethod
    def of(cls, change: Change) -> "ChangeAnswer":
        return cls.model_validate(change, from_attributes=True)


class VersionDetail(BaseModel):
    """A version with its rules. `changes`: against the version before it; none of the first one."""

    about: VersionAnswer
    document: dict[str, Any]
    changes: list[ChangeAnswer]


class VersionMade(BaseModel):
    """The version that is in use now; the one before where nothing changed."""

    version: int


async def get_rules(call: Call) -> Answer:
    """Those in use."""
    book = call.ctx.rulebook
    return Answer(document=RulesAnswer(version=book.version, document=as_document(book.rules)))


async def put_rules(call: Call) -> Answer:
    """Replace them all."""
    body: RulesRequest = call.body
    try:
        version = await change_rules(
            call.ctx, document=body.document, base_version=body.base_version, actor=call.actor, note=body.note
        )
    except NotPossible as failure:
        raise _as_fields(failure) from failure
    return Answer(document=VersionMade(version=version))


async def list_versions(call: Call) -> Answer:
    """The newest first."""
    query: VersionsQuery = call.query
    rows = await call.ctx.database.read(lambda c: rulebook.versions(c, query.limit))
    return Answer(document=VersionList(items=[VersionAnswer.of(row) for row in rows]))


async def get_version(call: Call) -> Answer:
    """One, with its rules and what it changed."""
    version = _version(call)

    async def look(c: Connection) -> tuple[VersionRow, dict[str, Any], dict[str, Any] | None] | None:
        row, document = await rulebook.version(c, version), await rulebook.document(c, version)
        if row is None or document is None:
            return None
        return row, document, await rulebook.document(c, version - 1)

    found = await call.ctx.database.read(look)
    if found is None:
        raise NotFound(f"There is no version {version} of the rules.")
    row, document, before = found
    changes = differences(before, document) if before is not None else ()
    return Answer(
        document=VersionDetail(
            about=VersionAnswer.of(row),
            document=document,
            changes=[ChangeAnswer.of(change) for change in changes],
        )
    )


async def post_restore(call: Call) -> Answer:
    """Go back to it."""
    body: RestoreRequest = call.body
    try:
        version = await restore_rules(
            call.ctx,
            version=_version(call),
            base_version=body.base_version,
            actor=call.actor,
            note=body.note,
        )
    except NotPossible as failure:
        raise _as_fields(failure) from failure
    return Answer(status=201, document=VersionMade(version=version))


def _as_fields(failure: NotPossible) -> NotPossible | Problem:
    """Each wrong key of the document by itself."""
    cause = failure.__cause__
    if failure.code != "rules_wrong" or not isinstance(cause, RulesError):
        return failure
    errors = [
        FieldError(field=".".join(("document", *map(str, wrong.where))), message=wrong.said)
        for wrong in cause.wrong
    ]
    return Problem(422, "invalid", "These rules cannot be used; nothing was done.", errors=errors)


def _version(call: Call) -> int:
    given = call.params["version"]
    if not (given.isascii() and given.isdigit() and len(given) < 9):
        raise NotFound("This is not the number of a version.")
    return int(given)
