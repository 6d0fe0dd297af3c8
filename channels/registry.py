"""Which kinds of channel there are: all that name themselves in the entry-point group `contact_hub.channels`.

A kind is shipped by any installed package; nothing here knows one of them.
"""

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points

from channels.adapter import ChannelKind

GROUP = "contact_hub.channels"


class BrokenKind(Exception):
    """A package offers a channel kind that cannot be used. The text names it and says what is wrong."""


def load_kinds() -> dict[str, ChannelKind]:
    """Every installed kind by its name, in alphabetical order. Raises BrokenKind."""
    return read_kinds(entry_points(group=GROUP))


def read_kinds(points: Iterable[EntryPoint]) -> dict[str, ChannelKind]:
    """The kinds that these entry points name. Raises BrokenKind for one that does not load, is no
    ChannelKind, goes by two names, or is offered twice by different code."""
    found: dict[str, tuple[EntryPoint, ChannelKind]] = {}
    for point in sorted(points, key=lambda p: (p.name, p.value)):
        kind = _load(point)
        earlier = found.setdefault(point.name, (point, kind))[0]
        if earlier.value != point.value:
            raise BrokenKind(
                f"The channel kind {point.name!r} is offered twice: by {_origin(earlier)} and by "
                f"{_origin(point)}. Uninstall one of them."
            )
    return {name: kind for name, (_, kind) in found.items()}


def _load(point: EntryPoint) -> ChannelKind:
    try:
        kind = point.load()
    except Exception as error:  # a foreign package may raise anything while it is imported
        raise BrokenKind(
            f"The channel kind {point.name!r} ({_origin(point)}) cannot be loaded: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not isinstance(kind, ChannelKind):
        raise BrokenKind(
            f"The channel kind {point.name!r} ({_origin(point)}) is a {type(kind).__name__}, "
            "not a channels.adapter.ChannelKind."
        )
    if kind.kind != point.name:
        raise BrokenKind(
            f"The channel kind {point.name!r} ({_origin(point)}) calls itself {kind.kind!r}. "
            "Both names must be the same."
        )
    return kind


def _origin(point: EntryPoint) -> str:
    package = point.dist.name if point.dist is not None else "an unnamed package"
    return f"{point.value} of {package}"
