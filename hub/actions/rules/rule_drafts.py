"""Changes of the rules that one person collects, looks at, tries and then publishes as one version.

A draft is a whole document that could be used as it stands; it is compared with the version it was made from.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hub.actions.context import Context
from hub.actions.failures import Conflict, NotPossible
from hub.actions.rules.rulebook import as_document, change_rules, reload_rules
from hub.model.people import Actor
from routing.compare import Change, Document, Unit, compare, rebase
from routing.rules import RoutingRules, RulesError, load_rules
from storage import rule_drafts as stored
from storage import rulebook
from storage.database import Connection
from storage.rule_drafts import DraftRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The rules as one person sees them: `rules` are those of their draft, or those in use where they have none. `base`: what
    the draft was made from, whole; `changes`: what they have not published; `behind`: somebody published since."""

    rules: RoutingRules
    base: RoutingRules
    base_version: int
    newest_version: int
    changes: tuple[Change, ...]

    @property
    def behind(self) -> bool:
        return bool(self.changes) and self.base_version != self.newest_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """What stands between a draft and being published: theirs and mine since the common version, and the units of both."""

    theirs: tuple[Change, ...]
    mine: tuple[Change, ...]
    clashes: tuple[Unit, ...]
    newest_version: int


Edit = Callable[[dict[str, Any]], Mapping[str, Any]]
"""Takes the document as it is, and may change it; gives it as it is to be."""


def differences(before: Document, after: Document) -> tuple[Change, ...]:
    """What differs, also where one says a thing that the other leaves as it is by default. Documents that this hub cannot read,
    because another made them, are compared as they stand."""
    try:
        return compare(_whole(before), _whole(after))
    except RulesError:
        return compare(before, after)


async def see_rules(ctx: Context, agent_id: int) -> Desk:
    """The rules as this agent sees them. A draft that cannot be used any more, because the hub has become another, is none."""
    # A page is told of new rules by the feed, which may be quicker than this hub's own reading of them.
    await reload_rules(ctx)
    version, in_use = ctx.rulebook.version, ctx.rules

    async def look(connection: Connection) -> tuple[DraftRow, Document] | None:
        draft = await stored.draft(connection, agent_id)
        base = await rulebook.document(connection, draft.base_version) if draft else None
        return (draft, base) if draft and base is not None else None

    found = await ctx.database.read(look)
    if found is not None:
        draft, document = found
        try:
            rules, base = load_rules(draft.document), load_rules(document)
        except RulesError:
            pass
        else:
            changes = compare(base.model_dump(mode="json"), rules.model_dump(mode="json"))
            return Desk(
                rules=rules,
                base=base,
                base_version=draft.base_version,
                newest_version=version,
                changes=changes,
            )
    return Desk(rules=in_use, base=in_use, base_version=version, newest_version=version, changes=())


async def edit_draft(ctx: Context, *, agent_id: int, edit: Edit) -> None:
    """Change the draft, or begin one. One that comes to what it was made from is gone. Raises RulesError, and what `edit`
    raises; nothing is kept then."""

    async def work(connection: Connection) -> None:
        await stored.lock_agent(connection, agent_id)
        draft = await stored.draft(connection, agent_id)
        base = await rulebook.document(connection, draft.base_version) if draft else None
        if draft is None or base is None or not (_is_readable(draft.document) and _is_readable(base)):
            newest = await rulebook.newest(connection)
            base_version, base = newest if newest else (ctx.rulebook.version, as_document(ctx.rules))
            document = base
        else:
            base_version, document = draft.base_version, draft.document
        wanted = load_rules(edit(dict(document)))
        if wanted.fingerprint == load_rules(base).fingerprint:
            await stored.drop(connection, agent_id)
        else:
            await stored.keep(connection, agent_id, base_version, as_document(wanted))

    await ctx.database.run(work)


async def discard_draft(ctx: Context, *, agent_id: int) -> None:
    """Forget it."""
    await ctx.database.run(lambda c: stored.drop(c, agent_id))


async def publish_draft(ctx: Context, *, actor: Actor, note: str) -> int:
    """The draft is the rules from now on; returns the version. Raises NotPossible (`no_draft`, and as `change_rules` does), and
    Conflict where somebody else made a version since it was begun."""
    agent_id = _agent(actor)
    draft = await ctx.database.read(lambda c: stored.draft(c, agent_id))
    if draft is None:
        raise NotPossible("There are no changes to publish.", code="no_draft")
    version = await change_rules(
        ctx, document=draft.document, base_version=draft.base_version, actor=actor, note=note
    )
    await ctx.database.run(lambda c: stored.drop_published(c, agent_id, draft.updated_at))
    return version


async def overlap_of(ctx: Context, agent_id: int) -> Overlap:
    """What others published since the draft was begun, beside what the draft changes. Raises NotPossible: `no_draft`."""
    draft, base, version, newest = await ctx.database.read(lambda c: _three(c, agent_id))
    theirs, mine = differences(base, newest), differences(base, draft.document)
    clashes = rebase(_whole(base), _whole(draft.document), _whole(newest)).clashes
    return Overlap(theirs=theirs, mine=mine, clashes=clashes, newest_version=version)


async def rebase_draft(
    ctx: Context, *, agent_id: int, newest_version: int, keep: Mapping[Unit, Literal["mine", "theirs"]]
) -> None:
    """Put the draft on top of the version in use. `keep`: whose counts, where both changed the same. Raises Conflict where that
    is not said of each, or where `newest_version` is not the newest any more; RulesError where the two do not go together."""

    async def work(connection: Connection) -> None:
        await stored.lock_agent(connection, agent_id)
        draft, base, version, newest = await _three(connection, agent_id)
        made = rebase(_whole(base), _whole(draft.document), _whole(newest), keep)
        if version != newest_version or made.clashes:
            raise Conflict(
                f"Version {version} changes the same: say for each whose counts.",
                current_seq=version,
                code="rules_overlap",
            )
        rules = load_rules(made.document)
        if rules.fingerprint == load_rules(newest).fingerprint:
            await stored.drop(connection, agent_id)
        else:
            await stored.keep(connection, agent_id, version, as_document(rules))

    await ctx.database.run(work)


async def _three(
    connection: Connection, agent_id: int
) -> tuple[DraftRow, dict[str, Any], int, dict[str, Any]]:
    """The draft, the document it was made from, and the newest version with its document."""
    draft = await stored.draft(connection, agent_id)
    newest = await rulebook.newest(connection)
    base = await rulebook.document(connection, draft.base_version) if draft else None
    if draft is None or base is None or newest is None:
        raise NotPossible("There are no changes to publish.", code="no_draft")
    return draft, base, newest[0], newest[1]


def _is_readable(document: Document) -> bool:
    try:
        load_rules(document)
    except RulesError:
        return False
    return True


def _whole(document: Document) -> dict[str, Any]:
    """With everything that is as it is by default."""
    return load_rules(document).model_dump(mode="json")


def _agent(actor: Actor) -> int:
    if actor.agent_id is None:
        raise NotPossible("Only a person has a draft.", code="no_draft")
    return actor.agent_id
