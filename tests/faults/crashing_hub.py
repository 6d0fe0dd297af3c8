"""The hub's own command, which dies at a point of tests.faults.crash_points: `python -m tests.faults.crashing_hub serve`.

The points are put around the hub's code from here, when the process starts. Nothing of it is in the package, so no hub that
was installed can be made to die by its environment. HUB_CRASH_AT names the point, `#n` behind it the time at which it is
passed (default: the first). FAULTS_PASSED names a file that gets a line for each point when it is passed first.
"""

import os
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import hub.wiring
from channels.adapter import ChannelKind, HasRoutes, Leaving
from channels.registry import load_kinds
from hub.actions.errands import make_calls
from storage import database
from storage.database import Database

DIED = 86
"""The exit code of a hub that reached its point."""


class Points:
    """Which is the one, and which were passed."""

    def __init__(self, wanted: str, passed: str) -> None:
        self._name, _, times = wanted.partition("#")
        self._times = int(times or 1)
        self._passed = Path(passed) if passed else None
        self._counts: Counter[str] = Counter()

    def __call__(self, name: str) -> None:
        self._counts[name] += 1
        if self._passed is not None and self._counts[name] == 1:
            with self._passed.open("a", encoding="utf-8") as sink:
                sink.write(f"{name}\n")
        if name == self._name and self._counts[name] == self._times:
            os._exit(DIED)


def put_around_commits(point: Points) -> None:
    """Every transaction that `Database` runs."""
    run, run_one, joined = Database.run, Database.run_one, database._joined_now

    def running(of: Callable[..., Awaitable[Any]], *, whole: bool) -> Callable[..., Awaitable[Any]]:
        def wrapped(self: Database, work: Callable[[Any], Awaitable[Any]], **more: Any) -> Awaitable[Any]:
            return _at(self, work, f"commit:{_caller(sys._getframe(1))}", more)

        async def _at(self: Database, work: Any, name: str, more: dict[str, Any]) -> Any:
            if joined() is not None:  # a part of somebody else's transaction
                return await of(self, work, **more)

            async def and_then(connection: Any) -> Any:
                done = await work(connection)
                if whole:
                    point(f"{name}:before")
                return done

            if not whole:  # one statement is committed with its end
                point(f"{name}:before")
            done = await of(self, and_then, **more)
            point(f"{name}:after")
            return done

        return wrapped

    Database.run = running(run, whole=True)  # type: ignore[method-assign]
    Database.run_one = running(run_one, whole=False)  # type: ignore[method-assign]


def _caller(frame: FrameType) -> str:
    name = frame.f_code.co_qualname.partition(".<locals>")[0]
    return f"{frame.f_globals['__name__']}:{name}"


def put_around_calls(point: Points) -> None:
    """What channels hand in and take out, and calls to other programs."""

    def kinds() -> Mapping[str, ChannelKind]:
        return {name: replace(kind, open=_opening(kind, point)) for name, kind in load_kinds().items()}

    hub.wiring.load_kinds = kinds  # type: ignore[assignment]
    post = make_calls.post_call

    async def called(*args: Any, **named: Any) -> Any:
        point("call:webhook:before")
        done = await post(*args, **named)
        point("call:webhook:after")
        return done

    make_calls.post_call = called


def _opening(kind: ChannelKind, point: Points) -> Callable[..., Any]:
    def accepting(
        accept: Callable[[Sequence[Any]], Awaitable[Any]],
    ) -> Callable[[Sequence[Any]], Awaitable[Any]]:
        async def accepted(items: Sequence[Any]) -> Any:
            point(f"call:{kind.kind}:accept:before")
            done = await accept(items)
            point(f"call:{kind.kind}:accept:after")
            return done

        return accepted

    def opened(*args: Any, **named: Any) -> Any:
        adapter: Any = kind.open(*args, **named)
        receive, send = adapter.receive, adapter.send

        async def sending(message: Any, leaving: Leaving) -> Any:
            async def left() -> Callable[[], bool]:
                ours = await leaving()
                point(f"call:{kind.kind}:send:leaving")
                return ours

            point(f"call:{kind.kind}:send:before")
            done = await send(message, left)
            point(f"call:{kind.kind}:send:after")
            return done

        adapter.receive = lambda accept: receive(accepting(accept))
        adapter.send = sending
        if isinstance(adapter, HasRoutes):
            routes = adapter.routes
            adapter.routes = lambda accept: routes(accepting(accept))
        return adapter

    return opened


def main() -> None:
    from hub.cli import main as command

    point = Points(os.environ.get("HUB_CRASH_AT", ""), os.environ.get("FAULTS_PASSED", ""))
    put_around_commits(point)
    put_around_calls(point)
    command()


if __name__ == "__main__":
    main()
