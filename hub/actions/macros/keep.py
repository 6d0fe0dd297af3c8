"""Macros are written, changed and put away: everybody's, a queue's, or one's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from channels.clean import clean_line
from hub.actions.answers.templates import check_body
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.model.macros import Acts, BadActs, read_acts
from hub.model.people import Actor
from storage import macros as stored
from storage import templates
from storage.database import Connection
from storage.macros import MacroRow, NewMacro

MOST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroDraft:
    """A macro as somebody wrote it. `private`: the writer's own. `queue`: for those who work on it; "" for everybody."""

    name: str
    acts: Mapping[str, Any]
    private: bool = False
    queue: str = ""


async def list_macros(ctx: Context, *, agent_id: int | None = None) -> Sequence[MacroRow]:
    """By name, with the agent's own."""
    return await ctx.database.read(lambda c: stored.list_macros(c, agent_id))


async def offer_macros(ctx: Context, *, ticket_code: int, agent_id: int | None) -> Sequence[MacroRow]:
    """What may be run on this ticket, most used first."""
    return await ctx.database.read(lambda c: stored.offered_on(c, ticket_code, agent_id))


async def find_macro(ctx: Context, *, macro_id: int, agent_id: int | None) -> MacroRow:
    """Raises NotFound, also for another agent's own."""
    found = await ctx.database.read(lambda c: stored.macro(c, macro_id, agent_id))
    if found is None:
        raise NotFound(f"There is no macro {macro_id}.")
    return found


async def add_macro(ctx: Context, *, draft: MacroDraft, actor: Actor) -> int:
    """The new macro's id. Raises NotPossible: bad_macro, bad_liquid, unknown_queue, macro_taken, and the codes of BadActs."""
    name, acts = _checked(draft)

    async def work(connection: Connection) -> int:
        made = await stored.add_macro(
            connection, await _new(connection, name, acts, draft, actor), actor.agent_id
        )
        if made is None:
            raise _taken(name)
        return made

    return await ctx.database.run(work)


async def change_macro(ctx: Context, *, macro_id: int, version: int, draft: MacroDraft, actor: Actor) -> int:
    """Its new version. Raises NotFound, also for another agent's own; NotPossible as `add_macro`, macro_changed (by
    somebody else meanwhile), shared_stays."""
    name, acts = _checked(draft)

    async def work(connection: Connection) -> int:
        owner = await _lock(connection, macro_id, version, actor)
        if owner is None and draft.private:
            raise NotPossible("A macro that others use does not become private.", code="shared_stays")
        new = await _new(connection, name, acts, draft, actor)
        if await stored.name_taken(connection, macro_id, new):
            raise _taken(name)
        return await stored.change_macro(connection, macro_id, new)

    return await ctx.database.run(work)


async def retire_macro(ctx: Context, *, macro_id: int, version: int, actor: Actor) -> None:
    """It is offered no more. Raises NotFound, NotPossible (macro_changed)."""

    async def work(connection: Connection) -> None:
        await _lock(connection, macro_id, version, actor)
        await stored.retire_macro(connection, macro_id)

    await ctx.database.run(work)


def _checked(draft: MacroDraft) -> tuple[str, Acts]:
    name = clean_line(draft.name, MOST_NAME)
    if not name or len(draft.name) > MOST_NAME:
        raise NotPossible(f"A macro needs a name of {MOST_NAME} characters at most.", code="bad_macro")
    try:
        acts = read_acts(draft.acts)
    except BadActs as error:
        raise NotPossible(f"These acts cannot be: {error.code}.", code=error.code) from error
    for text in (acts.reply, acts.note):
        check_body(text)
    return name, acts


async def _new(connection: Connection, name: str, acts: Acts, draft: MacroDraft, actor: Actor) -> NewMacro:
    queue = None
    if draft.queue and not draft.private:
        queue = await templates.queue_id(connection, draft.queue)
        if queue is None:
            raise NotPossible(f"There is no queue {draft.queue}.", code="unknown_queue")
    return NewMacro(
        name=name,
        acts=acts.as_document(),
        owner_id=actor.agent_id if draft.private else None,
        queue_id=queue,
    )


async def _lock(connection: Connection, macro_id: int, version: int, actor: Actor) -> int | None:
    """Whose own it is."""
    found = await stored.lock_macro(connection, macro_id)
    if found is None or found[1] not in (None, actor.agent_id):
        raise NotFound(f"There is no macro {macro_id}.")
    if found[0] != version:
        raise NotPossible("Somebody else has changed this macro meanwhile.", code="macro_changed")
    return found[1]


def _taken(name: str) -> NotPossible:
    return NotPossible(f"There is a macro {name!r} already.", code="macro_taken")
