"""What the load asked for and what it was told, operation by operation, as Jepsen keeps it (https://jepsen.io/analyses).

`ok`: it was told that it is done: it must be there exactly once. `fail`: it was told that it is not: it must not be there.
`info`: nobody knows: once or not at all.
"""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

Outcome = Literal["invoke", "ok", "fail", "info"]


@dataclass(slots=True, kw_only=True)
class Operation:
    """`key` is in the words that are said, so that it is found again. Times are seconds since 1970. `told` is what the hub
    answered, for programs; `asked` what has to be repeated to ask the very same again."""

    key: str
    channel: str
    what: str
    invoked: float
    settled: float = 0.0
    outcome: Outcome = "invoke"
    attempts: int = 0
    told: dict[str, object] = field(default_factory=dict)
    asked: dict[str, object] = field(default_factory=dict)


class Ledger:
    """Every operation of a run."""

    def __init__(self) -> None:
        self.operations: dict[str, Operation] = {}
        self.surprises: list[str] = []
        """Answers that the hub must not give: a 500, a frame that the protocol does not have."""

    def invoke(self, channel: str, what: str) -> Operation:
        key = f"{what}{len(self.operations):06d}z"
        made = Operation(key=key, channel=channel, what=what, invoked=time.time())
        self.operations[key] = made
        return made

    def settle(self, operation: Operation, outcome: Outcome, **told: object) -> None:
        operation.settled, operation.outcome = time.time(), outcome
        operation.told |= told

    def of(self, what: str) -> list[Operation]:
        return [one for one in self.operations.values() if one.what == what]

    def counts(self) -> dict[str, int]:
        found = dict.fromkeys(("ok", "fail", "info", "invoke"), 0)
        for one in self.operations.values():
            found[one.outcome] += 1
        return found

    def write(self, path: Path) -> None:
        with path.open("w", encoding="utf-8") as sink:
            for one in self.operations.values():
                sink.write(json.dumps(asdict(one), ensure_ascii=False, default=str) + "\n")


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
