"""Reads named, commented SQL blocks from storage/sql/*.sql. A missing name fails at import, not at run time.

A file is a row of blocks; each starts with a line `-- name: the_name`. Comments below that line belong to the block.
"""

import re
from importlib.resources import files

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
