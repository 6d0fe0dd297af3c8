"""The page on which a form is built: its fields in both languages, what it looks like, and how it is put into a site."""

from datetime import UTC, datetime
from html import escape
from typing import Any

from aiohttp import web

from channels.webform.fields import MEANINGS, SHOWN_ONLY, TICKET_KINDS, FormDefinition, Kind
from channels.webform.page import FILES, PageState, show_form
from channels.webform.passes import make_trial
from channels.webform.presets import PRESETS
from channels.webform.settings import WebformSettings
from hub.actions.channels.change_channels import DeskChannel, change_channel, desk_channel
from hub.actions.failures import ActionFailure, NotFound
from hub.actions.own_fields import list_fields
from hub.actions.ports import public_url
from hub.model.own_fields import About
from hub.web.desk.channels import form_draft
from hub.web.desk.channels.form_draft import Draft, Troubles
from hub.web.desk.say import form_builder as words
from hub.web.desk.say.language import N_
from hub.web.desk.say.words import KINDS, say_failure
from hub.web.desk.visit import Visit, go

_KIND = "webform"


async def show_builder(visit: Visit) -> web.StreamResponse:
    """The form as it is kept."""
    kept, settings = await _form_of(visit)
    draft = form_draft.draft_of(settings.asks, settings.ticket_kind)
    return await _page(visit, kept, settings, draft, {}, saved="kept" in visit.query)


async def post_builder(visit: Visit) -> web.StreamResponse:
    """One act: a field more, elsewhere or gone, a form to begin with; or all of it kept."""
    kept, settings = await _form_of(visit)
    posted = await visit.form()
    draft = form_draft.read_draft(posted)
    act, _, value = str(posted.get("act", "")).partition(":")
    at = int(value) if value.isascii() and value.isdigit() and len(value) < 4 else -1
    opened = -1
    match act:
        case "add" if str(posted.get("add_kind")) in set(Kind):
            opened = form_draft.add(draft, str(posted.get("add_kind")))
        case "up" | "down":
            opened = form_draft.move(draft, at, at - 1 if act == "up" else at + 1)
        case "move":
            place, _, to = str(posted.get("moved", "")).partition(":")
            if place.isascii() and place.isdigit() and to.isascii() and to.isdigit() and len(place + to) < 8:
                opened = form_draft.move(draft, int(place), int(to))
        case "remove":
            form_draft.remove(draft, at)
        case "preset" if value in PRESETS:
            kind = value if value in TICKET_KINDS else ""
            draft = form_draft.draft_of(PRESETS[value](), kind)
        case "save":
            return await _save(visit, kept, settings, draft, str(posted.get("version", "")))
    form, troubles = form_draft.as_form(draft, settings.form)
    return await _page(
        visit, kept, settings, draft, troubles if act == "show" else {}, opened=opened, form=form
    )


async def post_preview(visit: Visit) -> web.StreamResponse:
    """What it looks like now."""
    _, settings = await _form_of(visit)
    draft = form_draft.read_draft(await visit.form())
    form, _ = form_draft.as_form(draft, settings.form)
    return visit.page(
        "_form_preview.html", name=visit.request.match_info["name"], **_previews(visit, settings, draft, form)
    )


async def show_file(visit: Visit) -> web.StreamResponse:
    """A form's own style or script, for the preview: the channel may be switched off."""
    found = FILES.get(visit.request.match_info["file"])
    if found is None:
        raise NotFound("There is no such file.")
    body, content_type = found
    return web.Response(
        body=body, content_type=content_type, charset="utf-8", headers={"Cache-Control": "no-cache"}
    )


async def _save(
    visit: Visit, kept: DeskChannel, settings: WebformSettings, draft: Draft, version: str
) -> web.StreamResponse:
    form, troubles = form_draft.as_form(draft, settings.form)
    if form is None:
        return await _page(visit, kept, settings, draft, troubles)
    table: dict[str, Any] = {**kept.settings, "form": form.model_dump(mode="json", exclude_defaults=True)}
    table.pop("ticket_kind", None)
    if draft.ticket_kind in TICKET_KINDS:
        table["ticket_kind"] = draft.ticket_kind
    try:
        await change_channel(
            visit.ctx,
            name=kept.name,
            version=int(version) if version.isascii() and version.isdigit() and len(version) < 10 else -1,
            settings=table,
            secrets=kept.secrets,
            actor=visit.actor,
            enabled=kept.enabled,
        )
    except ActionFailure as failure:
        trouble = say_failure(visit.voice, failure)
        return await _page(visit, kept, settings, draft, {}, form=form, trouble=trouble)
    return go(visit, f"/desk/channels/{kept.name}/form?kept")


async def _page(
    visit: Visit,
    kept: DeskChannel,
    settings: WebformSettings,
    draft: Draft,
    troubles: Troubles,
    *,
    form: FormDefinition | None = None,
    opened: int = -1,
    saved: bool = False,
    trouble: str = "",
) -> web.StreamResponse:
    own = await list_fields(visit.ctx, About.TICKET, About.CUSTOMER)
    meanings = [(one, visit.voice.say(words.MEANING_WORDS[one])) for one in ("", *MEANINGS)]
    meanings += [
        (f"{one.about}.{one.name}", one.label_zh if visit.voice.chinese else one.label_en)
        for one in own
        if not one.retired
    ]
    base = f"{public_url(visit.ctx)}/forms/{kept.name}"
    page = form or form_draft.as_form(draft, settings.form)[0]
    response = visit.page(
        "_form_builder.html" if visit.partial else "form_builder.html",
        section="channels",
        name=kept.name,
        version=kept.version,
        enabled=kept.enabled,
        draft=draft,
        troubles={place: words.TROUBLES[code] for place, code in troubles.items()},
        trouble=trouble,
        opened=opened,
        saved=saved,
        meanings=meanings,
        W=words,
        SHOWN_ONLY=SHOWN_ONLY,
        ABOVE=_above(visit, draft),
        KIND_LABELS=[(one.value, visit.voice.say(words.KIND_WORDS[one])) for one in Kind],
        TESTS=[(one, visit.voice.say(said)) for one, said in words.TEST_WORDS.items()],
        CONTACTS=[(one, visit.voice.say(said)) for one, said in words.CONTACT_WORDS.items()],
        KINDS_OF_TICKET=[
            ("", visit.voice.say(words.BY_WORDS)),
            *((one, visit.voice.say(KINDS[one])) for one in TICKET_KINDS),
        ],
        PRESETS=list(PRESETS),
        address=base,
        trial=f"{base}?trial={make_trial(visit.ctx.secret, kept.name, datetime.now(UTC))}",
        loader=f'<script src="{base}/embed.js" async></script>',
        plain=_plain(visit, base, page) if page is not None else "",
        origins=settings.allowed_origins,
        **_previews(visit, settings, draft, page),
    )
    if troubles or trouble:
        response.set_status(409)
    return response


def _above(visit: Visit, draft: Draft) -> list[list[tuple[str, str]]]:
    """For each field, those on which it may depend: (key, label)."""
    found: list[list[tuple[str, str]]] = []
    so_far: list[tuple[str, str]] = []
    for field in draft.fields:
        found.append([("", visit.voice.say(words.ALWAYS)), *so_far] if so_far else [])
        en, zh = field["label_en"], field["label_zh"]
        if field["kind"] not in (*SHOWN_ONLY, Kind.FILE) and field["key"]:
            so_far.append((field["key"], ((zh or en) if visit.voice.chinese else (en or zh)) or field["key"]))
    return found


def _previews(
    visit: Visit, settings: WebformSettings, draft: Draft, form: FormDefinition | None
) -> dict[str, object]:
    """The page that customers would see, in the reader's language; "" where there is none yet."""
    if form is None:
        return {"preview": ""}
    kind = draft.ticket_kind if draft.ticket_kind in TICKET_KINDS else ""
    shown = settings.model_copy(update={"form": form, "ticket_kind": kind})
    name = visit.request.match_info["name"]
    state = PageState(
        language=visit.voice.locale, new_pass="", framed=True, files=f"/desk/channels/{name}/form/files"
    )
    return {"preview": show_form(name, shown, state)}


def _plain(visit: Visit, address: str, form: FormDefinition) -> str:
    """A form for the company's own page, which its people dress as they like. The names are what counts."""
    language = visit.voice.locale
    lines = [f'<form method="post" action="{escape(address)}" enctype="multipart/form-data">']
    for field in form.fields:
        label, key = escape(field.label.say(language)), field.key
        if field.listed:
            sort = "checkbox" if field.kind is Kind.CHOICES else "radio"
            lines.append(f"  <fieldset><legend>{label}</legend>")
            lines += [
                f'    <label><input type="{sort}" name="{key}" value="{escape(one.value)}"> {escape(one.say(language))}</label>'
                for one in field.listed
            ]
            lines.append("  </fieldset>")
        elif field.kind is Kind.CONSENT:
            lines.append(f'  <label><input type="checkbox" name="{key}" value="yes"> {label}</label>')
        elif field.kind is Kind.LONG:
            lines.append(f'  <label>{label} <textarea name="{key}"></textarea></label>')
        elif field.asks:
            sort = {Kind.FILE: "file", Kind.EMAIL: "email", Kind.PHONE: "tel", Kind.DATE: "date"}.get(
                field.kind, "text"
            )
            lines.append(f'  <label>{label} <input type="{sort}" name="{key}"></label>')
    return "\n".join((*lines, f"  <button>{escape(visit.voice.say(N_('Send')))}</button>", "</form>"))


async def _form_of(visit: Visit) -> tuple[DeskChannel, WebformSettings]:
    """Raises NotFound for a channel that is no form, or that is not of the desk."""
    kept = await desk_channel(visit.ctx, visit.request.match_info["name"])
    if kept.kind.kind != _KIND:
        raise NotFound("This channel is no form.")
    return kept, WebformSettings.model_validate(kept.settings)
