"""How agents show who they are. Only hashes and sealed secrets come here. Over sql/signin.sql."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("signin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a session. `limited`: they may set up a second step and nothing else; where `chooses`, they have to choose a
    password first. `fresh`: they showed lately who they are."""

    session_id: UUID
    agent_id: int
    how: str
    limited: bool
    chooses: bool
    login: str
    name: str
    role: str
    locale: str
    theme: str
    fresh: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    id: UUID
    user_agent: str
    peer: str
    how: str
    created_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondSteps:
    """What an agent has beside their password. `totp_since` None: no authenticator app."""

    totp_since: datetime | None
    totp_used_at: datetime | None
    passkeys: int
    codes_left: int

    @property
    def any(self) -> bool:
        """Whether there is a second step at all."""
        return self.totp_since is not None or self.passkeys > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyRow:
    id: int
    credential_id: bytes
    transports: tuple[str, ...]
    name: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPasskey:
    id: int
    agent_id: int
    public_key: bytes
    sign_count: int
    user_handle: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyLogin:
    issuer: str
    subject: str
    shown_as: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRow:
    """`required_of`: nobody, leads (supervisors and administrators) or everybody."""

    required_of: str
    grace_days: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that was begun and is to be finished once. `agent_id` None: nobody has said yet who they are."""

    agent_id: int | None
    data: Mapping[str, Any]


async def add_session(
    connection: Connection,
    *,
    token_hash: bytes,
    agent_id: int,
    seconds: float,
    user_agent: str,
    peer: str,
    how: str,
    limited: bool,
) -> None:
    await connection.execute(
        SQL["add_session"], token_hash, agent_id, seconds, user_agent, peer, how, limited
    )


async def holder(connection: Connection, token_hash: bytes, idle: float, fresh: float) -> Holder | None:
    """None where the session ended, was idle for `idle` seconds, or its agent is not active. `fresh` in seconds."""
    row = await connection.fetchrow(SQL["holder"], token_hash, idle, fresh)
    return Holder(**row) if row else None


async def prove(connection: Connection, session_id: UUID, agent_id: int) -> None:
    """The holder has just shown who they are."""
    await connection.execute(SQL["prove"], session_id, agent_id)


async def unlimit(connection: Connection, token_hash: bytes, new_hash: bytes, how: str) -> int | None:
    """A limited session becomes a whole one under another token; returns whose. None where it is none."""
    found: int | None = await connection.fetchval(SQL["unlimit"], token_hash, new_hash, how)
    return found


async def sessions_of(connection: Connection, agent_id: int, idle: float) -> list[SessionRow]:
    return [SessionRow(**row) for row in await connection.fetch(SQL["sessions_of"], agent_id, idle)]


async def end_oldest(connection: Connection, agent_id: int, most: int) -> int:
    """All sessions of this agent but the `most` that were used last; returns how many ended."""
    return len(await connection.fetch(SQL["end_oldest"], agent_id, most))


async def end_session(connection: Connection, agent_id: int, session_id: UUID) -> bool:
    return await connection.fetchval(SQL["end_session"], agent_id, session_id) is not None


async def end_others(connection: Connection, agent_id: int, kept: UUID) -> int:
    """How many there were. Also those that are about to begin."""
    return len(await connection.fetch(SQL["end_others"], agent_id, kept))


async def begin(
    connection: Connection,
    token_hash: bytes,
    purpose: str,
    agent_id: int | None,
    data: Mapping[str, Any],
    seconds: float,
) -> None:
    await connection.execute(SQL["begin"], token_hash, purpose, agent_id, dict(data), seconds)


async def look_at_step(connection: Connection, token_hash: bytes, purpose: str) -> Step | None:
    row = await connection.fetchrow(SQL["look_at_step"], token_hash, purpose)
    return Step(**row) if row else None


async def change_step(
    connection: Connection, token_hash: bytes, purpose: str, data: Mapping[str, Any]
) -> None:
    """Put these beside what is kept there."""
    await connection.execute(SQL["change_step"], token_hash, purpose, dict(data))


async def finish(connection: Connection, token_hash: bytes, purpose: str) -> Step | None:
    """Take it away; None where there is none, or its time is over."""
    row = await connection.fetchrow(SQL["finish"], token_hash, purpose)
    return Step(**row) if row else None


async def tidy_steps(connection: Connection) -> None:
    await connection.execute(SQL["tidy_steps"])


async def second_steps(connection: Connection, agent_id: int) -> SecondSteps:
    row = await connection.fetchrow(SQL["second_steps"], agent_id)
    return (
        SecondSteps(**row)
        if row
        else SecondSteps(totp_since=None, totp_used_at=None, passkeys=0, codes_left=0)
    )


async def lock_agent(connection: Connection, agent_id: int) -> bool:
    """Nobody else changes this agent's second steps meanwhile. False where they are not active."""
    return await connection.fetchval(SQL["lock_agent"], agent_id) is not None


async def begin_totp(connection: Connection, agent_id: int, sealed: bytes, seconds: float) -> None:
    await connection.execute(SQL["begin_totp"], agent_id, sealed, seconds)


async def pending_totp(connection: Connection, agent_id: int) -> bytes | None:
    found: bytes | None = await connection.fetchval(SQL["pending_totp"], agent_id)
    return found


async def confirm_totp(connection: Connection, agent_id: int, sealed: bytes, step: int) -> bool:
    """The one that was pending counts from now on; False where another one is pending meanwhile."""
    return await connection.fetchval(SQL["confirm_totp"], agent_id, sealed, step) is not None


async def totp(connection: Connection, agent_id: int) -> tuple[bytes, int] | None:
    """(sealed secret, last time step of which a code was taken)."""
    row = await connection.fetchrow(SQL["totp"], agent_id)
    return (row["sealed"], row["last_step"]) if row else None


async def use_totp(connection: Connection, agent_id: int, sealed: bytes, step: int) -> bool:
    """False where a code of this step was taken already."""
    return await connection.fetchval(SQL["use_totp"], agent_id, sealed, step) is not None


async def remove_totp(connection: Connection, agent_id: int) -> bool:
    """Whether there was one."""
    return bool(await connection.fetchval(SQL["remove_totp"], agent_id))


async def set_codes(
    connection: Connection, agent_id: int, hashes: Sequence[bytes], key_id: bytes = b""
) -> None:
    """These recovery codes and no others. `key_id`: the key with which they were hashed."""
    await connection.execute(SQL["remove_codes"], agent_id)
    await connection.execute(SQL["add_codes"], agent_id, list(hashes), key_id)


async def use_code(connection: Connection, agent_id: int, hashes: Sequence[bytes]) -> bool:
    """`hashes`: of one code, by each key. False where there is no such code, or it was used."""
    return await connection.fetchval(SQL["use_code"], agent_id, list(hashes)) is not None


async def add_passkey(
    connection: Connection,
    *,
    agent_id: int,
    credential_id: bytes,
    public_key: bytes,
    sign_count: int,
    transports: Sequence[str],
    name: str,
    user_handle: bytes,
) -> int | None:
    """Its number; None where this key is known already."""
    made: int | None = await connection.fetchval(
        SQL["add_passkey"],
        agent_id,
        credential_id,
        public_key,
        sign_count,
        list(transports),
        name,
        user_handle,
    )
    return made


async def passkeys_of(connection: Connection, agent_id: int) -> list[PasskeyRow]:
    rows: list[Any] = await connection.fetch(SQL["passkeys_of"], agent_id)
    return [PasskeyRow(**{**row, "transports": tuple(row["transports"])}) for row in rows]


async def lock_passkey(connection: Connection, credential_id: bytes) -> LockedPasskey | None:
    """One of an active agent."""
    row = await connection.fetchrow(SQL["passkey"], credential_id)
    return LockedPasskey(**row) if row else None


async def use_passkey(connection: Connection, passkey_id: int, sign_count: int) -> None:
    await connection.execute(SQL["use_passkey"], passkey_id, sign_count)


async def rename_passkey(connection: Connection, agent_id: int, passkey_id: int, name: str) -> bool:
    return await connection.fetchval(SQL["rename_passkey"], agent_id, passkey_id, name) is not None


async def remove_passkey(connection: Connection, agent_id: int, passkey_id: int) -> bool:
    return await connection.fetchval(SQL["remove_passkey"], agent_id, passkey_id) is not None


async def remove_passkeys(connection: Connection, agent_id: int) -> int:
    """How many there were."""
    return len(await connection.fetch(SQL["remove_passkeys"], agent_id))


async def use_company_login(
    connection: Connection, issuer: str, subject: str, shown_as: str
) -> tuple[int, bool] | None:
    """(agent, whether they are active); None for somebody who is nobody here yet."""
    row = await connection.fetchrow(SQL["use_company_login"], issuer, subject, shown_as)
    return (row["agent_id"], row["active"]) if row else None


async def link_company_login(
    connection: Connection, issuer: str, subject: str, agent_id: int, shown_as: str
) -> bool:
    """False where it belongs to somebody already."""
    made = await connection.fetchval(SQL["link_company_login"], issuer, subject, agent_id, shown_as)
    return made is not None


async def company_logins_of(connection: Connection, agent_id: int) -> list[CompanyLogin]:
    return [CompanyLogin(**row) for row in await connection.fetch(SQL["company_logins_of"], agent_id)]


async def unlink_company_logins(connection: Connection, agent_id: int) -> int:
    """How many there were."""
    return len(await connection.fetch(SQL["unlink_company_logins"], agent_id))


async def active_of_login(connection: Connection, login: str) -> int | None:
    found: int | None = await connection.fetchval(SQL["active_of_login"], login)
    return found


async def password_of_agent(connection: Connection, agent_id: int) -> str | None:
    found: str | None = await connection.fetchval(SQL["password_of_agent"], agent_id)
    return found


async def was_given(connection: Connection, agent_id: int) -> bool:
    """Whether this agent's password was made for them."""
    found: bool | None = await connection.fetchval(SQL["was_given"], agent_id)
    return bool(found)


async def policy(connection: Connection) -> PolicyRow:
    row = await connection.fetchrow(SQL["policy"])
    assert row is not None  # the migration puts it there
    return PolicyRow(**row)


async def set_policy(connection: Connection, required_of: str, grace_days: int) -> None:
    await connection.execute(SQL["set_policy"], required_of, grace_days)


async def due_since(connection: Connection, agent_id: int) -> datetime | None:
    """From when on a second step is asked of this agent; None: it is not."""
    found: datetime | None = await connection.fetchval(SQL["due_since"], agent_id)
    return found


async def limit_sessions(connection: Connection, *, of_company: bool) -> set[int]:
    """Those sessions open nothing any more but the page on which a second step is set up; returns whose they are. `of_company`:
    also of who came by the company's own account."""
    return {row["agent_id"] for row in await connection.fetch(SQL["limit_sessions"], of_company)}


async def without_second_step(connection: Connection) -> int:
    """How many who may sign in have none."""
    found: int = await connection.fetchval(SQL["without_second_step"])
    return found
