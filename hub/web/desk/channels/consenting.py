"""To a provider's page on which a person lets a channel in, and back."""

from urllib.parse import quote, urlencode

from aiohttp import web

from channels.adapter import ChannelFailure
from hub.actions.channels.change_channels import WrongSettings
from hub.actions.channels.consent import come_back, set_out
from hub.actions.failures import ActionFailure
from hub.web.desk.channels.pages import card_context, find_channel
from hub.web.desk.cookies import CONSENT, drop_cookie, keep_cookie, read_cookie
from hub.web.desk.say.channel_settings import UNUSABLE
from hub.web.desk.say.details import say_detail
from hub.web.desk.say.words import say_failure
from hub.web.desk.visit import Visit, go, show_trouble

_MOST_PARAMETER = 4000


async def post_consent(visit: Visit) -> web.StreamResponse:
    """Off to the provider. The page's script goes there: a form may lead to our own address alone."""
    view = await find_channel(visit)
    try:
        attempt = await set_out(visit.ctx, view.name, visit.actor)
    except (ChannelFailure, WrongSettings, ActionFailure) as failure:
        return visit.page(
            "_channel.html", view=view, switch_trouble=_in_words(visit, failure), **card_context(visit)
        )
    response = go(visit, attempt.address)
    keep_cookie(response, visit.ctx.settings, CONSENT, attempt.token)
    return response


async def show_back(visit: Visit) -> web.StreamResponse:
    """What the provider's page sends."""
    settings = visit.ctx.settings
    response: web.StreamResponse
    try:
        name = await come_back(
            visit.ctx,
            token=read_cookie(visit.request, settings, CONSENT),
            said={key: value[:_MOST_PARAMETER] for key, value in visit.query.items()},
            actor=visit.actor,
        )
    except (ChannelFailure, WrongSettings, ActionFailure) as failure:
        response = show_trouble(visit.request, visit.voice, 409, _in_words(visit, failure))
    else:
        response = go(visit, f"/desk/channels?{urlencode({'granted': name})}#channel-{quote(name)}")
    drop_cookie(response, settings, CONSENT)
    return response


def _in_words(visit: Visit, failure: ChannelFailure | WrongSettings | ActionFailure) -> str:
    if isinstance(failure, ChannelFailure):
        return say_detail(visit.voice, str(failure))
    return (
        visit.voice.say(UNUSABLE) if isinstance(failure, WrongSettings) else say_failure(visit.voice, failure)
    )
