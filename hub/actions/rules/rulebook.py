"""The rules in use: from the file at first, then as people change them; every hub goes by the newest version.

A file that changed since a hub last started becomes a new version, whatever people did meanwhile; one that did not, does not.
The file that comes along with the program gives way to what people did.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog

from hub.actions.announce import EVENTS, ROUTE, RULES, announce
from hub.actions.failures import Conflict, NotFound, NotPossible
from hub.actions.people.audit import record
from hub.actions.targets import agree_on_targets
from hub.model.audit import AuditKind
from hub.model.people import Actor
from hub.model.tickets import EventKind
from routing.rules import RoutingRules, RulesError, load_rules
from storage import events, house
from storage import rulebook as stored
from storage.database import Connection

if TYPE_CHECKING:
    from hub.actions.context import Context

log = structlog.get_logger(__name__)

MOST_NOTE = 500


async def settle_rules(
    connection: Connection, from_file: RoutingRules, *, shipped: bool = False
) -> tuple[int, RoutingRules]:
    """The version in use and its rules, at the start of a hub. Those of the file are a new version where there is none yet, and
    where the file is not what it was when a hub last read a changed one. A file that came along with the program (`shipped`)
    changes with every upgrade: it takes nothing back that was changed here."""
    await stored.lock(connection)
    newest = await stored.newest(connection)
    same = newest is not None and await stored.last_from_file(connection) == from_file.fingerprint
    if newest is not None and (same or (shipped and not await stored.is_from_file(connection))):
        version, rules = newest[0], _as_stored(newest)
    else:
        version, rules = await _add(connection, from_file, origin="file"), from_file
    await _make_so(connection, rules)
    return version, rules


async def change_rules(
    ctx: "Context",
    *,
    document: Mapping[str, Any] | RoutingRules,
    base_version: int,
    actor: Actor,
    origin: str = "desk",
    note: str = "",
    restores: int | None = None,
) -> int:
    """These are the rules from now on; returns the version's number, or that of the one in use where nothing changes.

    `base_version`: what the change was made from. Raises NotPossible (`rules_wrong`: every wrong key is named;
    `queue_in_use`: a queue would go in which there is work; `calendar_in_use`: somebody's shifts would go) and Conflict where
    somebody else made a version meanwhile; `current_seq` is its number.
    """
    rules = document if isinstance(document, RoutingRules) else check_rules(document)

    async def work(connection: Connection) -> int:
        await stored.lock(connection)
        newest = await stored.newest(connection)
        version = newest[0] if newest else 0
        if newest is None:  # so that the file, when a hub starts, is not taken for something new
            await _add(connection, ctx.rulebook.file, origin="file")
        if version != base_version:
            raise Conflict(
                f"The rules were changed meanwhile: version {version} is in use, and these go by version {base_version}.",
                current_seq=version,
            )
        if newest is not None and _as_stored(newest).fingerprint == rules.fingerprint:
            return version
        occupied = await stored.occupied(connection, [queue.name for queue in rules.queue])
        if occupied:
            queues = ", ".join(f"{name} ({tickets})" for name, tickets in occupied)
            raise NotPossible(
                f"These queues have tickets in work and cannot go: {queues}. Move the tickets first.",
                code="queue_in_use",
            )
        shifts = await stored.on_other_shifts(connection, [calendar.name for calendar in rules.calendar])
        if shifts:
            people = ", ".join(f"{agent} ({calendar})" for agent, calendar in shifts)
            raise NotPossible(
                f"These people's shifts would go: {people}. Give them others first.", code="calendar_in_use"
            )
        made = await _add(
            connection, rules, origin=origin, actor=actor, note=note[:MOST_NOTE], restores=restores
        )
        await _make_so(connection, rules)
        await events.add_event(
            connection,
            EventKind.RULES_CHANGED,
            agent_id=actor.agent_id,
            data={"version": made, "by": actor.name},
        )
        await announce(connection, RULES, ROUTE, EVENTS)
        about = {"version": made, "origin": origin, "note": note or None, "restores": restores}
        await record(connection, AuditKind.RULES_CHANGED, actor=actor, subject=str(made), details=about)
        return made

    made = await ctx.database.run(work)
    await reload_rules(ctx)
    return made


async def restore_rules(
    ctx: "Context", *, version: int, base_version: int, actor: Actor, note: str = ""
) -> int:
    """Go back to an older version, as a new one; returns its number. Raises NotFound, and as `change_rules` does."""
    old = await ctx.database.read(lambda c: stored.document(c, version))
    if old is None:
        raise NotFound(f"There is no version {version} of the rules.")
    return await change_rules(
        ctx,
        document=old,
        base_version=base_version,
        actor=actor,
        origin="restored",
        note=note,
        restores=version,
    )


def check_rules(document: Mapping[str, Any]) -> RoutingRules:
    """Rules that can be used. Raises NotPossible (`rules_wrong`)."""
    try:
        return load_rules(document)
    except RulesError as error:
        raise NotPossible(str(error), code="rules_wrong") from error


async def reload_rules(ctx: "Context") -> int:
    """Go by the newest version; returns 1 where that was another one. A version that this hub cannot read, because a newer hub
    made it, leaves the rules as they are and says so."""
    if await ctx.database.read(stored.newest_version) == ctx.rulebook.version:
        return 0
    newest = await ctx.database.read(stored.newest)
    if newest is None:
        return 0
    try:
        rules = _as_stored(newest)
    except RulesError as error:
        log.error("rules.not_understood", version=newest[0], in_use=ctx.rulebook.version, error=str(error))
        return 0
    ctx.rulebook.version, ctx.rulebook.rules = newest[0], rules
    log.info("rules.changed", version=newest[0])
    # Whoever was told of the change at once went by the old ones still.
    ctx.listener.wake(ROUTE)
    return 1


def as_document(rules: RoutingRules) -> dict[str, Any]:
    """The tables of rules, as `load_rules` reads them back; what is as it is by default is left out."""
    return rules.model_dump(mode="json", exclude_defaults=True)


def _as_stored(row: tuple[int, Mapping[str, Any]]) -> RoutingRules:
    return load_rules(row[1])


async def _add(
    connection: Connection,
    rules: RoutingRules,
    *,
    origin: str,
    actor: Actor | None = None,
    note: str = "",
    restores: int | None = None,
) -> int:
    return await stored.add(
        connection,
        document=as_document(rules),
        fingerprint=rules.fingerprint,
        origin=origin,
        restores=restores,
        made_by=actor.agent_id if actor else None,
        author=actor.name if actor else "",
        note=note,
    )


async def _make_so(connection: Connection, rules: RoutingRules) -> None:
    """What the rules name has its rows; what was promised by others is worked out again soon."""
    await house.sync_queues(
        connection, sorted((queue.name, queue.title_en, queue.title_zh) for queue in rules.queue)
    )
    await agree_on_targets(connection, rules)
