"""Where a hub may die: before and after each commit, and before and after each word to the outside. The list is made from the
code, so that a new place cannot be forgotten; tests.faults.crashing_hub dies there.

A point is called by what it is about:

    commit:<module>:<function>:before   the function's transaction is done and not committed
    commit:<module>:<function>:after    it is committed, and nobody was told yet
    call:<kind>:accept:before|after     an item came in by this kind of channel, before and after it is kept
    call:<kind>:send:before|leaving|after   an answer goes out: before anything, at the first byte that counts, when it left
    call:webhook:before|after           another program is told of something
"""

import ast
from collections.abc import Iterator
from pathlib import Path

from channels.registry import load_kinds

ROOT = Path(__file__).parents[2]
RUNS = ("run", "run_one")
"""How a transaction is run (storage.database.Database)."""
BUSY = (
    "actions.receive:_", "answers.deliver:", "idempotency:", "timers:fire", "floor.route:",
    "call:email:", "call:telegram:", "call:webform:accept", "call:webchat:", "call:api:accept", "installation:report_channel",
    "search.index:", "actions.gate:", "sent_copies:", "floor.live:", "automation.",
)  # fmt: skip
SENDS = ("before", "leaving", "after")


def commits() -> list[str]:
    """Every function in which a transaction is run, as `<module>:<function>`."""
    found = set()
    for folder in ("hub", "storage", "channels"):
        for path in (ROOT / folder).rglob("*.py"):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found |= {f"{module}:{name}" for name in _in(ast.parse(path.read_text("utf-8")), "")}
    return sorted(found)


def all_points() -> list[str]:
    kinds = sorted(load_kinds())
    return [
        *(f"commit:{one}:{when}" for one in commits() for when in ("before", "after")),
        *(f"call:{kind}:accept:{when}" for kind in kinds for when in ("before", "after")),
        *(f"call:{kind}:send:{when}" for kind in kinds for when in SENDS),
        *(f"call:webhook:{when}" for when in ("before", "after")),
    ]


def busy_points() -> list[str]:
    """Those that customers who write and agents who answer come by all the time."""
    return [point for point in all_points() if any(place in point for place in BUSY)]


def _in(node: ast.AST, name: str) -> Iterator[str]:
    """Names of functions (`Class.method` for methods; what is inside a function belongs to it) that run a transaction."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from _in(child, f"{name}{child.name}.")
        elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if any(_runs(one) for one in ast.walk(child)):
                yield f"{name}{child.name}"
        else:
            yield from _in(child, name)


def _runs(node: ast.AST) -> bool:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RUNS):
        return False
    on = node.func.value
    return (on.attr if isinstance(on, ast.Attribute) else getattr(on, "id", "")) in ("database", "_database")
