"""The public doors of channels: what the outside speaks to over HTTP. Channels come and go while the hub runs.

And the rule for every door of the hub: it says who may come in, or the hub does not start.
"""

from collections.abc import Iterable, Iterator

from aiohttp import web
from aiohttp.web_urldispatcher import _InfoDict
from yarl import URL


class NoGuard(RuntimeError):
    """An address says nothing about who may open it. A fault of whoever wrote it; nobody should run into it later."""


def guard_of(handler: object) -> str:
    """Who may come in, in one word: `permission:…` of the desk, `agent` for whoever works here, `scope:…` of an API key,
    `open:…` with what the door itself asks (channels.doors.Asks); "" for a handler that does not say."""
    if hasattr(handler, "needs"):
        return f"permission:{handler.needs}" if handler.needs is not None else "agent"
    if scopes := getattr(handler, "scopes", ()):
        return "scope:" + ",".join(scopes)
    asks = getattr(handler, "asks", None)
    return f"open:{asks}" if asks is not None else ""


def refuse_unguarded(routes: Iterable[web.AbstractRoute | web.RouteDef]) -> None:
    """Raises NoGuard, naming every address that does not say who may open it."""
    silent = [f"{route.method} {_path(route)}" for route in routes if not guard_of(route.handler)]
    if silent:
        raise NoGuard(
            f"{', '.join(silent)}: nothing says who may come in (at_desk, an operation's scopes, or channels.doors.open_to)"
        )


def _path(route: web.AbstractRoute | web.RouteDef) -> str:
    if isinstance(route, web.RouteDef):
        return route.path
    return route.resource.canonical if route.resource is not None else ""


class ChannelDoors(web.AbstractResource):
    """Stands last in the application's table of addresses and asks the channels that are open, each of which has a table of its
    own. The application's is closed when it starts; these are not."""

    def __init__(self) -> None:
        super().__init__()
        self._tables: dict[str, web.UrlDispatcher] = {}

    def open(self, channel: str, routes: Iterable[web.RouteDef]) -> None:
        """These are this channel's doors from now on. Raises NoGuard."""
        routes = list(routes)
        refuse_unguarded(routes)
        table = web.UrlDispatcher()
        table.add_routes(routes)
        self._tables[channel] = table

    def shut(self, channel: str) -> None:
        """It has none any more; a visit that has begun goes on."""
        self._tables.pop(channel, None)

    @property
    def canonical(self) -> str:
        return "/"

    async def resolve(self, request: web.Request) -> tuple[web.UrlMappingMatchInfo | None, set[str]]:
        """The handler, or None and the methods that are answered there."""
        allowed: set[str] = set()
        for table in self._tables.values():
            match = await table.resolve(request)
            if match.http_exception is None:
                return match, allowed
            if isinstance(match.http_exception, web.HTTPMethodNotAllowed):
                allowed |= match.http_exception.allowed_methods
        return None, allowed

    def url_for(self, **_parts: str) -> URL:
        """The root: what stands below it is the channels' own."""
        return URL("/")

    def add_prefix(self, prefix: str) -> None:
        """Never: customers know these addresses, so they stand at the root of the site."""
        raise ValueError(f"the channels' doors cannot stand below {prefix}")

    def freeze(self) -> None:
        """Nothing to do: what is open may change."""

    def raw_match(self, path: str) -> bool:
        return False

    def get_info(self) -> _InfoDict:
        return {"path": self.canonical}

    def __iter__(self) -> Iterator[web.AbstractRoute]:
        """Every address that is open just now, as the table of its channel has it."""
        return iter([route for table in self._tables.values() for route in table.routes()])

    def __len__(self) -> int:
        return sum(len(table.routes()) for table in self._tables.values())
