"""Templates to text. One Jinja environment a language; everything is escaped."""

import secrets
from functools import cache, lru_cache, partial
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from hub.actions.answers.copies import mailbox_entry
from hub.model.articles import public_path
from hub.model.codes import CUSTOMER, INCIDENT, ORGANISATION, TASK, TICKET, show_code
from hub.model.links import with_links
from hub.web.desk.assets import STATIC_URL
from hub.web.desk.say import details, errands, keys, letters, portal, roles, rule_names, words
from hub.web.desk.say.folding import Words
from hub.web.desk.say.language import LANGUAGES, Voice, translations

TEMPLATES = Path(__file__).parents[2] / "templates"

_CODES = {
    "KINDS": words.KINDS,
    "STATUSES": words.STATUSES,
    "PRIORITIES": words.PRIORITIES,
    "PRESENCES": words.PRESENCES,
    "CHANNEL_KINDS": words.CHANNEL_KINDS,
    "CHANNEL_STATES": words.CHANNEL_STATES,
    "DELIVERIES": words.DELIVERIES,
    "IDENTITIES": words.IDENTITIES,
    "AUTOMATIC": words.AUTOMATIC,
    "THREAD_RULES": words.THREAD_RULES,
    "WARNINGS": words.WARNINGS,
    "STEPS": words.STEPS,
    "ROLES": words.ROLES,
    "SECURITY": letters.SECURITY,
    "LINKS": words.LINKS,
    "FAILURES": words.FAILURES,
    "INCIDENT_STATES": words.INCIDENT_STATES,
    "INCIDENT_TO": words.INCIDENT_TO,
    "LEFT_OUT": words.LEFT_OUT,
    "CUSTOMER_WORDS": words.CUSTOMER_WORDS,
    "ENTRY_KINDS": words.ENTRY_KINDS,
    "DIRECTIONS": words.DIRECTIONS,
    "LINKS_BACK": words.LINKS_BACK,
    "LINK_KINDS": words.LINK_KINDS,
    "OUTCOMES": words.OUTCOMES,
    "RUN_OUTCOMES": rule_names.RUN_OUTCOMES,
    "PLACEHOLDER_WORDS": words.PLACEHOLDER_WORDS,
    "TASK_ENTRIES": errands.TASK_ENTRIES,
    "PRESSED": portal.PRESSED,
    "CHAT_TOLD": words.CHAT_TOLD,
}


@cache
def _environment(locale: str) -> jinja2.Environment:
    translate = translations(locale).gettext
    made = Words(
        {"_": lambda text: Markup(translate(text)) % {}, "icon": icon},  # noqa: S704 - our own words
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(translations(locale), newstyle=True)  # type: ignore[attr-defined]
    # Jinja's own takes a time that grows with the square of a row of commas; under its name, so that nobody gets it.
    made.filters["urlize"] = linked
    made.globals |= {
        **_CODES,
        "LANGUAGES": LANGUAGES,
        "icon": icon,
        "listed_once": details.listed_once,
        "letter_of": letters.letter_of,
        "mailbox_entry": mailbox_entry,
        "public_path": public_path,
        "mailbox_text": letters.mailbox_text,
        "mailboxes_of": letters.mailboxes_of,
        "is_picture": letters.is_picture,
        "sought": keys.sought,
        "caps_of": keys.caps_of,
        "show_keys": keys.show_keys,
        "static": STATIC_URL,
        "fresh_key": lambda: secrets.token_urlsafe(12),
        "ticket_number": lambda code: show_code(TICKET, code),
        "customer_number": lambda code: show_code(CUSTOMER, code),
        "organisation_number": lambda code: show_code(ORGANISATION, code),
        "incident_number": lambda code: show_code(INCIDENT, code),
        "task_number": lambda code: show_code(TASK, code),
    }
    return made


def render(template: str, voice: Voice, **context: object) -> str:
    """The text of one template. `voice` is there for dates and numbers; `say` translates a code's name."""
    page = _environment(voice.locale).get_template(template)
    spoken = {
        "say": voice.say,
        "say_detail": partial(details.say_detail, voice),
        "key_table": partial(keys.key_table, voice),
        "known_as": partial(details.known_as, voice),
        "shown_fields": partial(details.shown_fields, voice),
        "say_answers": partial(details.say_answers, voice),
        "role_name": partial(roles.role_name, voice),
        "invite_title": partial(letters.invite_title, voice),
        "invite_when": partial(letters.invite_when, voice),
    }
    return page.render(voice=voice, **spoken, **context)


def linked(text: str) -> Markup:
    """A text of strangers, with links where it names a place or a mailbox."""
    return Markup().join(_opened(words, address) for words, address in with_links(text))


def _opened(words: str, address: str) -> Markup:
    if not address:
        return escape(words)
    if address.startswith("mailto:"):
        return Markup('<a href="{}">{}</a>').format(address, words.removeprefix("mailto:"))
    return Markup('<a href="{}" rel="nofollow noopener noreferrer" target="_blank">{}</a>').format(
        address, words
    )


@lru_cache(maxsize=4096)
def icon(name: str, title: str = "") -> Markup:
    """One picture of the sprite: decoration, unless it is given words of its own."""
    spoken = Markup('role="img" aria-label="{}"').format(title) if title else Markup('aria-hidden="true"')
    return Markup('<svg class="icon" {}><use href="{}/icons.svg#{}"></use></svg>').format(
        spoken, STATIC_URL, name
    )
