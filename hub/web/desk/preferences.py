"""What an agent sets for themselves: language, theme, whether they are there."""

from urllib.parse import urlsplit

from aiohttp import web

from hub.actions.answers.placeholders import PLACEHOLDERS
from hub.actions.answers.signatures import MOST, read_signature, set_signature
from hub.actions.failures import NotPossible
from hub.actions.floor.presence import set_presence
from hub.actions.floor.wrap_up import end_wrap_up
from hub.actions.people.own_keys import KeysRefused, set_keys
from hub.actions.people.staff import set_preferences
from hub.model.keys import are_off
from hub.web.desk.say.keys import say_keys_refused
from hub.web.desk.say.language import LANGUAGES
from hub.web.desk.say.words import PRESENCES, say_failure
from hub.web.desk.visit import Visit, go

THEMES = ("auto", "light", "dark")


async def post_preferences(visit: Visit) -> web.StreamResponse:
    """Language or theme. The page is shown afresh, where it was."""
    form = await visit.form()
    locale, theme = form.get("locale"), form.get("theme")
    if (locale is not None and locale not in LANGUAGES) or (theme is not None and theme not in THEMES):
        raise NotPossible("no such preference")
    await set_preferences(
        visit.ctx,
        agent_id=visit.agent.id,
        locale=None if locale is None else str(locale),
        theme=None if theme is None else str(theme),
    )
    if visit.partial and locale is None:
        return web.Response(status=204, headers={"Cache-Control": "no-store"})
    return go(visit, _where(visit.request))


async def show_preferences(visit: Visit) -> web.StreamResponse:
    """The page: what stands below one's letters."""
    text = await read_signature(visit.ctx, visit.agent.id)
    return _page(visit, text)


async def post_signature(visit: Visit) -> web.StreamResponse:
    """Keep it. What is refused comes back with the reason."""
    text = str((await visit.form()).get("signature", "")).replace("\r\n", "\n")
    try:
        await set_signature(visit.ctx, agent_id=visit.agent.id, text=text)
    except NotPossible as failure:
        response = _page(visit, text, trouble=say_failure(visit.voice, failure))
        response.set_status(409)
        return response
    return _page(visit, await read_signature(visit.ctx, visit.agent.id), kept=True)


async def post_keys(visit: Visit) -> web.StreamResponse:
    """Which keys the desk listens to. What is refused comes back as it was written, with the reason."""
    form = await visit.form()
    off = "on" not in form
    wanted = {name.removeprefix("key:"): str(form[name]).strip() for name in form if name.startswith("key:")}
    if "usual" in form:
        off, wanted = False, {}
    text = await read_signature(visit.ctx, visit.agent.id)
    try:
        await set_keys(visit.ctx, agent_id=visit.agent.id, wanted=wanted, off=off)
    except KeysRefused as failure:
        response = _page(
            visit,
            text,
            keys_shown={"keys": wanted},
            keys_off=off,
            keys_wrong=failure.reason.command,
            keys_trouble=say_keys_refused(visit.voice, failure),
        )
        response.set_status(409)
        return response
    # The page shows the agent as they were when it was asked for.
    return go(visit, "/desk/preferences?keys=kept#h-keys")


def _page(visit: Visit, text: str, *, trouble: str = "", kept: bool = False, **keys: object) -> web.Response:
    return visit.page(
        "preferences.html",
        section="preferences",
        signature=text,
        trouble=trouble,
        kept=kept,
        MOST=MOST,
        PLACEHOLDERS=PLACEHOLDERS,
        **{
            "keys_shown": visit.agent.keys,
            "keys_off": are_off(visit.agent.keys),
            "keys_wrong": "",
            "keys_trouble": "",
            "keys_kept": visit.query.get("keys") == "kept",
            **keys,
        },
    )


async def post_presence(visit: Visit) -> web.StreamResponse:
    """There, busy, away or gone."""
    given = str((await visit.form()).get("presence", ""))
    if given not in PRESENCES:
        raise NotPossible("no such presence")
    await set_presence(visit.ctx, agent_id=visit.agent.id, presence=given, actor=visit.actor)
    return visit.page("_presence.html", presence=given)


async def show_presence(visit: Visit) -> web.StreamResponse:
    """As it is now: routing and other tabs change it too."""
    return visit.page("_presence.html", presence=visit.agent.presence)


async def post_end_wrap_up(visit: Visit) -> web.StreamResponse:
    """The conversation is wrapped up before its time is over."""
    await end_wrap_up(visit.ctx, agent_id=visit.agent.id, actor=visit.actor)
    return visit.page("_presence.html", presence=visit.agent.presence, wrapped_up=True)


def _where(request: web.Request) -> str:
    """The page that the form stood on; only its path is believed."""
    parts = urlsplit(str(request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")))
    if not parts.path.startswith("/desk") or parts.path.startswith("/desk/login"):
        return "/desk"
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
