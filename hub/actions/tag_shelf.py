"""Tags as the house keeps them: what each means and looks like, which are no longer offered, one name for what had two."""

import asyncio
from dataclasses import replace

import structlog

from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.people.audit import record
from hub.actions.rules.rulebook import as_document
from hub.actions.tags import change_tags
from hub.model.audit import AuditKind
from hub.model.people import Actor
from hub.model.permissions import Sight
from hub.model.tags import COLOURS, clean_tag
from storage import tags as stored
from storage.database import Connection, DatabaseUnavailable
from storage.tags import TagRow

log = structlog.get_logger(__name__)

MOST_DESCRIPTION = 200
LOT = 50
"""Tickets that are read at once while one is renamed; each is changed in a transaction of its own."""
_RUNNING = "tag_renames"


async def list_tags(ctx: Context) -> list[TagRow]:
    """All, with how many tickets have each. Raises DatabaseUnavailable."""
    return await ctx.database.read(stored.list_tags)


async def set_tag(
    ctx: Context, *, name: str, colour: str, description: str, retired: bool, actor: Actor
) -> None:
    """How it looks, what it means, whether it is offered. Raises NotFound, NotPossible (bad_tag_look)."""
    description = " ".join(description.split())
    if colour not in COLOURS or len(description) > MOST_DESCRIPTION:
        raise NotPossible("There is no such colour, or the description is too long.", code="bad_tag_look")

    async def work(connection: Connection) -> None:
        if not await stored.set_tag(connection, name, colour, description, retired):
            raise NotFound(f"There is no tag {name!r}.")
        after = {"colour": colour, "description": description, "retired": retired}
        await record(connection, AuditKind.TAGS_CHANGED, actor=actor, subject=name, after=after)

    await ctx.database.run(work)


async def rename_tag(ctx: Context, *, name: str, wanted: str, actor: Actor) -> None:
    """Every ticket that has it gets `wanted` in its place, one after another; where there was a tag of that name, the two are
    one from then on. Raises NotFound, NotPossible (bad_tag)."""
    try:
        new = clean_tag(wanted)
    except ValueError as error:
        raise NotPossible(str(error), code="bad_tag") from error
    if new == name:
        return

    async def work(connection: Connection) -> None:
        if not await stored.begin_renaming(connection, name, new):
            raise NotFound(f"There is no tag {name!r}.")
        await stored.know_renamed(connection, name, new)
        await record(connection, AuditKind.TAGS_CHANGED, actor=actor, subject=name, after={"name": new})

    await ctx.database.run(work)
    tasks: set[asyncio.Task[None]] = ctx.memo.setdefault(_RUNNING, set())
    # A tag is the installation's, whoever renames it: on tickets that they do not see, too.
    task = asyncio.create_task(_go_on(ctx, replace(actor, sight=Sight.ALL)), name=f"rename tag {name}")
    tasks.add(task)
    task.add_done_callback(tasks.discard)


async def finish_renaming(ctx: Context, actor: Actor) -> int:
    """Give every ticket the new names; returns how many were changed. May be begun again at any time, on any hub. Raises
    DatabaseUnavailable."""
    changed = 0
    for old, new in await ctx.database.read(stored.being_renamed):
        # Asked again for each lot: whoever renames it back meanwhile would have both go on for ever.
        while (old, new) in await ctx.database.read(stored.being_renamed):
            codes = await ctx.database.read(lambda c, old=old: stored.tickets_with(c, old, LOT))  # type: ignore[misc]
            if not codes:
                await ctx.database.run(lambda c, old=old: stored.forget_tag(c, old))  # type: ignore[misc]
                break
            for code in codes:
                await change_tags(ctx, ticket_code=code, actor=actor, add=[new], remove=[old])
                changed += 1
    return changed


async def end_renaming(ctx: Context) -> None:
    """Stop what this hub is at; housekeeping goes on with it later."""
    tasks = list(ctx.memo.get(_RUNNING, ()))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _go_on(ctx: Context, actor: Actor) -> None:
    try:
        await finish_renaming(ctx, actor)
    except DatabaseUnavailable as error:
        log.warning("tags.renaming_paused", error=str(error))


def rules_that_name(ctx: Context, tag: str) -> list[str]:
    """The automations that ask for this tag or put it on: they are not changed when it is renamed."""
    return [one["name"] for one in as_document(ctx.rules).get("automation", ()) if _names(one, tag)]


def _names(value: object, tag: str) -> bool:
    if isinstance(value, dict):
        return any(_names(one, tag) for one in value.values())
    if isinstance(value, list):
        return any(_names(one, tag) for one in value)
    return value == tag
