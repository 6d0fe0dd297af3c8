"""Two documents of rules: what differs, in small steps that can be said in words; and one's changes carried over to another.

A document is the tables of config/routing.toml. Lists of tables with names are entries (queues, rules, calendars …), whose
order counts where the first that holds decides. Pure.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Document: TypeAlias = Mapping[str, Any]

Unit: TypeAlias = tuple[str, ...]
"""What is changed by one person at a time: (section,), or (section, name) of an entry whose place does not matter."""

UNORDERED = ("queue", "calendar")
"""Sections in which each entry stands for itself, so that two people may change one each."""

_SPLIT = ("when", "unless", "then", "hours", "other_days", "skills", "weight")
"""Tables inside an entry of which each key is told by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. `section`: the key of the document; `name`: of the entry, "" for what stands alone; `key`: what of it,
    with dots, "" for the whole. `before` and `after` as in the documents, None where there is nothing; places, counted from 1,
    of an entry that was moved."""

    what: Literal["added", "removed", "changed", "moved"]
    section: str
    name: str = ""
    key: str = ""
    before: Any = None
    after: Any = None


def compare(before: Document, after: Document) -> tuple[Change, ...]:
    """All differences, section by section, in the order of `after`."""
    sections = list(dict.fromkeys([*after, *before]))
    return tuple(change for name in sections for change in _section(name, before.get(name), after.get(name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebased:
    """`document`: their changes with mine on top; `clashes`: what both changed, each to something else, with no word on whose
    counts."""

    document: dict[str, Any]
    clashes: tuple[Unit, ...]


def rebase(
    base: Document,
    mine: Document,
    theirs: Document,
    keep: Mapping[Unit, Literal["mine", "theirs"]] | None = None,
) -> Rebased:
    """What I changed since `base`, on top of what they did. `keep`: whose counts, for units that both changed; theirs counts
    where nothing is said."""
    keep = keep or {}
    ours, others, old = _units(mine), _units(theirs), _units(base)
    out: dict[str, Any] = {name: _copied(value) for name, value in theirs.items()}
    clashes = []
    for unit in dict.fromkeys([*ours, *old]):
        wanted = ours.get(unit)
        if wanted == old.get(unit) or wanted == others.get(unit):
            continue
        if others.get(unit) != old.get(unit):
            if unit not in keep:
                clashes.append(unit)
            if keep.get(unit) != "mine":
                continue
        _put(out, unit, wanted)
    return Rebased(document=out, clashes=tuple(clashes))


def touched(base: Document, other: Document) -> tuple[Unit, ...]:
    """The units that differ."""
    old, new = _units(base), _units(other)
    return tuple(unit for unit in dict.fromkeys([*new, *old]) if new.get(unit) != old.get(unit))


def unit_of(change: Change) -> Unit:
    """The unit that a change belongs to."""
    return (change.section, change.name) if change.section in UNORDERED and change.name else (change.section,)


def _section(name: str, before: Any, after: Any) -> Iterator[Change]:
    if before == after:
        return
    if _is_entries(before) and _is_entries(after):
        yield from _entries(name, before or (), after or ())
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*after, *before]):
            yield from _values(name, "", key, before.get(key), after.get(key))
    else:
        yield Change(what="changed", section=name, before=before, after=after)


def _entries(section: str, before: Sequence[Document], after: Sequence[Document]) -> Iterator[Change]:
    old, new = _by_name(before), _by_name(after)
    for name, entry in old.items():
        if name not in new:
            yield Change(what="removed", section=section, name=name, before=entry)
    stayed = [name for name in new if name in old]
    moved = set() if section in UNORDERED else _moved([list(old).index(name) for name in stayed], stayed)
    for name, entry in new.items():
        if name not in old:
            yield Change(what="added", section=section, name=name, after=entry)
            continue
        if name in moved:
            places = (list(old).index(name) + 1, list(new).index(name) + 1)
            yield Change(what="moved", section=section, name=name, before=places[0], after=places[1])
        for key in dict.fromkeys([*entry, *old[name]]):
            yield from _values(section, name, key, old[name].get(key), entry.get(key))


def _values(section: str, name: str, key: str, before: Any, after: Any) -> Iterator[Change]:
    if before == after:
        return
    old, new = before or {}, after or {}
    if key in _SPLIT and isinstance(old, Mapping) and isinstance(new, Mapping):
        for part in dict.fromkeys([*new, *old]):
            if old.get(part) != new.get(part):
                yield Change(
                    what="changed", section=section, name=name, key=f"{key}.{part}",
                    before=old.get(part), after=new.get(part),
                )  # fmt: skip
    else:
        yield Change(what="changed", section=section, name=name, key=key, before=before, after=after)


def _moved(places: Sequence[int], names: Sequence[str]) -> set[str]:
    """As few as will do: those outside the longest run that kept its order."""
    ends: list[int] = []  # the smallest last place of a run of each length
    run_of: list[int] = []
    for place in places:
        length = bisect_left(ends, place)
        if length == len(ends):
            ends.append(place)
        else:
            ends[length] = place
        run_of.append(length)
    kept, wanted = set(), len(ends) - 1
    for length, name in zip(reversed(run_of), reversed(names), strict=True):
        if length == wanted:
            kept.add(name)
            wanted -= 1
    return set(names) - kept


def _is_entries(value: Any) -> bool:
    return value is None or (
        isinstance(value, (list, tuple)) and all(isinstance(one, Mapping) and "name" in one for one in value)
    )


def _by_name(entries: Sequence[Document]) -> dict[str, Document]:
    return {str(entry["name"]): entry for entry in entries}


def _units(document: Document) -> dict[Unit, Any]:
    found: dict[Unit, Any] = {}
    for section, value in document.items():
        if section in UNORDERED:
            found |= {(section, name): entry for name, entry in _by_name(value).items()}
        else:
            found[section,] = value
    return found


def _put(document: dict[str, Any], unit: Unit, value: Any) -> None:
    section = unit[0]
    if len(unit) == 1:
        if value is None:
            document.pop(section, None)
        else:
            document[section] = value
        return
    entries = list(document.get(section) or ())
    place = next((n for n, entry in enumerate(entries) if entry["name"] == unit[1]), len(entries))
    entries[place : place + 1] = [] if value is None else [value]
    document[section] = entries


def _copied(value: Any) -> Any:
    return list(value) if isinstance(value, (list, tuple)) else value
