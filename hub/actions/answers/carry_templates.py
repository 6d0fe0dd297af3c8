"""Canned replies as a file, and back: CSV for spreadsheets, JSON for programs. All of a file is taken in, or none of it."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import orjson

from hub.actions.answers.templates import Draft, check_draft, new_row
from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.model.people import Actor
from storage import templates as stored
from storage.database import Connection
from storage.templates import TemplateRow

COLUMNS = tuple(field.name for field in fields(Draft))
MOST_ROWS, MOST_BYTES = 2000, 5_000_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet would take a cell that begins so for a formula (OWASP, CSV injection)."""


class BadFile(NotPossible):
    """`row` of the file, from 1 without its head; 0 for the file as a whole. `why`: the code of what is wrong with the row."""

    def __init__(self, row: int, why: str) -> None:
        super().__init__(f"Row {row} of the file: {why}", code="bad_file")
        self.row, self.why = row, why


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """How many replies of a file were new, were changed, and were there already as they are."""

    added: int = 0
    changed: int = 0
    same: int = 0


def write_csv(rows: Sequence[TemplateRow]) -> bytes:
    """UTF-8 with a mark, which spreadsheets need to see."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for row in rows:
        document = _as_document(row)
        writer.writerow({name: _safe(str(document[name] or "")) for name in COLUMNS})
    return out.getvalue().encode("utf-8-sig")


def write_json(rows: Sequence[TemplateRow]) -> bytes:
    return orjson.dumps([_as_document(row) for row in rows], option=orjson.OPT_INDENT_2)


def read_file(data: bytes) -> list[Draft]:
    """The replies of a file of either kind, by its content; CSV also as GB18030. Raises BadFile."""
    if len(data) > MOST_BYTES:
        raise BadFile(0, "too_much")
    text = _decoded(data).strip()
    found = _json(text) if text[:1] in ("[", "{") else _csv(text)
    if len(found) > MOST_ROWS:
        raise BadFile(0, "too_much")
    if not found:
        raise BadFile(0, "empty")
    return [_draft(number, one) for number, one in enumerate(found, 1)]


async def take_in(ctx: Context, drafts: Sequence[Draft], *, actor: Actor) -> Taken:
    """Every one of them, in one transaction: a reply of the same name, language and owner is changed, another is added. Raises
    BadFile."""

    async def work(connection: Connection) -> Taken:
        counts = {"added": 0, "changed": 0, "same": 0}
        for number, draft in enumerate(drafts, 1):
            try:
                counts[await _take_in(connection, draft, actor)] += 1
            except NotPossible as failure:
                raise BadFile(number, failure.code) from failure
        return Taken(**counts)

    return await ctx.database.run(work)


async def _take_in(connection: Connection, draft: Draft, actor: Actor) -> str:
    new = await new_row(connection, draft, actor)
    there = await stored.find_template(connection, new)
    if there is None:
        await stored.add_template(connection, new, actor.agent_id)
        return "added"
    if _as_draft(there) == draft:
        return "same"
    await stored.change_template(connection, there.id, new)
    return "changed"


def _as_draft(row: TemplateRow) -> Draft:
    return Draft(**_as_document(row))


def _as_document(row: TemplateRow) -> dict[str, Any]:
    private = row.owner_id is not None
    return {name: private if name == "private" else getattr(row, name) for name in COLUMNS}


def _decoded(data: bytes) -> str:
    for charset in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(charset)
        except UnicodeDecodeError:
            continue
    raise BadFile(0, "unreadable")


def _json(text: str) -> list[Mapping[str, Any]]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadFile(0, "unreadable") from error
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise BadFile(0, "unreadable")
    return found


def _csv(text: str) -> list[Mapping[str, Any]]:
    # What a spreadsheet saves here and there has semicolons or tabs between its cells.
    head = text.partition("\n")[0]
    between = max(",;\t", key=head.count)
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=between, strict=True)
        rows: list[Mapping[str, Any]] = [
            {
                (name or "").strip().lower(): _plain(cell or "")
                for name, cell in row.items()
                if isinstance(cell, str)
            }
            for row in reader
        ]
    except csv.Error as error:
        raise BadFile(0, "unreadable") from error
    if not {"name", "body"}.issubset(rows[0] if rows else ()):
        raise BadFile(0, "no_columns")
    return rows


def _draft(number: int, said: Mapping[str, Any]) -> Draft:
    given = {name: said.get(name, "") for name in COLUMNS}
    private = given.pop("private")
    if not all(isinstance(one, str) for one in given.values()):
        raise BadFile(number, "unreadable")
    mine = private if isinstance(private, bool) else str(private).strip().lower() in ("true", "1", "yes")
    given["body"] = given["body"].replace("\r\n", "\n")
    try:
        return check_draft(Draft(**given, private=mine))
    except NotPossible as failure:
        raise BadFile(number, failure.code) from failure


def _safe(cell: str) -> str:
    return f"'{cell}" if _is_formula(cell) else cell


def _plain(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _is_formula(cell) else cell


def _is_formula(cell: str) -> bool:
    """Also one that has been marked already: what goes out comes back as it was."""
    return cell.lstrip("'").startswith(_FORMULA)
