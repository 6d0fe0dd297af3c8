"""Rows to columns: what `unnest` takes."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any


def columns(rows: Sequence[Any], *names: str) -> list[list[Any]]:
    """One list for each name, in the order of `rows`."""
    return [[get(row) for row in rows] for get in map(attrgetter, names)]


def transposed(rows: Iterable[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Tuples of `width` values to that many lists, also where there are no rows."""
    out: list[list[Any]] = [[] for _ in range(width)]
    for row in rows:
        for column, value in zip(out, row, strict=True):
            column.append(value)
    return out
