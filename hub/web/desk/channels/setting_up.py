"""Setting up a channel at the desk: its form, tried before it is kept."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from channels.adapter import ChannelFailure, ChannelKind
from hub.actions.channels.change_channels import (
    DeskChannel,
    WrongSettings,
    add_channel,
    change_channel,
    desk_channel,
    remove_channel,
    switch_channel,
)
from hub.actions.failures import ActionFailure, NotFound, NotPossible
from hub.model.channels import free_name
from hub.web.desk.channels.forms import (
    SAME_LOGIN,
    explain,
    join_login,
    kept_elsewhere,
    leads_elsewhere,
    part_login,
    read_form,
    show_form,
)
from hub.web.desk.channels.pages import card_context, find_channel, is_offered
from hub.web.desk.say.channel_settings import ABOUT, NOT_RIGHT, UNUSABLE
from hub.web.desk.say.details import say_detail
from hub.web.desk.say.words import say_failure
from hub.web.desk.visit import Visit, go

PAGE = "/desk/channels"


async def show_new(visit: Visit) -> web.StreamResponse:
    """An empty form for one kind."""
    kind = _new_kind(visit)
    name = free_name(kind.kind, visit.ctx.channels)
    return _form(visit, kind, name=name, table=None, version=0)


async def post_new(visit: Visit) -> web.StreamResponse:
    """Try it, keep it, go back to all channels."""
    kind = _new_kind(visit)
    form = await visit.form()
    name = str(form.get("name", "")).strip()
    typed, secrets, same = _read(kind, form)
    settings, sealed = join_login(typed, secrets, same=same) if _is_mail(kind) else (typed, secrets)
    try:
        await add_channel(
            visit.ctx,
            name=name,
            kind=kind.kind,
            settings=settings,
            secrets=sealed,
            actor=visit.actor,
            enabled="later" not in form,
        )
    except (WrongSettings, ChannelFailure, ActionFailure) as failure:
        shown = {**typed, SAME_LOGIN: same} if _is_mail(kind) else typed
        return _form(visit, kind, name=name, table=shown, version=0, failure=failure)
    return go(visit, f"{PAGE}#channel-{name}")


async def show_change(visit: Visit) -> web.StreamResponse:
    """One channel by itself: of the desk with its form, of the file with where it stands."""
    view = await find_channel(visit)
    if view.config is None:
        return visit.page("channel.html", section="channels", view=view, **card_context(visit))
    kept = await desk_channel(visit.ctx, view.name)
    table = part_login(kept.settings, kept.secrets) if _is_mail(kept.kind) else kept.settings
    return _form(
        visit, kept.kind, name=kept.name, table=table, version=kept.version, kept=kept, ails=view.ails
    )


async def post_change(visit: Visit) -> web.StreamResponse:
    """Try the new settings, keep them, go back to all channels."""
    kept = await desk_channel(visit.ctx, visit.request.match_info["name"])
    form = await visit.form()
    version = _number(str(form.get("version", "")))
    typed, anew, same = _read(kept.kind, form)
    secrets = {**kept.secrets, **anew}  # one that is left empty is the one that is kept
    mail = _is_mail(kept.kind)
    settings, sealed = join_login(typed, secrets, same=same) if mail else (typed, secrets)
    settings = {**settings, **kept_elsewhere(kept.kind.settings, kept.settings)}
    try:
        untyped = kept.secrets.keys() - anew.keys()
        if same and "imap_password" in anew:
            untyped -= {"smtp_password"}
        if untyped and leads_elsewhere(kept.settings, settings):
            raise NotPossible("A kept secret goes nowhere but where it was meant for.", code="secret_again")
        await change_channel(
            visit.ctx,
            name=kept.name,
            version=version,
            settings=settings,
            secrets=sealed,
            actor=visit.actor,
            enabled="later" not in form,
        )
    except (WrongSettings, ChannelFailure, ActionFailure) as failure:
        shown = {**typed, SAME_LOGIN: same} if mail else typed
        return _form(
            visit, kept.kind, name=kept.name, table=shown, version=version, kept=kept, failure=failure
        )
    return go(visit, f"{PAGE}#channel-{kept.name}")


async def post_switch(visit: Visit) -> web.StreamResponse:
    """On, which is tried first, or off."""
    name = visit.request.match_info["name"]
    form = await visit.form()
    version, enabled = _number(str(form.get("version", ""))), form.get("enabled") == "1"
    trouble = ""
    try:
        await switch_channel(visit.ctx, name=name, version=version, enabled=enabled, actor=visit.actor)
    except ChannelFailure as failure:
        trouble = say_detail(visit.voice, str(failure))
    except WrongSettings:
        trouble = visit.voice.say(UNUSABLE)
    view = await find_channel(visit)
    return visit.page("_channel.html", view=view, switch_trouble=trouble, **card_context(visit))


async def post_remove(visit: Visit) -> web.StreamResponse:
    """Its settings and secrets go; what was said by it stays."""
    form = await visit.form()
    version = _number(str(form.get("version", "")))
    await remove_channel(visit.ctx, name=visit.request.match_info["name"], version=version, actor=visit.actor)
    return go(visit, PAGE)


def _read(kind: ChannelKind, form: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str], bool]:
    """(settings, secrets, whether the relay takes the mailbox's login), as typed."""
    return *read_form(kind.settings, form), SAME_LOGIN in form


def _form(
    visit: Visit,
    kind: ChannelKind,
    *,
    name: str,
    table: Mapping[str, Any] | None,
    version: int,
    kept: DeskChannel | None = None,
    failure: Exception | None = None,
    ails: str = "",
) -> web.StreamResponse:
    troubles: dict[str, str] = {}
    trouble, tried = "", False
    if isinstance(failure, WrongSettings) and isinstance(failure.__cause__, ValidationError):
        troubles, trouble = explain(visit.voice, failure.__cause__)
        trouble = trouble or visit.voice.say(NOT_RIGHT)
    elif isinstance(failure, ChannelFailure):
        trouble, tried = say_detail(visit.voice, str(failure)), True
    elif isinstance(failure, ActionFailure):
        trouble = say_failure(visit.voice, failure)
    # What was typed anew is not sent back: it stays in the page, which is only changed where it is wrong.
    there = sorted(kept.secrets) if kept is not None else []
    parts = show_form(visit.voice, kind.kind, kind.settings, table, secrets=there, troubles=troubles)
    response = visit.page(
        "_channel_form.html" if visit.partial and failure is not None else "channel_form.html",
        section="channels",
        kind=kind.kind,
        about=ABOUT.get(kind.kind, ""),
        ails=ails,
        name=name,
        parts=parts,
        version=version,
        kept=kept,
        trouble=trouble,
        tried=tried,
    )
    if failure is not None:
        response.set_status(409)
    return response


def _is_mail(kind: ChannelKind) -> bool:
    return SAME_LOGIN not in kind.settings.model_fields and "smtp_password" in kind.settings.model_fields


def _new_kind(visit: Visit) -> ChannelKind:
    kind = _kind(visit, visit.request.match_info["kind"])
    if not is_offered(visit, kind.kind):
        raise NotFound(f"Channels of the kind {kind.kind} are not added here.")
    return kind


def _kind(visit: Visit, name: str) -> ChannelKind:
    kind = visit.ctx.kinds.get(name)
    if kind is None:
        raise NotFound(f"There is no kind of channel {name!r}.")
    return kind


def _number(given: str) -> int:
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise NotFound("not a number")
    return int(given)
