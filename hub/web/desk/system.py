"""How the hub itself is doing: channels, what could not be read, what did not leave."""

from aiohttp import web

from hub.actions import quarantine
from hub.actions.answers.recall import cancel_reply, send_again
from hub.actions.automation.stop import resume_rule
from hub.actions.channels.hearing import list_gaps, put_gaps_away
from hub.actions.failures import NotFound
from hub.actions.scanning.open_file import FileWithheld
from hub.actions.search.index import MOST_FAULTS, try_again
from hub.model.permissions import Permission
from hub.web.api.files import as_download
from hub.web.desk.say.automation import STOPS
from hub.web.desk.say.language import N_
from hub.web.desk.say.rule_words import RuleWords
from hub.web.desk.tickets.delivering import deliver_action
from hub.web.desk.visit import Visit
from storage import automation, floor, incidents, search_fill, views
from storage.database import Connection

SEARCHED = {
    "entry": N_("an entry"),
    "ticket": N_("a ticket"),
    "customer": N_("a customer"),
    "organisation": N_("an organisation"),
}


async def show_system(visit: Visit) -> web.StreamResponse:
    """The page."""
    return visit.page("system.html", section="system", **await _read(visit))


async def show_state(visit: Visit) -> web.StreamResponse:
    """Its changing part."""
    return visit.page("_system.html", **await _read(visit))


async def show_badge(visit: Visit) -> web.StreamResponse:
    """The figure beside the way to that page: how much asks for a person."""

    async def read(c: Connection) -> int:
        states = await views.outbox_states(c)
        quarantined = await views.quarantined(c)
        channels = await views.list_channels(c)
        ill = sum(one.state in ("down", "misconfigured") for one in channels)
        stopped = await automation.stopped(c)
        hopeless = len(await floor.unplaceable(c)) if visit.may(Permission.REPAIR) else 0
        return (
            hopeless
            + len(stopped)
            + quarantined
            + states.get("failed", 0)
            + states.get("uncertain", 0)
            + ill
            + len(await search_fill.faults(c, MOST_FAULTS))
            + len(await incidents.faulty(c, MOST_FAULTS))
            + len(await list_gaps(c))
        )

    shut = (await visit.ctx.space.stock()).short is not None
    return visit.page("_badge.html", troubles=await visit.ctx.database.read(read) + shut)


async def get_raw(visit: Visit) -> web.StreamResponse:
    """What came in, byte for byte, as a download."""
    raw_id = _id(visit)
    try:
        content = await quarantine.read_raw(visit.ctx, raw_id=raw_id, actor=visit.actor)
    except FileWithheld as withheld:
        if not visit.may(Permission.OPEN_INFECTED):
            raise
        return ask_first(visit, f"{raw_id}.raw", withheld, anyway=f"/desk/quarantine/{raw_id}/raw/anyway")
    return download(content, f"{raw_id}.raw")


async def post_raw_anyway(visit: Visit) -> web.StreamResponse:
    """The same, whatever was found in it."""
    raw_id = _id(visit)
    content = await quarantine.read_raw_anyway(visit.ctx, raw_id=raw_id, actor=visit.actor)
    return download(content, f"{raw_id}.raw")


async def post_replay(visit: Visit) -> web.StreamResponse:
    """Read it again."""
    await quarantine.replay(visit.ctx, raw_id=_id(visit), actor=visit.actor)
    return await show_state(visit)


async def post_discard(visit: Visit) -> web.StreamResponse:
    """Put it away; its bytes stay in the journal."""
    await quarantine.discard(visit.ctx, raw_id=_id(visit), actor=visit.actor)
    return await show_state(visit)


async def post_resume(visit: Visit) -> web.StreamResponse:
    """Let a rule go on that was stopped."""
    await resume_rule(visit.ctx, name=visit.request.match_info["name"], actor=visit.actor)
    return await show_state(visit)


async def post_search(visit: Visit) -> web.StreamResponse:
    """Take into search once more what was set aside."""
    await try_again(visit.ctx, actor=visit.actor)
    return await show_state(visit)


async def post_gaps_seen(visit: Visit) -> web.StreamResponse:
    """Somebody has looked at what a channel may have lost."""
    await put_gaps_away(visit.ctx, name=visit.request.match_info["name"], actor=visit.actor)
    return await show_state(visit)


async def post_again(visit: Visit) -> web.StreamResponse:
    """Send a reply again."""
    await deliver_action(visit, send_again)
    return await show_state(visit)


async def post_cancel(visit: Visit) -> web.StreamResponse:
    """Give a reply up."""
    await deliver_action(visit, cancel_reply)
    return await show_state(visit)


def ask_first(visit: Visit, filename: str, withheld: FileWithheld, *, anyway: str) -> web.Response:
    """What was found in it, and a button that posts to `anyway`: for whoever may open such things."""
    page = visit.page("withheld.html", anyway=anyway, filename=filename, found=withheld.found)
    page.set_status(409)
    return page


def download(content: bytes, filename: str) -> web.Response:
    """Bytes from outside: a file to keep, never a page, whatever they are."""
    return web.Response(
        body=content,
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": as_download(filename),
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "no-store",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )


async def _read(visit: Visit) -> dict[str, object]:
    async def read(c: Connection) -> dict[str, object]:
        return {
            "channels": [one for one in await views.list_channels(c) if one.state != "retired"],
            "quarantined": await views.list_quarantine(c, limit=100),
            "troubled": await views.list_troubled(c, limit=100),
            "backlog": await views.backlog(c),
            "queues": await views.list_queues(c),
            "agents": [one for one in await views.list_agents(c) if one.active],
            "unplaceable": await floor.unplaceable(c),
            "stopped": await automation.stopped(c),
            "not_found": await search_fill.faults(c, MOST_FAULTS),
            "not_told": await incidents.faulty(c, MOST_FAULTS),
            "gaps": await list_gaps(c),
            "STOPS": STOPS,
            "SEARCHED": SEARCHED,
            "rule_title": RuleWords(voice=visit.voice, rules=visit.ctx.rules).automation,
        }

    return {**await visit.ctx.database.read(read), "stock": await visit.ctx.space.stock()}


def _id(visit: Visit) -> int:
    given = visit.request.match_info["id"]
    if not (given.isascii() and given.isdigit() and int(given) < 2**63):
        raise NotFound("not the id of an item")
    return int(given)
