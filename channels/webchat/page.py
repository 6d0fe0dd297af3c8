"""The chat's page and its files as text. Nothing is read but these, once."""

from pathlib import Path

import jinja2
import orjson

from channels.webchat.colours import shades, theme_css
from channels.webchat.frames import MOST_COMMENT, MOST_TEXT
from channels.webchat.settings import WebchatSettings
from channels.webchat.uploads import MOST_MB
from channels.webchat.words import LOADER, WORDS

_HERE = Path(__file__).parent
_PAGE = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
).get_template("chat.html")
_TYPES = {".css": "text/css", ".js": "text/javascript"}
_AS_IT_IS = {
    one.name: (one.read_bytes(), _TYPES[one.suffix])
    for one in sorted((_HERE / "static").iterdir())
    if one.name != "widget.js"
}
_LOADER = (_HERE / "static" / "widget.js").read_text("utf-8")
_SETTINGS_HERE = "__SETTINGS__"
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><circle cx="12" cy="12" r="12" fill="{accent}"/>'
    '<path d="M6 8h12v8h-7l-3 2.5v-2.5H6z" fill="{above}"/></svg>'
)


def static_files(name: str, settings: WebchatSettings) -> dict[str, tuple[bytes, str]]:
    """File name → bytes and media type, for one chat: its colours and its loader are made of its settings."""
    return {
        **_AS_IT_IS,
        "icon.svg": (_icon(settings.colour).encode(), "image/svg+xml"),
        "theme.css": (theme_css(settings.colour, settings.theme).encode(), "text/css"),
        "widget.js": (
            _LOADER.replace(_SETTINGS_HERE, _for_loader(name, settings)).encode(),
            "text/javascript",
        ),
    }


def show_chat(name: str, settings: WebchatSettings, language: str, *, offering: bool) -> str:
    """The page, which works alone and in a frame. `offering`: the hub has articles that may answer before anybody does."""
    chinese = language == "zh_CN"
    words = dict(WORDS[language])
    away = settings.away_zh if chinese else settings.away_en
    facts = {
        "chat": name,
        "sites": settings.allowed_origins,
        "ask_first": settings.ask_first,
        "mail": bool(settings.go_on_by),
        "files": settings.most_files if settings.uploads else 0,
        "file_mb": settings.most_file_mb,
        "all_mb": MOST_MB,
        "away": away,
        "words": words,
    }
    return _PAGE.render(
        name=name,
        title=settings.title_zh if chinese else settings.title_en,
        greeting=settings.greeting_zh if chinese else settings.greeting_en,
        theme=settings.theme,
        ask_first=settings.ask_first,
        mail=bool(settings.go_on_by),
        uploads=settings.uploads,
        words=words,
        offering=offering,
        facts=orjson.dumps(facts).decode(),
        most_text=MOST_TEXT,
        most_comment=MOST_COMMENT,
    )


def _icon(colour: str) -> str:
    look = shades(colour, "light")
    return _ICON.format(accent=look["accent"], above=look["on-accent"])


def _for_loader(name: str, settings: WebchatSettings) -> str:
    """A JavaScript object; what could end a script or a line in old browsers is escaped."""
    look = shades(settings.colour, "light")
    facts = {
        "name": name,
        "ground": look["accent"],
        "ink": look["on-accent"],
        "side": settings.position,
        "theme": settings.theme,
        "words": {
            short: {**LOADER[language], "title": title}
            for short, language, title in (
                ("en", "en", settings.title_en),
                ("zh", "zh_CN", settings.title_zh),
            )
        },
    }
    text = orjson.dumps(facts).decode().replace("<", "\\u003c")
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
