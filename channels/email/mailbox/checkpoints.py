"""How far a folder has been read, and what its numbers mean. Pure.

A UID means something only under the folder's UIDVALIDITY (RFC 3501 2.3.1.1). A server may number a folder anew, go back to an
earlier numbering (two servers behind one name), or go back in time under the same one (a restored backup). In each case the
folder is read again from where that numbering was left, or from the start; what is in the journal already is known by its
content.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Self

LOOK_BACK = "look_back"
"""The bookmark in which a restore says that letters that were moved are to be read again: `since` is a day. Empty when that was
done. `uidvalidity` and `uid`: how far the folder has been read, should the line drop."""
_REMEMBERED = 8
"""Other numberings whose place is remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Every letter up to `uid` is in the journal. `turn` tells apart letters that had the same number under the same
    UIDVALIDITY before the folder went back in time. `first`: the day on which the folder was seen first.
    `earlier`: (validity, uid, turn) of other numberings, the latest first."""

    validity: int
    uid: int = 0
    turn: int = 0
    first: date
    earlier: tuple[tuple[int, int, int], ...] = ()

    def key(self, folder: str, uid: int) -> str:
        """The journal's key of a letter."""
        turn = f"~{self.turn}" if self.turn else ""
        return f"{folder}:{self.validity}{turn}.{uid}"

    def reached(self, uid: int) -> Self:
        """The same with everything up to `uid` in the journal."""
        return replace(self, uid=max(self.uid, uid))

    def since(self, days: int) -> date | None:
        """From which day on letters are taken; None: from the first. A day more, for time zones."""
        return self.first - timedelta(days=days + 1) if days else None

    def written(self) -> dict[str, Any]:
        """As the bookmark keeps it."""
        return {
            "uidvalidity": self.validity,
            "uid": self.uid,
            "turn": self.turn,
            "first": self.first.isoformat(),
            "earlier": [list(one) for one in self.earlier],
        }


def read_checkpoint(value: Any, today: date) -> Checkpoint | None:
    """What the bookmark kept; None where nothing was."""
    if not isinstance(value, Mapping) or "uidvalidity" not in value:
        return None
    first = value.get("first")
    return Checkpoint(
        validity=int(value["uidvalidity"]),
        uid=int(value.get("uid", 0)),
        turn=int(value.get("turn", 0)),
        first=date.fromisoformat(first) if first else today,
        earlier=tuple((int(v), int(u), int(t)) for v, u, t in value.get("earlier", ())),
    )


def at_sight(mark: Checkpoint | None, validity: int, uid_next: int | None, today: date) -> Checkpoint:
    """Where to read on in a folder that now shows this UIDVALIDITY and this UIDNEXT (None: it does not say)."""
    if mark is None:
        return Checkpoint(validity=validity, first=today)
    numberings = ((mark.validity, mark.uid, mark.turn), *mark.earlier)
    here = next((one for one in numberings if one[0] == validity), None)
    others = tuple(one for one in numberings if one[0] != validity)[:_REMEMBERED]
    if here is not None and (uid_next is None or uid_next > here[1]):
        uid, turn = here[1:]
    elif here is None and validity > max(one[0] for one in numberings):
        uid, turn = 0, 0
    else:
        # Back in time, or a numbering that is forgotten: its numbers may have meant other letters.
        uid, turn = 0, max(one[2] for one in numberings) + 1
    return replace(mark, validity=validity, uid=uid, turn=turn, earlier=others)
