"""What one customer says of themselves when two are found to be one: the one that stays is right, unless asked otherwise."""

from collections.abc import Iterable, Mapping
from typing import Any

CHOOSABLE = ("name", "language", "organisation_id", "segment", "owner_id")
_EMPTY = ("", None)


def conflicts(kept: Mapping[str, Any], gone: Mapping[str, Any]) -> list[str]:
    """Which values of the two differ, where both have one.

    >>> conflicts({"name": "Li", "language": "zh"}, {"name": "Li Lei", "language": ""})
    ['name']
    """
    found = [name for name in CHOOSABLE if _differ(kept.get(name), gone.get(name))]
    ours, theirs = kept.get("fields") or {}, gone.get("fields") or {}
    return found + [f"fields.{name}" for name in sorted(theirs) if _differ(ours.get(name), theirs[name])]


def _differ(ours: object, theirs: object) -> bool:
    return ours not in _EMPTY and theirs not in _EMPTY and ours != theirs


def together(kept: Mapping[str, Any], gone: Mapping[str, Any], take: Iterable[str] = ()) -> dict[str, Any]:
    """What the one that stays says from then on. `take`: those of CHOOSABLE, or "fields.x", in which the other one is right.

    >>> one = {"name": "Li", "note": "", "key_account": False, "created_at": "2", "last_seen_at": "3", "hold": None}
    >>> two = {"name": "Li Lei", "note": "Rings", "key_account": True, "created_at": "1", "last_seen_at": "2", "hold": None}
    >>> together(one, two, ["name"])["name"], together(one, two)["created_at"]
    ('Li Lei', '1')
    """
    wanted = set(take)
    said = dict(kept)
    for name in CHOOSABLE:
        if name in wanted or said.get(name) in _EMPTY:
            said[name] = gone.get(name)
    ours, theirs = kept.get("fields"), gone.get("fields")
    if theirs:
        right = {name for name in theirs if f"fields.{name}" in wanted}
        said["fields"] = {**theirs, **(ours or {}), **{name: theirs[name] for name in right}}
    said["key_account"] = kept["key_account"] or gone["key_account"]
    said["note"] = "\n".join(one for one in (kept["note"], gone["note"]) if one)
    # As text in ISO 8601, all in UTC: the order of the letters is that of the times.
    said["created_at"] = min(kept["created_at"], gone["created_at"])
    said["last_seen_at"] = max(kept["last_seen_at"], gone["last_seen_at"])
    said["hold"] = kept["hold"] if kept["hold"] is not None else gone["hold"]
    return said


def apart(was: Mapping[str, Any], became: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """The way back: what nobody changed since is what it was; what somebody did stays.

    >>> apart({"name": "Li"}, {"name": "Li Lei"}, {"name": "Li Lei"}), apart({"name": "Li"}, {"name": "Li Lei"}, {"name": "L."})
    ({'name': 'Li'}, {'name': 'L.'})
    """
    said = {name: was.get(name) if value == became.get(name) else value for name, value in now.items()}
    before, after, fields = was.get("fields") or {}, became.get("fields") or {}, now.get("fields")
    if fields is not None and said.get("fields") == fields:
        kept = {
            name: before.get(name) if value == after.get(name) else value for name, value in fields.items()
        }
        said["fields"] = {name: value for name, value in kept.items() if value is not None} or was.get(
            "fields"
        )
    return said
