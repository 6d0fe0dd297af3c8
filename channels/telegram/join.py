"""An album arrives picture by picture: one message of them. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from hub.model.interactions import InboundInteraction

_FIRST = datetime.min.replace(tzinfo=UTC)


def join(parts: Sequence[InboundInteraction], part_of: str) -> InboundInteraction:
    """The pictures in the order of their numbers, each as it was changed last; the words of all below each other."""
    latest: dict[str, InboundInteraction] = {}
    for part in parts:
        known = latest.get(part.external_id)
        if known is None or _changed_at(part) >= _changed_at(known):
            latest[part.external_id] = part
    ordered = sorted(latest.values(), key=lambda part: int(part.external_id.rpartition(".")[2]))
    first = ordered[0]
    fields: dict[str, str] = {}
    for part in ordered:
        for key, value in part.fields.items():
            known_value = fields.get(key, "")
            one_value = key != "files_not_fetched" or not known_value
            fields[key] = value if one_value else f"{known_value}; {value}"[:2000]
    if "edit_of" in fields:
        fields["edit_of"] = part_of
    references = tuple(dict.fromkeys(ref for part in ordered for ref in part.thread.references))
    return replace(
        first,
        text="\n".join(part.text for part in ordered if part.text),
        attachments=tuple(file for part in ordered for file in part.attachments),
        occurred_at=min((part.occurred_at for part in ordered if part.occurred_at is not None), default=None)
        if "edit_of" not in fields
        else max((part.occurred_at for part in ordered if part.occurred_at is not None), default=None),
        external_id=part_of,
        thread=replace(first.thread, references=references),
        fields=fields,
    )


def _changed_at(part: InboundInteraction) -> datetime:
    return part.occurred_at or _FIRST
