"""Setting up channels at the desk: added, changed, switched on and off, removed. Every hub follows at once; none restarts.

Passwords are sealed and never shown again. What is kept was tried first, unless the channel is switched off.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from channels.adapter import ChannelKind
from hub.actions.announce import CHANNELS, EVENTS, announce
from hub.actions.channels.check_channel import check_settings
from hub.actions.channels.desk_channels import SECRETS, open_secrets
from hub.actions.context import Context
from hub.actions.failures import Conflict, NotFound, NotPossible
from hub.actions.people.audit import record
from hub.actions.vault import seal
from hub.model.audit import AuditKind
from hub.model.people import Actor
from hub.model.tickets import EventKind
from hub.settings import explain_validation, is_channel_name
from storage import channels as stored
from storage import events, house
from storage.channels import ConfigRow
from storage.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskChannel:
    """One as it is kept. `secrets` are its passwords, in the clear: for the form's own use, never for a page."""

    name: str
    kind: ChannelKind
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    enabled: bool
    version: int


class WrongSettings(Exception):
    """Its kind refuses the settings; the cause is pydantic's ValidationError."""


async def list_desk_channels(ctx: Context) -> list[ConfigRow]:
    """All of them, switched off or not, by name."""
    return await ctx.database.read(stored.desk_channels)


async def desk_channel(ctx: Context, name: str) -> DeskChannel:
    """Raises NotFound; NotPossible (secrets_lost) where its passwords were sealed with another key."""
    row = await _row(ctx, name)
    kind = ctx.kinds.get(row.kind)
    if kind is None:
        raise NotFound(f"There is no kind of channel {row.kind!r} here.")
    try:
        secrets = open_secrets(ctx.secret, row)
    except ValueError as error:
        raise NotPossible(str(error), code="secrets_lost") from error
    return DeskChannel(
        name=name,
        kind=kind,
        settings=row.settings,
        secrets=secrets,
        enabled=row.enabled,
        version=row.version,
    )


async def add_channel(
    ctx: Context,
    *,
    name: str,
    kind: str,
    settings: Mapping[str, Any],
    secrets: Mapping[str, str],
    actor: Actor,
    enabled: bool = True,
) -> None:
    """A new one. Where it is to work at once it is tried first. Raises WrongSettings, ChannelFailure (the trial), NotPossible
    (bad_channel_name, channel_taken, channel_in_file, channel_was_other)."""
    name = name.strip()
    if not is_channel_name(name):
        raise NotPossible(
            "A channel's name takes letters, digits, - and _, 40 at the most.", code="bad_channel_name"
        )
    if name in ctx.settings.channels:
        raise NotPossible(f"hub.toml has a channel {name} already.", code="channel_in_file")
    known = _kind(ctx, kind)
    checked = read_settings(known, name, {**settings, **secrets})
    if name in await ctx.database.read(stored.desk_marks):
        raise NotPossible(f"There is a channel {name} already.", code="channel_taken")
    if enabled:
        await check_settings(ctx, name, known, checked)

    async def work(connection: Connection) -> None:
        was = await stored.kind_of(connection, name)
        if was is not None and was != kind:
            raise NotPossible(
                f"A channel of another kind ({was}) had this name; its messages bear it for ever.",
                code="channel_was_other",
            )
        made = await stored.add_config(
            connection,
            name=name,
            kind=kind,
            settings=settings,
            secrets=_sealed(ctx, name, secrets),
            enabled=enabled,
            agent_id=actor.agent_id,
        )
        if not made:
            raise NotPossible(f"There is a channel {name} already.", code="channel_taken")
        await house.channel_by_name(connection, name, kind)
        await record(
            connection,
            AuditKind.CHANNEL_CHANGED,
            actor=actor,
            subject=name,
            after={**settings, "on": enabled},
        )
        await _tell(connection, name, actor, enabled=enabled)

    await ctx.database.run(work)


async def change_channel(
    ctx: Context,
    *,
    name: str,
    version: int,
    settings: Mapping[str, Any],
    secrets: Mapping[str, str],
    actor: Actor,
    enabled: bool = True,
) -> None:
    """These are all its settings and secrets from now on. Raises as `add_channel` does, NotFound, and Conflict where somebody
    else changed it meanwhile."""
    row = await _row(ctx, name)
    known = _kind(ctx, row.kind)
    checked = read_settings(known, name, {**settings, **secrets})
    if enabled:
        await check_settings(ctx, name, known, checked)

    async def work(connection: Connection) -> None:
        changed = await stored.change_config(
            connection,
            name=name,
            version=version,
            settings=settings,
            secrets=_sealed(ctx, name, secrets),
            enabled=enabled,
            agent_id=actor.agent_id,
        )
        if not changed:
            raise _changed_meanwhile(name, row.version)
        renewed = secrets != open_secrets(ctx.secret, row)
        await record(
            connection,
            AuditKind.CHANNEL_CHANGED,
            actor=actor,
            subject=name,
            before={**row.settings, "on": row.enabled},
            after={**settings, "on": enabled},
            details={"secrets_renewed": True} if renewed else None,
        )
        await _tell(connection, name, actor, enabled=enabled)

    await ctx.database.run(work)


async def switch_channel(ctx: Context, *, name: str, version: int, enabled: bool, actor: Actor) -> None:
    """On: it is tried first. Off: it hears and sends no more; what waits to be sent waits on. Raises as `change_channel`."""
    now = await desk_channel(ctx, name)
    await change_channel(
        ctx,
        name=name,
        version=version,
        settings=now.settings,
        secrets=now.secrets,
        actor=actor,
        enabled=enabled,
    )


async def remove_channel(ctx: Context, *, name: str, version: int, actor: Actor) -> None:
    """Its settings and secrets are gone; what was said by it stays on the timeline. Raises NotFound, Conflict."""
    row = await _row(ctx, name)

    async def work(connection: Connection) -> None:
        if not await stored.remove_config(connection, name, version):
            raise _changed_meanwhile(name, row.version)
        before = {**row.settings, "on": row.enabled}
        await record(connection, AuditKind.CHANNEL_CHANGED, actor=actor, subject=name, before=before)
        await _tell(connection, name, actor, enabled=False)

    await ctx.database.run(work)


async def consent_given(ctx: Context, name: str, actor: Actor) -> None:
    """A person has let it in at its provider: written down, and a channel of the desk begins anew at once, for it waits longer
    and longer between logins that were refused."""

    async def work(connection: Connection) -> None:
        enabled = await stored.begin_anew(connection, name, actor.agent_id)
        details = {"secrets_renewed": True}
        await record(connection, AuditKind.CHANNEL_CHANGED, actor=actor, subject=name, details=details)
        if enabled is not None:
            await _tell(connection, name, actor, enabled=enabled)

    await ctx.database.run(work)


def read_settings(kind: ChannelKind, name: str, table: Mapping[str, Any]) -> BaseModel:
    """Raises WrongSettings."""
    try:
        return kind.settings.model_validate(dict(table))
    except ValidationError as error:
        raise WrongSettings(explain_validation(name, error)) from error


def _kind(ctx: Context, kind: str) -> ChannelKind:
    known = ctx.kinds.get(kind)
    if known is None:
        raise NotFound(f"There is no kind of channel {kind!r} here.")
    return known


def _sealed(ctx: Context, name: str, secrets: Mapping[str, str]) -> bytes | None:
    return seal(ctx.secret, name, SECRETS, json.dumps(dict(secrets)).encode()) if secrets else None


async def _row(ctx: Context, name: str) -> ConfigRow:
    for row in await list_desk_channels(ctx):
        if row.name == name:
            return row
    raise NotFound(f"There is no channel {name!r} of the desk.")


def _changed_meanwhile(name: str, version: int) -> Conflict:
    return Conflict(
        f"Somebody else has changed the channel {name} meanwhile.",
        current_seq=version,
        code="channel_changed",
    )


async def _tell(connection: Connection, name: str, actor: Actor, *, enabled: bool) -> None:
    await house.set_channel_state(connection, name, "starting" if enabled else "retired", "")
    data = {"channel": name, "set_by": actor.name, "enabled": enabled}
    await events.add_event(connection, EventKind.CHANNEL_CHANGED, agent_id=actor.agent_id, data=data)
    await announce(connection, CHANNELS, EVENTS)
