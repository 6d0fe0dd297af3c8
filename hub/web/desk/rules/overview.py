"""The rules at a glance: what is in use, what changed when and by whom, back to an older version, as a file and from one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tomli_w
from aiohttp import web

from hub.actions.failures import Conflict, NotFound, NotPossible
from hub.actions.rules.rule_drafts import differences, edit_draft
from hub.actions.rules.rulebook import as_document, restore_rules
from hub.web.desk.rules.forms.fields import one
from hub.web.desk.rules.troubles import say_refusal, troubles_of
from hub.web.desk.rules.view import RULES, UNPROCESSABLE, Seen, posted, see, show
from hub.web.desk.say.language import N_
from hub.web.desk.say.rule_changes import ToldChange, tell_changes
from hub.web.desk.system import download
from hub.web.desk.visit import Visit, go
from routing.rules import RoutingRules, RulesError, load_rules
from storage import rulebook
from storage.database import Connection
from storage.rulebook import VersionRow

LISTED = 20
FEW = 4
"""Changes that the list shows of each version; its page shows them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldVersion:
    """`changes`: against the version before it; None of the first one."""

    row: VersionRow
    changes: Sequence[ToldChange] | None


async def show_overview(visit: Visit) -> web.StreamResponse:
    """The page."""
    return await _overview(visit, await see(visit))


async def show_version(visit: Visit) -> web.StreamResponse:
    """One version: what it changed, and what going back to it would change."""
    return await _version(visit, _number(visit))


async def post_restore(visit: Visit) -> web.StreamResponse:
    """Go back to it."""
    version, fields = _number(visit), await posted(visit.request)
    base = one(fields, "base")
    try:
        await restore_rules(
            visit.ctx,
            version=version,
            base_version=int(base) if base.isascii() and base.isdigit() and len(base) < 9 else 0,
            actor=visit.actor,
            note=one(fields, "note"),
        )
    except Conflict:
        said = visit.voice.say(
            N_("Somebody has changed the rules meanwhile. Look again at what would change.")
        )
        return await _version(visit, version, trouble=said)
    except NotPossible as failure:
        return await _version(visit, version, trouble=say_refusal((await see(visit)).words, failure))
    return go(visit, RULES)


async def get_file(visit: Visit) -> web.StreamResponse:
    """The rules as a file: those in use, or `?version=3`, or `?draft=1`."""
    seen = await see(visit)
    wanted = visit.query.get("version", "")
    if visit.query.get("draft"):
        document, name = as_document(seen.desk.rules), "draft"
    elif wanted:
        version = _read_number(wanted)
        document, name = await _document(visit, version), f"v{version}"
    else:
        document, name = as_document(visit.ctx.rules), f"v{visit.ctx.rulebook.version}"
    return download(tomli_w.dumps(document, indent=2).encode(), f"contact-hub-rules-{name}.toml")


async def post_file(visit: Visit) -> web.StreamResponse:
    """What a file says becomes the draft."""
    file = (await visit.form()).get("file")
    if not isinstance(file, web.FileField) or not (content := file.file.read()):
        said = visit.voice.say(N_("Choose a file first."))
        return await _overview(visit, await see(visit), troubles=[said])
    try:
        rules = load_rules(content)
        await edit_draft(visit.ctx, agent_id=visit.agent.id, edit=lambda _: as_document(rules))
    except RulesError as error:
        troubles = list(troubles_of(visit.voice, error.wrong, "file", None, {}).values()) or [str(error)]
        return await _overview(visit, await see(visit), troubles=troubles)
    return go(visit, f"{RULES}/draft")


async def _overview(visit: Visit, seen: Seen, *, troubles: Sequence[str] = ()) -> web.Response:
    versions = await _versions(visit, seen, LISTED)
    return show(
        visit,
        seen,
        "rules.html",
        status=UNPROCESSABLE if troubles else 200,
        page="",
        versions=versions,
        troubles=troubles,
        FEW=FEW,
    )


async def _versions(visit: Visit, seen: Seen, limit: int) -> list[ToldVersion]:
    rows = await visit.ctx.database.read(lambda c: rulebook.versions(c, limit))
    return [await _told(visit, seen, row) for row in rows]


async def _told(visit: Visit, seen: Seen, row: VersionRow) -> ToldVersion:
    """A version never changes, so what it changed is worked out once."""
    key = ("rules_changed_by", row.version)
    if key not in visit.ctx.memo:

        async def look(c: Connection) -> list[dict[str, Any] | None]:
            return [await rulebook.document(c, number) for number in (row.version - 1, row.version)]

        before, after = await visit.ctx.database.read(look)
        visit.ctx.memo[key] = None if before is None or after is None else differences(before, after)
    changes = visit.ctx.memo[key]
    return ToldVersion(row=row, changes=None if changes is None else tell_changes(seen.words, changes))


async def _version(visit: Visit, version: int, *, trouble: str = "") -> web.Response:
    seen = await see(visit)

    async def look(c: Connection) -> tuple[VersionRow | None, dict[str, Any] | None]:
        return await rulebook.version(c, version), await rulebook.document(c, version)

    row, document = await visit.ctx.database.read(look)
    if row is None or document is None:
        raise NotFound(f"There is no version {version} of the rules.")
    in_use: RoutingRules = visit.ctx.rules
    back = tell_changes(seen.words, differences(as_document(in_use), document))
    return show(
        visit,
        seen,
        "rules_version.html",
        status=UNPROCESSABLE if trouble else 200,
        page="",
        told=await _told(visit, seen, row),
        back=back,
        in_use=visit.ctx.rulebook.version,
        trouble=trouble,
    )


async def _document(visit: Visit, version: int) -> dict[str, Any]:
    found = await visit.ctx.database.read(lambda c: rulebook.document(c, version))
    if found is None:
        raise NotFound(f"There is no version {version} of the rules.")
    return found


def _number(visit: Visit) -> int:
    return _read_number(visit.request.match_info["version"])


def _read_number(given: str) -> int:
    if not (given.isascii() and given.isdigit() and len(given) < 9):
        raise NotFound("not the number of a version")
    return int(given)
