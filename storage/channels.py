"""Channels that are set up at the desk, how every channel is, and messages that try one. Over sql/channels.sql."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("channels")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigRow:
    """One channel of the desk. `secrets` are sealed; None where the kind has none."""

    name: str
    kind: str
    settings: Mapping[str, Any]
    secrets: bytes | None
    enabled: bool
    version: int
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseRow:
    """How a channel is. `came` and `went`: messages of today. `unread`: in the journal, not on the timeline yet; `unsent`:
    answers that still have to leave; `failed`: those that need a person."""

    id: int
    name: str
    kind: str
    state: str
    state_detail: str
    state_since: datetime
    hold_until: datetime | None
    came: int
    went: int
    last_in: datetime | None
    last_out: datetime | None
    unread: int
    unread_since: datetime | None
    unsent: int
    unsent_since: datetime | None
    quarantined: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRow:
    """How far a message that tries a channel came. `message_id` "": the hub waits for whatever comes, sent to `address`.
    `error` is a code, or what an adapter said."""

    id: int
    channel_id: int
    message_id: str
    address: str
    after_raw: int
    started_at: datetime
    sent_at: datetime | None
    raw_id: int | None
    arrived_at: datetime | None
    ticket_id: int | None
    filed_at: datetime | None
    ended_at: datetime | None
    error: str
    ticket_code: int | None
    ticket_status: str
    queue_title_en: str
    queue_title_zh: str
    assignee: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivalRow:
    """`ticket_id` is None while it has not been read; `trouble`: why it cannot be."""

    raw_id: int
    arrived_at: datetime
    ticket_id: int | None
    ticket_code: int | None
    trouble: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceRow:
    """When a channel was heard last, and the time now."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRow:
    """Nothing was heard from `since` to `until`; the other side keeps what it has for so many hours only."""

    channel: str
    kind: str
    since: datetime
    until: datetime
    hours: int


async def desk_channels(connection: Connection) -> list[ConfigRow]:
    """All of them, switched off or not, by name."""
    return [ConfigRow(**row) for row in await connection.fetch(SQL["desk_channels"])]


async def desk_marks(connection: Connection) -> dict[str, tuple[int, datetime]]:
    """What changes whenever a channel of the desk does, by name."""
    rows = await connection.fetch(SQL["desk_marks"])
    return {row["name"]: (row["version"], row["changed_at"]) for row in rows}


async def add_config(
    connection: Connection,
    *,
    name: str,
    kind: str,
    settings: Mapping[str, Any],
    secrets: bytes | None,
    enabled: bool,
    agent_id: int | None,
) -> bool:
    """False where there is one of this name."""
    made = await connection.fetchval(SQL["add_config"], name, kind, settings, secrets, enabled, agent_id)
    return made is not None


async def change_config(
    connection: Connection,
    *,
    name: str,
    version: int,
    settings: Mapping[str, Any],
    secrets: bytes | None,
    enabled: bool,
    agent_id: int | None,
) -> bool:
    """False where it is not `version` any more, or not there."""
    made = await connection.fetchval(
        SQL["change_config"], name, version, settings, secrets, enabled, agent_id
    )
    return made is not None


async def begin_anew(connection: Connection, name: str, agent_id: int | None) -> bool | None:
    """Have every hub open it again, as it is. Whether it is switched on; None: none of the desk is called so."""
    enabled: bool | None = await connection.fetchval(SQL["begin_anew"], name, agent_id)
    return enabled


async def remove_config(connection: Connection, name: str, version: int) -> bool:
    """With every secret of the channel. False where it is not `version` any more, or not there."""
    if await connection.fetchval(SQL["remove_config"], name, version) is None:
        return False
    await connection.execute(SQL["forget_secrets"], name)
    return True


async def kind_of(connection: Connection, name: str) -> str | None:
    """Of any channel that ever was; None for a name that was never used."""
    kind: str | None = await connection.fetchval(SQL["kind_of"], name)
    return kind


async def pulses(connection: Connection, today: datetime, since: datetime) -> list[PulseRow]:
    """Of every channel that ever was, by name. `today`: its first moment; last messages are looked for from `since` on."""
    return [PulseRow(**row) for row in await connection.fetch(SQL["pulses"], today, since)]


async def begin_probe(
    connection: Connection, channel_id: int, agent_id: int, message_id: str, address: str
) -> int:
    number: int = await connection.fetchval(SQL["begin_probe"], channel_id, agent_id, message_id, address)
    return number


async def last_probe(connection: Connection, channel_id: int) -> ProbeRow | None:
    row = await connection.fetchrow(SQL["last_probe"], channel_id)
    return ProbeRow(**row) if row else None


async def probe_sent(connection: Connection, probe_id: int) -> None:
    await connection.execute(SQL["probe_sent"], probe_id)


async def probe_addressed(connection: Connection, probe_id: int, address: str) -> None:
    """Where a person is to write; from now on they are waited for."""
    await connection.execute(SQL["probe_addressed"], probe_id, address)


async def probe_arrived(connection: Connection, probe_id: int, raw_id: int, at: datetime) -> None:
    await connection.execute(SQL["probe_arrived"], probe_id, raw_id, at)


async def probe_filed(connection: Connection, probe_id: int, ticket_id: int) -> None:
    await connection.execute(SQL["probe_filed"], probe_id, ticket_id)


async def end_probe(connection: Connection, probe_id: int, error: str) -> None:
    await connection.execute(SQL["end_probe"], probe_id, error)


async def end_lost_probes(connection: Connection, channel_id: int, seconds: float) -> None:
    """Those that began longer ago than any test lasts."""
    await connection.execute(SQL["end_lost_probes"], channel_id, seconds)


async def arrival_of_letter(connection: Connection, channel_id: int, message_id: str) -> ArrivalRow | None:
    row = await connection.fetchrow(SQL["arrival_of_letter"], channel_id, message_id)
    return ArrivalRow(**row) if row else None


async def next_arrival(connection: Connection, channel_id: int, after_raw: int) -> ArrivalRow | None:
    row = await connection.fetchrow(SQL["next_arrival"], channel_id, after_raw)
    return ArrivalRow(**row) if row else None


async def last_heard(connection: Connection, channel_id: int) -> SilenceRow | None:
    """None where it was never heard. The row stays locked, so that of several who say so one finds a gap."""
    row = await connection.fetchrow(SQL["last_heard"], channel_id)
    return SilenceRow(**row) if row else None


async def gaps(connection: Connection, days: int) -> list[GapRow]:
    """Those of so many days that nobody has put away, by name."""
    return [GapRow(**row) for row in await connection.fetch(SQL["gaps"], days)]


async def forget_gaps(connection: Connection, name: str) -> bool:
    """Whether there were any."""
    return await connection.fetchval(SQL["forget_gaps"], name) is not None
