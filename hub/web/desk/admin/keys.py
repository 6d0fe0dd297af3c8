"""Keys of programs at the desk: which there are, a new one, another name, an end."""

from datetime import UTC, date, datetime, time, timedelta

from aiohttp import web

from hub.actions.failures import ActionFailure, NotPossible
from hub.actions.people.keys import change_api_key, create_api_key, list_keys, may_give, revoke_api_key
from hub.model.people import Scope
from hub.web.desk.say.audit import SCOPES
from hub.web.desk.say.words import say_failure
from hub.web.desk.staff.forms import number
from hub.web.desk.visit import Visit, go

PAGE = "/desk/keys"


async def show_keys(visit: Visit) -> web.StreamResponse:
    """The page."""
    return await _page(visit, done=visit.query.get("done", ""))


async def post_new(visit: Visit) -> web.StreamResponse:
    """Make one; it stands on this answer alone."""
    posted = await visit.form()
    name = str(posted.get("name", "")).strip()
    ticked = set(map(str, posted.getall("scope", [])))
    end = str(posted.get("until", ""))
    try:
        key = await create_api_key(
            visit.ctx,
            name=name,
            scopes=[scope for scope in Scope if scope in ticked],
            expires_at=_end_of(visit, end),
            actor=visit.actor,
        )
    except ActionFailure as failure:
        trouble = say_failure(visit.voice, failure)
        return await _page(visit, trouble=trouble, name=name, ticked=ticked, until=end)
    return await _page(visit, key=key, key_of=name)


async def post_change(visit: Visit) -> web.StreamResponse:
    """Another name or another end."""
    posted = await visit.form()
    try:
        await change_api_key(
            visit.ctx,
            key_id=number(visit.request.match_info["id"]),
            version=number(str(posted.get("version", ""))),
            name=str(posted.get("name", "")).strip(),
            expires_at=_end_of(visit, str(posted.get("until", ""))),
            actor=visit.actor,
        )
    except ActionFailure as failure:
        return await _page(visit, changes=say_failure(visit.voice, failure))
    return go(visit, f"{PAGE}?done=saved")


async def post_revoke(visit: Visit) -> web.StreamResponse:
    """It opens nothing any more."""
    posted = await visit.form()
    name = str(posted.get("name", ""))
    await revoke_api_key(visit.ctx, name, actor=visit.actor)
    return go(visit, f"{PAGE}?done=revoked")


async def _page(
    visit: Visit,
    *,
    key: str = "",
    key_of: str = "",
    done: str = "",
    trouble: str = "",
    changes: str = "",
    name: str = "",
    ticked: set[str] | None = None,
    until: str = "",
) -> web.StreamResponse:
    response = visit.page(
        "keys.html",
        section="keys",
        keys=await list_keys(visit.ctx),
        key=key,
        key_of=key_of,
        done=done,
        trouble=trouble,
        changes=changes,
        name=name,
        ticked=ticked if ticked is not None else {Scope.READ.value},
        until=until,
        tomorrow=(visit.now.astimezone(visit.voice.zone).date() + timedelta(days=1)).isoformat(),
        last_day=lambda at: (at - timedelta(seconds=1)).astimezone(visit.voice.zone).date().isoformat(),
        SCOPES={scope: words for scope, words in SCOPES.items() if may_give(visit.actor, [scope])},
        NAMES=SCOPES,
    )
    if trouble or changes:
        response.set_status(409)
    return response


def _end_of(visit: Visit, given: str) -> datetime | None:
    """The end of the day of the reader's that was chosen; None for none. Raises NotPossible (`bad_moment`)."""
    if not given:
        return None
    try:
        day = date.fromisoformat(given)
        end = datetime.combine(day + timedelta(days=1), time(), tzinfo=visit.voice.zone)
        return end.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise NotPossible("This is no day.", code="bad_moment") from error
