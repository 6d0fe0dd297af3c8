"""A channel at work that was set up at the desk. It goes where it may go while it is tried, and nowhere else, for as long as it
is open: an address that nobody asked during the trial counts, and a name that leads elsewhere by now.

Two sides are kept apart. What the hub calls on the channel happens within the bounds, and all that the channel begins there;
what the channel asks of the hub happens at home, for the hub's own database may lie in a private network.
"""

import functools
import inspect
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias, cast

from aiohttp import web

from channels.adapter import (
    ChannelAdapter,
    HasRoutes,
    Ports,
    TryLater,
    Unavailable,
)
from hub.actions.channels.reach import OUT_OF_BOUNDS, Bounds, at_home, within
from hub.actions.context import ConfiguredChannel, Context

_Side: TypeAlias = Callable[[], AbstractContextManager[None]]
_PORTS = (
    "bookmark", "transcript", "vault", "known", "counter", "gate", "follow", "suggest", "heard", "lounge",
)  # fmt: skip
"""Those behind which the hub does something; the others are words, and things in its memory."""


def open_for_work(ctx: Context, channel: ConfiguredChannel, ports: Ports) -> ChannelAdapter:
    """One of the file goes anywhere: whoever wrote it has the machine in their hands. One of the desk keeps within the same
    bounds as its trial; where it did not get anywhere because of them, its failure says so."""
    if channel.name in ctx.settings.channels:
        return channel.kind.open(channel.name, channel.settings, ports)
    inside = partial(_inside, ctx.settings.desk_channels.allow_private)
    with inside():
        adapter = channel.kind.open(channel.name, channel.settings, ports_at_home(ports))

    def member(called: str) -> property:
        def get(_held: object) -> Any:
            found = getattr(adapter, called)
            return _crossing(found, inside) if inspect.isroutine(found) else found

        return property(get)

    # Members of a class of its own: what an adapter can do beside the rest is asked with isinstance, which looks there.
    members: dict[str, Any] = {one: member(one) for one in dir(adapter) if not one.startswith("_")}
    if isinstance(adapter, HasRoutes):
        members["routes"] = lambda _held, accept: _doors(adapter.routes(_at_home(accept)), inside)
    return cast("ChannelAdapter", type("HeldChannel", (), members)())


def ports_at_home(ports: Ports) -> Ports:
    """The same for a channel that is within bounds: what is asked of them is not."""
    kept: dict[str, Any] = {one: _Home(getattr(ports, one)) for one in _PORTS}
    return replace(ports, **kept)


class _Home:
    """A port: an object, or a function, or both."""

    def __init__(self, port: Any) -> None:
        self._port = port

    def __getattr__(self, name: str) -> Any:
        return _at_home(getattr(self._port, name))

    def __call__(self, *given: Any, **named: Any) -> Any:
        return _at_home(self._port)(*given, **named)


def _at_home(call: Callable[..., Any]) -> Callable[..., Any]:
    return _on(at_home, call)


def _crossing(call: Callable[..., Any], inside: _Side) -> Callable[..., Any]:
    """What is handed over to be called is the hub's."""

    def cross(*given: Any, **named: Any) -> Any:
        return _on(inside, call)(
            *(_at_home(one) if callable(one) else one for one in given),
            **{name: _at_home(one) if callable(one) else one for name, one in named.items()},
        )

    return cross


def _on(side: _Side, call: Callable[..., Any]) -> Callable[..., Any]:
    def on_that_side(*given: Any, **named: Any) -> Any:
        with side():
            answer = call(*given, **named)
        return _awaited(side, answer) if inspect.isawaitable(answer) else answer

    return on_that_side


async def _awaited(side: _Side, answer: Awaitable[Any]) -> Any:
    with side():
        return await answer


@contextmanager
def _inside(private: bool) -> Iterator[None]:
    bounds = Bounds(private=private)
    try:
        with within(bounds):
            yield
    except (Unavailable, TryLater) as failure:
        if not bounds.refused:
            raise
        why = OUT_OF_BOUNDS.format(address=bounds.refused)
        if isinstance(failure, TryLater):
            raise TryLater(
                why, retry_after=failure.retry_after, whole_channel=failure.whole_channel
            ) from failure
        raise Unavailable(why) from failure


def _doors(routes: Sequence[web.RouteDef], inside: _Side) -> list[web.RouteDef]:
    """Whoever comes in through them is a task of the web's."""

    def held(route: web.RouteDef) -> web.RouteDef:
        asked = route.handler

        @functools.wraps(asked)  # it says who may come in, too
        async def handle(request: web.Request) -> web.StreamResponse:
            with inside():
                return await asked(request)

        return web.RouteDef(route.method, route.path, handle, route.kwargs)

    return [held(route) for route in routes]
