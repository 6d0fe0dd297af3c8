"""What the load asked for and what it was told, operation by operation, as Jepsen keeps it (https://jepsen.io/analyses).

`ok`: it was told that it is done: it must be there exactly once. `fail`: it was told that it is not: it must not be there.
`info`: nobody knows: once or not at all.
"""

import json
import random
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

Outcome = Literal["invoke", "ok", "fail", "info"]
REPEATABLE = 40


@dataclass(slots=True, kw_only=True)
class Operation:
    """`key` is in the words that are said, so that it is found again. Times are seconds since 1970. `told` is what the hub
    answered, for programs; `asked` what has to be repeated to ask the very same again: both are only in the file once it is
    settled, except for those that the ledger holds back."""

    key: str
    channel: str
    what: str
    invoked: float
    settled: float = 0.0
    outcome: Outcome = "invoke"
    attempts: int = 0
    told: dict[str, object] | None = None
    asked: dict[str, object] | None = None


@dataclass(slots=True)
class _HeldBack:
    """A fair sample of those that can be asked again, whatever their number (reservoir)."""

    kept: list[Operation] = field(default_factory=list)
    offered: int = 0
    dice: random.Random = field(default_factory=lambda: random.Random(0))

    def offer(self, one: Operation) -> Operation | None:
        """Returns the one that is not kept: it, or the one whose place it took; None while there is room."""
        self.offered += 1
        if len(self.kept) < REPEATABLE:
            self.kept.append(one)
            return None
        place = self.dice.randrange(self.offered)
        if place >= REPEATABLE:
            return one
        gone, self.kept[place] = self.kept[place], one
        return gone


class Ledger:
    """Every operation of a run. `path`: each is written there as it is settled, and at the end those that never were; in memory
    is only what the checks compare."""

    def __init__(self, path: Path | None = None) -> None:
        self.operations: dict[str, Operation] = {}
        self.surprises: list[str] = []
        """Answers that the hub must not give: a 500, a frame that the protocol does not have."""
        self._held_back = _HeldBack()
        self._sink = path.open("w", encoding="utf-8") if path else None

    def invoke(self, channel: str, what: str) -> Operation:
        key = f"{what}{len(self.operations):06d}z"
        made = Operation(key=key, channel=channel, what=what, invoked=time.time())
        self.operations[key] = made
        return made

    def settle(self, operation: Operation, outcome: Outcome, **told: object) -> None:
        operation.settled, operation.outcome, operation.told = time.time(), outcome, told
        self._write(operation)
        again = outcome == "ok" and operation.asked
        forget = self._held_back.offer(operation) if again else operation
        if forget is not None:
            forget.asked = forget.told = None

    def of(self, what: str) -> list[Operation]:
        return [one for one in self.operations.values() if one.what == what]

    def repeatable(self) -> list[Operation]:
        """Some of those that were answered and can be asked again, with what they asked and were told."""
        return list(self._held_back.kept)

    def counts(self) -> dict[str, int]:
        found = dict.fromkeys(("ok", "fail", "info", "invoke"), 0)
        for one in self.operations.values():
            found[one.outcome] += 1
        return found

    def close(self) -> None:
        """Write down what was never settled."""
        for one in self.operations.values():
            if one.outcome == "invoke":
                self._write(one)
        if self._sink is not None:
            self._sink.close()

    def _write(self, one: Operation) -> None:
        if self._sink is not None:
            self._sink.write(json.dumps(asdict(one), ensure_ascii=False, default=str) + "\n")


def judge(operations: Iterable[Operation], seen: Mapping[str, int]) -> list[str]:
    """What is wrong: `seen` says how often each key is there."""
    allowed = {"ok": (1,), "fail": (0,), "info": (0, 1), "invoke": (0, 1)}
    wrong = []
    for one in operations:
        times = seen.get(one.key, 0)
        if times not in allowed[one.outcome]:
            what = "lost" if times == 0 else "there though refused" if one.outcome == "fail" else "doubled"
            wrong.append(f"{one.channel} {one.key}: {one.outcome}, and {times} times there ({what})")
    return wrong
