"""Webhooks at the desk, for administrators: which there are, how they are, their last calls."""

from aiohttp import web

from hub.actions.errands import webhooks
from hub.actions.errands.make_calls import try_webhook
from hub.actions.failures import ActionFailure, NotFound
from hub.actions.keep import KEEP
from hub.web.desk.say.errands import CALL_STATES, CALL_TROUBLES
from hub.web.desk.say.words import say_failure
from hub.web.desk.visit import Visit

CALLS = 10


async def show_webhooks(visit: Visit) -> web.StreamResponse:
    """The page."""
    return await _page(visit)


async def show_state(visit: Visit) -> web.StreamResponse:
    """Its changing part."""
    return visit.page("_webhooks.html", **await _read(visit))


async def post_new(visit: Visit) -> web.StreamResponse:
    """Add one; its secret is shown this once."""
    form = await visit.form()
    name, url = str(form.get("name", "")), str(form.get("url", ""))
    try:
        _, secret = await webhooks.add_webhook(visit.ctx, name=name, url=url, actor=visit.actor)
    except ActionFailure as failure:
        return await _page(visit, name=name, url=url, trouble=say_failure(visit.voice, failure))
    return await _page(visit, secret=secret, secret_of=name.strip().lower())


async def post_secret(visit: Visit) -> web.StreamResponse:
    """A new secret, shown this once."""
    webhook_id = _id(visit, "id")
    secret = await webhooks.renew_secret(visit.ctx, webhook_id=webhook_id, actor=visit.actor)
    names = {row.id: row.name for row in await webhooks.list_webhooks(visit.ctx)}
    return await _page(visit, secret=secret, secret_of=names.get(webhook_id, ""))


async def post_change(visit: Visit) -> web.StreamResponse:
    """Another address, or switched on or off."""
    form = await visit.form()
    await webhooks.change_webhook(
        visit.ctx,
        actor=visit.actor,
        webhook_id=_id(visit, "id"),
        version=_number(str(form.get("version", ""))),
        url=str(form["url"]) if "url" in form else KEEP,
        enabled=form["enabled"] == "1" if "enabled" in form else KEEP,
    )
    return await show_state(visit)


async def post_remove(visit: Visit) -> web.StreamResponse:
    """It is called no more."""
    form = await visit.form()
    await webhooks.retire_webhook(
        visit.ctx,
        webhook_id=_id(visit, "id"),
        version=_number(str(form.get("version", ""))),
        actor=visit.actor,
    )
    return await show_state(visit)


async def post_test(visit: Visit) -> web.StreamResponse:
    """A trial call; how it went is the first of the last calls."""
    await try_webhook(visit.ctx, _id(visit, "id"))
    return await show_state(visit)


async def post_again(visit: Visit) -> web.StreamResponse:
    """Make a failed call again."""
    await webhooks.call_again(visit.ctx, webhook_id=_id(visit, "id"), call_id=_id(visit, "call"))
    return await show_state(visit)


async def _page(
    visit: Visit, *, name: str = "", url: str = "", trouble: str = "", secret: str = "", secret_of: str = ""
) -> web.StreamResponse:
    response = visit.page(
        "webhooks.html",
        section="webhooks",
        name=name,
        url=url,
        trouble=trouble,
        secret=secret,
        secret_of=secret_of,
        private=visit.ctx.settings.webhooks.allow_private,
        **await _read(visit),
    )
    if trouble:
        response.set_status(409)
    return response


async def _read(visit: Visit) -> dict[str, object]:
    rows = await webhooks.list_webhooks(visit.ctx)
    return {
        "webhooks": rows,
        "calls": {
            row.id: await webhooks.list_calls(visit.ctx, webhook_id=row.id, limit=CALLS) for row in rows
        },
        "CALL_STATES": CALL_STATES,
        "CALL_TROUBLES": CALL_TROUBLES,
    }


def _id(visit: Visit, name: str) -> int:
    return _number(visit.request.match_info[name])


def _number(given: str) -> int:
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise NotFound("not a number")
    return int(given)
