"""What a message says, as text: its own words, or what it is where it has none. In signs that need no translation. Pure.

Shapes: https://core.telegram.org/bots/api#message.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from channels.adapter import CannotTranslate
from channels.clean import clean_line, clean_text, safe_filename
from channels.telegram.files import NamedFile

MOST = 20_000


def words_of(message: Mapping[str, Any], missing: Sequence[NamedFile]) -> str:
    """All that a reader should see beside the files that came along; `missing` did not. Raises CannotTranslate."""
    lines = [text_at(message, "text") or text_at(message, "caption"), *_signs(message)]
    for file in missing:
        size = f" ({file.size / 1_000_000:.1f} MB)" if file.size else ""
        lines.append(f"📎 {safe_filename(file.name)}{size} ✗")
    return clean_text("\n".join(line for line in lines if line), MOST)


def _signs(message: Mapping[str, Any]) -> Iterator[str]:
    yield _place(message)
    if contact := object_at(message, "contact"):
        parts = (text_at(contact, key) for key in ("first_name", "last_name", "phone_number"))
        yield f"👤 {clean_line(' '.join(parts), 300)}"
    if (sticker := message.get("sticker")) is not None:
        emoji = text_at(sticker, "emoji") if isinstance(sticker, dict) else ""
        yield clean_line(emoji, 16) or "▢"
    if poll := object_at(message, "poll"):
        yield f"📊 {clean_line(text_at(poll, 'question'), 400)}"
        options = poll.get("options")
        for option in options[:20] if isinstance(options, list) else ():
            if isinstance(option, dict):
                yield f"– {clean_line(text_at(option, 'text'), 200)}"
    if dice := object_at(message, "dice"):
        value = dice.get("value")
        yield f"{clean_line(text_at(dice, 'emoji'), 16) or '🎲'} {value if type(value) is int else ''}".rstrip()


def _place(message: Mapping[str, Any]) -> str:
    venue = object_at(message, "venue")
    place = object_at(message, "location") or object_at(venue, "location")
    latitude, longitude = place.get("latitude"), place.get("longitude")
    where = ""
    if isinstance(latitude, (int, float)) and isinstance(longitude, (int, float)):
        where = f"{latitude:.6f}, {longitude:.6f}"
    named = [clean_line(text_at(venue, key), 300) for key in ("title", "address")]
    said = "\n".join(one for one in (*named, where) if one)
    return f"📍 {said}" if said else ""


def passed_on_from(message: Mapping[str, Any]) -> str:
    """Whose words a forwarded message holds, as Telegram says it; "" where nothing was forwarded.
    https://core.telegram.org/bots/api#messageorigin"""
    origin = object_at(message, "forward_origin")
    for key in ("sender_user", "sender_chat", "chat"):
        if who := object_at(origin, key):
            names = [text_at(who, part) for part in ("first_name", "last_name", "title")]
            name = clean_line(" ".join(one for one in names if one), 200)
            username = clean_line(text_at(who, "username"), 64)
            return f"{name} (@{username})" if name and username else name or username
    return clean_line(text_at(origin, "sender_user_name"), 200)


def object_at(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The object there; empty where there is none."""
    child = value.get(key)
    return child if isinstance(child, dict) else {}


def text_at(value: Mapping[str, Any], key: str) -> str:
    """The text there; "" where there is none. Raises CannotTranslate for something else."""
    child = value.get(key)
    if child is None:
        return ""
    if not isinstance(child, str):
        raise CannotTranslate(f"{key}: expected a text, found {type(child).__name__}")
    return child
