"""Puts a whole hub together and takes it apart again, in order. Only this module knows every concrete class."""

import asyncio
import errno
import gc
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path

import structlog
from aiohttp import web

import hub
from channels.registry import BrokenKind, load_kinds
from hub.actions.context import Context, close_context, open_context
from hub.actions.installation import set_up
from hub.actions.timers import PARTS
from hub.settings import Settings, WrongSetting, secret_of
from hub.web.app import make_app
from hub.web.doors import ChannelDoors
from hub.web.lines import KEEP_ALIVE, LINES, LimitedSite
from hub.workers.automation import follow_automation
from hub.workers.channels import OpenChannels
from hub.workers.clock import (
    bring_due,
    end_forgotten,
    keep_house,
    notice_absence,
    settle_replies,
    watch_loop,
)
from hub.workers.gathering import gather
from hub.workers.inbound import read_inbound
from hub.workers.incidents import tell_everybody
from hub.workers.keep_floor import keep_floor
from hub.workers.learning import follow_learned, learn_now_and_then
from hub.workers.lounge import tell_visitors
from hub.workers.notices import ring
from hub.workers.outlook import look_ahead
from hub.workers.retention import keep_retention
from hub.workers.routing import give_out
from hub.workers.rules import follow_rules
from hub.workers.scanning import scan_files
from hub.workers.search import keep_search
from hub.workers.simulations import simulate
from hub.workers.supervise import Well, supervise
from hub.workers.webhooks import call_out
from routing.rules import RoutingRules, RulesError, load_rules
from storage.database import Database
from storage.embedded import NoEmbeddedPostgres, embedded_postgres
from storage.migrate import migrate

log = structlog.get_logger(__name__)

GRACE_SECONDS = 18.0
"""What is on its way when the hub is told to stop may take this long to end."""
_CUT_SECONDS = 3.0
_RULES = Path("config/routing.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """A hub that runs. `url` is where it answers on this machine."""

    ctx: Context
    url: str


@contextmanager
def postgres(settings: Settings) -> Iterator[str]:
    """The DSN that is configured, or that of the embedded server, which runs meanwhile. Raises WrongSetting.

    Not for use inside an event loop: the server's start takes a second or two.
    """
    if settings.database.dsn is not None and settings.database.dsn.get_secret_value():
        yield settings.database.dsn.get_secret_value()
        return
    try:
        with embedded_postgres(settings.data_dir / "postgres") as dsn:
            yield dsn
    except NoEmbeddedPostgres as error:
        raise WrongSetting(f"database.dsn: {error}") from error


def read_rules(settings: Settings) -> RoutingRules:
    """The routing rules. Raises WrongSetting: it names the file and each wrong key."""
    source, _ = _rules_file(settings)
    try:
        return load_rules(source.read_bytes())
    except RulesError as error:
        raise WrongSetting(f"{source}: {error}") from error


def _rules_file(settings: Settings) -> tuple[Path, bool]:
    """Where they are, and whether they came along with the program."""
    if settings.routing_rules is not None and not settings.routing_rules.is_file():
        raise WrongSetting(f"routing_rules: there is no file {settings.routing_rules}")
    shipped = Path(str(files("hub"))) / "config_defaults" / "routing.toml"
    checkout = Path(hub.__file__).parent.parent / _RULES
    places = [settings.routing_rules or _RULES, shipped, checkout]
    source = next((place for place in places if place.is_file()), None)
    if source is None:
        raise WrongSetting("routing_rules: there are no rules; expected config/routing.toml")
    return source, source.resolve() in (shipped, checkout.resolve())


@asynccontextmanager
async def open_installation(settings: Settings, dsn: str) -> AsyncIterator[Context]:
    """What a command needs of a hub: the database and the actions, with nothing running. Raises WrongSetting,
    DatabaseUnavailable."""
    rules, secret = read_rules(settings), secret_of(settings)
    try:
        kinds = load_kinds()
    except BrokenKind as error:
        raise WrongSetting(str(error)) from error
    async with AsyncExitStack() as stack:
        database = await Database.open(dsn, max_size=settings.database.pool_size)
        stack.push_async_callback(database.close)
        ctx = open_context(database, settings, secret=secret, rules=rules, kinds=kinds)
        ctx.rulebook.shipped = _rules_file(settings)[1]
        stack.push_async_callback(_within, 5.0, close_context, ctx)
        yield ctx


@asynccontextmanager
async def run_hub(settings: Settings, dsn: str, *, grace: float = GRACE_SECONDS) -> AsyncIterator[Hub]:
    """A hub that hears, answers and sends for as long as the body runs.

    Raises WrongSetting and DatabaseUnavailable before anything is begun. `grace` in seconds: what is on its way at the end
    is waited for so long, then cut; it is found in the database by the next hub.
    """
    async with AsyncExitStack() as stack:
        door = stack.enter_context(_bind(settings))
        port = door.getsockname()[1]
        settings = settings.model_copy(update={"web": settings.web.model_copy(update={"port": port})})
        ctx = await stack.enter_async_context(open_installation(settings, dsn))
        applied = await migrate(ctx.database)
        if applied:
            log.info("schema.migrated", applied=applied)
        await set_up(ctx)
        await ctx.feed.start()
        running = _Running(ctx, door, grace)
        stack.push_async_callback(running.stop)
        await running.start()
        url = f"http://{_reachable(settings.web.host)}:{port}"
        log.info("hub.ready", url=url, channels=sorted(ctx.channels))
        stack.enter_context(set_apart())
        yield Hub(ctx=ctx, url=url)


@contextmanager
def set_apart() -> Iterator[None]:
    """What is there when the hub is ready stays as long as it runs. Python would look through all of it again and again for
    what is garbage, a tenth of a second each time, in which nobody is answered."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _reachable(host: str) -> str:
    """As a browser on this machine writes it."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"[{host}]" if ":" in host else host


class _Running:
    """The loops, the channels and the web server of one hub."""

    def __init__(self, ctx: Context, door: socket.socket, grace: float) -> None:
        self._ctx = ctx
        self._door = door
        self._grace = grace
        self._halt = asyncio.Event()
        self._not_ready = {"starting": "the hub is starting"}
        doors = ChannelDoors()
        self._channels = OpenChannels(ctx, self._halt, doors)
        self._runner = web.AppRunner(
            make_app(ctx, doors, self._ready),
            access_log=None,
            shutdown_timeout=grace / 2,
            keepalive_timeout=KEEP_ALIVE,
        )
        self._site: LimitedSite | None = None
        self._loops: list[asyncio.Task[None]] = []
        self._ears: list[asyncio.Task[None]] = []

    async def _ready(self) -> Mapping[str, str]:
        return dict(self._not_ready)

    async def start(self) -> None:
        """Open the doors, then begin every loop."""
        await self._runner.setup()
        self._site = LimitedSite(self._runner, self._door, self._runner.app[LINES])
        await self._site.start()
        ctx, halt = self._ctx, self._halt
        self._ears = [
            self._begin("listener", lambda _well: ctx.listener.run()),
            self._begin("feed", lambda _well: ctx.feed.run()),
        ]
        with ctx.database.precedence.behind():  # these can wait for the moment in which a word is kept
            self._loops = [
                # Two: one reads while the other writes down what it has read.
                *(self._begin(f"inbound {n}", partial(read_inbound, ctx, halt)) for n in (1, 2)),
                self._begin("rules", partial(follow_rules, ctx, halt)),
                self._begin("notices", partial(ring, ctx, halt)),
                self._begin("webhooks", partial(call_out, ctx, halt)),
                self._begin("routing", partial(give_out, ctx, halt)),
                self._begin("floor", partial(keep_floor, ctx, halt)),
                self._begin("outlook", partial(look_ahead, ctx, halt)),
                self._begin("automation", partial(follow_automation, ctx, halt)),
                self._begin("simulations", partial(simulate, ctx, halt)),
                self._begin("incidents", partial(tell_everybody, ctx, halt)),
                self._begin("search", partial(keep_search, ctx, halt)),
                self._begin("learned", partial(follow_learned, ctx, halt)),
                self._begin("learning", partial(learn_now_and_then, ctx, halt)),
                *(
                    [self._begin("files", partial(scan_files, ctx, halt))]
                    if ctx.settings.scanner.address
                    else []
                ),
                *(self._begin(name, partial(bring_due, part, ctx, halt)) for name, part in PARTS.items()),
                self._begin("replies", partial(settle_replies, ctx, halt)),
                self._begin("loop", partial(watch_loop, halt)),
                self._begin("absence", partial(notice_absence, ctx, halt)),
                self._begin("forgotten", partial(end_forgotten, ctx, halt)),
                self._begin("house", partial(keep_house, ctx, halt)),
                self._begin("retention", partial(keep_retention, ctx, halt)),
            ]
        self._loops += [
            self._begin("gathering", partial(gather, ctx, halt)),
            self._begin("visitors", partial(tell_visitors, ctx, halt)),
            asyncio.create_task(self._channels.run(), name="channels"),
        ]
        self._not_ready.clear()

    def _begin(self, name: str, work: Callable[[Well], Awaitable[None]]) -> "asyncio.Task[None]":
        return asyncio.create_task(supervise(name, work, self._halt), name=name)

    async def stop(self) -> None:
        """No new work, then the sockets, then what is on its way, then the rest."""
        log.info("hub.stopping", grace_seconds=self._grace)
        self._not_ready["stopping"] = "the hub is stopping"
        self._halt.set()
        self._ctx.listener.wake_all()
        self._ears[
            0
        ].cancel()  # it may be the first of the hubs, and begins nothing more: another is to be that at once
        if self._site is not None:
            await self._site.stop()
        closing = asyncio.create_task(self._close_lines())
        waited_for = [closing, *self._loops]
        _, late = await asyncio.wait(waited_for, timeout=self._grace)
        await _cut([*late, *self._ears])
        for task in (*waited_for, *self._ears):
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                log.error("hub.stop_failed", task=task.get_name(), error=f"{type(error).__name__}: {error}")
        log.info("hub.stopped", cut=len(late))

    async def _close_lines(self) -> None:
        """Pages are told to go elsewhere, whoever was let in is heard out, and then answered."""
        await asyncio.gather(self._runner.shutdown(), self._runner.app[LINES].hear_out(self._grace / 3))
        await self._runner.cleanup()


async def _cut(tasks: "Sequence[asyncio.Task[None]]") -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_CUT_SECONDS)


async def _within(seconds: float, work: Callable[[Context], Awaitable[None]], ctx: Context) -> None:
    """An absent database must not keep the process alive."""
    try:
        async with asyncio.timeout(seconds):
            await work(ctx)
    except TimeoutError:
        log.warning("hub.left_open", what=getattr(work, "__name__", ""))


@contextmanager
def _bind(settings: Settings) -> Iterator[socket.socket]:
    """A socket at web.host and web.port. Raises WrongSetting."""
    host, port = settings.web.host, settings.web.port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise WrongSetting(f"web.host: {host!r} is no address of this machine ({error.strerror})") from error
    with socket.socket(family, kind, protocol) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(address)
        except OSError as error:
            raise WrongSetting(_why_not_bound(host, port, error)) from error
        yield door


def _why_not_bound(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"web.port: {port} is taken by another program; expected a free one (HUB_WEB__PORT)"
    if error.errno == errno.EACCES:
        return f"web.port: {port} may not be used by this user; expected one from 1024 on, behind a proxy"
    return f"web.host: {host!r} cannot be used: {error.strerror or error}"
