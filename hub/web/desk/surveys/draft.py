"""A survey while it is written: what stands in the page, and what is made of it. Pure; nothing is kept until it is saved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from channels.webform.fields import Option
from hub.actions.surveys.definition import MOST_FURTHER, Definition, Sort
from hub.web.desk.channels.form_draft import read_options

TEXTS = (
    "name", "kind", "question_en", "question_zh", "lowest_en", "lowest_zh", "highest_en", "highest_zh", "reasons", "minutes",
    "cool_down_days", "good_days", "low", "follow_up_queue", "follow_up_priority",
)  # fmt: skip
_OF_FURTHER = ("key", "sort", "label_en", "label_zh", "options")
_MOST = 8000


@dataclass(slots=True, kw_only=True)
class Draft:
    """Texts as they were typed. `further`: of each further question."""

    texts: dict[str, str]
    further: list[dict[str, str]] = field(default_factory=list)
    channels: list[str] = field(default_factory=list)
    queues: list[str] = field(default_factory=list)
    follow_up: bool = False

    def get(self, name: str) -> str:
        return self.texts.get(name, "")


def draft_of(made: Definition) -> Draft:
    """A survey as the page shows it."""
    said = {"question": made.question, "lowest": made.lowest, "highest": made.highest}
    return Draft(
        texts={
            **{f"{name}_en": one.en for name, one in said.items()},
            **{f"{name}_zh": one.zh for name, one in said.items()},
            "name": made.name,
            "kind": made.kind.value,
            "reasons": _lines(made.reasons),
            "follow_up_queue": made.follow_up_queue,
            **{
                name: str(getattr(made, name))
                for name in ("minutes", "cool_down_days", "good_days", "low", "follow_up_priority")
            },
        },
        further=[
            {
                "key": one.key,
                "sort": one.sort.value,
                "label_en": one.label.en,
                "label_zh": one.label.zh,
                "options": _lines(one.options),
            }
            for one in made.further
        ],
        channels=list(made.channels),
        queues=list(made.queues),
        follow_up=made.follow_up,
    )


def read_draft(posted: Mapping[str, Any], several: Mapping[str, list[str]]) -> Draft:
    """As it was sent back, whatever was typed. `several`: the values of fields that may come more than once."""
    count = str(posted.get("count", "0"))
    places = range(min(int(count), MOST_FURTHER + 1) if count.isascii() and count.isdigit() else 0)
    return Draft(
        texts={name: _text(posted, name) for name in TEXTS},
        further=[{name: _text(posted, f"q{place}.{name}") for name in _OF_FURTHER} for place in places],
        channels=several.get("channels", []),
        queues=several.get("queues", []),
        follow_up="follow_up" in posted,
    )


def add(draft: Draft) -> None:
    """One more question, under a name that no other has."""
    used = {one["key"] for one in draft.further}
    key = next(f"q{number}" for number in range(1, 100) if f"q{number}" not in used)
    if len(draft.further) < MOST_FURTHER:
        draft.further.append(
            {"key": key, "sort": Sort.SCALE.value, "label_en": "", "label_zh": "", "options": ""}
        )


def remove(draft: Draft, place: int) -> None:
    if 0 <= place < len(draft.further):
        del draft.further[place]


def as_said(draft: Draft) -> dict[str, Any]:
    """As hub.actions.surveys.keep wants it, unchecked."""
    return {
        **{
            name: draft.get(name).strip()
            for name in ("name", "kind", "minutes", "cool_down_days", "good_days", "low")
        },
        **{
            name: {"en": draft.get(f"{name}_en").strip(), "zh": draft.get(f"{name}_zh").strip()}
            for name in ("question", "lowest", "highest")
        },
        "reasons": _options(draft.get("reasons")),
        "further": [
            {
                "key": one["key"],
                "sort": one["sort"],
                "label": {"en": one["label_en"].strip(), "zh": one["label_zh"].strip()},
                "options": _options(one["options"]) if one["sort"] == Sort.CHOICE else [],
            }
            for one in draft.further
        ],
        "channels": draft.channels,
        "queues": draft.queues,
        "follow_up": draft.follow_up,
        "follow_up_queue": draft.get("follow_up_queue"),
        "follow_up_priority": draft.get("follow_up_priority") or "3",
    }


def as_definition(draft: Draft) -> Definition | None:
    """For the preview; None while something is missing."""
    try:
        return Definition.model_validate(as_said(draft))
    except ValidationError:
        return None


def _options(lines: str) -> list[dict[str, Any]]:
    """What cannot be an option is left for the check to say."""
    try:
        return [one.model_dump(mode="json") for one in read_options(lines)]
    except ValidationError:
        return [{"value": ""}]


def _lines(options: tuple[Option, ...]) -> str:
    return "\n".join(f"{one.value}: {one.say('en')} = {one.say('zh_CN')}" for one in options)


def _text(posted: Mapping[str, Any], name: str) -> str:
    value = posted.get(name, "")
    return value.replace("\r\n", "\n")[:_MOST] if isinstance(value, str) else ""
