"""The page of all channels: how each is, whether its login works, and a message that tries it."""

import json
from datetime import datetime
from functools import partial

from aiohttp import web

from channels.adapter import ChannelFailure
from hub.actions.channels import probe
from hub.actions.channels.check_channel import check_channel
from hub.actions.channels.consent import redirect_of
from hub.actions.channels.hearing import put_gaps_away
from hub.actions.channels.overview import ChannelView, view_channels
from hub.actions.failures import NotFound
from hub.actions.ports import public_url
from hub.model.codes import TICKET, NotACode, read_code
from hub.web.desk.say.channel_settings import ABOUT, PROBE_ERRORS
from hub.web.desk.say.language import N_
from hub.web.desk.visit import Visit

CARD = "_channel.html"
_SAMPLE = N_("A test message")


async def show_channels(visit: Visit) -> web.StreamResponse:
    """The page."""
    views = await view_channels(visit.ctx, today=today(visit))
    return visit.page(
        "channels.html",
        section="channels",
        views=views,
        kinds=sorted((one for one in visit.ctx.kinds if is_offered(visit, one)), key=_rank),
        **card_context(visit),
    )


def is_offered(visit: Visit, kind: str) -> bool:
    """The channel with no outside is for trying things out."""
    return kind != "loopback" or visit.ctx.settings.desk_channels.offer_loopback


def _rank(kind: str) -> int:
    """As they are offered: what most begin with first, what others ship last."""
    order = list(ABOUT)
    return order.index(kind) if kind in order else len(order)


async def show_card(visit: Visit) -> web.StreamResponse:
    """One channel as it is now."""
    view = await find_channel(visit)
    return visit.page(CARD, view=view, **card_context(visit))


async def post_check(visit: Visit) -> web.StreamResponse:
    """Whether its login works, in words."""
    view = await find_channel(visit)
    address, trouble = "", ""
    try:
        address = await check_channel(visit.ctx, view.name)
    except ChannelFailure as failure:
        trouble = str(failure)
    return visit.page("_channel_checked.html", view=view, address=address, trouble=trouble)


async def post_probe(visit: Visit) -> web.StreamResponse:
    """Send a message, or begin to wait for one; its card shows how it goes."""
    name = visit.request.match_info["name"]
    await probe.begin_probe(visit.ctx, name=name, actor=visit.actor, language=visit.voice.locale)
    return await show_card(visit)


async def post_close_test(visit: Visit) -> web.StreamResponse:
    """What came in was a test: mark and close its ticket."""
    form = await visit.form()
    try:
        code = read_code(TICKET, str(form.get("ticket", "")))
    except NotACode as error:
        raise NotFound("not a ticket number") from error
    await probe.close_as_test(visit.ctx, ticket_code=code, actor=visit.actor)
    return await show_card(visit)


async def post_gaps_seen(visit: Visit) -> web.StreamResponse:
    """Somebody has looked at what may have been lost."""
    await put_gaps_away(visit.ctx, name=visit.request.match_info["name"], actor=visit.actor)
    return await show_card(visit)


async def find_channel(visit: Visit) -> ChannelView:
    """The one that the address names: of the desk's and the file's of one name, the one at work. Raises NotFound."""
    name = visit.request.match_info["name"]
    for view in await view_channels(visit.ctx, today=today(visit)):
        if view.name == name:
            return view
    raise NotFound(f"There is no channel {name!r}.")


def card_context(visit: Visit) -> dict[str, object]:
    """What a card needs beside its channel."""
    return {
        "ABOUT": ABOUT,
        "PROBE_ERRORS": PROBE_ERRORS,
        "api_command": partial(_api_command, visit),
        "granted": visit.query.get("granted", ""),
        "redirect": redirect_of(visit.ctx),
    }


def _api_command(visit: Visit, channel: str) -> str:
    """What hands a message in, for a shell: it has a key in API_KEY."""
    body = {
        "channel": channel,
        "text": visit.voice.say(_SAMPLE),
        "sender": {"name": "Test", "identities": [{"kind": "external", "value": "test"}]},
    }
    return (
        f"curl -X POST {public_url(visit.ctx)}/api/v1/interactions \\\n"
        '  -H "Authorization: Bearer $API_KEY" -H "Content-Type: application/json" \\\n'
        f"  -d '{json.dumps(body, ensure_ascii=False)}'"
    )


def today(visit: Visit) -> datetime:
    """Its first moment, where the reader is."""
    return visit.now.astimezone(visit.voice.zone).replace(hour=0, minute=0, second=0, microsecond=0)
