"""What `doctor` looks at. Each check tells what it found and, where something is wrong, what to do."""

import asyncio
import os
import shutil
import stat
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

import aiohttp
from pydantic import ValidationError

from channels.adapter import (
    ChannelFailure,
    ChannelKind,
    Misconfigured,
    Vault,
)
from hub.actions.channels.trial_ports import trial_ports
from hub.actions.context import Context
from hub.actions.installation import set_up
from hub.cli.speak import say
from hub.settings import Settings, WrongSetting, explain_validation, secret_of
from hub.wiring import read_rules
from routing.promises import is_undecided
from storage import house, views
from storage.database import Connection, joining
from storage.migrate import known_migrations, missing_migrations

OLDEST_POSTGRES = 150_000
CHECK_SECONDS = 30.0
_CLOCK_SECONDS = 2.0
_LITTLE_SPACE, _NO_SPACE = 2 * 1024**3, 200 * 1024**2


class State(StrEnum):
    GOOD = "good"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`what` was looked at, how it is, and what to do about it."""

    what: str
    state: State
    text: str
    advice: str = ""


def good(what: str, text: str) -> Finding:
    return Finding(what=what, state=State.GOOD, text=text)


def warning(what: str, text: str, advice: str) -> Finding:
    return Finding(what=what, state=State.WARNING, text=text, advice=advice)


def wrong(what: str, text: str, advice: str) -> Finding:
    return Finding(what=what, state=State.WRONG, text=text, advice=advice)


def check_rules(settings: Settings) -> Finding:
    what = say("Routing rules", "分派规则")
    try:
        rules = read_rules(settings)
    except WrongSetting as error:
        return wrong(what, str(error), say("Correct config/routing.toml.", "请更正 config/routing.toml。"))
    count = (len(rules.queue), len(rules.rule))
    return good(what, say("{} queues, {} rules", "{} 个队列，{} 条规则").format(*count))


def check_calendars(settings: Settings, today: date) -> Iterator[Finding]:
    """A warning for each calendar and year, this one or the next when it is near, whose make-up days are not known. `settings`:
    their rules can be read."""
    for table in read_rules(settings).calendar:
        for year in sorted({today.year, (today + timedelta(days=14)).year}):
            if is_undecided(table, year):
                yield warning(
                    say("Calendar {}", "日历 {}").format(table.name),
                    say("make-up days ({}) of {} are not known", "尚不知道（{}）{} 年的调休安排").format(
                        table.holidays, year
                    ),
                    say(
                        "Upgrade the package holidays, or list the days in days_off and other_days.",
                        "请升级软件包 holidays，或在 days_off 和 other_days 中列出这些日期。",
                    ),
                )


def check_data_dir(settings: Settings) -> Finding:
    what, folder = say("Disk space", "磁盘空间"), settings.data_dir.absolute()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        return wrong(
            what,
            say(f"{there} cannot be written to", f"{there} 不可写"),
            say(
                f"Give the hub's user {folder}, or set data_dir.",
                f"请授予运行用户对 {folder} 的写权限，或修改 data_dir。",
            ),
        )
    free = shutil.disk_usage(there).free
    text = say(f"{free / 1024**3:,.1f} GB free for {folder}", f"{folder} 剩余 {free / 1024**3:,.1f} GB")
    advice = say(
        "Free space, or move data_dir to a larger disk.", "请清理空间，或将 data_dir 移到更大的磁盘。"
    )
    if free < _NO_SPACE:
        return wrong(what, text, advice)
    return warning(what, text, advice) if free < _LITTLE_SPACE else good(what, text)


def check_secret_key(settings: Settings) -> Finding:
    what, path = say("Secret key", "密钥"), settings.data_dir / "secret.key"
    if settings.secret_key is not None and settings.secret_key.get_secret_value():
        if len(settings.secret_key.get_secret_value().encode()) < 32:
            return wrong(
                what,
                say("secret_key has fewer than 32 characters", "secret_key 不足 32 个字符"),
                say(
                    "Set HUB_SECRET_KEY to 64 random characters.", "请把 HUB_SECRET_KEY 设为 64 个随机字符。"
                ),
            )
        return good(what, say("given in the settings", "已在设置中提供") + _beside(settings))
    if not path.exists():
        return good(what, say(f"is made at the first start: {path}", f"首次启动时生成：{path}"))
    if not os.access(path, os.R_OK) or any(len(line) < 32 for line in path.read_bytes().split() or [b""]):
        return wrong(
            what,
            say(f"{path} cannot be read or is too short", f"{path} 无法读取或过短"),
            say(
                "Bring it back from a backup: without it threads and logins break.",
                "请从备份恢复：缺少它，会话线索与登录都会失效。",
            ),
        )
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return wrong(
            what,
            say(f"others may read {path}", f"其他用户可读取 {path}"),
            f"chmod 600 {path}",
        )
    return good(what, say(f"kept in {path}", f"保存于 {path}") + _beside(settings))


def _beside(settings: Settings) -> str:
    """How many other keys are believed."""
    try:
        others = len(secret_of(settings).others)
    except WrongSetting as error:
        return f"; {error}"
    return say(f"; and {others} other, for now", f"；另接受 {others} 个密钥") if others else ""


async def check_web(settings: Settings) -> list[Finding]:
    what, web = say("Web", "网页服务"), settings.web
    found = [await _check_door(what, web.host, web.port)]
    on_loopback = web.host in ("127.0.0.1", "::1", "localhost")
    if not web.public_url and not on_loopback:
        found.append(
            warning(
                what,
                say("web.public_url is empty", "web.public_url 为空"),
                say(
                    "Set it to the address that customers use, such as https://help.shop.example.",
                    "请设为客户访问的地址，例如 https://help.shop.example。",
                ),
            )
        )
    return found


async def _check_door(what: str, host: str, port: int) -> Finding:
    address = f"{host}:{port}"
    try:
        server = await asyncio.start_server(lambda _reader, writer: writer.close(), host, port)
    except OSError as error:
        if await _is_a_hub(host, port):
            return good(what, say(f"a hub answers on {address}", f"已有 hub 在 {address} 提供服务"))
        return wrong(
            what,
            say(
                f"{address} cannot be used: {error.strerror or error}",
                f"{address} 无法使用：{error.strerror or error}",
            ),
            say("Choose another web.port (HUB_WEB__PORT).", "请另选 web.port（HUB_WEB__PORT）。"),
        )
    server.close()
    return good(what, say(f"{address} is free", f"{address} 可用"))


async def _is_a_hub(host: str, port: int) -> bool:
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=3)) as client,
            client.get(f"http://{f'[{host}]' if ':' in host else host}:{port}/healthz") as answer,
        ):
            return answer.ok and (await answer.json()) == {"status": "alive"}
    except (aiohttp.ClientError, TimeoutError, ValueError, OSError):
        return False


async def check_database(ctx: Context) -> AsyncIterator[Finding]:
    """Version, clock, schema, then what stands in it."""
    what = say("Database", "数据库")
    begun = time.perf_counter()
    version = await ctx.database.read(house.server_version)
    took = (time.perf_counter() - begun) * 1000
    text = f"PostgreSQL {version // 10_000}.{version % 10_000}, {took:.0f} ms"
    if version < OLDEST_POSTGRES:
        yield wrong(what, text, say("PostgreSQL 15 or newer is needed.", "需要 PostgreSQL 15 或更新版本。"))
    else:
        yield good(what, text)
    yield await _check_clock(ctx)
    dsn = ctx.settings.database.dsn
    if dsn is not None and dsn.get_secret_value():
        for one in _check_rights(*await ctx.database.read(house.rights)):
            yield one
    what = say("Schema", "数据库结构")
    missing = await missing_migrations(ctx.database)
    if len(missing) == len(known_migrations()):
        text = say("the database is empty; it is set up at the first start", "数据库为空，首次启动时自动建立")
        yield good(what, text)
        return
    if missing:
        yield wrong(
            what,
            say(f"lacks {', '.join(missing)}", f"缺少 {', '.join(missing)}"),
            say(
                "Run `contact-hub migrate` (serve does it too).",
                "请运行 `contact-hub migrate`（serve 也会自动执行）。",
            ),
        )
        return
    yield good(what, say("up to date", "已是最新"))
    yield await _rehearse(ctx)
    agents = await ctx.database.read(views.list_agents)
    what = say("Staff", "客服人员")
    if not agents:
        yield warning(
            what,
            say("there is nobody who could log in", "还没有可以登录的人员"),
            "contact-hub agent add --login … --name … --role admin",
        )
    else:
        yield good(what, say("{} agents", "{} 名").format(len(agents)))


def _check_rights(more: bool, clear: bool) -> Iterator[Finding]:
    what = say("Database role", "数据库角色")
    if more:
        yield warning(
            what,
            say("may do more than the hub needs", "权限超出本系统所需"),
            say(
                "Give the hub a role that owns its database and may do nothing else: no superuser, CREATEROLE or CREATEDB.",
                "请为本系统使用仅拥有其数据库的角色：不要超级用户、CREATEROLE 或 CREATEDB。",
            ),
        )
    else:
        yield good(what, say("owns its database and no more", "仅拥有自己的数据库"))
    if clear:
        yield warning(
            say("Way to the database", "数据库连接"),
            say("what is said goes in the clear over the network", "数据在网络上以明文传送"),
            say(
                "Put sslmode=verify-full into database.dsn.", "请在 database.dsn 中加入 sslmode=verify-full。"
            ),
        )


async def _check_clock(ctx: Context) -> Finding:
    what = say("Clock", "时钟")
    asked = time.time()
    theirs = await ctx.database.read(house.database_clock)
    offset = (asked + time.time()) / 2 - theirs.timestamp()
    text = say(f"{offset:+.3f} s against the database's", f"与数据库相差 {offset:+.3f} 秒")
    if abs(offset) > _CLOCK_SECONDS:
        return wrong(
            what,
            text,
            say(
                "Let both machines follow a time server (chrony, systemd-timesyncd).",
                "请让两台机器与时间服务器同步（chrony、systemd-timesyncd）。",
            ),
        )
    return good(what, text)


class _Undo(Exception):
    """Rolls back."""


async def _rehearse(ctx: Context) -> Finding:
    """Do what the start does, and take it back: that tells whether key, queues and channels fit this database."""
    what = say("Installation", "安装")

    async def work(connection: Connection) -> None:
        with joining(connection):
            await set_up(ctx)
        raise _Undo

    try:
        await ctx.database.run(work)
    except WrongSetting as error:
        return wrong(what, str(error), say("Use this installation's own key.", "请使用本安装原有的密钥。"))
    except _Undo:
        pass
    return good(what, say("key, queues and channels fit this database", "密钥、队列与渠道均与数据库相符"))


async def check_channels(
    settings: Settings, kinds: Mapping[str, ChannelKind], vault_of: Callable[[str], Vault] | None
) -> AsyncIterator[Finding]:
    """Log in to every channel at once; tell in the order of the settings. `vault_of` is None while there is no database."""
    waiting = [
        asyncio.create_task(_check_channel(name, table, settings, kinds, vault_of))
        for name, table in settings.channels.items()
    ]
    for one in waiting:
        yield await one


async def _check_channel(
    name: str,
    table: Mapping[str, Any],
    settings: Settings,
    kinds: Mapping[str, ChannelKind],
    vault_of: Callable[[str], Vault] | None,
) -> Finding:
    what = say(f"Channel {name}", f"渠道 {name}")
    given = dict(table)
    kind = kinds.get(given.pop("kind"))
    if kind is None:
        known = ", ".join(sorted(kinds))
        return wrong(
            what,
            say(f"there is no kind {table['kind']!r}", f"没有 {table['kind']!r} 这种渠道"),
            say(f"Choose one of {known}.", f"可选：{known}。"),
        )
    try:
        checked = kind.settings.model_validate(given)
    except ValidationError as error:
        return wrong(
            what,
            explain_validation(f"channels.{name}", error),
            say("Correct the channel's table in hub.toml.", "请更正 hub.toml 中该渠道的设置。"),
        )
    vault = vault_of(name) if vault_of is not None else None
    ports = trial_ports(vault, secret=b"doctor", public_url=settings.web.public_url)
    adapter = kind.open(name, checked, ports)
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await adapter.check()
    except Misconfigured as failure:
        return wrong(what, str(failure), say("Correct the settings of this channel.", "请更正该渠道的设置。"))
    except (ChannelFailure, TimeoutError) as failure:
        text = str(failure) or say(f"no answer within {CHECK_SECONDS:g} s", f"{CHECK_SECONDS:g} 秒内没有响应")
        return wrong(
            what, text, say("Check the address and the network; try again.", "请检查地址与网络后重试。")
        )
    finally:
        await adapter.close()
    if kind.capabilities.push:
        # The outside comes to it; there is nothing to log in to.
        return good(what, say("ready", "就绪"))
    return good(what, say("the login works", "登录正常"))
