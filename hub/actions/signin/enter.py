"""A session is made for somebody who has shown who they are."""

from dataclasses import dataclass
from datetime import UTC, datetime

from hub.actions.context import Context
from hub.actions.floor.presence import change_presence
from hub.actions.people.sessions import IDLE_SECONDS, LONGEST_SECONDS, sessions_ended
from hub.actions.people.sight import actor_of
from hub.actions.signin.steps import begin_step
from hub.actions.signin.tokens import hash_token, new_token
from hub.model.people import Presence
from hub.model.tickets import EventKind
from storage import events, signin, staff
from storage.database import Connection

SECOND_STEP_SECONDS = 600.0
MOST_SESSIONS = 20
"""So many of one agent at once. With the next one that ends which was not used for longest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """From where somebody comes: the address, and what the browser says of itself."""

    peer: str
    user_agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """`token`: of a session; of a second step that is still to be done where `second`. `limited`: the session opens nothing but
    the page on which a second step is set up, or where `chooses` that on which a password is chosen. `due`: from when on a
    second step is asked of somebody who has none."""

    token: str
    second: bool = False
    limited: bool = False
    chooses: bool = False
    due: datetime | None = None


async def enter(
    ctx: Context,
    connection: Connection,
    agent_id: int,
    how: str,
    browser: Browser,
    *,
    ask_second: bool,
    by_password: bool = False,
) -> Entered:
    """Let an agent in who came by `how`: at once, or (`ask_second`) after their second step where they have one. `by_password`:
    with it, whatever came after; where it was made for them they choose one first. Who was off line is on line from now on."""
    steps = await signin.second_steps(connection, agent_id)
    if ask_second and steps.any:
        data = {"how": how}
        token = await begin_step(connection, "second", agent_id, data, SECOND_STEP_SECONDS)
        return Entered(token=token, second=True)
    due = await signin.due_since(connection, agent_id) if ask_second else None
    chooses = by_password and await signin.was_given(connection, agent_id)
    limited = chooses or is_due(due)
    token = new_token()
    await signin.add_session(
        connection,
        token_hash=hash_token(token),
        agent_id=agent_id,
        seconds=LONGEST_SECONDS,
        user_agent="".join(c for c in browser.user_agent[:300] if c.isprintable()),
        peer=browser.peer,
        how=how,
        limited=limited,
    )
    if await signin.end_oldest(connection, agent_id, MOST_SESSIONS):
        await sessions_ended(connection, {agent_id})
    if not limited:
        await be_in(connection, token, agent_id, how, browser.peer)
    return Entered(token=token, limited=limited, chooses=chooses, due=due)


def is_due(moment: datetime | None) -> bool:
    """Whether a second step that is asked for from then on is asked for by now."""
    return moment is not None and moment <= datetime.now(UTC)


async def be_in(connection: Connection, token: str, agent_id: int, how: str, peer: str) -> None:
    """The session is whole: the ledger has it, and its agent is there."""
    agent = await staff.session(connection, hash_token(token), IDLE_SECONDS)
    if agent is not None and agent.presence == Presence.OFFLINE:
        by = await actor_of(connection, agent)
        await change_presence(connection, agent_id, Presence.ONLINE, by=by)
    data = {"agent": agent_id, "how": how, "peer": peer}
    await events.add_event(connection, EventKind.SIGNED_IN, agent_id=agent_id, data=data)


async def note_failure(ctx: Context, agent_id: int | None, why: str, peer: str) -> None:
    """The ledger has that somebody did not get in. What was typed is not in it: people type passwords into the wrong field."""
    data = {"agent": agent_id, "why": why, "peer": peer}
    await ctx.database.run(
        lambda c: events.add_event(c, EventKind.SIGN_IN_FAILED, agent_id=agent_id, data=data)
    )
