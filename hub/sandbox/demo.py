"""A whole hub over the sandbox world: its channels, its staff, its customers. What it prints is hub.cli's business."""

import asyncio
import secrets
import socket
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.people.change_agent import new_password
from hub.actions.people.keys import actor_of_key, create_api_key
from hub.actions.people.staff import add_agent, set_password
from hub.model.people import Role, Scope
from hub.sandbox.articles import write_articles
from hub.sandbox.people import STORIES
from hub.sandbox.visit import Pace, visit
from hub.sandbox.world import SandboxWorld
from hub.settings import DeskChannels, Settings, WrongSetting
from hub.wiring import run_hub

LOGIN_FILE = "demo-login"
FORM, CHAT = "feedback", "shop"
GRACE_SECONDS = 4.0
AFTER_SECONDS = 1.0
_PORTS_TRIED = 200
_NO_LOOKALIKES = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """Somebody of the demo's staff."""

    login: str
    name: str
    role: Role
    languages: tuple[str, ...]
    capacity: int
    locale: str


STAFF = (
    Colleague(
        login="demo", name="Alex Chen", role=Role.ADMIN, languages=("zh", "en"), capacity=30, locale="en"
    ),
    Colleague(login="lina", name="李娜", role=Role.AGENT, languages=("zh",), capacity=8, locale="zh_CN"),
    Colleague(login="sam", name="Sam Rivera", role=Role.AGENT, languages=("en",), capacity=8, locale="en"),
)
"""The first one is who is shown round. They are offline until they log in, so nothing is given to an empty chair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What somebody needs to know to look round."""

    url: str
    password: str
    api_key: str
    new: bool
    """Whether this is the first start over these data."""


@asynccontextmanager
async def run_demo(settings: Settings, dsn: str, *, locale: str) -> AsyncIterator[Demo]:
    """The hub with its sandbox for as long as the body runs. Customers write from `AFTER_SECONDS` on, so that there is time
    to say where the desk is. `locale`: of the first agent's screen."""
    async with SandboxWorld(settings.data_dir) as world:
        configured = demo_settings(settings, world)
        async with run_hub(configured, dsn, grace=GRACE_SECONDS) as hub:
            password, api_key, new = await _let_staff_in(hub.ctx, settings.data_dir / LOGIN_FILE, locale)
            await write_articles(hub.ctx)
            demo = Demo(url=hub.url, password=password, api_key=api_key, new=new)
            visiting = asyncio.create_task(_visit(world, demo.url))
            try:
                yield demo
            finally:
                visiting.cancel()
                await asyncio.gather(visiting, return_exceptions=True)


async def _visit(world: SandboxWorld, url: str) -> None:
    await asyncio.sleep(AFTER_SECONDS)
    await visit(world, url, STORIES, Pace(form=FORM, chat=CHAT))


def demo_settings(settings: Settings, world: SandboxWorld) -> Settings:
    """The settings of a demo: its own channels, the embedded database, nothing of what hub.toml says for the real ones."""
    loopback = "127.0.0.1"
    channels: dict[str, dict[str, Any]] = {
        "support": {
            "kind": "email",
            "address": world.support,
            "display_name": "Tea & Home",
            "imap_host": loopback,
            "imap_port": world.mail.imap_port,
            "imap_security": "none",
            "imap_user": world.support,
            "imap_password": world.support_password,
            "smtp_host": loopback,
            "smtp_port": world.mail.smtp_port,
            "smtp_security": "none",
            "smtp_user": world.support,
            "smtp_password": world.support_password,
            "poll_seconds": 10,
        },
        FORM: {"kind": "webform"},
        CHAT: {"kind": "webchat"},
        "telegram": {
            "kind": "telegram",
            "token": world.telegram.token,
            "base_url": world.telegram.base_url,
            "base_file_url": world.telegram.base_file_url,
        },
        "api": {"kind": "api"},
        "portal": {"kind": "portal"},
    }
    web = settings.web.model_copy(
        update={"port": free_port(settings.web.host, settings.web.port), "public_url": ""}
    )
    # Long enough to be seen and used, short enough for somebody who waits for the customer's mailbox to fill.
    delivery = settings.delivery.model_copy(update={"undo_seconds": min(3.0, settings.delivery.undo_seconds)})
    here = DeskChannels(allow_private=True, offer_loopback=True)  # the sandbox's servers are on this machine
    return settings.model_copy(
        update={"channels": channels, "web": web, "delivery": delivery, "desk_channels": here}
    )


def free_port(host: str, wanted: int) -> int:
    """`wanted`, or the next port above it that nobody listens on. Raises WrongSetting."""
    if wanted == 0:
        return 0
    for port in range(wanted, min(wanted + _PORTS_TRIED, 65536)):
        with suppress(OSError), closing(socket.create_server((host, port))):
            return port
    raise WrongSetting(f"web.port: no port from {wanted} on can be used on {host}")


async def _let_staff_in(ctx: Context, path: Path, locale: str) -> tuple[str, str, bool]:
    """Make the agents and the API key where they are missing. The file keeps what cannot be had from the database."""
    kept = _read(path)
    password = kept.get("password") or new_password()
    new = True
    for number, one in enumerate(STAFF):
        try:
            await add_agent(
                ctx,
                login=one.login,
                name=one.name,
                password=password,
                role=one.role,
                languages=one.languages,
                skills=dict.fromkeys(ctx.rules.skills, 3),
                capacity=one.capacity,
                locale=locale if number == 0 else one.locale,
            )
        except NotPossible as refusal:
            if refusal.code != "login_taken":
                raise
            new = False
            if not kept:
                await set_password(ctx, login=one.login, password=password)
    api_key = kept.get("api_key", "")
    if not api_key or await actor_of_key(ctx, api_key) is None:
        api_key = await create_api_key(
            ctx, name=f"demo-{_word(4)}", scopes=(Scope.INGEST, Scope.READ, Scope.WRITE)
        )
    _write(path, {"password": password, "api_key": api_key})
    return password, api_key, new


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    try:
        return {key: str(value) for key, value in tomllib.loads(path.read_text("utf-8")).items()}
    except tomllib.TOMLDecodeError as error:
        raise WrongSetting(f"{path} is damaged ({error}); remove it and new passwords are made") from error


def _write(path: Path, values: dict[str, str]) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    lines = [f'{key} = "{value}"' for key, value in values.items()]
    logins = ", ".join(one.login for one in STAFF)
    path.write_text(f"# Logins of the demo: {logins}\n" + "\n".join(lines) + "\n", "utf-8")


def _word(letters: int) -> str:
    return "".join(secrets.choice(_NO_LOOKALIKES) for _ in range(letters))
