"""Articles of the knowledge base: their languages, who reads them, how long their parts are, and where each is found."""

import re
from enum import StrEnum

from hub.model.folding import fold
from hub.model.pinyin import syllables

LANGUAGES = ("en", "zh_CN")
PLACES = {"en": "en", "zh_CN": "zh"}
"""Language → the part of an address that stands for it."""
MOST_TITLE, MOST_SUMMARY, MOST_BODY, MOST_TAGS = 200, 500, 50_000, 20
MOST_COMMENT = 2000
_LONGEST_SLUG = 60
_PIECE = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff]")


class Visibility(StrEnum):
    """Who reads an article once it is published. internal: colleagues; public: customers too."""

    INTERNAL = "internal"
    PUBLIC = "public"


def other_language(language: str) -> str:
    """The one that it is translated from, or into."""
    return "zh_CN" if language == "en" else "en"


def language_of_place(place: str) -> str | None:
    """The language of an address, None for none of ours."""
    return next((language for language, one in PLACES.items() if one == place), None)


def slug(title: str) -> str:
    """A title as a part of an address: words and numbers, Chinese in pinyin, so that links survive letters and chats that
    take Chinese for the end of an address. "" where nothing is left.

    >>> slug("How do I return it?"), slug("如何退货")
    ('how-do-i-return-it', 'ru-he-tui-huo')
    """
    made = ""
    for piece in _PIECE.findall(fold(title)):
        sound = (syllables(piece) or (piece,))[0] if not piece.isascii() else piece
        longer = f"{made}-{sound}" if made else sound
        if not sound.isascii() or not sound.isalnum():
            continue
        if len(longer) > _LONGEST_SLUG:
            break
        made = longer
    return made


def public_path(language: str, article_id: int, title: str) -> str:
    """Where customers read it.

    >>> public_path("zh_CN", 7, "如何退货")
    '/help/zh/7-ru-he-tui-huo'
    """
    named = slug(title)
    return f"/help/{PLACES[language]}/{article_id}{'-' if named else ''}{named}"
