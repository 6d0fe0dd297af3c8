"""For whoever runs the hub: does it live, may it be sent work, how is it doing.

/healthz asks nobody. /readyz asks the database, under a wall limit that a black-holed Postgres keeps too.
/metrics is for loopback or an API key of scope admin; its figures name channels and states, never a person.
"""

import asyncio
import ipaddress
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from channels.doors import Asks, open_to
from hub.actions import metrics as counters
from hub.actions.channels.hearing import list_gaps
from hub.actions.context import Context
from hub.actions.space import Short, Stock
from hub.model.people import Scope
from hub.web.api.keyring import Keyring
from hub.web.api.problems import Problem
from hub.web.api.serve import answer_problems
from hub.web.refusals import log_refusal
from storage import automation, mailboxes, scans, tasks, views, webhooks
from storage.database import Connection, DatabaseUnavailable
from storage.mailboxes import MailboxRow
from storage.migrate import look_at

ANSWER_WITHIN_SECONDS = 3.0
CACHED_SECONDS = 5.0
_LAG_SAMPLE_SECONDS = 0.02
_PROXY_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Real-IP")

Ready = Callable[[], Awaitable[Mapping[str, str]]]
"""What the process itself knows: why it is not ready, a sentence by a short name; empty when all is well."""

SHORT = {
    Short.DISK: "too little is free on the disk",
    Short.DATABASE: "the database is as large as it may be",
    Short.REFUSED: "the disk of the database is full",
}

OUTBOX_STATES = ("queued", "sending", "failed", "uncertain")


def ops_routes(ctx: Context, ready: Ready, keyring: Keyring | None = None) -> list[web.RouteDef]:
    """/healthz, /readyz and /metrics."""
    readiness = _Readiness(ctx, ready)
    figures = _Figures(ctx)
    keyring = keyring or Keyring(ctx)

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"status": "alive"}, headers=_NO_STORE)

    async def readyz(_request: web.Request) -> web.Response:
        reasons = await readiness.reasons()
        document = {"status": "not ready" if reasons else "ready", "reasons": reasons}
        # No reason to send work elsewhere: every hub of this installation says it, and the desk goes on.
        if short := (await ctx.space.stock()).short:
            document["notes"] = {"space": f"public pages take nothing: {SHORT[short]}"}
        return web.json_response(document, status=503 if reasons else 200, headers=_NO_STORE)

    async def show_metrics(request: web.Request) -> web.StreamResponse:
        away = False
        if not _from_here(request):
            try:
                actor = await keyring.actor(request)
            except DatabaseUnavailable:
                # That it is away is what has to be heard, by whoever was let in before.
                actor, away = keyring.last_known(request), True
            if Scope.ADMIN not in actor.scopes:
                log_refusal(request, needs=Scope.ADMIN, key=actor.name)
                raise Problem(403, "insufficient_scope", "This API key lacks the scope admin.")
        from_database = generate_latest(await figures.registry(ask=not away))
        text = generate_latest(REGISTRY) + from_database
        return web.Response(body=text, headers={**_NO_STORE, "Content-Type": CONTENT_TYPE_LATEST})

    return [
        *open_to(Asks.NOTHING, web.get("/healthz", healthz), web.get("/readyz", readyz)),
        *open_to(Asks.MACHINE, web.get("/metrics", answer_problems(show_metrics))),
    ]


_NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class _Readiness:
    """One look at the database at a time, however many ask."""

    def __init__(self, ctx: Context, ready: Ready) -> None:
        self._ctx = ctx
        self._ready = ready
        self._looking: asyncio.Task[dict[str, str]] | None = None

    async def reasons(self) -> dict[str, str]:
        reasons = dict(await self._ready())
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        # Not wait_for: it waits for the cancelled call as well, which a black-holed Postgres drags out.
        done, _ = await asyncio.wait({self._looking}, timeout=ANSWER_WITHIN_SECONDS)
        if done:
            return reasons | self._looking.result()
        return reasons | {"database": f"did not answer within {ANSWER_WITHIN_SECONDS:g} s"}

    async def _look(self) -> dict[str, str]:
        try:
            writable, missing = await look_at(self._ctx.database)
        except DatabaseUnavailable:
            return {"database": "does not answer"}
        if not writable:
            return {"database": "takes no writes: it is read-only"}
        if missing:
            return {"schema": f"not up to date: run contact-hub migrate ({', '.join(missing)} missing)"}
        return {}


class _Figures:
    """What the database says, read at most once in CACHED_SECONDS."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._read_at = float("-inf")
        self._from_database: list[Metric] = []
        self._lock = asyncio.Lock()

    async def registry(self, *, ask: bool) -> CollectorRegistry:
        """`ask`: not where the database was found away just now, for that takes its time each time."""
        async with self._lock:
            if not ask:
                self._from_database = []
            elif time.monotonic() - self._read_at > CACHED_SECONDS:
                try:
                    self._from_database = await self._ctx.database.read(_read_figures)
                    self._read_at = time.monotonic()
                except DatabaseUnavailable:
                    # A scrape still tells how the process is; the other figures are missing, not stale.
                    self._from_database = []
        stock = await self._ctx.space.stock()
        registry = CollectorRegistry()
        registry.register(
            _Ready([*self._from_database, *self._of_process(await _loop_lag()), *_of_space(stock)])
        )
        return registry

    def _of_process(self, lag: float) -> Iterable[Metric]:
        size, idle = self._ctx.database.waiting()
        yield _gauge(
            "hub_database_up",
            "1 when the last scrape reached the database.",
            float(bool(self._from_database)),
        )
        yield _gauge("hub_loop_lag_seconds", "How late the event loop was at this scrape.", lag)
        yield _gauge("hub_pool_connections", "Connections in the pool.", size)
        yield _gauge("hub_pool_idle_connections", "Connections in the pool that nobody uses.", idle)


def _of_space(stock: Stock) -> Iterable[Metric]:
    yield _gauge("hub_space_free_bytes", "What is free on the disk of data_dir.", stock.free)
    yield _gauge("hub_space_reserve_bytes", "With less than this, public pages take nothing.", stock.reserve)
    yield _gauge("hub_public_pages_shut", "1 while space is short.", float(stock.short is not None))
    if stock.most:
        yield _gauge("hub_database_bytes", "How large the database is.", stock.database)
        yield _gauge("hub_database_most_bytes", "How large it may be.", stock.most)


class _Ready(Collector):
    """Metrics that are made already."""

    def __init__(self, made: list[Metric]) -> None:
        self._made = made

    def collect(self) -> Iterable[Metric]:
        return self._made


async def _read_figures(connection: Connection) -> list[Metric]:
    backlog = await views.backlog(connection)
    outbox = await views.outbox_states(connection)
    channels = await views.list_channels(connection)
    states = GaugeMetricFamily(
        "hub_outbox_replies", "Replies by state; sent ones are not counted.", labels=["state"]
    )
    for state in OUTBOX_STATES:
        states.add_metric([state], outbox.get(state, 0))
    up = GaugeMetricFamily(
        "hub_channel_up", "1 for the state in which the channel is.", labels=["channel", "kind", "state"]
    )
    for channel in channels:
        counters.ACCEPTED.labels(channel.name)  # a channel that is still silent shows 0
        counters.SENT_COPIES.labels(channel.name, "failed")  # so that the first one is an increase
        up.add_metric([channel.name, channel.kind, channel.state], 1)
    return [
        _gauge("hub_raw_waiting", "Items kept and not yet read.", backlog.raw_waiting),
        _gauge("hub_raw_oldest_seconds", "Age of the oldest item not yet read.", backlog.raw_oldest_seconds),
        _gauge("hub_quarantined", "Items that could not be read.", backlog.quarantined),
        _gauge(
            "hub_outbox_oldest_seconds",
            "Age of the oldest reply not yet sent.",
            backlog.outbox_oldest_seconds,
        ),
        _gauge("hub_tickets_waiting", "Open tickets that nobody has.", backlog.tickets_waiting),
        _gauge(
            "hub_ticket_oldest_seconds", "How long the oldest of these waits.", backlog.ticket_oldest_seconds
        ),
        _gauge(
            "hub_channel_gaps",
            "Silences so long that something may be lost, that nobody has looked at yet.",
            len(await list_gaps(connection)),
        ),
        states,
        up,
        *_mailbox_figures(await mailboxes.mailboxes(connection)),
        *await _errand_figures(connection),
    ]


def _mailbox_figures(rows: Iterable[MailboxRow]) -> Iterable[Metric]:
    heard = GaugeMetricFamily(
        "hub_mailbox_heard_seconds",
        "How long ago a mailbox's folder was looked into.",
        labels=["channel", "folder"],
    )
    missing = GaugeMetricFamily(
        "hub_mailbox_missing",
        "Letters that the last comparison with the journal missed and could not fetch.",
        labels=["channel", "folder"],
    )
    for row in rows:
        heard.add_metric([row.channel, row.folder], row.heard_seconds_ago)
        missing.add_metric([row.channel, row.folder], (row.missing or 0) - (row.fetched or 0))
    return heard, missing


async def _errand_figures(connection: Connection) -> Iterable[Metric]:
    to_do, calls = await tasks.counts(connection, None), await webhooks.backlog(connection)
    looks = await automation.backlog(connection)
    files = await scans.figures(connection)
    return (
        _gauge("hub_files_unchecked", "Files that no virus scanner has looked into yet.", files.waiting),
        _gauge("hub_files_unchecked_seconds", "By how much the oldest of these is late.", files.late),
        _gauge("hub_automation_waiting", "What happened that rules have not looked at yet.", looks),
        _gauge("hub_tasks_to_do", "Tasks that are not done.", to_do.all),
        _gauge("hub_tasks_overdue", "Of these, those whose time has passed.", to_do.overdue),
        _gauge("hub_webhook_calls_waiting", "Calls to other programs that were not made yet.", calls.waiting),
        _gauge("hub_webhook_calls_oldest_seconds", "Age of the oldest of these.", calls.oldest_seconds),
        _gauge(
            "hub_webhooks_paused", "Endpoints that failed so often that they are tried seldom.", calls.paused
        ),
    )


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)


async def _loop_lag() -> float:
    asked = time.perf_counter()
    await asyncio.sleep(_LAG_SAMPLE_SECONDS)
    return max(0.0, time.perf_counter() - asked - _LAG_SAMPLE_SECONDS)


def _from_here(request: web.Request) -> bool:
    """Whether the peer sits on this machine. A proxy here speaks for others, and says so in a header."""
    if any(name in request.headers for name in _PROXY_HEADERS):
        return False
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
