"""Reads named, commented SQL blocks from storage/sql/*.sql. A missing name fails at import, not at run time.

A file is a row of blocks; each starts with a line `-- name: the_name`. Comments below that line belong to the block.
"""

import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

_HEADER = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


def load_queries(name: str) -> dict[str, str]:
    """All blocks of storage/sql/<name>.sql by their names. Raises ValueError for a name given twice."""
    text = (files("storage") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    parts = _HEADER.split(text)
    queries: dict[str, str] = {}
    for block, sql in zip(parts[1::2], parts[2::2], strict=True):
        if block in queries:
            raise ValueError(f"storage/sql/{name}.sql names {block} twice")
        queries[block] = sql.strip()
    return queries


def numbered(clauses: Sequence[str], first: int) -> tuple[str, ...]:
    """`?` in each becomes its parameter."""
    return tuple(clause.replace("?", f"${number}") for number, clause in enumerate(clauses, first))


def asking(query: str, wanted: Mapping[str, Any], *, first: int) -> tuple[str, list[Any]]:
    """The text that asks for what is wanted as well, and its parameters, numbered from `first` on. `wanted`: conditions with a
    `?`, and what each compares with; None for what is not asked for. A text for each, because a plan is made without knowing
    what will be asked (docs/decisions/0070): `$2 IS NULL OR kind = $2` would have no index."""
    asked = {clause: value for clause, value in wanted.items() if value is not None}
    return " ".join((query, *(f"AND {one}" for one in numbered(list(asked), first)))), list(asked.values())
