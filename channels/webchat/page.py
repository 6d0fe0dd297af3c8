"""The chat's page and its files as text. Nothing is read but these, once."""

from pathlib import Path

import jinja2
import orjson

from channels.webchat.frames import MOST_TEXT
from channels.webchat.settings import WebchatSettings
from channels.webchat.words import WORDS

_HERE = Path(__file__).parent
_PAGE = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
).get_template("chat.html")
STATIC: dict[str, tuple[bytes, str]] = {
    "chat.css": ((_HERE / "static" / "chat.css").read_bytes(), "text/css"),
    "chat.js": ((_HERE / "static" / "chat.js").read_bytes(), "text/javascript"),
    "widget.js": ((_HERE / "static" / "widget.js").read_bytes(), "text/javascript"),
}
"""File name → bytes and media type."""


def show_chat(name: str, settings: WebchatSettings, language: str, *, offering: bool) -> str:
    """The page, which works alone and in a frame. `offering`: the hub has articles that may answer before anybody does."""
    chinese = language == "zh_CN"
    words = WORDS[language]
    return _PAGE.render(
        name=name,
        title=settings.title_zh if chinese else settings.title_en,
        greeting=settings.greeting_zh if chinese else settings.greeting_en,
        words=words,
        offering=offering,
        words_json=orjson.dumps(dict(words)).decode(),
        most_text=MOST_TEXT,
    )
